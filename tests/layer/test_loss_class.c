// SPDX-License-Identifier: MIT
/* cross_entropy, nll_loss: gradients with every mixture of class weights, smoothing, ignored targets and
 * reductions, in all layouts; extremes; independence of entries; refusals. */
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
    {DIMS(5, 4), DIMS(5)},
    {DIMS(2, 4, 3), DIMS(2, 3)},
    {DIMS(4), {0}},
    {DIMS(1, 4, 21), DIMS(1, 21)},
    {DIMS(2, 4, 2, 3), DIMS(2, 2, 3)},
    {DIMS(0, 4), DIMS(0)},
    {DIMS(3, 4, 0), DIMS(3, 0)},
    {DIMS(3, 19), DIMS(3)},
};

/* options: nll, layout, weights, ignored target, 4 * smoothing, reduction */
static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_class_loss options = RECUR_CLASS_LOSS;
    int64_t C = recur_dim(p[0], recur_rank(p[0]) > 1 ? 1 : 0);
    if (o[2])
        options.weight = graph_input(tp, recur_dtype_of(p[0]), (dims){1, {C}}, 0.5, 2.0, 5);
    options.ignore_index = o[3];
    options.label_smoothing = (double)o[4] / 4.0;
    options.reduction = (recur_reduction)o[5];
    recur_tensor *t = graph_i64(tp, layouts[o[1]].target, targets);
    return (o[0] ? recur_nll_loss : recur_cross_entropy)(tp, p[0], t, options);
}

static void check_all(int nll, int layout, int r)
{
    for (int weights = 0; weights < 2; weights++)
        for (int ignore = -1; ignore < 4; ignore += 2)
            for (int smoothing = 0; smoothing < (nll ? 1 : 5); smoothing += 2) {
                gradient_case c = {
                    "classes", apply, {layouts[layout].x}, 1, {nll, layout, weights, ignore, smoothing, r},
                    -2.0,      2.0,   RECUR_EVAL};
                check_gradients(&c, 1);
            }
}

static void test_gradients(void **state)
{
    (void)state;
    for (int nll = 0; nll < 2; nll++)
        for (int layout = 0; layout < 8; layout++)
            for (int r = RECUR_MEAN; r <= RECUR_NONE; r++)
                if (r != RECUR_MEAN || (layout != 5 && layout != 6)) /* NaN */
                    check_all(nll, layout, r);
}

static void test_values(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_class_loss o = RECUR_CLASS_LOSS;
    recur_tensor *x = graph_f64(g.tp, (dims)DIMS(3, 2), (double[]){0, 0, log(3), 0, 0, log(7)});
    recur_tensor *t = graph_i64(g.tp, (dims)DIMS(3), (int64_t[]){0, 0, -100});
    o.reduction = RECUR_NONE;
    check_tensor(recur_cross_entropy(g.tp, x, t, o), (dims)DIMS(3), (double[]){log(2), log(4.0 / 3), 0});
    o.reduction = RECUR_MEAN;
    check_tensor(recur_cross_entropy(g.tp, x, t, o), (dims){0, {0}}, (double[]){log(8.0 / 3) / 2});
    check_tensor(recur_nll_loss(g.tp, x, t, o), (dims){0, {0}}, (double[]){-log(3) / 2});
    o.weight = graph_f64(g.tp, (dims)DIMS(2), (double[]){0.5, 9});
    check_tensor(recur_cross_entropy(g.tp, x, t, o), (dims){0, {0}}, (double[]){log(8.0 / 3) / 2});
    o.label_smoothing = 1.0;
    double smooth = 0.5 * (0.5 * log(2) + 9 * log(2) + 0.5 * log(4.0 / 3) + 9 * log(4.0));
    check_tensor(recur_cross_entropy(g.tp, x, t, o), (dims){0, {0}}, (double[]){smooth});
    graph_close(&g);
}

/* Everything ignored: NaN for the mean, 0 for the sum, and gradients of 0. Nothing there: the same. */
static void test_all_ignored(void **state)
{
    (void)state;
    for (int r = RECUR_MEAN; r <= RECUR_SUM; r++)
        for (int64_t N = 0; N < 3; N += 2) {
            graph g;
            graph_open(&g, RECUR_F64, NULL);
            recur_class_loss o = RECUR_CLASS_LOSS;
            o.reduction = (recur_reduction)r;
            recur_tensor *x = graph_param(&g, "x", (dims){2, {N, 3}}, -1, 1, 0);
            recur_tensor *t = graph_i64(g.tp, (dims){1, {N}}, (int64_t[]){-100, -100});
            recur_tensor *y = recur_cross_entropy(g.tp, x, t, o);
            check_tensor(y, (dims){0, {0}}, (double[]){r == RECUR_MEAN ? NAN : 0});
            assert_int_equal(recur_backward(g.tp, y), RECUR_OK);
            check_tensor(recur_grad(x), (dims){2, {N, 3}}, (double[6]){0});
            graph_close(&g);
        }
}

