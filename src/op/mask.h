// SPDX-License-Identifier: MIT
/* Masks of sequences: what is dropped of a sequence is a function of the tape's seed and step, the operation's
 * place, the sequence's number in the batch, the time step and the unit, whatever else is in the batch. */
#ifndef RCR_OP_MASK_H
#define RCR_OP_MASK_H

#include <recur/op.h>

/* How the rows of a batch lie: step t has its sequences side by side from row offset[t] on, the i-th of them
 * sequence order[i]; a step's sequences are the first ones of the step before. NULL: B at each step, in order.
 * The arrays must live as long as the step. */
typedef struct rcr_rows {
    int64_t T, B;
    const int64_t *offset, *order; /* [T + 1], [B] */
} rcr_rows;

/* A mask of the type of `like`, each element `below` with probability p, else `above`: [B, width] for all steps of
 * a sequence (locked), or [rows, width]. No gradient flows through it. */
recur_tensor *rcr_mask(recur_tape *tp, const rcr_rows *rows, recur_tensor *like, int64_t width, bool locked,
                       double p, double below, double above);
/* The mask of inverted dropout: 0 or 1 / (1 - p). */
recur_tensor *rcr_dropout_mask(recur_tape *tp, const rcr_rows *rows, recur_tensor *like, int64_t width,
                               bool locked, double p);

/* recur_locked_dropout() on rows x [rows, F] (or [T, B, F], which comes to the same). */
recur_tensor *rcr_locked_dropout(recur_tape *tp, const rcr_rows *rows, recur_tensor *x, double p);

#endif
