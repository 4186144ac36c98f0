// SPDX-License-Identifier: MIT
/* What a run leaves in its folder: result.json and samples.txt. */
#include "task/translate.h"
#include "train/run.h"

static void write_samples_json(rcr_doc *j, const rcr_sample *samples, int64_t n)
{
    rcr_doc_array(j, "samples");
    for (int64_t i = 0; i < n; i++) {
        rcr_doc_object(j, NULL);
        rcr_doc_text(j, "source", samples[i].source->bytes);
        rcr_doc_text(j, "reference", samples[i].reference->bytes);
        rcr_doc_text(j, "translation", samples[i].translation->bytes);
        rcr_doc_end(j, '}');
    }
    rcr_doc_end(j, ']');
}

static void put_line(rcr_doc *j, const char *mark, const recur_text *text)
{
    rcr_doc_raw(j, mark);
    rcr_doc_raw(j, text->bytes);
    rcr_doc_raw(j, "\n");
}

/* Three lines for each: "< source", "= reference", "> translation". */
static recur_status write_samples(recur_ctx *cx, const recur_run *run, const rcr_sample *samples, int64_t n)
{
    rcr_doc j;
    rcr_doc_begin(&j, cx, false);
    for (int64_t i = 0; i < n; i++) {
        put_line(&j, i > 0 ? "\n< " : "< ", samples[i].source);
        put_line(&j, "= ", samples[i].reference);
        put_line(&j, "> ", samples[i].translation);
    }
    recur_status status = j.status;
    if (status == RECUR_OK && run->folder && n > 0)
        status = rcr_run_write(cx, run, RECUR_FILE_SAMPLES, j.text, j.size);
    rcr_doc_free(&j);
    return status;
}

recur_status rcr_translate_write_result(recur_ctx *cx, const recur_run *run, const recur_translate_config *c,
                                        const recur_translate_result *r, const rcr_sample *samples, int64_t n)
{
    rcr_doc j;
    rcr_result_begin(&j, cx, rcr_translate_task.name, c->model.cell, &r->common);
    rcr_doc_text(&j, "bleu_signature", r->signature);
    rcr_result_parts(&j, &r->common);
    write_samples_json(&j, samples, n);
    rcr_doc_end(&j, '}');
    recur_status status = rcr_job_write(&j, run, RECUR_FILE_RESULT);
    return status == RECUR_OK ? write_samples(cx, run, samples, n) : status;
}
