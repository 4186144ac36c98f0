// SPDX-License-Identifier: MIT
/* What metrics of text share: texts cut into numbered tokens, and the n-grams they have in common. */
#ifndef RCR_TRAIN_METRICS_TEXT_H
#define RCR_TRAIN_METRICS_TEXT_H

#include <recur/metrics.h>

typedef struct rcr_bytes {
    char *at;
    size_t n, room;
} rcr_bytes;

typedef struct rcr_token {
    const char *text; /* in rcr_texts.bytes, once all texts are there */
    size_t at, size;  /* where in them */
    size_t place;     /* of its number in rcr_texts.id */
} rcr_token;

/* Texts, each cut into tokens; equal tokens of all of them have equal numbers. Begin with {.cx = cx}. */
typedef struct rcr_texts {
    recur_ctx *cx;
    rcr_bytes bytes; /* the tokens of all texts */
    rcr_bytes work;  /* the text that is being cut */
    rcr_bytes next;  /* what a pass over it makes of it */
    rcr_token *token;
    size_t n, room;
    size_t *first; /* [n_texts + 1] tokens */
    size_t n_texts, room_texts;
    int64_t *id; /* [n + n_texts]: the tokens' numbers, a -1 behind each text */
    size_t room_id;
    const void **order; /* [n]: for sorting */
    size_t room_order;
} rcr_texts;

/* How a text is cut. White space belongs to no token but those of RCR_CUT_ALL_CHARS. */
typedef enum rcr_cut { RCR_CUT_WORDS, RCR_CUT_CHARS, RCR_CUT_ALL_CHARS, RCR_CUT_13A, RCR_CUT_ZH } rcr_cut;

void rcr_texts_clear(rcr_texts *t); /* keeps the memory */
void rcr_texts_free(rcr_texts *t);
recur_status rcr_texts_add(rcr_texts *t, rcr_cut cut, const char *text);
/* Numbers the tokens of all texts added; then text k is rcr_texts_size() numbers at rcr_texts_at(), -1 follows. */
recur_status rcr_texts_number(rcr_texts *t);
size_t rcr_texts_size(const rcr_texts *t, size_t k);
int64_t *rcr_texts_at(const rcr_texts *t, size_t k);

/* work without the white space at its end, and at its beginning if `both`. */
void rcr_texts_strip(rcr_texts *t, bool both);

/* The tokenisations (metrics_token.c), of t->work into itself. */
recur_status rcr_tokens_13a(rcr_texts *t);
recur_status rcr_tokens_zh(rcr_texts *t);
/* Room for n items of `item` bytes, or n bytes, in all; what is there stays. */
recur_status rcr_metrics_reserve(recur_ctx *cx, void **items, size_t *room, size_t n, size_t item);
recur_status rcr_bytes_reserve(recur_ctx *cx, rcr_bytes *b, size_t n);

/* n-grams that text `candidate` shares with others: of each order n = 1 .. N, N at most RCR_GRAMS, how many of its
 * n-grams occur in texts from .. to - 1, one that repeats counted as often as in that of them which has it most. */
enum { RCR_GRAMS = 6 };
typedef struct rcr_grams {
    recur_ctx *cx;
    const void **rows; /* [n of all texts]: beginnings of n-grams, in order within each text */
    size_t room_rows;
    int64_t *most; /* [candidate]: occurrences in a reference */
    size_t room_most;
} rcr_grams;
void rcr_grams_free(rcr_grams *g);
/* Once for all texts, then the matches of any of them. */
recur_status rcr_grams_sort(rcr_grams *g, const rcr_texts *t);
void rcr_grams_match(const rcr_grams *g, const rcr_texts *t, size_t candidate, size_t from, size_t to, int N,
                     int64_t *matches);
/* n-grams in a text of so many tokens. */
int64_t rcr_grams_count(size_t size, int n);

#endif
