// SPDX-License-Identifier: MIT
/* How large the parts are: shares as text, and as numbers of rows. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "format/text.h"

#include <recur/data.h>

static recur_status bad_split(recur_ctx *cx, const char *text, const char *why)
{
    char shown[RCR_SHOWN];
    return rcr_fail(
        cx, RECUR_EINVAL,
        "split \"%s\": %s; write training,validation,test as fractions such as 0.6,0.2,0.2 or as numbers of "
        "rows such as 8640,2880,2880",
        rcr_show_name(shown, text), why);
}

/* Up to three numbers; 0 when that is not what the text holds. */
static int parse_shares(const char *text, double share[RECUR_PARTS])
{
    int n = 0;
    while (text && n < RECUR_PARTS) {
        const char *comma = strchr(text, ',');
        size_t length = comma ? (size_t)(comma - text) : strlen(text);
        if (!rcr_parse_double(text, length, &share[n]) || !isfinite(share[n]) || share[n] < 0)
            return 0;
        n++;
        text = comma ? comma + 1 : NULL;
    }
    return text ? 0 : n;
}

recur_status recur_partition_parse(recur_ctx *cx, const char *text, recur_partition *out)
{
    double share[RECUR_PARTS] = {0};
    bool counts = false;
    if (parse_shares(text, share) < 2)
        return bad_split(cx, text, "two or three numbers of at least 0 are needed");
    for (int p = 0; p < RECUR_PARTS; p++)
        counts = counts || share[p] > 1;
    for (int p = 0; p < RECUR_PARTS; p++)
        if (counts && (share[p] != floor(share[p]) || share[p] > 1e15))
            return bad_split(cx, text, "fractions and numbers of rows cannot be mixed");
    if (!counts && share[0] + share[1] + share[2] > 1 + 1e-9)
        return bad_split(cx, text, "the sum of the fractions is above 1");
    memcpy(out->share, share, sizeof share);
    out->counts = counts;
    return RECUR_OK;
}

recur_status recur_partition_counts(recur_ctx *cx, const recur_partition *how, int64_t n,
                                    int64_t count[RECUR_PARTS])
{
    double sum = 0;
    int64_t cut = 0;
    for (int p = 0; p < RECUR_PARTS; p++) {
        double share = how->share[p];
        if (!(share >= 0 && (how->counts ? share <= 1e15 : share <= 1)))
            return rcr_fail(cx, RECUR_EINVAL,
                            "a part's share must be a number of at least 0, a fraction at most 1");
        sum += share;
        /* 0.7 + 0.2 + 0.1 is a little below 1: what is lost there must not cost a row. */
        double end = how->counts ? sum : floor(sum * (double)n + 1e-6);
        if (end > (double)n)
            return rcr_fail(cx, RECUR_EINVAL, "the split asks for %lld rows; there are %lld", (long long)end,
                            (long long)n);
        count[p] = (int64_t)end - cut;
        cut = (int64_t)end;
    }
    return RECUR_OK;
}
