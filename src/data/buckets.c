// SPDX-License-Identifier: MIT
/*
 * Batches of like lengths. An epoch's order is made of three things: a permutation of the examples, a sort by length
 * (by counting: what is equal stays in the order of the permutation), and a permutation of the batches. When pools are
 * sorted, lengths that differ by a sixteenth or less count as equal, so that other examples meet in each epoch.
 *
 *     shuffled   | pool: sorted | pool: sorted | ... |       cut into batches, which are shuffled
 *     by units   | all: sorted                       |       the same; how many fit depends on the lengths alone
 *     in order   | all: sorted, without permutation  |       in this order
 */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"

#include <recur/text.h>

enum { USUAL_POOL = 50, USUAL_EXAMPLES = 8192 }; /* of a pool: batches, examples, whichever is more */

struct recur_buckets {
    recur_ctx *cx;
    recur_bucket_options opt;
    int64_t n, batches;
    int64_t *index, *length; /* [n]: of each example */
    int64_t *key, keys;      /* [n]: what examples are sorted by, 0 .. keys - 1 */
    int64_t *start;          /* [batches + 1]: where batches begin in `order` */
    int64_t *order;          /* [n]: positions in `index`, of this epoch */
    int64_t *shuffled;       /* [n]: the permutation, and room to sort in */
    int64_t *pool;           /* [n]: the pool of each example */
    int64_t *turn;           /* [batches]: which batch comes when */
    int64_t *count;          /* [1 + keys or pools] */
    int64_t *out, *lengths;  /* [most examples of a batch] */
    uint64_t epoch;
    int64_t at;
};

void recur_buckets_free(recur_buckets *b)
{
    if (!b)
        return;
    void *const block[] = {b->index, b->length, b->key,   b->start, b->order,   b->shuffled,
                           b->pool,  b->turn,   b->count, b->out,   b->lengths, b};
    for (size_t i = 0; i < sizeof block / sizeof *block; i++)
        rcr_free(b->cx, block[i]);
}

/* ---- order ---- */

static int64_t pool_size(const recur_buckets *b)
{
    return b->opt.shuffle && b->opt.units == 0 ? b->opt.batch * b->opt.pool : b->n + 1;
}

/* to [n]: from [n] sorted by key(from[i]) in 0 .. keys - 1; equals keep their order. */
static void sort_by(recur_buckets *b, int64_t *to, const int64_t *from, const int64_t *key, int64_t keys)
{
    memset(b->count, 0, (size_t)(keys + 1) * sizeof *b->count);
    for (int64_t i = 0; i < b->n; i++)
        b->count[key[from[i]] + 1]++;
    for (int64_t k = 0; k < keys; k++)
        b->count[k + 1] += b->count[k];
    for (int64_t i = 0; i < b->n; i++)
        to[b->count[key[from[i]]]++] = from[i];
}

/* order [n]: by pool, and by length within it. First all by length, then, with that order kept, by pool. */
static void sort_in_pools(recur_buckets *b)
{
    int64_t pool = pool_size(b), pools = (b->n + pool - 1) / pool;
    if (pools <= 1) {
        sort_by(b, b->order, b->shuffled, b->key, b->keys);
        return;
    }
    for (int64_t i = 0; i < b->n; i++)
        b->pool[b->shuffled[i]] = i / pool;
    sort_by(b, b->order, b->shuffled, b->key, b->keys);
    memcpy(b->shuffled, b->order, (size_t)b->n * sizeof *b->order);
    sort_by(b, b->order, b->shuffled, b->pool, pools);
}

void recur_buckets_seek(recur_buckets *b, uint64_t epoch, int64_t batch)
{
    b->epoch = epoch;
    b->at = batch < 0 ? 0 : batch;
    for (int64_t i = 0; i < b->n; i++)
        b->shuffled[i] = i;
    for (int64_t k = 0; k < b->batches; k++)
        b->turn[k] = k;
    if (b->opt.shuffle) {
        rcr_permutation(b->opt.seed, rcr_stream(epoch, "examples of buckets"), b->n, b->shuffled);
        rcr_permutation(b->opt.seed, rcr_stream(epoch, "buckets"), b->batches, b->turn);
    }
    sort_in_pools(b);
}

void recur_buckets_tell(const recur_buckets *b, uint64_t *epoch, int64_t *batch)
{
    *epoch = b->epoch;
    *batch = b->at;
}

/* ---- making ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How many examples from sorted position `from` on make a batch: at most opt.batch, at most opt.units with padding, at
 * least one. Before the first epoch `order` holds all examples by length, whose lengths are the same in every epoch. */
static int64_t batch_size(const recur_buckets *b, int64_t from)
{
    int64_t most = least(b->opt.batch, b->n - from), B;
    if (b->opt.units == 0)
        return most;
    for (B = 1; B < most; B++)
        if (b->length[b->order[from + B]] > b->opt.units / (B + 1))
            break;
    return B;
}

