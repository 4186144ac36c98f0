// SPDX-License-Identifier: MIT
/* How good answers are. Sums run in order, in double. */
#include <math.h>

#include <recur/metrics.h>

static double mean_of(const double *v, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += v[i];
    return sum / (double)n;
}

void recur_regression_metrics(recur_regression *out, const double *target, const double *predicted, int64_t n,
                              double naive)
{
    double squares = 0, errors = 0, ratios = 0, relative = 0, spread = 0, mean = mean_of(target, n),
           N = (double)n;
    bool zero = false;
    for (int64_t i = 0; i < n; i++) {
        double y = target[i], e = y - predicted[i], a = fabs(e);
        squares += e * e;
        errors += a;
        ratios += a / fabs(y);
        relative += a / (fabs(y) + 0.0001);
        spread += (y - mean) * (y - mean);
        zero = zero || y == 0;
    }
    *out = (recur_regression){.count = n, .mse = squares / N, .mae = errors / N, .rmse = sqrt(squares / N)};
    out->r2 = spread > 0 ? 1 - squares / spread : NAN;
    out->mape = zero ? NAN : ratios / N;
    out->mase = naive > 0 ? out->mae / naive : NAN;
    out->relative_accuracy = 1 - relative / N;
}
