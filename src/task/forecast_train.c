// SPDX-License-Identifier: MIT
/* Training a forecaster: data -> parts -> scaler -> epochs -> the best model's score on each part. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/forecast.h"
#include "train/option.h"
#include "train/run.h"
#include "train/trainer.h"

/* All that a training holds; freed by close_job() whatever happened. */
typedef struct job {
    recur_ctx *cx;
    recur_forecast_config config; /* effective: nothing is left to a default */
    recur_run run;
    rcr_source source[RECUR_PARTS]; /* by part: DATA, --valid, --test */
    recur_parts *parts[RECUR_PARTS];
    rcr_part part[RECUR_PARTS];
    rcr_part scored_train; /* the training part again, in order */
    rcr_net net;
    rcr_doc config_json, scaler_json;
    recur_trainer *trainer;
} job;

static void close_job(job *j)
{
    recur_trainer_free(j->trainer);
    rcr_doc_free(&j->config_json);
    rcr_doc_free(&j->scaler_json);
    rcr_part_close(&j->scored_train);
    rcr_net_free(&j->net);
    for (int i = 0; i < RECUR_PARTS; i++) {
        rcr_part_close(&j->part[i]);
        recur_parts_free(j->parts[i]);
        rcr_source_close(&j->source[i]);
    }
    recur_run_close(&j->run);
}

/* ---- data ---- */

static recur_status partition(job *j, recur_partition *how)
{
    const recur_forecast_config *c = &j->config;
    *how = (recur_partition){.distinct = c->distinct, .seed = (uint64_t)c->train.seed};
    how->shuffle = c->order == RCR_ORDER_SHUFFLE || (c->order == RCR_ORDER_USUAL && c->rows);
    return rcr_partition_beside(j->cx, how, c->split, c->valid, c->test);
}

static void use_part(job *j, int part, int source)
{
    recur_parts *p = j->parts[source];
    j->part[part] = (rcr_part){.e = j->source[source].examples, .index = p->index[part], .n = p->n[part]};
}

static recur_status cut_data(job *j)
{
    recur_partition how;
    recur_status status = partition(j, &how);
    if (status == RECUR_OK)
        status = recur_parts_create(&j->parts[0], j->source[0].examples, &how);
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        use_part(j, i, 0);
    return status;
}

/* A part that is a file by itself. */
static recur_status open_part(job *j, int part, const char *path)
{
    if (!path)
        return RECUR_OK;
    recur_status status = rcr_source_open(&j->source[part], j->cx, &j->config, path);
    if (status != RECUR_OK)
        return status;
    rcr_source_note(&j->source[part], &j->config, &j->run);
    status = rcr_source_examples(&j->source[part], &j->config);
    if (status == RECUR_OK)
        status = recur_parts_all(&j->parts[part], j->source[part].examples, part);
    if (status == RECUR_OK)
        use_part(j, part, part);
    return status;
}

static recur_status open_data(job *j)
{
    recur_status status = rcr_source_open(&j->source[0], j->cx, &j->config, j->config.data);
    if (status != RECUR_OK)
        return status;
    rcr_source_note(&j->source[0], &j->config, &j->run);
    if (!j->config.rows)
        j->config.target = j->source[0].targets;
    status = rcr_source_examples(&j->source[0], &j->config);
    if (status == RECUR_OK)
        status = cut_data(j);
    if (status == RECUR_OK)
        status = open_part(j, RECUR_PART_VALID, j->config.valid);
    return status == RECUR_OK ? open_part(j, RECUR_PART_TEST, j->config.test) : status;
}

static uint64_t checksum(const job *j)
{
    uint64_t sum = RCR_CHECKSUM;
    for (int i = 0; i < RECUR_PARTS; i++)
        if (j->source[i].examples)
            sum = rcr_source_checksum(&j->source[i], sum);
    return sum;
}

/* ---- model ---- */

