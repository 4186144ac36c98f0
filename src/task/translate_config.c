// SPDX-License-Identifier: MIT
/* What translation can be told: defaults, the table of options, and whether a configuration makes sense. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "task/translate.h"
#include "train/option.h"

#define AT(field) offsetof(recur_translate_config, field)

static const char *const bleus[] = {"13a", "none", "char", "zh",
                                    NULL}; /* in the order of recur_bleu_tokens */

static const recur_option data_options[] = {
    {"data", 0, RECUR_OPTION_TEXT, AT(data), "FILE",
     "source and target between tabs, or two files of lines that belong together", NULL, 0, 0, 0},
    {"valid", 0, RECUR_OPTION_TEXT, AT(valid), "FILE",
     "validate on this file, or A,B: these two, instead of a part of DATA", NULL, 0, 0, 0},
    {"test", 0, RECUR_OPTION_TEXT, AT(test), "FILE",
     "test on this file, or A,B: these two, instead of a part of DATA", NULL, 0, 0, 0},
    {"split", 0, RECUR_OPTION_TEXT, AT(split), "A,B,C",
     "training, validation, test: fractions or numbers of pairs; usually 0.8,0.1,0.1, with --valid or --test "
     "all "
     "of DATA for training",
     NULL, 0, 0, 0},
    {"shuffle-split", 0, RECUR_OPTION_PICK, AT(order), NULL, "the parts are drawn at random (this is usual)",
     NULL, 1, 1, 0},
    {"time-split", 0, RECUR_OPTION_PICK, AT(order), NULL, "the parts follow each other", NULL, 2, 2, 0},
    {"group", 0, RECUR_OPTION_FLAG, AT(group), NULL, "all translations of one source stay in one part", NULL,
     0, 0, 0},
    {0},
};

static const recur_option vocab_options[] = {
    {"share-vocab", 0, RECUR_OPTION_FLAG, AT(share_vocab), NULL,
     "one vocabulary and one embedding for both sides", NULL, 0, 0, 0},
    {0},
};

static const recur_option model_options[] = {
    {"reverse-source", 0, RECUR_OPTION_FLAG, AT(reverse_source), NULL, "read the source's last unit first",
     NULL, 0, 0, 0},
    {"input-feeding", 0, RECUR_OPTION_FLAG, AT(input_feeding), NULL,
     "each step also reads what the one before attended to (slower to train)", NULL, 0, 0, 0},
    {"tie", 0, RECUR_OPTION_FLAG, AT(tie), NULL, "the target's embedding is the output's weight too", NULL, 0,
     0, 0},
    {0},
};

static const recur_option learning_options[] = {
    {"teacher-forcing", 0, RECUR_OPTION_NUMBER, AT(teacher_forcing), "F",
     "share of right units that the decoder reads, else its own (slower)", NULL, 0, 1, 0},
    {"teacher-forcing-end", 0, RECUR_OPTION_NUMBER, AT(teacher_forcing_end), "F",
     "the same in the last epoch; without it no change", NULL, 0, 1, 0},
    {"label-smoothing", 0, RECUR_OPTION_NUMBER, AT(label_smoothing), "F",
     "probability that training gives to all units alike", NULL, 0, 0.99, 0},
    {0},
};

static const recur_option search_options[] = {
    {"beam", 0, RECUR_OPTION_COUNT, AT(beam), "N", "translations that go on side by side; 1: greedy", NULL, 1,
     1000, RECUR_OPTION_LIVE},
    {"length-penalty", 0, RECUR_OPTION_NUMBER, AT(length_penalty), "F",
     "divides log-probabilities by length^F; 0: short ones win", NULL, 0, 10, RECUR_OPTION_LIVE},
    {"max-ratio", 0, RECUR_OPTION_NUMBER, AT(max_ratio), "F",
     "units of a translation: F times the source's and 10; 0: as the training part needs", NULL, 0, 1e4, 0},
    {"copy-unknown", 0, RECUR_OPTION_FLAG, AT(copy_unknown), NULL,
     "an unknown word becomes that of the source it attends to", NULL, 0, 0, RECUR_OPTION_LIVE},
    {"bleu-tokens", 0, RECUR_OPTION_CHOICE, AT(bleu), "HOW", "what BLEU counts, by sacrebleu's names", bleus,
     0, 0, RECUR_OPTION_LIVE},
    {"sample", 0, RECUR_OPTION_COUNT, AT(sample), "N", "translations in samples.txt", NULL, 0, 1e6,
     RECUR_OPTION_LIVE},
    {0},
};

