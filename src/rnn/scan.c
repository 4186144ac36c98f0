// SPDX-License-Identifier: MIT
/*
 * The fused scan: a recurrent layer in one direction over the whole of a packed batch, as one operation.
 *
 * Forward   1. gates[N, G*H] = x[N, I] W_ih^T + biases: one product over all time steps;
 *           2. for each block of rows: for t in time: the cell's step (kernel/rnn.h), which turns `gates`
 * into what backward needs. Backward  1. for each block of rows: for t backwards: the cell's step back, which
 * turns `gates` into their gradients;
 *           2. dW_hh = gates^T h_prev, dW_ih = gates^T x, dx = gates W_ih, db = sum of gates: each one
 * product over all time steps.
 *
 * Blocks of rows are independent, so threads share them and no bit depends on how. Rows of a block come and
 * go with their lengths; the states a step begins from are those of the neighbouring step, or the initial
 * ones where a sequence begins.
 */
#include "rnn/scan.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "op/ranges.h"
#include "op/shape.h"
#include "tape/call.h"

enum { X, W_IH, W_HH, B_IH, B_HH, W_HR, H0, C0, STATE, CANDIDATE, KEEP_H, KEEP_C, INPUTS };

typedef struct params {
    recur_cell cell;
    int64_t H, O, index;
    const rcr_packing *p;
    bool reverse, locked;
    double zoneout_h, zoneout_c;
} params;

/* Everything a pass works on. Pointers into the saved and scratch bytes of the call; R rows of a step, in
 * sorted order. */
typedef struct scan {
    recur_call *c;
    const rcr_packing *p;
    const rcr_cell_kernels *cell;
    size_t item;
    int64_t I, G, H, O, B;
    bool reverse, projected;
    bool state, zone_h, zone_c; /* a mask on h as W_hh reads it; zoneout */
    /* saved: */
    char *gates, *extra, *cs, *raw; /* [N, G*H], [N, H], [N, H] cell states, [N, H] h as the cell made it */
    char *h0, *c0;                  /* [B, O], [B, H], sorted */
    /* scratch: */
    char *panel, *panel_hr; /* packed weight_hh and weight_hr */
    char *bias;             /* [G*H] */
    char *dh, *dc, *draw;   /* [B, O], [B, H], [B, H]: gradients of the states as time runs back */
    char *dz;               /* [B, G*H] */
    char *masked;           /* [B, O]: h under its mask */
    char *kept_h, *kept_c;  /* [B, O], [B, H]: gradients that zoneout leads past a step */
    char *dh_mix;           /* [B, H] */
    char *h_prev,
        *dproj; /* [N, O]: the state each step began from; [N, O]: gradient of h after the projection */
} scan;

/* --- layout of the saved and scratch bytes --- */

/* Hands out pieces of a block; with base NULL it only counts. `reals` never overflow: they are checked in
 * rnn_shape(). */
static char *piece(char *base, size_t *used, int64_t reals, size_t item)
{
    char *p = base ? base + *used : NULL;
    *used += ((size_t)reals * item + RCR_ALIGN - 1) & ~(size_t)(RCR_ALIGN - 1);
    return p;
}

/* Is what the cell makes not yet the layer's h, and needed later? */
static bool keeps_raw(const scan *s)
{
    return s->projected || (s->zone_h && s->cell->reads);
}

