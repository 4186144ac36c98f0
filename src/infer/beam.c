// SPDX-License-Identifier: MIT
/* Beam search: each step asks the model for the scores of all rows, takes the best extensions of each sentence
 * (any thread any sentence) and sorts them, in order, into those that ended and those that go on. */
#include "infer/beam.h"

#include <math.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/error.h"
#include "base/number.h"
#include "infer/scores.h"
#include "op/ranges.h"

/* --- beginning and end --- */

static recur_status check(recur_ctx *cx, const recur_beam_model *m, const recur_beam_options *o)
{
    char text[RCR_NUMBER_SIZE];
    if (m->V < 1 || (m->dtype != RECUR_F32 && m->dtype != RECUR_F64))
        return rcr_fail(cx, RECUR_EINVAL, "beam search: %lld tokens with scores of type %d", (long long)m->V,
                        (int)m->dtype);
    if (o->width < 1 || o->n_best < 0 || o->n_best > o->width)
        return rcr_fail(cx, RECUR_EINVAL, "beam search: the %lld best of a width of %lld",
                        (long long)o->n_best, (long long)o->width);
    if (o->eos < -1 || o->eos >= m->V)
        return rcr_fail(cx, RECUR_EINVAL, "beam search: eos is %lld, but there are %lld tokens",
                        (long long)o->eos, (long long)m->V);
    if (o->max_length < 1)
        return rcr_fail(cx, RECUR_EINVAL, "beam search: max_length must be at least 1, not %lld",
                        (long long)o->max_length);
    if (!(o->alpha >= 0 && o->alpha < INFINITY))
        return rcr_fail(cx, RECUR_EINVAL, "beam search: alpha must be 0 or more and finite, not %s",
                        rcr_format_double(text, o->alpha));
    return RECUR_OK;
}

static recur_status check_sentences(recur_ctx *cx, const recur_beam_options *o, int64_t S)
{
    if (S < 0)
        return rcr_fail(cx, RECUR_EINVAL, "beam search: %lld sentences", (long long)S);
    for (int64_t s = 0; o->max_lengths && s < S; s++)
        if (o->max_lengths[s] < 1 || o->max_lengths[s] > o->max_length)
            return rcr_fail(cx, RECUR_EINVAL,
                            "beam search: the greatest length of sentence %lld is %lld, not 1 .. %lld",
                            (long long)s, (long long)o->max_lengths[s], (long long)o->max_length);
    return RECUR_OK;
}

static void release(rcr_beam *b)
{
    for (int i = 0; i < 2; i++) {
        rcr_free(b->cx, b->live[i].sentence);
        rcr_free(b->cx, b->live[i].from);
        rcr_free(b->cx, b->live[i].token);
        rcr_free(b->cx, b->live[i].node);
        rcr_free(b->cx, b->live[i].log_p);
    }
    rcr_free(b->cx, b->nodes);
    rcr_free(b->cx, b->ends);
    rcr_free(b->cx, b->n_ends);
    rcr_free(b->cx, b->group);
    rcr_free(b->cx, b->ex);
    rcr_free(b->cx, b->n_ex);
    rcr_free(b->cx, b->x);
}

static bool take_rows(rcr_beam *b, rcr_beam_live *l, size_t n)
{
    l->sentence = rcr_alloc_array(b->cx, n, sizeof *l->sentence, "beam search rows");
    l->from = rcr_alloc_array(b->cx, n, sizeof *l->from, "beam search rows");
    l->token = rcr_alloc_array(b->cx, n, sizeof *l->token, "beam search rows");
    l->node = rcr_alloc_array(b->cx, n, sizeof *l->node, "beam search rows");
    l->log_p = rcr_alloc_array(b->cx, n, sizeof *l->log_p, "beam search rows");
    return l->sentence && l->from && l->token && l->node && l->log_p;
}

