// SPDX-License-Identifier: MIT
/* From texts to translations: units, a beam search over texts of like length, words for unknown units, text again. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/translate.h"

enum { BATCH = 64 };   /* texts that are searched together; no result depends on it */
enum { SPARE = 10 };   /* units that a translation may always have beyond max_ratio times the source's */
enum { SHORTEST = 2 }; /* a unit and <eos> */

/* What recur_translations_free() frees. */
typedef struct found {
    recur_translations public;
    rcr_arena arena; /* all but the structure itself */
} found;

typedef struct search {
    recur_ctx *cx;
    rcr_stepper *stepper;
    rcr_translate_words *words;
    recur_decoding how;
    bool copies;
    found *out;
    recur_translated *source; /* [n], in the arena */
    recur_sequences *ids;     /* as the encoder reads them */
} search;

/* ---- sources ---- */

static bool keep_span(rcr_arena *a, recur_span *out, recur_span text)
{
    char *copy = rcr_arena_alloc(a, text.size + 1, "a translation");
    if (!copy)
        return false;
    memcpy(copy, text.text, text.size);
    copy[text.size] = '\0';
    *out = (recur_span){copy, text.size};
    return true;
}

static bool keep_units(rcr_arena *a, const recur_span **out, const recur_span *unit, int64_t n)
{
    recur_span *copy = rcr_arena_alloc(a, (size_t)n * sizeof *copy, "a translation");
    *out = copy;
    for (int64_t i = 0; copy && i < n; i++)
        if (!keep_span(a, &copy[i], unit[i]))
            return false;
    return copy;
}

/* The units of a source with <eos> behind them, and their ids in the order in which the encoder reads them. */
static recur_status take_units(search *q, recur_translated *s, const recur_units *units)
{
    const recur_vocab *vocab = q->words->source.vocab;
    int64_t most = q->stepper->net->config.text.max_length;
    int64_t n = units->n < most ? units->n : most;
    recur_span *unit = rcr_alloc_array(q->cx, (size_t)n + 1, sizeof *unit, "units");
    int64_t *id = rcr_alloc_array(q->cx, (size_t)n + 1, sizeof *id, "units");
    recur_status status = unit && id ? RECUR_OK : RECUR_ENOMEM;
    for (int64_t i = 0; status == RECUR_OK && i < n; i++) {
        int64_t at = q->stepper->net->config.reverse_source ? n - 1 - i : i;
        unit[i] = units->unit[i];
        recur_vocab_ids(vocab, &unit[i], 1, &id[at]);
    }
    if (status == RECUR_OK) {
        id[n] = RECUR_EOS;
        unit[n] = recur_vocab_text(vocab, RECUR_EOS);
        s->S = n + 1;
        s->cut = units->n > n;
        status = keep_units(&q->out->arena, &s->unit, unit, n + 1) ? recur_sequences_add(q->ids, id, n + 1)
                                                                   : RECUR_ENOMEM;
    }
    rcr_free(q->cx, unit);
    rcr_free(q->cx, id);
    return status;
}

static recur_status take_sources(search *q, const recur_span *text, const recur_place *where, int64_t n)
{
    recur_status status = recur_sequences_create(&q->ids, q->cx);
    for (int64_t i = 0; i < n && status == RECUR_OK; i++) {
        const recur_place place = where ? where[i] : (recur_place){.name = "text", .line = i + 1};
        recur_units units;
        status = recur_tokenize(q->words->source.tokenizer, text[i].text, text[i].size, &place, &units);
        if (status == RECUR_OK)
            status = take_units(q, &q->source[i], &units);
    }
    return status;
}

/* ---- searching ---- */

/* What no text holds is not said; the unknown unit only where a word of the source can take its place. */
static recur_status next(void *user, const recur_beam_rows *rows, const void **scores)
{
    const search *q = user;
    float *x;
    recur_status status = rcr_stepper_next(q->stepper, rows, &x);
    for (int64_t i = 0; status == RECUR_OK && i < rows->n; i++) {
        float *row = x + i * q->stepper->net->V;
        row[RECUR_PAD] = row[RECUR_BOS] = -INFINITY;
        if (!q->copies)
            row[RECUR_UNK] = -INFINITY;
    }
    *scores = x;
    return status;
}

