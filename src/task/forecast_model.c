// SPDX-License-Identifier: MIT
/* A trained forecaster: opening it, scoring it, asking it. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "task/forecast.h"

struct recur_forecast {
    recur_ctx *cx;
    rcr_model_file file; /* owns the texts of the configuration */
    rcr_net net;
    rcr_columns columns; /* names of the inputs, targets first; none for rows */
    recur_tape *tape;
    rcr_source read; /* what recur_forecast_read() gave last */
};

/* ---- opening ---- */

static recur_status read_columns(recur_forecast *f, const recur_forecast_config *c, int64_t *F, int64_t *K)
{
    *F = *K = 1;
    if (c->rows)
        return RECUR_OK;
    if (!c->target)
        return rcr_fail(f->cx, RECUR_EFORMAT, "%s: the configuration names no target", f->file.path);
    recur_status status = rcr_columns_split(&f->columns, f->cx, c->target, c->features, K);
    *F = f->columns.n;
    return status;
}

static recur_status open_file(recur_forecast *f, const char *path)
{
    recur_forecast_config c;
    const char *scaler = NULL;
    int64_t F = 1, K = 1;
    recur_status status = rcr_model_file_open(&f->file, f->cx, &rcr_forecast_task, path, &c);
    if (status == RECUR_OK)
        status = read_columns(f, &c, &F, &K);
    if (status == RECUR_OK)
        status = rcr_net_create(&f->net, f->cx, &c, F, K, &f->file);
    if (status == RECUR_OK)
        status = rcr_model_file_meta(&f->file, "scaler", &scaler);
    if (status == RECUR_OK)
        status = rcr_net_read(&f->net, f->cx, scaler, f->file.path);
    return status == RECUR_OK ? recur_tape_create(&f->tape, f->cx, 0) : status;
}

recur_status recur_forecast_open(recur_forecast **out, recur_ctx *cx, const char *path)
{
    *out = NULL;
    recur_forecast *f = rcr_alloc_zero(cx, sizeof *f, "a forecaster");
    if (!f)
        return RECUR_ENOMEM;
    f->cx = f->read.cx = cx;
    f->file.cx = cx;
    recur_status status = open_file(f, path);
    if (status == RECUR_OK)
        *out = f;
    else
        recur_forecast_free(f);
    return status;
}

void recur_forecast_free(recur_forecast *f)
{
    if (!f)
        return;
    recur_ctx *cx = f->cx;
    recur_tape_free(f->tape);
    rcr_net_free(&f->net);
    rcr_columns_free(&f->columns, cx);
    rcr_source_close(&f->read);
    rcr_model_file_close(&f->file);
    rcr_free(cx, f);
}

const recur_forecast_config *recur_forecast_config_of(const recur_forecast *f)
{
    return &f->net.config;
}

int64_t recur_forecast_inputs(const recur_forecast *f)
{
    return f->net.F;
}

int64_t recur_forecast_targets(const recur_forecast *f)
{
    return f->net.K;
}

const char *recur_forecast_input(const recur_forecast *f, int64_t index)
{
    return index >= 0 && index < f->columns.n ? f->columns.name[index] : "";
}

/* ---- scoring ---- */

static recur_status score(recur_forecast *f, rcr_part *p, recur_forecast_score *model,
                          recur_forecast_score *baseline, recur_forecast_score *seasonal)
{
    int64_t season = f->net.config.season;
    recur_status status = rcr_part_open(p, &f->net, NULL);
    if (status == RECUR_OK && model)
        status = rcr_part_score(f->tape, &f->net, p, model);
    if (status == RECUR_OK && baseline)
        status = rcr_part_baseline(&f->net, p, 0, baseline);
    if (status == RECUR_OK && seasonal && season > 0)
        status = rcr_part_baseline(&f->net, p, season, seasonal);
    rcr_part_close(p);
    return status;
}

recur_status recur_forecast_evaluate(recur_forecast *f, const char *data, recur_forecast_score *model,
                                     recur_forecast_score *baseline, recur_forecast_score *seasonal)
{
    rcr_source s;
    recur_parts *parts = NULL;
    if (seasonal)
        *seasonal = (recur_forecast_score){0};
    recur_status status = rcr_source_open(&s, f->cx, &f->net.config, data);
    if (status != RECUR_OK)
        return status;
    status = rcr_source_examples(&s, &f->net.config);
    if (status == RECUR_OK)
        status = recur_parts_all(&parts, s.examples, RECUR_PART_TEST);
    if (status == RECUR_OK) {
        rcr_part p = {
            .e = s.examples, .index = parts->index[RECUR_PART_TEST], .n = parts->n[RECUR_PART_TEST]};
        status = score(f, &p, model, baseline, seasonal);
    }
    recur_parts_free(parts);
    rcr_source_close(&s);
    return status;
}

/* ---- asking ---- */

