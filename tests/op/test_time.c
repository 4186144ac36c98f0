// SPDX-License-Identifier: MIT
/* last_step, pool_sum, pool_mean, pool_max: gradients with and without lengths, in both layouts; padding of
 * NaN; ties; refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

#include <string.h>

typedef recur_tensor *pooling(recur_tape *tp, recur_tensor *x, recur_tensor *lengths, bool batch_first);
static pooling *const poolings[] = {recur_last_step, recur_pool_sum, recur_pool_mean, recur_pool_max};

static const int64_t lengths[] = {3, 0, 5, 1};

/* options: which, batch first, with lengths */
static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_tensor *n = o[2] ? graph_i64(tp, (dims){1, {recur_dim(p[0], o[1] ? 0 : 1)}}, lengths) : NULL;
    return poolings[o[0]](tp, p[0], n, o[1]);
}

static void test_gradients(void **state)
{
    static const dims shapes[2][4] = {{DIMS(5, 4, 3), DIMS(7, 0, 2), DIMS(5, 4, 0), DIMS(1, 2, 17)},
                                      {DIMS(4, 5, 3), DIMS(0, 7, 2), DIMS(4, 5, 0), DIMS(2, 1, 17)}};
    (void)state;
    for (int which = 0; which < 4; which++)
        for (int first = 0; first < 2; first++)
            for (int i = 0; i < 4; i++)
                for (int with = 0; with < (i < 3 ? 2 : 1); with++) {
                    gradient_case c = {"pool", apply, {shapes[first][i]}, 1, {which, first, with},
                                       -1.0,   1.0,   RECUR_EVAL};
                    check_gradients(&c, 1);
                }
}

/* No time steps at all. */
static void test_no_steps(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = recur_track(graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 0, 3), 0, 1, 0));
    for (int which = 0; which < 4; which++)
        check_tensor(poolings[which](g.tp, x, NULL, true), (dims)DIMS(2, 3), (double[6]){0});
    graph_close(&g);
}

/* NaN behind the lengths changes no bit of a result or a gradient. */
static void test_padding(void **state)
{
    enum { B = 4, T = 5, F = 3 };
    (void)state;
    for (int which = 0; which < 4; which++)
        for (int first = 0; first < 2; first++) {
            double result[2][B * F], gradient[2][B * T * F];
            for (int nan = 0; nan < 2; nan++) {
                graph g;
                graph_open(&g, RECUR_F64, NULL);
                recur_tensor *x =
                    graph_param(&g, "x", first ? (dims)DIMS(B, T, F) : (dims)DIMS(T, B, F), -1, 1, 0);
                for (int b = 0; nan && b < B; b++)
                    for (int64_t t = lengths[b]; t < T; t++)
                        for (int f = 0; f < F; f++)
                            recur_f64(x)[first ? (b * T + t) * F + f : (t * B + b) * F + f] = (double)NAN;
                recur_tensor *y = poolings[which](g.tp, x, graph_i64(g.tp, (dims)DIMS(B), lengths), first);
                assert_int_equal(recur_backward(g.tp, graph_weigh(g.tp, y)), RECUR_OK);
                memcpy(result[nan], recur_f64(y), sizeof result[nan]);
                memcpy(gradient[nan], recur_f64(recur_grad(x)), sizeof gradient[nan]);
                graph_close(&g);
            }
            assert_memory_equal(result[0], result[1], sizeof result[0]);
            assert_memory_equal(gradient[0], gradient[1], sizeof gradient[0]);
        }
}

static void test_values(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_f64(g.tp, (dims)DIMS(2, 3, 2), (double[]){1, 6, 3, 5, 3, 9, 7, 8, 0, 0, 2, 2});
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){2, 0});
    dims d = DIMS(2, 2);
    check_tensor(recur_last_step(g.tp, x, n, true), d, (double[]){3, 5, 0, 0});
    check_tensor(recur_pool_sum(g.tp, x, n, true), d, (double[]){4, 11, 0, 0});
    check_tensor(recur_pool_mean(g.tp, x, n, true), d, (double[]){2, 5.5, 0, 0});
    check_tensor(recur_pool_max(g.tp, x, n, true), d, (double[]){3, 6, 0, 0});
    check_tensor(recur_last_step(g.tp, x, NULL, true), d, (double[]){3, 9, 2, 2});
    check_tensor(recur_pool_max(g.tp, x, NULL, false), (dims)DIMS(3, 2), (double[]){7, 8, 3, 5, 3, 9});
    graph_close(&g);
}

/* The first of several maxima gets the gradient; NaN within the length wins. */
static void test_ties(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x =
        recur_track(graph_f64(g.tp, (dims)DIMS(1, 4, 2), (double[]){1, 2, 4, NAN, 4, 3, 0, NAN}));
    recur_tensor *y = recur_pool_max(g.tp, x, NULL, true);
    check_tensor(y, (dims)DIMS(1, 2), (double[]){4, NAN});
    recur_tensor *first = recur_slice(g.tp, y, 1, 0, 1, 1), *second = recur_slice(g.tp, y, 1, 1, 2, 1);
    recur_tensor *loss = recur_add(g.tp, recur_sum(g.tp, first, 0, false), recur_sum(g.tp, second, 0, false));
    assert_int_equal(recur_backward(g.tp, recur_reshape(g.tp, loss, 0, NULL)), RECUR_OK);
    check_tensor(recur_grad(x), (dims)DIMS(1, 4, 2), (double[]){0, 0, 1, 1, 0, 0, 0, 0});
    graph_close(&g);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3, 2), 0, 1, 0);
    recur_tensor *flat = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3), 0, 1, 0);
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){1, 4}),
                 *m = graph_i64(g.tp, (dims)DIMS(3), (int64_t[]){1, -1, 0});
    check_error(&g, recur_pool_mean(g.tp, x, n, true), RECUR_EINVAL,
                "pool_mean: length 4 of sequence 1 is outside 0 .. 3");
    check_error(&g, recur_pool_max(g.tp, x, m, false), RECUR_EINVAL,
                "pool_max: length -1 of sequence 1 is outside 0 .. 2");
    check_error(&g, recur_pool_sum(g.tp, x, m, true), RECUR_ESHAPE,
                "pool_sum: lengths must have shape [2], but has [3]");
    check_error(&g, recur_last_step(g.tp, flat, n, true), RECUR_ESHAPE,
                "last_step: x must have 3 axes, but its shape is [2, 3]");
    check_error(&g, recur_last_step(g.tp, x, flat, true), RECUR_EDTYPE, "last_step: lengths must be int64");
    check_error(&g, recur_last_step(g.tp, NULL, n, true), RECUR_EINVAL, "last_step: x is NULL");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_no_steps), cmocka_unit_test(test_padding),
        cmocka_unit_test(test_values),    cmocka_unit_test(test_ties),     cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
