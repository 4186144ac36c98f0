// SPDX-License-Identifier: MIT
/* Losses against class labels: cross entropy from logits, nll from log-probabilities. */
#include "layer/loss.h"

#include <string.h>

#include "base/number.h"
#include "op/ranges.h"
#include "op/shape.h"

/* Inputs: x [outer, C, inner], target [outer, inner], class weights [C] (may be absent). An entry is a pair
 * of outer and inner. */
typedef struct class_loss {
    int64_t ignore;
    double smoothing;
    recur_reduction r;
    rcr_axis d;
} class_loss;

static int64_t entries(const recur_call *c)
{
    const rcr_axis *d = &RCR_PARAMS(class_loss, c)->d;
    return d->outer * d->inner;
}

/* Saved: what the mean divides by; cross entropy: the greatest logit of each entry, and the log of its sum of
 * exponentials. */
typedef struct saved {
    double *divisor;
    void *top, *log_sum;
} saved;

static saved saved_of(const recur_call *c)
{
    double *divisor = c->saved;
    return (saved){divisor, divisor + 1, rcr_at(divisor + 1, entries(c), c->k->item)};
}

/* Scratch: the loss of each entry, in backward its gradient; then partial sums. */
static void *each_entry(const recur_call *c)
{
    return recur_call_work(c);
}

static double *partial_sums(const recur_call *c)
{
    return (double *)recur_call_work(c) + entries(c); /* room for either type */
}

static recur_status ask_memory(recur_call *c, int64_t saved_arrays)
{
    int64_t n = entries(c);
    recur_status s = recur_call_scratch(c, (size_t)(n + rcr_range_count(n, RCR_CHUNK)) * sizeof(double));
    return s ? s : rcr_save(c, sizeof(double) + (size_t)(n * saved_arrays) * c->k->item);
}

/* --- shape rule --- */

static recur_status check_targets(recur_call *c)
{
    const class_loss *p = RCR_PARAMS(class_loss, c);
    const int64_t *y = c->in[1]->data;
    for (int64_t i = 0; i < c->in[1]->count; i++)
        if (y[i] != p->ignore && (y[i] < 0 || y[i] >= p->d.n))
            return rcr_call_fail(
                c, RECUR_EINVAL,
                "target %lld at position %lld is outside 0 .. %lld and not %lld, which is ignored",
                (long long)y[i], (long long)i, (long long)p->d.n - 1, (long long)p->ignore);
    return RECUR_OK;
}

/* The shape of x without its axis of classes. */
static recur_tensor entry_shape(const recur_tensor *x, int axis)
{
    recur_tensor t = *x;
    t.rank--;
    memmove(t.shape + axis, t.shape + axis + 1, (size_t)(t.rank - axis) * sizeof *t.shape);
    return t;
}

static recur_status check_operands(recur_call *c)
{
    recur_status s = rcr_check_reduction(c, RCR_PARAMS(class_loss, c)->r);
    if (!s)
        s = rcr_check_float(c, 0, "the input");
    if (!s)
        s = rcr_check_index(c, 1, "the target");
    if (!s && c->in[2])
        s = rcr_check_float(c, 2, "the class weights");
    if (!s && c->in[0]->rank == 0)
        s = rcr_call_fail(c, RECUR_ESHAPE, "the input must be [N, C] or [N, C, T], not a scalar");
    return s;
}

static recur_status class_shape(recur_call *c)
{
    class_loss *p = c->params;
    recur_status s = check_operands(c);
    if (s)
        return s;
    const recur_tensor *x = c->in[0];
    int axis = x->rank > 1 ? 1 : 0;
    recur_tensor entry = entry_shape(x, axis);
    p->d = rcr_along(x, axis);
    if (!rcr_same_shape(&entry, c->in[1])) {
        char input[RCR_SHAPE_TEXT], want[RCR_SHAPE_TEXT], got[RCR_SHAPE_TEXT];
        return rcr_call_fail(c, RECUR_ESHAPE, "for an input %s the target must be %s, but it is %s",
                             rcr_shape_text(input, x), rcr_shape_text(want, &entry),
                             rcr_shape_text(got, c->in[1]));
    }
    if (c->in[2])
        s = rcr_check_shape(c, 2, "the class weights", 1, &p->d.n);
    if (!s)
        s = check_targets(c);
    return s ? s : rcr_declare(c, x->dtype, p->r == RECUR_NONE ? entry.rank : 0, entry.shape);
}

static recur_status nll_shape(recur_call *c)
{
    recur_status s = class_shape(c);
    return s ? s : ask_memory(c, 0);
}

static recur_status cross_entropy_shape(recur_call *c)
{
    const class_loss *p = RCR_PARAMS(class_loss, c);
    if (!(p->smoothing >= 0.0 && p->smoothing <= 1.0)) {
        char number[RCR_NUMBER_SIZE];
        return rcr_call_fail(c, RECUR_EINVAL, "label smoothing must be in 0 .. 1, not %s",
                             rcr_format_double(number, p->smoothing));
    }
    recur_status s = class_shape(c);
    return s ? s : ask_memory(c, 2);
}

/* --- forward --- */

/* What the kernels get for the entries from index `outer` on. */
static rcr_classes classes_at(const recur_call *c, int64_t outer)
{
    const class_loss *p = RCR_PARAMS(class_loss, c);
    return (rcr_classes){.target = (const int64_t *)c->in[1]->data + outer * p->d.inner,
                         .weight = c->in[2] ? c->in[2]->data : NULL,
                         .ignore = p->ignore,
                         .smoothing = p->smoothing};
}

