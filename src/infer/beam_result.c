// SPDX-License-Identifier: MIT
/* Hypotheses that ended: their scores, their order, and what the caller gets of them. */
#include <math.h>

#include "base/alloc.h"
#include "infer/beam.h"

/* |Y|^alpha = e^(alpha log |Y|), by the library's own functions; (5 + |Y|) / 6 in place of |Y| for GNMT. */
double rcr_beam_norm(const rcr_beam *b, int64_t length)
{
    double y = (double)length;
    if (b->o->alpha == 0)
        return 1;
    if (b->o->norm == RECUR_NORM_GNMT)
        y = (5 + y) / 6;
    b->k->math.log(1, &y, &y);
    y *= b->o->alpha;
    b->k->math.exp(1, &y, &y);
    return y;
}

int64_t rcr_beam_limit(const rcr_beam *b, int64_t sentence)
{
    return b->o->max_lengths ? b->o->max_lengths[sentence] : b->o->max_length;
}

static bool worse(const rcr_beam_end *a, const rcr_beam_end *b)
{
    return a->finished != b->finished ? b->finished : a->score < b->score;
}

void rcr_beam_put_end(rcr_beam *b, int64_t sentence, rcr_beam_end end)
{
    rcr_beam_end *ends = b->ends + sentence * b->W;
    int64_t at = b->n_ends[sentence]++;
    for (; at > 0 && worse(&ends[at - 1], &end); at--)
        ends[at] = ends[at - 1];
    ends[at] = end;
}

/* --- results --- */

static int64_t kept_of(const rcr_beam *b, int64_t sentence)
{
    return b->n_ends[sentence] < b->n_best ? b->n_ends[sentence] : b->n_best;
}

static void walk_back(const rcr_beam *b, int64_t node, int64_t length, int64_t *token)
{
    for (; length > 0; node = b->nodes[node].parent)
        token[--length] = b->nodes[node].token;
}

static void fill(recur_hypothesis *best, int64_t *token, const rcr_beam *b)
{
    for (int64_t s = 0; s < b->S; s++)
        for (int64_t i = 0; i < kept_of(b, s); i++) {
            const rcr_beam_end *end = &b->ends[s * b->W + i];
            walk_back(b, end->node, end->length, token);
            *best++ = (recur_hypothesis){.token = token,
                                         .length = end->length,
                                         .log_p = end->log_p,
                                         .score = end->score,
                                         .finished = end->finished};
            token += end->length;
        }
}

static size_t count_tokens(const rcr_beam *b)
{
    size_t tokens = 0;
    for (int64_t s = 0; s < b->S; s++)
        for (int64_t i = 0; i < kept_of(b, s); i++)
            tokens += (size_t)b->ends[s * b->W + i].length;
    return tokens;
}

recur_status rcr_beam_results(recur_beams **out, const rcr_beam *b)
{
    recur_beams *r = rcr_alloc_zero(b->cx, sizeof *r, "beam search results");
    if (!r)
        return RECUR_ENOMEM;
    *r = (recur_beams){.cx = b->cx, .sentences = b->S};
    int64_t *offset = rcr_alloc_array(b->cx, (size_t)b->S + 1, sizeof *offset, "beam search offsets");
    for (int64_t s = 0; offset && s < b->S; s++)
        offset[s + 1] = offset[s] + kept_of(b, s);
    r->offset = offset;
    recur_hypothesis *best =
        offset ? rcr_alloc_array(b->cx, (size_t)offset[b->S], sizeof *best, "hypotheses") : NULL;
    r->best = best;
    int64_t *token = best ? rcr_alloc_array(b->cx, count_tokens(b), sizeof *token, "their tokens") : NULL;
    r->tokens = token;
    if (!token) {
        recur_beams_free(r);
        return RECUR_ENOMEM;
    }
    fill(best, token, b);
    *out = r;
    return RECUR_OK;
}

void recur_beams_free(recur_beams *r)
{
    if (!r)
        return;
    rcr_free(r->cx, (void *)r->offset);
    rcr_free(r->cx, (void *)r->best);
    rcr_free(r->cx, (void *)r->tokens);
    rcr_free(r->cx, r);
}
