// SPDX-License-Identifier: MIT
/* What forecasting can be told: defaults, the table of options, and whether a configuration makes sense. */
#include <string.h>

#include "base/error.h"
#include "task/forecast.h"
#include "train/option.h"

#define AT(field) offsetof(recur_forecast_config, field)

static const char *const centers[] = {"none", "last", NULL};
static const char *const missings[] = {"drop", "previous", "linear", "error",
                                       NULL}; /* in the order of recur_missing */
static const char *const losses[] = {"mse", "l1", "huber", NULL};
static const char *const wholes[] = {"auto", "yes", "no", NULL};

static const recur_option data_options[] = {
    {"data", 0, RECUR_OPTION_TEXT, AT(data), "FILE", "CSV with a header, or a sequence per line with --rows",
     NULL, 0, 0, 0},
    {"valid", 0, RECUR_OPTION_TEXT, AT(valid), "FILE", "validate on this file instead of a part of DATA",
     NULL, 0, 0, 0},
    {"test", 0, RECUR_OPTION_TEXT, AT(test), "FILE", "test on this file instead of a part of DATA", NULL, 0,
     0, 0},
    {"rows", 0, RECUR_OPTION_FLAG, AT(rows), NULL,
     "no header, a sequence per line; its last number is the answer", NULL, 0, 0, 0},
    {"target", 0, RECUR_OPTION_TEXT, AT(target), "COL",
     "column to forecast (or A,B); without it the last one", NULL, 0, 0, 0},
    {"features", 0, RECUR_OPTION_TEXT, AT(features), "A,B", "further columns to look at", NULL, 0, 0, 0},
    {"time-column", 0, RECUR_OPTION_TEXT, AT(time_column), "COL",
     "must ascend; names the rows in forecast.csv", NULL, 0, 0, 0},
    {"window", 0, RECUR_OPTION_COUNT, AT(window), "N", "rows to look at", NULL, 1, 1e6, 0},
    {"horizon", 0, RECUR_OPTION_COUNT, AT(horizon), "N", "rows to forecast", NULL, 1, 1e5, 0},
    {"scale", 0, RECUR_OPTION_TEXT, AT(scale), "HOW", "standard, minmax, none, or a number that divides",
     NULL, 0, 0, 0},
    {"difference", 0, RECUR_OPTION_FLAG, AT(difference), NULL, "learn changes from one row to the next", NULL,
     0, 0, 0},
    {"center", 0, RECUR_OPTION_CHOICE, AT(center), "HOW", "last: see each window relative to its last row",
     centers, 0, 0, 0},
    {"missing", 0, RECUR_OPTION_CHOICE, AT(missing), "HOW", "what to do about missing values", missings, 0, 0,
     0},
    {"split", 0, RECUR_OPTION_TEXT, AT(split), "A,B,C",
     "training, validation, test: fractions or numbers of rows", NULL, 0, 0, 0},
    {"time-split", 0, RECUR_OPTION_PICK, AT(order), NULL,
     "the parts follow each other (a series, without --rows)", NULL, 2, 2, 0},
    {"shuffle-split", 0, RECUR_OPTION_PICK, AT(order), NULL, "the parts are drawn at random (--rows)", NULL,
     1, 1, 0},
    {"distinct", 0, RECUR_OPTION_FLAG, AT(distinct), NULL, "equal rows stay in one part", NULL, 0, 0, 0},
    {"season", 0, RECUR_OPTION_COUNT, AT(season), "N", "score the value N rows before as well; 0: none", NULL,
     0, 1e6, 0},
    {"loss", 0, RECUR_OPTION_CHOICE, AT(loss), "NAME", "what training makes small, on scaled values", losses,
     0, 0, 0},
    {"whole", 0, RECUR_OPTION_CHOICE, AT(whole), "HOW",
     "round answers to whole numbers; auto: if all targets are and it helps in validation", wholes, 0, 0, 0},
    {0},
};

