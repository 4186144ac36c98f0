// SPDX-License-Identifier: MIT
/*
 * An arena: a list of blocks, newest first. Pieces come from the newest; a new block is at least half as
 * large as what is held, so that the number of blocks is the logarithm of the need.
 */
#include "base/arena.h"

#include <string.h>

#include "base/alloc.h"

enum { HEADER = RCR_ALIGN, SMALLEST = 64 * 1024 };

/* The address sanitizer is told which bytes are handed out, so that it sees who uses a piece after the rewind
 * or past its end. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FORBID(bytes, size) __asan_poison_memory_region(bytes, size)
#define ALLOW(bytes, size) __asan_unpoison_memory_region(bytes, size)
#else
#define FORBID(bytes, size) ((void)(bytes), (void)(size))
#define ALLOW(bytes, size) ((void)(bytes), (void)(size))
#endif

struct rcr_arena_block {
    rcr_arena_block *next; /* older */
    size_t size, used;     /* bytes after the header */
};

static char *bytes_of(rcr_arena_block *b)
{
    return (char *)b + HEADER;
}

void rcr_arena_init(rcr_arena *a, recur_ctx *cx)
{
    *a = (rcr_arena){.cx = cx};
}

void rcr_arena_free(rcr_arena *a)
{
    for (rcr_arena_block *b = a->first, *next; b; b = next) {
        next = b->next;
        ALLOW(bytes_of(b), b->size);
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
    if (!rcr_add_size(room, HEADER, &total))
        total = SIZE_MAX;
    rcr_arena_block *b = rcr_alloc(a->cx, total, what);
    if (!b)
        return NULL;
    *b = (rcr_arena_block){.next = a->first, .size = total - HEADER};
    FORBID(bytes_of(b), b->size);
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
    char *piece = bytes_of(b) + b->used;
    ALLOW(piece, size);
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
    if (a->first) {
        a->first->used = 0;
        FORBID(bytes_of(a->first), a->first->size);
    }
    a->used = 0;
}
