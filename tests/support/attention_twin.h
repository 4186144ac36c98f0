// SPDX-License-Identifier: MIT
/* Attention from primitive operations: slow, the plainest statement of what the fused operation computes. Batch
 * first, finite numbers in the padding, something to attend for every query. */
#ifndef TESTS_SUPPORT_ATTENTION_TWIN_H
#define TESTS_SUPPORT_ATTENTION_TWIN_H

#include <recur/attention.h>

/* Scores [B, U, T] of query [B, U, D] or [B, D] (U = 1) and keys [B, T, E], those in the padding too. */
recur_tensor *twin_scores(recur_tape *tp, const recur_attention *l, recur_tensor *query, recur_tensor *keys);

/* Numbers [B, 1, T] to add to scores of the type of x: -infinity from each length on, else 0. */
recur_tensor *twin_mask(recur_tape *tp, const recur_tensor *x, const recur_tensor *lengths, int64_t B,
                        int64_t T);

/* recur_attention_forward(): output [B, U, E], weights [B, U, T]. */
recur_attention_out twin_attention(recur_tape *tp, const recur_attention *l, recur_tensor *query,
                                   recur_tensor *keys, recur_tensor *lengths);

/* recur_attention_pool_forward(): output [B, 1, F], weights [B, 1, T]. */
recur_attention_out twin_pool(recur_tape *tp, const recur_attention_pool *l, recur_tensor *x,
                              recur_tensor *lengths);

/* recur_multihead_forward() with the weights of every head, without dropout; mask is added to scores
 * [B, H, Tq, Tk] with broadcasting, or NULL. */
recur_attention_out twin_multihead(recur_tape *tp, const recur_multihead *l, recur_tensor *query,
                                   recur_tensor *key, recur_tensor *value, recur_tensor *mask);

#endif
