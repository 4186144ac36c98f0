// SPDX-License-Identifier: MIT
/* linear: y = x w^T + b. */
#include "op/linear.h"

#include <recur/op.h>

#include <string.h>

#include "op/ranges.h"
#include "op/shape.h"
#include "tape/kept.h"

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

/* --- y = x w^T + b --- */

/* So many rows at most are worth a kept panel (3 times as fast for 5, 1.2 for 64, the same for 200), and go
 * through it at once, which brings it from memory. */
enum { FEW = 128, ROWS = 32 };

recur_status rcr_keep_weight(recur_call *c, const recur_tensor *w, int64_t M)
{
    int64_t reals = M > FEW ? 0 : c->k->rnn.product_size(w->shape[0], w->shape[1]);
    return M > FEW ? RECUR_OK : rcr_keep(c, w, RCR_FORM_PRODUCT, (size_t)reals * c->k->item);
}

typedef struct packed_product {
    const recur_call *c;
    const recur_tensor *w;
    const void *x, *bias, *panel;
    void *y;
} packed_product;

static void packed_rows(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const packed_product *j = job;
    int64_t O = j->w->shape[0], I = j->w->shape[1];
    size_t item = j->c->k->item;
    j->c->k->rnn.product(to - from, O, I, rcr_at(j->x, from * I, item), I, j->panel, j->bias,
                         rcr_at(j->y, from * O, item));
}

static void gemm_rows(const recur_call *c, const recur_tensor *w, int64_t M, const void *x, const void *bias,
                      void *y)
{
    int64_t O = w->shape[0], I = w->shape[1];
    rcr_gemm_run(c->cx, w->dtype,
                 &(rcr_gemm){.M = M,
                             .N = O,
                             .K = I,
                             .A = {x, I, 1},
                             .B = {w->data, 1, I},
                             .C = y,
                             .ldc = O,
                             .start = bias ? RCR_START_BIAS : RCR_START_ZERO,
                             .bias = bias});
}

void rcr_times_weight(const recur_call *c, const recur_tensor *w, int64_t M, const void *x, const void *bias,
                      void *y)
{
    char *panel = NULL;
    bool packed = M <= FEW && rcr_kept(c, w, RCR_FORM_PRODUCT, &panel);
    if (!panel) {
        gemm_rows(c, w, M, x, bias, y);
        return;
    }
    if (!packed)
        c->k->rnn.product_pack(w->shape[0], w->shape[1], w->data, w->shape[1], 1, panel);
    rcr_ranges(c->cx, M, ROWS, packed_rows, &(packed_product){c, w, x, bias, panel, y});
}

void rcr_linear_forward(const recur_call *c, const rcr_linear *d, const void *x, void *y)
{
    const recur_tensor *b = c->in[RCR_LINEAR_B];
    rcr_times_weight(c, c->in[RCR_LINEAR_W], d->M, x, b ? b->data : NULL, y);
}

/* --- its gradients --- */

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
    s = rcr_keep_weight(c, c->in[RCR_LINEAR_W], d->M);
    return s ? s : rcr_declare(c, x->dtype, x->rank, shape);
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
