// SPDX-License-Identifier: MIT
/* Inside of a stream: pieces of a text, and a place where the units of one are kept. */
#ifndef RCR_DATA_STREAM_H
#define RCR_DATA_STREAM_H

#include "base/file.h"

#include <recur/text.h>

struct recur_stream {
    recur_ctx *cx;
    recur_tokenizer *t;
    rcr_map map;       /* of what was opened; nothing where it was parsed */
    const char *bytes; /* [size] */
    size_t size;
    char *name;     /* as messages show it */
    int64_t pieces; /* of the text */
    size_t *at;     /* [pieces + 1]: where each begins */
    int64_t *unit;  /* [pieces + 1]: the number of its first unit */
    int64_t *line;  /* [pieces + 1]: the line in which it begins */
    size_t at_room, unit_room, line_room;
};

/* The ids of one piece: reading on costs a piece only when it begins. */
typedef struct rcr_cursor {
    recur_ctx *cx;
    int64_t piece; /* -1: none yet */
    int32_t *id;
    size_t n, room;
} rcr_cursor;

/* Makes the units of piece `p`. */
recur_status rcr_stream_units(recur_stream *s, int64_t p, recur_units *units);
/* The piece in which a unit stands. */
int64_t rcr_stream_piece(const recur_stream *s, int64_t unit);
/* ids [to - from] of units from .. to - 1. */
recur_status rcr_cursor_read(rcr_cursor *c, recur_stream *s, const recur_vocab *v, int64_t from, int64_t to,
                             int64_t *ids);

#endif
