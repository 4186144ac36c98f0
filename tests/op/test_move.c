// SPDX-License-Identifier: MIT
/* slice, concat, stack, split, transpose, reshape, gather: gradients, shapes as torch gives them, indices,
 * refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"

static recur_tensor *slice(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    return recur_slice(tp, p[0], (int)o[0], o[1], o[2], o[3]);
}

static recur_tensor *concat(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    return recur_concat(tp, p, (int)o[1], (int)o[0]);
}

static recur_tensor *stack(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    return recur_stack(tp, p, (int)o[1], (int)o[0]);
}

static recur_tensor *transpose(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    return recur_transpose(tp, p[0], (int)o[0], (int)o[1]);
}

static recur_tensor *reshape(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    return recur_reshape(tp, p[0], (int)o[0], o + 1);
}

/* The pieces of a split, joined again after one was left out (o[2]) and another came twice. */
static recur_tensor *split(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    int n = 0;
    recur_tensor *first = recur_split(tp, p[0], (int)o[0], (int)o[1], &n), *piece[16];
    for (int i = 0; i < n; i++)
        piece[i] = recur_output(first, i == o[2] ? 0 : i);
    return recur_concat(tp, piece, n, (int)o[0]);
}

static recur_tensor *gather(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    static const int64_t index[] = {1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0};
    const dims shapes[] = {DIMS(2, 3), DIMS(3, 2), DIMS(2, 2, 3), DIMS(12), DIMS(1, 3, 4), DIMS(0, 2)};
    return recur_gather(tp, p[0], (int)o[0], graph_i64(tp, shapes[o[1]], index));
}

static const gradient_case cases[] = {
    {.name = "slice 0", .f = slice, .shape = {DIMS(5, 3)}, .n = 1, .options = {0, 1, 4, 1}},
    {.name = "slice -1", .f = slice, .shape = {DIMS(2, 3, 7)}, .n = 1, .options = {-1, -5, INT64_MAX, 2}},
    {.name = "slice middle", .f = slice, .shape = {DIMS(2, 6, 3)}, .n = 1, .options = {1, 0, -1, 3}},
    {.name = "slice clamped", .f = slice, .shape = {DIMS(4)}, .n = 1, .options = {0, -9, 9, 1}},
    {.name = "slice of nothing", .f = slice, .shape = {DIMS(4, 2)}, .n = 1, .options = {0, 3, 1, 1}},
    {.name = "slice, step too long",
     .f = slice,
     .shape = {DIMS(4, 2)},
     .n = 1,
     .options = {0, 1, 4, INT64_MAX}},
    {.name = "concat 0",
     .f = concat,
     .shape = {DIMS(2, 3), DIMS(1, 3), DIMS(4, 3)},
     .n = 3,
     .options = {0, 3}},
    {.name = "concat 1",
     .f = concat,
     .shape = {DIMS(2, 3, 2), DIMS(2, 0, 2), DIMS(2, 1, 2)},
     .n = 3,
     .options = {1, 3}},
    {.name = "concat -1", .f = concat, .shape = {DIMS(3, 2), DIMS(3, 5)}, .n = 2, .options = {-1, 2}},
    {.name = "concat one", .f = concat, .shape = {DIMS(3)}, .n = 1, .options = {0, 1}},
    {.name = "stack 0", .f = stack, .shape = {DIMS(2, 3), DIMS(2, 3)}, .n = 2, .options = {0, 2}},
    {.name = "stack 1", .f = stack, .shape = {DIMS(2, 3), DIMS(2, 3), DIMS(2, 3)}, .n = 3, .options = {1, 3}},
    {.name = "stack -1", .f = stack, .shape = {DIMS(2, 3), DIMS(2, 3)}, .n = 2, .options = {-1, 2}},
    {.name = "stack scalars", .f = stack, .shape = {{0}, {0}}, .n = 2, .options = {0, 2}},
    {.name = "stack empty", .f = stack, .shape = {DIMS(0, 3), DIMS(0, 3)}, .n = 2, .options = {1, 2}},
    {.name = "split even", .f = split, .shape = {DIMS(6, 2)}, .n = 1, .options = {0, 3, -1}},
    {.name = "split uneven", .f = split, .shape = {DIMS(2, 7)}, .n = 1, .options = {1, 3, 1}},
    {.name = "split fewer", .f = split, .shape = {DIMS(2, 6, 2)}, .n = 1, .options = {1, 4, -1}},
    {.name = "transpose", .f = transpose, .shape = {DIMS(3, 4)}, .n = 1, .options = {0, 1}},
    {.name = "transpose 0 2", .f = transpose, .shape = {DIMS(2, 3, 4)}, .n = 1, .options = {0, 2}},
    {.name = "transpose -1 -2", .f = transpose, .shape = {DIMS(2, 3, 4, 2)}, .n = 1, .options = {-1, -2}},
    {.name = "transpose same", .f = transpose, .shape = {DIMS(2, 3)}, .n = 1, .options = {1, 1}},
    {.name = "transpose scalar", .f = transpose, .shape = {{0}}, .n = 1, .options = {0, -1}},
    {.name = "transpose empty", .f = transpose, .shape = {DIMS(2, 0, 3)}, .n = 1, .options = {0, 2}},
    {.name = "reshape", .f = reshape, .shape = {DIMS(2, 6)}, .n = 1, .options = {3, 3, -1, 2}},
    {.name = "reshape to scalar", .f = reshape, .shape = {DIMS(1, 1)}, .n = 1, .options = {0}},
    {.name = "reshape scalar", .f = reshape, .shape = {{0}}, .n = 1, .options = {2, 1, -1}},
    {.name = "reshape empty", .f = reshape, .shape = {DIMS(0, 3)}, .n = 1, .options = {2, 5, 0}},
    {.name = "gather 0", .f = gather, .shape = {DIMS(2, 3)}, .n = 1, .options = {0, 0}},
    {.name = "gather 1", .f = gather, .shape = {DIMS(3, 2)}, .n = 1, .options = {1, 1}},
    {.name = "gather 0 shorter", .f = gather, .shape = {DIMS(2, 5)}, .n = 1, .options = {0, 0}},
    {.name = "gather middle", .f = gather, .shape = {DIMS(4, 2, 5)}, .n = 1, .options = {1, 2}},
    {.name = "gather -1", .f = gather, .shape = {DIMS(2, 3, 2)}, .n = 1, .options = {-1, 4}},
    {.name = "gather line", .f = gather, .shape = {DIMS(2)}, .n = 1, .options = {0, 3}},
    {.name = "gather nothing", .f = gather, .shape = {DIMS(2, 2)}, .n = 1, .options = {1, 5}},
};

