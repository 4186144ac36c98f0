// SPDX-License-Identifier: MIT
/* mse, l1, smooth_l1, huber, bce, bce_with_logits: gradients by input and target for every reduction, edges,
 * refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

enum { MSE, L1, SMOOTH_L1, HUBER, BCE, BCE_WITH_LOGITS, LOSSES };

static recur_tensor *loss(recur_tape *tp, int which, double p, recur_tensor *x, recur_tensor *t,
                          recur_tensor *w, recur_reduction r)
{
    switch (which) {
    case MSE:
        return recur_mse_loss(tp, x, t, r);
    case L1:
        return recur_l1_loss(tp, x, t, r);
    case SMOOTH_L1:
        return recur_smooth_l1_loss(tp, x, t, p, r);
    case HUBER:
        return recur_huber_loss(tp, x, t, p, r);
    case BCE:
        return recur_bce_loss(tp, x, t, r);
    default:
        return recur_bce_with_logits(tp, x, t, w, r);
    }
}

/* options: which, reduction, 8 * parameter, index of pos_weight's shape or -1 */
static recur_tensor *apply(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    static const dims weights[] = {DIMS(3), DIMS(4, 1), {0}, DIMS(4, 3)};
    static const double numbers[] = {2, 0.5, 3, 1, 0, 4, 1.5, 2, 0.25, 1, 1, 7};
    recur_tensor *w =
        o[3] < 0 ? NULL : recur_input(tp, recur_dtype_of(p[0]), weights[o[3]].rank, weights[o[3]].n, NULL);
    for (int64_t i = 0; i < recur_count(w); i++)
        recur_f32(w) ? (void)(recur_f32(w)[i] = (float)numbers[i]) : (void)(recur_f64(w)[i] = numbers[i]);
    return loss(tp, (int)o[0], (double)o[2] / 8.0, p[0], p[1], w, (recur_reduction)o[1]);
}

/* Inputs stay away from the points where a loss bends: x in 0.05 .. 0.45, t in 0.55 .. 0.95 differ by 0.1 ..
 * 0.9. */
static recur_tensor *apart(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_tensor *t = recur_affine(tp, p[1], 1.0, 0.5);
    return apply(tp, (recur_tensor *[]){p[0], t}, o);
}

static void test_gradients(void **state)
{
    static const dims shapes[] = {DIMS(4, 3), {0}, DIMS(23), DIMS(0, 3)};
    (void)state;
    for (int which = 0; which < LOSSES; which++)
        for (int r = RECUR_MEAN; r <= RECUR_NONE; r++)
            for (int i = 0; i < 4; i++)
                for (int p = 1; p < 32; p += 15) {
                    if (r == RECUR_MEAN && i == 3)
                        continue; /* NaN */
                    gradient_case c = {"loss", apart,     {shapes[i], shapes[i]}, 2, {which, r, p, -1}, 0.05,
                                       0.45,   RECUR_EVAL};
                    check_gradients(&c, 1);
                }
}

/* Two losses in one step, so that one's memory is not what the other left there. */
static recur_tensor *both(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    const int64_t other[] = {o[0], o[1], o[2], (o[3] + 1) % 4};
    return recur_sub(tp, apply(tp, p, o), apply(tp, p, other));
}

static void test_weight_gradients(void **state)
{
    (void)state;
    for (int r = RECUR_MEAN; r <= RECUR_NONE; r++)
        for (int w = 0; w < 4; w++) {
            gradient_case c = {
                "weighed", both,      {DIMS(4, 3), DIMS(4, 3)}, 2, {BCE_WITH_LOGITS, r, 0, w}, -2.0,
                2.0,       RECUR_EVAL};
            check_gradients(&c, 1);
        }
}

/* Both sides of the bend of smooth_l1 and huber. */
static void test_bends(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    dims d = DIMS(5);
    recur_tensor *x = recur_track(graph_f64(g.tp, d, (double[]){0, 0.5, -0.5, 2, -4}));
    recur_tensor *t = recur_input(g.tp, RECUR_F64, 1, d.n, NULL);
    check_tensor(recur_l1_loss(g.tp, x, t, RECUR_NONE), d, (double[]){0, 0.5, 0.5, 2, 4});
    check_tensor(recur_smooth_l1_loss(g.tp, x, t, 0.0, RECUR_NONE), d, (double[]){0, 0.5, 0.5, 2, 4});
    check_tensor(recur_smooth_l1_loss(g.tp, x, t, 1.0, RECUR_NONE), d, (double[]){0, 0.125, 0.125, 1.5, 3.5});
    check_tensor(recur_smooth_l1_loss(g.tp, x, t, 2.0, RECUR_NONE), d, (double[]){0, 0.0625, 0.0625, 1, 3});
    check_tensor(recur_huber_loss(g.tp, x, t, 2.0, RECUR_NONE), d, (double[]){0, 0.125, 0.125, 2, 6});
    check_tensor(recur_mse_loss(g.tp, x, t, RECUR_SUM), (dims){0, {0}}, (double[]){20.5});
    check_tensor(recur_l1_loss(g.tp, x, t, RECUR_MEAN), (dims){0, {0}}, (double[]){1.4});
    recur_tensor *sum = recur_l1_loss(g.tp, x, t, RECUR_SUM);
    assert_int_equal(recur_backward(g.tp, sum), RECUR_OK);
    check_tensor(recur_grad(x), d, (double[]){0, 1, -1, 1, -1});
    graph_close(&g);
}

