// SPDX-License-Identifier: MIT
/* The training loop: which batch is next, what a loss does to the parameters, when it is enough. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "train/option.h"
#include "train/run.h"

double rcr_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

size_t rcr_tensor_bytes(const recur_tensor *x)
{
    return recur_entry_of(x, NULL).size;
}

static void *bytes_of(const recur_tensor *x)
{
    return (void *)(uintptr_t)recur_entry_of(x, NULL).data;
}

void rcr_best_keep(recur_trainer *t)
{
    char *best = t->best;
    recur_tensor *x;
    for (size_t i = 0; (x = recur_params_at(t->ps, i)); i++) {
        memcpy(best, bytes_of(x), rcr_tensor_bytes(x));
        best += rcr_tensor_bytes(x);
    }
}

void rcr_best_restore(recur_trainer *t)
{
    const char *best = t->best;
    recur_tensor *x;
    for (size_t i = 0; (x = recur_params_at(t->ps, i)); i++) {
        memcpy(bytes_of(x), best, rcr_tensor_bytes(x));
        best += rcr_tensor_bytes(x);
    }
}

static recur_status make_best(recur_trainer *t)
{
    recur_tensor *x;
    for (size_t i = 0; (x = recur_params_at(t->ps, i)); i++)
        t->best_bytes += rcr_tensor_bytes(x);
    t->best = rcr_alloc(t->cx, t->best_bytes, "the best parameters");
    return t->best ? RECUR_OK : RECUR_ENOMEM;
}

static recur_status make_parts(recur_trainer *t)
{
    recur_optim_config o = rcr_optim_of(&t->config);
    recur_status status = recur_optim_create(&t->optim, t->ps, &o);
    if (status == RECUR_OK)
        status = rcr_schedule_make(&t->schedule, t->cx, &t->config, o.lr, t->at.batches);
    if (status != RECUR_OK)
        return status;
    recur_optim_set_lr(t->optim, recur_schedule_lr(t->schedule));
    if (t->config.average > 0)
        status = recur_average_create(&t->average, t->ps, t->config.average);
    if (status != RECUR_OK)
        return status;
    status = recur_tape_create(&t->tape, t->cx, (uint64_t)t->config.seed);
    return status == RECUR_OK ? make_best(t) : status;
}

static recur_status start(recur_trainer *t)
{
    bool there = false;
    recur_status status = make_parts(t);
    if (status == RECUR_OK)
        status = rcr_run_has(&there, t->cx, &t->run, RECUR_FILE_CHECKPOINT);
    if (status == RECUR_OK && t->run.resume && there)
        status = rcr_checkpoint_load(t);
    else if (status == RECUR_OK && t->run.resume)
        rcr_run_note(&t->run, "no checkpoint yet: beginning at the beginning");
    t->first_batch = t->at.epoch * t->at.batches + t->at.batch;
    return status == RECUR_OK ? rcr_history_write(&t->history, t->cx, &t->run) : status;
}

recur_status recur_trainer_create(recur_trainer **out, recur_params *ps, const recur_train_config *config,
                                  int64_t batches, const recur_run *run, const recur_meta *meta,
                                  size_t n_meta)
{
    *out = NULL;
    recur_ctx *cx = recur_params_ctx(ps);
    recur_status status = rcr_options_check(cx, rcr_train_groups, config);
    if (status != RECUR_OK)
        return status;
    if (batches < 1)
        return rcr_fail(cx, RECUR_EINVAL, "training needs at least one batch, not %lld", (long long)batches);
    recur_trainer *t = rcr_alloc_zero(cx, sizeof *t, "a trainer");
    if (!t)
        return RECUR_ENOMEM;
    t->cx = cx;
    t->ps = ps;
    t->config = *config;
    rcr_train_settle(&t->config);
    t->run = run ? *run : (recur_run){0};
    t->meta = meta;
    t->n_meta = n_meta;
    t->at.epochs = config->epochs;
    t->at.batches = batches;
    t->at.checksum = (int64_t)(t->run.data >> 1);
    t->sums.best_loss = INFINITY;
    t->began_at = t->saved_at = rcr_now();
    status = start(t);
    if (status == RECUR_OK)
        *out = t;
    else
        recur_trainer_free(t);
    return status;
}

void recur_trainer_free(recur_trainer *t)
{
    if (!t)
        return;
    recur_tape_free(t->tape);
    recur_schedule_free(t->schedule);
    recur_average_free(t->average);
    recur_optim_free(t->optim);
    rcr_free(t->cx, t->best);
    rcr_history_free(&t->history, t->cx);
    rcr_free(t->cx, t);
}

recur_tape *recur_trainer_tape(recur_trainer *t)
{
    return t->tape;
}

/* ---- is it enough? ---- */

