// SPDX-License-Identifier: MIT
/* Stochastic gradient descent with momentum (Sutskever et al. 2013, in PyTorch's form). */
#include <math.h>

#include "base/error.h"
#include "optim/optim.h"

enum { MOMENTUM_BUFFER, STEP };

static const rcr_option options[] = {
    RCR_REAL(recur_optim_config, lr, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, weight_decay, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, momentum, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, dampening, -INFINITY, INFINITY, "()"),
    RCR_LAST_OPTION,
};

static recur_status check(recur_ctx *cx, const recur_optim_config *c)
{
    if (!c->nesterov || (c->momentum > 0 && c->dampening == 0))
        return RECUR_OK;
    return rcr_fail(cx, RECUR_EINVAL, "sgd: nesterov needs a momentum above 0 and a dampening of 0");
}

static bool has_momentum(const recur_optim_config *c)
{
    return c->momentum > 0;
}

static double *momentum(recur_optim_config *c)
{
    return &c->momentum;
}

/* The first momentum buffer is the gradient itself, undamped. */
static void begin(const recur_ctx *cx, const recur_optim_config *c, double *const *state,
                  rcr_update_scalars *h)
{
    (void)cx;
    h->fresh = 1 - c->dampening;
    h->nesterov = c->nesterov;
    if (c->momentum != 0)
        h->first = rcr_next_step(state[STEP]) == 1;
}

const rcr_optimizer rcr_sgd = {
    .name = "sgd",
    .defaults = {.kind = RECUR_SGD, .lr = 1e-3},
    .options = options,
    .check = check,
    .state = {[MOMENTUM_BUFFER] = {.name = "momentum_buffer", .wanted = has_momentum},
              [STEP] = {.name = "step", .wanted = has_momentum, .scalar = true}},
    .begin = begin,
    .update = RCR_UPDATE_SGD,
    .momentum = momentum,
};
