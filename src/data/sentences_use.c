// SPDX-License-Identifier: MIT
/* Tagged sentences as groups, counts and sequences. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/names.h"
#include "data/sequences.h"
#include "data/split.h"
#include "data/unit.h"

/* ---- equal sentences ---- */

static uint64_t hash_tokens(const void *sentences, int64_t i)
{
    const recur_sentences *s = sentences;
    uint64_t hash = 0;
    for (int64_t t = s->offset[i]; t < s->offset[i + 1]; t++)
        hash = rcr_hash_bytes(hash, s->token[t].text, s->token[t].size);
    return hash;
}

static bool same_tokens(const void *sentences, int64_t i, int64_t j)
{
    const recur_sentences *s = sentences;
    int64_t n = s->offset[i + 1] - s->offset[i];
    if (n != s->offset[j + 1] - s->offset[j])
        return false;
    for (int64_t t = 0; t < n; t++) {
        recur_span a = s->token[s->offset[i] + t], b = s->token[s->offset[j] + t];
        if (a.size != b.size || memcmp(a.text, b.text, a.size) != 0)
            return false;
    }
    return true;
}

recur_status recur_sentences_groups(const recur_sentences *s, int64_t *group)
{
    return rcr_find_groups(s->cx, s->n, s, hash_tokens, same_tokens, group);
}

/* ---- tokens one at a time ---- */

/* The sentence of a token, by halving. */
static int64_t sentence_of(const recur_sentences *s, int64_t token)
{
    int64_t low = 0, high = s->n;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (s->offset[middle] <= token)
            low = middle;
        else
            high = middle;
    }
    return low;
}

recur_place recur_sentences_place(const recur_sentences *s, int64_t token)
{
    return rcr_sentences_place(s, s->file[sentence_of(s, token)], token);
}

/* A token as one unit, or as the units that `t` cuts it into; where it stands is only looked for when it is wrong. */
static recur_status token_units(const recur_sentences *s, int64_t token, bool whole, recur_tokenizer *t,
                                recur_span *one, recur_units *units)
{
    recur_span text = s->token[token];
    const recur_place *where = NULL;
    recur_place place;
    recur_status status = RECUR_OK;
    *units = (recur_units){.n = 1, .unit = one};
    for (int attempt = 0; attempt < 2; attempt++) {
        status = whole ? recur_tokenize_whole(t, text.text, text.size, where, one)
                       : recur_tokenize(t, text.text, text.size, where, units);
        if (status != RECUR_EFORMAT)
            break;
        place = recur_sentences_place(s, token);
        where = &place;
    }
    return status;
}

static recur_status count(const recur_sentences *s, const int64_t *index, int64_t n, bool whole,
                          recur_tokenizer *t, recur_counts *counts)
{
    recur_status status = RECUR_OK;
    for (int64_t j = 0; status == RECUR_OK && j < (index ? n : s->n); j++) {
        int64_t i = index ? index[j] : j;
        for (int64_t k = s->offset[i]; status == RECUR_OK && k < s->offset[i + 1]; k++) {
            recur_span one;
            recur_units units;
            status = token_units(s, k, whole, t, &one, &units);
            if (status == RECUR_OK)
                status = recur_counts_add_units(counts, &units);
        }
    }
    return status;
}

recur_status recur_sentences_count(const recur_sentences *s, const int64_t *index, int64_t n,
                                   recur_tokenizer *t, recur_counts *counts)
{
    return count(s, index, n, true, t, counts);
}

recur_status recur_sentences_count_units(const recur_sentences *s, const int64_t *index, int64_t n,
                                         recur_tokenizer *t, recur_counts *counts)
{
    return count(s, index, n, false, t, counts);
}

static recur_status need_tags(const recur_sentences *s)
{
    return s->tag || s->n == 0 ? RECUR_OK
                               : rcr_fail(s->cx, RECUR_EINVAL, "these sentences were read without tags");
}

