// SPDX-License-Identifier: MIT
/* softmax, log_softmax: gradients along every axis, extremes, independence of rows, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *options)
{
    return (options[0] ? recur_log_softmax : recur_softmax)(tp, p[0], (int)options[1]);
}

static void test_gradients(void **state)
{
    static const dims shapes[] = {{0},           DIMS(1),      DIMS(9), DIMS(3, 5), DIMS(2, 3, 21),
                                  DIMS(2, 0, 3), DIMS(3, 2, 0)};
    (void)state;
    for (int log = 0; log < 2; log++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (int axis = -shapes[i].rank; axis < (shapes[i].rank ? shapes[i].rank : 1); axis++) {
                gradient_case c = {"softmax", apply, {shapes[i]}, 1, {log, axis}, -2.0, 2.0, RECUR_EVAL};
                check_gradients(&c, 1);
            }
}

static void test_extremes(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_f64(g.tp, (dims)DIMS(2, 3), (double[]){1e4, -1e4, 1e4, -INFINITY, 0, NAN});
    check_tensor(recur_softmax(g.tp, x, 1), (dims)DIMS(2, 3), (double[]){0.5, 0, 0.5, NAN, NAN, NAN});
    check_tensor(recur_log_softmax(g.tp, x, 0), (dims)DIMS(2, 3),
                 (double[]){0, -1e4, NAN, -INFINITY, 0, NAN});
    graph_close(&g);
}

/* A row has the bits of the row alone, in either layout, however many threads share the rows. */
static void check_rows(dims shape, int axis)
{
    graph g;
    graph_open(&g, RECUR_F32, &(recur_options){.threads = 3});
    recur_tensor *x = graph_param(&g, "x", shape, -9, 9, 1), *y = recur_softmax(g.tp, x, axis);
    recur_tensor *r = graph_input(g.tp, RECUR_F32, shape, -1, 1, 2),
                 *loss = recur_sum(g.tp, recur_mul(g.tp, y, r), RECUR_ALL_AXES, false);
    int64_t n = recur_count(x) / shape.n[0];
    assert_int_equal(recur_backward(g.tp, loss), RECUR_OK);
    for (int64_t i = 0; i < shape.n[0]; i += 29) {
        graph one;
        dims row = shape;
        row.n[0] = 1;
        graph_open(&one, RECUR_F32, NULL);
        recur_tensor *x1 = recur_track(recur_input(one.tp, RECUR_F32, row.rank, row.n, recur_f32(x) + i * n));
        recur_tensor *r1 = recur_input(one.tp, RECUR_F32, row.rank, row.n, recur_f32(r) + i * n),
                     *y1 = recur_softmax(one.tp, x1, axis);
        loss = recur_sum(one.tp, recur_mul(one.tp, y1, r1), RECUR_ALL_AXES, false);
        assert_int_equal(recur_backward(one.tp, loss), RECUR_OK);
        assert_memory_equal(recur_f32(y1), recur_f32(y) + i * n, (size_t)n * sizeof(float));
        assert_memory_equal(recur_f32(recur_grad(x1)), recur_f32(recur_grad(x)) + i * n,
                            (size_t)n * sizeof(float));
        graph_close(&one);
    }
    graph_close(&g);
}

static void test_rows(void **state)
{
    (void)state;
    check_rows((dims)DIMS(300, 77), -1);
    check_rows((dims)DIMS(300, 20, 7), 1);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3), 0, 1, 0);
    check_error(&g, recur_softmax(g.tp, x, 2), RECUR_EINVAL, "softmax: axis 2 is outside -2 .. 1");
    check_error(&g, recur_log_softmax(g.tp, x, -3), RECUR_EINVAL, "log_softmax: axis -3 is outside -2 .. 1");
    check_error(&g, recur_softmax(g.tp, NULL, 0), RECUR_EINVAL, "softmax: the argument is NULL");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
