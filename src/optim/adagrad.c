// SPDX-License-Identifier: MIT
/* Adagrad (Duchi et al. 2011). */
#include <math.h>

#include "optim/optim.h"

enum { SUM, STEP };

static const rcr_option options[] = {
    RCR_REAL(recur_optim_config, lr, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, weight_decay, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, lr_decay, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, initial_accumulator, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, eps, 0, INFINITY, "[)"),
    RCR_LAST_OPTION,
};

static double initial_accumulator(const recur_optim_config *c)
{
    return c->initial_accumulator;
}

/* The decay counts from the first step on: lr / (1 + (t - 1) lr_decay). */
static void begin(const recur_ctx *cx, const recur_optim_config *c, double *const *state,
                  rcr_update_scalars *h)
{
    (void)cx;
    int64_t t = rcr_next_step(state[STEP]);
    h->lr = c->lr / (1 + (double)(t - 1) * c->lr_decay);
}

const rcr_optimizer rcr_adagrad = {
    .name = "adagrad",
    .defaults = {.kind = RECUR_ADAGRAD, .lr = 1e-2, .eps = 1e-10},
    .options = options,
    .state =
        {[SUM] = {.name = "sum", .initial = initial_accumulator}, [STEP] = {.name = "step", .scalar = true}},
    .begin = begin,
    .update = RCR_UPDATE_ADAGRAD,
};
