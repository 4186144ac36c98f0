// SPDX-License-Identifier: MIT
/* What parts, scalers, batches and baselines ask of examples. */
#ifndef RCR_DATA_EXAMPLES_H
#define RCR_DATA_EXAMPLES_H

#include <recur/data.h>

/* First row of the answers of example i, and the row behind its last. */
static inline int64_t rcr_answer_row(const recur_examples *e, int64_t i)
{
    return e->start[i] + e->length[i];
}

static inline int64_t rcr_end_row(const recur_examples *e, int64_t i)
{
    return rcr_answer_row(e, i) + e->horizon;
}

/* How many of the n examples `index` touch each row, with inputs or answers: *count [rows], to be freed with
 * rcr_free(). `before` rows in front of each count as well. */
recur_status rcr_touched(const recur_examples *e, const int64_t *index, int64_t n, int64_t before,
                         int64_t **count);

/* RECUR_EINVAL unless every index is the number of an example. */
recur_status rcr_check_examples(const recur_examples *e, const int64_t *index, int64_t n);

#endif
