// SPDX-License-Identifier: MIT
/* Text as ids: a tokenizer and a vocabulary that stay together. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "task/encoder.h"
#include "train/run.h"

recur_status rcr_lexicon_open(rcr_lexicon *l, recur_ctx *cx, const recur_text_config *c, unsigned flags)
{
    *l = (rcr_lexicon){0};
    return recur_tokenizer_create(&l->tokenizer, cx, c, flags);
}

recur_status rcr_lexicon_learn(rcr_lexicon *l, recur_ctx *cx, const recur_counts *counts)
{
    const recur_text_config *c = recur_tokenizer_config(l->tokenizer);
    recur_status status = recur_vocab_create(
        &l->vocab, counts,
        &(recur_vocab_options){.specials = true, .size = c->vocab, .min_count = c->min_count});
    if (status != RECUR_OK || recur_vocab_size(l->vocab) > RECUR_SPECIALS)
        return status;
    if (recur_counts_size(counts) == 0)
        return rcr_fail(cx, RECUR_EFORMAT, "the training part has no text: all of it is empty");
    return rcr_fail(
        cx, RECUR_EINVAL,
        "--min-count %lld leaves no units: none of the %lld in the training part is that frequent",
        (long long)c->min_count, (long long)recur_counts_size(counts));
}

recur_status rcr_vocab_of_file(recur_vocab **out, const rcr_model_file *f, const char *key, bool specials)
{
    const char *json;
    *out = NULL;
    recur_status status = rcr_model_file_meta(f, key, &json);
    if (status == RECUR_OK)
        status = recur_vocab_parse(out, f->cx, json, strlen(json), f->path);
    if (status != RECUR_OK || recur_vocab_specials(*out) == specials)
        return status;
    recur_vocab_free(*out);
    *out = NULL;
    return rcr_fail(f->cx, RECUR_EFORMAT, "%s: the %s in the metadata must%s have special units", f->path,
                    key, specials ? "" : " not");
}

recur_status rcr_lexicon_read(rcr_lexicon *l, const rcr_model_file *f, const char *key)
{
    return rcr_vocab_of_file(&l->vocab, f, key, true);
}

void rcr_lexicon_close(rcr_lexicon *l)
{
    recur_vocab_free(l->vocab);
    recur_tokenizer_free(l->tokenizer);
    *l = (rcr_lexicon){0};
}

rcr_ids rcr_ids_of(recur_tape *tp, const recur_sequences *s, const int64_t *index, int64_t B)
{
    rcr_ids in = {.lengths = recur_input(tp, RECUR_I64, 1, &B, NULL), .B = B};
    if (!in.lengths)
        return in;
    in.T = recur_pad_lengths(s, index, B, recur_i64(in.lengths));
    if (in.T == 0) /* empty texts alone: a step that nobody reads */
        in.T = 1;
    in.ids = recur_input(tp, RECUR_I64, 2, (int64_t[]){B, in.T}, NULL);
    if (in.ids)
        recur_pad(s, index, B, in.T, RECUR_BATCH_MAJOR, RECUR_PAD, recur_i64(in.ids));
    return in;
}

recur_status rcr_encoder_vectors(rcr_encoder *e, const recur_vocab *vocab, const char *path,
                                 const recur_run *run)
{
    char text[256];
    recur_vectors found;
    recur_status status = recur_vectors_read(vocab, path, e->E, recur_f32(e->embedding.weight), NULL, &found);
    if (status != RECUR_OK)
        return status;
    snprintf(text, sizeof text, "%s: vectors for %lld of the %lld words", path, (long long)found.found,
             (long long)(recur_vocab_size(vocab) - RECUR_SPECIALS));
    rcr_run_note(run, text);
    return RECUR_OK;
}
