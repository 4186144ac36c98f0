// SPDX-License-Identifier: MIT
/* Philox4x32-10, and what is drawn from it. */
#include "base/random.h"

/* One round: two 32 x 32 -> 64 bit products, whose halves change places, under the round's key. */
static void round_philox(uint32_t c[4], const uint32_t key[2])
{
    uint64_t a = (uint64_t)0xD2511F53 * c[0], b = (uint64_t)0xCD9E8D57 * c[2];
    uint32_t c1 = c[1], c3 = c[3];
    c[0] = (uint32_t)(b >> 32) ^ c1 ^ key[0];
    c[1] = (uint32_t)b;
    c[2] = (uint32_t)(a >> 32) ^ c3 ^ key[1];
    c[3] = (uint32_t)a;
}

void rcr_philox(uint64_t seed, uint64_t stream, uint64_t position, uint32_t out[4])
{
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    out[0] = (uint32_t)position;
    out[1] = (uint32_t)(position >> 32);
    out[2] = (uint32_t)stream;
    out[3] = (uint32_t)(stream >> 32);
    for (int round = 0; round < 10; round++) {
        round_philox(out, key);
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
}

uint64_t rcr_random_u64(uint64_t seed, uint64_t stream, uint64_t position)
{
    uint32_t word[4];
    rcr_philox(seed, stream, position, word);
    return (uint64_t)word[1] << 32 | word[0];
}

double rcr_random_uniform(uint64_t seed, uint64_t stream, uint64_t position)
{
    return (double)(rcr_random_u64(seed, stream, position) >> 11) * 0x1p-53;
}

/* The upper 64 bits of a * b. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t middle = ah * bl + (al * bl >> 32);
    uint64_t other = al * bh + (uint32_t)middle;
    return ah * bh + (middle >> 32) + (other >> 32);
}

/* floor(n * u / 2^64): no draw is thrown away, so that a position is a number. */
uint64_t rcr_random_below(uint64_t seed, uint64_t stream, uint64_t position, uint64_t n)
{
    return multiply_high(rcr_random_u64(seed, stream, position), n);
}

/* The finalizer of SplitMix64: every bit of x changes half of the result. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

uint64_t rcr_stream(uint64_t base, const char *purpose)
{
    uint64_t hash = 0xCBF29CE484222325;
    for (; *purpose; purpose++)
        hash = (hash ^ (unsigned char)*purpose) * 0x100000001B3;
    return mix(mix(base + 0x9E3779B97F4A7C15) ^ hash);
}

void rcr_permutation(uint64_t seed, uint64_t stream, int64_t n, int64_t *order)
{
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)rcr_random_below(seed, stream, (uint64_t)i, (uint64_t)i + 1);
        int64_t last = order[i];
        order[i] = order[j];
        order[j] = last;
    }
}
