// SPDX-License-Identifier: MIT
/* Every allocation failing in turn, and a locale with a decimal comma. */
#include <locale.h>

#include "data/data_test.h"

#include "support/fail_alloc.h"

static const char table_text[] =
    "Date,\"a b\",c\n1,2,3\n2,,4\n3,4,5\n4,\"5\",6\n5,6,1e1\n6,7,8\n7,9,8\n8,1,1\n";

typedef struct made {
    recur_ctx *cx;
    recur_table *t;
    recur_series *s;
    recur_rows *r;
    recur_text *text;
    recur_examples *e;
    recur_parts *p;
    recur_scaler *x, *y;
    recur_batches *b;
} made;

static void free_made(made *m)
{
    recur_batches_free(m->b);
    recur_scaler_free(m->y);
    recur_scaler_free(m->x);
    recur_parts_free(m->p);
    recur_examples_free(m->e);
    recur_text_free(m->text);
    recur_rows_free(m->r);
    recur_series_free(m->s);
    recur_table_free(m->t);
    recur_ctx_free(m->cx);
}

/* From examples on: parts, scalers, batches, baselines. */
static recur_status go_on(made *m, const recur_partition *how)
{
    recur_batch batch;
    recur_batch_options opt = {.batch = 2, .shuffle = true};
    double out[64], naive;
    recur_status s = recur_parts_create(&m->p, m->e, how);
    if (s == RECUR_OK)
        s = recur_scaler_fit(&m->x, &m->y, m->e, m->p->index[0], m->p->n[0], RECUR_SCALE_STANDARD, 1);
    if (s == RECUR_OK)
        s = recur_batches_create(&m->b, m->e, m->p->index[0], m->p->n[0], m->x, m->y, &opt);
    while (s == RECUR_OK && recur_batches_next(m->b, &batch))
        ;
    if (s == RECUR_OK)
        s = recur_baseline(m->e, m->p->index[0], m->p->n[0], 2, out);
    return s == RECUR_OK ? recur_naive_error(m->e, m->p->index[0], m->p->n[0], 1, &naive) : s;
}

static recur_status from_a_table(const recur_allocator *allocator, void *argument)
{
    made m = {0};
    const char *const columns[] = {"a b", "c"};
    recur_status s = recur_ctx_create(&m.cx, &(recur_options){.threads = 1, .allocator = allocator});
    (void)argument;
    if (s == RECUR_OK)
        s = recur_table_parse(&m.t, m.cx, table_text, strlen(table_text), "t.csv", NULL);
    if (s == RECUR_OK)
        s = recur_series_create(&m.s, m.t, columns, 2, RECUR_MISSING_LINEAR);
    if (s == RECUR_OK)
        s = recur_examples_windows(&m.e, m.s, &(recur_window){.window = 2, .horizon = 1, .difference = true});
    if (s == RECUR_OK)
        s = go_on(&m, &(recur_partition){.share = {0.8, 0, 0.2}});
    free_made(&m);
    return s;
}

static recur_status from_rows(const recur_allocator *allocator, void *argument)
{
    made m = {0};
    recur_status s = recur_ctx_create(&m.cx, &(recur_options){.threads = 1, .allocator = allocator});
    (void)argument;
    if (s == RECUR_OK)
        s = recur_synthetic(&m.text, m.cx, "ball", 20, 1);
    if (s == RECUR_OK)
        s = recur_rows_parse(&m.r, m.cx, m.text->bytes, m.text->size, "ball");
    if (s == RECUR_OK)
        s = recur_examples_rows(&m.e, m.r, true);
    if (s == RECUR_OK)
        s = go_on(&m, &(recur_partition){.share = {0.6, 0.2, 0.2}, .shuffle = true, .distinct = true});
    free_made(&m);
    return s;
}

static void fails_cleanly_without_memory(void **state)
{
    (void)state;
    assert_true(fail_alloc_each(from_a_table, NULL) > 20);
    assert_true(fail_alloc_each(from_rows, NULL) > 15);
}

/* A locale that writes 1,5: an installed one, or one made in `folder`. */
static bool choose_comma(const char *folder)
{
    static const char *const name[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "recur_comma"};
    char command[256];
    for (size_t i = 0; i + 1 < COUNT(name); i++)
        if (setlocale(LC_ALL, name[i]))
            return true;
    snprintf(command, sizeof command,
             "localedef --no-archive -i de_DE -f UTF-8 %s/recur_comma >/dev/null 2>&1", folder);
    return setenv("LOCPATH", folder, 1) == 0 && system(command) == 0 && setlocale(LC_ALL, "recur_comma");
}

/* What is read and written stays the same. */
static void does_not_follow_the_locale(void **state)
{
    recur_text *before, *after;
    char folder[] = "/tmp/recur-data-XXXXXX", clean[64];
    assert_non_null(mkdtemp(folder));
    ok(*state, recur_synthetic(&before, *state, "stock", 50, 1));
    bool chosen = choose_comma(folder);
    recur_rows *r = rows_of(*state, "1.5,2.25\n");
    equal(r->values, (double[]){1.5, 2.25}, 2);
    ok(*state, recur_synthetic(&after, *state, "stock", 50, 1));
    assert_string_equal(before->bytes, after->bytes);
    setlocale(LC_ALL, "C");
    snprintf(clean, sizeof clean, "rm -rf %s", folder);
    assert_int_equal(system(clean), 0);
    recur_rows_free(r);
    recur_text_free(before);
    recur_text_free(after);
    if (!chosen)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(fails_cleanly_without_memory), TEST(does_not_follow_the_locale)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
