// SPDX-License-Identifier: MIT
/* Operations that move elements: slice, concat, stack, split, transpose, reshape. They work on indices too
 * (without gradient).
 *
 * Each is one or more moves: a region of an input goes to a region of an output, both of one shape, each with
 * strides of its own; the gradient goes the same way back. */
#include <recur/op.h>

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "op/shape.h"

typedef struct move {
    int rank;
    int64_t shape[RECUR_MAX_RANK], sx[RECUR_MAX_RANK], sy[RECUR_MAX_RANK]; /* strides in elements */
    int64_t x0, y0;                                                        /* first elements */
} move;

static void move_forward(const move *m, const recur_tensor *x, const recur_tensor *y)
{
    size_t item = rcr_item_size(x->dtype);
    if (rcr_product(m->shape, m->rank))
        rcr_copy_strided(item, m->rank, m->shape, rcr_at(x->data, m->x0, item), m->sx,
                         rcr_at(y->data, m->y0, item), m->sy);
}

/* dx += dy; nothing where either is absent. */
static void move_backward(const rcr_kernels *k, const move *m, const void *dy, void *dx)
{
    if (dx && dy && rcr_product(m->shape, m->rank))
        k->array.axpy_strided(m->rank, m->shape, 1.0, rcr_at(dy, m->y0, k->item), m->sy,
                              rcr_at(dx, m->x0, k->item), m->sx);
}

/* --- one input, one output, one move: params --- */

static void single_forward(recur_call *c)
{
    move_forward(RCR_PARAMS(move, c), c->in[0], c->out[0]);
}

static void single_backward(recur_call *c)
{
    move_backward(c->k, RCR_PARAMS(move, c), rcr_dout(c, 0), rcr_din(c, 0));
}

typedef struct slice {
    move m;
    int axis;
    int64_t from, to, step;
} slice;

/* As Python: negative counts from the end, then clamped to 0 .. n. */
static int64_t clamp_bound(int64_t bound, int64_t n)
{
    bound += bound < 0 ? n : 0;
    return bound < 0 ? 0 : bound > n ? n : bound;
}

static recur_status slice_shape(recur_call *c)
{
    slice *p = c->params;
    move *m = &p->m;
    const recur_tensor *x = c->in[0];
    int axis = 0;
    recur_status s = rcr_check_present(c, 0, "the argument");
    if (!s)
        s = rcr_check_axis(c, p->axis, x->rank, &axis);
    if (s)
        return s;
    if (p->step <= 0)
        return rcr_call_fail(c, RECUR_EINVAL, "the step must be positive, not %lld", (long long)p->step);
    int64_t n = x->shape[axis], from = clamp_bound(p->from, n), to = clamp_bound(p->to, n);
    m->rank = x->rank; // NOLINT(clang-analyzer-core.NullDereference): x is present
    memcpy(m->shape, x->shape, sizeof m->shape);
    rcr_row_major(x->rank, x->shape, m->sx);
    m->x0 = from * m->sx[axis];
    m->shape[axis] = to > from ? (to - from - 1) / p->step + 1 : 0;
    if (m->shape[axis] > 1)
        m->sx[axis] *= p->step;
    rcr_row_major(m->rank, m->shape, m->sy);
    return rcr_declare(c, x->dtype, m->rank, m->shape);
}

static recur_status transpose_shape(recur_call *c)
{
    slice *p = c->params; /* from and to are the axes */
    move *m = &p->m;
    const recur_tensor *x = c->in[0];
    int a = 0, b = 0;
    recur_status s = rcr_check_present(c, 0, "the argument");
    if (s)
        return s;
    s = rcr_check_axis(c, (int)p->from, x->rank ? x->rank : 1, &a);
    if (!s)
        s = rcr_check_axis(c, (int)p->to, x->rank ? x->rank : 1, &b);
    if (s)
        return s;
    m->rank = x->rank; // NOLINT(clang-analyzer-core.NullDereference): x is present
    memcpy(m->shape, x->shape, sizeof m->shape);
    rcr_row_major(x->rank, x->shape, m->sx);
    m->shape[a] = x->shape[b];
    m->shape[b] = x->shape[a];
    int64_t stride = m->sx[a];
    m->sx[a] = m->sx[b];
    m->sx[b] = stride;
    rcr_row_major(m->rank, m->shape, m->sy);
    return rcr_declare(c, x->dtype, m->rank, m->shape);
}

