// SPDX-License-Identifier: MIT
/* Losses against class labels: cross entropy from logits, nll from log-probabilities. */
#include "layer/loss.h"

#include <string.h>

#include "base/number.h"
#include "op/ranges.h"
#include "op/shape.h"

/* Inputs: x [outer, C, inner], target [outer, inner], class weights [C] (may be absent). An entry is a pair
 * of outer and inner. */
enum { TARGET = 1 };
typedef struct class_loss {
    rcr_class_options o;
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

static recur_status check_range(recur_call *c, const recur_tensor *target, int64_t C, int64_t ignore)
{
    const int64_t *y = target->data;
    for (int64_t i = 0; i < target->count; i++)
        if (y[i] != ignore && (y[i] < 0 || y[i] >= C))
            return rcr_call_fail(
                c, RECUR_EINVAL,
                "target %lld at position %lld is outside 0 .. %lld and not %lld, which is ignored",
                (long long)y[i], (long long)i, (long long)C - 1, (long long)ignore);
    return RECUR_OK;
}

recur_status rcr_check_smoothing(recur_call *c, const rcr_class_options *o)
{
    char number[RCR_NUMBER_SIZE];
    if (o->smoothing >= 0.0 && o->smoothing <= 1.0)
        return RECUR_OK;
    return rcr_call_fail(c, RECUR_EINVAL, "label smoothing must be in 0 .. 1, not %s",
                         rcr_format_double(number, o->smoothing));
}

recur_status rcr_check_classes(recur_call *c, int at, const recur_tensor *entry, int64_t C,
                               const rcr_class_options *o)
{
    const recur_tensor *target = c->in[at];
    recur_status s = rcr_check_index(c, at, "the target");
    if (!s && c->in[at + 1])
        s = rcr_check_float(c, at + 1, "the class weights");
    if (!s && !rcr_same_shape(entry, target)) {
        char input[RCR_SHAPE_TEXT], want[RCR_SHAPE_TEXT], got[RCR_SHAPE_TEXT];
        return rcr_call_fail(c, RECUR_ESHAPE, "for an input %s the target must be %s, but it is %s",
                             rcr_shape_text(input, c->in[0]), rcr_shape_text(want, entry),
                             rcr_shape_text(got, target));
    }
    if (!s && c->in[at + 1])
        s = rcr_check_shape(c, at + 1, "the class weights", 1, &C);
    return s ? s : check_range(c, target, C, o->ignore);
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
    recur_status s = rcr_check_reduction(c, RCR_PARAMS(class_loss, c)->o.r);
    if (!s)
        s = rcr_check_float(c, 0, "the input");
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
    s = rcr_check_classes(c, TARGET, &entry, p->d.n, &p->o);
    return s ? s : rcr_declare(c, x->dtype, p->o.r == RECUR_NONE ? entry.rank : 0, entry.shape);
}

static recur_status nll_shape(recur_call *c)
{
    recur_status s = class_shape(c);
    return s ? s : ask_memory(c, 0);
}

static recur_status cross_entropy_shape(recur_call *c)
{
    recur_status s = rcr_check_smoothing(c, &RCR_PARAMS(class_loss, c)->o);
    if (!s)
        s = class_shape(c);
    return s ? s : ask_memory(c, 2);
}

/* --- forward --- */

rcr_classes rcr_classes_at(const recur_call *c, int at, int64_t from, const rcr_class_options *o)
{
    return (rcr_classes){.target = (const int64_t *)c->in[at]->data + from,
                         .weight = c->in[at + 1] ? c->in[at + 1]->data : NULL,
                         .ignore = o->ignore,
                         .smoothing = o->smoothing};
}

/* The same from index `outer` on. */
static rcr_classes classes_at(const recur_call *c, int64_t outer)
{
    const class_loss *p = RCR_PARAMS(class_loss, c);
    return rcr_classes_at(c, TARGET, outer * p->d.inner, &p->o);
}

/* Where the loss of each entry goes. */
static void *losses(const recur_call *c)
{
    return RCR_PARAMS(class_loss, c)->o.r == RECUR_NONE ? c->out[0]->data : each_entry(c);
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

typedef struct summing {
    const rcr_kernels *k;
    const void *losses;
} summing;

static double part_sum(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const summing *s = job;
    return s->k->reduce.sum(to - from, rcr_at(s->losses, from, s->k->item));
}

double rcr_reduce_classes(const recur_call *c, int at, int64_t n, const void *losses,
                          const rcr_class_options *o, double *parts)
{
    summing s = {c->k, losses};
    if (o->r == RECUR_NONE)
        return 1.0;
    rcr_classes k = rcr_classes_at(c, at, 0, o);
    double total = rcr_sum_parts(c->cx, n, part_sum, &s, parts);
    double divisor = o->r == RECUR_MEAN ? c->k->loss.class_weights(n, &k) : 1.0;
    c->k->array.fill(1, total / divisor, c->out[0]->data);
    return divisor;
}

static void over_entries(const recur_call *c, rcr_range *f)
{
    const rcr_axis *d = &RCR_PARAMS(class_loss, c)->d;
    if (entries(c))
        rcr_ranges(c->cx, d->outer, rcr_grain(d->n * d->inner), f, c);
}

static void class_forward(recur_call *c, rcr_range *f)
{
    over_entries(c, f);
    *saved_of(c).divisor =
        rcr_reduce_classes(c, TARGET, entries(c), losses(c), &RCR_PARAMS(class_loss, c)->o, partial_sums(c));
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
    return RCR_PARAMS(class_loss, c)->o.r == RECUR_NONE ? rcr_dout(c, 0) : each_entry(c);
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
    if (RCR_PARAMS(class_loss, c)->o.r != RECUR_NONE)
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

rcr_class_options rcr_class_options_of(const recur_class_loss *o)
{
    return (rcr_class_options){.ignore = o->ignore_index, .smoothing = o->label_smoothing, .r = o->reduction};
}

static recur_tensor *apply(recur_tape *tp, const recur_op *op, recur_tensor *x, recur_tensor *target,
                           const recur_class_loss *options)
{
    class_loss p = {.o = rcr_class_options_of(options)};
    return recur_apply(tp, op, (recur_tensor *[]){x, target, options->weight}, 3, &p, sizeof p);
}

recur_tensor *recur_cross_entropy(recur_tape *tp, recur_tensor *logits, recur_tensor *target,
                                  recur_class_loss options)
{
    return apply(tp, &cross_entropy_op, logits, target, &options);
}

recur_tensor *recur_nll_loss(recur_tape *tp, recur_tensor *log_prob, recur_tensor *target,
                             recur_class_loss options)
{
    options.label_smoothing = 0.0;
    return apply(tp, &nll_op, log_prob, target, &options);
}
