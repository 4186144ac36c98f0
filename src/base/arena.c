// SPDX-License-Identifier: MIT
/*
 * An arena: a list of blocks, newest first. Pieces come from the newest; a new block is at least half as
 * large as what is held, so that the number of blocks is the logarithm of the need.
 */
#include "base/arena.h"

#include <string.h>

#include "base/alloc.h"

enum { HEADER = RCR_ALIGN, SMALLEST = 64 * 1024 };

struct rcr_arena_block {
    rcr_arena_block *next; /* older */
    size_t size, used;     /* bytes after the header */
};

void rcr_arena_init(rcr_arena *a, recur_ctx *cx)
{
    *a = (rcr_arena){.cx = cx};
}

void rcr_arena_free(rcr_arena *a)
{
    for (rcr_arena_block *b = a->first, *next; b; b = next) {
        next = b->next;
        rcr_free(a->cx, b);
    }
    *a = (rcr_arena){.cx = a->cx};
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* A newest block with room for `size` bytes. */
static rcr_arena_block *add_block(rcr_arena *a, size_t size, const char *what)
{
    size_t total, room = larger(larger(size, a->wanted), larger(a->held / 2, SMALLEST));
    room &= ~(size_t)(RCR_ALIGN - 1); /* every term but held / 2 is a multiple already */
    if (!rcr_add_size(larger(room, size), HEADER, &total))
        total = SIZE_MAX;
    rcr_arena_block *b = rcr_alloc(a->cx, total, what);
    if (!b)
        return NULL;
    *b = (rcr_arena_block){.next = a->first, .size = total - HEADER};
    a->first = b;
    a->held += b->size;
    a->wanted = 0;
    return b;
}

void *rcr_arena_alloc(rcr_arena *a, size_t size, const char *what)
{
    rcr_arena_block *b = a->first;
    size_t room;
    if (!rcr_round_size(size ? size : 1, &room))
        room = SIZE_MAX; /* which no block has: the message tells the size */
    if (!b || b->size - b->used < room)
        b = add_block(a, room, what);
    if (!b)
        return NULL;
    void *piece = (char *)b + HEADER + b->used;
    b->used += room;
    a->used += room;
    return piece;
}

void *rcr_arena_alloc_zero(rcr_arena *a, size_t size, const char *what)
{
    void *piece = rcr_arena_alloc(a, size, what);
    return piece ? memset(piece, 0, size) : NULL;
}

/* Several blocks become one, made when it is first needed: a rewind cannot fail. */
void rcr_arena_rewind(rcr_arena *a)
{
    size_t held = a->held;
    if (a->first && a->first->next) {
        rcr_arena_free(a);
        a->wanted = held;
    }
    if (a->first)
        a->first->used = 0;
    a->used = 0;
}
