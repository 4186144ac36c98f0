// SPDX-License-Identifier: MIT
/* linear: y = x w^T + b. */
#include "op/linear.h"

#include <recur/op.h>

#include <string.h>

#include "op/ranges.h"
#include "op/shape.h"

static recur_status check_operands(recur_call *c)
{
    recur_status s = rcr_check_float(c, RCR_LINEAR_X, "x");
    if (!s)
        s = rcr_check_float(c, RCR_LINEAR_W, "the weight");
    if (!s)
        s = rcr_check_rank(c, RCR_LINEAR_W, "the weight", 2);
    if (!s && c->in[RCR_LINEAR_B])
        s = rcr_check_float(c, RCR_LINEAR_B, "the bias");
    return s;
}

recur_status rcr_linear_check(recur_call *c, rcr_linear *d)
{
    recur_status s = check_operands(c);
    if (s)
        return s;
    const recur_tensor *x = c->in[RCR_LINEAR_X], *w = c->in[RCR_LINEAR_W];
    d->O = w->shape[0];
    d->I = w->shape[1];
    if (x->rank == 0 || x->shape[x->rank - 1] != d->I) {
        char got[RCR_SHAPE_TEXT], weight[RCR_SHAPE_TEXT];
        return rcr_call_fail(c, RECUR_ESHAPE, "x %s must end in an axis of length %lld: the weight is %s",
                             rcr_shape_text(got, x), (long long)d->I, rcr_shape_text(weight, w));
    }
    d->M = rcr_product(x->shape, x->rank - 1);
    return c->in[RCR_LINEAR_B] ? rcr_check_shape(c, RCR_LINEAR_B, "the bias", 1, &d->O) : RECUR_OK;
}

void rcr_linear_forward(const recur_call *c, const rcr_linear *d, const void *x, void *y)
{
    const recur_tensor *b = c->in[RCR_LINEAR_B];
    rcr_gemm_run(c->cx, c->in[RCR_LINEAR_X]->dtype,
                 &(rcr_gemm){.M = d->M,
                             .N = d->O,
                             .K = d->I,
                             .A = {x, d->I, 1},
                             .B = {c->in[RCR_LINEAR_W]->data, 1, d->I},
                             .C = y,
                             .ldc = d->O,
                             .start = b ? RCR_START_BIAS : RCR_START_ZERO,
                             .bias = b ? b->data : NULL});
}

static void add_dx(const recur_call *c, const rcr_linear *d, const void *dy, void *dx)
{
    rcr_gemm_run(c->cx, c->in[RCR_LINEAR_X]->dtype,
                 &(rcr_gemm){.M = d->M,
                             .N = d->I,
                             .K = d->O,
                             .A = {dy, d->O, 1},
                             .B = {c->in[RCR_LINEAR_W]->data, d->I, 1},
                             .C = dx,
                             .ldc = d->I,
                             .start = RCR_START_C});
}

static void add_dw(const recur_call *c, const rcr_linear *d, const void *x, const void *dy, void *dw)
{
    rcr_gemm_run(c->cx, c->in[RCR_LINEAR_X]->dtype,
                 &(rcr_gemm){.M = d->O,
                             .N = d->I,
                             .K = d->M,
                             .A = {dy, 1, d->O},
                             .B = {x, d->I, 1},
                             .C = dw,
                             .ldc = d->I,
                             .start = RCR_START_C});
}

typedef struct summing {
    const recur_call *c;
    const rcr_linear *d;
    const void *dy;
} summing;

/* db[from .. to] += the rows of dy, in order. */
static void add_db_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const summing *j = job;
    const rcr_kernels *k = j->c->k;
    k->array.axpy_strided(2, (int64_t[]){j->d->M, to - from}, 1.0, rcr_at(j->dy, from, k->item),
                          (int64_t[]){j->d->O, 1}, rcr_at(rcr_din(j->c, RCR_LINEAR_B), from, k->item),
                          (int64_t[]){0, 1});
}

void rcr_linear_backward(const recur_call *c, const rcr_linear *d, const void *x, const void *dy, void *dx)
{
    enum { LEAST = 64 }; /* columns of a range: whole cache lines */
    summing j = {c, d, dy};
    void *dw = rcr_din(c, RCR_LINEAR_W);
    if (dx)
        add_dx(c, d, dy, dx);
    if (dw)
        add_dw(c, d, x, dy, dw);
    if (rcr_din(c, RCR_LINEAR_B) && d->M)
        rcr_ranges(c->cx, d->O, rcr_grain(d->M) < LEAST ? LEAST : rcr_grain(d->M), add_db_range, &j);
}

/* --- the operation --- */

static recur_status linear_shape(recur_call *c)
{
    rcr_linear *d = c->params;
    recur_status s = rcr_linear_check(c, d);
    if (s)
        return s;
    const recur_tensor *x = c->in[RCR_LINEAR_X];
    int64_t shape[RECUR_MAX_RANK];
    memcpy(shape, x->shape, sizeof shape);
    shape[x->rank - 1] = d->O;
    return rcr_declare(c, x->dtype, x->rank, shape);
}

static void linear_forward(recur_call *c)
{
    rcr_linear_forward(c, RCR_PARAMS(rcr_linear, c), c->in[RCR_LINEAR_X]->data, c->out[0]->data);
}

static void linear_backward(recur_call *c)
{
    rcr_linear_backward(c, RCR_PARAMS(rcr_linear, c), c->in[RCR_LINEAR_X]->data, rcr_dout(c, 0),
                        rcr_din(c, RCR_LINEAR_X));
}

static const recur_op linear_op = {"linear", linear_shape, linear_forward, linear_backward};

recur_tensor *recur_linear(recur_tape *tp, recur_tensor *x, recur_tensor *w, recur_tensor *b)
{
    rcr_linear d = {0};
    return recur_apply(tp, &linear_op, (recur_tensor *[]){x, w, b}, RCR_LINEAR_INPUTS, &d, sizeof d);
}