/* The length written as -1, from the others. False where there is none that fits. */
static bool infer_length(int rank, int64_t *shape, int64_t count)
{
    int64_t rest = 1;
    int unknown = -1;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0) {
            if (unknown >= 0 || shape[i] != -1)
                return false;
            unknown = i;
        } else if (!rcr_mul_i64(rest, shape[i], &rest)) {
            return false;
        }
    }
    if (unknown < 0)
        return rest == count;
    if (rest == 0 || count % rest)
        return false;
    shape[unknown] = count / rest;
    return true;
}

/* The new shape comes in m.shape, m.rank. */
static recur_status reshape_shape(recur_call *c)
{
    move *m = c->params;
    const recur_tensor *x = c->in[0];
    recur_status s = rcr_check_present(c, 0, "the argument");
    if (s)
        return s;
    recur_tensor want = {.rank = m->rank};
    memcpy(want.shape, m->shape, sizeof want.shape);
    if (!infer_length(m->rank, m->shape, x->count)) {
        char old[RCR_SHAPE_TEXT], new[RCR_SHAPE_TEXT];
        return rcr_call_fail(c, RECUR_ESHAPE, "shape %s does not hold the %lld elements of %s",
                             rcr_shape_text(new, &want), (long long)x->count, rcr_shape_text(old, x));
    }
    s = rcr_declare(c, x->dtype, m->rank, m->shape);
    m->rank = 1;
    m->shape[0] = x->count;
    m->sx[0] = m->sy[0] = 1;
    return s;
}

static const recur_op slice_op = {"slice", slice_shape, single_forward, single_backward};
static const recur_op transpose_op = {"transpose", transpose_shape, single_forward, single_backward};
static const recur_op reshape_op = {"reshape", reshape_shape, single_forward, single_backward};

recur_tensor *recur_slice(recur_tape *tp, recur_tensor *x, int axis, int64_t from, int64_t to, int64_t step)
{
    slice p = {.axis = axis, .from = from, .to = to, .step = step};
    return recur_apply(tp, &slice_op, &x, 1, &p, sizeof p);
}

recur_tensor *recur_transpose(recur_tape *tp, recur_tensor *x, int axis0, int axis1)
{
    slice p = {.from = axis0, .to = axis1};
    return recur_apply(tp, &transpose_op, &x, 1, &p, sizeof p);
}

recur_tensor *recur_reshape(recur_tape *tp, recur_tensor *x, int rank, const int64_t *shape)
{
    if (rank < 0 || rank > RECUR_MAX_RANK)
        return rcr_stick(recur_tape_ctx(tp), RECUR_ESHAPE, "reshape: a tensor has 0 to %d axes, not %d",
                         RECUR_MAX_RANK, rank);
    move m = {.rank = rank};
    if (rank)
        memcpy(m.shape, shape, (size_t)rank * sizeof *shape);
    return recur_apply(tp, &reshape_op, &x, 1, &m, sizeof m);
}

/* --- pieces along an axis: whole and piece are [outer, n, inner], the piece begins at step `first` of the
 * whole --- */

/* From a piece (x) to the whole (y). */
static move piece_to_whole(rcr_axis whole, int64_t n, int64_t first)
{
    return (move){.rank = 2,
                  .shape = {whole.outer, n * whole.inner},
                  .sx = {n * whole.inner, 1},
                  .sy = {whole.n * whole.inner, 1},
                  .y0 = first * whole.inner};
}

