// SPDX-License-Identifier: MIT
/* Training, validation and test: by time, by order, or shuffled by a seed. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "base/random.h"
#include "data/examples.h"
#include "format/text.h"

/* ---- shares ---- */

static recur_status bad_split(recur_ctx *cx, const char *text, const char *why)
{
    char shown[RCR_SHOWN];
    return rcr_fail(
        cx, RECUR_EINVAL,
        "split \"%s\": %s; write training,validation,test as fractions such as 0.6,0.2,0.2 or as numbers of "
        "rows such as 8640,2880,2880",
        rcr_show_name(shown, text), why);
}

/* Up to three numbers; 0 when that is not what the text holds. */
static int parse_shares(const char *text, double share[RECUR_PARTS])
{
    int n = 0;
    while (text && n < RECUR_PARTS) {
        const char *comma = strchr(text, ',');
        size_t length = comma ? (size_t)(comma - text) : strlen(text);
        if (!rcr_parse_double(text, length, &share[n]) || !isfinite(share[n]) || share[n] < 0)
            return 0;
        n++;
        text = comma ? comma + 1 : NULL;
    }
    return text ? 0 : n;
}

recur_status recur_partition_parse(recur_ctx *cx, const char *text, recur_partition *out)
{
    double share[RECUR_PARTS] = {0};
    bool counts = false;
    if (parse_shares(text, share) < 2)
        return bad_split(cx, text, "two or three numbers of at least 0 are needed");
    for (int p = 0; p < RECUR_PARTS; p++)
        counts = counts || share[p] > 1;
    for (int p = 0; p < RECUR_PARTS; p++)
        if (counts && (share[p] != floor(share[p]) || share[p] > 1e15))
            return bad_split(cx, text, "fractions and numbers of rows cannot be mixed");
    if (!counts && share[0] + share[1] + share[2] > 1 + 1e-9)
        return bad_split(cx, text, "the sum of the fractions is above 1");
    memcpy(out->share, share, sizeof share);
    out->counts = counts;
    return RECUR_OK;
}

recur_status recur_partition_counts(recur_ctx *cx, const recur_partition *how, int64_t n,
                                    int64_t count[RECUR_PARTS])
{
    double sum = 0;
    int64_t cut = 0;
    for (int p = 0; p < RECUR_PARTS; p++) {
        double share = how->share[p];
        if (!(share >= 0 && (how->counts ? share <= 1e15 : share <= 1)))
            return rcr_fail(cx, RECUR_EINVAL,
                            "a part's share must be a number of at least 0, a fraction at most 1");
        sum += share;
        /* 0.7 + 0.2 + 0.1 is a little below 1: what is lost there must not cost a row. */
        double end = how->counts ? sum : floor(sum * (double)n + 1e-6);
        if (end > (double)n)
            return rcr_fail(cx, RECUR_EINVAL, "the split asks for %lld rows; there are %lld", (long long)end,
                            (long long)n);
        count[p] = (int64_t)end - cut;
        cut = (int64_t)end;
    }
    return RECUR_OK;
}

/* ---- which example belongs where; part RECUR_PARTS is the unused rest ---- */

/* The part in which unit `u` stands. */
static int part_of(const int64_t count[RECUR_PARTS], int64_t u)
{
    int p = 0;
    while (p < RECUR_PARTS && u >= count[p])
        u -= count[p++];
    return p;
}

static void assign_by_time(const recur_examples *e, const int64_t count[RECUR_PARTS], unsigned char *part)
{
    for (int64_t i = 0; i < e->n; i++) {
        int first = part_of(count, rcr_answer_row(e, i)), last = part_of(count, rcr_end_row(e, i) - 1);
        part[i] = (unsigned char)(first == last ? first : RECUR_PARTS);
    }
}

/* FNV-1a over the bits of an example. */
static uint64_t hash_doubles(uint64_t hash, const double *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
        hash ^= hash >> 32;
    }
    return hash;
}

static uint64_t hash_example(const recur_examples *e, int64_t i)
{
    uint64_t hash = hash_doubles(14695981039346656037u, e->x + e->start[i] * e->F, e->length[i] * e->F);
    return hash_doubles(hash, recur_examples_truth(e, i), e->horizon * e->K);
}

static bool same_example(const recur_examples *e, int64_t i, int64_t j)
{
    size_t inputs = (size_t)(e->length[i] * e->F), answers = (size_t)(e->horizon * e->K);
    return e->length[i] == e->length[j] &&
           memcmp(e->x + e->start[i] * e->F, e->x + e->start[j] * e->F, inputs * sizeof(double)) == 0 &&
           memcmp(recur_examples_truth(e, i), recur_examples_truth(e, j), answers * sizeof(double)) == 0;
}

/* group[i]: the first example that equals example i. */
static recur_status find_groups(const recur_examples *e, int64_t *group)
{
    size_t size = 16;
    while (size < 2 * (size_t)e->n)
        size *= 2;
    int64_t *slot =
        rcr_alloc_array(e->cx, size, sizeof *slot, "groups of equal examples"); /* example + 1; 0 = free */
    if (!slot)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < e->n; i++) {
        size_t s = (size_t)hash_example(e, i) & (size - 1);
        while (slot[s] && !same_example(e, slot[s] - 1, i))
            s = (s + 1) & (size - 1);
        if (!slot[s])
            slot[s] = i + 1;
        group[i] = slot[s] - 1;
    }
    rcr_free(e->cx, slot);
    return RECUR_OK;
}

