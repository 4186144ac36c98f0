// SPDX-License-Identifier: MIT
/* Which example belongs to which part: shuffled, in order, or every so many; groups stay together. */
#include "data/split.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"

int rcr_part_of(const int64_t count[RECUR_PARTS], int64_t u)
{
    int p = 0;
    while (p < RECUR_PARTS && u >= count[p])
        u -= count[p++];
    return p;
}

recur_status rcr_find_groups(recur_ctx *cx, int64_t n, const void *examples, rcr_hash_of *hash,
                             rcr_is_same *same, int64_t *group)
{
    size_t size = 16;
    while (size < 2 * (size_t)n)
        size *= 2;
    int64_t *slot =
        rcr_alloc_array(cx, size, sizeof *slot, "groups of equal examples"); /* example + 1; 0 = free */
    if (!slot)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        size_t s = (size_t)hash(examples, i) & (size - 1);
        while (slot[s] && !same(examples, slot[s] - 1, i))
            s = (s + 1) & (size - 1);
        if (!slot[s])
            slot[s] = i + 1;
        group[i] = slot[s] - 1;
    }
    rcr_free(cx, slot);
    return RECUR_OK;
}

/* ---- assigning ---- */

/* Every k-th example is for testing, and the one before it for validation if there is to be such a part. */
static int part_of_every(const recur_partition *how, int64_t i)
{
    int64_t left = how->every - 1 - i % how->every;
    return left == 0                                       ? RECUR_PART_TEST
           : left == 1 && how->share[RECUR_PART_VALID] > 0 ? RECUR_PART_VALID
                                                           : RECUR_PART_TRAIN;
}

/* Walks over the examples in `order`; a group goes where its first member falls. `members` [n] counts, then gives the
 * part. */
static void assign_groups(int64_t n, const int64_t *group, const int64_t *order, int64_t *members,
                          const int64_t count[RECUR_PARTS], unsigned char *part)
{
    int64_t placed = 0;
    for (int64_t i = 0; i < n; i++)
        members[group ? group[i] : i]++;
    for (int64_t j = 0; j < n; j++) {
        int64_t g = group ? group[order[j]] : order[j], size = members[g];
        if (size <= 0)
            continue; /* not the first of its group */
        members[g] = -rcr_part_of(count, placed);
        placed += size;
    }
    for (int64_t i = 0; i < n; i++)
        part[i] = (unsigned char)-members[group ? group[i] : i];
}

static recur_status assign_by_share(recur_ctx *cx, int64_t n, const int64_t *group,
                                    const recur_partition *how, unsigned char *part)
{
    int64_t count[RECUR_PARTS] = {0};
    recur_status s = recur_partition_counts(cx, how, n, count);
    if (s != RECUR_OK)
        return s;
    int64_t *order = rcr_alloc_array(cx, (size_t)n, sizeof *order, "the order of examples");
    int64_t *members = order ? rcr_alloc_array(cx, (size_t)n, sizeof *members, "groups of examples") : NULL;
    if (members) {
        for (int64_t i = 0; i < n; i++)
            order[i] = i;
        if (how->shuffle)
            rcr_permutation(how->seed, rcr_stream(0, "split"), n, order);
        assign_groups(n, group, order, members, count, part);
    }
    rcr_free(cx, members);
    rcr_free(cx, order);
    return members ? RECUR_OK : RECUR_ENOMEM;
}

static recur_status check(recur_ctx *cx, int64_t n, const int64_t *group, const recur_partition *how)
{
    if (how->every < 0 || how->every == 1)
        return rcr_fail(cx, RECUR_EINVAL, "every %lld examples one for testing; at least every 2",
                        (long long)how->every);
    for (int64_t i = 0; group && i < n; i++)
        if (group[i] < 0 || group[i] > i || group[group[i]] != group[i])
            return rcr_fail(cx, RECUR_EINVAL,
                            "example %lld: group %lld is not the number of its first example", (long long)i,
                            (long long)group[i]);
    return RECUR_OK;
}

/* ---- listing ---- */

static recur_status check_parts(const recur_parts *p, int64_t n, const recur_partition *how)
{
    static const char *const name[] = {"training", "validation", "test"};
    for (int q = 0; q < RECUR_PARTS; q++)
        if (p->n[q] == 0 && (q == RECUR_PART_TRAIN || how->share[q] > 0))
            return rcr_fail(p->cx, RECUR_EINVAL, "the %s part gets no example; there are %lld in all",
                            name[q], (long long)n);
    return RECUR_OK;
}

static recur_status list(recur_parts *p, const unsigned char *part, int64_t n)
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

recur_status rcr_parts_list(recur_parts **out, recur_ctx *cx, int64_t n, const unsigned char *part,
                            const recur_partition *how)
{
    *out = NULL;
    recur_parts *p = rcr_alloc_zero(cx, sizeof *p, "parts");
    if (!p)
        return RECUR_ENOMEM;
    p->cx = cx;
    recur_status s = list(p, part, n);
    if (s == RECUR_OK && how)
        s = check_parts(p, n, how);
    if (s == RECUR_OK)
        *out = p;
    else
        recur_parts_free(p);
    return s;
}

recur_status recur_parts_split(recur_parts **out, recur_ctx *cx, int64_t n, const int64_t *group,
                               const recur_partition *how)
{
    *out = NULL;
    recur_status s = check(cx, n, group, how);
    if (s != RECUR_OK)
        return s;
    unsigned char *part = rcr_alloc_zero(cx, (size_t)n, "parts");
    if (!part)
        return RECUR_ENOMEM;
    if (how->every == 0)
        s = assign_by_share(cx, n, group, how, part);
    for (int64_t i = 0; how->every > 0 && i < n; i++)
        part[i] = (unsigned char)part_of_every(how, group ? group[i] : i);
    if (s == RECUR_OK)
        s = rcr_parts_list(out, cx, n, part, how);
    rcr_free(cx, part);
    return s;
}

recur_status recur_parts_whole(recur_parts **out, recur_ctx *cx, int64_t n, int part)
{
    *out = NULL;
    if (part < 0 || part >= RECUR_PARTS)
        return rcr_fail(cx, RECUR_EINVAL, "part %d is not in 0 .. %d", part, RECUR_PARTS - 1);
    unsigned char *parts = rcr_alloc(cx, (size_t)n, "parts");
    if (!parts)
        return RECUR_ENOMEM;
    memset(parts, part, (size_t)n);
    recur_status s = rcr_parts_list(out, cx, n, parts, NULL);
    rcr_free(cx, parts);
    return s;
}

void recur_parts_free(recur_parts *p)
{
    if (!p)
        return;
    for (int q = 0; q < RECUR_PARTS; q++)
        rcr_free(p->cx, (void *)p->index[q]);
    rcr_free(p->cx, p);
}
