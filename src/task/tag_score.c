// SPDX-License-Identifier: MIT
/* How good tags are: the model's, and each word's most frequent one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/tag.h"

enum { SCORE_BATCH = 64 };

/* What is counted over the sentences of a part. */
typedef struct tally {
    const rcr_tag_words *w;
    recur_entities *entities; /* NULL where the tags have no scheme */
    rcr_names strange;        /* with entities: tags that the model does not know, numbered behind its own */
    int64_t words, right;
    double loss; /* sum over the words that count for it */
    int64_t loss_words;
} tally;

static recur_status find_strange(rcr_names *strange, const rcr_tag_source *s, int64_t sentence)
{
    recur_status status = RECUR_OK;
    const int32_t *id = s->tags->id + s->tags->offset[sentence];
    const recur_span *tag = s->sentences->tag + s->sentences->offset[sentence];
    size_t number;
    for (int64_t t = 0; t < recur_sequence_length(s->tags, sentence) && status == RECUR_OK; t++)
        if (id[t] < 0)
            status = rcr_names_add(strange, tag[t].text, tag[t].size, &number);
    return status;
}

/* Entities of all tags, the strange ones included: what the model cannot find was there all the same. */
static recur_status make_entities(tally *a)
{
    int64_t K = recur_vocab_size(a->w->tags), S = (int64_t)a->strange.n;
    const char **names = rcr_alloc_array(a->w->cx, (size_t)(K + S), sizeof *names, "tags");
    if (!names)
        return RECUR_ENOMEM;
    memcpy(names, a->w->names, (size_t)K * sizeof *names);
    for (int64_t i = 0; i < S; i++) {
        const char *name = rcr_names_text(&a->strange, (size_t)i).text;
        names[K + i] = recur_span_tag_of(name).part ? name : "O";
    }
    recur_status status = recur_entities_create(&a->entities, a->w->cx, names, K + S, RECUR_ENTITY_CONLL);
    rcr_free(a->w->cx, names);
    return status;
}

static recur_status tally_begin(tally *a, const rcr_tag_words *w, const rcr_tag_part *p)
{
    recur_status status = RECUR_OK;
    *a = (tally){.w = w, .strange.cx = w->cx};
    if (!w->spans)
        return RECUR_OK;
    for (int64_t i = 0; i < p->n && status == RECUR_OK; i++)
        status = find_strange(&a->strange, p->source, p->index ? p->index[i] : i);
    return status == RECUR_OK ? make_entities(a) : status;
}

static void tally_close(tally *a)
{
    recur_entities_free(a->entities);
    rcr_names_free(&a->strange);
}

static void tally_add(tally *a, const int64_t *target, const int64_t *tag, int64_t n)
{
    for (int64_t t = 0; t < n; t++)
        a->right += target[t] == tag[t];
    a->words += n;
    if (a->entities)
        recur_entities_add(a->entities, target, tag, n);
}

/* Fills in the score and hands over the entities. */
static void tally_end(tally *a, recur_score *score, recur_entities **entities)
{
    *score = (recur_score){.count = a->words};
    rcr_score_add(score, "loss", a->loss_words > 0 ? a->loss / (double)a->loss_words : NAN);
    rcr_score_add(score, "accuracy", a->words > 0 ? (double)a->right / (double)a->words : NAN);
    if (a->entities) {
        recur_entity_score e = recur_entities_score(a->entities);
        rcr_score_add(score, "precision", e.precision);
        rcr_score_add(score, "recall", e.recall);
        rcr_score_add(score, "f1", e.f1);
    }
    if (entities) {
        *entities = a->entities;
        a->entities = NULL;
    }
}

/* ---- the model ---- */

