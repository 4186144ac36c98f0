// SPDX-License-Identifier: MIT
/* The decoder a unit at a time. What the encoder left lives on one tape for as long as its sentences are decoded, each
 * step on another that is rewound for the next; states are carried over in between. */
#include <string.h>

#include <recur/decode.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/translate.h"

recur_status rcr_stepper_create(rcr_stepper *s, const rcr_translate_net *net)
{
    recur_ctx *cx = recur_params_ctx(net->ps);
    *s = (rcr_stepper){.net = net};
    recur_status status = recur_tape_create(&s->whole, cx, 0);
    return status == RECUR_OK ? recur_tape_create(&s->step, cx, 0) : status;
}

void rcr_stepper_free(rcr_stepper *s)
{
    if (!s->net)
        return;
    recur_ctx *cx = recur_params_ctx(s->net->ps);
    rcr_free(cx, s->h);
    rcr_free(cx, s->c);
    rcr_free(cx, s->place);
    recur_tape_free(s->whole);
    recur_tape_free(s->step);
    *s = (rcr_stepper){0};
}

static int64_t layers(const rcr_stepper *s)
{
    return s->net->config.model.layers;
}

static int64_t width(const rcr_stepper *s)
{
    return s->net->config.model.hidden;
}

/* ---- beginning ---- */

static recur_status make_room(rcr_stepper *s, int64_t rows)
{
    recur_ctx *cx = recur_params_ctx(s->net->ps);
    void *h = s->h, *c = s->c, *place = s->place;
    size_t numbers;
    if (rows <= s->room)
        return RECUR_OK;
    if (!rcr_mul_size((size_t)rows, (size_t)(layers(s) * width(s)), &numbers))
        return rcr_fail(cx, RECUR_ENOMEM, "%lld translations at once do not fit the machine",
                        (long long)rows);
    recur_status status = rcr_resize_array(cx, &h, numbers, sizeof *s->h, "states of a decoder");
    s->h = h;
    if (status == RECUR_OK && s->memory.c)
        status = rcr_resize_array(cx, &c, numbers, sizeof *s->c, "states of a decoder");
    s->c = c;
    if (status == RECUR_OK)
        status = rcr_resize_array(cx, &place, (size_t)rows, sizeof *s->place, "rows of a decoder");
    s->place = place;
    s->room = status == RECUR_OK ? rows : 0;
    return status;
}

static void keep(float *to, recur_tensor *state)
{
    if (state)
        memcpy(to, recur_f32(state), (size_t)recur_count(state) * sizeof *to);
}

recur_status rcr_stepper_begin(rcr_stepper *s, const int64_t *ids, const int64_t *lengths, int64_t B,
                               int64_t S, int64_t beam)
{
    recur_tape_begin(s->whole, RECUR_INFER);
    const rcr_ids source = {recur_input(s->whole, RECUR_I64, 2, (int64_t[]){B, S}, ids),
                            recur_input(s->whole, RECUR_I64, 1, &B, lengths), B, S};
    int64_t rows = 0;
    s->memory = rcr_translate_encode(s->whole, s->net, &source);
    if (!s->memory.h || (s->net->attends && !s->memory.keys.projected))
        return recur_error(recur_tape_ctx(s->whole), NULL);
    if (!rcr_mul_i64(B, beam, &rows))
        rows = INT64_MAX;
    recur_status status = make_room(s, rows);
    if (status != RECUR_OK)
        return status;
    s->B = s->rows = B;
    keep(s->h, s->memory.h);
    keep(s->c, s->memory.c);
    return RECUR_OK;
}

/* ---- a step ---- */

/* The states [L, n, H] of rows that continue those of the last step. */
static recur_tensor *continued(rcr_stepper *s, const float *last, const recur_beam_rows *rows)
{
    int64_t L = layers(s), H = width(s), n = rows->n;
    recur_tensor *state = last ? recur_input(s->step, RECUR_F32, 3, (int64_t[]){L, n, H}, NULL) : NULL;
    for (int64_t l = 0; state && l < L; l++)
        for (int64_t i = 0; i < n; i++)
            memcpy(recur_f32(state) + (l * n + i) * H, last + (l * s->rows + rows->from[i]) * H,
                   (size_t)H * sizeof *last);
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

/* Contexts [n, H] of states y [n, H]. */
static recur_tensor *look(rcr_stepper *s, const recur_beam_rows *rows, recur_tensor *y)
{
    recur_tape *tp = s->step;
    int64_t U = find_places(s, rows), slots = s->B * U, n = rows->n;
    recur_tensor *place = recur_input(tp, RECUR_I64, 1, &n, s->place);
    recur_tensor *row = recur_input(tp, RECUR_I64, 1, &slots, NULL); /* an empty place repeats row 0 */
    for (int64_t i = 0; row && i < n; i++)
        recur_i64(row)[s->place[i]] = i;
    y = recur_embedding(tp, y, row, RECUR_NO_PADDING);
    recur_tensor *context = recur_attention_query(tp, &s->net->attention, &s->memory.keys, y).output;
    return recur_embedding(tp, context, place, RECUR_NO_PADDING);
}

recur_status rcr_stepper_next(rcr_stepper *s, const recur_beam_rows *rows, float **logits)
{
    recur_tape *tp = s->step;
    recur_tape_begin(tp, RECUR_INFER);
    const rcr_ids input = {recur_input(tp, RECUR_I64, 2, (int64_t[]){rows->n, 1}, rows->token), NULL, rows->n,
                           1};
    recur_tensor *h = continued(s, s->h, rows), *c = continued(s, s->c, rows);
    recur_rnn_out out = rcr_translate_follow(tp, s->net, &input, h, c);
    recur_tensor *y = recur_reshape(tp, out.y, 2, (int64_t[]){rows->n, width(s)});
    recur_tensor *x = rcr_translate_say(tp, s->net, y, s->net->attends ? look(s, rows, y) : NULL);
    *logits = recur_f32(x);
    if (!x)
        return recur_error(recur_tape_ctx(tp), NULL);
    keep(s->h, out.h);
    keep(s->c, out.c);
    s->rows = rows->n;
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
    recur_tensor *y = rcr_translate_follow(tp, s->net, &input, s->memory.h, s->memory.c).y;
    *weights = recur_f32(recur_attention_query(tp, &s->net->attention, &s->memory.keys, y).weights);
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
