// SPDX-License-Identifier: MIT
/* A trained translator: opening it, scoring it, asking it. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/unit.h"
#include "task/translate.h"
#include "train/option.h"

struct recur_translate {
    recur_ctx *cx;
    rcr_model_file file; /* owns the texts of the configuration */
    rcr_translate_words words;
    rcr_translate_net net;
    rcr_stepper stepper;
};

/* ---- opening ---- */

/* What training always settles. */
static recur_status check_config(const rcr_model_file *f, const recur_translate_config *c)
{
    recur_status status = rcr_translate_check(f->cx, c);
    if (status == RECUR_OK && (c->max_ratio <= 0 || c->text.max_length <= 0 || c->model.embedding <= 0))
        status = rcr_fail(f->cx, RECUR_EFORMAT,
                          "%s: the configuration leaves max_ratio, max_length or embedding open", f->path);
    return status;
}

static recur_status open_file(recur_translate *t, const char *path)
{
    recur_translate_config c;
    recur_status status = rcr_model_file_open(&t->file, t->cx, &rcr_translate_task, path, &c);
    if (status == RECUR_OK)
        status = check_config(&t->file, &c);
    if (status == RECUR_OK)
        status = rcr_translate_words_open(&t->words, t->cx, &c);
    if (status == RECUR_OK)
        status = rcr_translate_words_read(&t->words, &t->file);
    if (status == RECUR_OK)
        status = rcr_translate_net_create(&t->net, t->cx, &c, &t->words, &t->file);
    return status == RECUR_OK ? rcr_stepper_create(&t->stepper, &t->net) : status;
}

recur_status recur_translate_open(recur_translate **out, recur_ctx *cx, const char *path)
{
    *out = NULL;
    recur_translate *t = rcr_alloc_zero(cx, sizeof *t, "a translator");
    if (!t)
        return RECUR_ENOMEM;
    t->cx = t->file.cx = cx;
    recur_status status = open_file(t, path);
    if (status == RECUR_OK)
        *out = t;
    else
        recur_translate_free(t);
    return status;
}

void recur_translate_free(recur_translate *t)
{
    if (!t)
        return;
    recur_ctx *cx = t->cx;
    rcr_stepper_free(&t->stepper);
    rcr_translate_net_free(&t->net);
    rcr_translate_words_close(&t->words);
    rcr_model_file_close(&t->file);
    rcr_free(cx, t);
}

const recur_translate_config *recur_translate_config_of(const recur_translate *t)
{
    return &t->net.config;
}

const recur_vocab *recur_translate_vocab(const recur_translate *t, recur_side side)
{
    return side == RECUR_SIDE_TEXT ? t->words.source.vocab : rcr_translate_target(&t->words);
}

void recur_translate_lossy(recur_translate *t, bool lossy)
{
    rcr_tokenizer_lossy(t->words.source.tokenizer, lossy);
    rcr_tokenizer_lossy(t->words.target.tokenizer, lossy);
    rcr_tokenizer_lossy(t->words.whole, lossy);
}

bool recur_translate_attends(const recur_translate *t)
{
    return t->net.attends;
}

recur_decoding recur_translate_decoding(const recur_translate *t)
{
    return rcr_translate_decoding(&t->net.config);
}

/* ---- asking ---- */

recur_status recur_translate_texts(recur_translations **out, recur_translate *t, const recur_span *text,
                                   const recur_place *where, int64_t n, const recur_decoding *how)
{
    return rcr_translate_search(out, &t->stepper, &t->words, text, where, n, how);
}

/* ---- scoring ---- */

static recur_status score(recur_translate *t, rcr_pairs *pairs, recur_parts *parts, const rcr_scoring *q,
                          recur_score *model, recur_score *baseline)
{
    rcr_pair_part p = {
        .pairs = pairs, .index = parts->index[RECUR_PART_TEST], .n = parts->n[RECUR_PART_TEST]};
    recur_status status = rcr_pairs_encode(pairs, &t->words, &t->net.config);
    if (status == RECUR_OK)
        status = rcr_pair_part_open(&p, NULL);
    if (status == RECUR_OK)
        status = rcr_translate_part_score(q, &p, model);
    if (status == RECUR_OK && baseline)
        status = rcr_translate_part_baseline(q, &p, baseline);
    rcr_pair_part_close(&p);
    return status;
}

recur_status recur_translate_evaluate(recur_translate *t, const char *data, const recur_decoding *how,
                                      recur_score *model, recur_score *baseline,
                                      char signature[RECUR_SIGNATURE])
{
    rcr_pairs pairs;
    recur_parts *parts = NULL;
    const rcr_scoring q = {.stepper = &t->stepper,
                           .words = &t->words,
                           .how = how ? *how : recur_translate_decoding(t),
                           .signature = signature};
    recur_status status = rcr_pairs_read(&pairs, t->cx, &t->net.config, data, NULL);
    if (status == RECUR_OK)
        status = recur_parts_whole(&parts, t->cx, pairs.corpus->n, RECUR_PART_TEST);
    if (status == RECUR_OK)
        status = score(t, &pairs, parts, &q, model, baseline);
    recur_parts_free(parts);
    rcr_pairs_close(&pairs);
    return status;
}
