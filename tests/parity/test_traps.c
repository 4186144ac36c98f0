// SPDX-License-Identifier: MIT
/* What an implementation gets wrong first: points of reference/TRAPS.md, in their order. These tests show for
 * every cell, type and instruction set, composed layers included, what files show for some:
 *
 *    1  rnn/ (all with bf in their names)             10  optim/clip_grad_norm_boundary, _nonfinite
 *    2  rnn/gru, edges/gru_gate_hold                  11  losses/..ignore, optim/adam_eps, sgd_dampening
 *    3  rnn/lstm_proj                                 12  optim/nadam
 *    4  rnn/..packed, edges/..packed_nan_padding      14  losses/bce_edge
 *    5  all of rnn/                                   15  losses/cross_entropy
 *    6  edges/..zero_weights, ..nan_one_sequence      16  ops/batch_norm_train
 *    7  edges/..pm1e4, ..inf_input, ..denormal        17  ops/pool_max_ties, chunk_fewer
 *    8  edges/lstm_dropout_one_train, ..empty_batch   19  optim/, and test_traps_optim.c
 *    9  ops/embedding, training/..pad_row_set         20, 21  schedule/
 *
 * Points 13 and 18 are about connectionist temporal classification and attention. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/graph.h"

enum { T = 4, B = 3, I = 2, H = 19 }; /* more units than a vector holds, and a rest */

/* A layer, its input and states as parameters, and the last run's results. */
typedef struct layer {
    graph g;
    recur_rnn *rnn;
    recur_rnn_config config;
    recur_tensor *x, *h0, *c0; /* c0 for LSTM only */
    recur_rnn_out o;
} layer;

static void layer_open(layer *l, recur_dtype dtype, const char *isa, recur_rnn_config config)
{
    config.hidden = H;
    *l = (layer){.config = config};
    graph_open(&l->g, dtype, &(recur_options){.threads = 1, .isa = isa});
    assert_int_equal(recur_rnn_create(&l->rnn, l->g.ps, "", &config), RECUR_OK);
    int64_t states = (config.layers ? config.layers : 1) * (config.bidirectional ? 2 : 1);
    l->x = graph_param(&l->g, "x", (dims){3, {T, B, config.input}}, -1, 1, 1);
    l->h0 = graph_param(&l->g, "h0", (dims){3, {states, B, H}}, -1, 1, 2);
    if (config.cell == RECUR_LSTM)
        l->c0 = graph_param(&l->g, "c0", (dims){3, {states, B, H}}, -1, 1, 3);
}

static void layer_close(layer *l)
{
    recur_rnn_free(l->rnn);
    graph_close(&l->g);
}

static void layer_run(layer *l, recur_mode mode, const int64_t *lengths)
{
    recur_tape_begin(l->g.tp, mode);
    recur_tensor *n = lengths ? graph_i64(l->g.tp, (dims)DIMS(B), lengths) : NULL;
    l->o = recur_rnn_forward(l->g.tp, l->rnn, l->x, n, l->h0, l->c0);
    assert_non_null(l->o.y);
}

/* Goes backward from sum(w y) + sum(h); w NULL: all 1. */
static void layer_backward(layer *l, recur_tensor *w)
{
    recur_tape *tp = l->g.tp;
    recur_tensor *y = w ? recur_mul(tp, l->o.y, w) : l->o.y;
    recur_tensor *sum =
        recur_add(tp, recur_sum(tp, y, RECUR_ALL_AXES, false), recur_sum(tp, l->o.h, RECUR_ALL_AXES, false));
    assert_int_equal(recur_backward(tp, sum), RECUR_OK);
}

static void set(recur_tensor *t, int64_t i, double value)
{
    if (recur_f32(t))
        recur_f32(t)[i] = (float)value;
    else
        recur_f64(t)[i] = value;
}

