// SPDX-License-Identifier: MIT
/* What a run leaves in its folder: result.json. */
#include <math.h>
#include <string.h>

#include "task/forecast.h"
#include "train/option.h"
#include "train/run.h"

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
    const recur_result common = {.parameters = r->parameters,
                                 .epochs = r->epochs,
                                 .steps = r->steps,
                                 .best_epoch = r->best_epoch,
                                 .seconds = r->seconds,
                                 .units_per_second = r->units_per_second,
                                 .peak_bytes = r->peak_bytes};
    rcr_result_begin(&j, cx, "forecast", c->model.cell, &common);
    rcr_doc_bool(&j, "whole", r->whole);
    write_parts(&j, r, c->season);
    rcr_doc_end(&j, '}');
    return rcr_job_write(&j, run, RECUR_FILE_RESULT);
}
