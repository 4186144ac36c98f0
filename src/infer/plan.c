// SPDX-License-Identifier: MIT
/* Building a plan: everything slow or fallible happens here. */
#include "infer/plan.h"

#include <string.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/error.h"
#include "infer/session.h"
#include "rnn/rnn.h"
#include "tape/tensor.h"

recur_status recur_plan_create(recur_plan **out, recur_ctx *cx)
{
    *out = NULL;
    recur_plan *p = rcr_alloc_zero(cx, sizeof *p, "plan");
    if (!p)
        return RECUR_ENOMEM;
    *p = (recur_plan){.cx = cx, .keep_denormals = cx->keep_denormals};
    *out = p;
    return RECUR_OK;
}

static void free_part(recur_ctx *cx, rcr_part *part)
{
    rcr_free(cx, part->panel);
    rcr_free(cx, part->bias);
    rcr_free(cx, part->panel_hh);
    rcr_free(cx, part->panel_hr);
    rcr_free(cx, part->b_n);
    rcr_free(cx, part->gains);
}

void recur_plan_free(recur_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->size; i++)
        free_part(p->cx, &p->parts[i]);
    rcr_free(p->cx, p->parts);
    rcr_free(p->cx, p);
}

recur_dtype recur_plan_dtype(const recur_plan *p)
{
    return p->dtype;
}

int64_t recur_plan_input(const recur_plan *p)
{
    return p->size ? p->parts[0].in : 0;
}

int64_t recur_plan_output(const recur_plan *p)
{
    return p->size ? p->parts[p->size - 1].out : 0;
}

/* --- adding parts --- */

