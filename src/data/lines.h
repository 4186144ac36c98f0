// SPDX-License-Identifier: MIT
/* What the readers share: lines of a text, arrays that grow. */
#ifndef RCR_DATA_LINES_H
#define RCR_DATA_LINES_H

#include <recur/context.h>

/* Walks over the lines of a text; a line ends in LF, CR LF, CR, or with the text. */
typedef struct rcr_lines {
    const char *at, *end; /* what is left */
    const char *lf;       /* the first LF in it, or its end; NULL: not looked for yet */
    int64_t line;         /* number of the line that rcr_lines_next() gave last; 0 before the first */
} rcr_lines;

/* Begins after a UTF-8 byte order mark, if there is one. */
void rcr_lines_init(rcr_lines *l, const void *bytes, size_t size);
/* The next line, without its end: n bytes at *text. Its end stands between text + n and l->at. False after
 * the last line. */
bool rcr_lines_next(rcr_lines *l, const char **text, size_t *n);

/* RECUR_EFORMAT for UTF-16 and for a NUL byte. `name` is the file's. */
recur_status rcr_check_text(recur_ctx *cx, const void *bytes, size_t size, const char *name);
/* Only blanks (spaces, tabs), or nothing. */
bool rcr_is_blank(const char *text, size_t n);

/* Makes room for n items, at least doubling so that appending stays linear; *block and *room are unchanged
 * when it fails. */
recur_status rcr_grow(recur_ctx *cx, void **block, size_t *room, size_t n, size_t item, const char *what);

#endif
