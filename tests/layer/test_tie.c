// SPDX-License-Identifier: MIT
/* A linear layer whose weight is an embedding's table: gradients of both uses add up, and the weight is one
 * tensor to optimizers, counts and files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "format/file.h"
#include "support/graph.h"

enum { V = 6, E = 4 };

static const int64_t ids[] = {1, 5, 0, 1, 3};

/* Scores of the next word, from tanh of each word's row: the table of the embedding, that of the head (may be
 * the same), the bias. */
static recur_tensor *scores(recur_tape *tp, recur_tensor *table, recur_tensor *head, recur_tensor *bias)
{
    recur_embedding_layer e = {.weight = table, .padding_idx = 0};
    recur_linear_layer l = {head, bias};
    recur_tensor *x = recur_embedding_forward(tp, &e, graph_i64(tp, (dims)DIMS(5), ids));
    return recur_linear_forward(tp, &l, recur_tanh(tp, x));
}

/* Without a padding row, whose gradient would leave out what finite differences see. */
static recur_tensor *tied(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    (void)o;
    recur_embedding_layer e = {.weight = p[0], .padding_idx = RECUR_NO_PADDING};
    recur_linear_layer l = {p[0], p[1]};
    recur_tensor *x = recur_embedding_forward(tp, &e, graph_i64(tp, (dims)DIMS(5), ids));
    return recur_linear_forward(tp, &l, recur_tanh(tp, x));
}

static void test_gradients(void **state)
{
    (void)state;
    const gradient_case c = {"tied", tied, {DIMS(V, E), DIMS(V)}, 2, {0}, -1.0, 1.0, RECUR_EVAL};
    check_gradients(&c, 1);
}

/* The tied gradient is the sum of those of two separate tables with the same numbers. */
static void test_sum(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *one = graph_param(&g, "one", (dims)DIMS(V, E), -1, 1, 3),
                 *table = graph_param(&g, "table", (dims)DIMS(V, E), -1, 1, 3),
                 *head = graph_param(&g, "head", (dims)DIMS(V, E), -1, 1, 3);
    for (int way = 0; way < 2; way++) {
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_tensor *y = way ? scores(g.tp, one, one, NULL) : scores(g.tp, table, head, NULL);
        assert_int_equal(recur_backward(g.tp, graph_weigh(g.tp, y)), RECUR_OK);
    }
    double sum[V * E];
    for (int64_t i = 0; i < V * E; i++)
        sum[i] = recur_item(recur_grad(table), i) + recur_item(recur_grad(head), i);
    check_tensor(recur_grad(one), (dims)DIMS(V, E), sum);
    graph_close(&g);
}

typedef struct model {
    recur_embedding_layer e;
    recur_linear_layer head;
} model;

static void create(graph *g, model *m)
{
    graph_open(g, RECUR_F32, NULL);
    assert_int_equal(recur_embedding_create(&m->e, g->ps, "embedding", V, E, 0), RECUR_OK);
    assert_int_equal(recur_linear_tie(&m->head, g->ps, "head", m->e.weight, true), RECUR_OK);
}

/* One parameter in the set and the file; what is loaded reaches both uses. */
static void test_one_tensor(void **state)
{
    char folder[256], path[320];
    (void)state;
    in_folder(path, make_folder(folder), "model.safetensors");
    graph g, h;
    model m, n;
    recur_archive *a;
    create(&g, &m);
    create(&h, &n);
    assert_ptr_equal(m.head.weight, m.e.weight);
    assert_string_equal(recur_name(m.head.bias), "head.bias");
    assert_int_equal(recur_params_size(g.ps), 2);
    assert_int_equal(recur_params_count(g.ps), V * E + V);
    assert_int_equal(recur_init_constant(g.ps, m.e.weight, 0.25), RECUR_OK);
    assert_int_equal(recur_params_save(g.ps, path, NULL, 0), RECUR_OK);
    assert_int_equal(recur_archive_open(&a, h.cx, path), RECUR_OK);
    assert_int_equal(recur_archive_size(a), 2);
    assert_int_equal(recur_params_load(h.ps, a, NULL, 0), RECUR_OK);
    assert_true(recur_item(n.head.weight, 5) == 0.25);
    recur_archive_free(a);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    graph_close(&g);
    graph_close(&h);
}

/* An optimizer's step moves it once. */
static void test_step(void **state)
{
    (void)state;
    graph g;
    model m;
    recur_optim *o;
    recur_optim_config config = recur_optim_defaults(RECUR_SGD);
    config.lr = 0.5;
    create(&g, &m);
    recur_tensor *y = scores(g.tp, m.e.weight, m.head.weight, m.head.bias);
    assert_int_equal(recur_backward(g.tp, graph_weigh(g.tp, y)), RECUR_OK);
    float want[V * E];
    for (int i = 0; i < V * E; i++)
        want[i] = recur_f32(m.e.weight)[i] - 0.5f * recur_f32(recur_grad(m.e.weight))[i];
    assert_int_equal(recur_optim_create(&o, g.ps, &config), RECUR_OK);
    assert_int_equal(recur_optim_step(o), RECUR_OK);
    for (int i = 0; i < V * E; i++)
        assert_float_equal(recur_f32(m.head.weight)[i], want[i], 1e-6);
    recur_optim_free(o);
    graph_close(&g);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    recur_linear_layer l;
    const char *text;
    assert_int_equal(recur_linear_tie(&l, g.ps, "h", NULL, true), RECUR_EINVAL);
    recur_tensor *row = recur_param(g.ps, "row", 1, (int64_t[]){3}),
                 *wide = recur_input(g.tp, RECUR_F64, 2, (int64_t[]){3, 2}, NULL),
                 *good = recur_param(g.ps, "good", 2, (int64_t[]){3, 2});
    assert_int_equal(recur_linear_tie(&l, g.ps, "h", row, true), RECUR_ESHAPE);
    recur_error(g.cx, &text);
    assert_string_equal(text, "linear: the tied weight must be float32 with 2 axes, not float32 [3]");
    assert_int_equal(recur_linear_tie(&l, g.ps, "h", wide, true), RECUR_EDTYPE);
    assert_null(l.weight);
    assert_int_equal(recur_linear_tie(&l, g.ps, "h", good, false), RECUR_OK);
    assert_null(l.bias);
    assert_int_equal(recur_params_size(g.ps), 2);
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_sum),      cmocka_unit_test(test_one_tensor),
        cmocka_unit_test(test_step),      cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
