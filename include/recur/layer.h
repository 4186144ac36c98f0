// SPDX-License-Identifier: MIT
/* Layers with parameters. Each is a small struct of parameters that live in a recur_params: copy it, or leave
 * it; there is nothing to free. Parameters are named prefix + "." + PyTorch's name (no dot for an empty
 * prefix) and initialised as PyTorch does. */
#ifndef RECUR_LAYER_H
#define RECUR_LAYER_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = x weight^T + bias: weight [out, in], bias [out] (NULL without). */
typedef struct recur_linear_layer {
    recur_tensor *weight, *bias;
} recur_linear_layer;
RECUR_API recur_status recur_linear_create(recur_linear_layer *out, recur_params *ps, const char *prefix,
                                           int64_t in, int64_t out_features, bool bias);
/* The same with a weight that stands elsewhere, as the table [V, E] of an embedding (Press and Wolf 2017): adds
 * a bias [rows of the weight] alone, uniform on +-1 / sqrt(columns). The weight is one parameter, saved once;
 * the gradients of all its uses add up in it. An embedding's numbers are large for a linear layer:
 * initialise the table anew. */
RECUR_API recur_status recur_linear_tie(recur_linear_layer *out, recur_params *ps, const char *prefix,
                                        recur_tensor *weight, bool bias);
RECUR_API recur_tensor *recur_linear_forward(recur_tape *tp, const recur_linear_layer *l, recur_tensor *x);

/* weight [V, E]; padding_idx as in recur_embedding(): its row starts as zeros. dropout: of whole words, in
 * RECUR_TRAIN mode (recur_word_dropout()); set it after recur_embedding_create(), which leaves it 0. */
typedef struct recur_embedding_layer {
    recur_tensor *weight;
    int64_t padding_idx;
    double dropout;
} recur_embedding_layer;
RECUR_API recur_status recur_embedding_create(recur_embedding_layer *out, recur_params *ps,
                                              const char *prefix, int64_t V, int64_t E, int64_t padding_idx);
RECUR_API recur_tensor *recur_embedding_forward(recur_tape *tp, const recur_embedding_layer *l,
                                                recur_tensor *ids);

/* Normalises over the last `rank` axes, which must have the lengths `shape`: (x - mean) / sqrt(var + eps) *
 * weight + bias, with the biased variance (Ba et al. 2016). weight and bias are NULL without affine. */
typedef struct recur_layer_norm {
    recur_tensor *weight, *bias;
    double eps;
    int rank;
    int64_t shape[RECUR_MAX_RANK];
} recur_layer_norm;
RECUR_API recur_status recur_layer_norm_create(recur_layer_norm *out, recur_params *ps, const char *prefix,
                                               int rank, const int64_t *shape, double eps, bool affine);
RECUR_API recur_tensor *recur_layer_norm_forward(recur_tape *tp, const recur_layer_norm *l, recur_tensor *x);

/* BatchNorm1d on [N, C] or [N, C, L] (Ioffe and Szegedy 2015). In RECUR_TRAIN mode by the batch, whose
 * statistics then enter the running ones: biased variance to normalise, unbiased to keep; otherwise by the
 * running ones. Training needs more than one value per channel; a batch of 0 leaves the running statistics as
 * they are. momentum: running = (1 - momentum) * running + momentum * batch; < 0: cumulative average
 * (PyTorch's None). */
typedef struct recur_batch_norm {
    recur_tensor *weight, *bias, *running_mean, *running_var, *num_batches_tracked;
    double eps, momentum;
} recur_batch_norm;
RECUR_API recur_status recur_batch_norm_create(recur_batch_norm *out, recur_params *ps, const char *prefix,
                                               int64_t C, double eps, double momentum, bool affine);
RECUR_API recur_tensor *recur_batch_norm_forward(recur_tape *tp, const recur_batch_norm *l, recur_tensor *x);

#ifdef __cplusplus
}
#endif

#endif
