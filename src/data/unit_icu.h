// SPDX-License-Identifier: MIT
/*
 * What is asked of ICU: normal forms, lower case, boundaries of words and graphemes. A text goes in as UTF-8,
 * is worked on as UTF-16, and comes back as UTF-8.
 *
 * ICU keeps the tables it has loaded for the whole process and takes its own memory with malloc: telling it
 * otherwise is a setting of the process, which a library must leave alone. Nothing of ICU is touched before
 * the first call here.
 */
#ifndef RCR_DATA_UNIT_ICU_H
#define RCR_DATA_UNIT_ICU_H

#include <unicode/ubrk.h>
#include <unicode/unorm2.h>

#include <recur/text.h>

typedef struct rcr_icu {
    recur_ctx *cx;
    UBreakIterator *breaks; /* made when it is first needed */
    UChar *text, *other;    /* the text, and room for what becomes of it */
    size_t room, other_room;
    int32_t n;    /* of the text */
    int32_t from; /* where the next segment begins */
} rcr_icu;

enum { RCR_ICU_MOST = 1 << 30 }; /* bytes of a text: ICU counts with 32 bits */

void rcr_icu_free(rcr_icu *u);
/* Takes text[0 .. size), which is UTF-8, in. RECUR_EUNSUPPORTED where it is too long. */
recur_status rcr_icu_load(rcr_icu *u, const char *text, size_t size);
/* Normal form and lower case, as the config says. */
recur_status rcr_icu_fold(rcr_icu *u, const recur_text_config *config);
/* The text as UTF-8: *size bytes in *bytes, which grows. */
recur_status rcr_icu_store(const rcr_icu *u, char **bytes, size_t *room, size_t *size);
/* Begins to cut the text at its words or its graphemes; an iterator cuts at one of them all its life. */
recur_status rcr_icu_cut(rcr_icu *u, bool words);
/* The next segment: its length in UTF-8, and whether it is a word or number. False at the end. */
bool rcr_icu_next(rcr_icu *u, size_t *size, bool *word);

#endif
