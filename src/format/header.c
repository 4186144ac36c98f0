// SPDX-License-Identifier: MIT
/*
 * The header of a safetensors file:
 *
 *     {"__metadata__": {"key": "value", ...},
 *      "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
 *
 * in any order, with any white space, spaces alone behind it.
 */
#include "format/archive.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "format/json.h"

typedef struct header {
    rcr_json json;
    recur_archive *a;
    char *free_text; /* what is left of a->text: always as much as is left of the source, or more */
    bool metadata;   /* there was one */
} header;

/* Room for one more element of an array that grows by doubling. */
static recur_status room(recur_archive *a, void **array, size_t n, size_t *most, size_t item)
{
    size_t wanted = *most ? *most : 8;
    if (n < *most)
        return RECUR_OK;
    if (*most && !rcr_mul_size(*most, 2, &wanted))
        return rcr_no_memory(a->cx, n, "the header of a file");
    recur_status s = rcr_resize_array(a->cx, array, wanted, item, "the header of a file");
    if (!s)
        *most = wanted;
    return s;
}

/* Decodes a text and keeps it. */
static recur_status keep_text(header *h, const char *what, const char **out)
{
    size_t n;
    recur_status s = rcr_json_text(&h->json, what, h->free_text, &n);
    if (s)
        return s;
    *out = h->free_text;
    h->free_text += n + 1;
    return RECUR_OK;
}

/* Decodes a text that is looked at before the next one is read. */
static recur_status pass_text(header *h, const char *what, const char **out)
{
    *out = h->free_text;
    return rcr_json_text(&h->json, what, h->free_text, NULL);
}

/* Appends to the error, which says what and where in the header, in which tensor that was. */
static recur_status in_tensor(header *h, const rcr_item *item, recur_status s)
{
    char name[RCR_SHOWN];
    const char *text;
    if (s != RECUR_EFORMAT)
        return s;
    recur_error(h->a->cx, &text);
    return rcr_fail(h->a->cx, s, "%s (tensor '%s')", text, rcr_show_name(name, item->entry.name));
}

static recur_status tensor_error(header *h, const rcr_item *item, const char *what, const char *text)
{
    char name[RCR_SHOWN], shown[RCR_SHOWN];
    return rcr_fail(h->a->cx, RECUR_EFORMAT, "%s: tensor '%s': %s '%s'", h->a->file,
                    rcr_show_name(name, item->entry.name), what, rcr_show_name(shown, text));
}

/* ---- the fields of a tensor ---- */

static recur_status read_dtype(header *h, rcr_item *item)
{
    const char *name;
    recur_status s = pass_text(h, "a type in quotes", &name);
    if (s)
        return in_tensor(h, item, s);
    item->type = rcr_file_type_find(name);
    if (!item->type)
        return tensor_error(h, item, "unknown dtype", name);
    item->entry.dtype = item->type->name;
    return RECUR_OK;
}

static recur_status add_dim(header *h, rcr_item *item)
{
    recur_archive *a = h->a;
    int64_t dim;
    recur_status s = rcr_json_whole(&h->json, "a length, a whole number", &dim);
    void *dims = a->dims;
    if (s)
        return in_tensor(h, item, s);
    if ((s = room(a, &dims, a->n_dims, &a->most_dims, sizeof *a->dims)) != RECUR_OK)
        return s;
    a->dims = dims;
    a->dims[a->n_dims++] = dim;
    item->entry.rank++; /* at most half of RCR_HEADER_MOST */
    return RECUR_OK;
}

static recur_status read_shape(header *h, rcr_item *item)
{
    recur_status s = rcr_json_need(&h->json, '[', "'[' and the lengths of the axes");
    if (s)
        return in_tensor(h, item, s);
    item->first_dim = h->a->n_dims;
    if (rcr_json_take(&h->json, ']'))
        return RECUR_OK;
    do {
        if ((s = add_dim(h, item)) != RECUR_OK)
            return s;
    } while (rcr_json_take(&h->json, ','));
    return in_tensor(h, item, rcr_json_need(&h->json, ']', "',' or ']'"));
}

