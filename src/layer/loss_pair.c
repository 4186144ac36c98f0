// SPDX-License-Identifier: MIT
/* Losses between two arrays of one shape: a formula for each pair of elements, then the reduction. */
#include "layer/loss.h"

#include <stddef.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/pool.h"
#include "op/ranges.h"
#include "op/shape.h"

/* Inputs: input, target, the weight of the positive part (bce_with_logits; may be absent).
 * Scratch: partial sums, then the weights spread over the input's shape. */
typedef struct pair_loss {
    size_t kernels; /* where the formula stands in rcr_loss_kernels */
    double p;
    recur_reduction r;
} pair_loss;

#define FORMULA(name) offsetof(rcr_loss_kernels, name)

static const rcr_pair_loss *formula(const recur_call *c)
{
    return rcr_at(&c->k->loss, (int64_t)RCR_PARAMS(pair_loss, c)->kernels, 1);
}

recur_status rcr_check_reduction(recur_call *c, recur_reduction r)
{
    if (r == RECUR_MEAN || r == RECUR_SUM || r == RECUR_NONE)
        return RECUR_OK;
    return rcr_call_fail(c, RECUR_EINVAL, "the reduction must be RECUR_MEAN, RECUR_SUM or RECUR_NONE, not %d",
                         (int)r);
}

static recur_status pair_shape(recur_call *c)
{
    const pair_loss *p = RCR_PARAMS(pair_loss, c);
    recur_status s = rcr_check_reduction(c, p->r);
    if (!s)
        s = rcr_check_float(c, 0, "the input");
    if (!s)
        s = rcr_check_float(c, 1, "the target");
    if (s)
        return s;
    const recur_tensor *x = c->in[0];
    if (!rcr_same_shape(x, c->in[1])) {
        char input[RCR_SHAPE_TEXT], target[RCR_SHAPE_TEXT];
        return rcr_call_fail(c, RECUR_ESHAPE, "the target must have the input's shape %s, but has %s",
                             rcr_shape_text(input, x), rcr_shape_text(target, c->in[1]));
    }
    s = recur_call_scratch(c, (size_t)rcr_range_count(x->count, RCR_CHUNK) * sizeof(double));
    return s ? s : rcr_declare(c, x->dtype, p->r == RECUR_NONE ? x->rank : 0, x->shape);
}

/* The weights of the positive part spread over the input's shape, or NULL. */
static void *weights(const recur_call *c)
{
    return c->n_in > 2 && c->in[2]
               ? (double *)recur_call_work(c) + rcr_range_count(c->in[0]->count, RCR_CHUNK)
               : NULL;
}

static const void *weights_at(const recur_call *c, int64_t i)
{
    const void *w = weights(c);
    return w ? rcr_at(w, i, c->k->item) : NULL;
}

/* The losses of elements from .. to - 1 into l. */
static void evaluate(const recur_call *c, int64_t from, int64_t to, void *l)
{
    size_t item = c->k->item;
    formula(c)->value(to - from, RCR_PARAMS(pair_loss, c)->p, rcr_at(c->in[0]->data, from, item),
                      rcr_at(c->in[1]->data, from, item), weights_at(c, from), l);
}

static void value_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    evaluate(c, from, to, rcr_at(c->out[0]->data, from, c->k->item));
}

static double value_sum(const void *job, int64_t from, int64_t to, int worker)
{
    const recur_call *c = job;
    void *l = rcr_workspace(c->cx, worker);
    evaluate(c, from, to, l);
    return c->k->reduce.sum(to - from, l);
}

static void pair_forward(recur_call *c)
{
    const pair_loss *p = RCR_PARAMS(pair_loss, c);
    int64_t n = c->in[0]->count;
    if (p->r == RECUR_NONE) {
        rcr_ranges(c->cx, n, RCR_GRAIN, value_range, c);
        return;
    }
    double total = rcr_sum_parts(c->cx, n, value_sum, c, recur_call_work(c));
    c->k->array.fill(1, p->r == RECUR_MEAN ? total / (double)n : total, c->out[0]->data);
}

/* The gradients of the losses of elements from .. to - 1. */
static const void *loss_gradient(const recur_call *c, int64_t from, int64_t to, int worker)
{
    const pair_loss *p = RCR_PARAMS(pair_loss, c);
    if (p->r == RECUR_NONE)
        return rcr_at(rcr_dout(c, 0), from, c->k->item);
    void *dl = rcr_workspace(c->cx, worker);
    c->k->array.fill(to - from, rcr_entry_gradient(c, p->r == RECUR_MEAN ? (double)c->in[0]->count : 1.0),
                     dl);
    return dl;
}

static void backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    const recur_call *c = job;
    const void *dl = loss_gradient(c, from, to, worker);
    double p = RCR_PARAMS(pair_loss, c)->p;
    size_t item = c->k->item;
    const void *x = rcr_at(c->in[0]->data, from, item), *t = rcr_at(c->in[1]->data, from, item);
    if (rcr_din(c, 0))
        formula(c)->dx(to - from, p, x, t, weights_at(c, from), dl, rcr_at(rcr_din(c, 0), from, item));
    if (rcr_din(c, 1))
        formula(c)->dt(to - from, p, x, t, weights_at(c, from), dl, rcr_at(rcr_din(c, 1), from, item));
}

static void pair_backward(recur_call *c)
{
    rcr_ranges(c->cx, c->in[0]->count, RCR_GRAIN, backward_range, c);
}

/* --- smooth_l1, huber: a parameter that must make sense --- */

