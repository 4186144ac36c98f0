// SPDX-License-Identifier: MIT
/* Embedding and recurrent stack: names, how the table begins, what dropout leaves out, lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/graph.h"
#include "task/encoder.h"

enum { V = 60, E = 5, H = 3, B = 2, T = 6 };

static recur_model_config model(void)
{
    recur_model_config m = recur_model_defaults();
    m.embedding = E;
    m.hidden = H;
    m.bidirectional = true;
    return m;
}

static void test_parameters(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    recur_model_config m = model();
    rcr_encoder e, beside;
    assert_int_equal(rcr_encoder_create(&e, g.ps, "", &m, V, 0), RECUR_OK);
    assert_int_equal(rcr_encoder_create(&beside, g.ps, "encoder", &m, V, 4), RECUR_OK);
    assert_string_equal(recur_name(e.embedding.weight), "embedding.weight");
    check_shape(recur_params_find(g.ps, "rnn.weight_ih_l0_reverse"), (dims)DIMS(4 * H, E));
    check_shape(recur_params_find(g.ps, "encoder.embedding.weight"), (dims)DIMS(V, E));
    check_shape(recur_params_find(g.ps, "encoder.rnn.weight_ih_l0"), (dims)DIMS(4 * H, E + 4));
    assert_int_equal(e.width, 2 * H);
    double square = 0;
    for (int64_t i = 0; i < V * E; i++) {
        double x = recur_item(e.embedding.weight, i);
        assert_true((x == 0) == (i < (RECUR_UNK + 1) * E));
        square += x * x / (V * E);
    }
    assert_true(square > 0.005 && square < 0.02);
    rcr_encoder_free(&beside);
    rcr_encoder_free(&e);
    graph_close(&g);
}

static rcr_ids ids_of(recur_tape *tp, const int64_t ids[B * T], const int64_t lengths[B])
{
    return (rcr_ids){graph_i64(tp, (dims)DIMS(B, T), ids), graph_i64(tp, (dims)DIMS(B), lengths), B, T};
}

static const int64_t some_ids[B * T] = {4, 5, 6, 4, 7, 8, 6, 9, 4, 10, 0, 0};

/* A unit is there or not wherever it stands, and what is there is scaled up. */
static void test_dropout_of_units(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_model_config m = model();
    m.embedding_dropout = 0.5;
    rcr_encoder e;
    assert_int_equal(rcr_encoder_create(&e, g.ps, "", &m, V, 0), RECUR_OK);
    int dropped = 0, total = 0;
    for (int step = 0; step < 40; step++) {
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_tensor *x =
            recur_embedding_forward(g.tp, &e.embedding, graph_i64(g.tp, (dims)DIMS(B * T), some_ids));
        int scale_of[V];
        for (int v = 0; v < V; v++)
            scale_of[v] = -1;
        for (int i = 0; i < B * T; i++)
            for (int f = 0; f < E && some_ids[i] > RECUR_UNK; f++) {
                double is = recur_item(x, i * E + f),
                       was = recur_item(e.embedding.weight, some_ids[i] * E + f);
                int scale = is == 0 ? 0 : 2;
                assert_true(is == scale * was);
                assert_true(scale_of[some_ids[i]] < 0 || scale_of[some_ids[i]] == scale);
                scale_of[some_ids[i]] = scale;
            }
        for (int v = 0; v < V; v++) {
            dropped += scale_of[v] == 0;
            total += scale_of[v] >= 0;
        }
    }
    assert_int_equal(total, 40 * 7);
    assert_true(dropped > total / 3 && dropped < total * 2 / 3);
    recur_tape_begin(g.tp, RECUR_INFER);
    recur_tensor *x =
        recur_embedding_forward(g.tp, &e.embedding, graph_i64(g.tp, (dims)DIMS(B * T), some_ids));
    assert_true(recur_item(x, 1) == recur_item(e.embedding.weight, 4 * E + 1));
    rcr_encoder_free(&e);
    graph_close(&g);
}

static recur_tensor *encode(recur_tape *tp, void *encoder)
{
    rcr_ids in = ids_of(tp, some_ids, (int64_t[]){T, 4});
    return graph_weigh(tp, rcr_encoder_forward(tp, encoder, &in).y);
}

static void test_gradient(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_model_config m = model();
    m.embedding_dropout = 0.4;
    rcr_encoder e;
    double worst;
    assert_int_equal(rcr_encoder_create(&e, g.ps, "", &m, V, 0), RECUR_OK);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    assert_int_equal(recur_gradcheck(g.tp, g.ps, encode, &e, 0, &worst), RECUR_OK);
    assert_true(worst < 1e-8);
    rcr_encoder_free(&e);
    graph_close(&g);
}

static void test_last_state(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_model_config m = model();
    m.layers = 2;
    rcr_encoder e;
    assert_int_equal(rcr_encoder_create(&e, g.ps, "", &m, V, 0), RECUR_OK);
    rcr_ids in = ids_of(g.tp, some_ids, (int64_t[]){T, 4});
    recur_rnn_out out = rcr_encoder_forward(g.tp, &e, &in);
    recur_tensor *s = rcr_last_state(g.tp, e.rnn, out.h);
    check_shape(s, (dims)DIMS(B, 2 * H));
    for (int h = 0; h < H; h++) { /* forward: the last valid step; backward: the first */
        assert_true(recur_item(s, 2 * H + h) == recur_item(out.y, (T + 3) * 2 * H + h));
        assert_true(recur_item(s, 2 * H + H + h) == recur_item(out.y, T * 2 * H + H + h));
    }
    rcr_encoder_free(&e);
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_dropout_of_units),
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_last_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
