// SPDX-License-Identifier: MIT
/* Connectionist temporal classification: gradients; enumeration of all alignments; padding; bits; impossible
 * and empty targets; greedy decoding; refusals; failing allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "support/fail_alloc.h"
#include "support/graph.h"

enum { SEQUENCES = 4, LABELS = 3 };

/* Targets for a blank of class 2, with repeats, of lengths 3, 1, 0, 2; -9 is padding. */
static const int64_t padded[SEQUENCES * LABELS] = {1, 1, 3, 0, -9, -9, -9, -9, -9, 3, 0, -9},
                                        joined[] = {1, 1, 3, 0, 3, 0},
                                        target_lengths[SEQUENCES] = {3, 1, 0, 2},
                                        input_lengths[SEQUENCES] = {7, 3, 4, 5};

/* --- gradients. Options: reduction, joined targets, input lengths or not, N of the sequences --- */

static recur_tensor *loss_of(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    int64_t N = o[3];
    recur_tensor *t = o[1] ? graph_i64(tp, (dims){1, {N == SEQUENCES ? 6 : 4}}, joined)
                           : graph_i64(tp, (dims){2, {N, LABELS}}, padded);
    recur_tensor *T = o[2] ? graph_i64(tp, (dims){1, {N}}, input_lengths) : NULL,
                 *L = graph_i64(tp, (dims){1, {N}}, target_lengths);
    recur_ctc options = {.blank = 2, .reduction = (recur_reduction)o[0]};
    return recur_ctc_loss(tp, p[0], t, T, L, options);
}

static void test_gradients(void **state)
{
    (void)state;
    for (int r = RECUR_MEAN; r <= RECUR_NONE; r++)
        for (int way = 0; way < 4; way++) {
            const gradient_case cases[] = {
                {"all",
                 loss_of,
                 {DIMS(7, SEQUENCES, 4)},
                 1,
                 {r, way & 1, way & 2, SEQUENCES},
                 -3.0,
                 0.0,
                 RECUR_EVAL},
                {"two", loss_of, {DIMS(7, 2, 4)}, 1, {r, way & 1, way & 2, 2}, -3.0, 0.0, RECUR_EVAL},
                {"wide",
                 loss_of,
                 {DIMS(9, SEQUENCES, 19)},
                 1,
                 {r, way & 1, way & 2, SEQUENCES},
                 -9.0,
                 0.0,
                 RECUR_EVAL},
            };
            check_gradients(cases, sizeof cases / sizeof *cases);
        }
}

/* --- one sequence without an axis for it --- */

/* Options: reduction, lengths given or not. */
static recur_tensor *loss_of_one(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    static const int64_t labels[] = {1, 1, 3, -9};
    recur_tensor *t = graph_i64(tp, (dims){1, {o[1] ? 4 : 3}}, labels);
    recur_tensor *T = o[1] ? graph_i64(tp, (dims){0}, (int64_t[]){6}) : NULL,
                 *L = o[1] ? graph_i64(tp, (dims){1, {1}}, (int64_t[]){3}) : NULL;
    return recur_ctc_loss(tp, p[0], t, T, L, (recur_ctc){.blank = 2, .reduction = (recur_reduction)o[0]});
}

static void test_one_sequence(void **state)
{
    (void)state;
    for (int r = RECUR_MEAN; r <= RECUR_NONE; r++)
        for (int given = 0; given < 2; given++) {
            const gradient_case one = {"one",      loss_of_one, {DIMS(7, 4)}, 1,
                                       {r, given}, -3.0,        0.0,          RECUR_EVAL};
            check_gradients(&one, 1);
            graph g;
            graph_open(&g, RECUR_F64, NULL);
            recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(7, 4), -3.0, 0.0, 1);
            recur_tensor *alone = loss_of_one(g.tp, &x, one.options);
            recur_tensor *y = graph_i64(g.tp, (dims)DIMS(1, 3), (int64_t[]){1, 1, 3});
            recur_tensor *T = graph_i64(g.tp, (dims){1, {1}}, (int64_t[]){given ? 6 : 7});
            recur_tensor *batch =
                recur_ctc_loss(g.tp, recur_reshape(g.tp, x, 3, (int64_t[]){7, 1, 4}), y, T, NULL,
                               (recur_ctc){.blank = 2, .reduction = (recur_reduction)r});
            assert_non_null(alone);
            assert_int_equal(recur_rank(alone), 0);
            assert_true(recur_item(alone, 0) == recur_item(batch, 0));
            graph_close(&g);
        }
}