static recur_status take_memory(rcr_beam *b)
{
    recur_ctx *cx = b->cx;
    size_t S = (size_t)b->S, SW, TV;
    if (!rcr_mul_size(S, (size_t)b->W, &SW) || !rcr_mul_size((size_t)cx->threads, (size_t)b->V, &TV))
        return rcr_fail(cx, RECUR_ENOMEM, "beam search: %lld sentences of width %lld are too many",
                        (long long)b->S, (long long)b->W);
    b->ends = rcr_alloc_array(cx, SW, sizeof *b->ends, "beam search");
    b->n_ends = rcr_alloc_array(cx, S, sizeof *b->n_ends, "beam search");
    b->group = rcr_alloc_array(cx, S + 1, sizeof *b->group, "beam search");
    b->ex = rcr_alloc_array(cx, SW, sizeof *b->ex, "beam search");
    b->n_ex = rcr_alloc_array(cx, S, sizeof *b->n_ex, "beam search");
    b->x = rcr_alloc_array(cx, TV, sizeof *b->x, "beam search");
    bool ok = take_rows(b, &b->live[0], SW) && take_rows(b, &b->live[1], SW);
    return ok && b->ends && b->n_ends && b->group && b->ex && b->n_ex && b->x ? RECUR_OK : RECUR_ENOMEM;
}

static void begin(rcr_beam *b, const int64_t *start)
{
    rcr_beam_live *l = &b->live[0];
    l->n = b->S;
    for (int64_t s = 0; s < b->S; s++) {
        l->sentence[s] = l->from[s] = s;
        l->token[s] = start[s];
        l->node[s] = -1;
        l->log_p[s] = 0;
    }
}

/* --- the best extensions of each sentence --- */

/* Keeps `best` [*n], at most k, in order; what is no better than its equals stays behind them. */
static void keep(rcr_beam_extension *best, int64_t *n, int64_t k, rcr_beam_extension e)
{
    int64_t at = *n < k ? (*n)++ : k - 1;
    for (; at > 0 && best[at - 1].log_p < e.log_p; at--)
        best[at] = best[at - 1];
    best[at] = e;
}

/* The log-probabilities of what may follow a row. */
static void read_row(const rcr_beam *b, const void *scores, int64_t row, double *x)
{
    const char *at = (const char *)scores + (size_t)row * (size_t)b->V * rcr_item_size(b->model->dtype);
    rcr_read_scores(b->V, b->model->dtype, at, x);
    if (b->model->logits)
        b->k->reduce.log_softmax(1, b->V, 1, x, x);
    if (b->o->eos >= 0 && b->t + 1 < b->o->min_length)
        x[b->o->eos] = -INFINITY;
}

/* Rows and tokens are passed in order: of equals the first stays. NaN and -inf are never greater. */
static void extend_group(const rcr_beam *b, const void *scores, int64_t g, double *x)
{
    const rcr_beam_live *l = &b->live[b->t & 1];
    int64_t s = l->sentence[b->group[g]], k = b->W - b->n_ends[s], n = 0;
    rcr_beam_extension *best = b->ex + g * b->W;
    double least = -INFINITY; /* what a better one must exceed */
    for (int64_t row = b->group[g]; row < b->group[g + 1]; row++) {
        read_row(b, scores, row, x);
        for (int64_t v = 0; v < b->V; v++) {
            double log_p = l->log_p[row] + x[v];
            if (!(log_p > least))
                continue;
            keep(best, &n, k, (rcr_beam_extension){log_p, row, v});
            least = n < k ? -INFINITY : best[k - 1].log_p;
        }
    }
    b->n_ex[g] = n;
}

typedef struct extension_job {
    const rcr_beam *b;
    const void *scores;
} extension_job;

static void extend_groups(const void *job, int64_t from, int64_t to, int worker)
{
    const extension_job *e = job;
    for (int64_t g = from; g < to; g++)
        extend_group(e->b, e->scores, g, e->b->x + worker * e->b->V);
}

static void find_groups(rcr_beam *b)
{
    const rcr_beam_live *l = &b->live[b->t & 1];
    b->G = 0;
    for (int64_t row = 0; row < l->n; row++)
        if (row == 0 || l->sentence[row] != l->sentence[row - 1])
            b->group[b->G++] = row;
    b->group[b->G] = l->n;
}

/* --- what becomes of them --- */

