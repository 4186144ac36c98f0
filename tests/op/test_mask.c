// SPDX-License-Identifier: MIT
/* Locked dropout and dropout of words: gradients, what a mask depends on and what it does not, statistics; masks of
 * rows that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "op/mask.h"
#include "support/graph.h"

static recur_tensor *apply_locked(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    return recur_locked_dropout(tp, p[0], (double)o[0] / 10.0, o[1]);
}

static recur_tensor *apply_words(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_tensor *ids = graph_i64(tp, (dims)DIMS(2, 4), (int64_t[]){3, 0, 3, 5, 6, 3, 0, 1});
    return recur_word_dropout(tp, p[0], ids, (double)o[0] / 10.0);
}

static void test_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "locked",
         .f = apply_locked,
         .shape = {DIMS(5, 3, 7)},
         .n = 1,
         .options = {5},
         .mode = RECUR_TRAIN},
        {.name = "batch first",
         .f = apply_locked,
         .shape = {DIMS(3, 5, 70)},
         .n = 1,
         .options = {3, 1},
         .mode = RECUR_TRAIN},
        {.name = "none",
         .f = apply_locked,
         .shape = {DIMS(5, 3, 7)},
         .n = 1,
         .options = {0},
         .mode = RECUR_TRAIN},
        {.name = "all",
         .f = apply_locked,
         .shape = {DIMS(5, 3, 7)},
         .n = 1,
         .options = {10},
         .mode = RECUR_TRAIN},
        {.name = "evaluation",
         .f = apply_locked,
         .shape = {DIMS(5, 3, 7)},
         .n = 1,
         .options = {5},
         .mode = RECUR_EVAL},
        {.name = "no step",
         .f = apply_locked,
         .shape = {DIMS(0, 3, 7)},
         .n = 1,
         .options = {5},
         .mode = RECUR_TRAIN},
        {.name = "words",
         .f = apply_words,
         .shape = {DIMS(2, 4, 5)},
         .n = 1,
         .options = {5},
         .mode = RECUR_TRAIN},
        {.name = "all words",
         .f = apply_words,
         .shape = {DIMS(2, 4, 5)},
         .n = 1,
         .options = {10},
         .mode = RECUR_TRAIN},
        {.name = "evaluated words",
         .f = apply_words,
         .shape = {DIMS(2, 4, 5)},
         .n = 1,
         .options = {5},
         .mode = RECUR_EVAL},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

static recur_tensor *ones(recur_tape *tp, dims shape)
{
    return recur_affine(tp, recur_input(tp, RECUR_F32, shape.rank, shape.n, NULL), 0.0, 1.0);
}

/* [B, T, F] and [T, B, F] have the same masks, at every step; and a batch with more steps or more sequences has them
 * too. */
static void test_what_a_mask_depends_on(void **state)
{
    (void)state;
    enum { B = 5, T = 4, F = 130, MORE = 9 };
    graph g;
    graph_open(&g, RECUR_F32, &(recur_options){.threads = 3});
    static const dims shape[] = {DIMS(T, B, F), DIMS(B, T, F), DIMS(T + MORE, B, F), DIMS(B + MORE, T, F)};
    static float mask[B][F];
    for (int k = 0; k < 4; k++) {
        recur_tape_set_step(g.tp, 4);
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_tensor *y = recur_locked_dropout(g.tp, ones(g.tp, shape[k]), 0.4, k & 1);
        for (int64_t b = 0; b < B; b++)
            for (int64_t t = 0; t < T; t++)
                for (int64_t f = 0; f < F; f++) {
                    float m = recur_f32(y)[((k & 1 ? b * T + t : t * B + b)) * F + f];
                    mask[b][f] = k == 0 && t == 0 ? m : mask[b][f];
                    assert_true(m == mask[b][f] && (m == 0.0f || m == (float)(1 / 0.6)));
                }
    }
    int64_t same = 0;
    for (int64_t f = 0; f < F; f++)
        same += mask[0][f] == mask[1][f];
    assert_in_range(same, F * 0.52 - 30, F * 0.52 + 30);
    graph_close(&g);
}

