// SPDX-License-Identifier: MIT
/* recur describe: what is in a data set, before anything is trained on it. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 16, BAR = 40, LABELS = 40 };

/* ---- for people ---- */

static void print_bar(double share)
{
    int n = (int)(share * BAR + 0.5);
    putchar(' ');
    for (int i = 0; i < n; i++)
        putchar('#');
    putchar('\n');
}

/* "4-7": lengths of bar b. */
static const char *bar_name(int b, char text[32])
{
    long long low = b == 0 ? 0 : 1LL << (b - 1), high = b == 0 ? 0 : (1LL << b) - 1;
    if (b == RECUR_LENGTH_BARS - 1)
        snprintf(text, 32, "%lld and more", low);
    else if (low == high)
        snprintf(text, 32, "%lld", low);
    else
        snprintf(text, 32, "%lld-%lld", low, high);
    return text;
}

static void print_lengths(const recur_lengths *l)
{
    char name[32];
    int64_t most = 1;
    int first = RECUR_LENGTH_BARS, last = 0; /* that are not empty */
    for (int b = 0; b < RECUR_LENGTH_BARS; b++) {
        most = l->bar[b] > most ? l->bar[b] : most;
        last = l->bar[b] > 0 ? b : last;
        first = b < first && l->bar[b] > 0 ? b : first;
    }
    printf("\nlength: %lld to %lld units, mean %.1f; half have at most %lld, 90 %% %lld, 95 %% %lld, 99 %% "
           "%lld\n",
           (long long)l->shortest, (long long)l->longest, l->mean, (long long)l->p50, (long long)l->p90,
           (long long)l->p95, (long long)l->p99);
    for (int b = first; b <= last; b++) {
        printf("  %14s %9lld", bar_name(b, name), (long long)l->bar[b]);
        print_bar((double)l->bar[b] / (double)most);
    }
    if (l->empty > 0)
        printf("  %lld are empty\n", (long long)l->empty);
}

static void print_vocabulary(const recur_description *d)
{
    printf("\nvocabulary: %lld different units, %lld of them once\n", (long long)d->kinds,
           (long long)d->once);
    for (int64_t i = 0; i < d->n_coverage; i++) {
        printf("  %14lld %8.1f %%", (long long)d->coverage[i].size, 100 * d->coverage[i].share);
        print_bar(d->coverage[i].share);
    }
    printf("  (so many of the most frequent units are so much of the text)\n");
}

static void print_labels(const recur_description *d, const char *what)
{
    int width = 14;
    int64_t sum = 0, shown = d->n_labels < LABELS ? d->n_labels : LABELS;
    for (int64_t i = 0; i < d->n_labels; i++)
        sum += d->label_count[i];
    for (int64_t i = 0; i < shown; i++)
        width = d->label[i].size > (size_t)width ? (int)d->label[i].size : width;
    printf("\n%lld %s\n", (long long)d->n_labels, what);
    for (int64_t i = 0; i < shown; i++) {
        double share = (double)d->label_count[i] / (double)sum;
        printf("  %-*.*s %9lld %6.2f %%", width, (int)d->label[i].size, d->label[i].text,
               (long long)d->label_count[i], 100 * share);
        print_bar((double)d->label_count[i] / (double)d->label_count[0]);
    }
    if (shown < d->n_labels)
        printf("  and %lld more\n", (long long)(d->n_labels - shown));
}

static const char *const part_names[RECUR_PARTS] = {"training", "validation", "test"};

static double share(int64_t a, int64_t b)
{
    return b > 0 ? 100 * (double)a / (double)b : 0;
}

static void print_parts(const recur_description *d, const char *examples, const int64_t n[RECUR_PARTS])
{
    printf("\n%-12s %9s %9s %13s %13s %13s\n", "part", examples, "units", "known units", "in training",
           "near training");
    for (int i = 0; i < RECUR_PARTS; i++) {
        if (n[i] == 0)
            continue;
        printf("%-12s %9lld %9lld %11.2f %%", part_names[i], (long long)n[i], (long long)d->known[i].units,
               share(d->known[i].known, d->known[i].units));
        if (i == RECUR_PART_TRAIN)
            printf(" %13s %13s\n", "", "");
        else
            printf(" %13lld %13lld\n", (long long)d->repeats.leaked[i], (long long)d->repeats.leaked_near[i]);
    }
}

