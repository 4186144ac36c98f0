// SPDX-License-Identifier: MIT
/* Memory from the context's allocator, and sizes that cannot overflow. The only place that calls malloc and
 * free. */
#ifndef RCR_BASE_ALLOC_H
#define RCR_BASE_ALLOC_H

#include <recur/context.h>

/* malloc and free, for callers who bring no allocator. */
extern const recur_allocator rcr_default_allocator;

enum { RCR_ALIGN = 64 }; /* every block: a cache line, and the widest vector */

/* A block aligned to RCR_ALIGN, or NULL after recording RECUR_ENOMEM. `what` names it in the message. Size 0
 * is legal and gives a block. The block remembers its size; rcr_free(cx, NULL) does nothing. */
void *rcr_alloc(recur_ctx *cx, size_t size, const char *what);
void *rcr_alloc_zero(recur_ctx *cx, size_t size, const char *what);
void *rcr_alloc_array(recur_ctx *cx, size_t n, size_t item,
                      const char *what); /* n * item bytes, zeroed, checked */
/* Grows (or shrinks) to n * item bytes, contents kept, what is new zeroed; *block may be NULL and is
 * unchanged when it fails. */
recur_status rcr_resize_array(recur_ctx *cx, void **block, size_t n, size_t item, const char *what);
void rcr_free(recur_ctx *cx, void *block);
char *rcr_strdup(recur_ctx *cx, const char *text, const char *what);
/* Bytes now held, and the most ever held, through this context. */
size_t rcr_alloc_bytes(const recur_ctx *cx);
size_t rcr_alloc_peak(const recur_ctx *cx);

/* Checked arithmetic: false on overflow. */
static inline bool rcr_add_size(size_t a, size_t b, size_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool rcr_mul_size(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static inline bool rcr_mul_i64(int64_t a, int64_t b, int64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Rounds up to a multiple of RCR_ALIGN; false on overflow. */
static inline bool rcr_round_size(size_t size, size_t *rounded)
{
    if (!rcr_add_size(size, RCR_ALIGN - 1, rounded))
        return false;
    *rounded &= ~(size_t)(RCR_ALIGN - 1);
    return true;
}

#endif
