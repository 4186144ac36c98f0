// SPDX-License-Identifier: MIT
/* What splits of examples of any kind share. */
#ifndef RCR_DATA_SPLIT_H
#define RCR_DATA_SPLIT_H

#include <recur/text.h>

/* The part in which unit `u` stands when parts follow each other; RECUR_PARTS is the unused rest. */
int rcr_part_of(const int64_t count[RECUR_PARTS], int64_t u);

/* Lists what part[i] says of each of n examples, RECUR_PARTS being the unused rest. RECUR_EINVAL where `how` (NULL: no
 * matter) asks for a part that gets none. */
recur_status rcr_parts_list(recur_parts **out, recur_ctx *cx, int64_t n, const unsigned char *part,
                            const recur_partition *how);

/* group [n]: for each example the first one that is the same. */
typedef uint64_t rcr_hash_of(const void *examples, int64_t i);
typedef bool rcr_is_same(const void *examples, int64_t i, int64_t j);
recur_status rcr_find_groups(recur_ctx *cx, int64_t n, const void *examples, rcr_hash_of *hash,
                             rcr_is_same *same, int64_t *group);

#endif
