// SPDX-License-Identifier: MIT
/* What is measured: one line of compare.py, `key=value` words. workloads.py says what each key means. */
#ifndef BENCH_SPEC_H
#define BENCH_SPEC_H

#include <stdbool.h>
#include <stdint.h>

enum { SPEC_WORD = 32 };

typedef struct spec {
    char name[SPEC_WORD];
    char kind[SPEC_WORD];  /* train, layer, sequence, stream */
    char loss[SPEC_WORD];  /* train: series, sentiment, language, translation, square */
    char cell[SPEC_WORD];  /* rnn, lstm, gru */
    char optim[SPEC_WORD]; /* sgd, adam */
    int64_t layers, both;  /* both: both directions */
    int64_t V, I;          /* words and the length of their vectors; V = 0: series of I numbers a step */
    int64_t H;
    int64_t heads;    /* of the attention after the recurrent layers, or 0 */
    int64_t dense;    /* width of a linear layer before the last, or 0 */
    int64_t K;        /* what the last layer gives; 0: there is none */
    int64_t B, T;     /* batch and steps */
    int64_t shortest; /* sequence; 0: all have T steps */
    int64_t steps;    /* translation: the decoder goes step by step */
    double dropout, clip, lr;
} spec;

/* False, with a message on stderr, for a word that is none of these. `line` is cut into its words. */
bool spec_parse(spec *s, char *line);
bool spec_is(const char *word, const char *value);

#endif
