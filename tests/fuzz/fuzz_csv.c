// SPDX-License-Identifier: MIT
/* Any bytes as a table: read or refused with one line of text, and every column as numbers. */
#include <stdlib.h>
#include <string.h>

#include <recur/recur.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_error(recur_ctx *cx)
{
    const char *text;
    if (recur_error(cx, &text) == RECUR_OK || strchr(text, '\n') || strchr(text, '\r'))
        abort();
}

static void use(recur_ctx *cx, const recur_table *t)
{
    for (int64_t c = 0; c < recur_table_columns(t); c++) {
        const char *name = recur_table_header(t, c);
        for (int64_t r = 0; r < recur_table_rows(t); r++)
            if (recur_table_line(t, r) < 2 || strlen(recur_table_text(t, r, c)) > SIZE_MAX / 2)
                abort();
        for (int how = 0; how <= RECUR_MISSING_ERROR && c < 4; how++) {
            recur_series *s;
            if (recur_series_create(&s, t, &name, 1, (recur_missing)how) != RECUR_OK)
                check_error(cx);
            else if (s->R + s->dropped != recur_table_rows(t) || s->filled > s->missing)
                abort();
            recur_series_free(s);
        }
        if (c < 4 && recur_table_check_order(t, name) != RECUR_OK)
            check_error(cx);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    recur_ctx *cx;
    recur_table *t;
    if (recur_ctx_create(&cx, &(recur_options){.threads = 1}) != RECUR_OK)
        return 0;
    if (recur_table_parse(&t, cx, bytes, size, "t.csv", NULL) == RECUR_OK)
        use(cx, t);
    else
        check_error(cx);
    recur_table_free(t);
    recur_ctx_free(cx);
    return 0;
}
