// SPDX-License-Identifier: MIT
#include "support/attention_twin.h"

#include <math.h>

static recur_tensor *view(recur_tape *tp, recur_tensor *x, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return recur_reshape(tp, x, 4, (int64_t[]){a, b, c, d});
}

/* v . tanh(q + k) for q [B, U, A], k [B, T, A] */
static recur_tensor *tanh_scores(recur_tape *tp, recur_tensor *q, recur_tensor *k, recur_tensor *v)
{
    int64_t B = recur_dim(q, 0), U = recur_dim(q, 1), T = recur_dim(k, 1), A = recur_dim(k, 2);
    recur_tensor *sum = recur_add(tp, view(tp, q, B, U, 1, A), view(tp, k, B, 1, T, A));
    return recur_matmul(tp, recur_tanh(tp, sum), v);
}

recur_tensor *twin_scores(recur_tape *tp, const recur_attention *l, recur_tensor *query, recur_tensor *keys)
{
    int64_t B = recur_dim(keys, 0), D = recur_dim(query, -1),
            U = recur_rank(query) == 2 ? 1 : recur_dim(query, 1);
    recur_tensor *q = recur_reshape(tp, query, 3, (int64_t[]){B, U, D}), *w = l->W;
    switch (l->config.score) {
    case RECUR_ATTENTION_DOT:
        return recur_matmul(tp, q, recur_transpose(tp, keys, 1, 2));
    case RECUR_ATTENTION_GENERAL:
        return recur_matmul(tp, recur_matmul(tp, q, w), recur_transpose(tp, keys, 1, 2));
    case RECUR_ATTENTION_CONCAT:
        return tanh_scores(tp, recur_linear(tp, q, recur_slice(tp, w, 1, 0, D, 1), NULL),
                           recur_linear(tp, keys, recur_slice(tp, w, 1, D, INT64_MAX, 1), NULL), l->v);
    case RECUR_ATTENTION_ADDITIVE:
        break;
    }
    return tanh_scores(tp, recur_linear(tp, q, l->W_q, NULL), recur_linear(tp, keys, l->W_k, l->b), l->v);
}

recur_tensor *twin_mask(recur_tape *tp, const recur_tensor *x, const recur_tensor *lengths, int64_t B,
                        int64_t T)
{
    recur_tensor *mask = recur_input(tp, recur_dtype_of(x), 3, (int64_t[]){B, 1, T}, NULL);
    for (int64_t b = 0; b < B; b++)
        for (int64_t t = (int64_t)recur_item(lengths, b); t < T; t++) {
            if (recur_dtype_of(x) == RECUR_F32)
                recur_f32(mask)[b * T + t] = -INFINITY;
            else
                recur_f64(mask)[b * T + t] = -(double)INFINITY;
        }
    return mask;
}

static recur_attention_out attend(recur_tape *tp, recur_tensor *scores, recur_tensor *values,
                                  recur_tensor *lengths)
{
    if (lengths)
        scores =
            recur_add(tp, scores, twin_mask(tp, values, lengths, recur_dim(values, 0), recur_dim(values, 1)));
    recur_tensor *weights = recur_softmax(tp, scores, -1);
    return (recur_attention_out){recur_matmul(tp, weights, values), weights};
}

recur_attention_out twin_attention(recur_tape *tp, const recur_attention *l, recur_tensor *query,
                                   recur_tensor *keys, recur_tensor *lengths)
{
    return attend(tp, twin_scores(tp, l, query, keys), keys, lengths);
}

recur_attention_out twin_pool(recur_tape *tp, const recur_attention_pool *l, recur_tensor *x,
                              recur_tensor *lengths)
{
    recur_tensor *k = recur_linear(tp, x, l->weight, l->bias);
    recur_tensor *scores = recur_matmul(tp, recur_tanh(tp, k), l->v);
    int64_t shape[] = {recur_dim(x, 0), 1, recur_dim(x, 1)};
    return attend(tp, recur_reshape(tp, scores, 3, shape), x, lengths);
}

/* Part i of the projections, as heads: [B, H, T, D] */
static recur_tensor *heads(recur_tape *tp, const recur_multihead *l, recur_tensor *x, int i)
{
    recur_tensor *own[] = {l->q_proj_weight, l->k_proj_weight, l->v_proj_weight};
    int64_t E = l->config.embed, H = l->config.heads;
    recur_tensor *w =
        l->in_proj_weight ? recur_slice(tp, l->in_proj_weight, 0, i * E, (i + 1) * E, 1) : own[i];
    recur_tensor *b = l->in_proj_bias ? recur_slice(tp, l->in_proj_bias, 0, i * E, (i + 1) * E, 1) : NULL;
    recur_tensor *y = recur_linear(tp, x, w, b);
    return recur_transpose(tp, view(tp, y, recur_dim(x, 0), recur_dim(x, 1), H, E / H), 1, 2);
}

/* Heads [B, H, T, D] with those of `bias` [1, 1, E] and of zeros behind them. */
static recur_tensor *lengthen(recur_tape *tp, const recur_multihead *l, recur_tensor *x, recur_tensor *bias)
{
    int64_t B = recur_dim(x, 0), H = recur_dim(x, 1), D = recur_dim(x, 3);
    recur_tensor *zeros = recur_input(tp, recur_dtype_of(x), 4, (int64_t[]){B, H, 1, D}, NULL),
                 *part[3] = {x};
    int n = 1;
    if (l->config.add_bias_kv)
        part[n++] = recur_add(tp, zeros, view(tp, bias, 1, H, 1, D));
    if (l->config.add_zero_attn)
        part[n++] = zeros;
    return n > 1 ? recur_concat(tp, part, n, 2) : x;
}

recur_attention_out twin_multihead(recur_tape *tp, const recur_multihead *l, recur_tensor *query,
                                   recur_tensor *key, recur_tensor *value, recur_tensor *mask)
{
    recur_tensor *q = heads(tp, l, query, 0), *k = heads(tp, l, key, 1), *v = heads(tp, l, value, 2);
    k = lengthen(tp, l, k, l->bias_k);
    v = lengthen(tp, l, v, l->bias_v);
    recur_tensor *scores = recur_matmul(tp, q, recur_transpose(tp, k, 2, 3));
    scores = recur_affine(tp, scores, 1.0 / sqrt((double)recur_dim(q, 3)), 0.0);
    recur_tensor *weights = recur_softmax(tp, mask ? recur_add(tp, scores, mask) : scores, -1);
    recur_tensor *y = recur_transpose(tp, recur_matmul(tp, weights, v), 1, 2);
    int64_t shape[] = {recur_dim(query, 0), recur_dim(query, 1), l->config.embed};
    y = recur_linear(tp, recur_reshape(tp, y, 3, shape), l->out_proj_weight, l->out_proj_bias);
    return (recur_attention_out){y, weights};
}
