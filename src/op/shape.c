// SPDX-License-Identifier: MIT
/* Shapes and strides: axes, broadcasting; lengths. */
#include "op/shape.h"

#include <stdio.h>

int64_t rcr_product(const int64_t *shape, int n)
{
    int64_t p = 1;
    for (int i = 0; i < n; i++)
        p *= shape[i];
    return p;
}

rcr_axis rcr_along(const recur_tensor *x, int axis)
{
    if (axis >= x->rank)
        return (rcr_axis){x->count, 1, 1};
    return (rcr_axis){rcr_product(x->shape, axis), x->shape[axis],
                      rcr_product(x->shape + axis + 1, x->rank - axis - 1)};
}

recur_status rcr_check_along(recur_call *c, int index, int axis, int *normalised, rcr_axis *along)
{
    const recur_tensor *x = c->in[index];
    recur_status s = rcr_check_axis(c, axis, x->rank ? x->rank : 1, normalised);
    if (!s)
        *along = rcr_along(x, *normalised);
    return s;
}

recur_status rcr_check_present(recur_call *c, int index, const char *name)
{
    return c->in[index] ? RECUR_OK : rcr_call_fail(c, RECUR_EINVAL, "%s is NULL", name);
}

recur_status rcr_check_lengths(recur_call *c, int index, const char *name, int64_t n, int64_t most)
{
    char names[64];
    snprintf(names, sizeof names, "%ss", name);
    recur_status s = rcr_check_index(c, index, names);
    if (!s)
        s = rcr_check_shape(c, index, names, 1, &n);
    if (s)
        return s;
    const int64_t *length = c->in[index]->data;
    for (int64_t b = 0; b < n; b++)
        if (length[b] < 0 || length[b] > most)
            return rcr_call_fail(c, RECUR_EINVAL, "%s %lld of sequence %lld is outside 0 .. %lld", name,
                                 (long long)length[b], (long long)b, (long long)most);
    return RECUR_OK;
}

void rcr_row_major(int rank, const int64_t *shape, int64_t *stride)
{
    int64_t step = 1;
    for (int i = rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= shape[i];
    }
}

bool rcr_broadcast(const recur_tensor *t, int rank, const int64_t *shape, int64_t *stride)
{
    int64_t step = 1;
    if (t->rank > rank)
        return false;
    for (int i = rank - 1, j = t->rank - 1; i >= 0; i--, j--) {
        int64_t length = j >= 0 ? t->shape[j] : 1;
        if (length != 1 && length != shape[i])
            return false;
        stride[i] = length == 1 ? 0 : step;
        step *= length;
    }
    return true;
}

bool rcr_broadcast_shape(const recur_tensor *a, const recur_tensor *b, int *rank,
                         int64_t shape[RECUR_MAX_RANK])
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int i = 0; i < *rank; i++) {
        int64_t p = recur_dim(a, a->rank > i ? a->rank - 1 - i : a->rank);
        int64_t q = recur_dim(b, b->rank > i ? b->rank - 1 - i : b->rank);
        if (p != q && p != 1 && q != 1)
            return false;
        shape[*rank - 1 - i] = p == 1 ? q : p;
    }
    return true;
}
