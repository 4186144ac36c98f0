// SPDX-License-Identifier: MIT
/* Forecasting from a program: training, opening, scoring, asking; what is refused; failing allocations. */
#include "support/fail_alloc.h"
#include "train/train_test.h"

static char folder[PATH], csv[PATH], rows[PATH], run_folder[PATH];

static void save_set(recur_ctx *cx, const char *name, int64_t n, const char *path)
{
    recur_text *text;
    expect_ok(cx, recur_synthetic(&text, cx, name, n, 1));
    expect_ok(cx, recur_text_save(text, path));
    recur_text_free(text);
}

static int set_up(void **state)
{
    recur_ctx *cx = context_of(1);
    make_folder(folder);
    in_folder(csv, folder, "sine.csv");
    in_folder(rows, folder, "ball.csv");
    in_folder(run_folder, folder, "run");
    save_set(cx, "sine", 300, csv);
    save_set(cx, "ball", 120, rows);
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    recur_ctx_free(*state);
    remove_folder(folder);
    return 0;
}

static recur_forecast_config series_config(void)
{
    recur_forecast_config c = recur_forecast_defaults();
    c.data = csv;
    c.target = "value";
    c.window = 10;
    c.model.hidden = 8;
    c.train.epochs = 3;
    c.train.checkpoint_every = 1e9;
    return c;
}

static recur_forecast_config rows_config(void)
{
    recur_forecast_config c = series_config();
    c.data = rows;
    c.target = NULL;
    c.rows = true;
    return c;
}

static recur_run fresh(void)
{
    return (recur_run){.folder = run_folder, .force = true};
}

/* ---- training ---- */

static void test_result(void **state)
{
    recur_forecast_config c = series_config();
    recur_forecast_result r;
    c.season = 25;
    expect_ok(*state, recur_forecast_train(*state, &c, NULL, &r)); /* without a folder nothing is saved */
    assert_int_equal(r.parameters, 4 * 8 * (1 + 8 + 2) + 8 + 1);
    assert_int_equal(r.epochs, 3);
    assert_int_equal(r.train.count, 210 - 10);
    assert_int_equal(r.valid.count, 30);
    assert_int_equal(r.test.count, 60);
    assert_int_equal(r.baseline.count, 60);
    assert_int_equal(r.seasonal.count, 60);
    assert_true(r.test.metrics.mse < r.baseline.metrics.mse);
    assert_true(r.units_per_second > 0 && r.peak_bytes > 0);
}

/* Before it has learnt anything the model is the naive forecast: its loss is the baseline's. */
static void test_begins_as_the_last_value(void **state)
{
    recur_forecast_config c = series_config();
    recur_forecast_result r;
    c.train.optimizer = RECUR_SGD;
    c.train.lr = 1e-30;
    c.train.epochs = 1;
    for (int difference = 0; difference < 2; difference++) {
        c.difference = difference;
        expect_ok(*state, recur_forecast_train(*state, &c, NULL, &r));
        /* with differences it forecasts the mean change, which is next to nothing */
        assert_true(fabs(r.test.metrics.mse / r.baseline.metrics.mse - 1) < (difference ? 1e-2 : 1e-5));
        assert_true(fabs(r.test.loss / r.baseline.loss - 1) < (difference ? 1e-2 : 1e-5));
    }
}

/* The loss is that of the metrics on scaled values: mse / scale^2. */
static void test_loss_is_the_scaled_error(void **state)
{
    recur_forecast_config c = rows_config();
    recur_forecast_result r;
    c.scale = "50";
    c.whole = RECUR_WHOLE_NO;
    expect_ok(*state, recur_forecast_train(*state, &c, NULL, &r));
    assert_true(fabs(r.test.loss * 2500 / r.test.metrics.mse - 1) < 1e-6);
    assert_true(fabs(r.baseline.loss * 2500 / r.baseline.metrics.mse - 1) < 1e-6);
    c.loss = RECUR_FORECAST_L1;
    expect_ok(*state, recur_forecast_train(*state, &c, NULL, &r));
    assert_true(fabs(r.test.loss * 50 / r.test.metrics.mae - 1) < 1e-6);
}

