// SPDX-License-Identifier: MIT
/* What tagging can be told: defaults, the table of options, and whether a configuration makes sense. */
#include "base/error.h"
#include "task/tag.h"
#include "train/option.h"

#define AT(field) offsetof(recur_tag_config, field)

static const char *const encoders[] = {"none", "lstm", NULL}; /* in the order of recur_char_encoder */

static const recur_option data_options[] = {
    {"data", 0, RECUR_OPTION_TEXT, AT(data), "FILE", "CoNLL columns, token first and tag last, or CoNLL-U",
     NULL, 0, 0, 0},
    {"valid", 0, RECUR_OPTION_TEXT, AT(valid), "FILE", "validate on this file instead of a part of DATA",
     NULL, 0, 0, 0},
    {"test", 0, RECUR_OPTION_TEXT, AT(test), "FILE", "test on this file instead of a part of DATA", NULL, 0,
     0, 0},
    {"split", 0, RECUR_OPTION_TEXT, AT(split), "A,B,C",
     "training, validation, test: fractions or numbers of sentences", NULL, 0, 0, 0},
    {"split-every", 0, RECUR_OPTION_COUNT, AT(every), "N",
     "every N-th sentence is for testing; 0: by --split", NULL, 0, 1e9, 0},
    {"time-split", 0, RECUR_OPTION_PICK, AT(order), NULL, "the parts follow each other", NULL, 2, 2, 0},
    {"shuffle-split", 0, RECUR_OPTION_PICK, AT(order), NULL, "the parts are drawn at random (usual)", NULL, 1,
     1, 0},
    {0},
};

static const recur_option model_options[] = {
    {"crf", 0, RECUR_OPTION_FLAG, AT(crf), NULL, "score the tags of a sentence as a sequence", NULL, 0, 0, 0},
    {"char-encoder", 0, RECUR_OPTION_CHOICE, AT(char_encoder), "KIND", "what reads the characters of a word",
     encoders, 0, 0, 0},
    {"char-hidden", 0, RECUR_OPTION_COUNT, AT(char_hidden), "N", "units of it, in each direction", NULL, 1,
     1e5, 0},
    {"char-embedding", 0, RECUR_OPTION_COUNT, AT(char_embedding), "N", "numbers that stand for a character",
     NULL, 1, 1e5, 0},
    {"vectors", 0, RECUR_OPTION_TEXT, AT(vectors), "FILE",
     "word vectors to begin with (word2vec or GloVe, as text)", NULL, 0, 0, 0},
    {0},
};

static const recur_option_group groups[] = {
    {"Data", data_options, 0},
    {"Data", rcr_tagged_options, AT(columns)},
    {"Words", rcr_unit_options, AT(text)},
    {"Model", model_options, 0},
    {"Model", rcr_model_options, AT(model)},
    {"Model", rcr_text_model_options, AT(model)},
    {"Training", rcr_train_options, AT(train)},
    {0},
};

const recur_option_group *recur_tag_options(void)
{
    return groups;
}

recur_tag_config recur_tag_defaults(void)
{
    recur_tag_config c = {
        .columns = recur_tagged_defaults(),
        .split = "0.8,0.1,0.1",
        .text = recur_text_defaults(),
        .char_encoder = RECUR_CHARS_LSTM,
        .char_hidden = 50,
        .char_embedding = 30,
        .model = recur_model_defaults(),
        .train = recur_train_defaults(),
    };
    c.text.lowercase = true; /* the characters tell capitals */
    c.text.min_count = 2;    /* so that unknown words are learnt */
    c.model.hidden = 128;
    c.model.bidirectional = true;
    c.model.embedding = 100;
    c.model.dropout = 0.4;
    c.model.input_dropout = 0.4;
    c.model.variational = true;
    c.train.epochs = 30;
    c.train.lr = 0.002;
    c.train.clip_norm = 5;
    c.train.schedule_patience = 1;
    c.train.patience = 5;
    return c;
}

static void defaults(void *config)
{
    *(recur_tag_config *)config = recur_tag_defaults();
}

const rcr_task rcr_tag_task = {"tag", "tag 1", recur_tag_options, sizeof(recur_tag_config), defaults};

recur_status rcr_tag_check(recur_ctx *cx, const recur_tag_config *c)
{
    recur_partition partition = {0};
    if (!c->data)
        return rcr_fail(cx, RECUR_EINVAL, "tagging needs a data file");
    recur_status status = rcr_options_check(cx, groups, c);
    if (status == RECUR_OK)
        status = rcr_model_check(cx, &c->model);
    if (status != RECUR_OK)
        return status;
    if (!c->split)
        return rcr_fail(cx, RECUR_EINVAL, "--split is missing");
    if (c->every == 1)
        return rcr_fail(cx, RECUR_EINVAL, "--split-every: with 1 nothing is left to learn from");
    return recur_partition_parse(cx, c->split, &partition);
}
