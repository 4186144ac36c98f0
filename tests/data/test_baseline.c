// SPDX-License-Identifier: MIT
/* Baselines, and the figures that the real data sets have to be beaten by. */
#include "data/data_test.h"

static void goes_back_by_whole_seasons(void **state)
{
    double v[20], out[5];
    recur_examples *e;
    for (int i = 0; i < 20; i++)
        v[i] = i;
    recur_series *s = series_of(*state, v, 20);
    ok(*state, recur_examples_windows(&e, s, &(recur_window){.window = 6, .horizon = 5}));
    const int64_t index[] = {4}; /* rows 4 .. 9 are known, 10 .. 14 asked for */
    static const struct {
        int64_t season;
        double out[5];
    } want[] = {{0, {9, 9, 9, 9, 9}},  {1, {9, 9, 9, 9, 9}},  {2, {8, 9, 8, 9, 8}},
                {5, {5, 6, 7, 8, 9}},  {7, {3, 4, 5, 6, 7}},  {10, {0, 1, 2, 3, 4}},
                {12, {9, 9, 0, 1, 2}}, {15, {9, 9, 9, 9, 9}}, {INT64_MAX, {9, 9, 9, 9, 9}}};
    for (size_t i = 0; i < COUNT(want); i++) {
        ok(*state, recur_baseline(e, index, 1, want[i].season, out));
        equal(out, want[i].out, 5);
    }
    recur_examples_free(e);
    ok(*state, recur_examples_windows(&e, s, &(recur_window){.window = 2, .horizon = 5}));
    ok(*state,
       recur_baseline(e, (int64_t[]){0}, 1, 3, out)); /* two seasons back may be too far where one is not */
    equal(out, (double[]){1, 0, 1, 1, 0}, 5);
    refused(*state, recur_baseline(e, index, 1, -1, out), RECUR_EINVAL, "a season of -1");
    refused(*state, recur_baseline(e, (int64_t[]){14}, 1, 0, out), RECUR_EINVAL, "example 14");
    recur_examples_free(e);
    recur_series_free(s);
}

/* In independent rows the past ends at the row's own beginning; changes do not change a baseline. */
static void stays_in_its_own_row(void **state)
{
    for (int difference = 0; difference < 2; difference++) {
        double out[2], naive;
        recur_examples *e;
        recur_rows *r = rows_of(*state, "1,2,3,4\n10,20,40,80\n");
        ok(*state, recur_examples_rows(&e, r, difference));
        const int64_t index[] = {0, 1};
        ok(*state, recur_baseline(e, index, 2, 0, out));
        equal(out, (double[]){3, 40}, 2);
        ok(*state, recur_baseline(e, index, 2, 3, out));
        equal(out, (double[]){1, 10}, 2);
        ok(*state, recur_baseline(e, index, 2, 4, out));
        equal(out, (double[]){3, 40}, 2);
        ok(*state, recur_naive_error(e, index, 2, 1, &naive));
        near(naive, (1 + 1 + 1 + 10 + 20 + 40) / 6.0, 1e-15);
        ok(*state, recur_naive_error(e, index, 1, 3, &naive));
        near(naive, 3, 1e-15);
        ok(*state, recur_naive_error(e, index, 2, 4, &naive));
        assert_true(isnan(naive));
        refused(*state, recur_naive_error(e, index, 2, 0, &naive), RECUR_EINVAL, "at least 1");
        recur_examples_free(e);
        recur_rows_free(r);
    }
}

static void measures_the_training_part_only(void **state)
{
    const double v[] = {1, 2, 4, 7, 11, 100, 1000};
    for (int difference = 0; difference < 2; difference++) {
        double naive;
        recur_examples *e;
        recur_parts *p;
        recur_series *s = series_of(*state, v, 7);
        ok(*state, recur_examples_windows(
                       &e, s, &(recur_window){.window = 1, .horizon = 1, .difference = difference}));
        ok(*state, recur_parts_create(&p, e, &(recur_partition){.share = {5, 0, 2}, .counts = true}));
        ok(*state, recur_naive_error(e, p->index[0], p->n[0], 1, &naive));
        near(naive, 10 / 4.0, 1e-15);
        ok(*state, recur_naive_error(e, p->index[0], p->n[0], 2, &naive));
        near(naive, (3 + 5 + 7) / 3.0, 1e-15);
        recur_parts_free(p);
        recur_examples_free(e);
        recur_series_free(s);
    }
}

/* ---- real data ---- */

/* A file's floor: the baseline of one season on the test part, rounded as published. */
typedef struct floor_of {
    const char *file, *column; /* NULL: all columns but the first */
    const char *split;
    int64_t horizon, season, count;
    double square, mae, half; /* root mean square error; half a unit of the last digit */
    bool standardised;        /* on the scale of the training part, and `square` is the mean square error */
} floor_of;