static void test_whole_numbers(void **state)
{
    recur_forecast_config c = rows_config();
    recur_forecast_result r;
    c.whole = RECUR_WHOLE_YES;
    expect_ok(*state, recur_forecast_train(*state, &c, NULL, &r));
    double sum = r.test.metrics.mse * (double)r.test.count; /* of squares of whole numbers */
    assert_true(r.whole && fabs(sum - round(sum)) < 1e-6);
    c.whole = RECUR_WHOLE_AUTO;
    c.train.epochs = 1; /* far from right: rounding does not help */
    c.train.lr = 1e-9;
    expect_ok(*state, recur_forecast_train(*state, &c, NULL, &r));
    assert_false(r.whole);
}

static void test_metric_names(void **state)
{
    (void)state;
    recur_forecast_score score = {.loss = 7, .metrics = {.relative_accuracy = 0.5}};
    const char *name;
    double value;
    assert_true(recur_forecast_metric(&score, 0, &name, &value));
    assert_string_equal(name, "loss");
    assert_true(value == 7);
    size_t n = 0;
    while (recur_forecast_metric(&score, n, &name, &value))
        if (strcmp(name, "relative_accuracy") == 0 || n++ > 100)
            break;
    assert_true(value == 0.5);
    assert_false(recur_forecast_metric(&score, 1000, &name, &value));
}

typedef struct watch {
    int notes, batches, epochs, stop_after;
    char text[PATH];
} watch;

static bool observe(void *user, const recur_event *e)
{
    watch *w = user;
    w->notes += e->kind == RECUR_EVENT_NOTE;
    w->batches += e->kind == RECUR_EVENT_BATCH;
    w->epochs += e->kind == RECUR_EVENT_EPOCH;
    if (e->kind == RECUR_EVENT_NOTE)
        snprintf(w->text, sizeof w->text, "%s", e->text);
    return w->stop_after == 0 || w->batches < w->stop_after;
}

static void test_observer(void **state)
{
    recur_forecast_config c = series_config();
    recur_forecast_result r;
    watch w = {0};
    c.target = NULL;
    expect_ok(*state, recur_forecast_train(*state, &c, &(recur_run){.observe = observe, .user = &w}, &r));
    assert_int_equal(w.epochs, 3);
    assert_int_equal(w.batches, r.steps);
    assert_int_equal(w.notes, 1);
    assert_non_null(strstr(w.text, "forecasting value, the last column"));
}

/* Stopped after 9 steps and gone on with, a training ends where it would have ended; returns where it was kept. */
static recur_run stop_and_resume(recur_ctx *cx, const recur_forecast_config *c)
{
    recur_forecast_result whole, cut;
    expect_ok(cx, recur_forecast_train(cx, c, NULL, &whole));
    watch w = {.stop_after = 9};
    recur_run run = fresh();
    run.observe = observe;
    run.user = &w;
    expect_error(cx, recur_forecast_train(cx, c, &run, &cut), RECUR_ESTOPPED, "stopped after 9 steps");
    run = (recur_run){.folder = run_folder, .resume = true};
    expect_ok(cx, recur_forecast_train(cx, c, &run, &cut));
    assert_true(whole.test.loss == cut.test.loss && whole.steps == cut.steps);
    return run;
}

static void test_stop_and_resume(void **state)
{
    recur_forecast_config c = series_config();
    recur_forecast_result r;
    recur_run run = stop_and_resume(*state, &c);
    c.model.hidden = 9;
    expect_error(*state, recur_forecast_train(*state, &c, &run, &r), RECUR_EINVAL, "--hidden cannot change");
}

/* Masks go by the step, so that they need no state. */
static void test_stop_and_resume_with_masks(void **state)
{
    recur_forecast_config c = series_config();
    c.model.layers = 2;
    c.model.layer_norm = c.model.variational = true;
    c.model.dropout = c.model.input_dropout = c.model.recurrent_dropout = 0.2;
    c.model.zoneout = c.model.weight_drop = 0.1;
    stop_and_resume(*state, &c);
}

static void test_refuses(void **state)
{
    recur_forecast_config good = series_config(), c = good;
    recur_forecast_result r;
    c.data = NULL;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_EINVAL, "needs a data file");
    c = good;
    c.target = "price";
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_ENOTFOUND, "no column \"price\"");
    c = good;
    c.window = 400;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_ESHAPE, "need 401");
    c = good;
    c.window = 250;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_EINVAL, "training");
    c = good;
    c.model.cell = 99;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_EINVAL,
                 "--cell: 99 is not the place of");
    c = good;
    c.model.hidden = -3;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_EINVAL, "--hidden: -3 is outside");
    c = good;
    c.train.optimizer = -1;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_EINVAL, "--optimizer: -1 is not");
    c = good;
    c.order = 3;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_EINVAL, "an order of 3");
    c = good;
    c.split = NULL;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_EINVAL, "--split is missing");
    c = good;
    c.scale = "wide";
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_EINVAL, "wide");
    c = good;
    c.model.cell = RECUR_RNN_RELU;
    c.train.lr = 1e6;
    c.train.epochs = 50;
    c.train.optimizer = RECUR_SGD;
    c.train.clip_norm = 0;
    expect_error(*state, recur_forecast_train(*state, &c, NULL, &r), RECUR_ENUMERIC, "training diverged");
}

