// SPDX-License-Identifier: MIT
/* Writing text: a plan, a step for each unit, a sampler or a beam. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/language.h"

enum { SESSIONS = 3 };

/* What a text is written with. */
typedef struct writer {
    recur_ctx *cx;
    const rcr_language_words *words;
    const recur_generation *g;
    int64_t V;
    recur_plan *plan;
    void *memory[SESSIONS]; /* of the sessions: one text, and for a beam two of its width, by turns */
    recur_session *session[SESSIONS];
    void *sampler_memory;
    recur_sampler *sampler;
    float *logits;   /* [rows, V]: 1, or the beam's width */
    int64_t *token;  /* [rows]: last tokens of a beam */
    int64_t *id;     /* [prompt + length]: units so far */
    int64_t n;       /* of them */
    recur_span last; /* the unit before the next, for the blank between them */
    bool begun;
    recur_write_text *write;
    void *user;
} writer;

static void close_writer(writer *w)
{
    for (int i = 0; i < SESSIONS; i++)
        rcr_free(w->cx, w->memory[i]);
    rcr_free(w->cx, w->sampler_memory);
    rcr_free(w->cx, w->logits);
    rcr_free(w->cx, w->token);
    rcr_free(w->cx, w->id);
    recur_plan_free(w->plan);
}

/* ---- making ---- */

static recur_status make_session(writer *w, int i, int64_t rows)
{
    size_t size = recur_session_size(w->plan, rows);
    w->memory[i] = size > 0 ? rcr_alloc(w->cx, size, "a session") : NULL;
    if (!w->memory[i])
        return rcr_fail(w->cx, RECUR_ENOMEM, "out of memory for a beam of %lld", (long long)rows);
    return recur_session_init(&w->session[i], w->memory[i], size, w->plan, rows);
}

static recur_status make_sampler(writer *w)
{
    size_t size = recur_sampler_size(w->V);
    w->sampler_memory = rcr_alloc(w->cx, size, "a sampler");
    if (!w->sampler_memory)
        return RECUR_ENOMEM;
    return recur_sampler_init(&w->sampler, w->sampler_memory, size, w->cx, RECUR_F32, w->V, &w->g->sampling);
}

static recur_status open_writer(writer *w, const rcr_language_net *net, int64_t prompt)
{
    int64_t rows = w->g->beam > 0 ? w->g->beam : 1;
    recur_status status = rcr_language_net_plan(&w->plan, net);
    for (int i = 0; i < (w->g->beam > 0 ? SESSIONS : 1) && status == RECUR_OK; i++)
        status = make_session(w, i, i == 0 ? 1 : rows);
    if (status == RECUR_OK)
        status = make_sampler(w);
    if (status != RECUR_OK)
        return status;
    w->logits = rcr_alloc_array(w->cx, (size_t)rows, (size_t)w->V * sizeof *w->logits, "logits");
    w->token = rcr_alloc_zero(w->cx, (size_t)rows * sizeof *w->token, "a beam");
    w->id = rcr_alloc_array(w->cx, (size_t)(prompt + w->g->length), sizeof *w->id, "a text");
    return w->logits && w->token && w->id ? RECUR_OK : RECUR_ENOMEM;
}

/* ---- the prompt ---- */

/* A new line where the model knows it, else its most frequent unit. */
static void begin_without_prompt(writer *w)
{
    int64_t line = recur_vocab_find(w->words->vocab, RECUR_LINE_END, 1);
    w->id[w->n++] = line >= 0 ? line : w->V > RECUR_SPECIALS ? RECUR_SPECIALS : RECUR_BOS;
    w->last = recur_vocab_text(w->words->vocab, w->id[0]);
}

static void take_prompt(writer *w, const recur_units *units)
{
    recur_vocab_ids(w->words->vocab, units->unit, units->n, w->id);
    w->n = units->n;
    w->last = units->unit[units->n - 1]; /* lives until the tokenizer's next call */
    w->begun = true;
}

/* A special unit is never said. */
static void forbid_specials(const writer *w, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++)
        for (int i = 0; i < RECUR_SPECIALS; i++)
            w->logits[r * w->V + i] = -INFINITY;
}

