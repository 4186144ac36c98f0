// SPDX-License-Identifier: MIT
/* Scores of tokens as decoding reads them: doubles, NaN as -inf. */
#ifndef RCR_INFER_SCORES_H
#define RCR_INFER_SCORES_H

#include <math.h>

#include <recur/tensor.h>

static inline double rcr_score(double x)
{
    return x > -INFINITY ? x : -INFINITY;
}

/* y [n] = x [n], which is RECUR_F32 or RECUR_F64. */
static inline void rcr_read_scores(int64_t n, recur_dtype dtype, const void *x, double *y)
{
    const float *f = x;
    const double *d = x;
    if (dtype == RECUR_F32)
        for (int64_t i = 0; i < n; i++)
            y[i] = rcr_score((double)f[i]);
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = rcr_score(d[i]);
}

#endif
