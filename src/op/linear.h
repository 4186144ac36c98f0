// SPDX-License-Identifier: MIT
/* y = x w^T + b as a part of operations whose first inputs are x [M, I], w [O, I] and b [O], which may be absent. */
#ifndef RCR_OP_LINEAR_H
#define RCR_OP_LINEAR_H

#include "tape/call.h"

enum { RCR_LINEAR_X, RCR_LINEAR_W, RCR_LINEAR_B, RCR_LINEAR_INPUTS };

/* M: all axes of x but the last. */
typedef struct rcr_linear {
    int64_t M, I, O;
} rcr_linear;

/* In `shape`: the call multiplies M rows with the transpose of parameter w [O, I]. Where rows are few, packing w is as
 * much as multiplying: its panel is kept for several calls of a step (tape/kept.h). */
recur_status rcr_keep_weight(recur_call *c, const recur_tensor *w, int64_t M);
/* y [M, O] = x [M, I] w^T + bias [O] (NULL: none), with a panel where one is kept, which changes no bit. */
void rcr_times_weight(const recur_call *c, const recur_tensor *w, int64_t M, const void *x, const void *bias,
                      void *y);

/* In `shape`: checks the three inputs and fills *d. */
recur_status rcr_linear_check(recur_call *c, rcr_linear *d);

/* y [d->M, O] of x [d->M, I], which may be other rows than those of the input. */
void rcr_linear_forward(const recur_call *c, const rcr_linear *d, const void *x, void *y);
/* dx += dy w; dx NULL: not wanted. dw += dy^T x and db += the rows of dy, in order, where they are wanted. */
void rcr_linear_backward(const recur_call *c, const rcr_linear *d, const void *x, const void *dy, void *dx);

#endif
