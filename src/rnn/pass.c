// SPDX-License-Identifier: MIT
/* The arrays of a pass of the scan, and the rows of its steps. */
#include "rnn/pass.h"

#include "base/alloc.h"
#include "tape/kept.h"

/* --- layout of the saved and scratch bytes --- */

bool rcr_keeps_raw(const rcr_pass *s)
{
    return s->projected || (s->zone_h && s->cell->reads);
}

size_t rcr_pass_saved(rcr_pass *s, char *base)
{
    int64_t N = s->p->N;
    size_t used = 0;
    s->gates = rcr_piece(base, &used, N * s->G * s->H, s->item);
    s->extra = rcr_piece(base, &used, s->cell->extra ? N * s->H : 0, s->item);
    s->cs = rcr_piece(base, &used, s->cell->c ? N * s->H : 0, s->item);
    s->raw = rcr_piece(base, &used, rcr_keeps_raw(s) ? N * s->H : 0, s->item);
    s->h0 = rcr_piece(base, &used, s->B * s->O, s->item);
    s->c0 = rcr_piece(base, &used, s->cell->c ? s->B * s->H : 0, s->item);
    s->x = rcr_piece(base, &used, s->normed ? N * s->G * s->H : 0, s->item);
    s->z = rcr_piece(base, &used, s->normed ? N * s->G * s->H : 0, s->item);
    s->stats = rcr_piece(base, &used, s->normed ? N * RCR_RNN_STATS : 0, s->item);
    return used;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

size_t rcr_pass_scratch(rcr_pass *s, char *base)
{
    const rcr_kernels *k = s->c->k;
    int64_t N = s->p->N, P = s->projected ? s->O : 0;
    size_t used = 0;
    s->panel = rcr_piece(
        base, &used, larger(s->cell->panel_size(s->H, s->O), s->cell->panel_back_size(s->H, s->O)), s->item);
    s->panel_hr =
        rcr_piece(base, &used, larger(k->rnn.product_size(P, s->H), k->rnn.product_size(s->H, P)), s->item);
    s->bias = rcr_piece(base, &used, s->G * s->H, s->item);
    s->masked = rcr_piece(base, &used, s->state ? s->B * s->O : 0, s->item);
    if (s->c->mode == RECUR_INFER)
        return used;
    s->dh = rcr_piece(base, &used, s->B * s->O, s->item);
    s->dc = rcr_piece(base, &used, s->cell->c ? s->B * s->H : 0, s->item);
    s->draw = rcr_piece(base, &used, s->projected ? s->B * s->H : 0, s->item);
    s->dz = rcr_piece(base, &used, s->B * s->G * s->H, s->item);
    s->kept_h = rcr_piece(base, &used, s->zone_h ? s->B * s->O : 0, s->item);
    s->kept_c = rcr_piece(base, &used, s->zone_c ? s->B * s->H : 0, s->item);
    s->dh_mix = rcr_piece(base, &used, s->state ? s->B * s->H : 0, s->item);
    s->dgains = rcr_piece(base, &used, s->normed ? rcr_blocks_of(s->B) * rcr_gains(s) : 0, s->item);
    s->h_prev = rcr_piece(base, &used, N * s->O, s->item);
    s->dproj = rcr_piece(base, &used, s->projected ? N * s->O : 0, s->item);
    return used;
}

int rcr_cell_form(const rcr_pass *s, int walk)
{
    int cell = (int)RCR_PARAMS(rcr_pass_params, s->c)->cell;
    return RCR_FORM_CELL + RCR_CELL_FORMS * cell + (s->normed ? RCR_NORMED_FORWARD : 0) + walk;
}

recur_status rcr_keep_panels(const rcr_pass *s)
{
    recur_call *c = s->c;
    const recur_tensor *w = c->in[W_HH], *hr = c->in[W_HR]; /* NULL without a projection */
    const rcr_rnn_kernels *k = &c->k->rnn;
    struct {
        const recur_tensor *w;
        int form;
        int64_t reals;
    } panel[] = {{w, rcr_cell_form(s, RCR_CELL_FORWARD), s->cell->panel_size(s->H, s->O)},
                 {hr, RCR_FORM_PRODUCT, k->product_size(s->O, s->H)},
                 {w, rcr_cell_form(s, RCR_CELL_BACK), s->cell->panel_back_size(s->H, s->O)},
                 {hr, RCR_FORM_PRODUCT_BACK, k->product_size(s->H, s->O)}};
    recur_status status = RECUR_OK;
    for (int i = 0; i < (c->mode == RECUR_INFER ? 2 : 4) && !status; i++)
        status = rcr_keep(c, panel[i].w, panel[i].form, (size_t)panel[i].reals * s->item);
    return status;
}

rcr_pass rcr_pass_of(recur_call *c)
{
    const rcr_pass_params *q = RCR_PARAMS(rcr_pass_params, c);
    bool normed = c->in[GAIN_IH];
    const rcr_cell_kernels *cell = normed ? &c->k->rnn.normed[q->cell] : &c->k->rnn.cell[q->cell];
    rcr_pass s = {.c = c,
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
                  .zone_c = q->zoneout_c > 0.0,
                  .normed = normed};
    rcr_pass_saved(&s, c->saved);
    rcr_pass_scratch(&s, recur_call_work(c));
    return s;
}

/* --- time: which rows a step has, and where they come from --- */

int rcr_spans_of(const rcr_pass *s, int64_t t, int64_t b0, int64_t b1, rcr_span out[2])
{
    const rcr_packing *p = s->p;
    int64_t end = p->active[t] < b1 ? p->active[t] : b1, before = s->reverse ? t + 1 : t - 1;
    if (end <= b0)
        return 0;
    int64_t on_way = before < 0 || before >= p->T ? 0 : p->active[before];
    int64_t split = on_way < b0 ? b0 : on_way < end ? on_way : end;
    int n = 0;
    if (split > b0)
        out[n++] = (rcr_span){b0, split - b0, p->offset[t] + b0, p->offset[before] + b0};
    if (end > split)
        out[n++] = (rcr_span){split, end - split, p->offset[t] + split, -1};
    return n;
}

int64_t rcr_time_of(const rcr_pass *s, int64_t step)
{
    return s->reverse ? s->p->T - 1 - step : step;
}

char *rcr_h_before(const rcr_pass *s, const rcr_span *r)
{
    return r->from < 0 ? rcr_pass_row(s, s->h0, r->row, s->O)
                       : rcr_pass_row(s, s->c->out[0]->data, r->from, s->O);
}

char *rcr_c_before(const rcr_pass *s, const rcr_span *r)
{
    return r->from < 0 ? rcr_pass_row(s, s->c0, r->row, s->H) : rcr_pass_row(s, s->cs, r->from, s->H);
}

int64_t rcr_blocks_of(int64_t B)
{
    return B <= 1 ? B : 2 * ((B + 31) / 32);
}

void rcr_block_rows(const rcr_pass *s, int64_t block, int64_t *b0, int64_t *b1)
{
    int64_t n = rcr_blocks_of(s->B);
    *b0 = s->B * block / n;
    *b1 = s->B * (block + 1) / n;
}

char *rcr_mask_rows(const rcr_pass *s, int input, const rcr_span *r, bool locked, int64_t width)
{
    const recur_tensor *m = s->c->in[input];
    return m ? rcr_pass_row(s, m->data, locked ? r->row : r->at, width) : NULL;
}

char *rcr_candidate_mask(const rcr_pass *s, const rcr_span *r)
{
    return rcr_mask_rows(s, CANDIDATE, r, RCR_PARAMS(rcr_pass_params, s->c)->locked, s->H);
}

char *rcr_state_read(const rcr_pass *s, const rcr_span *r, char *to)
{
    if (!s->state)
        return rcr_h_before(s, r);
    s->c->k->drop.times(r->R * s->O, rcr_mask_rows(s, STATE, r, true, s->O), rcr_h_before(s, r), to);
    return to;
}

/* --- layer norm --- */

int64_t rcr_gains(const rcr_pass *s)
{
    return 2 * s->G * s->H + 2 * s->H;
}

char *rcr_block_gains(const rcr_pass *s, int64_t block)
{
    return rcr_pass_row(s, s->dgains, block, rcr_gains(s));
}

rcr_rnn_norm rcr_norm_rows(const rcr_pass *s, const rcr_span *r)
{
    recur_tensor *const *in = s->c->in;
    int64_t GH = s->G * s->H;
    if (!s->normed)
        return (rcr_rnn_norm){.eps = 0.0};
    return (rcr_rnn_norm){.eps = RCR_NORM_EPS,
                          .gain_ih = in[GAIN_IH]->data,
                          .gain_hh = in[GAIN_HH]->data,
                          .bias = in[B_IH] ? s->bias : NULL,
                          .gain_c = in[GAIN_C] ? in[GAIN_C]->data : NULL,
                          .bias_c = in[BIAS_C] ? in[BIAS_C]->data : NULL,
                          .x = rcr_pass_row(s, s->x, r->at, GH),
                          .z = rcr_pass_row(s, s->z, r->at, GH),
                          .stats = rcr_pass_row(s, s->stats, r->at, RCR_RNN_STATS)};
}

rcr_rnn_norm rcr_norm_back_rows(const rcr_pass *s, const rcr_span *r, int64_t block)
{
    rcr_rnn_norm q = rcr_norm_rows(s, r);
    int64_t GH = s->G * s->H;
    if (!s->normed)
        return q;
    char *dgains = rcr_block_gains(s, block);
    q.dgain_ih = dgains;
    q.dgain_hh = rcr_pass_row(s, dgains, 1, GH);
    q.dgain_c = rcr_pass_row(s, dgains, 2, GH);
    q.dbias_c = rcr_pass_row(s, dgains, 2 * s->G + 1, s->H);
    return q;
}
