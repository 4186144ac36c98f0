// SPDX-License-Identifier: MIT
/* Pictures of a run, drawn by gnuplot: loss.svg, forecast.svg, and the same as .png. */
#include "cli.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH = 4096,
    SHOWN = 300,
    LABELS = 8,
    LABEL = 10
}; /* rows in the picture; labels below it, letters of one */

/* Okabe and Ito's colours: told apart by all. */
#define BLUE "#0072B2"
#define RED "#D55E00"
#define GREY "#9a9a9a"
#define INK "#222222"

static const recur_option_group none[] = {{0}};

/* Is there a program of that name on the PATH? */
static bool installed(const char *program)
{
    char file[PATH];
    const char *path = getenv("PATH");
    for (const char *s = path ? path : ""; *s;) {
        size_t n = strcspn(s, ":");
        snprintf(file, sizeof file, "%.*s/%s", (int)n, s, program);
        if (access(file, X_OK) == 0)
            return true;
        s += n + (s[n] == ':');
    }
    return false;
}

/* A text in gnuplot's single quotes, where nothing is special but the quote itself. */
static void quote(FILE *g, const char *text)
{
    fputc('\'', g);
    for (const char *s = text; *s; s++) {
        if (*s == '\'')
            fputc('\'', g);
        fputc(*s == '\n' ? ' ' : *s, g);
    }
    fputc('\'', g);
}

static void begin_style(FILE *g)
{
    fprintf(g, "set encoding utf8\n"
               "set border 3 lc rgb '" GREY "'\n"
               "set tics nomirror out textcolor rgb '" INK "'\n"
               "set grid ytics lt 1 lw 0.5 lc rgb '#e4e4e4'\n"
               "set tmargin 3\n"
               "set key at graph 1, 1.1 right top horizontal samplen 2 textcolor rgb '" INK "' noenhanced\n");
}

/* A heading over the left end of the picture; the key is on its right. */
static void put_heading(FILE *g, const char *text)
{
    fprintf(g, "set label 9 ");
    quote(g, text);
    fprintf(g, " at graph 0, 1.07 left noenhanced textcolor rgb '" INK "'\n");
}

/* Draws `plot` twice: for screens and for documents. */
static void draw(FILE *g, const char *folder, const char *name, const char *plot)
{
    static const struct {
        const char *terminal, *ending;
    } kinds[] = {{"svg size 960,480 dynamic font 'sans-serif,14' background rgb 'white'", "svg"},
                 {"pngcairo size 1440,720 font 'sans,16' linewidth 1.5", "png"}};
    for (size_t i = 0; i < CLI_COUNT(kinds); i++) {
        char file[PATH + 64];
        snprintf(file, sizeof file, "%s/%s.%s", folder, name, kinds[i].ending);
        fprintf(g, "set terminal %s\nset output ", kinds[i].terminal);
        quote(g, file);
        fprintf(g, "\n%s\nunset output\n", plot);
    }
}

/* ---- loss.svg ---- */

typedef struct curve {
    double least, most; /* of all losses */
    double best_epoch, epochs;
    bool valid; /* there is a validation part */
} curve;

static void widen(curve *c, double loss)
{
    c->least = fmin(c->least, loss);
    c->most = fmax(c->most, loss);
}

/* One line of metrics.jsonl as "epoch train valid". */
static void put_epoch(FILE *g, const char *line, curve *c)
{
    json_t *e = json_loads(line, 0, NULL);
    double epoch = json_number_value(json_object_get(e, "epoch"));
    double train = json_number_value(json_object_get(e, "train_loss"));
    const json_t *valid = json_object_get(e, "valid_loss");
    if (e)
        fprintf(g, "%.17g %.17g %.17g\n", epoch, train,
                json_is_number(valid) ? json_number_value(valid) : NAN);
    if (e)
        widen(c, train);
    if (json_is_number(valid)) {
        widen(c, json_number_value(valid));
        c->valid = true;
    }
    if (json_is_true(json_object_get(e, "best")))
        c->best_epoch = epoch;
    c->epochs = fmax(c->epochs, epoch);
    json_decref(e);
}

static bool put_epochs(FILE *g, const char *folder, curve *c)
{
    char path[PATH + 64], *line = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/" RECUR_FILE_METRICS, folder);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    *c = (curve){.least = INFINITY, .most = 0};
    fprintf(g, "$loss << END\n");
    while (getline(&line, &room, file) >= 0)
        put_epoch(g, line, c);
    fprintf(g, "END\n");
    free(line);
    fclose(file);
    return c->most > 0;
}

/* A dotted line at the best epoch, its name on the side where there is room. */
static void mark_best(FILE *g, double best, double epochs)
{
    bool left = best > epochs / 2;
    fprintf(g, "set arrow 1 from %.17g, graph 0 to %.17g, graph 1 nohead lw 1 dt 3 lc rgb '" GREY "'\n", best,
            best);
    fprintf(g, "set label 1 'best: epoch %.0f' at %.17g, graph 0.96 %s offset %d,0 textcolor rgb '" INK "'\n",
            best, best, left ? "right" : "left", left ? -1 : 1);
}

