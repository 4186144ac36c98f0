// SPDX-License-Identifier: MIT
/* The model that translates: encoder -> bridge -> decoder -> attention -> words. The formulas stand in translate.h. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "tape/tape.h"
#include "task/translate.h"
#include "train/option.h"

/* ---- making ---- */

static recur_status make_encoder(rcr_translate_net *net, int64_t V)
{
    recur_model_config m = net->config.model;
    if (m.bidirectional)
        m.hidden /= 2;
    return rcr_encoder_create(&net->encoder, net->ps, "encoder", &m, V, 0);
}

static recur_status make_decoder(rcr_translate_net *net)
{
    recur_model_config m = net->config.model;
    m.bidirectional = false;
    const int64_t fed = net->config.input_feeding ? m.embedding : 0;
    if (!net->config.share_vocab)
        return rcr_encoder_create(&net->decoder, net->ps, "decoder", &m, net->V, fed);
    const recur_rnn_config stack = rcr_model_rnn(&m, m.embedding + fed);
    net->decoder = net->encoder;
    net->decoder.rnn = NULL;
    return recur_rnn_create(&net->decoder.rnn, net->ps, "decoder.rnn", &stack);
}

static recur_status make_bridge(rcr_bridge *b, rcr_translate_net *net, const char *weight, const char *bias)
{
    int64_t L = net->config.model.layers, H = net->config.model.hidden;
    double a = 1 / sqrt((double)H);
    b->weight = recur_param(net->ps, weight, 3, (int64_t[]){L, H, H});
    b->bias = b->weight ? recur_param(net->ps, bias, 3, (int64_t[]){L, 1, H}) : NULL;
    return b->bias ? recur_init_uniform(net->ps, b->weight, -a, a)
                   : recur_error(recur_params_ctx(net->ps), NULL);
}

static recur_status make_attention(rcr_translate_net *net)
{
    static const recur_attention_score scores[] = {[RCR_ATTENTION_ADDITIVE] = RECUR_ATTENTION_ADDITIVE,
                                                   [RCR_ATTENTION_DOT] = RECUR_ATTENTION_DOT,
                                                   [RCR_ATTENTION_GENERAL] = RECUR_ATTENTION_GENERAL};
    rcr_attention_kind kind;
    int64_t heads, H = net->config.model.hidden;
    recur_status status =
        rcr_attention_parse(recur_params_ctx(net->ps), net->config.model.attention, &kind, &heads);
    if (status != RECUR_OK)
        return status;
    net->attends = kind != RCR_ATTENTION_NONE;
    const recur_attention_config a = {.score = scores[kind], .query = H, .key = H};
    return net->attends ? recur_attention_create(&net->attention, net->ps, "attention", &a) : RECUR_OK;
}

static recur_status make_output(rcr_translate_net *net)
{
    int64_t E = net->config.model.embedding, H = net->config.model.hidden;
    recur_status status =
        recur_linear_create(&net->combine, net->ps, "combine", net->attends ? 2 * H : H, E, true);
    if (status != RECUR_OK)
        return status;
    return net->config.tie
               ? recur_linear_tie(&net->output, net->ps, "output", net->decoder.embedding.weight, true)
               : recur_linear_create(&net->output, net->ps, "output", E, net->V, true);
}

static recur_status make_parts(rcr_translate_net *net, int64_t source_V)
{
    bool lstm = net->config.model.cell == RECUR_LSTM;
    recur_status status = make_encoder(net, source_V);
    if (status == RECUR_OK)
        status = make_decoder(net);
    if (status == RECUR_OK)
        status = make_bridge(&net->bridge_h, net, "bridge.weight_h", "bridge.bias_h");
    if (status == RECUR_OK && lstm)
        status = make_bridge(&net->bridge_c, net, "bridge.weight_c", "bridge.bias_c");
    if (status == RECUR_OK)
        status = make_attention(net);
    return status == RECUR_OK ? make_output(net) : status;
}

static recur_status init(rcr_translate_net *net)
{
    recur_status status = rcr_init_uniform_all(net->ps, &net->config.model);
    if (status == RECUR_OK)
        status = rcr_stack_init(net->encoder.rnn, &net->config.model);
    return status == RECUR_OK ? rcr_stack_init(net->decoder.rnn, &net->config.model) : status;
}