static double seconds(const recur_trainer *t)
{
    return t->seconds_before + rcr_now() - t->began_at;
}

static bool at_limit(const recur_trainer *t)
{
    return (t->config.max_steps > 0 && t->at.steps >= t->config.max_steps) ||
           (t->config.max_time > 0 && seconds(t) >= t->config.max_time);
}

static bool out_of_patience(const recur_trainer *t)
{
    return t->config.patience > 0 && t->at.batch == 0 && t->at.epoch - t->at.best_epoch >= t->config.patience;
}

static bool over(recur_trainer *t)
{
    if (t->at.epoch >= t->config.epochs || t->stop)
        return true;
    t->early = out_of_patience(t);
    t->cut = !t->early && at_limit(t) && t->at.batch > 0;
    return t->early || at_limit(t);
}

/* What a limit cut out of an epoch is validated after the checkpoint was written, so that it does not leak
 * into a run that goes on. */
static bool end(recur_trainer *t)
{
    bool cut = t->cut && !t->ended && t->status == RECUR_OK;
    if (t->status == RECUR_OK && t->began && !t->ended)
        t->status = rcr_checkpoint_save(t);
    t->ended = true;
    return cut && t->status == RECUR_OK;
}

static bool due(const recur_trainer *t)
{
    return t->run.folder && t->began && rcr_now() - t->saved_at >= t->config.checkpoint_every;
}

/* Validation and the best model are of the averages; all else is of the parameters. */
static void use_averages(recur_trainer *t, bool on)
{
    if (t->average && t->averaged != on)
        recur_average_swap(t->average);
    t->averaged = on;
}

static bool ask_to_validate(recur_trainer *t, recur_turn *turn)
{
    use_averages(t, true);
    *turn = (recur_turn){t->at.epoch, t->at.batch, .validate = true};
    return true;
}

static bool ask_to_learn(recur_trainer *t, recur_turn *turn)
{
    *turn = (recur_turn){t->at.epoch, t->at.batch, .first = !t->began || t->at.batch == 0};
    t->began = true;
    t->turn_at = rcr_now();
    recur_tape_set_step(t->tape, (uint64_t)t->at.steps);
    recur_tape_begin(t->tape, RECUR_TRAIN);
    return true;
}

bool recur_trainer_next(recur_trainer *t, recur_turn *turn)
{
    if (t->status == RECUR_OK && t->pending)
        return ask_to_validate(t, turn);
    if (t->status != RECUR_OK || t->ended || over(t))
        return end(t) && ask_to_validate(t, turn);
    if (due(t))
        t->status = rcr_checkpoint_save(t);
    return t->status == RECUR_OK && ask_to_learn(t, turn);
}

/* ---- a step ---- */

static double mean_loss(const recur_trainer *t)
{
    return t->at.examples > 0 ? t->sums.loss / (double)t->at.examples : NAN;
}

static double speed(const recur_trainer *t)
{
    return t->sums.learn_seconds > 0 ? (double)t->at.units / t->sums.learn_seconds : NAN;
}

/* At the pace of this process, until the last epoch or a limit. */
static double seconds_left(const recur_trainer *t)
{
    double now = rcr_now() - t->began_at;
    int64_t done = t->at.epoch * t->at.batches + t->at.batch;
    if (done <= t->first_batch)
        return NAN;
    double each = now / (double)(done - t->first_batch);
    double left = each * (double)(t->config.epochs * t->at.batches - done);
    if (t->config.max_steps > 0)
        left = fmin(left, each * (double)(t->config.max_steps - t->at.steps));
    if (t->config.max_time > 0)
        left = fmin(left, t->config.max_time - seconds(t));
    return fmax(left, 0);
}

static void tell(recur_trainer *t, recur_event_kind kind, double valid_loss, bool best)
{
    if (!t->run.observe)
        return;
    recur_event event = {
        .kind = kind,
        .text = "",
        .epoch = t->at.epoch + 1,
        .epochs = t->config.epochs,
        .batch = t->at.batch,
        .batches = t->at.batches,
        .steps = t->at.steps,
        .loss = mean_loss(t),
        .valid_loss = valid_loss,
        .lr = recur_optim_lr(t->optim),
        .units_per_second = speed(t),
        .seconds = seconds(t),
        .seconds_left = seconds_left(t),
        .best = best,
    };
    if (!t->run.observe(t->run.user, &event))
        t->stop = true;
}

