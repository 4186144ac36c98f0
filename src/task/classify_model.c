// SPDX-License-Identifier: MIT
/* A trained classifier: opening it, scoring it, asking it. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/unit.h"
#include "task/classify.h"

struct recur_classify {
    recur_ctx *cx;
    rcr_model_file file; /* owns the texts of the configuration */
    rcr_classifier net;
    recur_tape *tape;
    double *weight; /* what recur_classify_explain() gave last */
};

/* ---- opening ---- */

static recur_status read_labels(recur_classify *c)
{
    rcr_classifier *net = &c->net;
    recur_status status = rcr_vocab_of_file(&net->labels, &c->file, "labels", false);
    if (status != RECUR_OK)
        return status;
    net->K = recur_vocab_size(net->labels);
    return net->K >= 2 ? RECUR_OK
                       : rcr_fail(c->cx, RECUR_EFORMAT, "%s: a classifier has two labels at least, not %lld",
                                  c->file.path, (long long)net->K);
}

static recur_status open_file(recur_classify *c, const char *path)
{
    rcr_classifier *net = &c->net;
    const char *classes = NULL;
    recur_status status = rcr_model_file_open(&c->file, c->cx, &rcr_classify_task, path, &net->config);
    if (status == RECUR_OK && net->config.model.embedding < 1)
        status = rcr_fail(c->cx, RECUR_EFORMAT, "%s: the configuration needs an embedding of at least 1",
                          c->file.path);
    if (status == RECUR_OK)
        status = rcr_lexicon_open(&net->lexicon, c->cx, &net->config.text, 0);
    if (status == RECUR_OK)
        status = rcr_lexicon_read(&net->lexicon, &c->file, "vocabulary");
    if (status == RECUR_OK)
        status = read_labels(c);
    if (status == RECUR_OK)
        status = rcr_model_file_meta(&c->file, "classes", &classes);
    if (status == RECUR_OK)
        status = rcr_classifier_read(net, classes, c->file.path);
    if (status == RECUR_OK)
        status = rcr_classifier_build(net, &c->file);
    return status == RECUR_OK ? recur_tape_create(&c->tape, c->cx, 0) : status;
}

recur_status recur_classify_open(recur_classify **out, recur_ctx *cx, const char *path)
{
    *out = NULL;
    recur_classify *c = rcr_alloc_zero(cx, sizeof *c, "a classifier");
    if (!c)
        return RECUR_ENOMEM;
    c->cx = c->file.cx = c->net.cx = cx;
    recur_status status = open_file(c, path);
    if (status == RECUR_OK)
        *out = c;
    else
        recur_classify_free(c);
    return status;
}

void recur_classify_free(recur_classify *c)
{
    if (!c)
        return;
    recur_ctx *cx = c->cx;
    rcr_free(cx, c->weight);
    recur_tape_free(c->tape);
    rcr_classifier_close(&c->net);
    rcr_model_file_close(&c->file);
    rcr_free(cx, c);
}

const recur_classify_config *recur_classify_config_of(const recur_classify *c)
{
    return &c->net.config;
}

int64_t recur_classify_classes(const recur_classify *c)
{
    return c->net.K;
}

const char *recur_classify_label(const recur_classify *c, int64_t class_id)
{
    return recur_vocab_text(c->net.labels, class_id).text;
}

void recur_classify_lossy(recur_classify *c, bool lossy)
{
    rcr_tokenizer_lossy(c->net.lexicon.tokenizer, lossy);
}

/* ---- scoring ---- */

static recur_status report_on(recur_classify_report **out, recur_classify *c, const rcr_labelled *l)
{
    recur_parts *parts = NULL;
    rcr_class_part p = {.of = l, .n = l->corpus->n};
    recur_status status = recur_parts_whole(&parts, c->cx, l->corpus->n, RECUR_PART_TEST);
    if (status == RECUR_OK) {
        p.index = parts->index[RECUR_PART_TEST];
        status = rcr_class_part_open(&p, &c->net, false);
    }
    if (status == RECUR_OK)
        status = rcr_class_report(out, c->tape, &c->net, &p);
    rcr_class_part_close(&p);
    recur_parts_free(parts);
    return status;
}

recur_status recur_classify_evaluate(recur_classify_report **out, recur_classify *c, const char *data)
{
    rcr_labelled l;
    *out = NULL;
    recur_status status = rcr_labelled_open(&l, c->cx, &c->net.config.read, data);
    if (status == RECUR_OK)
        status = rcr_labelled_encode(&l, &c->net);
    if (status == RECUR_OK)
        status = report_on(out, c, &l);
    if (status == RECUR_OK)
        rcr_class_report_keep(*out, &l);
    rcr_labelled_close(&l);
    return status;
}

