// SPDX-License-Identifier: MIT
/* Attention: a weighted mean of values, the weights a softmax over scores.
 *
 *     recur_attention       a decoder's look at the encoder's outputs, a step at a time or all steps at once:
 *                           additive (Bahdanau et al. 2015), dot, general and concat (Luong et al. 2015)
 *     recur_attention_pool  a sequence into one vector, by a learnt query (Yang et al. 2016)
 *     recur_multihead       torch.nn.MultiheadAttention (Vaswani et al. 2017)
 *
 * Each is one fused operation between its products. As the layers of layer.h, they are small structs of
 * parameters: copy them or leave them, there is nothing to free.
 *
 * Sequences are [B, T, F] with batch_first, else [T, B, F]; lengths are RECUR_I64 [B], each 0..T, or NULL: all
 * T. The padding is never read, its weights are 0, and no gradient goes there. Where nothing may be attended
 * (a sequence of length 0, everything masked) all weights are 0, and so is the mean. Gradients flow through
 * the weights too. */
#ifndef RECUR_ATTENTION_H
#define RECUR_ATTENTION_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What attention gives; both NULL after an error. The shapes stand with each function. */
typedef struct recur_attention_out {
    recur_tensor *output;  /* the weighted mean */
    recur_tensor *weights; /* for pictures, and for copying: they sum to 1 over the steps */
} recur_attention_out;

/* --- a decoder's attention ---
 *
 * Score of a query q [D] and a key k [E]. The keys are the values too; nothing is scaled. A units where there
 * is a tanh. */
typedef enum recur_attention_score {
    RECUR_ATTENTION_ADDITIVE = 0, /* v . tanh(W_q q + W_k k + b) */
    RECUR_ATTENTION_DOT = 1,      /* q . k, D = E; has no parameters */
    RECUR_ATTENTION_GENERAL = 2,  /* q . W k */
    RECUR_ATTENTION_CONCAT = 3    /* v . tanh(W [q; k]): additive in other clothes, without a bias */
} recur_attention_score;

typedef struct recur_attention_config {
    recur_attention_score score;
    int64_t query, key; /* D, E */
    int64_t units;      /* A; 0 means D */
    bool no_bias;       /* additive: without b */
} recur_attention_config;

/* Parameters are prefix + "." + the field's name; those that the score does not have are NULL. */
typedef struct recur_attention {
    recur_attention_config config;
    recur_tensor *W_q, *W_k, *b; /* additive: [A, D], [A, E], [A] */
    recur_tensor *W;             /* general: [D, E]; concat: [A, D + E] */
    recur_tensor *v;             /* additive, concat: [A] */
} recur_attention;

/* Weights are uniform on +-1 / sqrt(number of inputs), as in a linear layer; b starts as zeros. */
RECUR_API recur_status recur_attention_create(recur_attention *out, recur_params *ps, const char *prefix,
                                              const recur_attention_config *config);

/* Sequences made ready for any number of queries: what depends on the keys alone is computed once. Lives on the
 * tape, so until the next recur_tape_begin(). The fields are the library's. */
typedef struct recur_attention_keys {
    recur_tensor *values;    /* the keys as given */
    recur_tensor *projected; /* W_k k + b, W k, or the keys */
    recur_tensor *W_q;
    const struct rcr_steps *steps;
} recur_attention_keys;

/* keys [B, T, E] or [T, B, E], as an encoder gives them. All fields are NULL after an error. */
RECUR_API recur_attention_keys recur_attention_keys_of(recur_tape *tp, const recur_attention *l,
                                                       recur_tensor *keys, recur_tensor *lengths,
                                                       bool batch_first);

/* A decoder's step, or all its steps. With batch_first as the keys had it:
 *
 *     query               output              weights
 *     [B, D]              [B, E]              [B, T]       one query for each sequence
 *     [B * U, D]          [B * U, E]          [B * U, T]   U side by side, rows b U .. b U + U - 1 (a beam)
 *     [B, U, D] (1)       [B, U, E]           [B, U, T]    U queries for each sequence
 *     [U, B, D] (2)       [U, B, E]           [B, U, T]    (1) with batch_first, (2) without
 *
 * A query's result does not depend on the others. Memory of a step: the projected query, output and weights;
 * nothing of the size of the keys is kept. */
RECUR_API recur_attention_out recur_attention_query(recur_tape *tp, const recur_attention *l,
                                                    const recur_attention_keys *keys, recur_tensor *query);

/* Both in one, for a single call. */
RECUR_API recur_attention_out recur_attention_forward(recur_tape *tp, const recur_attention *l,
                                                      recur_tensor *query, recur_tensor *keys,
                                                      recur_tensor *lengths, bool batch_first);

