// SPDX-License-Identifier: MIT
/* The history of a run: a line per epoch. */
#include "train/history.h"

#include "base/alloc.h"
#include "base/file.h"
#include "train/document.h"
#include "train/run.h"

recur_status rcr_history_resize(rcr_history *h, recur_ctx *cx, size_t n)
{
    if (n > h->room) {
        void *line = h->line;
        size_t room = n < 64 ? 64 : n + n / 2;
        recur_status status = rcr_resize_array(cx, &line, room, sizeof *h->line, "the history");
        if (status != RECUR_OK)
            return status;
        h->line = line;
        h->room = room;
    }
    h->n = n;
    return RECUR_OK;
}

recur_status rcr_history_add(rcr_history *h, recur_ctx *cx, const rcr_epoch *line)
{
    recur_status status = rcr_history_resize(h, cx, h->n + 1);
    if (status == RECUR_OK)
        h->line[h->n - 1] = *line;
    return status;
}

void rcr_history_free(rcr_history *h, recur_ctx *cx)
{
    rcr_free(cx, h->line);
    *h = (rcr_history){0};
}

static void write_line(rcr_doc *j, const rcr_epoch *e)
{
    rcr_doc_object(j, NULL);
    rcr_doc_int(j, "epoch", (int64_t)e->epoch);
    rcr_doc_int(j, "steps", (int64_t)e->steps);
    rcr_doc_real(j, "train_loss", e->train_loss);
    rcr_doc_real(j, "valid_loss", e->valid_loss);
    rcr_doc_real(j, "lr", e->lr);
    rcr_doc_bool(j, "best", e->best != 0);
    rcr_doc_real(j, "units_per_second", e->units_per_second);
    rcr_doc_real(j, "seconds", e->seconds);
    rcr_doc_end(j, '}');
    rcr_doc_raw(j, "\n");
}

typedef recur_status writer(recur_ctx *cx, const char *path, const void *bytes, size_t size);

static recur_status write_lines(const rcr_history *h, size_t from, recur_ctx *cx, const recur_run *run,
                                writer *write)
{
    rcr_doc j;
    rcr_doc_begin(&j, cx, false);
    for (size_t i = from; i < h->n; i++)
        write_line(&j, &h->line[i]);
    char *path = NULL;
    recur_status status = j.status == RECUR_OK ? rcr_run_file(&path, cx, run, RECUR_FILE_METRICS) : j.status;
    if (status == RECUR_OK)
        status = write(cx, path, j.text ? j.text : "", j.size);
    rcr_free(cx, path);
    rcr_doc_free(&j);
    return status;
}

recur_status rcr_history_write(const rcr_history *h, recur_ctx *cx, const recur_run *run)
{
    return run->folder ? write_lines(h, 0, cx, run, rcr_write_file) : RECUR_OK;
}

recur_status rcr_history_append(const rcr_history *h, recur_ctx *cx, const recur_run *run)
{
    return run->folder && h->n > 0 ? write_lines(h, h->n - 1, cx, run, rcr_append_file) : RECUR_OK;
}
