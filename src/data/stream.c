// SPDX-License-Identifier: MIT
/*
 * A text of any size as one row of units. It is cut into pieces, each of which makes its units by itself; only where
 * pieces begin is kept. A piece ends with the first line that ends 16 KiB or more behind its beginning, so that no unit
 * notices the cut; a line that is longer than 1 MiB is cut behind a blank, else between two characters.
 */
#include "data/stream.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/corpus.h"
#include "data/unit.h"
#include "format/text.h"

enum { PIECE = 16 << 10, LONGEST = 1 << 20 };

void recur_stream_free(recur_stream *s)
{
    if (!s)
        return;
    rcr_map_close(&s->map, s->cx);
    rcr_free(s->cx, s->name);
    rcr_free(s->cx, s->at);
    rcr_free(s->cx, s->unit);
    rcr_free(s->cx, s->line);
    rcr_free(s->cx, s);
}

/* ---- pieces ---- */

/* Behind the line end at or after `from` and before `to`; 0 where there is none. */
static size_t after_line_end(const recur_stream *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (s->bytes[i] == '\n' || (s->bytes[i] == '\r' && (i + 1 == s->size || s->bytes[i + 1] != '\n')))
            return i + 1;
    return 0;
}

/* Where the piece that begins at `from` ends. */
static size_t piece_end(const recur_stream *s, size_t from)
{
    if (s->size - from <= PIECE)
        return s->size;
    size_t far = s->size - from <= LONGEST ? s->size : from + LONGEST;
    size_t end =
        after_line_end(s, from + PIECE - 1, far < s->size ? far + 1 : far); /* CR LF stays together */
    if (end > 0 || far == s->size)
        return end > 0 ? end : far;
    for (end = far; end > from + PIECE; end--)
        if (s->bytes[end - 1] == ' ' || s->bytes[end - 1] == '\t')
            return end;
    for (end = far; end > far - 4 && ((unsigned char)s->bytes[end] & 0xC0) == 0x80; end--)
        ;
    return end;
}

static int64_t line_ends(const recur_stream *s, size_t from, size_t to)
{
    int64_t n = 0;
    for (size_t end; (end = after_line_end(s, from, to)) > 0; from = end)
        n++;
    return n;
}

/* Adds the beginning of a piece; the last one is the end of the text. */
static recur_status add_piece(recur_stream *s, size_t at, int64_t unit, int64_t line)
{
    size_t n = (size_t)s->pieces + 1;
    recur_status status = rcr_grow(s->cx, (void **)&s->at, &s->at_room, n, sizeof at, "an index of a text");
    if (status == RECUR_OK)
        status = rcr_grow(s->cx, (void **)&s->unit, &s->unit_room, n, sizeof unit, "an index of a text");
    if (status == RECUR_OK)
        status = rcr_grow(s->cx, (void **)&s->line, &s->line_room, n, sizeof line, "an index of a text");
    if (status != RECUR_OK)
        return status;
    s->at[n - 1] = at;
    s->unit[n - 1] = unit;
    s->line[n - 1] = line;
    return RECUR_OK;
}

/* Records what is wrong with a piece again, with its line and column. */
static recur_status name_line(const recur_stream *s, int64_t p)
{
    recur_status status = RECUR_OK;
    int64_t line = s->line[p];
    for (size_t from = s->at[p], to = s->at[p + 1], end; status == RECUR_OK && from < to;
         from = end, line++) {
        end = after_line_end(s, from, to);
        end = end > 0 ? end : to;
        recur_place where = {s->name, line, rcr_column_of(s->bytes, s->bytes + from)};
        status = rcr_check_utf8(s->cx, s->bytes + from, end - from, &where, NULL);
    }
    return status;
}

recur_status rcr_stream_units(recur_stream *s, int64_t p, recur_units *units)
{
    recur_place where = {s->name, s->line[p], 0};
    recur_status status =
        rcr_tokenize(s->t, s->bytes + s->at[p], s->at[p + 1] - s->at[p], &where, SIZE_MAX, units);
    return status == RECUR_EFORMAT ? name_line(s, p) : status;
}

