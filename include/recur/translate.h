// SPDX-License-Identifier: MIT
/*
 * Translation: from pairs of sentences to a model, from a sentence to its translation. Source and target may be
 * any two sequences of units: two languages, words and digits, dates in two forms.
 *
 *     recur_translate_config config = recur_translate_defaults();
 *     config.data = "train.de\ntrain.en";
 *     config.valid = "val.de,val.en";
 *     recur_run run = {.folder = "runs/de-en"};
 *     recur_translate_result result;
 *     if (recur_translate_train(cx, &config, &run, &result) != RECUR_OK) ...
 *
 *     recur_translate *t;
 *     recur_translate_open(&t, cx, "runs/de-en");
 *     recur_decoding how = recur_translate_decoding(t);
 *     recur_translate_texts(&found, t, &(recur_span){"Zwei Hunde.", 11}, 1, &how);
 *     puts(found->source[0].best[0].text);
 *
 * An encoder reads the source, a decoder writes the target a unit at a time (Sutskever et al. 2014). With attention
 * each step looks at all that the encoder read (Bahdanau et al. 2015). The form is Luong's (Luong et al. 2015): the
 * query is the decoder's state AFTER its recurrent layers, so that in training whole targets go through the decoder at
 * once and all their queries are answered together:
 *
 *     h_1 .. h_S = encoder(x_1 .. x_S, <eos>)                bidirectional: both directions side by side
 *     s_0        = tanh(W_b h_last + b_b)                    of each layer; an LSTM's c_0 without the tanh
 *     s_t        = decoder(y_{t-1}, s_{t-1})                 y_0 = <bos>
 *     a_t        = softmax_j score(s_t, h_j),  c_t = sum_j a_tj h_j
 *     o_t        = tanh(W_c [s_t; c_t] + b_c)                without attention: of s_t alone
 *     p(y_t)     = softmax(W_o o_t + b_o)
 *
 * An encoder of two directions has hidden / 2 units in each, so that h_j and s_t are of one size; o_t is as wide as
 * an embedding.
 */
#ifndef RECUR_TRANSLATE_H
#define RECUR_TRANSLATE_H

#include "attention.h"
#include "decode.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Begin with recur_translate_defaults(). Texts are borrowed during the call. */
typedef struct recur_translate_config {
    /* Data: a table of pairs; or two files of lines that belong together, their names with a line end or a comma
     * between them (a file that has the whole name goes first). */
    const char *data;
    const char *valid, *test; /* files of their own instead of parts of `data`; NULL */
    recur_paired_config pairs;
    const char *
        split; /* "A,B,C": fractions or numbers of pairs for training, validation, test. NULL: 0.8,0.1,0.1; with
                          `valid` or `test` all of `data` for training */
    int order;  /* 0, 1 = parts are drawn at random; 2 = they follow each other */
    bool group; /* all translations of one source stay in one part */

    /* units: `text` is for both sides. Pairs with a side of more than max_length units are not trained on */
    recur_text_config text; /* max_length 0: 100 words, 400 characters */
    bool share_vocab;       /* one vocabulary for both sides, and one embedding */

    bool reverse_source; /* the encoder reads the last unit first (Sutskever et al. 2014) */
    bool
        input_feeding; /* the decoder reads [y_{t-1}; o_{t-1}] (Luong et al. 2015): step by step, also in training */
    bool tie;          /* W_o is the target's embedding (Press and Wolf 2017) */
    recur_model_config model;

    /* Scheduled sampling (Bengio et al. 2015): with probability `teacher_forcing` the decoder reads the right
     * y_{t-1}, else the most probable one by the model. The probability goes in a line from the first epoch's to the
     * last one's. Below 1 each batch is first decoded step by step. */
    double teacher_forcing;
    double teacher_forcing_end; /* NaN: as teacher_forcing */
    double label_smoothing;     /* of the training loss; validation and scores are without */
    recur_train_config train;

    /* what a trained model does unless it is told otherwise */
    int64_t beam;          /* width of the search */
    double length_penalty; /* alpha: scores are log p / |Y|^alpha */
    double
        max_ratio; /* a translation has at most max_ratio |X| + 10 units; 0: what the training part needs */
    bool copy_unknown; /* an unknown unit becomes the unit of the source that it attends to most */

    int bleu;       /* recur_bleu_tokens */
    int64_t sample; /* translations in samples.txt and result.json */
} recur_translate_config;