static recur_status fit(job *j)
{
    recur_scale kind;
    double divisor;
    const rcr_part *train = &j->part[RECUR_PART_TRAIN];
    recur_status status = recur_scale_parse(j->cx, j->config.scale, &kind, &divisor);
    if (status == RECUR_OK)
        status = recur_scaler_fit(&j->net.inputs, &j->net.answers, train->e, train->index, train->n, kind,
                                  divisor);
    int64_t m = j->config.season > 0 ? j->config.season : 1;
    return status == RECUR_OK ? recur_naive_error(train->e, train->index, train->n, m, &j->net.naive)
                              : status;
}

static recur_status open_parts(job *j)
{
    recur_batch_options shuffled = {
        .batch = j->config.train.batch_size, .shuffle = true, .seed = (uint64_t)j->config.train.seed};
    j->scored_train = j->part[RECUR_PART_TRAIN];
    recur_status status = rcr_part_open(&j->scored_train, &j->net, NULL);
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        status = j->part[i].n > 0
                     ? rcr_part_open(&j->part[i], &j->net, i == RECUR_PART_TRAIN ? &shuffled : NULL)
                     : RECUR_OK;
    return status;
}

static recur_status make_model(job *j)
{
    const recur_examples *e = j->source[0].examples;
    recur_status status = rcr_net_create(&j->net, j->cx, &j->config, e->F, e->K, NULL);
    if (status == RECUR_OK)
        status = fit(j);
    return status == RECUR_OK ? open_parts(j) : status;
}

/* ---- metadata of the model file ---- */

enum { META = 3 };

static recur_status make_meta(job *j, recur_meta meta[META])
{
    rcr_doc_free(&j->config_json);
    rcr_doc_free(&j->scaler_json);
    rcr_doc_begin(&j->config_json, j->cx, false);
    rcr_doc_begin(&j->scaler_json, j->cx, false);
    rcr_config_json(&j->config_json, &rcr_forecast_task, &j->config);
    rcr_net_write(&j->scaler_json, &j->net);
    meta[0] = (recur_meta){"recur", rcr_forecast_task.format};
    meta[1] = (recur_meta){"config", j->config_json.text};
    meta[2] = (recur_meta){"scaler", j->scaler_json.text};
    return j->config_json.status ? j->config_json.status : j->scaler_json.status;
}

/* ---- epochs ---- */

static recur_status validate(job *j)
{
    double loss = NAN;
    recur_status status = RECUR_OK;
    if (j->part[RECUR_PART_VALID].n > 0)
        status = rcr_part_loss(recur_trainer_tape(j->trainer), &j->net, &j->part[RECUR_PART_VALID], &loss);
    return status == RECUR_OK ? recur_trainer_validate(j->trainer, loss) : status;
}

static recur_status learn_batch(job *j, const recur_turn *at)
{
    recur_tape *tp = recur_trainer_tape(j->trainer);
    recur_batches *batches = j->part[RECUR_PART_TRAIN].batches;
    recur_batch b;
    recur_tensor *y;
    if (at->first)
        recur_batches_seek(batches, (uint64_t)at->epoch, at->batch);
    if (!recur_batches_next(batches, &b))
        return rcr_fail(j->cx, RECUR_ESTATE, "batch %lld of an epoch is missing", (long long)at->batch);
    recur_tensor *p = rcr_net_forward(tp, &j->net, &b, &y);
    return recur_trainer_step(j->trainer, rcr_net_loss(tp, &j->net, p, y), b.B, b.units);
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

static bool all_whole(const rcr_part *p)
{
    int64_t H = p->e->horizon * p->e->K;
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t h = 0; h < H; h++) {
            double y = recur_examples_truth(p->e, p->index[i])[h];
            if (y != round(y))
                return false;
        }
    return true;
}

/* Rounding is worth its surprise only where forecasts are nearly right: where it halves the squared error at
 * least. */
static recur_status choose_whole(job *j, recur_tape *tp)
{
    const rcr_part *valid = &j->part[RECUR_PART_VALID];
    j->net.whole = j->config.whole == RECUR_WHOLE_YES;
    if (j->config.whole != RECUR_WHOLE_AUTO || valid->n == 0 || !all_whole(&j->part[RECUR_PART_TRAIN]))
        return RECUR_OK;
    recur_forecast_score plain, rounded;
    recur_status status = rcr_part_score(tp, &j->net, valid, &plain);
    j->net.whole = true;
    if (status == RECUR_OK)
        status = rcr_part_score(tp, &j->net, valid, &rounded);
    j->net.whole = status == RECUR_OK && rounded.metrics.mse <= plain.metrics.mse / 2;
    if (j->net.whole)
        rcr_run_note(
            &j->run,
            "all targets are whole numbers: answers are rounded, which at least halves the squared error in "
            "validation (--whole no keeps fractions)");
    return status;
}

