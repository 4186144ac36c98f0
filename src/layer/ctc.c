// SPDX-License-Identifier: MIT
/* The loss of connectionist temporal classification, and the labels of the likeliest alignment. */
#include "layer/loss.h"

#include <math.h>

#include "base/alloc.h"
#include "op/ranges.h"
#include "op/shape.h"

/* Inputs: log-probabilities [T, N, C], targets, their lengths (either may be absent). */
enum { LOG_PROB, TARGETS, INPUT_LENGTHS, TARGET_LENGTHS, INPUTS };
#define MOST_CELLS (INT64_MAX / 16) /* that have a size in bytes */

typedef struct ctc {
    recur_ctc o;
    int64_t T, N, C;
    int64_t S;      /* of targets [N, S]; 0 where they stand one behind the other */
    int64_t cells;  /* steps times states, of all sequences */
    int64_t states; /* of the longest target */
} ctc;

static int64_t input_length(const recur_call *c, int64_t n)
{
    return c->in[INPUT_LENGTHS] ? ((const int64_t *)c->in[INPUT_LENGTHS]->data)[n] : RCR_PARAMS(ctc, c)->T;
}

static int64_t target_length(const recur_call *c, int64_t n)
{
    return c->in[TARGET_LENGTHS] ? ((const int64_t *)c->in[TARGET_LENGTHS]->data)[n] : RCR_PARAMS(ctc, c)->S;
}

/* Saved: of each sequence its loss, where its labels and its part of alpha begin; alpha. */
typedef struct saved {
    double *loss;
    int64_t *label, *cell;
    void *alpha;
} saved;

static saved saved_of(const recur_call *c)
{
    int64_t N = RCR_PARAMS(ctc, c)->N;
    double *loss = c->saved;
    int64_t *label = (int64_t *)(void *)(loss + N), *cell = label + N;
    return (saved){loss, label, cell, cell + N};
}

/* --- the shape rule --- */

static recur_status check_labels(recur_call *c, int64_t n, int64_t first)
{
    const ctc *p = RCR_PARAMS(ctc, c);
    const int64_t *y = (const int64_t *)c->in[TARGETS]->data + first;
    for (int64_t i = 0; i < target_length(c, n); i++)
        if (y[i] < 0 || y[i] >= p->C || y[i] == p->o.blank)
            return rcr_call_fail(
                c, RECUR_EINVAL,
                "label %lld of sequence %lld at position %lld is outside 0 .. %lld or is %lld, "
                "the blank",
                (long long)y[i], (long long)n, (long long)i, (long long)p->C - 1, (long long)p->o.blank);
    return RECUR_OK;
}

/* All targets; also adds up what the call needs. */
static recur_status check_targets(recur_call *c)
{
    ctc *p = c->params;
    int64_t first = 0;
    for (int64_t n = 0; n < p->N; n++) {
        int64_t L = target_length(c, n), states = 2 * L + 1, cells;
        recur_status s = check_labels(c, n, p->S ? n * p->S : first);
        if (!s && (!rcr_mul_i64(input_length(c, n), states, &cells) || cells > MOST_CELLS - p->cells))
            s = rcr_call_fail(c, RECUR_ENOMEM, "the alignments are larger than the machine's memory");
        if (s)
            return s;
        first += L;
        p->cells += cells;
        p->states = states > p->states ? states : p->states;
    }
    return RECUR_OK;
}

/* Targets one behind the other: their lengths must add up. */
static recur_status check_joined(recur_call *c)
{
    const ctc *p = RCR_PARAMS(ctc, c);
    int64_t count = c->in[TARGETS]->count, left = count;
    if (!c->in[TARGET_LENGTHS])
        return rcr_call_fail(c, RECUR_EINVAL, "targets with one axis need target_lengths");
    recur_status s = rcr_check_lengths(c, TARGET_LENGTHS, "target_length", p->N, count);
    for (int64_t n = 0; !s && n < p->N; n++)
        left -= target_length(c, n);
    if (!s && left)
        s = rcr_call_fail(c, RECUR_ESHAPE, "target_lengths add up to %lld, but there are %lld labels",
                          (long long)(count - left), (long long)count);
    return s;
}

static recur_status check_padded(recur_call *c)
{
    ctc *p = c->params;
    p->S = recur_dim(c->in[TARGETS], 1);
    recur_status s = rcr_check_shape(c, TARGETS, "the targets", 2, (int64_t[]){p->N, p->S});
    if (!s && c->in[TARGET_LENGTHS])
        s = rcr_check_lengths(c, TARGET_LENGTHS, "target_length", p->N, p->S);
    return s;
}

