// SPDX-License-Identifier: MIT
/* Examples: windows over a series, or whole sequences; places in arrays that are kept once. */
#include "data/examples.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* While examples are made, their arrays can be written. */
typedef struct build {
    recur_examples *e;
    double *x, *y, *truth;
    int64_t *start, *length, *origin;
} build;

void recur_examples_free(recur_examples *e)
{
    if (!e)
        return;
    if (e->truth != e->y)
        rcr_free(e->cx, (void *)e->truth);
    if (e->y != e->x)
        rcr_free(e->cx, (void *)e->y);
    rcr_free(e->cx, (void *)e->x);
    rcr_free(e->cx, (void *)e->start);
    rcr_free(e->cx, (void *)e->length);
    rcr_free(e->cx, (void *)e->origin);
    rcr_free(e->cx, e);
}

static recur_status finish(recur_examples **out, recur_examples *e, recur_status s)
{
    if (s == RECUR_OK)
        *out = e;
    else
        recur_examples_free(e);
    return s;
}

static recur_status allocate_places(build *b)
{
    recur_examples *e = b->e;
    e->start = b->start = rcr_alloc_array(e->cx, (size_t)e->n, sizeof *b->start, "examples");
    e->length = b->length = rcr_alloc_array(e->cx, (size_t)e->n, sizeof *b->length, "examples");
    e->origin = b->origin = rcr_alloc_array(e->cx, (size_t)e->n, sizeof *b->origin, "examples");
    return b->start && b->length && b->origin ? RECUR_OK : RECUR_ENOMEM;
}

static double *allocate_rows(const recur_examples *e, int64_t columns, const char *what)
{
    int64_t count;
    if (rcr_mul_i64(e->rows, columns, &count))
        return rcr_alloc_array(e->cx, (size_t)count, sizeof(double), what);
    rcr_no_memory(e->cx, SIZE_MAX, what);
    return NULL;
}

/* to [rows, columns]: the change of `from` from the row before; 0 in the first row. */
static void take_differences(double *to, const double *from, int64_t rows, int64_t columns)
{
    memset(to, 0, (size_t)columns * sizeof *to);
    for (int64_t i = columns; i < rows * columns; i++)
        to[i] = from[i] - from[i - columns];
}

/* ---- windows ---- */

static recur_status check_columns(const recur_series *s, const int64_t *column, int64_t n, const char *what)
{
    if (column && n < 1)
        return rcr_fail(s->cx, RECUR_EINVAL, "windows need at least one column of %s", what);
    for (int64_t c = 0; column && c < n; c++)
        if (column[c] < 0 || column[c] >= s->C)
            return rcr_fail(s->cx, RECUR_EINVAL, "column %lld of the %s is not in 0 .. %lld",
                            (long long)column[c], what, (long long)s->C - 1);
    return RECUR_OK;
}

static recur_status check_window(const recur_series *s, const recur_window *w, int64_t *n)
{
    if (w->window < 1 || w->horizon < 1)
        return rcr_fail(s->cx, RECUR_EINVAL,
                        "a window of %lld and a horizon of %lld; both must be at least 1",
                        (long long)w->window, (long long)w->horizon);
    int64_t change = w->difference ? 1 : 0;
    *n = w->window > s->R || w->horizon > s->R ? 0 : s->R - change - w->window - w->horizon + 1;
    if (*n < 1)
        return rcr_fail(
            s->cx, RECUR_EINVAL,
            "the series has %lld rows; a window of %lld and a horizon of %lld%s need at least their sum",
            (long long)s->R, (long long)w->window, (long long)w->horizon,
            w->difference ? " (and one row for the first change)" : "");
    recur_status status = check_columns(s, w->inputs, w->n_inputs, "inputs");
    return status == RECUR_OK ? check_columns(s, w->answers, w->n_answers, "answers") : status;
}

/* to [R, n]: the chosen columns of a series; NULL stands for `first`, first + 1, .. */
static void take_columns(double *to, const recur_series *s, const int64_t *column, int64_t n, int64_t first)
{
    for (int64_t r = 0; r < s->R; r++)
        for (int64_t c = 0; c < n; c++)
            to[r * n + c] = s->values[r * s->C + (column ? column[c] : first + c)];
}

/* x, y and truth from the series; to take differences, `scratch` holds the plain inputs for a moment. */
static recur_status fill_rows(build *b, const recur_series *s, const recur_window *w)
{
    recur_examples *e = b->e;
    int64_t last = s->C - 1;
    e->x = b->x = allocate_rows(e, e->F, "inputs");
    e->y = b->y = allocate_rows(e, e->K, "answers");
    e->truth = b->truth = e->difference ? allocate_rows(e, e->K, "answers") : b->y;
    if (!b->x || !b->y || !b->truth)
        return RECUR_ENOMEM;
    take_columns(b->truth, s, w->answers, e->K, last);
    if (!e->difference) {
        take_columns(b->x, s, w->inputs, e->F, 0);
        return RECUR_OK;
    }
    double *scratch = allocate_rows(e, e->F, "inputs");
    if (!scratch)
        return RECUR_ENOMEM;
    take_columns(scratch, s, w->inputs, e->F, 0);
    take_differences(b->x, scratch, e->rows, e->F);
    take_differences(b->y, b->truth, e->rows, e->K);
    rcr_free(e->cx, scratch);
    return RECUR_OK;
}