/* --- against enumeration --- */

enum { T = 6, C = 3 };

/* The labels of an alignment, repeats collapsed, blanks dropped. */
static int64_t collapse(const int64_t *path, int64_t blank, int64_t *labels)
{
    int64_t n = 0;
    for (int t = 0; t < T; t++)
        if (path[t] != blank && (t == 0 || path[t] != path[t - 1]))
            labels[n++] = path[t];
    return n;
}

/* -log of the summed probability of the alignments of y; share [T, C]: what each class has of each step. */
static double enumerate(const double *lp, int64_t blank, const int64_t *y, int64_t L, double *share)
{
    double sum = 0.0;
    memset(share, 0, T * C * sizeof *share);
    for (int64_t code = 0; code < 729; code++) {
        int64_t path[T], labels[T], rest = code;
        double p = 0.0;
        for (int t = 0; t < T; t++, rest /= C) {
            path[t] = rest % C;
            p += lp[t * C + path[t]];
        }
        if (collapse(path, blank, labels) != L || memcmp(labels, y, (size_t)L * sizeof *y) != 0)
            continue;
        sum += exp(p);
        for (int t = 0; t < T; t++)
            share[t * C + path[t]] += exp(p);
    }
    for (int i = 0; i < T * C && sum > 0.0; i++)
        share[i] /= sum;
    return -log(sum);
}

static void check_target(const int64_t *y, int64_t L, int64_t blank)
{
    graph g;
    double share[T * C], minus[T * C];
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_param(&g, "x", (dims)DIMS(T, 1, C), -4.0, 1.0, (unsigned)L);
    recur_tensor *t = graph_i64(g.tp, (dims){2, {1, L}}, y);
    recur_tensor *loss =
        recur_ctc_loss(g.tp, x, t, NULL, NULL, (recur_ctc){.blank = blank, .reduction = RECUR_SUM});
    double want = enumerate(recur_f64(x), blank, y, L, share);
    check_tensor(loss, (dims){0, {0}}, &want);
    assert_int_equal(recur_backward(g.tp, loss), RECUR_OK);
    for (int i = 0; i < T * C; i++)
        minus[i] = -share[i];
    check_tensor(recur_grad(x), (dims)DIMS(T, 1, C), minus);
    graph_close(&g);
}

static void test_enumeration(void **state)
{
    (void)state;
    for (int64_t blank = 0; blank < C; blank++)
        for (int64_t L = 0; L <= T; L++)
            for (int64_t code = 0; code < 1 << L; code++) {
                int64_t y[T] = {0};
                for (int64_t i = 0; i < L; i++)
                    y[i] = (blank + 1 + (code >> i & 1)) % C;
                check_target(y, L, blank);
            }
}

/* --- impossible and empty targets --- */

static void check_impossible(recur_reduction r, bool zero, const double *want)
{
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_param(&g, "x", (dims)DIMS(3, 2, 3), -1.0, 0.0, 0);
    for (int i = 0; i < 18; i++)
        recur_f64(x)[i] = -1.0;
    recur_tensor *t = graph_i64(g.tp, (dims)DIMS(2, 2), (int64_t[]){1, 1, 2, -1}),
                 *n = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){2, 3}),
                 *m = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){2, 1});
    recur_tensor *loss = recur_ctc_loss(g.tp, x, t, n, m, (recur_ctc){.reduction = r, .zero_infinity = zero});
    check_tensor(loss, r == RECUR_NONE ? (dims)DIMS(2) : (dims){0, {0}}, want);
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, loss, RECUR_ALL_AXES, false)), RECUR_OK);
    for (int i = 0; i < 18; i++)
        assert_true(i / 3 % 2 ? isfinite(recur_item(recur_grad(x), i)) : recur_item(recur_grad(x), i) == 0.0);
    graph_close(&g);
}