/* Lays the batches out: `start` NULL only counts them. */
static int64_t lay_out(const recur_buckets *b, int64_t *start)
{
    int64_t batches = 0;
    for (int64_t i = 0; i < b->n; i += batch_size(b, i), batches++)
        if (start)
            start[batches] = i;
    if (start)
        start[batches] = b->n;
    return batches;
}

static int64_t *numbers(const recur_buckets *b, int64_t n)
{
    return rcr_alloc_array(b->cx, (size_t)n, sizeof(int64_t), "batches of like lengths");
}

/* Lengths in classes, in their order: each below 32, and sixteen from one power of two to the next. */
static int64_t class_of(int64_t length)
{
    int64_t octave = 0;
    while (length >> octave >= 32)
        octave++;
    return 16 * octave + (length >> octave);
}

static recur_status take_examples(recur_buckets *b, const recur_sequences *s, const int64_t *index)
{
    bool roughly = b->opt.shuffle && b->opt.units == 0;
    b->index = numbers(b, b->n);
    b->length = numbers(b, b->n);
    b->key = numbers(b, b->n);
    if (!b->index || !b->length || !b->key)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < b->n; i++) {
        int64_t k = b->index[i] = index ? index[i] : i;
        if (k < 0 || k >= s->n)
            return rcr_fail(b->cx, RECUR_EINVAL, "sequence %lld is not in 0 .. %lld", (long long)k,
                            (long long)s->n - 1);
        b->length[i] = recur_sequence_length(s, k);
        b->key[i] = roughly ? class_of(b->length[i]) : b->length[i];
        b->keys = b->key[i] >= b->keys ? b->key[i] + 1 : b->keys;
    }
    return RECUR_OK;
}

static recur_status allocate(recur_buckets *b)
{
    int64_t pools = b->n / pool_size(b) + 1;
    b->order = numbers(b, b->n);
    b->shuffled = numbers(b, b->n);
    b->pool = numbers(b, b->n);
    b->count = numbers(b, 1 + (pools > b->keys ? pools : b->keys));
    if (!b->order || !b->shuffled || !b->pool || !b->count)
        return RECUR_ENOMEM;
    recur_buckets_seek(b, 0, 0); /* no batches yet: for the lengths alone */
    b->batches = lay_out(b, NULL);
    b->start = numbers(b, b->batches + 1);
    b->turn = numbers(b, b->batches);
    b->out = numbers(b, least(b->opt.batch, b->n));
    b->lengths = numbers(b, least(b->opt.batch, b->n));
    if (!b->start || !b->turn || !b->out || !b->lengths)
        return RECUR_ENOMEM;
    lay_out(b, b->start);
    recur_buckets_seek(b, 0, 0);
    return RECUR_OK;
}

recur_status recur_buckets_create(recur_buckets **out, const recur_sequences *s, const int64_t *index,
                                  int64_t n, const recur_bucket_options *opt)
{
    *out = NULL;
    if (opt->batch < 1 || opt->units < 0 || opt->pool < 0)
        return rcr_fail(s->cx, RECUR_EINVAL, "batches of %lld examples and %lld units in pools of %lld",
                        (long long)opt->batch, (long long)opt->units, (long long)opt->pool);
    recur_buckets *b = rcr_alloc_zero(s->cx, sizeof *b, "batches of like lengths");
    if (!b)
        return RECUR_ENOMEM;
    *b = (recur_buckets){.cx = s->cx, .opt = *opt, .n = index ? n : s->n};
    b->opt.batch = least(opt->batch, b->n > 0 ? b->n : 1);
    if (b->opt.pool == 0)
        b->opt.pool = USUAL_EXAMPLES / b->opt.batch > USUAL_POOL ? USUAL_EXAMPLES / b->opt.batch : USUAL_POOL;
    b->opt.pool = least(b->opt.pool, b->n / b->opt.batch + 1);
    recur_status status = take_examples(b, s, index);
    if (status == RECUR_OK)
        status = allocate(b);
    if (status == RECUR_OK)
        *out = b;
    else
        recur_buckets_free(b);
    return status;
}

/* ---- walking ---- */

int64_t recur_buckets_size(const recur_buckets *b)
{
    return b->batches;
}

bool recur_buckets_next(recur_buckets *b, recur_bucket *out)
{
    *out = (recur_bucket){0};
    if (b->at >= b->batches)
        return false;
    int64_t k = b->turn[b->at++];
    *out = (recur_bucket){.B = b->start[k + 1] - b->start[k], .index = b->out, .lengths = b->lengths};
    for (int64_t j = 0; j < out->B; j++) {
        int64_t i = b->order[b->start[k] + j];
        b->out[j] = b->index[i];
        b->lengths[j] = b->length[i];
        out->units += b->length[i];
        out->T = b->length[i] > out->T ? b->length[i] : out->T;
    }
    return true;
}
