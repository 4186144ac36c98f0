// SPDX-License-Identifier: MIT
/* Different texts, numbered in the order in which they came, and found by their bytes. */
#ifndef RCR_DATA_NAMES_H
#define RCR_DATA_NAMES_H

#include <recur/text.h>

typedef struct rcr_names {
    recur_ctx *cx;
    size_t n;
    char *bytes; /* texts, each with a NUL behind it */
    size_t used, room;
    size_t *at; /* [n + 1]: where each begins */
    size_t at_room;
    uint64_t *slot; /* [slots]: half of the hash, and the number + 1; 0 = free */
    size_t slots;   /* a power of two, at least twice n; 0 at first */
} rcr_names;

void rcr_names_free(rcr_names *s);
/* Lives until the next text is added. */
recur_span rcr_names_text(const rcr_names *s, size_t i);
/* The number of a text, or SIZE_MAX. */
size_t rcr_names_find(const rcr_names *s, const char *text, size_t size);
/* The same; a new text gets the next number. */
recur_status rcr_names_add(rcr_names *s, const char *text, size_t size, size_t *i);

/* FNV-1a, mixed. Also goes on from an earlier `hash`; begin with 0. */
uint64_t rcr_hash_bytes(uint64_t hash, const void *bytes, size_t size);

#endif
