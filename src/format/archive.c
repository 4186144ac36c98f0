// SPDX-License-Identifier: MIT
/*
 * Reading safetensors: the file as a whole.
 *
 *     | length of the header, 8 bytes, little-endian | header | data ...... end of the file |
 *
 * The file is a stranger's: nothing in it is believed before it was checked against the size of the file.
 */
#include "format/archive.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "format/sort.h"

/* ---- orders ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const rcr_item *)a)->entry.name, ((const rcr_item *)b)->entry.name);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const recur_meta *)a)->key, ((const recur_meta *)b)->key);
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By begin, then by end, so that an empty tensor stands before the one that begins where it does; then as in
 * the header. */
static int compare_offsets(const void *a, const void *b)
{
    const rcr_item *x = a, *y = b;
    int order = compare_numbers(x->begin, y->begin);
    if (!order)
        order = compare_numbers(x->end, y->end);
    return order ? order : (x > y) - (x < y);
}

static recur_status sorted(recur_archive *a, const void ***out, const void *elements, size_t n, size_t size,
                           int (*compare)(const void *, const void *))
{
    const void **order = rcr_alloc_array(a->cx, n, sizeof *order, "the header of a file");
    if (!order)
        return RECUR_ENOMEM;
    for (size_t i = 0; i < n; i++)
        order[i] = (const char *)elements + i * size;
    rcr_sort(order, n, compare);
    *out = order;
    return RECUR_OK;
}

static recur_status sort_all(recur_archive *a)
{
    recur_status s = sorted(a, &a->by_offset, a->items, a->size, sizeof *a->items, compare_offsets);
    if (!s)
        s = sorted(a, &a->by_name, a->items, a->size, sizeof *a->items, compare_names);
    if (!s)
        s = sorted(a, &a->by_key, a->metas, a->n_metas, sizeof *a->metas, compare_keys);
    return s;
}

/* ---- checks of everything together ---- */

static recur_status check_names(const recur_archive *a)
{
    char name[RCR_SHOWN];
    for (size_t i = 1; i < a->size; i++)
        if (compare_names(a->by_name[i - 1], a->by_name[i]) == 0)
            return rcr_fail(a->cx, RECUR_EFORMAT, "%s: there are two tensors '%s'", a->file,
                            rcr_show_name(name, ((const rcr_item *)a->by_name[i])->entry.name));
    for (size_t i = 1; i < a->n_metas; i++)
        if (compare_keys(a->by_key[i - 1], a->by_key[i]) == 0)
            return rcr_fail(a->cx, RECUR_EFORMAT, "%s: " RCR_METADATA " has the key '%s' twice", a->file,
                            rcr_show_name(name, ((const recur_meta *)a->by_key[i])->key));
    return RECUR_OK;
}

/* `item` should begin where the data before it end. */
static recur_status not_adjacent(const recur_archive *a, const rcr_item *before, const rcr_item *item)
{
    char name[RCR_SHOWN], other[RCR_SHOWN];
    long long begin = item->begin, end = item->end, expected = before ? before->end : 0;
    rcr_show_name(name, item->entry.name);
    if (begin > expected || !before)
        return rcr_fail(
            a->cx, RECUR_EFORMAT,
            "%s: tensor '%s': data_offsets [%lld, %lld] leave a hole: the data before end at %lld", a->file,
            name, begin, end, expected);
    return rcr_fail(a->cx, RECUR_EFORMAT,
                    "%s: tensor '%s': data_offsets [%lld, %lld] overlap those of '%s', [%lld, %lld]", a->file,
                    name, begin, end, rcr_show_name(other, before->entry.name), (long long)before->begin,
                    expected);
}

static recur_status check_offsets(const recur_archive *a)
{
    const rcr_item *before = NULL;
    int64_t end = 0;
    for (size_t i = 0; i < a->size; i++) {
        const rcr_item *item = a->by_offset[i];
        if (item->begin != end)
            return not_adjacent(a, before, item);
        end = item->end;
        before = item;
    }
    if ((uint64_t)end == a->data_size)
        return RECUR_OK;
    return rcr_fail(a->cx, RECUR_EFORMAT, "%s: the tensors end at %lld, the file has %zu bytes of data",
                    a->file, (long long)end, a->data_size);
}

/* ---- the data ---- */

static bool is_aligned(const rcr_item *item)
{
    return (uintptr_t)item->entry.data % rcr_file_type_align(item->type) == 0;
}

/* Bytes of copies, each rounded up to RCR_ALIGN; no more than the file has where that fits at all. */
static bool copies_size(const recur_archive *a, size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < a->size; i++) {
        size_t size = a->items[i].entry.size;
        if (!is_aligned(&a->items[i]) && (!rcr_round_size(size, &size) || !rcr_add_size(*total, size, total)))
            return false;
    }
    return true;
}

/* Tensors that older writers put across the size of their elements are copied to where they can be used; all
 * others lie in the map. */
static recur_status place_data(recur_archive *a)
{
    size_t total, used = 0;
    for (size_t i = 0; i < a->size; i++) {
        rcr_item *item = &a->items[i];
        item->entry.size = (size_t)(item->end - item->begin);
        item->entry.data =
            item->entry.size ? a->data + item->begin : (const void *)a; /* empty: any aligned place */
    }
    if (!copies_size(a, &total))
        return rcr_no_memory(a->cx, SIZE_MAX, a->file);
    if (total && !(a->aligned = rcr_alloc(a->cx, total, a->file)))
        return RECUR_ENOMEM;
    for (size_t i = 0; i < a->size; i++) {
        recur_entry *e = &a->items[i].entry;
        size_t size;
        if (is_aligned(&a->items[i]))
            continue;
        e->data = memcpy((char *)a->aligned + used, e->data, e->size);
        rcr_round_size(e->size, &size);
        used += size;
    }
    return RECUR_OK;
}

