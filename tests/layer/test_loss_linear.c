// SPDX-License-Identifier: MIT
/* linear_cross_entropy: gradients with every mixture of bias, class weights, smoothing, ignored targets and
 * reductions; the bits of linear and cross_entropy; the memory of one array of logits; refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

#include <string.h>

static const int64_t targets[] = {2, 0, 1, 3, 3, 1, 0, 2, 1, 1, 3, 0, 2, 2, 1, 0, 3, 1, 2, 0, 1};

static const struct {
    dims x, target;
} layouts[] = {
    {DIMS(5, 3), DIMS(5)},   {DIMS(2, 3, 2), DIMS(2, 3)}, {DIMS(3), {0}},
    {DIMS(21, 9), DIMS(21)}, {DIMS(0, 4), DIMS(0)},       {DIMS(4, 0), DIMS(4)},
};

enum { LAYOUTS = sizeof layouts / sizeof *layouts, NO_ROWS = 4 };

/* options: layout, bias, weights, ignored target, 4 * smoothing, reduction */
static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_class_loss options = RECUR_CLASS_LOSS;
    if (o[2])
        options.weight = graph_input(tp, recur_dtype_of(p[0]), (dims){1, {recur_dim(p[1], 0)}}, 0.5, 2.0, 5);
    options.ignore_index = o[3];
    options.label_smoothing = (double)o[4] / 4.0;
    options.reduction = (recur_reduction)o[5];
    recur_tensor *t = graph_i64(tp, layouts[o[0]].target, targets);
    return recur_linear_cross_entropy(tp, p[0], p[1], o[1] ? p[2] : NULL, t, options);
}

static void check_all(int layout, int bias, int r)
{
    dims x = layouts[layout].x, w = {2, {19, x.n[x.rank - 1]}};
    for (int weights = 0; weights < 2; weights++)
        for (int ignore = -1; ignore < 4; ignore += 2)
            for (int smoothing = 0; smoothing < 5; smoothing += 2) {
                gradient_case c = {"output loss", apply, {x, w, DIMS(19)}, 2 + bias, {0}, -2, 2, RECUR_EVAL};
                memcpy(c.options, (int64_t[]){layout, bias, weights, ignore, smoothing, r},
                       6 * sizeof(int64_t));
                check_gradients(&c, 1);
            }
}

static void test_gradients(void **state)
{
    (void)state;
    for (int layout = 0; layout < LAYOUTS; layout++)
        for (int bias = 0; bias < 2; bias++)
            for (int r = RECUR_MEAN; r <= RECUR_NONE; r++)
                if (r != RECUR_MEAN || layout != NO_ROWS) /* NaN */
                    check_all(layout, bias, r);
}

/* --- the composed twin --- */

enum { N = 300, C = 517, I = 37, IGNORED = 14, SIZE = N * I + C * I + C };

typedef struct outcome {
    double loss, gradient[SIZE];
} outcome;

static void fill_targets(int64_t *y)
{
    for (int64_t i = 0; i < N; i++)
        y[i] = i * 7 % 67;
}

/* The layer's output reaches the loss twice, so that its gradients are added to others. */
static recur_tensor *loss_of(recur_tape *tp, recur_tensor *const *p, bool fused, recur_class_loss o)
{
    static int64_t y[N];
    recur_tensor *sum = recur_sum(tp, recur_tanh(tp, p[0]), RECUR_ALL_AXES, false);
    fill_targets(y);
    recur_tensor *t = graph_i64(tp, (dims)DIMS(N), y);
    recur_tensor *loss = fused ? recur_linear_cross_entropy(tp, p[0], p[1], p[2], t, o)
                               : recur_cross_entropy(tp, recur_linear(tp, p[0], p[1], p[2]), t, o);
    return recur_add(tp, o.reduction == RECUR_NONE ? graph_weigh(tp, loss) : loss, sum);
}

