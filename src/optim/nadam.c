// SPDX-License-Identifier: MIT
/* NAdam: Adam with Nesterov momentum (Dozat 2016), by PyTorch's documented formula. */
#include <math.h>

#include "optim/optim.h"
#include "optim/scalar.h"

enum { EXP_AVG, EXP_AVG_SQ, STEP, MU_PRODUCT };

static const rcr_option options[] = {
    RCR_REAL(recur_optim_config, lr, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, weight_decay, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, beta1, 0, 1, "[)"),
    RCR_REAL(recur_optim_config, beta2, 0, 1, "[)"),
    RCR_REAL(recur_optim_config, eps, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, momentum_decay, 0, INFINITY, "[)"),
    RCR_LAST_OPTION,
};

static double one(const recur_optim_config *c)
{
    (void)c;
    return 1;
}

static double *beta1(recur_optim_config *c)
{
    return &c->beta1;
}

/* mu_t = beta1 (1 - 0.96^(t psi) / 2), psi the momentum decay */
static double mu_at(const recur_ctx *cx, const recur_optim_config *c, int64_t t)
{
    const double ln_096 = -0.040821994520255166;
    return c->beta1 * (1 - 0.5 * rcr_exp(cx, (double)t * c->momentum_decay * ln_096));
}

/* w -= lr (1 - mu_t) / (1 - prod_{i <= t} mu_i) g / d + lr mu_{t+1} / (1 - prod_{i <= t+1} mu_i) m / d */
static void begin(const recur_ctx *cx, const recur_optim_config *c, double *const *state,
                  rcr_update_scalars *h)
{
    int64_t t = rcr_next_step(state[STEP]);
    double mu = mu_at(cx, c, t), next = mu_at(cx, c, t + 1);
    double product = *state[MU_PRODUCT] *= mu;
    h->lr_grad = c->lr * (1 - mu) / (1 - product);
    h->lr = c->lr * next / (1 - product * next);
    h->correction = 1 - rcr_power(c->beta2, t);
}

const rcr_optimizer rcr_nadam = {
    .name = "nadam",
    .defaults =
        {.kind = RECUR_NADAM, .lr = 2e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .momentum_decay = 4e-3},
    .options = options,
    .state = {[EXP_AVG] = {.name = "exp_avg"},
              [EXP_AVG_SQ] = {.name = "exp_avg_sq"},
              [STEP] = {.name = "step", .scalar = true},
              [MU_PRODUCT] = {.name = "mu_product", .initial = one, .scalar = true}},
    .begin = begin,
    .update = RCR_UPDATE_NADAM,
    .momentum = beta1,
};
