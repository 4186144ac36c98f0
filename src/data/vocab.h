// SPDX-License-Identifier: MIT
/* Inside of counts and vocabularies. */
#ifndef RCR_DATA_VOCAB_H
#define RCR_DATA_VOCAB_H

#include "data/names.h"

struct recur_counts {
    rcr_names names;
    int64_t *times; /* [names.n] */
    size_t room;
    int64_t total;
};

struct recur_vocab {
    rcr_names names; /* without the special units */
    bool specials;
};

/* Number of the first unit that is not special. */
static inline int64_t rcr_vocab_first(const recur_vocab *v)
{
    return v->specials ? RECUR_SPECIALS : 0;
}

recur_ctx *rcr_vocab_ctx(const recur_vocab *v);
recur_status rcr_vocab_empty(recur_vocab **out, recur_ctx *cx, bool specials);
/* The counts in the order of a vocabulary: pointers into *entries, which is to be freed with rcr_free() as *order is. */
typedef struct rcr_entry {
    recur_span text;
    int64_t times;
} rcr_entry;
recur_status rcr_counts_sorted(const recur_counts *c, rcr_entry **entries, const rcr_entry ***order);

#endif