static recur_status add_node(rcr_beam *b, int64_t parent, int64_t token)
{
    if (b->n_nodes == b->room_nodes) {
        size_t room = b->room_nodes < 256 ? 256 : b->room_nodes + b->room_nodes / 2;
        void *nodes = b->nodes;
        if (rcr_resize_array(b->cx, &nodes, room, sizeof *b->nodes, "hypotheses") != RECUR_OK)
            return RECUR_ENOMEM;
        b->nodes = nodes;
        b->room_nodes = room;
    }
    b->nodes[b->n_nodes++] = (rcr_beam_node){parent, token};
    return RECUR_OK;
}

static recur_status follow(rcr_beam *b, int64_t s, const rcr_beam_extension *e, rcr_beam_live *next)
{
    int64_t length = b->t + 1, node = (int64_t)b->n_nodes;
    bool finished = e->token == b->o->eos;
    recur_status status = add_node(b, b->live[b->t & 1].node[e->row], e->token);
    if (status != RECUR_OK)
        return status;
    if (finished || length == rcr_beam_limit(b, s)) {
        double score = e->log_p / rcr_beam_norm(b, length);
        rcr_beam_put_end(b, s, (rcr_beam_end){e->log_p, score, node, length, finished});
    } else {
        next->sentence[next->n] = s;
        next->from[next->n] = e->row;
        next->token[next->n] = e->token;
        next->node[next->n] = node;
        next->log_p[next->n++] = e->log_p;
    }
    return RECUR_OK;
}

/* The n best are known where the last of them is no worse than the best row with nothing lost and the greatest
 * norm: log-probabilities only add to the loss. */
static bool is_decided(const rcr_beam *b, int64_t s, double best_log_p)
{
    const rcr_beam_end *last = &b->ends[s * b->W + b->n_best - 1];
    return b->n_ends[s] >= b->n_best && last->score >= best_log_p / rcr_beam_norm(b, rcr_beam_limit(b, s));
}

static recur_status advance(rcr_beam *b)
{
    const rcr_beam_live *l = &b->live[b->t & 1];
    rcr_beam_live *next = &b->live[(b->t + 1) & 1];
    next->n = 0;
    for (int64_t g = 0; g < b->G; g++) {
        int64_t s = l->sentence[b->group[g]], first = next->n;
        for (int64_t i = 0; i < b->n_ex[g]; i++) {
            recur_status status = follow(b, s, &b->ex[g * b->W + i], next);
            if (status != RECUR_OK)
                return status;
        }
        if (next->n > first && is_decided(b, s, next->log_p[first]))
            next->n = first;
    }
    b->t++;
    return RECUR_OK;
}

/* --- the search --- */

static recur_status step(rcr_beam *b)
{
    const rcr_beam_live *l = &b->live[b->t & 1];
    recur_beam_rows rows = {
        .t = b->t, .n = l->n, .sentence = l->sentence, .from = l->from, .token = l->token};
    const void *scores = NULL;
    recur_status status = b->model->step(b->model->user, &rows, &scores);
    if (status != RECUR_OK)
        return status;
    if (!scores)
        return rcr_fail(b->cx, RECUR_EINVAL, "beam search: the model gave no scores at step %lld",
                        (long long)b->t);
    unsigned long mode = rcr_float_enter(b->cx->keep_denormals);
    find_groups(b);
    rcr_ranges(b->cx, b->G, 1, extend_groups, &(extension_job){b, scores});
    status = advance(b);
    rcr_float_restore(mode);
    return status;
}

recur_status recur_beam_search(recur_beams **out, recur_ctx *cx, const recur_beam_model *model,
                               int64_t sentences, const int64_t *start, const recur_beam_options *options)
{
    *out = NULL;
    recur_status status = check(cx, model, options);
    if (status == RECUR_OK)
        status = check_sentences(cx, options, sentences);
    if (status != RECUR_OK)
        return status;
    rcr_beam b = {.cx = cx,
                  .model = model,
                  .o = options,
                  .k = rcr_kernels_of(cx, RECUR_F64),
                  .S = sentences,
                  .W = options->width,
                  .V = model->V,
                  .n_best = options->n_best ? options->n_best : 1};
    status = take_memory(&b);
    if (status == RECUR_OK)
        begin(&b, start);
    while (status == RECUR_OK && b.live[b.t & 1].n > 0)
        status = step(&b);
    if (status == RECUR_OK)
        status = rcr_beam_results(out, &b);
    release(&b);
    return status;
}
