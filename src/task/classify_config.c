// SPDX-License-Identifier: MIT
/* What classification can be told: defaults, the table of options, and whether a configuration makes sense. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "task/classify.h"
#include "train/option.h"
#include "train/trainer.h"

#define AT(field) offsetof(recur_classify_config, field)

static const recur_option data_options[] = {
    {"data", 0, RECUR_OPTION_TEXT, AT(data), "FILE", "texts with labels; several files with --class-files",
     NULL, 0, 0, 0},
    {"valid", 0, RECUR_OPTION_TEXT, AT(valid), "FILE", "validate on this file instead of a part of DATA",
     NULL, 0, 0, 0},
    {"test", 0, RECUR_OPTION_TEXT, AT(test), "FILE", "test on this file instead of a part of DATA", NULL, 0,
     0, 0},
    {0},
};

static const recur_option split_options[] = {
    {"split", 0, RECUR_OPTION_TEXT, AT(split), "A,B,C",
     "training, validation, test: fractions or numbers of examples", NULL, 0, 0, 0},
    {"shuffle-split", 0, RECUR_OPTION_PICK, AT(order), NULL, "the parts are drawn at random (usual)", NULL, 1,
     1, 0},
    {"time-split", 0, RECUR_OPTION_PICK, AT(order), NULL, "the parts follow each other", NULL,
     RCR_CLASSIFY_IN_ORDER, RCR_CLASSIFY_IN_ORDER, 0},
    {"split-every", 0, RECUR_OPTION_COUNT, AT(every), "N",
     "test on every N-th example, whatever the split says; 0: as it says", NULL, 0, 1e9, 0},
    {"distinct", 0, RECUR_OPTION_FLAG, AT(distinct), NULL, "equal texts stay in one part", NULL, 0, 0, 0},
    {0},
};

static const recur_option layer_options[] = {
    {"vectors", 0, RECUR_OPTION_TEXT, AT(vectors), "FILE",
     "word vectors to begin with: a word and its numbers a line", NULL, 0, 0, 0},
    {"dense", 0, RECUR_OPTION_COUNT, AT(dense), "N", "units of a hidden layer before the output; 0: none",
     NULL, 0, 1e5, 0},
    {"batch-norm", 0, RECUR_OPTION_FLAG, AT(batch_norm), NULL, "normalise what was pooled by batches", NULL,
     0, 0, 0},
    {"ensemble", 0, RECUR_OPTION_COUNT, AT(ensemble), "N", "networks that learn side by side and vote", NULL,
     1, 100, 0},
    {0},
};

static const recur_option loss_options[] = {
    {"class-weights", 0, RECUR_OPTION_FLAG, AT(class_weights), NULL, "rare classes weigh more", NULL, 0, 0,
     0},
    {"label-smoothing", 0, RECUR_OPTION_NUMBER, AT(label_smoothing), "P",
     "share of a target that is dealt out to all classes", NULL, 0, 0.99, 0},
    {"temperature-scaling", 0, RECUR_OPTION_FLAG, AT(temperature_scaling), NULL,
     "make probabilities what they say, by the validation part", NULL, 0, 0, 0},
    {0},
};

static const recur_option_group groups[] = {
    {"Data", data_options, 0},
    {"Data", rcr_labelled_options, AT(read)},
    {"Data", split_options, 0},
    {"Text", rcr_text_options, AT(text)},
    {"Model", rcr_text_model_options, AT(model)},
    {"Model", rcr_model_options, AT(model)},
    {"Model", rcr_attention_options, AT(model)},
    {"Model", rcr_text_pool_options, AT(model)},
    {"Model", layer_options, 0},
    {"Training", loss_options, 0},
    {"Training", rcr_train_options, AT(train)},
    {0},
};

const recur_option_group *recur_classify_options(void)
{
    return groups;
}

recur_classify_config recur_classify_defaults(void)
{
    recur_classify_config c = {
        .read = recur_labelled_defaults(),
        .split = "0.8,0.1,0.1",
        .text = recur_text_defaults(),
        .ensemble = 1,
        .temperature_scaling = true,
        .model = recur_model_defaults(),
        .train = recur_train_defaults(),
    };
    c.text.lowercase = true;
    c.text.min_count = 2;
    c.text.max_length = 500;
    c.model.hidden = 100;
    c.model.bidirectional = true;
    c.model.pool = RECUR_POOL_MAX;
    c.model.dropout = 0.5;
    c.model.embedding_dropout = NAN;
    c.train.epochs = 12;
    c.train.patience = 5;
    c.train.schedule = RECUR_RATE_COSINE;
    c.train.average = 0.998;
    c.train.optimizer = RECUR_ADAMW;
    c.train.lr = 0.004;
    return c;
}

static void defaults(void *config)
{
    *(recur_classify_config *)config = recur_classify_defaults();
}

const rcr_task rcr_classify_task = {"classify", "classify 1", recur_classify_options,
                                    sizeof(recur_classify_config), defaults};

/* A text can be understood without some of its words; few characters can be missed. */
#define WORD_DROPOUT 0.3
#define CHARACTER_DROPOUT 0.05
enum { WORD_NUMBERS = 100, CHARACTER_NUMBERS = 64 };

