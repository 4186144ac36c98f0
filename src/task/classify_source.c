// SPDX-License-Identifier: MIT
/* From files of labelled texts to ids and numbers of classes. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/classify.h"
#include "train/run.h"

recur_status rcr_labelled_open(rcr_labelled *l, recur_ctx *cx, const recur_labelled_config *how,
                               const char *data)
{
    rcr_file_names names;
    *l = (rcr_labelled){.cx = cx};
    recur_status status = rcr_file_names_split(&names, cx, data);
    if (status == RECUR_OK)
        status = recur_labelled_read(&l->corpus, cx, names.name, names.n, how);
    rcr_file_names_free(&names);
    return status;
}

void rcr_labelled_close(rcr_labelled *l)
{
    recur_vocab_free(l->strange);
    recur_sequences_free(l->ids);
    rcr_free(l->cx, l->label);
    recur_corpus_free(l->corpus);
    *l = (rcr_labelled){.cx = l->cx};
}

/* ---- labels ---- */

enum { CLASSES = 1000 };

recur_status rcr_classes_check(recur_ctx *cx, const recur_corpus *corpus, int64_t K)
{
    if (K <= CLASSES)
        return RECUR_OK;
    return rcr_fail(
        cx, RECUR_EFORMAT,
        "%s: %lld different labels among %lld examples, at most %d make sense: is --label another "
        "column?",
        corpus->files[0], (long long)K, (long long)corpus->n, CLASSES);
}

/* Those of the corpus that the model does not have. */
static recur_status find_strangers(rcr_labelled *l, const recur_vocab *labels, const recur_counts *all)
{
    recur_counts *strange = NULL;
    recur_status status = recur_counts_create(&strange, l->cx);
    for (int64_t i = 0; status == RECUR_OK && i < recur_counts_size(all); i++) {
        int64_t times;
        recur_span label = recur_counts_at(all, i, &times);
        if (recur_vocab_find(labels, label.text, label.size) < 0)
            status = recur_counts_add(strange, label.text, label.size, times);
    }
    if (status == RECUR_OK && recur_counts_size(strange) > 0)
        status = recur_vocab_create(&l->strange, strange, &(recur_vocab_options){.sorted = true});
    recur_counts_free(strange);
    return status;
}

static recur_status number_labels(rcr_labelled *l, const recur_vocab *labels)
{
    int64_t n = l->corpus->n, K = recur_vocab_size(labels);
    recur_counts *all = NULL;
    l->label = rcr_alloc_array(l->cx, (size_t)n, sizeof *l->label, "labels");
    recur_status status = l->label ? recur_counts_create(&all, l->cx) : RECUR_ENOMEM;
    if (status == RECUR_OK)
        status = recur_corpus_count_labels(l->corpus, NULL, n, all);
    if (status == RECUR_OK)
        status = rcr_classes_check(l->cx, l->corpus, recur_counts_size(all));
    if (status == RECUR_OK)
        status = find_strangers(l, labels, all);
    recur_counts_free(all);
    if (status != RECUR_OK)
        return status;
    recur_corpus_labels(l->corpus, labels, l->label);
    for (int64_t i = 0; l->strange && i < n; i++)
        if (l->label[i] < 0) {
            recur_span label = l->corpus->answer[i];
            l->label[i] = K + recur_vocab_find(l->strange, label.text, label.size);
        }
    return RECUR_OK;
}

recur_status rcr_labelled_encode(rcr_labelled *l, const rcr_classifier *net)
{
    recur_status status = recur_corpus_encode(&l->ids, l->corpus, RECUR_SIDE_TEXT, net->lexicon.tokenizer,
                                              net->lexicon.vocab, 0);
    return status == RECUR_OK ? number_labels(l, net->labels) : status;
}

/* ---- parts ---- */

static recur_status split(recur_parts **out, const recur_classify_config *c, recur_ctx *cx, int64_t n,
                          const int64_t *group)
{
    recur_partition how = {
        .shuffle = c->order != RCR_CLASSIFY_IN_ORDER, .seed = (uint64_t)c->train.seed, .every = c->every};
    recur_status status = rcr_partition_beside(cx, &how, c->split, c->valid, c->test);
    return status == RECUR_OK ? recur_parts_split(out, cx, n, group, &how) : status;
}

recur_status rcr_classify_split(recur_parts **out, const recur_classify_config *c, const recur_corpus *corpus,
                                int64_t n)
{
    *out = NULL;
    if (!c->distinct)
        return split(out, c, corpus->cx, n, NULL);
    int64_t *group = rcr_alloc_array(corpus->cx, (size_t)corpus->n, sizeof *group, "groups of equal texts");
    recur_status status = group ? recur_corpus_groups(corpus, RECUR_SIDE_TEXT, group) : RECUR_ENOMEM;
    if (status == RECUR_OK)
        status = split(out, c, corpus->cx, n, group);
    rcr_free(corpus->cx, group);
    return status;
}

/* ---- telling ---- */

void rcr_labelled_note(const rcr_labelled *l, const rcr_classifier *net, const recur_run *run)
{
    char text[512];
    const char *name = l->corpus->files[0];
    int64_t strangers = 0;
    for (int64_t i = 0; i < l->corpus->n; i++)
        strangers += l->label[i] >= net->K;
    if (l->ids->cut > 0) {
        snprintf(text, sizeof text, "%s: %lld of %lld texts are cut to --max-length %lld", name,
                 (long long)l->ids->cut, (long long)l->corpus->n, (long long)net->config.text.max_length);
        rcr_run_note(run, text);
    }
    if (strangers > 0) {
        snprintf(
            text, sizeof text,
            "%s: %lld examples have a label that the training part does not have, such as \"%.100s\": they "
            "count as wrong",
            name, (long long)strangers, recur_vocab_text(l->strange, 0).text);
        rcr_run_note(run, text);
    }
}

uint64_t rcr_labelled_checksum(const rcr_labelled *l, uint64_t sum)
{
    const recur_corpus *c = l->corpus;
    for (int64_t i = 0; i < c->n; i++) {
        sum = rcr_checksum(sum, c->text[i].text, c->text[i].size);
        sum = rcr_checksum(sum, "\t", 1);
        sum = rcr_checksum(sum, c->answer[i].text, c->answer[i].size);
        sum = rcr_checksum(sum, "\n", 1);
    }
    return sum;
}
