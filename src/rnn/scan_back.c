// SPDX-License-Identifier: MIT
/* The fused scan backward: first through time, block by block, then the gradients of the parameters, each one product
 * over all time steps. */
#include "rnn/pass.h"

#include <string.h>

#include "base/pool.h"
#include "op/ranges.h"
#include "op/shape.h"
#include "tape/kept.h"

/* Gradient of the final states, from the caller's order to sorted rows; zeros where there is none. */
static void gather_gradient(const rcr_pass *s, const void *dstate, int64_t width, char *sorted)
{
    size_t bytes = (size_t)width * s->item;
    if (!dstate)
        memset(sorted, 0, bytes * (size_t)s->B);
    for (int64_t b = 0; dstate && b < s->B; b++)
        memcpy(sorted + (size_t)b * bytes, (const char *)dstate + (size_t)s->p->order[b] * bytes, bytes);
}

/* What has flowed back to the initial states, added to slice `index` in the caller's order. */
static void scatter_gradient(const rcr_pass *s, const char *sorted, int64_t width, void *dstate)
{
    int64_t first = RCR_PARAMS(rcr_pass_params, s->c)->index * s->B;
    for (int64_t b = 0; dstate && b < s->B; b++)
        s->c->k->array.axpy(width, 1.0, rcr_pass_row(s, sorted, b, width),
                            rcr_pass_row(s, dstate, first + s->p->order[b], width));
}

/* Takes out of dh and dc what zoneout leads past the step .. */
static void zone_backward(const rcr_pass *s, const rcr_span *r, char *dh, char *dc)
{
    const rcr_pass_params *q = RCR_PARAMS(rcr_pass_params, s->c);
    const rcr_drop_kernels *drop = &s->c->k->drop;
    if (s->zone_h)
        drop->zone_back(r->R * s->O, rcr_mask_rows(s, KEEP_H, r, false, s->O), q->zoneout_h, dh,
                        rcr_pass_row(s, s->kept_h, r->row, s->O));
    if (s->zone_c)
        drop->zone_back(r->R * s->H, rcr_mask_rows(s, KEEP_C, r, false, s->H), q->zoneout_c, dc,
                        rcr_pass_row(s, s->kept_c, r->row, s->H));
}

/* .. and puts it back. Before, what went through the mask of h is masked, and joins what went past it. */
static void join_backward(const rcr_pass *s, const rcr_span *r, char *dh, char *dc)
{
    const rcr_kernels *k = s->c->k;
    if (s->state)
        k->drop.times(r->R * s->O, rcr_mask_rows(s, STATE, r, true, s->O), dh, dh);
    if (s->state && s->cell->mix)
        k->array.axpy(r->R * s->H, 1.0, rcr_pass_row(s, s->dh_mix, r->row, s->H), dh);
    if (s->zone_h)
        k->array.axpy(r->R * s->O, 1.0, rcr_pass_row(s, s->kept_h, r->row, s->O), dh);
    if (s->zone_c)
        k->array.axpy(r->R * s->H, 1.0, rcr_pass_row(s, s->kept_c, r->row, s->H), dc);
}

static void step_backward(const rcr_pass *s, const rcr_span *r, int64_t block)
{
    const recur_call *c = s->c;
    const rcr_kernels *k = c->k;
    char *dh = rcr_pass_row(s, s->dh, r->row, s->O), *draw = rcr_pass_row(s, s->draw, r->row, s->H);
    char *dc = rcr_pass_row(s, s->dc, r->row, s->H), *h_prev = rcr_pass_row(s, s->h_prev, r->at, s->O);
    if (rcr_dout(c, 0))
        k->array.axpy(r->R * s->O, 1.0, rcr_pass_row(s, rcr_dout(c, 0), r->at, s->O), dh);
    zone_backward(s, r, dh, dc);
    if (s->projected) {
        memcpy(rcr_pass_row(s, s->dproj, r->at, s->O), dh, (size_t)(r->R * s->O) * s->item);
        k->rnn.product(r->R, s->H, s->O, dh, s->O, s->panel_hr, NULL, draw);
    }
    if (rcr_state_read(s, r, h_prev) != h_prev)
        memcpy(h_prev, rcr_h_before(s, r), (size_t)(r->R * s->O) * s->item);
    rcr_rnn_back back = {.R = r->R,
                         .H = s->H,
                         .O = s->O,
                         .panel = s->panel,
                         .h_prev = h_prev,
                         .h_mix = s->cell->mix ? rcr_h_before(s, r) : NULL,
                         .c_prev = s->cell->c ? rcr_c_before(s, r) : NULL,
                         .drop = rcr_candidate_mask(s, r),
                         .h = rcr_pass_row(s, rcr_keeps_raw(s) ? s->raw : c->out[0]->data, r->at, s->H),
                         .dh = s->projected ? draw : dh,
                         .gates = rcr_pass_row(s, s->gates, r->at, s->G * s->H),
                         .extra = rcr_pass_row(s, s->extra, r->at, s->H),
                         .dc = dc,
                         .dz = rcr_pass_row(s, s->dz, r->row, s->G * s->H),
                         .dh_prev = dh,
                         .dh_mix = s->state ? rcr_pass_row(s, s->dh_mix, r->row, s->H) : NULL,
                         .norm = rcr_norm_back_rows(s, r, block)};
    s->cell->backward(&back);
    join_backward(s, r, dh, dc);
}

