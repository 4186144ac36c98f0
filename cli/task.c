// SPDX-License-Identifier: MIT
/* The tasks that there are, and the options of questions to a trained model. */
#include "cli.h"

#include <string.h>

const cli_task *const cli_tasks[] = {&cli_forecast, &cli_classify,  &cli_tag,
                                     &cli_language, &cli_translate, NULL};

const cli_task *cli_task_find(const char *name)
{
    for (const cli_task *const *t = cli_tasks; *t; t++)
        if (strcmp((*t)->command.name, name) == 0)
            return *t;
    return NULL;
}

int cli_task_of(recur_ctx *cx, const char *model, const cli_task **task)
{
    char name[64];
    if (recur_model_task(cx, model, name, sizeof name) != RECUR_OK)
        return cli_fail(cx);
    *task = cli_task_find(name);
    if (*task)
        return EXIT_DONE;
    cli_error("%s: a model of the task \"%s\", which this version does not know", model, name);
    return EXIT_INPUT;
}

/* ---- options of evaluate and predict ---- */

#define AT(field) offsetof(cli_ask, field)

static const char *const formats[] = {"lines", "conll", "conllu", NULL}; /* in the order of cli_format */

static const recur_option options[] = {
    {"steps", 0, RECUR_OPTION_COUNT, AT(steps), "N",
     "forecast: how far to go, beyond the horizon from its own forecasts; 0: the horizon", NULL, 0, 1e6, 0},
    {"beam", 0, RECUR_OPTION_COUNT, AT(beam), "N",
     "translate: translations that go on side by side, 1: greedy; 0: as in training", NULL, 0, 1000, 0},
    {"n-best", 0, RECUR_OPTION_COUNT, AT(n_best), "N",
     "translate: so many translations of each line, as line, score, translation; 0: one", NULL, 0, 1000, 0},
    {"top", 0, RECUR_OPTION_COUNT, AT(top), "N", "classify: so many classes, not only the most probable",
     NULL, 0, 1e6, 0},
    {"attention", 0, RECUR_OPTION_TEXT, AT(attention), "FILE",
     "what the model attended to: a heat map if FILE ends in .svg or .png, else JSON; classify: - shows "
     "it on the terminal",
     NULL, 0, 0, 0},
    {"errors", 0, RECUR_OPTION_COUNT, AT(errors), "N",
     "classify, evaluate: the N examples that are most surely wrong", NULL, 0, 1e9, 0},
    {"format", 0, RECUR_OPTION_CHOICE, AT(format), "FORMAT",
     "tag, predict: a sentence a line, or columns, which come back with the tags in them", formats, 0, 0, 0},
    {"lossy", 0, RECUR_OPTION_FLAG, AT(lossy), NULL,
     "texts: what is not UTF-8 becomes U+FFFD instead of an error", NULL, 0, 0, 0},
    {0},
};
const recur_option_group cli_ask_groups[] = {{"Options", options, 0}, {0}};

static bool accepts(const cli_task *task, const char *name)
{
    for (const char *const *a = task->asks; *a; a++)
        if (strcmp(*a, name) == 0)
            return true;
    return false;
}

int cli_ask_check(const cli_task *task, const cli_ask *ask)
{
    const cli_ask unset = {0};
    char given[64], usual[64];
    for (const recur_option *o = options; o->name; o++) {
        recur_option_get(o, (const char *)ask + o->offset, given, sizeof given);
        recur_option_get(o, (const char *)&unset + o->offset, usual, sizeof usual);
        if (strcmp(given, usual) == 0 || accepts(task, o->name))
            continue;
        cli_error("--%s means nothing to a model of the task %s", o->name, task->command.name);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}