static size_t lay_out_saved(scan *s, char *base)
{
    int64_t N = s->p->N;
    size_t used = 0;
    s->gates = piece(base, &used, N * s->G * s->H, s->item);
    s->extra = piece(base, &used, s->cell->extra ? N * s->H : 0, s->item);
    s->cs = piece(base, &used, s->cell->c ? N * s->H : 0, s->item);
    s->raw = piece(base, &used, keeps_raw(s) ? N * s->H : 0, s->item);
    s->h0 = piece(base, &used, s->B * s->O, s->item);
    s->c0 = piece(base, &used, s->cell->c ? s->B * s->H : 0, s->item);
    return used;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static size_t lay_out_scratch(scan *s, char *base)
{
    const rcr_kernels *k = s->c->k;
    int64_t N = s->p->N, P = s->projected ? s->O : 0;
    size_t used = 0;
    s->panel = piece(base, &used,
                     larger(s->cell->panel_size(s->H, s->O), s->cell->panel_back_size(s->H, s->O)), s->item);
    s->panel_hr =
        piece(base, &used, larger(k->rnn.product_size(P, s->H), k->rnn.product_size(s->H, P)), s->item);
    s->bias = piece(base, &used, s->G * s->H, s->item);
    s->masked = piece(base, &used, s->state ? s->B * s->O : 0, s->item);
    if (s->c->mode == RECUR_INFER)
        return used;
    s->dh = piece(base, &used, s->B * s->O, s->item);
    s->dc = piece(base, &used, s->cell->c ? s->B * s->H : 0, s->item);
    s->draw = piece(base, &used, s->projected ? s->B * s->H : 0, s->item);
    s->dz = piece(base, &used, s->B * s->G * s->H, s->item);
    s->kept_h = piece(base, &used, s->zone_h ? s->B * s->O : 0, s->item);
    s->kept_c = piece(base, &used, s->zone_c ? s->B * s->H : 0, s->item);
    s->dh_mix = piece(base, &used, s->state ? s->B * s->H : 0, s->item);
    s->h_prev = piece(base, &used, N * s->O, s->item);
    s->dproj = piece(base, &used, s->projected ? N * s->O : 0, s->item);
    return used;
}

static scan scan_of(recur_call *c)
{
    const params *q = RCR_PARAMS(params, c);
    const rcr_cell_kernels *cell = &c->k->rnn.cell[q->cell];
    scan s = {.c = c,
              .p = q->p,
              .cell = cell,
              .item = c->k->item,
              .I = recur_dim(c->in[X], -1),
              .G = cell->gates,
              .H = q->H,
              .O = q->O,
              .B = q->p->B,
              .reverse = q->reverse,
              .projected = c->in[W_HR] != NULL,
              .state = c->in[STATE] != NULL,
              .zone_h = q->zoneout_h > 0.0,
              .zone_c = q->zoneout_c > 0.0};
    lay_out_saved(&s, c->saved);
    lay_out_scratch(&s, recur_call_work(c));
    return s;
}

static recur_status scan_shape(recur_call *c)
{
    scan s = scan_of(c);
    const rcr_packing *p = s.p;
    recur_dtype dtype = c->in[X]->dtype;
    int64_t dense[] = {p->T, p->B, s.O}, packed[] = {p->N, s.O}, h[] = {p->B, s.O}, cs[] = {p->B, s.H};
    size_t rows = 0, bytes = 0;
    /* The largest array is smaller than 16 (N + B) (H + O + I) reals. */
    if (!rcr_add_size((size_t)p->N, (size_t)p->B, &rows) ||
        !rcr_mul_size(rows, (size_t)(s.H + s.O + s.I), &bytes) || !rcr_mul_size(bytes, 256, &bytes))
        return rcr_call_fail(c, RECUR_ENOMEM, "%lld steps of %lld units do not fit the machine",
                             (long long)p->N, (long long)s.H);
    recur_status st = p->dense ? rcr_declare(c, dtype, 3, dense) : rcr_declare(c, dtype, 2, packed);
    if (!st)
        st = rcr_declare(c, dtype, 2, h);
    if (!st && s.cell->c)
        st = rcr_declare(c, dtype, 2, cs);
    if (!st)
        st = rcr_save(c, lay_out_saved(&s, NULL));
    return st ? st : recur_call_scratch(c, lay_out_scratch(&s, NULL));
}

/* --- time: which rows a step has, and where they come from --- */

/* Rows `row` .. row + R of a step in sorted order: they lie at packed row `at`; their predecessors at packed
 * row `from`, or where from < 0 they begin here, from the initial state. */
typedef struct span {
    int64_t row, R, at, from;
} span;

/* The spans of step t for rows b0 .. b1: at most two, since in the reverse direction longer sequences are on
 * their way while shorter ones begin. Returns their number. */
static int spans_of(const scan *s, int64_t t, int64_t b0, int64_t b1, span out[2])
{
    const rcr_packing *p = s->p;
    int64_t end = p->active[t] < b1 ? p->active[t] : b1, before = s->reverse ? t + 1 : t - 1;
    if (end <= b0)
        return 0;
    int64_t on_way = before < 0 || before >= p->T ? 0 : p->active[before];
    int64_t split = on_way < b0 ? b0 : on_way < end ? on_way : end;
    int n = 0;
    if (split > b0)
        out[n++] = (span){b0, split - b0, p->offset[t] + b0, p->offset[before] + b0};
    if (end > split)
        out[n++] = (span){split, end - split, p->offset[t] + split, -1};
    return n;
}

static int64_t time_of(const scan *s, int64_t step)
{
    return s->reverse ? s->p->T - 1 - step : step;
}

/* Row `row` of an array with `width` reals a row. */
static char *row_at(const scan *s, const void *array, int64_t row, int64_t width)
{
    return (char *)array + (size_t)(row * width) * s->item;
}

static char *h_before(const scan *s, const span *r)
{
    return r->from < 0 ? row_at(s, s->h0, r->row, s->O) : row_at(s, s->c->out[0]->data, r->from, s->O);
}

static char *c_before(const scan *s, const span *r)
{
    return r->from < 0 ? row_at(s, s->c0, r->row, s->H) : row_at(s, s->cs, r->from, s->H);
}

/* Blocks of rows that threads share: an even number of nearly equal ones, of at most 16 rows. */
static int64_t blocks_of(int64_t B)
{
    return B <= 1 ? B : 2 * ((B + 31) / 32);
}

static void block_rows(const scan *s, int64_t block, int64_t *b0, int64_t *b1)
{
    int64_t n = blocks_of(s->B);
    *b0 = s->B * block / n;
    *b1 = s->B * (block + 1) / n;
}

/* --- forward --- */

/* The caller's rows of slice `index` of a state into sorted order; zeros where there is none. */
static void gather_state(const scan *s, const recur_tensor *state, int64_t width, char *sorted)
{
    size_t bytes = (size_t)width * s->item;
    if (s->B == 0)
        return; /* there are no saved bytes at all */
    if (!state) {
        memset(sorted, 0, bytes * (size_t)s->B);
        return;
    }
    const char *slice = row_at(s, state->data, RCR_PARAMS(params, s->c)->index * s->B, width);
    for (int64_t b = 0; b < s->B; b++)
        memcpy(sorted + (size_t)b * bytes, slice + (size_t)s->p->order[b] * bytes, bytes);
}

/* bias = b_ih + b_hh, but where a gate's hidden bias acts inside the gate (GRU's n) only b_ih. */
static const void *input_bias(const scan *s)
{
    const recur_call *c = s->c;
    int64_t n = s->G * s->H, joint = s->cell->last == RCR_LAST_GRADIENT ? n - s->H : n;
    if (!c->in[B_IH])
        return NULL;
    memcpy(s->bias, c->in[B_IH]->data, (size_t)n * s->item);
    c->k->array.axpy(joint, 1.0, c->in[B_HH]->data, s->bias);
    return s->bias;
}

static void project_input(const scan *s)
{
    const recur_call *c = s->c;
    const void *bias = input_bias(s);
    rcr_gemm g = {.M = s->p->N,
                  .N = s->G * s->H,
                  .K = s->I,
                  .A = {c->in[X]->data, s->I, 1},
                  .B = {c->in[W_IH]->data, 1, s->I},
                  .C = s->gates,
                  .ldc = s->G * s->H,
                  .start = bias ? RCR_START_BIAS : RCR_START_ZERO,
                  .bias = bias};
    rcr_gemm_run(c->cx, c->in[X]->dtype, &g);
}

/* A span's rows of a mask: one for all steps in sorted order, or that of the step; NULL where there is none. */
static char *mask_rows(const scan *s, int input, const span *r, bool locked, int64_t width)
{
    const recur_tensor *m = s->c->in[input];
    return m ? row_at(s, m->data, locked ? r->row : r->at, width) : NULL;
}

static char *candidate_mask(const scan *s, const span *r)
{
    return mask_rows(s, CANDIDATE, r, RCR_PARAMS(params, s->c)->locked, s->H);
}

/* h as the recurrent weight reads it: itself, or in `to` under its mask. */
static char *state_read(const scan *s, const span *r, char *to)
{
    if (!s->state)
        return h_before(s, r);
    s->c->k->drop.times(r->R * s->O, mask_rows(s, STATE, r, true, s->O), h_before(s, r), to);
    return to;
}

/* Zoneout of what a step has made. */
static void zone(const scan *s, const span *r, char *h)
{
    const params *q = RCR_PARAMS(params, s->c);
    const rcr_drop_kernels *drop = &s->c->k->drop;
    if (s->zone_h)
        drop->zone(r->R * s->O, mask_rows(s, KEEP_H, r, false, s->O), q->zoneout_h, h_before(s, r), h);
    if (s->zone_c)
        drop->zone(r->R * s->H, mask_rows(s, KEEP_C, r, false, s->H), q->zoneout_c, c_before(s, r),
                   row_at(s, s->cs, r->at, s->H));
}

static void step_forward(const scan *s, const span *r)
{
    const recur_call *c = s->c;
    bool hidden_bias = s->cell->last == RCR_LAST_GRADIENT && c->in[B_HH];
    char *y = row_at(s, c->out[0]->data, r->at, s->O), *raw = row_at(s, s->raw, r->at, s->H);
    rcr_rnn_step step = {.R = r->R,
                         .H = s->H,
                         .O = s->O,
                         .panel = s->panel,
                         .b_n = hidden_bias ? row_at(s, c->in[B_HH]->data, s->G - 1, s->H) : NULL,
                         .h_prev = state_read(s, r, row_at(s, s->masked, r->row, s->O)),
                         .h_mix = s->cell->mix ? h_before(s, r) : NULL,
                         .c_prev = s->cell->c ? c_before(s, r) : NULL,
                         .drop = candidate_mask(s, r),
                         .gates = row_at(s, s->gates, r->at, s->G * s->H),
                         .extra = row_at(s, s->extra, r->at, s->H),
                         .c = row_at(s, s->cs, r->at, s->H),
                         .h = keeps_raw(s) ? raw : y};
    s->cell->forward(&step);
    if (s->projected)
        c->k->rnn.product(r->R, s->O, s->H, raw, s->H, s->panel_hr, NULL, y);
    else if (keeps_raw(s))
        memcpy(y, raw, (size_t)(r->R * s->O) * s->item);
    zone(s, r, y);
}

static void block_forward(void *job, int64_t block, int worker)
{
    (void)worker;
    const scan *s = job;
    int64_t b0 = 0, b1 = 0;
    block_rows(s, block, &b0, &b1);
    for (int64_t step = 0; step < s->p->T; step++) {
        span spans[2];
        int n = spans_of(s, time_of(s, step), b0, b1, spans);
        for (int i = 0; i < n; i++)
            step_forward(s, &spans[i]);
    }
}

/* A sequence's state after its last step, into the caller's order; the initial one where there was no step.
 */
static void scatter_final(const scan *s, const char *states, const char *initial, int64_t width, char *final)
{
    size_t bytes = (size_t)width * s->item;
    for (int64_t b = 0; b < s->B; b++) {
        int64_t n = s->p->length[b], t = s->reverse ? 0 : n - 1;
        const char *from = n ? row_at(s, states, s->p->offset[t] + b, width) : row_at(s, initial, b, width);
        memcpy(final + (size_t)s->p->order[b] * bytes, from, bytes);
    }
}

static void scan_forward(recur_call *c)
{
    scan s = scan_of(c);
    gather_state(&s, c->in[H0], s.O, s.h0);
    if (s.cell->c)
        gather_state(&s, c->in[C0], s.H, s.c0);
    s.cell->pack(s.H, s.O, c->in[W_HH]->data, s.panel);
    if (s.projected)
        c->k->rnn.product_pack(s.O, s.H, c->in[W_HR]->data, s.H, 1, s.panel_hr);
    project_input(&s);
    rcr_parallel(c->cx, blocks_of(s.B), block_forward, &s);
    scatter_final(&s, c->out[0]->data, s.h0, s.O, c->out[1]->data);
    if (s.cell->c)
        scatter_final(&s, s.cs, s.c0, s.H, c->out[2]->data);
}

/* --- backward --- */

/* Gradient of the final states, from the caller's order to sorted rows; zeros where there is none. */
static void gather_gradient(const scan *s, const void *dstate, int64_t width, char *sorted)
{
    size_t bytes = (size_t)width * s->item;
    if (!dstate)
        memset(sorted, 0, bytes * (size_t)s->B);
    for (int64_t b = 0; dstate && b < s->B; b++)
        memcpy(sorted + (size_t)b * bytes, (const char *)dstate + (size_t)s->p->order[b] * bytes, bytes);
}

/* What has flowed back to the initial states, added to slice `index` in the caller's order. */
static void scatter_gradient(const scan *s, const char *sorted, int64_t width, void *dstate)
{
    int64_t first = RCR_PARAMS(params, s->c)->index * s->B;
    for (int64_t b = 0; dstate && b < s->B; b++)
        s->c->k->array.axpy(width, 1.0, row_at(s, sorted, b, width),
                            row_at(s, dstate, first + s->p->order[b], width));
}

/* Takes out of dh and dc what zoneout leads past the step .. */
static void zone_backward(const scan *s, const span *r, char *dh, char *dc)
{
    const params *q = RCR_PARAMS(params, s->c);
    const rcr_drop_kernels *drop = &s->c->k->drop;
    if (s->zone_h)
        drop->zone_back(r->R * s->O, mask_rows(s, KEEP_H, r, false, s->O), q->zoneout_h, dh,
                        row_at(s, s->kept_h, r->row, s->O));
    if (s->zone_c)
        drop->zone_back(r->R * s->H, mask_rows(s, KEEP_C, r, false, s->H), q->zoneout_c, dc,
                        row_at(s, s->kept_c, r->row, s->H));
}

/* .. and puts it back. Before, what went through the mask of h is masked, and joins what went past it. */
static void join_backward(const scan *s, const span *r, char *dh, char *dc)
{
    const rcr_kernels *k = s->c->k;
    if (s->state)
        k->drop.times(r->R * s->O, mask_rows(s, STATE, r, true, s->O), dh, dh);
    if (s->state && s->cell->mix)
        k->array.axpy(r->R * s->H, 1.0, row_at(s, s->dh_mix, r->row, s->H), dh);
    if (s->zone_h)
        k->array.axpy(r->R * s->O, 1.0, row_at(s, s->kept_h, r->row, s->O), dh);
    if (s->zone_c)
        k->array.axpy(r->R * s->H, 1.0, row_at(s, s->kept_c, r->row, s->H), dc);
}

static void step_backward(const scan *s, const span *r)
{
    const recur_call *c = s->c;
    const rcr_kernels *k = c->k;
    char *dh = row_at(s, s->dh, r->row, s->O), *draw = row_at(s, s->draw, r->row, s->H);
    char *dc = row_at(s, s->dc, r->row, s->H), *h_prev = row_at(s, s->h_prev, r->at, s->O);
    if (rcr_dout(c, 0))
        k->array.axpy(r->R * s->O, 1.0, row_at(s, rcr_dout(c, 0), r->at, s->O), dh);
    zone_backward(s, r, dh, dc);
    if (s->projected) {
        memcpy(row_at(s, s->dproj, r->at, s->O), dh, (size_t)(r->R * s->O) * s->item);
        k->rnn.product(r->R, s->H, s->O, dh, s->O, s->panel_hr, NULL, draw);
    }
    if (state_read(s, r, h_prev) != h_prev)
        memcpy(h_prev, h_before(s, r), (size_t)(r->R * s->O) * s->item);
    rcr_rnn_back back = {.R = r->R,
                         .H = s->H,
                         .O = s->O,
                         .panel = s->panel,
                         .h_prev = h_prev,
                         .h_mix = s->cell->mix ? h_before(s, r) : NULL,
                         .c_prev = s->cell->c ? c_before(s, r) : NULL,
                         .drop = candidate_mask(s, r),
                         .h = row_at(s, keeps_raw(s) ? s->raw : c->out[0]->data, r->at, s->H),
                         .dh = s->projected ? draw : dh,
                         .gates = row_at(s, s->gates, r->at, s->G * s->H),
                         .extra = row_at(s, s->extra, r->at, s->H),
                         .dc = dc,
                         .dz = row_at(s, s->dz, r->row, s->G * s->H),
                         .dh_prev = dh,
                         .dh_mix = s->state ? row_at(s, s->dh_mix, r->row, s->H) : NULL};
    s->cell->backward(&back);
    join_backward(s, r, dh, dc);
}

static void block_backward(void *job, int64_t block, int worker)
{
    (void)worker;
    const scan *s = job;
    int64_t b0 = 0, b1 = 0;
    block_rows(s, block, &b0, &b1);
    for (int64_t step = s->p->T - 1; step >= 0; step--) {
        span spans[2];
        int n = spans_of(s, time_of(s, step), b0, b1, spans);
        for (int i = 0; i < n; i++)
            step_backward(s, &spans[i]);
    }
}

/* dw[M, width] += a^T b over all rows: a = columns `first` .. first + M of rows of `lda` reals, b [N, width].
 */
static void weight_gradient(const scan *s, const char *a, int64_t first, int64_t M, int64_t lda,
                            const void *b, int64_t width, void *dw)
{
    rcr_gemm g = {.M = M,
                  .N = width,
                  .K = s->p->N,
                  .A = {a + (size_t)first * s->item, 1, lda},
                  .B = {b, width, 1},
                  .C = dw,
                  .ldc = width,
                  .start = RCR_START_C};
    rcr_gemm_run(s->c->cx, s->c->in[X]->dtype, &g);
}

static void recurrent_weight_gradient(const scan *s, char *dw)
{
    int64_t GH = s->G * s->H, joint = s->cell->last == RCR_LAST_SAME ? GH : GH - s->H;
    char *last = dw + (size_t)(joint * s->O) * s->item;
    weight_gradient(s, s->gates, 0, joint, GH, s->h_prev, s->O, dw);
    if (s->cell->last == RCR_LAST_GRADIENT)
        weight_gradient(s, s->extra, 0, s->H, s->H, s->h_prev, s->O, last);
    if (s->cell->last == RCR_LAST_STATE)
        weight_gradient(s, s->gates, joint, s->H, GH, s->extra, s->O, last);
}

/* Sums over all rows of an array [N, n]. */
typedef struct summing {
    const scan *s;
    const char *rows;
    int64_t n;
} summing;

static void sum_columns(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const summing *j = job;
    const scan *s = j->s;
    s->c->k->reduce.sum_rows(s->p->N, to - from, j->n, rcr_at(j->rows, from, s->item),
                             rcr_at(s->bias, from, s->item));
}

/* They are left in s->bias. */
static const char *row_sums(const scan *s, const char *rows, int64_t n)
{
    enum { LEAST = 128 }; /* columns of a range: whole cache lines */
    int64_t grain = rcr_grain(s->p->N);
    summing j = {s, rows, n};
    rcr_ranges(s->c->cx, n, grain < LEAST ? LEAST : grain, sum_columns, &j);
    return s->bias;
}

static void bias_gradients(const scan *s)
{
    int64_t GH = s->G * s->H;
    bool separate = s->cell->last == RCR_LAST_GRADIENT;
    char *db_ih = rcr_din(s->c, B_IH), *db_hh = rcr_din(s->c, B_HH);
    if (!db_ih && !db_hh)
        return;
    const rcr_array_kernels *array = &s->c->k->array;
    const char *sums = row_sums(s, s->gates, GH);
    if (db_ih)
        array->axpy(GH, 1.0, sums, db_ih);
    if (db_hh)
        array->axpy(separate ? GH - s->H : GH, 1.0, sums, db_hh);
    if (db_hh && separate)
        array->axpy(s->H, 1.0, row_sums(s, s->extra, s->H), row_at(s, db_hh, s->G - 1, s->H));
}

static void input_gradient(const scan *s, void *dx)
{
    const recur_call *c = s->c;
    int64_t GH = s->G * s->H;
    rcr_gemm g = {.M = s->p->N,
                  .N = s->I,
                  .K = GH,
                  .A = {s->gates, GH, 1},
                  .B = {c->in[W_IH]->data, s->I, 1},
                  .C = dx,
                  .ldc = s->I,
                  .start = RCR_START_C};
    rcr_gemm_run(c->cx, c->in[X]->dtype, &g);
}

static void parameter_gradients(const scan *s)
{
    recur_call *c = s->c;
    if (rcr_din(c, W_HH))
        recurrent_weight_gradient(s, rcr_din(c, W_HH));
    if (rcr_din(c, W_IH))
        weight_gradient(s, s->gates, 0, s->G * s->H, s->G * s->H, c->in[X]->data, s->I, rcr_din(c, W_IH));
    if (s->projected && rcr_din(c, W_HR))
        weight_gradient(s, s->dproj, 0, s->O, s->O, s->raw, s->H, rcr_din(c, W_HR));
    bias_gradients(s);
    if (rcr_din(c, X))
        input_gradient(s, rcr_din(c, X));
}

static void scan_backward(recur_call *c)
{
    scan s = scan_of(c);
    gather_gradient(&s, rcr_dout(c, 1), s.O, s.dh);
    if (s.cell->c)
        gather_gradient(&s, rcr_dout(c, 2), s.H, s.dc);
    s.cell->pack_back(s.H, s.O, c->in[W_HH]->data, s.panel);
    if (s.projected)
        c->k->rnn.product_pack(s.H, s.O, c->in[W_HR]->data, 1, s.H, s.panel_hr);
    rcr_parallel(c->cx, blocks_of(s.B), block_backward, &s);
    scatter_gradient(&s, s.dh, s.O, rcr_din(c, H0));
    if (s.cell->c)
        scatter_gradient(&s, s.dc, s.H, rcr_din(c, C0));
    parameter_gradients(&s);
}

static const recur_op scan_op = {"rnn scan", scan_shape, scan_forward, scan_backward};

rcr_scan_out rcr_scan(recur_tape *tp, const rcr_scan_in *in)
{
    const rcr_weights *w = in->w;
    const rcr_drops *d = in->drops;
    recur_tensor *inputs[INPUTS] = {in->x,  w->w_ih, w->w_hh,  w->b_ih,      w->b_hh,   w->w_hr,
                                    in->h0, in->c0,  d->state, d->candidate, d->keep_h, d->keep_c};
    params q = {in->cell, in->H, in->O, in->index, in->p, in->reverse, d->locked, d->zoneout_h, d->zoneout_c};
    recur_tensor *y = recur_apply(tp, &scan_op, inputs, INPUTS, &q, sizeof q);
    return (rcr_scan_out){y, recur_output(y, 1), in->cell == RECUR_LSTM ? recur_output(y, 2) : NULL};
}
