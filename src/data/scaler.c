// SPDX-License-Identifier: MIT
/* Scalers: z = (v - shift) / scale per column, fitted on the rows that a part's examples touch. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "data/examples.h"
#include "format/text.h"

/* ---- fitting one column: v [rows, columns] at column c, over the rows with used[r] > 0 ---- */

typedef struct column {
    const double *v;
    const int64_t *used;
    int64_t rows, columns, c;
} column;

/* The next used row after r; column.rows behind the last. */
static int64_t next_row(const column *k, int64_t r)
{
    do
        r++;
    while (r < k->rows && k->used[r] <= 0);
    return r;
}

static double at(const column *k, int64_t r)
{
    return k->v[r * k->columns + k->c];
}

static void fit_minmax(const column *k, double *shift, double *scale)
{
    double least = INFINITY, most = -INFINITY;
    for (int64_t r = next_row(k, -1); r < k->rows; r = next_row(k, r)) {
        least = at(k, r) < least ? at(k, r) : least;
        most = at(k, r) > most ? at(k, r) : most;
    }
    *shift = least;
    *scale = most - least;
}

/* Two passes: the mean, then the mean square of what is left. A constant column must not get a deviation from
 * rounding. */
static void fit_standard(const column *k, double *shift, double *scale)
{
    double sum = 0, squares = 0, n = 0, least, range;
    fit_minmax(k, &least, &range);
    for (int64_t r = next_row(k, -1); r < k->rows; r = next_row(k, r), n++)
        sum += at(k, r);
    double mean = range == 0 ? least : sum / n;
    for (int64_t r = next_row(k, -1); r < k->rows; r = next_row(k, r))
        squares += (at(k, r) - mean) * (at(k, r) - mean);
    *shift = mean;
    *scale = sqrt(squares / n);
}

static void fit_none(const column *k, double *shift, double *scale)
{
    (void)k;
    *shift = 0;
    *scale = 1;
}

/* RECUR_SCALE_DIVIDE begins as none; the divisor takes the place of the 1. */
static const struct {
    const char *name;
    void (*fit)(const column *k, double *shift, double *scale);
} kinds[] = {[RECUR_SCALE_NONE] = {"none", fit_none},
             [RECUR_SCALE_MINMAX] = {"minmax", fit_minmax},
             [RECUR_SCALE_STANDARD] = {"standard", fit_standard},
             [RECUR_SCALE_DIVIDE] = {"divide", fit_none}};

const char *recur_scale_name(recur_scale kind)
{
    return (unsigned)kind > RECUR_SCALE_DIVIDE ? NULL : kinds[kind].name;
}

recur_status recur_scale_parse(recur_ctx *cx, const char *text, recur_scale *kind, double *divisor)
{
    double number;
    char shown[RCR_SHOWN];
    for (int k = 0; k < RECUR_SCALE_DIVIDE; k++)
        if (strcmp(text, kinds[k].name) == 0) {
            *kind = (recur_scale)k;
            *divisor = 1;
            return RECUR_OK;
        }
    if (!rcr_parse_double(text, strlen(text), &number) || !isfinite(number) || number == 0)
        return rcr_fail(cx, RECUR_EINVAL,
                        "scale \"%s\": use minmax, standard, none, or a number other than 0 to divide by",
                        rcr_show_name(shown, text));
    *kind = RECUR_SCALE_DIVIDE;
    *divisor = number;
    return RECUR_OK;
}

/* ---- objects ---- */

static recur_status allocate(recur_scaler **out, recur_ctx *cx, recur_scale kind, int64_t columns)
{
    recur_scaler *s = rcr_alloc_zero(cx, sizeof *s, "a scaler");
    *out = NULL;
    if (!s)
        return RECUR_ENOMEM;
    *s = (recur_scaler){.cx = cx, .kind = kind, .columns = columns};
    s->shift = rcr_alloc_array(cx, (size_t)columns, sizeof(double), "a scaler");
    s->scale = rcr_alloc_array(cx, (size_t)columns, sizeof(double), "a scaler");
    if (s->shift && s->scale) {
        *out = s;
        return RECUR_OK;
    }
    recur_scaler_free(s);
    return RECUR_ENOMEM;
}

