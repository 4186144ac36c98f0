// SPDX-License-Identifier: MIT
/* The composed twin of the fused scan: the same layer from primitive operations, a few tape entries per time
 * step. Slow, and the plainest statement of what the fused kernels compute; tests hold the two together. */
#include "rnn/scan.h"

#include <recur/op.h>

#include "base/error.h"
#include "tape/tape.h"

typedef struct state {
    recur_tensor *h, *c;
} state;

/* What a step begins from, R rows of each: the states, h as W_hh reads it, factors of the candidate or NULL. */
typedef struct before {
    recur_tensor *h, *c, *read, *drop;
} before;

/* a: W_ih x + b_ih [R, G*H]. */
typedef state cell_fn(recur_tape *tp, const rcr_scan_in *in, recur_tensor *a, before s);

/* x under a mask, if there is one. */
static recur_tensor *masked(recur_tape *tp, recur_tensor *x, recur_tensor *mask)
{
    return mask ? recur_mul(tp, x, mask) : x;
}

/* N(x) = (x - mean x) / sqrt(var x + eps) over the last axis. */
static recur_tensor *normalised(recur_tape *tp, recur_tensor *x)
{
    recur_tensor *d = recur_sub(tp, x, recur_mean(tp, x, -1, true));
    recur_tensor *var = recur_mean(tp, recur_mul(tp, d, d), -1, true);
    recur_tensor *log = recur_log(tp, recur_affine(tp, var, 1.0, RCR_NORM_EPS));
    return recur_mul(tp, d, recur_exp(tp, recur_affine(tp, log, -0.5, 0.0)));
}

/* x [R, G*H] normalised over all gates of an LSTM, over r and z and over n of a GRU. */
static recur_tensor *normalised_gates(recur_tape *tp, const rcr_scan_in *in, recur_tensor *x)
{
    if (in->cell == RECUR_LSTM)
        return normalised(tp, x);
    recur_tensor *groups[] = {normalised(tp, recur_slice(tp, x, 1, 0, 2 * in->H, 1)),
                              normalised(tp, recur_slice(tp, x, 1, 2 * in->H, INT64_MAX, 1))};
    return recur_concat(tp, groups, 2, 1);
}

/* W x + b, or N(W x) gain + b. */
static recur_tensor *sums(recur_tape *tp, const rcr_scan_in *in, recur_tensor *x, recur_tensor *w,
                          recur_tensor *gain, recur_tensor *b)
{
    if (!gain)
        return recur_linear(tp, x, w, b);
    recur_tensor *y = recur_mul(tp, normalised_gates(tp, in, recur_linear(tp, x, w, NULL)), gain);
    return b ? recur_add(tp, y, b) : y;
}

static recur_tensor *hidden(recur_tape *tp, const rcr_scan_in *in, recur_tensor *h)
{
    return sums(tp, in, h, in->w->w_hh, in->w->gain_hh, in->w->b_hh);
}

/* c as an LSTM's output sees it: N(c) gain_c + bias_c with layer norm. */
static recur_tensor *seen(recur_tape *tp, const rcr_scan_in *in, recur_tensor *c)
{
    if (!in->w->gain_c)
        return c;
    recur_tensor *y = recur_mul(tp, normalised(tp, c), in->w->gain_c);
    return in->w->bias_c ? recur_add(tp, y, in->w->bias_c) : y;
}

/* h' = tanh(W_ih x + b_ih + W_hh h + b_hh) */
static state rnn_tanh(recur_tape *tp, const rcr_scan_in *in, recur_tensor *a, before s)
{
    return (state){recur_tanh(tp, recur_add(tp, a, hidden(tp, in, s.read))), NULL};
}

static state rnn_relu(recur_tape *tp, const rcr_scan_in *in, recur_tensor *a, before s)
{
    return (state){recur_relu(tp, recur_add(tp, a, hidden(tp, in, s.read))), NULL};
}

/* i, f, g, o = a + W_hh h + b_hh; c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c'), projected where there is
 * W_hr */
static state lstm(recur_tape *tp, const rcr_scan_in *in, recur_tensor *a, before s)
{
    recur_tensor *gates = recur_split(tp, recur_add(tp, a, hidden(tp, in, s.read)), 1, 4, NULL);
    recur_tensor *i = recur_sigmoid(tp, gates), *f = recur_sigmoid(tp, recur_output(gates, 1));
    recur_tensor *g = masked(tp, recur_tanh(tp, recur_output(gates, 2)), s.drop);
    recur_tensor *o = recur_sigmoid(tp, recur_output(gates, 3));
    recur_tensor *c = recur_add(tp, recur_mul(tp, f, s.c), recur_mul(tp, i, g));
    recur_tensor *h = recur_mul(tp, o, recur_tanh(tp, seen(tp, in, c)));
    return (state){in->w->w_hr ? recur_linear(tp, h, in->w->w_hr, NULL) : h, c};
}

