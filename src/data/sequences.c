// SPDX-License-Identifier: MIT
/* Rows of ids: made from texts, padded into arrays, and read back. */
#include "data/sequences.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/corpus.h"
#include "data/vocab.h"

/* ---- making and freeing ---- */

void recur_sequences_free(recur_sequences *s)
{
    if (!s)
        return;
    recur_ctx *cx = s->cx;
    rcr_sequences *q = rcr_sequences_of(s);
    rcr_free(cx, q->offset);
    rcr_free(cx, q->id);
    rcr_free(cx, q);
}

recur_status rcr_sequences_finish(recur_sequences **out, recur_status s)
{
    if (s == RECUR_OK)
        return s;
    recur_sequences_free(*out);
    *out = NULL;
    return s;
}

/* Room for n more ids. */
static recur_status reserve(rcr_sequences *q, size_t n)
{
    size_t need;
    if (!rcr_add_size(q->used, n, &need))
        need = SIZE_MAX;
    recur_status s = rcr_grow(q->s.cx, (void **)&q->id, &q->id_room, need, sizeof *q->id, "sequences");
    q->s.id = q->id;
    return s;
}

recur_status recur_sequences_create(recur_sequences **out, recur_ctx *cx)
{
    *out = NULL;
    rcr_sequences *q = rcr_alloc_zero(cx, sizeof *q, "sequences");
    if (!q)
        return RECUR_ENOMEM;
    q->s.cx = cx;
    recur_status s = rcr_grow(cx, (void **)&q->offset, &q->offset_room, 1, sizeof *q->offset, "sequences");
    q->s.offset = q->offset;
    if (s == RECUR_OK)
        s = reserve(q, 1); /* never NULL, however empty the texts are */
    *out = &q->s;
    return rcr_sequences_finish(out, s);
}

/* ---- adding ---- */

recur_status rcr_sequences_put(rcr_sequences *q, int64_t id)
{
    recur_status s = reserve(q, 1);
    if (s == RECUR_OK)
        q->id[q->used++] = (int32_t)id;
    return s;
}

recur_status rcr_sequences_put_units(rcr_sequences *q, const recur_vocab *v, const recur_units *units,
                                     bool reverse)
{
    recur_status s = reserve(q, (size_t)units->n);
    for (int64_t i = 0; s == RECUR_OK && i < units->n; i++) {
        int64_t id;
        recur_vocab_ids(v, &units->unit[reverse ? units->n - 1 - i : i], 1, &id);
        q->id[q->used++] = (int32_t)id;
    }
    return s;
}

recur_status rcr_sequences_end(rcr_sequences *q)
{
    size_t n = (size_t)q->s.n;
    int64_t length = (int64_t)q->used - q->offset[n];
    recur_status s =
        rcr_grow(q->s.cx, (void **)&q->offset, &q->offset_room, n + 2, sizeof *q->offset, "sequences");
    q->s.offset = q->offset;
    if (s != RECUR_OK)
        return s;
    q->offset[n + 1] = (int64_t)q->used;
    q->s.longest = length > q->s.longest ? length : q->s.longest;
    q->s.n++;
    return RECUR_OK;
}

/* Drops what an addition that failed has left. */
static recur_status settle(rcr_sequences *q, recur_status s)
{
    if (s == RECUR_OK)
        s = rcr_sequences_end(q);
    if (s != RECUR_OK)
        q->used = (size_t)q->offset[q->s.n];
    return s;
}

recur_status recur_sequences_add(recur_sequences *sequences, const int64_t *ids, int64_t n)
{
    rcr_sequences *q = rcr_sequences_of(sequences);
    recur_status s = RECUR_OK;
    for (int64_t i = 0; i < n; i++)
        if (ids[i] < INT32_MIN || ids[i] > INT32_MAX)
            return rcr_fail(q->s.cx, RECUR_EINVAL, "the id %lld does not fit 32 bits", (long long)ids[i]);
    for (int64_t i = 0; s == RECUR_OK && i < n; i++)
        s = rcr_sequences_put(q, ids[i]);
    return settle(q, s);
}