static void assert_same(const recur_tensor *a, const recur_tensor *b)
{
    assert_int_equal(recur_count(a), recur_count(b));
    for (int64_t i = 0; i < recur_count(a); i++)
        if (!(recur_item(a, i) == recur_item(b, i)))
            fail_msg("%s element %lld: %.17g, not %.17g", recur_name(a), (long long)i, recur_item(a, i),
                     recur_item(b, i));
}

static void assert_finite(const recur_tensor *t)
{
    for (int64_t i = 0; i < recur_count(t); i++)
        assert_true(isfinite(recur_item(t, i)));
}

static void assert_zeros(const recur_tensor *t)
{
    assert_non_null(t);
    for (int64_t i = 0; i < recur_count(t); i++)
        assert_true(recur_item(t, i) == 0.0);
}

/* Runs f with every cell, fused and composed. */
static void each_cell(void f(recur_rnn_config config))
{
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (int compose = 0; compose < 2; compose++)
            f((recur_rnn_config){.cell = (recur_cell)cell, .input = I, .compose = compose});
}

/* Runs f with every instruction set of this machine, in both types. */
static void each_isa(void f(recur_dtype dtype, const char *isa))
{
    static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        recur_ctx *cx = NULL;
        recur_status s = recur_ctx_create(&cx, &(recur_options){.threads = 1, .isa = isas[i]});
        recur_ctx_free(cx);
        assert_true(s == RECUR_OK || s == RECUR_EUNSUPPORTED);
        for (int dtype = RECUR_F32; s == RECUR_OK && dtype <= RECUR_F64; dtype++)
            f((recur_dtype)dtype, isas[i]);
    }
}

/* --- 1: states are [L*D, B, H] with batch_first too, at layer * D + direction --- */

static void check_state_order(recur_rnn_config config)
{
    layer a, b;
    config.layers = 2;
    config.bidirectional = true;
    layer_open(&a, RECUR_F64, NULL, config);
    config.batch_first = true;
    layer_open(&b, RECUR_F64, NULL, config);
    layer_run(&a, RECUR_EVAL, NULL);
    recur_tape_begin(b.g.tp, RECUR_EVAL);
    recur_tensor *x = recur_transpose(b.g.tp, b.x, 0, 1);
    b.o = recur_rnn_forward(b.g.tp, b.rnn, x, NULL, b.h0, b.c0);
    check_shape(b.o.y, (dims)DIMS(B, T, 2 * H));
    assert_same(recur_transpose(b.g.tp, b.o.y, 0, 1), a.o.y);
    check_shape(b.o.h, (dims)DIMS(4, B, H));
    assert_same(b.o.h, a.o.h);
    for (int64_t r = 0; r < B; r++)
        for (int64_t u = 0; u < H; u++) {
            double forward = recur_item(a.o.y, ((T - 1) * B + r) * 2 * H + u);
            double reverse = recur_item(a.o.y, r * 2 * H + H + u);
            assert_true(recur_item(a.o.h, (2 * B + r) * H + u) == forward);
            assert_true(recur_item(a.o.h, (3 * B + r) * H + u) == reverse);
        }
    layer_close(&a);
    layer_close(&b);
}

static void states_keep_their_order_with_batch_first(void **state)
{
    (void)state;
    each_cell(check_state_order);
}

/* --- 2: where the reset gate acts --- */

/* Weights of 0, r = 1/2, z = 0: h = tanh(b_in + r b_hn), or with the reset before the product
 * tanh(b_in + b_hn). */
