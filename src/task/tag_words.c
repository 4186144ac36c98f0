// SPDX-License-Identifier: MIT
/* What a tagger knows: words, characters, tags, and which tag may follow which. */
#include "base/alloc.h"
#include "base/error.h"
#include "task/tag.h"

recur_status rcr_tag_words_open(rcr_tag_words *w, recur_ctx *cx, const recur_tag_config *c)
{
    recur_text_config chars = c->text;
    chars.unit = RECUR_UNIT_CHAR;
    chars.lowercase = false;
    chars.vocab = 0;
    chars.min_count = 1;
    *w = (rcr_tag_words){.cx = cx};
    recur_status status = rcr_lexicon_open(&w->words, cx, &c->text, 0);
    return status == RECUR_OK ? rcr_lexicon_open(&w->chars, cx, &chars, 0) : status;
}

/* The scheme of the tags, and its rules. */
static recur_status know_tags(rcr_tag_words *w)
{
    int64_t K = recur_vocab_size(w->tags);
    w->names = rcr_alloc_array(w->cx, (size_t)K, sizeof *w->names, "tags");
    if (!w->names)
        return RECUR_ENOMEM;
    for (int64_t k = 0; k < K; k++)
        w->names[k] = recur_vocab_text(w->tags, k).text;
    w->scheme = recur_scheme_of(w->names, K);
    if (w->scheme == RECUR_SCHEME_NONE)
        return RECUR_OK;
    recur_status status = recur_crf_rules_create(&w->rules, w->cx, K);
    if (status == RECUR_OK)
        recur_crf_forbid_scheme(w->rules, w->scheme, w->names);
    return status;
}

typedef recur_status count_words(const recur_sentences *s, const int64_t *index, int64_t n,
                                 recur_tokenizer *t, recur_counts *counts);

static recur_status learn(rcr_lexicon *l, rcr_tag_words *w, count_words *count, const recur_sentences *s,
                          const int64_t *index, int64_t n)
{
    recur_counts *counts;
    recur_status status = recur_counts_create(&counts, w->cx);
    if (status == RECUR_OK)
        status = count(s, index, n, l->tokenizer, counts);
    if (status == RECUR_OK)
        status = rcr_lexicon_learn(l, w->cx, counts);
    recur_counts_free(counts);
    return status;
}

static recur_status learn_tags(rcr_tag_words *w, const recur_sentences *s, const int64_t *index, int64_t n)
{
    recur_counts *counts;
    recur_status status = recur_counts_create(&counts, w->cx);
    if (status == RECUR_OK)
        status = recur_sentences_count_tags(s, index, n, counts);
    if (status == RECUR_OK)
        status = recur_vocab_create(&w->tags, counts, &(recur_vocab_options){.sorted = true});
    recur_counts_free(counts);
    return status == RECUR_OK ? know_tags(w) : status;
}

recur_status rcr_tag_words_learn(rcr_tag_words *w, const recur_sentences *s, const int64_t *index, int64_t n)
{
    recur_status status = learn(&w->words, w, recur_sentences_count, s, index, n);
    if (status == RECUR_OK)
        status = learn(&w->chars, w, recur_sentences_count_units, s, index, n);
    return status == RECUR_OK ? learn_tags(w, s, index, n) : status;
}

recur_status rcr_tag_words_read(rcr_tag_words *w, const rcr_model_file *f)
{
    recur_status status = rcr_lexicon_read(&w->words, f, "vocab");
    if (status == RECUR_OK)
        status = rcr_lexicon_read(&w->chars, f, "characters");
    if (status == RECUR_OK)
        status = rcr_vocab_of_file(&w->tags, f, "tags", false);
    return status == RECUR_OK ? know_tags(w) : status;
}

void rcr_tag_words_close(rcr_tag_words *w)
{
    recur_crf_rules_free(w->rules);
    rcr_free(w->cx, w->names);
    recur_vocab_free(w->tags);
    rcr_lexicon_close(&w->chars);
    rcr_lexicon_close(&w->words);
    *w = (rcr_tag_words){0};
}
