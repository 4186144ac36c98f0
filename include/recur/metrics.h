// SPDX-License-Identifier: MIT
/* Metrics: how good answers are, in the data's own units. */
#ifndef RECUR_METRICS_H
#define RECUR_METRICS_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* e = target - predicted, y = target. A value that is not defined is NaN (JSON: null). */
typedef struct recur_regression {
    int64_t count;            /* numbers compared */
    double mse, mae, rmse;    /* mean e^2, mean |e|, square root of mse */
    double r2;                /* 1 - sum e^2 / sum (y - mean y)^2; NaN for constant targets */
    double mape;              /* mean |e| / |y|, a fraction; NaN where a target is 0 */
    double mase;              /* mae / naive; NaN unless naive > 0 */
    double relative_accuracy; /* 1 - mean(|e| / (|y| + 0.0001)) */
} recur_regression;

/* n numbers each; `naive` is what MASE divides by: recur_naive_error() of the training part, or NaN. All NaN
 * for n = 0. */
RECUR_API void recur_regression_metrics(recur_regression *out, const double *target, const double *predicted,
                                        int64_t n, double naive);

#ifdef __cplusplus
}
#endif

#endif
