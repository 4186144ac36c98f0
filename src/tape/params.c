// SPDX-License-Identifier: MIT
/* Parameter sets: named tensors that live until the set is freed, each with its gradient. */
#include <recur/tensor.h>

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tape/tensor.h"

recur_status recur_params_create(recur_params **out, recur_ctx *cx, recur_dtype dtype, uint64_t seed)
{
    *out = NULL;
    if (dtype != RECUR_F32 && dtype != RECUR_F64)
        return rcr_fail(cx, RECUR_EDTYPE, "parameters are float32 or float64, not int64");
    recur_params *ps = rcr_alloc_zero(cx, sizeof *ps, "parameter set");
    if (!ps)
        return RECUR_ENOMEM;
    *ps = (recur_params){.cx = cx, .dtype = dtype, .seed = seed};
    *out = ps;
    return RECUR_OK;
}

void recur_params_free(recur_params *ps)
{
    if (!ps)
        return;
    for (size_t i = 0; i < ps->size; i++)
        rcr_free(ps->cx, ps->tensors[i]);
    rcr_free(ps->cx, ps->tensors);
    rcr_free(ps->cx, ps);
}

/* One block: the tensor, its gradient's tensor, the name, the elements, the gradient's elements. */
static recur_tensor *new_tensor(recur_ctx *cx, const char *name, recur_dtype dtype, int rank,
                                const int64_t *shape, int64_t count, size_t bytes, bool trainable)
{
    size_t head = 2 * sizeof(recur_tensor), text = strlen(name) + 1, part = 0, total = 0;
    bool fits = rcr_add_size(head, text, &head) && rcr_round_size(head, &head) &&
                rcr_round_size(bytes, &part) && rcr_mul_size(part, trainable ? 2 : 1, &total) &&
                rcr_add_size(total, head, &total);
    if (!fits) {
        rcr_fail(cx, RECUR_ENOMEM, "parameter %s is larger than the machine's memory", name);
        return NULL;
    }
    char *block = rcr_alloc_zero(cx, total, name);
    if (!block)
        return NULL;
    recur_tensor *t = (recur_tensor *)block;
    char *own_name = block + 2 * sizeof *t;
    memcpy(own_name, name, text);
    *t = (recur_tensor){.dtype = dtype, .rank = rank, .count = count, .data = block + head, .name = own_name};
    if (rank)
        memcpy(t->shape, shape, (size_t)rank * sizeof *shape);
    t->trainable = t->tracked = trainable;
    if (trainable) {
        t[1] = *t;
        t[1].data = block + head + part;
        t[1].trainable = t[1].tracked = false;
        t->grad = t + 1;
    }
    return t;
}

static recur_status append(recur_params *ps, recur_tensor *t)
{
    if (ps->size == ps->capacity) {
        size_t capacity = ps->capacity ? 2 * ps->capacity : 16;
        void *block = ps->tensors;
        recur_status s = rcr_resize_array(ps->cx, &block, capacity, sizeof(recur_tensor *), "parameter list");
        if (s)
            return s;
        ps->tensors = block;
        ps->capacity = capacity;
    }
    ps->tensors[ps->size++] = t;
    return RECUR_OK;
}

void rcr_params_limit(recur_params *ps, size_t bytes, const char *file)
{
    ps->limit = bytes;
    ps->limited_by = file;
}

static bool within_limit(const recur_params *ps, size_t bytes)
{
    return ps->limit == 0 || (ps->bytes <= ps->limit && bytes <= ps->limit - ps->bytes);
}

static recur_tensor *add(recur_params *ps, const char *name, recur_dtype dtype, int rank,
                         const int64_t *shape, bool trainable)
{
    if (rcr_stuck(ps->cx))
        return NULL;
    int64_t count = 0;
    size_t bytes = 0;
    if (!rcr_shape_bytes(dtype, rank, shape, &count, &bytes))
        return rcr_stick(ps->cx, RECUR_ESHAPE,
                         "parameter %s: rank is 0 to %d, lengths are not negative and fit the machine", name,
                         RECUR_MAX_RANK);
    if (recur_params_find(ps, name))
        return rcr_stick(ps->cx, RECUR_EINVAL, "there is already a parameter named %s", name);
    if (!within_limit(ps, bytes))
        return rcr_stick(
            ps->cx, RECUR_EFORMAT,
            "%s: the sizes of the tensors do not fit the configuration, which asks for more at %s",
            ps->limited_by, name);
    recur_tensor *t = new_tensor(ps->cx, name, dtype, rank, shape, count, bytes, trainable);
    if (t && append(ps, t) == RECUR_OK) {
        ps->bytes += bytes;
        return t;
    }
    rcr_free(ps->cx, t);
    rcr_stick_last(ps->cx);
    return NULL;
}

recur_tensor *recur_param(recur_params *ps, const char *name, int rank, const int64_t *shape)
{
    return add(ps, name, ps->dtype, rank, shape, true);
}

recur_tensor *recur_buffer(recur_params *ps, const char *name, recur_dtype dtype, int rank,
                           const int64_t *shape)
{
    return add(ps, name, dtype, rank, shape, false);
}

recur_tensor *recur_params_find(const recur_params *ps, const char *name)
{
    for (size_t i = 0; i < ps->size; i++)
        if (strcmp(ps->tensors[i]->name, name) == 0)
            return ps->tensors[i];
    return NULL;
}

recur_tensor *recur_params_at(const recur_params *ps, size_t index)
{
    return index < ps->size ? ps->tensors[index] : NULL;
}

size_t recur_params_size(const recur_params *ps)
{
    return ps->size;
}

int64_t recur_params_count(const recur_params *ps)
{
    int64_t n = 0;
    for (size_t i = 0; i < ps->size; i++)
        n += ps->tensors[i]->trainable && !ps->tensors[i]->frozen ? ps->tensors[i]->count : 0;
    return n;
}

recur_ctx *recur_params_ctx(const recur_params *ps)
{
    return ps->cx;
}

recur_dtype recur_params_dtype(const recur_params *ps)
{
    return ps->dtype;
}

void recur_param_freeze(recur_tensor *param, bool frozen)
{
    if (param && param->trainable) {
        param->frozen = frozen;
        param->tracked = !frozen;
    }
}

void recur_zero_grad(recur_params *ps)
{
    for (size_t i = 0; i < ps->size; i++) {
        recur_tensor *g = ps->tensors[i]->grad;
        if (g)
            memset(g->data, 0, (size_t)g->count * rcr_item_size(g->dtype));
    }
}

size_t rcr_param_index(const recur_params *ps, const recur_tensor *w)
{
    size_t i = 0;
    while (i < ps->size && ps->tensors[i] != w)
        i++;
    return i;
}