static recur_status parameter_error(recur_call *c, const char *want)
{
    char number[RCR_NUMBER_SIZE];
    return rcr_call_fail(c, RECUR_EINVAL, "%s, not %s", want,
                         rcr_format_double(number, RCR_PARAMS(pair_loss, c)->p));
}

static recur_status smooth_l1_shape(recur_call *c)
{
    return RCR_PARAMS(pair_loss, c)->p >= 0.0 ? pair_shape(c)
                                              : parameter_error(c, "beta must not be negative");
}

static recur_status huber_shape(recur_call *c)
{
    return RCR_PARAMS(pair_loss, c)->p > 0.0 ? pair_shape(c) : parameter_error(c, "delta must be positive");
}

/* --- bce: probabilities --- */

static recur_status bce_shape(recur_call *c)
{
    recur_status s = pair_shape(c);
    int64_t i = s ? -1 : c->k->loss.outside(c->in[0]->count, 0.0, 1.0, c->in[0]->data);
    if (i < 0)
        return s;
    char number[RCR_NUMBER_SIZE];
    return rcr_call_fail(c, RECUR_EINVAL, "the input must be probabilities in 0 .. 1, but element %lld is %s",
                         (long long)i, rcr_format_double(number, recur_item(c->in[0], i)));
}

/* --- bce_with_logits: weights of the positive part, broadcast --- */

static recur_status logits_shape(recur_call *c)
{
    recur_status s = pair_shape(c);
    if (s || !c->in[2])
        return s;
    const recur_tensor *x = c->in[0];
    int64_t stride[RECUR_MAX_RANK];
    s = rcr_check_float(c, 2, "pos_weight");
    if (s)
        return s;
    if (!rcr_broadcast(c->in[2], x->rank, x->shape, stride)) {
        char weight[RCR_SHAPE_TEXT], input[RCR_SHAPE_TEXT];
        return rcr_call_fail(c, RECUR_ESHAPE, "pos_weight %s does not broadcast to the input %s",
                             rcr_shape_text(weight, c->in[2]), rcr_shape_text(input, x));
    }
    return recur_call_scratch(c, c->scratch_bytes + (size_t)x->count * c->k->item);
}

static void spread_weights(const recur_call *c)
{
    const recur_tensor *x = c->in[0], *w = c->in[2];
    int64_t from[RECUR_MAX_RANK], to[RECUR_MAX_RANK];
    if (!w || x->count == 0)
        return;
    rcr_broadcast(w, x->rank, x->shape, from);
    rcr_row_major(x->rank, x->shape, to);
    rcr_copy_strided(c->k->item, x->rank, x->shape, w->data, from, weights(c), to);
}

static void logits_forward(recur_call *c)
{
    spread_weights(c);
    pair_forward(c);
}

static void logits_backward(recur_call *c)
{
    spread_weights(c);
    pair_backward(c);
}

static const recur_op mse_op = {"mse_loss", pair_shape, pair_forward, pair_backward};
static const recur_op l1_op = {"l1_loss", pair_shape, pair_forward, pair_backward};
static const recur_op smooth_l1_op = {"smooth_l1_loss", smooth_l1_shape, pair_forward, pair_backward};
static const recur_op huber_op = {"huber_loss", huber_shape, pair_forward, pair_backward};
static const recur_op bce_op = {"bce_loss", bce_shape, pair_forward, pair_backward};
static const recur_op bce_with_logits_op = {"bce_with_logits", logits_shape, logits_forward, logits_backward};

static recur_tensor *apply(recur_tape *tp, const recur_op *op, pair_loss p, recur_tensor *input,
                           recur_tensor *target)
{
    return recur_apply(tp, op, (recur_tensor *[]){input, target}, 2, &p, sizeof p);
}

recur_tensor *recur_mse_loss(recur_tape *tp, recur_tensor *input, recur_tensor *target, recur_reduction r)
{
    return apply(tp, &mse_op, (pair_loss){FORMULA(mse), 0.0, r}, input, target);
}

/* Smooth l1 with beta 0. */
recur_tensor *recur_l1_loss(recur_tape *tp, recur_tensor *input, recur_tensor *target, recur_reduction r)
{
    return apply(tp, &l1_op, (pair_loss){FORMULA(smooth_l1), 0.0, r}, input, target);
}

recur_tensor *recur_smooth_l1_loss(recur_tape *tp, recur_tensor *input, recur_tensor *target, double beta,
                                   recur_reduction r)
{
    return apply(tp, &smooth_l1_op, (pair_loss){FORMULA(smooth_l1), beta, r}, input, target);
}

recur_tensor *recur_huber_loss(recur_tape *tp, recur_tensor *input, recur_tensor *target, double delta,
                               recur_reduction r)
{
    return apply(tp, &huber_op, (pair_loss){FORMULA(huber), delta, r}, input, target);
}

recur_tensor *recur_bce_loss(recur_tape *tp, recur_tensor *prob, recur_tensor *target, recur_reduction r)
{
    return apply(tp, &bce_op, (pair_loss){FORMULA(bce), 0.0, r}, prob, target);
}

recur_tensor *recur_bce_with_logits(recur_tape *tp, recur_tensor *logits, recur_tensor *target,
                                    recur_tensor *pos_weight, recur_reduction r)
{
    pair_loss p = {FORMULA(bce_with_logits), 0.0, r};
    return recur_apply(tp, &bce_with_logits_op, (recur_tensor *[]){logits, target, pos_weight}, 3, &p,
                       sizeof p);
}