static recur_status diverged(recur_trainer *t)
{
    return rcr_fail(t->cx, RECUR_ENUMERIC,
                    "training diverged: the loss is not finite in epoch %lld, batch %lld; a lower --lr or a "
                    "--clip-norm may help",
                    (long long)(t->at.epoch + 1), (long long)(t->at.batch + 1));
}

static recur_status clip(recur_trainer *t)
{
    recur_status status = RECUR_OK;
    if (t->config.clip_value > 0)
        status = recur_clip_grad_value(t->ps, t->config.clip_value);
    if (status == RECUR_OK && t->config.clip_norm > 0)
        status = recur_clip_grad_norm(t->ps, t->config.clip_norm, 2, NULL);
    return status;
}

static recur_status learn(recur_trainer *t, recur_tensor *loss)
{
    if (loss && !isfinite(recur_item(loss, 0)))
        return diverged(t);
    recur_status status = recur_backward(t->tape, loss);
    if (status == RECUR_OK)
        status = clip(t);
    if (status == RECUR_OK)
        status = recur_optim_step(t->optim);
    return status == RECUR_OK && t->average ? recur_average_update(t->average) : status;
}

recur_status recur_trainer_step(recur_trainer *t, recur_tensor *loss, int64_t examples, int64_t units)
{
    if (t->status == RECUR_OK && t->pending)
        t->status =
            rcr_fail(t->cx, RECUR_ESTATE, "recur_trainer_validate() must follow the last batch of an epoch");
    if (t->status == RECUR_OK)
        t->status = learn(t, loss);
    if (t->status != RECUR_OK)
        return t->status;
    t->sums.loss += recur_item(loss, 0) * (double)examples;
    t->at.examples += examples;
    t->at.units += units;
    t->at.steps++;
    t->at.batch++;
    rcr_schedule_batch(t);
    t->sums.learn_seconds += rcr_now() - t->turn_at;
    t->pending = t->at.batch == t->at.batches;
    tell(t, RECUR_EVENT_BATCH, NAN, false);
    return RECUR_OK;
}

/* ---- an epoch ---- */

static recur_status record(recur_trainer *t, double valid_loss, bool best)
{
    rcr_epoch line = {(double)(t->at.epoch + 1),
                      (double)t->at.steps,
                      mean_loss(t),
                      valid_loss,
                      recur_optim_lr(t->optim),
                      speed(t),
                      seconds(t),
                      best};
    recur_status status = rcr_history_add(&t->history, t->cx, &line);
    return status == RECUR_OK ? rcr_history_append(&t->history, t->cx, &t->run) : status;
}

static bool is_best(recur_trainer *t, double metric)
{
    if (!(metric < t->sums.best_loss))
        return false;
    t->sums.best_loss = metric;
    t->at.best_epoch = t->at.epoch + 1;
    t->unsaved_model = true;
    rcr_best_keep(t);
    return true;
}

recur_status recur_trainer_validate(recur_trainer *t, double loss)
{
    return recur_trainer_validate_by(t, loss, isnan(loss) ? mean_loss(t) : loss);
}

recur_status recur_trainer_validate_by(recur_trainer *t, double loss, double metric)
{
    if (t->status != RECUR_OK)
        return t->status;
    bool best = is_best(t, metric);
    use_averages(t, false);
    t->status = record(t, loss, best);
    tell(t, RECUR_EVENT_EPOCH, loss, best);
    rcr_schedule_epoch(t, metric);
    t->at.epoch++;
    t->at.batch = t->at.examples = 0;
    t->sums.loss = 0;
    t->pending = false;
    return t->status;
}

static void summarize(const recur_trainer *t, recur_summary *s)
{
    *s = (recur_summary){t->at.epoch, t->at.steps, t->at.best_epoch, t->sums.best_loss,
                         seconds(t),  speed(t),    t->early};
}

recur_status recur_trainer_finish(recur_trainer *t, recur_summary *summary)
{
    recur_status ended = t->status, saved = RECUR_OK;
    use_averages(t, false);
    if (ended == RECUR_OK && t->stop && t->at.epoch < t->config.epochs)
        ended =
            rcr_fail(t->cx, RECUR_ESTOPPED, "stopped after %lld steps; all is saved", (long long)t->at.steps);
    if (t->at.best_epoch > 0) {
        rcr_best_restore(t);
        saved = rcr_model_save(t);
    }
    if (summary)
        summarize(t, summary);
    return ended != RECUR_OK ? ended : saved;
}
