// SPDX-License-Identifier: MIT
/* Inside of forecasting: what its files share.
 *
 *     source (file -> examples) -> part (examples of one purpose) -> net (forward) -> forecasts -> score */
#ifndef RCR_TASK_FORECAST_H
#define RCR_TASK_FORECAST_H

#include <recur/forecast.h>

#include "task/job.h"

/* ---- forecast_config.c ---- */
extern const rcr_task rcr_forecast_task;
enum { RCR_ORDER_USUAL = 0, RCR_ORDER_SHUFFLE = 1, RCR_ORDER_TIME = 2 }; /* of recur_forecast_config.order */
recur_status rcr_forecast_check(recur_ctx *cx, const recur_forecast_config *c);

/* ---- forecast_source.c: a file as examples ---- */
typedef struct rcr_source {
    recur_ctx *cx;
    const char *path;
    recur_table *table; /* a series, or .. */
    recur_series *series;
    recur_rows *rows; /* .. rows */
    recur_examples *examples;
    char *targets; /* rcr_alloc'ed: the names of the target columns, "A,B"; NULL for rows */
    int64_t K;     /* how many they are */
} rcr_source;

/* Reads the file and its columns, but makes no examples yet. */
recur_status rcr_source_open(rcr_source *s, recur_ctx *cx, const recur_forecast_config *c, const char *path);
/* Windows or rows, as the configuration says. */
recur_status rcr_source_examples(rcr_source *s, const recur_forecast_config *c);
void rcr_source_close(rcr_source *s);
/* Tells what was missing. */
void rcr_source_note(const rcr_source *s, const recur_forecast_config *c, const recur_run *run);
uint64_t rcr_source_checksum(const rcr_source *s, uint64_t sum);

/* Names of columns, "A,B" split at the commas. */
typedef struct rcr_columns {
    char *text;
    const char **name; /* [n] */
    int64_t n;
} rcr_columns;
recur_status rcr_columns_split(rcr_columns *c, recur_ctx *cx, const char *targets, const char *features,
                               int64_t *n_targets);
void rcr_columns_free(rcr_columns *c, recur_ctx *cx);

/* ---- forecast_net.c: the model ---- */
typedef struct rcr_net {
    recur_params *ps;
    recur_rnn *rnn;
    recur_linear_layer linear;
    recur_forecast_config config;
    int64_t F, K;
    recur_scaler *inputs, *answers;
    double naive; /* what MASE divides by */
    bool whole;   /* forecasts are rounded to whole numbers */
} rcr_net;

/* To be trained, or as the file `from` has it. */
recur_status rcr_net_create(rcr_net *net, recur_ctx *cx, const recur_forecast_config *c, int64_t F, int64_t K,
                            const rcr_model_file *from);
void rcr_net_free(rcr_net *net);
/* What the model says, on the scale of its answers [B, H]; *y is what it should have said. */
recur_tensor *rcr_net_forward(recur_tape *tp, const rcr_net *net, const recur_batch *b, recur_tensor **y);
recur_tensor *rcr_net_loss(recur_tape *tp, const rcr_net *net, recur_tensor *p, recur_tensor *y);

/* The scaler and what else was learnt from the training part, as JSON for the model's metadata. */
void rcr_net_write(rcr_doc *j, const rcr_net *net);
recur_status rcr_net_read(rcr_net *net, recur_ctx *cx, const char *json, const char *name);

/* ---- forecast_score.c ---- */
/* Examples of one purpose. */
typedef struct rcr_part {
    const recur_examples *e;
    const int64_t *index; /* [n] */
    int64_t n;
    recur_batches *batches;
} rcr_part;

recur_status rcr_part_open(rcr_part *p, const rcr_net *net, const recur_batch_options *options);
void rcr_part_close(rcr_part *p);

/* The loss over a part, nothing else: for validation after an epoch. INFINITY where it is not finite. */
recur_status rcr_part_loss(recur_tape *tp, const rcr_net *net, const rcr_part *p, double *loss);
/* Forecasts out [n, horizon, K] in the data's own units (not rounded). `score` (may be NULL) gets loss and
 * scaled accuracy. */
recur_status rcr_part_forecast(recur_tape *tp, const rcr_net *net, const rcr_part *p, double *out,
                               recur_forecast_score *score);
/* Fills in the metrics in the data's own units. Rounds `forecast` if the net says so. */
recur_status rcr_part_metrics(const rcr_net *net, const rcr_part *p, double *forecast,
                              recur_forecast_score *score);
/* All of it for the model, and for the answer without a model. */
recur_status rcr_part_score(recur_tape *tp, const rcr_net *net, const rcr_part *p,
                            recur_forecast_score *score);
recur_status rcr_part_baseline(const rcr_net *net, const rcr_part *p, int64_t season,
                               recur_forecast_score *score);
/* Room for the forecasts of a part. */
double *rcr_part_room(const rcr_part *p);

/* ---- forecast_result.c, forecast_table.c ---- */
recur_status rcr_forecast_write_result(recur_ctx *cx, const recur_run *run, const recur_forecast_config *c,
                                       const recur_forecast_result *r);
recur_status rcr_forecast_write_table(recur_tape *tp, const recur_run *run, const rcr_net *net,
                                      const rcr_source *s, const rcr_part *test);

#endif
