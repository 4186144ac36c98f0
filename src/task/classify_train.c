// SPDX-License-Identifier: MIT
/* Training a classifier: files -> parts -> vocabularies -> epochs -> temperature -> the best model's answers to each
 * part. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/classify.h"
#include "train/run.h"

/* All that a training holds; freed by close_job() whatever happened. */
typedef struct job {
    recur_ctx *cx;
    recur_run run;
    rcr_classifier net;               /* its config is the effective one */
    rcr_labelled source[RECUR_PARTS]; /* by part: DATA, --valid, --test */
    recur_parts *parts[RECUR_PARTS];
    rcr_class_part part[RECUR_PARTS];
    rcr_class_part scored_train; /* the training part again, in order */
    rcr_doc config_json, classes_json;
    recur_text *vocabulary_json, *labels_json;
    recur_trainer *trainer;
} job;

static void close_job(job *j)
{
    recur_trainer_free(j->trainer);
    rcr_doc_free(&j->config_json);
    rcr_doc_free(&j->classes_json);
    recur_text_free(j->vocabulary_json);
    recur_text_free(j->labels_json);
    rcr_class_part_close(&j->scored_train);
    for (int i = 0; i < RECUR_PARTS; i++) {
        rcr_class_part_close(&j->part[i]);
        recur_parts_free(j->parts[i]);
        rcr_labelled_close(&j->source[i]);
    }
    rcr_classifier_close(&j->net);
    recur_run_close(&j->run);
}

static const recur_classify_config *config_of(const job *j)
{
    return &j->net.config;
}

/* ---- parts ---- */

static void use_part(job *j, int part, int source)
{
    const recur_parts *p = j->parts[source];
    j->part[part] = (rcr_class_part){.of = &j->source[source], .index = p->index[part], .n = p->n[part]};
}

static recur_status cut_data(job *j)
{
    recur_status status =
        rcr_classify_split(&j->parts[0], config_of(j), j->source[0].corpus, j->source[0].corpus->n);
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        use_part(j, i, 0);
    return status;
}

/* A part that is a file by itself. */
static recur_status open_part(job *j, int part, const char *path)
{
    if (!path)
        return RECUR_OK;
    recur_status status = rcr_labelled_open(&j->source[part], j->cx, &config_of(j)->read, path);
    if (status == RECUR_OK)
        status = recur_parts_whole(&j->parts[part], j->cx, j->source[part].corpus->n, part);
    if (status == RECUR_OK)
        use_part(j, part, part);
    return status;
}

static recur_status open_data(job *j)
{
    const recur_classify_config *c = config_of(j);
    recur_status status = rcr_labelled_open(&j->source[0], j->cx, &c->read, c->data);
    if (status == RECUR_OK)
        status = cut_data(j);
    if (status == RECUR_OK)
        status = open_part(j, RECUR_PART_VALID, c->valid);
    return status == RECUR_OK ? open_part(j, RECUR_PART_TEST, c->test) : status;
}

static uint64_t checksum(const job *j)
{
    uint64_t sum = RCR_CHECKSUM;
    for (int i = 0; i < RECUR_PARTS; i++)
        if (j->source[i].corpus)
            sum = rcr_labelled_checksum(&j->source[i], sum);
    return sum;
}

/* ---- what is learnt by counting ---- */

/* Both vocabularies come from the training part alone. */
static recur_status count_labels(job *j, recur_counts *counts)
{
    const rcr_class_part *train = &j->part[RECUR_PART_TRAIN];
    recur_status status = recur_corpus_count_labels(train->of->corpus, train->index, train->n, counts);
    int64_t K = recur_counts_size(counts);
    if (status == RECUR_OK && K < 2)
        return rcr_fail(
            j->cx, RECUR_EFORMAT,
            "%s: all %lld examples of the training part have the label \"%.*s\"; two classes are needed",
            train->of->corpus->files[0], (long long)train->n,
            (int)recur_counts_at(counts, 0, &(int64_t){0}).size,
            recur_counts_at(counts, 0, &(int64_t){0}).text);
    if (status == RECUR_OK)
        status = rcr_classes_check(j->cx, train->of->corpus, K);
    return status == RECUR_OK
               ? recur_vocab_create(&j->net.labels, counts, &(recur_vocab_options){.sorted = true})
               : status;
}

