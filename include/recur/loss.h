// SPDX-License-Identifier: MIT
/* Losses, as the torch.nn modules of the same names. `input` is what the model gives, `target` what is right.
 * The result is a scalar for RECUR_MEAN and RECUR_SUM, unreduced for RECUR_NONE. Gradients flow to the input,
 * and to a floating target that wants one. */
#ifndef RECUR_LOSS_H
#define RECUR_LOSS_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum recur_reduction { RECUR_MEAN = 0, RECUR_SUM = 1, RECUR_NONE = 2 } recur_reduction;

/* (x - y)^2, |x - y|: target of the input's shape. */
RECUR_API recur_tensor *recur_mse_loss(recur_tape *tp, recur_tensor *input, recur_tensor *target,
                                       recur_reduction r);
RECUR_API recur_tensor *recur_l1_loss(recur_tape *tp, recur_tensor *input, recur_tensor *target,
                                      recur_reduction r);
/* d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; beta 0 is l1. PyTorch's default: 1. */
RECUR_API recur_tensor *recur_smooth_l1_loss(recur_tape *tp, recur_tensor *input, recur_tensor *target,
                                             double beta, recur_reduction r);
/* d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), delta > 0. */
RECUR_API recur_tensor *recur_huber_loss(recur_tape *tp, recur_tensor *input, recur_tensor *target,
                                         double delta, recur_reduction r);

/* Options of cross entropy and nll. {0} would ignore class 0: begin with RECUR_CLASS_LOSS. */
typedef struct recur_class_loss {
    recur_tensor *weight;   /* [C], or NULL: all 1. No gradient flows to it. */
    int64_t ignore_index;   /* targets of this value count for nothing */
    double label_smoothing; /* 0..1; cross entropy only */
    recur_reduction reduction;
} recur_class_loss;
#ifdef __cplusplus
#define RECUR_CLASS_LOSS (recur_class_loss{nullptr, -100, 0.0, RECUR_MEAN})
#else
#define RECUR_CLASS_LOSS ((recur_class_loss){NULL, -100, 0.0, RECUR_MEAN})
#endif

/* Softmax and negative log-likelihood in one. logits [N, C], target RECUR_I64 [N] with 0 <= target < C; or
 * [N, C, T] and [N, T], or more axes behind; or [C] and a scalar. The mean divides by the summed weights of the
 * targets not ignored; NaN if all are. Logits whose target is ignored are not read. */
RECUR_API recur_tensor *recur_cross_entropy(recur_tape *tp, recur_tensor *logits, recur_tensor *target,
                                            recur_class_loss options);
/* The same from log-probabilities. */
RECUR_API recur_tensor *recur_nll_loss(recur_tape *tp, recur_tensor *log_prob, recur_tensor *target,
                                       recur_class_loss options);

/* Probabilities in [0, 1], others are refused; logs are clamped at -100; the gradient is
 * (p - t) / max(p (1 - p), 1e-12). */
RECUR_API recur_tensor *recur_bce_loss(recur_tape *tp, recur_tensor *prob, recur_tensor *target,
                                       recur_reduction r);
/* From logits, stable for any size. pos_weight (broadcast against the input's shape, or NULL) weighs the
 * positive part; no gradient flows to it. */
RECUR_API recur_tensor *recur_bce_with_logits(recur_tape *tp, recur_tensor *logits, recur_tensor *target,
                                              recur_tensor *pos_weight, recur_reduction r);

#ifdef __cplusplus
}
#endif

#endif
