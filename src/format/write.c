// SPDX-License-Identifier: MIT
/*
 * Writing safetensors. The data stand in the order of the entries, those of larger elements first, so that
 * each tensor is aligned to the size of its elements; the header is padded with spaces to a multiple of 8.
 * Nothing in the file depends on anything but the arguments.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "format/archive.h"
#include "format/json.h"
#include "format/sort.h"

typedef struct job {
    recur_ctx *cx;
    char file[RCR_SHOWN_PATH];
    const recur_entry *entries; /* [n] */
    const recur_meta *meta;     /* [n_meta] */
    size_t n, n_meta;
} job;

/* ---- what may be written ---- */

static recur_status bad_name(const job *w, const char *what, const char *name, const char *why)
{
    char shown[RCR_SHOWN];
    return rcr_fail(w->cx, RECUR_EINVAL, "cannot write %s: %s '%s' %s", w->file, what,
                    rcr_show_name(shown, name), why);
}

static recur_status check_text(const job *w, const char *what, const char *text)
{
    if (!text)
        return rcr_fail(w->cx, RECUR_EINVAL, "cannot write %s: a %s is NULL", w->file, what);
    return rcr_utf8_valid(text, strlen(text)) ? RECUR_OK : bad_name(w, what, text, "is not UTF-8");
}

static recur_status check_entry(const job *w, const recur_entry *e)
{
    char name[RCR_SHOWN], shape[RCR_SHOWN];
    size_t count, bytes;
    recur_status s = check_text(w, "tensor name", e->name);
    if (s)
        return s;
    if (strcmp(e->name, RCR_METADATA) == 0)
        return bad_name(w, "tensor name", e->name, "is taken by the metadata");
    const rcr_file_type *type = e->dtype ? rcr_file_type_find(e->dtype) : NULL;
    if (!type)
        return rcr_fail(w->cx, RECUR_EDTYPE, "cannot write %s: tensor '%s': unknown dtype '%s'", w->file,
                        rcr_show_name(name, e->name), e->dtype ? rcr_show_name(shape, e->dtype) : "NULL");
    if (e->rank < 0 || (e->rank && !e->shape) || (e->size && !e->data))
        return bad_name(w, "tensor", e->name, "has no shape or no data");
    if (!rcr_file_type_bytes(type, e->rank, e->shape, &count, &bytes) || bytes != e->size)
        return rcr_fail(w->cx, RECUR_ESHAPE,
                        "cannot write %s: tensor '%s': shape %s of %s does not make %zu bytes", w->file,
                        rcr_show_name(name, e->name), rcr_show_shape(shape, e->rank, e->shape), type->name,
                        e->size);
    return RECUR_OK;
}

