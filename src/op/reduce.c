// SPDX-License-Identifier: MIT
/* Reductions over one axis or all of them: sum, mean, max. */
#include <recur/op.h>

#include <string.h>

#include "op/ranges.h"
#include "op/shape.h"

typedef struct reduction {
    int axis;
    bool keep;
    rcr_axis d; /* all axes: [1, count, 1] */
} reduction;

static recur_status declare_all(recur_call *c)
{
    reduction *p = c->params;
    const recur_tensor *x = c->in[0];
    p->d = (rcr_axis){1, x->count, 1};
    return rcr_declare(c, x->dtype, p->keep ? x->rank : 0, (int64_t[RECUR_MAX_RANK]){1, 1, 1, 1, 1, 1});
}

static recur_status declare_axis(recur_call *c)
{
    reduction *p = c->params;
    const recur_tensor *x = c->in[0];
    recur_status s = rcr_check_along(c, 0, p->axis, &p->axis, &p->d);
    if (s || x->rank == 0)
        return s ? s : rcr_declare(c, x->dtype, 0, NULL);
    int64_t shape[RECUR_MAX_RANK];
    memcpy(shape, x->shape, sizeof shape);
    shape[p->axis] = 1;
    if (!p->keep)
        memmove(shape + p->axis, shape + p->axis + 1, (size_t)(x->rank - p->axis - 1) * sizeof *shape);
    return rcr_declare(c, x->dtype, p->keep ? x->rank : x->rank - 1, shape);
}

static recur_status reduce_shape(recur_call *c)
{
    recur_status s = rcr_check_float(c, 0, "the argument");
    if (s)
        return s;
    return RCR_PARAMS(reduction, c)->axis == RECUR_ALL_AXES ? declare_all(c) : declare_axis(c);
}

/* Scratch: the partial sums of a sum over everything. */
static recur_status sum_shape(recur_call *c)
{
    recur_status s = reduce_shape(c);
    int64_t parts = rcr_range_count(c->in[0] ? c->in[0]->count : 0, RCR_CHUNK);
    return s || RCR_PARAMS(reduction, c)->axis != RECUR_ALL_AXES
               ? s
               : recur_call_scratch(c, (size_t)parts * sizeof(double));
}

static double part_sum(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    return c->k->reduce.sum(to - from, rcr_at(c->in[0]->data, from, c->k->item));
}

static void sum_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const rcr_axis *d = &RCR_PARAMS(reduction, c)->d;
    c->k->reduce.sum_axis(to - from, d->n, d->inner,
                          rcr_at(c->in[0]->data, from * d->n * d->inner, c->k->item),
                          rcr_at(c->out[0]->data, from * d->inner, c->k->item));
}

static void sum_forward(recur_call *c)
{
    const reduction *p = RCR_PARAMS(reduction, c);
    if (p->axis == RECUR_ALL_AXES)
        c->k->array.fill(1, rcr_sum_parts(c->cx, p->d.n, part_sum, c, recur_call_work(c)), c->out[0]->data);
    else if (p->d.n == 0)
        c->k->array.fill(c->out[0]->count, 0.0, c->out[0]->data);
    else if (c->out[0]->count)
        rcr_ranges(c->cx, p->d.outer, rcr_grain(p->d.n * p->d.inner), sum_range, c);
}

static void mean_forward(recur_call *c)
{
    sum_forward(c);
    rcr_divide(c->k, c->out[0]->count, (double)RCR_PARAMS(reduction, c)->d.n, c->out[0]->data);
}

/* dx += scale * dy, repeated along the axis. */
typedef struct spread {
    const recur_call *c;
    double scale;
} spread;

