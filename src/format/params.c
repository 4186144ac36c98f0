// SPDX-License-Identifier: MIT
/* Parameters from a file and into one. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "format/archive.h"
#include "tape/tensor.h"

/* ---- what is wrong with a file, tensor by tensor ---- */

/* "'a', 'b' and 7 more": at most MOST_NAMED names, one at least, and no further one past ENOUGH bytes. */
enum { MOST_NAMED = 5, ENOUGH = 360, LIST_TEXT = 800 };
typedef struct list {
    size_t n, named;
    char text[LIST_TEXT];
} list;

static void name_one(list *l, const char *text)
{
    size_t used = strlen(l->text), length = strlen(text);
    l->n++;
    if (l->named < l->n - 1 || l->named == MOST_NAMED || (used && used + length > ENOUGH))
        return;
    snprintf(l->text + used, LIST_TEXT - used, "%s%s", l->named ? ", " : " ", text);
    l->named++;
}

static void end_list(list *l)
{
    size_t used = strlen(l->text);
    if (l->n > l->named)
        snprintf(l->text + used, LIST_TEXT - used, " and %zu more", l->n - l->named);
}

typedef struct loading {
    recur_params *ps;
    const recur_archive *a;
    const char *prefix;
    unsigned flags;
    size_t found; /* parameters that the file has */
    list shape, dtype, missing, unknown;
} loading;

static void name_tensor(list *l, const char *prefix, const char *name, const char *more)
{
    char shown[2][RCR_SHOWN], text[4 * RCR_SHOWN];
    snprintf(text, sizeof text, "'%s%s'%s", rcr_show_name(shown[0], prefix), rcr_show_name(shown[1], name),
             more);
    name_one(l, text);
}

static void check_shape(loading *l, const recur_tensor *t, const recur_entry *e)
{
    char file[RCR_SHOWN], own[RCR_SHOWN], more[3 * RCR_SHOWN];
    if (e->rank == t->rank &&
        (!e->rank || memcmp(e->shape, t->shape, (size_t)e->rank * sizeof *e->shape) == 0))
        return;
    snprintf(more, sizeof more, " is %s, not %s", rcr_show_shape(file, e->rank, e->shape),
             rcr_show_shape(own, t->rank, t->shape));
    name_tensor(&l->shape, l->prefix, t->name, more);
}

static void check_type(loading *l, const recur_tensor *t, const rcr_item *item)
{
    char more[RCR_SHOWN];
    const rcr_file_type *own = rcr_file_type_of(t->dtype);
    if (item->type == own || (l->flags & RECUR_LOAD_CAST && rcr_file_type_fits(item->type, t->dtype)))
        return;
    snprintf(more, sizeof more, " is %s, not %s", item->type->name, own->name);
    name_tensor(&l->dtype, l->prefix, t->name, more);
}

static void check_params(loading *l)
{
    for (size_t i = 0; i < l->ps->size; i++) {
        const recur_tensor *t = l->ps->tensors[i];
        const rcr_item *item = rcr_archive_lookup(l->a, l->prefix, t->name);
        if (item) {
            l->found++;
            check_shape(l, t, &item->entry);
            check_type(l, t, item);
        } else if (!(l->flags & RECUR_LOAD_MISSING))
            name_tensor(&l->missing, l->prefix, t->name, "");
    }
}