recur_status recur_examples_windows(recur_examples **out, const recur_series *s, const recur_window *w)
{
    int64_t n = 0;
    *out = NULL;
    recur_status status = check_window(s, w, &n);
    if (status != RECUR_OK)
        return status;
    build b = {.e = rcr_alloc_zero(s->cx, sizeof *b.e, "examples")};
    if (!b.e)
        return RECUR_ENOMEM;
    *b.e = (recur_examples){.cx = s->cx,
                            .n = n,
                            .rows = s->R,
                            .horizon = w->horizon,
                            .longest = w->window,
                            .F = w->inputs ? w->n_inputs : s->C,
                            .K = w->answers ? w->n_answers : 1,
                            .series = true,
                            .difference = w->difference};
    status = allocate_places(&b);
    if (status == RECUR_OK)
        status = fill_rows(&b, s, w);
    for (int64_t i = 0; status == RECUR_OK && i < n; i++) {
        b.start[i] = i + (w->difference ? 1 : 0);
        b.length[i] = w->window;
    }
    return finish(out, b.e, status);
}

/* ---- rows ---- */

static recur_status place_rows(build *b, const recur_rows *r)
{
    int64_t change = b->e->difference ? 1 : 0;
    for (int64_t i = 0; i < r->n; i++) {
        int64_t length = r->offset[i + 1] - r->offset[i] - 1 - change;
        if (length < 1)
            return rcr_fail(r->cx, RECUR_EFORMAT,
                            "line %lld has %lld numbers; modelling changes needs at least 3",
                            (long long)r->line[i], (long long)length + 2);
        b->origin[i] = r->offset[i];
        b->start[i] = r->offset[i] + change;
        b->length[i] = length;
        b->e->longest = length > b->e->longest ? length : b->e->longest;
    }
    return RECUR_OK;
}

static recur_status copy_rows(build *b, const recur_rows *r)
{
    recur_examples *e = b->e;
    e->x = e->y = b->x = allocate_rows(e, 1, "rows of numbers");
    e->truth = b->truth = e->difference ? allocate_rows(e, 1, "rows of numbers") : b->x;
    if (!b->x || !b->truth)
        return RECUR_ENOMEM;
    memcpy(b->truth, r->values, (size_t)e->rows * sizeof *b->truth);
    if (e->difference)
        take_differences(b->x, b->truth, e->rows, 1);
    return RECUR_OK;
}

recur_status recur_examples_rows(recur_examples **out, const recur_rows *r, bool difference)
{
    *out = NULL;
    build b = {.e = rcr_alloc_zero(r->cx, sizeof *b.e, "examples")};
    if (!b.e)
        return RECUR_ENOMEM;
    *b.e = (recur_examples){.cx = r->cx,
                            .n = r->n,
                            .rows = r->offset[r->n],
                            .F = 1,
                            .K = 1,
                            .horizon = 1,
                            .difference = difference};
    recur_status s = allocate_places(&b);
    if (s == RECUR_OK)
        s = place_rows(&b, r);
    if (s == RECUR_OK)
        s = copy_rows(&b, r);
    return finish(out, b.e, s);
}

/* ---- use ---- */

const double *recur_examples_truth(const recur_examples *e, int64_t i)
{
    return e->truth + rcr_answer_row(e, i) * e->K;
}

void recur_examples_restore(const recur_examples *e, int64_t i, const recur_scaler *answers, double *y)
{
    if (answers)
        recur_scaler_invert(answers, y, e->horizon);
    if (!e->difference)
        return;
    const double *last = recur_examples_truth(e, i) - e->K;
    for (int64_t j = 0; j < e->horizon * e->K; j++)
        y[j] += j < e->K ? last[j] : y[j - e->K];
}

recur_status rcr_check_examples(const recur_examples *e, const int64_t *index, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        if (index[j] < 0 || index[j] >= e->n)
            return rcr_fail(e->cx, RECUR_EINVAL, "example %lld is not in 0 .. %lld", (long long)index[j],
                            (long long)e->n - 1);
    return RECUR_OK;
}

recur_status rcr_touched(const recur_examples *e, const int64_t *index, int64_t n, int64_t before,
                         int64_t **count)
{
    *count = NULL;
    recur_status s = rcr_check_examples(e, index, n);
    if (s != RECUR_OK)
        return s;
    int64_t *edge = rcr_alloc_array(e->cx, (size_t)e->rows + 1, sizeof *edge, "rows of examples");
    if (!edge)
        return RECUR_ENOMEM;
    for (int64_t j = 0; j < n; j++) {
        edge[e->start[index[j]] - before]++;
        edge[rcr_end_row(e, index[j])]--;
    }
    for (int64_t r = 1; r <= e->rows; r++)
        edge[r] += edge[r - 1];
    *count = edge;
    return RECUR_OK;
}
