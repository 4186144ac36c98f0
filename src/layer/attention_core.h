// SPDX-License-Identifier: MIT
/* The operation that all attention is made of: scores, softmax, the weighted mean of values, for each sequence
 * and head, with a hand-written backward. */
#ifndef RCR_LAYER_ATTENTION_CORE_H
#define RCR_LAYER_ATTENTION_CORE_H

#include <recur/attention.h>

#include "layer/attention_steps.h"

/* Arrays of rows: q's row of a query holds head h in columns q_at + h D .. q_at + (h + 1) D - 1; k and v
 * likewise, v with E columns for a head. Several may be the same tensor. */
typedef struct rcr_attend_in {
    recur_tensor *q; /* NULL: one query for each sequence, with additive scores of k alone */
    recur_tensor *k, *v;
    recur_tensor *tanh_v;    /* [D], H = 1: scores tanh_v . tanh(q + k); NULL: scores scale q . k */
    recur_tensor *key_mask;  /* [B, Tk]; as attn_mask in recur/attention.h; NULL: none */
    recur_tensor *attn_mask; /* [Tq, Tk] or [B * H, Tq, Tk]; NULL: none */
} rcr_attend_in;

typedef struct rcr_attend {
    rcr_rows q, k, v; /* where the rows stand; q: those of the result too */
    int64_t q_at, k_at, v_at;
    int64_t H, D, E;
    double scale, dropout;
    recur_weights weights;
    int weights_rank; /* what the weights [B, H, Tq, Tk], or their mean [B, Tq, Tk], are declared as */
    int64_t weights_shape[4];
} rcr_attend;

/* output: rows [H * E] under the leading axes of q ([B] without q). Weights of H = 1 are not averaged. */
recur_attention_out rcr_attend_heads(recur_tape *tp, const rcr_attend *p, const rcr_attend_in *in);

#endif
