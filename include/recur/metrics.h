// SPDX-License-Identifier: MIT
/*
 * Metrics: how good answers are, in the data's own units.
 *
 * Plain functions over the caller's arrays, and counters for what is added up sentence by sentence. Sums run in
 * order, in double. A value that is not defined is NaN (JSON: null), where the metric's own definition does not
 * say otherwise. Shares are fractions; BLEU and chrF run from 0 to 100, as they are published. Text is UTF-8;
 * a byte that is not counts as a character of its own.
 */
#ifndef RECUR_METRICS_H
#define RECUR_METRICS_H

#include "data.h"
#include "scheme.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------- regression
 * e = target - predicted, y = target. */
typedef struct recur_regression {
    int64_t count;            /* numbers compared */
    double mse, mae, rmse;    /* mean e^2, mean |e|, square root of mse */
    double r2;                /* 1 - sum e^2 / sum (y - mean y)^2; NaN for constant targets */
    double mape;              /* mean |e| / |y|, a fraction; NaN where a target is 0 */
    double mase;              /* mae / naive; NaN unless naive > 0 */
    double relative_accuracy; /* 1 - mean(|e| / (|y| + 0.0001)) */
} recur_regression;

/* n numbers each; `naive` is what MASE divides by: recur_naive_error() of the training part, or NaN. All NaN
 * for n = 0. */
RECUR_API void recur_regression_metrics(recur_regression *out, const double *target, const double *predicted,
                                        int64_t n, double naive);

/* ------------------------------------------------------------------------------------------ classification
 * Everything about K classes comes from the confusion matrix [K, K]: row = target, column = predicted. */

/* Adds n pairs to it; those with a class outside 0 .. K - 1 (padding) are left out. Returns how many it added. */
RECUR_API int64_t recur_confusion_add(int64_t *confusion, int64_t K, const int64_t *target,
                                      const int64_t *predicted, int64_t n);

/* precision = correct / predicted, recall = correct / target, f1 = their harmonic mean; 0 / 0 counts as 0. */
typedef struct recur_prf {
    double precision, recall, f1;
} recur_prf;

typedef struct recur_classification {
    int64_t count;        /* pairs; for 0 all below is NaN */
    double accuracy;      /* correct / count */
    recur_prf micro;      /* of the sums over classes: for single labels all three are the accuracy */
    recur_prf macro;      /* mean over all K classes: macro f1 is the mean of the classes' f1 */
    recur_prf macro_seen; /* mean over the classes that occur in the targets or the predictions */
    recur_prf weighted;   /* mean over classes weighted by their targets */
} recur_classification;

/* per_class [K] may be NULL. */
RECUR_API void recur_classification_metrics(recur_classification *out, recur_prf *per_class,
                                            const int64_t *confusion, int64_t K);

/* ------------------------------------------------------------------------------------------------ entities
 * Precision, recall and F1 over entities: one counts as correct if type, first and last token all agree.
 *
 * Tags are those that recur_span_tag_of() (scheme.h) reads, of any scheme: IOB1, IOB2, IOBES, BILOU, BMES. */
typedef enum recur_entity_rule {
    /* as conlleval (Tjong Kim Sang & Buchholz 2000) reads any of these schemes, mixed ones too: an I after O, or
     * after another type, begins an entity */
    RECUR_ENTITY_CONLL = 0,
    /* only B and S begin an entity; what goes on or ends where none is open is ignored */
    RECUR_ENTITY_STRICT = 1
} recur_entity_rule;

typedef struct recur_entities recur_entities;

typedef struct recur_entity_score {
    int64_t gold, predicted, correct; /* entities */
    double precision, recall, f1;     /* 0 / 0 counts as 0, as in conlleval */
} recur_entity_score;

/* tags [K]: the names of the tag ids. RECUR_EUNSUPPORTED with a text if one is no tag as above (parts of speech
 * have no entities); nothing of `tags` is kept. */
