// SPDX-License-Identifier: MIT
/* Scalar functions from plain arithmetic, so that step sizes and schedules have the same bits on every
 * machine: a C library's pow() and cos() need not agree with another's in the last place. */
#ifndef RCR_OPTIM_SCALAR_H
#define RCR_OPTIM_SCALAR_H

#include <recur/context.h>

/* x^n for n >= 0, by squaring; x^0 = 1. Relative error about n units in the last place: 1e-13 where it
 * matters to 1 - beta^n. */
double rcr_power(double x, int64_t n);

/* cos(pi x) for any finite x: exact at multiples of 1/2, else within an ulp or so. */
double rcr_cos_pi(double x);

/* exp(x), and x^(1/p) for x >= 0 and p >= 1 (infinity and NaN pass), from the kernels' own polynomials. */
double rcr_exp(const recur_ctx *cx, double x);
double rcr_root(const recur_ctx *cx, double x, double p);

#endif
