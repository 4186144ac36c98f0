// SPDX-License-Identifier: MIT
/* Masks of h, of candidates and of zoneout, dropped weights, and dropout around layers. */
#include "rnn/drops.h"

#include "base/error.h"
#include "op/mask.h"
#include "tape/tape.h"

static recur_status check_probability(recur_ctx *cx, const char *name, double p)
{
    if (p >= 0.0 && p <= 1.0)
        return RECUR_OK;
    return rcr_fail(cx, RECUR_EINVAL, "rnn: %s must be between 0 and 1", name);
}

static recur_status check_probabilities(recur_ctx *cx, const recur_rnn_config *cfg)
{
    const struct {
        const char *name;
        double p;
    } all[] = {{"dropout", cfg->dropout},
               {"input_dropout", cfg->input_dropout},
               {"output_dropout", cfg->output_dropout},
               {"recurrent_dropout", cfg->recurrent_dropout},
               {"zoneout_h", cfg->zoneout_h},
               {"zoneout_c", cfg->zoneout_c},
               {"weight_drop", cfg->weight_drop}};
    recur_status s = RECUR_OK;
    for (size_t i = 0; !s && i < sizeof all / sizeof *all; i++)
        s = check_probability(cx, all[i].name, all[i].p);
    return s;
}

recur_status rcr_check_drops(recur_ctx *cx, const recur_rnn_config *cfg)
{
    bool plain = cfg->cell == RECUR_RNN_TANH || cfg->cell == RECUR_RNN_RELU;
    recur_status s = check_probabilities(cx, cfg);
    if (s)
        return s;
    if ((int)cfg->recurrent_dropout_on < RECUR_DROP_CANDIDATE || cfg->recurrent_dropout_on > RECUR_DROP_STATE)
        return rcr_fail(cx, RECUR_EINVAL, "rnn: there is no place %d for recurrent dropout",
                        (int)cfg->recurrent_dropout_on);
    if (cfg->recurrent_dropout > 0.0 && plain && cfg->recurrent_dropout_on == RECUR_DROP_CANDIDATE)
        return rcr_fail(cx, RECUR_EINVAL,
                        "rnn: a plain RNN has no candidate to drop: recurrent_dropout_on must be "
                        "RECUR_DROP_STATE");
    if (cfg->zoneout_c > 0.0 && cfg->cell != RECUR_LSTM)
        return rcr_fail(cx, RECUR_EINVAL, "rnn: only an LSTM has a c for zoneout_c");
    return RECUR_OK;
}

static rcr_rows rows_of(const rcr_packing *p)
{
    return (rcr_rows){.T = p->T, .B = p->B, .offset = p->offset, .order = p->order};
}

/* Where zoneout keeps a unit, 1, else 0; NULL without zoneout. */
static recur_tensor *keep(recur_tape *tp, const rcr_rows *rows, recur_tensor *like, int64_t width, double p)
{
    return p > 0.0 ? rcr_mask(tp, rows, like, width, false, p, 1.0, 0.0) : NULL;
}

static void draw_layer(recur_tape *tp, const recur_rnn_config *cfg, const rcr_rows *rows, rcr_layer *l)
{
    recur_tensor *w = l->w.w_hh;
    int64_t O = recur_dim(w, 1), H = cfg->hidden;
    double p = cfg->recurrent_dropout;
    if (cfg->weight_drop > 0.0)
        l->w.w_hh = recur_dropout(tp, w, cfg->weight_drop);
    if (p > 0.0 && cfg->recurrent_dropout_on == RECUR_DROP_STATE)
        l->drops.state = rcr_dropout_mask(tp, rows, w, O, true, p);
    if (p > 0.0 && cfg->recurrent_dropout_on == RECUR_DROP_CANDIDATE)
        l->drops.candidate = rcr_dropout_mask(tp, rows, w, H, cfg->variational, p);
    l->drops.keep_h = keep(tp, rows, w, O, cfg->zoneout_h);
    l->drops.keep_c = keep(tp, rows, w, H, cfg->zoneout_c);
}

const rcr_layer *rcr_layers_new(recur_tape *tp, const recur_rnn *rnn, const rcr_packing *p)
{
    const recur_rnn_config *cfg = &rnn->config;
    int LD = cfg->layers * (cfg->bidirectional ? 2 : 1);
    rcr_layer *layers = rcr_arena_alloc(&tp->arena, (size_t)LD * sizeof *layers, "layers");
    rcr_rows rows = rows_of(p);
    for (int i = 0; layers && i < LD; i++) {
        rcr_drops d = {.locked = cfg->variational, .zoneout_h = cfg->zoneout_h, .zoneout_c = cfg->zoneout_c};
        layers[i] = (rcr_layer){rnn->weights[i], d};
        if (recur_tape_mode(tp) == RECUR_TRAIN)
            draw_layer(tp, cfg, &rows, &layers[i]);
    }
    if (!layers)
        rcr_stick_last(tp->cx);
    return rcr_stuck(tp->cx) ? NULL : layers;
}

recur_tensor *rcr_drop_rows(recur_tape *tp, const recur_rnn_config *cfg, const rcr_packing *p,
                            recur_tensor *x, double probability)
{
    rcr_rows rows = rows_of(p);
    if (probability == 0.0)
        return x;
    return cfg->variational ? rcr_locked_dropout(tp, &rows, x, probability)
                            : recur_dropout(tp, x, probability);
}
