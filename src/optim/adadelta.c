// SPDX-License-Identifier: MIT
/* Adadelta (Zeiler 2012). eps stands inside both roots. */
#include <math.h>

#include "optim/optim.h"

enum { SQUARE_AVG, ACC_DELTA };

static const rcr_option options[] = {
    RCR_REAL(recur_optim_config, lr, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, weight_decay, 0, INFINITY, "[)"),
    RCR_REAL(recur_optim_config, rho, 0, 1, "[]"),
    RCR_REAL(recur_optim_config, eps, 0, INFINITY, "[)"),
    RCR_LAST_OPTION,
};

static void begin(const recur_ctx *cx, const recur_optim_config *c, double *const *state,
                  rcr_update_scalars *h)
{
    (void)cx;
    (void)state;
    h->beta2 = c->rho;
    h->new2 = 1 - c->rho;
}

const rcr_optimizer rcr_adadelta = {
    .name = "adadelta",
    .defaults = {.kind = RECUR_ADADELTA, .lr = 1.0, .rho = 0.9, .eps = 1e-6},
    .options = options,
    .state = {[SQUARE_AVG] = {.name = "square_avg"}, [ACC_DELTA] = {.name = "acc_delta"}},
    .begin = begin,
    .update = RCR_UPDATE_ADADELTA,
};
