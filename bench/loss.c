// SPDX-License-Identifier: MIT
/* The forward passes of the workloads, each up to its loss. */
#include <string.h>

#include "model.h"

static recur_tensor *ids_of(model *m, const int64_t *ids)
{
    return recur_input(m->tp, RECUR_I64, 2, (int64_t[]){m->s.B, m->s.T}, ids);
}

static recur_tensor *numbers_of(model *m)
{
    return recur_input(m->tp, RECUR_F32, 3, (int64_t[]){m->s.B, m->s.T, m->s.I}, m->data.x);
}

static recur_tensor *lengths_of(model *m)
{
    return m->s.shortest ? recur_input(m->tp, RECUR_I64, 1, &m->s.B, m->data.lengths) : NULL;
}

/* The last layer's last state through the head; mean squared error. */
static recur_tensor *series_loss(model *m)
{
    const spec *s = &m->s;
    recur_tape *tp = m->tp;
    recur_tensor *y = recur_input(tp, RECUR_F32, 2, (int64_t[]){s->B, 1}, m->data.y);
    recur_tensor *h = recur_rnn_forward(tp, m->rnn, numbers_of(m), lengths_of(m), NULL, NULL).h;
    h = recur_reshape(tp, recur_slice(tp, h, 0, s->layers - 1, s->layers, 1), 2, (int64_t[]){s->B, s->H});
    if (s->dense)
        h = recur_linear_forward(tp, &m->dense, h);
    return recur_mse_loss(tp, recur_linear_forward(tp, &m->head, h), y, RECUR_MEAN);
}

/* Self attention, the mean over time, a dense layer, batch norm, relu, the classes. */
static recur_tensor *sentiment_loss(model *m)
{
    recur_tape *tp = m->tp;
    recur_tensor *lengths = lengths_of(m), *x = recur_embedding_forward(tp, &m->words, ids_of(m, m->data.in));
    recur_tensor *y = recur_rnn_forward(tp, m->rnn, x, lengths, NULL, NULL).y;
    y = recur_multihead_forward(tp, &m->attention, &(recur_multihead_in){.query = y, .lengths = lengths})
            .output;
    y = recur_linear_forward(tp, &m->dense, recur_pool_mean(tp, y, lengths, true));
    y = recur_linear_forward(tp, &m->head, recur_relu(tp, recur_batch_norm_forward(tp, &m->norm, y)));
    recur_tensor *class = recur_input(tp, RECUR_I64, 1, &m->s.B, m->data.class);
    return recur_cross_entropy(tp, y, class, RECUR_CLASS_LOSS);
}

/* Cross entropy of every step's word after y [B, T, H]. */
static recur_tensor *word_loss(model *m, recur_tensor *y)
{
    int64_t N = m->s.B * m->s.T;
    y = recur_reshape(m->tp, y, 2, (int64_t[]){N, m->s.H});
    recur_tensor *target = recur_input(m->tp, RECUR_I64, 1, &N, m->data.target);
    return recur_linear_cross_entropy(m->tp, y, m->head.weight, m->head.bias, target, RECUR_CLASS_LOSS);
}

static recur_tensor *language_loss(model *m)
{
    recur_tensor *x = recur_embedding_forward(m->tp, &m->words, ids_of(m, m->data.in));
    return word_loss(m, recur_rnn_forward(m->tp, m->rnn, x, NULL, NULL, NULL).y);
}

/* The decoder step by step, as it must go where each step looks at the one before. */
static recur_tensor *decode_steps(model *m, recur_tensor *x, recur_rnn_out state)
{
    enum { MOST = 64 };
    recur_tensor *y[MOST];
    int64_t T = m->s.T < MOST ? m->s.T : MOST;
    for (int64_t t = 0; t < T; t++) {
        recur_tensor *xt = recur_slice(m->tp, x, 1, t, t + 1, 1);
        state = recur_rnn_forward(m->tp, m->decoder, xt, NULL, state.h, state.c);
        y[t] = state.y;
    }
    return recur_concat(m->tp, y, (int)T, 1);
}

static recur_tensor *translation_loss(model *m)
{
    recur_tape *tp = m->tp;
    recur_tensor *x = recur_embedding_forward(tp, &m->words, ids_of(m, m->data.in));
    recur_rnn_out state = recur_rnn_forward(tp, m->rnn, x, NULL, NULL, NULL);
    recur_tensor *z = recur_embedding_forward(tp, &m->out_words, ids_of(m, m->data.out));
    return word_loss(m, m->s.steps ? decode_steps(m, z, state)
                                   : recur_rnn_forward(tp, m->decoder, z, NULL, state.h, state.c).y);
}

static recur_tensor *square_loss(model *m)
{
    recur_tensor *y = recur_rnn_forward(m->tp, m->rnn, numbers_of(m), NULL, NULL, NULL).y;
    recur_tensor *zero = recur_input(m->tp, RECUR_F32, 3, (int64_t[]){m->s.B, m->s.T, m->s.H}, NULL);
    return recur_mse_loss(m->tp, y, zero, RECUR_MEAN);
}

/* --- a layer alone: a loss whose gradient with respect to y is given, as a layer behind it would --- */

static recur_status given_shape(recur_call *c)
{
    return recur_call_declare(c, RECUR_F32, 0, NULL);
}

static void given_forward(recur_call *c)
{
    *recur_f32(recur_call_out(c, 0)) = 0.0f;
}

static void given_backward(recur_call *c)
{
    const float *const *dy = recur_call_params(c);
    float *dx = recur_call_din(c, 0);
    int64_t n = recur_count(recur_call_in(c, 0));
    for (int64_t i = 0; i < n; i++)
        dx[i] += (*dy)[i];
}

static const recur_op given_gradient = {"given gradient", given_shape, given_forward, given_backward};

static recur_tensor *layer_loss(model *m)
{
    const int64_t shape[] = {m->s.T, m->s.B, m->s.I};
    const float *dy = m->data.dy;
    m->x = recur_track(recur_input(m->tp, RECUR_F32, 3, shape, m->data.x));
    m->y = recur_rnn_forward(m->tp, m->rnn, m->x, NULL, NULL, NULL).y;
    return recur_apply(m->tp, &given_gradient, &m->y, 1, &dy, sizeof dy);
}

loss_fn *loss_find(const char *name)
{
    static const struct {
        const char *name;
        loss_fn *loss;
    } losses[] = {{"series", series_loss},     {"sentiment", sentiment_loss},
                  {"language", language_loss}, {"translation", translation_loss},
                  {"square", square_loss},     {"layer", layer_loss}};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (strcmp(losses[i].name, name) == 0)
            return losses[i].loss;
    return NULL;
}
