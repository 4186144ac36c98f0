// SPDX-License-Identifier: MIT
/* Status codes, error text, and the context: allocator, worker threads, instruction set. */
#ifndef RECUR_CONTEXT_H
#define RECUR_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a function that can fail returns. New codes are only ever added at the end. */
typedef enum recur_status {
    RECUR_OK = 0,
    RECUR_ENOMEM,       /* an allocation failed, or a size does not fit the machine */
    RECUR_EINVAL,       /* an argument is outside what the function accepts */
    RECUR_ESHAPE,       /* shapes do not go together */
    RECUR_EDTYPE,       /* element types do not go together */
    RECUR_ESTATE,       /* called at the wrong time, e.g. backward on a tape that does not record */
    RECUR_EIO,          /* the operating system refused a read or write */
    RECUR_EFORMAT,      /* a file is malformed */
    RECUR_ENOTFOUND,    /* a name, file, tensor or column does not exist */
    RECUR_EUNSUPPORTED, /* well-formed, but not something this library does */
    RECUR_ENUMERIC,     /* a result is not finite: training diverged */
    RECUR_ESTOPPED      /* the caller asked to stop; what was done so far is saved */
} recur_status;

/* The code's name, such as "RECUR_ESHAPE". Never NULL. */
RECUR_API const char *recur_status_name(recur_status s);

/* Version of the library that is running, such as "0.1.0". */
RECUR_API const char *recur_version(void);

/* Memory from the caller. `alloc` returns memory aligned to `align` (a power of two) or NULL; `release` gets
 * back the size that was asked for. Both are called only by threads that use the context. */
typedef struct recur_allocator {
    void *(*alloc)(void *user, size_t size, size_t align);
    void (*release)(void *user, void *ptr, size_t size);
    void *user;
} recur_allocator;

/* {0} is a good default. */
typedef struct recur_options {
    int threads;     /* worker threads, the caller included; 0 = one per available processor */
    const char *isa; /* "portable", "avx2", "avx512", "neon"; NULL = RECUR_ISA, else the best */
    const recur_allocator *allocator; /* copied; NULL = malloc and free */
    bool keep_denormals; /* false: denormal numbers count as zero inside the library's own work */
} recur_options;

typedef struct recur_ctx recur_ctx;

/* Creates a context; `opt` NULL is {0}. Results never depend on `threads` or `isa`. RECUR_EUNSUPPORTED: this
 * processor or build does not have the instruction set that was asked for. */
RECUR_API recur_status recur_ctx_create(recur_ctx **out, const recur_options *opt);
RECUR_API void recur_ctx_free(recur_ctx *cx);

RECUR_API int recur_ctx_threads(const recur_ctx *cx);
RECUR_API const char *recur_ctx_isa(const recur_ctx *cx);

/* The error that expressions are stuck on, else the last that a function returned; *text (may be NULL) says
 * what was expected and what came. The text lives in the context until the next error and is never NULL. */
RECUR_API recur_status recur_error(const recur_ctx *cx, const char **text);

/* Forgets the error: expressions work again, the text is "no error". */
RECUR_API void recur_clear(recur_ctx *cx);

#ifdef __cplusplus
}
#endif

#endif
