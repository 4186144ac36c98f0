// SPDX-License-Identifier: MIT
/* Schemes of tags that mark spans of a sequence (names, chunks), as "B-PER I-PER O". Plain functions of text:
 * they allocate nothing and cannot fail. */
#ifndef RECUR_SCHEME_H
#define RECUR_SCHEME_H

#include <stdbool.h>
#include <stdint.h>

#include "export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum recur_scheme {
    RECUR_SCHEME_NONE = 0, /* the tags mark no spans (parts of speech): any may follow any */
    RECUR_SCHEME_IOB1 = 1, /* I-X begins a span and goes on with it; B-X only begins one directly behind
                              another of the type X (Ramshaw and Marcus 1995) */
    RECUR_SCHEME_IOB2 = 2, /* B-X begins every span, I-X goes on with it: BIO */
    RECUR_SCHEME_IOBES =
        3 /* B-X I-X .. E-X, and S-X a span of one step. BILOU writes L for E and U for S, BMES
                              M for I; these letters are read as the same */
} recur_scheme;

/* A tag taken apart: "I-PER" is {'I', "PER"}. */
typedef struct recur_span_tag {
    char part;        /* 'B', 'I' (or M), 'E' (or L), 'S' (or U), 'O': outside; 0: not the tag of a span */
    const char *type; /* what follows the dash, within the name; "" for O, and where there is none ("B") */
} recur_span_tag;
RECUR_API recur_span_tag recur_span_tag_of(const char *name);

/* The scheme of a set of K tags; RECUR_SCHEME_NONE unless all are tags of spans and one is not O. E or S make
 * it IOBES, an I-X without B-X makes it IOB1. Where all types have both B and I, a set alone cannot tell IOB1
 * from IOB2: it counts as IOB2; hold sequences against that with recur_scheme_break(). */
RECUR_API recur_scheme recur_scheme_of(const char *const *names, int64_t K);

/* Whether tag `to` may follow tag `from`. NULL as `from` is the start of the sequence, as `to` its end. Names
 * that are not tags of spans may follow all and be followed by all. */
RECUR_API bool recur_scheme_allows(recur_scheme s, const char *from, const char *to);

/* The first of T steps whose tag may not stand where it stands; T where the last span is not closed; -1 where
 * all is well. tags [T]: indices into `names`. */
RECUR_API int64_t recur_scheme_break(recur_scheme s, const char *const *names, const int64_t *tags,
                                     int64_t T);

#ifdef __cplusplus
}
#endif

#endif
