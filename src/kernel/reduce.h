// SPDX-License-Identifier: MIT
/* Reductions. Arrays of shape [outer, n, inner] are reduced over n; inner = 1 uses the fixed lanes of
 * kernel.h. */
#ifndef RCR_KERNEL_REDUCE_H
#define RCR_KERNEL_REDUCE_H

#include <stdint.h>

typedef struct rcr_reduce_kernels {
    /* Over everything: chunks of 4096 elements by lanes, chunks added in order, in the element type. Result
     * exact in that type. */
    double (*sum)(int64_t n, const void *x);
    double (*dot)(int64_t n, const void *x, const void *y);
    double (*sum_power)(int64_t n, double p,
                        const void *x);          /* sum of |x|^p in double, p >= 1; p = 2 squares */
    double (*max_abs)(int64_t n, const void *x); /* NaN wins; 0 for n = 0 */
    /* Over an axis. */
    void (*sum_axis)(int64_t outer, int64_t n, int64_t inner, const void *x, void *y);
    /* y[m] = the sum of n rows, which are ld elements apart, in order. */
    void (*sum_rows)(int64_t n, int64_t m, int64_t ld, const void *x, void *y);
    /* y and the index of the first maximum; NaN wins. n >= 1. */
    void (*max_axis)(int64_t outer, int64_t n, int64_t inner, const void *x, void *y, int64_t *index);
    void (*softmax)(int64_t outer, int64_t n, int64_t inner, const void *x, void *y);
    void (*log_softmax)(int64_t outer, int64_t n, int64_t inner, const void *x, void *y);
    /* dx += gradient, from the results y. */
    void (*softmax_backward)(int64_t outer, int64_t n, int64_t inner, const void *y, const void *dy,
                             void *dx);
    void (*log_softmax_backward)(int64_t outer, int64_t n, int64_t inner, const void *y, const void *dy,
                                 void *dx);
} rcr_reduce_kernels;

#endif
