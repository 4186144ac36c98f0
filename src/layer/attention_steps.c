// SPDX-License-Identifier: MIT
/* Valid steps: lengths and masks to rows, and the two operations that move a batch in and out of packed form.
 */
#include "layer/attention_steps.h"

#include <string.h>

#include "op/ranges.h"
#include "op/shape.h"
#include "tape/tape.h"

rcr_rows rcr_all_rows(int64_t B, int64_t T, bool batch_first)
{
    return (rcr_rows){.B = B, .T = T, .step_b = batch_first ? T : 1, .step_t = batch_first ? 1 : B};
}

/* --- finding them: an operation, so that checks and memory are the tape's; its parameters are the result --- */

enum { X, LENGTHS, MASK, INPUTS };

/* Whether the mask hides step t of sequence b. */
static bool hidden(const recur_call *c, int64_t b, int64_t t)
{
    const recur_tensor *mask = c->in[MASK];
    return mask && ((const int64_t *)mask->data)[b * mask->shape[1] + t];
}

/* Steps up to the last that is not hidden. */
static int64_t count_steps(const recur_call *c, int64_t b)
{
    int64_t n = RCR_PARAMS(rcr_steps, c)->padded.T;
    if (c->in[LENGTHS])
        n = ((const int64_t *)c->in[LENGTHS]->data)[b];
    while (n > 0 && hidden(c, b, n - 1))
        n--;
    return n;
}

static recur_status check_steps(recur_call *c)
{
    rcr_steps *s = c->params;
    recur_status st = rcr_check_float(c, X, "the sequence");
    if (!st)
        st = rcr_check_rank(c, X, "the sequence", 3);
    if (st)
        return st;
    const int64_t *n = c->in[X]->shape;
    s->padded = rcr_all_rows(n[s->batch_first ? 0 : 1], n[s->batch_first ? 1 : 0], s->batch_first);
    if (c->in[LENGTHS])
        st = rcr_check_lengths(c, LENGTHS, "length", s->padded.B, s->padded.T);
    if (!st && c->in[MASK])
        st = rcr_check_index(c, MASK, "the mask of the keys");
    if (!st && c->in[MASK])
        st = rcr_check_shape(c, MASK, "the mask of the keys", 2, (int64_t[]){s->padded.B, s->padded.T});
    return st;
}

static recur_status steps_shape(recur_call *c)
{
    rcr_steps *s = c->params;
    recur_status st = check_steps(c);
    if (st)
        return st;
    for (int64_t b = 0; b < s->padded.B; b++) {
        int64_t n = count_steps(c, b);
        s->N += n;
        for (int64_t t = 0; t < n; t++)
            s->holes |= hidden(c, b, t);
    }
    s->dense = !s->holes && s->N == s->padded.B * s->padded.T;
    return rcr_declare(c, RECUR_I64, 1, (int64_t[]){s->dense ? 0 : 2 * s->padded.B + s->N});
}

/* The numbers: start [B], count [B], row [N]. */
static void steps_forward(recur_call *c)
{
    rcr_steps *s = c->params;
    int64_t B = s->padded.B, *start = c->out[0]->data, *count = start + B, *row = count + B, n = 0;
    s->packed = s->padded;
    if (s->dense)
        return;
    for (int64_t b = 0; b < B; b++) {
        start[b] = n;
        count[b] = count_steps(c, b);
        for (int64_t t = 0; t < count[b]; t++)
            row[n++] = hidden(c, b, t) ? -1 : b * s->padded.step_b + t * s->padded.step_t;
    }
    s->row = row;
    s->padded.count = count;
    s->packed = (rcr_rows){.B = B, .T = s->padded.T, .count = count, .start = start, .step_t = 1};
}

static const recur_op steps_op = {"attention", steps_shape, steps_forward, NULL};

const rcr_steps *rcr_steps_of(recur_tape *tp, recur_tensor *x, recur_tensor *lengths, recur_tensor *mask,
                              bool batch_first)
{
    rcr_steps s = {.batch_first = batch_first};
    recur_tensor *const in[INPUTS] = {x, lengths, mask};
    recur_tensor *numbers = recur_apply(tp, &steps_op, in, INPUTS, &s, sizeof s);
    return numbers ? numbers->node->call.params : NULL;
}

/* --- moving rows --- */

typedef void move_row(const rcr_kernels *k, int64_t F, void *padded, void *packed);

/* f for the rows from .. to - 1 of the packed array and their places in the padded one. */
static void move_rows(const recur_call *c, void *padded, void *packed, int64_t from, int64_t to, move_row *f)
{
    const int64_t *row = RCR_PARAMS(rcr_steps, c)->row, F = recur_dim(c->in[0], -1);
    for (int64_t i = from; i < to; i++)
        f(c->k, F, row[i] < 0 ? NULL : rcr_at(padded, row[i] * F, c->k->item),
          rcr_at(packed, i * F, c->k->item));
}

