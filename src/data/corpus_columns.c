// SPDX-License-Identifier: MIT
/* Texts in columns: of a table where fields may have quotes, else of the lines as they are. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "data/corpus.h"
#include "data/table.h"
#include "format/text.h"

recur_status rcr_delimiter_parse(recur_ctx *cx, const char *text, char usual, char *out)
{
    char shown[RCR_SHOWN];
    *out = usual;
    if (!text)
        return RECUR_OK;
    bool one = strlen(text) == 1 && *text != '"' && *text != '\n' && *text != '\r';
    if (!one && strcmp(text, "tab") != 0 && strcmp(text, "\\t") != 0)
        return rcr_fail(cx, RECUR_EINVAL, "the delimiter is \"%s\"; it is one character, or \"tab\"",
                        rcr_show_name(shown, text));
    *out = one ? *text : '\t';
    return RECUR_OK;
}

/* ---- which column ---- */

/* A number from 1; 0 for other texts. */
static int64_t column_number(const char *text)
{
    int64_t number;
    return rcr_parse_int64(text, strlen(text), &number) && number >= 1 ? number : 0;
}

/* A name that the table has is a name; what it has not may be a number. */
static recur_status find_column(const recur_table *t, const char *wanted, int64_t *column)
{
    recur_status s = recur_table_find(t, wanted, column);
    int64_t number = column_number(wanted);
    if (s != RECUR_ENOTFOUND || number == 0)
        return s;
    if (number > recur_table_columns(t))
        return rcr_fail(t->cx, RECUR_ENOTFOUND, "no column %lld in %s; it has %lld", (long long)number,
                        recur_table_name(t), (long long)recur_table_columns(t));
    *column = number - 1;
    return RECUR_OK;
}

static recur_status number_column(recur_ctx *cx, const char *file, const char *wanted, int64_t *column)
{
    char shown[RCR_SHOWN];
    *column = column_number(wanted) - 1;
    if (*column >= 0)
        return RECUR_OK;
    return rcr_fail(cx, RECUR_EINVAL,
                    "column \"%s\" of %s: without a header columns are chosen by number, the first is 1",
                    rcr_show_name(shown, wanted), file);
}

/* column [2]; the second is -1 where there is none. */
static recur_status find_columns(const recur_table *t, const char *file, recur_ctx *cx,
                                 const rcr_columns_how *how, int64_t column[2])
{
    const char *const wanted[2] = {how->first, how->second};
    recur_status s = RECUR_OK;
    column[1] = -1;
    for (int i = 0; s == RECUR_OK && i < 2 && wanted[i]; i++)
        s = how->header ? find_column(t, wanted[i], &column[i])
                        : number_column(cx, file, wanted[i], &column[i]);
    return s;
}

static recur_status add_row(rcr_corpus *k, const rcr_columns_how *how, recur_span first,
                            const recur_span *second, int64_t file, int64_t line)
{
    if (!second)
        return rcr_corpus_add(k, first, NULL, file, line);
    return how->labels ? rcr_corpus_add_labelled(k, first, *second, file, line)
                       : rcr_corpus_add_pair(k, first, *second, file, line);
}

/* ---- with quotes ---- */

static recur_span field(const recur_table *t, int64_t row, int64_t column)
{
    const char *text = recur_table_text(t, row, column);
    return (recur_span){text, strlen(text)};
}

