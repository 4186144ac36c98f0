// SPDX-License-Identifier: MIT
/* recur generate: text from a language model. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

typedef struct generate_options {
    recur_generation g;
    bool greedy, stream, lossy;
    int64_t seed;
    cli_common common;
} generate_options;

#define AT(field) offsetof(generate_options, field)

static const recur_option options[] = {
    {"prompt", 'p', RECUR_OPTION_TEXT, AT(g.prompt), "TEXT", "the beginning; without it a new line", NULL, 0,
     0, 0},
    {"length", 'n', RECUR_OPTION_COUNT, AT(g.length), "N", "characters or words to write", NULL, 0, 1e9, 0},
    {"temperature", 't', RECUR_OPTION_NUMBER, AT(g.sampling.temperature), "F",
     "below 1 bolder words, above 1 rarer ones; 0: always the likeliest", NULL, 0, 1e3, 0},
    {"top-k", 0, RECUR_OPTION_COUNT, AT(g.sampling.top_k), "N", "draw from the N likeliest; 0: from all",
     NULL, 0, 1e9, 0},
    {"top-p", 0, RECUR_OPTION_NUMBER, AT(g.sampling.top_p), "F",
     "draw from the likeliest that together have this probability; 0: from all", NULL, 0, 1, 0},
    {"min-p", 0, RECUR_OPTION_NUMBER, AT(g.sampling.min_p), "F",
     "draw from those that have this share of the likeliest one's probability; 0: from all", NULL, 0, 1, 0},
    {"repetition-penalty", 0, RECUR_OPTION_NUMBER, AT(g.sampling.repetition), "F",
     "above 1 against what was written already; 0: none", NULL, 0, 1e3, 0},
    {"repetition-window", 0, RECUR_OPTION_COUNT, AT(g.past), "N", "how far back the penalty looks", NULL, 0,
     1e9, 0},
    {"greedy", 0, RECUR_OPTION_FLAG, AT(greedy), NULL, "always the likeliest: temperature 0", NULL, 0, 0, 0},
    {"beam", 0, RECUR_OPTION_COUNT, AT(g.beam), "N", "the likeliest text by a beam of N; 0: draw", NULL, 0,
     1e4, 0},
    {"seed", 0, RECUR_OPTION_COUNT, AT(seed), "N", "the same seed, the same text", NULL, 0, 9e15, 0},
    {"stream", 0, RECUR_OPTION_FLAG, AT(stream), NULL, "write each piece as it comes (always on a terminal)",
     NULL, 0, 0, 0},
    {"lossy", 0, RECUR_OPTION_FLAG, AT(lossy), NULL,
     "what is not UTF-8 in the prompt becomes U+FFFD instead of an error", NULL, 0, 0, 0},
    {0},
};
static const recur_option_group groups[] = {{"Options", options, 0}, {0}};

/* A text that grows; or straight to standard output. */
typedef struct sink {
    char *text;
    size_t size, room;
    bool stream, failed;
} sink;

static bool keep(sink *s, const char *text, size_t size)
{
    if (s->room - s->size < size) {
        size_t room = 2 * s->room + size;
        char *grown = realloc(s->text, room);
        if (!grown)
            return false;
        s->text = grown;
        s->room = room;
    }
    memcpy(s->text + s->size, text, size);
    s->size += size;
    return true;
}

/* Ctrl-C ends the text, a reader that went away too. */
static bool take(void *user, const char *text, size_t size)
{
    sink *s = user;
    if (!s->stream)
        s->failed = !keep(s, text, size);
    else
        s->failed = fwrite(text, 1, size, stdout) != size || fflush(stdout) != 0;
    return !s->failed && !cli_signal();
}

static void print_json(const generate_options *o, const sink *s)
{
    json_t *object = json_object();
    const char *prompt = o->g.prompt ? o->g.prompt : "";
    json_object_set_new(object, "prompt", cli_text_json((recur_span){prompt, strlen(prompt)}));
    json_object_set_new(object, "text", json_stringn(s->text ? s->text : "", s->size));
    json_object_set_new(object, "seed", json_integer(o->seed));
    cli_print_json(object);
}

/* The prompt is shown as well: the text goes on from it. */
static int write_text(recur_ctx *cx, recur_language *lm, generate_options *o)
{
    sink s = {.stream = !o->common.json && (o->stream || cli_terminal(stdout))};
    int status = EXIT_DONE;
    if (o->g.prompt && !o->common.json)
        take(&s, o->g.prompt, strlen(o->g.prompt));
    if (recur_language_generate(lm, &o->g, take, &s) != RECUR_OK)
        status = cli_fail(cx);
    else if (o->common.json)
        print_json(o, &s);
    else {
        fwrite(s.text ? s.text : "", 1, s.size, stdout);
        putchar('\n');
    }
    free(s.text);
    return status == EXIT_DONE && cli_signal() ? EXIT_SIGNAL + cli_signal() : status;
}

static int generate(recur_ctx *cx, generate_options *o, const char *path)
{
    recur_language *lm;
    const cli_task *task;
    int status = cli_task_of(cx, path, &task);
    if (status != EXIT_DONE)
        return status;
    if (task != &cli_language) {
        cli_error("%s: a model of the task %s does not write text; recur predict asks it", path,
                  task->command.name);
        return EXIT_INPUT;
    }
    if (recur_language_open(&lm, cx, path) != RECUR_OK)
        return cli_fail(cx);
    if (o->lossy)
        recur_language_lossy(lm, true);
    if (o->greedy)
        o->g.sampling.temperature = 0;
    o->g.sampling.seed = (uint64_t)o->seed;
    if (o->g.past == 0)
        o->g.past = o->g.sampling.repetition > 0 ? 256 : 0;
    cli_signals_catch();
    status = write_text(cx, lm, o);
    recur_language_free(lm);
    return status;
}

static int run(int argc, char **argv)
{
    generate_options o = {.g = recur_generation_defaults(), .seed = 1};
    cli_words words;
    recur_ctx *cx;
    const cli_table tables[] = {{groups, &o}, {cli_result_groups, &o.common}, {0}};
    int status = cli_begin(&cli_generate, NULL, tables, &o.common, argc, argv, &words, &cx);
    if (cx)
        status = words.n == 1 ? generate(cx, &o, words.word[0])
                              : cli_usage_error(&cli_generate, "a language model is needed");
    recur_ctx_free(cx);
    return status;
}

const cli_command cli_generate = {"generate", "generate MODEL [options]", "text from a language model", run};
