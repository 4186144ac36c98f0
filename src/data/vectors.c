// SPDX-License-Identifier: MIT
/* Word vectors from a text file: word2vec's, with a first line of counts, or GloVe's, without. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/number.h"
#include "data/lines.h"
#include "data/vocab.h"
#include "format/text.h"

typedef struct reader {
    recur_ctx *cx;
    char name[RCR_SHOWN_PATH];
    rcr_map map;
    rcr_lines lines;
    int64_t E;        /* numbers of a vector */
    int64_t promised; /* vectors, by the first line; -1: it does not say */
} reader;

/* ---- fields: whatever stands between blanks ---- */

/* The last field of a line, which is cut off; false where there is none. */
static bool take_last(recur_span *line, recur_span *field)
{
    size_t end = line->size;
    while (end > 0 && rcr_is_blank(line->text + end - 1, 1))
        end--;
    size_t from = end;
    while (from > 0 && !rcr_is_blank(line->text + from - 1, 1))
        from--;
    *field = (recur_span){line->text + from, end - from};
    line->size = from;
    return end > 0;
}

static int64_t count_fields(recur_span line)
{
    int64_t n = 0;
    for (size_t i = 0; i < line.size; i++)
        n += !rcr_is_blank(line.text + i, 1) && (i == 0 || rcr_is_blank(line.text + i - 1, 1));
    return n;
}

static recur_status bad_line(const reader *r, const char *what, recur_span field)
{
    char shown[RCR_SHOWN], copy[2 * RCR_SHOWN] = "";
    memcpy(copy, field.text, field.size < sizeof copy ? field.size : sizeof copy - 1);
    return rcr_fail(r->cx, RECUR_EFORMAT, "%s:%lld: \"%s\" is %s", r->name, (long long)r->lines.line,
                    rcr_show_name(shown, copy), what);
}

/* ---- the file ---- */

/* Is a line of two whole numbers, "N E"? */
static bool is_header(recur_span line, int64_t *N, int64_t *E)
{
    recur_span second, first;
    return count_fields(line) == 2 && take_last(&line, &second) && take_last(&line, &first) &&
           rcr_parse_int64(second.text, second.size, E) && rcr_parse_int64(first.text, first.size, N) &&
           *N >= 0 && *E >= 1;
}

/* Opens the file and finds out how many numbers a vector has; reading begins with the first vector. */
static recur_status open_vectors(reader *r, recur_ctx *cx, const char *path)
{
    recur_span line = {0};
    *r = (reader){.cx = cx, .promised = -1};
    rcr_show_path(r->name, path);
    recur_status s = rcr_map_open(&r->map, cx, path);
    if (s != RECUR_OK)
        return s;
    s = rcr_check_text(cx, r->map.bytes, r->map.size, r->name);
    if (s != RECUR_OK)
        return s;
    rcr_lines_init(&r->lines, r->map.bytes, r->map.size);
    rcr_lines begin = r->lines;
    if (!rcr_lines_next(&r->lines, &line.text, &line.size))
        return rcr_fail(cx, RECUR_EFORMAT,
                        "%s:1: the file is empty; a word and its numbers on each line belong there", r->name);
    if (is_header(line, &r->promised, &r->E))
        return RECUR_OK;
    r->promised = -1;
    r->lines = begin;
    r->E = count_fields(line) - 1;
    if (r->E < 1)
        return rcr_fail(cx, RECUR_EFORMAT, "%s:1: a word without numbers", r->name);
    return RECUR_OK;
}

recur_status recur_vectors_width(recur_ctx *cx, const char *path, int64_t *E)
{
    reader r;
    recur_status s = open_vectors(&r, cx, path);
    *E = s == RECUR_OK ? r.E : 0;
    rcr_map_close(&r.map, cx);
    return s;
}

/* Numbers of a line from behind, so that what is left is the unit, blanks in it or not. */
static recur_status take_numbers(const reader *r, recur_span line, float *out)
{
    for (int64_t e = r->E - 1; e >= 0; e--) {
        recur_span field = {0};
        double x = 0;
        take_last(&line, &field);
        if (!rcr_parse_double(field.text, field.size, &x))
            return bad_line(r, "not a number", field);
        out[e] = (float)x;
        if (!isfinite(out[e]))
            return bad_line(r, "no finite number of 32 bits", field);
    }
    return RECUR_OK;
}

/* The unit of a line: what stands before its E numbers. */
static recur_span unit_of(const reader *r, recur_span line, int64_t fields)
{
    recur_span none;
    if (fields > r->E + 1) /* a unit with blanks in it */
        for (int64_t e = 0; e < r->E; e++)
            take_last(&line, &none);
    size_t from = 0, to = line.size;
    while (from < to && rcr_is_blank(line.text + from, 1))
        from++;
    if (fields == r->E + 1)
        for (to = from; !rcr_is_blank(line.text + to, 1); to++)
            ;
    while (to > from && rcr_is_blank(line.text + to - 1, 1))
        to--;
    return (recur_span){line.text + from, to - from};
}

static recur_status take_vector(const reader *r, recur_span line, const recur_vocab *v, float *table,
                                bool *found, recur_vectors *out)
{
    int64_t fields = count_fields(line);
    if (fields < r->E + 1)
        return rcr_fail(r->cx, RECUR_EFORMAT,
                        "%s:%lld: %lld numbers behind a word; the first vector has %lld", r->name,
                        (long long)r->lines.line, (long long)(fields > 0 ? fields - 1 : 0), (long long)r->E);
    recur_span unit = unit_of(r, line, fields);
    int64_t id = recur_vocab_find(v, unit.text, unit.size);
    out->lines++;
    if (id < 0 || found[id])
        return RECUR_OK;
    found[id] = true;
    out->found++;
    return take_numbers(r, line, table + id * r->E);
}

static recur_status read_all(reader *r, const recur_vocab *v, float *table, bool *found, recur_vectors *out)
{
    recur_status s = RECUR_OK;
    recur_span line;
    while (s == RECUR_OK && rcr_lines_next(&r->lines, &line.text, &line.size))
        if (!rcr_is_blank(line.text, line.size))
            s = take_vector(r, line, v, table, found, out);
    if (s == RECUR_OK && r->promised >= 0 && r->promised != out->lines)
        return rcr_fail(r->cx, RECUR_EFORMAT, "%s: the first line promises %lld vectors; there are %lld",
                        r->name, (long long)r->promised, (long long)out->lines);
    return s;
}

recur_status recur_vectors_read(const recur_vocab *v, const char *path, int64_t E, float *table, bool *found,
                                recur_vectors *out)
{
    reader r;
    recur_ctx *cx = rcr_vocab_ctx(v);
    *out = (recur_vectors){.E = E};
    bool *seen = rcr_alloc_array(cx, (size_t)recur_vocab_size(v), sizeof *seen, "units with a vector");
    if (!seen)
        return RECUR_ENOMEM;
    recur_status s = open_vectors(&r, cx, path);
    if (s == RECUR_OK && r.E != E)
        s = rcr_fail(cx, RECUR_ESHAPE, "%s: vectors of %lld numbers, where %lld are wanted", r.name,
                     (long long)r.E, (long long)E);
    if (s == RECUR_OK)
        s = read_all(&r, v, table, seen, out);
    if (found)
        memcpy(found, seen, (size_t)recur_vocab_size(v) * sizeof *seen);
    rcr_map_close(&r.map, cx);
    rcr_free(cx, seen);
    return s;
}
