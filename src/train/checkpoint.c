// SPDX-License-Identifier: MIT
/* Checkpoints: everything that the rest of a training depends on, so that a resumed run ends in the same
 * bits.
 *
 * A checkpoint is a list of slots: a name, and memory that is written out or filled. Saving and loading build
 * the same list, so they cannot disagree. */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "train/run.h"
#include "train/trainer.h"

enum { SCHEDULE_STATE = 16 }; /* numbers, at most */

typedef struct slots {
    rcr_arena arena;    /* names and shapes */
    recur_entry *entry; /* [n] */
    size_t n, room;
    recur_status status;
} slots;

static const char *prefixed(slots *s, const char *prefix, const char *name)
{
    size_t n = strlen(prefix), m = strlen(name);
    char *text = rcr_arena_alloc(&s->arena, n + m + 1, "a checkpoint");
    if (!text) {
        s->status = RECUR_ENOMEM;
        return "";
    }
    memcpy(text, prefix, n);
    memcpy(text + n, name, m + 1);
    return text;
}

static void add(slots *s, recur_entry entry)
{
    if (s->status != RECUR_OK)
        return;
    if (s->n == s->room) {
        void *all = s->entry;
        s->status = rcr_resize_array(s->arena.cx, &all, s->room * 2 + 16, sizeof entry, "a checkpoint");
        if (s->status != RECUR_OK)
            return;
        s->entry = all;
        s->room = s->room * 2 + 16;
    }
    s->entry[s->n++] = entry;
}

/* numbers [rows, columns] of 8 bytes each */
static void add_array(slots *s, const char *name, const char *dtype, const void *data, size_t rows,
                      size_t columns)
{
    int64_t *shape = rcr_arena_alloc(&s->arena, 2 * sizeof *shape, "a checkpoint");
    if (!shape) {
        s->status = RECUR_ENOMEM;
        return;
    }
    shape[0] = (int64_t)rows;
    shape[1] = (int64_t)columns;
    add(s, (recur_entry){name, dtype, 2, shape, data, rows * columns * 8});
}

static void add_params(slots *s, recur_trainer *t)
{
    const char *best = t->best;
    recur_tensor *x;
    for (size_t i = 0; (x = recur_params_at(t->ps, i)); i++) {
        recur_entry entry = recur_entry_of(x, prefixed(s, "model.", recur_name(x)));
        add(s, entry);
        if (t->at.best_epoch > 0) {
            entry.name = prefixed(s, "best.", recur_name(x));
            entry.data = best;
            add(s, entry);
        }
        best += entry.size;
    }
}

static void add_optim(slots *s, recur_trainer *t)
{
    recur_tensor *x;
    for (size_t i = 0; (x = recur_optim_state(t->optim, i)); i++)
        add(s, recur_entry_of(x, prefixed(s, "optim.", recur_name(x))));
}

static void add_set(slots *s, const char *prefix, const recur_params *set)
{
    recur_tensor *x;
    for (size_t i = 0; (x = recur_params_at(set, i)); i++)
        add(s, recur_entry_of(x, prefixed(s, prefix, recur_name(x))));
}

/* All of it but the position, which says what else there is. */
static void add_rest(slots *s, recur_trainer *t, double *schedule, size_t n_schedule)
{
    add_array(s, "train.sums", "F64", &t->sums, 1, RCR_SUMS);
    add_array(s, "train.history", "F64", t->history.line, t->history.n, RCR_EPOCH);
    add_array(s, "train.schedule", "F64", schedule, 1, n_schedule);
    add_params(s, t);
    add_optim(s, t);
    if (t->average)
        add_set(s, "average.", recur_average_state(t->average));
    if (t->run.carried)
        add_set(s, "carried.", t->run.carried);
}

static void slots_begin(slots *s, recur_ctx *cx)
{
    *s = (slots){.status = RECUR_OK};
    rcr_arena_init(&s->arena, cx);
}

static void slots_end(slots *s)
{
    rcr_free(s->arena.cx, s->entry);
    rcr_arena_free(&s->arena);
}

static recur_status write_slots(recur_trainer *t, const slots *s, const char *name, const recur_meta *meta,
                                size_t n_meta)
{
    char *path;
    recur_status status = rcr_run_file(&path, t->cx, &t->run, name);
    if (status != RECUR_OK)
        return status;
    status = recur_archive_write(t->cx, path, s->entry, s->n, meta, n_meta);
    rcr_free(t->cx, path);
    return status;
}

recur_status rcr_model_save(recur_trainer *t)
{
    if (!t->run.folder || !t->unsaved_model)
        return RECUR_OK;
    slots s;
    slots_begin(&s, t->cx);
    const char *best = t->best;
    recur_tensor *x;
    for (size_t i = 0; (x = recur_params_at(t->ps, i)); i++) {
        recur_entry entry = recur_entry_of(x, NULL);
        entry.data = best;
        best += entry.size;
        add(&s, entry);
    }
    recur_status status = s.status ? s.status : write_slots(t, &s, RECUR_FILE_MODEL, t->meta, t->n_meta);
    slots_end(&s);
    t->unsaved_model = status != RECUR_OK;
    return status;
}

