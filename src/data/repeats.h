// SPDX-License-Identifier: MIT
/* Sequences that stand more than once, exactly or nearly. */
#ifndef RCR_DATA_REPEATS_H
#define RCR_DATA_REPEATS_H

#include <recur/text.h>

/* group [n]: the first sequence that is the same. */
recur_status rcr_sequences_groups(const recur_sequences *s, int64_t *group);

/* near [n]: sequence i is like an earlier one that is not the same; like_train [n]: it is no training example, and like
 * one that is not the same. part [n] of each. */
recur_status rcr_near_sequences(const recur_sequences *s, const int64_t *group, const unsigned char *part,
                                bool *near, bool *like_train);

#endif
