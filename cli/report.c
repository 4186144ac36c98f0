// SPDX-License-Identifier: MIT
/* Scores for people: a table, and whether the model has learnt anything. */
#include "cli.h"

#include <math.h>
#include <string.h>

/* How a metric is shown: its heading, whether as per cent, whether more is better. Others stand under their own
 * name; those without a heading are left to JSON. */
static const struct style {
    const char *metric, *heading;
    bool percent, more;
} styles[] = {
    {"rmse", "RMSE", false, false},
    {"mae", "MAE", false, false},
    {"mse", NULL, false, false},
    {"r2", "R2", false, true},
    {"mape", "MAPE", true, false},
    {"mase", "MASE", false, false},
    {"relative_accuracy", "rel. acc.", false, true},
    {"scaled_relative_accuracy", NULL, false, true},
    {"accuracy", "accuracy", true, true},
    {"precision", "precision", true, true},
    {"recall", "recall", true, true},
    {"f1", "F1", true, true},
    {"calibration_error", "calib. err.", true, false},
    {"bits_per_unit", "bits/unit", false, false},
    {"bleu", "BLEU", false, true},
    {"exact", "exact", true, true},
};

enum { NAME = 16, CELL = 11 };

static struct style style_of(const char *metric)
{
    for (size_t i = 0; i < CLI_COUNT(styles); i++)
        if (strcmp(styles[i].metric, metric) == 0)
            return styles[i];
    return (struct style){metric, metric, false, false};
}

static void print_cell(double value, bool percent)
{
    char text[40] = "-";
    if (isfinite(value))
        snprintf(text, sizeof text, percent ? "%.2f %%" : "%.5g", percent ? 100 * value : value);
    printf(" %*s", CELL, text);
}

static void print_headings(const recur_score *columns)
{
    printf("%-*s %8s", NAME, "", "count");
    for (int i = 0; i < columns->n; i++)
        if (style_of(columns->metric[i].name).heading)
            printf(" %*s", CELL, style_of(columns->metric[i].name).heading);
    putchar('\n');
}

static void print_score(const cli_score *s, const recur_score *columns)
{
    printf("%-*s %8lld", NAME, s->name, (long long)s->score->count);
    for (int i = 0; i < columns->n; i++) {
        const struct style style = style_of(columns->metric[i].name);
        if (style.heading)
            print_cell(recur_score_get(s->score, columns->metric[i].name), style.percent);
    }
    putchar('\n');
}

/* The columns are those of the first score that is there. */
void cli_print_scores(const cli_score *scores)
{
    while (scores->name && scores->score->count == 0)
        scores++;
    if (!scores->name)
        return;
    const recur_score *columns = scores->score;
    print_headings(columns);
    for (; scores->name; scores++)
        if (scores->score->count > 0)
            print_score(scores, columns);
}

/* A difference of a hundredth is no difference to build on. */
static const char *verdict(double ratio)
{
    return ratio < 0.99 ? "better than" : ratio > 1.01 ? "worse than" : "about as good as";
}

void cli_print_verdict(const recur_score *model, const recur_score *baseline, const char *metric,
                       const char *name)
{
    const struct style style = style_of(metric);
    double m = recur_score_get(model, metric), b = recur_score_get(baseline, metric);
    double scale = style.percent ? 100 : 1;
    if (model->count == 0 || baseline->count == 0 || !(b > 0) || !(m > 0))
        return;
    printf("%s %s: %s %.5g against %.5g (%+.1f %%)\n", verdict(style.more ? b / m : m / b), name,
           style.heading ? style.heading : metric, scale * m, scale * b, 100 * (m / b - 1));
}

void cli_print_training(const recur_model_config *model, const recur_result *r)
{
    const recur_option *cell = recur_option_find(recur_forecast_options(), "cell", NULL);
    printf("%s, %lld parameters, %lld epochs (best: %lld), %.1f s, %.3g steps/s, %.1f MB\n\n",
           cell->choices[model->cell], (long long)r->parameters, (long long)r->epochs,
           (long long)r->best_epoch, r->seconds, r->units_per_second, (double)r->peak_bytes / 1e6);
}
