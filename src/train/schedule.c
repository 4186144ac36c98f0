// SPDX-License-Identifier: MIT
/* From the words of a configuration to an optimizer and a schedule of learning rates. */
#include "train/trainer.h"

/* What people begin with; torch.optim's own default for SGD and Adam is 0.001. */
static const double usual_lr[] = {
    [RECUR_SGD] = 0.1,      [RECUR_ADAM] = 0.003,   [RECUR_ADAMW] = 0.003, [RECUR_RMSPROP] = 0.003,
    [RECUR_ADAGRAD] = 0.01, [RECUR_ADADELTA] = 1.0, [RECUR_NADAM] = 0.003,
};

recur_optim_config rcr_optim_of(const recur_train_config *c)
{
    recur_optim_config o = recur_optim_defaults((recur_optim_kind)c->optimizer);
    o.lr = c->lr;
    o.momentum = c->momentum;
    if (c->weight_decay > 0 || c->optimizer != RECUR_ADAMW)
        o.weight_decay = c->weight_decay;
    return o;
}

static const struct {
    recur_schedule_kind kind;
    double factor; /* the usual one */
} schedules[] = {
    [RECUR_RATE_NONE] = {RECUR_SCHEDULE_CONSTANT, 1},
    [RECUR_RATE_PLATEAU] = {RECUR_SCHEDULE_PLATEAU, 0.5},
    [RECUR_RATE_STEP] = {RECUR_SCHEDULE_STEP, 0.1},
    [RECUR_RATE_EXPONENTIAL] = {RECUR_SCHEDULE_EXPONENTIAL, 0.99},
    [RECUR_RATE_COSINE] = {RECUR_SCHEDULE_COSINE, 1},
    [RECUR_RATE_ONECYCLE] = {RECUR_SCHEDULE_ONE_CYCLE, 1},
};

void rcr_train_settle(recur_train_config *c)
{
    if (!(c->lr > 0))
        c->lr = usual_lr[c->optimizer];
    if (!(c->schedule_factor > 0))
        c->schedule_factor = schedules[c->schedule].factor;
}

recur_status rcr_schedule_make(recur_schedule **out, recur_ctx *cx, const recur_train_config *c, double lr,
                               int64_t batches)
{
    recur_schedule_config s = recur_schedule_defaults(schedules[c->schedule].kind);
    s.gamma = s.factor = c->schedule_factor;
    s.step_size = c->schedule_step;
    s.patience = c->schedule_patience;
    s.min_lr = s.eta_min = c->schedule_min_lr;
    s.T_max = c->epochs;
    s.max_lr = lr;
    s.total_steps = c->epochs * batches;
    s.cycle_momentum = false;
    return recur_schedule_create(out, cx, &s, lr);
}

static void step(recur_trainer *t, double metric)
{
    recur_schedule_step(t->schedule, metric);
    recur_optim_set_lr(t->optim, recur_schedule_lr(t->schedule));
}

void rcr_schedule_batch(recur_trainer *t)
{
    if (t->config.schedule == RECUR_RATE_ONECYCLE)
        step(t, 0);
}

void rcr_schedule_epoch(recur_trainer *t, double metric)
{
    if (t->config.schedule != RECUR_RATE_ONECYCLE)
        step(t, metric);
}
