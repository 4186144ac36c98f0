// SPDX-License-Identifier: MIT
/* Clipping of gradients: clip_grad_norm_ and clip_grad_value_. */
#include <recur/optim.h>

#include <math.h>

#include "base/context.h"
#include "base/pool.h"
#include "optim/option.h"
#include "optim/scalar.h"
#include "optim/span.h"

/* What one chunk of the gradients does, and with what. */
typedef struct clip {
    const recur_params *ps;
    const rcr_kernels *k;
    int64_t chunk;
    double p;      /* of the norm */
    double factor; /* to scale by */
    double limit;  /* to clamp to */
    double *parts; /* [chunks]: sums of powers, or maxima, in a worker's memory */
} clip;

static clip clip_of(const recur_params *ps)
{
    return (clip){.ps = ps, .k = rcr_kernels_of(ps->cx, ps->dtype), .chunk = RCR_OPTIM_CHUNK};
}

static void run(clip *c, rcr_task *task)
{
    unsigned long mode = rcr_float_enter(c->ps->cx->keep_denormals);
    rcr_parallel(c->ps->cx, rcr_span_chunks(rcr_span_total(c->ps), c->chunk), task, c);
    rcr_float_restore(mode);
}

/* The larger of two; NaN wins. */
static double larger(double a, double b)
{
    return a > b || isnan(a) ? a : b;
}

static double join(double p, double a, double b)
{
    return isinf(p) ? larger(a, b) : a + b;
}

static void measure_chunk(void *job, int64_t index, int worker)
{
    clip *c = job;
    double part = 0;
    (void)worker;
    rcr_span s = rcr_span_of(c->ps, index, c->chunk);
    while (rcr_span_next(&s)) {
        const void *dw = rcr_element(s.w->grad, s.from);
        if (!s.w->frozen)
            part = join(c->p, part,
                        isinf(c->p) ? c->k->reduce.max_abs(s.n, dw) : c->k->reduce.sum_power(s.n, c->p, dw));
    }
    c->parts[index] = part;
}

/* (sum |dw|^p)^(1/p) over all gradients together, in double: chunks in any order, added in theirs. */
static double norm_of(clip *c)
{
    enum { MOST = RCR_WORKSPACE / sizeof(double) };
    int64_t total = rcr_span_total(c->ps), n = rcr_span_chunks(total, c->chunk);
    double sum = 0;
    if (n > MOST)
        c->chunk = rcr_span_chunks(total, MOST);
    n = rcr_span_chunks(total, c->chunk);
    c->parts = rcr_workspace(c->ps->cx, 0);
    run(c, measure_chunk);
    for (int64_t i = 0; i < n; i++)
        sum = join(c->p, sum, c->parts[i]);
    return isinf(c->p) ? sum : rcr_root(c->ps->cx, sum, c->p);
}

static void scale_chunk(void *job, int64_t index, int worker)
{
    const clip *c = job;
    (void)worker;
    rcr_span s = rcr_span_of(c->ps, index, c->chunk);
    while (rcr_span_next(&s)) {
        void *dw = rcr_element(s.w->grad, s.from);
        if (!s.w->frozen)
            c->k->array.affine(s.n, c->factor, 0, dw, dw);
    }
}

static recur_status check_norm(recur_ctx *cx, double max_norm, double norm_type)
{
    static const rcr_option limit = {"max_norm", 0, 0, INFINITY, "[]", false};
    static const rcr_option p = {"norm_type", 0, 1, INFINITY, "[]", false};
    recur_status s = rcr_check_real(cx, "recur_clip_grad_norm", &limit, max_norm);
    return s ? s : rcr_check_real(cx, "recur_clip_grad_norm", &p, norm_type);
}

recur_status recur_clip_grad_norm(recur_params *ps, double max_norm, double norm_type, double *norm)
{
    recur_status s = check_norm(ps->cx, max_norm, norm_type);
    if (s)
        return s;
    clip c = clip_of(ps);
    c.p = norm_type;
    double total = norm_of(&c);
    if (norm)
        *norm = total;
    c.factor = max_norm / (total + 1e-6);
    if (!(c.factor >= 1)) /* also where it is NaN: then all gradients become NaN, as clip_grad_norm_ has it */
        run(&c, scale_chunk);
    return RECUR_OK;
}

static void clamp_chunk(void *job, int64_t index, int worker)
{
    const clip *c = job;
    (void)worker;
    rcr_span s = rcr_span_of(c->ps, index, c->chunk);
    while (rcr_span_next(&s))
        if (!s.w->frozen)
            c->k->array.clamp(s.n, c->limit, rcr_element(s.w->grad, s.from));
}

recur_status recur_clip_grad_value(recur_params *ps, double limit)
{
    static const rcr_option range = {"limit", 0, 0, INFINITY, "[]", false};
    recur_status s = rcr_check_real(ps->cx, "recur_clip_grad_value", &range, limit);
    if (s)
        return s;
    clip c = clip_of(ps);
    c.limit = limit;
    run(&c, clamp_chunk);
    return RECUR_OK;
}
