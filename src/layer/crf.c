// SPDX-License-Identifier: MIT
/* The layer of a CRF, and what its operations share. */
#include "layer/crf.h"

#include <recur/init.h>

#include "layer/name.h"

recur_status recur_crf_create(recur_crf *out, recur_params *ps, const char *prefix, int64_t K,
                              bool batch_first)
{
    *out = (recur_crf){0};
    if (K < 1 || K > RCR_CRF_MAX_TAGS)
        return rcr_fail(recur_params_ctx(ps), RECUR_EINVAL,
                        "crf: the number of tags must be 1 .. %d, not %lld", RCR_CRF_MAX_TAGS, (long long)K);
    recur_crf l = {.batch_first = batch_first};
    l.start_transitions = rcr_layer_param(ps, prefix, "start_transitions", 1, &K);
    l.end_transitions = l.start_transitions ? rcr_layer_param(ps, prefix, "end_transitions", 1, &K) : NULL;
    l.transitions =
        l.end_transitions ? rcr_layer_param(ps, prefix, "transitions", 2, (int64_t[]){K, K}) : NULL;
    if (!l.transitions)
        return recur_error(recur_params_ctx(ps), NULL);
    recur_status s = recur_init_uniform(ps, l.start_transitions, -0.1, 0.1);
    if (!s)
        s = recur_init_uniform(ps, l.end_transitions, -0.1, 0.1);
    if (!s)
        s = recur_init_uniform(ps, l.transitions, -0.1, 0.1);
    if (!s)
        *out = l;
    return s;
}

recur_tensor *rcr_crf_apply(recur_tape *tp, const recur_op *op, const recur_crf *l, bool rules,
                            recur_tensor *emissions, recur_tensor *lengths, recur_tensor *tags)
{
    rcr_crf_call p = {.rules = rules ? l->rules : NULL, .batch_first = l->batch_first};
    recur_tensor *in[RCR_CRF_INPUTS] = {emissions,          l->transitions, l->start_transitions,
                                        l->end_transitions, lengths,        tags};
    return recur_apply(tp, op, in, RCR_CRF_INPUTS, &p, sizeof p);
}

/* --- the shape rule --- */

static recur_status check_model(recur_call *c, int64_t K)
{
    const recur_crf_rules *rules = RCR_PARAMS(rcr_crf_call, c)->rules;
    static const char *const names[] = {[RCR_CRF_A] = "transitions",
                                        [RCR_CRF_START] = "start_transitions",
                                        [RCR_CRF_END] = "end_transitions"};
    recur_status s = RECUR_OK;
    for (int i = RCR_CRF_A; !s && i <= RCR_CRF_END; i++) {
        s = rcr_check_float(c, i, names[i]);
        if (!s)
            s = rcr_check_shape(c, i, names[i], i == RCR_CRF_A ? 2 : 1, (int64_t[]){K, K});
    }
    if (!s && rules && rules->K != K)
        s = rcr_call_fail(c, RECUR_ESHAPE, "the rules are for %lld tags, but the emissions have %lld",
                          (long long)rules->K, (long long)K);
    return s;
}

static int64_t sum_of_lengths(const recur_call *c)
{
    int64_t sum = 0;
    for (int64_t b = 0; b < RCR_PARAMS(rcr_crf_call, c)->B; b++)
        sum += rcr_crf_length(c, b);
    return sum;
}

recur_status rcr_crf_shape(recur_call *c)
{
    rcr_crf_call *p = c->params;
    recur_status s = rcr_check_float(c, RCR_CRF_E, "the emissions");
    if (!s)
        s = rcr_check_rank(c, RCR_CRF_E, "the emissions", 3);
    if (s)
        return s;
    const int64_t *shape = c->in[RCR_CRF_E]->shape;
    p->B = shape[p->batch_first ? 0 : 1];
    p->T = shape[p->batch_first ? 1 : 0];
    p->K = shape[2];
    p->step_b = p->batch_first ? p->T : 1;
    p->step_t = p->batch_first ? 1 : p->B;
    if (p->K < 1 || p->K > RCR_CRF_MAX_TAGS)
        return rcr_call_fail(c, RECUR_ESHAPE, "the emissions must have 1 .. %d tags, not %lld",
                             RCR_CRF_MAX_TAGS, (long long)p->K);
    p->P = rcr_crf_rows(p->K);
    s = check_model(c, p->K);
    if (!s && c->in[RCR_CRF_LENGTHS])
        s = rcr_check_lengths(c, RCR_CRF_LENGTHS, "length", p->B, p->T);
    p->steps = s ? 0 : sum_of_lengths(c);
    return s;
}

int64_t rcr_crf_length(const recur_call *c, int64_t b)
{
    const recur_tensor *lengths = c->in[RCR_CRF_LENGTHS];
    return lengths ? ((const int64_t *)lengths->data)[b] : RCR_PARAMS(rcr_crf_call, c)->T;
}

rcr_crf_steps rcr_crf_steps_of(const recur_call *c, int64_t b)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    return (rcr_crf_steps){.T = rcr_crf_length(c, b),
                           .step = p->step_t * p->K,
                           .e = rcr_crf_emissions(c, c->in[RCR_CRF_E]->data, b)};
}

/* --- the model: start, end [P]; A [K, P]; and for sums its transpose, both exponentials and m [P] twice --- */

int64_t rcr_crf_model_size(const rcr_crf_call *p, bool sums)
{
    int64_t rows = p->K * p->P;
    return sums ? 4 * rows + 4 * p->P : rows + 2 * p->P;
}

rcr_crf_model rcr_crf_model_in(const recur_call *c, void *memory, bool sums)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    int64_t P = p->P, rows = p->K * P, at = 2 * P;
    size_t item = c->k->item;
    rcr_crf_model m = {.K = p->K, .P = P, .start = memory, .end = rcr_at(memory, P, item)};
    m.ahead.X = m.back.Xt = rcr_at(memory, at, item);
    if (!sums)
        return m;
    m.back.X = m.ahead.Xt = rcr_at(memory, at + rows, item);
    m.ahead.E = rcr_at(memory, at + 2 * rows, item);
    m.back.E = rcr_at(memory, at + 3 * rows, item);
    m.ahead.m = rcr_at(memory, at + 4 * rows, item);
    m.back.m = rcr_at(memory, at + 4 * rows + P, item);
    return m;
}

void rcr_crf_make_model(const recur_call *c, const rcr_crf_model *m, bool sums)
{
    const rcr_crf_kernels *k = &c->k->crf;
    const recur_crf_rules *rules = RCR_PARAMS(rcr_crf_call, c)->rules;
    int64_t K = m->K, P = m->P;
    const uint8_t *allowed = rules ? rules->allowed : NULL;
    k->allow(K, K, P, c->in[RCR_CRF_A]->data, allowed, m->ahead.X);
    k->allow(1, K, P, c->in[RCR_CRF_START]->data, rules ? allowed + K * K : NULL, m->start);
    k->allow(1, K, P, c->in[RCR_CRF_END]->data, rules ? allowed + K * K + K : NULL, m->end);
    if (!sums)
        return;
    k->transpose(K, P, m->ahead.X, m->back.X);
    k->prepare(K, P, m->ahead.X, m->ahead.E, m->ahead.m);
    k->prepare(K, P, m->back.X, m->back.E, m->back.m);
}

void rcr_crf_over_batch(const recur_call *c, rcr_range *f)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    rcr_ranges(c->cx, p->B, rcr_grain(p->T * p->K * p->P), f, c);
}