static recur_status build(rcr_translate_net *net, recur_ctx *cx, int64_t source_V, const rcr_model_file *from)
{
    recur_status status = recur_params_create(&net->ps, cx, RECUR_F32, (uint64_t)net->config.train.seed);
    if (status == RECUR_OK && from)
        rcr_model_file_limit(from, net->ps);
    if (status == RECUR_OK)
        status = make_parts(net, source_V);
    if (status != RECUR_OK)
        return status;
    return from ? rcr_model_file_load(from, net->ps) : init(net);
}

recur_status rcr_translate_net_create(rcr_translate_net *net, recur_ctx *cx, const recur_translate_config *c,
                                      const rcr_translate_words *w, const rcr_model_file *from)
{
    *net = (rcr_translate_net){.config = *c, .V = recur_vocab_size(rcr_translate_target(w))};
    recur_status status = build(net, cx, recur_vocab_size(w->source.vocab), from);
    if (status != RECUR_OK)
        rcr_translate_net_free(net);
    return status;
}

void rcr_translate_net_free(rcr_translate_net *net)
{
    rcr_encoder_free(&net->encoder);
    rcr_encoder_free(&net->decoder);
    recur_params_free(net->ps);
    *net = (rcr_translate_net){0};
}

/* ---- running ---- */

/* The last states of each layer, its directions side by side: [L*D, B, H/D] -> [L, B, H]. */
static recur_tensor *side_by_side(recur_tape *tp, const rcr_translate_net *net, recur_tensor *h, int64_t B)
{
    int64_t L = net->config.model.layers, H = net->config.model.hidden;
    if (!net->config.model.bidirectional)
        return h;
    h = recur_reshape(tp, h, 4, (int64_t[]){L, 2, B, H / 2});
    return recur_reshape(tp, recur_transpose(tp, h, 1, 2), 3, (int64_t[]){L, B, H});
}

static recur_tensor *cross(recur_tape *tp, const rcr_bridge *b, recur_tensor *h)
{
    return recur_add(tp, recur_matmul(tp, h, b->weight), b->bias);
}

rcr_memory rcr_translate_encode(recur_tape *tp, const rcr_translate_net *net, const rcr_ids *source)
{
    rcr_memory m = {0};
    recur_rnn_out out = rcr_encoder_forward(tp, &net->encoder, source);
    m.begin.h = recur_tanh(tp, cross(tp, &net->bridge_h, side_by_side(tp, net, out.h, source->B)));
    if (net->bridge_c.weight)
        m.begin.c = cross(tp, &net->bridge_c, side_by_side(tp, net, out.c, source->B));
    if (net->config.input_feeding)
        m.begin.o =
            recur_input(tp, RECUR_F32, 3, (int64_t[]){source->B, 1, net->config.model.embedding}, NULL);
    if (net->attends)
        m.keys = recur_attention_keys_of(tp, &net->attention, out.y, source->lengths, true);
    return m;
}

/* What the decoder looks at from states s [.., H]: contexts of the same shape. Where rows of a batch do not stand as its
 * sentences do, the memory says where. */
static recur_attention_out look(recur_tape *tp, const rcr_translate_net *net, const rcr_memory *m,
                                recur_tensor *s)
{
    if (!net->attends)
        return (recur_attention_out){NULL, NULL};
    if (!m->row)
        return recur_attention_query(tp, &net->attention, &m->keys, s);
    s = recur_reshape(tp, s, 2, (int64_t[]){recur_dim(s, 0), net->config.model.hidden});
    s = recur_embedding(tp, s, m->row, RECUR_NO_PADDING);
    recur_attention_out a = recur_attention_query(tp, &net->attention, &m->keys, s);
    recur_tensor *context = recur_embedding(tp, a.output, m->place, RECUR_NO_PADDING);
    return (recur_attention_out){
        recur_reshape(tp, context, 3, (int64_t[]){recur_dim(context, 0), 1, net->config.model.hidden}),
        a.weights};
}

/* o and the weights from states s [B, U, H]. */
static rcr_decoded combine(recur_tape *tp, const rcr_translate_net *net, const rcr_memory *m, recur_tensor *s)
{
    recur_attention_out a = look(tp, net, m, s);
    if (net->attends)
        s = recur_concat(tp, (recur_tensor *[]){s, a.output}, 2, -1);
    return (rcr_decoded){.o = recur_tanh(tp, recur_linear_forward(tp, &net->combine, s)),
                         .weights = a.weights};
}

