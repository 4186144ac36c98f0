// SPDX-License-Identifier: MIT
/* Dropout (Srivastava et al. 2014), and detach. */
#include <recur/op.h>

#include <string.h>

#include "base/number.h"
#include "op/ranges.h"
#include "op/shape.h"

typedef struct dropout {
    double p, scale;
} dropout;

static recur_status dropout_shape(recur_call *c)
{
    dropout *d = c->params;
    recur_status s = rcr_check_float(c, 0, "the argument");
    if (s)
        return s;
    if (!(d->p >= 0.0 && d->p <= 1.0)) {
        char p[RCR_NUMBER_SIZE];
        return rcr_call_fail(c, RECUR_EINVAL, "the probability must be in 0 .. 1, not %s",
                             rcr_format_double(p, d->p));
    }
    if (c->mode != RECUR_TRAIN)
        d->p = 0.0;
    d->scale = d->p < 1.0 ? 1.0 / (1.0 - d->p) : 0.0;
    return rcr_declare(c, c->in[0]->dtype, c->in[0]->rank, c->in[0]->shape);
}

static void forward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const dropout *d = RCR_PARAMS(dropout, c);
    c->k->array.dropout(from, to - from, c->seed, c->stream, d->p, d->scale,
                        rcr_at(c->in[0]->data, from, c->k->item), rcr_at(c->out[0]->data, from, c->k->item));
}

static void backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const dropout *d = RCR_PARAMS(dropout, c);
    c->k->array.dropout_add(from, to - from, c->seed, c->stream, d->p, d->scale,
                            rcr_at(rcr_dout(c, 0), from, c->k->item),
                            rcr_at(rcr_din(c, 0), from, c->k->item));
}

static void dropout_forward(recur_call *c)
{
    if (RCR_PARAMS(dropout, c)->p > 0.0)
        rcr_ranges(c->cx, c->out[0]->count, RCR_GRAIN, forward_range, c);
    else if (c->out[0]->count)
        memcpy(c->out[0]->data, c->in[0]->data, (size_t)c->out[0]->count * c->k->item);
}

static void dropout_backward(recur_call *c)
{
    if (RCR_PARAMS(dropout, c)->p > 0.0)
        rcr_ranges(c->cx, c->out[0]->count, RCR_GRAIN, backward_range, c);
    else
        c->k->array.axpy(c->out[0]->count, 1.0, rcr_dout(c, 0), rcr_din(c, 0));
}

static const recur_op dropout_op = {"dropout", dropout_shape, dropout_forward, dropout_backward};

recur_tensor *recur_dropout(recur_tape *tp, recur_tensor *x, double p)
{
    dropout d = {.p = p};
    return recur_apply(tp, &dropout_op, &x, 1, &d, sizeof d);
}

static recur_status detach_shape(recur_call *c)
{
    recur_status s = rcr_check_present(c, 0, "the argument");
    return s ? s : rcr_declare(c, c->in[0]->dtype, c->in[0]->rank, c->in[0]->shape);
}

static void detach_forward(recur_call *c)
{
    if (c->out[0]->count)
        memcpy(c->out[0]->data, c->in[0]->data, (size_t)c->out[0]->count * rcr_item_size(c->out[0]->dtype));
}

static const recur_op detach_op = {"detach", detach_shape, detach_forward, NULL};

recur_tensor *recur_detach(recur_tape *tp, recur_tensor *x)
{
    return recur_apply(tp, &detach_op, &x, 1, NULL, 0);
}
