// SPDX-License-Identifier: MIT
/* What every epoch came to: kept in memory for checkpoints, written as lines of metrics.jsonl. */
#ifndef RCR_TRAIN_HISTORY_H
#define RCR_TRAIN_HISTORY_H

#include <recur/train.h>

/* A line. All doubles, so that a history is a plain array [n, RCR_EPOCH]. */
typedef struct rcr_epoch {
    double epoch, steps, train_loss, valid_loss, lr, units_per_second, seconds, best;
} rcr_epoch;
enum { RCR_EPOCH = sizeof(rcr_epoch) / sizeof(double) };

typedef struct rcr_history {
    rcr_epoch *line; /* [n] */
    size_t n, room;
} rcr_history;

recur_status rcr_history_add(rcr_history *h, recur_ctx *cx, const rcr_epoch *line);
/* Makes room for n lines and takes them as filled: for reading a checkpoint. */
recur_status rcr_history_resize(rcr_history *h, recur_ctx *cx, size_t n);
void rcr_history_free(rcr_history *h, recur_ctx *cx);
/* Writes metrics.jsonl anew, or adds the last line to it. */
recur_status rcr_history_write(const rcr_history *h, recur_ctx *cx, const recur_run *run);
recur_status rcr_history_append(const rcr_history *h, recur_ctx *cx, const recur_run *run);

#endif
