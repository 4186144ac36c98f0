// SPDX-License-Identifier: MIT
/* Selection by weight instead of by rank: a histogram over x leaves one bin in question, quickselect (Hoare 1961)
 * the rest. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "infer/sample.h"

static bool before(const rcr_candidate *a, const rcr_candidate *b)
{
    return a->x > b->x || (a->x == b->x && a->id < b->id);
}

static void exchange(rcr_candidate *a, rcr_candidate *b)
{
    rcr_candidate c = *a;
    *a = *b;
    *b = c;
}

/* Reorders v [n], n >= 2, so that none of its first m comes after one of the others; 0 < m < n. The pivot is
 * drawn (from a counter, as always), so that no order of the vocabulary is a bad one. */
static int64_t partition(rcr_candidate *v, int64_t n)
{
    exchange(&v[0], &v[rcr_random_below(0, 0, (uint64_t)n, (uint64_t)n)]);
    rcr_candidate pivot = v[0];
    for (int64_t i = -1, j = n;;) {
        do
            i++;
        while (before(&v[i], &pivot));
        do
            j--;
        while (before(&pivot, &v[j]));
        if (i >= j)
            return j + 1;
        exchange(&v[i], &v[j]);
    }
}

int64_t rcr_select(rcr_candidate *v, int64_t n, uint64_t need)
{
    int64_t from = 0, to = n; /* v[0 .. from) belongs to it, v[to .. n) does not */
    while (to - from > 1) {
        int64_t middle = from + partition(v + from, to - from);
        uint64_t sum = 0;
        for (int64_t i = from; i < middle; i++)
            sum += v[i].weight;
        if (sum >= need) {
            to = middle;
        } else {
            need -= sum;
            from = middle;
        }
    }
    return to;
}

/* --- all tokens --- */

enum { BINS = 512, BINS_PER_NAT = 16 };

static int bin_of(double x)
{
    double bin = -x * BINS_PER_NAT;
    return bin < BINS - 1 ? (int)bin : BINS - 1;
}

/* The bin in which the running sum of weights reaches need, or the last; *need less what is before it. */
static int find_bin(const recur_sampler *s, const uint64_t *w, uint64_t *need)
{
    uint64_t sum[BINS] = {0};
    int bin = 0;
    for (int64_t id = 0; id < s->V; id++)
        sum[bin_of(s->x[id])] += w ? w[id] : 1;
    for (; bin < BINS - 1 && sum[bin] < *need; bin++)
        *need -= sum[bin];
    return bin;
}

/* Puts the tokens of the bins before `bin` into v, and behind them those of that bin; *n: all of them. */
static int64_t gather(recur_sampler *s, const uint64_t *w, int bin, int64_t *n)
{
    int64_t first = 0, end = s->V;
    for (int64_t id = 0; id < s->V; id++) {
        rcr_candidate c = {.x = s->x[id], .weight = w ? w[id] : 1, .id = id};
        int at = bin_of(c.x);
        if (at < bin)
            s->v[first++] = c;
        else if (at == bin && c.x > -INFINITY)
            s->v[--end] = c;
    }
    memmove(s->v + first, s->v + end, (size_t)(s->V - end) * sizeof *s->v);
    *n = first + s->V - end;
    return first;
}

int64_t rcr_pick(recur_sampler *s, const uint64_t *w, uint64_t need)
{
    int bin = find_bin(s, w, &need);
    int64_t n, first = gather(s, w, bin, &n);
    return n > first ? first + rcr_select(s->v + first, n - first, need) : n;
}
