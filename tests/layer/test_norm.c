// SPDX-License-Identifier: MIT
/* LayerNorm and BatchNorm1d: gradients, statistics, modes, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

static recur_tensor *layer_norm(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_layer_norm l = {o[0] ? p[1] : NULL, o[1] ? p[2] : NULL, 1e-3, (int)o[2], {0}};
    int rank = recur_rank(p[0]);
    for (int i = 0; i < l.rank; i++)
        l.shape[i] = recur_dim(p[0], rank - l.rank + i);
    return recur_layer_norm_forward(tp, &l, p[0]);
}

/* Buffers on the tape, so that each evaluation begins with the same statistics. */
static recur_tensor *batch_norm(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    dims C = {1, {recur_dim(p[0], 1)}};
    recur_batch_norm l = {
        .weight = o[0] ? p[1] : NULL, .bias = o[0] ? p[2] : NULL, .eps = 1e-3, .momentum = 0.1};
    l.running_mean = graph_input(tp, recur_dtype_of(p[0]), C, -0.5, 0.5, 3);
    l.running_var = graph_input(tp, recur_dtype_of(p[0]), C, 0.5, 1.5, 4);
    l.num_batches_tracked = graph_i64(tp, (dims){0, {0}}, NULL);
    return recur_batch_norm_forward(tp, &l, p[0]);
}

static void test_layer_norm_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "rows",
         .f = layer_norm,
         .shape = {DIMS(4, 5), DIMS(5), DIMS(5)},
         .n = 3,
         .options = {1, 1, 1}},
        {.name = "plain", .f = layer_norm, .shape = {DIMS(4, 5)}, .n = 1, .options = {0, 0, 1}},
        {.name = "no bias", .f = layer_norm, .shape = {DIMS(4, 19), DIMS(19)}, .n = 2, .options = {1, 0, 1}},
        {.name = "cube",
         .f = layer_norm,
         .shape = {DIMS(2, 3, 35), DIMS(35), DIMS(35)},
         .n = 3,
         .options = {1, 1, 1}},
        {.name = "two axes",
         .f = layer_norm,
         .shape = {DIMS(3, 2, 5), DIMS(2, 5), DIMS(2, 5)},
         .n = 3,
         .options = {1, 1, 2}},
        {.name = "all axes",
         .f = layer_norm,
         .shape = {DIMS(3, 4), DIMS(3, 4), DIMS(3, 4)},
         .n = 3,
         .options = {1, 1, 2}},
        {.name = "no rows",
         .f = layer_norm,
         .shape = {DIMS(0, 4), DIMS(4), DIMS(4)},
         .n = 3,
         .options = {1, 1, 1}},
        {.name = "no columns",
         .f = layer_norm,
         .shape = {DIMS(3, 0), DIMS(0), DIMS(0)},
         .n = 3,
         .options = {1, 1, 1}},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

static void test_batch_norm_gradients(void **state)
{
    static const dims shapes[] = {DIMS(5, 3), DIMS(2, 3, 4), DIMS(1, 3, 9),
                                  DIMS(0, 3), DIMS(2, 3, 0), DIMS(9, 20)};
    (void)state;
    for (int training = 0; training < 2; training++)
        for (int affine = 0; affine < 2; affine++)
            for (int i = 0; i < 6; i++) {
                dims C = {1, {shapes[i].n[1]}};
                gradient_case c = {"batch norm",
                                   batch_norm,
                                   {shapes[i], C, C},
                                   affine ? 3 : 1,
                                   {affine},
                                   -1.0,
                                   1.0,
                                   training ? RECUR_TRAIN : RECUR_EVAL};
                check_gradients(&c, 1);
            }
}

/* Many rows and columns over threads: the same bits, and a row alone has those of the batch. */
static void test_rows(void **state)
{
    (void)state;
    double first = 0.0;
    for (int threads = 1; threads < 8; threads += 2) {
        graph g;
        graph_open(&g, RECUR_F32, &(recur_options){.threads = threads});
        recur_layer_norm l;
        assert_int_equal(recur_layer_norm_create(&l, g.ps, "n", 1, (int64_t[]){130}, 1e-5, true), RECUR_OK);
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(300, 130), -3, 3, 0);
        recur_tensor *y = recur_layer_norm_forward(g.tp, &l, x);
        recur_tensor *one = recur_layer_norm_forward(g.tp, &l, recur_slice(g.tp, x, 0, 299, 300, 1));
        for (int64_t j = 0; j < 130; j++)
            assert_true(recur_item(one, j) == recur_item(y, 299 * 130 + j));
        assert_int_equal(recur_backward(g.tp, graph_weigh(g.tp, y)), RECUR_OK);
        double w = recur_item(recur_grad(l.weight), 77);
        first = threads == 1 ? w : first;
        assert_true(w == first);
        graph_close(&g);
    }
}

