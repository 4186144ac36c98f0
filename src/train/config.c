// SPDX-License-Identifier: MIT
/* What every task can be told about its model and its training: defaults and tables. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "train/option.h"

#define MODEL(field) offsetof(recur_model_config, field)
#define TRAIN(field) offsetof(recur_train_config, field)

static const char *const cells[] = {"rnn", "rnn-relu", "lstm", "gru", "gru-original", NULL};
static const char *const pools[] = {"last", "mean", "max", NULL}; /* in the order of recur_pool */
static const char *const text_pools[] = {"last", "mean", "max", "attention", NULL};
/* In the order of rcr_attention_kind. */
static const char *const attentions[] = {"none", "additive", "dot", "general", "multihead", NULL};
static const char *const optimizers[] = {"sgd",     "adam",     "adamw", "rmsprop",
                                         "adagrad", "adadelta", "nadam", NULL};
static const char *const schedules[] = {"none", "plateau", "step", "exponential", "cosine", "onecycle", NULL};

const recur_option rcr_model_options[] = {
    {"cell", 0, RECUR_OPTION_CHOICE, MODEL(cell), "CELL", "kind of layer", cells, 0, 0, 0},
    {"hidden", 0, RECUR_OPTION_COUNT, MODEL(hidden), "N", "units of a layer", NULL, 1, 1e5, 0},
    {"layers", 0, RECUR_OPTION_COUNT, MODEL(layers), "N", "layers on top of each other", NULL, 1, 100, 0},
    {"bidirectional", 0, RECUR_OPTION_FLAG, MODEL(bidirectional), NULL,
     "read the sequence in both directions", NULL, 0, 0, 0},
    {"layer-norm", 0, RECUR_OPTION_FLAG, MODEL(layer_norm), NULL, "normalise the sums inside an lstm or gru",
     NULL, 0, 0, 0},
    {"dropout", 0, RECUR_OPTION_NUMBER, MODEL(dropout), "P", "between layers and before the output", NULL, 0,
     0.99, 0},
    {"input-dropout", 0, RECUR_OPTION_NUMBER, MODEL(input_dropout), "P", "of what the first layer reads",
     NULL, 0, 0.99, 0},
    {"recurrent-dropout", 0, RECUR_OPTION_NUMBER, MODEL(recurrent_dropout), "P", "inside the cell", NULL, 0,
     0.99, 0},
    {"variational", 0, RECUR_OPTION_FLAG, MODEL(variational), NULL,
     "a sequence keeps its dropout masks over time", NULL, 0, 0, 0},
    {"zoneout", 0, RECUR_OPTION_NUMBER, MODEL(zoneout), "P", "chance that a unit keeps its last value", NULL,
     0, 0.99, 0},
    {"weight-drop", 0, RECUR_OPTION_NUMBER, MODEL(weight_drop), "P",
     "share of the recurrent weights that a batch leaves out", NULL, 0, 0.99, 0},
    {"init-uniform", 0, RECUR_OPTION_NUMBER, MODEL(init_uniform), "A",
     "all weights uniform on -A .. A to begin with; 0: as PyTorch", NULL, 0, 1e3, 0},
    {"forget-bias", 0, RECUR_OPTION_NUMBER, MODEL(forget_bias), "B", "bias of an LSTM's forget gate", NULL,
     -1e3, 1e3, 0},
    {"orthogonal", 0, RECUR_OPTION_FLAG, MODEL(orthogonal), NULL,
     "orthogonal recurrent weights to begin with", NULL, 0, 0, 0},
    {0},
};

const recur_option rcr_text_model_options[] = {
    {"embedding", 0, RECUR_OPTION_COUNT, MODEL(embedding), "N",
     "numbers that stand for a word or character; 0: the task's usual ones", NULL, 0, 1e5, 0},
    {"embedding-dropout", 0, RECUR_OPTION_NUMBER, MODEL(embedding_dropout), "P",
     "share of the words that a batch leaves out", NULL, 0, 0.99, 0},
    {0},
};

