// SPDX-License-Identifier: MIT
/* What a classifier says about a part of the data: logits, probabilities, the loss. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/classify.h"

/* Where nothing is learnt: examples at once, and units with padding. No result depends on them. */
enum { BATCH = 256, UNITS = 16384 };

recur_status rcr_class_part_open(rcr_class_part *p, const rcr_classifier *net, bool training)
{
    const recur_train_config *c = &net->config.train;
    const recur_bucket_options in_order = {.batch = BATCH, .units = UNITS};
    const recur_bucket_options shuffled = {
        .batch = c->batch_size, .shuffle = true, .seed = (uint64_t)c->seed};
    return recur_buckets_create(&p->buckets, p->of->ids, p->index, p->n, training ? &shuffled : &in_order);
}

void rcr_class_part_close(rcr_class_part *p)
{
    recur_buckets_free(p->buckets);
    p->buckets = NULL;
}

/* The place of `x` among n ascending numbers, where it is. */
static int64_t place_of(const int64_t *index, int64_t n, int64_t x)
{
    int64_t from = 0, to = n - 1;
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (index[middle] < x)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

recur_status rcr_class_logits(recur_tape *tp, const rcr_classifier *net, const recur_sequences *s,
                              const int64_t *index, int64_t n, recur_buckets *buckets, float *logits)
{
    recur_bucket b;
    recur_buckets_seek(buckets, 0, 0);
    while (recur_buckets_next(buckets, &b)) {
        recur_tape_begin(tp, RECUR_INFER);
        const rcr_ids in = rcr_ids_of(tp, s, b.index, b.B);
        recur_tensor *y = rcr_classifier_forward(tp, net, &in, NULL);
        if (!y)
            return recur_error(net->cx, NULL);
        for (int64_t i = 0; i < b.B; i++)
            memcpy(logits + place_of(index, n, b.index[i]) * net->K, recur_f32(y) + i * net->K,
                   (size_t)net->K * sizeof *logits);
    }
    return RECUR_OK;
}

static void copy_out(recur_tensor *from, double *to)
{
    for (int64_t i = 0; to && i < recur_count(from); i++)
        to[i] = (double)recur_f32(from)[i];
}

recur_status rcr_class_softmax(recur_tape *tp, const float *logits, int64_t n, int64_t K, double temperature,
                               double *p, double *log_p)
{
    recur_tape_begin(tp, RECUR_INFER);
    recur_tensor *x = recur_input(tp, RECUR_F32, 2, (int64_t[]){n, K}, logits);
    x = recur_affine(tp, x, 1 / temperature, 0);
    recur_tensor *y = recur_softmax(tp, x, 1), *log_y = recur_log_softmax(tp, x, 1);
    if (!y || !log_y)
        return recur_error(recur_tape_ctx(tp), NULL);
    copy_out(y, p);
    copy_out(log_y, log_p);
    return RECUR_OK;
}

/* ---- a part's answers as arrays ---- */

/* For the n examples of a part: what the model says and what it should say. */
typedef struct answers {
    recur_ctx *cx;
    float *logits;     /* [n, K] */
    double *p, *log_p; /* [n, K]: room for probabilities */
    int64_t *target;   /* [n]: from K on labels that the model does not know */
} answers;

static void free_answers(answers *a)
{
    rcr_free(a->cx, a->logits);
    rcr_free(a->cx, a->p);
    rcr_free(a->cx, a->log_p);
    rcr_free(a->cx, a->target);
}

static recur_status make_answers(answers *a, recur_tape *tp, const rcr_classifier *net,
                                 const rcr_class_part *p)
{
    size_t n = (size_t)p->n, row = (size_t)net->K;
    *a = (answers){.cx = net->cx,
                   .logits = rcr_alloc_array(net->cx, n, row * sizeof *a->logits, "logits"),
                   .p = rcr_alloc_array(net->cx, n, row * sizeof *a->p, "probabilities"),
                   .log_p = rcr_alloc_array(net->cx, n, row * sizeof *a->log_p, "probabilities"),
                   .target = rcr_alloc_array(net->cx, n, sizeof *a->target, "labels")};
    if (!a->logits || !a->p || !a->log_p || !a->target)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < p->n; i++)
        a->target[i] = p->of->label[p->index[i]];
    return rcr_class_logits(tp, net, p->of->ids, p->index, p->n, p->buckets, a->logits);
}

