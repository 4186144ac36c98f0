// SPDX-License-Identifier: MIT
/*
 * What is in a data set. Texts become sequences of ids of a vocabulary that knows every unit; all that follows is counting
 * ids.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/repeats.h"
#include "data/vocab.h"

typedef struct rcr_description {
    recur_description d; /* what everybody sees */
    recur_vocab *labels; /* the texts of labels */
} rcr_description;

typedef struct work {
    rcr_description *all;
    recur_description *d; /* the same */
    recur_ctx *cx;
    recur_tokenizer *t;
    const recur_parts *parts;
    recur_counts *counts;
    recur_vocab *vocab;
    recur_sequences *texts;
    int64_t *group, *answer_group; /* [n]: the first example with the same text, the same answer */
    unsigned char *part;           /* [n]; RECUR_PARTS: none */
} work;

static void *numbers(recur_ctx *cx, int64_t n, size_t item)
{
    return rcr_alloc_array(cx, (size_t)n, item, "a description of texts");
}

/* ---- lengths ---- */

static int bar_of(int64_t length)
{
    int bar = 0;
    for (; length > 0 && bar < RECUR_LENGTH_BARS - 1; length >>= 1)
        bar++;
    return bar;
}

/* count [longest + 1] is how many sequences are so long; the least length that `percent` do not exceed. */
static int64_t percentile(const int64_t *count, int64_t n, int64_t percent)
{
    int64_t length = 0, seen = count[0];
    while (seen < n * percent / 100 + (n * percent % 100 != 0))
        seen += count[++length];
    return length;
}

recur_status recur_lengths_of(recur_lengths *out, const recur_sequences *s)
{
    *out = (recur_lengths){.n = s->n, .units = s->offset[s->n], .longest = s->longest};
    if (s->n == 0)
        return RECUR_OK;
    int64_t *count = numbers(s->cx, s->longest + 1, sizeof *count);
    if (!count)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < s->n; i++) {
        count[recur_sequence_length(s, i)]++;
        out->bar[bar_of(recur_sequence_length(s, i))]++;
    }
    out->empty = count[0];
    while (count[out->shortest] == 0)
        out->shortest++;
    out->mean = (double)out->units / (double)s->n;
    out->p50 = percentile(count, s->n, 50);
    out->p90 = percentile(count, s->n, 90);
    out->p95 = percentile(count, s->n, 95);
    out->p99 = percentile(count, s->n, 99);
    rcr_free(s->cx, count);
    return RECUR_OK;
}

/* ---- units ---- */

/* Sizes are 1000, 2000, 5000, ... while they are smaller than the vocabulary, and then its own. */
static int64_t next_size(int64_t size)
{
    int64_t first = size;
    while (first >= 10)
        first /= 10;
    return first == 2 ? size / 2 * 5 : size * 2;
}

static recur_status describe_units(work *w)
{
    rcr_entry *entries;
    const rcr_entry **order;
    recur_description *d = w->d;
    recur_status s = rcr_counts_sorted(w->counts, &entries, &order);
    if (s != RECUR_OK)
        return s;
    d->units = recur_counts_total(w->counts);
    d->kinds = recur_counts_size(w->counts);
    int64_t covered = 0, k = 0, size = 1000;
    for (int64_t i = 0; i < d->kinds; i++)
        d->once += order[i]->times == 1;
    for (; d->kinds > 0 && d->n_coverage < RECUR_COVERAGE_STEPS && k < d->kinds; size = next_size(size)) {
        int64_t up_to = size < d->kinds && d->n_coverage < RECUR_COVERAGE_STEPS - 1 ? size : d->kinds;
        for (; k < up_to; k++)
            covered += order[k]->times;
        d->coverage[d->n_coverage++] = (recur_coverage_step){up_to, (double)covered / (double)d->units};
    }
    rcr_free(w->cx, (void *)order);
    rcr_free(w->cx, entries);
    return RECUR_OK;
}

/* What of each part the training part knows. */
static recur_status describe_known(work *w)
{
    const recur_sequences *s = w->texts;
    int64_t V = recur_vocab_size(w->vocab);
    bool *known = numbers(w->cx, V, sizeof *known);
    unsigned char *seen = known ? numbers(w->cx, V, sizeof *seen) : NULL;
    for (int64_t i = 0; seen && i < s->n; i++)
        for (int64_t k = s->offset[i]; k < s->offset[i + 1]; k++)
            known[s->id[k]] = known[s->id[k]] || w->part[i] == RECUR_PART_TRAIN;
    for (int64_t i = 0; seen && i < s->n; i++) {
        recur_coverage *c = &w->d->known[w->part[i] < RECUR_PARTS ? w->part[i] : 0];
        for (int64_t k = s->offset[i]; w->part[i] < RECUR_PARTS && k < s->offset[i + 1]; k++) {
            int32_t id = s->id[k];
            bool first = !(seen[id] >> w->part[i] & 1);
            seen[id] = (unsigned char)(seen[id] | 1 << w->part[i]);
            c->units++;
            c->known += known[id];
            c->kinds += first;
            c->known_kinds += first && known[id];
        }
    }
    rcr_free(w->cx, known);
    rcr_free(w->cx, seen);
    return seen ? RECUR_OK : RECUR_ENOMEM;
}