static void test_extremes(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_class_loss o = RECUR_CLASS_LOSS;
    o.reduction = RECUR_NONE;
    recur_tensor *x =
        recur_track(graph_f64(g.tp, (dims)DIMS(3, 2), (double[]){1e4, -1e4, 1e4, -1e4, -1e4, -1e4}));
    recur_tensor *t = graph_i64(g.tp, (dims)DIMS(3), (int64_t[]){0, 1, 0});
    recur_tensor *y = recur_cross_entropy(g.tp, x, t, o);
    check_tensor(y, (dims)DIMS(3), (double[]){0, 2e4, log(2)});
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
    check_tensor(recur_grad(x), (dims)DIMS(3, 2), (double[]){0, 0, 1, -1, -0.5, 0.5});
    graph_close(&g);
}

/* NaN in an ignored entry reaches nothing, in either layout. */
static void test_ignored_nan(void **state)
{
    (void)state;
    for (int inner = 1; inner < 4; inner += 2)
        for (int smoothing = 0; smoothing < 2; smoothing++) {
            double gradient[2][24], value[2];
            for (int nan = 0; nan < 2; nan++) {
                graph g;
                graph_open(&g, RECUR_F64, NULL);
                recur_class_loss o = RECUR_CLASS_LOSS;
                o.label_smoothing = 0.1 * smoothing;
                recur_tensor *x =
                    graph_param(&g, "x", inner == 1 ? (dims)DIMS(6, 4) : (dims)DIMS(2, 4, 3), -1, 1, 0);
                for (int c = 0; nan && c < 4; c++)
                    recur_f64(x)[inner == 1 ? 4 + c : 1 + 3 * c] = (double)NAN; /* entry 1 */
                recur_tensor *t = graph_i64(g.tp, inner == 1 ? (dims)DIMS(6) : (dims)DIMS(2, 3),
                                            (int64_t[]){1, -100, 0, 3, 2, 2});
                recur_tensor *y = recur_cross_entropy(g.tp, x, t, o);
                assert_int_equal(recur_backward(g.tp, y), RECUR_OK);
                value[nan] = recur_item(y, 0);
                memcpy(gradient[nan], recur_f64(recur_grad(x)), sizeof gradient[nan]);
                graph_close(&g);
            }
            assert_true(value[0] == value[1]);
            assert_memory_equal(gradient[0], gradient[1], sizeof gradient[0]);
        }
}

/* An entry's loss has the bits of the entry alone; many entries over threads give the same sum. */
static void test_entries(void **state)
{
    enum { N = 900, C = 67 };
    static int64_t target[N];
    double first = 0.0;
    (void)state;
    for (int i = 0; i < N; i++)
        target[i] = i * 7 % C;
    for (int threads = 1; threads < 8; threads += 2) {
        graph g;
        graph_open(&g, RECUR_F32, &(recur_options){.threads = threads});
        recur_class_loss o = RECUR_CLASS_LOSS;
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(N, C), -9, 9, 0),
                     *t = graph_i64(g.tp, (dims)DIMS(N), target);
        recur_tensor *mean = recur_cross_entropy(g.tp, x, t, o);
        first = threads == 1 ? recur_item(mean, 0) : first;
        assert_true(recur_item(mean, 0) == first);
        o.reduction = RECUR_NONE;
        recur_tensor *each = recur_cross_entropy(g.tp, x, t, o);
        for (int64_t i = 0; i < N; i += 97) {
            recur_tensor *one = recur_cross_entropy(g.tp, recur_slice(g.tp, x, 0, i, i + 1, 1),
                                                    recur_slice(g.tp, t, 0, i, i + 1, 1), o);
            assert_true(recur_item(one, 0) == recur_item(each, i));
        }
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
                 *w = graph_input(g.tp, RECUR_F64, (dims)DIMS(2), 0, 1, 0);
    recur_tensor *t = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){1, 3}),
                 *u = graph_i64(g.tp, (dims)DIMS(3), NULL);
    recur_tensor *ok = graph_i64(g.tp, (dims)DIMS(2), NULL),
                 *s = graph_input(g.tp, RECUR_F64, (dims){0, {0}}, 0, 1, 0);
    check_error(&g, recur_cross_entropy(g.tp, x, t, o), RECUR_EINVAL,
                "cross_entropy: target 3 at position 1 is outside 0 .. 2 and not -100, which is ignored");
    check_error(&g, recur_nll_loss(g.tp, x, u, o), RECUR_ESHAPE,
                "nll_loss: for an input [2, 3] the target must be [2], but it is [3]");
    check_error(&g, recur_cross_entropy(g.tp, x, x, o), RECUR_EDTYPE,
                "cross_entropy: the target must be int64, not float64");
    check_error(&g, recur_cross_entropy(g.tp, s, ok, o), RECUR_ESHAPE,
                "cross_entropy: the input must be [N, C] or [N, C, T], not a scalar");
    check_error(&g, recur_cross_entropy(g.tp, NULL, ok, o), RECUR_EINVAL, "cross_entropy: the input is NULL");
    o.weight = w;
    check_error(&g, recur_cross_entropy(g.tp, x, ok, o), RECUR_ESHAPE,
                "cross_entropy: the class weights must have shape [3], but has [2]");
    o.weight = NULL;
    o.label_smoothing = 1.5;
    check_error(&g, recur_cross_entropy(g.tp, x, ok, o), RECUR_EINVAL,
                "cross_entropy: label smoothing must be in 0 .. 1, not 1.5");
    o.reduction = (recur_reduction)-1;
    check_error(&g, recur_nll_loss(g.tp, x, ok, o), RECUR_EINVAL, "nll_loss: the reduction must be");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_all_ignored), cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_ignored_nan), cmocka_unit_test(test_entries),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
