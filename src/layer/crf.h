// SPDX-License-Identifier: MIT
/* What the operations of a CRF share: their inputs, the geometry of a call, and the model that the kernels
 * work with. */
#ifndef RCR_LAYER_CRF_H
#define RCR_LAYER_CRF_H

#include <recur/crf.h>

#include "op/ranges.h"
#include "op/shape.h"

enum { RCR_CRF_MAX_TAGS = 1 << 14 }; /* so that K^2 numbers are no surprise */

struct recur_crf_rules {
    recur_ctx *cx;
    int64_t K;
    uint8_t allowed[]; /* transitions [K, K], starts [K], ends [K] */
};

/* Inputs of every operation; the last two may be absent. */
enum { RCR_CRF_E, RCR_CRF_A, RCR_CRF_START, RCR_CRF_END, RCR_CRF_LENGTHS, RCR_CRF_TAGS, RCR_CRF_INPUTS };

/* Parameters of every operation. Tag (b, t) stands at b step_b + t step_t, its emissions at K times that. */
typedef struct rcr_crf_call {
    const recur_crf_rules *rules; /* those that count here, or NULL */
    bool batch_first;
    int64_t B, T, K, P; /* P: K rounded up to the kernels' rows */
    int64_t steps;      /* of all sequences together */
    int64_t step_b, step_t;
} rcr_crf_call;

recur_tensor *rcr_crf_apply(recur_tape *tp, const recur_op *op, const recur_crf *l, bool rules,
                            recur_tensor *emissions, recur_tensor *lengths, recur_tensor *tags);

/* In `shape`: checks all inputs but the tags, fills the parameters. */
recur_status rcr_crf_shape(recur_call *c);

int64_t rcr_crf_length(const recur_call *c, int64_t b);
rcr_crf_steps rcr_crf_steps_of(const recur_call *c, int64_t b);

/* Element (b, 0) of an array shaped like the emissions, and of one shaped like the tags. */
static inline void *rcr_crf_emissions(const recur_call *c, const void *e, int64_t b)
{
    const rcr_crf_call *p = RCR_PARAMS(rcr_crf_call, c);
    return rcr_at(e, b * p->step_b * p->K, c->k->item);
}

static inline int64_t *rcr_crf_tags(const recur_call *c, const recur_tensor *tags, int64_t b)
{
    return (int64_t *)tags->data + b * RCR_PARAMS(rcr_crf_call, c)->step_b;
}

/* n reals as whole rows of the kernels, so that what follows is aligned as they are. */
static inline int64_t rcr_crf_rows(int64_t n)
{
    return (n + RCR_LANES - 1) / RCR_LANES * RCR_LANES;
}

/* Reals of a model; what it is in memory of that size; and making it of the inputs. `sums`: for forward and
 * backward too, not for the best path alone. */
int64_t rcr_crf_model_size(const rcr_crf_call *p, bool sums);
rcr_crf_model rcr_crf_model_in(const recur_call *c, void *memory, bool sums);
void rcr_crf_make_model(const recur_call *c, const rcr_crf_model *m, bool sums);

/* f over ranges of sequences. */
void rcr_crf_over_batch(const recur_call *c, rcr_range *f);

#endif
