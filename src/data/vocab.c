// SPDX-License-Identifier: MIT
/* Counts of units, and vocabularies made of them. */
#include "data/vocab.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/lines.h"
#include "format/sort.h"

/* ---- counts ---- */

recur_status recur_counts_create(recur_counts **out, recur_ctx *cx)
{
    *out = rcr_alloc_zero(cx, sizeof **out, "counts of units");
    if (!*out)
        return RECUR_ENOMEM;
    (*out)->names.cx = cx;
    return RECUR_OK;
}

void recur_counts_free(recur_counts *c)
{
    if (!c)
        return;
    recur_ctx *cx = c->names.cx;
    rcr_names_free(&c->names);
    rcr_free(cx, c->times);
    rcr_free(cx, c);
}

recur_status recur_counts_add(recur_counts *c, const char *unit, size_t size, int64_t times)
{
    size_t i;
    recur_status s = rcr_grow(c->names.cx, (void **)&c->times, &c->room, c->names.n + 1, sizeof *c->times,
                              "counts of units");
    if (s == RECUR_OK)
        s = rcr_names_add(&c->names, unit, size, &i);
    if (s != RECUR_OK)
        return s;
    c->times[i] += times;
    c->total += times;
    return RECUR_OK;
}

recur_status recur_counts_add_units(recur_counts *c, const recur_units *units)
{
    recur_status s = RECUR_OK;
    for (int64_t i = 0; s == RECUR_OK && i < units->n; i++)
        s = recur_counts_add(c, units->unit[i].text, units->unit[i].size, 1);
    return s;
}

int64_t recur_counts_size(const recur_counts *c)
{
    return (int64_t)c->names.n;
}

int64_t recur_counts_total(const recur_counts *c)
{
    return c->total;
}

recur_span recur_counts_at(const recur_counts *c, int64_t i, int64_t *times)
{
    *times = c->times[i];
    return rcr_names_text(&c->names, (size_t)i);
}

/* ---- which units, in which order ---- */

static int compare_bytes(const void *a, const void *b)
{
    recur_span s = ((const rcr_entry *)a)->text, t = ((const rcr_entry *)b)->text;
    int order = memcmp(s.text, t.text, s.size < t.size ? s.size : t.size);
    return order != 0 ? order : s.size < t.size ? -1 : s.size > t.size;
}

static int compare_times(const void *a, const void *b)
{
    int64_t m = ((const rcr_entry *)a)->times, n = ((const rcr_entry *)b)->times;
    return m > n ? -1 : m < n ? 1 : compare_bytes(a, b);
}

recur_status rcr_counts_sorted(const recur_counts *c, rcr_entry **entries, const rcr_entry ***order)
{
    recur_ctx *cx = c->names.cx;
    size_t n = c->names.n;
    *entries = rcr_alloc_array(cx, n, sizeof **entries, "units in order");
    *order = *entries ? rcr_alloc_array(cx, n, sizeof **order, "units in order") : NULL;
    if (!*order) {
        rcr_free(cx, *entries);
        *entries = NULL;
        return RECUR_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        (*entries)[i] = (rcr_entry){rcr_names_text(&c->names, i), c->times[i]};
        (*order)[i] = &(*entries)[i];
    }
    rcr_sort((const void **)*order, n, compare_times);
    return RECUR_OK;
}

/* How many of the n sorted entries are kept. */
static size_t kept(const rcr_entry *const *order, size_t n, const recur_vocab_options *opt)
{
    size_t k = opt->size > 0 && (size_t)opt->size < n ? (size_t)opt->size : n;
    while (k > 0 && order[k - 1]->times < opt->min_count)
        k--;
    return k;
}

/* ---- vocabularies ---- */

recur_ctx *rcr_vocab_ctx(const recur_vocab *v)
{
    return v->names.cx;
}

