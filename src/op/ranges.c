// SPDX-License-Identifier: MIT
/* Ranges of items over the worker threads. */
#include "op/ranges.h"

#include "base/pool.h"

typedef struct split {
    int64_t n, grain;
    rcr_range *f;
    const void *job;
} split;

static void run_range(void *job, int64_t index, int worker)
{
    const split *s = job;
    int64_t from = index * s->grain;
    int64_t to = s->n - from < s->grain ? s->n : from + s->grain;
    s->f(s->job, from, to, worker);
}

void rcr_ranges(recur_ctx *cx, int64_t n, int64_t grain, rcr_range *f, const void *job)
{
    split s = {n, grain, f, job};
    if (n > grain)
        rcr_parallel(cx, rcr_range_count(n, grain), run_range, &s);
    else if (n > 0)
        f(job, 0, n, 0);
}

typedef struct sum {
    int64_t n;
    rcr_part *part;
    const void *job;
    double *parts;
} sum;

static void run_parts(const void *job, int64_t from, int64_t to, int worker)
{
    const sum *s = job;
    for (int64_t i = from; i < to; i++) {
        int64_t first = i * RCR_CHUNK;
        s->parts[i] = s->part(s->job, first, s->n - first < RCR_CHUNK ? s->n : first + RCR_CHUNK, worker);
    }
}

double rcr_sum_parts(recur_ctx *cx, int64_t n, rcr_part *part, const void *job, double *parts)
{
    sum s = {n, part, job, parts};
    int64_t count = rcr_range_count(n, RCR_CHUNK);
    rcr_ranges(cx, count, RCR_GRAIN / RCR_CHUNK, run_parts, &s);
    double total = 0.0;
    for (int64_t i = 0; i < count; i++)
        total += parts[i];
    return total;
}

void rcr_divide(const rcr_kernels *k, int64_t n, double by, void *x)
{
    double divisor = 0.0; /* room for either type */
    int64_t once = 1, repeated = 0;
    k->array.fill(1, by, &divisor);
    k->array.binary[RCR_DIV](1, &n, x, &once, &divisor, &repeated, x, &once);
}

int64_t rcr_grain(int64_t size)
{
    return size > RCR_GRAIN ? 1 : RCR_GRAIN / (size > 0 ? size : 1);
}
