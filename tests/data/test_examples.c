// SPDX-License-Identifier: MIT
/* Examples and parts: windows over a series, rows, and who learns from what. */
#include "data/data_test.h"

static const double ramp[] = {0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16, 7, 17}; /* [8, 2]: t, 10 + t */

static recur_examples *windows_of(recur_ctx *cx, int64_t R, int64_t C, const recur_window *w)
{
    recur_series *s;
    recur_examples *e;
    double v[400];
    for (int64_t i = 0; i < R * C; i++)
        v[i] = (double)(i / C + 10 * (i % C));
    ok(cx, recur_series_from(&s, cx, v, R, C));
    ok(cx, recur_examples_windows(&e, s, w));
    recur_series_free(s);
    return e;
}

static void cuts_windows(void **state)
{
    recur_examples *e = windows_of(*state, 8, 2, &(recur_window){.window = 3, .horizon = 2});
    assert_int_equal(e->n, 4);
    assert_int_equal(e->F, 2);
    assert_int_equal(e->K, 1);
    assert_int_equal(e->longest, 3);
    equal(e->x, ramp, 16);
    for (int64_t i = 0; i < e->n; i++) {
        assert_int_equal(e->start[i], i);
        assert_int_equal(e->length[i], 3);
        equal(recur_examples_truth(e, i), (double[]){13 + (double)i, 14 + (double)i}, 2);
    }
    recur_examples_free(e);
    recur_examples_free(NULL);
}

static void chooses_columns(void **state)
{
    const int64_t in[] = {2, 0}, answers[] = {1, 2};
    recur_examples *e = windows_of(
        *state, 4, 3,
        &(recur_window){
            .window = 1, .horizon = 2, .inputs = in, .n_inputs = 2, .answers = answers, .n_answers = 2});
    assert_int_equal(e->n, 2);
    equal(e->x, (double[]){20, 0, 21, 1, 22, 2, 23, 3}, 8);
    equal(recur_examples_truth(e, 1), (double[]){12, 22, 13, 23}, 4);
    recur_examples_free(e);
}

static void models_changes(void **state)
{
    const double v[] = {1, 2, 4, 8, 16, 32};
    recur_examples *e;
    recur_series *s = series_of(*state, v, 6);
    ok(*state, recur_examples_windows(&e, s, &(recur_window){.window = 2, .horizon = 2, .difference = true}));
    assert_int_equal(e->n, 2);
    assert_int_equal(e->start[0], 1);
    equal(e->x + e->start[0], (double[]){1, 2}, 2);
    equal(e->y + e->start[0] + 2, (double[]){4, 8}, 2);
    equal(recur_examples_truth(e, 0), (double[]){8, 16}, 2);
    double y[] = {4, 8};
    recur_examples_restore(e, 0, NULL, y);
    equal(y, (double[]){8, 16}, 2);
    recur_examples_free(e);
    recur_series_free(s);
}