/* All steps at once. */
static rcr_decoded decode_whole(recur_tape *tp, const rcr_translate_net *net, const rcr_memory *m,
                                recur_tensor *x, const rcr_ids *input)
{
    recur_rnn_out out = recur_rnn_forward(tp, net->decoder.rnn, x, input->lengths, m->begin.h, m->begin.c);
    rcr_decoded d = combine(tp, net, m, out.y);
    d.end = (rcr_decoder_state){out.h, out.c, NULL};
    return d;
}

/* Step by step, each reading o of the one before. */
static rcr_decoded decode_steps(recur_tape *tp, const rcr_translate_net *net, const rcr_memory *m,
                                recur_tensor *x, const rcr_ids *input)
{
    rcr_decoded d = {.end = m->begin};
    recur_tensor **o = rcr_arena_alloc(&tp->arena, 2 * (size_t)input->T * sizeof *o, "steps of a decoder");
    if (!o) {
        rcr_stick_last(tp->cx);
        return d;
    }
    recur_tensor **weights = o + input->T;
    for (int64_t t = 0; t < input->T; t++) {
        recur_tensor *xt = recur_slice(tp, x, 1, t, t + 1, 1);
        xt = recur_concat(tp, (recur_tensor *[]){xt, d.end.o}, 2, -1);
        recur_rnn_out out = recur_rnn_forward(tp, net->decoder.rnn, xt, NULL, d.end.h, d.end.c);
        rcr_decoded step = combine(tp, net, m, out.y);
        d.end = (rcr_decoder_state){out.h, out.c, step.o};
        o[t] = step.o;
        weights[t] = step.weights;
    }
    d.o = recur_concat(tp, o, (int)input->T, 1);
    if (net->attends)
        d.weights = recur_concat(tp, weights, (int)input->T, 1);
    return d;
}

rcr_decoded rcr_translate_decode(recur_tape *tp, const rcr_translate_net *net, const rcr_memory *m,
                                 const rcr_ids *input)
{
    recur_tensor *x = recur_embedding_forward(tp, &net->decoder.embedding, input->ids);
    return net->config.input_feeding ? decode_steps(tp, net, m, x, input)
                                     : decode_whole(tp, net, m, x, input);
}

/* o as the output layer reads it. */
static recur_tensor *dropped(recur_tape *tp, const rcr_translate_net *net, recur_tensor *o)
{
    return recur_dropout(tp, o, net->config.model.dropout);
}

recur_tensor *rcr_translate_say(recur_tape *tp, const rcr_translate_net *net, recur_tensor *o)
{
    return recur_linear_forward(tp, &net->output, dropped(tp, net, o));
}

/* The rows of x [B, U, F] at the places of target units: [N, F]. */
static recur_tensor *rows_of(recur_tape *tp, const rcr_pair_batch *b, recur_tensor *x)
{
    x = x ? recur_reshape(tp, x, 2, (int64_t[]){b->input.B * b->input.T, recur_dim(x, -1)}) : NULL;
    return b->place ? recur_embedding(tp, x, b->place, RECUR_NO_PADDING) : x;
}

/* o of the target units [N, E]. */
static recur_tensor *outputs(recur_tape *tp, const rcr_translate_net *net, const rcr_pair_batch *b)
{
    rcr_memory m = rcr_translate_encode(tp, net, &b->source);
    return rows_of(tp, b, rcr_translate_decode(tp, net, &m, &b->input).o);
}

recur_tensor *rcr_translate_logits(recur_tape *tp, const rcr_translate_net *net, const rcr_pair_batch *b)
{
    return rcr_translate_say(tp, net, outputs(tp, net, b));
}

static recur_class_loss smoothed(double label_smoothing)
{
    recur_class_loss options = RECUR_CLASS_LOSS;
    options.label_smoothing = label_smoothing;
    return options;
}

recur_tensor *rcr_translate_loss(recur_tape *tp, const rcr_pair_batch *b, recur_tensor *logits,
                                 double label_smoothing)
{
    return recur_cross_entropy(tp, logits, b->target, smoothed(label_smoothing));
}

recur_tensor *rcr_translate_learn(recur_tape *tp, const rcr_translate_net *net, const rcr_pair_batch *b)
{
    return recur_linear_cross_entropy(tp, dropped(tp, net, outputs(tp, net, b)), net->output.weight,
                                      net->output.bias, b->target, smoothed(net->config.label_smoothing));
}
