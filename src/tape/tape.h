// SPDX-License-Identifier: MIT
/* Inside of the tape: a list of calls in an arena. */
#ifndef RCR_TAPE_TAPE_H
#define RCR_TAPE_TAPE_H

#include <recur/tape.h>

#include "base/arena.h"
#include "tape/call.h"

/* A recorded call; `older` leads back to the beginning of the step, which is the order of the backward pass.
 */
typedef struct rcr_node {
    recur_call call;
    struct rcr_node *older;
} rcr_node;

typedef struct rcr_panel rcr_panel; /* tape/kept.c */

struct recur_tape {
    recur_ctx *cx;
    rcr_arena arena; /* all that is on the tape: tensors, calls, saved bytes, gradients */
    rcr_node *newest;
    recur_mode mode;
    uint64_t seed, step, place; /* place: calls since the step began, for random streams */
    bool walked;                /* backward has run in this step */
    void *scratch;              /* the largest that any call has asked for; contents do not outlive a call */
    size_t scratch_bytes;
    recur_tape *keeper; /* whose panels this tape uses: its own, unless rcr_keep_with() */
    rcr_panel *panels;  /* packed parameters of the step, in the arena (tape/kept.h) */
};

#endif
