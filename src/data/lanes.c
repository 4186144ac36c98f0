// SPDX-License-Identifier: MIT
/* Lanes: contiguous stretches of a stream, side by side, a window at a time. */
#include "base/alloc.h"
#include "base/error.h"
#include "data/stream.h"

struct recur_lanes {
    recur_ctx *cx;
    recur_stream *s;
    const recur_vocab *v;
    int64_t from, to, B, T;
    recur_layout layout;
    rcr_cursor *cursor;         /* [B] */
    int64_t *x, *y;             /* [B, T] or [T, B] */
    int64_t *lengths, *scratch; /* [B], [T + 1] */
    int64_t at;                 /* the next window */
};

void recur_lanes_free(recur_lanes *l)
{
    if (!l)
        return;
    for (int64_t b = 0; l->cursor && b < l->B; b++)
        rcr_free(l->cx, l->cursor[b].id);
    void *const block[] = {l->cursor, l->x, l->y, l->lengths, l->scratch, l};
    for (size_t i = 0; i < sizeof block / sizeof *block; i++)
        rcr_free(l->cx, block[i]);
}

static recur_status allocate(recur_lanes *l)
{
    int64_t cells;
    if (!rcr_mul_i64(l->B, l->T, &cells))
        return rcr_no_memory(l->cx, SIZE_MAX, "a window of a text");
    l->cursor = rcr_alloc_array(l->cx, (size_t)l->B, sizeof *l->cursor, "lanes of a text");
    l->x = rcr_alloc_array(l->cx, (size_t)cells, sizeof *l->x, "a window of a text");
    l->y = rcr_alloc_array(l->cx, (size_t)cells, sizeof *l->y, "a window of a text");
    l->lengths = rcr_alloc_array(l->cx, (size_t)l->B, sizeof *l->lengths, "a window of a text");
    l->scratch = rcr_alloc_array(l->cx, (size_t)l->T + 1, sizeof *l->scratch, "a window of a text");
    if (!l->cursor || !l->x || !l->y || !l->lengths || !l->scratch)
        return RECUR_ENOMEM;
    for (int64_t b = 0; b < l->B; b++)
        l->cursor[b] = (rcr_cursor){.cx = l->cx, .piece = -1};
    return RECUR_OK;
}

static recur_status check(const recur_stream *s, const recur_vocab *v, int64_t from, int64_t to, int64_t B,
                          int64_t T)
{
    int64_t N = recur_stream_size(s), most;
    if (from < 0 || to > N || from > to)
        return rcr_fail(s->cx, RECUR_EINVAL, "units %lld to %lld of %s, which has %lld", (long long)from,
                        (long long)to, s->name, (long long)N);
    if (B < 1 || T < 1 || to - from < B || !rcr_mul_i64(to - from, B, &most))
        return rcr_fail(s->cx, RECUR_EINVAL,
                        "%lld lanes and windows of %lld units from %lld units of %s; each lane needs a unit",
                        (long long)B, (long long)T, (long long)(to - from), s->name);
    if (!recur_vocab_specials(v))
        return rcr_fail(s->cx, RECUR_EINVAL, "a vocabulary without <bos> cannot begin a text");
    return RECUR_OK;
}

recur_status recur_lanes_create(recur_lanes **out, recur_stream *s, const recur_vocab *v, int64_t from,
                                int64_t to, int64_t B, int64_t T, recur_layout layout)
{
    *out = NULL;
    recur_status status = check(s, v, from, to, B, T);
    if (status != RECUR_OK)
        return status;
    recur_lanes *l = rcr_alloc_zero(s->cx, sizeof *l, "lanes of a text");
    if (!l)
        return RECUR_ENOMEM;
    int64_t longest = (to - from + B - 1) / B;
    *l = (recur_lanes){.cx = s->cx, .s = s, .v = v, .from = from, .to = to, .B = B, .layout = layout};
    l->T = T < longest ? T : longest;
    status = allocate(l);
    if (status == RECUR_OK)
        *out = l;
    else
        recur_lanes_free(l);
    return status;
}

int64_t recur_lanes_size(const recur_lanes *l)
{
    int64_t longest = (l->to - l->from + l->B - 1) / l->B;
    return (longest + l->T - 1) / l->T;
}

void recur_lanes_seek(recur_lanes *l, int64_t window)
{
    l->at = window < 0 ? 0 : window;
}

int64_t recur_lanes_tell(const recur_lanes *l)
{
    return l->at;
}

/* The first unit of lane b; that of lane B is the end. */
static int64_t first_of(const recur_lanes *l, int64_t b)
{
    return l->from + b * (l->to - l->from) / l->B;
}

/* Units of lane b in the window, and the first of them. */
static int64_t length_of(const recur_lanes *l, int64_t b, int64_t *first)
{
    *first = first_of(l, b) + l->at * l->T;
    int64_t left = first_of(l, b + 1) - *first;
    return left < 0 ? 0 : left < l->T ? left : l->T;
}

/* Lane b of the window: x[t] = u[p + t - 1], y[t] = u[p + t]. */
static recur_status fill(recur_lanes *l, int64_t b, int64_t T)
{
    int64_t p, length = length_of(l, b, &p), *u = l->scratch;
    int64_t row = l->layout == RECUR_BATCH_MAJOR ? T : 1, step = l->layout == RECUR_BATCH_MAJOR ? 1 : l->B;
    u[0] = RECUR_BOS;
    recur_status s = RECUR_OK;
    if (length > 0)
        s = rcr_cursor_read(&l->cursor[b], l->s, l->v, p > 0 ? p - 1 : 0, p + length, p > 0 ? u : u + 1);
    for (int64_t t = 0; s == RECUR_OK && t < T; t++) {
        l->x[b * row + t * step] = t < length ? u[t] : RECUR_PAD;
        l->y[b * row + t * step] = t < length ? u[t + 1] : RECUR_PAD;
    }
    l->lengths[b] = length;
    return s;
}

recur_status recur_lanes_next(recur_lanes *l, recur_window_of_text *out)
{
    int64_t T = 0, first;
    recur_status s = RECUR_OK;
    *out = (recur_window_of_text){0};
    if (l->at >= recur_lanes_size(l))
        return RECUR_OK;
    for (int64_t b = 0; b < l->B; b++) {
        int64_t length = length_of(l, b, &first);
        T = length > T ? length : T;
    }
    for (int64_t b = 0; s == RECUR_OK && b < l->B; b++)
        s = fill(l, b, T);
    if (s != RECUR_OK)
        return s;
    *out = (recur_window_of_text){
        .B = l->B, .T = T, .x = l->x, .y = l->y, .lengths = l->lengths, .first = l->at == 0};
    for (int64_t b = 0; b < l->B; b++)
        out->units += l->lengths[b];
    l->at++;
    return RECUR_OK;
}
