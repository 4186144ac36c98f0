// SPDX-License-Identifier: MIT
/* Columns of a table as numbers, with missing values left out or filled in. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/lines.h"
#include "format/text.h"
#include "data/table.h"

static const char *const missing_name[] = {"drop", "previous", "linear", "error"};

recur_status recur_missing_parse(recur_ctx *cx, const char *text, recur_missing *out)
{
    char shown[RCR_SHOWN];
    for (int m = 0; m <= RECUR_MISSING_ERROR; m++)
        if (strcmp(text, missing_name[m]) == 0) {
            *out = (recur_missing)m;
            return RECUR_OK;
        }
    return rcr_fail(cx, RECUR_EINVAL,
                    "\"%s\" is no way to treat missing values; there are drop, previous, linear, error",
                    rcr_show_name(shown, text));
}

const char *recur_missing_name(recur_missing m)
{
    return (unsigned)m > RECUR_MISSING_ERROR ? NULL : missing_name[m];
}

/* While it is made, `values` (NaN = missing) and `row` have all rows of the table. */
typedef struct build {
    recur_series *s;
    const recur_table *t;
    double *values;
    int64_t *row;
    recur_missing how;
} build;

/* ---- reading ---- */

static recur_status bad_field(const build *b, int64_t row, int64_t column, rcr_field what)
{
    static const char *const text[] = {
        [RCR_FIELD_MISSING] =
            "is a missing value; leave such rows out (drop) or fill them (previous, linear)",
        [RCR_FIELD_TEXT] = "is not a number",
        [RCR_FIELD_INFINITE] = "is not a finite number"};
    char name[RCR_SHOWN], field[RCR_SHOWN];
    const char *header = recur_table_header(b->t, column), *value = recur_table_text(b->t, row, column);
    return rcr_fail(b->t->cx, RECUR_EFORMAT, "%s:%lld: column %s: \"%s\" %s", b->t->name,
                    (long long)b->t->line[row], rcr_show_name(name, header), rcr_show_name(field, value),
                    text[what]);
}

/* Reads table column `column` into column c of the series. */
static recur_status read_column(build *b, int64_t column, int64_t c)
{
    int64_t C = b->s->C, found = 0;
    for (int64_t r = 0; r < b->s->R; r++) {
        double *v = &b->values[r * C + c];
        const char *text = recur_table_text(b->t, r, column);
        rcr_field what = rcr_field_parse(text, strlen(text), v);
        if (what == RCR_FIELD_NUMBER) {
            found++;
            continue;
        }
        if (what != RCR_FIELD_MISSING || b->how == RECUR_MISSING_ERROR)
            return bad_field(b, r, column, what);
        *v = NAN;
        b->s->missing++;
    }
    char name[RCR_SHOWN];
    const char *header = recur_table_header(b->t, column);
    if (found == 0)
        return rcr_fail(b->t->cx, RECUR_EFORMAT, "%s: column %s has no numbers (%lld rows)", b->t->name,
                        rcr_show_name(name, header), (long long)b->s->R);
    return RECUR_OK;
}

static recur_status read_columns(build *b, const char *const *columns)
{
    for (int64_t c = 0; c < b->s->C; c++) {
        int64_t column;
        recur_status s = recur_table_find(b->t, columns[c], &column);
        if (s == RECUR_OK)
            s = read_column(b, column, c);
        if (s != RECUR_OK)
            return s;
    }
    for (int64_t r = 0; r < b->s->R; r++)
        b->row[r] = r;
    return RECUR_OK;
}

/* ---- filling; a gap is rows from .. to - 1 of column c, with values before and behind it ---- */

static void fill_gap(build *b, int64_t c, int64_t from, int64_t to)
{
    int64_t C = b->s->C;
    double first = b->values[(from - 1) * C + c];
    double last = b->how == RECUR_MISSING_LINEAR ? b->values[to * C + c] : first;
    for (int64_t r = from; r < to; r++) {
        double a = (double)(r - from + 1) / (double)(to - from + 1);
        b->values[r * C + c] = (1 - a) * first + a * last;
    }
}

static void fill_column(build *b, int64_t c)
{
    int64_t C = b->s->C, R = b->s->R, r = 0;
    while (r < R && isnan(b->values[r * C + c]))
        r++;
    while (r < R) {
        int64_t from = r;
        while (r < R && isnan(b->values[r * C + c]))
            r++;
        if (r > from && (r < R || b->how == RECUR_MISSING_PREVIOUS))
            fill_gap(b, c, from, r);
        while (r < R && !isnan(b->values[r * C + c]))
            r++;
    }
}

static int64_t missing_in(const double *values, int64_t n)
{
    int64_t missing = 0;
    for (int64_t i = 0; i < n; i++)
        missing += isnan(values[i]) != 0;
    return missing;
}

