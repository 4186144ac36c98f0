// SPDX-License-Identifier: MIT
/* The task tag on the command line. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- training ---- */

static void defaults(void *config)
{
    *(recur_tag_config *)config = recur_tag_defaults();
}

static recur_status train(recur_ctx *cx, const void *config, const recur_run *run, void *result)
{
    return recur_tag_train(cx, config, run, result);
}

static void print(const void *config, const void *result)
{
    const recur_tag_config *c = config;
    const recur_result *r = result;
    cli_print_training(&c->model, r);
    cli_print_scores((const cli_score[]){
        {"train", &r->train}, {"valid", &r->valid}, {"test", &r->test}, {"usual tag", &r->baseline}, {0}});
    putchar('\n');
    cli_print_verdict(&r->test, &r->baseline, "accuracy", "each word's usual tag");
    cli_print_verdict(&r->test, &r->baseline, "f1", "each word's usual tag");
}

/* ---- evaluating ---- */

static void print_types(const recur_entities *e)
{
    recur_entity_score s;
    printf("\n%-16s %8s %8s %8s %11s %11s %11s\n", "entities", "gold", "found", "correct", "precision",
           "recall", "F1");
    for (int64_t i = 0; i < recur_entities_types(e); i++) {
        const char *type = recur_entities_type(e, i, &s);
        printf("%-16s %8lld %8lld %8lld %9.2f %% %9.2f %% %9.2f %%\n", type, (long long)s.gold,
               (long long)s.predicted, (long long)s.correct, 100 * s.precision, 100 * s.recall, 100 * s.f1);
    }
}

static json_t *types_json(const recur_entities *e)
{
    recur_entity_score s;
    json_t *types = json_object();
    for (int64_t i = 0; i < recur_entities_types(e); i++) {
        const char *type = recur_entities_type(e, i, &s);
        json_object_set_new(types, type,
                            json_pack("{s:I,s:I,s:I,s:f,s:f,s:f}", "gold", (json_int_t)s.gold, "predicted",
                                      (json_int_t)s.predicted, "correct", (json_int_t)s.correct, "precision",
                                      s.precision, "recall", s.recall, "f1", s.f1));
    }
    return types;
}

static void print_evaluation(const cli_common *common, const recur_score *score, const recur_entities *e)
{
    if (common->json) {
        json_t *object = cli_score_json(score);
        if (e)
            json_object_set_new(object, "entities", types_json(e));
        cli_print_json(object);
        return;
    }
    cli_print_scores((const cli_score[]){{"model", score}, {0}});
    if (e)
        print_types(e);
}

/* A model to ask; an exit status. */
static int open_model(recur_tagger **t, recur_ctx *cx, const cli_ask *ask, const char *path)
{
    if (recur_tag_open(t, cx, path) != RECUR_OK)
        return cli_fail(cx);
    if (ask->lossy)
        recur_tag_lossy(*t, true);
    return EXIT_DONE;
}

static int evaluate(recur_ctx *cx, const cli_ask *ask, const char *path, const char *data)
{
    recur_tagger *t;
    recur_score score;
    recur_entities *entities = NULL;
    int status = open_model(&t, cx, ask, path);
    if (status != EXIT_DONE)
        return status;
    if (recur_tag_evaluate(t, data, &score, &entities) != RECUR_OK)
        status = cli_fail(cx);
    else
        print_evaluation(&ask->common, &score, entities);
    recur_entities_free(entities);
    recur_tag_free(t);
    return status;
}

/* ---- predicting ---- */

typedef struct asker {
    recur_ctx *cx;
    recur_tagger *tagger;
    bool as_json;
} asker;

/* "The/DET dog/NOUN" */
static void print_line(const recur_span *token, const recur_tagged *tags)
{
    for (int64_t i = 0; i < tags->n; i++)
        printf("%s%.*s/%s", i ? " " : "", (int)token[i].size, token[i].text, tags->tag[i]);
    putchar('\n');
}

static void print_json(const recur_span *token, const recur_tagged *tags)
{
    json_t *tokens = json_array(), *names = json_array(), *p = json_array();
    for (int64_t i = 0; i < tags->n; i++) {
        json_array_append_new(tokens, cli_text_json(token[i]));
        json_array_append_new(names, json_string(tags->tag[i]));
        json_array_append_new(p, json_real(tags->probability[i]));
    }
    cli_print_json(json_pack("{s:o,s:o,s:o}", "tokens", tokens, "tags", names, "probabilities", p));
}

