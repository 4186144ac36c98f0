// SPDX-License-Identifier: MIT
/*
 * Language models: from a plain text to a model of what comes next, from a model to perplexity and new text.
 *
 *     recur_language_config config = recur_language_defaults();
 *     config.data = "plays.txt";
 *     recur_run run = {.folder = "runs/plays"};
 *     recur_result result;
 *     if (recur_language_train(cx, &config, &run, &result) != RECUR_OK) ...
 *
 *     recur_language *lm;
 *     recur_language_open(&lm, cx, "runs/plays");
 *     recur_generation g = recur_generation_defaults();
 *     g.prompt = "ROMEO:";
 *     recur_language_generate(lm, &g, write_text, file);
 *
 * An embedding of the unit before (character or word), a recurrent stack, a linear layer: the logits of the next
 * unit (Mikolov et al. 2010). Trained by truncated backpropagation through time: the text is cut into
 * `batch_size` lanes that are read side by side, `window` units at a step, each lane's state carried from one
 * step to the next.
 */
#ifndef RECUR_LANGUAGE_H
#define RECUR_LANGUAGE_H

#include "decode.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Begin with recur_language_defaults(). Texts are borrowed during the call. */
typedef struct recur_language_config {
    const char *data;         /* plain text, of any size: it is not read into memory */
    const char *valid, *test; /* files of their own instead of parts of `data`; NULL */
    const char *split; /* "A,B,C": training, validation, test, one behind the other: fractions or units */
    recur_text_config text; /* max_length does not count here */
    int64_t window;         /* units of a step of truncated backpropagation */
    bool tie;               /* the embedding is the output layer's weight too (Press and Wolf 2017) */
    int64_t sample;         /* units of text written to samples.txt after each epoch; 0: none */
    recur_model_config model;
    recur_train_config train;
} recur_language_config;

RECUR_API recur_language_config recur_language_defaults(void);
/* The struct as a table of options; ends with a group without a title. */
RECUR_API const recur_option_group *recur_language_options(void);

/* Trains a model. Metrics: loss (nats per unit), bits_per_unit, perplexity; count is units. The baseline is the
 * unigram: each unit by its frequency in the training part. With a folder in `run` it leaves there the files of
 * train.h, result.json and samples.txt. Errors as recur_forecast_train(). */
RECUR_API recur_status recur_language_train(recur_ctx *cx, const recur_language_config *config,
                                            const recur_run *run, recur_result *result);

typedef struct recur_language recur_language;

/* A trained model: a run folder, or the model file itself. */
RECUR_API recur_status recur_language_open(recur_language **out, recur_ctx *cx, const char *path);
RECUR_API void recur_language_free(recur_language *lm);
/* Live in `lm`. */
RECUR_API const recur_language_config *recur_language_config_of(const recur_language *lm);
/* From now on what is not UTF-8 becomes U+FFFD (or is an error again), whatever the training did. */
RECUR_API void recur_language_lossy(recur_language *lm, bool lossy);
RECUR_API const recur_vocab *recur_language_vocab(const recur_language *lm);

/* How probable the model finds a text. The text is read in as many lanes as leave each 4096 units (at most 16);
 * each begins without a past, so the figures err on the safe side. The baseline is the unigram of the training
 * part. */
RECUR_API recur_status recur_language_evaluate(recur_language *lm, const char *path, recur_score *score,
                                               recur_score *baseline);

/* What to write. Begin with recur_generation_defaults(). */
typedef struct recur_generation {
    const char *prompt;      /* the beginning of the text, not written again; NULL or "": a new line */
    int64_t length;          /* units to write */
    recur_sampling sampling; /* temperature 1; special units are never drawn */
    int64_t past;            /* the repetition penalty looks at so many units back; 0: at all */
    int64_t beam;            /* > 0: the most probable text by a beam of this width, instead of sampling */
} recur_generation;
/* 500 units at temperature 0.8. */
RECUR_API recur_generation recur_generation_defaults(void);

/* Takes a piece of text as it comes, whole characters, at most a unit and the blank before it. Returning false
 * ends the writing; that is no error. */
typedef bool recur_write_text(void *user, const char *text, size_t size);

/* The same bits for the same model, options and seed, whatever the machine. RECUR_EFORMAT for a prompt that is
 * not UTF-8. A unit of the prompt that the model does not know is read as unknown. */
RECUR_API recur_status recur_language_generate(recur_language *lm, const recur_generation *g,
                                               recur_write_text *write, void *user);

#ifdef __cplusplus
}
#endif

#endif
