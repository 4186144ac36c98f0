// SPDX-License-Identifier: MIT
/* Inside of sequences: adding ids. */
#ifndef RCR_DATA_SEQUENCES_H
#define RCR_DATA_SEQUENCES_H

#include <recur/text.h>

typedef struct rcr_sequences {
    recur_sequences s; /* what everybody sees; arrays are those below */
    int64_t *offset;
    int32_t *id;
    size_t used; /* ids, those of the sequence that is being added included */
    size_t offset_room, id_room;
} rcr_sequences;

static inline rcr_sequences *rcr_sequences_of(recur_sequences *s)
{
    return (rcr_sequences *)(void *)s;
}

/* Adds ids to the sequence that is being added: one, or those of units, the last unit first if `reverse`. */
recur_status rcr_sequences_put(rcr_sequences *q, int64_t id);
recur_status rcr_sequences_put_units(rcr_sequences *q, const recur_vocab *v, const recur_units *units,
                                     bool reverse);
/* It is complete. */
recur_status rcr_sequences_end(rcr_sequences *q);
/* What a function that made *out returns: frees it unless `s` is RECUR_OK. */
recur_status rcr_sequences_finish(recur_sequences **out, recur_status s);

/* Where a token of a file stands. */
recur_place rcr_sentences_place(const recur_sentences *s, int64_t file, int64_t token);

#endif
