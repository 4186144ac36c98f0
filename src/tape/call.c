// SPDX-License-Identifier: MIT
/* What an operation sees of its call: accessors for the user's operations, checks for the shape rules. */
#include "tape/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tape/tape.h"

recur_tensor *recur_call_in(const recur_call *c, int index)
{
    return index >= 0 && index < c->n_in ? c->in[index] : NULL;
}

recur_tensor *recur_call_out(const recur_call *c, int index)
{
    return index >= 0 && index < c->n_out ? c->out[index] : NULL;
}

const void *recur_call_params(const recur_call *c)
{
    return c->params;
}

recur_mode recur_call_mode(const recur_call *c)
{
    return c->mode;
}

void *recur_call_saved(const recur_call *c)
{
    return c->saved;
}

void *recur_call_work(const recur_call *c)
{
    return c->scratch_bytes ? c->tape->scratch : NULL;
}

const void *recur_call_dout(const recur_call *c, int index)
{
    return index >= 0 && index < c->n_out ? rcr_dout(c, index) : NULL;
}

void *recur_call_din(const recur_call *c, int index)
{
    return index >= 0 && index < c->n_in ? rcr_din(c, index) : NULL;
}

recur_status recur_call_fail(recur_call *c, recur_status status, const char *text)
{
    return rcr_call_fail(c, status, "%s", text);
}

recur_status rcr_call_fail(recur_call *c, recur_status status, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return rcr_fail(c->cx, status, "%s: %s", c->op->name, text);
}

static recur_status check_present(recur_call *c, int index, const char *name)
{
    if (recur_call_in(c, index))
        return RECUR_OK;
    return rcr_call_fail(c, RECUR_EINVAL, "%s is NULL", name);
}

recur_status rcr_check_float(recur_call *c, int index, const char *name)
{
    recur_status s = check_present(c, index, name);
    if (s)
        return s;
    recur_dtype got = c->in[index]->dtype;
    if (got == RECUR_I64)
        return rcr_call_fail(c, RECUR_EDTYPE, "%s must be float32 or float64, not int64", name);
    const recur_tensor *first = c->in[0];
    if (first && first->dtype != RECUR_I64 && first->dtype != got)
        return rcr_call_fail(c, RECUR_EDTYPE, "%s is %s, but the first operand is %s", name,
                             rcr_dtype_name(got), rcr_dtype_name(first->dtype));
    return RECUR_OK;
}

recur_status rcr_check_index(recur_call *c, int index, const char *name)
{
    recur_status s = check_present(c, index, name);
    if (s)
        return s;
    if (c->in[index]->dtype == RECUR_I64)
        return RECUR_OK;
    return rcr_call_fail(c, RECUR_EDTYPE, "%s must be int64, not %s", name,
                         rcr_dtype_name(c->in[index]->dtype));
}

recur_status rcr_check_rank(recur_call *c, int index, const char *name, int rank)
{
    recur_status s = check_present(c, index, name);
    if (s || c->in[index]->rank == rank)
        return s;
    char shape[RCR_SHAPE_TEXT];
    return rcr_call_fail(c, RECUR_ESHAPE, "%s must have %d axes, but its shape is %s", name, rank,
                         rcr_shape_text(shape, c->in[index]));
}

recur_status rcr_check_shape(recur_call *c, int index, const char *name, int rank, const int64_t *shape)
{
    recur_status s = check_present(c, index, name);
    if (s)
        return s;
    recur_tensor want = {.rank = rank};
    if (rank)
        memcpy(want.shape, shape, (size_t)rank * sizeof *shape);
    if (rcr_same_shape(&want, c->in[index]))
        return RECUR_OK;
    char expected[RCR_SHAPE_TEXT], got[RCR_SHAPE_TEXT];
    return rcr_call_fail(c, RECUR_ESHAPE, "%s must have shape %s, but has %s", name,
                         rcr_shape_text(expected, &want), rcr_shape_text(got, c->in[index]));
}

recur_status rcr_check_axis(recur_call *c, int axis, int rank, int *normalised)
{
    *normalised = axis < 0 ? axis + rank : axis;
    if (*normalised >= 0 && *normalised < rank)
        return RECUR_OK;
    return rcr_call_fail(c, RECUR_EINVAL, "axis %d is outside -%d .. %d", axis, rank, rank - 1);
}
