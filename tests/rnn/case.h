// SPDX-License-Identifier: MIT
/* A recurrent layer with random inputs, lengths and states as parameters of one set, and a scalar that
 * depends on all it gives: what the tests of this folder check, compare and time. */
#ifndef TESTS_RNN_CASE_H
#define TESTS_RNN_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <recur/context.h>
#include <recur/init.h>
#include <recur/op.h>
#include <recur/rnn.h>
#include <recur/tape.h>

enum { MAX_BATCH = 40 };

typedef struct rnn_case {
    recur_rnn_config config;
    int64_t T, B;
    bool lengths, states; /* given, or NULL */
    recur_dtype dtype;
    int threads;
    const char *isa;
    int64_t length[MAX_BATCH]; /* used where set; else random */
} rnn_case;

typedef struct rnn_setup {
    recur_ctx *cx;
    recur_params *ps;
    recur_tape *tp;
    recur_rnn *rnn;
    recur_tensor *x, *h0, *c0, *wy, *wh, *wc; /* wy.. weigh the results in the scalar */
    int64_t length[MAX_BATCH];
    rnn_case spec;
    recur_rnn_out out; /* of the last forward pass */
} rnn_setup;

static inline recur_tensor *random_param(recur_params *ps, const char *name, int rank, const int64_t *shape)
{
    recur_tensor *t = recur_param(ps, name, rank, shape);
    assert_non_null(t);
    assert_int_equal(recur_init_uniform(ps, t, -1.0, 1.0), RECUR_OK);
    return t;
}

static inline void setup_inputs(rnn_setup *s)
{
    const rnn_case *k = &s->spec;
    const recur_rnn_config *g = recur_rnn_config_of(s->rnn);
    int64_t D = g->bidirectional ? 2 : 1, O = g->proj ? g->proj : g->hidden, LD = g->layers * D;
    int64_t outer = g->batch_first ? k->B : k->T, inner = g->batch_first ? k->T : k->B;
    s->x = random_param(s->ps, "x", 3, (int64_t[]){outer, inner, g->input});
    s->h0 = random_param(s->ps, "h0", 3, (int64_t[]){LD, k->B, O});
    s->c0 = random_param(s->ps, "c0", 3, (int64_t[]){LD, k->B, g->hidden});
    s->wy = random_param(s->ps, "wy", 3, (int64_t[]){outer, inner, D * O});
    s->wh = random_param(s->ps, "wh", 3, (int64_t[]){LD, k->B, O});
    s->wc = random_param(s->ps, "wc", 3, (int64_t[]){LD, k->B, g->hidden});
}

/* Gains and biases of a layer norm, which begin as ones and zeros, in some disorder. */
static inline void stir_norm(rnn_setup *s)
{
    recur_tensor *w;
    for (size_t i = 0; s->spec.config.layer_norm && (w = recur_params_at(s->ps, i)); i++)
        if (strncmp(recur_name(w), "rnn.gain", 8) == 0 || strncmp(recur_name(w), "rnn.bias", 8) == 0)
            assert_int_equal(recur_init_uniform(s->ps, w, 0.3, 1.4), RECUR_OK);
}

static inline void setup_rnn(rnn_setup *s, const rnn_case *spec)
{
    *s = (rnn_setup){.spec = *spec};
    recur_options options = {.threads = spec->threads ? spec->threads : 1, .isa = spec->isa};
    assert_int_equal(recur_ctx_create(&s->cx, &options), RECUR_OK);
    assert_int_equal(recur_params_create(&s->ps, s->cx, spec->dtype, 7), RECUR_OK);
    assert_int_equal(recur_tape_create(&s->tp, s->cx, 11), RECUR_OK);
    assert_int_equal(recur_rnn_create(&s->rnn, s->ps, "rnn", &spec->config), RECUR_OK);
    stir_norm(s);
    setup_inputs(s);
    for (int64_t b = 0; b < spec->B; b++)
        s->length[b] = spec->length[0] < 0 ? 0
                       : spec->length[b]   ? spec->length[b]
                                           : (b * 5 + 3) % (spec->T + 1);
}

static inline void teardown_rnn(rnn_setup *s)
{
    recur_rnn_free(s->rnn);
    recur_tape_free(s->tp);
    recur_params_free(s->ps);
    recur_ctx_free(s->cx);
}

/* sum(wy y) + sum(wh h) + sum(wc c) */
static inline recur_tensor *rnn_scalar(recur_tape *tp, void *user)
{
    rnn_setup *s = user;
    recur_tensor *lengths = s->spec.lengths ? recur_input(tp, RECUR_I64, 1, &s->spec.B, s->length) : NULL;
    bool lstm = s->spec.config.cell == RECUR_LSTM;
    s->out = recur_rnn_forward(tp, s->rnn, s->x, lengths, s->spec.states ? s->h0 : NULL,
                               s->spec.states && lstm ? s->c0 : NULL);
    recur_tensor *y = recur_sum(tp, recur_mul(tp, s->out.y, s->wy), RECUR_ALL_AXES, false);
    recur_tensor *h = recur_sum(tp, recur_mul(tp, s->out.h, s->wh), RECUR_ALL_AXES, false);
    recur_tensor *sum = recur_add(tp, y, h);
    if (!lstm)
        return sum;
    return recur_add(tp, sum, recur_sum(tp, recur_mul(tp, s->out.c, s->wc), RECUR_ALL_AXES, false));
}

/* Forward and backward, always of the same step: the same masks. */
static inline void run_rnn_as(rnn_setup *s, recur_mode mode)
{
    recur_zero_grad(s->ps);
    recur_tape_set_step(s->tp, 0);
    recur_tape_begin(s->tp, mode);
    recur_status st = recur_backward(s->tp, rnn_scalar(s->tp, s));
    const char *text = NULL;
    recur_error(s->cx, &text);
    if (st)
        print_error("%s\n", text);
    assert_int_equal(st, RECUR_OK);
}

static inline void run_rnn(rnn_setup *s)
{
    run_rnn_as(s, RECUR_TRAIN);
}

static inline size_t tensor_size(const recur_tensor *t)
{
    return (size_t)recur_count(t) * (recur_dtype_of(t) == RECUR_F32 ? 4 : 8);
}

static inline const void *tensor_data(recur_tensor *t)
{
    return recur_dtype_of(t) == RECUR_F32 ? (const void *)recur_f32(t) : (const void *)recur_f64(t);
}

static inline void assert_same_bits(recur_tensor *a, recur_tensor *b)
{
    assert_int_equal(tensor_size(a), tensor_size(b));
    if (tensor_size(a))
        assert_memory_equal(tensor_data(a), tensor_data(b), tensor_size(a));
}

#endif
