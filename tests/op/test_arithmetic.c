// SPDX-License-Identifier: MIT
/* add, sub, mul, div, affine: gradients for every pattern of broadcasting, values, refusals, empty arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

typedef recur_tensor *binary(recur_tape *tp, recur_tensor *a, recur_tensor *b);
static binary *const operations[] = {recur_add, recur_sub, recur_mul, recur_div};

static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *options)
{
    return operations[options[0]](tp, p[0], p[1]);
}

static const dims patterns[][2] = {
    {DIMS(5), DIMS(5)},
    {DIMS(2, 3, 4), DIMS(2, 3, 4)},
    {DIMS(4, 3), DIMS(3)},
    {DIMS(3), DIMS(4, 3)},
    {DIMS(4, 3), DIMS(4, 1)},
    {DIMS(4, 1), DIMS(1, 3)},
    {DIMS(2, 1, 4), DIMS(3, 1)},
    {DIMS(2, 3, 4), {0}},
    {{0}, DIMS(2, 3)},
    {{0}, {0}},
    {DIMS(1), DIMS(1)},
    {DIMS(1, 1), DIMS(5)},
    {DIMS(2, 1, 3, 1, 2), DIMS(1, 4, 3, 2, 1)},
    {DIMS(2, 0, 3), DIMS(3)},
    {DIMS(2, 1), DIMS(2, 0)},
    {DIMS(1700, 60), DIMS(1700, 60)},
    {DIMS(1700, 60), DIMS(60)},
    {DIMS(1700, 60), DIMS(1700, 1)},
};

static void test_gradients(void **state)
{
    (void)state;
    for (int op = 0; op < 4; op++)
        for (size_t i = 0; i + 3 < sizeof patterns / sizeof *patterns; i++) {
            gradient_case c = {"pair", apply,     {patterns[i][0], patterns[i][1]}, 2, {op}, 0.5,
                               2.0,    RECUR_EVAL};
            check_gradients(&c, 1);
        }
}

/* Arrays that are cut into ranges: the gradients by the rule, in both types, with any number of threads. */
static void test_large(void **state)
{
    (void)state;
    size_t count = sizeof patterns / sizeof *patterns;
    for (int op = 0; op < 4; op++)
        for (size_t i = count - 3; i < count; i++)
            for (int threads = 1; threads < 8; threads += 2) {
                graph g;
                graph_open(&g, RECUR_F64, &(recur_options){.threads = threads});
                recur_tensor *a = graph_param(&g, "a", patterns[i][0], 0.5, 2.0, 1);
                recur_tensor *b = graph_param(&g, "b", patterns[i][1], 0.5, 2.0, 2);
                recur_tensor *y = operations[op](g.tp, a, b);
                assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, RECUR_ALL_AXES, false)), RECUR_OK);
                int64_t n = 60, repeat = recur_count(b) == n ? 1700 : recur_count(b) == 1700 ? n : 1;
                int64_t k = recur_count(a) - 1, j = recur_count(b) - 1;
                double x = recur_item(a, k), z = recur_item(b, j), sum = 0.0;
                for (int64_t r = 0; r < repeat; r++)
                    sum += recur_item(a, recur_count(b) == n ? r * n + j : k - r);
                const double da[] = {1.0, 1.0, z, 1.0 / z},
                             db[] = {1.0 * (double)repeat, -(double)repeat, sum, -sum / (z * z)};
                const double want[] = {x + z, x - z, x * z, x / z};
                assert_true(fabs(recur_item(y, k) - want[op]) < 1e-12);
                assert_true(fabs(recur_item(recur_grad(a), k) - da[op]) < 1e-12);
                assert_true(fabs(recur_item(recur_grad(b), j) - db[op]) < 1e-9);
                graph_close(&g);
            }
}

static void test_values(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *a = graph_f64(g.tp, (dims)DIMS(2, 2), (double[]){1, -2, 3, INFINITY});
    recur_tensor *b = graph_f64(g.tp, (dims)DIMS(2), (double[]){2, 0});
    check_tensor(recur_add(g.tp, a, b), (dims)DIMS(2, 2), (double[]){3, -2, 5, INFINITY});
    check_tensor(recur_sub(g.tp, b, a), (dims)DIMS(2, 2), (double[]){1, 2, -1, -INFINITY});
    check_tensor(recur_mul(g.tp, a, b), (dims)DIMS(2, 2), (double[]){2, -0.0, 6, NAN});
    check_tensor(recur_div(g.tp, a, b), (dims)DIMS(2, 2), (double[]){0.5, -INFINITY, 1.5, INFINITY});
    check_tensor(recur_affine(g.tp, b, -3, 0.5), (dims)DIMS(2), (double[]){-5.5, 0.5});
    graph_close(&g);
}

static recur_tensor *affine(recur_tape *tp, recur_tensor *const *p, const int64_t *options)
{
    return recur_affine(tp, p[0], (double)options[0] / 4.0, (double)options[1]);
}

/* The same tensor on both sides gets both gradients. */
static recur_tensor *square(recur_tape *tp, recur_tensor *const *p, const int64_t *options)
{
    return options[0] ? recur_div(tp, recur_mul(tp, p[0], p[0]), p[0]) : recur_mul(tp, p[0], p[0]);
}

static void test_other_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "affine", .f = affine, .shape = {DIMS(3, 2)}, .n = 1, .options = {7, -2}},
        {.name = "affine 0", .f = affine, .shape = {DIMS(3)}, .n = 1},
        {.name = "affine of nothing", .f = affine, .shape = {DIMS(0)}, .n = 1},
        {.name = "x x", .f = square, .shape = {DIMS(3, 2)}, .n = 1},
        {.name = "x x / x",
         .f = square,
         .shape = {DIMS(3, 2)},
         .n = 1,
         .options = {1},
         .low = 1.0,
         .high = 2.0},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *a = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3), 0, 1, 0);
    recur_tensor *b = graph_input(g.tp, RECUR_F64, (dims)DIMS(4), 0, 1, 0);
    recur_tensor *c = graph_input(g.tp, RECUR_F32, (dims)DIMS(2, 3), 0, 1, 0);
    recur_tensor *i = graph_i64(g.tp, (dims)DIMS(2, 3), NULL);
    check_error(&g, recur_add(g.tp, a, b), RECUR_ESHAPE, "add: shapes [2, 3] and [4] do not broadcast");
    check_error(&g, recur_mul(g.tp, a, c), RECUR_EDTYPE,
                "mul: the second operand is float32, but the first operand is float64");
    check_error(&g, recur_sub(g.tp, i, a), RECUR_EDTYPE, "sub: the first operand must be float32 or float64");
    check_error(&g, recur_div(g.tp, a, NULL), RECUR_EINVAL, "div: the second operand is NULL");
    check_error(&g, recur_affine(g.tp, NULL, 1, 2), RECUR_EINVAL, "affine: the argument is NULL");
    recur_tensor *none = recur_add(g.tp, a, b);
    assert_null(recur_mul(g.tp, a, a)); /* stuck */
    check_error(&g, recur_exp(g.tp, none), RECUR_ESHAPE, "add: ");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_large),
        cmocka_unit_test(test_values),    cmocka_unit_test(test_other_gradients),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
