// SPDX-License-Identifier: MIT
/* Scalers: what they compute, and that they see the training part only. */
#include "data/data_test.h"

typedef struct set {
    recur_series *s;
    recur_examples *e;
    recur_parts *p;
} set;

/* R rows of C columns, windows of 2, the last `test` rows as test part. */
static set make_set(recur_ctx *cx, const double *v, int64_t R, int64_t C, int64_t test, bool difference)
{
    set k;
    ok(cx, recur_series_from(&k.s, cx, v, R, C));
    ok(cx, recur_examples_windows(&k.e, k.s,
                                  &(recur_window){.window = 2, .horizon = 1, .difference = difference}));
    recur_partition how = {.share = {(double)(R - test), 0, (double)test}, .counts = true};
    ok(cx, recur_parts_create(&k.p, k.e, &how));
    return k;
}

static void free_set(set *k)
{
    recur_parts_free(k->p);
    recur_examples_free(k->e);
    recur_series_free(k->s);
}

static recur_status fit(recur_scaler **x, recur_scaler **y, const set *k, recur_scale kind, double divisor)
{
    return recur_scaler_fit(x, y, k->e, k->p->index[0], k->p->n[0], kind, divisor);
}

/* Training rows: (2, 5), (4, 5), (4, 5), (10, 5); the test row (1000, -7) must not count. */
static const double values[] = {2, 5, 4, 5, 4, 5, 10, 5, 1000, -7};

static const struct {
    recur_scale kind;
    double shift[2], scale[2];
} fitted[] = {
    {RECUR_SCALE_NONE, {0, 0}, {1, 1}},
    {RECUR_SCALE_MINMAX, {2, 5}, {8, 1}},
    {RECUR_SCALE_STANDARD, {5, 5}, {3, 1}}, /* squares 9 + 1 + 1 + 25 = 36, over 4 */
    {RECUR_SCALE_DIVIDE, {0, 0}, {50, 50}},
};

static void fits_the_training_part(void **state)
{
    set k = make_set(*state, values, 5, 2, 1, false);
    for (size_t i = 0; i < COUNT(fitted); i++) {
        recur_scaler *x, *y;
        ok(*state, fit(&x, &y, &k, fitted[i].kind, 50));
        assert_int_equal(x->columns, 2);
        assert_int_equal(x->kind, fitted[i].kind);
        equal(x->shift, fitted[i].shift, 2);
        equal(x->scale, fitted[i].scale, 2);
        assert_int_equal(y->columns, 1);
        equal(y->shift, fitted[i].shift + 1, 1);
        equal(y->scale, fitted[i].scale + 1, 1);
        recur_scaler_free(x);
        recur_scaler_free(y);
    }
    recur_scaler_free(NULL);
    free_set(&k);
}

static void applies_and_inverts(void **state)
{
    set k = make_set(*state, values, 5, 2, 1, false);
    recur_scaler *x, *copy;
    ok(*state, fit(&x, NULL, &k, RECUR_SCALE_MINMAX, 0));
    ok(*state, recur_scaler_create(&copy, *state, x->kind, x->columns, x->shift, x->scale));
    double v[] = {2, 5, 10, 7};
    recur_scaler_apply(copy, v, 2);
    equal(v, (double[]){0, 0, 1, 2}, 4);
    recur_scaler_invert(copy, v, 2);
    equal(v, (double[]){2, 5, 10, 7}, 4);
    recur_scaler_free(x);
    recur_scaler_free(copy);
    free_set(&k);
}

static void fits_changes_without_the_first_row(void **state)
{
    const double v[] = {100, 110, 130, 140, 150};
    recur_scaler *x, *y;
    set k = make_set(*state, v, 5, 1, 1, true);
    ok(*state, fit(&x, &y, &k, RECUR_SCALE_MINMAX, 0));
    equal(x->shift, (double[]){10}, 1);
    equal(x->scale, (double[]){10}, 1);
    double change[] = {0.5};
    recur_examples_restore(k.e, 0, y, change);
    equal(change, (double[]){145}, 1); /* 130 and a change of 15 */
    recur_scaler_free(x);
    recur_scaler_free(y);
    free_set(&k);
}

/* The deviation of a million equal numbers is no rounding error. */
static void is_safe_with_constants(void **state)
{
    double v[1000];
    recur_scaler *x;
    for (int i = 0; i < 1000; i++)
        v[i] = 0.1;
    set k = make_set(*state, v, 1000, 1, 0, false);
    for (int kind = 0; kind <= RECUR_SCALE_STANDARD; kind++) {
        ok(*state, fit(&x, NULL, &k, (recur_scale)kind, 0));
        assert_true(x->scale[0] == 1);
        recur_scaler_free(x);
    }
    free_set(&k);
}

static void refuses_what_cannot_be_scaled(void **state)
{
    const double huge[] = {-1.7e308, 1.7e308, 0, 0};
    recur_scaler *x = NULL, *y = NULL;
    set k = make_set(*state, huge, 4, 1, 0, false);
    refused(*state, fit(&x, &y, &k, RECUR_SCALE_MINMAX, 0), RECUR_ENUMERIC, "too large to scale (minmax)");
    refused(*state, fit(&x, &y, &k, RECUR_SCALE_STANDARD, 0), RECUR_ENUMERIC,
            "too large to scale (standard)");
    refused(*state, fit(&x, &y, &k, RECUR_SCALE_DIVIDE, 0), RECUR_ENUMERIC, "divide");
    assert_true(!x && !y);
    refused(*state, recur_scaler_fit(&x, &y, k.e, k.p->index[0], 0, RECUR_SCALE_NONE, 1), RECUR_EINVAL,
            "0 examples");
    refused(*state, recur_scaler_fit(&x, &y, k.e, (int64_t[]){2}, 1, RECUR_SCALE_NONE, 1), RECUR_EINVAL,
            "example 2 is not in 0 .. 1");
    refused(*state, recur_scaler_create(&x, *state, RECUR_SCALE_MINMAX, 1, (double[]){0}, (double[]){0}),
            RECUR_EFORMAT, "scale not 0");
    refused(*state, recur_scaler_create(&x, *state, RECUR_SCALE_MINMAX, 1, (double[]){NAN}, (double[]){1}),
            RECUR_EFORMAT, "finite");
    refused(*state, recur_scaler_create(&x, *state, (recur_scale)9, 1, (double[]){0}, (double[]){1}),
            RECUR_EFORMAT, "kind 9");
    free_set(&k);
}

static void parses_names_and_numbers(void **state)
{
    recur_scale kind;
    double divisor;
    for (int k = 0; k < RECUR_SCALE_DIVIDE; k++) {
        ok(*state, recur_scale_parse(*state, recur_scale_name((recur_scale)k), &kind, &divisor));
        assert_true((int)kind == k && divisor == 1);
    }
    ok(*state, recur_scale_parse(*state, "50", &kind, &divisor));
    assert_true(kind == RECUR_SCALE_DIVIDE && divisor == 50);
    static const char *const bad[] = {"0", "max", "divide", "", "nan", "inf"};
    for (size_t i = 0; i < COUNT(bad); i++)
        refused(*state, recur_scale_parse(*state, bad[i], &kind, &divisor), RECUR_EINVAL,
                "use minmax, standard, none");
    assert_null(recur_scale_name((recur_scale)4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fits_the_training_part),
        TEST(applies_and_inverts),
        TEST(fits_changes_without_the_first_row),
        TEST(is_safe_with_constants),
        TEST(refuses_what_cannot_be_scaled),
        TEST(parses_names_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
