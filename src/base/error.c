// SPDX-License-Identifier: MIT
/* The one function through which every error passes, and what the caller sees of it. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"

static const char no_error[] = "no error";

static const char *const names[] = {
    [RECUR_OK] = "RECUR_OK",
    [RECUR_ENOMEM] = "RECUR_ENOMEM",
    [RECUR_EINVAL] = "RECUR_EINVAL",
    [RECUR_ESHAPE] = "RECUR_ESHAPE",
    [RECUR_EDTYPE] = "RECUR_EDTYPE",
    [RECUR_ESTATE] = "RECUR_ESTATE",
    [RECUR_EIO] = "RECUR_EIO",
    [RECUR_EFORMAT] = "RECUR_EFORMAT",
    [RECUR_ENOTFOUND] = "RECUR_ENOTFOUND",
    [RECUR_EUNSUPPORTED] = "RECUR_EUNSUPPORTED",
    [RECUR_ENUMERIC] = "RECUR_ENUMERIC",
    [RECUR_ESTOPPED] = "RECUR_ESTOPPED",
};

const char *recur_status_name(recur_status s)
{
    size_t code = (size_t)s;
    return code < sizeof names / sizeof *names ? names[code] : "unknown status";
}

/* The text is made beside the old one, which may be among the arguments. */
__attribute__((format(printf, 3, 0))) static void record(recur_ctx *cx, recur_status status,
                                                         const char *format, va_list arguments)
{
    char text[RCR_ERROR_TEXT];
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        snprintf(text, sizeof text, "%s", recur_status_name(status));
    memcpy(cx->text, text, sizeof text);
    cx->status = status;
}

void rcr_record(recur_ctx *cx, recur_status status, const char *format, ...)
{
    va_list arguments;
    if (!cx || cx->stuck)
        return;
    va_start(arguments, format);
    record(cx, status, format, arguments);
    va_end(arguments);
}

void *rcr_stick(recur_ctx *cx, recur_status status, const char *format, ...)
{
    va_list arguments;
    if (!cx || cx->stuck)
        return NULL;
    va_start(arguments, format);
    record(cx, status, format, arguments);
    va_end(arguments);
    cx->stuck = true;
    return NULL;
}

bool rcr_stuck(const recur_ctx *cx)
{
    return cx->stuck;
}

void rcr_stick_last(recur_ctx *cx)
{
    cx->stuck = cx->status != RECUR_OK;
}

recur_status recur_error(const recur_ctx *cx, const char **text)
{
    if (text)
        *text = cx ? cx->text : "no context";
    return cx ? cx->status : RECUR_EINVAL;
}

void recur_clear(recur_ctx *cx)
{
    if (!cx)
        return;
    cx->status = RECUR_OK;
    cx->stuck = false;
    memcpy(cx->text, no_error, sizeof no_error);
}
