// SPDX-License-Identifier: MIT
/* forecast.csv, the test part in figures: row, [time,] step, and truth, forecast and baseline of every
 * target. */
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "task/forecast.h"
#include "train/run.h"

typedef struct sheet {
    rcr_doc text; /* used as a text that grows */
    const rcr_source *s;
    const rcr_part *p;
    int64_t time; /* column, or -1 */
} sheet;

/* A field, in quotes where the text needs them. */
static void put_text(rcr_doc *j, const char *text, const char *suffix)
{
    bool quotes = strpbrk(text, ",\"\r\n") != NULL;
    rcr_doc_raw(j, quotes ? "\"" : "");
    for (const char *s = text; *s; s++)
        rcr_doc_raw(j, *s == '"' ? "\"\"" : (const char[]){*s, '\0'});
    rcr_doc_raw(j, suffix);
    rcr_doc_raw(j, quotes ? "\"" : "");
}

static void put_number(rcr_doc *j, double value)
{
    char number[RCR_NUMBER_SIZE];
    rcr_doc_raw(j, rcr_format_double(number, value));
}

static void heading(sheet *t)
{
    static const char *const suffix[] = {"", "_forecast", "_baseline"};
    rcr_columns names = {0};
    int64_t K = 1;
    if (t->s->targets)
        t->text.status = rcr_columns_split(&names, t->text.cx, t->s->targets, NULL, &K);
    rcr_doc_raw(&t->text, t->time >= 0 ? "row," : "row");
    if (t->time >= 0)
        put_text(&t->text, recur_table_header(t->s->table, t->time), "");
    rcr_doc_raw(&t->text, ",step");
    for (int64_t k = 0; k < K && t->text.status == RECUR_OK; k++)
        for (int i = 0; i < 3; i++) {
            rcr_doc_raw(&t->text, ",");
            put_text(&t->text, names.n ? names.name[k] : "answer", suffix[i]);
        }
    rcr_doc_raw(&t->text, "\n");
    rcr_columns_free(&names, t->text.cx);
}

/* The number of the data row (from 1) of step h of example i: of a series the table's row, otherwise the
 * line. */
static int64_t row_of(const sheet *t, int64_t i, int64_t h)
{
    const recur_examples *e = t->p->e;
    int64_t x = t->p->index[i];
    if (!e->series)
        return t->s->rows->line[x];
    return t->s->series->row[e->start[x] + e->length[x] + h] + 1;
}

static void line(sheet *t, int64_t i, int64_t h, const double *forecast, const double *baseline)
{
    int64_t K = t->p->e->K, row = row_of(t, i, h);
    const double *truth = recur_examples_truth(t->p->e, t->p->index[i]);
    put_number(&t->text, (double)row);
    if (t->time >= 0) {
        rcr_doc_raw(&t->text, ",");
        put_text(&t->text, recur_table_text(t->s->table, row - 1, t->time), "");
    }
    rcr_doc_raw(&t->text, ",");
    put_number(&t->text, (double)(h + 1));
    for (int64_t k = h * K; k < (h + 1) * K; k++) {
        const double values[] = {truth[k], forecast[k], baseline[k]};
        for (int v = 0; v < 3; v++) {
            rcr_doc_raw(&t->text, ",");
            put_number(&t->text, values[v]);
        }
    }
    rcr_doc_raw(&t->text, "\n");
}

static recur_status fill(sheet *t, const double *forecast, const double *baseline, const recur_run *run)
{
    int64_t H = t->p->e->horizon * t->p->e->K;
    heading(t);
    for (int64_t i = 0; i < t->p->n; i++)
        for (int64_t h = 0; h < t->p->e->horizon; h++)
            line(t, i, h, forecast + i * H, baseline + i * H);
    if (t->text.status != RECUR_OK)
        return t->text.status;
    return rcr_run_write(t->text.cx, run, RECUR_FILE_FORECAST, t->text.text, t->text.size);
}

recur_status rcr_forecast_write_table(recur_tape *tp, const recur_run *run, const rcr_net *net,
                                      const rcr_source *s, const rcr_part *test)
{
    sheet t = {.s = s, .p = test, .time = -1};
    recur_forecast_score score;
    recur_status status = RECUR_OK;
    rcr_doc_begin(&t.text, s->cx, false);
    if (net->config.time_column)
        status = recur_table_find(s->table, net->config.time_column, &t.time);
    double *forecast = rcr_part_room(test), *baseline = rcr_part_room(test);
    if (!forecast || !baseline)
        status = RECUR_ENOMEM;
    if (status == RECUR_OK)
        status = rcr_part_forecast(tp, net, test, forecast, NULL);
    if (status == RECUR_OK)
        status = rcr_part_metrics(net, test, forecast, &score); /* rounds */
    if (status == RECUR_OK)
        status = recur_baseline(test->e, test->index, test->n, 0, baseline);
    if (status == RECUR_OK)
        status = fill(&t, forecast, baseline, run);
    rcr_doc_free(&t.text);
    rcr_free(s->cx, forecast);
    rcr_free(s->cx, baseline);
    return status;
}