static void run_twin(outcome *out, bool fused, recur_dtype dtype, recur_options how, recur_class_loss o,
                     bool weighted)
{
    graph g;
    graph_open(&g, dtype, &how);
    recur_tensor *p[] = {graph_param(&g, "x", (dims)DIMS(N, I), -1, 1, 0),
                         graph_param(&g, "w", (dims)DIMS(C, I), -1, 1, 1),
                         graph_param(&g, "b", (dims)DIMS(C), -1, 1, 2)};
    if (weighted)
        o.weight = graph_input(g.tp, dtype, (dims)DIMS(C), 0.5, 2.0, 5);
    recur_tensor *loss = loss_of(g.tp, p, fused, o);
    assert_int_equal(recur_backward(g.tp, loss), RECUR_OK);
    out->loss = recur_item(loss, 0);
    for (int i = 0, at = 0; i < 3; i++)
        for (int64_t j = 0; j < recur_count(p[i]); j++)
            out->gradient[at++] = recur_item(recur_grad(p[i]), j);
    graph_close(&g);
}

static void check_twins(recur_dtype dtype, recur_options how, recur_class_loss o, bool weighted)
{
    static outcome composed, fused;
    run_twin(&composed, false, dtype, (recur_options){.threads = 1}, o, weighted);
    run_twin(&fused, true, dtype, how, o, weighted);
    assert_true(composed.loss == fused.loss);
    for (int i = 0; i < SIZE; i++)
        assert_true(composed.gradient[i] == fused.gradient[i]);
}

static void test_twin(void **state)
{
    (void)state;
    for (int i = 0; i < 24; i++) {
        recur_class_loss o = RECUR_CLASS_LOSS;
        o.ignore_index = i & 1 ? IGNORED : -100;
        o.label_smoothing = i & 2 ? 0.1 : 0;
        o.reduction = (recur_reduction)(i / 8);
        for (int threads = 1; threads < 6; threads += 2)
            check_twins(RECUR_F32, (recur_options){.threads = threads}, o, i & 4);
        check_twins(RECUR_F64, (recur_options){.threads = 2, .isa = "portable"}, o, i & 4);
    }
}

/* --- memory and modes --- */

enum { ROWS = 512, WORDS = 4096, WIDTH = 8, ARRAY = ROWS * WORDS * sizeof(float) };

static recur_tensor *large_loss(graph *g, recur_tensor *const *p, recur_mode mode)
{
    static int64_t y[ROWS];
    for (int64_t i = 0; i < ROWS; i++)
        y[i] = i * 11 % WORDS;
    recur_tape_begin(g->tp, mode);
    recur_tensor *t = graph_i64(g->tp, (dims)DIMS(ROWS), y);
    return recur_linear_cross_entropy(g->tp, p[0], p[1], NULL, t, RECUR_CLASS_LOSS);
}

/* Training holds fewer than the two arrays of logits and their gradient, asking a part of one; the loss has the same
 * bits. */
static void test_memory(void **state)
{
    double loss[2];
    (void)state;
    for (int training = 0; training < 2; training++) {
        graph g;
        graph_open(&g, RECUR_F32, NULL);
        recur_tensor *p[] = {graph_param(&g, "x", (dims)DIMS(ROWS, WIDTH), -1, 1, 0),
                             graph_param(&g, "w", (dims)DIMS(WORDS, WIDTH), -1, 1, 1)};
        recur_tensor *l = large_loss(&g, p, training ? RECUR_TRAIN : RECUR_INFER);
        loss[training] = recur_item(l, 0);
        if (training)
            assert_int_equal(recur_backward(g.tp, l), RECUR_OK);
        assert_in_range(recur_tape_bytes(g.tp), ARRAY / 4, training ? 2 * ARRAY - 1 : ARRAY - 1);
        graph_close(&g);
    }
    assert_true(loss[0] == loss[1]);
}

/* --- edges --- */

static void test_ignored_nan(void **state)
{
    double loss[2], gradient[2][12];
    (void)state;
    for (int nan = 0; nan < 2; nan++) {
        graph g;
        graph_open(&g, RECUR_F64, NULL);
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(4, 2), -1, 1, 0);
        recur_tensor *w = graph_param(&g, "w", (dims)DIMS(6, 2), -1, 1, 1);
        if (nan)
            recur_f64(x)[3] = (double)NAN;
        recur_tensor *t = graph_i64(g.tp, (dims)DIMS(4), (int64_t[]){1, -100, 0, 5});
        recur_tensor *l = recur_linear_cross_entropy(g.tp, x, w, NULL, t, RECUR_CLASS_LOSS);
        assert_int_equal(recur_backward(g.tp, l), RECUR_OK);
        loss[nan] = recur_item(l, 0);
        memcpy(gradient[nan], recur_f64(recur_grad(w)), sizeof gradient[nan]);
        assert_true(recur_item(recur_grad(x), 2) == 0 && recur_item(recur_grad(x), 3) == 0);
        graph_close(&g);
    }
    assert_true(loss[0] == loss[1]);
    assert_memory_equal(gradient[0], gradient[1], sizeof gradient[0]);
}

