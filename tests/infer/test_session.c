// SPDX-License-Identifier: MIT
/* Plan and session: the same bits as the batch, states apart from the model, nothing allocated by a step. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <recur/infer.h>
#include <recur/init.h>
#include <recur/tape.h>

#include "support/fail_alloc.h"

enum { T = 6, B = 5, V = 7, E = 3 };

/* embedding -> 2 recurrent layers -> linear */
typedef struct model {
    recur_ctx *cx;
    recur_params *ps;
    recur_tape *tp;
    recur_embedding_layer embedding;
    recur_rnn *rnn;
    recur_linear_layer linear;
    recur_plan *plan;
} model;

/* Ones and zeros, as gains and biases of a layer norm begin, would hide mistakes. */
static void stir(recur_params *ps)
{
    recur_tensor *w;
    for (size_t i = 0; (w = recur_params_at(ps, i)); i++)
        if (strstr(recur_name(w), "gain") || strstr(recur_name(w), "bias"))
            assert_int_equal(recur_init_uniform(ps, w, 0.2, 1.5), RECUR_OK);
}

/* `config` without sizes and layers. */
static void build(model *m, const recur_options *options, recur_rnn_config config, recur_dtype dtype)
{
    config.input = E;
    config.hidden = 21;
    config.layers = 2;
    *m = (model){0};
    assert_int_equal(recur_ctx_create(&m->cx, options), RECUR_OK);
    assert_int_equal(recur_params_create(&m->ps, m->cx, dtype, 3), RECUR_OK);
    assert_int_equal(recur_tape_create(&m->tp, m->cx, 1), RECUR_OK);
    assert_int_equal(recur_embedding_create(&m->embedding, m->ps, "embedding", V, E, RECUR_NO_PADDING),
                     RECUR_OK);
    assert_int_equal(recur_rnn_create(&m->rnn, m->ps, "rnn", &config), RECUR_OK);
    stir(m->ps);
    assert_int_equal(
        recur_linear_create(&m->linear, m->ps, "linear", config.proj ? config.proj : 21, 2, !config.no_bias),
        RECUR_OK);
    assert_int_equal(recur_plan_create(&m->plan, m->cx), RECUR_OK);
    assert_int_equal(recur_plan_embedding(m->plan, &m->embedding), RECUR_OK);
    assert_int_equal(recur_plan_rnn(m->plan, m->rnn), RECUR_OK);
    assert_int_equal(recur_plan_linear(m->plan, &m->linear), RECUR_OK);
}

static void destroy(model *m)
{
    recur_plan_free(m->plan);
    recur_rnn_free(m->rnn);
    recur_tape_free(m->tp);
    recur_params_free(m->ps);
    recur_ctx_free(m->cx);
}

static void fill_ids(int64_t *ids)
{
    for (int i = 0; i < T * B; i++)
        ids[i] = (i * 5 + i / 3) % V;
}

static recur_session *new_session(const recur_plan *plan, int64_t batch, void **memory)
{
    recur_session *s = NULL;
    size_t size = recur_session_size(plan, batch);
    assert_int_not_equal(size, 0);
    *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    assert_non_null(*memory);
    assert_int_equal(recur_session_init(&s, *memory, size, plan, batch), RECUR_OK);
    return s;
}

/* Steps of the session against one pass over the whole sequence. */
static void check_bits(recur_rnn_config config, recur_dtype dtype)
{
    model m;
    int64_t ids[T * B];
    size_t item = dtype == RECUR_F32 ? 4 : 8;
    void *memory = NULL;
    double y[B * 2];
    build(&m, &(recur_options){.threads = 2}, config, dtype);
    fill_ids(ids);
    recur_tape_begin(m.tp, RECUR_INFER);
    recur_tensor *x = recur_input(m.tp, RECUR_I64, 2, (int64_t[]){T, B}, ids);
    recur_rnn_out out =
        recur_rnn_forward(m.tp, m.rnn, recur_embedding_forward(m.tp, &m.embedding, x), NULL, NULL, NULL);
    recur_tensor *all = recur_linear_forward(m.tp, &m.linear, out.y);
    assert_non_null(all);
    const char *want = dtype == RECUR_F32 ? (const char *)recur_f32(all) : (const char *)recur_f64(all);
    recur_session *s = new_session(m.plan, B, &memory);
    for (int round = 0; round < 2; round++, recur_session_reset(s))
        for (int t = 0; t < T; t++) {
            recur_session_step(s, ids + t * B, y);
            assert_memory_equal(y, want + (size_t)t * B * 2 * item, B * 2 * item);
        }
    free(memory);
    destroy(&m);
}

