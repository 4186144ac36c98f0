// SPDX-License-Identifier: MIT
/* How good translations are: the loss of the references, BLEU and equality of what the search finds. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/translate.h"

/* ---- loss ---- */

static double mean_of(double sum, int64_t N)
{
    double mean = N > 0 ? sum / (double)N : NAN;
    return N > 0 && !isfinite(mean) ? INFINITY : mean;
}

recur_status rcr_translate_part_loss(recur_tape *tp, const rcr_translate_net *net, const rcr_pair_part *p,
                                     rcr_translate_loss_of *loss)
{
    double plain = 0, smoothed = 0;
    int64_t N = 0;
    recur_bucket of;
    if (p->buckets)
        recur_buckets_seek(p->buckets, 0, 0);
    while (p->buckets && recur_buckets_next(p->buckets, &of)) {
        recur_tape_begin(tp, RECUR_INFER);
        rcr_pair_batch b = rcr_pairs_batch(tp, p->pairs, of.index, of.B);
        recur_tensor *x = rcr_translate_logits(tp, net, &b), *mean = rcr_translate_loss(tp, &b, x, 0);
        recur_tensor *smooth = rcr_translate_loss(tp, &b, x, net->config.label_smoothing);
        if (!mean || !smooth)
            return recur_error(recur_tape_ctx(tp), NULL);
        plain += recur_item(mean, 0) * (double)b.N;
        smoothed += recur_item(smooth, 0) * (double)b.N;
        N += b.N;
    }
    *loss = (rcr_translate_loss_of){mean_of(plain, N), mean_of(smoothed, N)};
    return RECUR_OK;
}

/* ---- texts ---- */

/* What is counted over the pairs of a part. */
typedef struct tally {
    recur_bleu *bleu;
    int64_t pairs, exact;
} tally;

static recur_status count(tally *t, const char *translation, const char *reference)
{
    t->pairs++;
    t->exact += strcmp(translation, reference) == 0;
    return recur_bleu_add(t->bleu, translation, &reference, 1);
}

static recur_status plain_side(recur_text **out, const rcr_scoring *q, const rcr_pair_part *p,
                               recur_side side, int64_t i)
{
    const recur_corpus *c = p->pairs->corpus;
    recur_place where = recur_corpus_place(c, side, i);
    return rcr_translate_plain(out, q->words, side == RECUR_SIDE_TEXT ? c->text[i] : c->answer[i], &where);
}

/* Pair number k of the part is one of the samples if it is the first of its share. */
static rcr_sample *sample_at(const rcr_scoring *q, const rcr_pair_part *p, int64_t k)
{
    int64_t n = q->n_samples < p->n ? q->n_samples : p->n;
    int64_t at = n > 0 ? (k * n + p->n - 1) / p->n : 0;
    return q->samples && at < n && at * p->n / n == k ? &q->samples[at] : NULL;
}

static recur_status copy_text(recur_text **out, recur_ctx *cx, const char *text)
{
    recur_text *t = rcr_alloc_zero(cx, sizeof *t, "a text");
    char *bytes = rcr_strdup(cx, text, "a text");
    if (!t || !bytes) {
        rcr_free(cx, t);
        rcr_free(cx, bytes);
        return RECUR_ENOMEM;
    }
    *t = (recur_text){.cx = cx, .bytes = bytes, .size = strlen(bytes)};
    *out = t;
    return RECUR_OK;
}

static recur_status keep_sample(rcr_sample *s, recur_ctx *cx, const rcr_scoring *q, const rcr_pair_part *p,
                                int64_t i, const char *translation, const char *reference)
{
    recur_status status = plain_side(&s->source, q, p, RECUR_SIDE_TEXT, i);
    if (status == RECUR_OK)
        status = copy_text(&s->reference, cx, reference);
    return status == RECUR_OK ? copy_text(&s->translation, cx, translation) : status;
}

void rcr_samples_free(rcr_sample *samples, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        recur_text_free(samples[i].source);
        recur_text_free(samples[i].reference);
        recur_text_free(samples[i].translation);
        samples[i] = (rcr_sample){0};
    }
}

/* Pair number k of the part is translated so. */
static recur_status take(const rcr_scoring *q, const rcr_pair_part *p, int64_t k, const char *translation,
                         tally *t)
{
    recur_text *reference;
    rcr_sample *sample = sample_at(q, p, k);
    recur_status status = plain_side(&reference, q, p, RECUR_SIDE_ANSWER, p->index[k]);
    if (status != RECUR_OK)
        return status;
    status = count(t, translation, reference->bytes);
    if (status == RECUR_OK && sample)
        status = keep_sample(sample, p->pairs->cx, q, p, p->index[k], translation, reference->bytes);
    recur_text_free(reference);
    return status;
}

/* ---- the model's translations, so many at a time ---- */

enum { CHUNK = 1024 };

