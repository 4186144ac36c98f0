// SPDX-License-Identifier: MIT
/* Over time: the last valid step, and sum, mean, max over the valid steps. x is [B, T, F] or [T, B, F]; what
 * lies behind a sequence's length is never read. */
#include <recur/op.h>

#include <string.h>

#include "op/ranges.h"
#include "op/shape.h"

/* Inputs: x, lengths (may be absent). */
typedef struct timing {
    bool batch_first, mean;
    int64_t B, T, F;
    int64_t step_b, step_t; /* strides of x in elements */
} timing;

static recur_status time_shape(recur_call *c)
{
    timing *d = c->params;
    recur_status s = rcr_check_float(c, 0, "x");
    if (!s)
        s = rcr_check_rank(c, 0, "x", 3);
    if (s)
        return s;
    const int64_t *shape = c->in[0]->shape;
    d->B = shape[d->batch_first ? 0 : 1];
    d->T = shape[d->batch_first ? 1 : 0];
    d->F = shape[2];
    d->step_b = d->batch_first ? d->T * d->F : d->F;
    d->step_t = d->batch_first ? d->F : d->B * d->F;
    if (c->in[1])
        s = rcr_check_lengths(c, 1, "length", d->B, d->T);
    return s ? s : rcr_declare(c, c->in[0]->dtype, 2, (int64_t[]){d->B, d->F});
}

static int64_t length_of(const recur_call *c, int64_t b)
{
    return c->in[1] ? ((const int64_t *)c->in[1]->data)[b] : RCR_PARAMS(timing, c)->T;
}

/* Row [F] of an array shaped like x, and of one shaped like the result. */
static void *x_row(const recur_call *c, const void *x, int64_t b, int64_t t)
{
    const timing *d = RCR_PARAMS(timing, c);
    return rcr_at(x, b * d->step_b + t * d->step_t, c->k->item);
}

static void *y_row(const recur_call *c, const void *y, int64_t b)
{
    return rcr_at(y, b * RCR_PARAMS(timing, c)->F, c->k->item);
}

/* f over ranges of sequences. */
static void over_batch(recur_call *c, rcr_range *f)
{
    const timing *d = RCR_PARAMS(timing, c);
    if (d->F)
        rcr_ranges(c->cx, d->B, rcr_grain(d->T * d->F), f, c);
}

/* y[b] = 0; true where there is nothing more to do: a sequence of length 0. */
static bool clear_row(const recur_call *c, int64_t b)
{
    c->k->array.fill(RCR_PARAMS(timing, c)->F, 0.0, y_row(c, c->out[0]->data, b));
    return length_of(c, b) == 0;
}

/* --- last_step: y[b] = x[b, length - 1] --- */

static void last_forward(recur_call *c)
{
    const timing *d = RCR_PARAMS(timing, c);
    for (int64_t b = 0; d->F && b < d->B; b++)
        if (!clear_row(c, b))
            memcpy(y_row(c, c->out[0]->data, b), x_row(c, c->in[0]->data, b, length_of(c, b) - 1),
                   (size_t)d->F * c->k->item);
}

static void last_backward(recur_call *c)
{
    const timing *d = RCR_PARAMS(timing, c);
    for (int64_t b = 0; b < d->B; b++)
        if (length_of(c, b))
            c->k->array.axpy(d->F, 1.0, y_row(c, rcr_dout(c, 0), b),
                             x_row(c, rcr_din(c, 0), b, length_of(c, b) - 1));
}

/* --- pool_sum, pool_mean: y[b] = sum over t < length of x[b, t], (/ length) --- */

static void sum_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const timing *d = RCR_PARAMS(timing, c);
    for (int64_t b = from; b < to; b++) {
        void *y = y_row(c, c->out[0]->data, b);
        int64_t n = length_of(c, b);
        if (clear_row(c, b))
            continue;
        for (int64_t t = 0; t < n; t++)
            c->k->array.axpy(d->F, 1.0, x_row(c, c->in[0]->data, b, t), y);
        if (d->mean)
            rcr_divide(c->k, d->F, (double)n, y);
    }
}

static void sum_forward(recur_call *c)
{
    over_batch(c, sum_range);
}

static void sum_backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const timing *d = RCR_PARAMS(timing, c);
    for (int64_t b = from; b < to; b++) {
        int64_t n = length_of(c, b);
        for (int64_t t = 0; t < n; t++)
            c->k->array.axpy(d->F, d->mean ? 1.0 / (double)n : 1.0, y_row(c, rcr_dout(c, 0), b),
                             x_row(c, rcr_din(c, 0), b, t));
    }
}

static void sum_backward(recur_call *c)
{
    over_batch(c, sum_backward_range);
}

/* --- pool_max: saved is the step of each maximum [B, F] --- */

static recur_status max_shape(recur_call *c)
{
    recur_status s = time_shape(c);
    return s ? s : rcr_save(c, (size_t)c->out[0]->count * sizeof(int64_t));
}

static void max_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const timing *d = RCR_PARAMS(timing, c);
    for (int64_t b = from; b < to; b++) {
        void *y = y_row(c, c->out[0]->data, b);
        int64_t *step = (int64_t *)c->saved + b * d->F;
        if (clear_row(c, b))
            continue;
        memcpy(y, x_row(c, c->in[0]->data, b, 0), (size_t)d->F * c->k->item);
        memset(step, 0, (size_t)d->F * sizeof *step);
        for (int64_t t = 1; t < length_of(c, b); t++)
            c->k->index.running_max(d->F, t, x_row(c, c->in[0]->data, b, t), y, step);
    }
}

static void max_forward(recur_call *c)
{
    over_batch(c, max_range);
}

static void max_backward(recur_call *c)
{
    const timing *d = RCR_PARAMS(timing, c);
    for (int64_t b = 0; b < d->B; b++)
        if (length_of(c, b))
            c->k->index.scatter_add(d->F, y_row(c, rcr_dout(c, 0), b), 1, d->step_t,
                                    (const int64_t *)c->saved + b * d->F, x_row(c, rcr_din(c, 0), b, 0));
}

static const recur_op last_op = {"last_step", time_shape, last_forward, last_backward};
static const recur_op sum_op = {"pool_sum", time_shape, sum_forward, sum_backward};
static const recur_op mean_op = {"pool_mean", time_shape, sum_forward, sum_backward};
static const recur_op max_op = {"pool_max", max_shape, max_forward, max_backward};

static recur_tensor *apply_time(recur_tape *tp, const recur_op *op, recur_tensor *x, recur_tensor *lengths,
                                timing d)
{
    return recur_apply(tp, op, (recur_tensor *[]){x, lengths}, 2, &d, sizeof d);
}

recur_tensor *recur_last_step(recur_tape *tp, recur_tensor *x, recur_tensor *lengths, bool batch_first)
{
    return apply_time(tp, &last_op, x, lengths, (timing){.batch_first = batch_first});
}

recur_tensor *recur_pool_sum(recur_tape *tp, recur_tensor *x, recur_tensor *lengths, bool batch_first)
{
    return apply_time(tp, &sum_op, x, lengths, (timing){.batch_first = batch_first});
}

recur_tensor *recur_pool_mean(recur_tape *tp, recur_tensor *x, recur_tensor *lengths, bool batch_first)
{
    return apply_time(tp, &mean_op, x, lengths, (timing){.batch_first = batch_first, .mean = true});
}

recur_tensor *recur_pool_max(recur_tape *tp, recur_tensor *x, recur_tensor *lengths, bool batch_first)
{
    return apply_time(tp, &max_op, x, lengths, (timing){.batch_first = batch_first});
}
