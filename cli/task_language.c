// SPDX-License-Identifier: MIT
/* The task language on the command line; generate.c writes with its models. */
#include "cli.h"

static void defaults(void *config)
{
    *(recur_language_config *)config = recur_language_defaults();
}

static recur_status train(recur_ctx *cx, const void *config, const recur_run *run, void *result)
{
    return recur_language_train(cx, config, run, result);
}

static void print(const void *config, const void *result)
{
    const recur_language_config *c = config;
    const recur_result *r = result;
    cli_print_training(&c->model, r);
    cli_print_scores((const cli_score[]){
        {"train", &r->train}, {"valid", &r->valid}, {"test", &r->test}, {"unigram", &r->baseline}, {0}});
    putchar('\n');
    cli_print_verdict(&r->test, &r->baseline, "loss", "the unigram");
}

static int evaluate(recur_ctx *cx, const cli_ask *ask, const char *path, const char *data)
{
    recur_language *lm;
    recur_score model, unigram;
    int status = EXIT_DONE;
    if (recur_language_open(&lm, cx, path) != RECUR_OK)
        return cli_fail(cx);
    if (ask->lossy)
        recur_language_lossy(lm, true);
    if (recur_language_evaluate(lm, data, &model, &unigram) != RECUR_OK)
        status = cli_fail(cx);
    else if (ask->common.json)
        cli_print_json(cli_scores_json(&model, &unigram));
    else
        cli_print_scores((const cli_score[]){{"model", &model}, {"unigram", &unigram}, {0}});
    recur_language_free(lm);
    return status;
}

const cli_task cli_language = {
    .command = {"language", "train language TEXT [options]",
                "train a model of a language: what comes next in a plain text", NULL},
    .options = recur_language_options,
    .config_size = sizeof(recur_language_config),
    .result_size = sizeof(recur_result),
    .data = offsetof(recur_language_config, data),
    .model = offsetof(recur_language_config, model),
    .defaults = defaults,
    .files = 1,
    .train = train,
    .print = print,
    .pictures = (const char *const[]){"loss", NULL},
    .asks = (const char *const[]){"lossy", NULL},
    .evaluate = evaluate,
};
