// SPDX-License-Identifier: MIT
/* The models of workloads.py in recur, and the batches they are trained on. */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include <recur/recur.h>

#include "spec.h"

typedef struct batch {
    int64_t *lengths, *class;   /* [B] */
    int64_t *in, *out, *target; /* [B, T] ids of words; NULL without words */
    float *x, *y;               /* series [B, T, I] (a layer alone: [T, B, I]), targets [B, 1] */
    float *dy;                  /* a layer alone: the gradient that comes back, [T, B, H] */
} batch;

typedef struct model model;
/* The loss of a step that has begun, on m->tp. */
typedef recur_tensor *loss_fn(model *m);

struct model {
    spec s;
    loss_fn *loss;
    batch data;
    recur_ctx *cx;
    recur_params *ps;
    recur_tape *tp;
    recur_embedding_layer words, out_words; /* of the encoder or the only part; of the decoder */
    recur_rnn *rnn, *decoder;
    recur_multihead attention;
    recur_linear_layer dense, head;
    recur_batch_norm norm;
    recur_optim *optim;
    recur_tensor *x, *y; /* a layer alone: what the last step read and gave */
};

/* All of these end the program, with a message, where something fails. */
void model_check(const model *m, recur_status s);
model *model_create(const spec *s, int threads, double dropout);
void model_free(model *m);
/* Writes FOLDER/NAME.safetensors: the parameters, and the batch under the names of its fields after "data.". */
void model_write(const model *m, const char *folder);

void batch_fill(batch *d, const spec *s);
void batch_free(batch *d);
loss_fn *loss_find(const char *name);

#endif
