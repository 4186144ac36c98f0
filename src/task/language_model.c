// SPDX-License-Identifier: MIT
/* A trained language model: opening it, scoring a text with it, writing with it. */
#include "base/alloc.h"
#include "base/error.h"
#include "data/unit.h"
#include "task/language.h"

struct recur_language {
    recur_ctx *cx;
    rcr_model_file file; /* owns the texts of the configuration */
    rcr_language_words words;
    rcr_language_net net;
    recur_tape *tape;
};

static recur_status open_file(recur_language *lm, const char *path)
{
    recur_language_config c;
    recur_status status = rcr_model_file_open(&lm->file, lm->cx, &rcr_language_task, path, &c);
    if (status == RECUR_OK)
        status = rcr_language_check(lm->cx, &c);
    if (status != RECUR_OK)
        return status;
    rcr_language_settle(&c);
    status = rcr_language_tokenizer(&lm->words, lm->cx, &c);
    if (status == RECUR_OK)
        status = rcr_language_words_read(&lm->words, &lm->file);
    if (status == RECUR_OK)
        status = rcr_language_net_create(&lm->net, lm->cx, &c, recur_vocab_size(lm->words.vocab), &lm->file);
    return status == RECUR_OK ? recur_tape_create(&lm->tape, lm->cx, 0) : status;
}

recur_status recur_language_open(recur_language **out, recur_ctx *cx, const char *path)
{
    *out = NULL;
    recur_language *lm = rcr_alloc_zero(cx, sizeof *lm, "a language model");
    if (!lm)
        return RECUR_ENOMEM;
    lm->cx = lm->file.cx = lm->words.cx = cx;
    recur_status status = open_file(lm, path);
    if (status == RECUR_OK)
        *out = lm;
    else
        recur_language_free(lm);
    return status;
}

void recur_language_free(recur_language *lm)
{
    if (!lm)
        return;
    recur_tape_free(lm->tape);
    rcr_language_net_free(&lm->net);
    rcr_language_words_free(&lm->words);
    rcr_model_file_close(&lm->file);
    rcr_free(lm->cx, lm);
}

const recur_language_config *recur_language_config_of(const recur_language *lm)
{
    return &lm->net.config;
}

const recur_vocab *recur_language_vocab(const recur_language *lm)
{
    return lm->words.vocab;
}

void recur_language_lossy(recur_language *lm, bool lossy)
{
    rcr_tokenizer_lossy(lm->words.tokenizer, lossy);
}

recur_status recur_language_evaluate(recur_language *lm, const char *path, recur_score *score,
                                     recur_score *baseline)
{
    recur_stream *s;
    recur_status status = recur_stream_open(&s, lm->words.tokenizer, path);
    if (status != RECUR_OK)
        return status;
    const rcr_language_part all = {s, 0, recur_stream_size(s)};
    if (all.to == 0)
        status = rcr_fail(lm->cx, RECUR_EFORMAT, "%s: the text is empty", path);
    if (status == RECUR_OK)
        status = rcr_language_part_score(lm->tape, &lm->net, &lm->words, &all, score);
    if (status == RECUR_OK && baseline)
        status = rcr_language_part_unigram(&lm->words, &all, baseline);
    recur_stream_free(s);
    return status;
}

recur_generation recur_generation_defaults(void)
{
    return (recur_generation){.length = 500, .sampling = {.temperature = 0.8, .seed = 1}};
}

recur_status recur_language_generate(recur_language *lm, const recur_generation *g, recur_write_text *write,
                                     void *user)
{
    return rcr_language_write(&lm->net, &lm->words, g, write, user);
}
