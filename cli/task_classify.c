// SPDX-License-Identifier: MIT
/* The task classify on the command line. */
#include "cli.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- training ---- */

static void defaults(void *config)
{
    *(recur_classify_config *)config = recur_classify_defaults();
}

static recur_status train(recur_ctx *cx, const void *config, const recur_run *run, void *result)
{
    return recur_classify_train(cx, config, run, result);
}

static const char most_frequent[] = "the most frequent class";

static void print(const void *config, const void *result)
{
    const recur_classify_config *c = config;
    const recur_classify_result *r = result;
    cli_print_training(&c->model, &r->common);
    cli_print_scores((const cli_score[]){{"train", &r->common.train},
                                         {"valid", &r->common.valid},
                                         {"test", &r->common.test},
                                         {"most frequent", &r->common.baseline},
                                         {0}});
    cli_print_verdict(&r->common.test, &r->common.baseline, "accuracy", most_frequent);
    if (r->temperature != 1 && r->error_after == r->error_after)
        printf("probabilities: calibration error %.1f %%, without the temperature (%.3g) %.1f %%\n",
               100 * r->error_after, r->temperature, 100 * r->error_before);
}

/* ---- evaluating ---- */

enum { TABLE = 40 }; /* classes that fit a table */

static void print_classes(const recur_classify_report *r)
{
    int width = 5;
    if (r->K > TABLE)
        return;
    for (int64_t k = 0; k < r->K; k++)
        width = (int)strlen(r->label[k]) > width ? (int)strlen(r->label[k]) : width;
    printf("\n%-*s %8s %11s %11s %11s\n", width, "class", "count", "precision", "recall", "F1");
    for (int64_t k = 0; k < r->K; k++) {
        int64_t n = 0;
        for (int64_t i = 0; i < r->K; i++)
            n += r->confusion[k * r->K + i];
        printf("%-*s %8lld %9.2f %% %9.2f %% %9.2f %%\n", width, r->label[k], (long long)n,
               100 * r->of_class[k].precision, 100 * r->of_class[k].recall, 100 * r->of_class[k].f1);
    }
}

/* The examples that are wrong, the surest first; equals as they stand in the data. */
static int by_confidence(const void *a, const void *b)
{
    const recur_classified *x = *(const recur_classified *const *)a, *y = *(const recur_classified *const *)b;
    if (x->probability != y->probability)
        return x->probability > y->probability ? -1 : 1;
    return x < y ? -1 : 1;
}

static const recur_classified **find_errors(const recur_classify_report *r, int64_t *n)
{
    const recur_classified **wrong = calloc((size_t)r->n + 1, sizeof *wrong);
    *n = 0;
    for (int64_t i = 0; wrong && i < r->n; i++)
        if (r->example[i].label != r->example[i].answer)
            wrong[(*n)++] = &r->example[i];
    if (wrong)
        qsort(wrong, (size_t)*n, sizeof *wrong, by_confidence);
    else
        cli_error("out of memory");
    return wrong;
}

enum { SHOWN = 160 }; /* bytes of a text that are shown */

/* The beginning of a text on one line, cut between two characters. */
static void print_text(recur_span text)
{
    size_t n = text.size < SHOWN ? text.size : SHOWN;
    while (n < text.size && n > 0 && ((unsigned char)text.text[n] & 0xC0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        putchar((unsigned char)text.text[i] < ' ' ? ' ' : text.text[i]);
    printf("%s\n", n < text.size ? "..." : "");
}

static void print_error(const recur_classify_report *r, const recur_classified *e)
{
    printf("%s:%lld: %s, but the answer is %s (%.3f): ", e->file, (long long)e->line, r->label[e->label],
           r->label[e->answer], e->probability);
    print_text(e->text);
}

static json_t *error_json(const recur_classify_report *r, const recur_classified *e)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:f, s:o}", "file", e->file, "line", (json_int_t)e->line, "label",
                     r->label[e->label], "answer", r->label[e->answer], "probability", e->probability, "text",
                     cli_text_json(e->text));
}

