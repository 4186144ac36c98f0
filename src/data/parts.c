// SPDX-License-Identifier: MIT
/* Training, validation and test of a series or of rows. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/examples.h"
#include "data/split.h"

static void assign_by_time(const recur_examples *e, const int64_t count[RECUR_PARTS], unsigned char *part)
{
    for (int64_t i = 0; i < e->n; i++) {
        int first = rcr_part_of(count, rcr_answer_row(e, i)),
            last = rcr_part_of(count, rcr_end_row(e, i) - 1);
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

static uint64_t hash_example(const void *examples, int64_t i)
{
    const recur_examples *e = examples;
    uint64_t hash = hash_doubles(14695981039346656037u, e->x + e->start[i] * e->F, e->length[i] * e->F);
    return hash_doubles(hash, recur_examples_truth(e, i), e->horizon * e->K);
}

static bool same_example(const void *examples, int64_t i, int64_t j)
{
    const recur_examples *e = examples;
    size_t inputs = (size_t)(e->length[i] * e->F), answers = (size_t)(e->horizon * e->K);
    return e->length[i] == e->length[j] &&
           memcmp(e->x + e->start[i] * e->F, e->x + e->start[j] * e->F, inputs * sizeof(double)) == 0 &&
           memcmp(recur_examples_truth(e, i), recur_examples_truth(e, j), answers * sizeof(double)) == 0;
}

static recur_status split_by_time(recur_parts **out, const recur_examples *e, const recur_partition *how)
{
    int64_t count[RECUR_PARTS] = {0};
    recur_status s = recur_partition_counts(e->cx, how, e->rows, count);
    if (s != RECUR_OK)
        return s;
    unsigned char *part = rcr_alloc_zero(e->cx, (size_t)e->n, "parts");
    if (!part)
        return RECUR_ENOMEM;
    assign_by_time(e, count, part);
    s = rcr_parts_list(out, e->cx, e->n, part, how);
    rcr_free(e->cx, part);
    return s;
}

/* Equal examples are one group. */
static recur_status split_distinct(recur_parts **out, const recur_examples *e, const recur_partition *how)
{
    int64_t *group = rcr_alloc_array(e->cx, (size_t)e->n, sizeof *group, "groups of equal examples");
    recur_status s =
        group ? rcr_find_groups(e->cx, e->n, e, hash_example, same_example, group) : RECUR_ENOMEM;
    if (s == RECUR_OK)
        s = recur_parts_split(out, e->cx, e->n, group, how);
    rcr_free(e->cx, group);
    return s;
}

recur_status recur_parts_create(recur_parts **out, const recur_examples *e, const recur_partition *how)
{
    *out = NULL;
    if (how->every != 0)
        return rcr_fail(e->cx, RECUR_EINVAL, "a series or rows are cut by shares, not every %lld",
                        (long long)how->every);
    if (e->series && !how->shuffle)
        return split_by_time(out, e, how);
    return how->shuffle && how->distinct ? split_distinct(out, e, how)
                                         : recur_parts_split(out, e->cx, e->n, NULL, how);
}

recur_status recur_parts_all(recur_parts **out, const recur_examples *e, int part)
{
    return recur_parts_whole(out, e->cx, e->n, part);
}
