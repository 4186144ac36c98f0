// SPDX-License-Identifier: MIT
/* Adam (Kingma and Ba 2015), with AMSGrad (Reddi et al. 2018), and AdamW (Loshchilov and Hutter 2019), whose
 * weight decay shrinks the parameter instead of adding to the gradient. */
#include <math.h>

#include "optim/optim.h"
#include "optim/scalar.h"

enum { EXP_AVG, EXP_AVG_SQ, MAX_EXP_AVG_SQ, STEP };

static const rcr_option options[] = {
    RCR_REAL(recur_optim_config, lr, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, weight_decay, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, beta1, 0, 1, "[)"),
    RCR_REAL(recur_optim_config, beta2, 0, 1, "[)"),
    RCR_REAL(recur_optim_config, eps, 0, INFINITY, "[)"),
    RCR_LAST_OPTION,
};

static bool is_amsgrad(const recur_optim_config *c)
{
    return c->amsgrad;
}

static double *beta1(recur_optim_config *c)
{
    return &c->beta1;
}

/* The bias corrections 1 - beta^t. AMSGrad takes its maximum before them, eps comes after the root. */
static void begin(const recur_ctx *cx, const recur_optim_config *c, double *const *state,
                  rcr_update_scalars *h)
{
    (void)cx;
    int64_t t = rcr_next_step(state[STEP]);
    h->lr = c->lr / (1 - rcr_power(c->beta1, t));
    h->correction = sqrt(1 - rcr_power(c->beta2, t));
}

static void begin_adamw(const recur_ctx *cx, const recur_optim_config *c, double *const *state,
                        rcr_update_scalars *h)
{
    begin(cx, c, state, h);
    h->decay = 0;
    h->shrink = 1 - c->lr * c->weight_decay;
}

#define ADAM_STATE                                                              \
    {                                                                           \
        [EXP_AVG] = {.name = "exp_avg"}, [EXP_AVG_SQ] = {.name = "exp_avg_sq"}, \
        [MAX_EXP_AVG_SQ] = {.name = "max_exp_avg_sq", .wanted = is_amsgrad},    \
        [STEP] = {.name = "step", .scalar = true},                              \
    }

const rcr_optimizer rcr_adam = {
    .name = "adam",
    .defaults = {.kind = RECUR_ADAM, .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8},
    .options = options,
    .state = ADAM_STATE,
    .begin = begin,
    .update = RCR_UPDATE_ADAM,
    .momentum = beta1,
};

const rcr_optimizer rcr_adamw = {
    .name = "adamw",
    .defaults =
        {.kind = RECUR_ADAMW, .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 1e-2},
    .options = options,
    .state = ADAM_STATE,
    .begin = begin_adamw,
    .update = RCR_UPDATE_ADAM,
    .momentum = beta1,
};
