// SPDX-License-Identifier: MIT
/*
 * CSV text into a table, with libcsv in strict mode. The text goes in line by line, so that every error knows
 * its line.
 *
 * libcsv keeps the current field in a buffer that it grows by fixed steps through a realloc without a
 * context. Here the buffer is ours: that realloc always refuses, csv_parse() then stops where it stands, the
 * buffer is doubled through the context's allocator, and csv_parse() goes on.
 */
#include <csv.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "data/lines.h"
#include "format/text.h"
#include "data/table.h"

typedef struct reader {
    recur_table *t;
    struct csv_parser parser;
    rcr_lines lines;
    int64_t row_line;       /* where the current row began */
    int64_t fields;         /* of the current row so far */
    bool header, row_ended; /* header: this row names the columns */
    bool first;             /* this row tells how many columns there are */
    recur_status status;
} reader;

static void *refuse_memory(void *block, size_t size)
{
    (void)block;
    (void)size;
    return NULL;
}

/* ---- errors ---- */

/* The name of the column that the row has come to, for messages. */
static const char *column_here(const reader *r, char buffer[RCR_SHOWN])
{
    const char *name = r->first || r->fields >= r->t->columns ? "" : recur_table_header(r->t, r->fields);
    return rcr_show_name(buffer, name);
}

static recur_status bad_syntax(const reader *r)
{
    char name[RCR_SHOWN];
    const char *what =
        r->parser.quoted
            ? "text after the closing quote; a quote inside a quoted field is written twice"
            : "a quote inside an unquoted field; put the field in quotes and write the quote twice";
    column_here(r, name);
    return rcr_fail(r->t->cx, RECUR_EFORMAT, "%s:%lld: %s%s%s%s", r->t->name, (long long)r->lines.line,
                    *name ? "column " : "", name, *name ? ": " : "", what);
}

static recur_status bad_count(const reader *r)
{
    return rcr_fail(r->t->cx, RECUR_EFORMAT, "%s:%lld: %lld field%s, but the %s has %lld column%s",
                    r->t->name, (long long)r->row_line, (long long)r->fields, r->fields == 1 ? "" : "s",
                    r->t->names ? "header" : "first row", (long long)r->t->columns,
                    r->t->columns == 1 ? "" : "s");
}

static recur_status unclosed(const reader *r)
{
    char name[RCR_SHOWN];
    column_here(r, name);
    return rcr_fail(r->t->cx, RECUR_EFORMAT, "%s:%lld: %s%s%sa quote is opened in this row and never closed",
                    r->t->name, (long long)r->row_line, *name ? "column " : "", name, *name ? ": " : "");
}

/* ---- fields and rows as they come ---- */

static recur_status add_field(recur_table *t, const char *text, size_t n)
{
    size_t end;
    if (!rcr_add_size(t->used, n, &end) || !rcr_add_size(end, 1, &end))
        return rcr_no_memory(t->cx, n, "the text of a table");
    recur_status s = rcr_grow(t->cx, (void **)&t->text, &t->room, end, 1, "the text of a table");
    if (s == RECUR_OK)
        s = rcr_grow(t->cx, (void **)&t->field, &t->field_room, t->fields + 1, sizeof *t->field, "fields");
    if (s != RECUR_OK)
        return s;
    t->field[t->fields++] = t->used;
    memcpy(t->text + t->used, text, n);
    t->text[end - 1] = 0;
    t->used = end;
    return RECUR_OK;
}

