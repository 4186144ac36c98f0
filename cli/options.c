// SPDX-License-Identifier: MIT
/* Command lines and help, both made from tables of options. */
#include "cli.h"

#include <string.h>

#define AT(field) offsetof(cli_common, field)

static const recur_option common_options[] = {
    {"threads", 0, RECUR_OPTION_COUNT, AT(threads), "N", "0: one per processor; never changes a result", NULL,
     0, 1024, 0},
    {"quiet", 'q', RECUR_OPTION_FLAG, AT(quiet), NULL, "no progress, no notes", NULL, 0, 0, 0},
    {"verbose", 'v', RECUR_OPTION_FLAG, AT(verbose), NULL, "more notes", NULL, 0, 0, 0},
    {"help", 'h', RECUR_OPTION_FLAG, AT(help), NULL, "this text", NULL, 0, 0, 0},
    {0},
};

static const recur_option json_options[] = {
    {"json", 0, RECUR_OPTION_FLAG, AT(json), NULL, "results as JSON on standard output", NULL, 0, 0, 0},
    {0},
};

const recur_option_group cli_common_groups[] = {{"Common options", common_options, 0}, {0}};
const recur_option_group cli_result_groups[] = {
    {"Results", json_options, 0}, {"Common options", common_options, 0}, {0}};

/* ---- parsing ---- */

/* What was found for a word that begins with '-'. */
typedef struct match {
    const cli_table *table;
    const recur_option *option;
    bool negated; /* --no-NAME */
} match;

static bool find_name(const cli_table *tables, const char *name, match *m)
{
    for (m->table = tables; m->table->groups; m->table++)
        if ((m->option = recur_option_find(m->table->groups, name, NULL)))
            return true;
    return false;
}

static bool find_letter(const cli_table *tables, char letter, match *m)
{
    for (m->table = tables; m->table->groups; m->table++)
        for (const recur_option_group *g = m->table->groups; g->title; g++)
            for (m->option = g->options; m->option->name; m->option++)
                if (m->option->letter == letter)
                    return true;
    return false;
}

static bool find_option(const cli_table *tables, const char *name, match *m)
{
    m->negated = false;
    if (find_name(tables, name, m))
        return true;
    m->negated = strncmp(name, "no-", 3) == 0 && find_name(tables, name + 3, m) &&
                 m->option->kind == RECUR_OPTION_FLAG;
    return m->negated;
}

static int unknown(const cli_table *tables, const char *name)
{
    const char *near = NULL;
    for (const cli_table *t = tables; t->groups && !near; t++)
        near = recur_option_suggest(t->groups, name);
    if (near)
        cli_error("unknown option --%s: did you mean --%s?", name, near);
    else
        cli_error("unknown option --%s; --help lists them", name);
    return EXIT_USAGE;
}

static int put(recur_ctx *cx, const match *m, const char *text)
{
    const char *name = m->option->name;
    recur_status status =
        recur_option_set(cx, m->table->groups, m->table->config, name, m->negated ? "false" : text);
    return status == RECUR_OK ? EXIT_DONE : cli_fail(cx);
}

/* The value of an option: after '=', or the next word. A flag has none. */
static int take(recur_ctx *cx, const match *m, const char *attached, int argc, char **argv, int *at)
{
    bool flag = m->option->kind <= RECUR_OPTION_PICK;
    if (flag && attached) {
        cli_error("--%s takes no value", m->option->name);
        return EXIT_USAGE;
    }
    if (!flag && !attached && *at + 1 < argc)
        attached = argv[++*at];
    return put(cx, m, attached);
}

enum { NAME = 64 };

static int long_option(recur_ctx *cx, const cli_table *tables, int argc, char **argv, int *at)
{
    char name[NAME];
    match m;
    const char *word = argv[*at] + 2, *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    if (n >= sizeof name)
        n = sizeof name - 1;
    memcpy(name, word, n);
    name[n] = '\0';
    if (!find_option(tables, name, &m))
        return unknown(tables, name);
    return take(cx, &m, equals ? equals + 1 : NULL, argc, argv, at);
}

