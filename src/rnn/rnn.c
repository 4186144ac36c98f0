// SPDX-License-Identifier: MIT
/* Recurrent layers: parameters, checks, and the stack of layers and directions with dropout between layers.
 */
#include "rnn/rnn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <recur/init.h>
#include <recur/op.h>

#include "base/alloc.h"
#include "base/error.h"
#include "rnn/drops.h"
#include "tape/init.h"
#include "tape/tape.h"

/* --- parameters --- */

static int directions(const recur_rnn_config *cfg)
{
    return cfg->bidirectional ? 2 : 1;
}

static int64_t output_size(const recur_rnn_config *cfg)
{
    return cfg->proj ? cfg->proj : cfg->hidden;
}

int rcr_cell_gates(recur_cell cell)
{
    static const int gates[] = {[RECUR_RNN_TANH] = 1,
                                [RECUR_RNN_RELU] = 1,
                                [RECUR_LSTM] = 4,
                                [RECUR_GRU] = 3,
                                [RECUR_GRU_ORIGINAL] = 3};
    return gates[cell];
}

static recur_status check_config(recur_ctx *cx, const recur_rnn_config *cfg)
{
    if ((int)cfg->cell < RECUR_RNN_TANH || cfg->cell > RECUR_GRU_ORIGINAL)
        return rcr_fail(cx, RECUR_EINVAL, "rnn: there is no cell %d", (int)cfg->cell);
    if (cfg->input < 1 || cfg->hidden < 1 || cfg->layers < 0)
        return rcr_fail(cx, RECUR_EINVAL,
                        "rnn: input %lld and hidden %lld must be at least 1, layers %d not negative",
                        (long long)cfg->input, (long long)cfg->hidden, cfg->layers);
    if (cfg->proj < 0 || cfg->proj >= cfg->hidden + (cfg->proj == 0))
        return rcr_fail(cx, RECUR_EINVAL, "rnn: proj %lld must be smaller than hidden %lld",
                        (long long)cfg->proj, (long long)cfg->hidden);
    if (cfg->proj && cfg->cell != RECUR_LSTM)
        return rcr_fail(cx, RECUR_EINVAL, "rnn: only an LSTM has a projection");
    if (cfg->layer_norm && cfg->cell != RECUR_LSTM && cfg->cell != RECUR_GRU)
        return rcr_fail(cx, RECUR_EINVAL, "rnn: layer_norm is for LSTM and GRU");
    recur_status s = rcr_check_drops(cx, cfg);
    if (s)
        return s;
    int64_t widest = cfg->input > cfg->hidden ? cfg->input : cfg->hidden, product = 0;
    if (!rcr_mul_i64(widest, 64, &product) || !rcr_mul_i64(product, cfg->hidden, &product))
        return rcr_fail(cx, RECUR_ENOMEM, "rnn: %lld by %lld does not fit the machine", (long long)cfg->input,
                        (long long)cfg->hidden);
    return RECUR_OK;
}

/* Adds one parameter, uniform on +-1/sqrt(H); NULL with the error in *s. */
recur_tensor *rcr_rnn_weight(recur_params *ps, const char *prefix, const char *what, const char *suffix,
                             int rank, const int64_t *shape, int64_t H, recur_status *s)
{
    char name[512];
    int n = snprintf(name, sizeof name, "%s%s%s%s", prefix, *prefix ? "." : "", what, suffix);
    if (!*s && (n < 0 || (size_t)n >= sizeof name))
        *s = rcr_fail(ps->cx, RECUR_EINVAL, "rnn: the prefix of the parameters is longer than %d characters",
                      400);
    if (*s)
        return NULL;
    recur_tensor *w = recur_param(ps, name, rank, shape);
    double bound = 1.0 / sqrt((double)H);
    *s = w ? recur_init_uniform(ps, w, -bound, bound) : recur_error(ps->cx, NULL);
    return w;
}

static recur_status init_all(recur_params *ps, recur_tensor *const *w, int n, double value)
{
    recur_status s = RECUR_OK;
    for (int i = 0; i < n && !s; i++)
        s = w[i] ? recur_init_constant(ps, w[i], value) : RECUR_OK;
    return s;
}

recur_status rcr_rnn_init_gains(recur_rnn *rnn)
{
    recur_status s = RECUR_OK;
    for (int i = 0; i < rnn->config.layers * directions(&rnn->config) && !s; i++) {
        const rcr_weights *w = &rnn->weights[i];
        s = init_all(rnn->ps, (recur_tensor *[]){w->gain_ih, w->gain_hh, w->gain_c}, 3, 1.0);
    }
    return s;
}

