// SPDX-License-Identifier: MIT
/* Inside of a table: every field's text, one behind the other, and where each begins. */
#ifndef RCR_DATA_TABLE_H
#define RCR_DATA_TABLE_H

#include <recur/data.h>

struct recur_table {
    recur_ctx *cx;
    char *name; /* for messages */
    int64_t rows, columns;
    char *text; /* fields, each with a NUL behind it */
    size_t used, room;
    int64_t names; /* 1: the first row of `field` is the header; 0: there is none */
    size_t *field; /* [names + rows, columns]: where each begins in `text` */
    size_t fields, field_room;
    int64_t *line; /* [rows] */
    size_t line_room;
};

/* What a field says: a number, nothing, or something else. */
typedef enum rcr_field { RCR_FIELD_NUMBER, RCR_FIELD_MISSING, RCR_FIELD_TEXT, RCR_FIELD_INFINITE } rcr_field;
rcr_field rcr_field_parse(const char *text, size_t n, double *out);

#endif
