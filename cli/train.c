// SPDX-License-Identifier: MIT
/* recur train: trains a model into a run folder. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

typedef struct train_options {
    const char *out, *config;
    bool force, resume, plot;
} train_options;

#define AT(field) offsetof(train_options, field)

static const recur_option options[] = {
    {"out", 'o', RECUR_OPTION_TEXT, AT(out), "DIR", "the run folder; without it runs/TASK-CELL", NULL, 0, 0,
     0},
    {"force", 0, RECUR_OPTION_FLAG, AT(force), NULL, "replace a run that is in the folder", NULL, 0, 0, 0},
    {"resume", 0, RECUR_OPTION_FLAG, AT(resume), NULL, "go on with the run that is in the folder", NULL, 0, 0,
     0},
    {"config", 0, RECUR_OPTION_TEXT, AT(config), "FILE", "a saved configuration; options win over it", NULL,
     0, 0, 0},
    {"plot", 0, RECUR_OPTION_FLAG, AT(plot), NULL, "draw pictures with gnuplot", NULL, 0, 0, 0},
    {0},
};
static const recur_option_group groups[] = {{"Run", options, 0}, {0}};

/* A training as the command line describes it. */
typedef struct job {
    const cli_task *task;
    void *config; /* the task's own struct, and its result */
    void *result;
    train_options o;
    cli_common common;
    cli_words words;
    char *data; /* names of the data's files */
    char out[PATH];
} job;

enum { TABLES = 4 };

static void make_tables(job *j, cli_table tables[TABLES])
{
    tables[0] = (cli_table){j->task->options(), j->config};
    tables[1] = (cli_table){groups, &j->o};
    tables[2] = (cli_table){cli_result_groups, &j->common};
    tables[3] = (cli_table){0};
    j->o = (train_options){.plot = true};
    j->common = (cli_common){0};
}

static int parse(job *j, int argc, char **argv)
{
    cli_table tables[TABLES];
    make_tables(j, tables);
    return cli_parse(tables, argc, argv, &j->words);
}

static int print_help(job *j)
{
    cli_table tables[TABLES];
    make_tables(j, tables);
    j->task->defaults(j->config);
    cli_help(&j->task->command, NULL, tables);
    return EXIT_DONE;
}

static const recur_model_config *model_of(const job *j)
{
    return (const recur_model_config *)(const void *)((const char *)j->config + j->task->model);
}

static void name_folder(job *j)
{
    const recur_option *cell = recur_option_find(j->task->options(), "cell", NULL);
    if (j->o.out)
        snprintf(j->out, sizeof j->out, "%s", j->o.out);
    else
        snprintf(j->out, sizeof j->out, "runs/%s-%s", j->task->command.name,
                 cell->choices[model_of(j)->cell]);
}

/* The configuration to begin with: --config, or what the run to be resumed was begun with. */
static int saved_config(job *j, recur_ctx *cx, recur_settings **saved)
{
    char path[PATH + 32];
    snprintf(path, sizeof path, "%s/" RECUR_FILE_CONFIG, j->out);
    const char *file = j->o.config ? j->o.config : path;
    if (!j->o.config && !(j->o.resume && access(path, F_OK) == 0))
        return EXIT_DONE;
    if (recur_settings_read(saved, cx, file) != RECUR_OK)
        return cli_fail(cx);
    const char *task = recur_settings_text(*saved, "task");
    if (task && strcmp(task, j->task->command.name) != 0) {
        cli_error("%s is a configuration of the task %s", file, task);
        return EXIT_INPUT;
    }
    if (recur_settings_apply(*saved, j->task->options(), j->config) != RECUR_OK)
        return cli_fail(cx);
    return EXIT_DONE;
}

/* ---- the data's files ---- */

static const char **text_field(job *j, size_t offset)
{
    return (const char **)(void *)((char *)j->config + offset);
}

static int join_words(job *j)
{
    free(j->data);
    j->data = cli_join_files(j->words.word, j->words.n);
    *text_field(j, j->task->data) = j->data;
    return j->data ? EXIT_DONE : EXIT_WORK;
}

/* Files that an option names, where the task has that option. */
static int check_option(job *j, const char *name)
{
    size_t at;
    const recur_option *o = recur_option_find(j->task->options(), name, &at);
    if (!o)
        return EXIT_DONE;
    const char *files = *text_field(j, at);
    return j->task->files > 1 ? cli_readable_files(files) : cli_readable(files);
}

