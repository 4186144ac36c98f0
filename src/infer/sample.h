// SPDX-License-Identifier: MIT
/* Inside of a sampler: one block of the caller's memory.
 *
 *     recur_sampler   options, pointers to what follows
 *     x, e            [V] doubles: logits, powers of e
 *     w               [V] weights
 *     v               [V] candidates
 *
 * A weight is a probability as a whole number of a smallest unit: sums of weights are exact in any order, so that
 * the filters can select where others sort. */
#ifndef RCR_INFER_SAMPLE_H
#define RCR_INFER_SAMPLE_H

#include <recur/decode.h>

#include "kernel/kernel.h"

typedef struct rcr_candidate {
    double x;
    uint64_t weight;
    int64_t id;
} rcr_candidate;

struct recur_sampler {
    recur_sampling o;
    recur_dtype dtype;
    const rcr_kernels *k; /* of doubles */
    bool keep_denormals;
    int64_t V;
    double one;       /* weight of e^0: V of it fit 62 bits */
    double log_min_p; /* -inf: off */
    double *x;        /* (logit - largest logit) / temperature */
    double *e;
    uint64_t *w;
    rcr_candidate *v;
};

/* What may be drawn: v[0 .. n), or every token by its w where nothing is filtered. */
typedef struct rcr_left {
    bool all;
    int64_t n;
    uint64_t sum; /* of their weights; 0: nothing */
} rcr_left;

/* The filters, in their order, over x. */
rcr_left rcr_filter(recur_sampler *s);

/* The order of tokens is decreasing x, then increasing id. Both functions find its shortest beginning whose weights
 * reach `need`, or all their sum, put it into v in no particular order and return its length.
 * rcr_pick: of all tokens but those of x = -inf, weights w [V] or, NULL, 1 each.
 * rcr_select: of v [n], n >= 1, need at least 1. */
int64_t rcr_pick(recur_sampler *s, const uint64_t *w, uint64_t need);
int64_t rcr_select(rcr_candidate *v, int64_t n, uint64_t need);

#endif