static void steps_give_the_bits_of_the_batch(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (int i = 0; i < 4; i++)
            check_bits((recur_rnn_config){.cell = (recur_cell)cell, .no_bias = i & 2},
                       i & 1 ? RECUR_F32 : RECUR_F64);
    check_bits((recur_rnn_config){.cell = RECUR_LSTM, .proj = 6}, RECUR_F32);
}

/* What regularises training is off, but for zoneout, which has an expectation. */
static void regularised_layers_too(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) {
        recur_rnn_config c = {.cell = (recur_cell)cell, .zoneout_h = 0.2, .weight_drop = 0.5, .dropout = 0.5};
        c.recurrent_dropout = 0.5;
        c.recurrent_dropout_on = RECUR_DROP_STATE;
        check_bits(c, RECUR_F32);
        c.layer_norm = true;
        if (cell == RECUR_LSTM || cell == RECUR_GRU)
            check_bits(c, RECUR_F64);
    }
    check_bits((recur_rnn_config){.cell = RECUR_LSTM, .layer_norm = true, .proj = 6, .zoneout_c = 0.3},
               RECUR_F32);
    check_bits((recur_rnn_config){.cell = RECUR_LSTM, .layer_norm = true, .no_bias = true}, RECUR_F32);
    check_bits((recur_rnn_config){.cell = RECUR_GRU, .layer_norm = true}, RECUR_F32);
    check_bits((recur_rnn_config){.cell = RECUR_LSTM, .zoneout_c = 0.4}, RECUR_F64);
    check_bits((recur_rnn_config){.cell = RECUR_LSTM, .proj = 6, .zoneout_h = 0.3, .zoneout_c = 0.4},
               RECUR_F32);
}

static void states_can_be_copied(void **state)
{
    (void)state;
    model m;
    int64_t ids[T * B];
    void *ma = NULL, *mb = NULL, *mc = NULL;
    float ya[B * 2], yb[B * 2];
    build(&m, NULL, (recur_rnn_config){.cell = RECUR_LSTM}, RECUR_F32);
    fill_ids(ids);
    recur_session *a = new_session(m.plan, B, &ma), *b = new_session(m.plan, B, &mb),
                  *c = new_session(m.plan, 1, &mc);
    recur_session_step(a, ids, ya);
    assert_int_equal(recur_session_copy(b, a), RECUR_OK);
    recur_session_step(a, ids + B, ya);
    recur_session_step(b, ids + B, yb);
    assert_memory_equal(ya, yb, sizeof ya);
    assert_int_equal(recur_session_copy(c, a), RECUR_EINVAL);
    assert_non_null(recur_session_h(a, 1));
    assert_non_null(recur_session_c(a, 0));
    assert_null(recur_session_h(a, 2));
    free(ma);
    free(mb);
    free(mc);
    destroy(&m);
}

