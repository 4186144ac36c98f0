// SPDX-License-Identifier: MIT
/*
 * Decoding: from the scores a model gives the next token to tokens. Sampling draws one token at a time; beam
 * search looks for the most probable sequences. Neither knows the model: sampling takes an array of logits, the
 * search a function that scores rows. All work is in double, in fixed order, with the library's own exp: the
 * same tokens for any instruction set, number of threads and neighbours in the batch.
 */
#ifndef RECUR_DECODE_H
#define RECUR_DECODE_H

#include "infer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------- random numbers
 * There is no generator with a state: a number is a function of seed, stream and position (Philox4x32-10,
 * Salmon et al. 2011). Give each sequence of a batch a stream and each of its tokens a position. */

/* Uniform on [0, 1), with 53 bits. */
RECUR_API double recur_random_uniform(uint64_t seed, uint64_t stream, uint64_t position);
/* Index i with probability weight[i] / sum of weights, for u uniform on [0, 1): the first i whose running sum
 * exceeds u times the sum. Weights that are not > 0 are never chosen; -1 if none is. */
RECUR_API int64_t recur_random_choice(const double *weight, int64_t n, double u);

/* ------------------------------------------------------------------------------------------------- sampling
 * The next token from its logits (or log-probabilities) x [V], in this order:
 *
 *     repetition    x / r where x > 0, x r elsewhere, once for each token of the past (the penalty of CTRL,
 *                   Keskar et al. 2019, which as printed would favour repeated tokens of negative logit)
 *     temperature   x / temperature
 *     top_k         the k largest stay
 *     top_p         of what is left: by decreasing probability, the shortest beginning whose probability
 *                   reaches p stays, at least one (nucleus sampling, Holtzman et al. 2020)
 *     min_p         of what is left: probabilities >= min_p times the largest stay (Nguyen et al. 2024)
 *
 * Equal logits count in the order of their ids: the smaller id goes first. A token of logit -inf or NaN is
 * never drawn; if some are +inf, they share all probability. The filters select in a time that is linear in
 * V; nothing is sorted. */

/* {0} is greedy. */
typedef struct recur_sampling {
    double temperature; /* >= 0; 0 is greedy: the largest logit, the first of equals. 1: the model's own */
    int64_t top_k;      /* >= 0; 0: off */
    double top_p;       /* in [0, 1]; 0 and 1: off */
    double min_p;       /* in [0, 1]; 0: off */
    double repetition;  /* r > 0, above 1 against repetition; 0 and 1: off */
    uint64_t seed;
} recur_sampling;

typedef struct recur_sampler recur_sampler;

/* Bytes of a sampler for V tokens, a multiple of 64; 0 if that does not fit the machine. */
RECUR_API size_t recur_sampler_size(int64_t V);
/* Makes a sampler in `mem` (aligned to 64, at least recur_sampler_size() bytes) for logits of `dtype`,
 * RECUR_F32 or RECUR_F64. Nothing to free but the memory. The context is read here and not kept; drawing
 * allocates nothing, cannot fail, and different samplers draw in different threads. */
RECUR_API recur_status recur_sampler_init(recur_sampler **out, void *mem, size_t size, recur_ctx *cx,
                                          recur_dtype dtype, int64_t V, const recur_sampling *options);
/* The token at `position` of `stream`; logits [V]; past: the n tokens that the penalty is for (all that were
 * generated, or the last few; ids outside 0 .. V - 1 count for nothing), NULL with n = 0. -1 if no token may be
 * drawn. A function of its arguments and the options alone. */
RECUR_API int64_t recur_sampler_draw(recur_sampler *s, uint64_t stream, uint64_t position, const void *logits,
                                     const int64_t *past, int64_t n);
/* What it draws from: the ids that all filters left, ascending, and their probabilities, which sum to 1; room
 * for V of each. Returns how many. */
RECUR_API int64_t recur_sampler_kept(recur_sampler *s, const void *logits, const int64_t *past, int64_t n,
                                     int64_t *id, double *p);