static int answer_line(void *user, const char *line, size_t size, const char *name, int64_t number)
{
    asker *a = user;
    recur_tag_line words;
    recur_tagged tags;
    const recur_place where = {.name = name, .line = number, .column = 1};
    if (recur_tag_words(a->tagger, (recur_span){line, size}, &where, &words) != RECUR_OK ||
        recur_tag_predict(a->tagger, words.token, words.n, words.place, &tags) != RECUR_OK)
        return cli_fail(a->cx);
    (a->as_json ? print_json : print_line)(words.token, &tags);
    return EXIT_DONE;
}

/* ---- columns: the file comes back with its tags ---- */

/* A sentence: tags [n] of its tokens, whose names live in the tagger. */
static int answer_sentence(const asker *a, const recur_sentences *s, int64_t i, recur_place *place,
                           const char **tag)
{
    recur_tagged tags;
    const int64_t from = s->offset[i], n = s->offset[i + 1] - from;
    for (int64_t t = 0; t < n; t++)
        place[t] = recur_sentences_place(s, from + t);
    if (recur_tag_predict(a->tagger, s->token + from, n, place, &tags) != RECUR_OK)
        return cli_fail(a->cx);
    for (int64_t t = 0; t < n; t++)
        tag[from + t] = tags.tag[t];
    if (a->as_json)
        print_json(s->token + from, &tags);
    return EXIT_DONE;
}

static int print_columns(const asker *a, const recur_sentences *s, const char *const *tag)
{
    recur_text *text;
    if (recur_sentences_tagged(&text, s, tag) != RECUR_OK)
        return cli_fail(a->cx);
    fwrite(text->bytes, 1, text->size, stdout);
    recur_text_free(text);
    return EXIT_DONE;
}

static int answer_sentences(const asker *a, const recur_sentences *s)
{
    size_t tokens = (size_t)s->offset[s->n];
    recur_place *place = calloc(tokens + 1, sizeof *place);
    const char **tag = calloc(tokens + 1, sizeof *tag);
    int status = place && tag ? EXIT_DONE : EXIT_WORK;
    if (status != EXIT_DONE)
        cli_error("out of memory");
    for (int64_t i = 0; i < s->n && status == EXIT_DONE; i++)
        status = answer_sentence(a, s, i, place, tag);
    if (status == EXIT_DONE && !a->as_json)
        status = print_columns(a, s, tag);
    free(place);
    free(tag);
    return status;
}

static int answer_columns(const asker *a, int format, const char *input)
{
    recur_sentences *s;
    recur_tagged_config how = recur_tag_config_of(a->tagger)->columns;
    const char *path = input && strcmp(input, "-") != 0 ? input : "/dev/stdin";
    how.format = format == CLI_CONLLU ? RECUR_TAGGED_CONLLU : RECUR_TAGGED_CONLL;
    if (recur_tagged_read(&s, a->cx, &path, 1, &how, false) != RECUR_OK)
        return cli_fail(a->cx);
    int status = answer_sentences(a, s);
    recur_sentences_free(s);
    return status;
}

static int predict(recur_ctx *cx, const cli_ask *ask, const char *path, const char *input)
{
    asker a = {.cx = cx, .as_json = ask->common.json};
    int status = open_model(&a.tagger, cx, ask, path);
    if (status != EXIT_DONE)
        return status;
    const cli_lines lines = {
        .cx = cx, .path = input, .prompt = "words> ", .answer = answer_line, .user = &a, .blank = true};
    status = ask->format == CLI_LINES ? cli_answer_lines(&lines) : answer_columns(&a, ask->format, input);
    recur_tag_free(a.tagger);
    return status;
}

const cli_task cli_tag = {
    .command = {"tag", "train tag DATA [options]", "train a model that tags words (CoNLL columns or CoNLL-U)",
                NULL},
    .options = recur_tag_options,
    .config_size = sizeof(recur_tag_config),
    .result_size = sizeof(recur_result),
    .data = offsetof(recur_tag_config, data),
    .model = offsetof(recur_tag_config, model),
    .defaults = defaults,
    .files = CLI_WORDS,
    .train = train,
    .print = print,
    .pictures = (const char *const[]){"loss", NULL},
    .asks = (const char *const[]){"format", "lossy", NULL},
    .evaluate = evaluate,
    .predict = predict,
};