/* Mean -log p of the targets that the model knows. */
static double cross_entropy(const double *log_p, const int64_t *target, int64_t n, int64_t K)
{
    double sum = 0;
    int64_t known = 0;
    for (int64_t i = 0; i < n; i++)
        if (target[i] < K) {
            sum -= log_p[i * K + target[i]];
            known++;
        }
    return known > 0 ? sum / (double)known : NAN;
}

recur_status rcr_class_loss(recur_tape *tp, const rcr_classifier *net, const rcr_class_part *p, double *loss)
{
    answers a;
    recur_status status = make_answers(&a, tp, net, p);
    if (status == RECUR_OK)
        status = rcr_class_softmax(tp, a.logits, p->n, net->K, 1, a.p, a.log_p);
    if (status == RECUR_OK) {
        bool broken = p->n > 0 && !isfinite(a.p[0] + a.log_p[0]);
        *loss = cross_entropy(a.log_p, a.target, p->n, net->K);
        if (broken || isinf(*loss))
            *loss = INFINITY;
    }
    free_answers(&a);
    return status;
}

/* The first class of the largest probability. */
static int64_t largest(const double *p, int64_t K)
{
    int64_t best = 0;
    for (int64_t k = 1; k < K; k++)
        best = p[k] > p[best] ? k : best;
    return best;
}

/* Where no answer is wrong nothing says how sure the model may be: the likelihood grows without end. */
static bool any_wrong(const double *p, const int64_t *target, int64_t n, int64_t K)
{
    for (int64_t i = 0; i < n; i++)
        if (target[i] < K && largest(p + i * K, K) != target[i])
            return true;
    return false;
}

recur_status rcr_class_temperature(recur_tape *tp, const rcr_classifier *net, const rcr_class_part *p,
                                   double *temperature)
{
    answers a;
    *temperature = 1;
    recur_status status = make_answers(&a, tp, net, p);
    for (int64_t i = 0; status == RECUR_OK && i < p->n * net->K; i++)
        a.p[i] = (double)a.logits[i];
    if (status == RECUR_OK && any_wrong(a.p, a.target, p->n, net->K))
        *temperature = recur_temperature_fit(a.p, a.target, p->n, net->K);
    free_answers(&a);
    return status;
}

/* ---- a report ---- */

/* What recur_classify_report_free() frees: the public half, and what it points to. */
typedef struct report {
    recur_classify_report r; /* first: the caller's pointer is ours */
    const char **label;
    int64_t *confusion;
    recur_prf *of_class;
    recur_classified *example;
    int64_t *answer; /* [n] */
    rcr_labelled from;
} report;

void recur_classify_report_free(recur_classify_report *given)
{
    report *r = (report *)given;
    if (!r)
        return;
    recur_ctx *cx = r->r.cx;
    rcr_free(cx, r->label);
    rcr_free(cx, r->confusion);
    rcr_free(cx, r->of_class);
    rcr_free(cx, r->example);
    rcr_free(cx, r->answer);
    rcr_labelled_close(&r->from);
    rcr_free(cx, r);
}

static bool make_room(report *r, recur_ctx *cx, size_t K, size_t n)
{
    r->label = rcr_alloc_array(cx, K, sizeof *r->label, "labels");
    r->confusion = rcr_alloc_array(cx, K, K * sizeof *r->confusion, "a confusion matrix");
    r->of_class = rcr_alloc_array(cx, K, sizeof *r->of_class, "scores of classes");
    r->example = rcr_alloc_array(cx, n, sizeof *r->example, "answers");
    r->answer = rcr_alloc_array(cx, n, sizeof *r->answer, "answers");
    r->r.label = r->label;
    r->r.confusion = r->confusion;
    r->r.of_class = r->of_class;
    r->r.example = r->example;
    return r->label && r->confusion && r->of_class && r->example && r->answer;
}

static recur_status new_report(report **out, const rcr_classifier *net, const rcr_class_part *p)
{
    const recur_vocab *strange = p->of->strange;
    int64_t K = net->K + (strange ? recur_vocab_size(strange) : 0);
    report *r = *out = rcr_alloc_zero(net->cx, sizeof *r, "a report");
    if (!r)
        return RECUR_ENOMEM;
    r->r = (recur_classify_report){.cx = net->cx, .K = K, .known = net->K, .n = p->n};
    r->from.cx = net->cx;
    if (!make_room(r, net->cx, (size_t)K, (size_t)p->n))
        return RECUR_ENOMEM;
    for (int64_t k = 0; k < K; k++)
        r->label[k] =
            k < net->K ? recur_vocab_text(net->labels, k).text : recur_vocab_text(strange, k - net->K).text;
    return RECUR_OK;
}

