// SPDX-License-Identifier: MIT
/* What every task can be told about its model and its training: defaults and tables. */
#include <math.h>

#include "train/option.h"

#define MODEL(field) offsetof(recur_model_config, field)
#define TRAIN(field) offsetof(recur_train_config, field)

static const char *const cells[] = {"rnn", "rnn-relu", "lstm", "gru", "gru-original", NULL};
static const char *const pools[] = {"last", "mean", "max", NULL};
static const char *const optimizers[] = {"sgd",     "adam",     "adamw", "rmsprop",
                                         "adagrad", "adadelta", "nadam", NULL};
static const char *const schedules[] = {"none", "plateau", "step", "exponential", "cosine", "onecycle", NULL};

const recur_option rcr_model_options[] = {
    {"cell", 0, RECUR_OPTION_CHOICE, MODEL(cell), "CELL", "kind of layer", cells, 0, 0, 0},
    {"hidden", 0, RECUR_OPTION_COUNT, MODEL(hidden), "N", "units of a layer", NULL, 1, 1e5, 0},
    {"layers", 0, RECUR_OPTION_COUNT, MODEL(layers), "N", "layers on top of each other", NULL, 1, 100, 0},
    {"bidirectional", 0, RECUR_OPTION_FLAG, MODEL(bidirectional), NULL,
     "read the sequence in both directions", NULL, 0, 0, 0},
    {"dropout", 0, RECUR_OPTION_NUMBER, MODEL(dropout), "P", "between layers and before the output", NULL, 0,
     0.99, 0},
    {"pool", 0, RECUR_OPTION_CHOICE, MODEL(pool), "HOW", "what of the sequence goes to the output", pools, 0,
     0, 0},
    {"init-uniform", 0, RECUR_OPTION_NUMBER, MODEL(init_uniform), "A",
     "all weights uniform on -A .. A to begin with; 0: as PyTorch", NULL, 0, 1e3, 0},
    {"forget-bias", 0, RECUR_OPTION_NUMBER, MODEL(forget_bias), "B", "bias of an LSTM's forget gate", NULL,
     -1e3, 1e3, 0},
    {"orthogonal", 0, RECUR_OPTION_FLAG, MODEL(orthogonal), NULL,
     "orthogonal recurrent weights to begin with", NULL, 0, 0, 0},
    {0},
};

const recur_option rcr_train_options[] = {
    {"epochs", 0, RECUR_OPTION_COUNT, TRAIN(epochs), "N", "times through the training part, at most", NULL, 1,
     1e9, RECUR_OPTION_LIVE},
    {"batch-size", 0, RECUR_OPTION_COUNT, TRAIN(batch_size), "N", "examples per optimizer step", NULL, 1, 1e7,
     0},
    {"optimizer", 0, RECUR_OPTION_CHOICE, TRAIN(optimizer), "NAME", "how weights follow gradients",
     optimizers, 0, 0, 0},
    {"lr", 0, RECUR_OPTION_NUMBER, TRAIN(lr), "F", "learning rate; 0: the optimizer's usual one", NULL, 0,
     1e6, 0},
    {"momentum", 0, RECUR_OPTION_NUMBER, TRAIN(momentum), "F", "of sgd and rmsprop", NULL, 0, 1, 0},
    {"weight-decay", 0, RECUR_OPTION_NUMBER, TRAIN(weight_decay), "F", "pull of weights towards zero", NULL,
     0, 1e3, 0},
    {"clip-norm", 0, RECUR_OPTION_NUMBER, TRAIN(clip_norm), "F", "largest norm of the gradient; 0: any", NULL,
     0, 1e9, 0},
    {"clip-value", 0, RECUR_OPTION_NUMBER, TRAIN(clip_value), "F", "largest part of the gradient; 0: any",
     NULL, 0, 1e9, 0},
    {"schedule", 0, RECUR_OPTION_CHOICE, TRAIN(schedule), "NAME", "how the learning rate changes", schedules,
     0, 0, 0},
    {"schedule-factor", 0, RECUR_OPTION_NUMBER, TRAIN(schedule_factor), "F",
     "plateau, step, exponential: multiplies the rate; 0: 0.5, 0.1, 0.99", NULL, 0, 1, 0},
    {"schedule-step", 0, RECUR_OPTION_COUNT, TRAIN(schedule_step), "N", "step: epochs between two steps",
     NULL, 1, 1e9, 0},
    {"schedule-patience", 0, RECUR_OPTION_COUNT, TRAIN(schedule_patience), "N",
     "plateau: epochs without gain", NULL, 0, 1e9, 0},
    {"schedule-min-lr", 0, RECUR_OPTION_NUMBER, TRAIN(schedule_min_lr), "F", "plateau, cosine: lowest rate",
     NULL, 0, 1e6, 0},
    {"patience", 0, RECUR_OPTION_COUNT, TRAIN(patience), "N",
     "epochs without gain in validation before stopping; 0: never stop", NULL, 0, 1e9, RECUR_OPTION_LIVE},
    {"max-steps", 0, RECUR_OPTION_COUNT, TRAIN(max_steps), "N", "optimizer steps, at most; 0: any", NULL, 0,
     1e15, RECUR_OPTION_LIVE},
    {"max-time", 0, RECUR_OPTION_TIME, TRAIN(max_time), "TIME", "such as 90s, 30m, 1.5h; 0: any", NULL, 0,
     1e9, RECUR_OPTION_LIVE},
    {"checkpoint-every", 0, RECUR_OPTION_TIME, TRAIN(checkpoint_every), "TIME",
     "between two checkpoints; 0: after each batch", NULL, 0, 1e9, RECUR_OPTION_LIVE},
    {"seed", 0, RECUR_OPTION_COUNT, TRAIN(seed), "N", "for all that is random: the same seed, the same bits",
     NULL, 0, 9e15, 0},
    {0},
};

const recur_option_group rcr_train_groups[] = {{"Training", rcr_train_options, 0}, {0}};

recur_model_config recur_model_defaults(void)
{
    return (recur_model_config){.cell = RECUR_LSTM, .hidden = 32, .layers = 1, .forget_bias = NAN};
}

recur_train_config recur_train_defaults(void)
{
    return (recur_train_config){
        .epochs = 200,
        .batch_size = 32,
        .optimizer = RECUR_ADAM,
        .clip_norm = 1,
        .schedule = RECUR_RATE_PLATEAU,
        .schedule_step = 10,
        .schedule_patience = 5,
        .patience = 20,
        .checkpoint_every = 5,
        .seed = 1,
    };
}