/* ---- asking ---- */

static recur_forecast *trained(recur_ctx *cx, const recur_forecast_config *c)
{
    recur_forecast_result r;
    recur_forecast *f;
    recur_run run = fresh();
    expect_ok(cx, recur_forecast_train(cx, c, &run, &r));
    expect_ok(cx, recur_forecast_open(&f, cx, run_folder));
    return f;
}

/* Asking for each row of the test part gives what forecast.csv says, whatever the transformation. */
static void check_predictions(recur_ctx *cx, const recur_forecast_config *c)
{
    char path[PATH];
    double y;
    const double *x;
    int64_t n;
    recur_table *t;
    recur_forecast *f = trained(cx, c);
    expect_ok(cx, recur_forecast_read(f, csv, &x, &n));
    expect_ok(cx, recur_table_read(&t, cx, in_folder(path, run_folder, RECUR_FILE_FORECAST), NULL));
    assert_int_equal(recur_table_rows(t), 60);
    for (int64_t i = 0; i < recur_table_rows(t); i++) {
        int64_t row = strtoll(recur_table_text(t, i, 0), NULL, 10); /* from 1: rows before it are known */
        expect_ok(cx, recur_forecast_predict(f, x, row - 1, 1, &y));
        assert_true(y == strtod(recur_table_text(t, i, 3), NULL));
    }
    recur_table_free(t);
    recur_forecast_free(f);
}

static void test_predictions_agree(void **state)
{
    static const char *const scales[] = {"standard", "minmax", "none", "2.5"};
    for (int i = 0; i < 4; i++)
        for (int difference = 0; difference < 2; difference++) {
            recur_forecast_config c = series_config();
            c.scale = scales[i];
            c.difference = difference;
            c.center = i % 2;
            check_predictions(*state, &c);
        }
}

static void test_steps(void **state)
{
    recur_forecast_config c = series_config();
    double long_way[20], x[40], step;
    c.horizon = 3;
    recur_forecast *f = trained(*state, &c);
    const double *all;
    int64_t n;
    expect_ok(*state, recur_forecast_read(f, csv, &all, &n));
    memcpy(x, all + n - 10, 10 * sizeof *x);
    expect_ok(*state, recur_forecast_predict(f, all, n, 20, long_way));
    for (int i = 0; i < 20; i += 3) { /* by hand: the first of each horizon's forecasts, fed back */
        expect_ok(*state, recur_forecast_predict(f, x, 10 + i, 1, &step));
        assert_true(step == long_way[i]);
        for (int h = 0; h < 3 && i + h < 20; h++)
            x[10 + i + h] = long_way[i + h];
    }
    expect_error(*state, recur_forecast_predict(f, x, 9, 1, &step), RECUR_ESHAPE, "the model looks at 10");
    expect_error(*state, recur_forecast_predict(f, x, 10, 0, &step), RECUR_EINVAL, "0 steps");
    recur_forecast_free(f);
}

static void test_rows_of_any_length(void **state)
{
    recur_forecast_config c = rows_config();
    double x[] = {1, 2, 3, 4, 5}, y[3];
    recur_forecast *f = trained(*state, &c);
    assert_int_equal(recur_forecast_inputs(f), 1);
    assert_string_equal(recur_forecast_input(f, 0), "");
    for (int n = 1; n <= 5; n++)
        expect_ok(*state, recur_forecast_predict(f, x, n, 3, y));
    const double *rows_of;
    int64_t n;
    expect_error(*state, recur_forecast_read(f, csv, &rows_of, &n), RECUR_EUNSUPPORTED, "lines of numbers");
    recur_forecast_free(f);
}