int64_t rcr_stream_piece(const recur_stream *s, int64_t unit)
{
    int64_t low = 0, high = s->pieces;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (s->unit[middle] <= unit)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- opening ---- */

static recur_status make_index(recur_stream *s)
{
    size_t at = s->size >= 3 && memcmp(s->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    recur_status status = rcr_check_text(s->cx, s->bytes, s->size, s->name);
    if (status == RECUR_OK)
        status = add_piece(s, at, 0, 1);
    while (status == RECUR_OK && at < s->size) {
        recur_units units;
        int64_t p = s->pieces++, line = s->line[p];
        size_t end = piece_end(s, at);
        status = add_piece(s, end, s->unit[p], line + line_ends(s, at, end));
        if (status == RECUR_OK)
            status = rcr_stream_units(s, p, &units);
        if (status == RECUR_OK)
            s->unit[p + 1] += units.n;
        at = end;
    }
    return status;
}

/* Takes the map over. */
static recur_status open_stream(recur_stream **out, recur_tokenizer *t, rcr_map map, const void *bytes,
                                size_t size, const char *name)
{
    char shown[RCR_SHOWN_PATH];
    recur_stream *s = rcr_alloc_zero(t->cx, sizeof *s, "a text");
    if (!s) {
        rcr_map_close(&map, t->cx);
        return RECUR_ENOMEM;
    }
    *s = (recur_stream){.cx = t->cx, .t = t, .map = map, .bytes = bytes, .size = size};
    s->name = rcr_strdup(t->cx, rcr_show_path(shown, name), "a file name");
    recur_status status = s->name ? make_index(s) : RECUR_ENOMEM;
    if (status == RECUR_OK)
        *out = s;
    else
        recur_stream_free(s);
    return status;
}

recur_status recur_stream_open(recur_stream **out, recur_tokenizer *t, const char *path)
{
    rcr_map map;
    *out = NULL;
    recur_status status = rcr_map_open(&map, t->cx, path);
    return status == RECUR_OK ? open_stream(out, t, map, map.bytes, map.size, path) : status;
}

recur_status recur_stream_parse(recur_stream **out, recur_tokenizer *t, const void *bytes, size_t size,
                                const char *name)
{
    *out = NULL;
    return open_stream(out, t, (rcr_map){0}, bytes, size, name);
}

int64_t recur_stream_size(const recur_stream *s)
{
    return s->unit[s->pieces];
}

/* ---- reading ---- */

static recur_status check_range(const recur_stream *s, int64_t from, int64_t to)
{
    if (from >= 0 && from <= to && to <= recur_stream_size(s))
        return RECUR_OK;
    return rcr_fail(s->cx, RECUR_EINVAL, "units %lld to %lld of %s, which has %lld", (long long)from,
                    (long long)to, s->name, (long long)recur_stream_size(s));
}

recur_status recur_stream_count(recur_stream *s, int64_t from, int64_t to, recur_counts *counts)
{
    recur_status status = check_range(s, from, to);
    for (int64_t p = rcr_stream_piece(s, from); status == RECUR_OK && p < s->pieces && s->unit[p] < to; p++) {
        recur_units units, wanted;
        status = rcr_stream_units(s, p, &units);
        if (status != RECUR_OK)
            break;
        int64_t skip = from > s->unit[p] ? from - s->unit[p] : 0, end = to - s->unit[p];
        wanted = (recur_units){.n = (end < units.n ? end : units.n) - skip, .unit = units.unit + skip};
        status = recur_counts_add_units(counts, &wanted);
    }
    return status;
}

static recur_status load(rcr_cursor *c, recur_stream *s, const recur_vocab *v, int64_t p)
{
    recur_units units;
    c->piece = -1;
    recur_status status = rcr_stream_units(s, p, &units);
    if (status == RECUR_OK)
        status = rcr_grow(c->cx, (void **)&c->id, &c->room, (size_t)units.n, sizeof *c->id, "ids of a text");
    if (status != RECUR_OK)
        return status;
    for (int64_t i = 0; i < units.n; i++) {
        int64_t id;
        recur_vocab_ids(v, &units.unit[i], 1, &id);
        c->id[i] = (int32_t)id;
    }
    c->n = (size_t)units.n;
    c->piece = p;
    return RECUR_OK;
}

recur_status rcr_cursor_read(rcr_cursor *c, recur_stream *s, const recur_vocab *v, int64_t from, int64_t to,
                             int64_t *ids)
{
    recur_status status = RECUR_OK;
    while (from < to) {
        bool here = c->piece >= 0 && from >= s->unit[c->piece] && from < s->unit[c->piece + 1];
        if (!here)
            status = load(c, s, v, rcr_stream_piece(s, from));
        if (status != RECUR_OK)
            return status;
        for (; from < to && from < s->unit[c->piece + 1]; from++)
            *ids++ = c->id[from - s->unit[c->piece]];
    }
    return RECUR_OK;
}

recur_status recur_stream_ids(recur_stream *s, const recur_vocab *v, int64_t from, int64_t to, int64_t *ids)
{
    rcr_cursor c = {.cx = s->cx, .piece = -1};
    recur_status status = check_range(s, from, to);
    if (status == RECUR_OK)
        status = rcr_cursor_read(&c, s, v, from, to, ids);
    rcr_free(s->cx, c.id);
    return status;
}
