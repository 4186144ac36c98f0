// SPDX-License-Identifier: MIT
/* Every optimizer with every option that brings state or another formula, and made-up numbers to run it on.
 */
#ifndef TESTS_OPTIM_VARIANTS_H
#define TESTS_OPTIM_VARIANTS_H

#include <recur/optim.h>

#include "base/random.h"

static inline void set_item(recur_tensor *t, int64_t i, double value)
{
    if (recur_dtype_of(t) == RECUR_F32)
        recur_f32(t)[i] = (float)value;
    else
        recur_f64(t)[i] = value;
}

/* Numbers between -1 and 1, the same for each pair of seed and stream. */
static inline void fill_random(recur_tensor *t, uint64_t seed, uint64_t stream)
{
    for (int64_t i = 0; i < recur_count(t); i++)
        set_item(t, i, 2 * rcr_random_uniform(seed, stream, (uint64_t)i) - 1);
}

/* Each kind, with every option that brings state or another formula; begin with a fresh table. */
typedef struct variant {
    const char *name;
    recur_optim_config config;
} variant;

enum { VARIANTS = 14 };

static inline void variants(variant v[VARIANTS])
{
    static const char *const names[VARIANTS] = {
        "sgd",     "sgd momentum", "sgd nesterov", "adam",     "adam amsgrad", "adamw",    "adamw amsgrad",
        "rmsprop", "rmsprop all",  "adagrad",      "adadelta", "nadam",        "maximize", "nadam decay"};
    static const recur_optim_kind kinds[VARIANTS] = {
        RECUR_SGD,     RECUR_SGD,     RECUR_SGD,     RECUR_ADAM,     RECUR_ADAM,  RECUR_ADAMW, RECUR_ADAMW,
        RECUR_RMSPROP, RECUR_RMSPROP, RECUR_ADAGRAD, RECUR_ADADELTA, RECUR_NADAM, RECUR_ADAM,  RECUR_NADAM};
    for (int i = 0; i < VARIANTS; i++) {
        v[i] = (variant){names[i], recur_optim_defaults(kinds[i])};
        v[i].config.lr = 0.05;
    }
    v[1].config.momentum = 0.9, v[1].config.dampening = 0.3;
    v[2].config.momentum = 0.8, v[2].config.nesterov = true, v[2].config.weight_decay = 0.1;
    v[4].config.amsgrad = true, v[4].config.weight_decay = 0.01;
    v[6].config.amsgrad = true;
    v[8].config.momentum = 0.5, v[8].config.centered = true, v[8].config.weight_decay = 0.1;
    v[9].config.lr_decay = 0.2, v[9].config.initial_accumulator = 0.5;
    v[12].config.maximize = true;
    v[13].config.weight_decay = 0.1, v[13].config.momentum_decay = 0.02;
}

#endif
