// SPDX-License-Identifier: MIT
/* Inside of a session: one block of the caller's memory.
 *
 *     recur_session   plan, batch, pointers to what follows
 *     states          [parts with states][batch, width]: all that a copy copies
 *     work            two rows of activations, gates, units: nothing that outlives a step
 */
#ifndef RCR_INFER_SESSION_H
#define RCR_INFER_SESSION_H

#include "infer/plan.h"

struct recur_session {
    const recur_plan *plan;
    int64_t B;
    size_t states_bytes;
    char *states;
    char *x[2];                /* [B, widest]: what flows between parts */
    char *gates, *extra, *raw; /* [B, G*H], [B, H], [B, H] */
    char *fresh;               /* [B, H]: c before zoneout */
    char *sums, *stats;        /* layer norm: W_hh h [B, G*H], statistics */
};

rcr_part_step rcr_step_embedding, rcr_step_linear, rcr_step_rnn;

#endif
