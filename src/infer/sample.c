// SPDX-License-Identifier: MIT
/* Drawing the next token. */
#include "infer/sample.h"

#include <string.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/error.h"
#include "base/number.h"
#include "base/random.h"
#include "infer/scores.h"

double recur_random_uniform(uint64_t seed, uint64_t stream, uint64_t position)
{
    return rcr_random_uniform(seed, stream, position);
}

int64_t recur_random_choice(const double *weight, int64_t n, double u)
{
    double sum = 0, running = 0;
    int64_t last = -1; /* rounding may put u * sum at the sum itself */
    for (int64_t i = 0; i < n; i++)
        sum += weight[i] > 0 ? weight[i] : 0;
    for (int64_t i = 0; i < n && !(running > u * sum); i++)
        if (weight[i] > 0) {
            running += weight[i];
            last = i;
        }
    return last;
}

/* --- making a sampler --- */

/* Sizes of x, e, w, v; returns the total, or 0 where it does not fit. */
static size_t lay_out(int64_t V, size_t bytes[4])
{
    const size_t item[4] = {sizeof(double), sizeof(double), sizeof(uint64_t), sizeof(rcr_candidate)};
    size_t total = (sizeof(recur_sampler) + RCR_ALIGN - 1) & ~(size_t)(RCR_ALIGN - 1);
    bool fits = V >= 1;
    for (int i = 0; i < 4 && fits; i++)
        fits = rcr_mul_size((size_t)V, item[i], &bytes[i]) && rcr_round_size(bytes[i], &bytes[i]) &&
               rcr_add_size(total, bytes[i], &total);
    return fits ? total : 0;
}

size_t recur_sampler_size(int64_t V)
{
    size_t bytes[4];
    return lay_out(V, bytes);
}

static recur_status refuse(recur_ctx *cx, const char *what, const char *range, double value)
{
    char text[RCR_NUMBER_SIZE];
    return rcr_fail(cx, RECUR_EINVAL, "sampling: %s must be %s, not %s", what, range,
                    rcr_format_double(text, value));
}

static recur_status check(recur_ctx *cx, const recur_sampling *o)
{
    if (!(o->temperature >= 0 && o->temperature < INFINITY))
        return refuse(cx, "temperature", "0 or more and finite", o->temperature);
    if (o->top_k < 0)
        return refuse(cx, "top_k", "0 or more", (double)o->top_k);
    if (!(o->top_p >= 0 && o->top_p <= 1))
        return refuse(cx, "top_p", "in 0 .. 1", o->top_p);
    if (!(o->min_p >= 0 && o->min_p <= 1))
        return refuse(cx, "min_p", "in 0 .. 1", o->min_p);
    if (!(o->repetition >= 0 && o->repetition < INFINITY))
        return refuse(cx, "repetition", "0 or more and finite", o->repetition);
    return RECUR_OK;
}

/* The largest power of two of which V fit 62 bits. */
static double largest_weight(int64_t V)
{
    int bits = 62;
    for (uint64_t n = (uint64_t)V - 1; n; n >>= 1)
        bits--;
    return ldexp(1, bits);
}

recur_status recur_sampler_init(recur_sampler **out, void *mem, size_t size, recur_ctx *cx, recur_dtype dtype,
                                int64_t V, const recur_sampling *options)
{
    size_t bytes[4], need = lay_out(V, bytes);
    *out = NULL;
    if (!need || !mem || size < need || (uintptr_t)mem % RCR_ALIGN)
        return rcr_fail(cx, RECUR_EINVAL,
                        "a sampler for %lld tokens needs %zu bytes, aligned to %d; there are %zu",
                        (long long)V, need, RCR_ALIGN, mem ? size : 0);
    if (dtype != RECUR_F32 && dtype != RECUR_F64)
        return rcr_fail(cx, RECUR_EDTYPE, "logits are RECUR_F32 or RECUR_F64");
    recur_status status = check(cx, options);
    if (status != RECUR_OK)
        return status;
    recur_sampler *s = mem;
    char *v = (char *)mem + (need - bytes[3]), *w = v - bytes[2], *e = w - bytes[1], *x = e - bytes[0];
    *s = (recur_sampler){.o = *options,
                         .dtype = dtype,
                         .k = rcr_kernels_of(cx, RECUR_F64),
                         .keep_denormals = cx->keep_denormals,
                         .V = V,
                         .one = largest_weight(V),
                         .x = (double *)(void *)x,
                         .e = (double *)(void *)e,
                         .w = (uint64_t *)w,
                         .v = (rcr_candidate *)v};
    s->k->math.log(1, &options->min_p, &s->log_min_p);
    *out = s;
    return RECUR_OK;
}

