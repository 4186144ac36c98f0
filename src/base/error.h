// SPDX-License-Identifier: MIT
/* The one function through which every error passes: code and text are always set together. */
#ifndef RCR_BASE_ERROR_H
#define RCR_BASE_ERROR_H

#include <recur/context.h>

/*
 * rcr_fail(cx, status, format, ...) records `status` with a formatted text (vsnprintf; numbers with %lld /
 * %zu, real numbers through base/number.h since %g follows the locale) and returns it. The text: what was
 * expected and what came, with names and numbers. If an expression error is stuck, it stays: the first error
 * wins and rcr_fail() only returns its argument. cx may be NULL.
 *
 * A macro, so that compilers and analysers see that the status comes back; a statement in an expression, so
 * that it is evaluated once.
 */
void rcr_record(recur_ctx *cx, recur_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define rcr_fail(cx, status, ...)                   \
    rcr_recorded(__extension__({                    \
        recur_status rcr_status_ = (status);        \
        rcr_record((cx), rcr_status_, __VA_ARGS__); \
        rcr_status_;                                \
    }))
static inline recur_status rcr_recorded(recur_status status)
{
    return status;
}

/* The same for functions that build expressions: the error sticks until recur_clear(); returns NULL. */
void *rcr_stick(recur_ctx *cx, recur_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True while an expression error is stuck. */
bool rcr_stuck(const recur_ctx *cx);

/* Makes the last recorded error stick. */
void rcr_stick_last(recur_ctx *cx);

/* "out of memory: n bytes for what" */
static inline recur_status rcr_no_memory(recur_ctx *cx, size_t bytes, const char *what)
{
    return rcr_fail(cx, RECUR_ENOMEM, "out of memory: %zu bytes for %s", bytes, what);
}

#endif
