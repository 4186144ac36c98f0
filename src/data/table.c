// SPDX-License-Identifier: MIT
/* A table: text by row and column, columns by name, numbers in it. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "data/lines.h"
#include "format/text.h"
#include "data/table.h"

void recur_table_free(recur_table *t)
{
    if (!t)
        return;
    rcr_free(t->cx, t->name);
    rcr_free(t->cx, t->text);
    rcr_free(t->cx, t->field);
    rcr_free(t->cx, t->line);
    rcr_free(t->cx, t);
}

int64_t recur_table_rows(const recur_table *t)
{
    return t->rows;
}

int64_t recur_table_columns(const recur_table *t)
{
    return t->columns;
}

const char *recur_table_name(const recur_table *t)
{
    return t->name;
}

static const char *field_text(const recur_table *t, int64_t row, int64_t column)
{
    return t->text + t->field[row * t->columns + column];
}

const char *recur_table_header(const recur_table *t, int64_t column)
{
    return column < 0 || column >= t->columns || t->names == 0 ? "" : field_text(t, 0, column);
}

const char *recur_table_text(const recur_table *t, int64_t row, int64_t column)
{
    bool inside = row >= 0 && row < t->rows && column >= 0 && column < t->columns;
    return inside ? field_text(t, row + t->names, column) : "";
}

int64_t recur_table_line(const recur_table *t, int64_t row)
{
    return row < 0 || row >= t->rows ? 0 : t->line[row];
}

/* "Date, Open, High, ..": as many names as fit. */
static void list_columns(const recur_table *t, char *list, size_t room)
{
    size_t used = 0;
    *list = 0;
    for (int64_t c = 0; c < t->columns; c++) {
        char shown[RCR_SHOWN];
        const char *name = recur_table_header(t, c);
        size_t n = strlen(rcr_show_name(shown, *name ? name : "(no name)"));
        if (used + n + 8 > room) {
            memcpy(list + used, ", ...", 6);
            return;
        }
        memcpy(list + used, ", ", used ? 2 : 0);
        used += used ? 2 : 0;
        memcpy(list + used, shown, n + 1);
        used += n;
    }
}

recur_status recur_table_find(const recur_table *t, const char *name, int64_t *column)
{
    char shown[RCR_SHOWN], list[512];
    for (int64_t c = 0; c < t->columns && *name; c++)
        if (strcmp(recur_table_header(t, c), name) == 0) {
            *column = c;
            return RECUR_OK;
        }
    list_columns(t, list, sizeof list);
    return rcr_fail(t->cx, RECUR_ENOTFOUND, "no column \"%s\" in %s; it has %s", rcr_show_name(shown, name),
                    t->name, list);
}

static bool is_missing(const char *text, size_t n)
{
    static const char *const word[] = {"", "null", "na", "n/a", "nan"};
    for (size_t w = 0; w < sizeof word / sizeof *word; w++) {
        size_t i = 0;
        while (i < n && word[w][i] &&
               (text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) == word[w][i])
            i++;
        if (i == n && !word[w][i])
            return true;
    }
    return false;
}

rcr_field rcr_field_parse(const char *text, size_t n, double *out)
{
    while (n > 0 && rcr_is_blank(text, 1)) {
        text++;
        n--;
    }
    while (n > 0 && rcr_is_blank(text + n - 1, 1))
        n--;
    if (is_missing(text, n))
        return RCR_FIELD_MISSING;
    if (!rcr_parse_double(text, n, out) || isnan(*out))
        return RCR_FIELD_TEXT;
    return isfinite(*out) ? RCR_FIELD_NUMBER : RCR_FIELD_INFINITE;
}

/* Whether text `b` may follow `a` in an ascending column. */
static bool ascends(const char *a, const char *b)
{
    double x, y;
    if (rcr_field_parse(a, strlen(a), &x) == RCR_FIELD_NUMBER &&
        rcr_field_parse(b, strlen(b), &y) == RCR_FIELD_NUMBER)
        return x <= y;
    return strcmp(a, b) <= 0;
}

recur_status recur_table_check_order(const recur_table *t, const char *column)
{
    int64_t c = 0;
    recur_status s = recur_table_find(t, column, &c);
    if (s != RECUR_OK)
        return s;
    for (int64_t r = 1; r < t->rows; r++) {
        char first[RCR_SHOWN], second[RCR_SHOWN], name[RCR_SHOWN];
        const char *a = recur_table_text(t, r - 1, c), *b = recur_table_text(t, r, c);
        if (!ascends(a, b))
            return rcr_fail(
                t->cx, RECUR_EFORMAT,
                "%s:%lld: column %s: \"%s\" comes after \"%s\"; rows must stand in order of time, and dates "
                "read year-month-day",
                t->name, (long long)t->line[r], rcr_show_name(name, column), rcr_show_name(second, b),
                rcr_show_name(first, a));
    }
    return RECUR_OK;
}
