// SPDX-License-Identifier: MIT
/* Inside of a plan: parts in a row, each with its packed weights and the function that runs it for one time
 * step. */
#ifndef RCR_INFER_PLAN_H
#define RCR_INFER_PLAN_H

#include <recur/infer.h>

#include "kernel/kernel.h"

typedef struct rcr_part rcr_part;

/* Runs a part: x [B, in] -> y [B, out], which do not overlap. */
typedef void rcr_part_step(const rcr_part *part, recur_session *s, const void *x, void *y);

struct rcr_part {
    rcr_part_step *step;
    int64_t in, out; /* reals (for an embedding: ids) a row takes and gives */
    void *panel,
        *bias; /* the (input) weight, packed; [out] or [G*H], or NULL. Embedding: the table [V, E], no bias */
    int64_t V; /* embedding: rows of the table */
    /* a recurrent layer: */
    const rcr_cell_kernels *cell;
    int64_t H;
    void *panel_hh, *panel_hr,
        *b_n; /* packed weight_hh; packed weight_hr or NULL; GRU's hidden bias of n, or NULL */
    double zoneout_h, zoneout_c;
    void *gains;       /* layer norm: gain_ih, gain_hh [G*H], gain_c, bias_c [H]; else NULL */
    rcr_rnn_norm norm; /* points there */
    size_t h, c;       /* where its states lie in a session, in reals for one stream; h [out], c [H] */
};

struct recur_plan {
    recur_ctx *cx; /* for memory only; never touched by a step */
    recur_dtype dtype;
    const rcr_kernels *k;
    bool keep_denormals;
    rcr_part *parts;
    size_t size, capacity;
    size_t states;        /* reals of all states of one stream */
    int64_t widest;       /* widest input or output of a part */
    int64_t gates, units; /* largest G*H and H of a recurrent layer */
    int64_t zoned;        /* largest H of one with zoneout of c */
    int64_t normed;       /* largest G*H of one with layer norm */
};

#endif
