// SPDX-License-Identifier: MIT
/* Cosine annealing, and the same with warm restarts (SGDR: Loshchilov and Hutter 2017). */
#include <math.h>

#include "base/alloc.h"
#include "optim/scalar.h"
#include "optim/schedule.h"

/* eta_min + (base_lr - eta_min) (1 + cos(pi t / T)) / 2 */
static double half_wave(const recur_schedule *s, int64_t t, int64_t T)
{
    double part = (double)t / (double)T;
    return s->c.eta_min + (s->base_lr - s->c.eta_min) * (1 + rcr_cos_pi(part)) / 2;
}

/* After T_max it rises again: the period is 2 T_max. */
static double cosine(const recur_schedule *s)
{
    return half_wave(s, s->t, s->c.T_max);
}

static const rcr_option cosine_options[] = {
    RCR_REAL(recur_schedule_config, eta_min, 0, INFINITY, "[)"),
    RCR_WHOLE(recur_schedule_config, T_max, 1),
    RCR_LAST_OPTION,
};

const rcr_schedule_rule rcr_schedule_cosine = {
    .name = "cosine schedule",
    .defaults = {.kind = RECUR_SCHEDULE_COSINE},
    .options = cosine_options,
    .lr = cosine,
};

/* Periods of T_0, T_0 T_mult, T_0 T_mult^2, ... steps, each from the top. */
static double restarts(const recur_schedule *s)
{
    int64_t t = s->t, T = s->c.T_0;
    if (s->c.T_mult == 1)
        return half_wave(s, t % T, T);
    while (t >= T) {
        t -= T;
        if (!rcr_mul_i64(T, s->c.T_mult, &T))
            T = INT64_MAX;
    }
    return half_wave(s, t, T);
}

static const rcr_option restarts_options[] = {
    RCR_REAL(recur_schedule_config, eta_min, 0, INFINITY, "[)"),
    RCR_WHOLE(recur_schedule_config, T_0, 1),
    RCR_WHOLE(recur_schedule_config, T_mult, 1),
    RCR_LAST_OPTION,
};

const rcr_schedule_rule rcr_schedule_cosine_restarts = {
    .name = "cosine schedule with restarts",
    .defaults = {.kind = RECUR_SCHEDULE_COSINE_RESTARTS, .T_mult = 1},
    .options = restarts_options,
    .lr = restarts,
};
