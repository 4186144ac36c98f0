// SPDX-License-Identifier: MIT
/* From scaled logits to what may be drawn. */
#include <math.h>

#include "infer/sample.h"

/* w = e^x of all tokens; returns the sum. */
static uint64_t weigh_all(recur_sampler *s)
{
    uint64_t sum = 0;
    s->k->math.exp(s->V, s->x, s->e);
    for (int64_t i = 0; i < s->V; i++)
        sum += s->w[i] = (uint64_t)(int64_t)(s->e[i] * s->one);
    return sum;
}

/* The same of v [n]. */
static uint64_t weigh(recur_sampler *s, int64_t n)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        s->e[i] = s->v[i].x;
    s->k->math.exp(n, s->e, s->e);
    for (int64_t i = 0; i < n; i++)
        sum += s->v[i].weight = (uint64_t)(int64_t)(s->e[i] * s->one);
    return sum;
}

/* The sum that top_p asks for, at least 1. */
static uint64_t part_of(double top_p, uint64_t sum)
{
    double need = ceil(top_p * (double)sum);
    uint64_t whole = need < (double)sum ? (uint64_t)need : sum;
    return whole > 0 ? whole : 1;
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

static int64_t list_min_p(recur_sampler *s)
{
    int64_t n = 0;
    for (int64_t id = 0; id < s->V; id++)
        if (s->x[id] >= s->log_min_p)
            s->v[n++] = (rcr_candidate){s->x[id], s->w[id], id};
    return n;
}

rcr_left rcr_filter(recur_sampler *s)
{
    const recur_sampling *o = &s->o;
    rcr_left left = {.all = true, .n = s->V};
    if (o->top_k > 0 && o->top_k < s->V)
        left = (rcr_left){.n = rcr_pick(s, NULL, (uint64_t)o->top_k)};
    left.sum = left.all ? weigh_all(s) : weigh(s, left.n);
    if (o->top_p > 0 && o->top_p < 1) {
        uint64_t need = part_of(o->top_p, left.sum);
        left.n = left.all ? rcr_pick(s, s->w, need) : rcr_select(s->v, left.n, need);
        left.all = false;
    }
    if (o->min_p > 0) {
        left.n = left.all ? list_min_p(s) : filter_min_p(s, left.n);
        left.all = false;
    }
    if (!left.all)
        left.sum = 0;
    for (int64_t i = 0; !left.all && i < left.n; i++)
        left.sum += s->v[i].weight;
    return left;
}