static void test_statistics(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_batch_norm l, m;
    assert_int_equal(recur_batch_norm_create(&l, g.ps, "a", 2, 0.0, 0.25, true), RECUR_OK);
    assert_int_equal(recur_batch_norm_create(&m, g.ps, "b", 2, 0.0, -1.0, false), RECUR_OK);
    const double batches[2][4] = {{1, 10, 3, 30}, {5, 10, 5, 20}};
    for (int i = 0; i < 2; i++) {
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_tensor *x = graph_f64(g.tp, (dims)DIMS(2, 2), batches[i]);
        recur_tensor *y = recur_batch_norm_forward(g.tp, &l, x);
        recur_batch_norm_forward(g.tp, &m, x);
        if (i == 0)
            check_tensor(y, (dims)DIMS(2, 2), (double[]){-1, -1, 1, 1});
    }
    check_tensor(l.running_mean, (dims)DIMS(2), (double[]){0.75 * 0.5 + 0.25 * 5, 0.75 * 5 + 0.25 * 15});
    check_tensor(l.running_var, (dims)DIMS(2),
                 (double[]){0.75 * (0.75 + 0.25 * 2), 0.75 * (0.75 + 0.25 * 200) + 0.25 * 50});
    check_tensor(m.running_mean, (dims)DIMS(2), (double[]){3.5, 17.5});
    check_tensor(m.running_var, (dims)DIMS(2), (double[]){1, 125});
    assert_int_equal(recur_i64(m.num_batches_tracked)[0], 2);
    recur_tape_begin(g.tp, RECUR_EVAL);
    recur_tensor *x = graph_f64(g.tp, (dims)DIMS(1, 2), (double[]){4.5, 17.5});
    check_tensor(recur_batch_norm_forward(g.tp, &m, x), (dims)DIMS(1, 2), (double[]){1, 0});
    assert_int_equal(recur_i64(m.num_batches_tracked)[0], 2);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    x = recur_input(g.tp, RECUR_F64, 2, (int64_t[]){0, 2}, NULL);
    check_shape(recur_batch_norm_forward(g.tp, &m, x), (dims)DIMS(0, 2));
    check_tensor(m.running_mean, (dims)DIMS(2), (double[]){3.5, 17.5});
    graph_close(&g);
}

static void test_create(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    recur_layer_norm l;
    recur_batch_norm b;
    assert_int_equal(recur_layer_norm_create(&l, g.ps, "enc.norm", 2, (int64_t[]){2, 3}, 1e-5, true),
                     RECUR_OK);
    assert_int_equal(recur_batch_norm_create(&b, g.ps, "", 3, 1e-5, 0.1, true), RECUR_OK);
    static const char *const names[] = {
        "enc.norm.weight", "enc.norm.bias",      "weight", "bias", "running_mean",
        "running_var",     "num_batches_tracked"};
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(recur_name(recur_params_at(g.ps, i)), names[i]);
    assert_int_equal(recur_params_size(g.ps), 7);
    assert_int_equal(recur_params_count(g.ps), 18);
    assert_true(recur_item(l.weight, 5) == 1 && recur_item(l.bias, 5) == 0);
    assert_true(recur_item(b.weight, 2) == 1 && recur_item(b.running_var, 2) == 1 &&
                recur_item(b.running_mean, 2) == 0);
    assert_int_equal(recur_layer_norm_create(&l, g.ps, "plain", 1, (int64_t[]){4}, 1e-5, false), RECUR_OK);
    assert_null(l.weight);
    assert_int_equal(recur_params_size(g.ps), 7);
    graph_close(&g);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_layer_norm l;
    recur_batch_norm b;
    const char *text;
    assert_int_equal(recur_layer_norm_create(&l, g.ps, "x", 0, NULL, 1e-5, true), RECUR_EINVAL);
    assert_int_equal(recur_layer_norm_create(&l, g.ps, "x", 1, (int64_t[]){4}, -1e-5, true), RECUR_EINVAL);
    assert_int_equal(recur_batch_norm_create(&b, g.ps, "x", 4, -1.0, 0.1, true), RECUR_EINVAL);
    assert_int_equal(recur_batch_norm_create(&b, g.ps, "x", 4, 1e-5, 1.5, true), RECUR_EINVAL);
    assert_int_equal(recur_layer_norm_create(&l, g.ps, "x", 1, (int64_t[]){4}, 1e-5, true), RECUR_OK);
    assert_int_equal(recur_layer_norm_create(&l, g.ps, "x", 1, (int64_t[]){4}, 1e-5, true), RECUR_EINVAL);
    recur_error(g.cx, &text);
    assert_string_equal(text, "there is already a parameter named x.weight");
    recur_clear(g.cx);
    assert_int_equal(recur_layer_norm_create(&l, g.ps, "y", 1, (int64_t[]){4}, 1e-5, true), RECUR_OK);
    assert_int_equal(recur_batch_norm_create(&b, g.ps, "z", 4, 1e-5, 0.1, true), RECUR_OK);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(4, 3), 0, 1, 0),
                 *f = graph_input(g.tp, RECUR_F32, (dims)DIMS(1, 4), 0, 1, 0);
    check_error(&g, recur_layer_norm_forward(g.tp, &l, x), RECUR_ESHAPE,
                "layer_norm: the last axes of the input must be [4], but its shape is [4, 3]");
    check_error(&g, recur_layer_norm_forward(g.tp, &l, f), RECUR_EDTYPE,
                "layer_norm: the weight is float64, but");
    check_error(&g, recur_layer_norm_forward(g.tp, &l, NULL), RECUR_EINVAL, "layer_norm: the input is NULL");
    check_error(&g, recur_batch_norm_forward(g.tp, &b, x), RECUR_ESHAPE,
                "batch_norm: the input must be [N, 4] or [N, 4, L], but its shape is [4, 3]");
    check_error(&g, recur_batch_norm_forward(g.tp, &b, NULL), RECUR_EINVAL, "batch_norm: the input is NULL");
    recur_tape_begin(g.tp, RECUR_TRAIN);
    x = graph_input(g.tp, RECUR_F64, (dims)DIMS(1, 4), 0, 1, 0);
    check_error(&g, recur_batch_norm_forward(g.tp, &b, x), RECUR_EINVAL,
                "batch_norm: training needs more than one value per channel, but the input is [1, 4]");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_norm_gradients),
        cmocka_unit_test(test_batch_norm_gradients),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
