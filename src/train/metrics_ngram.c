// SPDX-License-Identifier: MIT
/* n-grams in common. The beginnings of a text, sorted by the numbers that follow, hold the n-grams of every
 * order in order, equal ones side by side: two texts are compared as in a merge. */
#include "base/alloc.h"
#include "format/sort.h"
#include "train/metrics_text.h"

void rcr_grams_free(rcr_grams *g)
{
    rcr_free(g->cx, (void *)g->rows);
    rcr_free(g->cx, g->most);
}

int64_t rcr_grams_count(size_t size, int n)
{
    return size < (size_t)n ? 0 : (int64_t)(size - (size_t)n + 1);
}

/* By up to n numbers, of which none is behind a -1. */
static int compare(const int64_t *a, const int64_t *b, int n)
{
    for (int i = 0; i < n; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
        if (a[i] < 0)
            return 0;
    }
    return 0;
}

static int by_longest(const void *a, const void *b)
{
    return compare(a, b, RCR_GRAMS);
}

static recur_status reserve(rcr_grams *g, size_t n)
{
    void *rows = (void *)g->rows, *most = g->most;
    recur_status status = rcr_metrics_reserve(g->cx, &rows, &g->room_rows, n, sizeof *g->rows);
    g->rows = rows;
    if (status == RECUR_OK)
        status = rcr_metrics_reserve(g->cx, &most, &g->room_most, n, sizeof *g->most);
    g->most = most;
    return status;
}

recur_status rcr_grams_sort(rcr_grams *g, const rcr_texts *t)
{
    recur_status status = reserve(g, t->n);
    for (size_t k = 0; k < t->n_texts && status == RECUR_OK; k++) {
        const void **rows = g->rows + t->first[k];
        for (size_t i = 0; i < rcr_texts_size(t, k); i++)
            rows[i] = rcr_texts_at(t, k) + i;
        rcr_sort(rows, rcr_texts_size(t, k), by_longest);
    }
    return status;
}

/* One past the last of rows [n] whose first N numbers are those of row i. */
static size_t end_of_equal(const void *const *rows, size_t i, size_t n, int N)
{
    size_t end = i + 1;
    while (end < n && compare(rows[i], rows[end], N) == 0)
        end++;
    return end;
}

static bool is_whole(const int64_t *row, int N)
{
    for (int i = 0; i < N; i++)
        if (row[i] < 0)
            return false;
    return true;
}

/* most[i] = the larger of itself and how often n-gram a[i], the first of its equals, occurs in b. */
static void count_in(const void *const *a, size_t n_a, const void *const *b, size_t n_b, int N, int64_t *most)
{
    size_t j = 0;
    for (size_t i = 0; i < n_a; i = end_of_equal(a, i, n_a, N)) {
        while (j < n_b && compare(b[j], a[i], N) < 0)
            j++;
        if (j == n_b || compare(b[j], a[i], N) != 0)
            continue;
        size_t end = end_of_equal(b, j, n_b, N);
        if ((int64_t)(end - j) > most[i])
            most[i] = (int64_t)(end - j);
        j = end;
    }
}

void rcr_grams_match(const rcr_grams *g, const rcr_texts *t, size_t candidate, size_t from, size_t to, int N,
                     int64_t *matches)
{
    const void *const *a = g->rows + t->first[candidate];
    size_t size = rcr_texts_size(t, candidate);
    for (int n = 1; n <= N; n++) {
        matches[n - 1] = 0;
        for (size_t i = 0; i < size; i++)
            g->most[i] = 0;
        for (size_t k = from; k < to; k++)
            count_in(a, size, g->rows + t->first[k], rcr_texts_size(t, k), n, g->most);
        for (size_t i = 0, end; i < size; i = end) {
            end = end_of_equal(a, i, size, n);
            int64_t times = (int64_t)(end - i);
            if (is_whole(a[i], n))
                matches[n - 1] += times < g->most[i] ? times : g->most[i];
        }
    }
}
