// SPDX-License-Identifier: MIT
/* Text that grows while it is written. */
#ifndef RCR_DATA_TEXT_H
#define RCR_DATA_TEXT_H

#include <recur/data.h>

typedef struct rcr_builder {
    recur_ctx *cx;
    char *bytes;
    size_t size, room;
    recur_status status; /* once a write failed, all that follow do nothing */
} rcr_builder;

void rcr_put(rcr_builder *b, const char *text);
void rcr_put_bytes(rcr_builder *b, const char *text, size_t n);
void rcr_put_int(rcr_builder *b, int64_t v, int digits);    /* at least so many digits, filled with zeros */
void rcr_put_fixed(rcr_builder *b, double v, int decimals); /* v rounded; as short as possible */
/* Ends the text: it becomes *out, or is freed after an error. */
recur_status rcr_finish_text(recur_text **out, rcr_builder *b);

#endif
