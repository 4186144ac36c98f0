// SPDX-License-Identifier: MIT
/*
 * Batches: padded inputs, lengths and answers, in an order that depends on seed and epoch alone. The rows
 * that the examples touch are scaled and converted once, when the iterator is made; a batch is then copied
 * together, window by window.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "data/examples.h"

struct recur_batches {
    recur_ctx *cx;
    const recur_examples *e;
    recur_batch_options opt;
    int64_t n, H;           /* examples, answers of each */
    size_t item;            /* bytes of a number */
    int64_t first, rows;    /* rows first .. first + rows - 1 of the examples are held */
    unsigned char *xs, *ys; /* [rows, F], [rows, K], scaled */
    int64_t *index;         /* [n] */
    int64_t *order;         /* [n]: positions in `index`, of this epoch */
    unsigned char *x, *y;   /* [batch, longest, F], [batch, H] */
    int64_t *lengths, *batch_index;
    uint64_t epoch;
    int64_t at; /* the next batch */
};

void recur_batches_free(recur_batches *b)
{
    if (!b)
        return;
    void *const block[] = {b->xs, b->ys, b->index, b->order, b->x, b->y, b->lengths, b->batch_index};
    for (size_t i = 0; i < sizeof block / sizeof *block; i++)
        rcr_free(b->cx, block[i]);
    rcr_free(b->cx, b);
}

/* ---- making ---- */

static void *numbers(const recur_batches *b, int64_t rows, int64_t columns, int64_t steps, const char *what)
{
    int64_t count;
    if (rcr_mul_i64(rows, columns, &count) && rcr_mul_i64(count, steps, &count))
        return rcr_alloc_array(b->cx, (size_t)count, b->item, what);
    rcr_no_memory(b->cx, SIZE_MAX, what);
    return NULL;
}

static recur_status allocate(recur_batches *b)
{
    const recur_examples *e = b->e;
    int64_t batch = b->opt.batch;
    b->xs = numbers(b, b->rows, e->F, 1, "scaled inputs");
    b->ys = numbers(b, b->rows, e->K, 1, "scaled answers");
    b->x = numbers(b, batch, e->F, e->longest, "a batch");
    b->y = numbers(b, batch, b->H, 1, "a batch");
    b->index = rcr_alloc_array(b->cx, (size_t)b->n, sizeof *b->index, "examples of batches");
    b->order = rcr_alloc_array(b->cx, (size_t)b->n, sizeof *b->order, "the order of an epoch");
    b->lengths = rcr_alloc_array(b->cx, (size_t)batch, sizeof *b->lengths, "lengths of a batch");
    b->batch_index = rcr_alloc_array(b->cx, (size_t)batch, sizeof *b->batch_index, "examples of a batch");
    bool all = b->xs && b->ys && b->x && b->y && b->index && b->order && b->lengths && b->batch_index;
    return all ? RECUR_OK : RECUR_ENOMEM;
}

/* (v - shift) / scale into number i of `to`; false where the type cannot hold it. */
static bool put_scaled(const recur_batches *b, unsigned char *to, int64_t i, double v)
{
    if (b->opt.dtype == RECUR_F32)
        return isfinite(((float *)(void *)to)[i] = (float)v);
    return isfinite(((double *)(void *)to)[i] = v);
}

/* to [rows, columns]: rows of v that some example touches, scaled. */
static recur_status convert(const recur_batches *b, unsigned char *to, const double *v, int64_t columns,
                            const int64_t *used, const recur_scaler *s)
{
    for (int64_t i = 0; i < b->rows * columns; i++) {
        int64_t r = b->first + i / columns, c = i % columns;
        if (used[r] <= 0)
            continue;
        double z = v[b->first * columns + i];
        if (s)
            z = (z - s->shift[c]) / s->scale[c];
        if (!put_scaled(b, to, i, z))
            return rcr_fail(b->cx, RECUR_ENUMERIC,
                            "row %lld, column %lld: a number too large for float%d; scale the data",
                            (long long)r, (long long)c, b->opt.dtype == RECUR_F32 ? 32 : 64);
    }
    return RECUR_OK;
}

static recur_status fill(recur_batches *b, const int64_t *index, const int64_t *used,
                         const recur_scaler *inputs, const recur_scaler *answers)
{
    while (b->first < b->e->rows && used[b->first] <= 0)
        b->first++;
    b->rows = b->e->rows - b->first;
    while (b->rows > 0 && used[b->first + b->rows - 1] <= 0)
        b->rows--;
    recur_status s = allocate(b);
    if (s == RECUR_OK)
        s = convert(b, b->xs, b->e->x, b->e->F, used, inputs);
    if (s == RECUR_OK)
        s = convert(b, b->ys, b->e->y, b->e->K, used, answers);
    for (int64_t j = 0; s == RECUR_OK && j < b->n; j++)
        b->index[j] = index[j];
    return s;
}

