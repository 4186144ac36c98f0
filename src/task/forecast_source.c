// SPDX-License-Identifier: MIT
/* From a file to examples: columns by name, missing values, windows or rows. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/forecast.h"
#include "train/run.h"

/* ---- names of columns ---- */

static int64_t count_names(const char *text)
{
    int64_t n = text ? 1 : 0;
    for (const char *s = text ? text : ""; *s; s++)
        n += *s == ',';
    return n;
}

static bool known(const rcr_columns *c, const char *name)
{
    for (int64_t i = 0; i < c->n; i++)
        if (strcmp(c->name[i], name) == 0)
            return true;
    return false;
}

/* Cuts the text at its commas; a name that stands there already is passed over: features may repeat the
 * target. */
static void add_names(rcr_columns *c, char *text)
{
    while (text) {
        char *comma = strchr(text, ',');
        if (comma)
            *comma = '\0';
        text += strspn(text, " ");
        for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
            text[n - 1] = '\0';
        if (!known(c, text))
            c->name[c->n++] = text;
        text = comma ? comma + 1 : NULL;
    }
}

recur_status rcr_columns_split(rcr_columns *c, recur_ctx *cx, const char *targets, const char *features,
                               int64_t *n_targets)
{
    *c = (rcr_columns){0};
    size_t n = strlen(targets) + 1, m = features ? strlen(features) + 1 : 0;
    c->text = rcr_alloc(cx, n + m, "column names");
    c->name = rcr_alloc_array(cx, (size_t)(count_names(targets) + count_names(features)), sizeof *c->name,
                              "column names");
    if (!c->text || !c->name) {
        rcr_columns_free(c, cx);
        return RECUR_ENOMEM;
    }
    memcpy(c->text, targets, n);
    add_names(c, c->text);
    *n_targets = c->n;
    if (features) {
        memcpy(c->text + n, features, m);
        add_names(c, c->text + n);
    }
    return RECUR_OK;
}

void rcr_columns_free(rcr_columns *c, recur_ctx *cx)
{
    rcr_free(cx, c->text);
    rcr_free(cx, c->name);
    *c = (rcr_columns){0};
}

/* ---- reading ---- */

/* The target is the last column unless it is named. */
static recur_status open_table(rcr_source *s, const recur_forecast_config *c)
{
    recur_status status = recur_table_read(&s->table, s->cx, s->path, NULL);
    if (status != RECUR_OK)
        return status;
    const char *target =
        c->target ? c->target : recur_table_header(s->table, recur_table_columns(s->table) - 1);
    s->targets = rcr_strdup(s->cx, target, "column names");
    if (!s->targets)
        return RECUR_ENOMEM;
    if (c->time_column)
        status = recur_table_check_order(s->table, c->time_column);
    rcr_columns columns;
    if (status == RECUR_OK)
        status = rcr_columns_split(&columns, s->cx, s->targets, c->features, &s->K);
    if (status != RECUR_OK)
        return status;
    status = recur_series_create(&s->series, s->table, columns.name, columns.n, (recur_missing)c->missing);
    rcr_columns_free(&columns, s->cx);
    return status;
}

recur_status rcr_source_open(rcr_source *s, recur_ctx *cx, const recur_forecast_config *c, const char *path)
{
    *s = (rcr_source){.cx = cx, .path = path};
    recur_status status = c->rows ? recur_rows_read(&s->rows, cx, path) : open_table(s, c);
    if (status != RECUR_OK)
        rcr_source_close(s);
    return status;
}

void rcr_source_close(rcr_source *s)
{
    recur_examples_free(s->examples);
    recur_series_free(s->series);
    recur_table_free(s->table);
    recur_rows_free(s->rows);
    rcr_free(s->cx, s->targets);
    *s = (rcr_source){.cx = s->cx};
}

static recur_status windows(rcr_source *s, const recur_forecast_config *c)
{
    int64_t need = c->window + c->horizon + c->difference;
    if (s->series->R < need)
        return rcr_fail(
            s->cx, RECUR_ESHAPE,
            "%s: too few rows: %lld with all values, where a window of %lld and a horizon of %lld "
            "need %lld",
            s->path, (long long)s->series->R, (long long)c->window, (long long)c->horizon, (long long)need);
    int64_t *answers = rcr_alloc_array(s->cx, (size_t)s->K, sizeof *answers, "target columns");
    if (!answers)
        return RECUR_ENOMEM;
    for (int64_t k = 0; k < s->K; k++)
        answers[k] = k;
    recur_window w = {.window = c->window,
                      .horizon = c->horizon,
                      .answers = answers,
                      .n_answers = s->K,
                      .difference = c->difference};
    recur_status status = recur_examples_windows(&s->examples, s->series, &w);
    rcr_free(s->cx, answers);
    return status;
}

recur_status rcr_source_examples(rcr_source *s, const recur_forecast_config *c)
{
    return c->rows ? recur_examples_rows(&s->examples, s->rows, c->difference) : windows(s, c);
}

void rcr_source_note(const rcr_source *s, const recur_forecast_config *c, const recur_run *run)
{
    char text[1024];
    if (s->table && !c->target) {
        snprintf(text, sizeof text, "%s: forecasting %s, the last column; --target chooses another", s->path,
                 s->targets);
        rcr_run_note(run, text);
    }
    if (!s->series || s->series->missing == 0)
        return;
    snprintf(text, sizeof text,
             "%s: %lld missing values: %lld rows left out, %lld values filled in (--missing %s)", s->path,
             (long long)s->series->missing, (long long)s->series->dropped, (long long)s->series->filled,
             recur_missing_name((recur_missing)c->missing));
    rcr_run_note(run, text);
}

uint64_t rcr_source_checksum(const rcr_source *s, uint64_t sum)
{
    const recur_examples *e = s->examples;
    sum = rcr_checksum(sum, e->truth, (size_t)(e->rows * e->K) * sizeof *e->truth);
    sum = rcr_checksum(sum, e->x, (size_t)(e->rows * e->F) * sizeof *e->x);
    sum = rcr_checksum(sum, e->start, (size_t)e->n * sizeof *e->start);
    return rcr_checksum(sum, e->length, (size_t)e->n * sizeof *e->length);
}
