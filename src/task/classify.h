// SPDX-License-Identifier: MIT
/* Inside of classification: what its files share.
 *
 *     labelled (files -> texts and labels as numbers) -> part (examples of one purpose) -> net -> report */
#ifndef RCR_TASK_CLASSIFY_H
#define RCR_TASK_CLASSIFY_H

#include <recur/attention.h>
#include <recur/classify.h>

#include "task/encoder.h"

/* ---- classify_config.c ---- */
extern const rcr_task rcr_classify_task;
enum { RCR_CLASSIFY_IN_ORDER = 2 }; /* of recur_classify_config.order */
/* Puts the usual numbers where a configuration that was checked leaves them open. Reads the width of the file of vectors. */
recur_status rcr_classify_settle(recur_ctx *cx, recur_classify_config *c);
recur_status rcr_classify_check(recur_ctx *cx, const recur_classify_config *c);

/* ---- classify_member.c: one network ---- */
typedef struct rcr_class_member {
    const recur_classify_config *config; /* the classifier's */
    rcr_encoder encoder;
    bool heads; /* attention stands between stack and pooling */
    recur_multihead attention;
    recur_attention_pool pool;
    recur_linear_layer dense, output;
    recur_batch_norm norm;
} rcr_class_member;

/* Adds its parameters behind prefix + "." (no dot for an empty prefix): V units, K classes. */
recur_status rcr_class_member_create(rcr_class_member *m, recur_params *ps, const char *prefix,
                                     const recur_classify_config *c, int64_t V, int64_t K);
void rcr_class_member_free(rcr_class_member *m);
/* Logits [B, K]. `weights` (may be NULL) gets [B, T]: how much each step counted; NULL without attention. */
recur_tensor *rcr_class_member_forward(recur_tape *tp, const rcr_class_member *m, const rcr_ids *in,
                                       recur_tensor **weights);

/* ---- classify_net.c: the model: members that vote ---- */
typedef struct rcr_classifier {
    recur_ctx *cx;
    recur_classify_config config;
    rcr_lexicon lexicon;
    recur_vocab *labels; /* [K] */
    int64_t *count;      /* [K]: examples of each class in the training part */
    int64_t K;
    double temperature;
    recur_params *ps;
    rcr_class_member *member; /* [config.ensemble] */
    int64_t members;          /* that are made */
} rcr_classifier;

/* With lexicon, labels and count in place: the parameters, to be trained or as the file `from` has them. */
recur_status rcr_classifier_build(rcr_classifier *net, const rcr_model_file *from);
void rcr_classifier_close(rcr_classifier *net);
/* Word vectors from a file for the embeddings of all members. */
recur_status rcr_classifier_vectors(rcr_classifier *net, const char *path, const recur_run *run);
/* The mean of the members' logits [B, K], and of their weights, as for one member. */
recur_tensor *rcr_classifier_forward(recur_tape *tp, const rcr_classifier *net, const rcr_ids *in,
                                     recur_tensor **weights);
/* What training makes small; target [B]. Its value is the members' mean, its gradient that of each one's own
 * loss: they learn as if each were alone. */
recur_tensor *rcr_classifier_loss(recur_tape *tp, const rcr_classifier *net, const rcr_ids *in,
                                  recur_tensor *target);
/* "classes" in a model's metadata: what was learnt beside parameters and vocabularies. */
void rcr_classifier_write(rcr_doc *j, const rcr_classifier *net);
recur_status rcr_classifier_read(rcr_classifier *net, const char *json, const char *name);

/* ---- classify_source.c: files as numbers ---- */
typedef struct rcr_labelled {
    recur_ctx *cx;
    recur_corpus *corpus;
    recur_sequences *ids; /* texts */
    int64_t *label;       /* [n]: 0 .. K - 1, and from K on labels that the model does not know */
    recur_vocab *strange; /* those; NULL: none */
} rcr_labelled;

/* `data`: names of files, '\n' between them. */
recur_status rcr_labelled_open(rcr_labelled *l, recur_ctx *cx, const recur_labelled_config *how,
                               const char *data);
/* So many labels are no classes any more but a wrong column: RECUR_EFORMAT. */
recur_status rcr_classes_check(recur_ctx *cx, const recur_corpus *corpus, int64_t K);
/* Fills in ids and labels. */
recur_status rcr_labelled_encode(rcr_labelled *l, const rcr_classifier *net);
void rcr_labelled_close(rcr_labelled *l);
/* The parts of the first n examples of a corpus, which come from DATA. */
recur_status rcr_classify_split(recur_parts **out, const recur_classify_config *c, const recur_corpus *corpus,
                                int64_t n);
/* Tells of labels that are strange and of texts that were cut. */
void rcr_labelled_note(const rcr_labelled *l, const rcr_classifier *net, const recur_run *run);
uint64_t rcr_labelled_checksum(const rcr_labelled *l, uint64_t sum);

/* ---- classify_score.c ---- */
/* Examples of one purpose. */
typedef struct rcr_class_part {
    const rcr_labelled *of;
    const int64_t *index; /* [n], ascending */
    int64_t n;
    recur_buckets *buckets;
} rcr_class_part;

/* Batches by length: for answers, or shuffled, for training. */
recur_status rcr_class_part_open(rcr_class_part *p, const rcr_classifier *net, bool training);
void rcr_class_part_close(rcr_class_part *p);

/* logits [n, K] of sequences `index` (ascending), which the buckets deal out. */
recur_status rcr_class_logits(recur_tape *tp, const rcr_classifier *net, const recur_sequences *s,
                              const int64_t *index, int64_t n, recur_buckets *buckets, float *logits);
/* Of logits [n, K] probabilities and their logarithms, either of which may be NULL. */
recur_status rcr_class_softmax(recur_tape *tp, const float *logits, int64_t n, int64_t K, double temperature,
                               double *p, double *log_p);
/* The plain cross entropy over a part, for validation after an epoch; NAN if it has no example of a class of the
 * model, INFINITY where it is not finite. */
recur_status rcr_class_loss(recur_tape *tp, const rcr_classifier *net, const rcr_class_part *p, double *loss);
/* The temperature for which the part's answers are worth their probabilities. */
recur_status rcr_class_temperature(recur_tape *tp, const rcr_classifier *net, const rcr_class_part *p,
                                   double *temperature);
/* Everything about the answers to a part. Keeps its corpus, which must outlive the report. */
recur_status rcr_class_report(recur_classify_report **out, recur_tape *tp, const rcr_classifier *net,
                              const rcr_class_part *p);
/* Makes the corpus the report's own. */
void rcr_class_report_keep(recur_classify_report *r, rcr_labelled *l);

/* ---- classify_result.c ---- */
/* `report`: what the details are of; NULL: none. */
recur_status rcr_classify_write_result(recur_ctx *cx, const recur_run *run, const rcr_classifier *net,
                                       const recur_classify_result *r, const recur_classify_report *report);

#endif