RECUR_API recur_status recur_entities_create(recur_entities **out, recur_ctx *cx, const char *const *tags,
                                             int64_t K, recur_entity_rule rule);
RECUR_API void recur_entities_free(recur_entities *e);
/* Counts a sentence of n tags; an id outside 0 .. K - 1 counts as O. Cannot fail. */
RECUR_API void recur_entities_add(recur_entities *e, const int64_t *target, const int64_t *predicted,
                                  int64_t n);
RECUR_API recur_entity_score recur_entities_score(const recur_entities *e); /* of all types together */
RECUR_API double recur_entities_accuracy(const recur_entities *e); /* of the tags, O included; NaN for none */
/* The types in the order of their bytes: number, name (lives in e; NULL past the end), score. */
RECUR_API int64_t recur_entities_types(const recur_entities *e);
RECUR_API const char *recur_entities_type(const recur_entities *e, int64_t type, recur_entity_score *score);

/* ---------------------------------------------------------------------------------------------- likelihood */
typedef struct recur_perplexity {
    int64_t count;
    double mean_nll;   /* nats per unit */
    double perplexity; /* exp(mean) */
    double bits;       /* mean / ln 2: bits per unit */
} recur_perplexity;

/* From the sum of -log p over all units (tokens, or the characters they stand for), not from means of
 * sentences. All NaN for count 0. */
RECUR_API void recur_perplexity_metrics(recur_perplexity *out, double sum_nll, int64_t count);

/* Calibration (Guo et al. 2017): the confidence of an answer is its probability, the largest of its row. Bin m
 * of M holds confidences in (m / M, (m + 1) / M]. */
typedef struct recur_reliability {
    int64_t count;
    double confidence, accuracy; /* means of the bin; NaN where it is empty */
} recur_reliability;

typedef struct recur_calibration {
    int64_t count;               /* for 0 all below is NaN */
    double accuracy, confidence; /* means over everything */
    double ece;   /* expected calibration error: sum over bins of count / n * |accuracy - confidence| */
    double mce;   /* the largest |accuracy - confidence| of a bin */
    double nll;   /* mean -log p of the target */
    double brier; /* mean over rows of sum over classes (p - [class is the target])^2 */
} recur_calibration;

/* p [n, K] probabilities, target [n] (rows with one outside 0 .. K - 1 are left out); bins [M]. Equal
 * probabilities: the first class is the answer. */
RECUR_API void recur_calibration_metrics(recur_calibration *out, recur_reliability *bins, int64_t M,
                                         const double *p, const int64_t *target, int64_t n, int64_t K);

/* Temperature scaling: the T for which softmax(logits / T) gives the targets the largest likelihood; logits
 * [n, K] of data the model was not trained on, targets as above. The likelihood is concave in 1 / T: Newton
 * steps kept in a bracket. Within 0.01 .. 100, an end where the best lies beyond; NaN where no row counts. */
RECUR_API double recur_temperature_fit(const double *logits, const int64_t *target, int64_t n, int64_t K);

/* ------------------------------------------------------------------------------------------- edit distance
 * Levenshtein: the fewest insertions, deletions and substitutions, each of cost 1. */
RECUR_API recur_status recur_edit_distance(int64_t *out, recur_ctx *cx, const int64_t *a, int64_t n,
                                           const int64_t *b, int64_t m);

typedef enum recur_edit_unit {
    RECUR_EDIT_CHAR = 0, /* Unicode code points */
    RECUR_EDIT_WORD = 1  /* what white space separates */
} recur_edit_unit;

/* Begin with {0}. Rate of a corpus (character or word error rate): edits / length. */
typedef struct recur_edits {
    int64_t edits, length; /* length: units of the references */
} recur_edits;

/* Adds a pair of texts to *total, which is unchanged where it fails. */
RECUR_API recur_status recur_edits_add(recur_edits *total, recur_ctx *cx, recur_edit_unit unit,
                                       const char *reference, const char *hypothesis);