RECUR_API recur_translate_config recur_translate_defaults(void);
/* The struct as a table of options; ends with a group without a title. */
RECUR_API const recur_option_group *recur_translate_options(void);

/* Metrics of a part: `loss` (nats per target unit, <eos> included) and `perplexity`, given what stands before; `bleu`
 * and `exact`, the share of translations that are the reference, of what the search finds. Both compare plain text:
 * units put together again, any run of blanks a single one. Of the training part at most a thousand pairs, evenly
 * spread, are scored. The baseline says the
 * source, on the test part, or on the validation part where there is no other. */
typedef struct recur_translate_result {
    recur_result common;
    char signature[RECUR_SIGNATURE]; /* how BLEU was counted */
} recur_translate_result;

/* Trains a model. With a folder in `run` it leaves there the files of train.h, result.json and samples.txt. Errors as
 * recur_forecast_train(). */
RECUR_API recur_status recur_translate_train(recur_ctx *cx, const recur_translate_config *config,
                                             const recur_run *run, recur_translate_result *result);

typedef struct recur_translate recur_translate;

/* A trained model: a run folder, or the model file itself. */
RECUR_API recur_status recur_translate_open(recur_translate **out, recur_ctx *cx, const char *path);
RECUR_API void recur_translate_free(recur_translate *t);
/* These live in `t`; the target's vocabulary may be the source's. */
RECUR_API const recur_translate_config *recur_translate_config_of(const recur_translate *t);
RECUR_API const recur_vocab *recur_translate_vocab(const recur_translate *t, recur_side side);
/* From now on what is not UTF-8 becomes U+FFFD (or is an error again), whatever the training did. */
RECUR_API void recur_translate_lossy(recur_translate *t, bool lossy);
/* Does each unit of a translation attend to units of the source? */
RECUR_API bool recur_translate_attends(const recur_translate *t);

/* How to translate. Begin with recur_translate_decoding(): as the model was configured. */
typedef struct recur_decoding {
    int64_t beam;          /* >= 1; 1 is greedy */
    int64_t n_best;        /* translations of each text, at most beam */
    double length_penalty; /* >= 0 */
    bool copy_unknown;     /* passed over where there is no attention */
    bool attention;        /* give the weights as well */
} recur_decoding;
RECUR_API recur_decoding recur_translate_decoding(const recur_translate *t);

typedef struct recur_translation {
    const char *text; /* a NUL stands behind it */
    size_t size;
    double log_p, score; /* of all its units; divided by |Y|^alpha, the order of the n best */
    bool finished;       /* it ended with <eos>, else at the greatest length */
    int64_t U;
    const recur_span
        *unit; /* [U]: as the model said them, unknown ones copied; "<eos>" the last if finished */
    const float *attention; /* [U, S]: each row sums to 1; NULL unless asked for and there */
} recur_translation;

typedef struct recur_translated {
    int64_t S;
    const recur_span *unit;        /* [S]: of the source, "<eos>" the last */
    bool cut;                      /* the source had more than max_length units: the rest was not read */
    int64_t n;                     /* translations, at most n_best; none for a source without units */
    const recur_translation *best; /* [n], best first */
} recur_translated;

typedef struct recur_translations {
    recur_ctx *cx;
    int64_t n;
    const recur_translated *source; /* [n], as the texts came */
} recur_translations;

/* Translates n texts. The result does not depend on what is translated together. RECUR_EFORMAT for a text that is
 * not UTF-8 or holds a NUL byte: "text" and its number from 1 stand for file and line, unless `where` [n] (may be
 * NULL) says. Needs nothing of `t` afterwards. */
RECUR_API recur_status recur_translate_texts(recur_translations **out, recur_translate *t,
                                             const recur_span *text, const recur_place *where, int64_t n,
                                             const recur_decoding *how);
RECUR_API void recur_translations_free(recur_translations *t);

/* Scores it on every pair of `data` (as in the configuration). `how` NULL: as configured. `baseline` and `signature`
 * may be NULL. */
RECUR_API recur_status recur_translate_evaluate(recur_translate *t, const char *data,
                                                const recur_decoding *how, recur_score *score,
                                                recur_score *baseline, char signature[RECUR_SIGNATURE]);

#ifdef __cplusplus
}
#endif

#endif
