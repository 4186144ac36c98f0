// SPDX-License-Identifier: MIT
/* The moving average of a model's parameters. */
#include <math.h>
#include <string.h>

#include <recur/optim.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/error.h"
#include "base/pool.h"
#include "optim/span.h"

struct recur_average {
    recur_params *ps;   /* the parameters that are trained */
    recur_params *mean; /* theirs, in their order, and the count */
    size_t size;        /* of ps */
    recur_tensor **of;  /* [size]: the mean of a parameter; NULL for a buffer */
    recur_tensor *count;
    double decay;
    double weight; /* of the newest parameters, in the update under way */
};

static recur_status make_means(recur_average *a)
{
    for (size_t i = 0; i < a->ps->size; i++) {
        recur_tensor *w = a->ps->tensors[i];
        if (!w->trainable)
            continue;
        a->of[i] = recur_buffer(a->mean, w->name, w->dtype, w->rank, w->shape);
        if (!a->of[i])
            return recur_error(a->ps->cx, NULL);
    }
    a->count = recur_buffer(a->mean, "n_averaged", RECUR_F64, 0, NULL);
    return a->count ? RECUR_OK : recur_error(a->ps->cx, NULL);
}

recur_status recur_average_create(recur_average **out, recur_params *ps, double decay)
{
    *out = NULL;
    recur_ctx *cx = ps->cx;
    if (!(decay >= 0 && decay < 1))
        return rcr_fail(cx, RECUR_EINVAL, "the decay of an average is outside [0, 1)");
    recur_average *a = rcr_alloc_zero(cx, sizeof *a, "an average");
    if (!a)
        return RECUR_ENOMEM;
    a->ps = ps;
    a->size = ps->size;
    a->decay = decay;
    a->of = rcr_alloc_zero(cx, (ps->size + 1) * sizeof(recur_tensor *), "an average");
    recur_status status = a->of ? recur_params_create(&a->mean, cx, ps->dtype, 0) : RECUR_ENOMEM;
    if (status == RECUR_OK)
        status = make_means(a);
    if (status == RECUR_OK)
        *out = a;
    else
        recur_average_free(a);
    return status;
}

void recur_average_free(recur_average *a)
{
    if (!a)
        return;
    recur_ctx *cx = a->ps->cx;
    recur_params_free(a->mean);
    rcr_free(cx, a->of);
    rcr_free(cx, a);
}

recur_params *recur_average_state(recur_average *a)
{
    return a->mean;
}

static void update_chunk(void *job, int64_t index, int worker)
{
    const recur_average *a = job;
    (void)worker;
    rcr_span p = rcr_span_of(a->ps, index, RCR_OPTIM_CHUNK);
    while (rcr_span_next(&p)) {
        const rcr_array_kernels *k = &rcr_kernels_of(a->ps->cx, p.w->dtype)->array;
        void *mean = rcr_element(a->of[p.index], p.from);
        k->affine(p.n, 1 - a->weight, 0, mean, mean);
        k->axpy(p.n, a->weight, rcr_element(p.w, p.from), mean);
    }
}

recur_status recur_average_update(recur_average *a)
{
    if (a->ps->size != a->size)
        return rcr_fail(a->ps->cx, RECUR_ESTATE,
                        "the average was made for %zu parameters and buffers, now there are %zu", a->size,
                        a->ps->size);
    double *count = recur_f64(a->count);
    double seen = *count >= 0 ? *count : 0; /* whatever a damaged file says */
    a->weight = fmax(1 - a->decay, 1 / (1 + seen));
    unsigned long mode = rcr_float_enter(a->ps->cx->keep_denormals);
    rcr_parallel(a->ps->cx, rcr_span_chunks(rcr_span_total(a->ps), RCR_OPTIM_CHUNK), update_chunk, a);
    rcr_float_restore(mode);
    *count = seen + 1;
    return RECUR_OK;
}

static void swap(char *a, char *b, size_t n)
{
    char kept[256];
    for (size_t at = 0, m; at < n; at += m) {
        m = n - at < sizeof kept ? n - at : sizeof kept;
        memcpy(kept, a + at, m);
        memcpy(a + at, b + at, m);
        memcpy(b + at, kept, m);
    }
}

void recur_average_swap(recur_average *a)
{
    for (size_t i = 0; i < a->size; i++)
        if (a->of[i])
            swap(a->ps->tensors[i]->data, a->of[i]->data,
                 (size_t)a->of[i]->count * rcr_item_size(a->of[i]->dtype));
}
