// SPDX-License-Identifier: MIT
/* Cross entropy of a linear layer's output. Of large vocabularies the logits are the largest array of a step: they are
 * kept once, and backward turns them into their gradient where they are. */
#include "layer/loss.h"

#include <string.h>

#include "base/alloc.h"
#include "op/linear.h"
#include "op/ranges.h"
#include "op/shape.h"

/* Inputs: those of linear, target, class weights (may be absent). */
enum { TARGET = RCR_LINEAR_INPUTS, CLASS_WEIGHTS, INPUTS };

typedef struct output_loss {
    rcr_linear d; /* d.M: targets that count */
    int64_t N;    /* targets */
    int64_t rows; /* of logits that are there at a time */
    rcr_class_options o;
} output_loss;

/* Saved: what the mean divides by; of each target that counts the greatest logit and the log of its sum of exponentials;
 * the logits. Where some do not count: which rows of x do, their targets, and those rows side by side. */
typedef struct saved {
    double *divisor;
    int64_t *row, *target; /* [M], or NULL where all count */
    char *top, *log_sum;   /* [M] */
    char *x;               /* [M, I] */
    char *logits;          /* [rows, C] */
} saved;

/* Scratch: the losses of those that count, in backward their gradients, and of all; partial sums; rows of dx. */
typedef struct scratch {
    char *counting, *all; /* [M], [N] */
    double *parts;
    char *dx; /* [M, I] */
} scratch;

static bool all_count(const output_loss *p)
{
    return p->d.M == p->N;
}

static saved saved_of(const recur_call *c, char *base, size_t *used)
{
    const output_loss *p = RCR_PARAMS(output_loss, c);
    int64_t M = p->d.M, some = all_count(p) ? 0 : M;
    size_t item = c->k->item;
    saved s = {.divisor = rcr_piece(base, used, 1, sizeof(double))};
    s.row = rcr_piece(base, used, some, sizeof(int64_t));
    s.target = rcr_piece(base, used, some, sizeof(int64_t));
    s.top = rcr_piece(base, used, M, item);
    s.log_sum = rcr_piece(base, used, M, item);
    s.x = rcr_piece(base, used, some * p->d.I, item);
    s.logits = rcr_piece(base, used, p->rows * p->d.O, item);
    return s;
}

static scratch scratch_of(const recur_call *c, char *base, size_t *used)
{
    const output_loss *p = RCR_PARAMS(output_loss, c);
    scratch s = {.counting = rcr_piece(base, used, p->d.M, c->k->item)};
    s.all = rcr_piece(base, used, p->N, c->k->item);
    s.parts = rcr_piece(base, used, rcr_range_count(p->N, RCR_CHUNK), sizeof(double));
    s.dx = rcr_piece(base, used, all_count(p) || c->mode == RECUR_INFER ? 0 : p->d.M * p->d.I, c->k->item);
    return s;
}

static saved kept(const recur_call *c)
{
    size_t used = 0;
    return saved_of(c, c->saved, &used);
}

static scratch work(const recur_call *c)
{
    size_t used = 0;
    return scratch_of(c, recur_call_work(c), &used);
}

/* --- shape rule --- */

static int64_t count_targets(const recur_tensor *target, int64_t ignore)
{
    const int64_t *y = target->data;
    int64_t n = 0;
    for (int64_t i = 0; i < target->count; i++)
        n += y[i] != ignore;
    return n;
}

/* All rows where backward needs them, else a block that stays in a cache. */
static int64_t rows_at_a_time(const recur_call *c, const rcr_linear *d)
{
    enum { BLOCK = 1 << 20, LEAST = 64 };
    int64_t block = d->O > BLOCK / LEAST ? LEAST : BLOCK / (d->O > 0 ? d->O : 1);
    return c->mode == RECUR_INFER && block < d->M ? block : d->M;
}