/* From the whole (x) to a piece (y). */
static move whole_to_piece(rcr_axis whole, int64_t n, int64_t first)
{
    move m = piece_to_whole(whole, n, first);
    return (move){
        .rank = 2, .shape = {m.shape[0], m.shape[1]}, .sx = {m.sy[0], 1}, .sy = {m.sx[0], 1}, .x0 = m.y0};
}

typedef struct pieces {
    int axis;
    int64_t length; /* split: of a piece; stack: 1; concat: 0, each has its own */
    rcr_axis whole;
} pieces;

static int64_t piece_length(const recur_call *c, const recur_tensor *piece)
{
    const pieces *p = RCR_PARAMS(pieces, c);
    return p->length ? p->length : piece->shape[p->axis];
}

static void join_forward(recur_call *c)
{
    const pieces *p = RCR_PARAMS(pieces, c);
    for (int64_t i = 0, first = 0; i < c->n_in; i++) {
        int64_t n = piece_length(c, c->in[i]);
        move m = piece_to_whole(p->whole, n, first);
        move_forward(&m, c->in[i], c->out[0]);
        first += n;
    }
}

static void join_backward(recur_call *c)
{
    const pieces *p = RCR_PARAMS(pieces, c);
    int64_t first = 0;
    for (int i = 0; i < c->n_in; i++) {
        int64_t n = piece_length(c, c->in[i]);
        move m = piece_to_whole(p->whole, n, first);
        move_backward(c->k, &m, rcr_dout(c, 0), rcr_din(c, i));
        first += n;
    }
}

/* All inputs there and of one type. */
static recur_status check_pieces(recur_call *c)
{
    if (c->n_in == 0)
        return rcr_call_fail(c, RECUR_EINVAL, "needs at least one tensor");
    for (int i = 0; i < c->n_in; i++) {
        if (!c->in[i])
            return rcr_call_fail(c, RECUR_EINVAL, "tensor %d is NULL", i);
        if (c->in[i]->dtype != c->in[0]->dtype)
            return rcr_call_fail(c, RECUR_EDTYPE, "tensor %d is %s, but tensor 0 is %s", i,
                                 rcr_dtype_name(c->in[i]->dtype), rcr_dtype_name(c->in[0]->dtype));
    }
    return RECUR_OK;
}

static recur_status piece_mismatch(recur_call *c, int i, const char *where)
{
    char first[RCR_SHAPE_TEXT], other[RCR_SHAPE_TEXT];
    return rcr_call_fail(c, RECUR_ESHAPE, "shapes must be equal%s, but tensor 0 is %s and tensor %d is %s",
                         where, rcr_shape_text(first, c->in[0]), i, rcr_shape_text(other, c->in[i]));
}

/* Adds up the lengths along the axis. */
static recur_status concat_length(recur_call *c, int axis, int64_t *total)
{
    *total = 0;
    for (int i = 0; i < c->n_in; i++) {
        recur_tensor like = *c->in[0];
        if (c->in[i]->rank == like.rank)
            like.shape[axis] = c->in[i]->shape[axis];
        if (!rcr_same_shape(&like, c->in[i]))
            return piece_mismatch(c, i, " but for the axis to join");
        if (__builtin_add_overflow(*total, c->in[i]->shape[axis], total))
            return rcr_call_fail(c, RECUR_ESHAPE, "the result is larger than the machine");
    }
    return RECUR_OK;
}

static recur_status concat_shape(recur_call *c)
{
    pieces *p = c->params;
    int64_t total = 0;
    recur_status s = check_pieces(c);
    if (!s)
        s = rcr_check_axis(c, p->axis, c->in[0]->rank, &p->axis);
    if (!s)
        s = concat_length(c, p->axis, &total);
    if (s)
        return s;
    recur_tensor y = *c->in[0];
    y.shape[p->axis] = total;
    p->whole = rcr_along(&y, p->axis);
    return rcr_declare(c, y.dtype, y.rank, y.shape);
}