/* Two equal labels need three steps. The other target has 6 alignments of e^-3. */
static void test_impossible(void **state)
{
    double six = 3.0 - log(6.0);
    (void)state;
    check_impossible(RECUR_NONE, false, (double[]){INFINITY, six});
    check_impossible(RECUR_NONE, true, (double[]){0.0, six});
    check_impossible(RECUR_SUM, false, (double[]){INFINITY});
    check_impossible(RECUR_SUM, true, (double[]){six});
    check_impossible(RECUR_MEAN, true, (double[]){six / 2.0});
}

/* Over no step only the empty target has an alignment; a batch of nothing sums up to 0. */
static void test_empty(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_ctc none = {.reduction = RECUR_NONE}, sum = {.reduction = RECUR_SUM};
    recur_tensor *x = recur_track(graph_f64(g.tp, (dims)DIMS(2, 2, 3), (double[12]){0})),
                 *t = graph_i64(g.tp, (dims)DIMS(2, 1), (int64_t[]){1, 1}),
                 *zero = graph_i64(g.tp, (dims)DIMS(2), NULL),
                 *m = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){0, 1});
    recur_tensor *loss = recur_ctc_loss(g.tp, x, t, zero, m, none);
    check_tensor(loss, (dims)DIMS(2), (double[]){0.0, INFINITY});
    recur_tensor *nothing = recur_ctc_loss(g.tp, graph_f64(g.tp, (dims)DIMS(2, 0, 3), NULL),
                                           graph_i64(g.tp, (dims)DIMS(0, 1), NULL), NULL, NULL, sum);
    check_tensor(nothing, (dims){0, {0}}, (double[]){0.0});
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, loss, 0, false)), RECUR_OK);
    check_tensor(recur_grad(x), (dims)DIMS(2, 2, 3), (double[12]){0});
    graph_close(&g);
}

/* --- padding, threads, instructions, long sequences --- */

enum { LONG_T = 40, LONG_N = 9, LONG_C = 11, LONG_L = 13 };

typedef struct answers {
    float loss[LONG_N], dx[LONG_T * LONG_N * LONG_C];
} answers;

static void answer(answers *a, const recur_options *options, float padding)
{
    graph g;
    int64_t y[LONG_N * LONG_L], n[LONG_N], m[LONG_N];
    graph_open(&g, RECUR_F32, options);
    recur_tensor *x = graph_param(&g, "x", (dims)DIMS(LONG_T, LONG_N, LONG_C), -9.0, 0.0, 3);
    for (int64_t b = 0; b < LONG_N; b++) {
        n[b] = LONG_T - 3 * b;
        m[b] = 5 * b % LONG_L;
        for (int64_t i = 0; i < LONG_L; i++)
            y[b * LONG_L + i] = i < m[b] ? 1 + (b + i * i) % (LONG_C - 1) : (int64_t)(padding == 0.0f);
        for (int64_t t = n[b]; t < LONG_T; t++)
            for (int64_t k = 0; k < LONG_C; k++)
                recur_f32(x)[(t * LONG_N + b) * LONG_C + k] = padding;
    }
    recur_tensor *loss = recur_ctc_loss(
        g.tp, x, graph_i64(g.tp, (dims)DIMS(LONG_N, LONG_L), y), graph_i64(g.tp, (dims)DIMS(LONG_N), n),
        graph_i64(g.tp, (dims)DIMS(LONG_N), m), (recur_ctc){.reduction = RECUR_NONE});
    memcpy(a->loss, recur_f32(loss), sizeof a->loss);
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, loss, 0, false)), RECUR_OK);
    memcpy(a->dx, recur_f32(recur_grad(x)), sizeof a->dx);
    graph_close(&g);
}

static void test_bits(void **state)
{
    static const recur_options machines[] = {{.threads = 7, .isa = "portable"},
                                             {.threads = 3},
                                             {.threads = 2, .isa = "avx2"},
                                             {.threads = 1, .isa = "avx512"},
                                             {.threads = 1, .isa = "neon"}};
    static answers first, other;
    (void)state;
    answer(&first, &(recur_options){.threads = 1, .isa = "portable"}, 0.0f);
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        recur_ctx *cx;
        if (recur_ctx_create(&cx, machines + i) != RECUR_OK)
            continue;
        recur_ctx_free(cx);
        answer(&other, machines + i, i % 2 ? NAN : 1e30f);
        assert_memory_equal(&first, &other, sizeof first);
    }
}

