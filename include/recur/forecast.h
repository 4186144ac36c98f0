// SPDX-License-Identifier: MIT
/*
 * Forecasting: from a CSV or rows of numbers to a trained model, from a window to what follows it.
 *
 *     recur_forecast_config config = recur_forecast_defaults();
 *     config.data = "airline-passengers.csv";
 *     config.target = "Passengers";
 *     recur_run run = {.folder = "runs/airline"};
 *     recur_forecast_result result;
 *     if (recur_forecast_train(cx, &config, &run, &result) != RECUR_OK) ...
 *
 *     recur_forecast *f;
 *     recur_forecast_open(&f, cx, "runs/airline");
 *     recur_forecast_predict(f, last_values, n, 12, next_values);
 *
 * A recurrent stack reads a window of the series (or a row), and a linear layer makes of its last state the
 * next `horizon` values.
 */
#ifndef RECUR_FORECAST_H
#define RECUR_FORECAST_H

#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum recur_center { RECUR_CENTER_NONE = 0, RECUR_CENTER_LAST = 1 } recur_center;
typedef enum recur_whole { RECUR_WHOLE_AUTO = 0, RECUR_WHOLE_YES = 1, RECUR_WHOLE_NO = 2 } recur_whole;
typedef enum recur_forecast_loss {
    RECUR_FORECAST_MSE = 0,
    RECUR_FORECAST_L1 = 1,
    RECUR_FORECAST_HUBER = 2
} recur_forecast_loss;

/* Begin with recur_forecast_defaults(). Texts are borrowed during the call. */
typedef struct recur_forecast_config {
    /* data */
    const char *data;         /* CSV with a header, or lines of numbers if `rows` */
    const char *valid, *test; /* files of their own instead of parts of `data`; NULL */
    bool rows;                /* a sequence per line, of any length; the last number is the answer */
    const char *target;       /* columns to forecast, "A" or "A,B"; NULL: the last one */
    const char *features;     /* further columns to look at; NULL */
    const char *time_column;  /* must ascend; names the rows of forecast.csv; NULL */
    int64_t window, horizon;  /* rows to look at, rows to forecast */
    const char *scale;        /* "standard", "minmax", "none" or a number that divides; fitted on training */
    bool difference;          /* learn the change from one row to the next */
    int center;               /* recur_center: LAST shows each window relative to its last row */
    int missing;              /* recur_missing */
    const char *split;        /* "A,B,C": fractions or numbers of rows for training, validation, test */
    int order;                /* 0 = a series in time, rows shuffled; 1 = shuffled; 2 = in order */
    bool distinct;            /* equal rows stay in one part */
    int64_t season;           /* also scores the value of one season before; 0 = none */
    int loss;                 /* recur_forecast_loss, on scaled values */
    int whole;                /* recur_whole: answers are rounded to whole numbers; AUTO: if all targets are
                                 whole and it at least halves the squared error on the validation part */
    recur_model_config model;
    recur_train_config train;
} recur_forecast_config;

RECUR_API recur_forecast_config recur_forecast_defaults(void);
/* The struct as a table of options; ends with a group without a title. */
RECUR_API const recur_option_group *recur_forecast_options(void);

/* How good forecasts are: `loss` on scaled values as in training, the rest in the data's own units, over all
 * targets and steps of the horizon. A number that is not defined is NaN (JSON: null). */
typedef struct recur_forecast_score {
    double loss;
    int64_t count; /* windows or rows */
    recur_regression metrics;
    double scaled_relative_accuracy; /* relative accuracy of scaled values: its 0.0001 is not free of units */
} recur_forecast_score;

/* The numbers of a score by position, in the order in which they are shown: name and value; false past the
 * end. */
RECUR_API bool recur_forecast_metric(const recur_forecast_score *score, size_t index, const char **name,
                                     double *value);

typedef struct recur_forecast_result {
    int64_t parameters, epochs, steps, best_epoch;
    double seconds, units_per_second;
    size_t peak_bytes;                       /* the most that the context's allocator ever held */
    bool whole;                              /* answers are rounded to whole numbers */
    recur_forecast_score train, valid, test; /* count 0: there is no such part */
    recur_forecast_score baseline;           /* the last known value, on the test part */
    recur_forecast_score seasonal; /* the value a season before, on the test part; count 0 without a season */
} recur_forecast_result;

/* Trains a model. With a folder in `run` it leaves there, besides the files of train.h, result.json and
 * forecast.csv (the test part: truth, forecast and baseline). The validation part chooses the epoch, and with
 * `whole` the rounding; the test part is looked at once, at the end. RECUR_ESTOPPED: the observer asked for
 * it, all is saved. RECUR_ENUMERIC: training diverged; the best model so far is in the folder. RECUR_EINVAL:
 * the configuration makes no sense; RECUR_ENOTFOUND, RECUR_EFORMAT, RECUR_ESHAPE: the data do not fit it. */
RECUR_API recur_status recur_forecast_train(recur_ctx *cx, const recur_forecast_config *config,
                                            const recur_run *run, recur_forecast_result *result);

typedef struct recur_forecast recur_forecast;

/* A trained model: a run folder, or the model file itself. */
RECUR_API recur_status recur_forecast_open(recur_forecast **out, recur_ctx *cx, const char *path);
RECUR_API void recur_forecast_free(recur_forecast *f);
RECUR_API const recur_forecast_config *recur_forecast_config_of(const recur_forecast *f); /* lives in `f` */
RECUR_API int64_t recur_forecast_inputs(const recur_forecast *f);  /* numbers in a row: F */
RECUR_API int64_t recur_forecast_targets(const recur_forecast *f); /* of these, the first K are forecast */
RECUR_API const char *recur_forecast_input(const recur_forecast *f,
                                           int64_t index); /* its column's name, or "" */

/* Scores it on every window (or row) of a file. `seasonal` has count 0 without a season in the model's
 * configuration. Both may be NULL. */
RECUR_API recur_status recur_forecast_evaluate(recur_forecast *f, const char *data,
                                               recur_forecast_score *score, recur_forecast_score *baseline,
                                               recur_forecast_score *seasonal);

/* The `steps` rows that follow x [n, F]: y [steps, K]. Of a series the last `window` rows are used (one more
 * with differencing), and fewer are RECUR_ESHAPE; a model of rows takes any n >= 1 (2). More steps than the
 * horizon are forecast from forecasts: RECUR_EUNSUPPORTED if the model looks at columns that it does not
 * forecast. */
RECUR_API recur_status recur_forecast_predict(recur_forecast *f, const double *x, int64_t n, int64_t steps,
                                              double *y);

/* The rows of a file as recur_forecast_predict() takes them: the input columns of a CSV, *n rows; a number
 * that is missing is treated as in training. The array belongs to `f` until the next call. */
RECUR_API recur_status recur_forecast_read(recur_forecast *f, const char *data, const double **x, int64_t *n);

#ifdef __cplusplus
}
#endif

#endif
