// SPDX-License-Identifier: MIT
/* The task translate on the command line. */
#include "cli.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4096 };

/* ---- training ---- */

/* A result, and where the samples lie. */
typedef struct trained {
    recur_translate_result result;
    char folder[PATH];
} trained;

static void defaults(void *config)
{
    *(recur_translate_config *)config = recur_translate_defaults();
}

static recur_status train(recur_ctx *cx, const void *config, const recur_run *run, void *result)
{
    trained *t = result;
    snprintf(t->folder, sizeof t->folder, "%s", run->folder ? run->folder : "");
    return recur_translate_train(cx, config, run, &t->result);
}

static void print_samples(const char *folder)
{
    char path[PATH + 32], *line = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/" RECUR_FILE_SAMPLES, folder);
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    printf("\n< source, = reference, > translation\n\n");
    while (getline(&line, &room, file) >= 0)
        fputs(line, stdout);
    putchar('\n');
    free(line);
    fclose(file);
}

static void print(const void *config, const void *result)
{
    const recur_translate_config *c = config;
    const trained *t = result;
    const recur_result *r = &t->result.common;
    const recur_score *shown = r->test.count > 0 ? &r->test : &r->valid;
    cli_print_training(&c->model, r);
    cli_print_scores((const cli_score[]){
        {"train", &r->train}, {"valid", &r->valid}, {"test", &r->test}, {"the source", &r->baseline}, {0}});
    printf("\nBLEU: %s\n", t->result.signature);
    cli_print_verdict(shown, &r->baseline, "bleu", "a copy of the source");
    print_samples(t->folder);
}

/* ---- asking ---- */

static recur_decoding decoding_of(const recur_translate *model, const cli_ask *ask)
{
    recur_decoding how = recur_translate_decoding(model);
    if (ask->beam > 0)
        how.beam = ask->beam;
    if (ask->n_best > 0)
        how.n_best = ask->n_best;
    if (how.n_best > how.beam && ask->beam == 0)
        how.beam = how.n_best;
    return how;
}

static int evaluate(recur_ctx *cx, const cli_ask *ask, const char *path, const char *data)
{
    recur_translate *model;
    recur_score score, baseline;
    char signature[RECUR_SIGNATURE];
    int status = EXIT_DONE;
    if (recur_translate_open(&model, cx, path) != RECUR_OK)
        return cli_fail(cx);
    if (ask->lossy)
        recur_translate_lossy(model, true);
    const recur_decoding how = decoding_of(model, ask);
    if (recur_translate_evaluate(model, data, &how, &score, &baseline, signature) != RECUR_OK)
        status = cli_fail(cx);
    else if (ask->common.json) {
        json_t *object = cli_scores_json(&score, &baseline);
        json_object_set_new(object, "bleu_signature", json_string(signature));
        cli_print_json(object);
    } else {
        cli_print_scores((const cli_score[]){{"model", &score}, {"the source", &baseline}, {0}});
        printf("\nBLEU: %s\n", signature);
        cli_print_verdict(&score, &baseline, "bleu", "a copy of the source");
    }
    recur_translate_free(model);
    return status;
}

/* What a prediction needs from text to text. */
typedef struct predictor {
    recur_ctx *cx;
    recur_translate *model;
    recur_decoding how;
    bool as_json;
    cli_alignment_file *attention; /* NULL: not asked for */
} predictor;

/* ---- answers as JSON ---- */

static json_t *translation_json(const recur_translated *s, const recur_translation *t)
{
    json_t *object = json_object();
    json_object_set_new(object, "translation", json_string(t->text));
    json_object_set_new(object, "score", json_real(t->score));
    json_object_set_new(object, "log_p", json_real(t->log_p));
    json_object_set_new(object, "finished", json_boolean(t->finished));
    json_object_set_new(object, "tokens", cli_units_json(t->unit, t->U));
    if (t->attention)
        json_object_set_new(object, "attention", cli_weights_json(t->attention, t->U, s->S));
    return object;
}

/* The best one's members, then all of them where more were asked for. */
static void print_json(const predictor *p, recur_span source, const recur_translated *s)
{
    json_t *object = json_object(), *list = json_array();
    json_object_set_new(object, "source", cli_text_json(source));
    json_object_set_new(object, "source_tokens", cli_units_json(s->unit, s->S));
    json_object_set_new(object, "cut", json_boolean(s->cut));
    if (s->n == 0)
        json_object_set_new(object, "translation", json_string(""));
    for (int64_t i = 0; i < s->n; i++)
        json_array_append_new(list, translation_json(s, &s->best[i]));
    if (s->n > 0)
        json_object_update_missing(object, json_array_get(list, 0));
    if (p->how.n_best > 1)
        json_object_set(object, "n_best", list);
    json_decref(list);
    cli_print_json(object);
}

/* ---- answers as text ---- */