/* The metrics of answers that are in place; the loss comes from elsewhere. */
static void count_answers(report *r, const int64_t *target, double loss, double error, recur_score *score)
{
    recur_classification c;
    int64_t K = r->r.K;
    memset(r->confusion, 0, (size_t)(K * K) * sizeof *r->confusion);
    recur_confusion_add(r->confusion, K, target, r->answer, r->r.n);
    recur_classification_metrics(&c, r->of_class, r->confusion, K);
    *score = (recur_score){.count = r->r.n};
    rcr_score_add(score, "loss", loss);
    rcr_score_add(score, "accuracy", c.accuracy);
    rcr_score_add(score, "precision", c.macro_seen.precision);
    rcr_score_add(score, "recall", c.macro_seen.recall);
    rcr_score_add(score, "f1", c.macro_seen.f1);
    rcr_score_add(score, "calibration_error", error);
}

/* The answer without a model: the most frequent class of the training part, with the frequencies there. */
static void baseline(report *r, const rcr_classifier *net, const answers *a)
{
    int64_t n = 0, K = net->K, top = 0, right = 0, known = 0;
    double loss = 0;
    for (int64_t k = 0; k < K; k++) {
        n += net->count[k];
        top = net->count[k] > net->count[top] ? k : top;
    }
    for (int64_t i = 0; i < r->r.n; i++) {
        r->answer[i] = top;
        right += a->target[i] == top;
        known += a->target[i] < K;
        if (a->target[i] < K)
            loss -= log((double)net->count[a->target[i]] / (double)n);
    }
    double accuracy = (double)right / (double)known, confidence = (double)net->count[top] / (double)n;
    count_answers(r, a->target, loss / (double)known, fabs(accuracy - confidence), &r->r.baseline);
}

static void fill_examples(report *r, const rcr_class_part *p, const answers *a, int64_t K)
{
    for (int64_t i = 0; i < p->n; i++) {
        const recur_place at = recur_corpus_place(p->of->corpus, RECUR_SIDE_TEXT, p->index[i]);
        r->answer[i] = largest(a->p + i * K, K);
        r->example[i] = (recur_classified){.text = p->of->corpus->text[p->index[i]],
                                           .file = at.name,
                                           .line = at.line,
                                           .label = a->target[i],
                                           .answer = r->answer[i],
                                           .probability = a->p[i * K + r->answer[i]]};
    }
}

static recur_status fill(report *r, recur_tape *tp, const rcr_classifier *net, const rcr_class_part *p,
                         answers *a)
{
    int64_t K = net->K;
    baseline(r, net, a);
    recur_status status = rcr_class_softmax(tp, a->logits, p->n, K, 1, a->p, a->log_p);
    if (status == RECUR_OK) {
        recur_calibration_metrics(&r->r.calibration, r->r.bin, RECUR_CLASSIFY_BINS, a->p, a->target, p->n, K);
        r->r.unscaled_error = r->r.calibration.ece;
        status = rcr_class_softmax(tp, a->logits, p->n, K, net->temperature, a->p, a->log_p);
    }
    if (status != RECUR_OK)
        return status;
    recur_calibration_metrics(&r->r.calibration, r->r.bin, RECUR_CLASSIFY_BINS, a->p, a->target, p->n, K);
    fill_examples(r, p, a, K);
    count_answers(r, a->target, cross_entropy(a->log_p, a->target, p->n, K), r->r.calibration.ece,
                  &r->r.score);
    return RECUR_OK;
}

recur_status rcr_class_report(recur_classify_report **out, recur_tape *tp, const rcr_classifier *net,
                              const rcr_class_part *p)
{
    answers a;
    report *r;
    recur_status status = make_answers(&a, tp, net, p);
    if (status == RECUR_OK)
        status = new_report(&r, net, p);
    else
        r = NULL;
    if (status == RECUR_OK)
        status = fill(r, tp, net, p, &a);
    free_answers(&a);
    *out = status == RECUR_OK ? &r->r : NULL;
    if (status != RECUR_OK && r)
        recur_classify_report_free(&r->r);
    return status;
}

void rcr_class_report_keep(recur_classify_report *r, rcr_labelled *l)
{
    ((report *)r)->from = *l;
    *l = (rcr_labelled){.cx = l->cx};
}
