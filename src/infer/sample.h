// SPDX-License-Identifier: MIT
/* Inside of a sampler: one block of the caller's memory.
 *
 *     recur_sampler   options, pointers to what follows
 *     x               [V] reals: logits, then powers of e
 *     v               [V] candidates
 */
#ifndef RCR_INFER_SAMPLE_H
#define RCR_INFER_SAMPLE_H

#include <recur/decode.h>

#include "kernel/kernel.h"

typedef struct rcr_candidate {
    double x;        /* (logit - largest logit) / temperature */
    uint64_t weight; /* probability in units of 1 / (sum of all weights) */
    int64_t id;
} rcr_candidate;

struct recur_sampler {
    recur_sampling o;
    recur_dtype dtype;
    const rcr_kernels *k; /* of doubles */
    bool keep_denormals;
    int64_t V;
    double one;       /* weight of probability 1: V of it fit 63 bits */
    double log_min_p; /* -inf: off */
    double *x;
    rcr_candidate *v;
};

/* Of v [n], ordered by decreasing x and increasing id, the shortest beginning whose weights reach `need`, 1 to
 * their sum: it ends up in front, in no particular order; returns its length. */
int64_t rcr_select(rcr_candidate *v, int64_t n, uint64_t need);

#endif