/* --- pooling over time: score = v . tanh(weight h + bias), h [F], A units --- */
typedef struct recur_attention_pool {
    recur_tensor *weight, *bias, *v; /* [A, F], [A], [A] */
} recur_attention_pool;
/* A = 0 means F. weight and v uniform on +-1 / sqrt(number of inputs), bias zeros. */
RECUR_API recur_status recur_attention_pool_create(recur_attention_pool *out, recur_params *ps,
                                                   const char *prefix, int64_t F, int64_t A);
/* x [B, T, F] or [T, B, F]; output [B, F], weights [B, T]. */
RECUR_API recur_attention_out recur_attention_pool_forward(recur_tape *tp, const recur_attention_pool *l,
                                                           recur_tensor *x, recur_tensor *lengths,
                                                           bool batch_first);

/* --- several heads ---
 *
 * Head h of H: softmax(Q_h K_h^T / sqrt(E / H) + masks) V_h with Q = W_q query + b_q and so on; the heads side
 * by side go through out_proj. As torch.nn.MultiheadAttention. */
typedef struct recur_multihead_config {
    int64_t embed;      /* E */
    int64_t heads;      /* H, divides E */
    int64_t kdim, vdim; /* widths of keys and values; 0 means E */
    bool no_bias;
    bool batch_first;   /* [B, T, E], else [T, B, E] */
    double dropout;     /* of the weights, in RECUR_TRAIN mode */
    bool add_bias_kv;   /* a learnt key and value behind those of every sequence, which nothing hides */
    bool add_zero_attn; /* a key and a value of zeros behind all others: the weights may go nowhere */
} recur_multihead_config;

/* Parameters under PyTorch's names: in_proj_weight [3E, E] (query, key, value), or q_proj_weight [E, E],
 * k_proj_weight [E, kdim], v_proj_weight [E, vdim] where kdim or vdim is not E; in_proj_bias [3E] either way;
 * out_proj.weight [E, E], out_proj.bias [E]; with add_bias_kv bias_k and bias_v [1, 1, E]. The others are NULL.
 * Initialised as PyTorch does: Glorot uniform, biases zero, out_proj.weight uniform on +-1 / sqrt(E), bias_k and bias_v
 * Glorot normal. */
typedef struct recur_multihead {
    recur_multihead_config config;
    recur_tensor *in_proj_weight, *q_proj_weight, *k_proj_weight, *v_proj_weight, *in_proj_bias;
    recur_tensor *out_proj_weight, *out_proj_bias;
    recur_tensor *bias_k, *bias_v;
} recur_multihead;
RECUR_API recur_status recur_multihead_create(recur_multihead *out, recur_params *ps, const char *prefix,
                                              const recur_multihead_config *config);

typedef enum recur_weights {
    RECUR_WEIGHTS_NONE = 0, /* recur_attention_out.weights is NULL: the quickest */
    RECUR_WEIGHTS_MEAN,     /* [B, Tq, Tk]: the mean over the heads */
    RECUR_WEIGHTS_HEADS     /* [B, H, Tq, Tk] */
} recur_weights;

/* {.query = x} is self attention. Masks are of two kinds: RECUR_I64, where what is not 0 is not attended
 * (PyTorch's true); or the type of the query, added to the scores (-infinity: not attended). They are
 * constants: no gradient flows into them. */
typedef struct recur_multihead_in {
    recur_tensor *query;            /* [B, Tq, E] or [Tq, B, E] */
    recur_tensor *key;              /* [B, Tk, kdim] or [Tk, B, kdim]; NULL: the query */
    recur_tensor *value;            /* [B, Tk, vdim] or [Tk, B, vdim]; NULL: the key */
    recur_tensor *lengths;          /* of the keys; in self attention (key NULL) of the queries too */
    recur_tensor *query_lengths;    /* of the queries; rows of the output behind them are zeros */
    recur_tensor *key_padding_mask; /* [B, Tk]; what a RECUR_I64 mask hides is not read, but in self attention
                                       by its query */
    recur_tensor *attn_mask;        /* [Tq, Tk] or [B * H, Tq, Tk], for sequence b and head h at b H + h */
    recur_weights weights;          /* what to give back; after dropout, as PyTorch */
} recur_multihead_in;

/* output [B, Tq, E] or [Tq, B, E]. A query that may attend nothing gets out_proj.bias: its heads are 0. One sequence may
 * come without the axis of the batch: query [Tq, E], key [Tk, kdim], value [Tk, vdim], key_padding_mask [Tk], attn_mask
 * [Tq, Tk] or [H, Tq, Tk]; then output is [Tq, E], and weights are [Tq, Tk] or [H, Tq, Tk]. With add_bias_kv and
 * add_zero_attn weights have a further column each; masks are given without these. */
RECUR_API recur_attention_out recur_multihead_forward(recur_tape *tp, const recur_multihead *l,
                                                      const recur_multihead_in *in);

#ifdef __cplusplus
}
#endif

#endif