/* h' = n + z (h - n) */
static recur_tensor *mix(recur_tape *tp, recur_tensor *z, recur_tensor *n, recur_tensor *h)
{
    return recur_add(tp, n, recur_mul(tp, z, recur_sub(tp, h, n)));
}

/* r, z = s(a + W_h h + b_h); n = tanh(a_n + r (W_hn h + b_hn)) */
static state gru(recur_tape *tp, const rcr_scan_in *in, recur_tensor *a, before s)
{
    recur_tensor *x = recur_split(tp, a, 1, 3, NULL),
                 *h = recur_split(tp, hidden(tp, in, s.read), 1, 3, NULL);
    recur_tensor *r = recur_sigmoid(tp, recur_add(tp, x, h));
    recur_tensor *z = recur_sigmoid(tp, recur_add(tp, recur_output(x, 1), recur_output(h, 1)));
    recur_tensor *n = recur_tanh(tp, recur_add(tp, recur_output(x, 2), recur_mul(tp, r, recur_output(h, 2))));
    return (state){mix(tp, z, masked(tp, n, s.drop), s.h), NULL};
}

/* Rows of the gates from `gate` to `end` of a weight or bias; NULL of NULL. */
static recur_tensor *gate_rows(recur_tape *tp, const rcr_scan_in *in, recur_tensor *w, int gate, int end)
{
    return w ? recur_slice(tp, w, 0, gate * in->H, end * in->H, 1) : NULL;
}

/* the same, but n = tanh(a_n + W_hn (r h) + b_hn) */
static state gru_original(recur_tape *tp, const rcr_scan_in *in, recur_tensor *a, before s)
{
    recur_tensor *w = in->w->w_hh, *b = in->w->b_hh;
    recur_tensor *x = recur_split(tp, a, 1, 3, NULL);
    recur_tensor *rz = recur_linear(tp, s.read, gate_rows(tp, in, w, 0, 2), gate_rows(tp, in, b, 0, 2));
    recur_tensor *h = recur_split(tp, rz, 1, 2, NULL);
    recur_tensor *r = recur_sigmoid(tp, recur_add(tp, x, h));
    recur_tensor *z = recur_sigmoid(tp, recur_add(tp, recur_output(x, 1), recur_output(h, 1)));
    recur_tensor *hn =
        recur_linear(tp, recur_mul(tp, r, s.read), gate_rows(tp, in, w, 2, 3), gate_rows(tp, in, b, 2, 3));
    recur_tensor *n = recur_tanh(tp, recur_add(tp, recur_output(x, 2), hn));
    return (state){mix(tp, z, masked(tp, n, s.drop), s.h), NULL};
}

static cell_fn *const cells[] = {[RECUR_RNN_TANH] = rnn_tanh,
                                 [RECUR_RNN_RELU] = rnn_relu,
                                 [RECUR_LSTM] = lstm,
                                 [RECUR_GRU] = gru,
                                 [RECUR_GRU_ORIGINAL] = gru_original};

/* Row ids that sort the caller's sequences, or (inverse) put sorted rows back. */
static recur_tensor *order_ids(recur_tape *tp, const rcr_packing *p, bool inverse)
{
    recur_tensor *ids = recur_input(tp, RECUR_I64, 1, &p->B, NULL);
    int64_t *id = recur_i64(ids);
    for (int64_t b = 0; id && b < p->B; b++)
        id[inverse ? p->order[b] : b] = inverse ? b : p->order[b];
    return ids;
}

/* [B, width] in sorted order: slice `index` of a state, or zeros. */
static recur_tensor *initial(recur_tape *tp, const rcr_scan_in *in, recur_tensor *states, int64_t width)
{
    int64_t shape[] = {in->p->B, width};
    if (!states)
        return recur_input(tp, in->x->dtype, 2, shape, NULL);
    int64_t all[] = {recur_dim(states, 0), in->p->B, width};
    recur_tensor *slice = recur_slice(tp, recur_reshape(tp, states, 3, all), 0, in->index, in->index + 1, 1);
    return recur_embedding(tp, recur_reshape(tp, slice, 2, shape), order_ids(tp, in->p, false),
                           RECUR_NO_PADDING);
}