static recur_status target_of(const tally *a, const rcr_tag_source *s, int64_t sentence, int64_t T,
                              int64_t **target)
{
    const recur_span *tag = s->sentences->tag + s->sentences->offset[sentence];
    *target = rcr_alloc_array(a->w->cx, (size_t)T, sizeof **target, "tags");
    if (!*target)
        return RECUR_ENOMEM;
    recur_pad(s->tags, &sentence, 1, T, RECUR_BATCH_MAJOR, -1, *target);
    for (int64_t t = 0; a->strange.n > 0 && t < recur_sequence_length(s->tags, sentence); t++)
        if ((*target)[t] < 0)
            (*target)[t] =
                recur_vocab_size(a->w->tags) + (int64_t)rcr_names_find(&a->strange, tag[t].text, tag[t].size);
    return RECUR_OK;
}

static recur_status tally_batch(tally *a, const rcr_tag_source *s, const recur_bucket *b, const int64_t *best,
                                int64_t T)
{
    for (int64_t i = 0; i < b->B; i++) {
        int64_t *target;
        recur_status status = target_of(a, s, b->index[i], T, &target);
        if (status != RECUR_OK)
            return status;
        tally_add(a, target, best + i * T, b->lengths[i]);
        rcr_free(a->w->cx, target);
    }
    return RECUR_OK;
}

static recur_status score_batch(tally *a, recur_tape *tp, rcr_tag_net *net, const rcr_tag_source *s,
                                const recur_bucket *b)
{
    rcr_tag_batch batch;
    int64_t words;
    recur_tape_begin(tp, RECUR_INFER);
    recur_status status = rcr_tag_forward(tp, net, s, b->index, b->B, &batch);
    if (status != RECUR_OK)
        return status;
    recur_tensor *loss = rcr_tag_loss(tp, net, s, b->index, &batch, &words);
    const int64_t *best = loss ? rcr_tag_best(tp, net, &batch) : NULL;
    if (!best)
        return recur_error(a->w->cx, NULL);
    if (words > 0) /* a mean over nothing is NaN */
        a->loss += recur_item(loss, 0) * (double)words;
    a->loss_words += words;
    return tally_batch(a, s, b, best, batch.words.T);
}

static recur_status score_all(tally *a, recur_tape *tp, rcr_tag_net *net, const rcr_tag_part *p)
{
    recur_buckets *buckets;
    recur_bucket b;
    recur_status status = recur_buckets_create(&buckets, p->source->words, p->index, p->n,
                                               &(recur_bucket_options){.batch = SCORE_BATCH});
    while (status == RECUR_OK && recur_buckets_next(buckets, &b))
        status = score_batch(a, tp, net, p->source, &b);
    recur_buckets_free(buckets);
    return status;
}

recur_status rcr_tag_part_score(recur_tape *tp, rcr_tag_net *net, const rcr_tag_words *w,
                                const rcr_tag_part *p, recur_score *score, recur_entities **entities)
{
    tally a;
    *score = (recur_score){0};
    if (entities)
        *entities = NULL;
    if (p->n == 0)
        return RECUR_OK;
    recur_status status = tally_begin(&a, w, p);
    if (status == RECUR_OK)
        status = score_all(&a, tp, net, p);
    if (status == RECUR_OK)
        tally_end(&a, score, entities);
    tally_close(&a);
    return status;
}

/* ---- the most frequent tag of each word ---- */

/* How words of the training part are tagged: pairs word * K + tag, sorted. */
typedef struct habits {
    recur_ctx *cx;
    rcr_names words;
    int64_t K, n;
    int64_t *pair; /* [n] */
    int64_t *tag;  /* [words]: the most frequent of each */
    int64_t usual; /* of all */
} habits;

