// SPDX-License-Identifier: MIT
/* recur predict: answers for new input, a line each. */
#include "cli.h"

static int predict(recur_ctx *cx, const cli_ask *ask, const char *model, const char *input)
{
    const cli_task *task;
    int status = cli_task_of(cx, model, &task);
    if (status == EXIT_DONE)
        status = cli_ask_check(task, ask);
    if (status == EXIT_DONE && !task->predict) {
        cli_error("%s: a model of the task %s predicts by writing: recur generate", model,
                  task->command.name);
        return EXIT_USAGE;
    }
    return status == EXIT_DONE ? task->predict(cx, ask, model, input) : status;
}

static const char about[] =
    "INPUT is what the task trains on, without the answer. forecast: a CSV with the model's columns, whose\n"
    "continuation is forecast, or lines of numbers between commas: a window or a row, the newest last.\n"
    "Without INPUT, or where it is -, lines are read from standard input.";

static int run(int argc, char **argv)
{
    cli_ask ask = {0};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{cli_ask_groups, &ask}, {cli_result_groups, &ask.common}, {0}};
    int status = cli_begin(&cli_predict, about, tables, &ask.common, argc, argv, &words, &cx);
    if (cx)
        status = words.n == 1 || words.n == 2
                     ? predict(cx, &ask, words.word[0], words.n == 2 ? words.word[1] : NULL)
                     : cli_usage_error(&cli_predict, "a model is needed, and perhaps an input");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_predict = {"predict", "predict MODEL [INPUT]", "answers for new input, a line each",
                                 run};
