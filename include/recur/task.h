// SPDX-License-Identifier: MIT
/*
 * Tasks: from a file to a trained model, from new input to an answer. What the recur program does is all in
 * the headers that follow this one: forecast.h, classify.h, tag.h, language.h, translate.h. Each has
 *
 *     recur_TASK_config c = recur_TASK_defaults();    what it can be told; recur_TASK_options() as a table
 *     recur_TASK_train(cx, &c, &run, &result);        leaves a model, pictures' data and results in a folder
 *     recur_TASK_open(&model, cx, "runs/x");          a trained model, then evaluate, predict, free
 *
 * and this one what they share.
 */
#ifndef RECUR_TASK_H
#define RECUR_TASK_H

#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How good answers are on one part of the data, as named numbers in the order in which they are shown. One
 * that is not defined is NaN (JSON: null). The names live as long as the program. */
enum { RECUR_METRICS = 16 };
typedef struct recur_metric {
    const char *name; /* "loss", "accuracy", .. */
    double value;
} recur_metric;
typedef struct recur_score {
    int64_t count; /* examples (units of a text); 0: there is no such part */
    int n;         /* metrics */
    recur_metric metric[RECUR_METRICS];
} recur_score;
/* The metric of that name; NaN if there is none. */
RECUR_API double recur_score_get(const recur_score *score, const char *name);

/* What a training came to. */
typedef struct recur_result {
    int64_t parameters, epochs, steps, best_epoch;
    double seconds, units_per_second; /* units: time steps that were not padding */
    size_t peak_bytes;                /* the most that the context's allocator ever held */
    recur_score train, valid, test;
    recur_score baseline; /* the obvious answer without a model, on the test part */
} recur_result;

/* The task of a trained model (a run folder or a model file) into `name`, at most `size` bytes with the NUL:
 * "forecast", "classify", .. RECUR_EFORMAT if recur did not train it. */
RECUR_API recur_status recur_model_task(recur_ctx *cx, const char *path, char *name, size_t size);

#ifdef __cplusplus
}
#endif

#endif