/* Everything ignored, or nothing there: NaN for the mean, 0 for the sum, and gradients of 0. */
static void test_nothing_counts(void **state)
{
    (void)state;
    for (int r = RECUR_MEAN; r <= RECUR_SUM; r++)
        for (int64_t n = 0; n < 3; n += 2) {
            graph g;
            graph_open(&g, RECUR_F64, NULL);
            recur_class_loss o = RECUR_CLASS_LOSS;
            o.reduction = (recur_reduction)r;
            recur_tensor *x = graph_param(&g, "x", (dims){2, {n, 3}}, -1, 1, 0);
            recur_tensor *w = graph_param(&g, "w", (dims)DIMS(2, 3), -1, 1, 0);
            recur_tensor *t = graph_i64(g.tp, (dims){1, {n}}, (int64_t[]){-100, -100});
            recur_tensor *y = recur_linear_cross_entropy(g.tp, x, w, NULL, t, o);
            check_tensor(y, (dims){0, {0}}, (double[]){r == RECUR_MEAN ? NAN : 0});
            assert_int_equal(recur_backward(g.tp, y), RECUR_OK);
            check_tensor(recur_grad(x), (dims){2, {n, 3}}, (double[6]){0});
            check_tensor(recur_grad(w), (dims)DIMS(2, 3), (double[6]){0});
            graph_close(&g);
        }
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_class_loss o = RECUR_CLASS_LOSS;
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3), 0, 1, 0),
                 *w = graph_input(g.tp, RECUR_F64, (dims)DIMS(4, 3), 0, 1, 0),
                 *v = graph_input(g.tp, RECUR_F64, (dims)DIMS(4, 5), 0, 1, 0);
    recur_tensor *t = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){1, 4}),
                 *u = graph_i64(g.tp, (dims)DIMS(3), NULL), *ok = graph_i64(g.tp, (dims)DIMS(2), NULL);
    check_error(&g, recur_linear_cross_entropy(g.tp, x, w, NULL, t, o), RECUR_EINVAL,
                "linear_cross_entropy: target 4 at position 1 is outside 0 .. 3 and not -100");
    check_error(&g, recur_linear_cross_entropy(g.tp, x, w, NULL, u, o), RECUR_ESHAPE,
                "linear_cross_entropy: for an input [2, 3] the target must be [2], but it is [3]");
    check_error(&g, recur_linear_cross_entropy(g.tp, x, v, NULL, ok, o), RECUR_ESHAPE,
                "x [2, 3] must end in an axis of length 5: the weight is [4, 5]");
    check_error(&g, recur_linear_cross_entropy(g.tp, x, w, x, ok, o), RECUR_ESHAPE,
                "the bias must have shape [4], but has [2, 3]");
    check_error(&g, recur_linear_cross_entropy(g.tp, x, NULL, NULL, ok, o), RECUR_EINVAL,
                "linear_cross_entropy: the weight is NULL");
    check_error(&g, recur_linear_cross_entropy(g.tp, x, w, NULL, NULL, o), RECUR_EINVAL,
                "linear_cross_entropy: the target is NULL");
    o.weight = x;
    check_error(&g, recur_linear_cross_entropy(g.tp, x, w, NULL, ok, o), RECUR_ESHAPE,
                "the class weights must have shape [4], but has [2, 3]");
    o.weight = NULL;
    o.label_smoothing = -1;
    check_error(&g, recur_linear_cross_entropy(g.tp, x, w, NULL, ok, o), RECUR_EINVAL,
                "label smoothing must be in 0 .. 1, not -1");
    o.reduction = (recur_reduction)3;
    check_error(&g, recur_linear_cross_entropy(g.tp, x, w, NULL, ok, o), RECUR_EINVAL,
                "the reduction must be");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),      cmocka_unit_test(test_twin),
        cmocka_unit_test(test_memory),         cmocka_unit_test(test_ignored_nan),
        cmocka_unit_test(test_nothing_counts), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
