// SPDX-License-Identifier: MIT
/*
 * A batch of sequences without its padding: rows sorted by falling length, time by time, as PyTorch's
 * PackedSequence.
 *
 *     step t holds active[t] rows, which begin at row offset[t]; row b of a step belongs to the caller's
 * sequence order[b]
 *
 * Since lengths fall, the rows of a step are a prefix of those of the step before, and the states of step t -
 * 1 that step t needs lie together. All products over time run over the N rows that exist, and the padding is
 * never touched.
 */
#ifndef RCR_RNN_PACKING_H
#define RCR_RNN_PACKING_H

#include <recur/tape.h>

typedef struct rcr_packing {
    int64_t T, B, N; /* N: sum of the lengths */
    bool dense;      /* every length is T: rows are those of a [T, B, ..] array */
    int64_t *order;  /* [B] */
    int64_t *length; /* [B], by sorted position */
    int64_t *active; /* [T] */
    int64_t *offset; /* [T + 1] */
} rcr_packing;

/* Builds a packing on the tape. lengths [B] or NULL (all T); NULL after recording an error. */
const rcr_packing *rcr_packing_new(recur_tape *tp, int64_t T, int64_t B, const recur_tensor *lengths);

/* x [T, B, F] or [B, T, F] -> packed rows [N, F], or [T, B, F] where the packing is dense. */
recur_tensor *rcr_pack(recur_tape *tp, const rcr_packing *p, recur_tensor *x, bool batch_first);
/* Packed rows back to [T, B, F] or [B, T, F], zeros in the padding. */
recur_tensor *rcr_unpack(recur_tape *tp, const rcr_packing *p, recur_tensor *rows, bool batch_first);

#endif
