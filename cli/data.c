// SPDX-License-Identifier: MIT
/* recur data: writes a built-in synthetic data set. */
#include "cli.h"

#include <string.h>

typedef struct data_options {
    const char *out;
    int64_t n, seed;
} data_options;

static const recur_option options[] = {
    {"out", 'o', RECUR_OPTION_TEXT, offsetof(data_options, out), "FILE", "instead of standard output", NULL,
     0, 0, 0},
    {"count", 'n', RECUR_OPTION_COUNT, offsetof(data_options, n), "N",
     "rows, reviews, sentences; 0: the usual number", NULL, 0, 1e8, 0},
    {"seed", 0, RECUR_OPTION_COUNT, offsetof(data_options, seed), "N", "the same seed, the same bytes", NULL,
     0, 9e15, 0},
    {0},
};
static const recur_option_group groups[] = {{"Options", options, 0}, {0}};

static int write_set(recur_ctx *cx, const data_options *o, const char *name)
{
    recur_text *text;
    recur_status status = recur_synthetic(&text, cx, name, o->n, (uint64_t)o->seed);
    if (status != RECUR_OK)
        return cli_fail(cx) == EXIT_WORK ? EXIT_WORK : EXIT_USAGE;
    if (o->out)
        status = recur_text_save(text, o->out);
    else
        fwrite(text->bytes, 1, text->size, stdout);
    recur_text_free(text);
    return status == RECUR_OK ? EXIT_DONE : cli_fail_writing(cx);
}

static const char about[] =
    "NAME is one of\n"
    "  ball     positions at constant velocity, a sequence per line (for --rows)\n"
    "  sine     a noisy sine wave: columns t and value\n"
    "  stock    a geometric random walk: columns Date, Open, High, Low, Close and Volume\n"
    "  reviews  opinions to classify: columns label and text\n"
    "  dates    written dates and what they mean, to translate: two columns with a tab between them\n"
    "  tags     sentences with people, places, organisations and dates to find: a token and its tag per line";

static int run(int argc, char **argv)
{
    data_options o = {.seed = 1};
    cli_common common = {0};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{groups, &o}, {cli_common_groups, &common}, {0}};
    int status = cli_begin(&cli_data, about, tables, &common, argc, argv, &words, &cx);
    if (cx)
        status = words.n == 1 ? write_set(cx, &o, words.word[0])
                              : cli_usage_error(&cli_data, "one data set is named at a time");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_data = {"data", "data NAME [-o FILE]", "write a built-in synthetic data set", run};
