// SPDX-License-Identifier: MIT
/* Scores for people: a table, and whether the model has learnt anything. */
#include "cli.h"

#include <math.h>
#include <string.h>

/* The columns of the table: a metric of recur_forecast_metric(), under a heading. */
static const struct {
    const char *metric, *heading;
    bool percent;
} columns[] = {
    {"loss", "loss", false},
    {"rmse", "RMSE", false},
    {"mae", "MAE", false},
    {"r2", "R2", false},
    {"mape", "MAPE", true},
    {"mase", "MASE", false},
    {"relative_accuracy", "rel. acc.", false},
};

enum { NAME = 16, CELL = 11 };

static double metric(const recur_forecast_score *score, const char *wanted)
{
    const char *name;
    double value;
    for (size_t i = 0; recur_forecast_metric(score, i, &name, &value); i++)
        if (strcmp(name, wanted) == 0)
            return value;
    return NAN;
}

static void print_cell(double value, bool percent)
{
    char text[40] = "-";
    if (isfinite(value))
        snprintf(text, sizeof text, percent ? "%.2f %%" : "%.5g", percent ? 100 * value : value);
    printf(" %*s", CELL, text);
}

static void print_score(const cli_score *s)
{
    printf("%-*s %8lld", NAME, s->name, (long long)s->score->count);
    for (size_t i = 0; i < CLI_COUNT(columns); i++)
        print_cell(metric(s->score, columns[i].metric), columns[i].percent);
    putchar('\n');
}

void cli_print_scores(const cli_score *scores)
{
    printf("%-*s %8s", NAME, "", "count");
    for (size_t i = 0; i < CLI_COUNT(columns); i++)
        printf(" %*s", CELL, columns[i].heading);
    putchar('\n');
    for (; scores->name; scores++)
        if (scores->score->count > 0)
            print_score(scores);
}

/* A difference of a hundredth is no difference to build on. */
static const char *verdict(double ratio)
{
    return ratio < 0.99 ? "better than" : ratio > 1.01 ? "worse than" : "about as good as";
}

void cli_print_verdict(const recur_forecast_score *model, const recur_forecast_score *baseline,
                       const char *name)
{
    double m = model->metrics.rmse, b = baseline->metrics.rmse;
    if (model->count == 0 || baseline->count == 0 || !(b > 0))
        return;
    printf("%s %s: RMSE %.5g against %.5g (%+.1f %%)\n", verdict(m / b), name, m, b, 100 * (m / b - 1));
}