static void check_reset(recur_rnn_config config)
{
    layer l;
    if (config.cell != RECUR_GRU && config.cell != RECUR_GRU_ORIGINAL)
        return;
    layer_open(&l, RECUR_F64, NULL, config);
    recur_tensor *ih = recur_params_find(l.g.ps, "bias_ih_l0"), *hh = recur_params_find(l.g.ps, "bias_hh_l0");
    for (size_t i = 0; i < 2; i++)
        recur_init_constant(l.g.ps, recur_params_find(l.g.ps, i ? "weight_ih_l0" : "weight_hh_l0"), 0.0);
    for (int64_t u = 0; u < 3 * H; u++) {
        set(ih, u, u < H ? 0.0 : u < 2 * H ? -1000.0 : 0.5);
        set(hh, u, u < 2 * H ? 0.0 : -2.0);
    }
    layer_run(&l, RECUR_EVAL, NULL);
    double want = tanh(config.cell == RECUR_GRU ? -0.5 : -1.5);
    for (int64_t i = 0; i < recur_count(l.o.h); i++)
        assert_true(fabs(recur_item(l.o.h, i) - want) < 1e-14);
    layer_close(&l);
}

static void reset_gate_acts_on_the_hidden_bias(void **state)
{
    (void)state;
    each_cell(check_reset);
}

/* --- 3: projection --- */

static void projection_narrows_h_alone(void **state)
{
    (void)state;
    for (int compose = 0; compose < 2; compose++) {
        enum { P = 5 };
        graph g;
        recur_rnn *rnn = NULL;
        recur_rnn_config config = {.cell = RECUR_LSTM,
                                   .input = I,
                                   .hidden = H,
                                   .layers = 2,
                                   .proj = P,
                                   .bidirectional = true,
                                   .compose = compose};
        graph_open(&g, RECUR_F32, NULL);
        assert_int_equal(recur_rnn_create(&rnn, g.ps, "", &config), RECUR_OK);
        assert_int_equal(recur_params_size(g.ps), 2 * 2 * 5);
        check_shape(recur_params_find(g.ps, "weight_hh_l1_reverse"), (dims)DIMS(4 * H, P));
        check_shape(recur_params_find(g.ps, "weight_ih_l1"), (dims)DIMS(4 * H, 2 * P));
        check_shape(recur_params_find(g.ps, "weight_hr_l0_reverse"), (dims)DIMS(P, H));
        recur_tensor *x = graph_input(g.tp, RECUR_F32, (dims)DIMS(T, B, I), -1, 1, 0);
        recur_rnn_out o = recur_rnn_forward(g.tp, rnn, x, NULL, NULL, NULL);
        check_shape(o.y, (dims)DIMS(T, B, 2 * P));
        check_shape(o.h, (dims)DIMS(4, B, P));
        check_shape(o.c, (dims)DIMS(4, B, H));
        recur_rnn_free(rnn);
        graph_close(&g);
    }
}

/* --- 4 and 5: padding --- */

static const int64_t lengths[B] = {2, 0, 3};

/* Fills the padding of x [T, B, F]. */
static void pad(recur_tensor *x, double value)
{
    int64_t F = recur_dim(x, 2);
    for (int64_t t = 0; t < T; t++)
        for (int64_t b = 0; b < B; b++)
            for (int64_t f = 0; t >= lengths[b] && f < F; f++)
                set(x, (t * B + b) * F + f, value);
}

/* `padding` lies behind every sequence in the input and in the incoming gradient. */
static void padded_run(layer *l, recur_rnn_config config, double padding)
{
    config.layers = 2;
    config.bidirectional = true;
    layer_open(l, RECUR_F64, NULL, config);
    pad(l->x, padding);
    layer_run(l, RECUR_EVAL, lengths);
    recur_tensor *w = graph_input(l->g.tp, RECUR_F64, (dims)DIMS(T, B, 2 * H), -1, 1, 9);
    pad(w, padding);
    layer_backward(l, w);
}

