// SPDX-License-Identifier: MIT
/* Inside of translation: what its files share.
 *
 *     pairs (files -> units -> batches) -> net (forward, loss) -> stepper (one unit at a time) -> search -> score */
#ifndef RCR_TASK_TRANSLATE_H
#define RCR_TASK_TRANSLATE_H

#include <recur/translate.h>

#include "base/arena.h"
#include "task/encoder.h"

/* ---- translate_config.c ---- */
extern const rcr_task rcr_translate_task;
recur_status rcr_translate_check(recur_ctx *cx, const recur_translate_config *c);
/* Puts the usual numbers where the configuration leaves them open, but for max_ratio. */
void rcr_translate_settle(recur_translate_config *c);

/* ---- translate_words.c: text as ids and back ---- */
typedef struct rcr_translate_words {
    rcr_lexicon source,
        target;             /* their tokenizers cut at max_length + 1 units: a text that is too long shows */
    recur_tokenizer *whole; /* cuts nothing off: of references, and to put units together */
    bool shared;            /* the source's vocabulary is the target's; target.vocab is NULL */
} rcr_translate_words;

recur_status rcr_translate_words_open(rcr_translate_words *w, recur_ctx *cx, const recur_translate_config *c);
/* The vocabularies of the n pairs `index` of a corpus. */
recur_status rcr_translate_words_learn(rcr_translate_words *w, const recur_corpus *c, const int64_t *index,
                                       int64_t n);
/* The vocabularies in a model's metadata. */
recur_status rcr_translate_words_read(rcr_translate_words *w, const rcr_model_file *f);
void rcr_translate_words_close(rcr_translate_words *w);
const recur_vocab *rcr_translate_target(const rcr_translate_words *w);
/* Names of the vocabularies in the metadata. */
#define RCR_META_SOURCE "source_vocab"
#define RCR_META_TARGET "target_vocab"
/* A text as a reader sees the units it is made of: normalised, a single space for any run of blanks. */
recur_status rcr_translate_plain(recur_text **out, const rcr_translate_words *w, recur_span text,
                                 const recur_place *where);

/* ---- translate_pairs.c: files as batches ---- */
typedef struct rcr_pairs {
    recur_ctx *cx;
    recur_corpus *corpus;
    recur_sequences *source, *target; /* units <eos>; <bos> units <eos> */
    int64_t max_length;
} rcr_pairs;

/* Reads one file or two (config.data says how they are named), and tells `run` what was left out. */
recur_status rcr_pairs_read(rcr_pairs *p, recur_ctx *cx, const recur_translate_config *c, const char *names,
                            const recur_run *run);
recur_status rcr_pairs_encode(rcr_pairs *p, rcr_translate_words *w, const recur_translate_config *c);
void rcr_pairs_close(rcr_pairs *p);
uint64_t rcr_pairs_checksum(const rcr_pairs *p, uint64_t sum);

/* Pairs of one purpose. */
typedef struct rcr_pair_part {
    const rcr_pairs *pairs;
    const int64_t *index;   /* [n] */
    int64_t n;              /* 0: there is no such part */
    int64_t fit;            /* of these, so many are within max_length: they are in the batches */
    recur_buckets *buckets; /* by length; NULL if none fits */
} rcr_pair_part;

/* Makes the batches; `shuffle` NULL: in order of length. */
recur_status rcr_pair_part_open(rcr_pair_part *p, const recur_bucket_options *shuffle);
void rcr_pair_part_close(rcr_pair_part *p);
/* The least max_ratio that covers the pairs of a part. */
double rcr_pair_part_ratio(const rcr_pair_part *p);

/* A batch on the tape. */
typedef struct rcr_pair_batch {
    rcr_ids source;       /* [B, S] */
    rcr_ids input;        /* [B, U]: <bos> y_1 .. */
    recur_tensor *target; /* [N]: y_1 .. <eos> of the first sentence, then of the second, .. */
    recur_tensor *place;  /* [N]: where each stands in [B * U]; NULL where N = B * U */
    int64_t N;
    int64_t units; /* of both sides */
} rcr_pair_batch;
rcr_pair_batch rcr_pairs_batch(recur_tape *tp, const rcr_pairs *p, const int64_t *index, int64_t B);

/* ---- translate_net.c: the model ---- */
typedef struct rcr_bridge {
    recur_tensor *weight, *bias; /* [L, H, H], [L, 1, H] */
} rcr_bridge;

typedef struct rcr_translate_net {
    recur_params *ps;
    rcr_encoder encoder, decoder; /* each with its embedding; the decoder's may be the encoder's */
    rcr_bridge bridge_h, bridge_c;
    bool attends;
    recur_attention attention;
    recur_linear_layer combine, output; /* W_c, W_o of translate.h */
    recur_translate_config config;
    int64_t V; /* of the target */
} rcr_translate_net;

/* To be trained, or as the file `from` has it. */
recur_status rcr_translate_net_create(rcr_translate_net *net, recur_ctx *cx, const recur_translate_config *c,
                                      const rcr_translate_words *w, const rcr_model_file *from);
void rcr_translate_net_free(rcr_translate_net *net);

/* Where the decoder stands between two steps: h and c [L, B, H]; with input feeding o [B, 1, E]. */
typedef struct rcr_decoder_state {
    recur_tensor *h, *c, *o;
} rcr_decoder_state;