static const recur_option_group groups[] = {
    {"Data", data_options, 0},
    {"Model", rcr_model_options, AT(model)},
    {"Model", rcr_pool_options, AT(model)},
    {"Training", rcr_train_options, AT(train)},
    {0},
};

const recur_option_group *recur_forecast_options(void)
{
    return groups;
}

recur_forecast_config recur_forecast_defaults(void)
{
    return (recur_forecast_config){
        .window = 24,
        .horizon = 1,
        .scale = "standard",
        .center = RECUR_CENTER_LAST,
        .split = "0.7,0.1,0.2",
        .model = recur_model_defaults(),
        .train = recur_train_defaults(),
    };
}

static void defaults(void *config)
{
    *(recur_forecast_config *)config = recur_forecast_defaults();
}

const rcr_task rcr_forecast_task = {"forecast", "forecast 1", recur_forecast_options,
                                    sizeof(recur_forecast_config), defaults};

static recur_status check_texts(recur_ctx *cx, const recur_forecast_config *c)
{
    recur_scale kind;
    double divisor;
    recur_partition partition = {0};
    if (!c->scale || !c->split)
        return rcr_fail(cx, RECUR_EINVAL, "%s is missing", c->scale ? "--split" : "--scale");
    recur_status status = recur_scale_parse(cx, c->scale, &kind, &divisor);
    return status == RECUR_OK ? recur_partition_parse(cx, c->split, &partition) : status;
}

/* An option that has no meaning beside --rows is a mistake, not something to pass over. */
static recur_status check_rows(recur_ctx *cx, const recur_forecast_config *c)
{
    const struct {
        const char *name;
        bool given;
    } columns[] = {{"target", c->target}, {"features", c->features}, {"time-column", c->time_column}};
    for (size_t i = 0; c->rows && i < sizeof columns / sizeof *columns; i++)
        if (columns[i].given)
            return rcr_fail(cx, RECUR_EINVAL, "--%s names a column, but with --rows there are none",
                            columns[i].name);
    if (c->rows && c->horizon != 1)
        return rcr_fail(cx, RECUR_EINVAL, "--horizon: with --rows the answer is one number, not %lld",
                        (long long)c->horizon);
    if (c->rows && c->season > 0)
        return rcr_fail(cx, RECUR_EINVAL, "--season: independent rows have none");
    return RECUR_OK;
}

static recur_status check_split(recur_ctx *cx, const recur_forecast_config *c)
{
    if (c->order < RCR_ORDER_USUAL || c->order > RCR_ORDER_TIME)
        return rcr_fail(cx, RECUR_EINVAL, "an order of %d: there are 0, 1 and 2", c->order);
    if (c->distinct && (c->order == RCR_ORDER_TIME || (c->order == RCR_ORDER_USUAL && !c->rows)))
        return rcr_fail(cx, RECUR_EINVAL,
                        "--distinct needs parts that are drawn at random: --shuffle-split or --rows");
    return RECUR_OK;
}

/* A pool of attention is not in the table. */
static recur_status check_no_text(recur_ctx *cx, const recur_model_config *m)
{
    if (m->embedding || m->embedding_dropout > 0 || (m->attention && strcmp(m->attention, "none") != 0))
        return rcr_fail(cx, RECUR_EINVAL, "forecasting reads numbers: no embedding, no attention");
    return RECUR_OK;
}

recur_status rcr_forecast_check(recur_ctx *cx, const recur_forecast_config *c)
{
    if (!c->data)
        return rcr_fail(cx, RECUR_EINVAL, "forecasting needs a data file");
    recur_status status = rcr_options_check(cx, groups, c);
    if (status == RECUR_OK)
        status = check_split(cx, c);
    if (status == RECUR_OK)
        status = check_rows(cx, c);
    if (status != RECUR_OK)
        return status;
    status = rcr_model_check(cx, &c->model);
    if (status == RECUR_OK)
        status = check_no_text(cx, &c->model);
    return status == RECUR_OK ? check_texts(cx, c) : status;
}
