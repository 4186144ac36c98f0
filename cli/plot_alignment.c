// SPDX-License-Identifier: MIT
/* Attention in a file: the weights as JSON, or heat maps drawn by gnuplot. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"

enum { NUMBER = 32 }; /* letters of the number in a file's name */

struct cli_alignment_file {
    const char *path;
    const char *ending; /* of a picture; NULL: JSON */
    FILE *json;
    int64_t n; /* put so far */
};

json_t *cli_units_json(const recur_span *unit, int64_t n)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(list, json_stringn(unit[i].text, unit[i].size));
    return list;
}

/* Four digits are enough to read and to draw. */
json_t *cli_weights_json(const float *weights, int64_t U, int64_t S)
{
    json_t *rows = json_array();
    for (int64_t u = 0; u < U; u++) {
        json_t *row = json_array();
        for (int64_t j = 0; j < S; j++)
            json_array_append_new(row, json_real(round(1e4 * (double)weights[u * S + j]) / 1e4));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* ---- opening and closing ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static int cannot_write(const char *path)
{
    cli_error("cannot write %s: %s", path, strerror(errno));
    return EXIT_WORK;
}

int cli_alignment_open(cli_alignment_file **out, const char *path)
{
    cli_alignment_file *f = calloc(1, sizeof *f);
    *out = f;
    if (!f || strlen(path) >= PLOT_PATH - NUMBER) {
        cli_error("%s", f ? "--attention: the name of the file is too long" : "out of memory");
        return f ? EXIT_USAGE : EXIT_WORK;
    }
    f->path = path;
    f->ending = ends_with(path, ".svg") ? ".svg" : ends_with(path, ".png") ? ".png" : NULL;
    if (f->ending)
        return EXIT_DONE;
    f->json = fopen(path, "w");
    if (!f->json)
        return cannot_write(path);
    fputc('[', f->json);
    return EXIT_DONE;
}

int cli_alignment_close(cli_alignment_file *f)
{
    int status = EXIT_DONE;
    if (f && f->json) {
        fputs("\n]\n", f->json);
        bool failed = ferror(f->json);
        if (fclose(f->json) != 0 || failed)
            status = cannot_write(f->path);
    }
    free(f);
    return status;
}

/* ---- a heat map ---- */

enum { CELL = 34, LETTER = 9, EDGE = 20 }; /* pixels */

/* "w.svg", "w-2.svg", .. */
static void name_picture(const cli_alignment_file *f, char path[PLOT_PATH])
{
    int stem = (int)(strlen(f->path) - strlen(f->ending));
    if (f->n == 0)
        snprintf(path, PLOT_PATH, "%s", f->path);
    else
        snprintf(path, PLOT_PATH, "%.*s-%lld%s", stem, f->path, (long long)f->n + 1, f->ending);
}

/* Columns that a text takes: characters of East Asia and emoji two. */
static int columns(const char *text)
{
    int n = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s; s++)
        n += (*s & 0xC0) == 0x80 ? 0 : *s >= 0xE3 ? 2 : 1;
    return n;
}

static int longest(const recur_span *unit, int64_t n)
{
    int most = 0;
    for (int64_t i = 0; i < n; i++)
        most = columns(unit[i].text) > most ? columns(unit[i].text) : most;
    return most;
}

static void put_labels(FILE *g, const char *axis, const recur_span *unit, int64_t n, const char *how)
{
    fprintf(g, "set %s (", axis);
    for (int64_t i = 0; i < n; i++) {
        fputs(i ? ", " : "", g);
        cli_plot_quote(g, unit[i].text);
        fprintf(g, " %lld", (long long)i);
    }
    fprintf(g, ") scale 0 %s noenhanced textcolor rgb '" PLOT_INK "'\n", how);
}

/* A square for each weight, darker for more; the source from left to right on top, the target downwards. */
static void draw(FILE *g, const char *path, bool png, const cli_alignment *a)
{
    int left = longest(a->target, a->U) * LETTER + EDGE, U = (int)a->U, S = (int)a->S;
    int letters = longest(a->source, a->S);
    bool slanted = letters > 5;                                       /* characters and <eos> stand upright */
    int slant = (slanted ? letters * LETTER * 3 / 4 : LETTER) + EDGE; /* what names at 45 degrees need */
    int width = left + S * CELL + slant, height = slant + U * CELL + EDGE;
    cli_plot_begin(g);
    fprintf(g, "$w << END\n");
    for (int64_t u = 0; u < a->U; u++)
        for (int64_t j = 0; j < a->S; j++)
            fprintf(g, "%.4f%c", (double)a->weights[u * a->S + j], j + 1 < a->S ? ' ' : '\n');
    fprintf(g, "END\nunset key\nunset colorbox\nunset border\nunset grid\n");
    fprintf(g, "set margins at screen %.5f, screen %.5f, screen %.5f, screen %.5f\n", (double)left / width,
            (double)(left + S * CELL) / width, (double)EDGE / height, 1 - (double)slant / height);
    fprintf(g, "set xrange [-0.5:%d.5]\nset x2range [-0.5:%d.5]\nset yrange [%d.5:-0.5]\n", S - 1, S - 1,
            U - 1);
    fprintf(
        g, "set palette defined (0 '#f4f7fb', 0.5 '#5a9bc8', 1 '#08306b')\nset cbrange [0:1]\nunset xtics\n");
    put_labels(g, "x2tics", a->source, a->S, slanted ? "rotate by 45 left" : "");
    put_labels(g, "ytics", a->target, a->U, "");
    cli_plot_file(g, path, png, width, height, "plot $w matrix with image pixels");
}

static int put_picture(cli_alignment_file *f, const cli_alignment *a)
{
    char path[PLOT_PATH];
    FILE *g = cli_gnuplot_open();
    if (!g)
        return EXIT_WORK;
    name_picture(f, path);
    draw(g, path, strcmp(f->ending, ".png") == 0, a);
    if (cli_gnuplot_close(g))
        return EXIT_DONE;
    cli_error("gnuplot could not draw %s", path);
    return EXIT_WORK;
}

/* ---- JSON ---- */

static int put_json(cli_alignment_file *f, const cli_alignment *a)
{
    json_t *object = json_object();
    json_object_set_new(object, "source", cli_units_json(a->source, a->S));
    json_object_set_new(object, "target", cli_units_json(a->target, a->U));
    json_object_set_new(object, "weights", cli_weights_json(a->weights, a->U, a->S));
    char *text = json_dumps(object, JSON_REAL_PRECISION(4));
    fprintf(f->json, "%s\n%s", f->n ? "," : "", text ? text : "null");
    free(text);
    json_decref(object);
    return EXIT_DONE;
}

int cli_alignment_put(cli_alignment_file *f, const cli_alignment *a)
{
    int status = f->json ? put_json(f, a) : put_picture(f, a);
    f->n++;
    return status;
}