static recur_status read_table(rcr_corpus *k, int64_t file, const rcr_columns_how *how)
{
    const rcr_map *map = &k->files.map[file];
    int64_t column[2] = {0};
    recur_table_options opt = {.delimiter = how->delimiter, .no_header = !how->header};
    recur_status s =
        recur_table_parse(&k->files.table[file], k->c.cx, map->bytes, map->size, k->files.name[file], &opt);
    const recur_table *t = k->files.table[file];
    if (s == RECUR_OK)
        s = find_columns(t, k->files.name[file], k->c.cx, how, column);
    for (int i = 0; s == RECUR_OK && i < 2; i++)
        if (column[i] >= recur_table_columns(t))
            s = rcr_fail(k->c.cx, RECUR_ENOTFOUND, "no column %lld in %s; it has %lld",
                         (long long)column[i] + 1, k->files.name[file], (long long)recur_table_columns(t));
    for (int64_t r = 0; s == RECUR_OK && r < recur_table_rows(t); r++) {
        recur_span second = column[1] >= 0 ? field(t, r, column[1]) : (recur_span){0};
        s = add_row(k, how, field(t, r, column[0]), column[1] >= 0 ? &second : NULL, file,
                    recur_table_line(t, r));
    }
    return s;
}

/* ---- without quotes: fields stay where they are ---- */

static recur_status read_header(rcr_corpus *k, int64_t file, const rcr_columns_how *how, rcr_lines *l,
                                int64_t column[2])
{
    recur_table *t = NULL;
    const char *text;
    size_t n = 0;
    recur_table_options opt = {.delimiter = how->delimiter, .plain = true};
    while (n == 0 && rcr_lines_next(l, &text, &n))
        ;
    if (n == 0)
        return rcr_files_empty(&k->files, file, "the first line must name the columns");
    recur_status s = recur_table_parse(&t, k->c.cx, text, n, k->files.name[file], &opt);
    if (s == RECUR_OK)
        s = find_columns(t, k->files.name[file], k->c.cx, how, column);
    recur_table_free(t);
    return s;
}

/* The fields `column` of a line; how many columns it has, as far as that matters. */
static int64_t take_fields(const char *text, size_t n, char delimiter, const int64_t column[2],
                           recur_span out[2])
{
    int64_t c = 0, last = column[0] > column[1] ? column[0] : column[1];
    for (const char *end = text + n, *stop; c <= last; c++, text = stop + 1) {
        stop = memchr(text, delimiter, (size_t)(end - text));
        stop = stop ? stop : end;
        for (int i = 0; i < 2; i++)
            if (c == column[i])
                out[i] = (recur_span){text, (size_t)(stop - text)};
        if (stop == end)
            return c + 1;
    }
    return c;
}

static recur_status read_plain(rcr_corpus *k, int64_t file, const rcr_columns_how *how)
{
    const rcr_map *map = &k->files.map[file];
    rcr_lines l;
    const char *text;
    int64_t column[2] = {0};
    rcr_lines_init(&l, map->bytes, map->size);
    recur_status s = how->header ? read_header(k, file, how, &l, column)
                                 : find_columns(NULL, k->files.name[file], k->c.cx, how, column);
    for (size_t n; s == RECUR_OK && rcr_lines_next(&l, &text, &n);) {
        recur_span out[2] = {0};
        if (n == 0)
            continue;
        int64_t have = take_fields(text, n, how->delimiter, column, out);
        int64_t need = 1 + (column[0] > column[1] ? column[0] : column[1]);
        if (have < need)
            return rcr_fail(k->c.cx, RECUR_EFORMAT, "%s:%lld: %lld column%s, but column %lld is needed",
                            k->files.name[file], (long long)l.line, (long long)have, have == 1 ? "" : "s",
                            (long long)need);
        s = add_row(k, how, out[0], column[1] >= 0 ? &out[1] : NULL, file, l.line);
    }
    return s;
}

recur_status rcr_corpus_read_columns(rcr_corpus *k, int64_t file, const rcr_columns_how *how)
{
    int64_t before = k->c.n + k->c.empty;
    recur_status s = how->quotes ? read_table(k, file, how) : read_plain(k, file, how);
    if (s == RECUR_OK && k->c.n + k->c.empty == before)
        return rcr_fail(k->c.cx, RECUR_EFORMAT, "%s:1: there is no row %s", k->files.name[file],
                        how->header ? "under the header" : "in the file");
    return s;
}