static void test_evaluate(void **state)
{
    recur_forecast_config c = series_config();
    recur_forecast_score score, baseline, seasonal;
    recur_forecast *f = trained(*state, &c);
    expect_ok(*state, recur_forecast_evaluate(f, csv, &score, &baseline, &seasonal));
    assert_int_equal(score.count, 290);
    assert_int_equal(baseline.count, 290);
    assert_int_equal(seasonal.count, 0);
    expect_ok(*state, recur_forecast_evaluate(f, csv, NULL, NULL, NULL));
    assert_string_equal(recur_forecast_config_of(f)->target, "value");
    assert_string_equal(recur_forecast_input(f, 0), "value");
    recur_forecast_free(f);
}

static void test_open_refuses(void **state)
{
    char path[PATH];
    recur_forecast *f;
    expect_error(*state, recur_forecast_open(&f, *state, "/nowhere"), RECUR_ENOTFOUND, "/nowhere");
    assert_null(f);
    float one = 1;
    recur_entry e = {"w", "F32", 1, (int64_t[]){1}, &one, sizeof one};
    in_folder(path, folder, "other.safetensors");
    expect_ok(*state, recur_archive_write(*state, path, &e, 1, NULL, 0));
    expect_error(*state, recur_forecast_open(&f, *state, path), RECUR_EFORMAT,
                 "not a model that recur trained");
    assert_null(f);
}

/* A small file whose configuration asks for a large model: nothing is made of it. */
static void test_open_believes_no_size(void **state)
{
    char path[PATH];
    recur_forecast *f;
    static float weight[100000];
    const recur_entry entries[] = {
        {"rnn.weight_ih_l0", "F32", 2, (int64_t[]){4, 1}, weight, 16},
        {"rnn.weight_hh_l0", "F32", 2, (int64_t[]){4, 1}, weight, 16},
        {"linear.weight", "F32", 2, (int64_t[]){1, 100000}, weight, sizeof weight},
    };
    const recur_meta claims[] = {{"recur", "forecast 1"},
                                 {"config", "{\"rows\": true, \"hidden\": 100000, \"layers\": 100}"}};
    in_folder(path, folder, "large.safetensors");
    expect_ok(*state, recur_archive_write(*state, path, entries, 3, claims, 2));
    expect_error(*state, recur_forecast_open(&f, *state, path), RECUR_EFORMAT,
                 "do not fit the configuration");
    assert_null(f);
}

/* ---- bits ---- */

static void test_threads_change_nothing(void **state)
{
    recur_forecast_config c = series_config();
    recur_forecast_result r, first = {0};
    (void)state;
    for (int threads = 1; threads <= 7; threads += 2) {
        recur_ctx *cx = context_of(threads);
        expect_ok(cx, recur_forecast_train(cx, &c, NULL, &r));
        if (threads == 1)
            first = r;
        assert_true(r.test.loss == first.test.loss && r.train.loss == first.train.loss);
        recur_ctx_free(cx);
    }
}

/* ---- failing allocations ---- */

static recur_status work(recur_ctx *cx, const recur_forecast_config *c)
{
    recur_forecast_result r;
    recur_forecast *f = NULL;
    recur_forecast_score score, baseline;
    recur_run run = fresh();
    double x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, y[4];
    recur_status status = recur_forecast_train(cx, c, &run, &r);
    if (status == RECUR_OK)
        status = recur_forecast_open(&f, cx, run_folder);
    if (status == RECUR_OK)
        status = recur_forecast_evaluate(f, c->data, &score, &baseline, NULL);
    if (status == RECUR_OK)
        status = recur_forecast_predict(f, x, 12, 4, y);
    recur_forecast_free(f);
    return status;
}

static recur_status failing_work(const recur_allocator *allocator, void *argument)
{
    recur_ctx *cx;
    recur_status status = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (status != RECUR_OK)
        return status;
    status = work(cx, argument);
    recur_ctx_free(cx);
    return status;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    recur_forecast_config c = series_config();
    c.train.epochs = 1;
    c.train.max_steps = 2;
    assert_true(fail_alloc_each(failing_work, &c) > 100);
    recur_forecast_config r = rows_config();
    r.train.epochs = 1;
    r.difference = true;
    assert_true(fail_alloc_each(failing_work, &r) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_begins_as_the_last_value),
        cmocka_unit_test(test_loss_is_the_scaled_error),
        cmocka_unit_test(test_whole_numbers),
        cmocka_unit_test(test_metric_names),
        cmocka_unit_test(test_observer),
        cmocka_unit_test(test_stop_and_resume),
        cmocka_unit_test(test_stop_and_resume_with_masks),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_predictions_agree),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_rows_of_any_length),
        cmocka_unit_test(test_evaluate),
        cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_open_believes_no_size),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
