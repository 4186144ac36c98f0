// SPDX-License-Identifier: MIT
/* What the losses share: the reduction. */
#ifndef RCR_LAYER_LOSS_H
#define RCR_LAYER_LOSS_H

#include <recur/loss.h>

#include "tape/call.h"

/* RECUR_OK for one of the three. */
recur_status rcr_check_reduction(recur_call *c, recur_reduction r);

/* In `backward` of a reduced loss: the gradient of each entry. */
static inline double rcr_entry_gradient(const recur_call *c, double divisor)
{
    return recur_item(c->out[0]->grad, 0) / divisor;
}

#endif