const recur_option rcr_attention_options[] = {
    {"attention", 0, RECUR_OPTION_TEXT, MODEL(attention), "KIND",
     "none, additive, dot, general or multihead[:HEADS]", NULL, 0, 0, 0},
    {0},
};

const recur_option rcr_pool_options[] = {
    {"pool", 0, RECUR_OPTION_CHOICE, MODEL(pool), "HOW", "what of the sequence goes to the output", pools, 0,
     0, 0},
    {0},
};

const recur_option rcr_text_pool_options[] = {
    {"pool", 0, RECUR_OPTION_CHOICE, MODEL(pool), "HOW", "what of the sequence goes to the output",
     text_pools, 0, 0, 0},
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
    {"average", 0, RECUR_OPTION_NUMBER, TRAIN(average), "F",
     "validate and keep a moving average of the weights with this decay; 0: the weights", NULL, 0, 0.999999,
     0},
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
    return (recur_model_config){
        .cell = RECUR_LSTM, .hidden = 32, .layers = 1, .attention = "none", .forget_bias = NAN};
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

/* ---- what the numbers of a model come to ---- */

recur_status rcr_attention_parse(recur_ctx *cx, const char *text, rcr_attention_kind *kind, int64_t *heads)
{
    const char *word = text ? text : attentions[RCR_ATTENTION_NONE], *colon = strchr(word, ':');
    size_t n = colon ? (size_t)(colon - word) : strlen(word);
    int found = 0;
    while (attentions[found] && (strlen(attentions[found]) != n || strncmp(attentions[found], word, n) != 0))
        found++;
    bool counted = !colon || (found == RCR_ATTENTION_MULTIHEAD &&
                              rcr_parse_int64(colon + 1, strlen(colon + 1), heads) && *heads >= 1);
    if (!attentions[found] || !counted)
        return rcr_fail(cx, RECUR_EINVAL,
                        "--attention: \"%s\" is not one of none, additive, dot, general or "
                        "multihead[:HEADS], such as multihead:4",
                        word);
    *kind = (rcr_attention_kind)found;
    *heads = colon ? *heads : found == RCR_ATTENTION_MULTIHEAD ? RCR_ATTENTION_HEADS : 1;
    return RECUR_OK;
}

static recur_status check_cell(recur_ctx *cx, const recur_model_config *m)
{
    if (!isnan(m->forget_bias) && m->cell != RECUR_LSTM)
        return rcr_fail(cx, RECUR_EINVAL, "--forget-bias: only an LSTM has a forget gate");
    if (m->layer_norm && m->cell != RECUR_LSTM && m->cell != RECUR_GRU)
        return rcr_fail(cx, RECUR_EINVAL, "--layer-norm: of the cells lstm and gru alone");
    return RECUR_OK;
}

recur_status rcr_model_check(recur_ctx *cx, const recur_model_config *m)
{
    rcr_attention_kind kind;
    int64_t heads;
    recur_status status = check_cell(cx, m);
    return status == RECUR_OK ? rcr_attention_parse(cx, m->attention, &kind, &heads) : status;
}

recur_rnn_config rcr_model_rnn(const recur_model_config *m, int64_t input)
{
    bool plain = m->cell == RECUR_RNN_TANH || m->cell == RECUR_RNN_RELU;
    return (recur_rnn_config){
        .cell = (recur_cell)m->cell,
        .input = input,
        .hidden = m->hidden,
        .layers = (int)m->layers,
        .bidirectional = m->bidirectional,
        .batch_first = true,
        .dropout = m->dropout,
        .input_dropout = m->input_dropout,
        .recurrent_dropout = m->recurrent_dropout,
        .recurrent_dropout_on = plain ? RECUR_DROP_STATE : RECUR_DROP_CANDIDATE,
        .variational = m->variational,
        .zoneout_h = m->zoneout,
        .zoneout_c = m->cell == RECUR_LSTM ? m->zoneout : 0,
        .weight_drop = m->weight_drop,
        .layer_norm = m->layer_norm,
    };
}
