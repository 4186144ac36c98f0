// SPDX-License-Identifier: MIT
/* recur forward: runs one recurrent layer, whose weights came from elsewhere, over arrays. What the layer is,
 * is read off the names and shapes of its weights. */
#include "cli.h"

#include <jansson.h>
#include <string.h>

enum { NAME = 512 };

typedef struct forward_options {
    const char *out, *prefix;
    int cell, dtype;
    bool time_major;
} forward_options;

#define AT(field) offsetof(forward_options, field)

static const char *const cells[] = {"guess", "rnn", "rnn-relu", "lstm", "gru", "gru-original", NULL};
static const char *const dtypes[] = {"stored", "f32", "f64", NULL};

static const recur_option options[] = {
    {"out", 'o', RECUR_OPTION_TEXT, AT(out), "OUT", "file that gets output, h_n and c_n", NULL, 0, 0, 0},
    {"cell", 0, RECUR_OPTION_CHOICE, AT(cell), "CELL",
     "where shapes do not tell rnn from rnn-relu, gru from gru-original", cells, 0, 0, 0},
    {"prefix", 0, RECUR_OPTION_TEXT, AT(prefix), "NAME",
     "what stands before weight_ih_l0, where the file holds several layers", NULL, 0, 0, 0},
    {"time-major", 0, RECUR_OPTION_FLAG, AT(time_major), NULL, "input and output are [time, batch, features]",
     NULL, 0, 0, 0},
    {"dtype", 0, RECUR_OPTION_CHOICE, AT(dtype), "TYPE", "of the work; stored: that of the weights", dtypes,
     0, 0, 0},
    {0},
};
static const recur_option_group groups[] = {{"Options", options, 0}, {0}};

typedef struct layer {
    recur_ctx *cx;
    const forward_options *o;
    bool json;
    recur_archive *weights, *input;
    const char *weights_path, *input_path;
    char prefix[NAME];
    recur_rnn_config config;
    recur_dtype dtype;
    recur_params *ps;
    recur_rnn *rnn;
    recur_tape *tape;
} layer;

/* ---- reading the layer off its weights ---- */

static bool find(const layer *l, const char *name, recur_entry *e)
{
    char full[NAME + 64];
    snprintf(full, sizeof full, "%s%s", l->prefix, name);
    bool there = recur_archive_find(l->weights, full, e) == RECUR_OK;
    recur_clear(l->cx);
    return there;
}

/* The text before the last "weight_ih_l0" of a name; false if it does not end so. */
static bool prefix_of(const char *name, char prefix[NAME])
{
    static const char first[] = "weight_ih_l0";
    size_t n = strlen(name), m = sizeof first - 1;
    if (n < m || n - m >= NAME || strcmp(name + n - m, first) != 0)
        return false;
    memcpy(prefix, name, n - m);
    prefix[n - m] = '\0';
    return true;
}

static int find_prefix(layer *l)
{
    recur_entry e;
    char names[NAME] = "", prefix[NAME];
    int found = 0;
    for (size_t i = 0; i < recur_archive_size(l->weights) && recur_archive_at(l->weights, i, &e) == RECUR_OK;
         i++) {
        if (!prefix_of(e.name, prefix) || (l->o->prefix && strcmp(prefix, l->o->prefix) != 0))
            continue;
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s\"%.200s\"", found ? ", " : "", prefix);
        memcpy(l->prefix, prefix, NAME);
        found++;
    }
    if (found == 1)
        return EXIT_DONE;
    if (found == 0)
        cli_error("%s: no tensor is named %sweight_ih_l0", l->weights_path,
                  l->o->prefix ? l->o->prefix : "..");
    else
        cli_error("%s holds %d layers: --prefix names one of %s", l->weights_path, found, names);
    return EXIT_INPUT;
}

static int malformed(const layer *l, const recur_entry *e, const char *what)
{
    cli_error("%s: %s: %s", l->weights_path, e->name, what);
    return EXIT_INPUT;
}

/* By gate rows per unit: what it is unless --cell says more. */
static int guess_cell(layer *l, const recur_entry *hh, int64_t gates)
{
    static const struct {
        int64_t gates;
        recur_cell cell;
    } kinds[] = {
        {1, RECUR_RNN_TANH}, {3, RECUR_GRU}, {4, RECUR_LSTM}, {1, RECUR_RNN_RELU}, {3, RECUR_GRU_ORIGINAL}};
    for (size_t i = 0; i < CLI_COUNT(kinds); i++) {
        bool wanted = l->o->cell == 0 || l->o->cell - 1 == (int)kinds[i].cell;
        if (kinds[i].gates == gates && wanted) {
            l->config.cell = kinds[i].cell;
            return EXIT_DONE;
        }
    }
    if (l->o->cell == 0)
        return malformed(l, hh, "the rows are not 1, 3 or 4 per unit: no RNN, GRU or LSTM");
    cli_error("--cell %s does not fit %s: %lld gate rows per unit", cells[l->o->cell], l->weights_path,
              (long long)gates);
    return EXIT_USAGE;
}

