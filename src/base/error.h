// SPDX-License-Identifier: MIT
/* The one function through which every error passes: code and text are always set together. */
#ifndef RCR_BASE_ERROR_H
#define RCR_BASE_ERROR_H

#include <recur/context.h>

/* Records `status` with a formatted text (vsnprintf; numbers with %lld / %zu, real numbers through
 * base/number.h since %g follows the locale) and returns it. The text: what was expected and what came, with
 * names and numbers. If an expression error is stuck, it stays: the first error wins and rcr_fail() only
 * returns its argument. cx may be NULL. */
recur_status rcr_fail(recur_ctx *cx, recur_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for functions that build expressions: the error sticks until recur_clear(); returns NULL. */
void *rcr_stick(recur_ctx *cx, recur_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True while an expression error is stuck. */
bool rcr_stuck(const recur_ctx *cx);

/* Makes the last recorded error stick. */
void rcr_stick_last(recur_ctx *cx);

/* "out of memory: n bytes for what" */
recur_status rcr_no_memory(recur_ctx *cx, size_t bytes, const char *what);

#endif
