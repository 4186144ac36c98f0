// SPDX-License-Identifier: MIT
/* How tasks on text read their input: text becomes ids (lexicon.c), ids become the states of a recurrent stack
 * (encoder.c). */
#ifndef RCR_TASK_ENCODER_H
#define RCR_TASK_ENCODER_H

#include "task/job.h"

/* ---- lexicon.c: text as ids, the same in training and in use ---- */

/* The tokenizer comes from the configuration, the vocabulary from the training part or a model's metadata. */
typedef struct rcr_lexicon {
    recur_tokenizer *tokenizer;
    recur_vocab *vocab;
} rcr_lexicon;

/* `flags`: RECUR_TOKENS_*. Close it even after a failure. */
recur_status rcr_lexicon_open(rcr_lexicon *l, recur_ctx *cx, const recur_text_config *c, unsigned flags);
/* The units that the configuration keeps of those that were counted; RECUR_EFORMAT where none is left. */
recur_status rcr_lexicon_learn(rcr_lexicon *l, recur_ctx *cx, const recur_counts *counts);
/* The vocabulary in the metadata of a model file; one without special units is refused. */
recur_status rcr_lexicon_read(rcr_lexicon *l, const rcr_model_file *f, const char *key);
void rcr_lexicon_close(rcr_lexicon *l);

/* Any vocabulary in the metadata: labels, tags. RECUR_EFORMAT where `specials` is not how it is. */
recur_status rcr_vocab_of_file(recur_vocab **out, const rcr_model_file *f, const char *key, bool specials);

/* ---- encoder.c: ids as states ---- */

typedef struct rcr_encoder {
    recur_embedding_layer embedding; /* [V, E], with the dropout of words */
    recur_rnn *rnn;
    int64_t E;     /* numbers of a unit */
    int64_t width; /* numbers of a state: D * H */
} rcr_encoder;

/* "prefix.part", or "part" for an empty prefix. */
enum { RCR_NAME = 256 };
recur_status rcr_named(recur_ctx *cx, char text[RCR_NAME], const char *prefix, const char *part);

/* Adds "embedding.weight" and "rnn.*" behind prefix + "." (no dot for an empty prefix). m->embedding is E, at least
 * 1; `beside` numbers a step stand beside the embedding in what the stack reads (characters of a word), usually
 * 0. Rows of PAD and UNK begin as zeros: a word that was never seen counts like one that dropout has left out. */
recur_status rcr_encoder_create(rcr_encoder *e, recur_params *ps, const char *prefix,
                                const recur_model_config *m, int64_t V, int64_t beside);
void rcr_encoder_free(rcr_encoder *e);

/* A batch of sequences as two tensors: ids [B, T], padded, and their lengths [B]. T is at least 1. */
typedef struct rcr_ids {
    recur_tensor *ids, *lengths;
    int64_t B, T;
} rcr_ids;

/* The stack over the embeddings, some words left out in training. Where numbers stand beside the embeddings a task
 * calls recur_embedding_forward() and recur_rnn_forward() itself. */
recur_rnn_out rcr_encoder_forward(recur_tape *tp, const rcr_encoder *e, const rcr_ids *in);

/* ---- both (lexicon.c) ---- */

/* Sequences `index` [B] as a batch. */
rcr_ids rcr_ids_of(recur_tape *tp, const recur_sequences *s, const int64_t *index, int64_t B);
/* Word vectors from a file of E numbers a line into the rows of the units that have one; tells `run` how many. */
recur_status rcr_encoder_vectors(rcr_encoder *e, const recur_vocab *vocab, const char *path,
                                 const recur_run *run);

#endif
