// SPDX-License-Identifier: MIT
/* matmul and linear: gradients for vectors, matrices, batches and broadcast batches, values, empty arrays,
 * refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

static recur_tensor *product(recur_tape *tp, recur_tensor *const *p, const int64_t *options)
{
    (void)options;
    return recur_matmul(tp, p[0], p[1]);
}

static recur_tensor *linear(recur_tape *tp, recur_tensor *const *p, const int64_t *options)
{
    return recur_linear(tp, p[0], p[1], options[0] ? p[2] : NULL);
}

static void test_matmul_gradients(void **state)
{
    static const dims pairs[][2] = {
        {DIMS(4), DIMS(4)},
        {DIMS(3, 4), DIMS(4)},
        {DIMS(4), DIMS(4, 2)},
        {DIMS(3, 4), DIMS(4, 2)},
        {DIMS(2, 3, 4), DIMS(4, 5)},
        {DIMS(2, 3, 4), DIMS(4)},
        {DIMS(2, 3, 4), DIMS(2, 4, 5)},
        {DIMS(3, 4), DIMS(2, 4, 5)},
        {DIMS(4), DIMS(2, 4, 5)},
        {DIMS(2, 1, 3, 4), DIMS(3, 4, 2)},
        {DIMS(2, 3, 4), DIMS(3, 1, 4, 2)},
        {DIMS(1, 3, 4), DIMS(5, 4, 2)},
        {DIMS(2, 3, 1, 2, 4), DIMS(4, 4, 2)},
        {DIMS(40, 3, 2), DIMS(40, 2, 3)},
        {DIMS(1, 1), DIMS(1, 1)},
        {DIMS(0, 4), DIMS(4, 2)},
        {DIMS(3, 0), DIMS(0, 2)},
        {DIMS(3, 4), DIMS(4, 0)},
        {DIMS(0, 3, 4), DIMS(0, 4, 2)},
        {DIMS(0, 3, 4), DIMS(1, 4, 2)},
        {DIMS(0), DIMS(0)},
        {DIMS(2, 0, 4), DIMS(4, 2)},
        {DIMS(19, 23), DIMS(23, 37)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        gradient_case c = {"matmul", product, {pairs[i][0], pairs[i][1]}, 2, {0}, -1.0, 1.0, RECUR_EVAL};
        check_gradients(&c, 1);
    }
}

static void test_linear_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "vector", .f = linear, .shape = {DIMS(4), DIMS(3, 4), DIMS(3)}, .n = 3, .options = {1}},
        {.name = "matrix", .f = linear, .shape = {DIMS(5, 4), DIMS(3, 4), DIMS(3)}, .n = 3, .options = {1}},
        {.name = "no bias", .f = linear, .shape = {DIMS(2, 5, 4), DIMS(3, 4)}, .n = 2},
        {.name = "batch",
         .f = linear,
         .shape = {DIMS(2, 3, 2, 4), DIMS(3, 4), DIMS(3)},
         .n = 3,
         .options = {1}},
        {.name = "no rows", .f = linear, .shape = {DIMS(0, 4), DIMS(3, 4), DIMS(3)}, .n = 3, .options = {1}},
        {.name = "no inputs",
         .f = linear,
         .shape = {DIMS(2, 0), DIMS(3, 0), DIMS(3)},
         .n = 3,
         .options = {1}},
        {.name = "no outputs",
         .f = linear,
         .shape = {DIMS(2, 4), DIMS(0, 4), DIMS(0)},
         .n = 3,
         .options = {1}},
        {.name = "wide", .f = linear, .shape = {DIMS(9, 17), DIMS(33, 17), DIMS(33)}, .n = 3, .options = {1}},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

static void test_shapes(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *v = graph_f64(g.tp, (dims)DIMS(2), (double[]){1, 2});
    recur_tensor *m = graph_f64(g.tp, (dims)DIMS(2, 2), (double[]){1, 2, 3, 4});
    recur_tensor *b = graph_f64(g.tp, (dims)DIMS(2, 1, 2), (double[]){1, 0, 0, 1});
    check_tensor(recur_matmul(g.tp, v, v), (dims){0, {0}}, (double[]){5});
    check_tensor(recur_matmul(g.tp, m, v), (dims)DIMS(2), (double[]){5, 11});
    check_tensor(recur_matmul(g.tp, v, m), (dims)DIMS(2), (double[]){7, 10});
    check_tensor(recur_matmul(g.tp, m, m), (dims)DIMS(2, 2), (double[]){7, 10, 15, 22});
    check_tensor(recur_matmul(g.tp, b, m), (dims)DIMS(2, 1, 2), (double[]){1, 2, 3, 4});
    check_tensor(recur_matmul(g.tp, b, v), (dims)DIMS(2, 1), (double[]){1, 2});
    recur_tensor *none = recur_input(g.tp, RECUR_F64, 2, (int64_t[]){2, 0}, NULL);
    recur_tensor *zeros = recur_matmul(g.tp, none, recur_transpose(g.tp, none, 0, 1));
    check_tensor(zeros, (dims)DIMS(2, 2), (double[]){0, 0, 0, 0});
    check_tensor(recur_linear(g.tp, none, none, v), (dims)DIMS(2, 2), (double[]){1, 2, 1, 2});
    graph_close(&g);
}

/* A row of a batch has the bits of the row alone. */
static void test_rows(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, &(recur_options){.threads = 3});
    recur_tensor *x = graph_param(&g, "x", (dims)DIMS(37, 65), -1, 1, 1);
    recur_tensor *w = graph_param(&g, "w", (dims)DIMS(130, 65), -1, 1, 2);
    recur_tensor *y = recur_linear(g.tp, x, w, NULL);
    for (int64_t i = 0; i < 37; i += 4) {
        recur_tensor *one = recur_linear(g.tp, recur_slice(g.tp, x, 0, i, i + 1, 1), w, NULL);
        for (int64_t j = 0; j < 130; j++)
            assert_true(recur_item(one, j) == recur_item(y, i * 130 + j));
    }
    graph_close(&g);
}

