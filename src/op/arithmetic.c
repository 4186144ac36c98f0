// SPDX-License-Identifier: MIT
/* Elementwise arithmetic with broadcasting: y = a op b. The gradient of an operand is summed over the axes
 * along which it was repeated, in row-major order. */
#include <recur/op.h>

#include <string.h>

#include "op/ranges.h"
#include "op/shape.h"

/* The common shape, neighbouring axes joined where all strides allow it, and the strides in it of a, b and
 * the result. At least one axis. */
typedef struct pair {
    rcr_binary_op forward;
    int rank;
    int64_t shape[RECUR_MAX_RANK], a[RECUR_MAX_RANK], b[RECUR_MAX_RANK], y[RECUR_MAX_RANK];
} pair;

/* Whether axis i runs on from axis i + 1 in an array with these strides. */
static bool runs_on(const pair *p, const int64_t *stride, int i)
{
    return stride[i] == stride[i + 1] * p->shape[i + 1];
}

static void drop_axis(pair *p, int i)
{
    size_t rest = (size_t)(p->rank - i - 1) * sizeof *p->shape;
    memmove(p->a + i, p->a + i + 1, rest);
    memmove(p->b + i, p->b + i + 1, rest);
    memmove(p->y + i, p->y + i + 1, rest);
    memmove(p->shape + i, p->shape + i + 1, rest);
    p->rank--;
}

static void join_axes(pair *p)
{
    for (int i = p->rank - 1; i >= 0; i--)
        if (p->rank > 1 && p->shape[i] == 1)
            drop_axis(p, i);
    for (int i = p->rank - 2; i >= 0; i--)
        if (runs_on(p, p->a, i) && runs_on(p, p->b, i) && runs_on(p, p->y, i)) {
            p->shape[i + 1] *= p->shape[i];
            drop_axis(p, i);
        }
    if (p->rank == 0) {
        p->rank = 1;
        p->shape[0] = p->a[0] = p->b[0] = p->y[0] = 1;
    }
}

static recur_status pair_shape(recur_call *c)
{
    pair *p = c->params;
    recur_status s = rcr_check_float(c, 0, "the first operand");
    if (!s)
        s = rcr_check_float(c, 1, "the second operand");
    if (s)
        return s;
    if (!rcr_broadcast_shape(c->in[0], c->in[1], &p->rank, p->shape)) {
        char a[RCR_SHAPE_TEXT], b[RCR_SHAPE_TEXT];
        return rcr_call_fail(c, RECUR_ESHAPE,
                             "shapes %s and %s do not broadcast: aligned at the last axis, lengths must "
                             "be equal or 1",
                             rcr_shape_text(a, c->in[0]), rcr_shape_text(b, c->in[1]));
    }
    s = rcr_declare(c, c->in[0]->dtype, p->rank, p->shape);
    rcr_broadcast(c->in[0], p->rank, p->shape, p->a);
    rcr_broadcast(c->in[1], p->rank, p->shape, p->b);
    rcr_row_major(p->rank, p->shape, p->y);
    join_axes(p);
    return s;
}

/* Arrays over p->shape, to be worked on in ranges of the first axis. */
typedef struct sweep {
    const pair *p;
    const rcr_kernels *k;
    rcr_binary *f; /* dst = a f b, or dst += scale * a where NULL */
    double scale;
    const void *a, *b;
    void *dst;
    const int64_t *sa, *sb, *sdst;
} sweep;

static void sweep_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const sweep *w = job;
    int64_t shape[RECUR_MAX_RANK];
    memcpy(shape, w->p->shape, sizeof shape);
    shape[0] = to - from;
    const void *a = rcr_at(w->a, from * w->sa[0], w->k->item);
    void *dst = rcr_at(w->dst, from * w->sdst[0], w->k->item);
    if (w->f)
        w->f(w->p->rank, shape, a, w->sa, rcr_at(w->b, from * w->sb[0], w->k->item), w->sb, dst, w->sdst);
    else
        w->k->array.axpy_strided(w->p->rank, shape, w->scale, a, w->sa, dst, w->sdst);
}

/* A destination that is repeated along the first axis is a sum over it: one range. */
static void run_sweep(const recur_call *c, const sweep *w)
{
    int64_t n = w->p->shape[0], size = rcr_product(w->p->shape + 1, w->p->rank - 1);
    if (c->out[0]->count)
        rcr_ranges(c->cx, n, w->sdst[0] ? rcr_grain(size) : n, sweep_range, w);
}