/* Logs are clamped at -100; the gradient is (p - t) / max(p (1 - p), 1e-12). */
static void test_bce_edges(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    dims d = DIMS(4);
    recur_tensor *x = recur_track(graph_f64(g.tp, d, (double[]){0, 1, 0, 1}));
    recur_tensor *t = graph_f64(g.tp, d, (double[]){0, 1, 1, 0});
    recur_tensor *y = recur_bce_loss(g.tp, x, t, RECUR_NONE);
    check_tensor(y, d, (double[]){0, 0, 100, 100});
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
    check_tensor(recur_grad(x), d, (double[]){0, 0, -1e12, 1e12});
    graph_close(&g);
}

static void test_logits_extremes(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    dims d = DIMS(6);
    recur_tensor *x = recur_track(graph_f64(g.tp, d, (double[]){1e4, -1e4, 1e4, -1e4, 0, -40}));
    recur_tensor *t = graph_f64(g.tp, d, (double[]){1, 0, 0, 1, 0.5, 0});
    recur_tensor *y = recur_bce_with_logits(g.tp, x, t, NULL, RECUR_NONE);
    check_tensor(y, d, (double[]){0, 0, 1e4, 1e4, log(2), exp(-40)});
    assert_true(fabs(recur_item(y, 5) / log1p(exp(-40)) - 1) < 1e-14);
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
    check_tensor(recur_grad(x), d, (double[]){0, 0, 1, -1, 0, exp(-40)});
    graph_close(&g);
}

/* A mean over many parts. */
static void test_large(void **state)
{
    (void)state;
    double first = 0.0;
    for (int threads = 1; threads < 8; threads += 2) {
        graph g;
        graph_open(&g, RECUR_F32, &(recur_options){.threads = threads});
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(50, 1111), -1, 1, 1);
        recur_tensor *t = graph_param(&g, "t", (dims)DIMS(50, 1111), -1, 1, 2);
        recur_tensor *y = recur_mse_loss(g.tp, x, t, RECUR_MEAN);
        assert_int_equal(recur_backward(g.tp, y), RECUR_OK);
        double want = 0.0, n = (double)recur_count(x);
        for (int64_t i = 0; i < recur_count(x); i++) {
            double e = recur_item(x, i) - recur_item(t, i);
            want += e * e / n;
            assert_true(fabs(recur_item(recur_grad(x), i) - 2 * e / n) < 1e-10);
            assert_true(recur_item(recur_grad(t), i) == -recur_item(recur_grad(x), i));
        }
        assert_true(fabs(recur_item(y, 0) - want) < 1e-6);
        first = threads == 1 ? recur_item(y, 0) : first;
        assert_true(recur_item(y, 0) == first);
        graph_close(&g);
    }
}

static void test_empty(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = recur_input(g.tp, RECUR_F64, 2, (int64_t[]){0, 2}, NULL);
    for (int which = 0; which < LOSSES; which++) {
        check_tensor(loss(g.tp, which, 1.0, x, x, NULL, RECUR_SUM), (dims){0, {0}}, (double[]){0});
        check_tensor(loss(g.tp, which, 1.0, x, x, NULL, RECUR_MEAN), (dims){0, {0}}, (double[]){NAN});
        check_shape(loss(g.tp, which, 1.0, x, x, NULL, RECUR_NONE), (dims)DIMS(0, 2));
    }
    graph_close(&g);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3), 0, 1, 0);
    recur_tensor *t = graph_input(g.tp, RECUR_F64, (dims)DIMS(3), 0, 1, 0),
                 *w = graph_input(g.tp, RECUR_F64, (dims)DIMS(2), 0, 1, 0);
    recur_tensor *f = graph_input(g.tp, RECUR_F32, (dims)DIMS(2, 3), 0, 1, 0);
    recur_tensor *wild = graph_f64(g.tp, (dims)DIMS(2, 3), (double[]){0, 1, 0.5, NAN, 1.25, -1});
    check_error(&g, recur_mse_loss(g.tp, x, t, RECUR_MEAN), RECUR_ESHAPE,
                "mse_loss: the target must have the input's shape [2, 3], but has [3]");
    check_error(&g, recur_l1_loss(g.tp, x, f, RECUR_MEAN), RECUR_EDTYPE,
                "l1_loss: the target is float32, but");
    check_error(&g, recur_mse_loss(g.tp, x, x, (recur_reduction)3), RECUR_EINVAL,
                "mse_loss: the reduction must be");
    check_error(&g, recur_smooth_l1_loss(g.tp, x, x, -0.5, RECUR_SUM), RECUR_EINVAL,
                "smooth_l1_loss: beta must not be negative, not -0.5");
    check_error(&g, recur_huber_loss(g.tp, x, x, 0.0, RECUR_SUM), RECUR_EINVAL,
                "huber_loss: delta must be positive, not 0");
    check_error(&g, recur_bce_loss(g.tp, wild, x, RECUR_SUM), RECUR_EINVAL,
                "bce_loss: the input must be probabilities in 0 .. 1, but element 4 is 1.25");
    check_error(&g, recur_bce_with_logits(g.tp, x, x, w, RECUR_SUM), RECUR_ESHAPE,
                "bce_with_logits: pos_weight [2] does not broadcast to the input [2, 3]");
    check_error(&g, recur_mse_loss(g.tp, NULL, x, RECUR_MEAN), RECUR_EINVAL, "mse_loss: the input is NULL");
    check_error(&g, recur_mse_loss(g.tp, x, NULL, RECUR_MEAN), RECUR_EINVAL, "mse_loss: the target is NULL");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),       cmocka_unit_test(test_weight_gradients),
        cmocka_unit_test(test_bends),           cmocka_unit_test(test_bce_edges),
        cmocka_unit_test(test_logits_extremes), cmocka_unit_test(test_large),
        cmocka_unit_test(test_empty),           cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