/* Walks over groups in shuffled order; a group goes where its first member falls. `members` [n] counts, then
 * gives the part. */
static void assign_groups(int64_t n, const int64_t *group, const int64_t *order, int64_t *members,
                          const int64_t count[RECUR_PARTS], unsigned char *part)
{
    int64_t placed = 0;
    for (int64_t i = 0; i < n; i++)
        members[group[i]]++;
    for (int64_t j = 0; j < n; j++) {
        int64_t g = order[j], size = members[g];
        if (size == 0)
            continue; /* not the first of its group */
        members[g] = part_of(count, placed);
        placed += size;
    }
    for (int64_t i = 0; i < n; i++)
        part[i] = (unsigned char)members[group[i]];
}

static recur_status assign_shuffled(const recur_examples *e, const recur_partition *how,
                                    const int64_t count[RECUR_PARTS], unsigned char *part)
{
    size_t n = (size_t)e->n;
    recur_status s = RECUR_ENOMEM;
    int64_t *order = rcr_alloc_array(e->cx, n, sizeof *order, "a shuffled order");
    int64_t *group = order ? rcr_alloc_array(e->cx, n, sizeof *group, "groups of equal examples") : NULL;
    int64_t *members = group ? rcr_alloc_array(e->cx, n, sizeof *members, "groups of equal examples") : NULL;
    if (members) {
        rcr_permutation(how->seed, rcr_stream(0, "split"), e->n, order);
        for (int64_t i = 0; i < e->n; i++)
            group[i] = i;
        s = how->distinct ? find_groups(e, group) : RECUR_OK;
    }
    if (s == RECUR_OK)
        assign_groups(e->n, group, order, members, count, part);
    rcr_free(e->cx, members);
    rcr_free(e->cx, group);
    rcr_free(e->cx, order);
    return s;
}

static recur_status assign(const recur_examples *e, const recur_partition *how, unsigned char *part)
{
    int64_t count[RECUR_PARTS] = {0};
    bool by_time = e->series && !how->shuffle;
    recur_status s = recur_partition_counts(e->cx, how, by_time ? e->rows : e->n, count);
    if (s != RECUR_OK)
        return s;
    if (how->shuffle)
        return assign_shuffled(e, how, count, part);
    if (by_time)
        assign_by_time(e, count, part);
    for (int64_t i = 0; !by_time && i < e->n; i++)
        part[i] = (unsigned char)part_of(count, i);
    return RECUR_OK;
}

/* ---- the lists ---- */

static recur_status list_parts(recur_parts *p, const unsigned char *part, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (part[i] < RECUR_PARTS)
            p->n[part[i]]++;
    for (int q = 0; q < RECUR_PARTS; q++) {
        int64_t *index = rcr_alloc_array(p->cx, (size_t)p->n[q], sizeof *index, "examples of a part"), k = 0;
        p->index[q] = index;
        if (!index)
            return RECUR_ENOMEM;
        for (int64_t i = 0; i < n; i++)
            if (part[i] == q)
                index[k++] = i;
    }
    return RECUR_OK;
}

static recur_status check_parts(const recur_parts *p, const recur_examples *e, const recur_partition *how)
{
    static const char *const name[] = {"training", "validation", "test"};
    for (int q = 0; q < RECUR_PARTS; q++)
        if (p->n[q] == 0 && (q == RECUR_PART_TRAIN || how->share[q] > 0))
            return rcr_fail(
                p->cx, RECUR_EINVAL,
                "the %s part gets no example; there are %lld in all, from %lld rows, with a horizon of %lld",
                name[q], (long long)e->n, (long long)e->rows, (long long)e->horizon);
    return RECUR_OK;
}

static recur_status make_parts(recur_parts **out, const recur_examples *e, const recur_partition *how,
                               int all)
{
    *out = NULL;
    recur_parts *p = rcr_alloc_zero(e->cx, sizeof *p, "parts");
    if (!p)
        return RECUR_ENOMEM;
    p->cx = e->cx;
    unsigned char *part = rcr_alloc_zero(e->cx, (size_t)e->n, "parts");
    recur_status s = part ? RECUR_OK : RECUR_ENOMEM;
    if (part && !how)
        memset(part, all, (size_t)e->n);
    if (part && how)
        s = assign(e, how, part);
    if (s == RECUR_OK)
        s = list_parts(p, part, e->n);
    if (s == RECUR_OK && how)
        s = check_parts(p, e, how);
    rcr_free(e->cx, part);
    if (s == RECUR_OK)
        *out = p;
    else
        recur_parts_free(p);
    return s;
}

recur_status recur_parts_create(recur_parts **out, const recur_examples *e, const recur_partition *how)
{
    return make_parts(out, e, how, 0);
}

recur_status recur_parts_all(recur_parts **out, const recur_examples *e, int part)
{
    *out = NULL;
    if (part < 0 || part >= RECUR_PARTS)
        return rcr_fail(e->cx, RECUR_EINVAL, "part %d is not in 0 .. %d", part, RECUR_PARTS - 1);
    return make_parts(out, e, NULL, part);
}

void recur_parts_free(recur_parts *p)
{
    if (!p)
        return;
    for (int q = 0; q < RECUR_PARTS; q++)
        rcr_free(p->cx, (void *)p->index[q]);
    rcr_free(p->cx, p);
}
