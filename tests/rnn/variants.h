// SPDX-License-Identifier: MIT
/* Recurrent layers beyond torch.nn: what the tests of variants try on every cell. */
#ifndef TESTS_RNN_VARIANTS_H
#define TESTS_RNN_VARIANTS_H

#include "case.h"

#include <math.h>

/* How a layer differs from torch.nn's; every one of these is tried on every cell that has it. */
enum { DROP_CANDIDATE, DROP_STATE, ZONEOUT, WEIGHT_DROP, LOCKED, ALL, NORM, NORM_ALL, VARIANTS };

/* Is there such a layer? VARIANTS is the plain one. */
static inline bool has_variant(int cell, int variant)
{
    return cell == RECUR_LSTM || cell == RECUR_GRU || (variant != NORM && variant != NORM_ALL);
}

static inline void regularise(recur_rnn_config *c, int variant)
{
    bool plain = c->cell == RECUR_RNN_TANH || c->cell == RECUR_RNN_RELU;
    bool all = variant == ALL || variant == NORM_ALL;
    if (variant == DROP_CANDIDATE || variant == DROP_STATE || all) {
        c->recurrent_dropout = 0.4;
        c->recurrent_dropout_on = plain || variant == DROP_STATE ? RECUR_DROP_STATE : RECUR_DROP_CANDIDATE;
    }
    if (variant == ZONEOUT || all) {
        c->zoneout_h = 0.3;
        c->zoneout_c = c->cell == RECUR_LSTM ? 0.45 : 0.0;
    }
    if (variant == WEIGHT_DROP || all)
        c->weight_drop = 0.35;
    if (variant == LOCKED || all) {
        c->variational = true;
        c->input_dropout = 0.25;
    }
    c->layer_norm = variant == NORM || variant == NORM_ALL;
}

/* Every cell and variant with each of: layers, directions, biases, projection, batch first, lengths, states; more
 * units than one vector. */
static inline rnn_case variant_case(recur_cell cell, int variant, int i)
{
    rnn_case k = {.config = {.cell = cell, .input = 3, .hidden = 5}, .T = 4, .B = 3, .dtype = RECUR_F64};
    k.config.layers = 1 + (i & 1);
    k.config.bidirectional = i >> 1 & 1;
    k.lengths = i >> 2 & 1;
    k.states = !(i & 1);
    k.config.no_bias = i % 5 == 4;
    k.config.batch_first = i % 3 == 1;
    k.config.proj = cell == RECUR_LSTM && i % 3 == 2 ? 2 : 0;
    k.config.hidden = i == 6 ? 19 : 5;
    regularise(&k.config, variant);
    return k;
}

#define FOR_VARIANTS(cell, variant, i)                                  \
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) \
        for (int variant = 0; variant < VARIANTS; variant++)            \
            for (int i = has_variant(cell, variant) ? 0 : 8; i < 8; i += variant >= ALL ? 1 : 3)

#endif