static void block_backward(void *job, int64_t block, int worker)
{
    (void)worker;
    const rcr_pass *s = job;
    int64_t b0 = 0, b1 = 0;
    rcr_block_rows(s, block, &b0, &b1);
    if (s->normed)
        s->c->k->array.fill(rcr_gains(s), 0.0, rcr_block_gains(s, block));
    for (int64_t step = s->p->T - 1; step >= 0; step--) {
        rcr_span spans[2];
        int n = rcr_spans_of(s, rcr_time_of(s, step), b0, b1, spans);
        for (int i = 0; i < n; i++)
            step_backward(s, &spans[i], block);
    }
}

/* dw[M, width] += a^T b over all rows: a = columns `first` .. first + M of rows of `lda` reals, b [N, width].
 */
static void weight_gradient(const rcr_pass *s, const char *a, int64_t first, int64_t M, int64_t lda,
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

static void recurrent_weight_gradient(const rcr_pass *s, char *dw)
{
    int64_t GH = s->G * s->H, joint = s->cell->last == RCR_LAST_SAME ? GH : GH - s->H;
    char *last = dw + (size_t)(joint * s->O) * s->item;
    if (s->normed) {
        weight_gradient(s, s->z, 0, GH, GH, s->h_prev, s->O, dw);
        return;
    }
    weight_gradient(s, s->gates, 0, joint, GH, s->h_prev, s->O, dw);
    if (s->cell->last == RCR_LAST_GRADIENT)
        weight_gradient(s, s->extra, 0, s->H, s->H, s->h_prev, s->O, last);
    if (s->cell->last == RCR_LAST_STATE)
        weight_gradient(s, s->gates, joint, s->H, GH, s->extra, s->O, last);
}

/* Sums over all rows of an array [N, n]. */
typedef struct summing {
    const rcr_pass *s;
    const char *rows;
    int64_t n;
} summing;

static void sum_columns(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const summing *j = job;
    const rcr_pass *s = j->s;
    s->c->k->reduce.sum_rows(s->p->N, to - from, j->n, rcr_at(j->rows, from, s->item),
                             rcr_at(s->bias, from, s->item));
}

/* They are left in s->bias. */
static const char *row_sums(const rcr_pass *s, const char *rows, int64_t n)
{
    enum { LEAST = 128 }; /* columns of a range: whole cache lines */
    int64_t grain = rcr_grain(s->p->N);
    summing j = {s, rows, n};
    rcr_ranges(s->c->cx, n, grain < LEAST ? LEAST : grain, sum_columns, &j);
    return s->bias;
}

static void bias_gradients(const rcr_pass *s)
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
        array->axpy(s->H, 1.0, row_sums(s, s->extra, s->H), rcr_pass_row(s, db_hh, s->G - 1, s->H));
}

/* The gradients of gains and of bias_c: those of all blocks, in order. */
static void gain_gradients(const rcr_pass *s)
{
    static const int inputs[] = {GAIN_IH, GAIN_HH, GAIN_C, BIAS_C};
    int64_t at = 0, n = 0;
    for (int i = 0; s->normed && i < 4; i++, at += n) {
        n = i < 2 ? s->G * s->H : s->H;
        void *d = rcr_din(s->c, inputs[i]);
        for (int64_t block = 0; d && block < rcr_blocks_of(s->B); block++)
            s->c->k->array.axpy(n, 1.0, rcr_pass_row(s, rcr_block_gains(s, block), at, 1), d);
    }
}

/* The gradient of W_ih x. */
static const char *input_sums(const rcr_pass *s)
{
    return s->normed ? s->x : s->gates;
}

static void input_gradient(const rcr_pass *s, void *dx)
{
    const recur_call *c = s->c;
    int64_t GH = s->G * s->H;
    rcr_gemm g = {.M = s->p->N,
                  .N = s->I,
                  .K = GH,
                  .A = {input_sums(s), GH, 1},
                  .B = {c->in[W_IH]->data, s->I, 1},
                  .C = dx,
                  .ldc = s->I,
                  .start = RCR_START_C};
    rcr_gemm_run(c->cx, c->in[X]->dtype, &g);
}

static void parameter_gradients(const rcr_pass *s)
{
    recur_call *c = s->c;
    if (rcr_din(c, W_HH))
        recurrent_weight_gradient(s, rcr_din(c, W_HH));
    if (rcr_din(c, W_IH))
        weight_gradient(s, input_sums(s), 0, s->G * s->H, s->G * s->H, c->in[X]->data, s->I,
                        rcr_din(c, W_IH));
    if (s->projected && rcr_din(c, W_HR))
        weight_gradient(s, s->dproj, 0, s->O, s->O, s->raw, s->H, rcr_din(c, W_HR));
    bias_gradients(s);
    gain_gradients(s);
    if (rcr_din(c, X))
        input_gradient(s, rcr_din(c, X));
}

void rcr_scan_backward(recur_call *c)
{
    rcr_pass s = rcr_pass_of(c);
    gather_gradient(&s, rcr_dout(c, 1), s.O, s.dh);
    if (s.cell->c)
        gather_gradient(&s, rcr_dout(c, 2), s.H, s.dc);
    if (!rcr_kept(c, c->in[W_HH], rcr_cell_form(&s, RCR_CELL_BACK), &s.panel))
        s.cell->pack_back(s.H, s.O, c->in[W_HH]->data, s.panel);
    if (s.projected && !rcr_kept(c, c->in[W_HR], RCR_FORM_PRODUCT_BACK, &s.panel_hr))
        c->k->rnn.product_pack(s.H, s.O, c->in[W_HR]->data, 1, s.H, s.panel_hr);
    rcr_parallel(c->cx, rcr_blocks_of(s.B), block_backward, &s);
    scatter_gradient(&s, s.dh, s.O, rcr_din(c, H0));
    if (s.cell->c)
        scatter_gradient(&s, s.dc, s.H, rcr_din(c, C0));
    parameter_gradients(&s);
}