/* Rows picked from one session go on in another as they would have where they were. */
static void rows_can_be_picked(void **state)
{
    (void)state;
    model m;
    int64_t ids[T * B], picked[3];
    const int64_t from[3] = {4, 0, 4};
    void *ma = NULL, *mb = NULL;
    float ya[B * 2], yb[3 * 2];
    fill_ids(ids);
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) {
        build(&m, NULL, (recur_rnn_config){.cell = (recur_cell)cell, .proj = cell == RECUR_LSTM ? 6 : 0},
              RECUR_F32);
        recur_session *a = new_session(m.plan, B, &ma), *b = new_session(m.plan, 3, &mb);
        recur_session_step(a, ids, ya);
        recur_session_step(b, ids, yb);
        assert_int_equal(recur_session_gather(b, a, 3, from), RECUR_OK);
        for (int i = 0; i < 3; i++)
            picked[i] = ids[B + from[i]];
        recur_session_step(a, ids + B, ya);
        recur_session_step(b, picked, yb);
        for (int i = 0; i < 3; i++)
            assert_memory_equal(yb + 2 * i, ya + 2 * from[i], 2 * sizeof *ya);
        assert_int_equal(recur_session_gather(b, b, 3, from), RECUR_EINVAL);
        assert_int_equal(recur_session_gather(b, a, 4, from), RECUR_EINVAL);
        assert_int_equal(recur_session_gather(b, a, 1, (int64_t[]){B}), RECUR_EINVAL);
        assert_int_equal(recur_session_gather(b, a, 1, (int64_t[]){-1}), RECUR_EINVAL);
        assert_int_equal(recur_session_gather(b, a, 0, NULL), RECUR_OK);
        free(ma);
        free(mb);
        destroy(&m);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    model m;
    recur_plan *p = NULL;
    recur_rnn *both = NULL;
    recur_session *s = NULL;
    char memory[64];
    build(&m, NULL, (recur_rnn_config){.cell = RECUR_GRU}, RECUR_F32);
    assert_int_equal(recur_rnn_create(&both, m.ps, "both",
                                      &(recur_rnn_config){
                                          .cell = RECUR_GRU, .input = 2, .hidden = 2, .bidirectional = true}),
                     RECUR_OK);
    assert_int_equal(recur_plan_create(&p, m.cx), RECUR_OK);
    assert_int_equal(recur_session_size(p, 1), 0);
    assert_int_equal(recur_plan_rnn(p, both), RECUR_EUNSUPPORTED);
    assert_int_equal(recur_plan_linear(p, &m.linear), RECUR_OK);
    assert_int_equal(recur_plan_rnn(p, m.rnn), RECUR_ESHAPE);
    assert_int_equal(recur_plan_embedding(p, &m.embedding), RECUR_EINVAL);
    assert_int_equal(recur_session_size(m.plan, 0), 0);
    assert_int_equal(recur_session_size(m.plan, INT64_MAX), 0);
    assert_int_equal(recur_session_init(&s, memory, sizeof memory, m.plan, 1), RECUR_EINVAL);
    recur_rnn_free(both);
    recur_plan_free(p);
    destroy(&m);
}

/* A plan shared by threads, each with a session of its own. */
typedef struct stream {
    const recur_plan *plan;
    float y[2];
} stream;

static void *run_stream(void *user)
{
    stream *st = user;
    size_t size = (recur_session_size(st->plan, 1) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, size);
    recur_session *s = NULL;
    if (memory && recur_session_init(&s, memory, size, st->plan, 1) == RECUR_OK)
        for (int64_t t = 0; t < 200; t++)
            recur_session_step(s, &(int64_t){t % V}, st->y);
    free(memory);
    return NULL;
}

static void threads_share_a_plan(void **state)
{
    (void)state;
    model m;
    pthread_t threads[4];
    stream streams[4];
    build(&m, NULL, (recur_rnn_config){.cell = RECUR_LSTM}, RECUR_F32);
    for (int i = 0; i < 4; i++) {
        streams[i] = (stream){.plan = m.plan};
        assert_int_equal(pthread_create(&threads[i], NULL, run_stream, &streams[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_memory_equal(streams[i].y, streams[0].y, sizeof streams[0].y);
    }
    destroy(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_give_the_bits_of_the_batch),
        cmocka_unit_test(regularised_layers_too),
        cmocka_unit_test(states_can_be_copied),
        cmocka_unit_test(rows_can_be_picked),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(threads_share_a_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