static int take_data(job *j)
{
    if (j->words.n > j->task->files) {
        cli_error("recur train %s takes %s, not %s as well; --valid and --test name others",
                  j->task->command.name, j->task->files == 1 ? "one data file" : "fewer data files",
                  j->words.word[j->task->files]);
        return EXIT_USAGE;
    }
    int status = j->words.n > 0 ? join_words(j) : EXIT_DONE;
    if (status == EXIT_DONE && !*text_field(j, j->task->data))
        return cli_usage_error(&j->task->command, "a data file is needed");
    if (status == EXIT_DONE)
        status = cli_readable_files(j->words.n > 0 ? j->data : NULL);
    if (status == EXIT_DONE)
        status = check_option(j, "valid");
    return status == EXIT_DONE ? check_option(j, "test") : status;
}

/* ---- what came out ---- */

static int copy_result(const char *folder)
{
    char path[PATH + 32], buffer[PATH];
    snprintf(path, sizeof path, "%s/" RECUR_FILE_RESULT, folder);
    FILE *file = fopen(path, "r");
    if (!file) {
        cli_error("cannot read %s", path);
        return EXIT_WORK;
    }
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;)
        fwrite(buffer, 1, n, stdout);
    fclose(file);
    return EXIT_DONE;
}

static void print_pictures(const job *j)
{
    printf("pictures:");
    for (const char *const *p = j->task->pictures; *p; p++)
        printf(" %s/%s.svg%s", j->out, *p, p[1] ? "," : "");
    printf(" (and .png)\n");
}

static int finish(const job *j)
{
    bool drawn = j->o.plot && cli_plot_run(j->out);
    if (j->common.json)
        return copy_result(j->out);
    j->task->print(j->config, j->result);
    printf("model: %s/" RECUR_FILE_MODEL "\n", j->out);
    if (drawn)
        print_pictures(j);
    return EXIT_DONE;
}

static int train(job *j, recur_ctx *cx)
{
    recur_run run = {.folder = j->out, .force = j->o.force, .resume = j->o.resume, .observe = cli_progress};
    cli_signals_catch();
    recur_status status = j->task->train(cx, j->config, &run, j->result);
    cli_progress_end();
    if (status == RECUR_OK)
        return finish(j);
    int code = cli_fail(cx);
    if (status == RECUR_ESTOPPED)
        cli_note("recur train %s --resume --out %s goes on", j->task->command.name, j->out);
    return code;
}

/* The command line is read twice: first to find the saved configuration, then to win over it. */
static int run_parsed(job *j, int argc, char **argv)
{
    recur_settings *saved = NULL;
    recur_ctx *cx = NULL;
    cli_console_set(&j->common);
    name_folder(j);
    j->task->defaults(j->config);
    int status = cli_context(&cx, &j->common);
    if (status == EXIT_DONE)
        status = saved_config(j, cx, &saved);
    if (status == EXIT_DONE)
        status = parse(j, argc, argv);
    if (status == EXIT_DONE)
        status = take_data(j);
    if (status == EXIT_DONE) {
        name_folder(j);
        status = train(j, cx);
    }
    recur_settings_free(saved);
    recur_ctx_free(cx);
    return status;
}

static int run_job(job *j, int argc, char **argv)
{
    j->task->defaults(j->config);
    int status = parse(j, argc, argv);
    if (status != EXIT_DONE)
        return status;
    return j->common.help ? print_help(j) : run_parsed(j, argc, argv);
}

static int run_task(const cli_task *task, int argc, char **argv)
{
    job j = {.task = task, .config = calloc(1, task->config_size), .result = calloc(1, task->result_size)};
    int status = EXIT_WORK;
    if (j.config && j.result)
        status = run_job(&j, argc, argv);
    else
        cli_error("out of memory");
    free(j.config);
    free(j.result);
    free(j.data);
    return status;
}

/* ---- which task ---- */

static int print_tasks(void)
{
    printf("usage: recur %s\n\n%s\n\ntasks:\n", cli_train.usage, cli_train.summary);
    for (const cli_task *const *t = cli_tasks; *t; t++)
        printf("  %-12s%s\n", (*t)->command.name, (*t)->command.summary);
    printf("\nrecur train TASK --help lists the options of a task and their defaults\n");
    return EXIT_DONE;
}

static int unknown_task(const char *name)
{
    char names[256] = "";
    for (const cli_task *const *t = cli_tasks; *t; t++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", t == cli_tasks ? "" : ", ",
                 (*t)->command.name);
    cli_error("unknown task \"%s\"; there is: %s", name, names);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc == 0)
        return cli_usage_error(&cli_train, "a task is missing");
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return print_tasks();
    const cli_task *task = cli_task_find(argv[0]);
    return task ? run_task(task, argc - 1, argv + 1) : unknown_task(argv[0]);
}

const cli_command cli_train = {"train", "train TASK DATA [options]", "train a model into a run folder", run};
