// SPDX-License-Identifier: MIT
/* Training a translator: pairs -> parts -> vocabularies -> batches -> epochs -> the best model's score on each part. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/translate.h"
#include "train/option.h"
#include "train/run.h"
#include "train/trainer.h"

enum { META = 4 };
enum { SCORED = 1000 }; /* pairs of the training part that are scored, at most */

/* All that a training holds; freed by close_job() whatever happened. */
typedef struct job {
    recur_ctx *cx;
    recur_translate_config config; /* effective: nothing is left to a default */
    recur_run run;
    rcr_pairs pairs[RECUR_PARTS]; /* by part: DATA, --valid, --test */
    recur_parts *parts[RECUR_PARTS];
    rcr_pair_part part[RECUR_PARTS];
    rcr_pair_part scored_train; /* some of the training part, in order */
    int64_t *scored_index;
    rcr_translate_words words;
    rcr_translate_net net;
    rcr_stepper stepper;
    rcr_sample *samples;
    rcr_doc config_json;
    recur_text *source_json, *target_json;
    recur_meta meta[META];
    size_t n_meta;
    recur_trainer *trainer;
} job;

static void close_job(job *j)
{
    recur_trainer_free(j->trainer);
    rcr_doc_free(&j->config_json);
    recur_text_free(j->source_json);
    recur_text_free(j->target_json);
    if (j->samples)
        rcr_samples_free(j->samples, j->config.sample);
    rcr_free(j->cx, j->samples);
    rcr_stepper_free(&j->stepper);
    rcr_translate_net_free(&j->net);
    rcr_translate_words_close(&j->words);
    rcr_pair_part_close(&j->scored_train);
    rcr_free(j->cx, j->scored_index);
    for (int i = 0; i < RECUR_PARTS; i++) {
        rcr_pair_part_close(&j->part[i]);
        recur_parts_free(j->parts[i]);
        rcr_pairs_close(&j->pairs[i]);
    }
    recur_run_close(&j->run);
}

/* ---- data ---- */

static recur_status split(job *j, const recur_partition *how)
{
    const recur_corpus *c = j->pairs[0].corpus;
    int64_t *group = NULL;
    recur_status status = RECUR_OK;
    if (j->config.group) {
        group = rcr_alloc_array(j->cx, (size_t)c->n, sizeof *group, "groups of pairs");
        status = group ? recur_corpus_groups(c, RECUR_SIDE_TEXT, group) : RECUR_ENOMEM;
    }
    if (status == RECUR_OK)
        status = recur_parts_split(&j->parts[0], j->cx, c->n, group, how);
    rcr_free(j->cx, group);
    return status;
}

static void use_part(job *j, int part, int source)
{
    const recur_parts *p = j->parts[source];
    j->part[part] = (rcr_pair_part){.pairs = &j->pairs[source], .index = p->index[part], .n = p->n[part]};
}

/* A part that is a file by itself. */
static recur_status open_part(job *j, int part, const char *names)
{
    if (!names)
        return RECUR_OK;
    recur_status status = rcr_pairs_read(&j->pairs[part], j->cx, &j->config, names, &j->run);
    if (status == RECUR_OK)
        status = recur_parts_whole(&j->parts[part], j->cx, j->pairs[part].corpus->n, part);
    if (status == RECUR_OK)
        use_part(j, part, part);
    return status;
}

static recur_status open_data(job *j)
{
    const recur_translate_config *c = &j->config;
    recur_partition how = {.shuffle = c->order != 2, .seed = (uint64_t)c->train.seed};
    recur_status status = rcr_partition_beside(j->cx, &how, c->split, c->valid, c->test);
    if (status == RECUR_OK)
        status = rcr_pairs_read(&j->pairs[0], j->cx, c, c->data, &j->run);
    if (status == RECUR_OK)
        status = split(j, &how);
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        use_part(j, i, 0);
    if (status == RECUR_OK)
        status = open_part(j, RECUR_PART_VALID, c->valid);
    return status == RECUR_OK ? open_part(j, RECUR_PART_TEST, c->test) : status;
}

static recur_status encode(job *j)
{
    const rcr_pair_part *train = &j->part[RECUR_PART_TRAIN];
    recur_status status = rcr_translate_words_open(&j->words, j->cx, &j->config);
    if (status == RECUR_OK)
        status = rcr_translate_words_learn(&j->words, train->pairs->corpus, train->index, train->n);
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        if (j->pairs[i].corpus)
            status = rcr_pairs_encode(&j->pairs[i], &j->words, &j->config);
    return status;
}

