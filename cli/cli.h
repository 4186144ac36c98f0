// SPDX-License-Identifier: MIT
/* What the commands of the recur program share. */
#ifndef RECUR_CLI_H
#define RECUR_CLI_H

#include <recur/recur.h>
#include <stdio.h>

/* Exit statuses; scripts rely on them. */
enum {
    EXIT_DONE = 0,
    EXIT_WORK = 1,  /* the work failed: diverged, disk full, out of memory */
    EXIT_USAGE = 2, /* the command line is wrong */
    EXIT_INPUT = 3, /* the input is bad: missing, malformed, wrong shape */
    EXIT_SIGNAL = 128
};

/* Options of every command. */
typedef struct cli_common {
    bool help, quiet, verbose, json;
    int64_t threads;
} cli_common;

/* A command: its name, and how it is described. `run` gets the words after the name. */
typedef struct cli_command {
    const char *name, *usage, *summary;
    int (*run)(int argc, char **argv);
} cli_command;

/* Where options go: a table and the struct that it describes. */
typedef struct cli_table {
    const recur_option_group *groups;
    void *config;
} cli_table;

/* The words of a command line that are not options. */
enum { CLI_WORDS = 64 };
typedef struct cli_words {
    const char *word[CLI_WORDS];
    int n;
} cli_words;

/* ---- options.c ---- */
extern const recur_option_group cli_common_groups[];
extern const recur_option_group
    cli_result_groups[]; /* of commands whose results can be JSON: the same, and --json */
/* Reads options into the tables (the last of which has no groups) and the rest into `words`. Reports what is
 * wrong; an exit status. */
int cli_parse(const cli_table *tables, int argc, char **argv, cli_words *words);
/* Prints usage, summary, `more` (or NULL) and every option with its default: the tables' present values. */
void cli_help(const cli_command *command, const char *more, const cli_table *tables);
/* What nearly every command begins with: reads the command line, prints the help if that was asked for, makes
 * a context. Without a context the command is over, with the status that comes back. */
int cli_begin(const cli_command *command, const char *more, const cli_table *tables, const cli_common *common,
              int argc, char **argv, cli_words *words, recur_ctx **cx);
/* Names the words that a command was given too few or too many of. */
int cli_usage_error(const cli_command *command, const char *text);

/* ---- console.c ---- */
void cli_console_set(const cli_common *common);
bool cli_quiet(void);
bool cli_verbose(void);
/* "recur: TEXT" on standard error, whatever --quiet says. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A note on standard error, unless --quiet; a detail: only with --verbose. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Reports the context's last error; the exit status that fits it. */
int cli_fail(recur_ctx *cx);
/* The same for a line of input: "NAME:LINE: what is wrong". */
int cli_fail_at(recur_ctx *cx, const char *name, int64_t line);
/* The same where results could not be written: the work failed, whatever the reason. */
int cli_fail_writing(recur_ctx *cx);
/* Can this input be read? NULL is fine. Reports what is wrong; an exit status. */
int cli_readable(const char *path);
/* A context with the number of threads asked for; an exit status. */
int cli_context(recur_ctx **cx, const cli_common *common);
/* Is this stream a terminal on which lines can be redrawn? One that takes colours? Its width in columns. */
bool cli_terminal(FILE *stream);
bool cli_colours(FILE *stream);
int cli_width(FILE *stream);

/* ---- files.c: several data files in one text ---- */
/* The names with '\n' between them, to be freed; NULL after reporting that there is no memory. */
char *cli_join_files(const char *const *names, int n);
/* cli_readable() for each of them; "a,b" are two unless there is a file of that name. */
int cli_readable_files(const char *names);

/* ---- signals.c: SIGINT and SIGTERM while training ---- */
void cli_signals_catch(void);
int cli_signal(void); /* the signal that came, or 0 */

/* ---- progress.c ---- */
/* An observer of training: a bar on a terminal, a line per epoch elsewhere; asks to stop when a signal came.
 */
bool cli_progress(void *user, const recur_event *event);
void cli_progress_end(void);

/* ---- report.c: scores for people ---- */
typedef struct cli_score {
    const char *name;
    const recur_score *score;
} cli_score;
/* A line per score that has a count, a column per metric; `scores` ends with one without a name. */
void cli_print_scores(const cli_score *scores);
/* Whether the model is better than the baseline by this metric, in a sentence; `name` is the baseline's.
 * Nothing where one of them is not there. */
void cli_print_verdict(const recur_score *model, const recur_score *baseline, const char *metric,
                       const char *name);
/* "lstm, 4513 parameters, 20 epochs (best: 12), 3.1 s, ..." */
void cli_print_training(const recur_model_config *model, const recur_result *r);

/* ---- json.c ---- */
struct json_t;
/* Prints a JSON value on one line; numbers are the shortest that read back to the same. Takes the reference.
 */
