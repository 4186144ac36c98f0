// SPDX-License-Identifier: MIT
/* Inside of runs: files of the run folder, and notes to whoever watches. */
#ifndef RCR_TRAIN_RUN_H
#define RCR_TRAIN_RUN_H

#include <recur/train.h>

/* The path of a file of the run, in a block to be freed. */
recur_status rcr_run_file(char **path, recur_ctx *cx, const recur_run *run, const char *name);
recur_status rcr_run_has(bool *there, recur_ctx *cx, const recur_run *run, const char *name);
/* Writes a file of the run atomically. */
recur_status rcr_run_write(recur_ctx *cx, const recur_run *run, const char *name, const void *bytes,
                           size_t size);
/* Tells the observer something the user should know. `run` may be NULL. */
void rcr_run_note(const recur_run *run, const char *text);

#endif
