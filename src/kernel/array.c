// SPDX-License-Identifier: MIT
/* Walking strided arrays, and the copy that does not care what the elements are. */
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/walk.h"

/* Whether the axis with strides `outer` is the continuation of one of length n with strides `inner`, in all
 * arrays. */
static bool joins(const int64_t *outer, const int64_t *inner, int64_t n)
{
    for (int a = 0; a < RCR_WALK_ARRAYS; a++)
        if (outer[a] != n * inner[a])
            return false;
    return true;
}

/* Adds an axis inside those that w has. */
static void add_axis(rcr_walk *w, int64_t n, const int64_t *stride)
{
    int last = w->rank - 1;
    if (w->rank > 0 && joins(w->stride[last], stride, n))
        w->shape[last] *= n;
    else
        w->shape[++last] = n;
    memcpy(w->stride[last], stride, sizeof w->stride[last]);
    w->rank = last + 1;
}

bool rcr_walk_first(rcr_walk *w, int rank, const int64_t *shape, const int64_t *s0, const int64_t *s1,
                    const int64_t *s2)
{
    memset(w, 0, sizeof *w);
    for (int i = 0; i < rank; i++) {
        int64_t stride[RCR_WALK_ARRAYS] = {s0 ? s0[i] : 0, s1 ? s1[i] : 0, s2 ? s2[i] : 0};
        if (shape[i] == 0)
            return false;
        if (shape[i] > 1)
            add_axis(w, shape[i], stride);
    }
    w->n = 1;
    if (w->rank == 0)
        return true;
    w->rank--;
    w->n = w->shape[w->rank];
    memcpy(w->step, w->stride[w->rank], sizeof w->step);
    return true;
}

bool rcr_walk_next(rcr_walk *w)
{
    for (int i = w->rank - 1; i >= 0; i--) {
        bool wraps = ++w->index[i] == w->shape[i];
        int64_t steps = wraps ? 1 - w->shape[i] : 1;
        for (int a = 0; a < RCR_WALK_ARRAYS; a++)
            w->at[a] += steps * w->stride[i][a];
        if (!wraps)
            return true;
        w->index[i] = 0;
    }
    return false;
}

/* A run of n items with strides in items. Elements of 4 and 8 bytes are moved as whole numbers. */
#define COPY_RUN(type)                                                                               \
    static void copy_run_##type(int64_t n, const void *src_, int64_t ssrc, void *dst_, int64_t sdst) \
    {                                                                                                \
        const type *src = src_;                                                                      \
        type *dst = dst_;                                                                            \
        for (int64_t i = 0; i < n; i++)                                                              \
            dst[i * sdst] = src[i * ssrc];                                                           \
    }
COPY_RUN(uint32_t)
COPY_RUN(uint64_t)

static void copy_run(size_t item, int64_t n, const char *src, int64_t ssrc, char *dst, int64_t sdst)
{
    if (ssrc == 1 && sdst == 1)
        memcpy(dst, src, (size_t)n * item);
    else if (item == sizeof(uint32_t))
        copy_run_uint32_t(n, src, ssrc, dst, sdst);
    else if (item == sizeof(uint64_t))
        copy_run_uint64_t(n, src, ssrc, dst, sdst);
    else
        for (int64_t i = 0; i < n; i++)
            memcpy(dst + i * sdst * (int64_t)item, src + i * ssrc * (int64_t)item, item);
}

void rcr_copy_strided(size_t item, int rank, const int64_t *shape, const void *src, const int64_t *ssrc,
                      void *dst, const int64_t *sdst)
{
    rcr_walk w;
    int64_t bytes = (int64_t)item;
    for (bool more = rcr_walk_first(&w, rank, shape, ssrc, sdst, NULL); more; more = rcr_walk_next(&w))
        copy_run(item, w.n, (const char *)src + w.at[0] * bytes, w.step[0], (char *)dst + w.at[1] * bytes,
                 w.step[1]);
}
