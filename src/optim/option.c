// SPDX-License-Identifier: MIT
/* Checks numeric options against their ranges. */
#include "optim/option.h"

#include "base/error.h"
#include "base/number.h"

static bool in_range(const rcr_option *o, double x)
{
    bool above = o->ends[0] == '[' ? x >= o->low : x > o->low;
    bool below = o->ends[1] == ']' ? x <= o->high : x < o->high;
    return above && below;
}

recur_status rcr_check_real(recur_ctx *cx, const char *owner, const rcr_option *o, double value)
{
    if (in_range(o, value))
        return RECUR_OK;
    char low[RCR_NUMBER_SIZE], high[RCR_NUMBER_SIZE], got[RCR_NUMBER_SIZE];
    return rcr_fail(cx, RECUR_EINVAL, "%s: %s must be in %c%s, %s%c, got %s", owner, o->name, o->ends[0],
                    rcr_format_double(low, o->low), rcr_format_double(high, o->high), o->ends[1],
                    rcr_format_double(got, value));
}

static recur_status check_whole(recur_ctx *cx, const char *owner, const rcr_option *o, int64_t value)
{
    if ((double)value >= o->low)
        return RECUR_OK;
    return rcr_fail(cx, RECUR_EINVAL, "%s: %s must be at least %lld, got %lld", owner, o->name,
                    (long long)o->low, (long long)value);
}

recur_status rcr_check_options(recur_ctx *cx, const char *owner, const rcr_option *options,
                               const void *config)
{
    recur_status s = RECUR_OK;
    for (const rcr_option *o = options; o->name && s == RECUR_OK; o++) {
        const void *field = (const char *)config + o->offset;
        s = o->whole ? check_whole(cx, owner, o, *(const int64_t *)field)
                     : rcr_check_real(cx, owner, o, *(const double *)field);
    }
    return s;
}
