// SPDX-License-Identifier: MIT
/* Inside of a context. */
#ifndef RCR_BASE_CONTEXT_H
#define RCR_BASE_CONTEXT_H

#include <recur/context.h>

#include "base/cpu.h"

enum { RCR_ERROR_TEXT = 1024 };

struct recur_ctx {
    recur_allocator allocator;
    size_t bytes, peak; /* allocated now, at most */
    recur_status status;
    bool stuck; /* an expression failed: every further expression returns NULL */
    char text[RCR_ERROR_TEXT];
    rcr_isa isa;
    bool keep_denormals;
    int threads;
    struct rcr_pool *pool; /* base/pool.c */
};

#endif
