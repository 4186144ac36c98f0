// SPDX-License-Identifier: MIT
/* One optimizer step: scalars first, then one pass over all parameters, in fixed chunks that the threads
 * share. */
#include <string.h>

#include "base/context.h"
#include "base/error.h"
#include "base/pool.h"
#include "optim/optim.h"
#include "optim/span.h"

static rcr_update_scalars scalars_of(const recur_optim_config *c)
{
    return (rcr_update_scalars){
        .sign = c->maximize ? -1 : 1,
        .decay = c->weight_decay,
        .shrink = 1,
        .lr = c->lr,
        .momentum = c->momentum,
        .beta1 = c->beta1,
        .new1 = 1 - c->beta1,
        .beta2 = c->beta2,
        .new2 = 1 - c->beta2,
        .eps = c->eps,
    };
}

static void begin_slot(recur_optim *o, rcr_slot *slot)
{
    const recur_optim_config *c = &o->groups[slot->group].config;
    double *state[RCR_STATES] = {0};
    for (int i = 0; i < RCR_STATES; i++)
        if (o->kind->state[i].scalar)
            state[i] = recur_f64(slot->state[i]);
    slot->scalars = scalars_of(c);
    o->kind->begin(o->cx, c, state, &slot->scalars);
}

static void update_piece(const recur_optim *o, const rcr_span *p)
{
    const rcr_slot *slot = &o->slots[p->index];
    void *state[RCR_STATES] = {0};
    for (int i = 0; i < RCR_STATES; i++)
        if (slot->state[i] && !o->kind->state[i].scalar)
            state[i] = rcr_element(slot->state[i], p->from);
    rcr_update *update = rcr_kernels_of(o->cx, p->w->dtype)->optim.update[o->kind->update];
    update(p->n, &slot->scalars, rcr_element(p->w->grad, p->from), rcr_element(p->w, p->from), state);
}

static void step_chunk(void *job, int64_t index, int worker)
{
    const recur_optim *o = job;
    (void)worker;
    rcr_span p = rcr_span_of(o->ps, index, RCR_OPTIM_CHUNK);
    while (rcr_span_next(&p)) {
        if (!p.w->frozen)
            update_piece(o, &p);
        memset(rcr_element(p.w->grad, p.from), 0, (size_t)p.n * rcr_item_size(p.w->dtype));
    }
}

recur_status recur_optim_step(recur_optim *o)
{
    if (o->ps->size != o->size)
        return rcr_fail(o->cx, RECUR_ESTATE,
                        "the optimizer was made for %zu parameters and buffers, now there are %zu", o->size,
                        o->ps->size);
    unsigned long mode = rcr_float_enter(o->cx->keep_denormals);
    for (size_t i = 0; i < o->size; i++)
        if (o->ps->tensors[i]->trainable && !o->ps->tensors[i]->frozen)
            begin_slot(o, &o->slots[i]);
    rcr_parallel(o->cx, rcr_span_chunks(rcr_span_total(o->ps), RCR_OPTIM_CHUNK), step_chunk, o);
    rcr_float_restore(mode);
    o->steps++;
    return RECUR_OK;
}
