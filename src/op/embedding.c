// SPDX-License-Identifier: MIT
/* Rows of a table by ids. */
#include <recur/op.h>

#include <string.h>

#include "op/ranges.h"
#include "op/shape.h"

/* Inputs: the table [V, E], ids [...]. */
typedef struct lookup {
    int64_t padding_idx; /* 0 .. V - 1, or RECUR_NO_PADDING */
} lookup;

static recur_status normalise_padding(recur_call *c, int64_t V)
{
    lookup *p = c->params;
    if (p->padding_idx == RECUR_NO_PADDING)
        return RECUR_OK;
    if (p->padding_idx < -V || p->padding_idx >= V)
        return rcr_call_fail(c, RECUR_EINVAL, "padding_idx %lld is outside the table of %lld rows",
                             (long long)p->padding_idx, (long long)V);
    p->padding_idx += p->padding_idx < 0 ? V : 0;
    return RECUR_OK;
}

static recur_status check_ids(recur_call *c, int64_t V)
{
    const int64_t *id = c->in[1]->data;
    for (int64_t i = 0; i < c->in[1]->count; i++)
        if (id[i] < 0 || id[i] >= V)
            return rcr_call_fail(c, RECUR_EINVAL,
                                 "id %lld at position %lld is outside 0 .. %lld (the table has %lld rows)",
                                 (long long)id[i], (long long)i, (long long)V - 1, (long long)V);
    return RECUR_OK;
}

static recur_status embedding_shape(recur_call *c)
{
    recur_status s = rcr_check_float(c, 0, "the table");
    if (!s)
        s = rcr_check_rank(c, 0, "the table", 2);
    if (!s)
        s = rcr_check_index(c, 1, "ids");
    if (s)
        return s;
    const recur_tensor *table = c->in[0], *ids = c->in[1];
    int64_t shape[RECUR_MAX_RANK + 1];
    memcpy(shape, ids->shape, sizeof ids->shape);
    shape[ids->rank] = table->shape[1];
    s = normalise_padding(c, table->shape[0]);
    if (!s)
        s = check_ids(c, table->shape[0]);
    return s ? s : rcr_declare(c, table->dtype, ids->rank + 1, shape);
}

/* y[i] = table[id[i]] */
static void copy_rows(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const int64_t *id = c->in[1]->data, E = c->in[0]->shape[1];
    for (int64_t i = from; i < to; i++)
        memcpy(rcr_at(c->out[0]->data, i * E, c->k->item), rcr_at(c->in[0]->data, id[i] * E, c->k->item),
               (size_t)E * c->k->item);
}

static void embedding_forward(recur_call *c)
{
    int64_t E = c->in[0]->shape[1];
    if (c->out[0]->count)
        rcr_ranges(c->cx, c->in[1]->count, rcr_grain(E), copy_rows, c);
}

/* The table's rows are dealt out to so many tasks, a power of two. Each looks at all ids and adds to its own
 * rows alone, so that a row's gradients add up in the order of the ids, whoever does it. */
enum { DEALS = 8 };

typedef struct deal {
    const recur_call *c;
    int64_t deals;
} deal;

/* dtable[id[i]] += dy[i] for the rows with id mod deals == d. */
static void add_rows(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const deal *w = job;
    const recur_call *c = w->c;
    const int64_t *id = c->in[1]->data, E = c->in[0]->shape[1], padding = RCR_PARAMS(lookup, c)->padding_idx;
    for (int64_t d = from; d < to; d++)
        for (int64_t i = 0; i < c->in[1]->count; i++)
            if ((id[i] & (w->deals - 1)) == d && id[i] != padding)
                c->k->array.axpy(E, 1.0, rcr_at(rcr_dout(c, 0), i * E, c->k->item),
                                 rcr_at(rcr_din(c, 0), id[i] * E, c->k->item));
}

static void embedding_backward(recur_call *c)
{
    deal w = {c, c->out[0]->count > RCR_GRAIN ? DEALS : 1};
    rcr_ranges(c->cx, w.deals, 1, add_rows, &w);
}

static const recur_op embedding_op = {"embedding", embedding_shape, embedding_forward, embedding_backward};

recur_tensor *recur_embedding(recur_tape *tp, recur_tensor *table, recur_tensor *ids, int64_t padding_idx)
{
    lookup p = {padding_idx};
    return recur_apply(tp, &embedding_op, (recur_tensor *[]){table, ids}, 2, &p, sizeof p);
}