static bool draw_loss(FILE *g, const char *folder)
{
    curve c;
    if (!put_epochs(g, folder, &c))
        return false;
    put_heading(g, "loss");
    fprintf(g, "set xlabel 'epoch'\nset autoscale xfix\n");
    if (c.least > 0 && c.most / c.least > 10)
        fprintf(g, "set logscale y\nset format y '%%g'\n");
    if (c.best_epoch > 0)
        mark_best(g, c.best_epoch, c.epochs);
    draw(g, folder, "loss",
         c.valid ? "plot $loss using 1:2 with lines lw 2 lc rgb '" BLUE "' title 'training', "
                   "$loss using 1:3 with lines lw 2 lc rgb '" RED "' title 'validation'"
                 : "plot $loss using 1:2 with lines lw 2 lc rgb '" BLUE "' title 'training'");
    fprintf(g, "unset arrow 1\nunset label\nunset logscale y\n");
    return true;
}

/* ---- forecast.svg ---- */

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
        quote(g, label);
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
    put_heading(g, heading);
    fprintf(g, "set xlabel '%s'\nset autoscale xfix\n", s->time ? "" : "row");
    draw(g, folder, "forecast",
         "plot $rows using 1:4 with lines lw 0.8 lc rgb '" GREY "' title 'last value', "
         "$truth using 1:2 with lines lw 2 lc rgb '" INK "' title 'truth', "
         "$rows using 1:3 with lines lw 2 lc rgb '" RED "' title 'forecast'");
}

static void draw_rows(FILE *g, const char *folder, const sheet *s)
{
    put_rows(g, s, "rows", false);
    put_heading(g, "forecast against truth");
    fprintf(g, "set xlabel 'truth'\nset ylabel 'forecast'\nset autoscale xfix\n");
    draw(g, folder, "forecast",
         "plot $rows using 2:4 with points pt 7 ps 0.3 lc rgb '" GREY "' title 'last value', "
         "x with lines lw 1 lc rgb '" INK "' title 'truth', "
         "$rows using 2:3 with points pt 7 ps 0.5 lc rgb '" RED "' title 'forecast'");
}

static bool draw_forecast(FILE *g, const char *folder)
{
    char path[PATH + 64];
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
        (strcmp(recur_table_header(t, s.truth), "answer") == 0 ? draw_rows : draw_series)(g, folder, &s);
    recur_table_free(t);
    recur_ctx_free(cx);
    return there;
}

bool cli_plot_run(const char *folder)
{
    if (!installed("gnuplot")) {
        cli_note("no pictures: gnuplot is not installed");
        return false;
    }
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* a gnuplot that fails must not take us along */
    FILE *g = popen("gnuplot >/dev/null 2>&1", "w");
    bool drawn = false;
    if (g) {
        begin_style(g);
        drawn = draw_loss(g, folder);
        draw_forecast(g, folder);
        drawn = pclose(g) == 0 && drawn;
    }
    signal(SIGPIPE, before);
    if (!drawn)
        cli_note("no pictures: gnuplot could not draw %s", folder);
    return drawn;
}

/* The pictures that are there, one to a line or as JSON. */
static void print_pictures(const char *folder, bool as_json)
{
    static const char *const names[] = {"loss.svg", "loss.png", "forecast.svg", "forecast.png"};
    json_t *list = json_array();
    for (size_t i = 0; i < CLI_COUNT(names); i++) {
        char path[PATH + 64];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (access(path, R_OK) == 0)
            json_array_append_new(list, json_string(path));
    }
    for (size_t i = 0; i < json_array_size(list) && !as_json; i++)
        printf("%s\n", json_string_value(json_array_get(list, i)));
    if (as_json)
        cli_print_json(json_pack("{s:O}", "pictures", list));
    json_decref(list);
}

static int plot(const char *folder, bool as_json)
{
    char path[PATH + 64];
    snprintf(path, sizeof path, "%s/" RECUR_FILE_METRICS, folder);
    if (access(path, R_OK) != 0) {
        cli_error("%s is not a run folder: there is no " RECUR_FILE_METRICS, folder);
        return EXIT_INPUT;
    }
    if (!cli_plot_run(folder))
        return EXIT_WORK;
    print_pictures(folder, as_json);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    cli_common common = {0};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{none, NULL}, {cli_result_groups, &common}, {0}};
    int status = cli_begin(&cli_plot, NULL, tables, &common, argc, argv, &words, &cx);
    if (cx)
        status = words.n == 1 ? plot(words.word[0], common.json)
                              : cli_usage_error(&cli_plot, "a run folder is needed");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_plot = {"plot", "plot RUN", "redraw a run's pictures", run};
