// SPDX-License-Identifier: MIT
/* Which words of a text counted: words on backgrounds that are the stronger the more a word weighs. */
#include <jansson.h>
#include <string.h>

#include "plot.h"

/* Texts in the picture, words of one, columns and pixels of a line. */
enum { TEXTS = 20, WORDS = 300, COLUMNS = 100, COLUMN = 9, LINE = 24 };

/* Where the next word goes, on a grid of columns and lines. */
typedef struct place {
    FILE *g;
    int column, line;
} place;

/* Columns of a text: characters of East Asia and emoji take two. */
static int columns(const char *text)
{
    int n = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s; s++)
        n += (*s & 0xC0) == 0x80 ? 0 : *s >= 0xE3 ? 2 : 1;
    return n;
}

/* From white to orange. */
static unsigned colour(double strength)
{
    static const int orange[] = {0xD5, 0x5E, 0x00};
    unsigned rgb = 0;
    for (int i = 0; i < 3; i++)
        rgb = rgb << 8 | (unsigned)(255 + strength * (orange[i] - 255));
    return rgb;
}

static void put(place *at, const char *text, double strength, const char *ink)
{
    int width = columns(text);
    if (at->column > 0 && at->column + width > COLUMNS) {
        at->column = 0;
        at->line++;
    }
    if (strength > 0.01)
        fprintf(at->g, "set object rectangle from %.1f,%.2f to %.1f,%.2f fc rgb '#%06x' fs solid noborder\n",
                at->column - 0.4, at->line + 0.06, at->column + width + 0.4, at->line + 0.94,
                colour(strength));
    fputs("set label ", at->g);
    cli_plot_quote(at->g, text);
    fprintf(at->g, " at %d,%d.5 left front noenhanced font 'monospace,11' textcolor rgb '%s'\n", at->column,
            at->line, ink);
    at->column += width + 1;
}

static double largest(const json_t *weights)
{
    double most = 0;
    for (size_t i = 0; i < json_array_size(weights); i++) {
        double weight = json_number_value(json_array_get(weights, i));
        most = weight > most ? weight : most;
    }
    return most;
}

/* A line that says what the answer is, then the words. */
static void put_text(place *at, const json_t *text)
{
    char answer[256];
    const json_t *words = json_object_get(text, "words"), *weights = json_object_get(text, "weights");
    double most = largest(weights);
    snprintf(answer, sizeof answer, "%.200s  %.3f", json_string_value(json_object_get(text, "label")),
             json_number_value(json_object_get(text, "probability")));
    put(at, answer, 0, PLOT_BLUE);
    at->column = 0;
    at->line++;
    for (size_t i = 0; i < json_array_size(words) && i < WORDS; i++) {
        double strength = most > 0 ? json_number_value(json_array_get(weights, i)) / most : 0;
        put(at, json_string_value(json_array_get(words, i)), strength, strength > 0.8 ? "white" : PLOT_INK);
    }
    if (json_array_size(words) > WORDS)
        put(at, "...", 0, PLOT_GREY);
    at->column = 0;
    at->line += 2;
}

bool cli_plot_attention(const char *file, const json_t *texts)
{
    FILE *g = cli_gnuplot_open();
    place at = {.g = g};
    if (!g) {
        cli_error("%s is drawn by gnuplot", file);
        return false;
    }
    cli_plot_begin(g);
    for (size_t i = 0; i < json_array_size(texts) && i < TEXTS; i++)
        put_text(&at, json_array_get(texts, i));
    if (json_array_size(texts) > TEXTS)
        cli_note("%s shows the first %d of %zu texts", file, TEXTS, json_array_size(texts));
    int lines = at.line > 2 ? at.line - 1 : 2;
    fprintf(g,
            "unset border\nunset tics\nunset key\nunset grid\nset margins 0, 0, 0, 0\n"
            "set xrange [-1:%d]\nset yrange [%d.3:-0.3]\n",
            COLUMNS + 1, lines - 1);
    const char *ending = strrchr(file, '.');
    cli_plot_file(g, file, strcmp(ending, ".png") == 0, (COLUMNS + 2) * COLUMN, lines * LINE, "plot NaN");
    bool drawn = cli_gnuplot_close(g);
    if (!drawn)
        cli_error("gnuplot could not draw %s", file);
    return drawn;
}
