// SPDX-License-Identifier: MIT
/* Opening a trained model: a run folder or a model file, its configuration, its parameters. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "tape/tensor.h"
#include "task/job.h"

static recur_status open_archive(rcr_model_file *f, recur_ctx *cx, const char *path)
{
    *f = (rcr_model_file){.cx = cx};
    f->path = rcr_path_is_folder(path) ? rcr_path_join(cx, path, RECUR_FILE_MODEL)
                                       : rcr_strdup(cx, path, "a file name");
    return f->path ? recur_archive_open(&f->archive, cx, f->path) : RECUR_ENOMEM;
}

/* "classify 1": a task and the version of its format. */
static recur_status read_format(const rcr_model_file *f, const char **format)
{
    *format = recur_archive_meta(f->archive, "recur");
    if (*format && recur_archive_meta(f->archive, "config"))
        return RECUR_OK;
    return rcr_fail(f->cx, RECUR_EFORMAT,
                    "%s: not a model that recur trained: no configuration in its metadata", f->path);
}

static recur_status check_format(const rcr_model_file *f, const rcr_task *task)
{
    const char *format;
    size_t n = strlen(task->name);
    recur_status status = read_format(f, &format);
    if (status != RECUR_OK || strcmp(format, task->format) == 0)
        return status;
    if (strncmp(format, task->name, n) == 0 && format[n] == ' ')
        return rcr_fail(f->cx, RECUR_EUNSUPPORTED, "%s: the format is \"%s\", this version reads \"%s\"",
                        f->path, format, task->format);
    return rcr_fail(f->cx, RECUR_EUNSUPPORTED,
                    "%s: a model of another task: its format is \"%s\", not \"%s\"", f->path, format,
                    task->format);
}

recur_status rcr_model_file_open(rcr_model_file *f, recur_ctx *cx, const rcr_task *task, const char *path,
                                 void *config)
{
    recur_status status = open_archive(f, cx, path);
    if (status == RECUR_OK)
        status = check_format(f, task);
    if (status == RECUR_OK)
        status = recur_settings_parse(&f->settings, cx, recur_archive_meta(f->archive, "config"), f->path);
    if (status != RECUR_OK)
        return status;
    task->defaults(config);
    return recur_settings_apply(f->settings, task->options(), config);
}

recur_status rcr_model_file_meta(const rcr_model_file *f, const char *key, const char **text)
{
    *text = recur_archive_meta(f->archive, key);
    return *text ? RECUR_OK : rcr_fail(f->cx, RECUR_EFORMAT, "%s: the metadata have no \"%s\"", f->path, key);
}

void rcr_model_file_limit(const rcr_model_file *f, recur_params *ps)
{
    recur_entry e;
    size_t bytes = 1; /* 0 would be no limit */
    for (size_t i = 0; i < recur_archive_size(f->archive) && recur_archive_at(f->archive, i, &e) == RECUR_OK;
         i++)
        bytes += e.size; /* together they are within the file */
    rcr_params_limit(ps, bytes, f->path);
}

recur_status rcr_model_file_load(const rcr_model_file *f, recur_params *ps)
{
    return recur_params_load(ps, f->archive, "", 0);
}

void rcr_model_file_close(rcr_model_file *f)
{
    recur_settings_free(f->settings);
    recur_archive_free(f->archive);
    rcr_free(f->cx, f->path);
    *f = (rcr_model_file){0};
}

recur_status recur_model_task(recur_ctx *cx, const char *path, char *name, size_t size)
{
    rcr_model_file f;
    const char *format;
    recur_status status = open_archive(&f, cx, path);
    if (status == RECUR_OK)
        status = read_format(&f, &format);
    if (status == RECUR_OK) {
        size_t n = strcspn(format, " ");
        n = n < size ? n : size - 1;
        memcpy(name, format, n);
        name[n] = '\0';
    }
    rcr_model_file_close(&f);
    return status;
}
