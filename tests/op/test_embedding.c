// SPDX-License-Identifier: MIT
/* embedding: gradients, the padding row, repeated ids in order, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

static const int64_t ids[] = {1, 4, 1, 0, 3, 1, 0, 4};

static recur_tensor *lookup(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    const dims shapes[] = {DIMS(8), DIMS(2, 4), {0}, DIMS(0), DIMS(2, 2, 2)};
    return recur_embedding(tp, p[0], graph_i64(tp, shapes[o[0]], ids), RECUR_NO_PADDING);
}

static void test_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "line", .f = lookup, .shape = {DIMS(5, 3)}, .n = 1, .options = {0}},
        {.name = "matrix", .f = lookup, .shape = {DIMS(5, 3)}, .n = 1, .options = {1}},
        {.name = "scalar id", .f = lookup, .shape = {DIMS(5, 3)}, .n = 1, .options = {2}},
        {.name = "no ids", .f = lookup, .shape = {DIMS(5, 3)}, .n = 1, .options = {3}},
        {.name = "cube", .f = lookup, .shape = {DIMS(6, 1)}, .n = 1, .options = {4}},
        {.name = "no columns", .f = lookup, .shape = {DIMS(5, 0)}, .n = 1, .options = {0}},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

/* Read as stored, no gradient. */
static void test_padding(void **state)
{
    (void)state;
    for (int64_t padding = -5; padding < 5; padding++) {
        graph g;
        graph_open(&g, RECUR_F64, NULL);
        recur_tensor *table = graph_param(&g, "table", (dims)DIMS(5, 2), -1, 1, 0);
        recur_tensor *y = recur_embedding(g.tp, table, graph_i64(g.tp, (dims)DIMS(8), ids), padding);
        assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, RECUR_ALL_AXES, false)), RECUR_OK);
        for (int64_t i = 0; i < 8; i++)
            assert_true(recur_item(y, 2 * i) == recur_item(table, 2 * ids[i]));
        double want[5] = {2, 3, 0, 1, 2};
        want[(padding + 5) % 5] = 0;
        for (int64_t v = 0; v < 10; v++)
            assert_true(recur_item(recur_grad(table), v) == want[v / 2]);
        graph_close(&g);
    }
}

/* Many ids over several threads: each row adds up in the order of the ids. */
static void test_order(void **state)
{
    enum { V = 37, E = 19, N = 3000 };
    static int64_t many[N];
    (void)state;
    for (int i = 0; i < N; i++)
        many[i] = (i * 7 + i * i % 11) % V;
    for (int threads = 1; threads < 8; threads += 2) {
        graph g;
        graph_open(&g, RECUR_F32, &(recur_options){.threads = threads});
        recur_tensor *table = graph_param(&g, "table", (dims)DIMS(V, E), -1, 1, 0);
        recur_tensor *y =
            recur_embedding(g.tp, table, graph_i64(g.tp, (dims)DIMS(N), many), RECUR_NO_PADDING);
        recur_tensor *r = graph_input(g.tp, RECUR_F32, (dims)DIMS(N, E), -1, 1, 3);
        assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, recur_mul(g.tp, y, r), RECUR_ALL_AXES, false)),
                         RECUR_OK);
        for (int64_t v = 0; v < V; v++)
            for (int64_t e = 0; e < E; e++) {
                float want = 0.0f;
                for (int i = 0; i < N; i++)
                    want += many[i] == v ? recur_f32(r)[i * E + e] : 0.0f;
                assert_true(recur_f32(recur_grad(table))[v * E + e] == want);
            }
        graph_close(&g);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *table = graph_param(&g, "table", (dims)DIMS(4, 2), -1, 1, 0);
    recur_tensor *bad = graph_i64(g.tp, (dims)DIMS(8), ids);
    recur_tensor *negative = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){0, -1});
    check_error(&g, recur_embedding(g.tp, table, bad, RECUR_NO_PADDING), RECUR_EINVAL,
                "embedding: id 4 at position 1 is outside 0 .. 3 (the table has 4 rows)");
    check_error(&g, recur_embedding(g.tp, table, negative, RECUR_NO_PADDING), RECUR_EINVAL,
                "embedding: id -1 at position 1");
    check_error(&g, recur_embedding(g.tp, table, bad, 4), RECUR_EINVAL,
                "embedding: padding_idx 4 is outside the table of 4 rows");
    check_error(&g, recur_embedding(g.tp, table, table, 0), RECUR_EDTYPE,
                "embedding: ids must be int64, not float64");
    check_error(&g, recur_embedding(g.tp, graph_input(g.tp, RECUR_F64, (dims)DIMS(4), 0, 1, 0), bad, 0),
                RECUR_ESHAPE, "embedding: the table must have 2 axes");
    check_error(&g, recur_embedding(g.tp, NULL, bad, 0), RECUR_EINVAL, "embedding: the table is NULL");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
