// SPDX-License-Identifier: MIT
/* Large arrays over the context's threads, cut into ranges that depend on the problem alone. */
#ifndef RCR_OP_RANGES_H
#define RCR_OP_RANGES_H

#include "kernel/kernel.h"

enum {
    RCR_GRAIN = 1 << 14, /* elements that are worth a task of their own */
    RCR_CHUNK =
        1 << 12 /* elements of one part of a sum over everything; a part and its scratch fit the cache */
};

/* Work on items from .. to - 1; `worker` says whose workspace to use. */
typedef void rcr_range(const void *job, int64_t from, int64_t to, int worker);

/* Runs f over 0 .. n - 1 in ranges of `grain` items (the last may be shorter), by any worker in any order.
 * Not to be nested. */
void rcr_ranges(recur_ctx *cx, int64_t n, int64_t grain, rcr_range *f, const void *job);

/* How many items of `size` elements make RCR_GRAIN elements; at least 1. */
int64_t rcr_grain(int64_t size);

/* A sum over n elements: `part` gives that of RCR_CHUNK of them (the last may be fewer), any worker any of
 * them; they are added in order in double. parts: scratch, rcr_range_count(n, RCR_CHUNK) doubles. */
typedef double rcr_part(const void *job, int64_t from, int64_t to, int worker);
double rcr_sum_parts(recur_ctx *cx, int64_t n, rcr_part *part, const void *job, double *parts);

/* x = x / by, n elements: rounded once, unlike a product with 1 / by. */
void rcr_divide(const rcr_kernels *k, int64_t n, double by, void *x);

/* Number of ranges of `grain` in n items. */
static inline int64_t rcr_range_count(int64_t n, int64_t grain)
{
    return n / grain + (n % grain != 0);
}

#endif
