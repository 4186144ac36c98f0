// SPDX-License-Identifier: MIT
/* State tensors of optimizers. Each is one block: the tensor, its name, its elements. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "optim/optim.h"
#include "tape/tensor.h"

static const int64_t *const no_shape = NULL;

/* "lstm.weight_ih_l0" and "exp_avg" give "lstm.weight_ih_l0.exp_avg". */
static void join_name(char *name, const char *parameter, const char *buffer)
{
    size_t n = strlen(parameter);
    memcpy(name, parameter, n);
    name[n] = '.';
    memcpy(name + n + 1, buffer, strlen(buffer) + 1);
}

static recur_tensor *new_state(recur_ctx *cx, const recur_tensor *w, const rcr_state *kind)
{
    int rank = kind->scalar ? 0 : w->rank;
    recur_dtype dtype = kind->scalar ? RECUR_F64 : w->dtype;
    int64_t count = 0;
    size_t bytes = 0, head = sizeof(recur_tensor) + strlen(w->name) + strlen(kind->name) + 2, total = 0;
    bool fits = rcr_shape_bytes(dtype, rank, kind->scalar ? no_shape : w->shape, &count, &bytes) &&
                rcr_round_size(head, &head) && rcr_add_size(head, bytes, &total);
    char *block = fits ? rcr_alloc_zero(cx, total, "optimizer state") : NULL;
    if (!block)
        return NULL;
    recur_tensor *t = (recur_tensor *)(void *)block;
    *t = (recur_tensor){.dtype = dtype, .rank = rank, .count = count, .data = block + head};
    if (rank)
        memcpy(t->shape, w->shape, (size_t)rank * sizeof *t->shape);
    join_name(block + sizeof *t, w->name, kind->name);
    t->name = block + sizeof *t;
    return t;
}

static bool is_wanted(const rcr_state *kind, const recur_optim_config *config)
{
    return kind->name && (!kind->wanted || kind->wanted(config));
}

static void fill(recur_ctx *cx, recur_tensor *t, const rcr_state *kind, const recur_optim_config *config)
{
    double value = kind->initial ? kind->initial(config) : 0;
    rcr_kernels_of(cx, t->dtype)->array.fill(t->count, value, t->data);
}

recur_status rcr_state_make(recur_optim *o, rcr_slot *slot, const recur_tensor *w,
                            const recur_optim_config *config)
{
    for (int i = 0; i < RCR_STATES; i++) {
        const rcr_state *kind = &o->kind->state[i];
        if (!is_wanted(kind, config))
            continue;
        if (!slot->state[i])
            slot->state[i] = new_state(o->cx, w, kind);
        if (!slot->state[i])
            return RECUR_ENOMEM;
        fill(o->cx, slot->state[i], kind, config);
    }
    return RECUR_OK;
}

static void drop(recur_optim *o, rcr_slot *slot, int i)
{
    rcr_free(o->cx, slot->state[i]);
    slot->state[i] = NULL;
}

void rcr_state_trim(recur_optim *o, rcr_slot *slot, const recur_optim_config *config)
{
    for (int i = 0; i < RCR_STATES; i++)
        if (!is_wanted(&o->kind->state[i], config))
            drop(o, slot, i);
}

void rcr_state_free(recur_optim *o, rcr_slot *slot)
{
    for (int i = 0; i < RCR_STATES; i++)
        drop(o, slot, i);
}