/* --- from logits to what may be drawn --- */

/* The weights are not in use yet: they mark tokens that had their penalty. */
static void penalise(recur_sampler *s, const int64_t *past, int64_t n)
{
    double r = s->o.repetition;
    for (int64_t i = 0; i < n; i++)
        if (past[i] >= 0 && past[i] < s->V)
            s->w[past[i]] = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t id = past[i];
        if (id < 0 || id >= s->V || s->w[id]++)
            continue;
        s->x[id] = rcr_score(s->x[id] > 0 ? s->x[id] / r : s->x[id] * r);
    }
}

/* x = (x - largest) / temperature; where that is infinite, it alone is 0. */
static void scale(recur_sampler *s, double largest)
{
    if (largest < INFINITY)
        for (int64_t i = 0; i < s->V; i++)
            s->x[i] = (s->x[i] - largest) / s->o.temperature;
    else
        for (int64_t i = 0; i < s->V; i++)
            s->x[i] = s->x[i] < INFINITY ? -INFINITY : 0;
}

static rcr_left what_is_left(recur_sampler *s, const void *logits, const int64_t *past, int64_t n)
{
    double largest;
    int64_t first;
    rcr_left left = {.n = 0};
    unsigned long mode = rcr_float_enter(s->keep_denormals);
    rcr_read_scores(s->V, s->dtype, logits, s->x);
    if (s->o.repetition > 0 && s->o.repetition != 1)
        penalise(s, past, n);
    s->k->reduce.max_axis(1, s->V, 1, s->x, &largest, &first);
    if (largest > -INFINITY && s->o.temperature == 0) {
        s->v[0] = (rcr_candidate){.weight = 1, .id = first};
        left = (rcr_left){.n = 1, .sum = 1};
    } else if (largest > -INFINITY) {
        scale(s, largest);
        left = rcr_filter(s);
    }
    rcr_float_restore(mode);
    return left;
}

/* --- drawing --- */

int64_t recur_sampler_draw(recur_sampler *s, uint64_t stream, uint64_t position, const void *logits,
                           const int64_t *past, int64_t n)
{
    rcr_left left = what_is_left(s, logits, past, n);
    if (!left.sum)
        return -1;
    uint64_t at = rcr_random_below(s->o.seed, stream, position, left.sum);
    int64_t i = 0;
    if (left.all) {
        for (; at >= s->w[i]; i++)
            at -= s->w[i];
        return i;
    }
    for (; at >= s->v[i].weight; i++)
        at -= s->v[i].weight;
    return s->v[i].id;
}

/* p serves as the list of what is left before it holds probabilities. */
int64_t recur_sampler_kept(recur_sampler *s, const void *logits, const int64_t *past, int64_t n, int64_t *id,
                           double *p)
{
    rcr_left left = what_is_left(s, logits, past, n);
    int64_t kept = 0;
    for (int64_t i = 0; i < s->V; i++)
        p[i] = left.all && s->x[i] > -INFINITY ? (double)s->w[i] / (double)left.sum : -1;
    for (int64_t i = 0; !left.all && i < left.n; i++)
        p[s->v[i].id] = (double)s->v[i].weight / (double)left.sum;
    for (int64_t i = 0; i < s->V; i++)
        if (p[i] >= 0) {
            id[kept] = i;
            p[kept++] = p[i];
        }
    return kept;
}
