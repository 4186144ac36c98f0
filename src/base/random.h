// SPDX-License-Identifier: MIT
/* Counter-based random numbers: a pure function of (seed, stream, position). Philox4x32-10 (Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011). */
#ifndef RCR_BASE_RANDOM_H
#define RCR_BASE_RANDOM_H

#include <stdint.h>

/* Four 32-bit words at `position` (counter words 0,1) of `stream` (counter words 2,3) under the key `seed`.
 */
void rcr_philox(uint64_t seed, uint64_t stream, uint64_t position, uint32_t out[4]);

/* Number `position` of the stream: 64 bits; uniform on [0, 1) with 53 bits; a whole number 0 .. n - 1, n > 0,
 * unbiased to 2^-64 * n. */
uint64_t rcr_random_u64(uint64_t seed, uint64_t stream, uint64_t position);
double rcr_random_uniform(uint64_t seed, uint64_t stream, uint64_t position);
uint64_t rcr_random_below(uint64_t seed, uint64_t stream, uint64_t position, uint64_t n);

/* A new stream number from a number and a text or another number, so that uses do not share streams (FNV-1a,
 * mixed). */
uint64_t rcr_stream(uint64_t base, const char *purpose);

/* Fisher-Yates: the order of 0 .. n - 1 under (seed, stream). */
void rcr_permutation(uint64_t seed, uint64_t stream, int64_t n, int64_t *order);

#endif
