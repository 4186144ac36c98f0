// SPDX-License-Identifier: MIT
/* The likelihood of tags under a CRF, and its log-partition: outputs log p(tags) (where there are tags) and
 * log Z, both [B]. With p the probability of a tag, xi that of a pair of neighbours, and g = dlog_z -
 * dlog_likelihood,
 *
 *     de_t[j] = g p_t[j], and dlog_likelihood more at the given tag
 *     dA[i][j] = g sum over t of xi_t[i][j], and dlog_likelihood more for each given pair
 *
 * xi_t[i][j] is exp(A[i][j]) U_t[i] V_t[j] (kernel/crf.h), so that dA is one product over all steps. */
#include <math.h>
#include <string.h>

#include "layer/crf.h"

/* Saved: the model; where the steps of each sequence begin [B]; x [steps, K] of the forward recursion. */
typedef struct saved {
    void *model;
    int64_t *first_step;
    void *x;
} saved;

static saved saved_of(const recur_call *c)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    int64_t *first_step = rcr_at(c->saved, rcr_crf_model_size(p, true), c->k->item);
    return (saved){c->saved, first_step, first_step + p->B};
}

/* Scratch: rows to work in for each worker; in backward also U, V [steps, K], g p of the first and last step
 * of each sequence [B, K], the product U^T V [K, K], and which sequences have pairs left out of it [B]. */
typedef struct scratch {
    void *work, *U, *V, *first, *last, *product;
    uint8_t *low;
} scratch;

static int64_t work_rows(const recur_call *c)
{
    return (int64_t)recur_ctx_threads(c->cx) * RCR_CRF_ROWS;
}

static scratch scratch_of(const recur_call *c)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    size_t item = c->k->item;
    scratch s = {.work = recur_call_work(c)};
    s.U = rcr_at(s.work, work_rows(c) * p->P, item);
    s.V = rcr_at(s.U, p->steps * p->K, item);
    s.first = rcr_at(s.V, p->steps * p->K, item);
    s.last = rcr_at(s.first, p->B * p->K, item);
    s.product = rcr_at(s.last, p->B * p->K, item);
    s.low = rcr_at(s.product, p->K * p->K, item);
    return s;
}

static void *work_of(const recur_call *c, int worker)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    return rcr_at(recur_call_work(c), worker * RCR_CRF_ROWS * p->P, c->k->item);
}

static bool has_tags(const recur_call *c)
{
    return c->in[RCR_CRF_TAGS] != NULL;
}

static recur_tensor *log_z(const recur_call *c)
{
    return c->out[has_tags(c) ? 1 : 0];
}

/* --- the shape rule --- */

static recur_status refuse_transition(recur_call *c, int64_t b, int64_t t, int64_t from, int64_t to)
{
    if (from == RECUR_CRF_START)
        return rcr_call_fail(c, RECUR_EINVAL, "the rules forbid that sequence %lld begins with tag %lld",
                             (long long)b, (long long)to);
    if (to == RECUR_CRF_END)
        return rcr_call_fail(c, RECUR_EINVAL, "the rules forbid that sequence %lld ends with tag %lld",
                             (long long)b, (long long)from);
    return rcr_call_fail(c, RECUR_EINVAL,
                         "the rules forbid tag %lld after tag %lld (sequence %lld, step %lld)", (long long)to,
                         (long long)from, (long long)b, (long long)t);
}

static recur_status check_path(recur_call *c, int64_t b)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    const int64_t *tag = rcr_crf_tags(c, c->in[RCR_CRF_TAGS], b);
    int64_t n = rcr_crf_length(c, b), from = RECUR_CRF_START;
    for (int64_t t = 0; t <= n && n > 0; t++) {
        int64_t to = t < n ? tag[t * p->step_t] : RECUR_CRF_END;
        if (t < n && (to < 0 || to >= p->K))
            return rcr_call_fail(c, RECUR_EINVAL,
                                 "tag %lld of sequence %lld at step %lld is outside 0 .. %lld", (long long)to,
                                 (long long)b, (long long)t, (long long)p->K - 1);
        if (p->rules && !recur_crf_allows(p->rules, from, to))
            return refuse_transition(c, b, t, from, to);
        from = to;
    }
    return RECUR_OK;
}

static recur_status check_tags(recur_call *c)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    int64_t shape[2] = {p->batch_first ? p->B : p->T, p->batch_first ? p->T : p->B};
    recur_status s = rcr_check_index(c, RCR_CRF_TAGS, "the tags");
    if (!s)
        s = rcr_check_shape(c, RCR_CRF_TAGS, "the tags", 2, shape);
    for (int64_t b = 0; !s && b < p->B; b++)
        s = check_path(c, b);
    return s;
}