/* Keeps the rows in which nothing is missing. */
static recur_status drop_rows(build *b)
{
    recur_series *s = b->s;
    int64_t C = s->C, kept = 0;
    for (int64_t r = 0; r < s->R; r++) {
        if (missing_in(b->values + r * C, C) > 0)
            continue;
        memmove(b->values + kept * C, b->values + r * C, (size_t)C * sizeof *b->values);
        b->row[kept++] = b->row[r];
    }
    s->dropped = s->R - kept;
    s->R = kept;
    if (kept == 0)
        return rcr_fail(s->cx, RECUR_EFORMAT, "%s: no row has a number in each of the %lld columns",
                        b->t->name, (long long)C);
    return RECUR_OK;
}

/* Rows from .. to - 1: those that filling makes complete. */
static void complete_rows(const build *b, int64_t *from, int64_t *to)
{
    int64_t C = b->s->C;
    *from = 0;
    *to = b->s->R;
    for (int64_t c = 0; c < C; c++) {
        int64_t first = 0, end = b->s->R;
        while (first < end && isnan(b->values[first * C + c]))
            first++;
        while (b->how == RECUR_MISSING_LINEAR && end > first && isnan(b->values[(end - 1) * C + c]))
            end--;
        *from = first > *from ? first : *from;
        *to = end < *to ? end : *to;
    }
}

static recur_status treat_missing(build *b)
{
    int64_t C = b->s->C, from, to;
    if (b->how == RECUR_MISSING_PREVIOUS || b->how == RECUR_MISSING_LINEAR) {
        complete_rows(b, &from, &to);
        if (from < to)
            b->s->filled = missing_in(b->values + from * C, (to - from) * C);
        for (int64_t c = 0; c < C; c++)
            fill_column(b, c);
    }
    return drop_rows(b);
}

/* ---- making and freeing ---- */

void recur_series_free(recur_series *s)
{
    if (!s)
        return;
    rcr_free(s->cx, (void *)s->values);
    rcr_free(s->cx, (void *)s->row);
    rcr_free(s->cx, s);
}

/* An empty series of R rows and C columns, and its arrays to fill. */
static recur_status allocate(build *b, recur_ctx *cx, int64_t R, int64_t C)
{
    int64_t count;
    b->s = rcr_alloc_zero(cx, sizeof *b->s, "a series");
    if (!b->s)
        return RECUR_ENOMEM;
    *b->s = (recur_series){.cx = cx, .R = R, .C = C};
    if (!rcr_mul_i64(R, C, &count)) {
        rcr_no_memory(cx, SIZE_MAX, "a series");
        return RECUR_ENOMEM;
    }
    b->s->values = b->values = rcr_alloc_array(cx, (size_t)count, sizeof *b->values, "a series");
    b->s->row = b->row = rcr_alloc_array(cx, (size_t)R, sizeof *b->row, "rows of a series");
    return b->values && b->row ? RECUR_OK : RECUR_ENOMEM;
}

recur_status recur_series_create(recur_series **out, const recur_table *t, const char *const *columns,
                                 int64_t n, recur_missing missing)
{
    build b = {.t = t, .how = missing};
    *out = NULL;
    if (n < 1)
        return rcr_fail(t->cx, RECUR_EINVAL, "a series needs at least one column");
    if (t->rows == 0)
        return rcr_fail(t->cx, RECUR_EFORMAT, "%s has a header but no rows", t->name);
    recur_status s = allocate(&b, t->cx, t->rows, n);
    if (s == RECUR_OK)
        s = read_columns(&b, columns);
    if (s == RECUR_OK)
        s = treat_missing(&b);
    if (s == RECUR_OK)
        *out = b.s;
    else
        recur_series_free(b.s);
    return s;
}

recur_status recur_series_from(recur_series **out, recur_ctx *cx, const double *values, int64_t R, int64_t C)
{
    build b = {0};
    *out = NULL;
    if (R < 1 || C < 1)
        return rcr_fail(cx, RECUR_EINVAL, "a series needs rows and columns; got %lld and %lld", (long long)R,
                        (long long)C);
    recur_status s = allocate(&b, cx, R, C);
    for (int64_t i = 0; s == RECUR_OK && i < R * C; i++) {
        b.values[i] = values[i];
        b.row[i / C] = i / C;
        if (!isfinite(values[i]))
            s = rcr_fail(cx, RECUR_EINVAL, "row %lld, column %lld of a series is not a finite number",
                         (long long)(i / C), (long long)(i % C));
    }
    if (s == RECUR_OK)
        *out = b.s;
    else
        recur_series_free(b.s);
    return s;
}
