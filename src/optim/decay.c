// SPDX-License-Identifier: MIT
/* Schedules with a plain closed form: constant, step, multi-step, exponential, linear. */
#include <math.h>

#include "optim/scalar.h"
#include "optim/schedule.h"

static const rcr_option no_options[] = {RCR_LAST_OPTION};

static double constant(const recur_schedule *s)
{
    return s->base_lr;
}

const rcr_schedule_rule rcr_schedule_constant = {
    .name = "constant schedule",
    .defaults = {.kind = RECUR_SCHEDULE_CONSTANT},
    .options = no_options,
    .lr = constant,
};

/* gamma^floor(t / step_size) */
static double by_step(const recur_schedule *s)
{
    return s->base_lr * rcr_power(s->c.gamma, s->t / s->c.step_size);
}

static const rcr_option step_options[] = {
    RCR_REAL(recur_schedule_config, gamma, 0, INFINITY, "[)"),
    RCR_WHOLE(recur_schedule_config, step_size, 1),
    RCR_LAST_OPTION,
};

const rcr_schedule_rule rcr_schedule_step = {
    .name = "step schedule",
    .defaults = {.kind = RECUR_SCHEDULE_STEP, .gamma = 0.1},
    .options = step_options,
    .lr = by_step,
};

static const rcr_option gamma_options[] = {
    RCR_REAL(recur_schedule_config, gamma, 0, INFINITY, "[)"),
    RCR_LAST_OPTION,
};

/* gamma^(milestones passed): one that is given twice counts twice. */
static double multi_step(const recur_schedule *s)
{
    return s->base_lr * rcr_power(s->c.gamma, rcr_milestones_passed(s));
}

const rcr_schedule_rule rcr_schedule_multi_step = {
    .name = "multi-step schedule",
    .defaults = {.kind = RECUR_SCHEDULE_MULTI_STEP, .gamma = 0.1},
    .options = gamma_options,
    .lr = multi_step,
};

/* gamma^t */
static double exponential(const recur_schedule *s)
{
    return s->base_lr * rcr_power(s->c.gamma, s->t);
}

const rcr_schedule_rule rcr_schedule_exponential = {
    .name = "exponential schedule",
    .defaults = {.kind = RECUR_SCHEDULE_EXPONENTIAL, .gamma = 0.1},
    .options = gamma_options,
    .lr = exponential,
};

/* From start_factor to end_factor in total_iters steps, then level. */
static double linear(const recur_schedule *s)
{
    const recur_schedule_config *c = &s->c;
    if (s->t >= c->total_iters)
        return s->base_lr * c->end_factor;
    double part = (double)s->t / (double)c->total_iters;
    return s->base_lr * (c->start_factor + (c->end_factor - c->start_factor) * part);
}

static const rcr_option linear_options[] = {
    RCR_REAL(recur_schedule_config, start_factor, 0, 1, "[]"),
    RCR_REAL(recur_schedule_config, end_factor, 0, 1, "[]"),
    RCR_WHOLE(recur_schedule_config, total_iters, 1),
    RCR_LAST_OPTION,
};

const rcr_schedule_rule rcr_schedule_linear = {
    .name = "linear schedule",
    .defaults = {.kind = RECUR_SCHEDULE_LINEAR, .start_factor = 1.0 / 3, .end_factor = 1, .total_iters = 5},
    .options = linear_options,
    .lr = linear,
};
