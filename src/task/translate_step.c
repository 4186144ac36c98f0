// SPDX-License-Identifier: MIT
/* The decoder a unit at a time. What the encoder left lives on one tape for as long as its sentences are decoded, each
 * step on another that is rewound for the next; states are carried over in between. */
#include <string.h>

#include <recur/decode.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tape/kept.h"
#include "task/translate.h"

recur_status rcr_stepper_create(rcr_stepper *s, const rcr_translate_net *net)
{
    recur_ctx *cx = recur_params_ctx(net->ps);
    *s = (rcr_stepper){.net = net};
    recur_status status = recur_tape_create(&s->whole, cx, 0);
    if (status == RECUR_OK)
        status = recur_tape_create(&s->step, cx, 0);
    if (status == RECUR_OK)
        rcr_keep_with(s->step, s->whole);
    return status;
}

void rcr_stepper_free(rcr_stepper *s)
{
    if (!s->net)
        return;
    recur_ctx *cx = recur_params_ctx(s->net->ps);
    rcr_free(cx, s->h);
    rcr_free(cx, s->c);
    rcr_free(cx, s->o);
    rcr_free(cx, s->place);
    recur_tape_free(s->whole);
    recur_tape_free(s->step);
    *s = (rcr_stepper){0};
}

static const recur_model_config *model_of(const rcr_stepper *s)
{
    return &s->net->config.model;
}

/* ---- beginning ---- */

/* Room for `rows` states of so many numbers, if there is such a state. */
static recur_status grow(rcr_stepper *s, float **state, bool there, int64_t rows, int64_t numbers)
{
    void *block = *state;
    size_t size;
    recur_ctx *cx = recur_params_ctx(s->net->ps);
    if (!there)
        return RECUR_OK;
    if (!rcr_mul_size((size_t)rows, (size_t)numbers, &size))
        return rcr_fail(cx, RECUR_ENOMEM, "%lld translations at once do not fit the machine",
                        (long long)rows);
    recur_status status = rcr_resize_array(cx, &block, size, sizeof **state, "states of a decoder");
    *state = block;
    return status;
}

static recur_status make_room(rcr_stepper *s, int64_t rows)
{
    const int64_t numbers = model_of(s)->layers * model_of(s)->hidden;
    const rcr_decoder_state *begin = &s->memory.begin;
    void *place = s->place;
    if (rows <= s->room)
        return RECUR_OK;
    recur_status status = grow(s, &s->h, begin->h, rows, numbers);
    if (status == RECUR_OK)
        status = grow(s, &s->c, begin->c, rows, numbers);
    if (status == RECUR_OK)
        status = grow(s, &s->o, begin->o, rows, model_of(s)->embedding);
    if (status == RECUR_OK)
        status = rcr_resize_array(recur_params_ctx(s->net->ps), &place, (size_t)rows, sizeof *s->place,
                                  "rows of a decoder");
    s->place = place;
    s->room = status == RECUR_OK ? rows : 0;
    return status;
}

static void keep(float *to, recur_tensor *state)
{
    if (state)
        memcpy(to, recur_f32(state), (size_t)recur_count(state) * sizeof *to);
}

static void keep_state(rcr_stepper *s, const rcr_decoder_state *state, int64_t rows)
{
    keep(s->h, state->h);
    keep(s->c, state->c);
    keep(s->o, state->o);
    s->rows = rows;
}

recur_status rcr_stepper_begin(rcr_stepper *s, const int64_t *ids, const int64_t *lengths, int64_t B,
                               int64_t S, int64_t width)
{
    recur_tape_begin(s->whole, RECUR_INFER);
    const rcr_ids source = {recur_input(s->whole, RECUR_I64, 2, (int64_t[]){B, S}, ids),
                            recur_input(s->whole, RECUR_I64, 1, &B, lengths), B, S};
    int64_t rows;
    s->memory = rcr_translate_encode(s->whole, s->net, &source);
    if (!s->memory.begin.h || (s->net->attends && !s->memory.keys.projected))
        return recur_error(recur_tape_ctx(s->whole), NULL);
    if (!rcr_mul_i64(B, width, &rows))
        rows = INT64_MAX;
    recur_status status = make_room(s, rows);
    s->B = B;
    if (status == RECUR_OK)
        keep_state(s, &s->memory.begin, B);
    return status;
}

/* ---- a step ---- */

/* Of a state [L, last rows, F] those of the rows that go on: [L, n, F]. */
static recur_tensor *continued(rcr_stepper *s, const float *last, const recur_beam_rows *rows, int64_t L,
                               int64_t F)
{
    recur_tensor *state = last ? recur_input(s->step, RECUR_F32, 3, (int64_t[]){L, rows->n, F}, NULL) : NULL;
    for (int64_t l = 0; state && l < L; l++)
        for (int64_t i = 0; i < rows->n; i++)
            memcpy(recur_f32(state) + (l * rows->n + i) * F, last + (l * s->rows + rows->from[i]) * F,
                   (size_t)F * sizeof *last);
    return state;
}

