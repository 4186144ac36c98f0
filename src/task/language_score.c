// SPDX-License-Identifier: MIT
/* How probable a text is: by the model, and by the unigram. */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/language.h"

enum { LANES = 16, LANE_UNITS = 4096, UNIGRAM_BLOCK = 4096 };

static void fill(recur_score *score, double sum, int64_t count)
{
    recur_perplexity p;
    recur_perplexity_metrics(&p, sum, count);
    *score = (recur_score){.count = count};
    rcr_score_add(score, "loss", p.mean_nll);
    rcr_score_add(score, "bits_per_unit", p.bits);
    rcr_score_add(score, "perplexity", p.perplexity);
}

static recur_status score_lanes(recur_tape *tp, const rcr_language_net *net, recur_lanes *lanes,
                                rcr_language_state *state, double *sum)
{
    recur_window_of_text w;
    recur_status status;
    *sum = 0;
    while ((status = recur_lanes_next(lanes, &w)) == RECUR_OK && w.B > 0) {
        recur_tape_begin(tp, RECUR_INFER);
        recur_tensor *loss = rcr_language_loss(tp, net, &w, state);
        if (!loss)
            return recur_error(recur_tape_ctx(tp), NULL);
        *sum += recur_item(loss, 0) * (double)w.units;
    }
    return status;
}

recur_status rcr_language_part_score(recur_tape *tp, const rcr_language_net *net, const rcr_language_words *w,
                                     const rcr_language_part *p, recur_score *score)
{
    double sum = 0;
    int64_t n = p->to - p->from, B = n / LANE_UNITS < 1 ? 1 : n / LANE_UNITS > LANES ? LANES : n / LANE_UNITS;
    recur_lanes *lanes = NULL;
    rcr_language_state state = {0};
    *score = (recur_score){0};
    if (n == 0)
        return RECUR_OK;
    recur_status status = recur_lanes_create(&lanes, p->stream, w->vocab, p->from, p->to, B,
                                             net->config.window, RECUR_TIME_MAJOR);
    if (status == RECUR_OK)
        status = rcr_language_state_create(&state, w->cx, net, B);
    if (status == RECUR_OK)
        status = score_lanes(tp, net, lanes, &state, &sum);
    rcr_language_state_free(&state);
    recur_lanes_free(lanes);
    if (status == RECUR_OK)
        fill(score, sum, n);
    return status;
}

recur_status rcr_language_part_unigram(const rcr_language_words *w, const rcr_language_part *p,
                                       recur_score *score)
{
    int64_t ids[UNIGRAM_BLOCK];
    double sum = 0;
    *score = (recur_score){0};
    for (int64_t from = p->from; from < p->to; from += UNIGRAM_BLOCK) {
        int64_t to = p->to - from < UNIGRAM_BLOCK ? p->to : from + UNIGRAM_BLOCK;
        recur_status status = recur_stream_ids(p->stream, w->vocab, from, to, ids);
        if (status != RECUR_OK)
            return status;
        for (int64_t i = 0; i < to - from; i++)
            sum -= w->unigram[ids[i]];
    }
    if (p->to > p->from)
        fill(score, sum, p->to - p->from);
    return RECUR_OK;
}