static void check_padding(recur_rnn_config config)
{
    layer a, b;
    padded_run(&a, config, 0.5);
    padded_run(&b, config, (double)NAN);
    assert_same(b.o.y, a.o.y);
    assert_same(b.o.h, a.o.h);
    for (size_t i = 0; i < recur_params_size(a.g.ps); i++)
        assert_same(recur_grad(recur_params_at(b.g.ps, i)), recur_grad(recur_params_at(a.g.ps, i)));
    for (int64_t t = 0; t < T; t++)
        for (int64_t r = 0; r < B; r++)
            for (int64_t f = 0; t >= lengths[r] && f < 2 * H; f++) {
                assert_true(recur_item(a.o.y, (t * B + r) * 2 * H + f) == 0.0);
                assert_true(f >= I || recur_item(recur_grad(a.x), (t * B + r) * I + f) == 0.0);
            }
    layer_close(&a);
    layer_close(&b);
}

static void padding_never_matters(void **state)
{
    (void)state;
    each_cell(check_padding);
}

/* The reverse direction of a padded sequence is that of the sequence alone; one without steps hands its state
 * and its gradient through. */
static void check_own_end(recur_rnn_config config)
{
    layer a;
    config.bidirectional = true;
    layer_open(&a, RECUR_F64, NULL, config);
    layer_run(&a, RECUR_EVAL, lengths);
    recur_tensor *x = recur_slice(a.g.tp, recur_slice(a.g.tp, a.x, 0, 0, 2, 1), 1, 0, 1, 1);
    recur_tensor *c0 = a.c0 ? recur_slice(a.g.tp, a.c0, 1, 0, 1, 1) : NULL;
    recur_tensor *h0 = recur_slice(a.g.tp, a.h0, 1, 0, 1, 1);
    recur_rnn_out alone = recur_rnn_forward(a.g.tp, a.rnn, x, NULL, h0, c0);
    assert_same(recur_slice(a.g.tp, a.o.h, 1, 0, 1, 1), alone.h);
    recur_tensor *first = recur_slice(a.g.tp, a.o.y, 1, 0, 1, 1);
    assert_same(recur_slice(a.g.tp, first, 0, 0, 2, 1), alone.y);
    assert_same(recur_slice(a.g.tp, a.o.h, 1, 1, 2, 1), recur_slice(a.g.tp, a.h0, 1, 1, 2, 1));
    layer_backward(&a, NULL);
    for (int64_t d = 0; d < 2; d++)
        for (int64_t u = 0; u < H; u++)
            assert_true(recur_item(recur_grad(a.h0), (d * B + 1) * H + u) == 1.0);
    layer_close(&a);
}

static void sequences_end_at_their_own_step(void **state)
{
    (void)state;
    each_cell(check_own_end);
}

/* No sequence has a step: the states pass, and the input has a gradient, of zeros. */
static void check_no_steps(recur_rnn_config config)
{
    layer a;
    config.layers = 2;
    config.bidirectional = true;
    layer_open(&a, RECUR_F64, NULL, config);
    recur_tape_begin(a.g.tp, RECUR_EVAL);
    recur_tensor *none = graph_i64(a.g.tp, (dims)DIMS(B), (int64_t[B]){0});
    recur_tensor *x = recur_track(graph_input(a.g.tp, RECUR_F64, (dims)DIMS(T, B, I), -1, 1, 0));
    a.o = recur_rnn_forward(a.g.tp, a.rnn, x, none, a.h0, a.c0);
    assert_zeros(a.o.y);
    assert_same(a.o.h, a.h0);
    if (a.c0)
        assert_same(a.o.c, a.c0);
    layer_backward(&a, NULL);
    assert_zeros(recur_grad(x));
    layer_close(&a);
}

static void states_pass_where_nothing_steps(void **state)
{
    (void)state;
    each_cell(check_no_steps);
}