/* Queries stand U side by side for each sentence: row i goes to place[i] of [B * U]. Returns U. */
static int64_t find_places(rcr_stepper *s, const recur_beam_rows *rows)
{
    int64_t U = 1, run = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        run = i > 0 && rows->sentence[i] == rows->sentence[i - 1] ? run + 1 : 1;
        s->place[i] = run - 1;
        U = run > U ? run : U;
    }
    for (int64_t i = 0; i < rows->n; i++)
        s->place[i] += rows->sentence[i] * U;
    return U;
}

static void place_rows(rcr_stepper *s, const recur_beam_rows *rows, rcr_memory *m)
{
    int64_t slots = s->B * find_places(s, rows);
    m->place = recur_input(s->step, RECUR_I64, 1, &rows->n, s->place);
    m->row = recur_input(s->step, RECUR_I64, 1, &slots, NULL); /* a free place repeats row 0 */
    for (int64_t i = 0; m->row && i < rows->n; i++)
        recur_i64(m->row)[s->place[i]] = i;
}

recur_status rcr_stepper_next(rcr_stepper *s, const recur_beam_rows *rows, float **logits)
{
    recur_tape *tp = s->step;
    rcr_memory m = s->memory;
    int64_t L = model_of(s)->layers, H = model_of(s)->hidden, n = rows->n;
    recur_tape_begin(tp, RECUR_INFER);
    const rcr_ids input = {recur_input(tp, RECUR_I64, 2, (int64_t[]){n, 1}, rows->token), NULL, n, 1};
    m.begin.h = continued(s, s->h, rows, L, H);
    m.begin.c = continued(s, s->c, rows, L, H);
    recur_tensor *o = continued(s, s->o, rows, 1, model_of(s)->embedding);
    if (o)
        m.begin.o = recur_reshape(tp, o, 3, (int64_t[]){n, 1, model_of(s)->embedding});
    if (s->net->attends)
        place_rows(s, rows, &m);
    rcr_decoded d = rcr_translate_decode(tp, s->net, &m, &input);
    *logits = recur_f32(rcr_translate_say(tp, s->net, d.o));
    if (!*logits)
        return recur_error(recur_tape_ctx(tp), NULL);
    keep_state(s, &d.end, n);
    return RECUR_OK;
}

/* ---- all steps along known units ---- */

recur_status rcr_stepper_attend(rcr_stepper *s, const int64_t *ids, const int64_t *lengths, int64_t U,
                                const float **weights)
{
    recur_tape *tp = s->step;
    recur_tape_begin(tp, RECUR_INFER);
    const rcr_ids input = {recur_input(tp, RECUR_I64, 2, (int64_t[]){s->B, U}, ids),
                           recur_input(tp, RECUR_I64, 1, &s->B, lengths), s->B, U};
    *weights = recur_f32(rcr_translate_decode(tp, s->net, &s->memory, &input).weights);
    return *weights ? RECUR_OK : recur_error(recur_tape_ctx(tp), NULL);
}

/* ---- scheduled sampling ---- */

/* The most probable word; what no text holds is not said. */
static int64_t most_probable(const float *x, int64_t V)
{
    int64_t best = RECUR_EOS;
    for (int64_t v = RECUR_EOS; v < V; v++)
        best = x[v] > x[best] ? v : best;
    return best;
}

/* Replaces inputs number u + 1 by what rows said after number u. */
static void replace(rcr_pair_batch *b, int64_t u, const float *logits, int64_t V, double forcing,
                    uint64_t seed, uint64_t step)
{
    int64_t U = b->input.T, *ids = recur_i64(b->input.ids);
    for (int64_t i = 0; i < b->input.B; i++)
        if (recur_random_uniform(seed, step, (uint64_t)(i * U + u)) >= forcing)
            ids[i * U + u + 1] = most_probable(logits + i * V, V);
}

static recur_status draw(rcr_stepper *s, rcr_pair_batch *b, double forcing, uint64_t seed, uint64_t step,
                         int64_t *token, int64_t *row)
{
    int64_t B = b->input.B, U = b->input.T, *ids = recur_i64(b->input.ids);
    recur_status status = RECUR_OK;
    for (int64_t u = 0; u + 1 < U && status == RECUR_OK; u++) {
        float *logits;
        for (int64_t i = 0; i < B; i++) {
            row[i] = i;
            token[i] = ids[i * U + u];
        }
        const recur_beam_rows rows = {.t = u, .n = B, .sentence = row, .from = row, .token = token};
        status = rcr_stepper_next(s, &rows, &logits);
        if (status == RECUR_OK)
            replace(b, u, logits, s->net->V, forcing, seed, step);
    }
    return status;
}

recur_status rcr_stepper_draw(rcr_stepper *s, rcr_pair_batch *b, double forcing, uint64_t seed, uint64_t step)
{
    recur_ctx *cx = recur_params_ctx(s->net->ps);
    if (forcing >= 1 || !b->target || !b->input.ids)
        return RECUR_OK;
    int64_t B = b->input.B, *room = rcr_alloc_array(cx, (size_t)B, 2 * sizeof *room, "rows of a decoder");
    recur_status status =
        room ? rcr_stepper_begin(s, recur_i64(b->source.ids), recur_i64(b->source.lengths), B, b->source.T, 1)
             : RECUR_ENOMEM;
    if (status == RECUR_OK)
        status = draw(s, b, forcing, seed, step, room, room + B);
    rcr_free(cx, room);
    return status;
}
