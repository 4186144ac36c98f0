// SPDX-License-Identifier: MIT
/* recur predict: answers for new input, a line each. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct predict_options {
    int64_t steps;
} predict_options;

static const recur_option options[] = {
    {"steps", 0, RECUR_OPTION_COUNT, offsetof(predict_options, steps), "N",
     "how far to go, beyond the horizon from its own forecasts; 0: the horizon", NULL, 0, 1e6, 0},
    {0},
};
static const recur_option_group groups[] = {{"Options", options, 0}, {0}};

/* What a prediction needs from line to line. */
typedef struct predictor {
    recur_ctx *cx;
    recur_forecast *model;
    const cli_common *common;
    int64_t steps, F, K;
    const char *name; /* of the input */
    double *x, *y;    /* numbers of a line; answers */
    size_t room;
    bool interactive;
} predictor;

static json_t *step_json(const predictor *p, int64_t step)
{
    if (p->K == 1)
        return json_real(p->y[step]);
    json_t *row = json_array();
    for (int64_t k = 0; k < p->K; k++)
        json_array_append_new(row, json_real(p->y[step * p->K + k]));
    return row;
}

static void print_json(const predictor *p)
{
    json_t *forecast = json_array(), *object = json_object();
    for (int64_t i = 0; i < p->steps; i++)
        json_array_append_new(forecast, step_json(p, i));
    json_object_set_new(object, "forecast", forecast);
    cli_print_json(object);
}

/* The steps between commas; of several targets a step is a group, between semicolons. */
static void print_line(const predictor *p)
{
    for (int64_t i = 0; i < p->steps * p->K; i++)
        printf("%s%.7g", i == 0 ? "" : i % p->K == 0 && p->K > 1 ? ";" : ",", p->y[i]);
    putchar('\n');
}

/* "history.txt:3: what is wrong"; line 0: it is about the whole input. */
static int bad_input(const predictor *p, int64_t line)
{
    const char *text;
    if (recur_error(p->cx, &text) != RECUR_ESHAPE || line == 0)
        return cli_fail(p->cx);
    cli_error("%s:%lld: %s", p->name, (long long)line, text);
    return EXIT_INPUT;
}

static int answer(predictor *p, const double *x, int64_t rows, int64_t line)
{
    if (recur_forecast_predict(p->model, x, rows, p->steps, p->y) != RECUR_OK)
        return bad_input(p, line);
    (p->common->json ? print_json : print_line)(p);
    if (p->interactive)
        fflush(stdout);
    return EXIT_DONE;
}

/* ---- lines of numbers ---- */

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

/* Every number takes two letters at least: "1,". */
static bool make_room(predictor *p, size_t letters)
{
    size_t need = letters / 2 + 1;
    if (need <= p->room)
        return true;
    double *x = realloc(p->x, need * sizeof *x);
    if (!x)
        return false;
    p->x = x;
    p->room = need;
    return true;
}

static int answer_line(predictor *p, const char *line, size_t size, int64_t number)
{
    int64_t n;
    if (!make_room(p, size)) {
        cli_error("out of memory");
        return EXIT_WORK;
    }
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    if (recur_numbers_parse(p->cx, line, size, p->name, number, 1, (int64_t)p->room, p->x, &n) != RECUR_OK)
        return cli_fail(p->cx);
    if (n % p->F != 0) {
        cli_error("%s:%lld: %lld numbers, but a row has %lld", p->name, (long long)number, (long long)n,
                  (long long)p->F);
        return EXIT_INPUT;
    }
    return answer(p, p->x, n / p->F, number);
}

static void prompt(const predictor *p)
{
    if (p->interactive)
        fputs("history, the newest last> ", stderr);
}

/* At a terminal a wrong line is no reason to stop. */
static int answer_lines(predictor *p, FILE *input)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    int status = EXIT_DONE;
    prompt(p);
    for (int64_t number = 1; status == EXIT_DONE && (size = getline(&line, &room, input)) >= 0; number++) {
        if (!is_blank(line))
            status = answer_line(p, line, (size_t)size, number);
        if (p->interactive && status == EXIT_INPUT) {
            recur_clear(p->cx);
            status = EXIT_DONE;
        }
        prompt(p);
    }
    if (p->interactive)
        fputc('\n', stderr);
    free(line);
    return status;
}

/* ---- a file ---- */

/* Does the first line that is not blank hold numbers? Otherwise it is the header of a CSV. What cannot be read twice, a
 * pipe, holds lines. */
static bool holds_lines(predictor *p, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    int64_t n;
    bool numbers = true;
    struct stat st;
    if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    while ((size = getline(&line, &room, file)) >= 0 && is_blank(line))
        continue;
    if (size > 0 && make_room(p, (size_t)size)) {
        size_t length = strcspn(line, "\r\n");
        numbers =
            recur_numbers_parse(p->cx, line, length, p->name, 1, 1, (int64_t)p->room, p->x, &n) == RECUR_OK;
        recur_clear(p->cx);
    }
    free(line);
    rewind(file);
    return numbers;
}

static int answer_table(predictor *p)
{
    const double *x;
    int64_t rows;
    if (recur_forecast_read(p->model, p->name, &x, &rows) != RECUR_OK)
        return cli_fail(p->cx);
    return answer(p, x, rows, 0);
}

static int answer_file(predictor *p)
{
    int status = cli_readable(p->name);
    FILE *file = status == EXIT_DONE ? fopen(p->name, "r") : NULL;
    if (!file)
        return EXIT_INPUT;
    bool rows = recur_forecast_config_of(p->model)->rows;
    status = rows || holds_lines(p, file) ? answer_lines(p, file) : answer_table(p);
    fclose(file);
    return status;
}

static int predict(recur_ctx *cx, const cli_common *common, int64_t steps, const char *path,
                   const char *input)
{
    predictor p = {.cx = cx, .common = common, .name = input ? input : "standard input"};
    if (recur_forecast_open(&p.model, cx, path) != RECUR_OK)
        return cli_fail(cx);
    p.F = recur_forecast_inputs(p.model);
    p.K = recur_forecast_targets(p.model);
    p.steps = steps > 0 ? steps : recur_forecast_config_of(p.model)->horizon;
    p.interactive = !input && isatty(STDIN_FILENO);
    p.y = calloc((size_t)(p.steps * p.K), sizeof *p.y);
    int status = p.y ? EXIT_DONE : EXIT_WORK;
    if (status == EXIT_DONE)
        status = input ? answer_file(&p) : answer_lines(&p, stdin);
    free(p.x);
    free(p.y);
    recur_forecast_free(p.model);
    return status;
}

static const char about[] =
    "INPUT is a CSV with the model's columns, whose continuation is forecast, or lines of numbers between\n"
    "commas: a window or a row, the newest last. Without INPUT lines are read from standard input.";

static int run(int argc, char **argv)
{
    predict_options o = {0};
    cli_common common = {0};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{groups, &o}, {cli_result_groups, &common}, {0}};
    int status = cli_begin(&cli_predict, about, tables, &common, argc, argv, &words, &cx);
    if (cx)
        status = words.n == 1 || words.n == 2
                     ? predict(cx, &common, o.steps, words.word[0], words.n == 2 ? words.word[1] : NULL)
                     : cli_usage_error(&cli_predict, "a model is needed, and perhaps an input");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_predict = {"predict", "predict MODEL [INPUT]", "answers for new input, a line each",
                                 run};
