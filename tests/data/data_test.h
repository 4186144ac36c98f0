// SPDX-License-Identifier: MIT
/* What the tests of this room share: a context, tables and rows from text, errors by their words. */
#ifndef TESTS_DATA_DATA_TEST_H
#define TESTS_DATA_DATA_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <recur/recur.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static inline int make_context(void **state)
{
    recur_ctx *cx;
    assert_int_equal(recur_ctx_create(&cx, &(recur_options){.threads = 1}), RECUR_OK);
    *state = cx;
    return 0;
}

static inline int free_context(void **state)
{
    recur_ctx_free(*state);
    return 0;
}

static inline void ok(recur_ctx *cx, recur_status status)
{
    const char *text;
    recur_error(cx, &text);
    if (status != RECUR_OK)
        fail_msg("%s: %s", recur_status_name(status), text);
}

/* The call failed with `wanted`, its text is one line and holds `words`. */
static inline void refused(recur_ctx *cx, recur_status status, recur_status wanted, const char *words)
{
    const char *text;
    recur_error(cx, &text);
    if (status != wanted)
        fail_msg("%s where %s was expected (%s): %s", recur_status_name(status), recur_status_name(wanted),
                 words, text);
    if (!strstr(text, words))
        fail_msg("\"%s\" does not hold \"%s\"", text, words);
    if (strchr(text, '\n') || strchr(text, '\r'))
        fail_msg("not one line: %s", text);
    recur_clear(cx);
}

/* |a - b| <= tolerance * max(1, |b|) */
static inline void near(double a, double b, double tolerance)
{
    double larger = fabs(b) > 1 ? fabs(b) : 1;
    if (!(fabs(a - b) <= tolerance * larger))
        fail_msg("%.17g is not near %.17g", a, b);
}

static inline void equal(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            fail_msg("number %zu: %.17g is not %.17g", i, a[i], b[i]);
}

static inline recur_table *table_of(recur_ctx *cx, const char *text)
{
    recur_table *t;
    ok(cx, recur_table_parse(&t, cx, text, strlen(text), "t.csv", NULL));
    return t;
}

static inline recur_rows *rows_of(recur_ctx *cx, const char *text)
{
    recur_rows *r;
    ok(cx, recur_rows_parse(&r, cx, text, strlen(text), "r.csv"));
    return r;
}

/* A series of one column: values[0 .. n). */
static inline recur_series *series_of(recur_ctx *cx, const double *values, int64_t n)
{
    recur_series *s;
    ok(cx, recur_series_from(&s, cx, values, n, 1));
    return s;
}

/* The path of a real data file, or NULL (the test is then to be skipped). */
static inline const char *real_file(char path[1024], const char *name)
{
    const char *folder = getenv("RECUR_DATA");
    snprintf(path, 1024, "%s/%s", folder ? folder : "", name);
    FILE *f = folder ? fopen(path, "rb") : NULL;
    if (f)
        fclose(f);
    else
        print_message("%s is not there\n", name);
    return f ? path : NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_context, free_context)

#endif