static void print_repeats(const recur_repeats *r, const char *examples)
{
    printf("\n%lld %s stand there before", (long long)r->repeated, examples);
    if (r->conflicting > 0)
        printf(", %lld of them with another answer", (long long)r->conflicting);
    printf("; %lld more are nearly like an earlier one\n", (long long)r->near);
}

/* ---- for programs ---- */

static json_t *lengths_json(const recur_lengths *l)
{
    json_t *bars = json_array();
    for (int b = 0; b < RECUR_LENGTH_BARS; b++)
        json_array_append_new(bars, json_integer(l->bar[b]));
    return json_pack("{s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:o}", "shortest", (json_int_t)l->shortest,
                     "longest", (json_int_t)l->longest, "mean", l->mean, "p50", (json_int_t)l->p50, "p90",
                     (json_int_t)l->p90, "p95", (json_int_t)l->p95, "p99", (json_int_t)l->p99, "empty",
                     (json_int_t)l->empty, "bars", bars);
}

static json_t *coverage_json(const recur_description *d)
{
    json_t *steps = json_array();
    for (int64_t i = 0; i < d->n_coverage; i++)
        json_array_append_new(steps, json_pack("{s:I, s:f}", "size", (json_int_t)d->coverage[i].size, "share",
                                               d->coverage[i].share));
    return steps;
}

static json_t *labels_json(const recur_description *d)
{
    json_t *labels = json_array();
    for (int64_t i = 0; i < d->n_labels; i++)
        json_array_append_new(labels, json_pack("{s:s%, s:I}", "label", d->label[i].text, d->label[i].size,
                                                "count", (json_int_t)d->label_count[i]));
    return labels;
}

static json_t *parts_json(const recur_description *d, const int64_t n[RECUR_PARTS])
{
    static const char *const keys[RECUR_PARTS] = {"train", "valid", "test"};
    json_t *parts = json_object();
    for (int i = 0; i < RECUR_PARTS; i++)
        json_object_set_new(parts, keys[i],
                            json_pack("{s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)n[i], "units",
                                      (json_int_t)d->known[i].units, "known_units",
                                      (json_int_t)d->known[i].known, "in_training",
                                      (json_int_t)d->repeats.leaked[i], "near_training",
                                      (json_int_t)d->repeats.leaked_near[i]));
    return parts;
}

static void print_json(const recur_description *d, const int64_t n[RECUR_PARTS])
{
    json_t *o = json_object();
    json_object_set_new(o, "count", json_integer(d->n));
    json_object_set_new(o, "units", json_integer(d->units));
    json_object_set_new(o, "kinds", json_integer(d->kinds));
    json_object_set_new(o, "once", json_integer(d->once));
    json_object_set_new(o, "lengths", lengths_json(&d->text));
    json_object_set_new(o, "coverage", coverage_json(d));
    json_object_set_new(o, "labels", labels_json(d));
    json_object_set_new(o, "parts", parts_json(d, n));
    json_object_set_new(o, "repeated", json_integer(d->repeats.repeated));
    json_object_set_new(o, "conflicting", json_integer(d->repeats.conflicting));
    json_object_set_new(o, "near", json_integer(d->repeats.near));
    cli_print_json(o);
}

/* ---- the tasks whose data can be described ---- */

typedef struct data_set {
    const char *task, *examples, *answers; /* what they are called */
    const recur_option_group *(*options)(void);
    size_t data; /* offset of the names of the files */
    recur_status (*describe)(recur_description **out, int64_t n[RECUR_PARTS], recur_ctx *cx,
                             const void *config);
} data_set;

/* A configuration of any of them. */
typedef union config {
    recur_classify_config classify;
    recur_tag_config tag;
} config;

static recur_status describe_classify(recur_description **out, int64_t n[RECUR_PARTS], recur_ctx *cx,
                                      const void *c)
{
    return recur_classify_describe(out, n, cx, c);
}

static recur_status describe_tag(recur_description **out, int64_t n[RECUR_PARTS], recur_ctx *cx,
                                 const void *c)
{
    return recur_tag_describe(out, n, cx, c);
}

