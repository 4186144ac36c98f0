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
/* The last layer of a large vocabulary and its loss in one: recur_cross_entropy() of the logits recur_linear(x, w, b),
 * with the same bits. x [.., I], w [C, I], b [C] or NULL, target RECUR_I64 of x's shape without its last axis. Logits
 * are worked out for targets that count alone, so what x holds where they are ignored reaches nothing, and are kept
 * once: the gradient replaces them in place. In RECUR_INFER mode only a block of rows is there at a time. */
RECUR_API recur_tensor *recur_linear_cross_entropy(recur_tape *tp, recur_tensor *x, recur_tensor *w,
                                                   recur_tensor *b, recur_tensor *target,
                                                   recur_class_loss options);
/* The same as recur_cross_entropy() from log-probabilities. */
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

/* Options of ctc, as in torch.nn.CTCLoss; {0} is its default. */
typedef struct recur_ctc {
    int64_t blank; /* the class that stands for no label */
    recur_reduction reduction;
    bool zero_infinity; /* a target that fits no alignment counts as 0 instead of infinity */
} recur_ctc;

/* Connectionist temporal classification (Graves et al. 2006): -log of the summed probability of all
 * alignments of the target to the steps. log_prob [T, N, C] from recur_log_softmax(); targets RECUR_I64
 * [N, S], or [sum of the target lengths] one behind the other; labels are 0 .. C - 1 and not the blank.
 * input_lengths, target_lengths RECUR_I64 [N], or NULL: all T, all S. The padding of both is never read.
 * RECUR_NONE gives [N]; the mean divides each loss by its target's length (at least 1), then by N. One sequence may come
 * without its axis: log_prob [T, C], targets [S], lengths of no axis or [1]; RECUR_NONE then gives one number.
 *
 * The gradient is the true one, -(expected share of step t that class c takes): 0 from a loss that is
 * infinite. PyTorch reports exp(log_prob) more for log_prob, which assumes the log_softmax in front; behind
 * the log_softmax both are the same. */
RECUR_API recur_tensor *recur_ctc_loss(recur_tape *tp, recur_tensor *log_prob, recur_tensor *targets,
                                       recur_tensor *input_lengths, recur_tensor *target_lengths,
                                       recur_ctc options);
/* The labels of the likeliest alignment of sequence n: the greatest class of each of its first `length` steps
 * (the first of equals), repeats collapsed, blanks dropped. x [T, N, C], or [T, C] for n = 0: probabilities, their
 * logs or logits.
 * `labels` has room for `length`; *count is how many there are. */
RECUR_API recur_status recur_ctc_greedy(recur_ctx *cx, const recur_tensor *x, int64_t n, int64_t length,
                                        int64_t blank, int64_t *labels, int64_t *count);

#ifdef __cplusplus
}
#endif

#endif