/* ---- opening ---- */

/* The length of the header, against the size of the file. */
static recur_status header_length(const recur_archive *a, const unsigned char *bytes, size_t size,
                                  size_t *length)
{
    uint64_t n = 0;
    if (size < RCR_HEADER_LENGTH)
        return rcr_fail(a->cx, RECUR_EFORMAT, "%s: %zu bytes are no safetensors file, which begins with %d",
                        a->file, size, RCR_HEADER_LENGTH);
    for (int i = RCR_HEADER_LENGTH - 1; i >= 0; i--)
        n = n << 8 | bytes[i];
    if (n > size - RCR_HEADER_LENGTH)
        return rcr_fail(
            a->cx, RECUR_EFORMAT,
            "%s: the header should have %llu bytes, the file has %zu after the first %d: no safetensors "
            "file, or cut off",
            a->file, (unsigned long long)n, size - RCR_HEADER_LENGTH, RCR_HEADER_LENGTH);
    if (n > RCR_HEADER_MOST)
        return rcr_fail(a->cx, RECUR_EFORMAT,
                        "%s: the header has %llu bytes, more than the %d that are allowed", a->file,
                        (unsigned long long)n, RCR_HEADER_MOST);
    *length = (size_t)n;
    return RECUR_OK;
}

static recur_status read_all(recur_archive *a, const unsigned char *bytes, size_t size)
{
    size_t length = 0;
    recur_status s = header_length(a, bytes, size, &length);
    if (s)
        return s;
    a->data = bytes + RCR_HEADER_LENGTH + length;
    a->data_size = size - RCR_HEADER_LENGTH - length;
    s = rcr_header_read(a, (const char *)bytes + RCR_HEADER_LENGTH, length);
    if (!s)
        s = sort_all(a);
    if (!s)
        s = check_names(a);
    if (!s)
        s = check_offsets(a);
    return s ? s : place_data(a);
}

static recur_archive *new_archive(recur_ctx *cx, const char *file)
{
    recur_archive *a = rcr_alloc_zero(cx, sizeof *a, "an open file");
    if (!a)
        return NULL;
    a->cx = cx;
    rcr_show_path(a->file, file);
    return a;
}

/* Ends an attempt to open: the archive, or nothing. */
static recur_status opened(recur_archive **out, recur_archive *a, recur_status s)
{
    if (s)
        recur_archive_free(a);
    else
        *out = a;
    return s;
}

recur_status recur_archive_parse(recur_archive **out, recur_ctx *cx, const void *bytes, size_t size,
                                 const char *name)
{
    *out = NULL;
    recur_archive *a = new_archive(cx, name);
    return a ? opened(out, a, read_all(a, bytes, size)) : RECUR_ENOMEM;
}

recur_status recur_archive_open(recur_archive **out, recur_ctx *cx, const char *path)
{
    *out = NULL;
    recur_archive *a = new_archive(cx, path);
    if (!a)
        return RECUR_ENOMEM;
    recur_status s = rcr_map_open(&a->map, cx, path);
    return opened(out, a, s ? s : read_all(a, a->map.bytes, a->map.size));
}

void recur_archive_free(recur_archive *a)
{
    if (!a)
        return;
    recur_ctx *cx = a->cx;
    void *const blocks[] = {
        a->text,           a->dims,   a->items, a->metas, (void *)a->by_offset, (void *)a->by_name,
        (void *)a->by_key, a->aligned};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        rcr_free(cx, blocks[i]);
    rcr_map_close(&a->map, cx);
    rcr_free(cx, a);
}

/* ---- looking things up ---- */

size_t recur_archive_size(const recur_archive *a)
{
    return a->size;
}

recur_status recur_archive_at(const recur_archive *a, size_t index, recur_entry *out)
{
    if (index >= a->size)
        return rcr_fail(a->cx, RECUR_ENOTFOUND, "%s: there is no tensor %zu, it has %zu", a->file, index,
                        a->size);
    *out = ((const rcr_item *)a->by_offset[index])->entry;
    return RECUR_OK;
}

/* strcmp(prefix + name, other) */
static int compare_joined(const char *prefix, const char *name, const char *other)
{
    size_t n = strlen(prefix);
    int order = strncmp(prefix, other, n);
    return order ? order : strcmp(name, other + n);
}

const rcr_item *rcr_archive_lookup(const recur_archive *a, const char *prefix, const char *name)
{
    size_t low = 0, high = a->size;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const rcr_item *item = a->by_name[middle];
        int order = compare_joined(prefix, name, item->entry.name);
        if (!order)
            return item;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

recur_status recur_archive_find(const recur_archive *a, const char *name, recur_entry *out)
{
    char shown[RCR_SHOWN];
    const rcr_item *item = rcr_archive_lookup(a, "", name);
    if (!item)
        return rcr_fail(a->cx, RECUR_ENOTFOUND, "%s: there is no tensor '%s'", a->file,
                        rcr_show_name(shown, name));
    *out = item->entry;
    return RECUR_OK;
}

const char *recur_archive_meta(const recur_archive *a, const char *key)
{
    size_t low = 0, high = a->n_metas;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const recur_meta *pair = a->by_key[middle];
        int order = strcmp(key, pair->key);
        if (!order)
            return pair->value;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool recur_archive_meta_at(const recur_archive *a, size_t index, const char **key, const char **value)
{
    if (index >= a->n_metas)
        return false;
    *key = a->metas[index].key;
    *value = a->metas[index].value;
    return true;
}