static recur_status ask_memory(recur_call *c)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    size_t B = (size_t)p->B, item = c->k->item;
    int64_t rows = work_rows(c) * p->P, pairs = 2 * (p->steps + p->B) * p->K + p->K * p->K;
    bool records = c->mode != RECUR_INFER;
    recur_status s = recur_call_scratch(c, (size_t)(rows + (records ? pairs : 0)) * item + (records ? B : 0));
    int64_t numbers = rcr_crf_model_size(p, true) + p->steps * p->K;
    return s ? s : rcr_save(c, B * sizeof(int64_t) + (size_t)numbers * item);
}

static recur_status partition_shape(recur_call *c)
{
    recur_status s = rcr_crf_shape(c);
    if (!s)
        s = rcr_declare(c, c->in[RCR_CRF_E]->dtype, 1, &RCR_PARAMS(rcr_crf_call, c)->B);
    return s ? s : ask_memory(c);
}

static recur_status likelihood_shape(recur_call *c)
{
    recur_status s = rcr_crf_shape(c);
    if (!s)
        s = check_tags(c);
    for (int i = 0; !s && i < 2; i++)
        s = rcr_declare(c, c->in[RCR_CRF_E]->dtype, 1, &RCR_PARAMS(rcr_crf_call, c)->B);
    return s ? s : ask_memory(c);
}

/* --- forward --- */

static void set(const recur_call *c, const recur_tensor *t, int64_t b, double value)
{
    c->k->array.fill(1, value, rcr_at(t->data, b, c->k->item));
}

static void forward_range(const void *job, int64_t from, int64_t to, int worker)
{
    const recur_call *c = job;
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    saved v = saved_of(c);
    rcr_crf_model m = rcr_crf_model_in(c, v.model, true);
    for (int64_t b = from; b < to; b++) {
        rcr_crf_steps q = rcr_crf_steps_of(c, b);
        void *x = rcr_at(v.x, v.first_step[b] * p->K, c->k->item);
        double z = q.T ? c->k->crf.forward(&m, &q, x, work_of(c, worker)) : 0.0, score = 0.0;
        set(c, log_z(c), b, z);
        if (has_tags(c) && q.T)
            score = c->k->crf.score(&m, &q, rcr_crf_tags(c, c->in[RCR_CRF_TAGS], b), p->step_t);
        if (has_tags(c))
            set(c, c->out[0], b, score - z);
    }
}

static void likelihood_forward(recur_call *c)
{
    saved v = saved_of(c);
    int64_t step = 0;
    for (int64_t b = 0; b < RCR_PARAMS(rcr_crf_call, c)->B; b++) {
        v.first_step[b] = step;
        step += rcr_crf_length(c, b);
    }
    rcr_crf_model m = rcr_crf_model_in(c, v.model, true);
    rcr_crf_make_model(c, &m, true);
    rcr_crf_over_batch(c, forward_range);
}

/* --- backward --- */

static double gradient_of(const recur_tensor *y, int64_t b)
{
    return y->grad ? recur_item(y->grad, b) : 0.0;
}

/* Of the score of the given tags, and of log Z. */
static double dscore(const recur_call *c, int64_t b)
{
    return has_tags(c) ? gradient_of(c->out[0], b) : 0.0;
}

static double dlog_z(const recur_call *c, int64_t b)
{
    return gradient_of(log_z(c), b) - dscore(c, b);
}

/* What sequence b has to fill. */
static rcr_crf_gradient gradients(const recur_call *c, int64_t b)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    scratch s = scratch_of(c);
    int64_t at = saved_of(c).first_step[b] * p->K;
    size_t item = c->k->item;
    rcr_crf_gradient d = {.g = dlog_z(c, b)};
    if (rcr_din(c, RCR_CRF_E))
        d.de = rcr_crf_emissions(c, rcr_din(c, RCR_CRF_E), b);
    if (rcr_din(c, RCR_CRF_A))
        d.U = rcr_at(s.U, at, item), d.V = rcr_at(s.V, at, item);
    if (rcr_din(c, RCR_CRF_START))
        d.first = rcr_at(s.first, b * p->K, item);
    if (rcr_din(c, RCR_CRF_END))
        d.last = rcr_at(s.last, b * p->K, item);
    return d;
}

static void clear(void *row, int64_t n, size_t item)
{
    if (row && n)
        memset(row, 0, (size_t)n * item);
}

/* An empty sequence, or one without a path, has nothing to give. */
static bool has_path(const recur_call *c, int64_t b)
{
    return rcr_crf_length(c, b) && recur_item(log_z(c), b) != -INFINITY;
}

