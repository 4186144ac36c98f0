// SPDX-License-Identifier: MIT
/* What regularises the layers of a stack: masks and dropped weights of one forward pass. */
#ifndef RCR_RNN_DROPS_H
#define RCR_RNN_DROPS_H

#include "rnn/rnn.h"

/* A layer and direction in this step: its weights, of which some may be dropped, and its masks. */
typedef struct rcr_layer {
    rcr_weights w;
    rcr_drops drops;
} rcr_layer;

/* [L*D], on the tape; NULL after recording an error. All is drawn here, before any layer runs. */
const rcr_layer *rcr_layers_new(recur_tape *tp, const recur_rnn *rnn, const rcr_packing *p);

/* Dropout of packed rows with probability p, as the configuration wants it: locked or not; x itself for p = 0. */
recur_tensor *rcr_drop_rows(recur_tape *tp, const recur_rnn_config *cfg, const rcr_packing *p,
                            recur_tensor *x, double probability);

/* RECUR_EINVAL where these fields of a configuration make no sense. */
recur_status rcr_check_drops(recur_ctx *cx, const recur_rnn_config *cfg);

#endif
