// SPDX-License-Identifier: MIT
/* dropout: statistics, the ends 0 and 1, masks that depend on seed, step and place alone; detach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    return recur_dropout(tp, p[0], (double)o[0] / 10.0);
}

static void test_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "half", .f = apply, .shape = {DIMS(4, 9)}, .n = 1, .options = {5}, .mode = RECUR_TRAIN},
        {.name = "rare", .f = apply, .shape = {DIMS(70)}, .n = 1, .options = {1}, .mode = RECUR_TRAIN},
        {.name = "none", .f = apply, .shape = {DIMS(4, 9)}, .n = 1, .options = {0}, .mode = RECUR_TRAIN},
        {.name = "all", .f = apply, .shape = {DIMS(4, 9)}, .n = 1, .options = {10}, .mode = RECUR_TRAIN},
        {.name = "evaluation", .f = apply, .shape = {DIMS(4, 9)}, .n = 1, .options = {5}, .mode = RECUR_EVAL},
        {.name = "nothing", .f = apply, .shape = {DIMS(0, 9)}, .n = 1, .options = {5}, .mode = RECUR_TRAIN},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

enum { N = 40000 };

static recur_tensor *ones(recur_tape *tp)
{
    return recur_affine(tp, recur_input(tp, RECUR_F32, 1, (int64_t[]){N}, NULL), 0.0, 1.0);
}

static int64_t count_zeros(recur_tensor *y)
{
    int64_t n = 0;
    for (int64_t i = 0; i < N; i++)
        n += recur_f32(y)[i] == 0.0f;
    return n;
}

static void test_statistics(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    for (int tenth = 0; tenth <= 10; tenth++) {
        double p = tenth / 10.0;
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_tensor *y = recur_dropout(g.tp, ones(g.tp), p);
        double share = (double)count_zeros(y) / N;
        assert_true(fabs(share - p) <= 4.5 * sqrt(p * (1 - p) / N)); /* exact at 0 and 1 */
        for (int64_t i = 0; i < N; i++)
            assert_true(recur_f32(y)[i] == 0.0f || recur_f32(y)[i] == (float)(1.0 / (1.0 - p)));
    }
    graph_close(&g);
}

/* Exact zeros even where the argument is not finite; gradients too. */
static void test_all(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *x = recur_track(graph_f64(g.tp, (dims)DIMS(3), (double[]){NAN, INFINITY, 2}));
    recur_tensor *y = recur_dropout(g.tp, x, 1.0);
    check_tensor(y, (dims)DIMS(3), (double[]){0, 0, 0});
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
    check_tensor(recur_grad(x), (dims)DIMS(3), (double[]){0, 0, 0});
    graph_close(&g);
}

static int64_t differences(recur_tensor *a, recur_tensor *b)
{
    int64_t n = 0;
    for (int64_t i = 0; i < N; i++)
        n += recur_f32(a)[i] != recur_f32(b)[i];
    return n;
}

/* A mask with its own copy, which outlives a step. */
static void mask(uint64_t seed, uint64_t step, int before, int threads, float *copy)
{
    recur_ctx *cx;
    recur_tape *tp;
    assert_int_equal(recur_ctx_create(&cx, &(recur_options){.threads = threads}), RECUR_OK);
    assert_int_equal(recur_tape_create(&tp, cx, seed), RECUR_OK);
    recur_tape_set_step(tp, step - 1);
    recur_tape_begin(tp, RECUR_TRAIN);
    recur_tensor *x = ones(tp);
    for (int i = 0; i < before; i++)
        recur_affine(tp, x, 1, 1);
    recur_tensor *y = recur_dropout(tp, x, 0.5);
    for (int64_t i = 0; i < N; i++)
        copy[i] = recur_f32(y)[i];
    recur_tape_free(tp);
    recur_ctx_free(cx);
}

static void test_masks(void **state)
{
    static float first[N], other[N];
    static const struct {
        uint64_t seed, step;
        int before, threads;
        bool same;
    } runs[] = {{5, 9, 0, 1, true},  {5, 9, 0, 3, true},   {5, 9, 0, 7, true},
                {6, 9, 0, 1, false}, {5, 10, 0, 1, false}, {5, 9, 1, 1, false}};
    (void)state;
    mask(5, 9, 0, 2, first);
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        int64_t differ = 0;
        mask(runs[r].seed, runs[r].step, runs[r].before, runs[r].threads, other);
        for (int64_t i = 0; i < N; i++)
            differ += first[i] != other[i];
        if (runs[r].same)
            assert_int_equal(differ, 0);
        else
            assert_in_range(differ, N / 2 - 500, N / 2 + 500);
    }
}

/* Ranges of a large array have masks of their own, and the gradient has that of the result. */
static void test_ranges(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, &(recur_options){.threads = 3});
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *x = recur_track(recur_input(g.tp, RECUR_F32, 1, (int64_t[]){N}, NULL));
    recur_tensor *y = recur_dropout(g.tp, recur_affine(g.tp, x, 1.0, 1.0), 0.5);
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
    for (int64_t i = 0; i < N; i++)
        assert_true(recur_f32(recur_grad(x))[i] == recur_f32(y)[i]);
    for (int64_t shift = 1 << 12; shift <= 1 << 14; shift *= 2) {
        int64_t differ = 0;
        for (int64_t i = 0; i < shift; i++)
            differ += recur_f32(y)[i] != recur_f32(y)[i + shift];
        assert_true(fabs((double)differ / (double)shift - 0.5) < 4.5 * 0.5 / sqrt((double)shift));
    }
    graph_close(&g);
}

/* Two in one step differ. */
static void test_places(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *x = ones(g.tp);
    assert_in_range(differences(recur_dropout(g.tp, x, 0.5), recur_dropout(g.tp, x, 0.5)), N / 2 - 500,
                    N / 2 + 500);
    recur_tape_begin(g.tp, RECUR_INFER);
    assert_int_equal(count_zeros(recur_dropout(g.tp, ones(g.tp), 0.5)), 0);
    graph_close(&g);
}

static void test_detach(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_param(&g, "x", (dims)DIMS(3), 1, 2, 0);
    recur_tensor *y = recur_mul(g.tp, x, recur_detach(g.tp, x));
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
    for (int64_t i = 0; i < 3; i++) {
        assert_true(recur_item(y, i) == recur_item(x, i) * recur_item(x, i));
        assert_true(recur_item(recur_grad(x), i) == recur_item(x, i));
    }
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){3, INT64_MIN});
    assert_true(recur_i64(recur_detach(g.tp, n))[1] == INT64_MIN);
    graph_close(&g);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(3), 1, 2, 0);
    check_error(&g, recur_dropout(g.tp, x, 1.5), RECUR_EINVAL,
                "dropout: the probability must be in 0 .. 1, not 1.5");
    check_error(&g, recur_dropout(g.tp, x, -0.1), RECUR_EINVAL,
                "dropout: the probability must be in 0 .. 1, not -0.1");
    check_error(&g, recur_dropout(g.tp, x, NAN), RECUR_EINVAL, "dropout: the probability");
    check_error(&g, recur_dropout(g.tp, NULL, 0.1), RECUR_EINVAL, "dropout: the argument is NULL");
    check_error(&g, recur_detach(g.tp, NULL), RECUR_EINVAL, "detach: the argument is NULL");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_statistics), cmocka_unit_test(test_all),
        cmocka_unit_test(test_masks),     cmocka_unit_test(test_places),     cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_detach),    cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
