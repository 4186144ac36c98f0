// SPDX-License-Identifier: MIT
/* Training a tagger: files -> parts -> words and tags -> batches -> epochs -> the best model's score. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/tag.h"
#include "train/option.h"
#include "train/run.h"

enum { TEXTS = 3, META = TEXTS + 3 };

/* All that a training holds; freed by close_job() whatever happened. */
typedef struct job {
    recur_ctx *cx;
    recur_tag_config config; /* effective: nothing is left to a default */
    recur_run run;
    rcr_tag_words words;
    rcr_tag_source source[RECUR_PARTS]; /* by part: DATA, --valid, --test */
    recur_parts *parts;                 /* of DATA */
    rcr_tag_part part[RECUR_PARTS];
    recur_buckets *buckets;
    rcr_tag_net net;
    rcr_doc config_json;
    recur_text *json[TEXTS]; /* vocabularies: words, characters, tags */
    recur_meta meta[META];
    recur_trainer *trainer;
} job;

static void close_job(job *j)
{
    recur_trainer_free(j->trainer);
    rcr_doc_free(&j->config_json);
    for (int i = 0; i < TEXTS; i++)
        recur_text_free(j->json[i]);
    rcr_tag_net_free(&j->net);
    recur_buckets_free(j->buckets);
    recur_parts_free(j->parts);
    for (int i = 0; i < RECUR_PARTS; i++)
        rcr_tag_source_close(&j->source[i]);
    rcr_tag_words_close(&j->words);
    recur_run_close(&j->run);
}

/* ---- data ---- */

/* A file by itself is a part by itself. */
static recur_status open_part(job *j, int part, const char *path)
{
    if (!path)
        return RECUR_OK;
    recur_status status = rcr_tag_source_open(&j->source[part], j->cx, &j->config, path, true);
    if (status == RECUR_OK)
        j->part[part] = (rcr_tag_part){&j->source[part], NULL, j->source[part].sentences->n};
    return status;
}

static recur_status cut_data(job *j)
{
    const recur_sentences *all = j->source[0].sentences;
    recur_status status = all ? rcr_tag_split(&j->parts, j->cx, &j->config, all->n) : RECUR_ESTATE;
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        j->part[i] = (rcr_tag_part){&j->source[0], j->parts->index[i], j->parts->n[i]};
    return status;
}

static recur_status encode(job *j)
{
    recur_status status = RECUR_OK;
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        if (j->source[i].sentences)
            status = rcr_tag_source_encode(&j->source[i], &j->words);
    return status;
}

/* Sentences that go by no scheme mean that the CRF has no rules. */
static void note_misfits(const job *j)
{
    char text[512];
    const rcr_tag_words *w = &j->words;
    if (!j->config.crf || w->misfits == 0)
        return;
    recur_place where = recur_sentences_place(j->source[0].sentences, w->misfit);
    snprintf(text, sizeof text,
             "%.300s:%lld: here and in %lld of %lld sentences tags break their scheme, so none is forbidden",
             where.name, (long long)where.line, (long long)w->misfits,
             (long long)j->part[RECUR_PART_TRAIN].n);
    rcr_run_note(&j->run, text);
}

static recur_status open_data(job *j)
{
    const rcr_tag_part *train = &j->part[RECUR_PART_TRAIN];
    recur_status status = rcr_tag_source_open(&j->source[0], j->cx, &j->config, j->config.data, true);
    if (status == RECUR_OK)
        status = cut_data(j);
    if (status == RECUR_OK)
        status = open_part(j, RECUR_PART_VALID, j->config.valid);
    if (status == RECUR_OK)
        status = open_part(j, RECUR_PART_TEST, j->config.test);
    if (status == RECUR_OK)
        status = rcr_tag_words_open(&j->words, j->cx, &j->config);
    if (status == RECUR_OK)
        status = rcr_tag_words_learn(&j->words, j->source[0].sentences, train->index, train->n);
    if (status == RECUR_OK)
        note_misfits(j);
    return status == RECUR_OK ? encode(j) : status;
}

static uint64_t checksum(const job *j)
{
    uint64_t sum = RCR_CHECKSUM;
    for (int i = 0; i < RECUR_PARTS; i++) {
        const recur_sequences *s[] = {j->source[i].words, j->source[i].tags};
        for (int k = 0; k < 2 && s[k]; k++) {
            sum = rcr_checksum(sum, s[k]->offset, (size_t)(s[k]->n + 1) * sizeof *s[k]->offset);
            sum = rcr_checksum(sum, s[k]->id, (size_t)s[k]->offset[s[k]->n] * sizeof *s[k]->id);
        }
    }
    return sum;
}

/* ---- model ---- */

static recur_status make_meta(job *j)
{
    static const char *const keys[] = {"vocab", "characters", "tags"};
    const recur_vocab *vocabs[] = {j->words.words.vocab, j->words.chars.vocab, j->words.tags};
    recur_status status = RECUR_OK;
    rcr_doc_begin(&j->config_json, j->cx, false);
    rcr_config_json(&j->config_json, &rcr_tag_task, &j->config);
    j->meta[0] = (recur_meta){"recur", rcr_tag_task.format};
    j->meta[1] = (recur_meta){"config", j->config_json.text};
    j->meta[META - 1] = (recur_meta){"scheme", rcr_tag_scheme_name(j->words.scheme)};
    for (int i = 0; i < TEXTS && status == RECUR_OK; i++) {
        status = recur_vocab_json(&j->json[i], vocabs[i]);
        if (status == RECUR_OK)
            j->meta[2 + i] = (recur_meta){keys[i], j->json[i]->bytes};
    }
    return status == RECUR_OK ? j->config_json.status : status;
}