/* The mark with which texts begin in training, then all of the prompt but its last unit, which begins the first
 * step. Without the mark the state would be one from which no text ever went on. */
static void read_prompt(writer *w)
{
    recur_session_step(w->session[0], &(int64_t){RECUR_BOS}, w->logits);
    for (int64_t i = 0; i + 1 < w->n; i++)
        recur_session_step(w->session[0], &w->id[i], w->logits);
}

/* ---- writing ---- */

static bool put(writer *w, int64_t id)
{
    recur_span unit = recur_vocab_text(w->words->vocab, id), shown;
    bool blank = recur_detokenize_next(w->words->tokenizer, w->begun ? &w->last : NULL, unit, &shown);
    w->last = unit;
    w->begun = true;
    return (!blank || w->write(w->user, " ", 1)) && w->write(w->user, shown.text, shown.size);
}

static void sample(writer *w)
{
    int64_t first = w->n;
    for (int64_t i = 0; i < w->g->length; i++) {
        int64_t back = w->g->past < w->n ? w->g->past : w->n;
        recur_session_step(w->session[0], &w->id[w->n - 1], w->logits);
        forbid_specials(w, 1);
        w->id[w->n] =
            recur_sampler_draw(w->sampler, 0, (uint64_t)(w->n - first), w->logits, w->id + w->n - back, back);
        if (w->id[w->n] < 0 || !put(w, w->id[w->n]))
            return;
        w->n++;
    }
}

static recur_status beam_step(void *user, const recur_beam_rows *rows, const void **scores)
{
    writer *w = user;
    recur_session *next = w->session[1 + (rows->t & 1)];
    recur_session *last = rows->t == 0 ? w->session[0] : w->session[1 + ((rows->t + 1) & 1)];
    recur_status status = recur_session_gather(next, last, rows->n, rows->from);
    if (status != RECUR_OK)
        return status;
    memcpy(w->token, rows->token, (size_t)rows->n * sizeof *w->token);
    recur_session_step(next, w->token, w->logits); /* rows behind the last that goes on say nothing */
    forbid_specials(w, rows->n);
    *scores = w->logits;
    return RECUR_OK;
}

static recur_status search(writer *w)
{
    recur_beams *beams;
    const recur_beam_model model = {beam_step, w, w->V, RECUR_F32, true};
    const recur_beam_options options = {.width = w->g->beam, .eos = -1, .max_length = w->g->length};
    recur_status status = recur_beam_search(&beams, w->cx, &model, 1, &w->id[w->n - 1], &options);
    if (status != RECUR_OK)
        return status;
    const recur_hypothesis *best = beams->offset[1] > 0 ? beams->best : NULL;
    for (int64_t i = 0; best && i < best->length && put(w, best->token[i]); i++)
        continue;
    recur_beams_free(beams);
    return RECUR_OK;
}

static recur_status write_text(writer *w, const rcr_language_net *net)
{
    const char *prompt = w->g->prompt ? w->g->prompt : "";
    recur_units units;
    recur_status status = recur_tokenize(w->words->tokenizer, prompt, strlen(prompt),
                                         &(recur_place){.name = "the prompt"}, &units);
    if (status == RECUR_OK)
        status = open_writer(w, net, units.n + 1);
    if (status != RECUR_OK)
        return status;
    if (units.n > 0)
        take_prompt(w, &units);
    else
        begin_without_prompt(w);
    read_prompt(w);
    if (w->g->beam > 0)
        return search(w);
    sample(w);
    return RECUR_OK;
}

recur_status rcr_language_write(const rcr_language_net *net, const rcr_language_words *words,
                                const recur_generation *g, recur_write_text *write, void *user)
{
    writer w = {.cx = words->cx,
                .words = words,
                .g = g,
                .V = recur_vocab_size(words->vocab),
                .write = write,
                .user = user};
    if (g->length < 0 || g->past < 0 || g->beam < 0)
        return rcr_fail(w.cx, RECUR_EINVAL, "generation: length, past and beam are not negative");
    recur_status status = write_text(&w, net);
    close_writer(&w);
    return status;
}