recur_status rcr_checkpoint_save(recur_trainer *t)
{
    if (!t->run.folder)
        return RECUR_OK;
    const recur_meta meta = {"recur", "checkpoint 1"};
    double schedule[SCHEDULE_STATE];
    size_t n = recur_schedule_state(t->schedule, schedule, SCHEDULE_STATE);
    t->sums.seconds = t->seconds_before + rcr_now() - t->began_at;
    slots s;
    slots_begin(&s, t->cx);
    add_array(&s, "train.position", "I64", &t->at, 1, RCR_POSITION);
    add_rest(&s, t, schedule, n);
    recur_status status = s.status ? s.status : write_slots(t, &s, RECUR_FILE_CHECKPOINT, &meta, 1);
    slots_end(&s);
    t->saved_at = rcr_now();
    return status == RECUR_OK ? rcr_model_save(t) : status;
}

/* ---- loading ---- */

static recur_status fits(recur_trainer *t, const recur_entry *want, const recur_entry *got)
{
    bool same = strcmp(want->dtype, got->dtype) == 0 && want->rank == got->rank && want->size == got->size;
    for (int i = 0; same && i < want->rank; i++)
        same = want->shape[i] == got->shape[i];
    if (same)
        return RECUR_OK;
    return rcr_fail(t->cx, RECUR_EFORMAT,
                    "%s/" RECUR_FILE_CHECKPOINT ": %s does not fit the model of this run", t->run.folder,
                    want->name);
}

static recur_status fetch(recur_trainer *t, const recur_archive *a, const recur_entry *want, recur_entry *got)
{
    if (recur_archive_find(a, want->name, got) == RECUR_OK)
        return fits(t, want, got);
    return rcr_fail(t->cx, RECUR_EFORMAT, "%s/" RECUR_FILE_CHECKPOINT ": %s is missing", t->run.folder,
                    want->name);
}

/* Every slot is checked before the first is filled. */
static recur_status fill(recur_trainer *t, const recur_archive *a, const slots *s)
{
    recur_status status = s->status;
    recur_entry got;
    for (size_t i = 0; i < s->n && status == RECUR_OK; i++)
        status = fetch(t, a, &s->entry[i], &got);
    for (size_t i = 0; i < s->n && status == RECUR_OK; i++) {
        status = fetch(t, a, &s->entry[i], &got);
        if (got.size > 0) /* the slots point at memory of ours; entries are const since files are not written
                             through them */
            memcpy((void *)(uintptr_t)s->entry[i].data, got.data, got.size);
    }
    return status;
}

static recur_status load_position(recur_trainer *t, const recur_archive *a)
{
    rcr_position now = t->at;
    slots s;
    slots_begin(&s, t->cx);
    add_array(&s, "train.position", "I64", &t->at, 1, RCR_POSITION);
    recur_status status = fill(t, a, &s);
    slots_end(&s);
    if (status != RECUR_OK)
        return status;
    if (t->at.checksum != now.checksum || t->at.batches != now.batches)
        return rcr_fail(t->cx, RECUR_EFORMAT, "the data are not those with which the run in %s began",
                        t->run.folder);
    bool fixed = t->config.schedule == RECUR_RATE_COSINE || t->config.schedule == RECUR_RATE_ONECYCLE;
    if (fixed && t->at.epochs != now.epochs)
        return rcr_fail(t->cx, RECUR_EINVAL,
                        "--epochs: the schedule of the run in %s was made for %lld epochs, not %lld",
                        t->run.folder, (long long)t->at.epochs, (long long)now.epochs);
    t->at.epochs = now.epochs;
    if (t->at.epoch < 0 || t->at.batch < 0 || t->at.batch >= t->at.batches || t->at.steps < 0)
        return rcr_fail(t->cx, RECUR_EFORMAT, "%s/" RECUR_FILE_CHECKPOINT ": a position that no run has",
                        t->run.folder);
    return RECUR_OK;
}

static recur_status size_history(recur_trainer *t, const recur_archive *a)
{
    recur_entry got;
    if (recur_archive_find(a, "train.history", &got) != RECUR_OK || got.rank != 2 ||
        got.shape[0] != t->at.epoch)
        return rcr_fail(t->cx, RECUR_EFORMAT, "%s/" RECUR_FILE_CHECKPOINT ": the history is damaged",
                        t->run.folder);
    return rcr_history_resize(&t->history, t->cx, (size_t)got.shape[0]);
}

static recur_status load(recur_trainer *t, const recur_archive *a)
{
    double schedule[SCHEDULE_STATE];
    size_t n = recur_schedule_state(t->schedule, schedule, SCHEDULE_STATE);
    recur_status status = load_position(t, a);
    if (status == RECUR_OK)
        status = size_history(t, a);
    if (status != RECUR_OK)
        return status;
    slots s;
    slots_begin(&s, t->cx);
    add_rest(&s, t, schedule, n);
    status = fill(t, a, &s);
    slots_end(&s);
    return status == RECUR_OK ? recur_schedule_restore(t->schedule, schedule, n) : status;
}

recur_status rcr_checkpoint_load(recur_trainer *t)
{
    char *path;
    recur_archive *a = NULL;
    recur_status status = rcr_run_file(&path, t->cx, &t->run, RECUR_FILE_CHECKPOINT);
    if (status != RECUR_OK)
        return status;
    status = recur_archive_open(&a, t->cx, path);
    rcr_free(t->cx, path);
    if (status == RECUR_OK)
        status = load(t, a);
    recur_archive_free(a);
    if (status != RECUR_OK)
        return status;
    recur_optim_set_lr(t->optim, recur_schedule_lr(t->schedule));
    recur_optim_set_steps(t->optim, (uint64_t)t->at.steps);
    t->seconds_before = t->sums.seconds;
    t->unsaved_model = t->at.best_epoch > 0;
    return RECUR_OK;
}