static void copy_in(const rcr_kernels *k, int64_t F, void *padded, void *packed)
{
    if (padded)
        memcpy(packed, padded, (size_t)F * k->item);
    else
        memset(packed, 0, (size_t)F * k->item);
}

static void copy_out(const rcr_kernels *k, int64_t F, void *padded, void *packed)
{
    if (padded)
        memcpy(padded, packed, (size_t)F * k->item);
}

static void add_in(const rcr_kernels *k, int64_t F, void *padded, void *packed)
{
    if (padded)
        k->array.axpy(F, 1.0, padded, packed);
}

static void add_out(const rcr_kernels *k, int64_t F, void *padded, void *packed)
{
    if (padded)
        k->array.axpy(F, 1.0, packed, padded);
}

#define RANGE(name, padded, packed, f)                                      \
    static void name(const void *job, int64_t from, int64_t to, int worker) \
    {                                                                       \
        const recur_call *c = job;                                          \
        (void)worker;                                                       \
        move_rows(c, padded, packed, from, to, f);                          \
    }
RANGE(pack_range, c->in[0]->data, c->out[0]->data, copy_in)
RANGE(pack_back_range, rcr_din(c, 0), c->out[0]->grad->data, add_out)
RANGE(unpack_range, c->out[0]->data, c->in[0]->data, copy_out)
RANGE(unpack_back_range, c->out[0]->grad->data, rcr_din(c, 0), add_in)

static void over_rows(recur_call *c, rcr_range *f)
{
    int64_t F = recur_dim(c->in[0], -1);
    if (F)
        rcr_ranges(c->cx, RCR_PARAMS(rcr_steps, c)->N, rcr_grain(F), f, c);
}

static recur_status pack_shape(recur_call *c)
{
    recur_status st = rcr_check_float(c, 0, "the sequence");
    int64_t shape[] = {RCR_PARAMS(rcr_steps, c)->N, recur_dim(c->in[0], -1)};
    return st ? st : rcr_declare(c, c->in[0]->dtype, 2, shape);
}

static void pack_forward(recur_call *c)
{
    over_rows(c, pack_range);
}

static void pack_backward(recur_call *c)
{
    over_rows(c, pack_back_range);
}

static recur_status unpack_shape(recur_call *c)
{
    const rcr_steps *s = RCR_PARAMS(rcr_steps, c);
    int64_t B = s->padded.B, T = s->padded.T;
    int64_t shape[] = {s->batch_first ? B : T, s->batch_first ? T : B, recur_dim(c->in[0], -1)};
    return rcr_declare(c, c->in[0]->dtype, 3, shape);
}

static void unpack_forward(recur_call *c)
{
    if (c->out[0]->count)
        memset(c->out[0]->data, 0, (size_t)c->out[0]->count * c->k->item);
    over_rows(c, unpack_range);
}

static void unpack_backward(recur_call *c)
{
    over_rows(c, unpack_back_range);
}

static const recur_op pack_op = {"attention", pack_shape, pack_forward, pack_backward};
static const recur_op unpack_op = {"attention", unpack_shape, unpack_forward, unpack_backward};

/* Whether x has the sequences and steps of s. */
static bool fits(recur_tape *tp, const rcr_steps *s, const recur_tensor *x, const char *name)
{
    const rcr_rows *r = &s->padded;
    int batch = s->batch_first ? 0 : 1;
    if (recur_rank(x) == 3 && recur_dim(x, batch) == r->B && recur_dim(x, 1 - batch) == r->T)
        return true;
    char shape[RCR_SHAPE_TEXT];
    rcr_stick(tp->cx, RECUR_ESHAPE,
              "attention: %s must have %lld sequences of %lld steps, but its shape is %s", name,
              (long long)r->B, (long long)r->T, rcr_shape_text(shape, x));
    return false;
}

recur_tensor *rcr_pack_steps(recur_tape *tp, const rcr_steps *s, recur_tensor *x, const char *name)
{
    if (rcr_stuck(tp->cx) || !fits(tp, s, x, name))
        return NULL;
    return s->dense ? x : recur_apply(tp, &pack_op, &x, 1, s, sizeof *s);
}

recur_tensor *rcr_unpack_steps(recur_tape *tp, const rcr_steps *s, recur_tensor *rows)
{
    if (rcr_stuck(tp->cx) || s->dense)
        return rcr_stuck(tp->cx) ? NULL : rows;
    return recur_apply(tp, &unpack_op, &rows, 1, s, sizeof *s);
}