static void on_field(void *text, size_t n, void *user)
{
    reader *r = user;
    if (r->status == RECUR_OK && (r->first || r->fields < r->t->columns))
        r->status = add_field(r->t, text, n);
    r->fields++;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Finds the first of two equal names, by sorting pointers to them. */
static recur_status repeated_name(const recur_table *t, const char **repeated)
{
    size_t n = (size_t)t->columns;
    const char **name = rcr_alloc_array(t->cx, n, sizeof *name, "column names");
    if (!name)
        return RECUR_ENOMEM;
    for (size_t c = 0; c < n; c++)
        name[c] = recur_table_header(t, (int64_t)c);
    qsort(name, n, sizeof *name, compare_names);
    *repeated = NULL;
    for (size_t c = 1; c < n && !*repeated; c++)
        if (*name[c] && strcmp(name[c - 1], name[c]) == 0)
            *repeated = name[c];
    rcr_free(t->cx, name);
    return RECUR_OK;
}

static recur_status check_header(const recur_table *t, int64_t line)
{
    char shown[RCR_SHOWN];
    const char *repeated;
    bool named = false;
    for (int64_t c = 0; c < t->columns; c++) {
        const char *name = recur_table_header(t, c);
        named = named || *name;
        if (!rcr_utf8_valid(name, strlen(name)))
            return rcr_fail(t->cx, RECUR_EFORMAT,
                            "%s:%lld: the name of column %lld is not UTF-8; save the file as UTF-8", t->name,
                            (long long)line, (long long)c + 1);
    }
    if (!named)
        return rcr_fail(t->cx, RECUR_EFORMAT,
                        "%s:%lld: no column has a name; the first line must name the columns", t->name,
                        (long long)line);
    recur_status s = repeated_name(t, &repeated);
    if (s != RECUR_OK || !repeated)
        return s;
    return rcr_fail(t->cx, RECUR_EFORMAT,
                    "%s:%lld: two columns are named \"%s\"; every name must be different", t->name,
                    (long long)line, rcr_show_name(shown, repeated));
}

static recur_status end_row(reader *r)
{
    recur_table *t = r->t;
    if (r->first)
        t->columns = r->fields;
    if (r->header)
        return check_header(t, r->row_line);
    if (r->fields != t->columns)
        return bad_count(r);
    recur_status s =
        rcr_grow(t->cx, (void **)&t->line, &t->line_room, (size_t)t->rows + 1, sizeof *t->line, "rows");
    if (s == RECUR_OK)
        t->line[t->rows++] = r->row_line;
    return s;
}

static void on_row(int end, void *user)
{
    reader *r = user;
    (void)end;
    if (r->status == RECUR_OK)
        r->status = end_row(r);
    r->header = r->first = false;
    r->row_ended = true;
    r->fields = 0;
}

/* ---- the text ---- */

static recur_status grow_buffer(reader *r)
{
    void *buffer = r->parser.entry_buf;
    recur_status s =
        rcr_grow(r->t->cx, &buffer, &r->parser.entry_size, r->parser.entry_size + 1, 1, "a field");
    r->parser.entry_buf = buffer;
    return s;
}

/* Gives libcsv n bytes, with a larger buffer whenever it asks. */
static recur_status feed(reader *r, const char *bytes, size_t n)
{
    for (;;) {
        size_t taken = csv_parse(&r->parser, bytes, n, on_field, on_row, r);
        if (r->status != RECUR_OK || taken == n)
            return r->status;
        if (csv_error(&r->parser) != CSV_ENOMEM)
            return bad_syntax(r);
        if (grow_buffer(r) != RECUR_OK)
            return RECUR_ENOMEM;
        bytes += taken;
        n -= taken;
    }
}

static recur_status feed_all(reader *r)
{
    const char *text;
    bool fresh = true; /* no row has begun */
    recur_status s = grow_buffer(r);
    for (size_t n; s == RECUR_OK && rcr_lines_next(&r->lines, &text, &n);) {
        if (fresh)
            r->row_line = r->lines.line;
        r->row_ended = false;
        s = feed(r, text, (size_t)(r->lines.at - text));
        fresh = r->row_ended || (fresh && rcr_is_blank(text, n));
    }
    if (s != RECUR_OK)
        return s;
    return csv_fini(&r->parser, on_field, on_row, r) == 0 ? r->status : unclosed(r);
}

/* Fields without quotes: whatever stands between delimiters, blanks around it left out. */
static void take_plain_row(reader *r, const char *text, size_t n, char delimiter)
{
    for (const char *end = text + n, *stop; text; text = stop < end ? stop + 1 : NULL) {
        const char *found = memchr(text, delimiter, (size_t)(end - text));
        const char *from = text, *to = stop = found ? found : end;
        while (from < to && (*from == ' ' || (*from == '\t' && delimiter != '\t')))
            from++;
        while (to > from && (to[-1] == ' ' || (to[-1] == '\t' && delimiter != '\t')))
            to--;
        on_field((void *)(uintptr_t)from, (size_t)(to - from), r);
    }
    on_row('\n', r);
}

static recur_status take_plain(reader *r, char delimiter)
{
    const char *text;
    for (size_t n; r->status == RECUR_OK && rcr_lines_next(&r->lines, &text, &n);) {
        r->row_line = r->lines.line;
        if (n > 0 && !(rcr_is_blank(text, n) && !memchr(text, delimiter, n)))
            take_plain_row(r, text, n, delimiter);
    }
    return r->status;
}

static recur_status take_quoted(reader *r, char delimiter)
{
    csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&r->parser, (unsigned char)delimiter);
    csv_set_realloc_func(&r->parser, refuse_memory);
    recur_status s = feed_all(r);
    rcr_free(r->t->cx, r->parser.entry_buf);
    return s;
}

static recur_status read_text(recur_table *t, const void *bytes, size_t size, const recur_table_options *opt)
{
    reader r = {.t = t, .header = !opt->no_header, .first = true};
    recur_status s = rcr_check_text(t->cx, bytes, size, t->name);
    if (s != RECUR_OK)
        return s;
    t->names = r.header;
    rcr_lines_init(&r.lines, bytes, size);
    s = opt->plain ? take_plain(&r, opt->delimiter) : take_quoted(&r, opt->delimiter);
    if (s == RECUR_OK && r.first)
        return rcr_fail(t->cx, RECUR_EFORMAT, "%s:1: the file is empty; %s", t->name,
                        r.header ? "the first line must name the columns" : "there should be rows");
    return s;
}

recur_status recur_table_parse(recur_table **out, recur_ctx *cx, const void *bytes, size_t size,
                               const char *name, const recur_table_options *opt)
{
    char shown[RCR_SHOWN_PATH];
    recur_table_options how = opt ? *opt : (recur_table_options){0};
    how.delimiter = how.delimiter ? how.delimiter : ',';
    *out = NULL;
    if (strchr("\"\r\n", how.delimiter))
        return rcr_fail(cx, RECUR_EINVAL, "a quote or a line end cannot stand between fields");
    recur_table *t = rcr_alloc_zero(cx, sizeof *t, "a table");
    if (!t)
        return RECUR_ENOMEM;
    t->cx = cx;
    t->name = rcr_strdup(cx, rcr_show_path(shown, name), "a file name");
    recur_status s = t->name ? read_text(t, bytes, size, &how) : RECUR_ENOMEM;
    if (s == RECUR_OK)
        *out = t;
    else
        recur_table_free(t);
    return s;
}

recur_status recur_table_read(recur_table **out, recur_ctx *cx, const char *path,
                              const recur_table_options *opt)
{
    rcr_map map;
    *out = NULL;
    recur_status s = rcr_map_open(&map, cx, path);
    if (s != RECUR_OK)
        return s;
    s = recur_table_parse(out, cx, map.bytes, map.size, path, opt);
    rcr_map_close(&map, cx);
    return s;
}
