// SPDX-License-Identifier: MIT
/* Batches that look like the data they stand for, the same on every machine. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

static void *zeros(int64_t n, size_t item)
{
    void *p = calloc((size_t)n, item);
    if (!p) {
        fprintf(stderr, "bench: out of memory\n");
        exit(1);
    }
    return p;
}

/* Word i of a text in which small numbers are frequent, as in natural ones. */
static int64_t word(const spec *s, int64_t i, uint64_t salt)
{
    uint64_t z = ((uint64_t)i + salt) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 32)) * 0xd1342543de82ef95u;
    double u = (double)(z >> 11) * 0x1p-53;
    return (int64_t)(pow((double)s->V, u)) - 1;
}

static void fill_words(batch *d, const spec *s)
{
    int64_t n = s->B * s->T;
    d->in = zeros(n, sizeof *d->in);
    d->out = zeros(n, sizeof *d->out);
    d->target = zeros(n, sizeof *d->target);
    for (int64_t i = 0; i < n; i++) {
        d->in[i] = word(s, i, 0);
        d->out[i] = word(s, i, 1 << 20);
        d->target[i] = word(s, i, 2 << 20);
    }
}

static void fill_series(batch *d, const spec *s)
{
    int64_t TI = s->T * s->I;
    d->x = zeros(s->B * TI, sizeof *d->x);
    d->y = zeros(s->B, sizeof *d->y);
    for (int64_t i = 0; i < s->B; i++) {
        for (int64_t t = 0; t < TI; t++)
            d->x[i * TI + t] = (float)sin(0.1 * (double)t + 0.7 * (double)i) * 0.8f;
        d->y[i] = (float)sin(0.1 * (double)d->lengths[i] + 0.7 * (double)i) * 0.8f;
    }
}

static void fill_gradient(batch *d, const spec *s)
{
    int64_t n = s->T * s->B * s->H;
    d->dy = zeros(n, sizeof *d->dy);
    for (int64_t i = 0; i < n; i++)
        d->dy[i] = (float)sin(0.3 * (double)i) * 0.1f;
}

void batch_fill(batch *d, const spec *s)
{
    d->lengths = zeros(s->B, sizeof *d->lengths);
    d->class = zeros(s->B, sizeof *d->class);
    for (int64_t i = 0; i < s->B; i++) {
        d->lengths[i] = s->shortest ? s->shortest + i * 37 % (s->T - s->shortest + 1) : s->T;
        d->class[i] = i % 2;
    }
    if (s->V)
        fill_words(d, s);
    else
        fill_series(d, s);
    if (spec_is(s->loss, "layer"))
        fill_gradient(d, s);
}

void batch_free(batch *d)
{
    void *arrays[] = {d->lengths, d->class, d->in, d->out, d->target, d->x, d->y, d->dy};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
}