static json_t *classes_json(const recur_classify_report *r)
{
    json_t *classes = json_array();
    for (int64_t k = 0; k < r->K; k++)
        json_array_append_new(classes, json_pack("{s:s, s:f, s:f, s:f}", "label", r->label[k], "precision",
                                                 r->of_class[k].precision, "recall", r->of_class[k].recall,
                                                 "f1", r->of_class[k].f1));
    return classes;
}

static json_t *confusion_json(const recur_classify_report *r)
{
    json_t *rows = json_array();
    for (int64_t k = 0; k < r->K; k++) {
        json_t *row = json_array();
        for (int64_t i = 0; i < r->K; i++)
            json_array_append_new(row, json_integer(r->confusion[k * r->K + i]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static void print_json(const recur_classify_report *r, const recur_classified *const *wrong, int64_t n)
{
    json_t *object = cli_scores_json(&r->score, &r->baseline), *errors = json_array();
    json_object_set_new(object, "classes", classes_json(r));
    json_object_set_new(object, "confusion", confusion_json(r));
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(errors, error_json(r, wrong[i]));
    if (n > 0)
        json_object_set(object, "errors", errors);
    json_decref(errors);
    cli_print_json(object);
}

static void print_tables(const recur_classify_report *r, const recur_classified *const *wrong, int64_t n)
{
    cli_print_scores((const cli_score[]){{"model", &r->score}, {"most frequent", &r->baseline}, {0}});
    cli_print_verdict(&r->score, &r->baseline, "accuracy", most_frequent);
    print_classes(r);
    if (n > 0)
        putchar('\n');
    for (int64_t i = 0; i < n; i++)
        print_error(r, wrong[i]);
}

static void note_strangers(const recur_classify_report *r)
{
    int64_t n = 0;
    for (int64_t i = 0; i < r->n; i++)
        n += r->example[i].label >= r->known;
    if (n > 0)
        cli_note(
            "%lld examples have a label that the model does not know, such as \"%s\": they count as wrong",
            (long long)n, r->label[r->known]);
}

static int print_report(const recur_classify_report *r, const cli_ask *ask)
{
    int64_t n;
    const recur_classified **wrong = find_errors(r, &n);
    if (!wrong)
        return EXIT_WORK;
    n = n < ask->errors ? n : ask->errors;
    note_strangers(r);
    (ask->common.json ? print_json : print_tables)(r, wrong, n);
    free(wrong);
    return EXIT_DONE;
}

/* A model to ask; NULL after an error, with the exit status. */
static recur_classify *open_model(recur_ctx *cx, const cli_ask *ask, const char *path, int *status)
{
    recur_classify *model;
    *status = EXIT_DONE;
    if (recur_classify_open(&model, cx, path) != RECUR_OK) {
        *status = cli_fail(cx);
        return NULL;
    }
    if (ask->lossy)
        recur_classify_lossy(model, true);
    return model;
}

static int evaluate(recur_ctx *cx, const cli_ask *ask, const char *path, const char *data)
{
    int status;
    recur_classify_report *report;
    recur_classify *model = open_model(cx, ask, path, &status);
    if (!model)
        return status;
    if (recur_classify_evaluate(&report, model, data) == RECUR_OK)
        status = print_report(report, ask);
    else
        status = cli_fail(cx);
    recur_classify_report_free(report);
    recur_classify_free(model);
    return status;
}

/* ---- predicting ---- */

/* What a prediction needs from line to line. */
typedef struct predictor {
    recur_ctx *cx;
    recur_classify *model;
    const cli_ask *ask;
    int64_t K, top; /* classes; how many of them an answer shows */
    double *p;      /* [BATCH, K] */
    int64_t *order; /* [K] */
    FILE *file;     /* of --attention: an array with a line per text; NULL */
    int64_t explained;
    json_t *texts; /* of --attention that is a picture; NULL */
    bool coloured; /* words on standard output */
} predictor;

enum { BATCH = 256 }; /* texts of a file that are answered together */

/* The `top` classes of largest probability; of equals the first. */
static void rank(const predictor *p, const double *row)
{
    for (int64_t i = 0; i < p->K; i++)
        p->order[i] = i;
    for (int64_t i = 0; i < p->top; i++)
        for (int64_t j = i + 1; j < p->K; j++) {
            int64_t a = p->order[i], b = p->order[j];
            if (b < a ? row[b] >= row[a] : row[b] > row[a]) {
                p->order[i] = b;
                p->order[j] = a;
            }
        }
}

static json_t *answer_json(const predictor *p, const double *row)
{
    json_t *object = json_object(), *top = json_array();
    const char *label = recur_classify_label(p->model, p->order[0]);
    json_object_set_new(object, "label", json_string(label));
    json_object_set_new(object, "probability", json_real(row[p->order[0]]));
    for (int64_t i = 0; i < p->top; i++)
        json_array_append_new(top,
                              json_pack("{s:s, s:f}", "label", recur_classify_label(p->model, p->order[i]),
                                        "probability", row[p->order[i]]));
    if (p->ask->top > 1)
        json_object_set(object, "top", top);
    json_decref(top);
    return object;
}

static void print_line(const predictor *p, const double *row)
{
    for (int64_t i = 0; i < p->top; i++)
        printf("%s%s\t%.4f", i ? "\t" : "", recur_classify_label(p->model, p->order[i]), row[p->order[i]]);
    putchar('\n');
}

/* ---- which words counted ---- */

static void add_words(json_t *object, const recur_classify_words *words)
{
    json_t *word = json_array(), *weight = json_array();
    for (int64_t i = 0; i < words->n; i++) {
        json_array_append_new(word, json_stringn(words->word[i].text, words->word[i].size));
        json_array_append_new(weight, json_real(words->weight[i]));
    }
    json_object_set_new(object, "words", word);
    json_object_set_new(object, "weights", weight);
}

/* Words on backgrounds of five strengths, from white to orange. */
static void print_coloured(const recur_classify_words *words)
{
    static const int colours[] = {0, 230, 223, 216, 209, 202};
    double most = 0;
    for (int64_t i = 0; i < words->n; i++)
        most = words->weight[i] > most ? words->weight[i] : most;
    fputs("  ", stdout);
    for (int64_t i = 0; i < words->n; i++) {
        int level = most > 0 ? (int)(5 * words->weight[i] / most + 0.5) : 0;
        if (level > 0)
            printf("\033[30;48;5;%dm%s\033[0m ", colours[level], words->word[i].text);
        else
            printf("%s ", words->word[i].text);
    }
    putchar('\n');
}

static int explain(predictor *p, recur_span text, const recur_place *where)
{
    recur_classify_words words;
    if (recur_classify_explain(p->model, text, where, p->p, &words) != RECUR_OK)
        return cli_fail(p->cx);
    rank(p, p->p);
    json_t *object = answer_json(p, p->p);
    add_words(object, &words);
    bool to_output = !p->file && !p->texts && !p->coloured;
    if (p->file) {
        char *line = json_dumps(object, JSON_REAL_PRECISION(9));
        fprintf(p->file, "%s\n%s", p->explained++ ? "," : "", line ? line : "null");
        free(line);
    }
    if (p->texts)
        json_array_append(p->texts, object);
    if (p->ask->common.json || to_output)
        cli_print_json(json_incref(object));
    else
        print_line(p, p->p);
    if (p->coloured)
        print_coloured(&words);
    json_decref(object);
    return EXIT_DONE;
}

/* ---- texts ---- */

static void print_answer(const predictor *p, const double *row)
{
    rank(p, row);
    if (p->ask->common.json)
        cli_print_json(answer_json(p, row));
    else
        print_line(p, row);
}

static int answer(predictor *p, const recur_span *text, int64_t n, const recur_place *where)
{
    int status = EXIT_DONE;
    if (p->ask->attention) {
        for (int64_t i = 0; i < n && status == EXIT_DONE; i++)
            status = explain(p, text[i], &where[i]);
        return status;
    }
    if (recur_classify_predict(p->model, text, n, where, p->p) != RECUR_OK)
        return cli_fail(p->cx);
    for (int64_t i = 0; i < n; i++)
        print_answer(p, p->p + i * p->K);
    return EXIT_DONE;
}

static int answer_line(void *user, const char *line, size_t size, const char *name, int64_t number)
{
    const recur_place where = {.name = name, .line = number, .column = 1};
    return answer(user, &(recur_span){line, size}, 1, &where);
}

static int answer_file(predictor *p, const char *path)
{
    recur_corpus *texts;
    int status = cli_readable(path);
    if (status != EXIT_DONE)
        return status;
    if (recur_lines_read(&texts, p->cx, path) != RECUR_OK)
        return cli_fail(p->cx);
    for (int64_t from = 0; from < texts->n && status == EXIT_DONE; from += BATCH) {
        recur_place where[BATCH];
        int64_t n = texts->n - from < BATCH ? texts->n - from : BATCH;
        for (int64_t i = 0; i < n; i++)
            where[i] = recur_corpus_place(texts, RECUR_SIDE_TEXT, from + i);
        status = answer(p, texts->text + from, n, where);
    }
    recur_corpus_free(texts);
    return status;
}

/* A file is answered by batches, what comes from standard input line by line as it comes. */
static int answer_input(predictor *p, const char *input)
{
    const cli_lines lines = {
        .cx = p->cx, .prompt = "a text> ", .answer = answer_line, .user = p, .blank = true};
    return input && strcmp(input, "-") != 0 ? answer_file(p, input) : cli_answer_lines(&lines);
}

/* ---- where attention goes ---- */

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

static int open_attention(predictor *p)
{
    const char *name = p->ask->attention;
    if (!name)
        return EXIT_DONE;
    if (strcmp(name, "-") == 0) {
        p->coloured = cli_colours(stdout) && !p->ask->common.json;
        return EXIT_DONE;
    }
    if (ends_with(name, ".svg") || ends_with(name, ".png")) {
        p->texts = json_array();
        return EXIT_DONE;
    }
    p->file = fopen(name, "w");
    if (p->file)
        return fputc('[', p->file) == '[' ? EXIT_DONE : EXIT_WORK;
    cli_error("cannot write %s: %s", name, strerror(errno));
    return EXIT_WORK;
}

static int close_attention(predictor *p, int status)
{
    if (p->texts && status == EXIT_DONE && !cli_plot_attention(p->ask->attention, p->texts))
        status = EXIT_WORK;
    json_decref(p->texts);
    if (!p->file)
        return status;
    fputs("\n]\n", p->file);
    bool failed = ferror(p->file);
    if (fclose(p->file) != 0 || failed) {
        cli_error("cannot write %s: %s", p->ask->attention, strerror(errno));
        status = EXIT_WORK;
    }
    return status;
}

static int predict_with(predictor *p, const char *input)
{
    p->K = recur_classify_classes(p->model);
    p->top = p->ask->top < 1 ? 1 : p->ask->top < p->K ? p->ask->top : p->K;
    p->p = calloc((size_t)p->K * BATCH, sizeof *p->p);
    p->order = calloc((size_t)p->K, sizeof *p->order);
    int status = EXIT_WORK;
    if (!p->p || !p->order)
        cli_error("out of memory");
    else
        status = open_attention(p);
    if (status == EXIT_DONE)
        status = close_attention(p, answer_input(p, input));
    free(p->p);
    free(p->order);
    return status;
}

static int predict(recur_ctx *cx, const cli_ask *ask, const char *path, const char *input)
{
    int status;
    predictor p = {.cx = cx, .ask = ask, .model = open_model(cx, ask, path, &status)};
    if (p.model)
        status = predict_with(&p, input);
    recur_classify_free(p.model);
    return status;
}

const cli_task cli_classify = {
    .command = {"classify", "train classify DATA... [options]", "train a classifier of texts", NULL},
    .options = recur_classify_options,
    .config_size = sizeof(recur_classify_config),
    .result_size = sizeof(recur_classify_result),
    .data = offsetof(recur_classify_config, data),
    .model = offsetof(recur_classify_config, model),
    .defaults = defaults,
    .files = CLI_WORDS,
    .train = train,
    .print = print,
    .pictures = (const char *const[]){"loss", "confusion", "calibration", NULL},
    .asks = (const char *const[]){"top", "attention", "errors", "lossy", NULL},
    .evaluate = evaluate,
    .predict = predict,
};