/* ---- labels, most frequent first ---- */

static recur_status describe_labels(work *w, const recur_counts *labels)
{
    rcr_entry *entries;
    const rcr_entry **order;
    recur_description *d = w->d;
    recur_status s = rcr_counts_sorted(labels, &entries, &order);
    if (s != RECUR_OK)
        return s;
    s = recur_vocab_create(&w->all->labels, labels, NULL); /* in the same order, and its texts stay */
    recur_span *label = numbers(w->cx, recur_counts_size(labels), sizeof *label);
    int64_t *count = numbers(w->cx, recur_counts_size(labels), sizeof *count);
    d->label = label;
    d->label_count = count;
    if (s == RECUR_OK && (!label || !count))
        s = RECUR_ENOMEM;
    for (int64_t k = 0; s == RECUR_OK && k < recur_counts_size(labels); k++) {
        label[k] = recur_vocab_text(w->all->labels, k);
        count[k] = order[k]->times;
        d->n_labels++;
    }
    rcr_free(w->cx, (void *)order);
    rcr_free(w->cx, entries);
    return s;
}

/* ---- repeats ---- */

static void count_repeats(work *w, const bool *near, const bool *like_train, const bool *trained)
{
    recur_repeats *r = &w->d->repeats;
    for (int64_t i = 0; i < w->d->n; i++) {
        int64_t g = w->group[i];
        bool other = w->part[i] != RECUR_PART_TRAIN && w->part[i] < RECUR_PARTS;
        r->repeated += g != i;
        r->conflicting += g != i && w->answer_group && w->answer_group[g] != w->answer_group[i];
        r->near += g == i && near[i];
        if (other && trained[g])
            r->leaked[w->part[i]]++;
        else if (other && like_train[i])
            r->leaked_near[w->part[i]]++;
    }
}

static recur_status describe_repeats(work *w)
{
    int64_t n = w->d->n;
    bool *near = numbers(w->cx, n, sizeof *near), *like_train = numbers(w->cx, n, sizeof *like_train);
    bool *trained = numbers(w->cx, n, sizeof *trained); /* a training example is in this group */
    recur_status s = near && like_train && trained ? rcr_sequences_groups(w->texts, w->group) : RECUR_ENOMEM;
    if (s == RECUR_OK)
        s = rcr_near_sequences(w->texts, w->group, w->part, near, like_train);
    for (int64_t i = 0; s == RECUR_OK && i < n; i++)
        trained[w->group[i]] = trained[w->group[i]] || w->part[i] == RECUR_PART_TRAIN;
    if (s == RECUR_OK)
        count_repeats(w, near, like_train, trained);
    rcr_free(w->cx, near);
    rcr_free(w->cx, like_train);
    rcr_free(w->cx, trained);
    return s;
}

/* ---- all of it ---- */

static recur_status begin(work *w, int64_t n)
{
    w->all = rcr_alloc_zero(w->cx, sizeof *w->all, "a description of texts");
    if (!w->all)
        return RECUR_ENOMEM;
    w->d = &w->all->d;
    w->d->cx = w->cx;
    w->d->n = n;
    w->group = numbers(w->cx, n, sizeof *w->group);
    w->part = numbers(w->cx, n, sizeof *w->part);
    if (!w->group || !w->part)
        return RECUR_ENOMEM;
    memset(w->part, w->parts ? RECUR_PARTS : RECUR_PART_TRAIN, (size_t)n);
    for (int p = 0; w->parts && p < RECUR_PARTS; p++)
        for (int64_t k = 0; k < w->parts->n[p]; k++) {
            int64_t i = w->parts->index[p][k];
            if (i < 0 || i >= n)
                return rcr_fail(w->cx, RECUR_EINVAL, "example %lld of a part is not in 0 .. %lld",
                                (long long)i, (long long)n - 1);
            w->part[i] = (unsigned char)p;
        }
    return recur_counts_create(&w->counts, w->cx);
}

/* Counts are there: the vocabulary of all units. */
static recur_status know_all(work *w)
{
    return recur_vocab_create(&w->vocab, w->counts, &(recur_vocab_options){.specials = true});
}

/* Texts and groups of answers are there: what corpora and sentences have in common. */
static recur_status describe(work *w)
{
    recur_status s = recur_lengths_of(&w->d->text, w->texts);
    if (s == RECUR_OK)
        s = describe_units(w);
    if (s == RECUR_OK)
        s = describe_known(w);
    return s == RECUR_OK ? describe_repeats(w) : s;
}