/* float32 keeps its digits over long sequences: gradients agree with those of float64. */
static void test_long(void **state)
{
    enum { STEPS = 1500, TARGET = 400 };
    static double want[STEPS * 4];
    static int64_t y[TARGET];
    (void)state;
    for (int i = 0; i < TARGET; i++)
        y[i] = 1 + i * i % 3;
    for (int type = RECUR_F64; type >= RECUR_F32; type--) {
        graph g;
        graph_open(&g, (recur_dtype)type, NULL);
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(STEPS, 1, 4), -5.0, 0.0, 1);
        recur_tensor *loss = recur_ctc_loss(g.tp, x, graph_i64(g.tp, (dims)DIMS(1, TARGET), y), NULL, NULL,
                                            (recur_ctc){.reduction = RECUR_SUM});
        assert_int_equal(recur_backward(g.tp, loss), RECUR_OK);
        for (int i = 0; i < STEPS * 4; i++)
            if (type == RECUR_F64)
                want[i] = recur_item(recur_grad(x), i);
            else
                assert_true(fabs(recur_item(recur_grad(x), i) - want[i]) < 2e-5);
        graph_close(&g);
    }
}

/* --- greedy decoding --- */

static void test_greedy(void **state)
{
    static const double best[] = {0, 1, 1, 0, 1, 2, 2, 3, 0, 3};
    (void)state;
    for (int type = RECUR_F32; type <= RECUR_F64; type++) {
        graph g;
        int64_t labels[10], count = -1;
        graph_open(&g, (recur_dtype)type, NULL);
        recur_tensor *x = graph_input(g.tp, (recur_dtype)type, (dims)DIMS(10, 2, 4), -1.0, 0.0, 1);
        for (int t = 0; t < 10; t++) {
            int64_t at = (t * 2 + 1) * 4 + (int64_t)best[t];
            if (type == RECUR_F32)
                recur_f32(x)[at] = 1.0f;
            else
                recur_f64(x)[at] = 1.0;
        }
        assert_int_equal(recur_ctc_greedy(g.cx, x, 1, 10, 0, labels, &count), RECUR_OK);
        assert_int_equal(count, 5);
        assert_memory_equal(labels, ((int64_t[]){1, 1, 2, 3, 3}), 5 * sizeof *labels);
        assert_int_equal(recur_ctc_greedy(g.cx, x, 1, 9, 1, labels, &count), RECUR_OK);
        assert_int_equal(count, 5);
        assert_memory_equal(labels, ((int64_t[]){0, 0, 2, 3, 0}), 5 * sizeof *labels);
        recur_tensor *one = recur_reshape(g.tp, recur_slice(g.tp, x, 1, 1, 2, 1), 2, (int64_t[]){10, 4});
        assert_int_equal(recur_ctc_greedy(g.cx, one, 0, 10, 0, labels, &count), RECUR_OK);
        assert_int_equal(count, 5);
        assert_memory_equal(labels, ((int64_t[]){1, 1, 2, 3, 3}), 5 * sizeof *labels);
        assert_int_equal(recur_ctc_greedy(g.cx, one, 1, 10, 0, labels, &count), RECUR_EINVAL);
        assert_int_equal(recur_ctc_greedy(g.cx, x, 0, 0, 0, labels, &count), RECUR_OK);
        assert_int_equal(count, 0);
        assert_int_equal(recur_ctc_greedy(g.cx, x, 2, 10, 0, labels, &count), RECUR_EINVAL);
        assert_int_equal(recur_ctc_greedy(g.cx, x, 0, 11, 0, labels, &count), RECUR_EINVAL);
        assert_int_equal(recur_ctc_greedy(g.cx, x, 0, 10, 4, labels, &count), RECUR_EINVAL);
        assert_int_equal(recur_ctc_greedy(g.cx, NULL, 0, 10, 0, labels, &count), RECUR_ESHAPE);
        graph_close(&g);
    }
}