static recur_status score(job *j, recur_tape *tp, recur_forecast_result *r)
{
    const rcr_part *test = &j->part[RECUR_PART_TEST];
    recur_status status = choose_whole(j, tp);
    if (status == RECUR_OK)
        status = rcr_part_score(tp, &j->net, &j->scored_train, &r->train);
    if (status == RECUR_OK)
        status = rcr_part_score(tp, &j->net, &j->part[RECUR_PART_VALID], &r->valid);
    if (status == RECUR_OK)
        status = rcr_part_score(tp, &j->net, test, &r->test);
    if (status == RECUR_OK && test->n > 0)
        status = rcr_part_baseline(&j->net, test, 0, &r->baseline);
    if (status == RECUR_OK && test->n > 0 && j->config.season > 0)
        status = rcr_part_baseline(&j->net, test, j->config.season, &r->seasonal);
    r->whole = j->net.whole;
    return status;
}

static recur_status save(job *j, const recur_forecast_result *r)
{
    recur_meta meta[META];
    if (!j->run.folder)
        return RECUR_OK;
    recur_status status = make_meta(j, meta);
    if (status == RECUR_OK)
        status = rcr_job_save_model(j->net.ps, &j->run, meta, META);
    const rcr_part *test = &j->part[RECUR_PART_TEST];
    const rcr_source *source = &j->source[j->config.test ? RECUR_PART_TEST : 0];
    if (status == RECUR_OK && test->n > 0)
        status = rcr_forecast_write_table(recur_trainer_tape(j->trainer), &j->run, &j->net, source, test);
    return status == RECUR_OK ? rcr_forecast_write_result(j->cx, &j->run, &j->config, r) : status;
}

static recur_status learn(job *j, recur_forecast_result *r)
{
    recur_meta meta[META];
    recur_summary summary;
    recur_status status = make_meta(j, meta);
    if (status == RECUR_OK)
        status =
            recur_trainer_create(&j->trainer, j->net.ps, &j->config.train,
                                 recur_batches_size(j->part[RECUR_PART_TRAIN].batches), &j->run, meta, META);
    if (status == RECUR_OK)
        status = epochs(j, &summary);
    if (status != RECUR_OK)
        return status;
    *r = (recur_forecast_result){.parameters = recur_params_count(j->net.ps),
                                 .epochs = summary.epochs,
                                 .steps = summary.steps,
                                 .best_epoch = summary.best_epoch,
                                 .seconds = summary.seconds,
                                 .units_per_second = summary.units_per_second};
    status = score(j, recur_trainer_tape(j->trainer), r);
    r->peak_bytes = rcr_alloc_peak(j->cx);
    return status == RECUR_OK ? save(j, r) : status;
}

static recur_status train(job *j, recur_forecast_result *r)
{
    recur_status status = rcr_forecast_check(j->cx, &j->config);
    if (status != RECUR_OK)
        return status;
    rcr_train_settle(&j->config.train);
    status = open_data(j);
    if (status == RECUR_OK)
        status = make_model(j);
    if (status == RECUR_OK)
        status = rcr_job_begin(j->cx, &rcr_forecast_task, &j->config, &j->run);
    j->run.data = status == RECUR_OK ? checksum(j) : 0;
    return status == RECUR_OK ? learn(j, r) : status;
}

recur_status recur_forecast_train(recur_ctx *cx, const recur_forecast_config *config, const recur_run *run,
                                  recur_forecast_result *result)
{
    job j = {.cx = cx, .config = *config, .run = run ? *run : (recur_run){0}};
    j.config_json.cx = j.scaler_json.cx = cx;
    recur_status status = train(&j, result);
    close_job(&j);
    return status;
}
