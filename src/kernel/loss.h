// SPDX-License-Identifier: MIT
/* Losses and their gradients. Gradients are added. */
#ifndef RCR_KERNEL_LOSS_H
#define RCR_KERNEL_LOSS_H

#include <stdint.h>

/* A loss l(x, t) of pairs of numbers. p: its parameter; w [n]: the weight of the positive part, or NULL: 1
 * (bce_with_logits alone). */
typedef struct rcr_pair_loss {
    void (*value)(int64_t n, double p, const void *x, const void *t, const void *w, void *l);
    void (*dx)(int64_t n, double p, const void *x, const void *t, const void *w, const void *dl, void *dx);
    void (*dt)(int64_t n, double p, const void *x, const void *t, const void *w, const void *dl, void *dt);
} rcr_pair_loss;

/* What the class losses know beside x [outer, C, inner]. Entries whose target is `ignore` are not looked at.
 */
typedef struct rcr_classes {
    const int64_t *target; /* [outer, inner]: 0 .. C - 1, or ignore */
    const void *weight;    /* [C], or NULL: all 1 */
    int64_t ignore;
    double smoothing;
} rcr_classes;

typedef struct rcr_loss_kernels {
    rcr_pair_loss mse, smooth_l1, huber, bce, bce_with_logits;

    /* l, top, log_sum [outer, inner]: for backward the greatest logit and the log of the sum of exp(x - top). For
     * inner = 1 dx may be x, which the gradient then replaces. */
    void (*cross_entropy)(int64_t outer, int64_t C, int64_t inner, const void *x, const rcr_classes *k,
                          void *l, void *top, void *log_sum);
    void (*cross_entropy_dx)(int64_t outer, int64_t C, int64_t inner, const void *x, const rcr_classes *k,
                             const void *top, const void *log_sum, const void *dl, void *dx);
    void (*nll)(int64_t outer, int64_t C, int64_t inner, const void *x, const rcr_classes *k, void *l);
    void (*nll_dx)(int64_t outer, int64_t C, int64_t inner, const rcr_classes *k, const void *dl, void *dx);
    /* The summed weights of n targets, those ignored left out. */
    double (*class_weights)(int64_t n, const rcr_classes *k);
    /* Index of the first element outside low .. high, or -1; NaN is inside. */
    int64_t (*outside)(int64_t n, double low, double high, const void *x);
} rcr_loss_kernels;

#endif
