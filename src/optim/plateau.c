// SPDX-License-Identifier: MIT
/* Reduces the rate when the metric no longer improves, as ReduceLROnPlateau. */
#include <math.h>

#include "optim/schedule.h"

enum { RATE, BEST, BAD_STEPS, COOLDOWN, MEMORY };

static void start(recur_schedule *s)
{
    s->memory[RATE] = s->base_lr;
    s->memory[BEST] = s->c.maximize ? -(double)INFINITY : (double)INFINITY;
    s->memory[BAD_STEPS] = s->memory[COOLDOWN] = 0;
}

/* `relative` with a negative metric can call a slightly worse value better: PyTorch's definition. */
static bool is_better(const recur_schedule_config *c, double metric, double best)
{
    double sign = c->maximize ? 1 : -1;
    double bar = c->threshold_abs ? best + sign * c->threshold : best * (1 + sign * c->threshold);
    return c->maximize ? metric > bar : metric < bar;
}

/* A reduction of at most eps is left out. */
static double reduced(const recur_schedule_config *c, double rate)
{
    double lower = rate * c->factor > c->min_lr ? rate * c->factor : c->min_lr;
    return rate - lower > c->eps ? lower : rate;
}

static void observe(recur_schedule *s, double metric)
{
    double *m = s->memory;
    if (is_better(&s->c, metric, m[BEST])) {
        m[BEST] = metric;
        m[BAD_STEPS] = 0;
    } else {
        m[BAD_STEPS] += 1;
    }
    if (m[COOLDOWN] > 0) {
        m[COOLDOWN] -= 1;
        m[BAD_STEPS] = 0;
    }
    if (m[BAD_STEPS] > (double)s->c.patience) {
        m[RATE] = reduced(&s->c, m[RATE]);
        m[COOLDOWN] = (double)s->c.cooldown;
        m[BAD_STEPS] = 0;
    }
}

static double rate(const recur_schedule *s)
{
    return s->memory[RATE];
}

static const rcr_option options[] = {
    RCR_REAL(recur_schedule_config, factor, 0, 1, "[)"),
    RCR_REAL(recur_schedule_config, threshold, -INFINITY, INFINITY, "()"),
    RCR_REAL(recur_schedule_config, min_lr, 0, INFINITY, "[)"),
    RCR_REAL(recur_schedule_config, eps, 0, INFINITY, "[)"),
    RCR_WHOLE(recur_schedule_config, patience, 0),
    RCR_WHOLE(recur_schedule_config, cooldown, 0),
    RCR_LAST_OPTION,
};

const rcr_schedule_rule rcr_schedule_plateau = {
    .name = "plateau schedule",
    .defaults =
        {.kind = RECUR_SCHEDULE_PLATEAU, .factor = 0.1, .patience = 10, .threshold = 1e-4, .eps = 1e-8},
    .options = options,
    .lr = rate,
    .n_memory = MEMORY,
    .start = start,
    .observe = observe,
};