static bool has_prefix(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Counts first: looking each tensor of a large file up among the parameters is for the message only. */
static void check_unknown(loading *l)
{
    size_t n = strlen(l->prefix), with_prefix = 0;
    if (l->flags & RECUR_LOAD_EXTRA)
        return;
    for (size_t i = 0; i < l->a->size; i++)
        with_prefix += has_prefix(l->a->items[i].entry.name, l->prefix);
    for (size_t i = 0; i < l->a->size && l->unknown.n < with_prefix - l->found; i++) {
        const char *name = ((const rcr_item *)l->a->by_offset[i])->entry.name;
        if (l->unknown.named == MOST_NAMED || l->unknown.named < l->unknown.n)
            l->unknown.n = with_prefix - l->found;
        else if (has_prefix(name, l->prefix) && !recur_params_find(l->ps, name + n))
            name_tensor(&l->unknown, "", name, "");
    }
}

static recur_status report(loading *l)
{
    const struct {
        recur_status status;
        list *list;
        const char *what;
    } lists[] = {{RECUR_ESHAPE, &l->shape, "of another shape"},
                 {RECUR_EDTYPE, &l->dtype, "of another type"},
                 {RECUR_ENOTFOUND, &l->missing, "missing"},
                 {RECUR_ENOTFOUND, &l->unknown, "unknown"}};
    char text[4 * (LIST_TEXT + 48)] = "";
    recur_status s = RECUR_OK;
    for (size_t i = 0, used = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!lists[i].list->n)
            continue;
        end_list(lists[i].list);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%zu %s:%s", s ? "; " : "",
                                 lists[i].list->n, lists[i].what, lists[i].list->text);
        s = s ? s : lists[i].status;
    }
    return s ? rcr_fail(l->ps->cx, s, "%s does not fit the model: %s", l->a->file, text) : RECUR_OK;
}

/* ---- loading and saving ---- */

recur_status recur_params_load(recur_params *ps, const recur_archive *a, const char *prefix, unsigned flags)
{
    loading l = {.ps = ps, .a = a, .prefix = prefix ? prefix : "", .flags = flags};
    check_params(&l);
    check_unknown(&l);
    recur_status s = report(&l);
    for (size_t i = 0; !s && i < ps->size; i++) {
        recur_tensor *t = ps->tensors[i];
        const rcr_item *item = rcr_archive_lookup(a, l.prefix, t->name);
        if (item)
            rcr_file_type_copy(item->type, item->entry.data, (size_t)t->count, t->dtype, t->data);
    }
    return s;
}

recur_entry recur_entry_of(const recur_tensor *t, const char *name)
{
    if (!t)
        return (recur_entry){.name = name};
    const rcr_file_type *type = rcr_file_type_of(t->dtype);
    return (recur_entry){.name = name ? name : recur_name(t),
                         .dtype = type->name,
                         .rank = t->rank,
                         .shape = t->shape,
                         .data = t->data,
                         .size = (size_t)t->count * (type->bits / 8)};
}

recur_status recur_entry_read(recur_ctx *cx, const recur_entry *e, recur_dtype to, void *out, size_t count)
{
    char name[RCR_SHOWN], shape[RCR_SHOWN];
    size_t n, bytes;
    const rcr_file_type *type = e->dtype ? rcr_file_type_find(e->dtype) : NULL;
    if (!type || !rcr_file_type_fits(type, to))
        return rcr_fail(cx, RECUR_EDTYPE, "tensor '%s' is %s, which does not convert to %s",
                        rcr_show_name(name, e->name), type ? type->name : "of an unknown type",
                        rcr_file_type_of(to)->name);
    if (!rcr_file_type_bytes(type, e->rank, e->shape, &n, &bytes) || bytes != e->size || n != count)
        return rcr_fail(cx, RECUR_ESHAPE, "tensor '%s' is %s in %zu bytes; %zu elements were asked for",
                        rcr_show_name(name, e->name), rcr_show_shape(shape, e->rank, e->shape), e->size,
                        count);
    rcr_file_type_copy(type, e->data, n, to, out);
    return RECUR_OK;
}

recur_status recur_params_save(const recur_params *ps, const char *path, const recur_meta *meta,
                               size_t n_meta)
{
    recur_entry *entries = rcr_alloc_array(ps->cx, ps->size, sizeof *entries, "the list of parameters");
    if (!entries)
        return RECUR_ENOMEM;
    for (size_t i = 0; i < ps->size; i++)
        entries[i] = recur_entry_of(ps->tensors[i], NULL);
    recur_status s = recur_archive_write(ps->cx, path, entries, ps->size, meta, n_meta);
    rcr_free(ps->cx, entries);
    return s;
}
