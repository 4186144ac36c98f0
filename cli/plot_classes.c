// SPDX-License-Identifier: MIT
/* confusion.svg: what the model takes for what; calibration.svg: whether its probabilities are what they say. Both
 * from result.json. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "plot.h"

/* Up to so many classes a zero is worth its place; cells have room for a number; there is room for names; a picture
 * makes sense at all. Then: characters of a name. */
enum { SMALL = 6, NUMBERED = 30, NAMED = 60, DRAWN = 200, NAME = 24 };

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* ---- confusion.svg ---- */

/* Of the confusion matrix of K classes: rows are labels, columns answers. */
typedef struct matrix {
    const json_t *rows, *classes;
    size_t K;
} matrix;

static double cell(const matrix *m, size_t row, size_t column)
{
    return json_number_value(json_array_get(json_array_get(m->rows, row), column));
}

static double row_sum(const matrix *m, size_t row)
{
    double sum = 0;
    for (size_t k = 0; k < m->K; k++)
        sum += cell(m, row, k);
    return sum;
}

/* "column row share count" of each cell; the count in one of two columns, by the colour it needs. */
static void put_cells(FILE *g, const matrix *m)
{
    fprintf(g, "$cells << END\n");
    for (size_t row = 0; row < m->K; row++) {
        double sum = row_sum(m, row);
        for (size_t column = 0; column < m->K; column++) {
            double count = cell(m, row, column), share = sum > 0 ? count / sum : 0;
            fprintf(g, "%zu %zu %.6f ", column, row, share);
            if ((count == 0 && m->K > SMALL) || m->K > NUMBERED)
                fprintf(g, "\"\" \"\"\n");
            else
                fprintf(g, share > 0.5 ? "\"\" \"%.0f\"\n" : "\"%.0f\" \"\"\n", count);
        }
    }
    fprintf(g, "END\n");
}

/* The beginning of a name of at most NAME characters, cut between two of them. */
static void put_name(FILE *g, const char *name)
{
    char text[4 * NAME + 4];
    size_t n = 0, characters = 0;
    name = name ? name : "";
    for (; n < sizeof text - 4 && name[n]; n++) {
        characters += ((unsigned char)name[n] & 0xC0) != 0x80;
        if (characters > NAME)
            break;
        text[n] = name[n];
    }
    snprintf(text + n, sizeof text - n, "%s", name[n] ? "…" : "");
    cli_plot_quote(g, text);
}

static void put_names(FILE *g, const matrix *m, char axis)
{
    fprintf(g, "set %ctics (", axis);
    for (size_t k = 0; k < m->K && m->K <= NAMED; k++) {
        fputs(k ? ", " : "", g);
        put_name(g, json_string_value(json_object_get(json_array_get(m->classes, k), "label")));
        fprintf(g, " %zu", k);
    }
    fprintf(g, ") noenhanced%s scale 0\n", axis == 'x' && m->K > SMALL ? " rotate by 40 right" : "");
}

static void draw_confusion(FILE *g, const char *folder, const matrix *m)
{
    int cells = (int)(m->K < 4 ? 4 : m->K), size = cells * (m->K > NUMBERED ? 14 : m->K > SMALL ? 40 : 60);
    size = size < 900 ? size : 900;
    cli_plot_begin(g);
    put_cells(g, m);
    put_names(g, m, 'x');
    put_names(g, m, 'y');
    fprintf(g,
            "unset key\nunset grid\nset border 0\nset xlabel 'answer'\nset ylabel 'label'\n"
            "set palette defined (0 '#ffffff', 0.02 '#eef4f9', 1 '" PLOT_BLUE "')\n"
            "set cbrange [0:1]\nset cbtics ('0' 0, 'share of the label 1' 1) textcolor rgb '" PLOT_INK "'\n"
            "unset colorbox\nset xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\nset size ratio -1\n",
            m->K - 1, m->K - 1);
    cli_plot_heading(g, "confusion: examples of each label by answer");
    cli_plot_draw(g, folder, "confusion", size + 220, size + 180,
                  "plot $cells using 1:2:3 with image pixels, "
                  "$cells using 1:2:4 with labels textcolor rgb '" PLOT_INK "' noenhanced, "
                  "$cells using 1:2:5 with labels textcolor rgb 'white' noenhanced");
}

/* ---- calibration.svg ---- */

static double all_counts(const json_t *bins)
{
    double sum = 0;
    for (size_t i = 0; i < json_array_size(bins); i++)
        sum += real(json_array_get(bins, i), "count");
    return sum;
}

/* "middle share" of each bin, then "confidence accuracy" of those that are not empty. */
static void put_bins(FILE *g, const json_t *bins)
{
    size_t n = json_array_size(bins);
    double all = all_counts(bins);
    fprintf(g, "$shares << END\n");
    for (size_t i = 0; i < n; i++)
        fprintf(g, "%.6f %.6f\n", ((double)i + 0.5) / (double)n,
                real(json_array_get(bins, i), "count") / all);
    fprintf(g, "END\n$bins << END\n");
    for (size_t i = 0; i < n; i++) {
        const json_t *bin = json_array_get(bins, i);
        if (real(bin, "count") > 0)
            fprintf(g, "%.6f %.6f\n", real(bin, "confidence"), real(bin, "accuracy"));
    }
    fprintf(g, "END\n");
}

static void draw_calibration(FILE *g, const char *folder, const json_t *calibration)
{
    char heading[128];
    const json_t *bins = json_object_get(calibration, "bins");
    double before = real(calibration, "error_before"), after = real(calibration, "error_after");
    double temperature = real(calibration, "temperature");
    int n = snprintf(heading, sizeof heading, "calibration: error %.1f %%", 100 * after);
    if (temperature != 1)
        snprintf(heading + n, sizeof heading - (size_t)n, " (%.1f %% without the temperature, %.3g)",
                 100 * before, temperature);
    cli_plot_begin(g);
    put_bins(g, bins);
    cli_plot_heading(g, heading);
    fprintf(g, "set xlabel 'probability of the answer'\nset ylabel 'share that is right'\n"
               "set xrange [0:1]\nset yrange [0:1]\nset xtics 0.2\nset ytics 0.2\n"
               "set style fill solid 1 noborder\nset boxwidth 0.095\n"
               "set key at graph 0.02, 0.98 left top vertical\n");
    cli_plot_draw(g, folder, "calibration", 640, 560,
                  "plot $shares using 1:2 with boxes lc rgb '#dddddd' title 'share of the answers', "
                  "x with lines lw 1 dt 2 lc rgb '" PLOT_INK "' title 'as it should be', "
                  "$bins using 1:2 with linespoints lw 2 pt 7 ps 0.8 lc rgb '" PLOT_BLUE
                  "' title 'as it is'");
}

/* ---- both ---- */

bool cli_plot_classes(FILE *g, const char *folder)
{
    char path[PLOT_PATH + 64];
    snprintf(path, sizeof path, "%s/" RECUR_FILE_RESULT, folder);
    json_t *result = json_load_file(path, 0, NULL);
    matrix m = {.rows = json_object_get(result, "confusion"), .classes = json_object_get(result, "classes")};
    const json_t *calibration = json_object_get(result, "calibration");
    m.K = json_array_size(m.rows);
    bool there = m.K >= 2 && json_array_size(m.classes) == m.K;
    if (there && m.K <= DRAWN)
        draw_confusion(g, folder, &m);
    if (there && all_counts(json_object_get(calibration, "bins")) > 0)
        draw_calibration(g, folder, calibration);
    json_decref(result);
    return there;
}
