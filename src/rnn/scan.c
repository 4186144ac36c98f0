// SPDX-License-Identifier: MIT
/*
 * The fused scan: a recurrent layer in one direction over the whole of a packed batch, as one operation.
 *
 * Forward
 *   1. gates[N, G*H] = x[N, I] W_ih^T + biases: one product over all time steps;
 *   2. for each block of rows, for t in time: the cell's step (kernel/rnn.h), which turns `gates` into what
 *      backward needs.
 * Backward (scan_back.c)
 *   1. for each block of rows, for t backwards: the cell's step back, which turns `gates` into their gradients;
 *   2. dW_hh = gates^T h_prev, dW_ih = gates^T x, dx = gates W_ih, db = sum of gates: each one product over
 *      all time steps.
 *
 * Blocks of rows are independent, so threads share them and no bit depends on how. Rows of a block come and go
 * with their lengths; the states a step begins from are those of the neighbouring step, or the initial ones
 * where a sequence begins.
 */
#include "rnn/pass.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "op/linear.h"
#include "tape/kept.h"

static recur_status scan_shape(recur_call *c)
{
    rcr_pass s = rcr_pass_of(c);
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
        st = rcr_save(c, rcr_pass_saved(&s, NULL));
    if (!st)
        st = rcr_keep_panels(&s);
    if (!st)
        st = rcr_keep_weight(c, c->in[W_IH], p->N);
    return st ? st : recur_call_scratch(c, rcr_pass_scratch(&s, NULL));
}

/* --- forward --- */

/* The caller's rows of slice `index` of a state into sorted order; zeros where there is none. */
static void gather_state(const rcr_pass *s, const recur_tensor *state, int64_t width, char *sorted)
{
    size_t bytes = (size_t)width * s->item;
    if (s->B == 0)
        return; /* there are no saved bytes at all */
    if (!state) {
        memset(sorted, 0, bytes * (size_t)s->B);
        return;
    }
    const char *slice = rcr_pass_row(s, state->data, RCR_PARAMS(rcr_pass_params, s->c)->index * s->B, width);
    for (int64_t b = 0; b < s->B; b++)
        memcpy(sorted + (size_t)b * bytes, slice + (size_t)s->p->order[b] * bytes, bytes);
}

/* bias = b_ih + b_hh, but where a gate's hidden bias acts inside the gate (GRU's n) only b_ih. */
static const void *input_bias(const rcr_pass *s)
{
    const recur_call *c = s->c;
    int64_t n = s->G * s->H, joint = s->cell->last == RCR_LAST_GRADIENT ? n - s->H : n;
    if (!c->in[B_IH])
        return NULL;
    memcpy(s->bias, c->in[B_IH]->data, (size_t)n * s->item);
    c->k->array.axpy(joint, 1.0, c->in[B_HH]->data, s->bias);
    return s->bias;
}

/* A norm adds the bias later. */
static void project_input(const rcr_pass *s)
{
    const recur_call *c = s->c;
    const void *bias = input_bias(s);
    rcr_times_weight(c, c->in[W_IH], s->p->N, c->in[X]->data, s->normed ? NULL : bias,
                     s->normed ? s->x : s->gates);
}

/* Zoneout of what a step has made. */
static void zone(const rcr_pass *s, const rcr_span *r, char *h)
{
    const rcr_pass_params *q = RCR_PARAMS(rcr_pass_params, s->c);
    const rcr_drop_kernels *drop = &s->c->k->drop;
    if (s->zone_h)
        drop->zone(r->R * s->O, rcr_mask_rows(s, KEEP_H, r, false, s->O), q->zoneout_h, rcr_h_before(s, r),
                   h);
    if (s->zone_c)
        drop->zone(r->R * s->H, rcr_mask_rows(s, KEEP_C, r, false, s->H), q->zoneout_c, rcr_c_before(s, r),
                   rcr_pass_row(s, s->cs, r->at, s->H));
}

