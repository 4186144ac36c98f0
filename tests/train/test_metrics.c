// SPDX-License-Identifier: MIT
/* Regression metrics against the reference cases, and at their edges. */
#include "data/data_test.h"
#include "support/json.h"

/* What MASE divides by comes through the same functions that a training run uses. */
static double naive_error(recur_ctx *cx, const double *train, int64_t n, int64_t m)
{
    double naive;
    recur_parts *p;
    recur_examples *e;
    recur_series *s = series_of(cx, train, n);
    ok(cx, recur_examples_windows(&e, s, &(recur_window){.window = 1, .horizon = 1}));
    ok(cx, recur_parts_all(&p, e, RECUR_PART_TRAIN));
    ok(cx, recur_naive_error(e, p->index[0], p->n[0], m, &naive));
    recur_parts_free(p);
    recur_examples_free(e);
    recur_series_free(s);
    return naive;
}

static void check_case(recur_ctx *cx, const json_t *c)
{
    int64_t n, n_train;
    double *train = json_doubles(json_member(c, "train"), &n_train);
    double *y = json_doubles(json_member(c, "target"), &n),
           *p = json_doubles(json_member(c, "predicted"), &n);
    double naive = naive_error(cx, train, n_train, json_whole(c, "seasonality"));
    const json_t *expect = json_member(c, "expect");
    recur_regression r;
    recur_regression_metrics(&r, y, p, n, naive);
    const struct {
        const char *name;
        double value;
    } have[] = {{"mse", r.mse}, {"mae", r.mae},   {"rmse", r.rmse},
                {"r2", r.r2},   {"mape", r.mape}, {"mase", r.mase}};
    for (size_t i = 0; i < COUNT(have); i++)
        json_near(have[i].value, expect, have[i].name, 1e-12);
    assert_int_equal(COUNT(have), json_object_size(expect));
    assert_int_equal(r.count, n);
    free(train);
    free(y);
    free(p);
}

static void agrees_with_the_reference(void **state)
{
    json_t *root = json_reference("decode/regression_metrics.json");
    const json_t *cases = json_member(root, "cases");
    assert_int_equal(json_array_size(cases), 3);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(*state, json_array_get(cases, i));
    json_decref(root);
}

static void has_the_stated_relative_accuracy(void **state)
{
    recur_regression r;
    (void)state;
    recur_regression_metrics(&r, (double[]){0, -2, 4}, (double[]){0.00005, -1, 4}, 3, NAN);
    near(r.relative_accuracy, 1 - (0.5 + 1 / 2.0001) / 3, 1e-12);
    assert_true(isnan(r.mase));
    assert_true(isnan(r.mape)); /* a target is 0 */
}

static void is_undefined_where_it_is(void **state)
{
    recur_regression r;
    (void)state;
    recur_regression_metrics(&r, NULL, NULL, 0, 1);
    assert_int_equal(r.count, 0);
    assert_true(isnan(r.mse) && isnan(r.mae) && isnan(r.rmse) && isnan(r.r2) && isnan(r.mape) &&
                isnan(r.mase) && isnan(r.relative_accuracy));
    recur_regression_metrics(&r, (double[]){2, 2}, (double[]){1, 3}, 2, 0);
    assert_true(isnan(r.r2) && isnan(r.mase));
    near(r.mape, 0.5, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(agrees_with_the_reference),
                                       TEST(has_the_stated_relative_accuracy),
                                       TEST(is_undefined_where_it_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
