// SPDX-License-Identifier: MIT
/* Tensors: shapes, element access, text for messages. */
#include "tape/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

recur_dtype recur_dtype_of(const recur_tensor *t)
{
    return t ? t->dtype : RECUR_F32;
}

int recur_rank(const recur_tensor *t)
{
    return t ? t->rank : 0;
}

int64_t recur_dim(const recur_tensor *t, int axis)
{
    if (!t)
        return 1;
    if (axis < 0)
        axis += t->rank;
    return axis >= 0 && axis < t->rank ? t->shape[axis] : 1;
}

int64_t recur_count(const recur_tensor *t)
{
    return t ? t->count : 0;
}

static void *data_as(const recur_tensor *t, recur_dtype dtype)
{
    return t && t->dtype == dtype ? t->data : NULL;
}

float *recur_f32(recur_tensor *t)
{
    return data_as(t, RECUR_F32);
}

double *recur_f64(recur_tensor *t)
{
    return data_as(t, RECUR_F64);
}

int64_t *recur_i64(recur_tensor *t)
{
    return data_as(t, RECUR_I64);
}

double recur_item(const recur_tensor *t, int64_t index)
{
    if (!t || index < 0 || index >= t->count)
        return (double)NAN;
    switch (t->dtype) {
    case RECUR_F32:
        return (double)((const float *)t->data)[index];
    case RECUR_F64:
        return ((const double *)t->data)[index];
    case RECUR_I64:
        return (double)((const int64_t *)t->data)[index];
    }
    return (double)NAN;
}

recur_tensor *recur_grad(const recur_tensor *t)
{
    return t ? t->grad : NULL;
}

const char *recur_name(const recur_tensor *t)
{
    return t && t->name ? t->name : "";
}

bool rcr_shape_bytes(recur_dtype dtype, int rank, const int64_t *shape, int64_t *count, size_t *bytes)
{
    bool fits = rank >= 0 && rank <= RECUR_MAX_RANK;
    int64_t n = 1;
    /* Lengths of 0 must not hide an overflow of the others: strides are products of them. */
    int64_t extent = 1;
    for (int i = 0; fits && i < rank; i++) {
        fits = shape[i] >= 0 && rcr_mul_i64(extent, shape[i] ? shape[i] : 1, &extent);
        n *= fits && shape[i] == 0 ? 0 : 1;
    }
    *count = n ? extent : 0;
    return fits && (uint64_t)extent <= PTRDIFF_MAX &&
           rcr_mul_size((size_t)*count, rcr_item_size(dtype), bytes) && *bytes <= PTRDIFF_MAX;
}

const char *rcr_shape_text(char buffer[RCR_SHAPE_TEXT], const recur_tensor *t)
{
    size_t used = 0;
    buffer[used++] = '[';
    for (int i = 0; i < t->rank && used < RCR_SHAPE_TEXT - 2; i++) {
        int n =
            snprintf(buffer + used, RCR_SHAPE_TEXT - 1 - used, i ? ", %lld" : "%lld", (long long)t->shape[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    buffer[used] = ']';
    buffer[used + 1] = '\0';
    return buffer;
}

const char *rcr_dtype_name(recur_dtype dtype)
{
    static const char *const names[] = {
        [RECUR_F32] = "float32", [RECUR_F64] = "float64", [RECUR_I64] = "int64"};
    return names[dtype];
}

bool rcr_same_shape(const recur_tensor *a, const recur_tensor *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}