static void count_layers(layer *l)
{
    recur_entry e;
    char name[64];
    for (l->config.layers = 1;; l->config.layers++) {
        snprintf(name, sizeof name, "weight_ih_l%d", l->config.layers);
        if (!find(l, name, &e))
            return;
    }
}

/* How many numbers such a layer has; as a double, which cannot overflow. */
static double numbers_wanted(const recur_rnn_config *c, double rows)
{
    double D = c->bidirectional ? 2 : 1, P = (double)c->proj, H = (double)c->hidden, O = P > 0 ? P : H;
    double input = (double)c->input, n = 0;
    for (int i = 0; i < c->layers; i++) {
        n += D * (rows * (input + O + (c->no_bias ? 0 : 2)) + P * H);
        input = D * O;
    }
    return n;
}

/* A small file must not ask for a large layer. */
static bool holds(const recur_archive *a, double wanted)
{
    recur_entry e;
    double bytes = 0;
    for (size_t i = 0; i < recur_archive_size(a) && recur_archive_at(a, i, &e) == RECUR_OK; i++)
        bytes += (double)e.size;
    return bytes >= wanted * 2; /* F16 is the smallest type that is converted */
}

static int read_layer(layer *l)
{
    recur_entry ih, hh, other;
    int status = find_prefix(l);
    if (status != EXIT_DONE)
        return status;
    if (!find(l, "weight_ih_l0", &ih) || !find(l, "weight_hh_l0", &hh)) {
        cli_error("%s: %sweight_hh_l0 is missing", l->weights_path, l->prefix);
        return EXIT_INPUT;
    }
    if (ih.rank != 2 || hh.rank != 2 || ih.shape[1] < 1 || hh.shape[1] < 1)
        return malformed(l, &hh, "weights are matrices");
    l->config.input = ih.shape[1];
    l->config.hidden = hh.shape[1];
    if (find(l, "weight_hr_l0", &other) && other.rank == 2) {
        l->config.proj = other.shape[0];
        l->config.hidden = other.shape[1];
    }
    if (hh.shape[0] % l->config.hidden != 0)
        return malformed(l, &hh, "the rows are no multiple of the units");
    l->config.no_bias = !find(l, "bias_ih_l0", &other);
    l->config.bidirectional = find(l, "weight_ih_l0_reverse", &other);
    l->config.batch_first = !l->o->time_major;
    l->dtype = l->o->dtype == 2 || (l->o->dtype == 0 && strcmp(ih.dtype, "F64") == 0) ? RECUR_F64 : RECUR_F32;
    count_layers(l);
    if (!holds(l->weights, numbers_wanted(&l->config, (double)hh.shape[0])))
        return malformed(l, &hh, "the file is too small for a layer of this size");
    return guess_cell(l, &hh, hh.shape[0] / l->config.hidden);
}

static recur_status make_layer(layer *l)
{
    recur_status status = recur_params_create(&l->ps, l->cx, l->dtype, 0);
    if (status == RECUR_OK)
        status = recur_rnn_create(&l->rnn, l->ps, "", &l->config);
    if (status == RECUR_OK)
        status = recur_params_load(l->ps, l->weights, l->prefix, RECUR_LOAD_EXTRA | RECUR_LOAD_CAST);
    return status == RECUR_OK ? recur_tape_create(&l->tape, l->cx, 0) : status;
}

/* ---- arrays in and out ---- */

static double element(const recur_entry *e, int64_t i)
{
    float f;
    double d;
    if (strcmp(e->dtype, "F32") == 0) {
        memcpy(&f, (const char *)e->data + i * 4, sizeof f);
        return (double)f;
    }
    memcpy(&d, (const char *)e->data + i * 8, sizeof d);
    return d;
}