static recur_status add_units(rcr_sequences *q, const recur_vocab *v, const recur_units *units,
                              unsigned flags)
{
    recur_status s = flags & RECUR_ENCODE_BOS ? rcr_sequences_put(q, RECUR_BOS) : RECUR_OK;
    if (s == RECUR_OK)
        s = rcr_sequences_put_units(q, v, units, flags & RECUR_ENCODE_REVERSE);
    if (s == RECUR_OK && flags & RECUR_ENCODE_EOS)
        s = rcr_sequences_put(q, RECUR_EOS);
    s = settle(q, s);
    q->s.cut += s == RECUR_OK && units->cut;
    return s;
}

/* ---- texts ---- */

static recur_status check_flags(recur_ctx *cx, const recur_vocab *v, unsigned flags)
{
    if (flags & (RECUR_ENCODE_BOS | RECUR_ENCODE_EOS) && !recur_vocab_specials(v))
        return rcr_fail(cx, RECUR_EINVAL, "the vocabulary has no <bos> and <eos>");
    return RECUR_OK;
}

recur_status recur_encode(recur_sequences *into, recur_tokenizer *t, const recur_vocab *v, const char *text,
                          size_t size, const recur_place *where, unsigned flags)
{
    recur_units units;
    recur_status s = check_flags(into->cx, v, flags);
    if (s == RECUR_OK)
        s = recur_tokenize(t, text, size, where, &units);
    return s == RECUR_OK ? add_units(rcr_sequences_of(into), v, &units, flags) : s;
}

recur_status recur_corpus_encode(recur_sequences **out, const recur_corpus *c, recur_side side,
                                 recur_tokenizer *t, const recur_vocab *v, unsigned flags)
{
    *out = NULL;
    recur_status s = check_flags(c->cx, v, flags);
    if (s == RECUR_OK && side == RECUR_SIDE_BOTH)
        s = rcr_fail(c->cx, RECUR_EINVAL, "texts or answers are encoded, not both into one");
    if (s == RECUR_OK && side == RECUR_SIDE_ANSWER)
        s = rcr_corpus_need_answers(c);
    if (s == RECUR_OK)
        s = recur_sequences_create(out, c->cx);
    if (s != RECUR_OK)
        return s;
    for (int64_t i = 0; s == RECUR_OK && i < c->n; i++) {
        recur_units units;
        s = rcr_corpus_tokenize(c, side, i, t, &units);
        if (s == RECUR_OK)
            s = add_units(rcr_sequences_of(*out), v, &units, flags);
    }
    return rcr_sequences_finish(out, s);
}

recur_status recur_decode(recur_text **out, const recur_tokenizer *t, const recur_vocab *v,
                          const int64_t *ids, int64_t n)
{
    bool specials = recur_vocab_specials(v);
    int64_t used = 0;
    *out = NULL;
    recur_span *unit = rcr_alloc_array(rcr_vocab_ctx(v), (size_t)n, sizeof *unit, "units of a text");
    if (!unit)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < n && !(specials && ids[i] == RECUR_EOS); i++)
        if (!specials || (ids[i] != RECUR_PAD && ids[i] != RECUR_BOS))
            unit[used++] = recur_vocab_text(v, ids[i]);
    recur_status s = recur_detokenize(out, t, unit, used);
    rcr_free(rcr_vocab_ctx(v), unit);
    return s;
}

/* ---- arrays ---- */

int64_t recur_pad_lengths(const recur_sequences *s, const int64_t *index, int64_t B, int64_t *lengths)
{
    int64_t T = 0;
    for (int64_t b = 0; b < B; b++) {
        lengths[b] = recur_sequence_length(s, index[b]);
        T = lengths[b] > T ? lengths[b] : T;
    }
    return T;
}

void recur_pad(const recur_sequences *s, const int64_t *index, int64_t B, int64_t T, recur_layout layout,
               int64_t fill, int64_t *ids)
{
    int64_t row = layout == RECUR_BATCH_MAJOR ? T : 1, step = layout == RECUR_BATCH_MAJOR ? 1 : B;
    for (int64_t b = 0; b < B; b++) {
        const int32_t *id = s->id + s->offset[index[b]];
        int64_t length = recur_sequence_length(s, index[b]);
        for (int64_t t = 0; t < T; t++)
            ids[b * row + t * step] = t < length ? id[t] : fill;
    }
}