static void backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    const recur_call *c = job;
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    saved v = saved_of(c);
    scratch s = scratch_of(c);
    rcr_crf_model m = rcr_crf_model_in(c, v.model, true);
    size_t item = c->k->item;
    for (int64_t b = from; b < to; b++) {
        rcr_crf_gradient d = gradients(c, b);
        rcr_crf_steps q = rcr_crf_steps_of(c, b);
        s.low[b] = false;
        if (!has_path(c, b)) {
            clear(d.U, q.T * p->K, item);
            clear(d.V, q.T * p->K, item);
            clear(d.first, p->K, item);
            clear(d.last, p->K, item);
            continue;
        }
        const void *x = rcr_at(v.x, v.first_step[b] * p->K, item);
        s.low[b] = c->k->crf.backward(&m, &q, x, &d, work_of(c, worker));
        if (d.de && has_tags(c))
            c->k->crf.path_de(&q, rcr_crf_tags(c, c->in[RCR_CRF_TAGS], b), p->step_t, dscore(c, b), d.de);
    }
}

/* dA += E (U^T V), element by element. */
static void add_product(const recur_call *c, const rcr_crf_model *m)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    scratch s = scratch_of(c);
    int64_t K = p->K, shape[2] = {K, K}, wide[2] = {p->P, 1}, dense[2] = {K, 1};
    rcr_gemm g = {.M = K, .N = K, .K = p->steps, .C = s.product, .ldc = K};
    g.A = (rcr_matrix){s.U, 1, K};
    g.B = (rcr_matrix){s.V, K, 1};
    rcr_gemm_run(c->cx, c->in[RCR_CRF_E]->dtype, &g);
    c->k->array.binary[RCR_MULADD](2, shape, m->ahead.E, wide, s.product, dense, rcr_din(c, RCR_CRF_A),
                                   dense);
}

/* Pairs that the product leaves out, for the few sequences that have any. */
static void add_low_pairs(const recur_call *c, const rcr_crf_model *m)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    saved v = saved_of(c);
    for (int64_t b = 0; b < p->B; b++) {
        rcr_crf_steps q = rcr_crf_steps_of(c, b);
        rcr_crf_gradient d = {.g = dlog_z(c, b), .dA = rcr_din(c, RCR_CRF_A)};
        if (scratch_of(c).low[b])
            c->k->crf.backward(m, &q, rcr_at(v.x, v.first_step[b] * p->K, c->k->item), &d, work_of(c, 0));
    }
}

/* What the given tags, and the first and last steps, add: sequences in order. */
static void add_paths(const recur_call *c)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    scratch s = scratch_of(c);
    void *dA = rcr_din(c, RCR_CRF_A), *dstart = rcr_din(c, RCR_CRF_START), *dend = rcr_din(c, RCR_CRF_END);
    for (int64_t b = 0; b < p->B; b++) {
        int64_t n = rcr_crf_length(c, b);
        if (dstart)
            c->k->array.axpy(p->K, 1.0, rcr_at(s.first, b * p->K, c->k->item), dstart);
        if (dend)
            c->k->array.axpy(p->K, 1.0, rcr_at(s.last, b * p->K, c->k->item), dend);
        if (has_tags(c) && has_path(c, b))
            c->k->crf.path_dA(n, p->K, rcr_crf_tags(c, c->in[RCR_CRF_TAGS], b), p->step_t, dscore(c, b), dA,
                              dstart, dend);
    }
}

static void likelihood_backward(recur_call *c)
{
    rcr_crf_model m = rcr_crf_model_in(c, saved_of(c).model, true);
    rcr_crf_over_batch(c, backward_range);
    if (rcr_din(c, RCR_CRF_A)) {
        add_product(c, &m);
        add_low_pairs(c, &m);
    }
    add_paths(c);
}

static const recur_op likelihood_op = {"crf_log_likelihood", likelihood_shape, likelihood_forward,
                                       likelihood_backward};
static const recur_op partition_op = {"crf_log_partition", partition_shape, likelihood_forward,
                                      likelihood_backward};

recur_tensor *recur_crf_log_likelihood(recur_tape *tp, const recur_crf *l, recur_tensor *emissions,
                                       recur_tensor *tags, recur_tensor *lengths)
{
    return rcr_crf_apply(tp, &likelihood_op, l, l->rules_in_likelihood, emissions, lengths, tags);
}

recur_tensor *recur_crf_log_partition(recur_tape *tp, const recur_crf *l, recur_tensor *emissions,
                                      recur_tensor *lengths)
{
    return rcr_crf_apply(tp, &partition_op, l, l->rules_in_likelihood, emissions, lengths, NULL);
}
