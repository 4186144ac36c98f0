// SPDX-License-Identifier: MIT
/* Sequences of numbers, one per line. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "data/lines.h"
#include "format/text.h"
#include "data/table.h"

/* ---- one line ---- */

/* Room for "name:line: "; line 0 is left out. */
enum { WHERE_SIZE = RCR_SHOWN_PATH + 32 };

static const char *place(char where[WHERE_SIZE], const char *name, int64_t line)
{
    char shown[RCR_SHOWN_PATH];
    rcr_show_path(shown, name);
    if (line > 0)
        snprintf(where, WHERE_SIZE, "%s:%lld: ", shown, (long long)line);
    else
        snprintf(where, WHERE_SIZE, "%s: ", shown);
    return where;
}

static recur_status bad_number(recur_ctx *cx, const char *where, int64_t field, const char *text, size_t n,
                               rcr_field what)
{
    char shown[RCR_SHOWN], copy[2 * RCR_SHOWN] = "";
    if (rcr_is_blank(text, n))
        return rcr_fail(cx, RECUR_EFORMAT, "%sfield %lld is empty; a number belongs there", where,
                        (long long)field);
    memcpy(copy, text, n < sizeof copy ? n : sizeof copy - 1);
    return rcr_fail(cx, RECUR_EFORMAT, "%sfield %lld: \"%s\" is not a %snumber", where, (long long)field,
                    rcr_show_name(shown, copy), what == RCR_FIELD_INFINITE ? "finite " : "");
}

recur_status recur_numbers_parse(recur_ctx *cx, const char *text, size_t size, const char *name, int64_t line,
                                 int64_t least, int64_t room, double *values, int64_t *n)
{
    char where[WHERE_SIZE];
    const char *end = text + size;
    *n = 0;
    while (text) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        size_t length = (size_t)((comma ? comma : end) - text);
        if (*n == room)
            return rcr_fail(cx, RECUR_EFORMAT, "%smore than %lld numbers", place(where, name, line),
                            (long long)room);
        rcr_field what = rcr_field_parse(text, length, &values[*n]);
        if (what != RCR_FIELD_NUMBER)
            return bad_number(cx, place(where, name, line), *n + 1, text, length, what);
        ++*n;
        text = comma ? comma + 1 : NULL;
    }
    if (*n < least)
        return rcr_fail(cx, RECUR_EFORMAT, "%s%lld number%s; at least %lld are needed, separated by commas",
                        place(where, name, line), (long long)*n, *n == 1 ? "" : "s", (long long)least);
    return RECUR_OK;
}

/* ---- a file ---- */

/* Upper bounds that the text itself gives: every number is followed by a comma or ends a line. */
static void count_text(const void *bytes, size_t size, size_t *lines, size_t *numbers)
{
    rcr_lines l;
    const char *text;
    rcr_lines_init(&l, bytes, size);
    *lines = *numbers = 0;
    for (size_t n; rcr_lines_next(&l, &text, &n);) {
        if (rcr_is_blank(text, n))
            continue;
        ++*lines;
        ++*numbers;
        for (size_t i = 0; i < n; i++)
            *numbers += text[i] == ',';
    }
}

static recur_status read_lines(recur_rows *r, double *values, int64_t *offset, int64_t *line,
                               const void *bytes, size_t size, size_t numbers, const char *name)
{
    rcr_lines l;
    const char *text;
    recur_status s = RECUR_OK;
    rcr_lines_init(&l, bytes, size);
    for (size_t n; s == RECUR_OK && rcr_lines_next(&l, &text, &n);) {
        if (rcr_is_blank(text, n))
            continue;
        int64_t begin = offset[r->n], found;
        s = recur_numbers_parse(r->cx, text, n, name, l.line, 2, (int64_t)numbers - begin, values + begin,
                                &found);
        line[r->n] = l.line;
        offset[++r->n] = begin + found;
    }
    return s;
}

static recur_status read_rows(recur_rows *r, const void *bytes, size_t size, const char *name)
{
    size_t lines, numbers;
    char shown[RCR_SHOWN_PATH];
    recur_status s = rcr_check_text(r->cx, bytes, size, rcr_show_path(shown, name));
    if (s != RECUR_OK)
        return s;
    count_text(bytes, size, &lines, &numbers);
    if (lines == 0)
        return rcr_fail(r->cx, RECUR_EFORMAT,
                        "%s:1: the file is empty; numbers separated by commas belong there", shown);
    double *values = rcr_alloc_array(r->cx, numbers, sizeof *values, "rows of numbers");
    r->values = values;
    int64_t *offset = rcr_alloc_array(r->cx, lines + 1, sizeof *offset, "where rows begin");
    r->offset = offset;
    int64_t *line = rcr_alloc_array(r->cx, lines, sizeof *line, "lines of rows");
    r->line = line;
    if (!values || !offset || !line)
        return RECUR_ENOMEM;
    return read_lines(r, values, offset, line, bytes, size, numbers, name);
}

recur_status recur_rows_parse(recur_rows **out, recur_ctx *cx, const void *bytes, size_t size,
                              const char *name)
{
    *out = NULL;
    recur_rows *r = rcr_alloc_zero(cx, sizeof *r, "rows");
    if (!r)
        return RECUR_ENOMEM;
    r->cx = cx;
    recur_status s = read_rows(r, bytes, size, name);
    if (s == RECUR_OK)
        *out = r;
    else
        recur_rows_free(r);
    return s;
}

recur_status recur_rows_read(recur_rows **out, recur_ctx *cx, const char *path)
{
    rcr_map map;
    *out = NULL;
    recur_status s = rcr_map_open(&map, cx, path);
    if (s != RECUR_OK)
        return s;
    s = recur_rows_parse(out, cx, map.bytes, map.size, path);
    rcr_map_close(&map, cx);
    return s;
}

void recur_rows_free(recur_rows *r)
{
    if (!r)
        return;
    rcr_free(r->cx, (void *)r->values);
    rcr_free(r->cx, (void *)r->offset);
    rcr_free(r->cx, (void *)r->line);
    rcr_free(r->cx, r);
}
