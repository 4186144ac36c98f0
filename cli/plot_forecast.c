// SPDX-License-Identifier: MIT
/* forecast.svg: truth, forecast and baseline on the test part. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plot.h"

/* Rows in the picture; labels below it, letters of one. */
enum { SHOWN = 300, LABELS = 8, LABEL = 10 };

/* Columns of forecast.csv. */
typedef struct sheet {
    const recur_table *t;
    int64_t rows, step, truth; /* number of rows; columns */
    int64_t horizon, from;     /* the first row in the picture */
    bool time;                 /* a column names the rows */
} sheet;

static double number(const sheet *s, int64_t row, int64_t column)
{
    return strtod(recur_table_text(s->t, row, column), NULL);
}

static void find_columns(sheet *s, const recur_table *t)
{
    *s = (sheet){.t = t, .rows = recur_table_rows(t)};
    s->time = strcmp(recur_table_header(t, 1), "step") != 0;
    s->step = s->time ? 2 : 1;
    s->truth = s->step + 1;
    for (int64_t i = 0; i < s->rows && number(s, i, s->step) > (double)s->horizon; i++)
        s->horizon++;
    if (s->horizon == 0) /* no rows, or steps that do not count from 1 */
        s->horizon = 1;
    int64_t windows = s->rows / s->horizon;
    int64_t shown = s->horizon < SHOWN ? SHOWN / s->horizon * s->horizon : s->horizon;
    s->from = windows > shown ? (windows - shown) * s->horizon : 0;
}

/* Every row once: of windows that overlap, those that follow each other. */
static bool shown(const sheet *s, int64_t row)
{
    return (row - s->from) / s->horizon % s->horizon == 0;
}

/* A block of "row truth forecast baseline"; with a gap between two forecasts if they are of several steps. */
static void put_rows(FILE *g, const sheet *s, const char *block, bool gaps)
{
    fprintf(g, "$%s << END\n", block);
    for (int64_t i = s->from; i < s->rows; i++) {
        if (!shown(s, i))
            continue;
        if (gaps && number(s, i, s->step) == 1)
            fprintf(g, "\n");
        fprintf(g, "%.17g %.17g %.17g %.17g\n", number(s, i, 0), number(s, i, s->truth),
                number(s, i, s->truth + 1), number(s, i, s->truth + 2));
    }
    fprintf(g, "END\n");
}

/* Names of rows below the picture; of a long one, such as a date with an hour, its beginning. */
static void put_labels(FILE *g, const sheet *s)
{
    char label[LABEL + 1];
    int64_t every = (s->rows - s->from) / LABELS + 1;
    if (!s->time)
        return;
    fprintf(g, "set xtics (");
    for (int64_t i = s->from; i < s->rows; i += every) {
        snprintf(label, sizeof label, "%s", recur_table_text(s->t, i, 1));
        fprintf(g, i > s->from ? ", " : " ");
        cli_plot_quote(g, label);
        fprintf(g, " %.17g", number(s, i, 0));
    }
    fprintf(g, ")\n");
}

static void draw_series(FILE *g, const char *folder, const sheet *s)
{
    char heading[256];
    long long windows_shown = (s->rows - s->from) / s->horizon, windows = s->rows / s->horizon;
    int n = snprintf(heading, sizeof heading, "%.128s", recur_table_header(s->t, s->truth));
    if (s->horizon > 1)
        n += snprintf(heading + n, sizeof heading - (size_t)n, ", %lld steps at a time",
                      (long long)s->horizon);
    if (windows_shown < windows)
        snprintf(heading + n, sizeof heading - (size_t)n, ", the last %lld of %lld rows", windows_shown,
                 windows);
    put_rows(g, s, "truth", false);
    put_rows(g, s, "rows", s->horizon > 1);
    put_labels(g, s);
    cli_plot_heading(g, heading);
    fprintf(g, "set xlabel '%s'\nset autoscale xfix\n", s->time ? "" : "row");
    cli_plot_draw(g, folder, "forecast", 0, 0,
                  "plot $rows using 1:4 with lines lw 0.8 lc rgb '" PLOT_GREY "' title 'last value', "
                  "$truth using 1:2 with lines lw 2 lc rgb '" PLOT_INK "' title 'truth', "
                  "$rows using 1:3 with lines lw 2 lc rgb '" PLOT_RED "' title 'forecast'");
}

static void draw_rows(FILE *g, const char *folder, const sheet *s)
{
    put_rows(g, s, "rows", false);
    cli_plot_heading(g, "forecast against truth");
    fprintf(g, "set xlabel 'truth'\nset ylabel 'forecast'\nset autoscale xfix\n");
    cli_plot_draw(g, folder, "forecast", 0, 0,
                  "plot $rows using 2:4 with points pt 7 ps 0.3 lc rgb '" PLOT_GREY "' title 'last value', "
                  "x with lines lw 1 lc rgb '" PLOT_INK "' title 'truth', "
                  "$rows using 2:3 with points pt 7 ps 0.5 lc rgb '" PLOT_RED "' title 'forecast'");
}

bool cli_plot_forecast(FILE *g, const char *folder)
{
    char path[PLOT_PATH + 64];
    recur_ctx *cx;
    recur_table *t = NULL;
    sheet s;
    snprintf(path, sizeof path, "%s/" RECUR_FILE_FORECAST, folder);
    if (access(path, R_OK) != 0 || recur_ctx_create(&cx, &(recur_options){.threads = 1}) != RECUR_OK)
        return false;
    bool there = recur_table_read(&t, cx, path, NULL) == RECUR_OK && recur_table_rows(t) > 0;
    if (there)
        find_columns(&s, t);
    if (there)
        cli_plot_begin(g);
    if (there)
        (strcmp(recur_table_header(t, s.truth), "answer") == 0 ? draw_rows : draw_series)(g, folder, &s);
    recur_table_free(t);
    recur_ctx_free(cx);
    return there;
}