static void test_gradients(void **state)
{
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

static void test_values(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_f64(g.tp, (dims)DIMS(2, 3), (double[]){1, 2, 3, 4, 5, 6});
    check_tensor(recur_slice(g.tp, x, 1, 0, INT64_MAX, 2), (dims)DIMS(2, 2), (double[]){1, 3, 4, 6});
    check_tensor(recur_slice(g.tp, x, 0, -1, INT64_MAX, 1), (dims)DIMS(1, 3), (double[]){4, 5, 6});
    check_tensor(recur_transpose(g.tp, x, 0, 1), (dims)DIMS(3, 2), (double[]){1, 4, 2, 5, 3, 6});
    check_tensor(recur_concat(g.tp, (recur_tensor *[]){x, x}, 2, 1), (dims)DIMS(2, 6),
                 (double[]){1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6});
    check_tensor(recur_stack(g.tp, (recur_tensor *[]){x, x}, 2, -1), (dims)DIMS(2, 3, 2),
                 (double[]){1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6});
    recur_tensor *index = graph_i64(g.tp, (dims)DIMS(1, 2), (int64_t[]){1, 0});
    check_tensor(recur_gather(g.tp, x, 0, index), (dims)DIMS(1, 2), (double[]){4, 2});
    check_tensor(recur_gather(g.tp, x, 1, index), (dims)DIMS(1, 2), (double[]){2, 1});
    graph_close(&g);
}

/* Indices move like numbers. */
static void test_indices(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    recur_tensor *i = graph_i64(g.tp, (dims)DIMS(2, 3), (int64_t[]){1, 2, 3, 4, 5, INT64_MAX});
    recur_tensor *t = recur_transpose(g.tp, i, 0, 1);
    assert_int_equal(recur_dtype_of(t), RECUR_I64);
    assert_true(recur_i64(t)[5] == INT64_MAX && recur_i64(t)[1] == 4);
    recur_tensor *j = recur_stack(g.tp, (recur_tensor *[]){i, i}, 2, 0);
    assert_true(recur_i64(recur_slice(g.tp, j, 0, 1, 2, 1))[4] == 5);
    assert_true(recur_i64(recur_reshape(g.tp, i, 1, (int64_t[]){-1}))[2] == 3);
    assert_true(recur_i64(recur_output(recur_split(g.tp, i, 1, 2, NULL), 1))[1] == INT64_MAX);
    graph_close(&g);
}

/* torch.chunk: ceil(length / chunks) each, perhaps fewer pieces. */
static void test_split_counts(void **state)
{
    static const int want[][4] = {{6, 4, 3, 2}, {6, 6, 6, 1}, {7, 3, 3, 1}, {5, 9, 5, 1},
                                  {1, 3, 1, 1}, {0, 3, 3, 0}, {8, 1, 1, 8}};
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        int n = -1;
        recur_tensor *x = graph_input(g.tp, RECUR_F32, (dims){2, {2, want[i][0]}}, 0, 1, 0);
        recur_tensor *first = recur_split(g.tp, x, 1, want[i][1], &n);
        assert_int_equal(n, want[i][2]);
        assert_int_equal(recur_dim(recur_output(first, n - 1), 1), want[i][3]);
        assert_null(recur_output(first, n));
    }
    graph_close(&g);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 3), 0, 1, 0);
    recur_tensor *z = graph_input(g.tp, RECUR_F64, (dims)DIMS(2, 4), 0, 1, 0);
    recur_tensor *f = graph_input(g.tp, RECUR_F32, (dims)DIMS(2, 3), 0, 1, 0);
    recur_tensor *six = graph_input(g.tp, RECUR_F64, (dims)DIMS(1, 1, 1, 1, 1, 1), 0, 1, 0);
    recur_tensor *i = graph_i64(g.tp, (dims)DIMS(2, 3), (int64_t[]){0, 1, 2, 0, 1, 2});
    int n = 7;
    check_error(&g, recur_slice(g.tp, x, 0, 0, 1, 0), RECUR_EINVAL,
                "slice: the step must be positive, not 0");
    check_error(&g, recur_slice(g.tp, x, 5, 0, 1, 1), RECUR_EINVAL, "slice: axis 5 is outside -2 .. 1");
    check_error(&g, recur_concat(g.tp, (recur_tensor *[]){x, z}, 2, 0), RECUR_ESHAPE,
                "concat: shapes must be equal but for the axis to join, but tensor 0 is [2, 3] and tensor 1 "
                "is [2, 4]");
    check_error(&g, recur_concat(g.tp, (recur_tensor *[]){x, f}, 2, 0), RECUR_EDTYPE,
                "concat: tensor 1 is float32, but tensor 0 is float64");
    check_error(&g, recur_concat(g.tp, (recur_tensor *[]){x, NULL}, 2, 0), RECUR_EINVAL,
                "concat: tensor 1 is NULL");
    check_error(&g, recur_concat(g.tp, NULL, 0, 0), RECUR_EINVAL, "concat: needs at least one tensor");
    check_error(&g, recur_stack(g.tp, (recur_tensor *[]){x, z}, 2, 0), RECUR_ESHAPE,
                "stack: shapes must be equal, but tensor 0 is [2, 3] and tensor 1 is [2, 4]");
    check_error(&g, recur_stack(g.tp, &six, 1, 0), RECUR_ESHAPE, "stack: a tensor has at most 6 axes");
    check_error(&g, recur_stack(g.tp, &x, 1, 3), RECUR_EINVAL, "stack: axis 3 is outside -3 .. 2");
    check_error(&g, recur_split(g.tp, x, 1, 0, &n), RECUR_EINVAL,
                "split: the number of pieces must be positive, not 0");
    assert_int_equal(n, 0);
    check_error(&g, recur_transpose(g.tp, x, 0, 2), RECUR_EINVAL, "transpose: axis 2 is outside -2 .. 1");
    check_error(&g, recur_transpose(g.tp, NULL, 0, 2), RECUR_EINVAL, "transpose: the argument is NULL");
    check_error(&g, recur_reshape(g.tp, x, 2, (int64_t[]){4, -1}), RECUR_ESHAPE,
                "reshape: shape [4, -1] does not hold the 6 elements of [2, 3]");
    check_error(&g, recur_reshape(g.tp, x, 3, (int64_t[]){-1, 2, -1}), RECUR_ESHAPE,
                "reshape: shape [-1, 2, -1]");
    check_error(&g, recur_reshape(g.tp, x, 2, (int64_t[]){-2, -3}), RECUR_ESHAPE, "reshape: shape [-2, -3]");
    check_error(&g, recur_reshape(g.tp, x, 2, (int64_t[]){INT64_MAX, 4}), RECUR_ESHAPE, "reshape: shape");
    check_error(&g, recur_reshape(g.tp, x, 7, (int64_t[7]){1, 1, 1, 1, 1, 2, 3}), RECUR_ESHAPE,
                "reshape: a tensor has 0 to 6 axes, not 7");
    recur_tensor *none = graph_input(g.tp, RECUR_F64, (dims)DIMS(0, 3), 0, 1, 0);
    check_error(&g, recur_reshape(g.tp, none, 2, (int64_t[]){-1, 0}), RECUR_ESHAPE, "reshape: shape [-1, 0]");
    check_error(&g, recur_gather(g.tp, x, 0, i), RECUR_EINVAL,
                "gather: index 2 at position 2 is outside 0 .. 1");
    check_error(&g, recur_gather(g.tp, x, 1, x), RECUR_EDTYPE,
                "gather: the index must be int64, not float64");
    recur_tensor *tall = graph_i64(g.tp, (dims)DIMS(3, 1), (int64_t[]){0, 0, 0});
    check_error(&g, recur_gather(g.tp, x, 1, tall), RECUR_ESHAPE,
                "gather: the index [3, 1] must have as many axes as x [2, 3]");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),    cmocka_unit_test(test_values),   cmocka_unit_test(test_indices),
        cmocka_unit_test(test_split_counts), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
