// SPDX-License-Identifier: MIT
/* Masks of sequences, dropout with a mask that is kept over time, and dropout of whole words. */
#include "op/mask.h"

#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/random.h"
#include "op/ranges.h"
#include "op/shape.h"

static recur_status check_p(recur_call *c, double p)
{
    char text[RCR_NUMBER_SIZE];
    if (p >= 0.0 && p <= 1.0)
        return RECUR_OK;
    return rcr_call_fail(c, RECUR_EINVAL, "the probability must be in 0 .. 1, not %s",
                         rcr_format_double(text, p));
}

/* What dropout multiplies by what it keeps. */
static double scale_of(double p)
{
    return p < 1.0 ? 1.0 / (1.0 - p) : 0.0;
}

/* --- drawing: a row of `width` numbers for a sequence at a step --- */

typedef struct draw {
    rcr_rows rows;
    int64_t width;
    bool locked;
    double p, below, above;
} draw;

/* The numbers of a sequence are a stretch of 2^36 positions of the operation's stream, a row of it the whole groups of
 * positions that `width` numbers need. `i` is the place among a step's sequences. */
static void draw_row(const recur_call *c, const draw *d, int64_t t, int64_t i, void *y)
{
    uint64_t sequence = (uint64_t)(d->rows.order ? d->rows.order[i] : i);
    uint64_t groups = ((uint64_t)d->width + RCR_MASK_DRAWS - 1) / RCR_MASK_DRAWS;
    uint64_t position = (sequence << 36) + (uint64_t)t * groups * RCR_MASK_POSITIONS;
    c->k->drop.draw(d->width, c->seed, c->stream, position, d->p, d->below, d->above, y);
}

/* The first row of step t, and how many sequences it has. */
static int64_t first_row(const rcr_rows *r, int64_t t)
{
    return r->offset ? r->offset[t] : t * r->B;
}

static int64_t rows_of(const rcr_rows *r, int64_t t)
{
    return first_row(r, t + 1) - first_row(r, t);
}

/* Draws into y [B, width], or [rows, width]. */
typedef struct drawing {
    const recur_call *c;
    const draw *d;
    void *y;
} drawing;

static void draw_sequences(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const drawing *g = job;
    for (int64_t i = from; i < to; i++)
        draw_row(g->c, g->d, 0, i, rcr_at(g->y, i * g->d->width, g->c->k->item));
}

static void draw_steps(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const drawing *g = job;
    const rcr_rows *r = &g->d->rows;
    for (int64_t t = from; t < to; t++)
        for (int64_t i = 0; i < rows_of(r, t); i++)
            draw_row(g->c, g->d, t, i, rcr_at(g->y, (first_row(r, t) + i) * g->d->width, g->c->k->item));
}

static void draw_all(const recur_call *c, const draw *d, void *y)
{
    drawing g = {c, d, y};
    if (d->locked)
        rcr_ranges(c->cx, d->rows.B, rcr_grain(d->width), draw_sequences, &g);
    else
        rcr_ranges(c->cx, d->rows.T, rcr_grain(d->rows.B * d->width), draw_steps, &g);
}

/* --- a mask by itself. Its input is not read: it says of which type the mask is. --- */

static recur_status mask_shape(recur_call *c)
{
    const draw *d = RCR_PARAMS(draw, c);
    recur_status s = rcr_check_float(c, 0, "the argument");
    int64_t shape[] = {d->locked ? d->rows.B : first_row(&d->rows, d->rows.T), d->width};
    return s ? s : rcr_declare(c, c->in[0]->dtype, 2, shape);
}

static void mask_forward(recur_call *c)
{
    draw_all(c, RCR_PARAMS(draw, c), c->out[0]->data);
}

static const recur_op mask_op = {"mask", mask_shape, mask_forward, NULL};

recur_tensor *rcr_mask(recur_tape *tp, const rcr_rows *rows, recur_tensor *like, int64_t width, bool locked,
                       double p, double below, double above)
{
    draw d = {*rows, width, locked, p, below, above};
    return recur_apply(tp, &mask_op, &like, 1, &d, sizeof d);
}

