// SPDX-License-Identifier: MIT
/* Inside of a recurrent layer; inference reads the weights. */
#ifndef RCR_RNN_RNN_H
#define RCR_RNN_RNN_H

#include <recur/rnn.h>

#include "rnn/scan.h"

struct recur_rnn {
    recur_params *ps;
    recur_rnn_config config; /* layers at least 1 */
    rcr_weights *weights;    /* [L*D], layer * D + direction */
};

/* Rows of weight_ih per unit. */
int rcr_cell_gates(recur_cell cell);

#endif