static recur_status check(const recur_examples *e, const recur_scaler *inputs, const recur_scaler *answers,
                          const recur_batch_options *opt)
{
    if (opt->batch < 1)
        return rcr_fail(e->cx, RECUR_EINVAL, "a batch of %lld examples; at least 1", (long long)opt->batch);
    if (opt->dtype != RECUR_F32 && opt->dtype != RECUR_F64)
        return rcr_fail(e->cx, RECUR_EDTYPE, "batches are float32 or float64");
    if (inputs && inputs->columns != e->F)
        return rcr_fail(e->cx, RECUR_ESHAPE,
                        "the scaler of the inputs has %lld columns, the inputs have %lld",
                        (long long)inputs->columns, (long long)e->F);
    if (answers && answers->columns != e->K)
        return rcr_fail(e->cx, RECUR_ESHAPE,
                        "the scaler of the answers has %lld columns, the answers have %lld",
                        (long long)answers->columns, (long long)e->K);
    return RECUR_OK;
}

recur_status recur_batches_create(recur_batches **out, const recur_examples *e, const int64_t *index,
                                  int64_t n, const recur_scaler *inputs, const recur_scaler *answers,
                                  const recur_batch_options *opt)
{
    int64_t *used;
    *out = NULL;
    recur_status s = check(e, inputs, answers, opt);
    if (s == RECUR_OK)
        s = rcr_touched(e, index, n, 0, &used);
    if (s != RECUR_OK)
        return s;
    recur_batches *b = rcr_alloc_zero(e->cx, sizeof *b, "batches");
    if (b) {
        *b = (recur_batches){.cx = e->cx, .e = e, .opt = *opt, .n = n, .H = e->horizon * e->K};
        b->opt.batch = n < opt->batch ? n > 0 ? n : 1 : opt->batch;
        b->item = opt->dtype == RECUR_F32 ? sizeof(float) : sizeof(double);
        s = fill(b, index, used, inputs, answers);
    }
    rcr_free(e->cx, used);
    if (!b || s != RECUR_OK) {
        recur_batches_free(b);
        return b ? s : RECUR_ENOMEM;
    }
    recur_batches_seek(b, 0, 0);
    *out = b;
    return RECUR_OK;
}

/* ---- walking ---- */

int64_t recur_batches_size(const recur_batches *b)
{
    return (b->n + b->opt.batch - 1) / b->opt.batch;
}

void recur_batches_seek(recur_batches *b, uint64_t epoch, int64_t batch)
{
    b->epoch = epoch;
    b->at = batch < 0 ? 0 : batch;
    if (b->opt.shuffle)
        rcr_permutation(b->opt.seed, rcr_stream(epoch, "batches"), b->n, b->order);
    for (int64_t j = 0; !b->opt.shuffle && j < b->n; j++)
        b->order[j] = j;
}

void recur_batches_tell(const recur_batches *b, uint64_t *epoch, int64_t *batch)
{
    *epoch = b->epoch;
    *batch = b->at;
}

/* Which examples come next, and how long they are. */
static void choose(recur_batches *b, recur_batch *out)
{
    int64_t from = b->at * b->opt.batch, left = b->n - from;
    *out = (recur_batch){.B = left < b->opt.batch ? left : b->opt.batch, .F = b->e->F, .H = b->H};
    for (int64_t j = 0; j < out->B; j++) {
        int64_t i = b->index[b->order[from + j]], length = b->e->length[i];
        b->batch_index[j] = i;
        b->lengths[j] = length;
        out->units += length;
        out->T = length > out->T ? length : out->T;
    }
    out->lengths = b->lengths;
    out->index = b->batch_index;
}

/* Row j of the batch: inputs, zeros up to the longest, answers. */
static void copy_example(recur_batches *b, const recur_batch *out, int64_t j)
{
    int64_t i = out->index[j], F = out->F, length = out->lengths[j];
    size_t step = (size_t)F * b->item, used = (size_t)length * step, whole = (size_t)out->T * step;
    unsigned char *x = b->x + (size_t)j * whole;
    memcpy(x, b->xs + (size_t)(b->e->start[i] - b->first) * step, used);
    memset(x + used, 0, whole - used);
    size_t from = (size_t)((rcr_answer_row(b->e, i) - b->first) * b->e->K) * b->item;
    size_t answers = (size_t)out->H * b->item;
    memcpy(b->y + (size_t)j * answers, b->ys + from, answers);
}

bool recur_batches_next(recur_batches *b, recur_batch *out)
{
    if (b->at >= recur_batches_size(b))
        return false;
    choose(b, out);
    for (int64_t j = 0; j < out->B; j++)
        copy_example(b, out, j);
    out->x = b->x;
    out->y = b->y;
    b->at++;
    return true;
}