static recur_status check_operands(recur_call *c)
{
    ctc *p = c->params;
    recur_status s = rcr_check_reduction(c, p->o.reduction);
    if (!s)
        s = rcr_check_float(c, LOG_PROB, "log_prob");
    if (!s)
        s = rcr_check_rank(c, LOG_PROB, "log_prob", 3);
    if (!s)
        s = rcr_check_index(c, TARGETS, "the targets");
    if (s)
        return s;
    const int64_t *shape = c->in[LOG_PROB]->shape;
    p->T = shape[0], p->N = shape[1], p->C = shape[2];
    if (p->o.blank < 0 || p->o.blank >= p->C)
        return rcr_call_fail(c, RECUR_EINVAL, "the blank is class %lld, outside 0 .. %lld",
                             (long long)p->o.blank, (long long)p->C - 1);
    if (c->in[INPUT_LENGTHS])
        s = rcr_check_lengths(c, INPUT_LENGTHS, "input_length", p->N, p->T);
    if (!s)
        s = c->in[TARGETS]->rank == 1 ? check_joined(c) : check_padded(c);
    return s ? s : check_targets(c);
}

static int64_t work_size(const recur_call *c)
{
    return rcr_ctc_work(RCR_PARAMS(ctc, c)->states);
}

static recur_status ctc_shape(recur_call *c)
{
    const ctc *p = RCR_PARAMS(ctc, c);
    recur_status s = check_operands(c);
    if (!s)
        s = rcr_declare(c, c->in[LOG_PROB]->dtype, p->o.reduction == RECUR_NONE ? 1 : 0, &p->N);
    if (!s)
        s = recur_call_scratch(c, (size_t)(recur_ctx_threads(c->cx) * work_size(c)) * c->k->item);
    return s ? s : rcr_save(c, (size_t)p->N * 3 * sizeof(int64_t) + (size_t)p->cells * c->k->item);
}

/* --- both directions --- */

/* Element (0, n) of an array shaped like the log-probabilities. */
static void *column(const recur_call *c, const void *x, int64_t n)
{
    return rcr_at(x, n * RCR_PARAMS(ctc, c)->C, c->k->item);
}

static rcr_ctc_steps steps_of(const recur_call *c, int64_t n)
{
    const ctc *p = RCR_PARAMS(ctc, c);
    return (rcr_ctc_steps){.T = input_length(c, n),
                           .step = p->N * p->C,
                           .lp = column(c, c->in[LOG_PROB]->data, n),
                           .blank = p->o.blank,
                           .L = target_length(c, n),
                           .y = (const int64_t *)c->in[TARGETS]->data + saved_of(c).label[n]};
}

static void *work_of(const recur_call *c, int worker)
{
    return rcr_at(recur_call_work(c), worker * work_size(c), c->k->item);
}

static void over_batch(const recur_call *c, rcr_range *f)
{
    const ctc *p = RCR_PARAMS(ctc, c);
    rcr_ranges(c->cx, p->N, rcr_grain(8 * p->T * p->states), f, c);
}

/* What the mean divides the loss of sequence n by, beside N. */
static double share_of(const recur_call *c, int64_t n)
{
    int64_t L = target_length(c, n);
    return RCR_PARAMS(ctc, c)->o.reduction == RECUR_MEAN && L > 1 ? (double)L : 1.0;
}

/* --- forward --- */

/* Nothing over no step has one alignment. */
static double loss_of(const recur_call *c, int64_t n, int worker)
{
    saved v = saved_of(c);
    rcr_ctc_steps q = steps_of(c, n);
    if (q.T == 0)
        return q.L ? INFINITY : 0.0;
    return -c->k->ctc.forward(&q, rcr_at(v.alpha, v.cell[n], c->k->item), work_of(c, worker));
}

static void forward_range(const void *job, int64_t from, int64_t to, int worker)
{
    const recur_call *c = job;
    for (int64_t n = from; n < to; n++)
        saved_of(c).loss[n] = loss_of(c, n, worker);
}

static void ctc_forward(recur_call *c)
{
    const ctc *p = RCR_PARAMS(ctc, c);
    saved v = saved_of(c);
    int64_t label = 0, cell = 0;
    for (int64_t n = 0; n < p->N; n++) {
        v.label[n] = p->S ? n * p->S : label;
        v.cell[n] = cell;
        label += target_length(c, n);
        cell += input_length(c, n) * (2 * target_length(c, n) + 1);
    }
    over_batch(c, forward_range);
    double total = 0.0;
    for (int64_t n = 0; n < p->N; n++) {
        double loss = p->o.zero_infinity && v.loss[n] == INFINITY ? 0.0 : v.loss[n];
        total += loss / share_of(c, n);
        if (p->o.reduction == RECUR_NONE)
            c->k->array.fill(1, loss, rcr_at(c->out[0]->data, n, c->k->item));
    }
    if (p->o.reduction != RECUR_NONE)
        c->k->array.fill(1, p->o.reduction == RECUR_MEAN ? total / (double)p->N : total, c->out[0]->data);
}

/* --- backward --- */