static recur_status keep_counts(job *j, const recur_counts *counts)
{
    rcr_classifier *net = &j->net;
    net->K = recur_vocab_size(net->labels);
    net->count = rcr_alloc_array(j->cx, (size_t)net->K, sizeof *net->count, "numbers of examples");
    if (!net->count)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < net->K; i++) {
        int64_t times;
        recur_span label = recur_counts_at(counts, i, &times);
        net->count[recur_vocab_find(net->labels, label.text, label.size)] = times;
    }
    return RECUR_OK;
}

static recur_status learn_labels(job *j)
{
    recur_counts *counts = NULL;
    recur_status status = recur_counts_create(&counts, j->cx);
    if (status == RECUR_OK)
        status = count_labels(j, counts);
    if (status == RECUR_OK)
        status = keep_counts(j, counts);
    recur_counts_free(counts);
    return status;
}

static recur_status learn_units(job *j)
{
    const rcr_class_part *train = &j->part[RECUR_PART_TRAIN];
    recur_counts *counts = NULL;
    recur_status status = rcr_lexicon_open(&j->net.lexicon, j->cx, &config_of(j)->text, 0);
    if (status == RECUR_OK)
        status = recur_counts_create(&counts, j->cx);
    if (status == RECUR_OK)
        status = recur_corpus_count(train->of->corpus, RECUR_SIDE_TEXT, train->index, train->n,
                                    j->net.lexicon.tokenizer, counts);
    if (status == RECUR_OK)
        status = rcr_lexicon_learn(&j->net.lexicon, j->cx, counts);
    recur_counts_free(counts);
    return status;
}

/* Normalising by batches needs two examples at least: an epoch's last batch of one is not learnt. */
static void leave_one_out(job *j)
{
    rcr_class_part *train = &j->part[RECUR_PART_TRAIN];
    int64_t batch = config_of(j)->train.batch_size;
    if (config_of(j)->batch_norm && train->n > 1 && (batch == 1 || train->n % batch == 1))
        train->n--;
}

static recur_status open_parts(job *j)
{
    recur_status status = RECUR_OK;
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        if (j->source[i].corpus)
            status = rcr_labelled_encode(&j->source[i], &j->net);
    if (status != RECUR_OK)
        return status;
    j->scored_train = j->part[RECUR_PART_TRAIN];
    leave_one_out(j);
    status = rcr_class_part_open(&j->scored_train, &j->net, false);
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        if (j->part[i].n > 0)
            status = rcr_class_part_open(&j->part[i], &j->net, i == RECUR_PART_TRAIN);
    return status;
}

static recur_status make_model(job *j)
{
    const char *vectors = config_of(j)->vectors;
    recur_status status = learn_labels(j);
    if (status == RECUR_OK)
        status = learn_units(j);
    if (status == RECUR_OK)
        status = open_parts(j);
    if (status == RECUR_OK)
        status = rcr_classifier_build(&j->net, NULL);
    if (status == RECUR_OK && vectors)
        status = rcr_classifier_vectors(&j->net, vectors, &j->run);
    return status;
}

/* ---- metadata of the model file ---- */

enum { META = 5 };

