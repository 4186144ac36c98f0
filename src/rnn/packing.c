// SPDX-License-Identifier: MIT
/* Packing: lengths to rows, and the two operations that move a batch in and out of packed form. */
#include "rnn/packing.h"

#include <string.h>

#include "base/error.h"
#include "tape/tape.h"

/* Sorted positions by falling length, equal lengths in the caller's order: counting sort over 0 .. T. */
static void sort_lengths(rcr_packing *p, const int64_t *lengths, int64_t *start)
{
    memset(start, 0, (size_t)(p->T + 2) * sizeof *start);
    for (int64_t b = 0; b < p->B; b++)
        start[p->T - lengths[b] + 1]++;
    for (int64_t i = 0; i <= p->T; i++)
        start[i + 1] += start[i];
    for (int64_t b = 0; b < p->B; b++)
        p->order[start[p->T - lengths[b]]++] = b;
    for (int64_t b = 0; b < p->B; b++)
        p->length[b] = lengths[p->order[b]];
}

static void fill_dense(rcr_packing *p)
{
    for (int64_t b = 0; b < p->B; b++) {
        p->order[b] = b;
        p->length[b] = p->T;
    }
}

static void fill_steps(rcr_packing *p)
{
    int64_t rows = p->B;
    for (int64_t t = 0; t < p->T; t++) {
        while (rows > 0 && p->length[rows - 1] <= t)
            rows--;
        p->active[t] = rows;
        p->offset[t] = p->N;
        p->N += rows;
    }
    p->offset[p->T] = p->N;
    p->dense = p->N == p->T * p->B;
}

static recur_status check_lengths(recur_ctx *cx, int64_t T, int64_t B, const recur_tensor *lengths)
{
    if (lengths->dtype != RECUR_I64 || lengths->rank != 1 || lengths->count != B) {
        char shape[RCR_SHAPE_TEXT];
        return rcr_fail(cx, RECUR_ESHAPE, "rnn: lengths must be int64 [%lld], but are %s %s", (long long)B,
                        rcr_dtype_name(lengths->dtype), rcr_shape_text(shape, lengths));
    }
    const int64_t *n = lengths->data;
    for (int64_t b = 0; b < B; b++)
        if (n[b] < 0 || n[b] > T)
            return rcr_fail(cx, RECUR_EINVAL, "rnn: length %lld of sequence %lld is outside 0 .. %lld",
                            (long long)n[b], (long long)b, (long long)T);
    return RECUR_OK;
}

const rcr_packing *rcr_packing_new(recur_tape *tp, int64_t T, int64_t B, const recur_tensor *lengths)
{
    if (rcr_stuck(tp->cx) || (lengths && check_lengths(tp->cx, T, B, lengths))) {
        rcr_stick_last(tp->cx);
        return NULL;
    }
    rcr_packing *p = rcr_arena_alloc(&tp->arena, sizeof *p, "packing");
    int64_t *numbers = rcr_arena_alloc(&tp->arena, (size_t)(2 * B + 3 * T + 3) * sizeof *numbers, "packing");
    if (!p || !numbers) {
        rcr_stick_last(tp->cx);
        return NULL;
    }
    *p = (rcr_packing){.T = T, .B = B, .order = numbers, .length = numbers + B};
    p->active = p->length + B;
    p->offset = p->active + T;
    if (lengths)
        sort_lengths(p, lengths->data, p->offset + T + 1);
    else
        fill_dense(p);
    fill_steps(p);
    return p;
}

/* --- pack and unpack --- */

typedef struct move {
    const rcr_packing *p;
    bool batch_first;
} move;

/* Calls `each` with the padded row and the packed row of every valid step. */
static void for_rows(const move *m, void (*each)(void *user, int64_t padded, int64_t packed), void *user)
{
    const rcr_packing *p = m->p;
    for (int64_t t = 0; t < p->T; t++)
        for (int64_t b = 0; b < p->active[t]; b++) {
            int64_t row = p->order[b];
            each(user, m->batch_first ? row * p->T + t : t * p->B + row, p->offset[t] + b);
        }
}

/* Rows of F reals: dst[..] = src[..], or += with the kernels' axpy. */
typedef struct rows {
    const rcr_kernels *k;
    int64_t F;
    char *padded, *packed;
} rows;

