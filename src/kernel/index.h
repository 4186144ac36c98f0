// SPDX-License-Identifier: MIT
/* Elements chosen by index. Indices are valid: the shape rules have checked them. */
#ifndef RCR_KERNEL_INDEX_H
#define RCR_KERNEL_INDEX_H

#include <stdint.h>

typedef struct rcr_index_kernels {
    /* y[i] = x[i * stride + index[i] * step] */
    void (*gather)(int64_t n, const void *x, int64_t stride, int64_t step, const int64_t *index, void *y);
    /* dx[i * stride + index[i] * step] += dy[i], i in order */
    void (*scatter_add)(int64_t n, const void *dy, int64_t stride, int64_t step, const int64_t *index,
                        void *dx);
    /* Where x[i] > y[i], or x[i] is the first NaN: y[i] = x[i], index[i] = t. */
    void (*running_max)(int64_t n, int64_t t, const void *x, void *y, int64_t *index);
} rcr_index_kernels;

#endif