static recur_status check_pair(const job *w, const recur_meta *pair)
{
    recur_status s = check_text(w, "metadata key", pair->key);
    return s ? s : check_text(w, "metadata value", pair->value);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* texts[0 .. n), which this sorts, are all different. */
static recur_status check_different(const job *w, const void **texts, size_t n, const char *what)
{
    rcr_sort(texts, n, compare_texts);
    for (size_t i = 1; i < n; i++)
        if (compare_texts(texts[i - 1], texts[i]) == 0)
            return bad_name(w, what, texts[i], "is there twice");
    return RECUR_OK;
}

static recur_status check_twice(const job *w)
{
    size_t most = w->n > w->n_meta ? w->n : w->n_meta;
    const void **texts = rcr_alloc_array(w->cx, most, sizeof *texts, "the names in a file");
    if (!texts)
        return RECUR_ENOMEM;
    for (size_t i = 0; i < w->n; i++)
        texts[i] = w->entries[i].name;
    recur_status s = check_different(w, texts, w->n, "tensor name");
    for (size_t i = 0; i < w->n_meta; i++)
        texts[i] = w->meta[i].key;
    if (!s)
        s = check_different(w, texts, w->n_meta, "metadata key");
    rcr_free(w->cx, (void *)texts);
    return s;
}

static recur_status check(const job *w)
{
    recur_status s = RECUR_OK;
    for (size_t i = 0; !s && i < w->n; i++)
        s = check_entry(w, &w->entries[i]);
    for (size_t i = 0; !s && i < w->n_meta; i++)
        s = check_pair(w, &w->meta[i]);
    return s ? s : check_twice(w);
}

/* ---- the header: made twice, first for its length alone ---- */

typedef struct sink {
    char *bytes; /* NULL: only count */
    size_t n;
    bool overflow;
} sink;

static void put(sink *k, const char *bytes, size_t n)
{
    if (k->bytes)
        memcpy(k->bytes + k->n, bytes, n);
    if (!rcr_add_size(k->n, n, &k->n))
        k->overflow = true;
}

static void put_text(sink *k, const char *text)
{
    put(k, text, strlen(text));
}

static void put_number(sink *k, uint64_t number)
{
    char digits[24];
    put(k, digits, (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number));
}

/* A text in quotes. Valid UTF-8 goes as it is; only what JSON demands is escaped. */
static void put_quoted(sink *k, const char *text)
{
    put(k, "\"", 1);
    for (; *text; text++) {
        char escaped[RCR_JSON_ESCAPE];
        if (rcr_json_plain(*text))
            put(k, text, 1);
        else
            put(k, escaped, rcr_json_escape(escaped, *text));
    }
    put(k, "\"", 1);
}

static void put_metadata(sink *k, const job *w)
{
    put_text(k, "\"" RCR_METADATA "\":{");
    for (size_t i = 0; i < w->n_meta; i++) {
        put(k, ",", i ? 1 : 0);
        put_quoted(k, w->meta[i].key);
        put(k, ":", 1);
        put_quoted(k, w->meta[i].value);
    }
    put(k, "}", 1);
}

static void put_entry(sink *k, const recur_entry *e, uint64_t begin)
{
    put_quoted(k, e->name);
    put_text(k, ":{\"dtype\":\"");
    put_text(k, e->dtype);
    put_text(k, "\",\"shape\":[");
    for (int i = 0; i < e->rank; i++) {
        put(k, ",", i ? 1 : 0);
        put_number(k, (uint64_t)e->shape[i]);
    }
    put_text(k, "],\"data_offsets\":[");
    put_number(k, begin);
    put(k, ",", 1);
    put_number(k, begin + e->size);
    put_text(k, "]}");
}

/* The order of the data: elements of 8 bytes, then of 4, 2 and 1, and among equals as given. Begin with *pass
 * = 8, *i = 0; NULL past the end. */
static const recur_entry *next_entry(const job *w, size_t *pass, size_t *i)
{
    for (; *pass; *pass /= 2, *i = 0)
        while (*i < w->n) {
            const recur_entry *e = &w->entries[(*i)++];
            if (rcr_file_type_align(rcr_file_type_find(e->dtype)) == *pass)
                return e;
        }
    return NULL;
}

static void put_header(sink *k, const job *w)
{
    size_t pass = 8, i = 0;
    uint64_t begin = 0;
    bool first = !w->n_meta;
    put(k, "{", 1);
    if (w->n_meta)
        put_metadata(k, w);
    for (const recur_entry *e; (e = next_entry(w, &pass, &i)) != NULL; begin += e->size, first = false) {
        put(k, ",", first ? 0 : 1);
        put_entry(k, e, begin);
    }
    put(k, "}", 1);
    while (k->n % 8)
        put(k, " ", 1);
}

static recur_status header_size(const job *w, size_t *size)
{
    sink k = {0};
    size_t total = 0;
    bool fits = true;
    for (size_t i = 0; i < w->n; i++)
        fits = fits && rcr_add_size(total, w->entries[i].size, &total);
    if (!fits || total > INT64_MAX)
        return rcr_fail(w->cx, RECUR_EINVAL, "cannot write %s: the tensors together are too large", w->file);
    put_header(&k, w);
    if (k.overflow || k.n > RCR_HEADER_MOST)
        return rcr_fail(
            w->cx, RECUR_EINVAL,
            "cannot write %s: its header of %zu bytes is longer than the %d that safetensors allows", w->file,
            k.n, RCR_HEADER_MOST);
    *size = k.n;
    return RECUR_OK;
}

/* ---- the file ---- */

static recur_status write_all(const job *w, const char *path, const char *head, size_t size)
{
    rcr_writer file;
    size_t pass = 8, i = 0;
    recur_status s = rcr_write_open(&file, w->cx, path);
    if (s)
        return s;
    s = rcr_write(&file, head, size);
    for (const recur_entry *e; !s && (e = next_entry(w, &pass, &i)) != NULL;)
        s = rcr_write(&file, e->data, e->size);
    return rcr_write_commit(&file);
}

recur_status recur_archive_write(recur_ctx *cx, const char *path, const recur_entry *entries, size_t n,
                                 const recur_meta *meta, size_t n_meta)
{
    job w = {.cx = cx, .entries = entries, .meta = meta, .n = n, .n_meta = n_meta};
    size_t size = 0;
    rcr_show_path(w.file, path);
    recur_status s = check(&w);
    if (!s)
        s = header_size(&w, &size);
    if (s)
        return s;
    char *head = rcr_alloc(cx, RCR_HEADER_LENGTH + size, "the header of a file");
    if (!head)
        return RECUR_ENOMEM;
    for (int i = 0; i < RCR_HEADER_LENGTH; i++)
        head[i] = (char)(size >> 8 * i & 0xFF);
    sink k = {.bytes = head + RCR_HEADER_LENGTH};
    put_header(&k, &w);
    s = write_all(&w, path, head, RCR_HEADER_LENGTH + size);
    rcr_free(cx, head);
    return s;
}
