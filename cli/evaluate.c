// SPDX-License-Identifier: MIT
/* recur evaluate: scores a trained model on a file with the answers. */
#include "cli.h"

#include <stdlib.h>

static int evaluate(recur_ctx *cx, const cli_ask *ask, const char *model, const char *data, int files)
{
    const cli_task *task = NULL;
    int status = cli_readable_files(data);
    if (status == EXIT_DONE)
        status = cli_task_of(cx, model, &task);
    if (status != EXIT_DONE || !task)
        return status;
    status = cli_ask_check(task, ask);
    if (status == EXIT_DONE && files > task->files) {
        cli_error("%s: a model of the task %s is scored on %d data file%s at most, not %d", model,
                  task->command.name, task->files, task->files == 1 ? "" : "s", files);
        status = EXIT_USAGE;
    }
    return status == EXIT_DONE ? task->evaluate(cx, ask, model, data) : status;
}

static int evaluate_words(recur_ctx *cx, const cli_ask *ask, const cli_words *words)
{
    char *data = cli_join_files(words->word + 1, words->n - 1);
    int status = data ? evaluate(cx, ask, words->word[0], data, words->n - 1) : EXIT_WORK;
    free(data);
    return status;
}

static int run(int argc, char **argv)
{
    cli_ask ask = {0};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{cli_ask_groups, &ask}, {cli_result_groups, &ask.common}, {0}};
    int status = cli_begin(&cli_evaluate, NULL, tables, &ask.common, argc, argv, &words, &cx);
    if (cx)
        status = words.n >= 2 ? evaluate_words(cx, &ask, &words)
                              : cli_usage_error(&cli_evaluate, "a model and a data file are needed");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_evaluate = {"evaluate", "evaluate MODEL DATA", "score a trained model on labelled data",
                                  run};
