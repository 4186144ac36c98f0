// SPDX-License-Identifier: MIT
/* Drawing the next token. Probabilities are whole numbers of a smallest unit: their sums are exact in any
 * order, so that the filters can select where others sort. */
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

static size_t lay_out(int64_t V, size_t *x, size_t *v)
{
    size_t total, head = (sizeof(recur_sampler) + RCR_ALIGN - 1) & ~(size_t)(RCR_ALIGN - 1);
    bool fits = V >= 1 && rcr_mul_size((size_t)V, sizeof(double), x) && rcr_round_size(*x, x) &&
                rcr_mul_size((size_t)V, sizeof(rcr_candidate), v) && rcr_round_size(*v, v) &&
                rcr_add_size(head, *x, &total) && rcr_add_size(total, *v, &total);
    return fits ? total : 0;
}

size_t recur_sampler_size(int64_t V)
{
    size_t x, v;
    return lay_out(V, &x, &v);
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
    size_t x, v, need = lay_out(V, &x, &v);
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
    *s = (recur_sampler){.o = *options,
                         .dtype = dtype,
                         .k = rcr_kernels_of(cx, RECUR_F64),
                         .keep_denormals = cx->keep_denormals,
                         .V = V,
                         .one = largest_weight(V),
                         .x = (double *)((char *)mem + (need - v - x)),
                         .v = (rcr_candidate *)((char *)mem + (need - v))};
    s->k->math.log(1, &options->min_p, &s->log_min_p);
    *out = s;
    return RECUR_OK;
}

/* --- from logits to candidates --- */

/* The candidates are not in use yet: their weights mark tokens that had their penalty. */
static void penalise(recur_sampler *s, const int64_t *past, int64_t n)
{
    double r = s->o.repetition;
    for (int64_t i = 0; i < n; i++)
        if (past[i] >= 0 && past[i] < s->V)
            s->v[past[i]].weight = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t id = past[i];
        if (id < 0 || id >= s->V || s->v[id].weight++)
            continue;
        s->x[id] = rcr_score(s->x[id] > 0 ? s->x[id] / r : s->x[id] * r);
    }
}

/* The first of the largest logits, and that logit. */
static int64_t read_logits(recur_sampler *s, const void *logits, const int64_t *past, int64_t n,
                           double *largest)
{
    int64_t first;
    rcr_read_scores(s->V, s->dtype, logits, s->x);
    if (s->o.repetition > 0 && s->o.repetition != 1)
        penalise(s, past, n);
    s->k->reduce.max_axis(1, s->V, 1, s->x, largest, &first);
    return first;
}

static int64_t list_candidates(recur_sampler *s, double largest)
{
    int64_t n = 0;
    for (int64_t id = 0; id < s->V; id++) {
        double x = largest < INFINITY ? (s->x[id] - largest) / s->o.temperature
                                      : (s->x[id] < INFINITY ? -INFINITY : 0);
        s->v[n] = (rcr_candidate){.x = x, .weight = 1, .id = id};
        n += x > -INFINITY;
    }
    return n;
}

/* weight = e^x of each; returns the sum. */
static uint64_t weigh(recur_sampler *s, int64_t n)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        s->x[i] = s->v[i].x;
    s->k->math.exp(n, s->x, s->x);
    for (int64_t i = 0; i < n; i++)
        sum += s->v[i].weight = (uint64_t)(s->x[i] * s->one);
    return sum;
}

static int64_t filter_top_p(recur_sampler *s, int64_t n, uint64_t sum)
{
    double need = ceil(s->o.top_p * (double)sum);
    uint64_t whole = need < (double)sum ? (uint64_t)need : sum;
    return rcr_select(s->v, n, whole > 0 ? whole : 1);
}

/* p >= min_p * largest p is x >= log(min_p), the largest x being 0. */
static int64_t filter_min_p(recur_sampler *s, int64_t n)
{
    int64_t left = 0;
    for (int64_t i = 0; i < n; i++)
        if (s->v[i].x >= s->log_min_p)
            s->v[left++] = s->v[i];
    return left;
}

/* The filters, in their order; the tokens left are v[0 .. n), the sum of their weights *sum. */
static int64_t candidates(recur_sampler *s, double largest, uint64_t *sum)
{
    const recur_sampling *o = &s->o;
    int64_t n = list_candidates(s, largest);
    if (o->top_k > 0 && o->top_k < n)
        n = rcr_select(s->v, n, (uint64_t)o->top_k);
    *sum = weigh(s, n);
    if (o->top_p > 0 && o->top_p < 1)
        n = filter_top_p(s, n, *sum);
    if (o->min_p > 0)
        n = filter_min_p(s, n);
    *sum = 0;
    for (int64_t i = 0; i < n; i++)
        *sum += s->v[i].weight;
    return n;
}

/* Leaves the candidates as candidates() does; greedy is the one largest. Returns how many. */
static int64_t left_over(recur_sampler *s, const void *logits, const int64_t *past, int64_t n, uint64_t *sum)
{
    double largest;
    unsigned long mode = rcr_float_enter(s->keep_denormals);
    int64_t left, first = read_logits(s, logits, past, n, &largest);
    if (largest == -INFINITY) {
        left = 0;
    } else if (s->o.temperature == 0) {
        s->v[0] = (rcr_candidate){.weight = *sum = 1, .id = first};
        left = 1;
    } else {
        left = candidates(s, largest, sum);
    }
    rcr_float_restore(mode);
    return left;
}

/* --- drawing --- */

int64_t recur_sampler_draw(recur_sampler *s, uint64_t stream, uint64_t position, const void *logits,
                           const int64_t *past, int64_t n)
{
    uint64_t sum;
    if (!left_over(s, logits, past, n, &sum))
        return -1;
    uint64_t at = rcr_random_below(s->o.seed, stream, position, sum);
    const rcr_candidate *v = s->v;
    for (; at >= v->weight; v++)
        at -= v->weight;
    return v->id;
}

/* p serves as the list of what is left before it holds probabilities. */
int64_t recur_sampler_kept(recur_sampler *s, const void *logits, const int64_t *past, int64_t n, int64_t *id,
                           double *p)
{
    uint64_t sum;
    int64_t left = left_over(s, logits, past, n, &sum), kept = 0;
    for (int64_t i = 0; i < s->V; i++)
        p[i] = -1;
    for (int64_t i = 0; i < left; i++)
        p[s->v[i].id] = (double)s->v[i].weight / (double)sum;
    for (int64_t i = 0; i < s->V; i++)
        if (p[i] >= 0) {
            id[kept] = i;
            p[kept++] = p[i];
        }
    return kept;
}