/* ---- asking ---- */

static recur_status encode_texts(recur_classify *c, const recur_span *text, int64_t n,
                                 const recur_place *where, recur_sequences **out)
{
    recur_status status = recur_sequences_create(out, c->cx);
    for (int64_t i = 0; status == RECUR_OK && i < n; i++)
        status = recur_encode(*out, c->net.lexicon.tokenizer, c->net.lexicon.vocab, text[i].text,
                              text[i].size, where ? &where[i] : NULL, 0);
    return status;
}

static recur_status answer_all(recur_classify *c, const recur_sequences *s, int64_t n, double *p)
{
    rcr_labelled from = {.cx = c->cx, .ids = (recur_sequences *)(uintptr_t)s};
    rcr_class_part part = {.of = &from, .n = n};
    recur_parts *all = NULL;
    float *logits = rcr_alloc_array(c->cx, (size_t)n, (size_t)c->net.K * sizeof *logits, "logits");
    recur_status status = logits ? recur_parts_whole(&all, c->cx, n, RECUR_PART_TEST) : RECUR_ENOMEM;
    if (status == RECUR_OK) {
        part.index = all->index[RECUR_PART_TEST];
        status = rcr_class_part_open(&part, &c->net, false);
    }
    if (status == RECUR_OK)
        status = rcr_class_logits(c->tape, &c->net, s, part.index, n, part.buckets, logits);
    if (status == RECUR_OK)
        status = rcr_class_softmax(c->tape, logits, n, c->net.K, c->net.temperature, p, NULL);
    rcr_class_part_close(&part);
    recur_parts_free(all);
    rcr_free(c->cx, logits);
    return status;
}

recur_status recur_classify_predict(recur_classify *c, const recur_span *text, int64_t n,
                                    const recur_place *where, double *p)
{
    recur_sequences *s = NULL;
    if (n == 0)
        return RECUR_OK;
    recur_status status = encode_texts(c, text, n, where, &s);
    if (status == RECUR_OK)
        status = answer_all(c, s, n, p);
    recur_sequences_free(s);
    return status;
}

/* The answer to the one sequence, and the weights of its steps. */
static recur_status answer_one(recur_classify *c, const recur_sequences *s, double *p)
{
    recur_tensor *weights = NULL;
    int64_t n = recur_sequence_length(s, 0);
    rcr_free(c->cx, c->weight);
    c->weight = rcr_alloc_array(c->cx, (size_t)n, sizeof *c->weight, "weights");
    if (!c->weight)
        return RECUR_ENOMEM;
    recur_tape_begin(c->tape, RECUR_INFER);
    const rcr_ids in = rcr_ids_of(c->tape, s, &(int64_t){0}, 1);
    recur_tensor *y = rcr_classifier_forward(c->tape, &c->net, &in, &weights);
    y = recur_softmax(c->tape, recur_affine(c->tape, y, 1 / c->net.temperature, 0), 1);
    if (!y || !weights)
        return recur_error(c->cx, NULL);
    for (int64_t k = 0; k < c->net.K; k++)
        p[k] = (double)recur_f32(y)[k];
    for (int64_t t = 0; t < n; t++)
        c->weight[t] = (double)recur_f32(weights)[t];
    return RECUR_OK;
}

recur_status recur_classify_explain(recur_classify *c, recur_span text, const recur_place *where, double *p,
                                    recur_classify_words *words)
{
    recur_units units;
    recur_sequences *s = NULL;
    if (!c->net.member[0].heads && c->net.config.model.pool != RECUR_POOL_ATTENTION)
        return rcr_fail(
            c->cx, RECUR_EUNSUPPORTED,
            "%s: the model has no attention; train with --pool attention or --attention multihead",
            c->file.path);
    recur_status status = encode_texts(c, &text, 1, where, &s);
    if (status == RECUR_OK)
        status = answer_one(c, s, p);
    if (status == RECUR_OK)
        status = recur_tokenize(c->net.lexicon.tokenizer, text.text, text.size, where, &units);
    if (status == RECUR_OK)
        *words =
            (recur_classify_words){.n = recur_sequence_length(s, 0), .word = units.unit, .weight = c->weight};
    recur_sequences_free(s);
    return status;
}
