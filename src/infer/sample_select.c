// SPDX-License-Identifier: MIT
/* Quickselect (Hoare 1961) by weight instead of by rank. The weights are whole numbers: their sums do not
 * depend on the order in which a partition leaves them. */
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