static void step_forward(const rcr_pass *s, const rcr_span *r)
{
    const recur_call *c = s->c;
    bool hidden_bias = s->cell->last == RCR_LAST_GRADIENT && c->in[B_HH];
    char *y = rcr_pass_row(s, c->out[0]->data, r->at, s->O), *raw = rcr_pass_row(s, s->raw, r->at, s->H);
    rcr_rnn_step step = {.R = r->R,
                         .H = s->H,
                         .O = s->O,
                         .panel = s->panel,
                         .b_n = hidden_bias ? rcr_pass_row(s, c->in[B_HH]->data, s->G - 1, s->H) : NULL,
                         .h_prev = rcr_state_read(s, r, rcr_pass_row(s, s->masked, r->row, s->O)),
                         .h_mix = s->cell->mix ? rcr_h_before(s, r) : NULL,
                         .c_prev = s->cell->c ? rcr_c_before(s, r) : NULL,
                         .drop = rcr_candidate_mask(s, r),
                         .gates = rcr_pass_row(s, s->gates, r->at, s->G * s->H),
                         .extra = rcr_pass_row(s, s->extra, r->at, s->H),
                         .c = rcr_pass_row(s, s->cs, r->at, s->H),
                         .h = rcr_keeps_raw(s) ? raw : y,
                         .norm = rcr_norm_rows(s, r)};
    s->cell->forward(&step);
    if (s->projected)
        c->k->rnn.product(r->R, s->O, s->H, raw, s->H, s->panel_hr, NULL, y);
    else if (rcr_keeps_raw(s))
        memcpy(y, raw, (size_t)(r->R * s->O) * s->item);
    zone(s, r, y);
}

static void block_forward(void *job, int64_t block, int worker)
{
    (void)worker;
    const rcr_pass *s = job;
    int64_t b0 = 0, b1 = 0;
    rcr_block_rows(s, block, &b0, &b1);
    for (int64_t step = 0; step < s->p->T; step++) {
        rcr_span spans[2];
        int n = rcr_spans_of(s, rcr_time_of(s, step), b0, b1, spans);
        for (int i = 0; i < n; i++)
            step_forward(s, &spans[i]);
    }
}

/* A sequence's state after its last step, into the caller's order; the initial one where there was no step.
 */
static void scatter_final(const rcr_pass *s, const char *states, const char *initial, int64_t width,
                          char *final)
{
    size_t bytes = (size_t)width * s->item;
    for (int64_t b = 0; b < s->B; b++) {
        int64_t n = s->p->length[b], t = s->reverse ? 0 : n - 1;
        const char *from =
            n ? rcr_pass_row(s, states, s->p->offset[t] + b, width) : rcr_pass_row(s, initial, b, width);
        memcpy(final + (size_t)s->p->order[b] * bytes, from, bytes);
    }
}

static void scan_forward(recur_call *c)
{
    rcr_pass s = rcr_pass_of(c);
    gather_state(&s, c->in[H0], s.O, s.h0);
    if (s.cell->c)
        gather_state(&s, c->in[C0], s.H, s.c0);
    if (!rcr_kept(c, c->in[W_HH], rcr_cell_form(&s, RCR_CELL_FORWARD), &s.panel))
        s.cell->pack(s.H, s.O, c->in[W_HH]->data, s.panel);
    if (s.projected && !rcr_kept(c, c->in[W_HR], RCR_FORM_PRODUCT, &s.panel_hr))
        c->k->rnn.product_pack(s.O, s.H, c->in[W_HR]->data, s.H, 1, s.panel_hr);
    project_input(&s);
    rcr_parallel(c->cx, rcr_blocks_of(s.B), block_forward, &s);
    scatter_final(&s, c->out[0]->data, s.h0, s.O, c->out[1]->data);
    if (s.cell->c)
        scatter_final(&s, s.cs, s.c0, s.H, c->out[2]->data);
}

static const recur_op scan_op = {"rnn scan", scan_shape, scan_forward, rcr_scan_backward};

rcr_scan_out rcr_scan(recur_tape *tp, const rcr_scan_in *in)
{
    const rcr_weights *w = in->w;
    const rcr_drops *d = in->drops;
    recur_tensor *inputs[INPUTS] = {[X] = in->x,
                                    [W_IH] = w->w_ih,
                                    [W_HH] = w->w_hh,
                                    [B_IH] = w->b_ih,
                                    [B_HH] = w->b_hh,
                                    [W_HR] = w->w_hr,
                                    [H0] = in->h0,
                                    [C0] = in->c0,
                                    [STATE] = d->state,
                                    [CANDIDATE] = d->candidate,
                                    [KEEP_H] = d->keep_h,
                                    [KEEP_C] = d->keep_c,
                                    [GAIN_IH] = w->gain_ih,
                                    [GAIN_HH] = w->gain_hh,
                                    [GAIN_C] = w->gain_c,
                                    [BIAS_C] = w->bias_c};
    rcr_pass_params q = {in->cell,    in->H,     in->O,        in->index,   in->p,
                         in->reverse, d->locked, d->zoneout_h, d->zoneout_c};
    recur_tensor *y = recur_apply(tp, &scan_op, inputs, INPUTS, &q, sizeof q);
    return (rcr_scan_out){y, recur_output(y, 1), in->cell == RECUR_LSTM ? recur_output(y, 2) : NULL};
}