/* The first part settles the element type; every other must have it, and take what the part before gives. */
static recur_status check_fit(recur_plan *p, recur_dtype dtype, int64_t in, const char *what)
{
    if (p->size && dtype != p->dtype)
        return rcr_fail(p->cx, RECUR_EDTYPE, "plan: the %s is %s, the parts before are %s", what,
                        rcr_dtype_name(dtype), rcr_dtype_name(p->dtype));
    if (p->size && in != recur_plan_output(p))
        return rcr_fail(p->cx, RECUR_ESHAPE,
                        "plan: the %s takes %lld numbers, but the part before gives %lld", what,
                        (long long)in, (long long)recur_plan_output(p));
    p->dtype = dtype;
    p->k = rcr_kernels_of(p->cx, dtype);
    return RECUR_OK;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Takes over the part, whose blocks may be NULL where memory ran out: `complete` says. */
static recur_status append(recur_plan *p, rcr_part *part, bool complete)
{
    recur_status s = complete ? RECUR_OK : RECUR_ENOMEM;
    if (!s && p->size == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 8;
        void *parts = p->parts;
        s = rcr_resize_array(p->cx, &parts, capacity, sizeof *p->parts, "plan");
        p->parts = parts;
        p->capacity = s ? p->capacity : capacity;
    }
    if (s) {
        free_part(p->cx, part);
        return s;
    }
    if (part->cell) {
        part->h = p->states;
        part->c = part->h + (size_t)part->out;
        p->states = part->c + (size_t)(part->cell->c ? part->H : 0);
        p->gates = larger(p->gates, part->cell->gates * part->H);
        p->units = larger(p->units, part->H);
        p->normed = larger(p->normed, part->gains ? part->cell->gates * part->H : 0);
        p->zoned = larger(p->zoned, part->zoneout_c > 0.0 ? part->H : 0);
    }
    p->widest = larger(p->widest, larger(part->in, part->out));
    p->parts[p->size++] = *part;
    return RECUR_OK;
}

static void *reals(const recur_plan *p, int64_t n)
{
    return rcr_alloc_array(p->cx, (size_t)n, p->k->item, "plan");
}

static void *copy_of(const recur_plan *p, const void *data, int64_t n)
{
    void *copy = reals(p, n);
    if (copy && n)
        memcpy(copy, data, (size_t)n * p->k->item);
    return copy;
}

/* Packs w [N, K] for rcr_rnn_kernels.product. */
static void *packed(const recur_plan *p, const void *w, int64_t N, int64_t K)
{
    void *panel = reals(p, p->k->rnn.product_size(N, K));
    if (panel)
        p->k->rnn.product_pack(N, K, w, K, 1, panel);
    return panel;
}

recur_status recur_plan_embedding(recur_plan *p, const recur_embedding_layer *l)
{
    if (p->size)
        return rcr_fail(p->cx, RECUR_EINVAL, "plan: an embedding must be the first part");
    int64_t V = recur_dim(l->weight, 0), E = recur_dim(l->weight, 1);
    if (V < 1)
        return rcr_fail(p->cx, RECUR_ESHAPE, "plan: the embedding has no rows");
    recur_status s = check_fit(p, l->weight->dtype, 1, "embedding");
    if (s)
        return s;
    rcr_part part = {
        .step = rcr_step_embedding, .in = 1, .out = E, .V = V, .panel = copy_of(p, l->weight->data, V * E)};
    return append(p, &part, part.panel);
}

recur_status recur_plan_linear(recur_plan *p, const recur_linear_layer *l)
{
    int64_t N = recur_dim(l->weight, 0), K = recur_dim(l->weight, 1);
    recur_status s = check_fit(p, l->weight->dtype, K, "linear layer");
    if (s)
        return s;
    rcr_part part = {.step = rcr_step_linear,
                     .in = K,
                     .out = N,
                     .panel = packed(p, l->weight->data, N, K),
                     .bias = l->bias ? copy_of(p, l->bias->data, N) : NULL};
    return append(p, &part, part.panel && (part.bias || !l->bias));
}

/* The bias of the input product, as the fused scan adds it: b_ih + b_hh, but for GRU's n gate, whose hidden
 * bias acts later. */
static void *input_bias(const recur_plan *p, const rcr_cell_kernels *cell, const rcr_weights *w, int64_t H)
{
    int64_t n = cell->gates * H, joint = cell->last == RCR_LAST_GRADIENT ? n - H : n;
    void *bias = copy_of(p, w->b_ih->data, n);
    if (bias) // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a layer has both biases or none
        p->k->array.axpy(joint, 1.0, w->b_hh->data, bias);
    return bias;
}

/* The gains and bias_c of a layer with layer norm in one block; those that a cell does not have are zeros. */
static void *gains_of(const recur_plan *p, const rcr_cell_kernels *cell, const rcr_weights *w, int64_t H)
{
    const recur_tensor *all[] = {w->gain_ih, w->gain_hh, w->gain_c, w->bias_c};
    int64_t GH = cell->gates * H, at = 0;
    char *gains = reals(p, 2 * (GH + H));
    if (gains)
        memset(gains, 0, (size_t)(2 * (GH + H)) * p->k->item);
    for (int i = 0; gains && i < 4; at += i++ < 2 ? GH : H)
        if (all[i])
            memcpy(gains + (size_t)at * p->k->item, all[i]->data, (size_t)all[i]->count * p->k->item);
    return gains;
}

static void point_norm(const recur_plan *p, rcr_part *part)
{
    size_t GH = (size_t)(part->cell->gates * part->H) * p->k->item, H = (size_t)part->H * p->k->item;
    const char *gains = part->gains;
    part->norm = (rcr_rnn_norm){.eps = RCR_NORM_EPS,
                                .gain_ih = gains,
                                .gain_hh = gains + GH,
                                .bias = part->bias,
                                .gain_c = gains + 2 * GH,
                                .bias_c = gains + 2 * GH + H};
}

static recur_status add_layer(recur_plan *p, const recur_rnn_config *cfg, const rcr_weights *w)
{
    const rcr_rnn_kernels *k = &p->k->rnn;
    const rcr_cell_kernels *cell = cfg->layer_norm ? &k->normed[cfg->cell] : &k->cell[cfg->cell];
    int64_t H = cfg->hidden, I = recur_dim(w->w_ih, 1), O = recur_dim(w->w_hh, 1), GH = cell->gates * H;
    bool b_n = w->b_hh && cell->last == RCR_LAST_GRADIENT;
    rcr_part part = {.step = rcr_step_rnn,
                     .in = I,
                     .out = O,
                     .cell = cell,
                     .H = H,
                     .zoneout_h = cfg->zoneout_h,
                     .zoneout_c = cfg->zoneout_c,
                     .panel = packed(p, w->w_ih->data, GH, I),
                     .bias = w->b_ih ? input_bias(p, cell, w, H) : NULL,
                     .panel_hh = reals(p, cell->panel_size(H, O)),
                     .panel_hr = w->w_hr ? packed(p, w->w_hr->data, O, H) : NULL,
                     .b_n = b_n ? copy_of(p, (const char *)w->b_hh->data + (size_t)(GH - H) * p->k->item, H)
                                : NULL,
                     .gains = cfg->layer_norm ? gains_of(p, cell, w, H) : NULL};
    bool complete = part.panel && part.panel_hh && (part.bias || !w->b_ih) && (part.panel_hr || !w->w_hr) &&
                    (part.b_n || !b_n) && (part.gains || !cfg->layer_norm);
    if (complete)
        cell->pack(H, O, w->w_hh->data, part.panel_hh);
    if (part.gains)
        point_norm(p, &part);
    return append(p, &part, complete);
}

recur_status recur_plan_rnn(recur_plan *p, const recur_rnn *rnn)
{
    const recur_rnn_config *cfg = &rnn->config;
    if (cfg->bidirectional)
        return rcr_fail(p->cx, RECUR_EUNSUPPORTED,
                        "plan: a bidirectional layer needs the whole sequence, not one step");
    recur_status s = check_fit(p, rnn->ps->dtype, cfg->input, "recurrent layer");
    for (int l = 0; l < cfg->layers && !s; l++)
        s = add_layer(p, cfg, &rnn->weights[l]);
    return s;
}
