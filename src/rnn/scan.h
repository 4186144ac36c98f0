// SPDX-License-Identifier: MIT
/* One recurrent layer in one direction over a packed batch: the fused operation and its composed twin. */
#ifndef RCR_RNN_SCAN_H
#define RCR_RNN_SCAN_H

#include <recur/rnn.h>

#include "rnn/packing.h"

/* Parameters of a layer and direction. G gates of H units, I inputs, O = P with a projection, else H. */
typedef struct rcr_weights {
    recur_tensor *w_ih;        /* [G*H, I] */
    recur_tensor *w_hh;        /* [G*H, O] */
    recur_tensor *b_ih, *b_hh; /* [G*H], or NULL */
    recur_tensor *w_hr;        /* [P, H], or NULL */
    /* of a layer with layer norm, else NULL: */
    recur_tensor *gain_ih, *gain_hh; /* [G*H] */
    recur_tensor *gain_c, *bias_c;   /* [H]: LSTM; bias_c NULL without biases */
} rcr_weights;

#define RCR_NORM_EPS 1e-5 /* of the variance, as in torch.nn.LayerNorm */

/* What regularises a layer and direction in this step. A mask is NULL where there is none. Rows of masks lie as those
 * of the packing, or, one for all steps, in sorted order (op/mask.h). */
typedef struct rcr_drops {
    recur_tensor *state;         /* [B, O]: factors of h as w_hh reads it */
    recur_tensor *candidate;     /* [N, H], or [B, H] if locked: factors of LSTM's g, GRU's n */
    bool locked;                 /* `candidate` is one for all steps */
    double zoneout_h, zoneout_c; /* probabilities */
    recur_tensor *keep_h,
        *keep_c; /* [N, O], [N, H]: 1 where the last value is kept, else 0; NULL: the expectation */
} rcr_drops;

typedef struct rcr_scan_in {
    recur_cell cell;
    int64_t H, O;
    const rcr_weights *w;
    const rcr_drops *drops;
    const rcr_packing *p;
    recur_tensor *x;       /* packed rows: [N, I] or [T, B, I] */
    recur_tensor *h0, *c0; /* [.., B, O], [.., B, H], or NULL: this layer's states are slice `index` */
    int64_t index;
    bool reverse;
} rcr_scan_in;

/* y: packed rows [N, O], or [T, B, O] where the packing is dense; h [B, O], c [B, H] in the caller's order
 * (c: LSTM only). */
typedef struct rcr_scan_out {
    recur_tensor *y, *h, *c;
} rcr_scan_out;

typedef rcr_scan_out rcr_scan_fn(recur_tape *tp, const rcr_scan_in *in);
rcr_scan_fn rcr_scan;    /* fused: one operation with a hand-written backward */
rcr_scan_fn rcr_compose; /* the same from primitive operations */

#endif
