// SPDX-License-Identifier: MIT
/*
 * Classification: from texts with labels to a trained model, from a text to its class.
 *
 *     recur_classify_config config = recur_classify_defaults();
 *     config.data = "reviews.csv";
 *     recur_run run = {.folder = "runs/reviews"};
 *     recur_classify_result result;
 *     if (recur_classify_train(cx, &config, &run, &result) != RECUR_OK) ...
 *
 *     recur_classify *c;
 *     recur_classify_open(&c, cx, "runs/reviews");
 *     recur_classify_predict(c, &(recur_span){text, size}, 1, NULL, p);
 *
 * Units of the text become vectors, a recurrent stack reads them, what it says about all of them is pooled into one
 * vector, and of that a linear layer makes a number per class:
 *
 *     x = embedding(units)      h = stack(x)      h = h + attention(h)      s = pool(h)
 *     p = softmax((W dropout(s) + b) / temperature)
 *
 * where attention (several heads, every unit looks at every other one) and a hidden layer before the output are
 * options. Pooling: the states at both ends, their mean, their maximum (Conneau et al. 2017), or a learnt weighted
 * mean (Yang et al. 2016). The temperature (Guo et al. 2017) is fitted on the validation part when all else is
 * learnt: it changes no answer, but makes probabilities what they say.
 */
#ifndef RECUR_CLASSIFY_H
#define RECUR_CLASSIFY_H

#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Begin with recur_classify_defaults(). Texts are borrowed during the call. */
typedef struct recur_classify_config {
    /* data */
    const char *data;         /* a file, or several with '\n' between their names */
    const char *valid, *test; /* files of their own instead of parts of `data`; NULL */
    recur_labelled_config read;
    const char *split;      /* "A,B,C": fractions or numbers of examples for training, validation, test */
    int order;              /* 0 or 1 = drawn at random; 2 = in order */
    int64_t every;          /* > 1: every so many-th example is for the test part; 0: by `split` alone */
    bool distinct;          /* equal texts stay in one part */
    recur_text_config text; /* what a text is cut into */
    const char *vectors;    /* file of word vectors to begin with; NULL */
    /* model and training, beyond what all tasks have; model.embedding 0 means 100 for words, 64 for characters, or
     * what the file of vectors has; model.embedding_dropout NaN means 0.3 for words, 0.05 for characters */
    int64_t dense;          /* units of a hidden layer (relu) before the output; 0: none */
    bool batch_norm;        /* of that layer, or of what was pooled */
    int64_t ensemble;       /* so many networks learn side by side, each from other random numbers, and their
                                 logits are averaged (Lakshminarayanan et al. 2017); 1 */
    bool class_weights;     /* rare classes weigh more in training: n / (K times their number) */
    double label_smoothing; /* the share of a target that is dealt out to all classes */
    bool temperature_scaling; /* on the validation part */
    recur_model_config model;
    recur_train_config train;
} recur_classify_config;

RECUR_API recur_classify_config recur_classify_defaults(void);
/* The struct as a table of options; ends with a group without a title. */
RECUR_API const recur_option_group *recur_classify_options(void);

/* Scores hold loss (nats; of the plain cross entropy, with the temperature), accuracy, precision, recall, f1 (means
 * over the classes that occur), calibration_error (10 bins). The baseline answers the training part's most frequent
 * class, and for the loss its frequencies. */
typedef struct recur_classify_result {
    recur_result common;
    int64_t classes;    /* K */
    int64_t vocabulary; /* V, special units included */
    double temperature; /* 1 without scaling */
    double error_before,
        error_after; /* calibration error of the test part (without one: of the validation part)
                                         without and with the temperature */
} recur_classify_result;

/* Trains a model. With a folder in `run` it leaves there, besides the files of train.h, result.json. The classes
 * are the labels of the training part; examples of other parts with another label count as wrong, while loss and
 * calibration leave them out. Statuses as recur_forecast_train(); RECUR_EFORMAT too where there are not two
 * classes. */
RECUR_API recur_status recur_classify_train(recur_ctx *cx, const recur_classify_config *config,
                                            const recur_run *run, recur_classify_result *result);

/* What is in the data of a configuration, read and cut into parts as training would; n: examples of each part. How
 * the model is built and trained does not matter. */
RECUR_API recur_status recur_classify_describe(recur_description **out, int64_t n[RECUR_PARTS], recur_ctx *cx,
                                               const recur_classify_config *config);

typedef struct recur_classify recur_classify;

/* A trained model: a run folder, or the model file itself. */
RECUR_API recur_status recur_classify_open(recur_classify **out, recur_ctx *cx, const char *path);
RECUR_API void recur_classify_free(recur_classify *c);
RECUR_API const recur_classify_config *recur_classify_config_of(const recur_classify *c); /* lives in `c` */
RECUR_API int64_t recur_classify_classes(const recur_classify *c);                        /* K */
RECUR_API const char *recur_classify_label(const recur_classify *c, int64_t class_id);    /* "" for none */
/* From now on what is not UTF-8 becomes U+FFFD (or is an error again), whatever the training did. */
RECUR_API void recur_classify_lossy(recur_classify *c, bool lossy);

/* ---- scoring ---- */

enum { RECUR_CLASSIFY_BINS = 10 };

typedef struct recur_classified {
    recur_span text;
    const char *file;
    int64_t line;
    int64_t label, answer; /* classes */
    double probability;    /* of the answer */
} recur_classified;

/* Everything about the answers to a set of examples. To be freed before the classifier. */
typedef struct recur_classify_report {
    recur_ctx *cx;
    recur_score score, baseline;
    int64_t K, known;          /* classes: first those of the model, then labels that it does not know */
    const char *const *label;  /* [K] */
    const int64_t *confusion;  /* [K, K]: row = label, column = answer */
    const recur_prf *of_class; /* [K] */
    recur_calibration calibration;
    double unscaled_error; /* the calibration error without the temperature */
    recur_reliability bin[RECUR_CLASSIFY_BINS];
    int64_t n;                       /* examples */
    const recur_classified *example; /* [n], as they stand in the data */
} recur_classify_report;

/* Answers every example of the files (with '\n' between their names), which are read as in training. */
RECUR_API recur_status recur_classify_evaluate(recur_classify_report **out, recur_classify *c,
                                               const char *data);
RECUR_API void recur_classify_report_free(recur_classify_report *r);

/* ---- asking ---- */

/* p [n, K]: the probabilities of the classes for n texts. An empty text has an answer too. Each text's answer
 * depends on nothing but the text. `where` [n] or NULL: for messages. RECUR_EFORMAT where a text is not UTF-8. */
RECUR_API recur_status recur_classify_predict(recur_classify *c, const recur_span *text, int64_t n,
                                              const recur_place *where, double *p);

/* How much each unit of a text counted: by attention pooling its weight in the mean; else by several heads the
 * attention that it got, a mean over heads and over all units that look. The weights of a text sum to 1. Lives in
 * the classifier until the next call. */
typedef struct recur_classify_words {
    int64_t n;
    const recur_span *word; /* [n] as the tokenizer cut them */
    const double *weight;   /* [n] */
} recur_classify_words;

/* The answer p [K] to one text, and why. RECUR_EUNSUPPORTED for a model without attention. */
RECUR_API recur_status recur_classify_explain(recur_classify *c, recur_span text, const recur_place *where,
                                              double *p, recur_classify_words *words);

#ifdef __cplusplus
}
#endif

#endif