/* Gains 1, bias_c 0. The biases of the gates stay random: were they zeros, a sequence of zeros would leave all states
 * zeros, where a norm has its steepest slope, and gradients through many such steps overflow. */
static recur_status add_norm(recur_params *ps, const char *prefix, const char *suffix,
                             const recur_rnn_config *cfg, rcr_weights *w)
{
    int64_t H = cfg->hidden, GH = rcr_cell_gates(cfg->cell) * H;
    bool c = cfg->cell == RECUR_LSTM;
    recur_status s = RECUR_OK;
    w->gain_ih = rcr_rnn_weight(ps, prefix, "gain_ih", suffix, 1, &GH, H, &s);
    w->gain_hh = rcr_rnn_weight(ps, prefix, "gain_hh", suffix, 1, &GH, H, &s);
    w->gain_c = c ? rcr_rnn_weight(ps, prefix, "gain_c", suffix, 1, &H, H, &s) : NULL;
    w->bias_c = c && !cfg->no_bias ? rcr_rnn_weight(ps, prefix, "bias_c", suffix, 1, &H, H, &s) : NULL;
    if (!s)
        s = init_all(ps, (recur_tensor *[]){w->gain_ih, w->gain_hh, w->gain_c}, 3, 1.0);
    return s ? s : init_all(ps, &w->bias_c, 1, 0.0);
}

static recur_status add_weights(recur_params *ps, const char *prefix, const char *suffix,
                                const recur_rnn_config *cfg, int64_t input, rcr_weights *w)
{
    int64_t H = cfg->hidden, O = output_size(cfg), GH = rcr_cell_gates(cfg->cell) * H;
    recur_status s = RECUR_OK;
    *w = (rcr_weights){0};
    w->w_ih = rcr_rnn_weight(ps, prefix, "weight_ih", suffix, 2, (int64_t[]){GH, input}, H, &s);
    w->w_hh = rcr_rnn_weight(ps, prefix, "weight_hh", suffix, 2, (int64_t[]){GH, O}, H, &s);
    w->b_ih = cfg->no_bias ? NULL : rcr_rnn_weight(ps, prefix, "bias_ih", suffix, 1, &GH, H, &s);
    w->b_hh = cfg->no_bias ? NULL : rcr_rnn_weight(ps, prefix, "bias_hh", suffix, 1, &GH, H, &s);
    w->w_hr = cfg->proj ? rcr_rnn_weight(ps, prefix, "weight_hr", suffix, 2, (int64_t[]){O, H}, H, &s) : NULL;
    return s || !cfg->layer_norm ? s : add_norm(ps, prefix, suffix, cfg, w);
}

static recur_status add_layers(recur_rnn *rnn, recur_params *ps, const char *prefix)
{
    const recur_rnn_config *cfg = &rnn->config;
    int D = directions(cfg);
    for (int l = 0; l < cfg->layers; l++)
        for (int d = 0; d < D; d++) {
            char suffix[32];
            snprintf(suffix, sizeof suffix, "_l%d%s", l, d ? "_reverse" : "");
            int64_t input = l ? D * output_size(cfg) : cfg->input;
            recur_status s = add_weights(ps, prefix, suffix, cfg, input, &rnn->weights[l * D + d]);
            if (s)
                return s;
        }
    return RECUR_OK;
}

recur_status recur_rnn_create(recur_rnn **out, recur_params *ps, const char *prefix,
                              const recur_rnn_config *config)
{
    *out = NULL;
    recur_status s = rcr_stuck(ps->cx) ? recur_error(ps->cx, NULL) : check_config(ps->cx, config);
    if (s)
        return s;
    recur_rnn *rnn = rcr_alloc_zero(ps->cx, sizeof *rnn, "rnn");
    if (!rnn)
        return RECUR_ENOMEM;
    *rnn = (recur_rnn){.ps = ps, .config = *config};
    rnn->config.layers = config->layers ? config->layers : 1;
    rnn->weights = rcr_alloc_array(ps->cx, (size_t)rnn->config.layers * 2, sizeof *rnn->weights, "rnn");
    s = rnn->weights ? add_layers(rnn, ps, prefix ? prefix : "") : RECUR_ENOMEM;
    if (s)
        recur_rnn_free(rnn);
    else
        *out = rnn;
    return s;
}

void recur_rnn_free(recur_rnn *rnn)
{
    if (!rnn)
        return;
    rcr_free(rnn->ps->cx, rnn->weights);
    rcr_free(rnn->ps->cx, rnn);
}

const recur_rnn_config *recur_rnn_config_of(const recur_rnn *rnn)
{
    return &rnn->config;
}

