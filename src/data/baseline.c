// SPDX-License-Identifier: MIT
/* The obvious answers that a model has to beat, in the data's own units. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/examples.h"

/* The row that answers for row `now` + h when rows before `now` are known, by seasons of m rows (0: none). */
static int64_t known_row(int64_t now, int64_t h, int64_t m, int64_t origin)
{
    if (m == 0 || m > now + h - origin)
        return now - 1;
    int64_t row = now + h - m * (h / m + 1);
    return row < origin ? now - 1 : row;
}

recur_status recur_baseline(const recur_examples *e, const int64_t *index, int64_t n, int64_t season,
                            double *out)
{
    recur_status s = rcr_check_examples(e, index, n);
    if (s == RECUR_OK && season < 0)
        s = rcr_fail(e->cx, RECUR_EINVAL, "a season of %lld steps; 0 is none", (long long)season);
    for (int64_t j = 0; s == RECUR_OK && j < n; j++)
        for (int64_t h = 0; h < e->horizon; h++) {
            int64_t row = known_row(rcr_answer_row(e, index[j]), h, season, e->origin[index[j]]);
            memcpy(out + (j * e->horizon + h) * e->K, e->truth + row * e->K, (size_t)e->K * sizeof *out);
        }
    return s;
}

/* Adds |v[t] - v[t - m]| for rows from + m .. to - 1 with known[t] and known[t - m] (NULL: all of them). */
static void add_changes(const recur_examples *e, int64_t from, int64_t to, int64_t m, const int64_t *known,
                        double *sum, double *count)
{
    for (int64_t t = from + m; t < to; t++)
        for (int64_t k = 0; k < e->K && (!known || (known[t] > 0 && known[t - m] > 0)); k++) {
            *sum += fabs(e->truth[t * e->K + k] - e->truth[(t - m) * e->K + k]);
            ++*count;
        }
}

recur_status recur_naive_error(const recur_examples *e, const int64_t *index, int64_t n, int64_t m,
                               double *out)
{
    double sum = 0, count = 0;
    int64_t *known;
    *out = NAN;
    if (m < 1)
        return rcr_fail(e->cx, RECUR_EINVAL, "an error over %lld steps; at least 1", (long long)m);
    recur_status s =
        rcr_touched(e, index, n, e->difference ? 1 : 0, &known); /* a change reaches a row further back */
    if (s != RECUR_OK)
        return s;
    if (e->series && m < e->rows)
        add_changes(e, 0, e->rows, m, known, &sum, &count);
    for (int64_t j = 0; !e->series && j < n; j++)
        if (m < e->rows)
            add_changes(e, e->origin[index[j]], rcr_end_row(e, index[j]), m, NULL, &sum, &count);
    rcr_free(e->cx, known);
    *out = count > 0 ? sum / count : NAN;
    return RECUR_OK;
}
