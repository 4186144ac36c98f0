// SPDX-License-Identifier: MIT
/*
 * Tagging: from sentences whose words have tags to a model that tags the words of new ones: parts of speech, names.
 *
 *     recur_tag_config config = recur_tag_defaults();
 *     config.data = "train.conll";
 *     config.crf = true;
 *     recur_run run = {.folder = "runs/names"};
 *     recur_result result;
 *     if (recur_tag_train(cx, &config, &run, &result) != RECUR_OK) ...
 *
 *     recur_tagger *t;
 *     recur_tagged out;
 *     recur_tag_open(&t, cx, "runs/names");
 *     recur_tag_predict(t, tokens, n, NULL, &out);    out.tag[i] is the tag of tokens[i]
 *
 * Each word is read as its embedding and as what a small recurrent layer makes of its characters (Lample et al.
 * 2016); a bidirectional stack reads the sentence; a linear layer scores the tags of each word, and with `crf` a
 * conditional random field scores them as a sequence (Huang et al. 2015).
 */
#ifndef RECUR_TAG_H
#define RECUR_TAG_H

#include "crf.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum recur_char_encoder { RECUR_CHARS_NONE = 0, RECUR_CHARS_LSTM = 1 } recur_char_encoder;

/* Begin with recur_tag_defaults(). Texts are borrowed during the call. */
typedef struct recur_tag_config {
    const char *data;            /* CoNLL columns or CoNLL-U; several names with '\n' between them */
    const char *valid, *test;    /* files of their own instead of parts of `data`; NULL */
    recur_tagged_config columns; /* where tokens and tags stand */
    const char *split;           /* "A,B,C": training, validation, test: fractions or numbers of sentences */
    int order;                   /* 0, 1 = shuffled; 2 = in order */
    int64_t every;               /* instead: every so many-th sentence is for testing; 0: by shares */
    recur_text_config text; /* of words: lowercase, normal form, vocabulary; units are the file's tokens */
    const char *vectors;    /* word vectors to begin with (word2vec or GloVe as text); NULL */
    int char_encoder;       /* recur_char_encoder */
    int64_t char_hidden;    /* units of it, in each direction */
    int64_t char_embedding;
    bool crf;
    recur_model_config model;
    recur_train_config train;
} recur_tag_config;

RECUR_API recur_tag_config recur_tag_defaults(void);
/* The struct as a table of options; ends with a group without a title. */
RECUR_API const recur_option_group *recur_tag_options(void);

/* Trains a model. Metrics: loss (nats per word), accuracy; where the tags are those of
 * a scheme of entities (IOB1, IOB2, IOBES, ..) precision, recall and f1 over entities as conlleval counts them; count
 * is words. The best epoch is the one of the highest F1, else accuracy, on the validation part. The baseline gives each
 * word its most frequent tag in the training part, and unknown words the most frequent tag of all. */
RECUR_API recur_status recur_tag_train(recur_ctx *cx, const recur_tag_config *config, const recur_run *run,
                                       recur_result *result);

/* What is in the data of a configuration, read and cut into parts as training would; n: sentences of each part. How
 * the model is built and trained does not matter. */
RECUR_API recur_status recur_tag_describe(recur_description **out, int64_t n[RECUR_PARTS], recur_ctx *cx,
                                          const recur_tag_config *config);

typedef struct recur_tagger recur_tagger;

/* A trained model: a run folder, or the model file itself. */
RECUR_API recur_status recur_tag_open(recur_tagger **out, recur_ctx *cx, const char *path);
RECUR_API void recur_tag_free(recur_tagger *t);
RECUR_API const recur_tag_config *recur_tag_config_of(const recur_tagger *t); /* lives in `t` */
RECUR_API const recur_vocab *recur_tag_names(const recur_tagger *t);

/* From now on what is not UTF-8 becomes U+FFFD (or is an error again), whatever the training did. */
RECUR_API void recur_tag_lossy(recur_tagger *t, bool lossy);

/* Scores it on a file with tags. A tag that the model does not know counts as wrong. `entities` (may be NULL) gets the
 * scores of each type, to be freed; NULL where the tags have no scheme. */
RECUR_API recur_status recur_tag_evaluate(recur_tagger *t, const char *path, recur_score *score,
                                          recur_entities **entities);

/* The tags of a sentence. Arrays live in the tagger until the next call. */
typedef struct recur_tagged {
    int64_t n;
    const char *const *tag;    /* [n] */
    const double *probability; /* [n]: of each tag given the sentence (with a CRF: its marginal) */
} recur_tagged;
/* `token` [n], `where` [n] (may be NULL): where each stands, for messages. RECUR_EFORMAT for a token that is not UTF-8
 * or is empty. */
RECUR_API recur_status recur_tag_predict(recur_tagger *t, const recur_span *token, int64_t n,
                                         const recur_place *where, recur_tagged *out);

/* The words of a line, for sentences that are not cut into tokens yet: set apart by blanks. Arrays live in the tagger
 * until its next call, the words in the line; `where` (may be NULL) is where the line begins. */
typedef struct recur_tag_line {
    int64_t n;
    const recur_span *token;  /* [n] */
    const recur_place *place; /* [n] */
} recur_tag_line;
RECUR_API recur_status recur_tag_words(recur_tagger *t, recur_span line, const recur_place *where,
                                       recur_tag_line *out);

#ifdef __cplusplus
}
#endif

#endif