/* ---------------------------------------------------------------------------------------------- beam search
 * For each sentence the `width` most probable beginnings go on together, all sentences in one batch. At each
 * step the `width` best extensions are kept; one that ends with `eos` is finished and keeps its place, so that
 * fewer go on. The search for a sentence ends when nothing goes on, at its greatest length, or when no
 * hypothesis that goes on can still come among its n best. A width of 1 is greedy decoding.
 *
 * score = log p / |Y|^alpha, or log p / ((5 + |Y|) / 6)^alpha (GNMT: Wu et al. 2016), |Y| the number of tokens,
 * eos included. Better goes first; of equals the one that finished earlier, then the one with the better
 * beginning, then the smaller token. No two hypotheses of a sentence are the same. Hypotheses that reached the
 * greatest length without eos are not finished and come after all that are.
 *
 * The model is a function from rows (a row is a hypothesis that goes on) to scores of all tokens. A language
 * model over a plan keeps two sessions of sentences * width streams:
 *
 *     recur_status step(void *user, const recur_beam_rows *rows, const void **scores)
 *     {
 *         model *m = user;
 *         recur_session *last = m->session[(rows->t + 1) & 1], *next = m->session[rows->t & 1];
 *         recur_session_gather(next, last, rows->n, rows->from);
 *         recur_session_step(next, rows->token, m->logits);
 *         *scores = m->logits;
 *         return RECUR_OK;
 *     }
 *
 * where session[1] holds the state after all of the prompt but its last token. A translator picks the rows of
 * its last decoder states by `from` and what it attends to by `sentence`. */

/* The arrays have room for sentences * width; what lies past n are zeros or entries of earlier calls. */
typedef struct recur_beam_rows {
    int64_t t;               /* tokens each row has: 0 in the first call, one more in each */
    int64_t n;               /* rows; t = 0: one per sentence, later at most width per sentence */
    const int64_t *sentence; /* [n]: which sentence, ascending */
    const int64_t *from;     /* [n]: the row of the last call that it continues; t = 0: the sentence */
    const int64_t *token;    /* [n]: its last token; t = 0: the sentence's start token */
} recur_beam_rows;

/* Points *scores at [n, V] log-probabilities of the next token (<= 0) or logits, which stay until the next
 * call. NaN counts as -inf: never chosen. What is not RECUR_OK ends the search and is what it returns. */
typedef recur_status recur_beam_step(void *user, const recur_beam_rows *rows, const void **scores);

typedef struct recur_beam_model {
    recur_beam_step *step;
    void *user;
    int64_t V;         /* tokens */
    recur_dtype dtype; /* of the scores: RECUR_F32 or RECUR_F64 */
    bool logits;       /* the scores are logits: the search takes their log softmax */
} recur_beam_model;

typedef enum recur_length_norm { RECUR_NORM_LENGTH = 0, RECUR_NORM_GNMT = 1 } recur_length_norm;

typedef struct recur_beam_options {
    int64_t width;              /* >= 1 */
    int64_t n_best;             /* hypotheses to give for each sentence, at most width; 0: 1 */
    int64_t eos;                /* the token that ends a sequence; -1: none */
    int64_t max_length;         /* >= 1: most tokens, eos included */
    const int64_t *max_lengths; /* [sentences] each sentence's own, at most max_length; NULL */
    int64_t min_length;         /* eos is not chosen before it would be token number min_length */
    recur_length_norm norm;
    double alpha; /* >= 0; 0: by log p alone */
} recur_beam_options;

typedef struct recur_hypothesis {
    const int64_t *token; /* [length], the start token left out, eos included where finished */
    int64_t length;
    double log_p, score; /* sum of the tokens' log-probabilities; divided by the norm */
    bool finished;
} recur_hypothesis;

/* The hypotheses of sentence s are best[offset[s]] .. best[offset[s + 1] - 1]: at most n_best, fewer where there
 * are no more, none where every token was -inf. */
typedef struct recur_beams {
    recur_ctx *cx;
    int64_t sentences;
    const int64_t *offset;        /* [sentences + 1] */
    const recur_hypothesis *best; /* [offset[sentences]] */
    const int64_t *tokens;        /* of all of them, one after the other */
} recur_beams;

/* start [sentences]: the token each begins with (BOS, or the last of a prompt). Everything is freed where it
 * fails. */
RECUR_API recur_status recur_beam_search(recur_beams **out, recur_ctx *cx, const recur_beam_model *model,
                                         int64_t sentences, const int64_t *start,
                                         const recur_beam_options *options);
RECUR_API void recur_beams_free(recur_beams *b);

#ifdef __cplusplus
}
#endif

#endif