static void spread_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const spread *w = job;
    const rcr_axis *d = &RCR_PARAMS(reduction, w->c)->d;
    const rcr_kernels *k = w->c->k;
    k->array.axpy_strided(3, (int64_t[]){to - from, d->n, d->inner}, w->scale,
                          rcr_at(rcr_dout(w->c, 0), from * d->inner, k->item), (int64_t[]){d->inner, 0, 1},
                          rcr_at(rcr_din(w->c, 0), from * d->n * d->inner, k->item),
                          (int64_t[]){d->n * d->inner, d->inner, 1});
}

static void spread_gradient(recur_call *c, double scale)
{
    const rcr_axis *d = &RCR_PARAMS(reduction, c)->d;
    if (c->in[0]->count)
        rcr_ranges(c->cx, d->outer, rcr_grain(d->n * d->inner), spread_range, &(spread){c, scale});
}

static void sum_backward(recur_call *c)
{
    spread_gradient(c, 1.0);
}

static void mean_backward(recur_call *c)
{
    spread_gradient(c, 1.0 / (double)RCR_PARAMS(reduction, c)->d.n);
}

/* --- max: saved is the index along the axis of each result --- */

static recur_status max_shape(recur_call *c)
{
    recur_status s = reduce_shape(c);
    if (!s && RCR_PARAMS(reduction, c)->d.n == 0) {
        char shape[RCR_SHAPE_TEXT];
        return rcr_call_fail(c, RECUR_ESHAPE, "nothing to take the maximum of: the shape is %s",
                             rcr_shape_text(shape, c->in[0]));
    }
    return s ? s : rcr_save(c, (size_t)c->out[0]->count * sizeof(int64_t));
}

static void max_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const rcr_axis *d = &RCR_PARAMS(reduction, c)->d;
    c->k->reduce.max_axis(
        to - from, d->n, d->inner, rcr_at(c->in[0]->data, from * d->n * d->inner, c->k->item),
        rcr_at(c->out[0]->data, from * d->inner, c->k->item), (int64_t *)c->saved + from * d->inner);
}

static void max_forward(recur_call *c)
{
    const rcr_axis *d = &RCR_PARAMS(reduction, c)->d;
    if (c->out[0]->count)
        rcr_ranges(c->cx, d->outer, rcr_grain(d->n * d->inner), max_range, c);
}

/* dx[o, index, i] += dy[o, i]: one scatter over the longer of the outer and inner axes. */
static void max_backward(recur_call *c)
{
    const rcr_axis *d = &RCR_PARAMS(reduction, c)->d;
    const rcr_index_kernels *k = &c->k->index;
    if (d->inner == 1)
        k->scatter_add(d->outer, rcr_dout(c, 0), d->n, 1, c->saved, rcr_din(c, 0));
    else
        for (int64_t o = 0; o < d->outer; o++)
            k->scatter_add(d->inner, rcr_at(rcr_dout(c, 0), o * d->inner, c->k->item), 1, d->inner,
                           (const int64_t *)c->saved + o * d->inner,
                           rcr_at(rcr_din(c, 0), o * d->n * d->inner, c->k->item));
}

static const recur_op sum_op = {"sum", sum_shape, sum_forward, sum_backward};
static const recur_op mean_op = {"mean", sum_shape, mean_forward, mean_backward};
static const recur_op max_op = {"max", max_shape, max_forward, max_backward};

static recur_tensor *apply_reduction(recur_tape *tp, const recur_op *op, recur_tensor *x, int axis, bool keep)
{
    reduction p = {.axis = axis, .keep = keep};
    return recur_apply(tp, op, &x, 1, &p, sizeof p);
}

recur_tensor *recur_sum(recur_tape *tp, recur_tensor *x, int axis, bool keep)
{
    return apply_reduction(tp, &sum_op, x, axis, keep);
}

recur_tensor *recur_mean(recur_tape *tp, recur_tensor *x, int axis, bool keep)
{
    return apply_reduction(tp, &mean_op, x, axis, keep);
}

recur_tensor *recur_max(recur_tape *tp, recur_tensor *x, int axis, bool keep)
{
    return apply_reduction(tp, &max_op, x, axis, keep);
}
