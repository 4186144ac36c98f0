// SPDX-License-Identifier: MIT
/* What language models can be told: defaults, the table of options, and whether a configuration makes sense. */
#include "base/error.h"
#include "task/language.h"
#include "train/option.h"

#define AT(field) offsetof(recur_language_config, field)

static const recur_option data_options[] = {
    {"data", 0, RECUR_OPTION_TEXT, AT(data), "FILE", "plain text, of any size", NULL, 0, 0, 0},
    {"valid", 0, RECUR_OPTION_TEXT, AT(valid), "FILE", "validate on this text instead of a part of DATA",
     NULL, 0, 0, 0},
    {"test", 0, RECUR_OPTION_TEXT, AT(test), "FILE", "test on this text instead of a part of DATA", NULL, 0,
     0, 0},
    {"split", 0, RECUR_OPTION_TEXT, AT(split), "A,B,C",
     "training, validation, test, in this order: fractions or numbers of units", NULL, 0, 0, 0},
    {"window", 0, RECUR_OPTION_COUNT, AT(window), "N", "units that gradients go back", NULL, 1, 1e6, 0},
    {"tie", 0, RECUR_OPTION_FLAG, AT(tie), NULL, "the embedding is the output's weight too", NULL, 0, 0, 0},
    {"sample", 0, RECUR_OPTION_COUNT, AT(sample), "N",
     "units written to samples.txt after each epoch; 0: none", NULL, 0, 1e6, RECUR_OPTION_LIVE},
    {0},
};

static const recur_option_group groups[] = {
    {"Data", data_options, 0},
    {"Text", rcr_unit_options, AT(text)},
    {"Model", rcr_model_options, AT(model)},
    {"Model", rcr_text_model_options, AT(model)},
    {"Training", rcr_train_options, AT(train)},
    {0},
};

const recur_option_group *recur_language_options(void)
{
    return groups;
}

recur_language_config recur_language_defaults(void)
{
    recur_language_config c = {
        .split = "0.8,0.1,0.1",
        .text = recur_text_defaults(),
        .window = 128,
        .sample = 500,
        .model = recur_model_defaults(),
        .train = recur_train_defaults(),
    };
    c.text.unit = RECUR_UNIT_CHAR;
    c.model.hidden = 256;
    c.model.layers = 2;
    c.model.dropout = 0.2;
    c.train.epochs = 30;
    c.train.lr = 0.002;
    c.train.schedule = RECUR_RATE_COSINE;
    c.train.patience = 5;
    return c;
}

static void defaults(void *config)
{
    *(recur_language_config *)config = recur_language_defaults();
}

const rcr_task rcr_language_task = {"language", "language 1", recur_language_options,
                                    sizeof(recur_language_config), defaults};

void rcr_language_settle(recur_language_config *c)
{
    bool characters = c->text.unit == RECUR_UNIT_CHAR || c->text.unit == RECUR_UNIT_GRAPHEME;
    if (c->model.embedding == 0)
        c->model.embedding = characters && !c->tie && c->model.hidden > 64 ? 64 : c->model.hidden;
}

recur_status rcr_language_check(recur_ctx *cx, const recur_language_config *c)
{
    recur_partition partition = {0};
    if (!c->data)
        return rcr_fail(cx, RECUR_EINVAL, "a language model needs a text");
    recur_status status = rcr_options_check(cx, groups, c);
    if (status == RECUR_OK)
        status = rcr_model_check(cx, &c->model);
    if (status != RECUR_OK)
        return status;
    if (c->model.bidirectional)
        return rcr_fail(cx, RECUR_EINVAL, "--bidirectional: a language model must not see what it predicts");
    if (!c->split)
        return rcr_fail(cx, RECUR_EINVAL, "--split is missing");
    return recur_partition_parse(cx, c->split, &partition);
}
