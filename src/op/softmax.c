// SPDX-License-Identifier: MIT
/* softmax and log_softmax along an axis. */
#include <recur/op.h>

#include "op/ranges.h"
#include "op/shape.h"

typedef struct softmax {
    int axis;
    bool log;
    rcr_axis d;
} softmax;

static recur_status softmax_shape(recur_call *c)
{
    softmax *p = c->params;
    recur_status s = rcr_check_float(c, 0, "the argument");
    if (!s)
        s = rcr_check_along(c, 0, p->axis, &p->axis, &p->d);
    return s ? s : rcr_declare(c, c->in[0]->dtype, c->in[0]->rank, c->in[0]->shape);
}

static void forward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const softmax *p = RCR_PARAMS(softmax, c);
    const rcr_reduce_kernels *k = &c->k->reduce;
    int64_t first = from * p->d.n * p->d.inner;
    (p->log ? k->log_softmax : k->softmax)(to - from, p->d.n, p->d.inner,
                                           rcr_at(c->in[0]->data, first, c->k->item),
                                           rcr_at(c->out[0]->data, first, c->k->item));
}

static void backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const softmax *p = RCR_PARAMS(softmax, c);
    const rcr_reduce_kernels *k = &c->k->reduce;
    int64_t first = from * p->d.n * p->d.inner;
    (p->log ? k->log_softmax_backward : k->softmax_backward)(
        to - from, p->d.n, p->d.inner, rcr_at(c->out[0]->data, first, c->k->item),
        rcr_at(rcr_dout(c, 0), first, c->k->item), rcr_at(rcr_din(c, 0), first, c->k->item));
}

static void run(recur_call *c, rcr_range *f)
{
    const rcr_axis *d = &RCR_PARAMS(softmax, c)->d;
    if (c->out[0]->count)
        rcr_ranges(c->cx, d->outer, rcr_grain(d->n * d->inner), f, c);
}

static void softmax_forward(recur_call *c)
{
    run(c, forward_range);
}

static void softmax_backward(recur_call *c)
{
    run(c, backward_range);
}

static const recur_op softmax_op = {"softmax", softmax_shape, softmax_forward, softmax_backward};
static const recur_op log_softmax_op = {"log_softmax", softmax_shape, softmax_forward, softmax_backward};

recur_tensor *recur_softmax(recur_tape *tp, recur_tensor *x, int axis)
{
    softmax p = {.axis = axis};
    return recur_apply(tp, &softmax_op, &x, 1, &p, sizeof p);
}

recur_tensor *recur_log_softmax(recur_tape *tp, recur_tensor *x, int axis)
{
    softmax p = {.axis = axis, .log = true};
    return recur_apply(tp, &log_softmax_op, &x, 1, &p, sizeof p);
}
