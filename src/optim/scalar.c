// SPDX-License-Identifier: MIT
/* Scalar functions from plain arithmetic and from the kernels' polynomials. */
#include "optim/scalar.h"

#include <math.h>

#include "kernel/kernel.h"

double rcr_power(double x, int64_t n)
{
    double power = 1;
    for (; n > 0; n >>= 1, x *= x)
        if (n & 1)
            power *= x;
    return power;
}

/* Taylor series of cos(y) and sin(y) / y in y^2: for |y| <= pi / 4 what is left out is below 1e-18. */
static const double cosine[] = {1.0 / 20922789888000,
                                -1.0 / 87178291200,
                                1.0 / 479001600,
                                -1.0 / 3628800,
                                1.0 / 40320,
                                -1.0 / 720,
                                1.0 / 24,
                                -1.0 / 2,
                                1.0};
static const double sine[] = {1.0 / 355687428096000,
                              -1.0 / 1307674368000,
                              1.0 / 6227020800,
                              -1.0 / 39916800,
                              1.0 / 362880,
                              -1.0 / 5040,
                              1.0 / 120,
                              -1.0 / 6,
                              1.0};

static double series(const double coefficients[9], double z)
{
    double sum = coefficients[0];
    for (int i = 1; i < 9; i++)
        sum = sum * z + coefficients[i];
    return sum;
}

double rcr_cos_pi(double x)
{
    static const double pi = 3.14159265358979323846;
    x = fabs(x);
    x -= 2 * floor(x / 2); /* exact, like the subtractions below: [0, 2) */
    if (x > 1)
        x = 2 - x;
    double sign = x > 0.5 ? -1 : 1, r = x > 0.5 ? 1 - x : x; /* r in [0, 1/2] */
    double y = pi * (r <= 0.25 ? r : 0.5 - r);
    return sign * (r <= 0.25 ? series(cosine, y * y) : y * series(sine, y * y));
}

double rcr_exp(const recur_ctx *cx, double x)
{
    double y;
    rcr_kernels_of(cx, RECUR_F64)->math.exp(1, &x, &y);
    return y;
}

static double logarithm(const recur_ctx *cx, double x)
{
    double y;
    rcr_kernels_of(cx, RECUR_F64)->math.log(1, &x, &y);
    return y;
}

double rcr_root(const recur_ctx *cx, double x, double p)
{
    if (p == 1)
        return x;
    return p == 2 ? sqrt(x) : rcr_exp(cx, logarithm(cx, x) / p);
}