static void habits_free(habits *h)
{
    rcr_names_free(&h->words);
    rcr_free(h->cx, h->pair);
    rcr_free(h->cx, h->tag);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t part_words(const rcr_tag_part *p)
{
    int64_t n = 0;
    for (int64_t i = 0; i < p->n; i++)
        n += recur_sequence_length(p->source->tags, p->index ? p->index[i] : i);
    return n;
}

static recur_status collect_sentence(habits *h, const rcr_tag_source *s, int64_t sentence)
{
    const int32_t *tag = s->tags->id + s->tags->offset[sentence];
    const recur_span *token = s->sentences->token + s->sentences->offset[sentence];
    for (int64_t t = 0; t < recur_sequence_length(s->tags, sentence); t++) {
        size_t word;
        recur_status status = rcr_names_add(&h->words, token[t].text, token[t].size, &word);
        if (status != RECUR_OK)
            return status;
        h->pair[h->n++] = (int64_t)word * h->K + tag[t];
    }
    return RECUR_OK;
}

static recur_status collect(habits *h, const rcr_tag_part *p)
{
    recur_status status = RECUR_OK;
    h->pair = rcr_alloc_array(h->cx, (size_t)part_words(p), sizeof *h->pair, "words");
    if (!h->pair)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < p->n && status == RECUR_OK; i++)
        status = collect_sentence(h, p->source, p->index ? p->index[i] : i);
    return status;
}

/* The first of equals: the tag of the smaller number. */
static void choose_tags(habits *h, int64_t *count)
{
    qsort(h->pair, (size_t)h->n, sizeof *h->pair, ascending);
    int64_t best = 0, word = -1;
    for (int64_t i = 0, j; i < h->n; i = j) {
        for (j = i; j < h->n && h->pair[j] == h->pair[i];)
            j++;
        if (h->pair[i] / h->K != word)
            best = 0;
        word = h->pair[i] / h->K;
        if (j - i > best) {
            best = j - i;
            h->tag[word] = h->pair[i] % h->K;
        }
        count[h->pair[i] % h->K] += j - i;
    }
    for (int64_t k = 1; k < h->K; k++)
        h->usual = count[k] > count[h->usual] ? k : h->usual;
}

static recur_status learn_habits(habits *h, const rcr_tag_words *w, const rcr_tag_part *train)
{
    *h = (habits){.cx = w->cx, .words.cx = w->cx, .K = recur_vocab_size(w->tags)};
    recur_status status = collect(h, train);
    if (status != RECUR_OK)
        return status;
    int64_t *count = rcr_alloc_zero(h->cx, (size_t)h->K * sizeof *count, "tags");
    h->tag = rcr_alloc_array(h->cx, h->words.n, sizeof *h->tag, "tags");
    if (count && h->tag)
        choose_tags(h, count);
    rcr_free(h->cx, count);
    return count && h->tag ? RECUR_OK : RECUR_ENOMEM;
}

static recur_status follow_habits(tally *a, const habits *h, const rcr_tag_source *s, int64_t sentence)
{
    int64_t T = recur_sequence_length(s->tags, sentence), *target = NULL;
    int64_t *tag = rcr_alloc_array(h->cx, (size_t)T, sizeof *tag, "tags");
    recur_status status = tag ? target_of(a, s, sentence, T, &target) : RECUR_ENOMEM;
    const recur_span *token = s->sentences->token + s->sentences->offset[sentence];
    for (int64_t t = 0; status == RECUR_OK && t < T; t++) {
        size_t word = rcr_names_find(&h->words, token[t].text, token[t].size);
        tag[t] = word == SIZE_MAX ? h->usual : h->tag[word];
    }
    if (status == RECUR_OK)
        tally_add(a, target, tag, T);
    rcr_free(h->cx, target);
    rcr_free(h->cx, tag);
    return status;
}

recur_status rcr_tag_part_baseline(const rcr_tag_words *w, const rcr_tag_part *train,
                                   const rcr_tag_part *test, recur_score *score)
{
    habits h;
    tally a = {0};
    *score = (recur_score){0};
    if (test->n == 0)
        return RECUR_OK;
    recur_status status = learn_habits(&h, w, train);
    if (status == RECUR_OK)
        status = tally_begin(&a, w, test);
    for (int64_t i = 0; i < test->n && status == RECUR_OK; i++)
        status = follow_habits(&a, &h, test->source, test->index ? test->index[i] : i);
    if (status == RECUR_OK)
        tally_end(&a, score, NULL);
    tally_close(&a);
    habits_free(&h);
    return status;
}