static recur_status ask_memory(recur_call *c)
{
    const output_loss *p = RCR_PARAMS(output_loss, c);
    size_t keep = 0, use = 0, logits = 0;
    int64_t count = 0;
    /* Everything else is as large as some input. */
    if (!rcr_shape_bytes(c->in[0]->dtype, 2, (int64_t[]){p->rows, p->d.O}, &count, &logits))
        return rcr_call_fail(c, RECUR_ENOMEM, "logits [%lld, %lld] do not fit the machine",
                             (long long)p->rows, (long long)p->d.O);
    saved_of(c, NULL, &keep);
    scratch_of(c, NULL, &use);
    recur_status s = recur_call_scratch(c, use);
    return s ? s : rcr_save(c, keep);
}

static recur_status output_loss_shape(recur_call *c)
{
    output_loss *p = c->params;
    recur_status s = rcr_check_reduction(c, p->o.r);
    if (!s)
        s = rcr_check_smoothing(c, &p->o);
    if (!s)
        s = rcr_linear_check(c, &p->d);
    if (s)
        return s;
    recur_tensor entry = *c->in[RCR_LINEAR_X];
    entry.rank--;
    s = rcr_check_classes(c, TARGET, &entry, p->d.O, &p->o);
    if (!s)
        s = rcr_declare(c, entry.dtype, p->o.r == RECUR_NONE ? entry.rank : 0, entry.shape);
    if (s)
        return s;
    p->N = p->d.M;
    p->d.M = count_targets(c->in[TARGET], p->o.ignore);
    p->rows = rows_at_a_time(c, &p->d);
    return ask_memory(c);
}

/* --- rows that count --- */

static void gather(const int64_t *row, int64_t n, size_t bytes, const char *all, char *some)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(some + (size_t)i * bytes, all + (size_t)row[i] * bytes, bytes);
}

static void scatter(const int64_t *row, int64_t n, size_t bytes, const char *some, char *all)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(all + (size_t)row[i] * bytes, some + (size_t)i * bytes, bytes);
}

static void find_rows(const recur_call *c, const saved *s)
{
    const output_loss *p = RCR_PARAMS(output_loss, c);
    const int64_t *y = c->in[TARGET]->data;
    for (int64_t i = 0, n = 0; i < p->N; i++)
        if (y[i] != p->o.ignore) {
            s->row[n] = i;
            s->target[n++] = y[i];
        }
    gather(s->row, p->d.M, (size_t)p->d.I * c->k->item, c->in[RCR_LINEAR_X]->data, s->x);
}

static const char *rows_of_x(const recur_call *c, const saved *s)
{
    return all_count(RCR_PARAMS(output_loss, c)) ? c->in[RCR_LINEAR_X]->data : s->x;
}

/* --- forward --- */

/* Rows `first` .. of those that count: `job` of a range over rows of logits. */
typedef struct block {
    const recur_call *c;
    saved s;
    int64_t first;
    char *l; /* [M]: losses, or their gradients */
} block;

/* What the kernels get for the rows of a range. */
static rcr_classes classes_at(const block *b, int64_t from)
{
    const output_loss *p = RCR_PARAMS(output_loss, b->c);
    rcr_classes k = rcr_classes_at(b->c, TARGET, b->first + from, &p->o);
    if (!all_count(p))
        k.target = b->s.target + b->first + from;
    return k;
}

static void loss_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const block *b = job;
    const rcr_kernels *k = b->c->k;
    int64_t C = RCR_PARAMS(output_loss, b->c)->d.O, at = b->first + from;
    rcr_classes classes = classes_at(b, from);
    k->loss.cross_entropy(to - from, C, 1, rcr_at(b->s.logits, from * C, k->item), &classes,
                          rcr_at(b->l, at, k->item), rcr_at(b->s.top, at, k->item),
                          rcr_at(b->s.log_sum, at, k->item));
}

