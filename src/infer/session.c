// SPDX-License-Identifier: MIT
/* A step through a plan: the kernels of the training pass on weights packed beforehand, so the bits are the
 * same. */
#include "infer/session.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"

/* --- the parts --- */

void rcr_step_embedding(const rcr_part *part, recur_session *s, const void *x, void *y)
{
    const int64_t *ids = x;
    size_t row = (size_t)part->out * s->plan->k->item;
    for (int64_t b = 0; b < s->B; b++) {
        int64_t id = ids[b] >= 0 && ids[b] < part->V ? ids[b] : 0;
        memcpy((char *)y + (size_t)b * row, (const char *)part->panel + (size_t)id * row, row);
    }
}

void rcr_step_linear(const rcr_part *part, recur_session *s, const void *x, void *y)
{
    s->plan->k->rnn.product(s->B, part->out, part->in, x, part->in, part->panel, part->bias, y);
}

static char *state_at(const recur_session *s, size_t reals)
{
    return s->states + reals * (size_t)s->B * s->plan->k->item;
}

/* Zoneout evaluates to its expectation: of what a step has made, y and c, the probability's share is what was. */
static void zone(const rcr_part *part, const recur_session *s, const char *h, char *c, void *y)
{
    const rcr_kernels *k = s->plan->k;
    if (part->zoneout_h > 0.0)
        k->drop.zone(s->B * part->out, NULL, part->zoneout_h, h, y);
    if (part->zoneout_c > 0.0) {
        k->drop.zone(s->B * part->H, NULL, part->zoneout_c, c, s->fresh);
        memcpy(c, s->fresh, (size_t)(s->B * part->H) * k->item);
    }
}

/* With layer norm the product over x is a cell's input as it is; the gates may take its place. */
static rcr_rnn_norm norm_of(const rcr_part *part, const recur_session *s)
{
    rcr_rnn_norm norm = part->norm;
    norm.x = s->gates;
    norm.z = s->sums;
    norm.stats = s->stats;
    return norm;
}

/* The product of each block of units reads all of h, so the new h goes to y first. */
void rcr_step_rnn(const rcr_part *part, recur_session *s, const void *x, void *y)
{
    const rcr_kernels *k = s->plan->k;
    char *h = state_at(s, part->h), *c = state_at(s, part->c);
    k->rnn.product(s->B, part->cell->gates * part->H, part->in, x, part->in, part->panel,
                   part->gains ? NULL : part->bias, s->gates);
    rcr_rnn_step step = {.R = s->B,
                         .H = part->H,
                         .O = part->out,
                         .panel = part->panel_hh,
                         .b_n = part->b_n,
                         .h_prev = h,
                         .c_prev = c,
                         .gates = s->gates,
                         .extra = s->extra,
                         .c = part->zoneout_c > 0.0 ? s->fresh : c,
                         .h = part->panel_hr ? s->raw : y,
                         .norm = norm_of(part, s)};
    part->cell->forward(&step);
    if (part->panel_hr)
        k->rnn.product(s->B, part->out, part->H, s->raw, part->H, part->panel_hr, NULL, y);
    zone(part, s, h, c, y);
    memcpy(h, y, (size_t)(s->B * part->out) * k->item);
}

/* --- the session --- */

static bool take(size_t *total, int64_t B, size_t reals, size_t item, size_t *bytes)
{
    return rcr_mul_size((size_t)B, reals, bytes) && rcr_mul_size(*bytes, item, bytes) &&
           rcr_round_size(*bytes, bytes) && rcr_add_size(*total, *bytes, total);
}

enum { PIECES = 9 };

/* Sizes of the pieces in the order of session.h; returns the total, or 0 where it does not fit. */
static size_t lay_out(const recur_plan *p, int64_t B, size_t bytes[PIECES])
{
    size_t widest = (size_t)p->widest, units = (size_t)p->units, item = p->k ? p->k->item : 1;
    size_t normed = (size_t)p->normed, stats = normed ? RCR_RNN_STATS : 0;
    size_t reals[PIECES] = {p->states,        widest, widest, (size_t)p->gates, units, units,
                            (size_t)p->zoned, normed, stats};
    size_t total = (sizeof(recur_session) + RCR_ALIGN - 1) & ~(size_t)(RCR_ALIGN - 1);
    if (B < 1 || !p->size)
        return 0;
    for (int i = 0; i < PIECES; i++)
        if (!take(&total, B, reals[i], item, &bytes[i]))
            return 0;
    return total;
}

