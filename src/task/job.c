// SPDX-License-Identifier: MIT
/* A run's beginning, what it leaves in its folder, and its results. */
#include "task/job.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "train/option.h"
#include "train/run.h"

/* ---- config.json ---- */

void rcr_config_json(rcr_doc *j, const rcr_task *task, const void *config)
{
    rcr_doc_object(j, NULL);
    rcr_doc_text(j, "task", task->name);
    rcr_options_write(j, task->options(), config);
    rcr_doc_end(j, '}');
}

recur_status rcr_job_write(rcr_doc *j, const recur_run *run, const char *name)
{
    rcr_doc_raw(j, "\n");
    recur_status status = j->status;
    if (status == RECUR_OK && run->folder)
        status = rcr_run_write(j->cx, run, name, j->text, j->size);
    rcr_doc_free(j);
    return status;
}

static recur_status write_config(recur_ctx *cx, const rcr_task *task, const void *config,
                                 const recur_run *run)
{
    rcr_doc j;
    rcr_doc_begin(&j, cx, true);
    rcr_config_json(&j, task, config);
    return rcr_job_write(&j, run, RECUR_FILE_CONFIG);
}

/* ---- resuming ---- */

static recur_status changed(recur_ctx *cx, const rcr_task *task, const recur_option *o, const void *before,
                            const void *now, const recur_run *run)
{
    size_t at;
    char was[RCR_OPTION_TEXT], is[RCR_OPTION_TEXT];
    recur_option_find(task->options(), o->name, &at);
    recur_option_get(o, (const char *)before + at, was, sizeof was);
    recur_option_get(o, (const char *)now + at, is, sizeof is);
    return rcr_fail(cx, RECUR_EINVAL,
                    "--%s cannot change when a run is resumed: it is \"%s\" in %s, not \"%s\"", o->name, was,
                    run->folder, is);
}

/* What a resumed run must have in common with its beginning. */
static recur_status same_as_before(recur_ctx *cx, const rcr_task *task, const recur_settings *saved,
                                   const void *now, const recur_run *run)
{
    const char *name = recur_settings_text(saved, "task");
    if (name && strcmp(name, task->name) != 0)
        return rcr_fail(cx, RECUR_EINVAL, "%s holds a run of the task %s, not %s", run->folder, name,
                        task->name);
    void *before = rcr_alloc(cx, task->config_size, "a configuration");
    if (!before)
        return RECUR_ENOMEM;
    task->defaults(before);
    recur_status status = recur_settings_apply(saved, task->options(), before);
    const recur_option *o = status == RECUR_OK ? rcr_options_differ(task->options(), before, now) : NULL;
    if (o)
        status = changed(cx, task, o, before, now, run);
    rcr_free(cx, before);
    return status;
}

static recur_status check_resumed(recur_ctx *cx, const rcr_task *task, const void *config,
                                  const recur_run *run)
{
    bool there;
    char *path;
    recur_settings *saved = NULL;
    recur_status status = rcr_run_has(&there, cx, run, RECUR_FILE_CHECKPOINT);
    if (status != RECUR_OK || !run->resume || !there)
        return status;
    status = rcr_run_file(&path, cx, run, RECUR_FILE_CONFIG);
    if (status != RECUR_OK)
        return status;
    status = recur_settings_read(&saved, cx, path);
    rcr_free(cx, path);
    if (status == RECUR_OK)
        status = same_as_before(cx, task, saved, config, run);
    recur_settings_free(saved);
    return status;
}

recur_status rcr_job_begin(recur_ctx *cx, const rcr_task *task, const void *config, recur_run *run)
{
    recur_status status = check_resumed(cx, task, config, run);
    if (status == RECUR_OK)
        status = recur_run_open(cx, run);
    return status == RECUR_OK ? write_config(cx, task, config, run) : status;
}

recur_status rcr_job_save_model(recur_params *ps, const recur_run *run, const recur_meta *meta, size_t n)
{
    char *path;
    recur_ctx *cx = recur_params_ctx(ps);
    if (!run->folder)
        return RECUR_OK;
    recur_status status = rcr_run_file(&path, cx, run, RECUR_FILE_MODEL);
    if (status != RECUR_OK)
        return status;
    status = recur_params_save(ps, path, meta, n);
    rcr_free(cx, path);
    return status;
}

