// SPDX-License-Identifier: MIT
/* The units of a language model, and the unigram: how often each stands in the training part. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/language.h"

recur_status rcr_language_tokenizer(rcr_language_words *w, recur_ctx *cx, const recur_language_config *c)
{
    bool words = c->text.unit == RECUR_UNIT_WORD || c->text.unit == RECUR_UNIT_SPACE;
    unsigned flags = words ? RECUR_TOKENS_LINES : 0;
    if (c->text.unit == RECUR_UNIT_WORD)
        flags |= RECUR_TOKENS_JOINERS;
    *w = (rcr_language_words){.cx = cx};
    return recur_tokenizer_create(&w->tokenizer, cx, &c->text, flags);
}

/* p(u) = (count(u) + 1) / (N + V'), V' the units that a text can have: all but PAD, BOS and EOS (Laplace). */
static recur_status make_unigram(rcr_language_words *w, const double *count)
{
    int64_t V = recur_vocab_size(w->vocab);
    double N = 0;
    w->unigram = rcr_alloc_array(w->cx, (size_t)V, sizeof *w->unigram, "a unigram");
    if (!w->unigram)
        return RECUR_ENOMEM;
    for (int64_t v = 0; v < V; v++)
        N += count[v];
    for (int64_t v = 0; v < V; v++) {
        bool never = v == RECUR_PAD || v == RECUR_BOS || v == RECUR_EOS;
        w->unigram[v] = never ? -INFINITY : log((count[v] + 1) / (N + (double)(V - RECUR_SPECIALS + 1)));
    }
    return RECUR_OK;
}

static recur_status count_ids(rcr_language_words *w, const recur_counts *counts)
{
    int64_t V = recur_vocab_size(w->vocab), times;
    double *count = rcr_alloc_array(w->cx, (size_t)V, sizeof *count, "a unigram");
    if (!count)
        return RECUR_ENOMEM;
    memset(count, 0, (size_t)V * sizeof *count);
    for (int64_t i = 0; i < recur_counts_size(counts); i++) {
        recur_span unit = recur_counts_at(counts, i, &times);
        int64_t id = recur_vocab_find(w->vocab, unit.text, unit.size);
        count[id < 0 ? RECUR_UNK : id] += (double)times;
    }
    recur_status status = make_unigram(w, count);
    rcr_free(w->cx, count);
    return status;
}

recur_status rcr_language_count(rcr_language_words *w, const recur_text_config *c, recur_stream *s,
                                int64_t from, int64_t to)
{
    recur_counts *counts;
    const recur_vocab_options options = {.specials = true, .size = c->vocab, .min_count = c->min_count};
    recur_status status = recur_counts_create(&counts, w->cx);
    if (status != RECUR_OK)
        return status;
    status = recur_stream_count(s, from, to, counts);
    if (status == RECUR_OK)
        status = recur_vocab_create(&w->vocab, counts, &options);
    if (status == RECUR_OK)
        status = count_ids(w, counts);
    recur_counts_free(counts);
    return status;
}

/* ---- metadata ---- */

void rcr_language_words_write(rcr_doc *j, const rcr_language_words *w)
{
    rcr_doc_array(j, NULL);
    for (int64_t v = 0; v < recur_vocab_size(w->vocab); v++)
        rcr_doc_real(j, NULL, w->unigram[v]);
    rcr_doc_end(j, ']');
}

static recur_status bad_unigram(const rcr_model_file *f)
{
    return rcr_fail(f->cx, RECUR_EFORMAT, "%s: \"unigram\" in the metadata does not fit the vocabulary",
                    f->path);
}

static recur_status read_numbers(rcr_language_words *w, const rcr_model_file *f, const json_t *list)
{
    size_t V = (size_t)recur_vocab_size(w->vocab), v;
    json_t *item;
    if (!json_is_array(list) || json_array_size(list) != V)
        return bad_unigram(f);
    w->unigram = rcr_alloc_array(w->cx, V, sizeof *w->unigram, "a unigram");
    if (!w->unigram)
        return RECUR_ENOMEM;
    json_array_foreach(list, v, item)
    {
        if (!json_is_null(item) && !(json_is_number(item) && json_number_value(item) <= 0))
            return bad_unigram(f);
        w->unigram[v] = json_is_null(item) ? -INFINITY : json_number_value(item);
    }
    return RECUR_OK;
}

recur_status rcr_language_words_read(rcr_language_words *w, const rcr_model_file *f)
{
    const char *vocab, *unigram;
    recur_status status = rcr_model_file_meta(f, "vocab", &vocab);
    if (status == RECUR_OK)
        status = rcr_model_file_meta(f, "unigram", &unigram);
    if (status == RECUR_OK)
        status = recur_vocab_parse(&w->vocab, w->cx, vocab, strlen(vocab), f->path);
    if (status != RECUR_OK)
        return status;
    if (!recur_vocab_specials(w->vocab))
        return rcr_fail(f->cx, RECUR_EFORMAT, "%s: the vocabulary has no special units", f->path);
    json_t *list = json_loads(unigram, 0, NULL);
    status = read_numbers(w, f, list);
    json_decref(list);
    return status;
}

void rcr_language_words_free(rcr_language_words *w)
{
    rcr_free(w->cx, w->unigram);
    recur_vocab_free(w->vocab);
    recur_tokenizer_free(w->tokenizer);
    *w = (rcr_language_words){0};
}