static recur_status read_offsets(header *h, rcr_item *item)
{
    static const char number[] = "an offset, a whole number";
    rcr_json *j = &h->json;
    recur_status s = rcr_json_need(j, '[', "'[' and two offsets");
    if (!s)
        s = rcr_json_whole(j, number, &item->begin);
    if (!s)
        s = rcr_json_need(j, ',', "',' and a second offset");
    if (!s)
        s = rcr_json_whole(j, number, &item->end);
    if (!s)
        s = rcr_json_need(j, ']', "']' after two offsets");
    return in_tensor(h, item, s);
}

static const struct {
    const char *name;
    recur_status (*read)(header *h, rcr_item *item);
} fields[] = {{"dtype", read_dtype}, {"shape", read_shape}, {"data_offsets", read_offsets}};
enum { FIELDS = sizeof fields / sizeof *fields };

static recur_status read_field(header *h, rcr_item *item, bool seen[FIELDS])
{
    const char *name;
    int f = 0;
    recur_status s = pass_text(h, "the name of a field in quotes", &name);
    if (s)
        return in_tensor(h, item, s);
    while (f < FIELDS && strcmp(fields[f].name, name) != 0)
        f++;
    if (f == FIELDS)
        return tensor_error(h, item, "dtype, shape and data_offsets are its fields, not", name);
    if (seen[f])
        return tensor_error(h, item, "there is a second", name);
    seen[f] = true;
    s = rcr_json_need(&h->json, ':', "':' after the name of a field");
    return s ? in_tensor(h, item, s) : fields[f].read(h, item);
}

/* ---- a tensor ---- */

/* Lengths of a tensor, as long as no more are added; NULL where no tensor has an axis. */
static const int64_t *shape_of(const recur_archive *a, const rcr_item *item)
{
    return a->dims ? a->dims + item->first_dim : NULL;
}

/* The numbers of one tensor against each other and against the size of the file. */
static recur_status check_item(header *h, const rcr_item *item)
{
    const recur_archive *a = h->a;
    char name[RCR_SHOWN], shape[RCR_SHOWN];
    size_t count, bytes;
    rcr_show_name(name, item->entry.name);
    rcr_show_shape(shape, item->entry.rank, shape_of(a, item));
    long long begin = item->begin, end = item->end;
    if (begin > end)
        return rcr_fail(a->cx, RECUR_EFORMAT, "%s: tensor '%s': data_offsets [%lld, %lld] run backwards",
                        a->file, name, begin, end);
    if ((uint64_t)end > a->data_size)
        return rcr_fail(
            a->cx, RECUR_EFORMAT,
            "%s: tensor '%s': data_offsets [%lld, %lld] go past the %zu bytes of data in the file; "
            "it may be cut off",
            a->file, name, begin, end, a->data_size);
    if (!rcr_file_type_bytes(item->type, item->entry.rank, shape_of(a, item), &count, &bytes))
        return rcr_fail(a->cx, RECUR_EFORMAT, "%s: tensor '%s': shape %s of %s %s", a->file, name, shape,
                        item->entry.dtype,
                        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): read_dtype() has found it
                        item->type->bits < 8 ? "is too large, or its last byte is not full" : "is too large");
    if (bytes != (size_t)(end - begin))
        return rcr_fail(
            a->cx, RECUR_EFORMAT,
            "%s: tensor '%s': shape %s of %s needs %zu bytes, data_offsets [%lld, %lld] have %lld", a->file,
            name, shape, item->entry.dtype, bytes, begin, end, end - begin);
    return RECUR_OK;
}