recur_status recur_rnn_set_forget_bias(recur_rnn *rnn, double b)
{
    const recur_rnn_config *cfg = &rnn->config;
    if (cfg->cell != RECUR_LSTM || cfg->no_bias)
        return rcr_fail(rnn->ps->cx, RECUR_EINVAL, "rnn: only an LSTM with biases has a forget gate's bias");
    const rcr_array_kernels *k = &rcr_kernels_of(rnn->ps->cx, rnn->ps->dtype)->array;
    for (int i = 0; i < cfg->layers * directions(cfg); i++) {
        size_t at = (size_t)cfg->hidden * rcr_item_size(rnn->ps->dtype);
        k->fill(cfg->hidden, b, (char *)rnn->weights[i].b_ih->data + at);
        k->fill(cfg->hidden, 0.0, (char *)rnn->weights[i].b_hh->data + at);
    }
    return RECUR_OK;
}

/* The block of gate g of weight_hh as a tensor of its own, under the weight's place in the set: its stream
 * differs by gate. */
recur_status recur_rnn_init_orthogonal(recur_rnn *rnn, double gain)
{
    const recur_rnn_config *cfg = &rnn->config;
    int G = rcr_cell_gates(cfg->cell);
    for (int i = 0; i < cfg->layers * directions(cfg); i++)
        for (int g = 0; g < G; g++) {
            recur_status s =
                rcr_init_orthogonal_rows(rnn->ps, rnn->weights[i].w_hh, g * cfg->hidden, cfg->hidden, gain);
            if (s)
                return s;
        }
    return RECUR_OK;
}

/* --- forward: checks --- */

static recur_status check_input(const recur_rnn *rnn, const recur_tensor *x)
{
    recur_ctx *cx = rnn->ps->cx;
    char shape[RCR_SHAPE_TEXT];
    if (x->dtype != rnn->ps->dtype)
        return rcr_fail(cx, RECUR_EDTYPE, "rnn: the input is %s, the parameters are %s",
                        rcr_dtype_name(x->dtype), rcr_dtype_name(rnn->ps->dtype));
    if (x->rank != 2 && x->rank != 3)
        return rcr_fail(cx, RECUR_ESHAPE, "rnn: the input must have 2 or 3 axes, but its shape is %s",
                        rcr_shape_text(shape, x));
    if (recur_dim(x, -1) != rnn->config.input)
        return rcr_fail(cx, RECUR_ESHAPE, "rnn: the last axis of the input must be %lld, but its shape is %s",
                        (long long)rnn->config.input, rcr_shape_text(shape, x));
    return RECUR_OK;
}

static recur_status check_state(const recur_rnn *rnn, const recur_tensor *s, const char *name,
                                const recur_tensor *x, int64_t B, int64_t width)
{
    if (!s)
        return RECUR_OK;
    int64_t LD = rnn->config.layers * directions(&rnn->config);
    recur_tensor want = {.rank = x->rank, .shape = {LD, x->rank == 3 ? B : width, width}};
    if (s->dtype == x->dtype && rcr_same_shape(s, &want))
        return RECUR_OK;
    char expected[RCR_SHAPE_TEXT], got[RCR_SHAPE_TEXT];
    return rcr_fail(rnn->ps->cx, RECUR_ESHAPE, "rnn: %s must be %s %s, but is %s %s", name,
                    rcr_dtype_name(x->dtype), rcr_shape_text(expected, &want), rcr_dtype_name(s->dtype),
                    rcr_shape_text(got, s));
}

static recur_status check_call(const recur_rnn *rnn, const recur_tensor *x, const recur_tensor *lengths,
                               const recur_tensor *h0, const recur_tensor *c0)
{
    const recur_rnn_config *cfg = &rnn->config;
    if (!x)
        return rcr_fail(rnn->ps->cx, RECUR_EINVAL, "rnn: the input is NULL");
    recur_status s = check_input(rnn, x);
    if (s)
        return s;
    if (lengths && x->rank == 2)
        return rcr_fail(rnn->ps->cx, RECUR_EINVAL, "rnn: an input without a batch axis takes no lengths");
    if (c0 && cfg->cell != RECUR_LSTM)
        return rcr_fail(rnn->ps->cx, RECUR_EINVAL, "rnn: only an LSTM takes c0");
    int64_t B = recur_dim(x, cfg->batch_first ? 0 : 1);
    s = check_state(rnn, h0, "h0", x, B, output_size(cfg));
    return s ? s : check_state(rnn, c0, "c0", x, B, cfg->hidden);
}

/* --- forward: the stack --- */

