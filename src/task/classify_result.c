// SPDX-License-Identifier: MIT
/* What a run leaves in its folder: result.json. */
#include "task/classify.h"
#include "train/run.h"

static void write_classes(rcr_doc *j, const recur_classify_report *r)
{
    rcr_doc_array(j, "classes");
    for (int64_t k = 0; k < r->K; k++) {
        int64_t n = 0;
        for (int64_t i = 0; i < r->K; i++)
            n += r->confusion[k * r->K + i];
        rcr_doc_object(j, NULL);
        rcr_doc_text(j, "label", r->label[k]);
        rcr_doc_int(j, "count", n);
        rcr_doc_real(j, "precision", r->of_class[k].precision);
        rcr_doc_real(j, "recall", r->of_class[k].recall);
        rcr_doc_real(j, "f1", r->of_class[k].f1);
        rcr_doc_end(j, '}');
    }
    rcr_doc_end(j, ']');
}

/* Row by row: the label; column by column: the answer. */
static void write_confusion(rcr_doc *j, const recur_classify_report *r)
{
    rcr_doc_array(j, "confusion");
    for (int64_t row = 0; row < r->K; row++) {
        rcr_doc_array(j, NULL);
        for (int64_t column = 0; column < r->K; column++)
            rcr_doc_int(j, NULL, r->confusion[row * r->K + column]);
        rcr_doc_end(j, ']');
    }
    rcr_doc_end(j, ']');
}

static void write_calibration(rcr_doc *j, const rcr_classifier *net, const recur_classify_report *r)
{
    rcr_doc_object(j, "calibration");
    rcr_doc_real(j, "temperature", net->temperature);
    rcr_doc_real(j, "error_before", r->unscaled_error);
    rcr_doc_real(j, "error_after", r->calibration.ece);
    rcr_doc_real(j, "largest_error", r->calibration.mce);
    rcr_doc_real(j, "brier", r->calibration.brier);
    rcr_doc_array(j, "bins");
    for (int i = 0; i < RECUR_CLASSIFY_BINS; i++) {
        rcr_doc_object(j, NULL);
        rcr_doc_int(j, "count", r->bin[i].count);
        rcr_doc_real(j, "confidence", r->bin[i].confidence);
        rcr_doc_real(j, "accuracy", r->bin[i].accuracy);
        rcr_doc_end(j, '}');
    }
    rcr_doc_end(j, ']');
    rcr_doc_end(j, '}');
}

recur_status rcr_classify_write_result(recur_ctx *cx, const recur_run *run, const rcr_classifier *net,
                                       const recur_classify_result *r, const recur_classify_report *report)
{
    rcr_doc j;
    rcr_result_begin(&j, cx, "classify", net->config.model.cell, &r->common);
    rcr_doc_int(&j, "vocabulary", r->vocabulary);
    rcr_result_parts(&j, &r->common);
    if (report) {
        rcr_doc_text(&j, "details_of", r->common.test.count > 0 ? "test" : "valid");
        write_calibration(&j, net, report);
        write_classes(&j, report);
        write_confusion(&j, report);
    }
    rcr_doc_end(&j, '}');
    return rcr_job_write(&j, run, RECUR_FILE_RESULT);
}