/* A weight that is used again and again in a step, of which the tape keeps a panel: the bits of one that is used
 * once, for many rows too, and after recur_tape_begin() those of its new numbers. */
static void test_used_again(void **state)
{
    enum { M = 37, MANY = 300, O = 130, I = 65 };
    (void)state;
    for (int threads = 1; threads < 4; threads += 2)
        for (int bias = 0; bias < 2; bias++) {
            graph g;
            graph_open(&g, RECUR_F32, &(recur_options){.threads = threads});
            recur_tensor *x = graph_param(&g, "x", (dims)DIMS(MANY, I), -1, 1, 1);
            recur_tensor *w = graph_param(&g, "w", (dims)DIMS(O, I), -1, 1, 2);
            recur_tensor *once = graph_param(&g, "once", (dims)DIMS(O, I), -1, 1, 2);
            recur_tensor *b = bias ? graph_param(&g, "b", (dims)DIMS(O), -1, 1, 3) : NULL;
            for (int step = 0; step < 3; step++) {
                recur_tape_begin(g.tp, RECUR_INFER);
                recur_f32(w)[77] = recur_f32(once)[77] = (float)step;
                recur_tensor *first = recur_linear(g.tp, x, once, b), *few = recur_slice(g.tp, x, 0, 0, M, 1);
                for (int use = 0; use < 4; use++) {
                    recur_tensor *y = recur_linear(g.tp, use < 3 ? few : x, w, b);
                    assert_memory_equal(recur_f32(y), recur_f32(first),
                                        (size_t)recur_count(y) * sizeof(float));
                }
            }
            graph_close(&g);
        }
}

/* One operand that meets a whole batch: its gradient adds up in the order of the batch, whoever computes it. */
static void test_shared_operand(void **state)
{
    enum { BATCH = 200, M = 33, K = 40, N = 32 };
    (void)state;
    for (int side = 0; side < 2; side++)
        for (int threads = 1; threads < 8; threads += 2) {
            graph g;
            graph_open(&g, RECUR_F64, &(recur_options){.threads = threads});
            recur_tensor *a = graph_param(&g, "a", (dims){3, {side ? BATCH : 1, M, K}}, -1, 1, 1);
            recur_tensor *b = graph_param(&g, "b", (dims){3, {side ? 1 : BATCH, K, N}}, -1, 1, 2);
            recur_tensor *y = recur_matmul(g.tp, a, b);
            assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, RECUR_ALL_AXES, false)), RECUR_OK);
            for (int64_t k = 0; k < K;
                 k++) { /* da[i, k] = sum over batch and j of b[k, j]; db[k, j] likewise */
                double want = 0.0;
                for (int64_t s = 0; s < BATCH; s++) {
                    double sum = 0.0;
                    for (int64_t j = 0; j < (side ? M : N); j++)
                        sum += side ? recur_item(a, (s * M + j) * K + k) : recur_item(b, (s * K + k) * N + j);
                    want += sum;
                }
                double got = recur_item(recur_grad(side ? b : a), side ? k * N + 3 : 3 * K + k);
                assert_true(fabs(got - want) < 1e-10);
            }
            graph_close(&g);
        }
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *a = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3), 0, 1, 0);
    recur_tensor *b = graph_input(g.tp, RECUR_F64, (dims)DIMS(5, 3, 4), 0, 1, 0);
    recur_tensor *s = graph_input(g.tp, RECUR_F64, (dims){0, {0}}, 0, 1, 0);
    recur_tensor *v = graph_input(g.tp, RECUR_F64, (dims)DIMS(7), 0, 1, 0);
    check_error(&g, recur_matmul(g.tp, a, a), RECUR_ESHAPE,
                "matmul: shapes [2, 3] and [2, 3] cannot be multiplied");
    check_error(&g, recur_matmul(g.tp, a, v), RECUR_ESHAPE, "matmul: shapes [2, 3] and [7]");
    recur_tensor *c = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 4, 6), 0, 1, 0);
    check_error(&g, recur_matmul(g.tp, b, c), RECUR_ESHAPE, "matmul: shapes [5, 3, 4] and [2, 4, 6]");
    check_error(&g, recur_matmul(g.tp, a, s), RECUR_ESHAPE,
                "matmul: both operands must have at least 1 axis, but they have 2 and 0");
    check_error(&g, recur_linear(g.tp, a, b, NULL), RECUR_ESHAPE,
                "linear: the weight must have 2 axes, but its shape is [5, 3, 4]");
    recur_tensor *w = graph_input(g.tp, RECUR_F64, (dims)DIMS(4, 5), 0, 1, 0);
    check_error(&g, recur_linear(g.tp, a, w, NULL), RECUR_ESHAPE,
                "linear: x [2, 3] must end in an axis of length 5: the weight is [4, 5]");
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 5), 0, 1, 0);
    check_error(&g, recur_linear(g.tp, x, w, v), RECUR_ESHAPE,
                "linear: the bias must have shape [4], but has [7]");
    check_error(&g, recur_linear(g.tp, x, NULL, v), RECUR_EINVAL, "linear: the weight is NULL");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matmul_gradients), cmocka_unit_test(test_linear_gradients),
        cmocka_unit_test(test_shapes),           cmocka_unit_test(test_rows),
        cmocka_unit_test(test_used_again),       cmocka_unit_test(test_shared_operand),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