void cli_print_json(struct json_t *value);
struct json_t *cli_score_json(const recur_score *score);
/* A text; null where it is not UTF-8: --lossy reads it, JSON cannot hold it. */
struct json_t *cli_text_json(recur_span text);
/* A model's score with its baseline as a member, as evaluate prints it. */
struct json_t *cli_scores_json(const recur_score *model, const recur_score *baseline);

/* ---- lines.c: answers for a file or standard input, a line at a time ---- */
typedef struct cli_lines {
    recur_ctx *cx;
    const char *path;   /* NULL or "-": standard input */
    const char *prompt; /* on standard error, where standard input is a terminal */
    /* The answer to one line without its end; an exit status. `name`:`number` is for messages. */
    int (*answer)(void *user, const char *line, size_t size, const char *name, int64_t number);
    void *user;
    bool blank; /* blank lines are answered too, else passed over */
} cli_lines;
int cli_answer_lines(const cli_lines *lines);

/* ---- plot.c ---- */
/* Draws the pictures of a run folder; false, after a note, where that was not possible. */
bool cli_plot_run(const char *folder);
/* Draws texts, objects with "label", "probability", "words" and "weights", into a file that ends in .svg or .png;
 * false after reporting an error. */
bool cli_plot_attention(const char *file, const struct json_t *texts);

/* ---- plot_alignment.c: what a model attended to, in a file ---- */
/* For each of U units that the model said (or 1: of its answer) a row of weights over S units that it read. */
typedef struct cli_alignment {
    const recur_span *target, *source; /* [U], [S]; a NUL stands behind each */
    const float *weights;              /* [U, S] */
    int64_t U, S;
} cli_alignment;
typedef struct cli_alignment_file cli_alignment_file;
/* A file named .svg or .png gets a heat map; of several, the second goes to NAME-2.svg, and so on. Any other gets a JSON
 * array of {"source": [...], "target": [...], "weights": [[...], ...]}. Exit statuses; close takes NULL. */
int cli_alignment_open(cli_alignment_file **out, const char *path);
int cli_alignment_put(cli_alignment_file *f, const cli_alignment *a);
int cli_alignment_close(cli_alignment_file *f);
struct json_t *cli_units_json(const recur_span *unit, int64_t n);
struct json_t *cli_weights_json(const float *weights, int64_t U, int64_t S);

/* ---- tasks, a file each (task_NAME.c) ---- */
/* What the input of a tagger is: a sentence a line, or columns as those that it has learnt from. */
typedef enum cli_format { CLI_LINES = 0, CLI_CONLL, CLI_CONLLU } cli_format;

/* What a question to a trained model can be told; a task accepts the options that it lists. */
typedef struct cli_ask {
    int64_t steps;         /* forecast */
    int64_t beam, n_best;  /* translate; 0: the model's own */
    int64_t top, errors;   /* classify */
    const char *attention; /* a file for what a model with attention looked at */
    bool lossy;            /* text that is not UTF-8 */
    int format;            /* tag: cli_format */
    cli_common common;
} cli_ask;

/* A task as the commands see it. Functions give an exit status and report what is wrong. */
typedef struct cli_task {
    cli_command command; /* name, usage and summary of its training */
    const recur_option_group *(*options)(void);
    size_t config_size, result_size;
    size_t data, model; /* offsets in the config: of the data's name, of its recur_model_config */
    void (*defaults)(void *config);
    int files; /* how many files DATA may be; several names reach the config with '\n' between them */
    recur_status (*train)(recur_ctx *cx, const void *config, const recur_run *run, void *result);
    void (*print)(const void *config, const void *result);
    const char *const *pictures; /* that training leaves in the folder, without endings; ends with NULL */
    const char *const *asks;     /* names of the options of cli_ask that it accepts; ends with NULL */
    int (*evaluate)(recur_ctx *cx, const cli_ask *ask, const char *model, const char *data);
    int (*predict)(recur_ctx *cx, const cli_ask *ask, const char *model, const char *input);
} cli_task;

extern const cli_task cli_forecast, cli_classify, cli_tag, cli_language, cli_translate;

/* task.c: all tasks, ended by NULL; the one of that name, or NULL; that of a trained model: an exit status. */
extern const cli_task *const cli_tasks[];
const cli_task *cli_task_find(const char *name);
int cli_task_of(recur_ctx *cx, const char *model, const cli_task **task);
/* The options of evaluate and predict, and whether the task accepts those that were given: an exit status. */
extern const recur_option_group cli_ask_groups[];
int cli_ask_check(const cli_task *task, const cli_ask *ask);

/* ---- the commands, a file each ---- */
extern const cli_command cli_train, cli_evaluate, cli_predict, cli_generate, cli_inspect, cli_forward,
    cli_plot, cli_data, cli_describe;

#define CLI_COUNT(table) (sizeof(table) / sizeof(table)[0])

#endif