/* The losses of targets that count, a block of rows after the other. */
static void work_out(const recur_call *c, const saved *s, char *losses)
{
    const output_loss *p = RCR_PARAMS(output_loss, c);
    const char *x = rows_of_x(c, s);
    for (int64_t i = 0; i < p->d.M; i += p->rows) {
        rcr_linear d = p->d;
        d.M = p->d.M - i < p->rows ? p->d.M - i : p->rows;
        block b = {c, *s, i, losses};
        rcr_linear_forward(c, &d, rcr_at(x, i * d.I, c->k->item), s->logits);
        rcr_ranges(c->cx, d.M, rcr_grain(d.O), loss_range, &b);
    }
}

/* Losses stand in the order of all targets, as cross_entropy has them: 0 where a target does not count. */
static void output_loss_forward(recur_call *c)
{
    const output_loss *p = RCR_PARAMS(output_loss, c);
    saved s = kept(c);
    scratch w = work(c);
    char *all = p->o.r == RECUR_NONE ? c->out[0]->data : w.all;
    if (all_count(p)) {
        work_out(c, &s, all);
    } else {
        find_rows(c, &s);
        work_out(c, &s, w.counting);
        c->k->array.fill(p->N, 0.0, all);
        scatter(s.row, p->d.M, c->k->item, w.counting, all);
    }
    *s.divisor = rcr_reduce_classes(c, TARGET, p->N, all, &p->o, w.parts);
}

/* --- backward --- */

static void gradient_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const block *b = job;
    const rcr_kernels *k = b->c->k;
    int64_t C = RCR_PARAMS(output_loss, b->c)->d.O;
    rcr_classes classes = classes_at(b, from);
    char *x = rcr_at(b->s.logits, from * C, k->item);
    k->loss.cross_entropy_dx(to - from, C, 1, x, &classes, rcr_at(b->s.top, from, k->item),
                             rcr_at(b->s.log_sum, from, k->item), rcr_at(b->l, from, k->item), x);
}

/* The gradient of each loss that counts. */
static void loss_gradients(const recur_call *c, const saved *s, char *dl)
{
    const output_loss *p = RCR_PARAMS(output_loss, c);
    if (p->o.r != RECUR_NONE)
        c->k->array.fill(p->d.M, rcr_entry_gradient(c, *s->divisor), dl);
    else if (all_count(p))
        memcpy(dl, rcr_dout(c, 0), (size_t)p->N * c->k->item);
    else
        gather(s->row, p->d.M, c->k->item, rcr_dout(c, 0), dl);
}

static void output_loss_backward(recur_call *c)
{
    const output_loss *p = RCR_PARAMS(output_loss, c);
    saved s = kept(c);
    scratch w = work(c);
    char *dx = rcr_din(c, RCR_LINEAR_X);
    size_t bytes = (size_t)p->d.I * c->k->item;
    block b = {c, s, 0, w.counting};
    if (p->d.M == 0)
        return;
    loss_gradients(c, &s, w.counting);
    rcr_ranges(c->cx, p->d.M, rcr_grain(p->d.O), gradient_range, &b);
    if (all_count(p) || !dx) {
        rcr_linear_backward(c, &p->d, rows_of_x(c, &s), s.logits, dx);
        return;
    }
    gather(s.row, p->d.M, bytes, dx, w.dx);
    rcr_linear_backward(c, &p->d, s.x, s.logits, w.dx);
    scatter(s.row, p->d.M, bytes, w.dx, dx);
}

static const recur_op output_loss_op = {"linear_cross_entropy", output_loss_shape, output_loss_forward,
                                        output_loss_backward};

recur_tensor *recur_linear_cross_entropy(recur_tape *tp, recur_tensor *x, recur_tensor *w, recur_tensor *b,
                                         recur_tensor *target, recur_class_loss options)
{
    output_loss p = {.o = rcr_class_options_of(&options)};
    return recur_apply(tp, &output_loss_op, (recur_tensor *[INPUTS]){x, w, b, target, options.weight}, INPUTS,
                       &p, sizeof p);
}