/* At most SCORED pairs of the training part, evenly spread. */
static recur_status open_scored(job *j)
{
    const rcr_pair_part *train = &j->part[RECUR_PART_TRAIN];
    int64_t n = train->n < SCORED ? train->n : SCORED;
    j->scored_index = rcr_alloc_array(j->cx, (size_t)n, sizeof *j->scored_index, "pairs");
    if (!j->scored_index)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        j->scored_index[i] = train->index[i * train->n / n];
    j->scored_train = (rcr_pair_part){.pairs = train->pairs, .index = j->scored_index, .n = n};
    return rcr_pair_part_open(&j->scored_train, NULL);
}

static void note_long(const job *j)
{
    const rcr_pair_part *train = &j->part[RECUR_PART_TRAIN];
    char text[256];
    if (train->fit == train->n)
        return;
    snprintf(text, sizeof text, "%lld of %lld pairs have a side of more than %lld units: not trained on",
             (long long)(train->n - train->fit), (long long)train->n, (long long)train->pairs->max_length);
    rcr_run_note(&j->run, text);
}

static recur_status open_parts(job *j)
{
    const recur_bucket_options shuffled = {
        .batch = j->config.train.batch_size, .shuffle = true, .seed = (uint64_t)j->config.train.seed};
    recur_status status = RECUR_OK;
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        status = rcr_pair_part_open(&j->part[i], i == RECUR_PART_TRAIN ? &shuffled : NULL);
    if (status != RECUR_OK)
        return status;
    note_long(j);
    if (j->part[RECUR_PART_TRAIN].fit == 0)
        return rcr_fail(j->cx, RECUR_EFORMAT,
                        "every pair has a side of more than %lld units: there is nothing to train on",
                        (long long)j->config.text.max_length);
    if (j->config.max_ratio == 0)
        j->config.max_ratio = rcr_pair_part_ratio(&j->part[RECUR_PART_TRAIN]);
    return open_scored(j);
}

static uint64_t checksum(const job *j)
{
    const rcr_pair_part *train = &j->part[RECUR_PART_TRAIN];
    uint64_t sum = RCR_CHECKSUM;
    for (int i = 0; i < RECUR_PARTS; i++)
        sum = rcr_pairs_checksum(&j->pairs[i], sum);
    return rcr_checksum(sum, train->index, (size_t)train->n * sizeof *train->index);
}

/* ---- model ---- */

static recur_status make_model(job *j)
{
    recur_status status = rcr_translate_net_create(&j->net, j->cx, &j->config, &j->words, NULL);
    return status == RECUR_OK ? rcr_stepper_create(&j->stepper, &j->net) : status;
}

static recur_status make_meta(job *j)
{
    recur_status status = recur_vocab_json(&j->source_json, j->words.source.vocab);
    if (status == RECUR_OK && !j->words.shared)
        status = recur_vocab_json(&j->target_json, j->words.target.vocab);
    if (status != RECUR_OK)
        return status;
    rcr_doc_begin(&j->config_json, j->cx, false);
    rcr_config_json(&j->config_json, &rcr_translate_task, &j->config);
    j->meta[j->n_meta++] = (recur_meta){"recur", rcr_translate_task.format};
    j->meta[j->n_meta++] = (recur_meta){"config", j->config_json.text};
    j->meta[j->n_meta++] = (recur_meta){RCR_META_SOURCE, j->source_json->bytes};
    if (!j->words.shared)
        j->meta[j->n_meta++] = (recur_meta){RCR_META_TARGET, j->target_json->bytes};
    return j->config_json.status;
}

/* ---- epochs ---- */

static recur_status validate(job *j)
{
    rcr_translate_loss_of loss;
    recur_status status =
        rcr_translate_part_loss(recur_trainer_tape(j->trainer), &j->net, &j->part[RECUR_PART_VALID], &loss);
    if (status != RECUR_OK)
        return status;
    return isnan(loss.plain) ? recur_trainer_validate(j->trainer, NAN)
                             : recur_trainer_validate_by(j->trainer, loss.plain, loss.smoothed);
}

/* How much of what the decoder reads is right, in an epoch that counts from 0. */
static double forcing(const job *j, int64_t epoch)
{
    const recur_translate_config *c = &j->config;
    double done = c->train.epochs > 1 ? (double)epoch / (double)(c->train.epochs - 1) : 0;
    return c->teacher_forcing + (c->teacher_forcing_end - c->teacher_forcing) * done;
}

