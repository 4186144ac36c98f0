// SPDX-License-Identifier: MIT
/* Shapes and strides for the shape rules of the operations. */
#ifndef RCR_OP_SHAPE_H
#define RCR_OP_SHAPE_H

#include "tape/call.h"

/* An array seen along one axis: [outer, n, inner]. */
typedef struct rcr_axis {
    int64_t outer, n, inner;
} rcr_axis;

rcr_axis rcr_along(const recur_tensor *x, int axis);

/* As rcr_check_axis() for input `index`, but a scalar counts as an array of one axis, as in torch. Fills
 * *along too. */
recur_status rcr_check_along(recur_call *c, int index, int axis, int *normalised, rcr_axis *along);

/* Present, of any type (moves work on indices as well). */
recur_status rcr_check_present(recur_call *c, int index, const char *name);

/* Input `index` is RECUR_I64 [n], each 0 .. most. `name` is that of one: "length". */
recur_status rcr_check_lengths(recur_call *c, int index, const char *name, int64_t n, int64_t most);

/* Strides in elements of a row-major array. */
void rcr_row_major(int rank, const int64_t *shape, int64_t *stride);

/* Strides with which `t` is read as if it had `shape`: aligned at the last axis, 0 where a length of 1 is
 * repeated. False where the shapes do not go together. */
bool rcr_broadcast(const recur_tensor *t, int rank, const int64_t *shape, int64_t *stride);

/* The shape that a and b broadcast to. False where they do not go together. */
bool rcr_broadcast_shape(const recur_tensor *a, const recur_tensor *b, int *rank,
                         int64_t shape[RECUR_MAX_RANK]);

/* Product of n lengths. */
int64_t rcr_product(const int64_t *shape, int n);

/* Element `i` of an array of items of `item` bytes. */
static inline void *rcr_at(const void *p, int64_t i, size_t item)
{
    return (char *)p + i * (int64_t)item;
}

#endif