recur_status recur_sentences_count_tags(const recur_sentences *s, const int64_t *index, int64_t n,
                                        recur_counts *counts)
{
    recur_status status = need_tags(s);
    for (int64_t j = 0; status == RECUR_OK && j < (index ? n : s->n); j++) {
        int64_t i = index ? index[j] : j;
        for (int64_t k = s->offset[i]; status == RECUR_OK && k < s->offset[i + 1]; k++)
            status = recur_counts_add(counts, s->tag[k].text, s->tag[k].size, 1);
    }
    return status;
}

/* ---- sequences ---- */

/* Tokens of a sentence that are kept. */
static int64_t kept(const recur_sentences *s, int64_t i, const recur_tokenizer *t, rcr_sequences *q)
{
    int64_t n = s->offset[i + 1] - s->offset[i], most = recur_tokenizer_config(t)->max_length;
    if (most == 0 || n <= most)
        return n;
    q->s.cut++;
    return most;
}

static recur_status encode_tokens(rcr_sequences *q, const recur_sentences *s, recur_tokenizer *t,
                                  const recur_vocab *v)
{
    recur_status status = RECUR_OK;
    for (int64_t i = 0; status == RECUR_OK && i < s->n; i++) {
        int64_t n = kept(s, i, t, q);
        for (int64_t k = 0; status == RECUR_OK && k < n; k++) {
            recur_span one;
            recur_units units;
            status = token_units(s, s->offset[i] + k, true, t, &one, &units);
            if (status == RECUR_OK)
                status = rcr_sequences_put_units(q, v, &units, false);
        }
        if (status == RECUR_OK)
            status = rcr_sequences_end(q);
    }
    return status;
}

recur_status recur_sentences_encode(recur_sequences **out, const recur_sentences *s, recur_tokenizer *t,
                                    const recur_vocab *v)
{
    recur_status status = recur_sequences_create(out, s->cx);
    return status == RECUR_OK ? rcr_sequences_finish(out, encode_tokens(rcr_sequences_of(*out), s, t, v))
                              : status;
}

static recur_status encode_tags(rcr_sequences *q, const recur_sentences *s, const recur_tokenizer *t,
                                const recur_vocab *tags)
{
    recur_status status = need_tags(s);
    for (int64_t i = 0; status == RECUR_OK && i < s->n; i++) {
        recur_units units = {.n = kept(s, i, t, q), .unit = s->tag + s->offset[i]};
        status = rcr_sequences_put_units(q, tags, &units, false);
        if (status == RECUR_OK)
            status = rcr_sequences_end(q);
    }
    return status;
}

recur_status recur_sentences_encode_tags(recur_sequences **out, const recur_sentences *s,
                                         const recur_tokenizer *t, const recur_vocab *tags)
{
    recur_status status = recur_sequences_create(out, s->cx);
    return status == RECUR_OK ? rcr_sequences_finish(out, encode_tags(rcr_sequences_of(*out), s, t, tags))
                              : status;
}

static recur_status encode_units(rcr_sequences *q, const recur_sentences *s, recur_tokenizer *t,
                                 const recur_vocab *v)
{
    recur_status status = RECUR_OK;
    for (int64_t k = 0; status == RECUR_OK && k < s->offset[s->n]; k++) {
        recur_span one;
        recur_units units;
        status = token_units(s, k, false, t, &one, &units);
        q->s.cut += status == RECUR_OK && units.cut;
        if (status == RECUR_OK)
            status = rcr_sequences_put_units(q, v, &units, false);
        if (status == RECUR_OK)
            status = rcr_sequences_end(q);
    }
    return status;
}

recur_status recur_sentences_encode_units(recur_sequences **out, const recur_sentences *s, recur_tokenizer *t,
                                          const recur_vocab *v)
{
    recur_status status = recur_sequences_create(out, s->cx);
    return status == RECUR_OK ? rcr_sequences_finish(out, encode_units(rcr_sequences_of(*out), s, t, v))
                              : status;
}