recur_status rcr_classify_settle(recur_ctx *cx, recur_classify_config *c)
{
    bool words = c->text.unit == RECUR_UNIT_WORD || c->text.unit == RECUR_UNIT_SPACE;
    rcr_train_settle(&c->train);
    if (isnan(c->model.embedding_dropout))
        c->model.embedding_dropout = words ? WORD_DROPOUT : CHARACTER_DROPOUT;
    if (c->model.embedding != 0)
        return RECUR_OK;
    if (c->vectors)
        return recur_vectors_width(cx, c->vectors, &c->model.embedding);
    c->model.embedding = words ? WORD_NUMBERS : CHARACTER_NUMBERS;
    return RECUR_OK;
}

/* Attention that a classifier can have: of the states on each other. */
static recur_status check_attention(recur_ctx *cx, const recur_classify_config *c)
{
    rcr_attention_kind kind;
    int64_t heads, width = c->model.hidden * (c->model.bidirectional ? 2 : 1);
    recur_status status = rcr_attention_parse(cx, c->model.attention, &kind, &heads);
    if (status != RECUR_OK || kind == RCR_ATTENTION_NONE)
        return status;
    if (kind != RCR_ATTENTION_MULTIHEAD)
        return rcr_fail(
            cx, RECUR_EINVAL,
            "--attention %s is a decoder's; a classifier has none or multihead[:HEADS], and --pool "
            "attention",
            c->model.attention);
    if (width % heads != 0)
        return rcr_fail(cx, RECUR_EINVAL,
                        "--attention %s: %lld heads do not divide the %lld numbers of a state",
                        c->model.attention, (long long)heads, (long long)width);
    return RECUR_OK;
}

static recur_status check_split(recur_ctx *cx, const recur_classify_config *c)
{
    recur_partition partition = {0};
    if (!c->split)
        return rcr_fail(cx, RECUR_EINVAL, "--split is missing");
    if (c->order < 0 || c->order > RCR_CLASSIFY_IN_ORDER)
        return rcr_fail(cx, RECUR_EINVAL, "an order of %d: there are 0, 1 and 2", c->order);
    if (c->every == 1)
        return rcr_fail(cx, RECUR_EINVAL, "--split-every 1 leaves nothing to train on");
    if (c->every > 0 && c->test)
        return rcr_fail(cx, RECUR_EINVAL, "--split-every and --test both say what to test on");
    return recur_partition_parse(cx, c->split, &partition);
}

static recur_status check_files(recur_ctx *cx, const recur_classify_config *c)
{
    if (!c->data)
        return rcr_fail(cx, RECUR_EINVAL, "classification needs a data file");
    if (c->read.format == RECUR_LABELLED_CLASS_FILES && (c->valid || c->test))
        return rcr_fail(cx, RECUR_EINVAL,
                        "--%s: with a file per class one file has one class alone; --split cuts parts out of "
                        "DATA",
                        c->valid ? "valid" : "test");
    return RECUR_OK;
}

recur_status rcr_classify_check(recur_ctx *cx, const recur_classify_config *c)
{
    recur_status status = check_files(cx, c);
    if (status == RECUR_OK)
        status = rcr_options_check(cx, groups, c);
    if (status == RECUR_OK)
        status = rcr_model_check(cx, &c->model);
    if (status == RECUR_OK)
        status = check_attention(cx, c);
    return status == RECUR_OK ? check_split(cx, c) : status;
}
