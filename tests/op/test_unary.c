// SPDX-License-Identifier: MIT
/* sigmoid, tanh, relu, exp, log: gradients, limits, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

typedef recur_tensor *unary(recur_tape *tp, recur_tensor *x);
static unary *const functions[] = {recur_sigmoid, recur_tanh, recur_relu, recur_exp, recur_log};

static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *options)
{
    return functions[options[0]](tp, p[0]);
}

static void test_gradients(void **state)
{
    (void)state;
    const dims shapes[] = {{0}, DIMS(1), DIMS(7), DIMS(3, 5), DIMS(2, 0, 3), DIMS(2, 3, 2, 2, 1, 2)};
    for (int f = 0; f < 5; f++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            gradient_case c = {"unary", apply, {shapes[i]}, 1, {f}, f == 4 ? 0.2 : -3.0, 3.0, RECUR_EVAL};
            check_gradients(&c, 1);
        }
}

/* f'(x) where the array is cut into ranges. */
static void test_large(void **state)
{
    (void)state;
    for (int threads = 1; threads < 4; threads++) {
        graph g;
        graph_open(&g, RECUR_F64, &(recur_options){.threads = threads});
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(7, 5000), -3.0, 3.0, 1);
        recur_tensor *y = recur_exp(g.tp, recur_affine(g.tp, x, 0.5, 1.0));
        assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, RECUR_ALL_AXES, false)), RECUR_OK);
        for (int64_t i = 0; i < recur_count(x); i++) {
            double want = exp(0.5 * recur_item(x, i) + 1.0);
            assert_true(fabs(recur_item(y, i) - want) < 1e-14 * want);
            assert_true(fabs(recur_item(recur_grad(x), i) - 0.5 * want) < 1e-14 * want);
        }
        graph_close(&g);
    }
}

static void test_limits(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    dims d = DIMS(6);
    recur_tensor *x = graph_f64(g.tp, d, (double[]){-INFINITY, -1e4, 0, 1e4, INFINITY, NAN});
    check_tensor(recur_sigmoid(g.tp, x), d, (double[]){0, 0, 0.5, 1, 1, NAN});
    check_tensor(recur_tanh(g.tp, x), d, (double[]){-1, -1, 0, 1, 1, NAN});
    check_tensor(recur_relu(g.tp, x), d, (double[]){0, 0, 0, 1e4, INFINITY, NAN});
    check_tensor(recur_exp(g.tp, x), d, (double[]){0, 0, 1, INFINITY, INFINITY, NAN});
    check_tensor(recur_log(g.tp, x), d, (double[]){NAN, NAN, -INFINITY, log(1e4), INFINITY, NAN});
    graph_close(&g);
}

/* The gradient of relu is 0 at 0 (of either sign) and passes at NaN. */
static void test_relu_at_zero(void **state)
{
    (void)state;
    for (recur_dtype t = RECUR_F32; t <= RECUR_F64; t++) {
        graph g;
        graph_open(&g, t, NULL);
        const double at[] = {0.0, -0.0, 1.0, -1.0}, want[] = {0.0, 0.0, 1.0, 0.0};
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(4), 0, 1, 0);
        for (int i = 0; i < 4; i++)
            t == RECUR_F32 ? (void)(recur_f32(x)[i] = (float)at[i]) : (void)(recur_f64(x)[i] = at[i]);
        recur_tensor *y = recur_relu(g.tp, x);
        assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
        check_tensor(recur_grad(x), (dims)DIMS(4), want);
        graph_close(&g);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    check_error(&g, recur_tanh(g.tp, NULL), RECUR_EINVAL, "tanh: the argument is NULL");
    recur_tensor *i = graph_i64(g.tp, (dims)DIMS(2), NULL);
    check_error(&g, recur_relu(g.tp, i), RECUR_EDTYPE,
                "relu: the argument must be float32 or float64, not int64");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),    cmocka_unit_test(test_large),    cmocka_unit_test(test_limits),
        cmocka_unit_test(test_relu_at_zero), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
