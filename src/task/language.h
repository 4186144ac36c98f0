// SPDX-License-Identifier: MIT
/* Inside of language models: what their files share.
 *
 *     source (files -> streams of units -> lanes) -> net (forward) -> loss; generator (a plan, step by step) */
#ifndef RCR_TASK_LANGUAGE_H
#define RCR_TASK_LANGUAGE_H

#include <recur/language.h>

#include "task/job.h"

/* ---- language_config.c ---- */
extern const rcr_task rcr_language_task;
recur_status rcr_language_check(recur_ctx *cx, const recur_language_config *c);
/* Puts the usual sizes where the configuration leaves them open. */
void rcr_language_settle(recur_language_config *c);

/* ---- language_words.c: units and how often they stand in the training part ---- */
typedef struct rcr_language_words {
    recur_ctx *cx;
    recur_tokenizer *tokenizer;
    recur_vocab *vocab;
    double *unigram; /* [V]: log-probabilities of units; special units but the unknown one: -inf */
} rcr_language_words;

recur_status rcr_language_tokenizer(rcr_language_words *w, recur_ctx *cx, const recur_language_config *c);
/* The vocabulary and the unigram of units from .. to - 1 of a stream. */
recur_status rcr_language_count(rcr_language_words *w, const recur_text_config *c, recur_stream *s,
                                int64_t from, int64_t to);
/* "unigram" in a model's metadata: how often each unit of the vocabulary stood in the training part. */
void rcr_language_words_write(rcr_doc *j, const rcr_language_words *w);
recur_status rcr_language_words_read(rcr_language_words *w, const rcr_model_file *f);
void rcr_language_words_free(rcr_language_words *w);

/* ---- language_net.c: the model ---- */
typedef struct rcr_language_net {
    recur_params *ps;
    recur_embedding_layer embedding;
    recur_rnn *rnn;
    recur_linear_layer bridge; /* H -> E, only where the weights are tied and H is not E */
    recur_linear_layer output;
    recur_language_config config;
} rcr_language_net;

/* To be trained, or as the file `from` has it. */
recur_status rcr_language_net_create(rcr_language_net *net, recur_ctx *cx, const recur_language_config *c,
                                     int64_t V, const rcr_model_file *from);
void rcr_language_net_free(rcr_language_net *net);
/* All that a plan of it holds. */
recur_status rcr_language_net_plan(recur_plan **out, const rcr_language_net *net);

/* States carried from window to window: h, c [L, B, H]. */
typedef struct rcr_language_state {
    recur_params *kept; /* holds the two, so that a checkpoint can keep them */
    recur_tensor *h, *c;
} rcr_language_state;
recur_status rcr_language_state_create(rcr_language_state *s, recur_ctx *cx, const rcr_language_net *net,
                                       int64_t B);
void rcr_language_state_free(rcr_language_state *s);

/* Mean loss over the units of a window (time-major): nats per unit. Reads and replaces the state. */
recur_tensor *rcr_language_loss(recur_tape *tp, const rcr_language_net *net, const recur_window_of_text *w,
                                rcr_language_state *state);

/* ---- language_score.c ---- */
/* Units from .. to - 1 of a stream. */
typedef struct rcr_language_part {
    recur_stream *stream;
    int64_t from, to;
} rcr_language_part;
/* Sum of -log p and how many units: by the model. */
recur_status rcr_language_part_score(recur_tape *tp, const rcr_language_net *net, const rcr_language_words *w,
                                     const rcr_language_part *p, recur_score *score);
recur_status rcr_language_part_unigram(const rcr_language_words *w, const rcr_language_part *p,
                                       recur_score *score);

/* ---- language_generate.c ---- */
recur_status rcr_language_write(const rcr_language_net *net, const rcr_language_words *w,
                                const recur_generation *g, recur_write_text *write, void *user);

#endif