/* The most units that the translation of n units may have, <eos> included. */
static int64_t limit_of(const search *q, int64_t n)
{
    const recur_translate_config *c = &q->stepper->net->config;
    double most = ceil(c->max_ratio * (double)n) + SPARE;
    return (most < (double)c->text.max_length ? (int64_t)most : c->text.max_length) + 1;
}

/* A batch of texts that are searched together. */
typedef struct batch {
    const recur_bucket *of;
    recur_beams *beams;
    int64_t *ids, *lengths; /* [B, S] or [B, U]; [B] */
    int64_t *start, *most;  /* [B] */
} batch;

static recur_status run_search(search *q, batch *b)
{
    const recur_beam_model model = {
        .step = next, .user = q, .V = q->stepper->net->V, .dtype = RECUR_F32, .logits = true};
    recur_beam_options options = {.width = q->how.beam,
                                  .n_best = q->how.n_best,
                                  .eos = RECUR_EOS,
                                  .max_lengths = b->most,
                                  .min_length = SHORTEST,
                                  .alpha = q->how.length_penalty};
    for (int64_t i = 0; i < b->of->B; i++) {
        b->start[i] = RECUR_BOS;
        b->most[i] = limit_of(q, b->of->lengths[i] - 1);
        options.max_length = b->most[i] > options.max_length ? b->most[i] : options.max_length;
    }
    recur_pad(q->ids, b->of->index, b->of->B, b->of->T, RECUR_BATCH_MAJOR, RECUR_PAD, b->ids);
    recur_status status =
        rcr_stepper_begin(q->stepper, b->ids, b->of->lengths, b->of->B, b->of->T, q->how.beam);
    return status == RECUR_OK ? recur_beam_search(&b->beams, q->cx, &model, b->of->B, b->start, &options)
                              : status;
}

/* ---- what was found ---- */

/* Hypothesis number `rank` of sentence i, or NULL. */
static const recur_hypothesis *found_of(const batch *b, int64_t i, int64_t rank)
{
    int64_t at = b->beams->offset[i] + rank;
    return at < b->beams->offset[i + 1] ? &b->beams->best[at] : NULL;
}

static bool has_unknown(const recur_hypothesis *h)
{
    for (int64_t u = 0; u < h->length; u++)
        if (h->token[u] == RECUR_UNK)
            return true;
    return false;
}

/* The longest translation of that rank, and whether somebody needs to know what they attended to. */
static bool needs_weights(const search *q, const batch *b, int64_t rank, int64_t *U)
{
    bool needed = false;
    *U = 0;
    for (int64_t i = 0; i < b->of->B; i++) {
        const recur_hypothesis *h = found_of(b, i, rank);
        if (!h)
            continue;
        *U = h->length > *U ? h->length : *U;
        needed = needed || q->how.attention || (q->copies && has_unknown(h));
    }
    return needed && *U > 0 && q->stepper->net->attends;
}

/* The weights [B, U, S] of all translations of one rank; NULL where nobody needs them. */
static recur_status weights_of(search *q, batch *b, int64_t rank, int64_t *U, const float **weights)
{
    *weights = NULL;
    if (!needs_weights(q, b, rank, U))
        return RECUR_OK;
    size_t B = (size_t)b->of->B, bytes = B * (size_t)*U;
    rcr_free(q->cx, b->ids);
    b->ids = rcr_alloc_array(q->cx, bytes, sizeof *b->ids, "translations");
    if (!b->ids)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < b->of->B; i++) {
        const recur_hypothesis *h = found_of(b, i, rank);
        b->lengths[i] = h ? h->length : 0;
        b->ids[i * *U] = RECUR_BOS;
        if (h)
            memcpy(b->ids + i * *U + 1, h->token, (size_t)(h->length - 1) * sizeof *h->token);
    }
    return rcr_stepper_attend(q->stepper, b->ids, b->lengths, *U, weights);
}

