// SPDX-License-Identifier: MIT
/* Layer and batch normalisation. xhat = (x - mean) * rstd, rstd = 1 / sqrt(var + eps); y = xhat * w + b,
 * where w and b may be NULL: 1 and 0. Gradients are added. */
#ifndef RCR_KERNEL_NORM_H
#define RCR_KERNEL_NORM_H

#include <stdint.h>

typedef struct rcr_norm_kernels {
    /* Rows of x [R, n], w [n], b [n]; fills y [R, n], mean [R], rstd [R]. */
    void (*layer_norm)(int64_t R, int64_t n, double eps, const void *x, const void *w, const void *b, void *y,
                       void *mean, void *rstd);
    void (*layer_norm_dx)(int64_t R, int64_t n, const void *x, const void *w, const void *mean,
                          const void *rstd, const void *dy, void *dx);
    /* Columns from .. to - 1 of dw and db (either may be NULL), the rows in order. */
    void (*layer_norm_dw)(int64_t R, int64_t n, int64_t from, int64_t to, const void *x, const void *mean,
                          const void *rstd, const void *dy, void *dw, void *db);

    /* Channels from .. to - 1 of x [N, C, L]; statistics are double [C], sums go in row-major order. */
    void (*channel_moments)(int64_t N, int64_t C, int64_t L, int64_t from, int64_t to, const void *x,
                            double *mean, double *var);
    void (*channel_norm)(int64_t N, int64_t C, int64_t L, int64_t from, int64_t to, const void *x,
                         const double *mean, const double *rstd, const void *w, const void *b, void *y);
    /* sum_dy = sum of dy, sum_dyx = sum of dy * xhat. */
    void (*channel_sums)(int64_t N, int64_t C, int64_t L, int64_t from, int64_t to, const void *x,
                         const double *mean, const double *rstd, const void *dy, double *sum_dy,
                         double *sum_dyx);
    /* dx += w * rstd * (dy - mean_dy - xhat * mean_dyx) */
    void (*channel_dx)(int64_t N, int64_t C, int64_t L, int64_t from, int64_t to, const void *x,
                       const double *mean, const double *rstd, const void *w, const double *mean_dy,
                       const double *mean_dyx, const void *dy, void *dx);
} rcr_norm_kernels;

#endif