void recur_scaler_free(recur_scaler *s)
{
    if (!s)
        return;
    rcr_free(s->cx, (void *)s->shift);
    rcr_free(s->cx, (void *)s->scale);
    rcr_free(s->cx, s);
}

recur_status recur_scaler_create(recur_scaler **out, recur_ctx *cx, recur_scale kind, int64_t columns,
                                 const double *shift, const double *scale)
{
    *out = NULL;
    if (!recur_scale_name(kind) || columns < 1)
        return rcr_fail(cx, RECUR_EFORMAT,
                        "a scaler of kind %d with %lld columns; kinds are 0 .. 3, columns at least 1",
                        (int)kind, (long long)columns);
    for (int64_t c = 0; c < columns; c++)
        if (!isfinite(shift[c]) || !isfinite(scale[c]) || scale[c] == 0)
            return rcr_fail(cx, RECUR_EFORMAT,
                            "column %lld of a scaler: shift and scale must be finite, scale not 0",
                            (long long)c);
    recur_status s = allocate(out, cx, kind, columns);
    if (s != RECUR_OK)
        return s;
    memcpy((double *)(*out)->shift, shift, (size_t)columns * sizeof *shift);
    memcpy((double *)(*out)->scale, scale, (size_t)columns * sizeof *scale);
    return RECUR_OK;
}

/* ---- fitting ---- */

typedef struct fit {
    const recur_examples *e;
    const int64_t *used; /* [rows] */
    recur_scale kind;
    double divisor;
} fit;

static recur_status fit_columns(recur_scaler **out, const fit *f, const double *v, int64_t columns)
{
    recur_ctx *cx = f->e->cx;
    recur_status s = allocate(out, cx, f->kind, columns);
    for (int64_t c = 0; s == RECUR_OK && c < columns; c++) {
        double shift, scale;
        column k = {.v = v, .used = f->used, .rows = f->e->rows, .columns = columns, .c = c};
        kinds[f->kind].fit(&k, &shift, &scale);
        scale = f->kind == RECUR_SCALE_DIVIDE ? f->divisor : scale == 0 ? 1 : scale;
        if (!isfinite(shift) || !isfinite(scale) || scale == 0)
            s = rcr_fail(cx, RECUR_ENUMERIC, "column %lld has numbers that are too large to scale (%s)",
                         (long long)c, recur_scale_name(f->kind));
        ((double *)(*out)->shift)[c] = shift;
        ((double *)(*out)->scale)[c] = scale;
    }
    if (s != RECUR_OK) {
        recur_scaler_free(*out);
        *out = NULL;
    }
    return s;
}

static recur_status fit_both(recur_scaler **inputs, recur_scaler **answers, const fit *f)
{
    recur_status s = inputs ? fit_columns(inputs, f, f->e->x, f->e->F) : RECUR_OK;
    if (s == RECUR_OK && answers)
        s = fit_columns(answers, f, f->e->y, f->e->K);
    if (s != RECUR_OK && inputs) {
        recur_scaler_free(*inputs);
        *inputs = NULL;
    }
    return s;
}

recur_status recur_scaler_fit(recur_scaler **inputs, recur_scaler **answers, const recur_examples *e,
                              const int64_t *index, int64_t n, recur_scale kind, double divisor)
{
    int64_t *used;
    if (inputs)
        *inputs = NULL;
    if (answers)
        *answers = NULL;
    if (!recur_scale_name(kind) || n < 1)
        return rcr_fail(e->cx, RECUR_EINVAL,
                        "fitting a scaler of kind %d on %lld examples; kinds are 0 .. 3, and there "
                        "must be an example",
                        (int)kind, (long long)n);
    recur_status s = rcr_touched(e, index, n, 0, &used);
    if (s == RECUR_OK)
        s = fit_both(inputs, answers, &(fit){.e = e, .used = used, .kind = kind, .divisor = divisor});
    rcr_free(e->cx, used);
    return s;
}

/* ---- use ---- */

void recur_scaler_apply(const recur_scaler *s, double *v, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < s->columns; c++)
            v[r * s->columns + c] = (v[r * s->columns + c] - s->shift[c]) / s->scale[c];
}

void recur_scaler_invert(const recur_scaler *s, double *v, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < s->columns; c++)
            v[r * s->columns + c] = v[r * s->columns + c] * s->scale[c] + s->shift[c];
}