size_t recur_session_size(const recur_plan *p, int64_t batch)
{
    size_t bytes[PIECES];
    return lay_out(p, batch, bytes);
}

recur_status recur_session_init(recur_session **out, void *mem, size_t size, const recur_plan *p,
                                int64_t batch)
{
    *out = NULL;
    size_t bytes[PIECES];
    size_t need = lay_out(p, batch, bytes);
    if (!need || !mem || size < need || (uintptr_t)mem % RCR_ALIGN)
        return RECUR_EINVAL;
    recur_session *s = mem;
    char *at = (char *)mem + need;
    for (int i = PIECES - 1; i >= 0; i--)
        at -= bytes[i];
    *s = (recur_session){.plan = p, .B = batch, .states_bytes = bytes[0]};
    char **const pieces[PIECES] = {&s->states, &s->x[0],  &s->x[1], &s->gates, &s->extra,
                                   &s->raw,    &s->fresh, &s->sums, &s->stats};
    for (int i = 0; i < PIECES; i++) {
        *pieces[i] = at;
        at += bytes[i];
    }
    recur_session_reset(s);
    *out = s;
    return RECUR_OK;
}

void recur_session_reset(recur_session *s)
{
    memset(s->states, 0, s->states_bytes);
}

void recur_session_step(recur_session *s, const void *x, void *y)
{
    const recur_plan *p = s->plan;
    unsigned long mode = rcr_float_enter(p->keep_denormals);
    for (size_t i = 0; i < p->size; i++) {
        void *to = i + 1 == p->size ? y : s->x[i & 1];
        p->parts[i].step(&p->parts[i], s, x, to);
        x = to;
    }
    rcr_float_restore(mode);
}

recur_status recur_session_copy(recur_session *dst, const recur_session *src)
{
    if (dst->plan != src->plan || dst->B != src->B)
        return RECUR_EINVAL;
    memcpy(dst->states, src->states, src->states_bytes);
    return RECUR_OK;
}

static bool may_gather(const recur_session *dst, const recur_session *src, int64_t n, const int64_t *from)
{
    bool ok = dst != src && dst->plan == src->plan && n >= 0 && n <= dst->B;
    for (int64_t i = 0; ok && i < n; i++)
        ok = from[i] >= 0 && from[i] < src->B;
    return ok;
}

/* Rows of one state, `width` reals each, which lies `at` reals (for one stream) into the states. */
static void gather_rows(recur_session *dst, const recur_session *src, int64_t n, const int64_t *from,
                        size_t at, int64_t width)
{
    char *to = state_at(dst, at);
    const char *rows = state_at(src, at);
    size_t row = (size_t)width * dst->plan->k->item;
    for (int64_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * row, rows + (size_t)from[i] * row, row);
}

recur_status recur_session_gather(recur_session *dst, const recur_session *src, int64_t n,
                                  const int64_t *from)
{
    if (!may_gather(dst, src, n, from))
        return RECUR_EINVAL;
    for (size_t i = 0; i < dst->plan->size; i++) {
        const rcr_part *part = &dst->plan->parts[i];
        if (!part->cell)
            continue;
        gather_rows(dst, src, n, from, part->h, part->out);
        if (part->cell->c)
            gather_rows(dst, src, n, from, part->c, part->H);
    }
    return RECUR_OK;
}

/* Recurrent part number l. */
static const rcr_part *recurrent(const recur_session *s, int l)
{
    for (size_t i = 0; i < s->plan->size; i++)
        if (s->plan->parts[i].cell && l-- == 0)
            return &s->plan->parts[i];
    return NULL;
}

void *recur_session_h(recur_session *s, int l)
{
    const rcr_part *part = l < 0 ? NULL : recurrent(s, l);
    return part ? state_at(s, part->h) : NULL;
}

void *recur_session_c(recur_session *s, int l)
{
    const rcr_part *part = l < 0 ? NULL : recurrent(s, l);
    return part && part->cell->c ? state_at(s, part->c) : NULL;
}