/* Where the loss of each entry goes. */
static void *losses(const recur_call *c)
{
    return RCR_PARAMS(class_loss, c)->r == RECUR_NONE ? c->out[0]->data : each_entry(c);
}

static void cross_entropy_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const rcr_axis *d = &RCR_PARAMS(class_loss, c)->d;
    rcr_classes k = classes_at(c, from);
    saved s = saved_of(c);
    size_t item = c->k->item;
    int64_t i = from * d->inner;
    c->k->loss.cross_entropy(to - from, d->n, d->inner, rcr_at(c->in[0]->data, i * d->n, item), &k,
                             rcr_at(losses(c), i, item), rcr_at(s.top, i, item), rcr_at(s.log_sum, i, item));
}

static void nll_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const rcr_axis *d = &RCR_PARAMS(class_loss, c)->d;
    rcr_classes k = classes_at(c, from);
    int64_t i = from * d->inner;
    c->k->loss.nll(to - from, d->n, d->inner, rcr_at(c->in[0]->data, i * d->n, c->k->item), &k,
                   rcr_at(losses(c), i, c->k->item));
}

static double part_sum(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    return c->k->reduce.sum(to - from, rcr_at(each_entry(c), from, c->k->item));
}

static void over_entries(const recur_call *c, rcr_range *f)
{
    const rcr_axis *d = &RCR_PARAMS(class_loss, c)->d;
    if (entries(c))
        rcr_ranges(c->cx, d->outer, rcr_grain(d->n * d->inner), f, c);
}

static void class_forward(recur_call *c, rcr_range *f)
{
    const class_loss *p = RCR_PARAMS(class_loss, c);
    saved s = saved_of(c);
    over_entries(c, f);
    if (p->r == RECUR_NONE)
        return;
    rcr_classes k = classes_at(c, 0);
    double total = rcr_sum_parts(c->cx, entries(c), part_sum, c, partial_sums(c));
    *s.divisor = p->r == RECUR_MEAN ? c->k->loss.class_weights(entries(c), &k) : 1.0;
    c->k->array.fill(1, total / *s.divisor, c->out[0]->data);
}

static void nll_forward(recur_call *c)
{
    class_forward(c, nll_range);
}

static void cross_entropy_forward(recur_call *c)
{
    class_forward(c, cross_entropy_range);
}

/* --- backward --- */

/* The gradient of each entry's loss. */
static const void *loss_gradient(const recur_call *c)
{
    return RCR_PARAMS(class_loss, c)->r == RECUR_NONE ? rcr_dout(c, 0) : each_entry(c);
}

static void cross_entropy_dx_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const rcr_axis *d = &RCR_PARAMS(class_loss, c)->d;
    rcr_classes k = classes_at(c, from);
    saved s = saved_of(c);
    size_t item = c->k->item;
    int64_t i = from * d->inner;
    c->k->loss.cross_entropy_dx(to - from, d->n, d->inner, rcr_at(c->in[0]->data, i * d->n, item), &k,
                                rcr_at(s.top, i, item), rcr_at(s.log_sum, i, item),
                                rcr_at(loss_gradient(c), i, item), rcr_at(rcr_din(c, 0), i * d->n, item));
}

static void nll_dx_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const rcr_axis *d = &RCR_PARAMS(class_loss, c)->d;
    rcr_classes k = classes_at(c, from);
    int64_t i = from * d->inner;
    c->k->loss.nll_dx(to - from, d->n, d->inner, &k, rcr_at(loss_gradient(c), i, c->k->item),
                      rcr_at(rcr_din(c, 0), i * d->n, c->k->item));
}

static void class_backward(recur_call *c, rcr_range *f)
{
    saved s = saved_of(c);
    if (!rcr_din(c, 0))
        return;
    if (RCR_PARAMS(class_loss, c)->r != RECUR_NONE)
        c->k->array.fill(entries(c), rcr_entry_gradient(c, *s.divisor), each_entry(c));
    over_entries(c, f);
}

static void nll_backward(recur_call *c)
{
    class_backward(c, nll_dx_range);
}

static void cross_entropy_backward(recur_call *c)
{
    class_backward(c, cross_entropy_dx_range);
}

static const recur_op nll_op = {"nll_loss", nll_shape, nll_forward, nll_backward};
static const recur_op cross_entropy_op = {"cross_entropy", cross_entropy_shape, cross_entropy_forward,
                                          cross_entropy_backward};

static recur_tensor *apply(recur_tape *tp, const recur_op *op, recur_tensor *x, recur_tensor *target,
                           recur_class_loss options, double smoothing)
{
    class_loss p = {.ignore = options.ignore_index, .smoothing = smoothing, .r = options.reduction};
    return recur_apply(tp, op, (recur_tensor *[]){x, target, options.weight}, 3, &p, sizeof p);
}

recur_tensor *recur_cross_entropy(recur_tape *tp, recur_tensor *logits, recur_tensor *target,
                                  recur_class_loss options)
{
    return apply(tp, &cross_entropy_op, logits, target, options, options.label_smoothing);
}

recur_tensor *recur_nll_loss(recur_tape *tp, recur_tensor *log_prob, recur_tensor *target,
                             recur_class_loss options)
{
    return apply(tp, &nll_op, log_prob, target, options, 0.0);
}
