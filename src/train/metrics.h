// SPDX-License-Identifier: MIT
/* What metrics share. */
#ifndef RCR_TRAIN_METRICS_H
#define RCR_TRAIN_METRICS_H

#include <recur/metrics.h>

/* Of things that were right, that should have been found, that were found; 0 / 0 counts as 0. */
recur_prf rcr_prf(int64_t correct, int64_t target, int64_t predicted);

#endif
