// SPDX-License-Identifier: MIT
/* Streaming inference: a trained stack frozen into a plan, one session per stream. A plan is constant and
 * shared by any number of threads; a session lives in the caller's memory; a step allocates nothing, takes no
 * lock, cannot fail, and gives the same bits as recur_rnn_forward() over the whole sequence. */
#ifndef RECUR_INFER_H
#define RECUR_INFER_H

#include "layer.h"
#include "rnn.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct recur_plan recur_plan;
typedef struct recur_session recur_session;

/* An empty plan. Add the parts in order; each copies (and packs) its weights, so the parameters may go
 * afterwards. RECUR_ESHAPE where a part does not fit onto the one before. The plan must be freed before its
 * context; a step touches neither. */
RECUR_API recur_status recur_plan_create(recur_plan **out, recur_ctx *cx);
RECUR_API void recur_plan_free(recur_plan *p);
RECUR_API recur_status recur_plan_embedding(recur_plan *p,
                                            const recur_embedding_layer *l); /* first part only */
/* RECUR_EUNSUPPORTED if bidirectional: that needs the future. Zoneout and layer norm are in; dropout is off. */
RECUR_API recur_status recur_plan_rnn(recur_plan *p, const recur_rnn *rnn);
RECUR_API recur_status recur_plan_linear(recur_plan *p, const recur_linear_layer *l);

RECUR_API recur_dtype recur_plan_dtype(const recur_plan *p);
RECUR_API int64_t
recur_plan_input(const recur_plan *p); /* numbers a step takes: I, or 1 id with an embedding */
RECUR_API int64_t recur_plan_output(const recur_plan *p); /* numbers a step gives */

/* Bytes of a session of `batch` parallel streams, a multiple of 64; 0 if that does not fit the machine. */
RECUR_API size_t recur_session_size(const recur_plan *p, int64_t batch);
/* Makes a session in `mem` (aligned to 64, at least recur_session_size() bytes) with states of zero. The
 * session is a contiguous block: nothing to free but the memory. The plan must outlive it. RECUR_EINVAL
 * otherwise, without a text: a plan may serve several threads, and its context only one. */
RECUR_API recur_status recur_session_init(recur_session **out, void *mem, size_t size, const recur_plan *p,
                                          int64_t batch);
RECUR_API void recur_session_reset(recur_session *s);
/* One time step: x [batch, input], y [batch, output], apart from each other, both of the plan's type; ids for
 * an embedding: int64_t [batch], and an id outside the table counts as row 0. */
RECUR_API void recur_session_step(recur_session *s, const void *x, void *y);
/* Copies the states (beam search, checkpoints). RECUR_EINVAL unless both have the same plan and batch. */
RECUR_API recur_status recur_session_copy(recur_session *dst, const recur_session *src);
/* Row i of dst gets the states of row from[i] of src, i = 0 .. n - 1; the other rows of dst keep theirs (beam
 * search: the rows that go on). RECUR_EINVAL unless the two are different sessions of the same plan, n is at
 * most dst's batch and each from[i] a row of src. */
RECUR_API recur_status recur_session_gather(recur_session *dst, const recur_session *src, int64_t n,
                                            const int64_t *from);
/* The states, for those who set or save them: h and c of layer `l` over all recurrent parts, [batch, O] and
 * [batch, H]; NULL past the end or where there is no c. */
RECUR_API void *recur_session_h(recur_session *s, int l);
RECUR_API void *recur_session_c(recur_session *s, int l);

#ifdef __cplusplus
}
#endif

#endif