static int short_option(recur_ctx *cx, const cli_table *tables, int argc, char **argv, int *at)
{
    match m = {0};
    const char *word = argv[*at];
    if (!find_letter(tables, word[1], &m)) {
        cli_error("unknown option -%c; --help lists them", word[1]);
        return EXIT_USAGE;
    }
    return take(cx, &m, word[2] ? word + 2 : NULL, argc, argv, at);
}

static int add_word(cli_words *words, const char *word)
{
    if (words->n == CLI_WORDS) {
        cli_error("more than %d files", CLI_WORDS);
        return EXIT_USAGE;
    }
    words->word[words->n++] = word;
    return EXIT_DONE;
}

static int parse(recur_ctx *cx, const cli_table *tables, int argc, char **argv, cli_words *words)
{
    int status = EXIT_DONE;
    bool options = true;
    words->n = 0;
    for (int i = 0; i < argc && status == EXIT_DONE; i++) {
        if (!options || argv[i][0] != '-' || argv[i][1] == '\0')
            status = add_word(words, argv[i]);
        else if (strcmp(argv[i], "--") == 0)
            options = false;
        else if (argv[i][1] == '-')
            status = long_option(cx, tables, argc, argv, &i);
        else
            status = short_option(cx, tables, argc, argv, &i);
    }
    return status;
}

int cli_parse(const cli_table *tables, int argc, char **argv, cli_words *words)
{
    recur_ctx *cx; /* of its own: how many threads the real one has is an option */
    int status = cli_context(&cx, &(cli_common){.threads = 1});
    if (status == EXIT_DONE)
        status = parse(cx, tables, argc, argv, words);
    recur_ctx_free(cx);
    return status;
}

/* ---- help ---- */

enum { HELP_COLUMN = 28, HELP_TEXT = 512 };

/* "-o, --out DIR" */
static void signature(const recur_option *o, char *text, size_t size)
{
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(text, size, "%s--%s%s%s", letter, o->name, o->value ? " " : "", o->value ? o->value : "");
}

/* " (lstm; rnn, gru, ..)": the default, and what else there is */
static void print_values(const recur_option *o, const void *field)
{
    char now[HELP_TEXT];
    recur_option_get(o, field, now, sizeof now);
    bool flag = o->kind <= RECUR_OPTION_PICK;
    if (o->choices) {
        printf(": ");
        for (int i = 0; o->choices[i]; i++)
            printf("%s%s", i ? ", " : "", o->choices[i]);
    }
    if (now[0] && !flag)
        printf(" (%s)", now);
    if (flag && strcmp(now, "true") == 0)
        printf(" (yes; --no-%s)", o->name);
}

static void print_option(const recur_option *o, const void *config)
{
    char left[HELP_TEXT];
    signature(o, left, sizeof left);
    printf("  %-*s", HELP_COLUMN, left);
    if (strlen(left) >= HELP_COLUMN)
        printf("\n  %-*s", HELP_COLUMN, "");
    printf("%s", o->help);
    print_values(o, config);
    putchar('\n');
}

void cli_help(const cli_command *command, const char *more, const cli_table *tables)
{
    printf("usage: recur %s\n\n%s\n", command->usage, command->summary);
    if (more)
        printf("\n%s\n", more);
    for (const cli_table *t = tables; t->groups; t++)
        for (const recur_option_group *g = t->groups; g->title; g++) {
            if (g == t->groups || strcmp(g[-1].title, g->title) != 0)
                printf("\n%s:\n", g->title);
            for (const recur_option *o = g->options; o->name; o++)
                print_option(o, (const char *)t->config + g->offset + o->offset);
        }
}

int cli_usage_error(const cli_command *command, const char *text)
{
    cli_error("%s; usage: recur %s", text, command->usage);
    return EXIT_USAGE;
}

int cli_begin(const cli_command *command, const char *more, const cli_table *tables, const cli_common *common,
              int argc, char **argv, cli_words *words, recur_ctx **cx)
{
    *cx = NULL;
    int status = cli_parse(tables, argc, argv, words);
    if (status != EXIT_DONE)
        return status;
    if (common->help) {
        cli_help(command, more, tables);
        return EXIT_DONE;
    }
    cli_console_set(common);
    return cli_context(cx, common);
}
