// SPDX-License-Identifier: MIT
/* gather: y[i][j] = x[index[i][j]][j] along axis 0, and so on for the other axes. */
#include <recur/op.h>

#include "op/shape.h"

/* Inputs: x, index. */
typedef struct gathering {
    int axis;
    int64_t stride[RECUR_MAX_RANK]; /* of x, 0 for the axis */
    int64_t step;                   /* of x along the axis */
} gathering;

static recur_status check_index_shape(recur_call *c, int axis)
{
    const recur_tensor *x = c->in[0], *index = c->in[1];
    bool fits = x->rank == index->rank;
    for (int i = 0; fits && i < x->rank; i++)
        fits = i == axis || index->shape[i] <= x->shape[i];
    if (fits)
        return RECUR_OK;
    char want[RCR_SHAPE_TEXT], got[RCR_SHAPE_TEXT];
    return rcr_call_fail(c, RECUR_ESHAPE,
                         "the index %s must have as many axes as x %s, none but axis %d longer",
                         rcr_shape_text(got, index), rcr_shape_text(want, x), axis);
}

static recur_status check_indices(recur_call *c, int64_t n)
{
    const int64_t *index = c->in[1]->data;
    for (int64_t i = 0; i < c->in[1]->count; i++)
        if (index[i] < 0 || index[i] >= n)
            return rcr_call_fail(c, RECUR_EINVAL, "index %lld at position %lld is outside 0 .. %lld",
                                 (long long)index[i], (long long)i, (long long)n - 1);
    return RECUR_OK;
}

static recur_status gather_shape(recur_call *c)
{
    gathering *p = c->params;
    rcr_axis d = {0, 0, 0};
    recur_status s = rcr_check_float(c, 0, "x");
    if (!s)
        s = rcr_check_index(c, 1, "the index");
    if (!s)
        s = rcr_check_along(c, 0, p->axis, &p->axis, &d);
    if (!s)
        s = check_index_shape(c, p->axis);
    if (!s)
        s = check_indices(c, d.n);
    if (s)
        return s;
    rcr_row_major(c->in[0]->rank, c->in[0]->shape, p->stride);
    p->step = d.inner;
    p->stride[p->axis] = 0;
    return rcr_declare(c, c->in[0]->dtype, c->in[1]->rank, c->in[1]->shape);
}

/* The first element of x that row `row` of the index (along its last axis) is about. */
static int64_t row_start(const recur_call *c, int64_t row)
{
    const gathering *p = RCR_PARAMS(gathering, c);
    const recur_tensor *index = c->in[1];
    int64_t start = 0;
    for (int axis = index->rank - 2; axis >= 0; axis--) {
        start += row % index->shape[axis] * p->stride[axis];
        row /= index->shape[axis];
    }
    return start;
}

typedef struct rows {
    int64_t count, length, stride;
} rows;

static rows rows_of(const recur_call *c)
{
    const recur_tensor *index = c->in[1];
    int64_t length = recur_dim(index, -1);
    int64_t stride = index->rank ? RCR_PARAMS(gathering, c)->stride[index->rank - 1] : 0;
    return (rows){length ? index->count / length : 0, length, stride};
}

static void gather_forward(recur_call *c)
{
    rows r = rows_of(c);
    for (int64_t i = 0; i < r.count; i++)
        c->k->index.gather(r.length, rcr_at(c->in[0]->data, row_start(c, i), c->k->item), r.stride,
                           RCR_PARAMS(gathering, c)->step, (const int64_t *)c->in[1]->data + i * r.length,
                           rcr_at(c->out[0]->data, i * r.length, c->k->item));
}

static void gather_backward(recur_call *c)
{
    rows r = rows_of(c);
    for (int64_t i = 0; i < r.count; i++)
        c->k->index.scatter_add(r.length, rcr_at(rcr_dout(c, 0), i * r.length, c->k->item), r.stride,
                                RCR_PARAMS(gathering, c)->step,
                                (const int64_t *)c->in[1]->data + i * r.length,
                                rcr_at(rcr_din(c, 0), row_start(c, i), c->k->item));
}

static const recur_op gather_op = {"gather", gather_shape, gather_forward, gather_backward};

recur_tensor *recur_gather(recur_tape *tp, recur_tensor *x, int axis, recur_tensor *index)
{
    gathering p = {.axis = axis};
    return recur_apply(tp, &gather_op, (recur_tensor *[]){x, index}, 2, &p, sizeof p);
}