static recur_status take_chunk(const rcr_scoring *q, const rcr_pair_part *p, int64_t from, int64_t n,
                               const recur_span *text, const recur_place *where, tally *t)
{
    recur_translations *found;
    recur_status status = rcr_translate_search(&found, q->stepper, q->words, text, where, n, &q->how);
    if (status != RECUR_OK)
        return status;
    for (int64_t i = 0; i < n && status == RECUR_OK; i++) {
        const recur_translated *s = &found->source[i];
        status = take(q, p, from + i, s->n > 0 ? s->best[0].text : "", t);
    }
    recur_translations_free(found);
    return status;
}

static recur_status take_all(const rcr_scoring *q, const rcr_pair_part *p, tally *t)
{
    recur_ctx *cx = p->pairs->cx;
    const recur_corpus *c = p->pairs->corpus;
    recur_span *text = rcr_alloc_array(cx, CHUNK, sizeof *text, "texts");
    recur_place *where = rcr_alloc_array(cx, CHUNK, sizeof *where, "texts");
    recur_status status = text && where ? RECUR_OK : RECUR_ENOMEM;
    for (int64_t from = 0; from < p->n && status == RECUR_OK; from += CHUNK) {
        int64_t n = p->n - from < CHUNK ? p->n - from : CHUNK;
        for (int64_t i = 0; i < n; i++) {
            text[i] = c->text[p->index[from + i]];
            where[i] = recur_corpus_place(c, RECUR_SIDE_TEXT, p->index[from + i]);
        }
        status = take_chunk(q, p, from, n, text, where, t);
    }
    rcr_free(cx, text);
    rcr_free(cx, where);
    return status;
}

static recur_status take_sources(const rcr_scoring *q, const rcr_pair_part *p, tally *t)
{
    recur_status status = RECUR_OK;
    for (int64_t k = 0; k < p->n && status == RECUR_OK; k++) {
        recur_text *source = NULL;
        status = plain_side(&source, q, p, RECUR_SIDE_TEXT, p->index[k]);
        if (status == RECUR_OK)
            status = take(q, p, k, source->bytes, t);
        recur_text_free(source);
    }
    return status;
}

/* ---- scores ---- */

/* recur counts what it is given; of texts in small letters the signature says so. */
static void sign(const rcr_scoring *q, const recur_bleu *bleu)
{
    static const char mixed[] = "case:mixed", lower[] = "case:lc";
    if (!q->signature)
        return;
    recur_bleu_signature(bleu, q->signature);
    char *at = strstr(q->signature, mixed);
    if (at && recur_tokenizer_config(q->words->whole)->lowercase) {
        memcpy(at, lower, sizeof lower - 1);
        memmove(at + sizeof lower - 1, at + sizeof mixed - 1, strlen(at + sizeof mixed - 1) + 1);
    }
}

typedef recur_status take_pairs(const rcr_scoring *q, const rcr_pair_part *p, tally *t);

static recur_status score_texts(const rcr_scoring *q, const rcr_pair_part *p, take_pairs *translate,
                                recur_score *score)
{
    recur_bleu_score bleu;
    tally t = {0};
    const recur_bleu_options options = {.tokens = (recur_bleu_tokens)q->stepper->net->config.bleu};
    recur_status status = recur_bleu_create(&t.bleu, p->pairs->cx, &options);
    if (status == RECUR_OK)
        status = translate(q, p, &t);
    if (status == RECUR_OK) {
        recur_bleu_result(t.bleu, &bleu);
        score->count = t.pairs;
        rcr_score_add(score, "bleu", bleu.bleu);
        rcr_score_add(score, "exact", (double)t.exact / (double)t.pairs);
        sign(q, t.bleu);
    }
    recur_bleu_free(t.bleu);
    return status;
}

recur_status rcr_translate_part_score(const rcr_scoring *q, const rcr_pair_part *p, recur_score *score)
{
    rcr_translate_loss_of loss = {0};
    recur_perplexity perplexity;
    *score = (recur_score){0};
    if (p->n == 0)
        return RECUR_OK;
    recur_status status = rcr_translate_part_loss(q->stepper->step, q->stepper->net, p, &loss);
    if (status != RECUR_OK)
        return status;
    recur_perplexity_metrics(&perplexity, loss.plain, 1);
    rcr_score_add(score, "loss", loss.plain);
    rcr_score_add(score, "perplexity", perplexity.perplexity);
    return score_texts(q, p, take_all, score);
}

recur_status rcr_translate_part_baseline(const rcr_scoring *q, const rcr_pair_part *p, recur_score *score)
{
    rcr_scoring plain = *q;
    plain.samples = NULL;
    *score = (recur_score){0};
    if (p->n == 0)
        return RECUR_OK;
    rcr_score_add(score, "loss", NAN);
    rcr_score_add(score, "perplexity", NAN);
    return score_texts(&plain, p, take_sources, score);
}
