// SPDX-License-Identifier: MIT
/* Linear and Embedding as layers: names, initial numbers, forward, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

#include <string.h>

static double mean_of(const recur_tensor *t, int power)
{
    double sum = 0.0;
    for (int64_t i = 0; i < recur_count(t); i++)
        sum += pow(recur_item(t, i), power) / (double)recur_count(t);
    return sum;
}

static void test_linear(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    recur_linear_layer l, plain;
    assert_int_equal(recur_linear_create(&l, g.ps, "head", 400, 90, true), RECUR_OK);
    assert_int_equal(recur_linear_create(&plain, g.ps, NULL, 3, 2, false), RECUR_OK);
    assert_string_equal(recur_name(l.weight), "head.weight");
    assert_string_equal(recur_name(l.bias), "head.bias");
    assert_string_equal(recur_name(plain.weight), "weight");
    assert_null(plain.bias);
    check_shape(l.weight, (dims)DIMS(90, 400));
    check_shape(l.bias, (dims)DIMS(90));
    for (int64_t i = 0; i < recur_count(l.weight); i++)
        assert_true(fabs(recur_item(l.weight, i)) <= 0.05);
    assert_true(fabs(mean_of(l.weight, 1)) < 5e-4);
    assert_true(fabs(mean_of(l.weight, 2) / (0.0025 / 3) - 1) < 0.03);
    assert_true(mean_of(l.bias, 2) > 0.0 && recur_item(l.bias, 0) != recur_item(l.weight, 0));
    recur_tensor *x = graph_input(g.tp, RECUR_F32, (dims)DIMS(2, 3), 0, 1, 0),
                 *y = recur_linear_forward(g.tp, &plain, x);
    check_shape(y, (dims)DIMS(2, 2));
    double want = 0.0;
    for (int64_t i = 0; i < 3; i++)
        want += recur_item(x, 3 + i) * recur_item(plain.weight, i);
    assert_true(fabs(recur_item(y, 2) - want) < 1e-6);
    graph_close(&g);
}

static void test_embedding(void **state)
{
    (void)state;
    for (int64_t padding = -2; padding < 2; padding++) {
        graph g;
        graph_open(&g, RECUR_F64, NULL);
        recur_embedding_layer l;
        assert_int_equal(recur_embedding_create(&l, g.ps, "e", 300, 40, padding), RECUR_OK);
        int64_t row = (padding + 300) % 300;
        assert_string_equal(recur_name(l.weight), "e.weight");
        assert_int_equal(l.padding_idx, row);
        for (int64_t i = 0; i < 40; i++)
            assert_true(recur_item(l.weight, row * 40 + i) == 0);
        assert_true(recur_item(l.weight, (row + 1) % 300 * 40) != 0);
        assert_true(fabs(mean_of(l.weight, 1)) < 0.04 && fabs(mean_of(l.weight, 2) - 299.0 / 300) < 0.05);
        recur_tensor *y =
            recur_embedding_forward(g.tp, &l, graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){row, 7}));
        assert_true(recur_item(y, 41) == recur_item(l.weight, 7 * 40 + 1) && recur_item(y, 3) == 0);
        graph_close(&g);
    }
}

/* The seed and the position decide, nothing else. */
static void test_numbers(void **state)
{
    (void)state;
    double first[3] = {0};
    for (int run = 0; run < 3; run++) {
        graph g;
        graph_open(&g, run == 1 ? RECUR_F32 : RECUR_F64,
                   &(recur_options){.threads = run + 1, .isa = run ? "portable" : NULL});
        recur_linear_layer a, b;
        assert_int_equal(recur_linear_create(&a, g.ps, "a", 5, 7, true), RECUR_OK);
        if (run == 2)
            recur_init_constant(g.ps, a.weight, 3.0);
        assert_int_equal(recur_linear_create(&b, g.ps, run ? "other name" : "b", 5, 7, true), RECUR_OK);
        const double got[3] = {recur_item(a.bias, 6), recur_item(b.weight, 34), recur_item(b.bias, 0)};
        for (int i = 0; i < 3; i++) {
            first[i] = run == 0 ? got[i] : first[i];
            assert_true(got[i] == (run == 1 ? (double)(float)first[i] : first[i]));
        }
        assert_true(got[0] != got[1] && got[1] != got[2]);
        graph_close(&g);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_linear_layer l;
    recur_embedding_layer e;
    const char *text;
    assert_int_equal(recur_linear_create(&l, g.ps, "l", -1, 2, true), RECUR_ESHAPE);
    assert_null(l.weight);
    recur_clear(g.cx);
    assert_int_equal(recur_embedding_create(&e, g.ps, "e", 4, 2, 4), RECUR_EINVAL);
    recur_error(g.cx, &text);
    assert_string_equal(text, "embedding: padding_idx 4 is outside the table of 4 rows");
    char long_prefix[600];
    memset(long_prefix, 'p', sizeof long_prefix - 1);
    long_prefix[sizeof long_prefix - 1] = 0;
    assert_int_equal(recur_linear_create(&l, g.ps, long_prefix, 1, 2, true), RECUR_EINVAL);
    recur_error(g.cx, &text);
    assert_non_null(strstr(text, "the name of parameter weight has 606 characters"));
    recur_clear(g.cx);
    assert_int_equal(recur_linear_create(&l, g.ps, "none", 0, 2, true), RECUR_OK);
    assert_true(recur_item(l.bias, 0) == 0 && recur_item(l.bias, 1) == 0);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3), 0, 1, 0);
    check_error(&g, recur_linear_forward(g.tp, &l, x), RECUR_ESHAPE,
                "linear: x [2, 3] must end in an axis of length 0");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_embedding),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