/* The first R rows of a state, and those rows replaced. */
static recur_tensor *head(recur_tape *tp, recur_tensor *s, int64_t R)
{
    return !s || recur_dim(s, 0) == R ? s : recur_slice(tp, s, 0, 0, R, 1);
}

static recur_tensor *with_head(recur_tape *tp, recur_tensor *s, recur_tensor *first, int64_t R)
{
    if (!s || recur_dim(s, 0) == R)
        return first;
    recur_tensor *parts[] = {first, recur_slice(tp, s, 0, R, INT64_MAX, 1)};
    return recur_concat(tp, parts, 2, 0);
}

/* The rows of step t of something that has all steps' rows. */
static recur_tensor *rows_at(recur_tape *tp, const rcr_packing *p, recur_tensor *all, int64_t t)
{
    return all ? recur_slice(tp, all, 0, p->offset[t], p->offset[t + 1], 1) : NULL;
}

/* Zoneout: x + keep (old - x), with the probability for `keep` where there is no mask. */
static recur_tensor *zoned(recur_tape *tp, double p, recur_tensor *mask, recur_tensor *old, recur_tensor *x)
{
    if (p == 0.0)
        return x;
    recur_tensor *d = recur_sub(tp, old, x);
    return recur_add(tp, x, mask ? recur_mul(tp, mask, d) : recur_affine(tp, d, p, 0.0));
}

static state step(recur_tape *tp, const rcr_scan_in *in, recur_tensor *x, int64_t t, state s)
{
    const rcr_packing *p = in->p;
    const rcr_drops *d = in->drops;
    int64_t R = p->active[t];
    recur_tensor *h = head(tp, s.h, R), *c = head(tp, s.c, R), *read = masked(tp, h, head(tp, d->state, R));
    recur_tensor *drop = d->locked ? head(tp, d->candidate, R) : rows_at(tp, p, d->candidate, t);
    recur_tensor *a = sums(tp, in, rows_at(tp, p, x, t), in->w->w_ih, in->w->gain_ih, in->w->b_ih);
    state now = cells[in->cell](tp, in, a, (before){h, c, read, drop});
    now.h = zoned(tp, d->zoneout_h, rows_at(tp, p, d->keep_h, t), h, now.h);
    now.c = c ? zoned(tp, d->zoneout_c, rows_at(tp, p, d->keep_c, t), c, now.c) : NULL;
    return now;
}

/* The steps' rows put together in order of time. */
static recur_tensor *all_steps(recur_tape *tp, const rcr_scan_in *in, recur_tensor *const *ys, int n)
{
    const rcr_packing *p = in->p;
    int64_t dense[] = {p->T, p->B, in->O}, none[] = {0, in->O};
    recur_tensor *y = n ? recur_concat(tp, ys, n, 0) : recur_input(tp, in->x->dtype, 2, none, NULL);
    return p->dense ? recur_reshape(tp, y, 3, dense) : y;
}

static recur_tensor *callers_order(recur_tape *tp, const rcr_scan_in *in, recur_tensor *s)
{
    return s ? recur_embedding(tp, s, order_ids(tp, in->p, true), RECUR_NO_PADDING) : NULL;
}

rcr_scan_out rcr_compose(recur_tape *tp, const rcr_scan_in *in)
{
    const rcr_packing *p = in->p;
    rcr_scan_out failed = {NULL, NULL, NULL};
    recur_tensor **ys = rcr_arena_alloc(&tp->arena, (size_t)p->T * sizeof(recur_tensor *), "steps");
    if (!ys || rcr_stuck(tp->cx)) {
        rcr_stick_last(tp->cx);
        return failed;
    }
    int64_t rows[] = {p->N, recur_dim(in->x, -1)};
    recur_tensor *x = recur_reshape(tp, in->x, 2, rows);
    state s = {initial(tp, in, in->h0, in->O),
               in->cell == RECUR_LSTM ? initial(tp, in, in->c0, in->H) : NULL};
    int n = p->T > 0; /* a step without rows, if need be: it leads gradients, all 0, to the inputs */
    while (n < p->T && p->active[n] > 0)
        n++;
    for (int i = 0; i < n; i++) {
        int64_t t = in->reverse ? n - 1 - i : i;
        state now = step(tp, in, x, t, s);
        ys[t] = now.h;
        s = (state){with_head(tp, s.h, now.h, p->active[t]), with_head(tp, s.c, now.c, p->active[t])};
    }
    return (rcr_scan_out){all_steps(tp, in, ys, n), callers_order(tp, in, s.h), callers_order(tp, in, s.c)};
}
