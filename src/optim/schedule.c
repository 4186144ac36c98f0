// SPDX-License-Identifier: MIT
/* Schedules as objects: making and stepping them. */
#include "optim/schedule.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static const rcr_schedule_rule *const rules[] = {
    [RECUR_SCHEDULE_CONSTANT] = &rcr_schedule_constant,
    [RECUR_SCHEDULE_PLATEAU] = &rcr_schedule_plateau,
    [RECUR_SCHEDULE_STEP] = &rcr_schedule_step,
    [RECUR_SCHEDULE_MULTI_STEP] = &rcr_schedule_multi_step,
    [RECUR_SCHEDULE_EXPONENTIAL] = &rcr_schedule_exponential,
    [RECUR_SCHEDULE_COSINE] = &rcr_schedule_cosine,
    [RECUR_SCHEDULE_COSINE_RESTARTS] = &rcr_schedule_cosine_restarts,
    [RECUR_SCHEDULE_ONE_CYCLE] = &rcr_schedule_one_cycle,
    [RECUR_SCHEDULE_LINEAR] = &rcr_schedule_linear,
};

static const rcr_schedule_rule *find_rule(recur_schedule_kind kind)
{
    size_t i = (size_t)kind;
    return i < sizeof rules / sizeof *rules ? rules[i] : NULL;
}

recur_schedule_config recur_schedule_defaults(recur_schedule_kind kind)
{
    const rcr_schedule_rule *rule = find_rule(kind);
    return rule ? rule->defaults : (recur_schedule_config){.kind = kind};
}

static recur_status check_config(recur_ctx *cx, const recur_schedule_config *config, double base_lr)
{
    static const rcr_option base = {"base_lr", 0, 0, INFINITY, "[)", false};
    const rcr_schedule_rule *rule = find_rule(config->kind);
    if (!rule)
        return rcr_fail(cx, RECUR_EINVAL, "there is no schedule of kind %d", (int)config->kind);
    int n = config->kind == RECUR_SCHEDULE_MULTI_STEP ? config->n_milestones : 0;
    if (n < 0 || (n > 0 && !config->milestones))
        return rcr_fail(cx, RECUR_EINVAL, "%s: %d milestones, but none are given", rule->name, n);
    recur_status s = rcr_check_real(cx, rule->name, &base, base_lr);
    return s ? s : rcr_check_options(cx, rule->name, rule->options, config);
}

recur_status rcr_schedule_milestones(recur_schedule *s, const int64_t *milestones, int n)
{
    s->c.milestones = NULL;
    s->milestones = rcr_alloc_array(s->cx, (size_t)n, sizeof *milestones, "milestones");
    if (!s->milestones)
        return RECUR_ENOMEM;
    if (n)
        memcpy(s->milestones, milestones, (size_t)n * sizeof *milestones);
    s->n_milestones = n;
    return RECUR_OK;
}

recur_schedule *rcr_schedule_new(recur_ctx *cx, const rcr_schedule_rule *rule, double base_lr)
{
    recur_schedule *s = rcr_alloc_zero(cx, sizeof *s, "schedule");
    if (s)
        *s = (recur_schedule){.cx = cx, .rule = rule, .base_lr = base_lr};
    return s;
}

recur_status recur_schedule_create(recur_schedule **out, recur_ctx *cx, const recur_schedule_config *config,
                                   double base_lr)
{
    *out = NULL;
    recur_status status = check_config(cx, config, base_lr);
    if (status)
        return status;
    recur_schedule *s = rcr_schedule_new(cx, find_rule(config->kind), base_lr);
    if (!s)
        return RECUR_ENOMEM;
    s->c = *config;
    bool lists = config->kind == RECUR_SCHEDULE_MULTI_STEP;
    status = rcr_schedule_milestones(s, config->milestones, lists ? config->n_milestones : 0);
    if (status) {
        recur_schedule_free(s);
        return status;
    }
    if (s->rule->start)
        s->rule->start(s);
    *out = s;
    return RECUR_OK;
}

void recur_schedule_free(recur_schedule *s)
{
    if (!s)
        return;
    for (int i = 0; s->parts && i < s->n_parts; i++)
        recur_schedule_free(s->parts[i]);
    rcr_free(s->cx, s->parts);
    rcr_free(s->cx, s->milestones);
    rcr_free(s->cx, s);
}

void recur_schedule_step(recur_schedule *s, double metric)
{
    s->t++;
    if (s->rule->observe)
        s->rule->observe(s, metric);
}

double recur_schedule_lr(const recur_schedule *s)
{
    return s->rule->lr(s);
}

double recur_schedule_momentum(const recur_schedule *s)
{
    return s->rule->momentum ? s->rule->momentum(s) : (double)NAN;
}