/* The last output is the last state: asking for both doubles the gradients. */
static void check_shared_state(recur_rnn_config config)
{
    layer a, b;
    layer_open(&a, RECUR_F64, NULL, config);
    layer_open(&b, RECUR_F64, NULL, config);
    layer_run(&a, RECUR_EVAL, NULL);
    recur_tensor *w = recur_input(a.g.tp, RECUR_F64, 3, (int64_t[]){T, B, H}, NULL);
    for (int64_t i = (T - 1) * B * H; i < T * B * H; i++)
        set(w, i, 1.0);
    layer_backward(&a, w);
    layer_run(&b, RECUR_EVAL, NULL);
    recur_tensor *h = recur_sum(b.g.tp, b.o.h, RECUR_ALL_AXES, false);
    assert_int_equal(recur_backward(b.g.tp, recur_affine(b.g.tp, h, 2.0, 0.0)), RECUR_OK);
    for (size_t i = 0; i < recur_params_size(a.g.ps); i++)
        assert_same(recur_grad(recur_params_at(a.g.ps, i)), recur_grad(recur_params_at(b.g.ps, i)));
    layer_close(&a);
    layer_close(&b);
}

static void outputs_and_states_share_their_gradient(void **state)
{
    (void)state;
    each_cell(check_shared_state);
}

/* Two passes over the same input, states and weights: every gradient is twice that of one. */
static void check_used_twice(recur_rnn_config config)
{
    layer a, b;
    config.layers = 2;
    config.bidirectional = true;
    layer_open(&a, RECUR_F64, NULL, config);
    layer_open(&b, RECUR_F64, NULL, config);
    layer_run(&a, RECUR_EVAL, lengths);
    layer_backward(&a, NULL);
    layer_run(&b, RECUR_EVAL, lengths);
    recur_tensor *n = graph_i64(b.g.tp, (dims)DIMS(B), lengths);
    recur_rnn_out second = recur_rnn_forward(b.g.tp, b.rnn, b.x, n, b.h0, b.c0);
    b.o.y = recur_add(b.g.tp, b.o.y, second.y);
    b.o.h = recur_add(b.g.tp, b.o.h, second.h);
    layer_backward(&b, NULL);
    for (size_t i = 0; i < recur_params_size(a.g.ps); i++) {
        recur_tensor *once = recur_params_at(a.g.ps, i), *twice = recur_params_at(b.g.ps, i);
        for (int64_t j = 0; j < recur_count(once); j++) {
            double want = 2.0 * recur_item(recur_grad(once), j), got = recur_item(recur_grad(twice), j);
            if (!(fabs(got - want) <= 1e-12 * (1.0 + fabs(want))))
                fail_msg("%s element %lld: %.17g, not %.17g", recur_name(once), (long long)j, got, want);
        }
    }
    layer_close(&a);
    layer_close(&b);
}

static void gradients_add_up_where_an_input_is_used_twice(void **state)
{
    (void)state;
    each_cell(check_used_twice);
}

/* --- 6: relu --- */

static void check_relu(recur_dtype dtype, const char *isa)
{
    layer l;
    layer_open(&l, dtype, isa, (recur_rnn_config){.cell = RECUR_RNN_RELU, .input = I});
    set(l.x, I, (double)NAN); /* step 0 of sequence 1 */
    layer_run(&l, RECUR_EVAL, NULL);
    for (int64_t i = 0; i < recur_count(l.o.y); i++)
        assert_int_equal(!isnan(recur_item(l.o.y, i)), i / H % B != 1);
    recur_tensor *x = recur_track(graph_input(l.g.tp, dtype, (dims)DIMS(H), 0.0, 0.0, 0));
    set(x, 0, -0.0);
    set(x, 7, (double)NAN);
    set(x, H - 1, (double)NAN);
    recur_tensor *y = recur_relu(l.g.tp, x);
    assert_true(isnan(recur_item(y, 7)) && isnan(recur_item(y, H - 1)));
    assert_int_equal(recur_backward(l.g.tp, recur_sum(l.g.tp, y, 0, false)), RECUR_OK);
    for (int64_t i = 0; i < H - 1; i++)
        assert_true(i == 7 || (recur_item(y, i) == 0.0 && recur_item(recur_grad(x), i) == 0.0));
    layer_close(&l);
}