static recur_status make_meta(job *j, recur_meta meta[META])
{
    rcr_doc_free(&j->config_json);
    rcr_doc_free(&j->classes_json);
    rcr_doc_begin(&j->config_json, j->cx, false);
    rcr_doc_begin(&j->classes_json, j->cx, false);
    rcr_config_json(&j->config_json, &rcr_classify_task, config_of(j));
    rcr_classifier_write(&j->classes_json, &j->net);
    recur_status status = j->config_json.status ? j->config_json.status : j->classes_json.status;
    if (status == RECUR_OK && !j->vocabulary_json)
        status = recur_vocab_json(&j->vocabulary_json, j->net.lexicon.vocab);
    if (status == RECUR_OK && !j->labels_json)
        status = recur_vocab_json(&j->labels_json, j->net.labels);
    if (status != RECUR_OK)
        return status;
    meta[0] = (recur_meta){"recur", rcr_classify_task.format};
    meta[1] = (recur_meta){"config", j->config_json.text};
    meta[2] = (recur_meta){"vocabulary", j->vocabulary_json->bytes};
    meta[3] = (recur_meta){"labels", j->labels_json->bytes};
    meta[4] = (recur_meta){"classes", j->classes_json.text};
    return RECUR_OK;
}

/* ---- epochs ---- */

static recur_status validate(job *j)
{
    double loss = NAN;
    recur_status status = RECUR_OK;
    if (j->part[RECUR_PART_VALID].n > 0)
        status = rcr_class_loss(recur_trainer_tape(j->trainer), &j->net, &j->part[RECUR_PART_VALID], &loss);
    return status == RECUR_OK ? recur_trainer_validate(j->trainer, loss) : status;
}

static recur_tensor *targets(recur_tape *tp, const rcr_labelled *l, const recur_bucket *b)
{
    recur_tensor *target = recur_input(tp, RECUR_I64, 1, &b->B, NULL);
    for (int64_t i = 0; target && i < b->B; i++)
        recur_i64(target)[i] = l->label[b->index[i]];
    return target;
}

static recur_status learn_batch(job *j, const recur_turn *at)
{
    recur_tape *tp = recur_trainer_tape(j->trainer);
    const rcr_class_part *train = &j->part[RECUR_PART_TRAIN];
    recur_bucket b;
    if (at->first)
        recur_buckets_seek(train->buckets, (uint64_t)at->epoch, at->batch);
    if (!recur_buckets_next(train->buckets, &b))
        return rcr_fail(j->cx, RECUR_ESTATE, "batch %lld of an epoch is missing", (long long)at->batch);
    const rcr_ids in = rcr_ids_of(tp, train->of->ids, b.index, b.B);
    recur_tensor *loss = rcr_classifier_loss(tp, &j->net, &in, targets(tp, train->of, &b));
    return recur_trainer_step(j->trainer, loss, b.B, b.units);
}

static recur_status epochs(job *j, recur_summary *summary)
{
    recur_turn turn;
    recur_status status = RECUR_OK;
    while (status == RECUR_OK && recur_trainer_next(j->trainer, &turn))
        status = turn.validate ? validate(j) : learn_batch(j, &turn);
    recur_status ended = recur_trainer_finish(j->trainer, summary);
    return ended != RECUR_OK ? ended : status;
}

/* ---- results ---- */

static recur_status score_part(job *j, const rcr_class_part *p, recur_score *score)
{
    recur_classify_report *report;
    *score = (recur_score){0};
    if (p->n == 0)
        return RECUR_OK;
    recur_status status = rcr_class_report(&report, recur_trainer_tape(j->trainer), &j->net, p);
    if (status == RECUR_OK)
        *score = report->score;
    recur_classify_report_free(report);
    return status;
}

/* The test part's answers; without one, the validation part's. */
static recur_status report_on(job *j, recur_classify_result *r, recur_classify_report **report)
{
    bool tested = j->part[RECUR_PART_TEST].n > 0;
    const rcr_class_part *p = &j->part[tested ? RECUR_PART_TEST : RECUR_PART_VALID];
    *report = NULL;
    r->error_before = r->error_after = NAN;
    if (p->n == 0)
        return RECUR_OK;
    recur_status status = rcr_class_report(report, recur_trainer_tape(j->trainer), &j->net, p);
    if (status != RECUR_OK)
        return status;
    r->error_before = (*report)->unscaled_error;
    r->error_after = (*report)->calibration.ece;
    if (tested) {
        r->common.test = (*report)->score;
        r->common.baseline = (*report)->baseline;
    }
    return RECUR_OK;
}

