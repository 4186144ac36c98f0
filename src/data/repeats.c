// SPDX-License-Identifier: MIT
/*
 * MinHash (Broder 1997): of a sequence, seen as the set of its runs of three ids, 64 hash functions each keep their
 * least value. Two sets agree in such a value with a probability that is their Jaccard index, so the share of equal
 * values estimates it. Candidates are found in 16 bands of 4 values: whoever has all four in common with the first
 * sequence of a bucket is compared with it. One table is used for one band after the other.
 */
#include "data/repeats.h"

#include <string.h>

#include "base/alloc.h"
#include "data/names.h"
#include "data/split.h"

enum { VALUES = 64, BAND = 4, RUN = 3, ALIKE = 51 /* of 64 values: 0.8 */ };

/* ---- equal ---- */

static uint64_t hash_sequence(const void *sequences, int64_t i)
{
    const recur_sequences *s = sequences;
    return rcr_hash_bytes(0, s->id + s->offset[i], (size_t)recur_sequence_length(s, i) * sizeof *s->id);
}

static bool same_sequence(const void *sequences, int64_t i, int64_t j)
{
    const recur_sequences *s = sequences;
    int64_t n = recur_sequence_length(s, i);
    return n == recur_sequence_length(s, j) &&
           (n == 0 || memcmp(s->id + s->offset[i], s->id + s->offset[j], (size_t)n * sizeof *s->id) == 0);
}

recur_status rcr_sequences_groups(const recur_sequences *s, int64_t *group)
{
    return rcr_find_groups(s->cx, s->n, s, hash_sequence, same_sequence, group);
}

/* ---- alike ---- */

/* The k-th hash function of a run: multiply-shift with odd numbers that follow from k. */
static uint32_t value_of(uint64_t run, uint64_t k)
{
    uint64_t odd = (k + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;
    return (uint32_t)((run ^ run >> 29) * odd >> 32);
}

/* sign [VALUES] of a sequence; one that is shorter than a run is a run by itself. */
static void sign(const int32_t *id, int64_t n, uint32_t *signature)
{
    int64_t size = n < RUN ? n : RUN;
    memset(signature, 0xFF, VALUES * sizeof *signature);
    for (int64_t t = 0; t + size <= n; t++) {
        uint64_t run = rcr_hash_bytes(0, id + t, (size_t)size * sizeof *id);
        for (uint64_t k = 0; k < VALUES; k++) {
            uint32_t value = value_of(run, k);
            signature[k] = value < signature[k] ? value : signature[k];
        }
    }
}

typedef struct search {
    const recur_sequences *s;
    const int64_t *group;
    const uint32_t *signature; /* [n, VALUES] */
    int64_t *slot;             /* [size]: sequence + 1; 0 = free */
    size_t size;               /* a power of two, at least twice n */
} search;

static bool alike(const search *f, int64_t i, int64_t j)
{
    const uint32_t *a = f->signature + i * VALUES, *b = f->signature + j * VALUES;
    int same = 0;
    for (int k = 0; k < VALUES; k++)
        same += a[k] == b[k];
    return f->group[i] != f->group[j] && same >= ALIKE;
}

/* The slot of sequence i in the table of a band: that of the first one with these values. */
static int64_t *look(const search *f, int64_t i, int band)
{
    const uint32_t *values = f->signature + i * VALUES + band * BAND;
    size_t k = (size_t)rcr_hash_bytes((uint64_t)band, values, BAND * sizeof *values) & (f->size - 1);
    while (f->slot[k] &&
           memcmp(f->signature + (f->slot[k] - 1) * VALUES + band * BAND, values, BAND * sizeof *values) != 0)
        k = (k + 1) & (f->size - 1);
    return &f->slot[k];
}

/* Every sequence is held against the first before it; then those that are not for training against the first that is. */
static void search_band(search *f, int band, const unsigned char *part, bool *near, bool *like_train)
{
    int64_t n = f->s->n;
    memset(f->slot, 0, f->size * sizeof *f->slot);
    for (int64_t i = 0; i < n; i++) {
        int64_t *slot = look(f, i, band);
        near[i] = near[i] || (*slot && alike(f, i, *slot - 1));
        *slot = *slot ? *slot : i + 1;
    }
    memset(f->slot, 0, f->size * sizeof *f->slot);
    for (int64_t i = 0; i < n; i++) {
        int64_t *slot = part[i] == RECUR_PART_TRAIN ? look(f, i, band) : NULL;
        if (slot && !*slot)
            *slot = i + 1;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t *slot = part[i] == RECUR_PART_TRAIN ? NULL : look(f, i, band);
        like_train[i] = like_train[i] || (slot && *slot && alike(f, i, *slot - 1));
    }
}

recur_status rcr_near_sequences(const recur_sequences *s, const int64_t *group, const unsigned char *part,
                                bool *near, bool *like_train)
{
    search f = {.s = s, .group = group, .size = 16};
    while (f.size < 2 * (size_t)s->n)
        f.size *= 2;
    uint32_t *signature =
        rcr_alloc_array(s->cx, (size_t)s->n, VALUES * sizeof *signature, "signatures of texts");
    f.signature = signature;
    f.slot = signature ? rcr_alloc_array(s->cx, f.size, sizeof *f.slot, "signatures of texts") : NULL;
    if (f.slot) {
        for (int64_t i = 0; i < s->n; i++)
            sign(s->id + s->offset[i], recur_sequence_length(s, i), signature + i * VALUES);
        for (int band = 0; band < VALUES / BAND; band++)
            search_band(&f, band, part, near, like_train);
    }
    rcr_free(s->cx, f.slot);
    rcr_free(s->cx, signature);
    return f.slot ? RECUR_OK : RECUR_ENOMEM;
}