static void relu_keeps_nan_and_is_flat_at_zero(void **state)
{
    (void)state;
    each_isa(check_relu);
}

/* --- 7: large inputs --- */

/* One feature, since inf - inf is NaN in any arithmetic. */
static void check_infinity(recur_dtype dtype, const char *isa)
{
    double largest = dtype == RECUR_F32 ? (double)FLT_MAX : DBL_MAX;
    double large[] = {INFINITY, -INFINITY, largest, -largest, 1e4, -1e4, 50, -50};
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) {
        layer l;
        if (cell == RECUR_RNN_RELU)
            continue;
        layer_open(&l, dtype, isa, (recur_rnn_config){.cell = (recur_cell)cell, .input = 1});
        for (int64_t i = 0; i < T * B; i++)
            set(l.x, i, large[i % 8]);
        layer_run(&l, RECUR_EVAL, NULL);
        assert_finite(l.o.y);
        for (int64_t i = 0; i < T * B; i++)
            set(l.x, i, large[4 + i % 4]);
        layer_run(&l, RECUR_EVAL, NULL);
        assert_finite(l.o.y);
        layer_backward(&l, NULL);
        for (size_t i = 0; i < recur_params_size(l.g.ps); i++)
            assert_finite(recur_grad(recur_params_at(l.g.ps, i)));
        layer_close(&l);
    }
}

static void infinite_inputs_saturate(void **state)
{
    (void)state;
    each_isa(check_infinity);
}

/* --- 8: dropout of everything, batches of nothing --- */

static void check_dropout_of_all(recur_rnn_config config)
{
    layer a, b;
    config.layers = 2;
    layer_open(&b, RECUR_F64, NULL, config);
    config.dropout = 1.0;
    layer_open(&a, RECUR_F64, NULL, config);
    recur_init_constant(b.g.ps, recur_params_find(b.g.ps, "weight_ih_l1"), 0.0);
    layer_run(&a, RECUR_TRAIN, NULL);
    layer_run(&b, RECUR_EVAL, NULL);
    assert_same(a.o.y, b.o.y);
    recur_tensor *y = recur_sum(a.g.tp, a.o.y, RECUR_ALL_AXES, false);
    assert_int_equal(recur_backward(a.g.tp, y), RECUR_OK);
    assert_zeros(recur_grad(recur_params_find(a.g.ps, "weight_ih_l0")));
    assert_zeros(recur_grad(recur_params_find(a.g.ps, "weight_ih_l1")));
    assert_zeros(recur_grad(a.x));
    assert_finite(recur_grad(recur_params_find(a.g.ps, "weight_hh_l1")));
    layer_close(&a);
    layer_close(&b);
}

static void check_last_layer(recur_rnn_config config)
{
    layer a, b;
    layer_open(&a, RECUR_F64, NULL, config);
    config.dropout = 1.0;
    layer_open(&b, RECUR_F64, NULL, config);
    layer_run(&a, RECUR_TRAIN, NULL);
    layer_run(&b, RECUR_TRAIN, NULL);
    assert_same(a.o.y, b.o.y);
    layer_close(&a);
    layer_close(&b);
}

static void dropout_acts_between_layers_only(void **state)
{
    (void)state;
    each_cell(check_dropout_of_all);
    each_cell(check_last_layer);
}

static void dropping_everything_divides_by_nothing(void **state)
{
    graph g;
    (void)state;
    graph_open(&g, RECUR_F32, NULL);
    recur_tape_begin(g.tp, RECUR_TRAIN);
    recur_tensor *x = recur_track(graph_input(g.tp, RECUR_F32, (dims)DIMS(H), -1, 1, 0));
    recur_tensor *y = recur_dropout(g.tp, x, 1.0);
    assert_zeros(y);
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
    assert_zeros(recur_grad(x));
    graph_close(&g);
}