/* dst += scale * x, both over the common shape. */
static void add_to(const recur_call *c, double scale, const void *x, void *dst, const int64_t *sdst)
{
    const pair *p = RCR_PARAMS(pair, c);
    if (dst)
        run_sweep(c, &(sweep){p, c->k, NULL, scale, x, NULL, dst, p->y, NULL, sdst});
}

/* dst += x * z. */
static void add_product(const recur_call *c, const void *x, const void *z, const int64_t *sz, void *dst,
                        const int64_t *sdst)
{
    const pair *p = RCR_PARAMS(pair, c);
    if (dst)
        run_sweep(c, &(sweep){p, c->k, c->k->array.binary[RCR_MULADD], 0.0, x, z, dst, p->y, sz, sdst});
}

static void pair_forward(recur_call *c)
{
    const pair *p = RCR_PARAMS(pair, c);
    run_sweep(c, &(sweep){p, c->k, c->k->array.binary[p->forward], 0.0, c->in[0]->data, c->in[1]->data,
                          c->out[0]->data, p->a, p->b, p->y});
}

static void add_backward(recur_call *c)
{
    const pair *p = RCR_PARAMS(pair, c);
    add_to(c, 1.0, rcr_dout(c, 0), rcr_din(c, 0), p->a);
    add_to(c, 1.0, rcr_dout(c, 0), rcr_din(c, 1), p->b);
}

static void sub_backward(recur_call *c)
{
    const pair *p = RCR_PARAMS(pair, c);
    add_to(c, 1.0, rcr_dout(c, 0), rcr_din(c, 0), p->a);
    add_to(c, -1.0, rcr_dout(c, 0), rcr_din(c, 1), p->b);
}

static void mul_backward(recur_call *c)
{
    const pair *p = RCR_PARAMS(pair, c);
    add_product(c, rcr_dout(c, 0), c->in[1]->data, p->b, rcr_din(c, 0), p->a);
    add_product(c, rcr_dout(c, 0), c->in[0]->data, p->a, rcr_din(c, 1), p->b);
}

/* y = a / b: da += t, db -= t y with t = dy / b, kept in the scratch bytes. */
static recur_status div_shape(recur_call *c)
{
    recur_status s = pair_shape(c);
    return s ? s : recur_call_scratch(c, (size_t)c->out[0]->count * c->k->item);
}

static void div_backward(recur_call *c)
{
    const pair *p = RCR_PARAMS(pair, c);
    void *t = recur_call_work(c);
    run_sweep(c, &(sweep){p, c->k, c->k->array.binary[RCR_DIV], 0.0, rcr_dout(c, 0), c->in[1]->data, t, p->y,
                          p->b, p->y});
    add_to(c, 1.0, t, rcr_din(c, 0), p->a);
    c->k->array.affine(c->out[0]->count, -1.0, 0.0, t, t);
    add_product(c, t, c->out[0]->data, p->y, rcr_din(c, 1), p->b);
}

static const recur_op add_op = {"add", pair_shape, pair_forward, add_backward};
static const recur_op sub_op = {"sub", pair_shape, pair_forward, sub_backward};
static const recur_op mul_op = {"mul", pair_shape, pair_forward, mul_backward};
static const recur_op div_op = {"div", div_shape, pair_forward, div_backward};

static recur_tensor *apply_pair(recur_tape *tp, const recur_op *op, rcr_binary_op forward, recur_tensor *a,
                                recur_tensor *b)
{
    pair p = {.forward = forward};
    return recur_apply(tp, op, (recur_tensor *[]){a, b}, 2, &p, sizeof p);
}

recur_tensor *recur_add(recur_tape *tp, recur_tensor *a, recur_tensor *b)
{
    return apply_pair(tp, &add_op, RCR_ADD, a, b);
}

recur_tensor *recur_sub(recur_tape *tp, recur_tensor *a, recur_tensor *b)
{
    return apply_pair(tp, &sub_op, RCR_SUB, a, b);
}

recur_tensor *recur_mul(recur_tape *tp, recur_tensor *a, recur_tensor *b)
{
    return apply_pair(tp, &mul_op, RCR_MUL, a, b);
}

recur_tensor *recur_div(recur_tape *tp, recur_tensor *a, recur_tensor *b)
{
    return apply_pair(tp, &div_op, RCR_DIV, a, b);
}
