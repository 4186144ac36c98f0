// SPDX-License-Identifier: MIT
/* Attention in a file: the weights as JSON, or heat maps drawn by gnuplot. */
#include "cli.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4096, NUMBER = 32 }; /* letters of a name, of the number in it */

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
    if (!f || strlen(path) >= PATH - NUMBER) {
        cli_error("%s", f ? "--attention: the name of the file is too long" : "out of memory");
        return f ? EXIT_USAGE : EXIT_WORK;
    }
    f->path = path;
    f->ending = ends_with(path, ".svg") ? ".svg" : ends_with(path, ".png") ? ".png" : NULL;
    if (f->ending) {
        cli_error("--attention: no pictures yet");
        return EXIT_USAGE;
    }
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
    int status = put_json(f, a);
    f->n++;
    return status;
}