recur_tensor *rcr_dropout_mask(recur_tape *tp, const rcr_rows *rows, recur_tensor *like, int64_t width,
                               bool locked, double p)
{
    return rcr_mask(tp, rows, like, width, locked, p, 0.0, scale_of(p));
}

/* --- locked dropout: y[t, b] = x[t, b] mask[b]; the mask [B, F] is saved --- */

typedef struct locked {
    draw d;
    bool batch_first; /* x [B, T, F]; else its rows lie as d.rows says */
} locked;

static recur_status locked_shape(recur_call *c)
{
    locked *l = c->params;
    recur_status s = rcr_check_float(c, 0, "the argument");
    if (!s && !l->d.rows.order) /* a user's call: the geometry is that of x */
        s = rcr_check_rank(c, 0, "the argument", 3);
    if (!s)
        s = check_p(c, l->d.p);
    if (s)
        return s;
    const recur_tensor *x = c->in[0];
    if (!l->d.rows.order)
        l->d.rows = (rcr_rows){.T = x->shape[l->batch_first], .B = x->shape[!l->batch_first]};
    if (c->mode != RECUR_TRAIN)
        l->d.p = 0.0;
    l->d.above = scale_of(l->d.p);
    l->d.width = recur_dim(x, -1);
    size_t bytes = 0;
    if (!rcr_mul_size((size_t)l->d.rows.B, (size_t)l->d.width * c->k->item, &bytes))
        return rcr_call_fail(c, RECUR_ENOMEM, "the mask does not fit the machine");
    s = rcr_declare(c, x->dtype, x->rank, x->shape);
    return s || l->d.p == 0.0 ? s : rcr_save(c, bytes);
}

/* Stretches of x that lie together, as do their masks: a step, or a row of [B, T, F]. */
typedef struct stretch {
    int64_t at, n, mask; /* elements */
} stretch;

static stretch stretch_of(const locked *l, int64_t i)
{
    const rcr_rows *r = &l->d.rows;
    int64_t F = l->d.width;
    if (l->batch_first)
        return (stretch){i * F, F, i / r->T * F};
    return (stretch){first_row(r, i) * F, rows_of(r, i) * F, 0};
}

typedef void times(int64_t n, const void *mask, const void *x, void *y);

typedef struct passing {
    const recur_call *c;
    times *f;
    const void *x;
    void *y;
} passing;

static void pass_stretches(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const passing *j = job;
    size_t item = j->c->k->item;
    for (int64_t i = from; i < to; i++) {
        stretch s = stretch_of(RCR_PARAMS(locked, j->c), i);
        j->f(s.n, rcr_at(j->c->saved, s.mask, item), rcr_at(j->x, s.at, item), rcr_at(j->y, s.at, item));
    }
}

static void pass(recur_call *c, times *f, const void *x, void *y)
{
    const locked *l = RCR_PARAMS(locked, c);
    const rcr_rows *r = &l->d.rows;
    passing job = {c, f, x, y};
    if (l->batch_first)
        rcr_ranges(c->cx, r->B * r->T, rcr_grain(l->d.width), pass_stretches, &job);
    else
        rcr_ranges(c->cx, r->T, rcr_grain(r->B * l->d.width), pass_stretches, &job);
}

static void locked_forward(recur_call *c)
{
    const locked *l = RCR_PARAMS(locked, c);
    if (l->d.p > 0.0) {
        draw_all(c, &l->d, c->saved);
        pass(c, c->k->drop.times, c->in[0]->data, c->out[0]->data);
    } else if (c->out[0]->count)
        memcpy(c->out[0]->data, c->in[0]->data, (size_t)c->out[0]->count * c->k->item);
}

static void locked_backward(recur_call *c)
{
    if (RCR_PARAMS(locked, c)->d.p > 0.0)
        pass(c, c->k->drop.times_add, rcr_dout(c, 0), rcr_din(c, 0));
    else
        c->k->array.axpy(c->out[0]->count, 1.0, rcr_dout(c, 0), rcr_din(c, 0));
}