static const data_set sets[] = {
    {"classify", "texts", "classes", recur_classify_options, offsetof(recur_classify_config, data),
     describe_classify},
    {"tag", "sentences", "tags", recur_tag_options, offsetof(recur_tag_config, data), describe_tag},
};

/* ---- the command ---- */

typedef struct describe_options {
    int task;
} describe_options;

static const char *const tasks[] = {"classify", "tag", NULL}; /* in the order of sets */
static const recur_option options[] = {
    {"task", 0, RECUR_OPTION_CHOICE, offsetof(describe_options, task), "TASK",
     "what the data are for; decides on the other options", tasks, 0, 0, 0},
    {0},
};
static const recur_option_group own_groups[] = {{"Options", options, 0}, {0}};

/* The options of training that say what the data are. */
static void data_groups(const recur_option_group *all, recur_option_group groups[GROUPS])
{
    int n = 0;
    for (const recur_option_group *g = all; g->title && n < GROUPS - 1; g++)
        if (strcmp(g->title, "Data") == 0 || strcmp(g->title, "Text") == 0 || strcmp(g->title, "Words") == 0)
            groups[n++] = *g;
    groups[n] = (recur_option_group){0};
}

static void print(const recur_description *d, const data_set *set, const int64_t n[RECUR_PARTS])
{
    printf("%lld %s, %lld units\n", (long long)d->n, set->examples, (long long)d->units);
    print_lengths(&d->text);
    print_vocabulary(d);
    print_labels(d, set->answers);
    print_repeats(&d->repeats, set->examples);
    print_parts(d, set->examples, n);
}

static int describe_data(recur_ctx *cx, const data_set *set, const config *c, bool as_json)
{
    recur_description *d;
    int64_t n[RECUR_PARTS];
    if (set->describe(&d, n, cx, c) != RECUR_OK)
        return cli_fail(cx);
    if (as_json)
        print_json(d, n);
    else
        print(d, set, n);
    recur_description_free(d);
    return EXIT_DONE;
}

static int check_option(const data_set *set, const config *c, const char *name)
{
    size_t at;
    recur_option_find(set->options(), name, &at);
    return cli_readable(*(const char *const *)(const void *)((const char *)c + at));
}

static int describe(recur_ctx *cx, const data_set *set, config *c, const cli_words *words, bool as_json)
{
    char *data = cli_join_files(words->word, words->n);
    int status = data ? cli_readable_files(data) : EXIT_WORK;
    if (status == EXIT_DONE)
        status = check_option(set, c, "valid");
    if (status == EXIT_DONE)
        status = check_option(set, c, "test");
    *(const char **)(void *)((char *)c + set->data) = data;
    if (status == EXIT_DONE)
        status = describe_data(cx, set, c, as_json);
    free(data);
    return status;
}

static const char about[] = "Reads data and cuts them into parts as recur train TASK would with the same "
                            "options; prints how long the texts\n"
                            "are, how many different units there are and how much of the text the most "
                            "frequent ones cover, how often each\n"
                            "class or tag stands there, and which texts stand there more than once.";

/* Which data the command line is about: --task comes before the options that depend on it. */
static const data_set *find_set(int argc, char **argv, config *c)
{
    int task = 0;
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--task=tag") == 0 ||
            (strcmp(argv[i], "--task") == 0 && i + 1 < argc && strcmp(argv[i + 1], "tag") == 0))
            task = 1;
    if (task == 1)
        c->tag = recur_tag_defaults();
    else
        c->classify = recur_classify_defaults();
    return &sets[task];
}

static int run(int argc, char **argv)
{
    config c;
    recur_option_group groups[GROUPS];
    const data_set *set = find_set(argc, argv, &c);
    describe_options o = {0};
    cli_common common = {0};
    cli_words words;
    recur_ctx *cx;
    data_groups(set->options(), groups);
    const cli_table tables[] = {{own_groups, &o}, {groups, &c}, {cli_result_groups, &common}, {0}};
    int status = cli_begin(&cli_describe, about, tables, &common, argc, argv, &words, &cx);
    if (cx)
        status = words.n > 0 ? describe(cx, set, &c, &words, common.json)
                             : cli_usage_error(&cli_describe, "a data file is needed");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_describe = {"describe", "describe DATA... [options]", "what is in a data set", run};
