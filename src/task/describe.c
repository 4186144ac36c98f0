// SPDX-License-Identifier: MIT
/* What is in the data of a task, read and cut into parts as training would. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "task/classify.h"
#include "task/tag.h"

/* Examples of several files, one behind the other: first those of DATA, then those of --valid and --test. */
typedef struct whole {
    recur_ctx *cx;
    char *files;
    bool valid, test; /* are there such files? */
    int64_t n, n_files;
    const int32_t *file; /* [n] */
    recur_parts *data;   /* of DATA */
    recur_parts parts;   /* of all: indices are those of `data`, or in `number` */
    int64_t *number;     /* [n]: 0, 1, 2, .. */
} whole;

static recur_status open_whole(whole *w, recur_ctx *cx, const char *data, const char *valid, const char *test)
{
    *w = (whole){.cx = cx, .valid = valid != NULL, .test = test != NULL};
    size_t size = strlen(data) + strlen(valid ? valid : "") + strlen(test ? test : "") + 3;
    w->files = rcr_alloc(cx, size, "file names");
    if (!w->files)
        return RECUR_ENOMEM;
    snprintf(w->files, size, "%s%s%s%s%s", data, valid ? "\n" : "", valid ? valid : "", test ? "\n" : "",
             test ? test : "");
    return RECUR_OK;
}

static void close_whole(whole *w)
{
    recur_parts_free(w->data);
    rcr_free(w->cx, w->number);
    rcr_free(w->cx, w->files);
}

/* Examples of the files before number `file`. */
static int64_t before(const whole *w, int64_t file)
{
    int64_t n = 0;
    while (n < w->n && w->file[n] < file)
        n++;
    return n;
}

/* How many there are of DATA. */
static int64_t of_data(const whole *w)
{
    return before(w, w->n_files - w->valid - w->test);
}

/* Part `part` is the examples from .. to - 1, a file of its own. */
static void own_part(whole *w, int part, int64_t from, int64_t to)
{
    w->parts.index[part] = w->number + from;
    w->parts.n[part] = to - from;
}

/* Once DATA is cut: all parts. */
static recur_status put_together(whole *w)
{
    int64_t tested = w->test ? before(w, w->n_files - 1) : w->n;
    w->number = rcr_alloc_array(w->cx, (size_t)w->n, sizeof *w->number, "numbers of examples");
    if (!w->number)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < w->n; i++)
        w->number[i] = i;
    w->parts = *w->data;
    if (w->valid)
        own_part(w, RECUR_PART_VALID, of_data(w), tested);
    if (w->test)
        own_part(w, RECUR_PART_TEST, tested, w->n);
    return RECUR_OK;
}

/* ---- classification ---- */

static recur_status describe_corpus(recur_description **out, whole *w, const recur_classify_config *c,
                                    const recur_corpus *corpus, recur_tokenizer *tokenizer)
{
    w->n = corpus->n;
    w->n_files = corpus->n_files;
    w->file = corpus->file;
    recur_status status = rcr_classify_split(&w->data, c, corpus, of_data(w));
    if (status == RECUR_OK)
        status = put_together(w);
    return status == RECUR_OK ? recur_corpus_describe(out, corpus, true, tokenizer, &w->parts) : status;
}

static recur_status describe_texts(recur_description **out, whole *w, const recur_classify_config *c)
{
    rcr_labelled all = {.cx = w->cx};
    recur_tokenizer *tokenizer = NULL;
    recur_status status = rcr_labelled_open(&all, w->cx, &c->read, w->files);
    if (status == RECUR_OK)
        status = recur_tokenizer_create(&tokenizer, w->cx, &c->text, 0);
    if (status == RECUR_OK)
        status = describe_corpus(out, w, c, all.corpus, tokenizer);
    recur_tokenizer_free(tokenizer);
    rcr_labelled_close(&all);
    return status;
}

/* ---- tagging ---- */

static recur_status describe_tagged(recur_description **out, whole *w, const recur_tag_config *c,
                                    const recur_sentences *s, recur_tokenizer *tokenizer)
{
    w->n = s->n;
    w->n_files = s->n_files;
    w->file = s->file;
    recur_status status = rcr_tag_split(&w->data, w->cx, c, of_data(w));
    if (status == RECUR_OK)
        status = put_together(w);
    return status == RECUR_OK ? recur_sentences_describe(out, s, tokenizer, &w->parts) : status;
}

static recur_status describe_sentences(recur_description **out, whole *w, const recur_tag_config *c)
{
    rcr_tag_source all = {.cx = w->cx};
    recur_tokenizer *tokenizer = NULL;
    recur_status status = rcr_tag_source_open(&all, w->cx, c, w->files, true);
    if (status == RECUR_OK)
        status = recur_tokenizer_create(&tokenizer, w->cx, &c->text, 0);
    if (status == RECUR_OK)
        status = describe_tagged(out, w, c, all.sentences, tokenizer);
    recur_tokenizer_free(tokenizer);
    rcr_tag_source_close(&all);
    return status;
}

/* ---- both ---- */

/* Closes the whole, and gives away the sizes of its parts. */
static recur_status finish(whole *w, recur_status status, int64_t n[RECUR_PARTS])
{
    for (int i = 0; i < RECUR_PARTS; i++)
        n[i] = status == RECUR_OK ? w->parts.n[i] : 0;
    close_whole(w);
    return status;
}

recur_status recur_classify_describe(recur_description **out, int64_t n[RECUR_PARTS], recur_ctx *cx,
                                     const recur_classify_config *config)
{
    whole w = {.cx = cx};
    *out = NULL;
    recur_status status = rcr_classify_check(cx, config);
    if (status == RECUR_OK)
        status = open_whole(&w, cx, config->data, config->valid, config->test);
    if (status == RECUR_OK)
        status = describe_texts(out, &w, config);
    return finish(&w, status, n);
}

recur_status recur_tag_describe(recur_description **out, int64_t n[RECUR_PARTS], recur_ctx *cx,
                                const recur_tag_config *config)
{
    whole w = {.cx = cx};
    *out = NULL;
    recur_status status = rcr_tag_check(cx, config);
    if (status == RECUR_OK)
        status = open_whole(&w, cx, config->data, config->valid, config->test);
    if (status == RECUR_OK)
        status = describe_sentences(out, &w, config);
    return finish(&w, status, n);
}