static double share_of_zeros(recur_tensor *y)
{
    int64_t zeros = 0;
    for (int64_t i = 0; i < recur_count(y); i++)
        zeros += recur_item(y, i) == 0;
    return (double)zeros / (double)recur_count(y);
}

static void test_shares(void **state)
{
    (void)state;
    enum { B = 100, F = 100, V = 10000 };
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    for (int tenth = 0; tenth <= 10; tenth++) {
        double p = tenth / 10.0, spread = 4.5 * sqrt(p * (1 - p) / (B * F));
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_tensor *y = recur_locked_dropout(g.tp, ones(g.tp, (dims)DIMS(1, B, F)), p, false);
        assert_true(fabs(share_of_zeros(y) - p) <= spread);
        recur_tensor *ids = recur_input(g.tp, RECUR_I64, 1, (int64_t[]){V}, NULL);
        for (int64_t i = 0; i < V; i++)
            recur_i64(ids)[i] = i;
        recur_tensor *w = recur_word_dropout(g.tp, ones(g.tp, (dims)DIMS(V, 1)), ids, p);
        assert_true(fabs(share_of_zeros(w) - p) <= spread);
    }
    graph_close(&g);
}

/* A word is dropped everywhere or nowhere, whatever words stand beside it. */
static void test_words(void **state)
{
    (void)state;
    enum { N = 400, V = 40 };
    graph g;
    float factor[V];
    for (int v = 0; v < V; v++)
        factor[v] = -1.0f;
    graph_open(&g, RECUR_F32, NULL);
    for (int64_t shift = 0; shift < 3; shift++) {
        recur_tape_set_step(g.tp, 8);
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_tensor *ids = recur_input(g.tp, RECUR_I64, 2, (int64_t[]){N / 8, 8}, NULL);
        for (int64_t i = 0; i < N; i++)
            recur_i64(ids)[i] = i * (7 + 2 * shift) % V;
        recur_tensor *y = recur_word_dropout(g.tp, ones(g.tp, (dims)DIMS(N / 8, 8, 3)), ids, 0.5);
        for (int64_t i = 0; i < 3 * N; i++) {
            float *f = &factor[recur_i64(ids)[i / 3]];
            *f = *f < 0 ? recur_f32(y)[i] : *f;
            assert_true(*f == recur_f32(y)[i] && (*f == 0.0f || *f == 2.0f));
        }
    }
    graph_close(&g);
}

/* Rows that come and go: order {2, 0, 1}, lengths 3, 2, 2. The locked mask of packed rows is that of the sequence in
 * a [T, B, F] array; the mask of each step is new, and does not depend on the others' lengths. */
static void test_packed_rows(void **state)
{
    (void)state;
    enum { F = 67, B = 3, T = 3, N = 7 };
    static const int64_t order[] = {2, 0, 1}, offset[] = {0, 3, 6, 7}, dense[] = {0, 3, 6, 9};
    static const int64_t sequence[] = {2, 0, 1, 2, 0, 1, 2};
    const rcr_rows packed = {T, B, offset, order}, all = {T, B, dense, order};
    graph g;
    float padded[B][F];
    graph_open(&g, RECUR_F32, NULL);
    recur_tape_set_step(g.tp, 2);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *y = recur_locked_dropout(g.tp, ones(g.tp, (dims)DIMS(T, B, F)), 0.5, false);
    memcpy(padded, recur_f32(y), sizeof padded);
    recur_tape_set_step(g.tp, 2);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *x = ones(g.tp, (dims)DIMS(N, F));
    recur_tensor *rows = rcr_locked_dropout(g.tp, &packed, x, 0.5);
    for (int64_t n = 0; n < N; n++)
        assert_memory_equal(recur_f32(rows) + n * F, padded[sequence[n]], sizeof padded[0]);
    recur_tape_set_step(g.tp, 2);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *some = rcr_mask(g.tp, &packed, ones(g.tp, (dims)DIMS(1)), F, false, 0.5, 1, 0);
    float first[N][F];
    memcpy(first, recur_f32(some), sizeof first);
    assert_memory_not_equal(first[0], first[3], sizeof first[0]);
    recur_tape_set_step(g.tp, 2);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *full = rcr_mask(g.tp, &all, ones(g.tp, (dims)DIMS(1)), F, false, 0.5, 1, 0);
    assert_memory_equal(recur_f32(full), first, sizeof first);
    graph_close(&g);
}