static const floor_of floors[] = {
    {"timeseries/airline-passengers.csv", "Passengers", "0.8,0,0.2", 1, 0, 29, 52.49, 44.72, 0.005, false},
    {"timeseries/airline-passengers.csv", "Passengers", "0.8,0,0.2", 1, 12, 29, 46.08, 41.31, 0.005, false},
    {"timeseries/monthly-sunspots.csv", "Sunspots", "0.8,0,0.2", 1, 0, 564, 20.09, 14.84, 0.005, false},
    {"timeseries/daily-min-temperatures.csv", "Temp", "0.8,0,0.2", 1, 0, 730, 2.481, 1.953, 0.0005, false},
    {"timeseries/601988.SS.csv", "Close", "0.8,0,0.2", 1, 0, 673, 0.0421, 0.0281, 0.00005, false},
    {"timeseries/sp500-2000.csv", "close", "0.8,0,0.2", 1, 0, 1021, 32.05, 17.32, 0.005, false},
    {"timeseries/ETTh1.csv", "OT", "8640,2880,2880", 24, 24, 2857, 0.046, 0.166, 0.0005, true},
    {"timeseries/ETTh1.csv", "OT", "8640,2880,2880", 48, 24, 2833, 0.058, 0.188, 0.0005, true},
    {"timeseries/ETTh1.csv", "OT", "8640,2880,2880", 24, 0, 2857, 0.034, 0.139, 0.0005, true},
    {"timeseries/ETTh1.csv", "OT", "8640,2880,2880", 720, 24, 2161, 0.125, 0.280, 0.0005, true},
    {"timeseries/ETTh1.csv", "OT", "8640,2880,2880", 720, 0, 2161, 0.129, 0.283, 0.0005, true},
    {"timeseries/ETTh1.csv", NULL, "8640,2880,2880", 24, 24, 2857, 0.424, 0.389, 0.0005, true},
    {"timeseries/ETTh1.csv", NULL, "8640,2880,2880", 336, 24, 2545, 0.650, 0.501, 0.0005, true},
};

/* The baseline on a part, in the data's own units, or on the scale of `answers`. */
static recur_regression score(const recur_examples *e, const int64_t *index, int64_t n, int64_t season,
                              const recur_scaler *answers)
{
    recur_regression r;
    size_t each = (size_t)(e->horizon * e->K), count = (size_t)n * each;
    double *p = malloc(count * sizeof *p), *y = malloc(count * sizeof *y);
    assert_int_equal(recur_baseline(e, index, n, season, p), RECUR_OK);
    for (int64_t j = 0; j < n; j++)
        memcpy(y + (size_t)j * each, recur_examples_truth(e, index[j]), each * sizeof *y);
    if (answers) {
        recur_scaler_apply(answers, p, n * e->horizon);
        recur_scaler_apply(answers, y, n * e->horizon);
    }
    recur_regression_metrics(&r, y, p, (int64_t)count, NAN);
    free(p);
    free(y);
    return r;
}

/* `published` is `value` rounded. */
static void rounds_to(double value, double published, double half)
{
    if (!(fabs(value - published) <= half * (1 + 1e-9)))
        fail_msg("%.7g does not round to %.7g", value, published);
}

static recur_examples *floor_examples(recur_ctx *cx, const char *path, const floor_of *f)
{
    recur_table *t;
    recur_series *s;
    recur_examples *e;
    const char *name[16];
    const int64_t answers[] = {0, 1, 2, 3, 4, 5, 6};
    ok(cx, recur_table_read(&t, cx, path, NULL));
    int64_t C = f->column ? 1 : recur_table_columns(t) - 1;
    for (int64_t c = 0; c < C; c++)
        name[c] = f->column ? f->column : recur_table_header(t, c + 1);
    ok(cx, recur_series_create(&s, t, name, C, RECUR_MISSING_DROP));
    ok(cx,
       recur_examples_windows(
           &e, s, &(recur_window){.window = 12, .horizon = f->horizon, .answers = answers, .n_answers = C}));
    recur_series_free(s);
    recur_table_free(t);
    return e;
}

static void check_floor(recur_ctx *cx, const char *path, const floor_of *f)
{
    recur_partition how = {0};
    recur_parts *p;
    recur_scaler *scaler;
    recur_examples *e = floor_examples(cx, path, f);
    ok(cx, recur_partition_parse(cx, f->split, &how));
    ok(cx, recur_parts_create(&p, e, &how));
    ok(cx, recur_scaler_fit(NULL, &scaler, e, p->index[0], p->n[0], RECUR_SCALE_STANDARD, 0));
    recur_regression r = score(e, p->index[2], p->n[2], f->season, f->standardised ? scaler : NULL);
    assert_int_equal(p->n[2], f->count);
    rounds_to(f->standardised ? r.mse : r.rmse, f->square, f->half);
    rounds_to(r.mae, f->mae, f->half);
    recur_scaler_free(scaler);
    recur_parts_free(p);
    recur_examples_free(e);
}

static void agrees_with_the_published_floors(void **state)
{
    char path[1024];
    if (!real_file(path, floors[0].file))
        skip();
    for (size_t i = 0; i < COUNT(floors); i++)
        check_floor(*state, real_file(path, floors[i].file), &floors[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(goes_back_by_whole_seasons), TEST(stays_in_its_own_row),
                                       TEST(measures_the_training_part_only),
                                       TEST(agrees_with_the_published_floors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