static recur_status learn_batch(job *j, const recur_turn *at)
{
    recur_tape *tp = recur_trainer_tape(j->trainer);
    const rcr_pair_part *train = &j->part[RECUR_PART_TRAIN];
    recur_bucket of;
    if (at->first)
        recur_buckets_seek(train->buckets, (uint64_t)at->epoch, at->batch);
    if (!recur_buckets_next(train->buckets, &of))
        return rcr_fail(j->cx, RECUR_ESTATE, "batch %lld of an epoch is missing", (long long)at->batch);
    rcr_pair_batch b = rcr_pairs_batch(tp, train->pairs, of.index, of.B);
    recur_status status = rcr_stepper_draw(&j->stepper, &b, forcing(j, at->epoch),
                                           (uint64_t)j->config.train.seed, recur_tape_step(tp));
    if (status != RECUR_OK)
        return status;
    return recur_trainer_step(j->trainer, rcr_translate_learn(tp, &j->net, &b), b.N, b.units);
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

static recur_status score(job *j, recur_translate_result *r)
{
    const rcr_pair_part *valid = &j->part[RECUR_PART_VALID], *test = &j->part[RECUR_PART_TEST];
    const rcr_pair_part *shown = test->n > 0 ? test : valid;
    rcr_scoring q = {.stepper = &j->stepper,
                     .words = &j->words,
                     .how = rcr_translate_decoding(&j->config),
                     .signature = r->signature},
                show = q;
    show.samples = j->samples;
    show.n_samples = j->config.sample;
    recur_status status = rcr_translate_part_score(&q, &j->scored_train, &r->common.train);
    if (status == RECUR_OK)
        status = rcr_translate_part_score(shown == valid ? &show : &q, valid, &r->common.valid);
    if (status == RECUR_OK)
        status = rcr_translate_part_score(shown == test ? &show : &q, test, &r->common.test);
    return status == RECUR_OK ? rcr_translate_part_baseline(&q, shown, &r->common.baseline) : status;
}

static int64_t count_samples(const job *j)
{
    int64_t n = 0;
    while (n < j->config.sample && j->samples[n].translation)
        n++;
    return n;
}

static recur_status save(job *j, const recur_translate_result *r)
{
    recur_status status = rcr_job_save_model(j->net.ps, &j->run, j->meta, j->n_meta);
    return status == RECUR_OK
               ? rcr_translate_write_result(j->cx, &j->run, &j->config, r, j->samples, count_samples(j))
               : status;
}

static recur_status learn(job *j, recur_translate_result *r)
{
    recur_summary summary;
    recur_status status = recur_trainer_create(&j->trainer, j->net.ps, &j->config.train,
                                               recur_buckets_size(j->part[RECUR_PART_TRAIN].buckets), &j->run,
                                               j->meta, j->n_meta);
    if (status == RECUR_OK)
        status = epochs(j, &summary);
    if (status != RECUR_OK)
        return status;
    *r = (recur_translate_result){.common = rcr_result_of(&summary, j->net.ps)};
    j->samples = rcr_alloc_array(j->cx, (size_t)j->config.sample, sizeof *j->samples, "samples");
    status = j->samples ? score(j, r) : RECUR_ENOMEM;
    r->common.peak_bytes = rcr_alloc_peak(j->cx);
    return status == RECUR_OK ? save(j, r) : status;
}

static recur_status train(job *j, recur_translate_result *r)
{
    recur_status status = rcr_translate_check(j->cx, &j->config);
    if (status != RECUR_OK)
        return status;
    rcr_translate_settle(&j->config);
    rcr_train_settle(&j->config.train);
    status = open_data(j);
    if (status == RECUR_OK)
        status = encode(j);
    if (status == RECUR_OK)
        status = open_parts(j);
    if (status == RECUR_OK)
        status = make_model(j);
    if (status == RECUR_OK)
        status = make_meta(j);
    if (status == RECUR_OK)
        status = rcr_job_begin(j->cx, &rcr_translate_task, &j->config, &j->run);
    j->run.data = status == RECUR_OK ? checksum(j) : 0;
    return status == RECUR_OK ? learn(j, r) : status;
}

recur_status recur_translate_train(recur_ctx *cx, const recur_translate_config *config, const recur_run *run,
                                   recur_translate_result *result)
{
    job j = {.cx = cx, .config = *config, .run = run ? *run : (recur_run){0}, .config_json.cx = cx};
    recur_status status = train(&j, result);
    close_job(&j);
    return status;
}
