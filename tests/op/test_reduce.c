// SPDX-License-Identifier: MIT
/* sum, mean, max: gradients over every axis, ties, NaN, empty arrays, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

typedef recur_tensor *reduction(recur_tape *tp, recur_tensor *x, int axis, bool keep);
static reduction *const reductions[] = {recur_sum, recur_mean, recur_max};

static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *options)
{
    return reductions[options[0]](tp, p[0], (int)options[1], options[2]);
}

static void test_gradients(void **state)
{
    static const dims shapes[] = {{0},           DIMS(1),          DIMS(33),     DIMS(3, 5),
                                  DIMS(2, 3, 4), DIMS(3, 2, 1, 4), DIMS(2, 3, 0)};
    (void)state;
    for (int op = 0; op < 3; op++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (int axis = -shapes[i].rank - 1; axis < (shapes[i].rank ? shapes[i].rank : 1); axis++)
                for (int keep = 0; keep < 2; keep++) {
                    bool all = axis < -shapes[i].rank, empty = i == 6 && (all || axis == 2 || axis == -1);
                    if (empty && op > 0)
                        continue;
                    gradient_case c = {
                        "reduce", apply, {shapes[i]}, 1, {op, all ? RECUR_ALL_AXES : axis, keep},
                        -2.0,     2.0,   RECUR_EVAL};
                    check_gradients(&c, 1);
                }
}

static void test_shapes(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_f64(g.tp, (dims)DIMS(2, 3), (double[]){1, 5, 3, 4, 2, 6});
    check_tensor(recur_sum(g.tp, x, 0, false), (dims)DIMS(3), (double[]){5, 7, 9});
    check_tensor(recur_sum(g.tp, x, 1, true), (dims)DIMS(2, 1), (double[]){9, 12});
    check_tensor(recur_mean(g.tp, x, -1, false), (dims)DIMS(2), (double[]){3, 4});
    check_tensor(recur_mean(g.tp, x, RECUR_ALL_AXES, true), (dims)DIMS(1, 1), (double[]){3.5});
    check_tensor(recur_max(g.tp, x, 0, true), (dims)DIMS(1, 3), (double[]){4, 5, 6});
    check_tensor(recur_max(g.tp, x, RECUR_ALL_AXES, false), (dims){0, {0}}, (double[]){6});
    recur_tensor *none = recur_input(g.tp, RECUR_F64, 2, (int64_t[]){2, 0}, NULL);
    check_tensor(recur_sum(g.tp, none, 1, false), (dims)DIMS(2), (double[]){0, 0});
    check_tensor(recur_mean(g.tp, none, 1, false), (dims)DIMS(2), (double[]){NAN, NAN});
    check_tensor(recur_mean(g.tp, none, RECUR_ALL_AXES, false), (dims){0, {0}}, (double[]){NAN});
    check_shape(recur_max(g.tp, none, 0, false), (dims)DIMS(0));
    graph_close(&g);
}

static void test_ties(void **state)
{
    (void)state;
    for (int layout = 0; layout < 2; layout++) {
        graph g;
        graph_open(&g, RECUR_F64, NULL);
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(2, 2), 0, 0, 0);
        recur_tensor *row = recur_max(g.tp, x, layout, false);
        recur_tensor *w = graph_f64(g.tp, (dims)DIMS(2), (double[]){3, 5});
        assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, recur_mul(g.tp, row, w), 0, false)), RECUR_OK);
        check_tensor(recur_grad(x), (dims)DIMS(2, 2),
                     layout ? (double[]){3, 0, 5, 0} : (double[]){3, 5, 0, 0});
        graph_close(&g);
    }
}

static void test_nan_wins(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_param(&g, "x", (dims)DIMS(4), 0, 0, 0);
    const double numbers[] = {1, NAN, INFINITY, NAN};
    for (int i = 0; i < 4; i++)
        recur_f64(x)[i] = numbers[i];
    recur_tensor *y = recur_max(g.tp, x, 0, false);
    assert_true(isnan(recur_item(y, 0)));
    assert_int_equal(recur_backward(g.tp, y), RECUR_OK);
    check_tensor(recur_grad(x), (dims)DIMS(4), (double[]){0, 1, 0, 0});
    graph_close(&g);
}

/* A sum over many parts: exact for whole numbers, the same bits with any number of threads. */
static void test_large(void **state)
{
    (void)state;
    double first = 0.0;
    for (int threads = 1; threads < 8; threads++) {
        graph g;
        graph_open(&g, RECUR_F32, &(recur_options){.threads = threads});
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(70, 1003), -1, 1, 1);
        recur_tensor *s = recur_sum(g.tp, x, RECUR_ALL_AXES, false);
        recur_tensor *rows = recur_sum(g.tp, recur_sum(g.tp, x, 1, false), 0, false);
        double want = 0.0;
        for (int64_t i = 0; i < recur_count(x); i++)
            want += recur_item(x, i);
        assert_true(fabs(recur_item(s, 0) - want) < 1e-2);
        assert_true(fabs(recur_item(rows, 0) - want) < 1e-2);
        first = threads == 1 ? recur_item(s, 0) : first;
        assert_true(recur_item(s, 0) == first);
        graph_close(&g);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 0), 0, 1, 0);
    check_error(&g, recur_max(g.tp, x, 1, false), RECUR_ESHAPE,
                "max: nothing to take the maximum of: the shape is [2, 0]");
    check_error(&g, recur_max(g.tp, x, RECUR_ALL_AXES, false), RECUR_ESHAPE, "max: nothing");
    check_error(&g, recur_sum(g.tp, x, 2, false), RECUR_EINVAL, "sum: axis 2 is outside -2 .. 1");
    check_error(&g, recur_mean(g.tp, NULL, 2, false), RECUR_EINVAL, "mean: the argument is NULL");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_shapes), cmocka_unit_test(test_ties),
        cmocka_unit_test(test_nan_wins),  cmocka_unit_test(test_large),  cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