/* --- refusals --- */

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tape *tp = g.tp;
    recur_ctc o = {.reduction = RECUR_SUM}, wrong = {.blank = 4}, odd = {.reduction = (recur_reduction)7};
    recur_tensor *x = graph_f64(tp, (dims)DIMS(5, 2, 4), NULL), *flat = graph_f64(tp, (dims)DIMS(5, 4), NULL);
    recur_tensor *y = graph_i64(tp, (dims)DIMS(2, 3), (int64_t[]){1, 2, 3, 3, 4, 0}),
                 *row = graph_i64(tp, (dims)DIMS(4), (int64_t[]){1, 2, 3, 1}),
                 *three = graph_i64(tp, (dims)DIMS(3, 3), NULL);
    recur_tensor *n = graph_i64(tp, (dims)DIMS(2), (int64_t[]){3, 2}),
                 *far = graph_i64(tp, (dims)DIMS(2), (int64_t[]){1, 6});
    check_error(&g, recur_ctc_loss(tp, x, y, NULL, n, o), RECUR_EINVAL,
                "ctc_loss: label 4 of sequence 1 at position 1 is outside 0 .. 3 or is 0, the blank");
    check_error(&g, recur_ctc_loss(tp, x, y, NULL, NULL, (recur_ctc){.blank = 3}), RECUR_EINVAL,
                "ctc_loss: label 3 of sequence 0 at position 2 is outside 0 .. 3 or is 3, the blank");
    check_error(&g, recur_ctc_loss(tp, x, y, far, n, o), RECUR_EINVAL,
                "ctc_loss: input_length 6 of sequence 1 is outside 0 .. 5");
    check_error(&g, recur_ctc_loss(tp, x, y, NULL, far, o), RECUR_EINVAL,
                "ctc_loss: target_length 6 of sequence 1 is outside 0 .. 3");
    check_error(&g, recur_ctc_loss(tp, x, row, NULL, n, o), RECUR_ESHAPE,
                "ctc_loss: target_lengths add up to 5, but there are 4 labels");
    check_error(&g, recur_ctc_loss(tp, x, row, NULL, NULL, o), RECUR_EINVAL,
                "ctc_loss: targets with one axis need target_lengths");
    check_error(&g, recur_ctc_loss(tp, x, three, NULL, NULL, o), RECUR_ESHAPE,
                "ctc_loss: the targets must have shape [2, 3], but has [3, 3]");
    check_error(&g, recur_ctc_loss(tp, flat, y, NULL, NULL, o), RECUR_ESHAPE,
                "ctc_loss: log_prob must have 3 axes, but its shape is [5, 4]");
    check_error(&g, recur_ctc_loss(tp, x, x, NULL, NULL, o), RECUR_EDTYPE,
                "ctc_loss: the targets must be int64, not float64");
    check_error(&g, recur_ctc_loss(tp, x, y, NULL, n, wrong), RECUR_EINVAL,
                "ctc_loss: the blank is class 4, outside 0 .. 3");
    check_error(&g, recur_ctc_loss(tp, x, y, NULL, n, odd), RECUR_EINVAL, "ctc_loss: the reduction must be");
    check_error(&g, recur_ctc_loss(tp, NULL, y, NULL, n, o), RECUR_EINVAL, "ctc_loss: log_prob is NULL");
    graph_close(&g);
}

static recur_status work(const recur_allocator *allocator, void *argument)
{
    (void)argument;
    recur_ctx *cx = NULL;
    recur_tape *tp = NULL;
    recur_status s = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (!s)
        s = recur_tape_create(&tp, cx, 1);
    for (int i = 0; !s && i < 2; i++) {
        recur_tape_begin(tp, RECUR_TRAIN);
        recur_tensor *x = recur_track(recur_input(tp, RECUR_F32, 3, (int64_t[]){5, 2, 4}, NULL)),
                     *y = graph_i64(tp, (dims)DIMS(2, 2), (int64_t[]){1, 2, 3, 3});
        s = recur_backward(tp,
                           recur_ctc_loss(tp, recur_log_softmax(tp, x, 2), y, NULL, NULL, (recur_ctc){0}));
    }
    recur_tape_free(tp);
    recur_ctx_free(cx);
    return s;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    assert_true(fail_alloc_each(work, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),   cmocka_unit_test(test_one_sequence),
        cmocka_unit_test(test_enumeration), cmocka_unit_test(test_impossible),
        cmocka_unit_test(test_empty),       cmocka_unit_test(test_bits),
        cmocka_unit_test(test_long),        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