static double dloss(const recur_call *c, int64_t n)
{
    const ctc *p = RCR_PARAMS(ctc, c);
    if (p->o.reduction == RECUR_NONE)
        return recur_item(c->out[0]->grad, n);
    return rcr_entry_gradient(c, p->o.reduction == RECUR_MEAN ? (double)p->N * share_of(c, n) : 1.0);
}

static void backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    const recur_call *c = job;
    saved v = saved_of(c);
    for (int64_t n = from; n < to; n++) {
        rcr_ctc_steps q = steps_of(c, n);
        if (q.T && v.loss[n] != INFINITY)
            c->k->ctc.backward(&q, rcr_at(v.alpha, v.cell[n], c->k->item), dloss(c, n),
                               column(c, rcr_din(c, LOG_PROB), n), work_of(c, worker));
    }
}

static void ctc_backward(recur_call *c)
{
    over_batch(c, backward_range);
}

static const recur_op ctc_op = {"ctc_loss", ctc_shape, ctc_forward, ctc_backward};

static recur_tensor *batch_loss(recur_tape *tp, recur_tensor *log_prob, recur_tensor *targets,
                                recur_tensor *input_lengths, recur_tensor *target_lengths, recur_ctc options)
{
    ctc p = {.o = options};
    recur_tensor *in[INPUTS] = {log_prob, targets, input_lengths, target_lengths};
    return recur_apply(tp, &ctc_op, in, INPUTS, &p, sizeof p);
}

/* A length without axes as a list of one. */
static recur_tensor *list_of(recur_tape *tp, recur_tensor *length)
{
    return length && recur_rank(length) == 0 ? recur_reshape(tp, length, 1, (int64_t[]){1}) : length;
}

/* One sequence without the axis of a batch: log_prob [T, C], targets [S]. */
static recur_tensor *sequence_loss(recur_tape *tp, recur_tensor *log_prob, recur_tensor *targets,
                                   recur_tensor *input_length, recur_tensor *target_length, recur_ctc options)
{
    int64_t shape[] = {recur_dim(log_prob, 0), 1, recur_dim(log_prob, 1)};
    log_prob = recur_reshape(tp, log_prob, 3, shape);
    targets = recur_reshape(tp, targets, 2, (int64_t[]){1, recur_dim(targets, 0)});
    recur_tensor *loss =
        batch_loss(tp, log_prob, targets, list_of(tp, input_length), list_of(tp, target_length), options);
    return options.reduction == RECUR_NONE ? recur_reshape(tp, loss, 0, NULL) : loss;
}

recur_tensor *recur_ctc_loss(recur_tape *tp, recur_tensor *log_prob, recur_tensor *targets,
                             recur_tensor *input_lengths, recur_tensor *target_lengths, recur_ctc options)
{
    bool one = recur_rank(log_prob) == 2 && recur_rank(targets) == 1;
    return (one ? sequence_loss : batch_loss)(tp, log_prob, targets, input_lengths, target_lengths, options);
}

/* --- greedy decoding --- */

static recur_status check_greedy(recur_ctx *cx, const recur_tensor *x, int64_t n, int64_t length,
                                 int64_t blank)
{
    int rank = recur_rank(x);
    if (!x || (rank != 2 && rank != 3) || recur_dtype_of(x) == RECUR_I64)
        return rcr_fail(cx, RECUR_ESHAPE, "ctc_greedy: scores must be a floating tensor [T, N, C] or [T, C]");
    int64_t T = recur_dim(x, 0), N = rank == 3 ? recur_dim(x, 1) : 1, C = recur_dim(x, -1);
    if (n < 0 || n >= N)
        return rcr_fail(cx, RECUR_EINVAL, "ctc_greedy: there is no sequence %lld among %lld", (long long)n,
                        (long long)N);
    if (length < 0 || length > T)
        return rcr_fail(cx, RECUR_EINVAL, "ctc_greedy: length %lld is outside 0 .. %lld", (long long)length,
                        (long long)T);
    if (blank < 0 || blank >= C)
        return rcr_fail(cx, RECUR_EINVAL, "ctc_greedy: the blank is class %lld, outside 0 .. %lld",
                        (long long)blank, (long long)C - 1);
    return RECUR_OK;
}

recur_status recur_ctc_greedy(recur_ctx *cx, const recur_tensor *x, int64_t n, int64_t length, int64_t blank,
                              int64_t *labels, int64_t *count)
{
    *count = 0;
    recur_status s = check_greedy(cx, x, n, length, blank);
    if (s)
        return s;
    const rcr_kernels *k = rcr_kernels_of(cx, x->dtype);
    int64_t N = x->rank == 3 ? x->shape[1] : 1, C = x->shape[x->rank - 1], before = blank;
    for (int64_t t = 0; t < length; t++) {
        double greatest; /* room for either type */
        int64_t label;
        k->reduce.max_axis(1, C, 1, rcr_at(x->data, (t * N + n) * C, k->item), &greatest, &label);
        if (label != blank && label != before)
            labels[(*count)++] = label;
        before = label;
    }
    return RECUR_OK;
}