static const recur_option_group groups[] = {
    {"Data", data_options, 0},
    {"Data", rcr_paired_options, AT(pairs)},
    {"Text", rcr_text_options, AT(text)},
    {"Text", vocab_options, 0},
    {"Model", rcr_model_options, AT(model)},
    {"Model", rcr_text_model_options, AT(model)},
    {"Model", rcr_attention_options, AT(model)},
    {"Model", model_options, 0},
    {"Training", learning_options, 0},
    {"Training", rcr_train_options, AT(train)},
    {"Translating", search_options, 0},
    {0},
};

const recur_option_group *recur_translate_options(void)
{
    return groups;
}

recur_translate_config recur_translate_defaults(void)
{
    recur_translate_config c = {
        .pairs = recur_paired_defaults(),
        .group = true,
        .text = recur_text_defaults(),
        .tie = true,
        .model = recur_model_defaults(),
        .teacher_forcing = 1,
        .teacher_forcing_end = NAN,
        .label_smoothing = 0.1,
        .train = recur_train_defaults(),
        .beam = 5,
        .length_penalty = 1,
        .copy_unknown = true,
        .sample = 10,
    };
    c.text.vocab = 10000;
    c.text.min_count = 2;
    c.model.hidden = 512;
    c.model.embedding = 256;
    c.model.bidirectional = true;
    c.model.attention = "additive";
    c.model.dropout = 0.3;
    c.model.input_dropout = 0.3;
    c.train.epochs = 20;
    c.train.batch_size = 64;
    c.train.lr = 0.001;
    c.train.schedule_patience = 1;
    c.train.patience = 5;
    c.train.checkpoint_every = 60;
    return c;
}

static void defaults(void *config)
{
    *(recur_translate_config *)config = recur_translate_defaults();
}

const rcr_task rcr_translate_task = {"translate", "translate 1", recur_translate_options,
                                     sizeof(recur_translate_config), defaults};

enum { WORDS = 100, CHARACTERS = 400, EMBEDDING = 256 };

void rcr_translate_settle(recur_translate_config *c)
{
    bool characters = c->text.unit == RECUR_UNIT_CHAR || c->text.unit == RECUR_UNIT_GRAPHEME;
    if (c->text.max_length == 0)
        c->text.max_length = characters ? CHARACTERS : WORDS;
    if (c->model.embedding == 0)
        c->model.embedding = EMBEDDING;
    if (!c->split)
        c->split = c->valid || c->test ? "1,0,0" : "0.8,0.1,0.1";
    if (isnan(c->teacher_forcing_end))
        c->teacher_forcing_end = c->teacher_forcing;
}

recur_decoding rcr_translate_decoding(const recur_translate_config *c)
{
    return (recur_decoding){
        .beam = c->beam, .n_best = 1, .length_penalty = c->length_penalty, .copy_unknown = c->copy_unknown};
}

static recur_status check_model(recur_ctx *cx, const recur_model_config *m)
{
    rcr_attention_kind kind;
    int64_t heads;
    recur_status status = rcr_model_check(cx, m);
    if (status == RECUR_OK)
        status = rcr_attention_parse(cx, m->attention, &kind, &heads);
    if (status != RECUR_OK)
        return status;
    if (kind == RCR_ATTENTION_MULTIHEAD)
        return rcr_fail(cx, RECUR_EINVAL,
                        "--attention %s: a translation attends with none, additive, dot or general",
                        m->attention);
    if (m->bidirectional && m->hidden % 2 != 0)
        return rcr_fail(
            cx, RECUR_EINVAL,
            "--hidden %lld: an encoder of two directions has half of it in each, so it must be even",
            (long long)m->hidden);
    return RECUR_OK;
}

/* Masks that hold for a whole sequence are drawn by a layer that sees all of it. */
static recur_status check_feeding(recur_ctx *cx, const recur_translate_config *c)
{
    if (c->input_feeding && (c->model.variational || c->model.weight_drop > 0))
        return rcr_fail(cx, RECUR_EINVAL,
                        "--input-feeding goes step by step: %s would change its mask with each",
                        c->model.variational ? "--variational" : "--weight-drop");
    return RECUR_OK;
}

static recur_status check_split(recur_ctx *cx, const recur_translate_config *c)
{
    recur_partition partition = {0};
    if (c->order < 0 || c->order > 2)
        return rcr_fail(cx, RECUR_EINVAL, "an order of %d: there are 0, 1 and 2", c->order);
    return c->split ? recur_partition_parse(cx, c->split, &partition) : RECUR_OK;
}

recur_status rcr_translate_check(recur_ctx *cx, const recur_translate_config *c)
{
    if (!c->data)
        return rcr_fail(cx, RECUR_EINVAL, "translation needs pairs of sentences: a file, or two");
    recur_status status = rcr_options_check(cx, groups, c);
    if (status == RECUR_OK)
        status = check_model(cx, &c->model);
    if (status == RECUR_OK)
        status = check_feeding(cx, c);
    return status == RECUR_OK ? check_split(cx, c) : status;
}