static recur_status read_fields(header *h, rcr_item *item)
{
    bool seen[FIELDS] = {false};
    recur_status s = rcr_json_need(&h->json, '{', "'{' and the fields of a tensor");
    if (s)
        return in_tensor(h, item, s);
    if (!rcr_json_take(&h->json, '}')) {
        do
            s = read_field(h, item, seen);
        while (!s && rcr_json_take(&h->json, ','));
        if (!s)
            s = in_tensor(h, item, rcr_json_need(&h->json, '}', "',' or '}'"));
    }
    for (int f = 0; !s && f < FIELDS; f++)
        if (!seen[f])
            s = tensor_error(h, item, "there is no", fields[f].name);
    return s;
}

static recur_status read_tensor(header *h, const char *name)
{
    recur_archive *a = h->a;
    void *items = a->items;
    recur_status s = room(a, &items, a->size, &a->most_items, sizeof *a->items);
    if (s)
        return s;
    a->items = items;
    rcr_item *item = &a->items[a->size++];
    *item = (rcr_item){.entry.name = name};
    s = read_fields(h, item);
    return s ? s : check_item(h, item);
}

/* ---- the metadata ---- */

static recur_status read_pair(header *h)
{
    recur_archive *a = h->a;
    void *metas = a->metas;
    recur_status s = room(a, &metas, a->n_metas, &a->most_metas, sizeof *a->metas);
    if (s)
        return s;
    a->metas = metas;
    recur_meta *pair = &a->metas[a->n_metas];
    s = keep_text(h, "a key of " RCR_METADATA " in quotes", &pair->key);
    if (!s)
        s = rcr_json_need(&h->json, ':', "':' after a key of " RCR_METADATA);
    if (!s)
        s = keep_text(h, "a value of " RCR_METADATA ", a text in quotes", &pair->value);
    if (!s)
        a->n_metas++;
    return s;
}

static recur_status read_metadata(header *h)
{
    if (h->metadata)
        return rcr_fail(h->a->cx, RECUR_EFORMAT, "%s: there is a second " RCR_METADATA, h->a->file);
    h->metadata = true;
    recur_status s = rcr_json_need(&h->json, '{', "'{' and the pairs of " RCR_METADATA);
    if (s || rcr_json_take(&h->json, '}'))
        return s;
    do
        s = read_pair(h);
    while (!s && rcr_json_take(&h->json, ','));
    return s ? s : rcr_json_need(&h->json, '}', "',' or '}' in " RCR_METADATA);
}

/* ---- the whole ---- */

static recur_status read_member(header *h)
{
    const char *name;
    recur_status s = keep_text(h, "the name of a tensor in quotes", &name);
    if (!s)
        s = rcr_json_need(&h->json, ':', "':' after a name");
    if (s)
        return s;
    return strcmp(name, RCR_METADATA) == 0 ? read_metadata(h) : read_tensor(h, name);
}

static recur_status read_members(header *h)
{
    if (rcr_json_take(&h->json, '}'))
        return RECUR_OK;
    recur_status s;
    do
        s = read_member(h);
    while (!s && rcr_json_take(&h->json, ','));
    return s ? s : rcr_json_need(&h->json, '}', "',' or '}'");
}

recur_status rcr_header_read(recur_archive *a, const char *text, size_t n)
{
    header h = {.json = {a->cx, a->file, text, text, text + n, "header"}, .a = a};
    h.free_text = a->text = rcr_alloc(a->cx, n, "the header of a file");
    if (!a->text)
        return RECUR_ENOMEM;
    if (!n || *text != '{')
        return rcr_json_expected(&h.json, "'{'");
    h.json.at++;
    recur_status s = read_members(&h);
    for (; !s && h.json.at < h.json.end; h.json.at++)
        if (*h.json.at != ' ')
            s = rcr_json_expected(&h.json, "nothing but spaces behind the last '}'");
    for (size_t i = 0; !s && i < a->size; i++) /* only now do the dims stay where they are */
        a->items[i].entry.shape = shape_of(a, &a->items[i]);
    return s;
}
