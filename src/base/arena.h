// SPDX-License-Identifier: MIT
/* An arena: blocks that are handed out in pieces and rewound all at once. Nobody guesses a size: it grows by
 * blocks, and a rewind after growth joins them into one, so that the steady state allocates nothing. */
#ifndef RCR_BASE_ARENA_H
#define RCR_BASE_ARENA_H

#include <recur/context.h>

typedef struct rcr_arena_block rcr_arena_block;
typedef struct rcr_arena {
    recur_ctx *cx;
    rcr_arena_block *first; /* the newest block */
    size_t used, held;      /* bytes handed out since the rewind; bytes in all blocks */
    size_t wanted; /* size of the next block at least: what was held before a rewind joined the blocks */
} rcr_arena;

void rcr_arena_init(rcr_arena *a, recur_ctx *cx);
void rcr_arena_free(rcr_arena *a);
/* `size` bytes aligned to RCR_ALIGN, not cleared; NULL after recording RECUR_ENOMEM. */
void *rcr_arena_alloc(rcr_arena *a, size_t size, const char *what);
void *rcr_arena_alloc_zero(rcr_arena *a, size_t size, const char *what);
void rcr_arena_rewind(rcr_arena *a);

#endif
