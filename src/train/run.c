// SPDX-License-Identifier: MIT
/* The run folder: making it, and never overwriting a run unasked. */
#include "train/run.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

/* Everything that a run leaves. The pictures are the program's; old ones must not stay beside a new run. */
static const char *const files[] = {
    RECUR_FILE_MODEL,  RECUR_FILE_CHECKPOINT, RECUR_FILE_CONFIG,  RECUR_FILE_METRICS,
    RECUR_FILE_RESULT, RECUR_FILE_FORECAST,   RECUR_FILE_SAMPLES, "loss.svg",
    "loss.png",        "forecast.svg",        "forecast.png"};

enum { FILES = sizeof files / sizeof *files };

recur_status rcr_run_file(char **path, recur_ctx *cx, const recur_run *run, const char *name)
{
    *path = rcr_path_join(cx, run->folder, name);
    return *path ? RECUR_OK : RECUR_ENOMEM;
}

recur_status rcr_run_has(bool *there, recur_ctx *cx, const recur_run *run, const char *name)
{
    char *path;
    *there = false;
    if (!run->folder)
        return RECUR_OK;
    recur_status status = rcr_run_file(&path, cx, run, name);
    if (status != RECUR_OK)
        return status;
    *there = rcr_path_exists(path);
    rcr_free(cx, path);
    return RECUR_OK;
}

recur_status rcr_run_write(recur_ctx *cx, const recur_run *run, const char *name, const void *bytes,
                           size_t size)
{
    char *path;
    recur_status status = rcr_run_file(&path, cx, run, name);
    if (status != RECUR_OK)
        return status;
    status = rcr_write_file(cx, path, bytes, size);
    rcr_free(cx, path);
    return status;
}

static recur_status remove_run(recur_ctx *cx, const recur_run *run)
{
    recur_status status = RECUR_OK;
    for (int i = 0; i < FILES && status == RECUR_OK; i++) {
        char *path;
        status = rcr_run_file(&path, cx, run, files[i]);
        if (status != RECUR_OK)
            break;
        status = rcr_remove_file(cx, path);
        rcr_free(cx, path);
    }
    return status;
}

static recur_status holds_a_run(bool *held, recur_ctx *cx, const recur_run *run)
{
    recur_status status = RECUR_OK;
    *held = false;
    for (int i = 0; i < FILES && status == RECUR_OK && !*held; i++)
        status = rcr_run_has(held, cx, run, files[i]);
    return status;
}

/* In a folder of this run's own. */
static recur_status prepare(recur_ctx *cx, const recur_run *run)
{
    bool held = false;
    recur_status status = run->resume ? RECUR_OK : holds_a_run(&held, cx, run);
    if (status != RECUR_OK || !held)
        return status;
    if (!run->force)
        return rcr_fail(cx, RECUR_ESTATE,
                        "%s holds a run already: --resume goes on with it, --force replaces it, --out names "
                        "another folder",
                        run->folder);
    return remove_run(cx, run);
}

recur_status recur_run_open(recur_ctx *cx, recur_run *run)
{
    if (!run || !run->folder)
        return RECUR_OK;
    recur_run_close(run);
    recur_status status = rcr_make_folder(cx, run->folder);
    if (status != RECUR_OK)
        return status;
    if (access(run->folder, W_OK | X_OK) != 0)
        return rcr_fail(cx, RECUR_EIO, "cannot write into the folder %s", run->folder);
    status = rcr_lock_folder(&run->lock, cx, run->folder);
    if (status == RECUR_OK)
        status = prepare(cx, run);
    if (status != RECUR_OK)
        recur_run_close(run);
    return status;
}

void recur_run_close(recur_run *run)
{
    if (!run)
        return;
    rcr_unlock_folder(run->lock);
    run->lock = 0;
}

void rcr_run_note(const recur_run *run, const char *text)
{
    if (run && run->observe)
        run->observe(run->user, &(recur_event){.kind = RECUR_EVENT_NOTE, .text = text});
}
