// SPDX-License-Identifier: MIT
/* Inside of a beam search. S sentences, W hypotheses of each at most, V tokens, n rows that go on. */
#ifndef RCR_INFER_BEAM_H
#define RCR_INFER_BEAM_H

#include <recur/decode.h>

#include "kernel/kernel.h"

/* A token and what is before it: hypotheses share their beginnings. */
typedef struct rcr_beam_node {
    int64_t parent; /* -1: none, the token is the first */
    int64_t token;
} rcr_beam_node;

/* A hypothesis that ended: with eos, or at its greatest length. */
typedef struct rcr_beam_end {
    double log_p, score;
    int64_t node, length;
    bool finished;
} rcr_beam_end;

/* A row extended by a token. */
typedef struct rcr_beam_extension {
    double log_p;
    int64_t row, token;
} rcr_beam_extension;

/* Rows: hypotheses that go on, those of a sentence side by side, better ones first. */
typedef struct rcr_beam_live {
    int64_t n;
    int64_t *sentence, *from, *token, *node; /* [S W] */
    double *log_p;                           /* [S W] */
} rcr_beam_live;

typedef struct rcr_beam {
    recur_ctx *cx;
    const recur_beam_model *model;
    const recur_beam_options *o;
    const rcr_kernels *k; /* of doubles */
    int64_t S, W, V, n_best;
    int64_t t;             /* tokens each row has */
    rcr_beam_live live[2]; /* rows of this step, live[t & 1], and of the next */
    rcr_beam_node *nodes;
    size_t n_nodes, room_nodes;
    rcr_beam_end *ends;     /* [S, W], best first */
    int64_t *n_ends;        /* [S] */
    int64_t G;              /* sentences that have rows */
    int64_t *group;         /* [S + 1]: their first rows */
    rcr_beam_extension *ex; /* [S, W]: the best of each group, best first */
    int64_t *n_ex;          /* [S] */
    double *x;              /* [threads, V] */
} rcr_beam;

/* What a hypothesis of so many tokens has its log p divided by. */
double rcr_beam_norm(const rcr_beam *b, int64_t length);
/* The greatest length of a sentence. */
int64_t rcr_beam_limit(const rcr_beam *b, int64_t sentence);
/* Puts a hypothesis among those of its sentence that ended, behind its equals; there is room. */
void rcr_beam_put_end(rcr_beam *b, int64_t sentence, rcr_beam_end end);
/* The n best of each sentence, in memory of their own. */
recur_status rcr_beam_results(recur_beams **out, const rcr_beam *b);

#endif
