// SPDX-License-Identifier: MIT
/* Inside of tagging: what its files share.
 *
 *     source (files -> sentences -> ids of words, forms, characters and tags) -> net (forward) -> score */
#ifndef RCR_TASK_TAG_H
#define RCR_TASK_TAG_H

#include <recur/tag.h>

#include "data/names.h"
#include "task/encoder.h"

/* ---- tag_config.c ---- */
extern const rcr_task rcr_tag_task;
recur_status rcr_tag_check(recur_ctx *cx, const recur_tag_config *c);

/* ---- tag_words.c: what a model knows of words and tags ---- */
typedef struct rcr_tag_words {
    recur_ctx *cx;
    rcr_lexicon words, chars;
    recur_vocab *tags;       /* without special units */
    const char **names;      /* [K]: of the tags; they live in `tags` */
    bool spans;              /* the tags mark spans, as B-PER I-PER O */
    recur_scheme scheme;     /* by which all sentences of the training part go; NONE: some go by no scheme */
    int64_t misfits, misfit; /* of these: sentences, and the first one's token */
    recur_crf_rules *rules;  /* what the scheme forbids; NULL where it forbids nothing */
} rcr_tag_words;
recur_status rcr_tag_words_open(rcr_tag_words *w, recur_ctx *cx, const recur_tag_config *c);
/* The name of a scheme in the metadata. */
const char *rcr_tag_scheme_name(recur_scheme s);
/* From the training part's sentences. */
recur_status rcr_tag_words_learn(rcr_tag_words *w, const recur_sentences *s, const int64_t *index, int64_t n);
recur_status rcr_tag_words_read(rcr_tag_words *w, const rcr_model_file *f);
void rcr_tag_words_close(rcr_tag_words *w);

/* ---- tag_source.c: sentences as ids ---- */
typedef struct rcr_tag_source {
    recur_ctx *cx;
    recur_sentences *sentences;
    recur_sequences *words, *tags; /* by sentence; tags: -1 where the model has none; NULL to predict */
    rcr_names names;               /* forms: words that are written alike are read once */
    int64_t *form;                 /* [tokens]: number of each */
    recur_sequences *chars;        /* by form; NULL without an encoder of characters */
} rcr_tag_source;
/* Several names in `paths`, with '\n' between them. */
recur_status rcr_tag_source_open(rcr_tag_source *s, recur_ctx *cx, const recur_tag_config *c,
                                 const char *paths, bool tags);
/* The parts of the first n sentences, which come from DATA. */
recur_status rcr_tag_split(recur_parts **out, recur_ctx *cx, const recur_tag_config *c, int64_t n);
/* The ids, once the words are known. */
recur_status rcr_tag_source_encode(rcr_tag_source *s, rcr_tag_words *w);
void rcr_tag_source_close(rcr_tag_source *s);
/* Names between '\n' as an array (and their text, both to be freed). */
recur_status rcr_split_names(recur_ctx *cx, const char *text, char **copy, const char ***name, int64_t *n);

/* ---- tag_net.c: the model ---- */
typedef struct rcr_tag_net {
    recur_params *ps;
    rcr_encoder chars, words;
    recur_linear_layer output; /* K scores a word */
    recur_crf crf;
    recur_tag_config config;
    int64_t *slot, *list; /* scratch of a batch, [slots] each: see tag_net.c */
    int64_t slots;
} rcr_tag_net;
recur_status rcr_tag_net_create(rcr_tag_net *net, recur_ctx *cx, const recur_tag_config *c,
                                const rcr_tag_words *w, const rcr_model_file *from);
void rcr_tag_net_free(rcr_tag_net *net);

/* A batch on the tape: emissions [B, T, K]. */
typedef struct rcr_tag_batch {
    rcr_ids words;
    recur_tensor *emissions;
} rcr_tag_batch;
recur_status rcr_tag_forward(recur_tape *tp, rcr_tag_net *net, const rcr_tag_source *s, const int64_t *index,
                             int64_t B, rcr_tag_batch *out);
/* Nats per word, mean over the batch: with a CRF of the sequence of tags as a whole. Words (with a CRF: sentences)
 * with a tag that the model does not know count for nothing; *words is how many count. */
recur_tensor *rcr_tag_loss(recur_tape *tp, const rcr_tag_net *net, const rcr_tag_source *s,
                           const int64_t *index, const rcr_tag_batch *b, int64_t *words);
/* The best tags [B, T], -1 in the padding: they live on the tape, or NULL. */
const int64_t *rcr_tag_best(recur_tape *tp, const rcr_tag_net *net, const rcr_tag_batch *b);
/* The probability of each tag of each word, [B, T, K]. */
recur_tensor *rcr_tag_probabilities(recur_tape *tp, const rcr_tag_net *net, const rcr_tag_batch *b);

/* ---- tag_score.c ---- */
typedef struct rcr_tag_part {
    const rcr_tag_source *source;
    const int64_t *index; /* [n]: sentences; NULL: all */
    int64_t n;
} rcr_tag_part;
recur_status rcr_tag_part_score(recur_tape *tp, rcr_tag_net *net, const rcr_tag_words *w,
                                const rcr_tag_part *p, recur_score *score, recur_entities **entities);
recur_status rcr_tag_part_baseline(const rcr_tag_words *w, const rcr_tag_part *train,
                                   const rcr_tag_part *test, recur_score *score);

#endif
