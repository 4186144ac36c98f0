// SPDX-License-Identifier: MIT
/* Fifty training steps with everything that could depend on threads or instruction set: lengths, two
 * directions, two layers, dropout, an embedding, layer norm, cross entropy, clipping, Adam. No test
 * framework: it also runs cross-compiled. */
#ifndef TESTS_DETERMINISM_TRAIN50_H
#define TESTS_DETERMINISM_TRAIN50_H

#include <recur/layer.h>
#include <recur/loss.h>
#include <recur/optim.h>
#include <recur/rnn.h>

enum { TRAIN50_B = 19, TRAIN50_T = 7, TRAIN50_V = 11 };

typedef struct train50 {
    recur_ctx *cx;
    recur_params *ps;
    recur_tape *tp;
    recur_optim *optim;
    recur_rnn *rnn;
    recur_embedding_layer embedding;
    recur_layer_norm norm;
    recur_linear_layer linear;
} train50;

static inline recur_status train50_build(train50 *m, recur_cell cell, recur_dtype dtype)
{
    recur_rnn_config config = {.cell = cell,
                               .input = 5,
                               .hidden = 21,
                               .layers = 2,
                               .bidirectional = true,
                               .batch_first = true,
                               .dropout = 0.25};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    int64_t width = 42;
    adam.lr = 0.01;
    recur_status s = recur_params_create(&m->ps, m->cx, dtype, 3);
    s = s ? s : recur_tape_create(&m->tp, m->cx, 5);
    s = s ? s : recur_embedding_create(&m->embedding, m->ps, "embedding", TRAIN50_V, 5, 0);
    s = s ? s : recur_rnn_create(&m->rnn, m->ps, "rnn", &config);
    s = s ? s : recur_layer_norm_create(&m->norm, m->ps, "norm", 1, &width, 1e-5, true);
    s = s ? s : recur_linear_create(&m->linear, m->ps, "linear", width, TRAIN50_V, true);
    return s ? s : recur_optim_create(&m->optim, m->ps, &adam);
}

static inline recur_status train50_step(train50 *m, int k)
{
    int64_t ids[TRAIN50_B * TRAIN50_T], lengths[TRAIN50_B], target[TRAIN50_B];
    int64_t B = TRAIN50_B, T = TRAIN50_T;
    for (int64_t b = 0; b < B; b++) {
        lengths[b] = (b * 3 + k) % (T + 1);
        target[b] = (b + k) % TRAIN50_V;
        for (int64_t t = 0; t < T; t++)
            ids[b * T + t] = (b * 7 + t * 3 + k) % TRAIN50_V;
    }
    recur_tape_begin(m->tp, RECUR_TRAIN);
    recur_tensor *x = recur_input(m->tp, RECUR_I64, 2, (int64_t[]){B, T}, ids);
    recur_tensor *n = recur_input(m->tp, RECUR_I64, 1, &B, lengths);
    recur_tensor *e = recur_embedding_forward(m->tp, &m->embedding, x);
    recur_tensor *y = recur_rnn_forward(m->tp, m->rnn, e, n, NULL, NULL).y;
    recur_tensor *h = recur_layer_norm_forward(m->tp, &m->norm, recur_pool_mean(m->tp, y, n, true));
    recur_tensor *logits = recur_linear_forward(m->tp, &m->linear, recur_dropout(m->tp, h, 0.1));
    recur_tensor *loss =
        recur_cross_entropy(m->tp, logits, recur_input(m->tp, RECUR_I64, 1, &B, target), RECUR_CLASS_LOSS);
    recur_status s = recur_backward(m->tp, loss);
    s = s ? s : recur_clip_grad_norm(m->ps, 0.5, 2.0, NULL);
    return s ? s : recur_optim_step(m->optim);
}

/* FNV-1a over the bytes of all parameters. */
static inline uint64_t train50_checksum(const train50 *m)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < recur_params_size(m->ps); i++) {
        recur_tensor *p = recur_params_at(m->ps, i);
        bool f32 = recur_dtype_of(p) == RECUR_F32;
        const unsigned char *byte =
            f32 ? (const unsigned char *)recur_f32(p) : (const unsigned char *)recur_f64(p);
        for (size_t n = (size_t)recur_count(p) * (f32 ? 4 : 8); n > 0; n--)
            h = (h ^ *byte++) * 1099511628211u;
    }
    return h;
}

static inline void train50_destroy(train50 *m)
{
    recur_optim_free(m->optim);
    recur_rnn_free(m->rnn);
    recur_tape_free(m->tp);
    recur_params_free(m->ps);
    recur_ctx_free(m->cx);
}

/* The checksum after `steps` steps (50) in *sum. */
static inline recur_status train50_run(const recur_options *options, recur_cell cell, recur_dtype dtype,
                                       int steps, uint64_t *sum)
{
    train50 m = {0};
    recur_status s = recur_ctx_create(&m.cx, options);
    s = s ? s : train50_build(&m, cell, dtype);
    for (int k = 0; k < steps && !s; k++)
        s = train50_step(&m, k);
    if (!s)
        *sum = train50_checksum(&m);
    train50_destroy(&m);
    return s;
}

#endif