static void refuses_impossible_windows(void **state)
{
    recur_examples *e;
    recur_series *s = series_of(*state, ramp, 5);
    const int64_t out_of_range[] = {1};
    const struct {
        recur_window w;
        const char *words;
    } bad[] = {
        {{.window = 3, .horizon = 3}, "the series has 5 rows; a window of 3 and a horizon of 3"},
        {{.window = 3, .horizon = 2, .difference = true}, "one row for the first change"},
        {{.window = INT64_MAX, .horizon = INT64_MAX}, "the series has 5 rows"},
        {{.window = 0, .horizon = 1}, "at least 1"},
        {{.window = 1, .horizon = 0}, "at least 1"},
        {{.window = 1, .horizon = 1, .inputs = out_of_range, .n_inputs = 1},
         "column 1 of the inputs is not in 0 .. 0"},
        {{.window = 1, .horizon = 1, .answers = out_of_range}, "at least one column of answers"},
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        refused(*state, recur_examples_windows(&e, s, &bad[i].w), RECUR_EINVAL, bad[i].words);
    assert_null(e);
    recur_series_free(s);
}

static void takes_rows(void **state)
{
    recur_examples *e;
    recur_rows *r = rows_of(*state, "1,2,4\n\n5,7\n");
    ok(*state, recur_examples_rows(&e, r, false));
    assert_int_equal(e->n, 2);
    assert_int_equal(e->longest, 2);
    assert_int_equal(e->start[1], 3);
    assert_int_equal(e->length[1], 1);
    assert_true(*recur_examples_truth(e, 0) == 4 && *recur_examples_truth(e, 1) == 7);
    recur_examples_free(e);
    refused(*state, recur_examples_rows(&e, r, true), RECUR_EFORMAT, "line 3 has 2 numbers");
    recur_rows_free(r);
    r = rows_of(*state, "1,2,4\n5,7,8,11\n");
    ok(*state, recur_examples_rows(&e, r, true));
    assert_int_equal(e->length[1], 2);
    equal(e->x + e->start[1], (double[]){2, 1, 3}, 3);
    double y = 3;
    recur_examples_restore(e, 1, NULL, &y);
    assert_true(y == 11 && *recur_examples_truth(e, 1) == 11);
    recur_examples_free(e);
    recur_rows_free(r);
}

/* ---- shares ---- */

static void parses_shares(void **state)
{
    recur_partition p = {.shuffle = true, .seed = 7};
    ok(*state, recur_partition_parse(*state, "0.6,0.2,0.2", &p));
    assert_true(!p.counts && p.share[0] == 0.6 && p.share[2] == 0.2 && p.shuffle && p.seed == 7);
    ok(*state, recur_partition_parse(*state, "8640, 2880,2880", &p));
    assert_true(p.counts && p.share[0] == 8640);
    ok(*state, recur_partition_parse(*state, "0.8,0.2", &p));
    assert_true(!p.counts && p.share[2] == 0);
    ok(*state, recur_partition_parse(*state, "10,0,1", &p));
    assert_true(p.counts && p.share[2] == 1);
    static const char *const bad[] = {"",          "1",       "a,b",      "0.5,0.5,0.5", "0.5,-0.1,0.1",
                                      "100,0.5,1", "1,2,3,4", "0.5,,0.5", "inf,1,1",     "nan,0,0",
                                      "10.5,2,2",  "1,1,1"};
    for (size_t i = 0; i < COUNT(bad); i++)
        refused(*state, recur_partition_parse(*state, bad[i], &p), RECUR_EINVAL, "such as 0.6,0.2,0.2");
}

static void counts_exactly(void **state)
{
    static const struct {
        recur_partition how;
        int64_t n, count[3];
    } exact[] = {
        {{.share = {0.8, 0, 0.2}}, 144, {115, 0, 29}},
        {{.share = {0.7, 0.2, 0.1}}, 1000, {700, 200, 100}},
        {{.share = {0.6, 0.2, 0.2}}, 10000, {6000, 2000, 2000}},
        {{.share = {0.6, 0.2, 0.2}}, 7, {4, 1, 2}},
        {{.share = {0.1, 0.2, 0.3}}, 10, {1, 2, 3}},
        {{.share = {8640, 2880, 2880}, .counts = true}, 17420, {8640, 2880, 2880}},
        {{.share = {1, 0, 0}}, 3, {3, 0, 0}},
    };
    int64_t count[3];
    for (size_t i = 0; i < COUNT(exact); i++) {
        ok(*state, recur_partition_counts(*state, &exact[i].how, exact[i].n, count));
        assert_memory_equal(count, exact[i].count, sizeof count);
    }
    refused(*state,
            recur_partition_counts(*state, &(recur_partition){.share = {100, 30, 20}, .counts = true}, 144,
                                   count),
            RECUR_EINVAL, "asks for 150 rows; there are 144");
    refused(*state, recur_partition_counts(*state, &(recur_partition){.share = {-1, 0, 0}}, 9, count),
            RECUR_EINVAL, "share");
    refused(*state, recur_partition_counts(*state, &(recur_partition){.share = {NAN, 0, 0}}, 9, count),
            RECUR_EINVAL, "share");
}

/* ---- parts ---- */

/* Every row of the test part is forecast, and no answer of a part stands in another one. */
static void cuts_a_series_by_time(void **state)
{
    recur_parts *p;
    recur_examples *e = windows_of(*state, 20, 1, &(recur_window){.window = 4, .horizon = 1});
    ok(*state, recur_parts_create(&p, e, &(recur_partition){.share = {0.5, 0.25, 0.25}}));
    assert_int_equal(p->n[0], 6); /* rows 4 .. 9 */
    assert_int_equal(p->n[1], 5);
    assert_int_equal(p->n[2], 5);
    for (int q = 0; q < 3; q++)
        for (int64_t j = 0; j < p->n[q]; j++)
            assert_int_equal((int64_t)*recur_examples_truth(e, p->index[q][j]), (q == 0 ? 4 : 5 + 5 * q) + j);
    recur_parts_free(p);
    recur_parts_free(NULL);
    recur_examples_free(e);
    e = windows_of(*state, 20, 1, &(recur_window){.window = 4, .horizon = 3});
    ok(*state, recur_parts_create(&p, e, &(recur_partition){.share = {10, 5, 4}, .counts = true}));
    assert_int_equal(p->n[0], 4); /* answers 4 5 6 .. 7 8 9 */
    assert_int_equal(p->n[1], 3);
    assert_int_equal(p->n[2], 2); /* row 19 is not used */
    equal(recur_examples_truth(e, p->index[2][1]), (double[]){16, 17, 18}, 3);
    recur_parts_free(p);
    recur_examples_free(e);
}

static void puts_all_into_one_part(void **state)
{
    recur_parts *p;
    recur_examples *e = windows_of(*state, 6, 1, &(recur_window){.window = 4, .horizon = 1});
    ok(*state, recur_parts_all(&p, e, RECUR_PART_TEST));
    assert_true(p->n[0] == 0 && p->n[1] == 0 && p->n[2] == 2 && p->index[2][1] == 1);
    recur_parts_free(p);
    refused(*state, recur_parts_all(&p, e, 3), RECUR_EINVAL, "part 3");
    refused(*state, recur_parts_create(&p, e, &(recur_partition){.share = {0.9, 0.05, 0.05}}), RECUR_EINVAL,
            "the validation part gets no example");
    refused(*state, recur_parts_create(&p, e, &(recur_partition){.share = {0.5, 0, 0.5}}), RECUR_EINVAL,
            "the training part gets no example");
    assert_null(p);
    recur_examples_free(e);
}

/* Each example in exactly one part, with the stated counts; the same for the same seed, another for another.
 */
static void shuffles_by_the_seed(void **state)
{
    recur_parts *p, *same, *other;
    recur_examples *e = windows_of(*state, 103, 1, &(recur_window){.window = 3, .horizon = 1});
    recur_partition how = {.share = {0.6, 0.2, 0.2}, .shuffle = true, .seed = 1};
    ok(*state, recur_parts_create(&p, e, &how));
    ok(*state, recur_parts_create(&same, e, &how));
    how.seed = 2;
    ok(*state, recur_parts_create(&other, e, &how));
    int seen[100] = {0};
    for (int q = 0; q < 3; q++) {
        assert_int_equal(p->n[q], q == 0 ? 60 : 20);
        assert_memory_equal(p->index[q], same->index[q], (size_t)p->n[q] * sizeof(int64_t));
        for (int64_t j = 0; j < p->n[q]; j++) {
            seen[p->index[q][j]]++;
            assert_true(j == 0 || p->index[q][j - 1] < p->index[q][j]);
        }
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_memory_not_equal(p->index[1], other->index[1], 20 * sizeof(int64_t));
    recur_parts_free(p);
    recur_parts_free(same);
    recur_parts_free(other);
    recur_examples_free(e);
}

static bool same_row(const recur_rows *r, int64_t i, int64_t j)
{
    int64_t n = r->offset[i + 1] - r->offset[i];
    return n == r->offset[j + 1] - r->offset[j] &&
           memcmp(r->values + r->offset[i], r->values + r->offset[j], (size_t)n * sizeof(double)) == 0;
}

/* How many test examples also stand in the training part. */
static int64_t leaks(const recur_rows *r, const recur_parts *p)
{
    int64_t found = 0;
    for (int64_t t = 0; t < p->n[2]; t++) {
        bool leak = false;
        for (int64_t j = 0; j < p->n[0] && !leak; j++)
            leak = same_row(r, p->index[2][t], p->index[0][j]);
        found += leak;
    }
    return found;
}

static void keeps_equal_examples_together(void **state)
{
    recur_text *text;
    recur_rows *r;
    recur_examples *e;
    recur_parts *p;
    ok(*state, recur_synthetic(&text, *state, "ball", 3000, 5));
    ok(*state, recur_rows_parse(&r, *state, text->bytes, text->size, "ball"));
    ok(*state, recur_examples_rows(&e, r, false));
    recur_partition how = {.share = {0.6, 0.2, 0.2}, .shuffle = true};
    ok(*state, recur_parts_create(&p, e, &how));
    assert_true(leaks(r, p) > 200);
    recur_parts_free(p);
    how.distinct = true;
    ok(*state, recur_parts_create(&p, e, &how));
    assert_int_equal(leaks(r, p), 0);
    assert_int_equal(p->n[0] + p->n[1] + p->n[2], 3000);
    assert_in_range(p->n[0], 1790, 1820);
    assert_in_range(p->n[2], 580, 620);
    recur_parts_free(p);
    recur_examples_free(e);
    recur_rows_free(r);
    recur_text_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cuts_windows),
        TEST(chooses_columns),
        TEST(models_changes),
        TEST(refuses_impossible_windows),
        TEST(takes_rows),
        TEST(parses_shares),
        TEST(counts_exactly),
        TEST(cuts_a_series_by_time),
        TEST(puts_all_into_one_part),
        TEST(shuffles_by_the_seed),
        TEST(keeps_equal_examples_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
