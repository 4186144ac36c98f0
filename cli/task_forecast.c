// SPDX-License-Identifier: MIT
/* The task forecast on the command line. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- training ---- */

static void defaults(void *config)
{
    *(recur_forecast_config *)config = recur_forecast_defaults();
}

static recur_status train(recur_ctx *cx, const void *config, const recur_run *run, void *result)
{
    return recur_forecast_train(cx, config, run, result);
}

static recur_score score_of(const recur_forecast_score *f)
{
    recur_score s = {.count = f->count};
    while (s.n < RECUR_METRICS &&
           recur_forecast_metric(f, (size_t)s.n, &s.metric[s.n].name, &s.metric[s.n].value))
        s.n++;
    return s;
}

static void print_verdicts(const recur_score *model, const recur_score *last, const recur_score *season)
{
    cli_print_verdict(model, last, "rmse", "the last value");
    cli_print_verdict(model, season, "rmse", "the last season");
}

static void print(const void *config, const void *result)
{
    const recur_forecast_config *c = config;
    const recur_forecast_result *r = result;
    const recur_result common = {.parameters = r->parameters,
                                 .epochs = r->epochs,
                                 .best_epoch = r->best_epoch,
                                 .seconds = r->seconds,
                                 .units_per_second = r->units_per_second,
                                 .peak_bytes = r->peak_bytes};
    recur_score train_score = score_of(&r->train), valid = score_of(&r->valid), test = score_of(&r->test);
    recur_score last = score_of(&r->baseline), season = score_of(&r->seasonal);
    cli_print_training(&c->model, &common);
    cli_print_scores((const cli_score[]){{"train", &train_score},
                                         {"valid", &valid},
                                         {"test", &test},
                                         {"last value", &last},
                                         {"last season", &season},
                                         {0}});
    putchar('\n');
    print_verdicts(&test, &last, &season);
}

/* ---- evaluating ---- */

static void print_evaluation(const cli_common *common, const recur_score *model, const recur_score *last,
                             const recur_score *season)
{
    if (common->json) {
        json_t *object = cli_scores_json(model, last);
        if (season->count > 0)
            json_object_set_new(object, "seasonal_baseline", cli_score_json(season));
        cli_print_json(object);
        return;
    }
    cli_print_scores(
        (const cli_score[]){{"model", model}, {"last value", last}, {"last season", season}, {0}});
    print_verdicts(model, last, season);
}

static int evaluate(recur_ctx *cx, const cli_ask *ask, const char *path, const char *data)
{
    recur_forecast *model;
    recur_forecast_score m, last, season;
    int status = EXIT_DONE;
    if (recur_forecast_open(&model, cx, path) != RECUR_OK)
        return cli_fail(cx);
    if (recur_forecast_evaluate(model, data, &m, &last, &season) != RECUR_OK)
        status = cli_fail(cx);
    else {
        recur_score a = score_of(&m), b = score_of(&last), c = score_of(&season);
        print_evaluation(&ask->common, &a, &b, &c);
    }
    recur_forecast_free(model);
    return status;
}

/* ---- predicting ---- */

/* What a prediction needs from line to line. */
typedef struct predictor {
    recur_ctx *cx;
    recur_forecast *model;
    bool as_json;
    int64_t steps, F, K;
    double *x, *y; /* numbers of a line; answers */
    size_t room;
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
static int bad_input(const predictor *p, const char *name, int64_t line)
{
    const char *text;
    if (recur_error(p->cx, &text) != RECUR_ESHAPE || line == 0)
        return cli_fail(p->cx);
    return cli_fail_at(p->cx, name, line);
}

static int answer(predictor *p, const double *x, int64_t rows, const char *name, int64_t line)
{
    if (recur_forecast_predict(p->model, x, rows, p->steps, p->y) != RECUR_OK)
        return bad_input(p, name, line);
    (p->as_json ? print_json : print_line)(p);
    return EXIT_DONE;
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

static int answer_line(void *user, const char *line, size_t size, const char *name, int64_t number)
{
    predictor *p = user;
    int64_t n;
    if (!make_room(p, size)) {
        cli_error("out of memory");
        return EXIT_WORK;
    }
    if (recur_numbers_parse(p->cx, line, size, name, number, 1, (int64_t)p->room, p->x, &n) != RECUR_OK)
        return cli_fail(p->cx);
    if (n % p->F != 0) {
        cli_error("%s:%lld: %lld numbers, but a row has %lld", name, (long long)number, (long long)n,
                  (long long)p->F);
        return EXIT_INPUT;
    }
    return answer(p, p->x, n / p->F, name, number);
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

/* Does the first line that is not blank hold numbers? Otherwise it is the header of a CSV. What cannot be read
 * twice, a pipe, holds lines. */
static bool holds_lines(predictor *p, FILE *file, const char *name)
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
            recur_numbers_parse(p->cx, line, length, name, 1, 1, (int64_t)p->room, p->x, &n) == RECUR_OK;
        recur_clear(p->cx);
    }
    free(line);
    return numbers;
}

static int answer_table(predictor *p, const char *path)
{
    const double *x;
    int64_t rows;
    if (recur_forecast_read(p->model, path, &x, &rows) != RECUR_OK)
        return cli_fail(p->cx);
    return answer(p, x, rows, path, 0);
}

/* Is it a table, to be read as a whole? */
static int is_table(predictor *p, const char *path, bool *table)
{
    *table = false;
    if (!path || strcmp(path, "-") == 0 || recur_forecast_config_of(p->model)->rows)
        return EXIT_DONE;
    int status = cli_readable(path);
    FILE *file = status == EXIT_DONE ? fopen(path, "r") : NULL;
    if (!file)
        return EXIT_INPUT;
    *table = !holds_lines(p, file, path);
    fclose(file);
    return EXIT_DONE;
}

static int answer_input(predictor *p, const char *path)
{
    bool table;
    int status = is_table(p, path, &table);
    if (status != EXIT_DONE)
        return status;
    const cli_lines lines = {
        .cx = p->cx, .path = path, .prompt = "history, the newest last> ", .answer = answer_line, .user = p};
    return table ? answer_table(p, path) : cli_answer_lines(&lines);
}

static int predict(recur_ctx *cx, const cli_ask *ask, const char *path, const char *input)
{
    predictor p = {.cx = cx, .as_json = ask->common.json};
    if (recur_forecast_open(&p.model, cx, path) != RECUR_OK)
        return cli_fail(cx);
    p.F = recur_forecast_inputs(p.model);
    p.K = recur_forecast_targets(p.model);
    p.steps = ask->steps > 0 ? ask->steps : recur_forecast_config_of(p.model)->horizon;
    p.y = calloc((size_t)(p.steps * p.K), sizeof *p.y);
    int status = p.y ? answer_input(&p, input) : EXIT_WORK;
    free(p.x);
    free(p.y);
    recur_forecast_free(p.model);
    return status;
}

const cli_task cli_forecast = {
    .command =
        {"forecast", "train forecast DATA [options]",
         "train a model that forecasts a series (CSV with a header), or the last number of rows (--rows)",
         NULL},
    .options = recur_forecast_options,
    .config_size = sizeof(recur_forecast_config),
    .result_size = sizeof(recur_forecast_result),
    .data = offsetof(recur_forecast_config, data),
    .model = offsetof(recur_forecast_config, model),
    .defaults = defaults,
    .files = 1,
    .train = train,
    .print = print,
    .pictures = (const char *const[]){"loss", "forecast", NULL},
    .asks = (const char *const[]){"steps", NULL},
    .evaluate = evaluate,
    .predict = predict,
};
