// SPDX-License-Identifier: MIT
/* Differentiable operations. All return a tensor on the tape, or NULL after recording the first error
 * (tape.h).
 *
 * Operands of one operation have one floating type; indices are RECUR_I64. An axis may be negative (-1 is the
 * last). Semantics are those of the torch function of the same name. Results do not depend on threads or
 * instruction set, and where an operation works on rows, a row's result does not depend on the other rows. */
#ifndef RECUR_OP_H
#define RECUR_OP_H

#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Elementwise with broadcasting: shapes are aligned at the last axis, lengths of 1 are repeated. */
RECUR_API recur_tensor *recur_add(recur_tape *tp, recur_tensor *a, recur_tensor *b);
RECUR_API recur_tensor *recur_sub(recur_tape *tp, recur_tensor *a, recur_tensor *b);
RECUR_API recur_tensor *recur_mul(recur_tape *tp, recur_tensor *a, recur_tensor *b);
RECUR_API recur_tensor *recur_div(recur_tape *tp, recur_tensor *a, recur_tensor *b);
/* a * x + b with plain numbers a, b. */
RECUR_API recur_tensor *recur_affine(recur_tape *tp, recur_tensor *x, double a, double b);

RECUR_API recur_tensor *recur_sigmoid(recur_tape *tp, recur_tensor *x);
RECUR_API recur_tensor *recur_tanh(recur_tape *tp, recur_tensor *x);
RECUR_API recur_tensor *recur_relu(recur_tape *tp, recur_tensor *x); /* gradient 0 at 0; relu(NaN) is NaN */
RECUR_API recur_tensor *recur_exp(recur_tape *tp, recur_tensor *x);
RECUR_API recur_tensor *recur_log(recur_tape *tp, recur_tensor *x);

RECUR_API recur_tensor *recur_softmax(recur_tape *tp, recur_tensor *x, int axis);
RECUR_API recur_tensor *recur_log_softmax(recur_tape *tp, recur_tensor *x, int axis);

/* torch.matmul: vectors, matrices and batches [..., M, K] x [..., K, N] whose leading axes broadcast. */
RECUR_API recur_tensor *recur_matmul(recur_tape *tp, recur_tensor *a, recur_tensor *b);
/* y = x w^T + b: x [..., I], w [O, I], b [O] or NULL; y [..., O]. */
RECUR_API recur_tensor *recur_linear(recur_tape *tp, recur_tensor *x, recur_tensor *w, recur_tensor *b);

/* Reductions over one axis, which is dropped (keep = false) or kept with length 1; RECUR_ALL_AXES gives a
 * scalar. recur_max: the gradient of a tie goes to the first maximum; NaN wins. */
#define RECUR_ALL_AXES (-1000)
RECUR_API recur_tensor *recur_sum(recur_tape *tp, recur_tensor *x, int axis, bool keep);
RECUR_API recur_tensor *recur_mean(recur_tape *tp, recur_tensor *x, int axis, bool keep);
RECUR_API recur_tensor *recur_max(recur_tape *tp, recur_tensor *x, int axis, bool keep);

/* --- moves; those up to recur_reshape() take indices as well --- */

/* x[from : to : step] along an axis, as Python counts: negative from and to count from the end, both are
 * clamped, step > 0. INT64_MAX as `to` means "to the end". */
RECUR_API recur_tensor *recur_slice(recur_tape *tp, recur_tensor *x, int axis, int64_t from, int64_t to,
                                    int64_t step);
RECUR_API recur_tensor *recur_concat(recur_tape *tp, recur_tensor *const *x, int n, int axis);
RECUR_API recur_tensor *recur_stack(recur_tape *tp, recur_tensor *const *x, int n, int axis);
/* torch.chunk: pieces of ceil(length / chunks) along an axis, perhaps fewer than asked; piece i is
 * recur_output(., i), *pieces (may be NULL) their number. */
RECUR_API recur_tensor *recur_split(recur_tape *tp, recur_tensor *x, int axis, int chunks, int *pieces);
RECUR_API recur_tensor *recur_transpose(recur_tape *tp, recur_tensor *x, int axis0, int axis1);
/* One length may be -1: it is worked out. */
RECUR_API recur_tensor *recur_reshape(recur_tape *tp, recur_tensor *x, int rank, const int64_t *shape);
/* torch.gather: y[i][j] = x[index[i][j]][j] for axis 0, and so on; index RECUR_I64 of x's rank. */
RECUR_API recur_tensor *recur_gather(recur_tape *tp, recur_tensor *x, int axis, recur_tensor *index);

/* Rows of a table [V, E] by ids of any shape: [..., E]. The row `padding_idx` is read as stored, but gets no
 * gradient; negative counts from the end, RECUR_NO_PADDING for none. */
#define RECUR_NO_PADDING INT64_MIN
RECUR_API recur_tensor *recur_embedding(recur_tape *tp, recur_tensor *table, recur_tensor *ids,
                                        int64_t padding_idx);

/* Inverted dropout: in RECUR_TRAIN mode each element becomes 0 with probability p, else x / (1 - p). */
RECUR_API recur_tensor *recur_dropout(recur_tape *tp, recur_tensor *x, double p);
/* The same with one mask per sequence, kept over time ("variational" dropout: Gal and Ghahramani 2016): x [B, T, F]
 * (batch_first) or [T, B, F]; element (b, f) of a step is dropped at all steps or at none. What sequence b loses
 * depends on b and f alone, not on T or on the other sequences. */
RECUR_API recur_tensor *recur_locked_dropout(recur_tape *tp, recur_tensor *x, double p, bool batch_first);
/* The same for whole words: x [.., F], whose rows stand for ids [..] (as recur_embedding() gives them). A word is
 * dropped wherever it stands in the batch, or nowhere (Gal and Ghahramani 2016; Merity et al. 2018). */
RECUR_API recur_tensor *recur_word_dropout(recur_tape *tp, recur_tensor *x, recur_tensor *ids, double p);
/* The value without its history: no gradient flows back. Also carries a state over recur_tape_begin(): copy
 * it out. */
RECUR_API recur_tensor *recur_detach(recur_tape *tp, recur_tensor *x);

/* --- over time: x is [B, T, F] (batch_first) or [T, B, F]; lengths RECUR_I64 [B] (NULL = all T), each 0..T.
 * The padding is never read. A sequence of length 0 gives zeros. Results [B, F]. --- */
RECUR_API recur_tensor *recur_last_step(recur_tape *tp, recur_tensor *x, recur_tensor *lengths,
                                        bool batch_first);
RECUR_API recur_tensor *recur_pool_sum(recur_tape *tp, recur_tensor *x, recur_tensor *lengths,
                                       bool batch_first);
RECUR_API recur_tensor *recur_pool_mean(recur_tape *tp, recur_tensor *x, recur_tensor *lengths,
                                        bool batch_first);
RECUR_API recur_tensor *recur_pool_max(recur_tape *tp, recur_tensor *x, recur_tensor *lengths,
                                       bool batch_first);

#ifdef __cplusplus
}
#endif

#endif