static void copy_in(void *user, int64_t padded, int64_t packed)
{
    const rows *r = user;
    size_t bytes = (size_t)r->F * r->k->item;
    memcpy(r->packed + (size_t)packed * bytes, r->padded + (size_t)padded * bytes, bytes);
}

static void copy_out(void *user, int64_t padded, int64_t packed)
{
    const rows *r = user;
    size_t bytes = (size_t)r->F * r->k->item;
    memcpy(r->padded + (size_t)padded * bytes, r->packed + (size_t)packed * bytes, bytes);
}

static void add_in(void *user, int64_t padded, int64_t packed)
{
    const rows *r = user;
    size_t bytes = (size_t)r->F * r->k->item;
    r->k->array.axpy(r->F, 1.0, r->padded + (size_t)padded * bytes, r->packed + (size_t)packed * bytes);
}

static void add_out(void *user, int64_t padded, int64_t packed)
{
    const rows *r = user;
    size_t bytes = (size_t)r->F * r->k->item;
    r->k->array.axpy(r->F, 1.0, r->packed + (size_t)packed * bytes, r->padded + (size_t)padded * bytes);
}

static recur_status pack_shape(recur_call *c)
{
    const rcr_packing *p = RCR_PARAMS(move, c)->p;
    int64_t F = recur_dim(c->in[0], -1);
    if (p->dense)
        return rcr_declare(c, c->in[0]->dtype, 3, (int64_t[]){p->T, p->B, F});
    return rcr_declare(c, c->in[0]->dtype, 2, (int64_t[]){p->N, F});
}

static void pack_forward(recur_call *c)
{
    rows r = {c->k, recur_dim(c->in[0], -1), c->in[0]->data, c->out[0]->data};
    for_rows(RCR_PARAMS(move, c), copy_in, &r);
}

static void pack_backward(recur_call *c)
{
    rows r = {c->k, recur_dim(c->in[0], -1), rcr_din(c, 0), c->out[0]->grad->data};
    if (r.padded)
        for_rows(RCR_PARAMS(move, c), add_out, &r);
}

static const recur_op pack_op = {"rnn pack", pack_shape, pack_forward, pack_backward};

static recur_status unpack_shape(recur_call *c)
{
    const move *m = RCR_PARAMS(move, c);
    int64_t F = recur_dim(c->in[0], -1), T = m->p->T, B = m->p->B;
    int64_t shape[] = {m->batch_first ? B : T, m->batch_first ? T : B, F};
    return rcr_declare(c, c->in[0]->dtype, 3, shape);
}

static void unpack_forward(recur_call *c)
{
    const move *m = RCR_PARAMS(move, c);
    rows r = {c->k, recur_dim(c->in[0], -1), c->out[0]->data, c->in[0]->data};
    if (!m->p->dense && c->out[0]->count)
        memset(c->out[0]->data, 0, (size_t)c->out[0]->count * c->k->item);
    for_rows(m, copy_out, &r);
}

static void unpack_backward(recur_call *c)
{
    rows r = {c->k, recur_dim(c->in[0], -1), c->out[0]->grad->data, rcr_din(c, 0)};
    if (r.packed)
        for_rows(RCR_PARAMS(move, c), add_in, &r);
}

static const recur_op unpack_op = {"rnn unpack", unpack_shape, unpack_forward, unpack_backward};

recur_tensor *rcr_pack(recur_tape *tp, const rcr_packing *p, recur_tensor *x, bool batch_first)
{
    if (rcr_stuck(tp->cx) || (p->dense && !batch_first))
        return rcr_stuck(tp->cx) ? NULL : x;
    move m = {p, batch_first};
    return recur_apply(tp, &pack_op, &x, 1, &m, sizeof m);
}

recur_tensor *rcr_unpack(recur_tape *tp, const rcr_packing *p, recur_tensor *rows_, bool batch_first)
{
    if (rcr_stuck(tp->cx) || (p->dense && !batch_first))
        return rcr_stuck(tp->cx) ? NULL : rows_;
    move m = {p, batch_first};
    return recur_apply(tp, &unpack_op, &rows_, 1, &m, sizeof m);
}