/* What the encoder leaves of a batch of sentences. */
typedef struct rcr_memory {
    recur_attention_keys keys; /* of [B, S, H]; {0} without attention */
    rcr_decoder_state begin;
    /* The decoder's rows [n] where they are not its sentences [B]: row number row[k] asks at place k of [B * U], a
     * free place repeats some row; row i finds its answer at place[i]. NULL: each sentence is a row. */
    recur_tensor *row, *place;
} rcr_memory;
rcr_memory rcr_translate_encode(recur_tape *tp, const rcr_translate_net *net, const rcr_ids *source);

typedef struct rcr_decoded {
    recur_tensor *o;       /* [B, U, E] */
    recur_tensor *weights; /* [B, U, S]; NULL without attention; of no meaning where m->row is set */
    rcr_decoder_state end; /* after the last step; end.o with input feeding alone */
} rcr_decoded;
/* The decoder along given inputs. */
rcr_decoded rcr_translate_decode(recur_tape *tp, const rcr_translate_net *net, const rcr_memory *m,
                                 const rcr_ids *input);
/* Logits [.., V] from o [.., E]. */
recur_tensor *rcr_translate_say(recur_tape *tp, const rcr_translate_net *net, recur_tensor *o);
/* Logits [N, V] of the units of a batch, and their mean loss. */
recur_tensor *rcr_translate_logits(recur_tape *tp, const rcr_translate_net *net, const rcr_pair_batch *b);
recur_tensor *rcr_translate_loss(recur_tape *tp, const rcr_pair_batch *b, recur_tensor *logits,
                                 double label_smoothing);
/* The mean loss that training makes small. */
recur_tensor *rcr_translate_learn(recur_tape *tp, const rcr_translate_net *net, const rcr_pair_batch *b);

/* ---- translate_step.c: the decoder a unit at a time, for many sentences at once ---- */
typedef struct rcr_stepper {
    const rcr_translate_net *net;
    recur_tape *whole, *step; /* what lives for a batch of sentences; for one step */
    rcr_memory memory;
    int64_t B, rows;  /* sentences; rows of the last step */
    float *h, *c, *o; /* [L, room, H], [room, E]: states after the last step; those that there are */
    int64_t *place;   /* [room] */
    int64_t room;
} rcr_stepper;

recur_status rcr_stepper_create(rcr_stepper *s, const rcr_translate_net *net);
void rcr_stepper_free(rcr_stepper *s);
/* Reads sources: `ids` [B, S] with lengths [B]. At most `width` rows of each sentence will go on. */
recur_status rcr_stepper_begin(rcr_stepper *s, const int64_t *ids, const int64_t *lengths, int64_t B,
                               int64_t S, int64_t width);
/* Logits [rows->n, V] of what comes next; they live until the next call. */
recur_status rcr_stepper_next(rcr_stepper *s, const recur_beam_rows *rows, float **logits);
/* Weights [B, U, S] along given inputs `ids` [B, U] with lengths [B], 0 where there are none; until the next call. */
recur_status rcr_stepper_attend(rcr_stepper *s, const int64_t *ids, const int64_t *lengths, int64_t U,
                                const float **weights);
/* Scheduled sampling: replaces inputs of a batch (on its tape) by what the model says, each with probability
 * 1 - `forcing`, by random numbers of `seed` and `step`. */
recur_status rcr_stepper_draw(rcr_stepper *s, rcr_pair_batch *b, double forcing, uint64_t seed,
                              uint64_t step);

/* ---- translate_search.c ---- */
recur_status rcr_translate_search(recur_translations **out, rcr_stepper *s, rcr_translate_words *w,
                                  const recur_span *text, const recur_place *where, int64_t n,
                                  const recur_decoding *how);

/* ---- translate_score.c ---- */
/* Mean loss over the pairs of a part that are within max_length: for validation after an epoch. NaN if there are
 * none, INFINITY where it is not finite. */
typedef struct rcr_translate_loss_of {
    double plain, smoothed; /* without and with the label smoothing of training, which judges epochs */
} rcr_translate_loss_of;
recur_status rcr_translate_part_loss(recur_tape *tp, const rcr_translate_net *net, const rcr_pair_part *p,
                                     rcr_translate_loss_of *loss);

/* Translations beside what they should be. */
typedef struct rcr_sample {
    recur_text *source, *reference, *translation;
} rcr_sample;

/* Loss, BLEU and exact; the first n_samples of evenly spread translations go to samples [n_samples] (NULL: none),
 * whose texts are to be freed. */
typedef struct rcr_scoring {
    rcr_stepper *stepper;
    rcr_translate_words *words;
    recur_decoding how;
    rcr_sample *samples;
    int64_t n_samples;
    char *signature; /* [RECUR_SIGNATURE], or NULL */
} rcr_scoring;
recur_status rcr_translate_part_score(const rcr_scoring *q, const rcr_pair_part *p, recur_score *score);
/* The same for the source as its own translation. */
recur_status rcr_translate_part_baseline(const rcr_scoring *q, const rcr_pair_part *p, recur_score *score);
void rcr_samples_free(rcr_sample *samples, int64_t n);

/* ---- translate_result.c ---- */
recur_status rcr_translate_write_result(recur_ctx *cx, const recur_run *run, const recur_translate_config *c,
                                        const recur_translate_result *r, const rcr_sample *samples,
                                        int64_t n);

/* What a trained model comes down to. */
recur_decoding rcr_translate_decoding(const recur_translate_config *c);

#endif