RECUR_API double recur_edits_rate(const recur_edits *e); /* NaN for length 0 */

/* ---------------------------------------------------------------------------------------------------- BLEU
 * Of a corpus, up to 4-grams (Papineni et al. 2002), as sacrebleu counts it (Post 2018), whose tokenisation and
 * smoothing bear the names below. Give it text as people write it, not the model's own tokens. */
typedef enum recur_bleu_tokens {
    RECUR_BLEU_13A = 0,  /* mteval-v13a: for most languages written with spaces */
    RECUR_BLEU_NONE = 1, /* what white space separates */
    RECUR_BLEU_CHAR = 2, /* characters */
    RECUR_BLEU_ZH = 3    /* Chinese characters one by one, the rest as 13a */
} recur_bleu_tokens;

typedef enum recur_bleu_smooth {
    RECUR_BLEU_EXP = 0, /* k-th order without a match: 1 / (2^k total) (NIST) */
    RECUR_BLEU_NO_SMOOTH = 1,
    RECUR_BLEU_FLOOR = 2, /* 0 matches count as `value`, 0.1 if that is 0 */
    RECUR_BLEU_ADD_K = 3  /* `value`, 1 if that is 0, is added to matches and totals beyond 1-grams */
} recur_bleu_smooth;

/* {0} is sacrebleu's default. */
typedef struct recur_bleu_options {
    recur_bleu_tokens tokens;
    recur_bleu_smooth smooth;
    double value;         /* of floor and add-k; 0: their default */
    bool effective_order; /* leave out orders longer than any candidate: for single sentences */
} recur_bleu_options;

typedef struct recur_bleu recur_bleu;

typedef struct recur_bleu_score {
    double bleu; /* 0 .. 100 */
    int64_t sentences;
    int64_t matches[4], totals[4]; /* n-grams of the candidates found in a reference; all of them */
    double precision[4];           /* fractions, smoothed; all 0 without any match */
    double brevity_penalty;        /* exp(1 - r / c) where c < r, else 1 */
    int64_t candidate_length, reference_length; /* c, r in tokens; r adds the reference closest in length, the
                                                   shorter of two */
} recur_bleu_score;

/* `opt` may be NULL. */
RECUR_API recur_status recur_bleu_create(recur_bleu **out, recur_ctx *cx, const recur_bleu_options *opt);
RECUR_API void recur_bleu_free(recur_bleu *b);
/* Counts a candidate against its n >= 1 references; nothing is counted where it fails. */
RECUR_API recur_status recur_bleu_add(recur_bleu *b, const char *candidate, const char *const *references,
                                      int64_t n);
RECUR_API void recur_bleu_result(const recur_bleu *b, recur_bleu_score *out);

/* What was counted, in one line in the form of sacrebleu, under this library's name:
 * "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:recur-0.1.0"; nrefs is "var" if the number of references
 * varied. Returns `buffer`. */
enum { RECUR_SIGNATURE = 128 };
RECUR_API const char *recur_bleu_signature(const recur_bleu *b, char buffer[RECUR_SIGNATURE]);

/* chrF2 (Popovic 2015) as sacrebleu counts it: F-score over characters' n-grams up to 6 without white space,
 * recall weighing twice; of several references the one of the best score counts. */
typedef struct recur_chrf {
    int64_t sentences;
    int64_t candidate[6], reference[6], matches[6]; /* n-grams, by n - 1 */
} recur_chrf;

/* Adds a sentence to *total, which begins with {0} and is unchanged where it fails. */
RECUR_API recur_status recur_chrf_add(recur_chrf *total, recur_ctx *cx, const char *candidate,
                                      const char *const *references, int64_t n);
RECUR_API double recur_chrf_score(const recur_chrf *c); /* 0 .. 100; NaN without a sentence */

#ifdef __cplusplus
}
#endif

#endif
