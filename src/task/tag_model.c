// SPDX-License-Identifier: MIT
/* A trained tagger: opening it, scoring it, asking it. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/unit.h"
#include "task/tag.h"

struct recur_tagger {
    recur_ctx *cx;
    rcr_model_file file; /* owns the texts of the configuration */
    rcr_tag_words words;
    rcr_tag_net net;
    recur_tape *tape;
    /* what the last answer points to, [room] each */
    const char **tag;
    double *probability;
    recur_span *token;
    recur_place *place;
    int64_t room;
};

static recur_status open_file(recur_tagger *t, const char *path)
{
    recur_tag_config c;
    recur_status status = rcr_model_file_open(&t->file, t->cx, &rcr_tag_task, path, &c);
    if (status == RECUR_OK)
        status = rcr_tag_check(t->cx, &c);
    if (status == RECUR_OK)
        status = rcr_tag_words_open(&t->words, t->cx, &c);
    if (status == RECUR_OK)
        status = rcr_tag_words_read(&t->words, &t->file);
    if (status == RECUR_OK)
        status = rcr_tag_net_create(&t->net, t->cx, &c, &t->words, &t->file);
    return status == RECUR_OK ? recur_tape_create(&t->tape, t->cx, 0) : status;
}

recur_status recur_tag_open(recur_tagger **out, recur_ctx *cx, const char *path)
{
    *out = NULL;
    recur_tagger *t = rcr_alloc_zero(cx, sizeof *t, "a tagger");
    if (!t)
        return RECUR_ENOMEM;
    t->cx = t->file.cx = t->words.cx = cx;
    recur_status status = open_file(t, path);
    if (status == RECUR_OK)
        *out = t;
    else
        recur_tag_free(t);
    return status;
}

static void free_room(recur_tagger *t)
{
    rcr_free(t->cx, t->tag);
    rcr_free(t->cx, t->probability);
    rcr_free(t->cx, t->token);
    rcr_free(t->cx, t->place);
}

void recur_tag_free(recur_tagger *t)
{
    if (!t)
        return;
    recur_tape_free(t->tape);
    rcr_tag_net_free(&t->net);
    rcr_tag_words_close(&t->words);
    rcr_model_file_close(&t->file);
    free_room(t);
    rcr_free(t->cx, t);
}

const recur_tag_config *recur_tag_config_of(const recur_tagger *t)
{
    return &t->net.config;
}

const recur_vocab *recur_tag_names(const recur_tagger *t)
{
    return t->words.tags;
}

void recur_tag_lossy(recur_tagger *t, bool lossy)
{
    rcr_tokenizer_lossy(t->words.words.tokenizer, lossy);
    rcr_tokenizer_lossy(t->words.chars.tokenizer, lossy);
}

recur_status recur_tag_evaluate(recur_tagger *t, const char *path, recur_score *score,
                                recur_entities **entities)
{
    rcr_tag_source s;
    recur_status status = rcr_tag_source_open(&s, t->cx, &t->net.config, path, true);
    if (status == RECUR_OK)
        status = rcr_tag_source_encode(&s, &t->words);
    if (status == RECUR_OK)
        status = rcr_tag_part_score(t->tape, &t->net, &t->words, &(rcr_tag_part){&s, NULL, s.sentences->n},
                                    score, entities);
    rcr_tag_source_close(&s);
    return status;
}

/* ---- asking ---- */

static recur_status make_room(recur_tagger *t, int64_t n)
{
    if (n <= t->room)
        return RECUR_OK;
    free_room(t);
    t->room = 0;
    t->tag = rcr_alloc_array(t->cx, (size_t)n, sizeof *t->tag, "tags");
    t->probability = rcr_alloc_array(t->cx, (size_t)n, sizeof *t->probability, "tags");
    t->token = rcr_alloc_array(t->cx, (size_t)n, sizeof *t->token, "tokens");
    t->place = rcr_alloc_array(t->cx, (size_t)n, sizeof *t->place, "tokens");
    if (!t->tag || !t->probability || !t->token || !t->place)
        return RECUR_ENOMEM;
    t->room = n;
    return RECUR_OK;
}

static recur_status answer(recur_tagger *t, const rcr_tag_source *s, int64_t n)
{
    rcr_tag_batch b = {0};
    recur_tape_begin(t->tape, RECUR_INFER);
    recur_status status = rcr_tag_forward(t->tape, &t->net, s, &(int64_t){0}, 1, &b);
    const int64_t *best = status == RECUR_OK ? rcr_tag_best(t->tape, &t->net, &b) : NULL;
    recur_tensor *p = best ? rcr_tag_probabilities(t->tape, &t->net, &b) : NULL;
    if (!p)
        return recur_error(t->cx, NULL);
    int64_t K = recur_dim(p, 2);
    for (int64_t i = 0; i < n; i++) {
        t->tag[i] = t->words.names[best[i]];
        t->probability[i] = (double)recur_f32(p)[i * K + best[i]];
    }
    return RECUR_OK;
}

recur_status recur_tag_predict(recur_tagger *t, const recur_span *token, int64_t n, const recur_place *where,
                               recur_tagged *out)
{
    rcr_tag_source s = {.cx = t->cx, .names.cx = t->cx};
    *out = (recur_tagged){0};
    recur_status status = make_room(t, n);
    if (status != RECUR_OK || n == 0)
        return status;
    status = recur_sentences_from(&s.sentences, t->cx, token, n, where);
    if (status == RECUR_OK)
        status = rcr_tag_source_encode(&s, &t->words);
    if (status == RECUR_OK)
        status = answer(t, &s, n);
    rcr_tag_source_close(&s);
    if (status == RECUR_OK)
        *out = (recur_tagged){n, t->tag, t->probability};
    return status;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the word at text + to stands; the last one, if there was one, begins at text + from. */
static recur_place word_place(const recur_place *line, const char *text, const recur_place *last, size_t from,
                              size_t to)
{
    recur_place p = line ? *line : (recur_place){"the sentence", 0, 0};
    if (p.column > 0)
        p.column = (last ? last->column : p.column) + rcr_characters(text + from, to - from);
    return p;
}

recur_status recur_tag_words(recur_tagger *t, recur_span line, const recur_place *where, recur_tag_line *out)
{
    *out = (recur_tag_line){0};
    recur_status status = make_room(t, (int64_t)(line.size / 2) + 1);
    if (status != RECUR_OK)
        return status;
    int64_t n = 0;
    for (size_t i = 0, from = 0, last = 0; i < line.size; last = from) {
        while (i < line.size && is_blank(line.text[i]))
            i++;
        for (from = i; i < line.size && !is_blank(line.text[i]);)
            i++;
        if (i == from)
            break;
        t->token[n] = (recur_span){line.text + from, i - from};
        t->place[n] = word_place(where, line.text, n > 0 ? &t->place[n - 1] : NULL, last, from);
        n++;
    }
    *out = (recur_tag_line){n, t->token, t->place};
    return RECUR_OK;
}
