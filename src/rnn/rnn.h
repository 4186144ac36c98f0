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

/* Adds the parameter prefix + "." + what + suffix, uniform on +-1/sqrt(H). Does nothing where *s is an error already; sets it. */
recur_tensor *rcr_rnn_weight(recur_params *ps, const char *prefix, const char *what, const char *suffix,
                             int rank, const int64_t *shape, int64_t H, recur_status *s);

/* Makes the gains of a layer norm ones, if there is one. */
recur_status rcr_rnn_init_gains(recur_rnn *rnn);

/* Rows of weight_ih per unit. */
int rcr_cell_gates(recur_cell cell);

#endif
