// SPDX-License-Identifier: MIT
/* What a run leaves in its folder: config.json and result.json. */
#include <math.h>
#include <string.h>

#include "task/forecast.h"
#include "train/option.h"
#include "train/run.h"

static const char *const cells[] = {"rnn", "rnn-relu", "lstm", "gru", "gru-original"};

static const struct {
    const char *name;
    size_t offset;
} metrics[] = {
    {"loss", offsetof(recur_forecast_score, loss)},
    {"mse", offsetof(recur_forecast_score, metrics.mse)},
    {"mae", offsetof(recur_forecast_score, metrics.mae)},
    {"rmse", offsetof(recur_forecast_score, metrics.rmse)},
    {"r2", offsetof(recur_forecast_score, metrics.r2)},
    {"mape", offsetof(recur_forecast_score, metrics.mape)},
    {"mase", offsetof(recur_forecast_score, metrics.mase)},
    {"relative_accuracy", offsetof(recur_forecast_score, metrics.relative_accuracy)},
    {"scaled_relative_accuracy", offsetof(recur_forecast_score, scaled_relative_accuracy)},
};

bool recur_forecast_metric(const recur_forecast_score *score, size_t index, const char **name, double *value)
{
    if (index >= sizeof metrics / sizeof *metrics)
        return false;
    *name = metrics[index].name;
    memcpy(value, (const char *)score + metrics[index].offset, sizeof *value);
    return true;
}

void rcr_forecast_config_json(rcr_doc *j, const recur_forecast_config *c)
{
    rcr_doc_object(j, NULL);
    rcr_doc_text(j, "task", "forecast");
    rcr_options_write(j, recur_forecast_options(), c);
    rcr_doc_end(j, '}');
}

/* Writes an indented document that `j` holds, and frees it. */
static recur_status write_document(rcr_doc *j, const recur_run *run, const char *name)
{
    rcr_doc_raw(j, "\n");
    recur_status status = j->status;
    if (status == RECUR_OK && run->folder)
        status = rcr_run_write(j->cx, run, name, j->text, j->size);
    rcr_doc_free(j);
    return status;
}

recur_status rcr_forecast_write_config(recur_ctx *cx, const recur_run *run, const recur_forecast_config *c)
{
    rcr_doc j;
    rcr_doc_begin(&j, cx, true);
    rcr_forecast_config_json(&j, c);
    return write_document(&j, run, RECUR_FILE_CONFIG);
}

/* A part that does not exist is null. */
static void write_score(rcr_doc *j, const char *key, const recur_forecast_score *score)
{
    const char *name;
    double value;
    if (score->count == 0) {
        rcr_doc_null(j, key);
        return;
    }
    rcr_doc_object(j, key);
    rcr_doc_int(j, "count", score->count);
    for (size_t i = 0; recur_forecast_metric(score, i, &name, &value); i++)
        rcr_doc_real(j, name, value);
    rcr_doc_end(j, '}');
}

static void write_parts(rcr_doc *j, const recur_forecast_result *r, int64_t season)
{
    write_score(j, "train", &r->train);
    write_score(j, "valid", &r->valid);
    write_score(j, "test", &r->test);
    write_score(j, "baseline", &r->baseline);
    if (season > 0)
        write_score(j, "seasonal_baseline", &r->seasonal);
}

recur_status rcr_forecast_write_result(recur_ctx *cx, const recur_run *run, const recur_forecast_config *c,
                                       const recur_forecast_result *r)
{
    rcr_doc j;
    rcr_doc_begin(&j, cx, true);
    rcr_doc_object(&j, NULL);
    rcr_doc_text(&j, "task", "forecast");
    rcr_doc_text(&j, "cell", cells[c->model.cell]);
    rcr_doc_int(&j, "parameters", r->parameters);
    rcr_doc_int(&j, "epochs", r->epochs);
    rcr_doc_int(&j, "steps", r->steps);
    rcr_doc_int(&j, "best_epoch", r->best_epoch);
    rcr_doc_real(&j, "seconds", r->seconds);
    rcr_doc_real(&j, "units_per_second", r->units_per_second);
    rcr_doc_int(&j, "peak_bytes", (int64_t)r->peak_bytes);
    rcr_doc_bool(&j, "whole", r->whole);
    write_parts(&j, r, c->season);
    rcr_doc_end(&j, '}');
    return write_document(&j, run, RECUR_FILE_RESULT);
}