static recur_status score(job *j, recur_classify_result *r, recur_classify_report **report)
{
    const rcr_class_part *valid = &j->part[RECUR_PART_VALID];
    recur_status status = RECUR_OK;
    *report = NULL;
    if (config_of(j)->temperature_scaling && valid->n > 0)
        status = rcr_class_temperature(recur_trainer_tape(j->trainer), &j->net, valid, &j->net.temperature);
    r->temperature = j->net.temperature;
    if (status == RECUR_OK)
        status = score_part(j, &j->scored_train, &r->common.train);
    if (status == RECUR_OK)
        status = score_part(j, valid, &r->common.valid);
    return status == RECUR_OK ? report_on(j, r, report) : status;
}

static recur_status save(job *j, const recur_classify_result *r, const recur_classify_report *report)
{
    recur_meta meta[META];
    if (!j->run.folder)
        return RECUR_OK;
    recur_status status = make_meta(j, meta);
    if (status == RECUR_OK)
        status = rcr_job_save_model(j->net.ps, &j->run, meta, META);
    return status == RECUR_OK ? rcr_classify_write_result(j->cx, &j->run, &j->net, r, report) : status;
}

static recur_status learn(job *j, recur_classify_result *r)
{
    recur_meta meta[META];
    recur_summary summary;
    recur_classify_report *report = NULL;
    recur_status status = make_meta(j, meta);
    if (status == RECUR_OK)
        status =
            recur_trainer_create(&j->trainer, j->net.ps, &config_of(j)->train,
                                 recur_buckets_size(j->part[RECUR_PART_TRAIN].buckets), &j->run, meta, META);
    if (status == RECUR_OK)
        status = epochs(j, &summary);
    if (status != RECUR_OK)
        return status;
    *r = (recur_classify_result){.common = rcr_result_of(&summary, j->net.ps),
                                 .classes = j->net.K,
                                 .vocabulary = recur_vocab_size(j->net.lexicon.vocab)};
    status = score(j, r, &report);
    r->common.peak_bytes = rcr_alloc_peak(j->cx);
    if (status == RECUR_OK)
        status = save(j, r, report);
    recur_classify_report_free(report);
    return status;
}

static void tell(const job *j)
{
    for (int i = 0; i < RECUR_PARTS; i++)
        if (j->source[i].corpus)
            rcr_labelled_note(&j->source[i], &j->net, &j->run);
}

static recur_status train(job *j, recur_classify_result *r)
{
    recur_status status = rcr_classify_check(j->cx, config_of(j));
    if (status == RECUR_OK)
        status = rcr_classify_settle(j->cx, &j->net.config);
    if (status == RECUR_OK)
        status = open_data(j);
    if (status == RECUR_OK)
        status = make_model(j);
    if (status == RECUR_OK)
        status = rcr_job_begin(j->cx, &rcr_classify_task, config_of(j), &j->run);
    if (status != RECUR_OK)
        return status;
    tell(j);
    j->run.data = checksum(j);
    return learn(j, r);
}

recur_status recur_classify_train(recur_ctx *cx, const recur_classify_config *config, const recur_run *run,
                                  recur_classify_result *result)
{
    job j = {.cx = cx, .run = run ? *run : (recur_run){0}};
    j.net = (rcr_classifier){.cx = cx, .config = *config, .temperature = 1};
    j.config_json.cx = j.classes_json.cx = cx;
    for (int i = 0; i < RECUR_PARTS; i++)
        j.source[i].cx = cx;
    recur_status status = train(&j, result);
    close_job(&j);
    return status;
}
