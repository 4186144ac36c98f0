// SPDX-License-Identifier: MIT
/* recur inspect: what is in a model, or in any safetensors file. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const recur_option_group none[] = {{0}};

enum { PATH = 4096, SHAPE = 256 };

static int64_t elements(const recur_entry *e)
{
    int64_t n = 1;
    for (int i = 0; i < e->rank; i++)
        n *= e->shape[i];
    return n;
}

/* Integers and booleans count and index; what is trained is a floating number. */
static bool is_number(const recur_entry *e)
{
    return e->dtype[0] == 'F' || e->dtype[0] == 'B' ? strcmp(e->dtype, "BOOL") != 0 : false;
}

typedef struct totals {
    int64_t parameters;
    size_t bytes;
} totals;

static totals add_up(const recur_archive *a)
{
    totals t = {0};
    recur_entry e;
    for (size_t i = 0; i < recur_archive_size(a) && recur_archive_at(a, i, &e) == RECUR_OK; i++) {
        t.parameters += is_number(&e) ? elements(&e) : 0;
        t.bytes += e.size;
    }
    return t;
}

/* ---- for people ---- */

static void shape_text(const recur_entry *e, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < e->rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i ? ", " : "", (long long)e->shape[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
}

static void print_tensors(const recur_archive *a)
{
    recur_entry e;
    int widest = 6;
    for (size_t i = 0; recur_archive_at(a, i, &e) == RECUR_OK; i++)
        widest = (int)strlen(e.name) > widest ? (int)strlen(e.name) : widest;
    printf("%-*s  %-5s %-20s %12s %12s\n", widest, "tensor", "type", "shape", "elements", "bytes");
    for (size_t i = 0; i < recur_archive_size(a) && recur_archive_at(a, i, &e) == RECUR_OK; i++) {
        char shape[SHAPE];
        shape_text(&e, shape, sizeof shape);
        printf("%-*s  %-5s %-20s %12lld %12zu\n", widest, e.name, e.dtype, shape, (long long)elements(&e),
               e.size);
    }
}

static void print_config(const char *key, const char *value)
{
    const char *name;
    json_t *item, *root = json_loads(value, 0, NULL);
    printf("\n%s:\n", key);
    if (!json_is_object(root))
        printf("  %s\n", value);
    json_object_foreach(root, name, item)
    {
        char *text = json_dumps(item, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
        printf("  %-20s %s\n", name, text ? text : "");
        free(text);
    }
    json_decref(root);
}

static void print_text(const recur_archive *a)
{
    const char *key, *value;
    totals t = add_up(a);
    print_tensors(a);
    printf("\n%zu tensors, %lld numbers, %zu bytes\n", recur_archive_size(a), (long long)t.parameters,
           t.bytes);
    for (size_t i = 0; recur_archive_meta_at(a, i, &key, &value); i++)
        print_config(key, value);
}

/* ---- for scripts ---- */

static json_t *tensor_json(const recur_entry *e)
{
    json_t *shape = json_array();
    for (int i = 0; i < e->rank; i++)
        json_array_append_new(shape, json_integer(e->shape[i]));
    return json_pack("{s:s, s:s, s:o, s:I, s:I}", "name", e->name, "dtype", e->dtype, "shape", shape,
                     "elements", (json_int_t)elements(e), "bytes", (json_int_t)e->size);
}

/* Metadata that is JSON itself is shown as such. */
static json_t *value_json(const char *value)
{
    json_t *inner = json_loads(value, 0, NULL);
    return inner ? inner : json_string(value);
}

static void print_json(const recur_archive *a)
{
    recur_entry e;
    const char *key, *value;
    totals t = add_up(a);
    json_t *tensors = json_array(), *meta = json_object();
    for (size_t i = 0; i < recur_archive_size(a) && recur_archive_at(a, i, &e) == RECUR_OK; i++)
        json_array_append_new(tensors, tensor_json(&e));
    for (size_t i = 0; recur_archive_meta_at(a, i, &key, &value); i++)
        json_object_set_new(meta, key, value_json(value));
    cli_print_json(json_pack("{s:I, s:I, s:o, s:o}", "parameters", (json_int_t)t.parameters, "bytes",
                             (json_int_t)t.bytes, "tensors", tensors, "metadata", meta));
}

static int inspect(recur_ctx *cx, const cli_common *common, const char *path)
{
    struct stat st;
    char file[PATH];
    recur_archive *a;
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    snprintf(file, sizeof file, "%s%s", path, folder ? "/" RECUR_FILE_MODEL : "");
    if (recur_archive_open(&a, cx, file) != RECUR_OK)
        return cli_fail(cx);
    (common->json ? print_json : print_text)(a);
    recur_archive_free(a);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    cli_common common = {0};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{none, NULL}, {cli_result_groups, &common}, {0}};
    int status = cli_begin(&cli_inspect, NULL, tables, &common, argc, argv, &words, &cx);
    if (cx)
        status = words.n == 1 ? inspect(cx, &common, words.word[0])
                              : cli_usage_error(&cli_inspect, "a file or a run folder is needed");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_inspect = {"inspect", "inspect FILE", "what is in a model or any safetensors file",
                                 run};