/* Row a [S] in the order of the text, as the encoder may have read it backwards. */
static void put_row(const search *q, float *to, const float *a, int64_t S)
{
    bool reversed = q->stepper->net->config.reverse_source;
    for (int64_t j = 0; j < S - 1; j++)
        to[j] = a[reversed ? S - 2 - j : j];
    to[S - 1] = a[S - 1];
}

/* The unit of the source that row a [S], in the order of the text, attends to most; not <eos>. */
static recur_span most_attended(const recur_translated *s, const float *a)
{
    int64_t best = 0;
    for (int64_t j = 1; j < s->S - 1; j++)
        best = a[j] > a[best] ? j : best;
    return s->unit[best];
}

/* Attention [U, S] of a translation in the arena; `a` has rows of T numbers. */
static float *keep_weights(search *q, const float *a, int64_t T, int64_t U, int64_t S)
{
    float *rows = rcr_arena_alloc(&q->out->arena, (size_t)(U * S) * sizeof *rows, "attention");
    for (int64_t u = 0; rows && u < U; u++)
        put_row(q, rows + u * S, a + u * T, S);
    return rows;
}

static recur_status put_text(search *q, recur_translation *t, const recur_span *unit, int64_t n)
{
    recur_text *text;
    recur_span kept;
    recur_status status = recur_detokenize(&text, q->words->whole, unit, n);
    if (status != RECUR_OK)
        return status;
    if (keep_span(&q->out->arena, &kept, (recur_span){text->bytes, text->size})) {
        t->text = kept.text;
        t->size = kept.size;
    } else
        status = RECUR_ENOMEM;
    recur_text_free(text);
    return status;
}

/* A hypothesis as a translation; `a` [U, T] its weights, or NULL. */
static recur_status put_translation(search *q, const recur_translated *s, recur_translation *t,
                                    const recur_hypothesis *h, const float *a, int64_t T)
{
    const recur_vocab *vocab = rcr_translate_target(q->words);
    float *rows = a ? keep_weights(q, a, T, h->length, s->S) : NULL;
    recur_span *unit = rcr_alloc_array(q->cx, (size_t)h->length, sizeof *unit, "units");
    recur_status status = (rows || !a) && unit ? RECUR_OK : RECUR_ENOMEM;
    *t = (recur_translation){.log_p = h->log_p, .score = h->score, .finished = h->finished, .U = h->length};
    for (int64_t u = 0; status == RECUR_OK && u < h->length; u++)
        unit[u] = h->token[u] == RECUR_UNK && rows ? most_attended(s, rows + u * s->S)
                                                   : recur_vocab_text(vocab, h->token[u]);
    if (status == RECUR_OK && !keep_units(&q->out->arena, &t->unit, unit, h->length))
        status = RECUR_ENOMEM;
    if (status == RECUR_OK)
        status = put_text(q, t, unit, h->length - h->finished);
    rcr_free(q->cx, unit);
    t->attention = q->how.attention ? rows : NULL;
    return status;
}

static recur_status make_translations(search *q, const batch *b)
{
    for (int64_t i = 0; i < b->of->B; i++) {
        recur_translated *s = &q->source[b->of->index[i]];
        s->n = b->beams->offset[i + 1] - b->beams->offset[i];
        s->best = rcr_arena_alloc(&q->out->arena, (size_t)s->n * sizeof *s->best, "translations");
        if (!s->best)
            return RECUR_ENOMEM;
    }
    return RECUR_OK;
}

static recur_status put_rank(search *q, batch *b, int64_t rank)
{
    int64_t U;
    const float *weights;
    recur_status status = weights_of(q, b, rank, &U, &weights);
    for (int64_t i = 0; i < b->of->B && status == RECUR_OK; i++) {
        const recur_hypothesis *h = found_of(b, i, rank);
        const recur_translated *s = &q->source[b->of->index[i]];
        if (h)
            status = put_translation(q, s, (recur_translation *)&s->best[rank], h,
                                     weights ? weights + i * U * b->of->T : NULL, b->of->T);
    }
    return status;
}

