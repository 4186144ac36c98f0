// SPDX-License-Identifier: MIT
/* recur plot: pictures of a run, drawn by gnuplot; and what all pictures share. */
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plot.h"

static const recur_option_group none[] = {{0}};

/* ---- gnuplot ---- */

/* Is there a program of that name on the PATH? */
static bool installed(const char *program)
{
    char file[PLOT_PATH];
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

static void (*pipe_handler)(int); /* that of the program, while a gnuplot is open */

FILE *cli_gnuplot_open(void)
{
    if (!installed("gnuplot")) {
        cli_note("no pictures: gnuplot is not installed");
        return NULL;
    }
    pipe_handler = signal(SIGPIPE, SIG_IGN); /* a gnuplot that fails must not take us along */
    FILE *g = popen("gnuplot >/dev/null 2>&1", "w");
    if (!g) {
        cli_note("no pictures: gnuplot could not be started");
        signal(SIGPIPE, pipe_handler);
    }
    return g;
}

bool cli_gnuplot_close(FILE *g)
{
    bool done = pclose(g) == 0;
    signal(SIGPIPE, pipe_handler);
    return done;
}

/* ---- how pictures look ---- */

void cli_plot_quote(FILE *g, const char *text)
{
    fputc('\'', g);
    for (const char *s = text; *s; s++) {
        if (*s == '\'')
            fputc('\'', g);
        fputc(*s == '\n' ? ' ' : *s, g);
    }
    fputc('\'', g);
}

void cli_plot_begin(FILE *g)
{
    fprintf(g, "reset\n"
               "set encoding utf8\n"
               "set border 3 lc rgb '" PLOT_GREY "'\n"
               "set tics nomirror out textcolor rgb '" PLOT_INK "'\n"
               "set grid ytics lt 1 lw 0.5 lc rgb '#e4e4e4'\n"
               "set tmargin 3\n"
               "set key at graph 1, 1.1 right top horizontal samplen 2 textcolor rgb '" PLOT_INK
               "' noenhanced\n");
}

void cli_plot_heading(FILE *g, const char *text)
{
    fprintf(g, "set label 9 ");
    cli_plot_quote(g, text);
    fprintf(g, " at graph 0, 1 left offset 0, 1.3 noenhanced textcolor rgb '" PLOT_INK "'\n");
}

void cli_plot_file(FILE *g, const char *file, bool png, int width, int height, const char *plot)
{
    if (png)
        fprintf(g, "set terminal pngcairo size %d,%d font 'sans,16' linewidth 1.5\n", width * 3 / 2,
                height * 3 / 2);
    else
        fprintf(g, "set terminal svg size %d,%d dynamic font 'sans-serif,14' background rgb 'white'\n", width,
                height);
    fprintf(g, "set output ");
    cli_plot_quote(g, file);
    fprintf(g, "\n%s\nunset output\n", plot);
}

void cli_plot_draw(FILE *g, const char *folder, const char *name, int width, int height, const char *plot)
{
    for (int png = 0; png < 2; png++) {
        char file[PLOT_PATH + 64];
        snprintf(file, sizeof file, "%s/%s.%s", folder, name, png ? "png" : "svg");
        cli_plot_file(g, file, png, width ? width : 960, height ? height : 480, plot);
    }
}

/* ---- a run ---- */

bool cli_plot_run(const char *folder)
{
    FILE *g = cli_gnuplot_open();
    if (!g)
        return false;
    bool drawn = cli_plot_loss(g, folder);
    cli_plot_forecast(g, folder);
    cli_plot_classes(g, folder);
    drawn = cli_gnuplot_close(g) && drawn;
    if (!drawn)
        cli_note("no pictures: gnuplot could not draw %s", folder);
    return drawn;
}

/* The pictures that are there, one to a line or as JSON. */
static void print_pictures(const char *folder, bool as_json)
{
    static const char *const names[] = {"loss.svg",        "loss.png",       "forecast.svg",
                                        "forecast.png",    "confusion.svg",  "confusion.png",
                                        "calibration.svg", "calibration.png"};
    json_t *list = json_array();
    for (size_t i = 0; i < CLI_COUNT(names); i++) {
        char path[PLOT_PATH + 64];
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
    char path[PLOT_PATH + 64];
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