static recur_status make_model(job *j)
{
    const rcr_tag_part *train = &j->part[RECUR_PART_TRAIN];
    const recur_bucket_options options = {
        .batch = j->config.train.batch_size, .shuffle = true, .seed = (uint64_t)j->config.train.seed};
    recur_status status = rcr_tag_net_create(&j->net, j->cx, &j->config, &j->words, NULL);
    if (status == RECUR_OK && j->config.vectors)
        status = rcr_encoder_vectors(&j->net.words, j->words.words.vocab, j->config.vectors, &j->run);
    if (status == RECUR_OK)
        status = recur_buckets_create(&j->buckets, train->source->words, train->index, train->n, &options);
    return status == RECUR_OK ? make_meta(j) : status;
}

/* ---- epochs ---- */

/* What should be small: 1 - F1 where there are entities, else the share of wrong tags. */
static double criterion(const recur_score *s)
{
    double f1 = recur_score_get(s, "f1");
    return 1 - (isnan(f1) ? recur_score_get(s, "accuracy") : f1);
}

static recur_status validate(job *j)
{
    recur_score score;
    const rcr_tag_part *valid = &j->part[RECUR_PART_VALID];
    if (valid->n == 0)
        return recur_trainer_validate(j->trainer, NAN);
    recur_status status =
        rcr_tag_part_score(recur_trainer_tape(j->trainer), &j->net, &j->words, valid, &score, NULL);
    return status == RECUR_OK
               ? recur_trainer_validate_by(j->trainer, recur_score_get(&score, "loss"), criterion(&score))
               : status;
}

static recur_status learn_batch(job *j, const recur_turn *turn)
{
    recur_bucket b;
    rcr_tag_batch batch;
    int64_t words;
    recur_tape *tp = recur_trainer_tape(j->trainer);
    const rcr_tag_source *s = j->part[RECUR_PART_TRAIN].source;
    if (turn->first)
        recur_buckets_seek(j->buckets, (uint64_t)turn->epoch, turn->batch);
    if (!recur_buckets_next(j->buckets, &b))
        return rcr_fail(j->cx, RECUR_ESTATE, "batch %lld of an epoch is missing", (long long)turn->batch);
    recur_status status = rcr_tag_forward(tp, &j->net, s, b.index, b.B, &batch);
    if (status != RECUR_OK)
        return status;
    recur_tensor *loss = rcr_tag_loss(tp, &j->net, s, b.index, &batch, &words);
    return recur_trainer_step(j->trainer, loss, words, b.units);
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

static recur_status score(job *j, recur_result *r)
{
    recur_tape *tp = recur_trainer_tape(j->trainer);
    recur_score *scores[RECUR_PARTS] = {&r->train, &r->valid, &r->test};
    recur_status status = RECUR_OK;
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        status = rcr_tag_part_score(tp, &j->net, &j->words, &j->part[i], scores[i], NULL);
    return status == RECUR_OK ? rcr_tag_part_baseline(&j->words, &j->part[RECUR_PART_TRAIN],
                                                      &j->part[RECUR_PART_TEST], &r->baseline)
                              : status;
}

static recur_status save(job *j, const recur_result *r)
{
    rcr_doc doc;
    recur_status status = rcr_job_save_model(j->net.ps, &j->run, j->meta, META);
    if (status != RECUR_OK)
        return status;
    rcr_result_begin(&doc, j->cx, rcr_tag_task.name, j->config.model.cell, r);
    rcr_doc_int(&doc, "vocabulary", recur_vocab_size(j->words.words.vocab));
    rcr_doc_int(&doc, "tags", recur_vocab_size(j->words.tags));
    rcr_result_parts(&doc, r);
    rcr_doc_end(&doc, '}');
    return rcr_job_write(&doc, &j->run, RECUR_FILE_RESULT);
}

static recur_status learn(job *j, recur_result *r)
{
    recur_summary summary;
    recur_status status = recur_trainer_create(&j->trainer, j->net.ps, &j->config.train,
                                               recur_buckets_size(j->buckets), &j->run, j->meta, META);
    if (status == RECUR_OK)
        status = epochs(j, &summary);
    if (status != RECUR_OK)
        return status;
    *r = rcr_result_of(&summary, j->net.ps);
    status = score(j, r);
    r->peak_bytes = rcr_alloc_peak(j->cx);
    return status == RECUR_OK ? save(j, r) : status;
}

static recur_status train(job *j, recur_result *r)
{
    recur_status status = rcr_tag_check(j->cx, &j->config);
    if (status == RECUR_OK)
        status = open_data(j);
    if (status == RECUR_OK)
        status = make_model(j);
    if (status == RECUR_OK)
        status = rcr_job_begin(j->cx, &rcr_tag_task, &j->config, &j->run);
    j->run.data = status == RECUR_OK ? checksum(j) : 0;
    return status == RECUR_OK ? learn(j, r) : status;
}

recur_status recur_tag_train(recur_ctx *cx, const recur_tag_config *config, const recur_run *run,
                             recur_result *result)
{
    job j = {.cx = cx, .config = *config, .run = run ? *run : (recur_run){0}};
    j.words.cx = j.config_json.cx = cx;
    for (int i = 0; i < RECUR_PARTS; i++)
        j.source[i].cx = j.source[i].names.cx = cx;
    recur_status status = train(&j, result);
    close_job(&j);
    return status;
}
