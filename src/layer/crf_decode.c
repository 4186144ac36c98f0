// SPDX-License-Identifier: MIT
/* Answers of a CRF: the best path, and the probability of each tag. Both keep to the rules. */
#include <math.h>
#include <string.h>

#include "layer/crf.h"

/* --- the best path. Scratch: the model, then for each worker rows to work in and the way back [T, K] --- */

static int64_t path_work(const rcr_crf_call *p)
{
    return RCR_CRF_ROWS * p->P + rcr_crf_rows(p->T * p->K);
}

static recur_status viterbi_shape(recur_call *c)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    recur_status s = rcr_crf_shape(c);
    if (!s)
        s = rcr_declare(c, RECUR_I64, 2, c->in[RCR_CRF_E]->shape);
    if (!s)
        s = rcr_declare(c, c->in[RCR_CRF_E]->dtype, 1, &p->B);
    if (s)
        return s;
    int64_t numbers = rcr_crf_model_size(p, false) + recur_ctx_threads(c->cx) * path_work(p);
    return recur_call_scratch(c, (size_t)numbers * c->k->item);
}

static void viterbi_range(const void *job, int64_t from, int64_t to, int worker)
{
    const recur_call *c = job;
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    size_t item = c->k->item;
    rcr_crf_model m = rcr_crf_model_in(c, recur_call_work(c), false);
    void *work = rcr_at(recur_call_work(c), rcr_crf_model_size(p, false) + worker * path_work(p), item);
    for (int64_t b = from; b < to; b++) {
        rcr_crf_steps q = rcr_crf_steps_of(c, b);
        int64_t *y = rcr_crf_tags(c, c->out[0], b);
        double score = 0.0;
        if (q.T)
            score = c->k->crf.viterbi(&m, &q, y, p->step_t, rcr_at(work, RCR_CRF_ROWS * p->P, item), work);
        for (int64_t t = q.T; t < p->T; t++)
            y[t * p->step_t] = -1;
        c->k->array.fill(1, score, rcr_at(c->out[1]->data, b, item));
    }
}

static void viterbi_forward(recur_call *c)
{
    rcr_crf_model m = rcr_crf_model_in(c, recur_call_work(c), false);
    rcr_crf_make_model(c, &m, false);
    rcr_crf_over_batch(c, viterbi_range);
}

/* --- the probability of each tag. Scratch: the model, then for each worker rows to work in and x [T, K] --- */

static recur_status marginals_shape(recur_call *c)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    recur_status s = rcr_crf_shape(c);
    if (!s)
        s = rcr_declare(c, c->in[RCR_CRF_E]->dtype, 3, c->in[RCR_CRF_E]->shape);
    if (s)
        return s;
    int64_t numbers = rcr_crf_model_size(p, true) + recur_ctx_threads(c->cx) * path_work(p);
    return recur_call_scratch(c, (size_t)numbers * c->k->item);
}

/* The probabilities are the gradient of log Z. */
static void marginals_range(const void *job, int64_t from, int64_t to, int worker)
{
    const recur_call *c = job;
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    size_t item = c->k->item;
    rcr_crf_model m = rcr_crf_model_in(c, recur_call_work(c), true);
    void *work = rcr_at(recur_call_work(c), rcr_crf_model_size(p, true) + worker * path_work(p), item);
    void *x = rcr_at(work, RCR_CRF_ROWS * p->P, item);
    for (int64_t b = from; b < to; b++) {
        rcr_crf_steps q = rcr_crf_steps_of(c, b);
        rcr_crf_gradient d = {.g = 1.0, .de = rcr_crf_emissions(c, c->out[0]->data, b)};
        if (q.T && c->k->crf.forward(&m, &q, x, work) != -INFINITY)
            c->k->crf.backward(&m, &q, x, &d, work);
    }
}

static void marginals_forward(recur_call *c)
{
    rcr_crf_model m = rcr_crf_model_in(c, recur_call_work(c), true);
    if (c->out[0]->count)
        memset(c->out[0]->data, 0, (size_t)c->out[0]->count * c->k->item);
    rcr_crf_make_model(c, &m, true);
    rcr_crf_over_batch(c, marginals_range);
}

static const recur_op viterbi_op = {"crf_viterbi", viterbi_shape, viterbi_forward, NULL};
static const recur_op marginals_op = {"crf_marginals", marginals_shape, marginals_forward, NULL};

recur_tensor *recur_crf_viterbi(recur_tape *tp, const recur_crf *l, recur_tensor *emissions,
                                recur_tensor *lengths)
{
    return rcr_crf_apply(tp, &viterbi_op, l, true, emissions, lengths, NULL);
}

recur_tensor *recur_crf_marginals(recur_tape *tp, const recur_crf *l, recur_tensor *emissions,
                                  recur_tensor *lengths)
{
    return rcr_crf_apply(tp, &marginals_op, l, true, emissions, lengths, NULL);
}
