// SPDX-License-Identifier: MIT
/* What the losses share: the reduction, and targets that are classes. */
#ifndef RCR_LAYER_LOSS_H
#define RCR_LAYER_LOSS_H

#include <recur/loss.h>

#include "tape/call.h"

/* ---- loss_pair.c ---- */

/* RECUR_OK for one of the three. */
recur_status rcr_check_reduction(recur_call *c, recur_reduction r);

/* In `backward` of a reduced loss: the gradient of each entry. */
static inline double rcr_entry_gradient(const recur_call *c, double divisor)
{
    return recur_item(c->out[0]->grad, 0) / divisor;
}

/* ---- loss_class.c ---- */
typedef struct rcr_class_options {
    int64_t ignore;
    double smoothing;
    recur_reduction r;
} rcr_class_options;
rcr_class_options rcr_class_options_of(const recur_class_loss *o);

/* In `shape`: smoothing is in 0 .. 1. */
recur_status rcr_check_smoothing(recur_call *c, const rcr_class_options *o);
/* In `shape`: input `at` holds the targets, in the shape `entry`, each 0 .. C - 1 or ignored; input `at` + 1 the class
 * weights [C], or none. */
recur_status rcr_check_classes(recur_call *c, int at, const recur_tensor *entry, int64_t C,
                               const rcr_class_options *o);
/* What the kernels get for the entries from `from` on. */
rcr_classes rcr_classes_at(const recur_call *c, int at, int64_t from, const rcr_class_options *o);
/* Output 0 from n losses; does nothing for RECUR_NONE. parts: room for rcr_range_count(n, RCR_CHUNK). Returns what the
 * sum was divided by. */
double rcr_reduce_classes(const recur_call *c, int at, int64_t n, const void *losses,
                          const rcr_class_options *o, double *parts);

#endif
