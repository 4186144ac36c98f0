// SPDX-License-Identifier: MIT
/* Which steps of a batch of sequences take part in attention, and where they stand. */
#ifndef RCR_LAYER_ATTENTION_STEPS_H
#define RCR_LAYER_ATTENTION_STEPS_H

#include <recur/tape.h>

/* Rows of an array: step t of sequence b is row start[b] + t * step_t. */
typedef struct rcr_rows {
    int64_t B, T;
    const int64_t *count; /* [B]: steps that are there; NULL: T */
    const int64_t *start; /* [B]; NULL: b * step_b */
    int64_t step_b, step_t;
} rcr_rows;

/* The valid steps of a padded array, and the same packed: sequence after sequence without the padding. */
typedef struct rcr_steps {
    rcr_rows padded, packed;
    bool batch_first, dense; /* dense: nothing is padding, packed is padded */
    bool holes;              /* a mask hides steps between others */
    int64_t N;               /* packed rows */
    const int64_t *row;      /* [N]: the padded row of each; -1: hidden, packed as zeros */
} rcr_steps;

/* Every sequence has all its T steps, in [B, T, ..] or [T, B, ..]. */
rcr_rows rcr_all_rows(int64_t B, int64_t T, bool batch_first);

/* The steps of x [B, T, F] or [T, B, F]; lengths [B] and mask [B, T] (what is not 0 hides the step) are
 * RECUR_I64 or NULL. They live on the tape. NULL after recording an error. */
const rcr_steps *rcr_steps_of(recur_tape *tp, recur_tensor *x, recur_tensor *lengths, recur_tensor *mask,
                              bool batch_first);

/* x -> packed rows [N, F], or x itself where the steps are dense. `name` is that of x in messages. */
recur_tensor *rcr_pack_steps(recur_tape *tp, const rcr_steps *s, recur_tensor *x, const char *name);
/* Packed rows back to the shape of x, zeros in the padding. */
recur_tensor *rcr_unpack_steps(recur_tape *tp, const rcr_steps *s, recur_tensor *rows);

static inline int64_t rcr_row_count(const rcr_rows *r, int64_t b)
{
    return r->count ? r->count[b] : r->T;
}

static inline int64_t rcr_first_row(const rcr_rows *r, int64_t b)
{
    return r->start ? r->start[b] : b * r->step_b;
}

#endif
