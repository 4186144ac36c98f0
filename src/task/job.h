// SPDX-License-Identifier: MIT
/* What tasks share: a run's beginning, its metadata and results, opening a trained model. A task keeps its own
 * loop, data and model. */
#ifndef RCR_TASK_JOB_H
#define RCR_TASK_JOB_H

#include <recur/task.h>

#include "train/document.h"

/* What a task is called, and what it can be told. */
typedef struct rcr_task {
    const char *name;                           /* "classify" */
    const char *format;                         /* of its model files: the value of "recur" in the metadata */
    const recur_option_group *(*options)(void); /* of its config struct */
    size_t config_size;
    void (*defaults)(void *config);
} rcr_task;

/* ---- a run ---- */

/* Begins a run: makes the folder and keeps it until recur_run_close(), refuses to resume a run that was begun with
 * another configuration, writes config.json. */
recur_status rcr_job_begin(recur_ctx *cx, const rcr_task *task, const void *config, recur_run *run);
/* The configuration as one JSON object: config.json, and "config" in a model's metadata. */
void rcr_config_json(rcr_doc *j, const rcr_task *task, const void *config);
/* Writes a document (indented, complete) into the run folder, if there is one, and frees it. */
recur_status rcr_job_write(rcr_doc *j, const recur_run *run, const char *name);
/* Writes the parameters with their metadata as the run's model file. */
recur_status rcr_job_save_model(recur_params *ps, const recur_run *run, const recur_meta *meta, size_t n);

/* Names of files as a configuration holds them, with '\n' between them. */
typedef struct rcr_file_names {
    recur_ctx *cx;
    char *text;
    const char **name; /* [n], within text */
    int64_t n;
} rcr_file_names;
/* Free them even after a failure. */
recur_status rcr_file_names_split(rcr_file_names *f, recur_ctx *cx, const char *text);
void rcr_file_names_free(rcr_file_names *f);

/* Shares or counts from "A,B,C" (how->share, counts); parts that have a file of their own get nothing, the others
 * share as before. */
recur_status rcr_partition_beside(recur_ctx *cx, recur_partition *how, const char *split, const char *valid,
                                  const char *test);

/* Adds bytes to a checksum (FNV-1a); begin with RCR_CHECKSUM. A run is resumed on the same data only. */
#define RCR_CHECKSUM UINT64_C(0xcbf29ce484222325)
uint64_t rcr_checksum(uint64_t sum, const void *bytes, size_t size);

/* ---- the recurrent stack (stack.c); rcr_model_rnn() of train/option.h describes it ---- */

/* What the configuration asks for beyond PyTorch's initialisation, after all parameters were made: first all
 * weights, then each stack. */
recur_status rcr_init_uniform_all(recur_params *ps, const recur_model_config *m);
recur_status rcr_stack_init(recur_rnn *rnn, const recur_model_config *m);
/* The last layer's states after the last step, directions side by side: h [L*D, B, H] becomes [B, D*H]. */
recur_tensor *rcr_last_state(recur_tape *tp, const recur_rnn *rnn, recur_tensor *h);

/* ---- results ---- */

/* What a training came to, from the trainer's summary. */
recur_result rcr_result_of(const recur_summary *s, recur_params *ps);
/* Adds a metric to a score; `name` must be static. */
void rcr_score_add(recur_score *score, const char *name, double value);
/* result.json: begins the object with what all tasks have, then the four parts; the task may add members, and
 * ends it with rcr_doc_end() and rcr_job_write(). */
void rcr_result_begin(rcr_doc *j, recur_ctx *cx, const char *task, int cell, const recur_result *r);
void rcr_result_parts(rcr_doc *j, const recur_result *r);
/* A part; one that does not exist is null. */
void rcr_score_write(rcr_doc *j, const char *key, const recur_score *score);

/* ---- a trained model ---- */

/* A model file opened, its configuration read. */
typedef struct rcr_model_file {
    recur_ctx *cx;
    char *path;               /* of the file, for messages */
    recur_archive *archive;   /* its tensors and metadata */
    recur_settings *settings; /* owns the texts of the configuration */
} rcr_model_file;

/* Opens a run folder or a model file of this task and reads its configuration into `config`, whose texts then
 * live in the file. Close it even after a failure. */
recur_status rcr_model_file_open(rcr_model_file *f, recur_ctx *cx, const rcr_task *task, const char *path,
                                 void *config);
/* A member of the metadata; RECUR_EFORMAT where it is missing. */
recur_status rcr_model_file_meta(const rcr_model_file *f, const char *key, const char **text);
/* Keeps what is made in `ps` from now on within the size of the file: nothing that a configuration says is
 * believed beyond it. */
void rcr_model_file_limit(const rcr_model_file *f, recur_params *ps);
/* Fills the parameters from the file; unknown and missing ones are named. The file may be closed afterwards. */
recur_status rcr_model_file_load(const rcr_model_file *f, recur_params *ps);
void rcr_model_file_close(rcr_model_file *f);

#endif
