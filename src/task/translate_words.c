// SPDX-License-Identifier: MIT
/* The words of both sides: tokenizers, vocabularies, and text as a reader sees it. */
#include <string.h>

#include "base/error.h"
#include "task/translate.h"

recur_status rcr_translate_words_open(rcr_translate_words *w, recur_ctx *cx, const recur_translate_config *c)
{
    const unsigned flags = c->text.unit == RECUR_UNIT_WORD ? RECUR_TOKENS_JOINERS : 0;
    recur_text_config one_more = c->text, whole = c->text;
    one_more.max_length++;
    whole.max_length = 0;
    *w = (rcr_translate_words){.shared = c->share_vocab};
    recur_status status = rcr_lexicon_open(&w->source, cx, &one_more, flags);
    if (status == RECUR_OK)
        status = rcr_lexicon_open(&w->target, cx, &one_more, flags);
    return status == RECUR_OK ? recur_tokenizer_create(&w->whole, cx, &whole, flags) : status;
}

void rcr_translate_words_close(rcr_translate_words *w)
{
    rcr_lexicon_close(&w->source);
    rcr_lexicon_close(&w->target);
    recur_tokenizer_free(w->whole);
    *w = (rcr_translate_words){0};
}

const recur_vocab *rcr_translate_target(const rcr_translate_words *w)
{
    return w->shared ? w->source.vocab : w->target.vocab;
}

static recur_status learn(rcr_lexicon *l, const recur_corpus *c, const recur_side *sides, int n_sides,
                          const int64_t *index, int64_t n)
{
    recur_counts *counts;
    recur_status status = recur_counts_create(&counts, c->cx);
    for (int i = 0; i < n_sides && status == RECUR_OK; i++)
        status = recur_corpus_count(c, sides[i], index, n, l->tokenizer, counts);
    if (status == RECUR_OK)
        status = rcr_lexicon_learn(l, c->cx, counts);
    recur_counts_free(counts);
    return status;
}

recur_status rcr_translate_words_learn(rcr_translate_words *w, const recur_corpus *c, const int64_t *index,
                                       int64_t n)
{
    static const recur_side sides[] = {RECUR_SIDE_TEXT, RECUR_SIDE_ANSWER};
    recur_status status = learn(&w->source, c, sides, w->shared ? 2 : 1, index, n);
    return status == RECUR_OK && !w->shared ? learn(&w->target, c, sides + 1, 1, index, n) : status;
}

recur_status rcr_translate_words_read(rcr_translate_words *w, const rcr_model_file *f)
{
    recur_status status = rcr_lexicon_read(&w->source, f, RCR_META_SOURCE);
    return status == RECUR_OK && !w->shared ? rcr_lexicon_read(&w->target, f, RCR_META_TARGET) : status;
}

recur_status rcr_translate_plain(recur_text **out, const rcr_translate_words *w, recur_span text,
                                 const recur_place *where)
{
    recur_units units;
    recur_status status = recur_tokenize(w->whole, text.text, text.size, where, &units);
    return status == RECUR_OK ? recur_detokenize(out, w->whole, units.unit, units.n) : status;
}