static const recur_op locked_op = {"locked dropout", locked_shape, locked_forward, locked_backward};

static recur_tensor *apply_locked(recur_tape *tp, recur_tensor *x, const rcr_rows *rows, double p,
                                  bool batch_first)
{
    locked l = {.d = {.rows = *rows, .locked = true, .p = p}, .batch_first = batch_first};
    return recur_apply(tp, &locked_op, &x, 1, &l, sizeof l);
}

recur_tensor *rcr_locked_dropout(recur_tape *tp, const rcr_rows *rows, recur_tensor *x, double p)
{
    return apply_locked(tp, x, rows, p, false);
}

recur_tensor *recur_locked_dropout(recur_tape *tp, recur_tensor *x, double p, bool batch_first)
{
    return apply_locked(tp, x, &(rcr_rows){0}, p, batch_first);
}

/* --- dropout of words: inputs x [.., F], ids [..]; saved is a factor per row --- */

typedef struct words {
    double p, scale;
} words;

static recur_status words_shape(recur_call *c)
{
    words *d = c->params;
    recur_status s = rcr_check_float(c, 0, "the argument");
    if (!s && c->in[0]->rank < 1)
        s = rcr_call_fail(c, RECUR_ESHAPE, "the argument must have an axis of features");
    if (!s)
        s = rcr_check_index(c, 1, "the ids");
    if (!s)
        s = rcr_check_shape(c, 1, "the ids", c->in[0]->rank - 1, c->in[0]->shape);
    if (!s)
        s = check_p(c, d->p);
    if (s)
        return s;
    if (c->mode != RECUR_TRAIN)
        d->p = 0.0;
    d->scale = scale_of(d->p);
    s = rcr_declare(c, c->in[0]->dtype, c->in[0]->rank, c->in[0]->shape);
    return s ? s : rcr_save(c, (size_t)c->in[1]->count * sizeof(double));
}

/* Word `id` has number `id` of the operation's stream. */
static void fill_factors(recur_call *c)
{
    const words *d = RCR_PARAMS(words, c);
    const int64_t *id = c->in[1]->data;
    double *factor = c->saved;
    for (int64_t i = 0; i < c->in[1]->count; i++)
        factor[i] =
            d->p > 0.0 && rcr_random_uniform(c->seed, c->stream, (uint64_t)id[i]) < d->p ? 0.0 : d->scale;
}

static void words_forward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const double *factor = c->saved;
    int64_t F = recur_dim(c->in[0], -1);
    for (int64_t i = from; i < to; i++) {
        void *y = rcr_at(c->out[0]->data, i * F, c->k->item);
        if (factor[i] == 0.0)
            memset(y, 0, (size_t)F * c->k->item);
        else
            c->k->array.affine(F, factor[i], 0.0, rcr_at(c->in[0]->data, i * F, c->k->item), y);
    }
}

static void words_backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const double *factor = c->saved;
    int64_t F = recur_dim(c->in[0], -1);
    for (int64_t i = from; i < to; i++)
        if (factor[i] != 0.0)
            c->k->array.axpy(F, factor[i], rcr_at(rcr_dout(c, 0), i * F, c->k->item),
                             rcr_at(rcr_din(c, 0), i * F, c->k->item));
}

static void words_forward(recur_call *c)
{
    fill_factors(c);
    rcr_ranges(c->cx, c->in[1]->count, rcr_grain(recur_dim(c->in[0], -1)), words_forward_range, c);
}

static void words_backward(recur_call *c)
{
    rcr_ranges(c->cx, c->in[1]->count, rcr_grain(recur_dim(c->in[0], -1)), words_backward_range, c);
}

static const recur_op words_op = {"word dropout", words_shape, words_forward, words_backward};

recur_tensor *recur_word_dropout(recur_tape *tp, recur_tensor *x, recur_tensor *ids, double p)
{
    recur_tensor *in[] = {x, ids};
    words d = {.p = p};
    return recur_apply(tp, &words_op, in, 2, &d, sizeof d);
}
