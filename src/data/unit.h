// SPDX-License-Identifier: MIT
/* Inside of a tokenizer. */
#ifndef RCR_DATA_UNIT_H
#define RCR_DATA_UNIT_H

#include "data/unit_icu.h"

struct recur_tokenizer {
    recur_ctx *cx;
    recur_text_config config;
    unsigned flags;
    rcr_icu icu;
    char *text; /* what is cut: checked, normalised, lowercased */
    size_t size, room;
    char *bytes; /* units, each with a NUL behind it */
    size_t used, byte_room;
    recur_span *unit; /* [n] */
    size_t n, unit_room;
    size_t most;     /* units of this text; SIZE_MAX: any */
    bool cut;        /* there were more */
    bool blank;      /* a blank stands before the next unit */
    bool after_word; /* the last unit was a word or number */
};

/* From now on what is not UTF-8 becomes U+FFFD, or is an error again. */
void rcr_tokenizer_lossy(recur_tokenizer *t, bool lossy);

/* recur_tokenize() with a limit of its own. */
recur_status rcr_tokenize(recur_tokenizer *t, const char *text, size_t size, const recur_place *where,
                          size_t most, recur_units *out);

/* Unicode's White_Space: what stands between words. */
bool rcr_is_white(uint32_t code);
/* Bytes of white space at the beginning of s[0 .. n), which is UTF-8. */
size_t rcr_white_size(const char *s, size_t n);
/* Makes a space of each white space in s[0 .. n) that is no line end: the bytes that are left. */
size_t rcr_plain_blanks(char *s, size_t n);

/* Characters in text[0 .. size), each byte that is none counted as one. */
int64_t rcr_characters(const char *text, size_t size);
/* "name:line:column: " for the character that stands `bytes` behind the beginning of `text`. Returns `buffer`. */
enum { RCR_PLACE_SIZE = 384 };
const char *rcr_show_place(char buffer[RCR_PLACE_SIZE], const recur_place *where, const char *text,
                           size_t bytes);
/* RECUR_EFORMAT unless text[0 .. size) is UTF-8 without U+0000; *ascii (may be NULL): all of it is below U+0080. */
recur_status rcr_check_utf8(recur_ctx *cx, const char *text, size_t size, const recur_place *where,
                            bool *ascii);
/* The same for what --lossy leaves alone: the name of a class. */
recur_status rcr_check_label(recur_ctx *cx, const char *text, size_t size, const recur_place *where);
recur_status rcr_check_nul(recur_ctx *cx, const char *text, size_t size, const recur_place *where);
/* `to`, which has room for 3 * size bytes: text[0 .. size) with U+FFFD for each sequence that is not UTF-8 (as much of
 * it as could begin a character). Returns its bytes. */
size_t rcr_repair_utf8(char *to, const char *text, size_t size);

#endif