/* Exact zeros even where the argument is not finite; gradients too. */
static void test_not_finite(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *x = recur_track(graph_f64(g.tp, (dims)DIMS(1, 1, 2), (double[]){NAN, INFINITY}));
    recur_tensor *y = recur_locked_dropout(g.tp, x, 1.0, true);
    recur_tensor *w = recur_word_dropout(g.tp, x, graph_i64(g.tp, (dims)DIMS(1, 1), (int64_t[]){9}), 1.0);
    check_tensor(y, (dims)DIMS(1, 1, 2), (double[]){0, 0});
    check_tensor(w, (dims)DIMS(1, 1, 2), (double[]){0, 0});
    recur_tensor *sum = recur_sum(g.tp, recur_add(g.tp, y, w), RECUR_ALL_AXES, false);
    assert_int_equal(recur_backward(g.tp, sum), RECUR_OK);
    check_tensor(recur_grad(x), (dims)DIMS(1, 1, 2), (double[]){0, 0});
    graph_close(&g);
}

static void test_embedding_layer(void **state)
{
    (void)state;
    graph g;
    recur_embedding_layer l;
    graph_open(&g, RECUR_F64, NULL);
    assert_int_equal(recur_embedding_create(&l, g.ps, "e", 50, 3, RECUR_NO_PADDING), RECUR_OK);
    assert_true(l.dropout == 0.0);
    l.dropout = 0.5;
    for (int train = 0; train < 2; train++) {
        recur_tape_begin(g.tp, train ? RECUR_TRAIN : RECUR_EVAL);
        recur_tensor *ids = recur_input(g.tp, RECUR_I64, 1, (int64_t[]){50}, NULL);
        for (int64_t i = 0; i < 50; i++)
            recur_i64(ids)[i] = i;
        recur_tensor *y = recur_embedding_forward(g.tp, &l, ids);
        int64_t dropped = 0;
        for (int64_t i = 0; i < 150; i++) {
            dropped += recur_item(y, i) == 0;
            if (recur_item(y, i) != 0)
                assert_true(recur_item(y, i) == recur_item(l.weight, i) * (train ? 2 : 1));
        }
        assert_true(train ? dropped > 30 && dropped < 120 && dropped % 3 == 0 : dropped == 0);
    }
    graph_close(&g);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3, 4), 1, 2, 0);
    recur_tensor *flat = graph_input(g.tp, RECUR_F64, (dims)DIMS(3, 4), 1, 2, 0);
    recur_tensor *ids = graph_i64(g.tp, (dims)DIMS(3), (int64_t[]){1, 2, 3});
    check_error(&g, recur_locked_dropout(g.tp, x, 1.5, true), RECUR_EINVAL,
                "locked dropout: the probability must be in 0 .. 1, not 1.5");
    check_error(&g, recur_locked_dropout(g.tp, flat, 0.5, true), RECUR_ESHAPE, "must have 3 axes");
    check_error(&g, recur_locked_dropout(g.tp, NULL, 0.5, true), RECUR_EINVAL, "the argument is NULL");
    check_error(&g, recur_word_dropout(g.tp, flat, ids, NAN), RECUR_EINVAL, "word dropout: the probability");
    check_error(&g, recur_word_dropout(g.tp, x, ids, 0.5), RECUR_ESHAPE, "the ids must have shape [2, 3]");
    check_error(&g, recur_word_dropout(g.tp, flat, flat, 0.5), RECUR_EDTYPE, "the ids must be int64");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),       cmocka_unit_test(test_what_a_mask_depends_on),
        cmocka_unit_test(test_shares),          cmocka_unit_test(test_words),
        cmocka_unit_test(test_packed_rows),     cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_embedding_layer), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
