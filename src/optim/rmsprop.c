// SPDX-License-Identifier: MIT
/* RMSprop (Tieleman and Hinton 2012), centred form (Graves 2013), with momentum. */
#include <math.h>

#include "optim/optim.h"

enum { SQUARE_AVG, GRAD_AVG, MOMENTUM_BUFFER };

static const rcr_option options[] = {
    RCR_REAL(recur_optim_config, lr, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, weight_decay, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, momentum, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, alpha, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, eps, 0, INFINITY, "[)"),
    RCR_LAST_OPTION,
};

static bool is_centered(const recur_optim_config *c)
{
    return c->centered;
}

static bool has_momentum(const recur_optim_config *c)
{
    return c->momentum > 0;
}

static double *momentum(recur_optim_config *c)
{
    return &c->momentum;
}

static void begin(const recur_ctx *cx, const recur_optim_config *c, double *const *state,
                  rcr_update_scalars *h)
{
    (void)cx;
    (void)state;
    h->beta2 = c->alpha;
    h->new2 = 1 - c->alpha;
}

const rcr_optimizer rcr_rmsprop = {
    .name = "rmsprop",
    .defaults = {.kind = RECUR_RMSPROP, .lr = 1e-2, .alpha = 0.99, .eps = 1e-8},
    .options = options,
    .state = {[SQUARE_AVG] = {.name = "square_avg"},
              [GRAD_AVG] = {.name = "grad_avg", .wanted = is_centered},
              [MOMENTUM_BUFFER] = {.name = "momentum_buffer", .wanted = has_momentum}},
    .begin = begin,
    .update = RCR_UPDATE_RMSPROP,
    .momentum = momentum,
};