static void check_empty_batch(recur_rnn_config config)
{
    graph g;
    recur_rnn *rnn = NULL;
    config.hidden = H;
    config.layers = 2;
    config.bidirectional = true;
    graph_open(&g, RECUR_F32, NULL);
    assert_int_equal(recur_rnn_create(&rnn, g.ps, "", &config), RECUR_OK);
    recur_tensor *x = recur_input(g.tp, RECUR_F32, 3, (int64_t[]){T, 0, I}, NULL);
    recur_tensor *n = recur_input(g.tp, RECUR_I64, 1, (int64_t[]){0}, NULL);
    recur_rnn_out o = recur_rnn_forward(g.tp, rnn, x, n, NULL, NULL);
    check_shape(o.y, (dims)DIMS(T, 0, 2 * H));
    check_shape(o.h, (dims)DIMS(4, 0, H));
    recur_tensor *all = recur_concat(
        g.tp,
        (recur_tensor *[]){recur_last_step(g.tp, o.y, n, false), recur_pool_sum(g.tp, o.y, n, false),
                           recur_pool_mean(g.tp, o.y, n, false), recur_pool_max(g.tp, o.y, n, false)},
        4, 1);
    check_shape(all, (dims)DIMS(0, 4 * 2 * H));
    all = recur_softmax(g.tp, all, -1);
    assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, all, RECUR_ALL_AXES, false)), RECUR_OK);
    for (size_t i = 0; i < recur_params_size(g.ps); i++)
        assert_zeros(recur_grad(recur_params_at(g.ps, i)));
    recur_rnn_free(rnn);
    graph_close(&g);
}

static void a_batch_of_nothing_is_legal(void **state)
{
    (void)state;
    each_cell(check_empty_batch);
}

/* --- 17: ties --- */

static void check_ties(recur_dtype dtype, const char *isa)
{
    graph g;
    graph_open(&g, dtype, &(recur_options){.isa = isa});
    for (int axis = 0; axis < 2; axis++) {
        recur_tape_begin(g.tp, RECUR_EVAL);
        recur_tensor *x = recur_track(graph_input(g.tp, dtype, (dims)DIMS(H, H), 0.5, 0.5, 0));
        for (int64_t i = 0; i < H * H; i++)
            set(x, i, i % 2 ? 3.0 : 1.0); /* H is odd: 3 first at index 1, or at 0, of every row and column */
        recur_tensor *y = recur_max(g.tp, x, axis, false);
        assert_int_equal(recur_backward(g.tp, recur_sum(g.tp, y, 0, false)), RECUR_OK);
        for (int64_t i = 0; i < H; i++)
            for (int64_t j = 0; j < H; j++) {
                int64_t along = axis ? j : i, first = axis ? (i + 1) % 2 : (j + 1) % 2;
                assert_true(recur_item(recur_grad(x), i * H + j) == (along == first));
            }
    }
    graph_close(&g);
}

static void a_tie_goes_to_the_first_maximum(void **state)
{
    (void)state;
    each_isa(check_ties);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_keep_their_order_with_batch_first),
        cmocka_unit_test(reset_gate_acts_on_the_hidden_bias),
        cmocka_unit_test(projection_narrows_h_alone),
        cmocka_unit_test(padding_never_matters),
        cmocka_unit_test(sequences_end_at_their_own_step),
        cmocka_unit_test(states_pass_where_nothing_steps),
        cmocka_unit_test(outputs_and_states_share_their_gradient),
        cmocka_unit_test(gradients_add_up_where_an_input_is_used_twice),
        cmocka_unit_test(relu_keeps_nan_and_is_flat_at_zero),
        cmocka_unit_test(infinite_inputs_saturate),
        cmocka_unit_test(dropout_acts_between_layers_only),
        cmocka_unit_test(dropping_everything_divides_by_nothing),
        cmocka_unit_test(a_batch_of_nothing_is_legal),
        cmocka_unit_test(a_tie_goes_to_the_first_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
