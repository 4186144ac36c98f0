// SPDX-License-Identifier: MIT
/*
 * Memory from the context's allocator.
 *
 *     | size .......... | the caller's bytes ...        |
 *     ^ RCR_ALIGN bytes ^ what the caller sees, aligned
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise() */
#endif
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/context.h"
#include "base/error.h"

/* Large blocks ask for large pages: products walk down columns, where each element is on a page of its own. */
enum { LARGE_PAGE = 1 << 21, LARGE_BLOCK = 2 * LARGE_PAGE };

static void *default_alloc(void *user, size_t size, size_t align)
{
    void *block;
    (void)user;
    if (posix_memalign(&block, size < LARGE_BLOCK ? align : LARGE_PAGE, size) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (size >= LARGE_BLOCK)
        madvise(block, size / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE); /* only advice: it may fail */
#endif
    return block;
}

static void default_release(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

const recur_allocator rcr_default_allocator = {default_alloc, default_release, NULL};

static size_t *size_of(const void *block)
{
    return (size_t *)(void *)((char *)(uintptr_t)block - RCR_ALIGN);
}

void *rcr_alloc(recur_ctx *cx, size_t size, const char *what)
{
    size_t total;
    void *raw = NULL;
    if (rcr_add_size(size, RCR_ALIGN, &total) && total <= PTRDIFF_MAX)
        raw = cx->allocator.alloc(cx->allocator.user, total, RCR_ALIGN);
    if (!raw) {
        rcr_no_memory(cx, size, what);
        return NULL;
    }
    cx->bytes += size;
    if (cx->peak < cx->bytes)
        cx->peak = cx->bytes;
    *(size_t *)raw = size;
    return (char *)raw + RCR_ALIGN;
}

void rcr_free(recur_ctx *cx, void *block)
{
    if (!block)
        return;
    size_t size = *size_of(block);
    cx->bytes -= size;
    cx->allocator.release(cx->allocator.user, size_of(block), size + RCR_ALIGN);
}

void *rcr_alloc_zero(recur_ctx *cx, size_t size, const char *what)
{
    void *block = rcr_alloc(cx, size, what);
    return block ? memset(block, 0, size) : NULL;
}

/* n * item; RECUR_ENOMEM where that does not fit. */
static recur_status array_size(recur_ctx *cx, size_t n, size_t item, const char *what, size_t *size)
{
    if (rcr_mul_size(n, item, size))
        return RECUR_OK;
    return rcr_fail(cx, RECUR_ENOMEM, "out of memory: %zu times %zu bytes for %s", n, item, what);
}

void *rcr_alloc_array(recur_ctx *cx, size_t n, size_t item, const char *what)
{
    size_t size;
    if (array_size(cx, n, item, what, &size))
        return NULL;
    return rcr_alloc_zero(cx, size, what);
}

recur_status rcr_resize_array(recur_ctx *cx, void **block, size_t n, size_t item, const char *what)
{
    size_t size, kept = *block ? *size_of(*block) : 0;
    recur_status status = array_size(cx, n, item, what, &size);
    if (status)
        return status;
    char *resized = rcr_alloc(cx, size, what);
    if (!resized)
        return RECUR_ENOMEM;
    if (kept > size)
        kept = size;
    if (kept)
        memcpy(resized, *block, kept);
    memset(resized + kept, 0, size - kept);
    rcr_free(cx, *block);
    *block = resized;
    return RECUR_OK;
}

char *rcr_strdup(recur_ctx *cx, const char *text, const char *what)
{
    size_t size = strlen(text) + 1;
    char *copy = rcr_alloc(cx, size, what);
    return copy ? memcpy(copy, text, size) : NULL;
}

size_t rcr_alloc_bytes(const recur_ctx *cx)
{
    return cx->bytes;
}

size_t rcr_alloc_peak(const recur_ctx *cx)
{
    return cx->peak;
}