static recur_status stack_shape(recur_call *c)
{
    pieces *p = c->params;
    recur_status s = check_pieces(c);
    if (!s)
        s = rcr_check_axis(c, p->axis, c->in[0]->rank + 1, &p->axis);
    if (!s && c->in[0]->rank == RECUR_MAX_RANK)
        s = rcr_call_fail(c, RECUR_ESHAPE, "a tensor has at most %d axes", RECUR_MAX_RANK);
    for (int i = 1; !s && i < c->n_in; i++)
        if (!rcr_same_shape(c->in[0], c->in[i]))
            s = piece_mismatch(c, i, "");
    if (s)
        return s;
    recur_tensor y = *c->in[0];
    memmove(y.shape + p->axis + 1, y.shape + p->axis, (size_t)(y.rank - p->axis) * sizeof *y.shape);
    y.shape[p->axis] = c->n_in;
    y.rank++;
    p->whole = rcr_along(&y, p->axis);
    return rcr_declare(c, y.dtype, y.rank, y.shape);
}

static recur_status split_shape(recur_call *c)
{
    pieces *p = c->params;
    int64_t chunks = p->length; /* comes in its place */
    recur_status s = rcr_check_present(c, 0, "the argument");
    if (!s)
        s = rcr_check_axis(c, p->axis, c->in[0]->rank, &p->axis);
    if (!s && chunks <= 0)
        s = rcr_call_fail(c, RECUR_EINVAL, "the number of pieces must be positive, not %lld",
                          (long long)chunks);
    if (s)
        return s;
    recur_tensor piece = *c->in[0];
    p->whole = rcr_along(&piece, p->axis);
    p->length = (p->whole.n - (p->whole.n > 0)) / chunks + (p->whole.n > 0);
    int64_t left = p->whole.n;
    do { /* an axis of length 0 makes `chunks` empty pieces, as in torch */
        piece.shape[p->axis] = left < p->length ? left : p->length;
        left -= piece.shape[p->axis];
        s = rcr_declare(c, piece.dtype, piece.rank, piece.shape);
    } while (!s && (left > 0 || (p->length == 0 && c->n_out < chunks)));
    return s;
}

static move split_move(const recur_call *c, int i)
{
    const pieces *p = RCR_PARAMS(pieces, c);
    return whole_to_piece(p->whole, c->out[i]->shape[p->axis], i * p->length);
}

static void split_forward(recur_call *c)
{
    for (int i = 0; i < c->n_out; i++) {
        move m = split_move(c, i);
        move_forward(&m, c->in[0], c->out[i]);
    }
}

static void split_backward(recur_call *c)
{
    for (int i = 0; i < c->n_out; i++) {
        move m = split_move(c, i);
        move_backward(c->k, &m, rcr_dout(c, i), rcr_din(c, 0));
    }
}

static const recur_op concat_op = {"concat", concat_shape, join_forward, join_backward};
static const recur_op stack_op = {"stack", stack_shape, join_forward, join_backward};
static const recur_op split_op = {"split", split_shape, split_forward, split_backward};

recur_tensor *recur_concat(recur_tape *tp, recur_tensor *const *x, int n, int axis)
{
    pieces p = {.axis = axis};
    return recur_apply(tp, &concat_op, x, n > 0 ? n : 0, &p, sizeof p);
}

recur_tensor *recur_stack(recur_tape *tp, recur_tensor *const *x, int n, int axis)
{
    pieces p = {.axis = axis, .length = 1};
    return recur_apply(tp, &stack_op, x, n > 0 ? n : 0, &p, sizeof p);
}

recur_tensor *recur_split(recur_tape *tp, recur_tensor *x, int axis, int chunks, int *pieces_made)
{
    pieces p = {.axis = axis, .length = chunks};
    recur_tensor *first = recur_apply(tp, &split_op, &x, 1, &p, sizeof p);
    if (pieces_made)
        for (*pieces_made = 0; recur_output(first, *pieces_made);)
            ++*pieces_made;
    return first;
}
