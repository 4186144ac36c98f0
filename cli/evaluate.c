// SPDX-License-Identifier: MIT
/* recur evaluate: scores a trained model on a file with the answers. */
#include "cli.h"

#include <jansson.h>

static const recur_option_group none[] = {{0}};

static void print_scores(const recur_forecast_score *model, const recur_forecast_score *baseline,
                         const recur_forecast_score *seasonal)
{
    cli_print_scores(
        (const cli_score[]){{"model", model}, {"last value", baseline}, {"last season", seasonal}, {0}});
    cli_print_verdict(model, baseline, "the last value");
    cli_print_verdict(model, seasonal, "the last season");
}

static void print_json(const recur_forecast_score *model, const recur_forecast_score *baseline,
                       const recur_forecast_score *seasonal)
{
    json_t *object = cli_score_json(model);
    json_object_set_new(object, "baseline", cli_score_json(baseline));
    if (seasonal->count > 0)
        json_object_set_new(object, "seasonal_baseline", cli_score_json(seasonal));
    cli_print_json(object);
}

static int evaluate(recur_ctx *cx, const cli_common *common, const char *path, const char *data)
{
    recur_forecast *model;
    recur_forecast_score score, baseline, seasonal;
    int status = cli_readable(data);
    if (status != EXIT_DONE)
        return status;
    if (recur_forecast_open(&model, cx, path) != RECUR_OK)
        return cli_fail(cx);
    if (recur_forecast_evaluate(model, data, &score, &baseline, &seasonal) != RECUR_OK)
        status = cli_fail(cx);
    else
        (common->json ? print_json : print_scores)(&score, &baseline, &seasonal);
    recur_forecast_free(model);
    return status;
}

static int run(int argc, char **argv)
{
    cli_common common = {0};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{none, NULL}, {cli_result_groups, &common}, {0}};
    int status = cli_begin(&cli_evaluate, NULL, tables, &common, argc, argv, &words, &cx);
    if (cx)
        status = words.n == 2 ? evaluate(cx, &common, words.word[0], words.word[1])
                              : cli_usage_error(&cli_evaluate, "a model and a data file are needed");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_evaluate = {"evaluate", "evaluate MODEL DATA", "score a trained model on labelled data",
                                  run};
