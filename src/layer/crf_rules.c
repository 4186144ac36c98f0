// SPDX-License-Identifier: MIT
/* Rules of a CRF: which tags may follow which. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "layer/crf.h"

recur_status recur_crf_rules_create(recur_crf_rules **out, recur_ctx *cx, int64_t K)
{
    *out = NULL;
    if (K < 1 || K > RCR_CRF_MAX_TAGS)
        return rcr_fail(cx, RECUR_EINVAL, "crf: the number of tags must be 1 .. %d, not %lld",
                        RCR_CRF_MAX_TAGS, (long long)K);
    size_t n = (size_t)(K * K + 2 * K);
    recur_crf_rules *r = rcr_alloc(cx, sizeof *r + n, "crf rules");
    if (!r)
        return RECUR_ENOMEM;
    *r = (recur_crf_rules){.cx = cx, .K = K};
    memset(r->allowed, 1, n);
    *out = r;
    return RECUR_OK;
}

void recur_crf_rules_free(recur_crf_rules *r)
{
    if (r)
        rcr_free(r->cx, r);
}

/* Where a transition stands among `allowed`; -1: nowhere. */
static int64_t place(const recur_crf_rules *r, int64_t from, int64_t to)
{
    int64_t K = r->K;
    bool is_from = from >= 0 && from < K, is_to = to >= 0 && to < K;
    if (is_from && is_to)
        return from * K + to;
    if (from == RECUR_CRF_START && is_to)
        return K * K + to;
    return is_from && to == RECUR_CRF_END ? K * K + K + from : -1;
}

recur_status recur_crf_forbid(recur_crf_rules *r, int64_t from, int64_t to)
{
    int64_t i = place(r, from, to);
    if (i < 0)
        return rcr_fail(r->cx, RECUR_EINVAL, "crf: there is no transition from %lld to %lld among %lld tags",
                        (long long)from, (long long)to, (long long)r->K);
    r->allowed[i] = 0;
    return RECUR_OK;
}

bool recur_crf_allows(const recur_crf_rules *r, int64_t from, int64_t to)
{
    int64_t i = place(r, from, to);
    return i >= 0 && r->allowed[i];
}

static void keep_to(recur_crf_rules *r, recur_scheme s, int64_t from, int64_t to, const char *const *names)
{
    const char *before = from == RECUR_CRF_START ? NULL : names[from];
    if (!recur_scheme_allows(s, before, to == RECUR_CRF_END ? NULL : names[to]))
        (void)recur_crf_forbid(r, from, to); /* exists */
}

void recur_crf_forbid_scheme(recur_crf_rules *r, recur_scheme s, const char *const *names)
{
    for (int64_t i = 0; i < r->K; i++) {
        keep_to(r, s, RECUR_CRF_START, i, names);
        keep_to(r, s, i, RECUR_CRF_END, names);
        for (int64_t j = 0; j < r->K; j++)
            keep_to(r, s, i, j, names);
    }
}