/* ---- files ---- */

recur_status rcr_file_names_split(rcr_file_names *f, recur_ctx *cx, const char *text)
{
    size_t n = 1;
    for (const char *s = text; *s; s++)
        n += *s == '\n';
    *f = (rcr_file_names){.cx = cx};
    f->text = rcr_strdup(cx, text, "names of files");
    f->name = rcr_alloc_array(cx, n, sizeof *f->name, "names of files");
    if (!f->text || !f->name)
        return RECUR_ENOMEM;
    for (char *s = f->text; s; f->n++) {
        f->name[f->n] = s;
        s = strchr(s, '\n');
        if (s)
            *s++ = '\0';
    }
    return RECUR_OK;
}

void rcr_file_names_free(rcr_file_names *f)
{
    rcr_free(f->cx, f->name);
    rcr_free(f->cx, f->text);
    *f = (rcr_file_names){0};
}

recur_status rcr_partition_beside(recur_ctx *cx, recur_partition *how, const char *split, const char *valid,
                                  const char *test)
{
    recur_status status = recur_partition_parse(cx, split, how);
    double all = how->share[0] + how->share[1] + how->share[2];
    how->share[RECUR_PART_VALID] *= !valid;
    how->share[RECUR_PART_TEST] *= !test;
    double rest = how->share[0] + how->share[1] + how->share[2];
    for (int i = 0; i < RECUR_PARTS && !how->counts && rest > 0; i++)
        how->share[i] *= all / rest;
    return status;
}

uint64_t rcr_checksum(uint64_t sum, const void *bytes, size_t size)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ b[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* ---- results ---- */

recur_result rcr_result_of(const recur_summary *s, recur_params *ps)
{
    return (recur_result){.parameters = recur_params_count(ps),
                          .epochs = s->epochs,
                          .steps = s->steps,
                          .best_epoch = s->best_epoch,
                          .seconds = s->seconds,
                          .units_per_second = s->units_per_second};
}

void rcr_score_add(recur_score *score, const char *name, double value)
{
    if (score->n < RECUR_METRICS)
        score->metric[score->n++] = (recur_metric){name, value};
}

double recur_score_get(const recur_score *score, const char *name)
{
    for (int i = 0; i < score->n; i++)
        if (strcmp(score->metric[i].name, name) == 0)
            return score->metric[i].value;
    return NAN;
}

void rcr_score_write(rcr_doc *j, const char *key, const recur_score *score)
{
    if (score->count == 0) {
        rcr_doc_null(j, key);
        return;
    }
    rcr_doc_object(j, key);
    rcr_doc_int(j, "count", score->count);
    for (int i = 0; i < score->n; i++)
        rcr_doc_real(j, score->metric[i].name, score->metric[i].value);
    rcr_doc_end(j, '}');
}

static const char *cell_name(int cell)
{
    const char *const *names = NULL;
    for (const recur_option *o = rcr_model_options; o->name && !names; o++)
        names = strcmp(o->name, "cell") == 0 ? o->choices : NULL;
    return names ? names[cell] : "";
}

void rcr_result_begin(rcr_doc *j, recur_ctx *cx, const char *task, int cell, const recur_result *r)
{
    rcr_doc_begin(j, cx, true);
    rcr_doc_object(j, NULL);
    rcr_doc_text(j, "task", task);
    rcr_doc_text(j, "cell", cell_name(cell));
    rcr_doc_int(j, "parameters", r->parameters);
    rcr_doc_int(j, "epochs", r->epochs);
    rcr_doc_int(j, "steps", r->steps);
    rcr_doc_int(j, "best_epoch", r->best_epoch);
    rcr_doc_real(j, "seconds", r->seconds);
    rcr_doc_real(j, "units_per_second", r->units_per_second);
    rcr_doc_int(j, "peak_bytes", (int64_t)r->peak_bytes);
}

void rcr_result_parts(rcr_doc *j, const recur_result *r)
{
    rcr_score_write(j, "train", &r->train);
    rcr_score_write(j, "valid", &r->valid);
    rcr_score_write(j, "test", &r->test);
    rcr_score_write(j, "baseline", &r->baseline);
}
