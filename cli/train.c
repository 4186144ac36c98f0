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

/* A forecast training as the command line describes it. */
typedef struct forecast_job {
    recur_forecast_config config;
    train_options o;
    cli_common common;
    cli_words words;
    char out[PATH];
} forecast_job;

static const cli_command forecast = {
    "forecast", "train forecast DATA [options]",
    "train a model that forecasts a series (CSV with a header), or the last number of rows (--rows)", NULL};

static int parse(forecast_job *j, int argc, char **argv)
{
    const cli_table tables[] = {
        {recur_forecast_options(), &j->config}, {groups, &j->o}, {cli_result_groups, &j->common}, {0}};
    j->o = (train_options){.plot = true};
    j->common = (cli_common){0};
    return cli_parse(tables, argc, argv, &j->words);
}

static int print_help(void)
{
    forecast_job j = {.config = recur_forecast_defaults(), .o = {.plot = true}};
    const cli_table tables[] = {
        {recur_forecast_options(), &j.config}, {groups, &j.o}, {cli_result_groups, &j.common}, {0}};
    cli_help(&forecast, NULL, tables);
    return EXIT_DONE;
}

static void name_folder(forecast_job *j)
{
    const recur_option *cell = recur_option_find(recur_forecast_options(), "cell", NULL);
    if (j->o.out)
        snprintf(j->out, sizeof j->out, "%s", j->o.out);
    else
        snprintf(j->out, sizeof j->out, "runs/forecast-%s", cell->choices[j->config.model.cell]);
}

/* The configuration to begin with: --config, or what the run to be resumed was begun with. */
static int saved_config(forecast_job *j, recur_ctx *cx, recur_settings **saved)
{
    char path[PATH + 32];
    snprintf(path, sizeof path, "%s/" RECUR_FILE_CONFIG, j->out);
    const char *file = j->o.config ? j->o.config : path;
    if (!j->o.config && !(j->o.resume && access(path, F_OK) == 0))
        return EXIT_DONE;
    if (recur_settings_read(saved, cx, file) != RECUR_OK)
        return cli_fail(cx);
    const char *task = recur_settings_text(*saved, "task");
    if (task && strcmp(task, "forecast") != 0) {
        cli_error("%s is a configuration of the task %s", file, task);
        return EXIT_INPUT;
    }
    if (recur_settings_apply(*saved, recur_forecast_options(), &j->config) != RECUR_OK)
        return cli_fail(cx);
    return EXIT_DONE;
}

static int take_data(forecast_job *j)
{
    if (j->words.n > 1) {
        cli_error("forecasting takes one data file, not %s as well; --valid and --test name others",
                  j->words.word[1]);
        return EXIT_USAGE;
    }
    if (j->words.n == 1)
        j->config.data = j->words.word[0];
    if (!j->config.data)
        return cli_usage_error(&forecast, "a data file is needed");
    int status = cli_readable(j->config.data);
    if (status == EXIT_DONE)
        status = cli_readable(j->config.valid);
    return status == EXIT_DONE ? cli_readable(j->config.test) : status;
}

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

static void print_result(const forecast_job *j, const recur_forecast_result *r)
{
    const recur_option *cell = recur_option_find(recur_forecast_options(), "cell", NULL);
    printf("%s, %lld parameters, %lld epochs (best: %lld), %.1f s, %.3g steps/s, %.1f MB\n\n",
           cell->choices[j->config.model.cell], (long long)r->parameters, (long long)r->epochs,
           (long long)r->best_epoch, r->seconds, r->units_per_second, (double)r->peak_bytes / 1e6);
    cli_print_scores((const cli_score[]){{"train", &r->train},
                                         {"valid", &r->valid},
                                         {"test", &r->test},
                                         {"last value", &r->baseline},
                                         {"last season", &r->seasonal},
                                         {0}});
    putchar('\n');
    cli_print_verdict(&r->test, &r->baseline, "the last value");
    cli_print_verdict(&r->test, &r->seasonal, "the last season");
    printf("model: %s/" RECUR_FILE_MODEL "\n", j->out);
}

static int finish(const forecast_job *j, const recur_forecast_result *r)
{
    bool drawn = j->o.plot && cli_plot_run(j->out);
    if (j->common.json)
        return copy_result(j->out);
    print_result(j, r);
    if (drawn)
        printf("pictures: %s/loss.svg, %s/forecast.svg (and .png)\n", j->out, j->out);
    return EXIT_DONE;
}

static int train(forecast_job *j, recur_ctx *cx)
{
    recur_forecast_result result;
    recur_run run = {.folder = j->out, .force = j->o.force, .resume = j->o.resume, .observe = cli_progress};
    cli_signals_catch();
    recur_status status = recur_forecast_train(cx, &j->config, &run, &result);
    cli_progress_end();
    if (status == RECUR_OK)
        return finish(j, &result);
    int code = cli_fail(cx);
    if (status == RECUR_ESTOPPED)
        cli_note("recur train forecast --resume --out %s goes on", j->out);
    return code;
}

/* The command line is read twice: first to find the saved configuration, then to win over it. */
static int run_forecast(int argc, char **argv)
{
    forecast_job j = {.config = recur_forecast_defaults()};
    recur_settings *saved = NULL;
    recur_ctx *cx = NULL;
    int status = parse(&j, argc, argv);
    if (status != EXIT_DONE)
        return status;
    if (j.common.help)
        return print_help();
    cli_console_set(&j.common);
    name_folder(&j);
    j.config = recur_forecast_defaults();
    status = cli_context(&cx, &j.common);
    if (status == EXIT_DONE)
        status = saved_config(&j, cx, &saved);
    if (status == EXIT_DONE)
        status = parse(&j, argc, argv);
    if (status == EXIT_DONE)
        status = take_data(&j);
    if (status == EXIT_DONE) {
        name_folder(&j);
        status = train(&j, cx);
    }
    recur_settings_free(saved);
    recur_ctx_free(cx);
    return status;
}

/* ---- which task ---- */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} tasks[] = {{"forecast", run_forecast}};

static int print_tasks(void)
{
    printf("usage: recur %s\n\n%s\n\ntasks:\n", cli_train.usage, cli_train.summary);
    for (size_t i = 0; i < CLI_COUNT(tasks); i++)
        printf("  %s\n", tasks[i].name);
    printf("\nrecur train TASK --help lists the options of a task and their defaults\n");
    return EXIT_DONE;
}

static int unknown_task(const char *name)
{
    char names[256] = "";
    for (size_t i = 0; i < CLI_COUNT(tasks); i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", tasks[i].name);
    cli_error("unknown task \"%s\"; there is: %s", name, names);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc == 0)
        return cli_usage_error(&cli_train, "a task is missing");
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return print_tasks();
    for (size_t i = 0; i < CLI_COUNT(tasks); i++)
        if (strcmp(argv[0], tasks[i].name) == 0)
            return tasks[i].run(argc - 1, argv + 1);
    return unknown_task(argv[0]);
}

const cli_command cli_train = {"train", "train TASK DATA [options]", "train a model into a run folder", run};