/* One translation: as it is. Several: the number of the line, the score and the translation, between tabs. */
static void print_text(const predictor *p, const recur_translated *s, int64_t line)
{
    if (p->how.n_best == 1)
        puts(s->n > 0 ? s->best[0].text : "");
    for (int64_t i = 0; i < s->n && p->how.n_best > 1; i++)
        printf("%lld\t%.4f\t%s\n", (long long)line, s->best[i].score, s->best[i].text);
}

static int put_attention(const predictor *p, const recur_translated *s)
{
    if (!p->attention || s->n == 0)
        return EXIT_DONE;
    const cli_alignment a = {.target = s->best[0].unit,
                             .source = s->unit,
                             .weights = s->best[0].attention,
                             .U = s->best[0].U,
                             .S = s->S};
    return cli_alignment_put(p->attention, &a);
}

static int print_answers(const predictor *p, const recur_span *text, const recur_place *where,
                         const recur_translations *found)
{
    int status = EXIT_DONE;
    for (int64_t i = 0; i < found->n && status == EXIT_DONE; i++) {
        const recur_translated *s = &found->source[i];
        if (s->cut)
            cli_note("%s:%lld: longer than %lld units: the rest is not translated", where[i].name,
                     (long long)where[i].line,
                     (long long)recur_translate_config_of(p->model)->text.max_length);
        if (p->as_json)
            print_json(p, text[i], s);
        else
            print_text(p, s, where[i].line);
        status = put_attention(p, s);
    }
    return status;
}

static int answer(predictor *p, const recur_span *text, const recur_place *where, int64_t n)
{
    recur_translations *found;
    if (recur_translate_texts(&found, p->model, text, where, n, &p->how) != RECUR_OK)
        return cli_fail(p->cx);
    int status = print_answers(p, text, where, found);
    recur_translations_free(found);
    return status;
}

/* ---- input ---- */

static int answer_line(void *user, const char *line, size_t size, const char *name, int64_t number)
{
    const recur_place where = {.name = name, .line = number, .column = 1};
    return answer(user, &(recur_span){line, size}, &where, 1);
}

enum { CHUNK = 256 }; /* lines of a file that are translated together */

static int answer_file(predictor *p, const char *path)
{
    recur_corpus *lines;
    recur_place where[CHUNK];
    if (recur_lines_read(&lines, p->cx, path) != RECUR_OK)
        return cli_fail(p->cx);
    int status = EXIT_DONE;
    for (int64_t from = 0; from < lines->n && status == EXIT_DONE; from += CHUNK) {
        int64_t n = lines->n - from < CHUNK ? lines->n - from : CHUNK;
        for (int64_t i = 0; i < n; i++)
            where[i] = recur_corpus_place(lines, RECUR_SIDE_TEXT, from + i);
        status = answer(p, lines->text + from, where, n);
    }
    recur_corpus_free(lines);
    return status;
}

/* Lines of a file are translated many at a time; those of a pipe or a terminal as they come. */
static int answer_input(predictor *p, const char *path)
{
    struct stat st;
    bool standard = !path || strcmp(path, "-") == 0;
    const cli_lines lines = {.cx = p->cx,
                             .path = path,
                             .prompt = "to translate> ",
                             .answer = answer_line,
                             .user = p,
                             .blank = true};
    int status = standard ? EXIT_DONE : cli_readable(path);
    if (status != EXIT_DONE)
        return status;
    if (standard ? fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)
                 : stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return answer_file(p, standard ? "/dev/stdin" : path);
    return cli_answer_lines(&lines);
}

static int open_attention(predictor *p, const char *path)
{
    if (!path)
        return EXIT_DONE;
    if (!recur_translate_attends(p->model)) {
        cli_error("--attention: the model was trained without attention");
        return EXIT_USAGE;
    }
    return cli_alignment_open(&p->attention, path);
}

static int predict(recur_ctx *cx, const cli_ask *ask, const char *path, const char *input)
{
    predictor p = {.cx = cx, .as_json = ask->common.json};
    if (recur_translate_open(&p.model, cx, path) != RECUR_OK)
        return cli_fail(cx);
    if (ask->lossy)
        recur_translate_lossy(p.model, true);
    p.how = decoding_of(p.model, ask);
    p.how.attention = ask->attention || ask->common.json;
    int status = open_attention(&p, ask->attention);
    if (status == EXIT_DONE)
        status = answer_input(&p, input);
    int closed = cli_alignment_close(p.attention);
    recur_translate_free(p.model);
    return status == EXIT_DONE ? closed : status;
}

const cli_task cli_translate = {
    .command = {"translate", "train translate DATA [TARGET] [options]",
                "train a model that translates: a table of pairs, or two files of lines that belong together",
                NULL},
    .options = recur_translate_options,
    .config_size = sizeof(recur_translate_config),
    .result_size = sizeof(trained),
    .data = offsetof(recur_translate_config, data),
    .model = offsetof(recur_translate_config, model),
    .defaults = defaults,
    .files = 2,
    .train = train,
    .print = print,
    .pictures = (const char *const[]){"loss", NULL},
    .asks = (const char *const[]){"beam", "n-best", "attention", "lossy", NULL},
    .evaluate = evaluate,
    .predict = predict,
};
