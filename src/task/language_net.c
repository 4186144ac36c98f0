// SPDX-License-Identifier: MIT
/* The model of a language: embedding -> recurrent stack -> (bridge) -> logits of the next unit. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/language.h"
#include "train/option.h"

/* ---- making ---- */

static recur_status make_output(rcr_language_net *net, int64_t V)
{
    int64_t E = net->config.model.embedding, H = net->config.model.hidden;
    if (!net->config.tie)
        return recur_linear_create(&net->output, net->ps, "output", H, V, true);
    recur_status status =
        H == E ? RECUR_OK : recur_linear_create(&net->bridge, net->ps, "bridge", H, E, true);
    return status == RECUR_OK ? recur_linear_tie(&net->output, net->ps, "output", net->embedding.weight, true)
                              : status;
}

/* Tied weights begin small, since they are a linear layer's as well. */
static recur_status init(rcr_language_net *net)
{
    recur_status status = RECUR_OK;
    if (net->config.tie)
        status = recur_init_uniform(net->ps, net->embedding.weight, -0.1, 0.1);
    if (status == RECUR_OK)
        status = rcr_init_uniform_all(net->ps, &net->config.model);
    return status == RECUR_OK ? rcr_stack_init(net->rnn, &net->config.model) : status;
}

static recur_status build(rcr_language_net *net, recur_ctx *cx, int64_t V, const rcr_model_file *from)
{
    const recur_model_config *m = &net->config.model;
    recur_rnn_config stack = rcr_model_rnn(m, m->embedding);
    stack.batch_first = false;
    stack.output_dropout = m->dropout;
    recur_status status = recur_params_create(&net->ps, cx, RECUR_F32, (uint64_t)net->config.train.seed);
    if (status == RECUR_OK && from)
        rcr_model_file_limit(from, net->ps);
    if (status == RECUR_OK)
        status = recur_embedding_create(&net->embedding, net->ps, "embedding", V, m->embedding, RECUR_PAD);
    net->embedding.dropout = m->embedding_dropout;
    if (status == RECUR_OK)
        status = recur_rnn_create(&net->rnn, net->ps, "rnn", &stack);
    if (status == RECUR_OK)
        status = make_output(net, V);
    if (status != RECUR_OK)
        return status;
    return from ? rcr_model_file_load(from, net->ps) : init(net);
}

recur_status rcr_language_net_create(rcr_language_net *net, recur_ctx *cx, const recur_language_config *c,
                                     int64_t V, const rcr_model_file *from)
{
    *net = (rcr_language_net){.config = *c};
    recur_status status = build(net, cx, V, from);
    if (status != RECUR_OK)
        rcr_language_net_free(net);
    return status;
}

void rcr_language_net_free(rcr_language_net *net)
{
    recur_rnn_free(net->rnn);
    recur_params_free(net->ps);
    net->rnn = NULL;
    net->ps = NULL;
}

recur_status rcr_language_net_plan(recur_plan **out, const rcr_language_net *net)
{
    recur_status status = recur_plan_create(out, recur_params_ctx(net->ps));
    if (status != RECUR_OK)
        return status;
    status = recur_plan_embedding(*out, &net->embedding);
    if (status == RECUR_OK)
        status = recur_plan_rnn(*out, net->rnn);
    if (status == RECUR_OK && net->bridge.weight)
        status = recur_plan_linear(*out, &net->bridge);
    if (status == RECUR_OK)
        status = recur_plan_linear(*out, &net->output);
    if (status == RECUR_OK)
        return RECUR_OK;
    recur_plan_free(*out);
    *out = NULL;
    return status;
}

/* ---- the state ---- */

recur_status rcr_language_state_create(rcr_language_state *s, recur_ctx *cx, const rcr_language_net *net,
                                       int64_t B)
{
    const int64_t shape[3] = {net->config.model.layers, B, net->config.model.hidden};
    *s = (rcr_language_state){0};
    recur_status status = recur_params_create(&s->kept, cx, RECUR_F32, 0);
    if (status != RECUR_OK)
        return status;
    s->h = recur_buffer(s->kept, "h", RECUR_F32, 3, shape);
    if (s->h && net->config.model.cell == RECUR_LSTM)
        s->c = recur_buffer(s->kept, "c", RECUR_F32, 3, shape);
    return recur_error(cx, NULL);
}

void rcr_language_state_free(rcr_language_state *s)
{
    recur_params_free(s->kept);
    *s = (rcr_language_state){0};
}

static size_t bytes_of(recur_tensor *x)
{
    return (size_t)(recur_dim(x, 0) * recur_dim(x, 1) * recur_dim(x, 2)) * sizeof(float);
}

/* Where a step begins: a copy, since the state is replaced by what the step ends with. */
static recur_tensor *begin_state(recur_tape *tp, recur_tensor *kept, bool zero)
{
    if (!kept)
        return NULL;
    const int64_t shape[3] = {recur_dim(kept, 0), recur_dim(kept, 1), recur_dim(kept, 2)};
    return recur_input(tp, RECUR_F32, 3, shape, zero ? NULL : recur_f32(kept));
}

static void keep_state(recur_tensor *kept, recur_tensor *now)
{
    if (kept && now)
        memcpy(recur_f32(kept), recur_f32(now), bytes_of(kept));
}

/* ---- forward ---- */

/* x [T, B] -> what the output layer reads [T * B, H or E] */
static recur_tensor *forward(recur_tape *tp, const rcr_language_net *net, const recur_window_of_text *w,
                             rcr_language_state *state)
{
    const int64_t shape[2] = {w->T, w->B}, rows[2] = {w->T * w->B, net->config.model.hidden};
    bool even = w->units == w->T * w->B;
    recur_tensor *x = recur_input(tp, RECUR_I64, 2, shape, w->x);
    recur_tensor *lengths = even ? NULL : recur_input(tp, RECUR_I64, 1, &w->B, w->lengths);
    recur_rnn_out out =
        recur_rnn_forward(tp, net->rnn, recur_embedding_forward(tp, &net->embedding, x), lengths,
                          begin_state(tp, state->h, w->first), begin_state(tp, state->c, w->first));
    keep_state(state->h, out.h);
    keep_state(state->c, out.c);
    recur_tensor *y = out.y ? recur_reshape(tp, out.y, 2, rows) : NULL;
    if (net->bridge.weight)
        y = recur_linear_forward(tp, &net->bridge, y);
    return y;
}

recur_tensor *rcr_language_loss(recur_tape *tp, const rcr_language_net *net, const recur_window_of_text *w,
                                rcr_language_state *state)
{
    const int64_t n = w->T * w->B;
    recur_class_loss options = RECUR_CLASS_LOSS;
    options.ignore_index = RECUR_PAD;
    return recur_linear_cross_entropy(tp, forward(tp, net, w, state), net->output.weight, net->output.bias,
                                      recur_input(tp, RECUR_I64, 1, &n, w->y), options);
}