static recur_status run_batch(search *q, const recur_bucket *of)
{
    size_t B = (size_t)of->B;
    batch b = {.of = of,
               .ids = rcr_alloc_array(q->cx, B, (size_t)of->T * sizeof *b.ids, "texts"),
               .lengths = rcr_alloc_array(q->cx, B, sizeof *b.lengths, "texts"),
               .start = rcr_alloc_array(q->cx, B, sizeof *b.start, "texts"),
               .most = rcr_alloc_array(q->cx, B, sizeof *b.most, "texts")};
    recur_status status = b.ids && b.lengths && b.start && b.most ? run_search(q, &b) : RECUR_ENOMEM;
    if (status == RECUR_OK)
        status = make_translations(q, &b);
    for (int64_t rank = 0; rank < q->how.n_best && status == RECUR_OK; rank++)
        status = put_rank(q, &b, rank);
    recur_beams_free(b.beams);
    rcr_free(q->cx, b.ids);
    rcr_free(q->cx, b.lengths);
    rcr_free(q->cx, b.start);
    rcr_free(q->cx, b.most);
    return status;
}

/* ---- all of it ---- */

/* The numbers of the texts that have units. */
static recur_status run_batches(search *q, int64_t n)
{
    const recur_bucket_options in_order = {.batch = BATCH};
    recur_buckets *buckets = NULL;
    recur_bucket b;
    int64_t *index = rcr_alloc_array(q->cx, (size_t)n, sizeof *index, "texts"), some = 0;
    for (int64_t i = 0; index && i < n; i++)
        if (q->source[i].S > 1)
            index[some++] = i;
    recur_status status = index ? RECUR_OK : RECUR_ENOMEM;
    if (status == RECUR_OK && some > 0)
        status = recur_buckets_create(&buckets, q->ids, index, some, &in_order);
    while (status == RECUR_OK && buckets && recur_buckets_next(buckets, &b))
        status = run_batch(q, &b);
    recur_buckets_free(buckets);
    rcr_free(q->cx, index);
    return status;
}

static recur_status check(recur_ctx *cx, const recur_decoding *how)
{
    if (how->beam < 1 || how->n_best < 1 || how->n_best > how->beam)
        return rcr_fail(cx, RECUR_EINVAL, "the %lld best of a beam of %lld: there are as many as it is wide",
                        (long long)how->n_best, (long long)how->beam);
    return RECUR_OK;
}

static found *make_found(recur_ctx *cx, int64_t n)
{
    found *f = rcr_alloc_zero(cx, sizeof *f, "translations");
    if (!f)
        return NULL;
    rcr_arena_init(&f->arena, cx);
    f->public = (recur_translations){.cx = cx, .n = n};
    f->public.source = rcr_arena_alloc_zero(&f->arena, (size_t)n * sizeof *f->public.source, "translations");
    if (f->public.source)
        return f;
    recur_translations_free(&f->public);
    return NULL;
}

recur_status rcr_translate_search(recur_translations **out, rcr_stepper *s, rcr_translate_words *w,
                                  const recur_span *text, const recur_place *where, int64_t n,
                                  const recur_decoding *how)
{
    search q = {.cx = recur_params_ctx(s->net->ps), .stepper = s, .words = w, .how = *how};
    *out = NULL;
    recur_status status = check(q.cx, how);
    if (status != RECUR_OK)
        return status;
    q.copies = how->copy_unknown && s->net->attends;
    q.out = make_found(q.cx, n);
    if (!q.out)
        return RECUR_ENOMEM;
    q.source = (recur_translated *)q.out->public.source;
    status = take_sources(&q, text, where, n);
    if (status == RECUR_OK)
        status = run_batches(&q, n);
    recur_sequences_free(q.ids);
    if (status == RECUR_OK)
        *out = &q.out->public;
    else
        recur_translations_free(&q.out->public);
    return status;
}

void recur_translations_free(recur_translations *t)
{
    if (!t)
        return;
    found *f = (found *)t;
    rcr_arena_free(&f->arena);
    rcr_free(t->cx, f);
}
