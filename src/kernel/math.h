// SPDX-License-Identifier: MIT
/* Elementwise functions and their gradients. Arrays of n reals; x and y may be the same array.
 * Accuracy: within 2 units in the last place over the whole range, exact at the limits (infinities, NaN
 * passes through), relative accuracy kept at 0 (tanh of a denormal is that denormal when denormals are kept).
 */
#ifndef RCR_KERNEL_MATH_H
#define RCR_KERNEL_MATH_H

#include <stdint.h>

typedef void rcr_unary(int64_t n, const void *x, void *y);
/* dx += dy * f'(x), from the argument x or the result y, whichever the function needs. */
typedef void rcr_unary_backward(int64_t n, const void *x, const void *y, const void *dy, void *dx);

typedef struct rcr_math_kernels {
    rcr_unary *exp, *log, *tanh, *sigmoid, *relu, *sqrt;
    rcr_unary_backward *exp_backward, *log_backward, *tanh_backward, *sigmoid_backward, *relu_backward;
} rcr_math_kernels;

#endif