recur_status rcr_vocab_empty(recur_vocab **out, recur_ctx *cx, bool specials)
{
    *out = rcr_alloc_zero(cx, sizeof **out, "a vocabulary");
    if (!*out)
        return RECUR_ENOMEM;
    **out = (recur_vocab){.names = {.cx = cx}, .specials = specials};
    return RECUR_OK;
}

static recur_status fill(recur_vocab *v, const rcr_entry **order, size_t n, const recur_vocab_options *opt)
{
    size_t k = kept(order, n, opt), i;
    recur_status s = RECUR_OK;
    if (opt->sorted)
        rcr_sort((const void **)order, k, compare_bytes);
    for (size_t j = 0; s == RECUR_OK && j < k; j++)
        s = rcr_names_add(&v->names, order[j]->text.text, order[j]->text.size, &i);
    return s;
}

recur_status recur_vocab_create(recur_vocab **out, const recur_counts *c, const recur_vocab_options *opt)
{
    static const recur_vocab_options usual = {0};
    recur_ctx *cx = c->names.cx;
    rcr_entry *entries;
    const rcr_entry **order;
    recur_vocab *v;
    opt = opt ? opt : &usual;
    *out = NULL;
    if (opt->size < 0 || opt->min_count < 0)
        return rcr_fail(cx, RECUR_EINVAL, "a vocabulary of %lld units that stand %lld times or more",
                        (long long)opt->size, (long long)opt->min_count);
    recur_status s = rcr_counts_sorted(c, &entries, &order);
    if (s != RECUR_OK)
        return s;
    s = rcr_vocab_empty(&v, cx, opt->specials);
    if (s == RECUR_OK)
        s = fill(v, order, c->names.n, opt);
    rcr_free(cx, (void *)order);
    rcr_free(cx, entries);
    if (s == RECUR_OK)
        *out = v;
    else
        recur_vocab_free(v);
    return s;
}

void recur_vocab_free(recur_vocab *v)
{
    if (!v)
        return;
    recur_ctx *cx = v->names.cx;
    rcr_names_free(&v->names);
    rcr_free(cx, v);
}

int64_t recur_vocab_size(const recur_vocab *v)
{
    return rcr_vocab_first(v) + (int64_t)v->names.n;
}

bool recur_vocab_specials(const recur_vocab *v)
{
    return v->specials;
}

recur_span recur_vocab_text(const recur_vocab *v, int64_t id)
{
    static const recur_span special[] = {{"<pad>", 5}, {"<unk>", 5}, {"<bos>", 5}, {"<eos>", 5}};
    int64_t first = rcr_vocab_first(v);
    if (id < 0 || id >= recur_vocab_size(v))
        return (recur_span){"", 0};
    return id < first ? special[id] : rcr_names_text(&v->names, (size_t)(id - first));
}

int64_t recur_vocab_find(const recur_vocab *v, const char *unit, size_t size)
{
    size_t i = rcr_names_find(&v->names, unit, size);
    return i == SIZE_MAX ? -1 : rcr_vocab_first(v) + (int64_t)i;
}

void recur_vocab_ids(const recur_vocab *v, const recur_span *unit, int64_t n, int64_t *ids)
{
    int64_t unknown = v->specials ? RECUR_UNK : -1;
    for (int64_t i = 0; i < n; i++) {
        int64_t id = recur_vocab_find(v, unit[i].text, unit[i].size);
        ids[i] = id < 0 ? unknown : id;
    }
}

void recur_vocab_coverage(const recur_vocab *v, const recur_counts *of, recur_coverage *out)
{
    *out = (recur_coverage){.units = of->total, .kinds = (int64_t)of->names.n};
    for (size_t i = 0; i < of->names.n; i++) {
        recur_span unit = rcr_names_text(&of->names, i);
        if (rcr_names_find(&v->names, unit.text, unit.size) == SIZE_MAX)
            continue;
        out->known += of->times[i];
        out->known_kinds++;
    }
}
