// SPDX-License-Identifier: MIT
/* One cycle: up to max_lr, down again, and on to far below; momentum the other way round (Smith and Topin
 * 2017). */
#include <math.h>

#include "optim/scalar.h"
#include "optim/schedule.h"

/* A phase leads from one pair of rate and momentum to another. Its end is a step number, and need not be
 * whole. */
typedef struct phase {
    double end, from_lr, to_lr, from_momentum, to_momentum;
} phase;

/* The phases; returns how many. */
static int phases_of(const recur_schedule_config *c, phase p[3])
{
    double total = (double)c->total_steps, low = c->max_lr / c->div_factor, least = low / c->final_div_factor;
    double base = c->base_momentum, max = c->max_momentum;
    p[0] = (phase){c->pct_start * total - 1, low, c->max_lr, max, base};
    p[1] = c->three_phase ? (phase){2 * c->pct_start * total - 2, c->max_lr, low, base, max}
                          : (phase){total - 1, c->max_lr, least, base, max};
    p[2] = (phase){total - 1, low, least, max, max};
    return c->three_phase ? 3 : 2;
}

/* The phase that step t is in, and how far through it: 0 to 1. After the last step the end stays. */
static phase present(const recur_schedule *s, double *part)
{
    phase p[3];
    int n = phases_of(&s->c, p), i = 0;
    double last = (double)s->c.total_steps - 1, t = (double)s->t < last ? (double)s->t : last, start = 0;
    for (; i < n - 1 && t > p[i].end; i++)
        start = p[i].end;
    *part = p[i].end > start ? (t - start) / (p[i].end - start) : 1;
    return p[i];
}

static double anneal(const recur_schedule *s, double from, double to, double part)
{
    if (s->c.linear_anneal)
        return (to - from) * part + from;
    return to + (from - to) / 2 * (1 + rcr_cos_pi(part));
}

static double one_cycle(const recur_schedule *s)
{
    double part;
    phase p = present(s, &part);
    return anneal(s, p.from_lr, p.to_lr, part);
}

static double momentum(const recur_schedule *s)
{
    double part;
    phase p = present(s, &part);
    return s->c.cycle_momentum ? anneal(s, p.from_momentum, p.to_momentum, part) : (double)NAN;
}

static const rcr_option options[] = {
    RCR_REAL(recur_schedule_config, max_lr, 0, INFINITY, "()"),
    RCR_REAL(recur_schedule_config, pct_start, 0, 1, "[]"),
    RCR_REAL(recur_schedule_config, div_factor, 0, INFINITY, "()"),
    RCR_REAL(recur_schedule_config, final_div_factor, 0, INFINITY, "()"),
    RCR_REAL(recur_schedule_config, base_momentum, 0, 1, "[)"),
    RCR_REAL(recur_schedule_config, max_momentum, 0, 1, "[)"),
    RCR_WHOLE(recur_schedule_config, total_steps, 1),
    RCR_LAST_OPTION,
};

const rcr_schedule_rule rcr_schedule_one_cycle = {
    .name = "one-cycle schedule",
    .defaults = {.kind = RECUR_SCHEDULE_ONE_CYCLE,
                 .pct_start = 0.3,
                 .div_factor = 25,
                 .final_div_factor = 1e4,
                 .base_momentum = 0.85,
                 .max_momentum = 0.95,
                 .cycle_momentum = true},
    .options = options,
    .lr = one_cycle,
    .momentum = momentum,
};