static recur_status finish(recur_description **out, work *w, recur_status s)
{
    recur_counts_free(w->counts);
    recur_vocab_free(w->vocab);
    recur_sequences_free(w->texts);
    rcr_free(w->cx, w->group);
    rcr_free(w->cx, w->answer_group);
    rcr_free(w->cx, w->part);
    if (s == RECUR_OK)
        *out = w->d;
    else if (w->all)
        recur_description_free(w->d);
    return s;
}

void recur_description_free(recur_description *d)
{
    if (!d)
        return;
    recur_ctx *cx = d->cx;
    rcr_free(cx, (void *)(uintptr_t)d->label);
    rcr_free(cx, (void *)(uintptr_t)d->label_count);
    rcr_description *all = (rcr_description *)(void *)d;
    recur_vocab_free(all->labels);
    rcr_free(cx, all);
}

/* ---- corpora ---- */

static recur_status corpus_labels(work *w, const recur_corpus *c)
{
    recur_counts *labels;
    recur_status s = recur_counts_create(&labels, w->cx);
    if (s == RECUR_OK)
        s = recur_corpus_count_labels(c, NULL, 0, labels);
    if (s == RECUR_OK)
        s = describe_labels(w, labels);
    recur_counts_free(labels);
    return s;
}

/* Of answers that are texts the lengths are told; what their units are does not matter. */
static recur_status corpus_answers(work *w, const recur_corpus *c)
{
    recur_sequences *answers = NULL;
    recur_status s = recur_corpus_encode(&answers, c, RECUR_SIDE_ANSWER, w->t, w->vocab, 0);
    if (s == RECUR_OK)
        s = recur_lengths_of(&w->d->answer, answers);
    recur_sequences_free(answers);
    return s;
}

recur_status recur_corpus_describe(recur_description **out, const recur_corpus *c, bool labels,
                                   recur_tokenizer *t, const recur_parts *parts)
{
    work w = {.cx = c->cx, .t = t, .parts = parts};
    *out = NULL;
    recur_status s = begin(&w, c->n);
    if (s == RECUR_OK)
        s = recur_corpus_count(c, RECUR_SIDE_TEXT, NULL, 0, t, w.counts);
    if (s == RECUR_OK)
        s = know_all(&w);
    if (s == RECUR_OK)
        s = recur_corpus_encode(&w.texts, c, RECUR_SIDE_TEXT, t, w.vocab, 0);
    if (s == RECUR_OK && c->answer) {
        w.answer_group = numbers(w.cx, c->n, sizeof *w.answer_group);
        s = w.answer_group ? recur_corpus_groups(c, RECUR_SIDE_ANSWER, w.answer_group) : RECUR_ENOMEM;
    }
    if (s == RECUR_OK && c->answer)
        s = labels ? corpus_labels(&w, c) : corpus_answers(&w, c);
    if (s == RECUR_OK)
        s = describe(&w);
    return finish(out, &w, s);
}

/* ---- sentences ---- */

static recur_status sentence_tags(work *w, const recur_sentences *s)
{
    recur_counts *tags;
    recur_vocab *v = NULL;
    recur_sequences *answers = NULL;
    recur_status status = recur_counts_create(&tags, w->cx);
    if (status == RECUR_OK)
        status = recur_sentences_count_tags(s, NULL, 0, tags);
    if (status == RECUR_OK)
        status = describe_labels(w, tags);
    if (status == RECUR_OK)
        status = recur_vocab_create(&v, tags, NULL);
    if (status == RECUR_OK)
        status = recur_sentences_encode_tags(&answers, s, w->t, v);
    if (status == RECUR_OK) {
        w->answer_group = numbers(w->cx, s->n, sizeof *w->answer_group);
        status = w->answer_group ? rcr_sequences_groups(answers, w->answer_group) : RECUR_ENOMEM;
    }
    recur_sequences_free(answers);
    recur_vocab_free(v);
    recur_counts_free(tags);
    return status;
}

recur_status recur_sentences_describe(recur_description **out, const recur_sentences *s, recur_tokenizer *t,
                                      const recur_parts *parts)
{
    work w = {.cx = s->cx, .t = t, .parts = parts};
    *out = NULL;
    recur_status status = begin(&w, s->n);
    if (status == RECUR_OK)
        status = recur_sentences_count(s, NULL, 0, t, w.counts);
    if (status == RECUR_OK)
        status = know_all(&w);
    if (status == RECUR_OK)
        status = recur_sentences_encode(&w.texts, s, t, w.vocab);
    if (status == RECUR_OK && s->tag)
        status = sentence_tags(&w, s);
    if (status == RECUR_OK)
        status = describe(&w);
    return finish(out, &w, status);
}