typedef struct stack {
    recur_tape *tp;
    const recur_rnn *rnn;
    const rcr_packing *p;
    const rcr_layer *layers; /* [L*D] */
    recur_tensor *h0, *c0;
    recur_tensor **h, **c; /* [L*D] final states */
} stack;

/* One layer over packed rows, both directions side by side. */
static recur_tensor *run_layer(const stack *k, int layer, recur_tensor *x)
{
    const recur_rnn_config *cfg = &k->rnn->config;
    int D = directions(cfg);
    recur_tensor *y[2] = {NULL, NULL};
    for (int d = 0; d < D; d++) {
        int i = layer * D + d;
        rcr_scan_in in = {.cell = cfg->cell,
                          .H = cfg->hidden,
                          .O = output_size(cfg),
                          .w = &k->layers[i].w,
                          .drops = &k->layers[i].drops,
                          .p = k->p,
                          .x = x,
                          .h0 = k->h0,
                          .c0 = k->c0,
                          .index = i,
                          .reverse = d == 1};
        rcr_scan_out out = cfg->compose ? rcr_compose(k->tp, &in) : rcr_scan(k->tp, &in);
        y[d] = out.y;
        k->h[i] = out.h;
        k->c[i] = out.c;
    }
    return D == 2 ? recur_concat(k->tp, y, 2, -1) : y[0];
}

static recur_tensor *run_layers(const stack *k, recur_tensor *x)
{
    const recur_rnn_config *cfg = &k->rnn->config;
    for (int l = 0; l < cfg->layers && x; l++) {
        x = rcr_drop_rows(k->tp, cfg, k->p, x, l ? cfg->dropout : cfg->input_dropout);
        x = x ? run_layer(k, l, x) : NULL;
    }
    return x ? rcr_drop_rows(k->tp, cfg, k->p, x, cfg->output_dropout) : NULL;
}

static recur_rnn_out fail_out(recur_tape *tp)
{
    rcr_stick_last(tp->cx);
    return (recur_rnn_out){NULL, NULL, NULL};
}

/* [T, I] -> [T, 1, I] and [L*D, O] -> [L*D, 1, O], and back. */
static recur_tensor *add_batch(recur_tape *tp, recur_tensor *t)
{
    return t ? recur_reshape(tp, t, 3, (int64_t[]){t->shape[0], 1, t->shape[1]}) : NULL;
}

static recur_tensor *drop_batch(recur_tape *tp, recur_tensor *t)
{
    return t ? recur_reshape(tp, t, 2, (int64_t[]){t->shape[0], t->shape[2]}) : NULL;
}

static recur_rnn_out forward_batch(recur_tape *tp, const recur_rnn *rnn, bool batch_first, recur_tensor *x,
                                   recur_tensor *lengths, recur_tensor *h0, recur_tensor *c0)
{
    int LD = rnn->config.layers * directions(&rnn->config);
    recur_tensor **states = rcr_arena_alloc(&tp->arena, (size_t)LD * 2 * sizeof(recur_tensor *), "states");
    const rcr_packing *p =
        x ? rcr_packing_new(tp, recur_dim(x, batch_first ? 1 : 0), recur_dim(x, batch_first ? 0 : 1), lengths)
          : NULL;
    const rcr_layer *layers = states && p ? rcr_layers_new(tp, rnn, p) : NULL;
    if (!layers)
        return fail_out(tp);
    stack k = {tp, rnn, p, layers, h0, c0, states, states + LD};
    recur_tensor *y = run_layers(&k, rcr_pack(tp, p, x, batch_first));
    if (!y)
        return fail_out(tp);
    return (recur_rnn_out){rcr_unpack(tp, p, y, batch_first), recur_stack(tp, k.h, LD, 0),
                           rnn->config.cell == RECUR_LSTM ? recur_stack(tp, k.c, LD, 0) : NULL};
}

recur_rnn_out recur_rnn_forward(recur_tape *tp, const recur_rnn *rnn, recur_tensor *x, recur_tensor *lengths,
                                recur_tensor *h0, recur_tensor *c0)
{
    if (rcr_stuck(tp->cx) || check_call(rnn, x, lengths, h0, c0))
        return fail_out(tp);
    if (x->rank == 3)
        return forward_batch(tp, rnn, rnn->config.batch_first, x, lengths, h0, c0);
    recur_rnn_out out =
        forward_batch(tp, rnn, false, add_batch(tp, x), NULL, add_batch(tp, h0), add_batch(tp, c0));
    return (recur_rnn_out){drop_batch(tp, out.y), drop_batch(tp, out.h), drop_batch(tp, out.c)};
}