static int64_t whole(const recur_entry *e, int64_t i)
{
    int32_t narrow;
    int64_t wide;
    if (strcmp(e->dtype, "I32") == 0) {
        memcpy(&narrow, (const char *)e->data + i * 4, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, (const char *)e->data + i * 8, sizeof wide);
    return wide;
}

static bool is_one_of(const recur_entry *e, const char *a, const char *b)
{
    return strcmp(e->dtype, a) == 0 || strcmp(e->dtype, b) == 0;
}

static int wrong_type(const layer *l, const recur_entry *e, const char *wanted)
{
    cli_error("%s: %s is %s, not %s", l->input_path, e->name, e->dtype, wanted);
    return EXIT_INPUT;
}

/* An array of the input file on the tape; *x stays NULL where there is none. */
static int take(layer *l, const char *name, recur_tensor **x)
{
    recur_entry e;
    *x = NULL;
    bool there = recur_archive_find(l->input, name, &e) == RECUR_OK;
    recur_clear(l->cx);
    if (!there)
        return EXIT_DONE;
    bool index = strcmp(name, "lengths") == 0;
    if (index ? !is_one_of(&e, "I64", "I32") : !is_one_of(&e, "F32", "F64"))
        return wrong_type(l, &e, index ? "I64 or I32" : "F32 or F64");
    *x = recur_input(l->tape, index ? RECUR_I64 : l->dtype, e.rank, e.shape, NULL);
    if (!*x)
        return cli_fail(l->cx);
    for (int64_t i = 0; i < recur_count(*x); i++) {
        if (index)
            recur_i64(*x)[i] = whole(&e, i);
        else if (l->dtype == RECUR_F64)
            recur_f64(*x)[i] = element(&e, i);
        else
            recur_f32(*x)[i] = (float)element(&e, i);
    }
    return EXIT_DONE;
}

/* What the layer is, and the shapes of its results. */
static void print_json(const layer *l, const recur_entry *entries, size_t n)
{
    json_t *object = json_pack("{s:s, s:I, s:I, s:i, s:b, s:I}", "cell", cells[l->config.cell + 1], "input",
                               (json_int_t)l->config.input, "hidden", (json_int_t)l->config.hidden, "layers",
                               l->config.layers, "bidirectional", l->config.bidirectional, "proj",
                               (json_int_t)l->config.proj);
    for (size_t i = 0; i < n; i++) {
        json_t *shape = json_array();
        for (int axis = 0; axis < entries[i].rank; axis++)
            json_array_append_new(shape, json_integer(entries[i].shape[axis]));
        json_object_set_new(object, entries[i].name, shape);
    }
    cli_print_json(object);
}

static int write_out(layer *l, recur_rnn_out out)
{
    recur_entry entries[3] = {recur_entry_of(out.y, "output"), recur_entry_of(out.h, "h_n")};
    size_t n = 2;
    if (out.c)
        entries[n++] = recur_entry_of(out.c, "c_n");
    if (recur_archive_write(l->cx, l->o->out, entries, n, NULL, 0) != RECUR_OK)
        return cli_fail_writing(l->cx);
    if (l->json)
        print_json(l, entries, n);
    return EXIT_DONE;
}

static int run_layer(layer *l)
{
    static const char *const names[] = {"input", "lengths", "h0", "c0"};
    recur_tensor *in[CLI_COUNT(names)] = {NULL};
    recur_tape_begin(l->tape, RECUR_INFER);
    for (size_t i = 0; i < CLI_COUNT(names); i++) {
        int status = take(l, names[i], &in[i]);
        if (status != EXIT_DONE)
            return status;
    }
    if (!in[0]) {
        cli_error("%s: no tensor is named input", l->input_path);
        return EXIT_INPUT;
    }
    recur_rnn_out out = recur_rnn_forward(l->tape, l->rnn, in[0], in[1], in[2], in[3]);
    if (out.y)
        return write_out(l, out);
    cli_fail(l->cx);
    return EXIT_INPUT;
}

static void describe(const layer *l)
{
    cli_detail("%s: %s, %lld inputs, %lld units, %d layers%s%s", l->weights_path, cells[l->config.cell + 1],
               (long long)l->config.input, (long long)l->config.hidden, l->config.layers,
               l->config.bidirectional ? ", both directions" : "", l->config.proj ? ", projected" : "");
}

static int forward(recur_ctx *cx, const forward_options *o, bool json, const char *weights, const char *input)
{
    layer l = {.cx = cx, .o = o, .json = json, .weights_path = weights, .input_path = input};
    int status = cli_readable(weights);
    if (status == EXIT_DONE)
        status = cli_readable(input);
    if (status != EXIT_DONE)
        return status;
    if (recur_archive_open(&l.weights, cx, weights) != RECUR_OK ||
        recur_archive_open(&l.input, cx, input) != RECUR_OK)
        status = cli_fail(cx);
    if (status == EXIT_DONE)
        status = read_layer(&l);
    if (status == EXIT_DONE && make_layer(&l) != RECUR_OK)
        status = cli_fail(cx) == EXIT_WORK ? EXIT_WORK : EXIT_INPUT;
    if (status == EXIT_DONE) {
        describe(&l);
        status = run_layer(&l);
    }
    recur_tape_free(l.tape);
    recur_rnn_free(l.rnn);
    recur_params_free(l.ps);
    recur_archive_free(l.input);
    recur_archive_free(l.weights);
    return status;
}

static const char about[] = "WEIGHTS holds the weights of one nn.RNN, LSTM or GRU under PyTorch's names, "
                            "with any prefix. INPUT holds \"input\"\n"
                            "[batch, time, features], and perhaps \"lengths\", \"h0\", \"c0\". OUT gets "
                            "\"output\", \"h_n\", \"c_n\".";

static int run(int argc, char **argv)
{
    forward_options o = {0};
    cli_common common = {0};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{groups, &o}, {cli_result_groups, &common}, {0}};
    int status = cli_begin(&cli_forward, about, tables, &common, argc, argv, &words, &cx);
    if (cx)
        status = words.n == 2 && o.out ? forward(cx, &o, common.json, words.word[0], words.word[1])
                                       : cli_usage_error(&cli_forward, "two files and --out are needed");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_forward = {"forward", "forward WEIGHTS INPUT -o OUT",
                                 "run one recurrent layer over arrays", run};