recur_status recur_forecast_read(recur_forecast *f, const char *data, const double **x, int64_t *n)
{
    if (f->net.config.rows)
        return rcr_fail(f->cx, RECUR_EUNSUPPORTED, "%s is a model of rows: it reads lines of numbers",
                        f->file.path);
    rcr_source_close(&f->read);
    recur_status status = rcr_source_open(&f->read, f->cx, &f->net.config, data);
    if (status != RECUR_OK)
        return status;
    *x = f->read.series->values;
    *n = f->read.series->R;
    return RECUR_OK;
}

/* The one example that forecasts what follows x [n, F]: the same way as in training, with answers that nobody
 * reads. */
static recur_status question(recur_forecast *f, const double *x, int64_t n, recur_examples **e)
{
    const recur_forecast_config *c = &f->net.config;
    rcr_source s = {.cx = f->cx, .path = "input", .K = f->net.K};
    if (c->rows) {
        recur_rows rows = {
            .cx = f->cx, .n = 1, .offset = (int64_t[]){0, n}, .values = x, .line = (int64_t[]){1}};
        s.rows = &rows;
        recur_status status = rcr_source_examples(&s, c);
        *e = s.examples;
        return status;
    }
    recur_status status = recur_series_from(&s.series, f->cx, x, n, f->net.F);
    if (status == RECUR_OK)
        status = rcr_source_examples(&s, c);
    recur_series_free(s.series);
    *e = s.examples;
    return status;
}

/* x [n + horizon, F], of which the last `horizon` rows are not read: y [horizon, K] */
static recur_status answer(recur_forecast *f, const double *x, int64_t n, double *y)
{
    recur_examples *e = NULL;
    recur_forecast_score score;
    recur_status status = question(f, x, n + f->net.config.horizon, &e);
    if (status != RECUR_OK)
        return status;
    rcr_part p = {.e = e, .index = (int64_t[]){e->n - 1}, .n = 1};
    status = rcr_part_open(&p, &f->net, NULL);
    if (status == RECUR_OK)
        status = rcr_part_forecast(f->tape, &f->net, &p, y, &score);
    rcr_part_close(&p);
    recur_examples_free(e);
    for (int64_t h = 0; status == RECUR_OK && f->net.whole && h < f->net.config.horizon * f->net.K; h++)
        y[h] = round(y[h]);
    return status;
}

/* How many of the last rows an answer depends on; of a model of rows all. */
static recur_status rows_needed(recur_forecast *f, int64_t n, int64_t *rows)
{
    const recur_forecast_config *c = &f->net.config;
    int64_t least = (c->rows ? 1 : c->window) + c->difference;
    *rows = c->rows ? n : least;
    if (n >= least)
        return RECUR_OK;
    return rcr_fail(f->cx, RECUR_ESHAPE, "%lld %s, but the model looks at %s%lld", (long long)n,
                    f->net.F == 1 ? "numbers" : "rows of numbers", c->rows ? "at least " : "",
                    (long long)least);
}

/* Room for `rows` of x, then for the forecasts: steps rounded up to whole horizons. */
static recur_status go_on(recur_forecast *f, const double *x, int64_t rows, int64_t steps, double *y)
{
    int64_t F = f->net.F, K = f->net.K, horizon = f->net.config.horizon;
    int64_t blocks = (steps + horizon - 1) / horizon;
    double *all =
        rcr_alloc_array(f->cx, (size_t)(rows + blocks * horizon), (size_t)F * sizeof *all, "a forecast");
    double *next = rcr_alloc_array(f->cx, (size_t)horizon, (size_t)K * sizeof *next, "a forecast");
    recur_status status = all && next ? RECUR_OK : RECUR_ENOMEM;
    if (status == RECUR_OK)
        memcpy(all, x, (size_t)(rows * F) * sizeof *all);
    for (int64_t done = 0; status == RECUR_OK && done < steps; done += horizon) {
        int64_t from = f->net.config.rows ? 0 : done; /* a window moves, a row grows */
        status = answer(f, all + from * F, rows + done - from, next);
        int64_t take = steps - done < horizon ? steps - done : horizon;
        if (status == RECUR_OK)
            memcpy(y + done * K, next, (size_t)(take * K) * sizeof *y);
        if (status == RECUR_OK && F == K)
            memcpy(all + (rows + done) * F, next, (size_t)(horizon * K) * sizeof *all);
    }
    rcr_free(f->cx, all);
    rcr_free(f->cx, next);
    return status;
}

recur_status recur_forecast_predict(recur_forecast *f, const double *x, int64_t n, int64_t steps, double *y)
{
    int64_t rows = 0;
    recur_status status = rows_needed(f, n, &rows);
    if (status != RECUR_OK)
        return status;
    if (steps < 1 || steps > INT32_MAX)
        return rcr_fail(f->cx, RECUR_EINVAL, "%lld steps: at least one, at most %lld", (long long)steps,
                        (long long)INT32_MAX);
    if (steps > f->net.config.horizon && f->net.F != f->net.K)
        return rcr_fail(f->cx, RECUR_EUNSUPPORTED,
                        "the model looks at %lld columns that it does not forecast, so it goes no further "
                        "than its horizon of %lld",
                        (long long)(f->net.F - f->net.K), (long long)f->net.config.horizon);
    return go_on(f, x + (n - rows) * f->net.F, rows, steps, y);
}
