// SPDX-License-Identifier: MIT
/* Optimizers as objects: making them, parameter groups, the learning rate, the state for checkpoints. */
#include <recur/optim.h>

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "optim/optim.h"
#include "tape/tensor.h"

static const rcr_optimizer *const kinds[] = {
    [RECUR_SGD] = &rcr_sgd,         [RECUR_ADAM] = &rcr_adam,       [RECUR_ADAMW] = &rcr_adamw,
    [RECUR_RMSPROP] = &rcr_rmsprop, [RECUR_ADAGRAD] = &rcr_adagrad, [RECUR_ADADELTA] = &rcr_adadelta,
    [RECUR_NADAM] = &rcr_nadam,
};

static const rcr_optimizer *find_kind(recur_optim_kind kind)
{
    size_t i = (size_t)kind;
    return i < sizeof kinds / sizeof *kinds ? kinds[i] : NULL;
}

recur_optim_config recur_optim_defaults(recur_optim_kind kind)
{
    const rcr_optimizer *k = find_kind(kind);
    return k ? k->defaults : (recur_optim_config){.kind = kind};
}

static recur_status check_config(recur_ctx *cx, const recur_optim_config *config)
{
    const rcr_optimizer *k = find_kind(config->kind);
    if (!k)
        return rcr_fail(cx, RECUR_EINVAL, "there is no optimizer of kind %d", (int)config->kind);
    recur_status s = rcr_check_options(cx, k->name, k->options, config);
    return s == RECUR_OK && k->check ? k->check(cx, config) : s;
}

static recur_status allocate(recur_optim *o, const recur_optim_config *config)
{
    o->slots = rcr_alloc_array(o->cx, o->size, sizeof *o->slots, "optimizer slots");
    o->groups = rcr_alloc_array(o->cx, 1, sizeof *o->groups, "optimizer groups");
    if (!o->slots || !o->groups)
        return RECUR_ENOMEM;
    o->groups[0] = (rcr_group){.config = *config, .first_lr = config->lr};
    o->n_groups = 1;
    recur_status s = RECUR_OK;
    for (size_t i = 0; i < o->size && s == RECUR_OK; i++)
        if (o->ps->tensors[i]->trainable)
            s = rcr_state_make(o, &o->slots[i], o->ps->tensors[i], config);
    return s;
}

recur_status recur_optim_create(recur_optim **out, recur_params *ps, const recur_optim_config *config)
{
    *out = NULL;
    recur_ctx *cx = ps->cx;
    recur_status s = check_config(cx, config);
    if (s)
        return s;
    recur_optim *o = rcr_alloc_zero(cx, sizeof *o, "optimizer");
    if (!o)
        return RECUR_ENOMEM;
    *o = (recur_optim){.cx = cx, .ps = ps, .kind = find_kind(config->kind), .size = ps->size};
    s = allocate(o, config);
    if (s)
        recur_optim_free(o);
    else
        *out = o;
    return s;
}

void recur_optim_free(recur_optim *o)
{
    if (!o)
        return;
    for (size_t i = 0; o->slots && i < o->size; i++)
        rcr_state_free(o, &o->slots[i]);
    rcr_free(o->cx, o->slots);
    rcr_free(o->cx, o->groups);
    rcr_free(o->cx, o);
}

/* ---- groups ---- */

static bool matches(const recur_optim *o, size_t i, const char *prefix)
{
    const recur_tensor *w = o->ps->tensors[i];
    return w->trainable && strncmp(w->name, prefix, strlen(prefix)) == 0;
}

static recur_status check_group(recur_optim *o, const char *prefix, const recur_optim_config *config)
{
    if (o->steps > 0)
        return rcr_fail(o->cx, RECUR_ESTATE, "group %s: groups are made before the first step", prefix);
    if (find_kind(config->kind) != o->kind)
        return rcr_fail(o->cx, RECUR_EINVAL, "group %s: the optimizer is %s; a group has the same kind",
                        prefix, o->kind->name);
    for (size_t i = 0; i < o->size; i++)
        if (matches(o, i, prefix))
            return check_config(o->cx, config);
    return rcr_fail(o->cx, RECUR_ENOTFOUND, "group %s: no parameter's name begins with it", prefix);
}

static recur_status append_group(recur_optim *o, const recur_optim_config *config)
{
    void *groups = o->groups;
    recur_status s = rcr_resize_array(o->cx, &groups, o->n_groups + 1, sizeof *o->groups, "optimizer groups");
    o->groups = groups;
    if (s == RECUR_OK)
        o->groups[o->n_groups++] = (rcr_group){.config = *config, .first_lr = config->lr};
    return s;
}

/* Each slot gets the state it needs first, so that a failure leaves all as it was. */
static recur_status make_group_state(recur_optim *o, const char *prefix, const recur_optim_config *config)
{
    recur_status s = RECUR_OK;
    for (size_t i = 0; i < o->size && s == RECUR_OK; i++)
        if (matches(o, i, prefix))
            s = rcr_state_make(o, &o->slots[i], o->ps->tensors[i], config);
    return s;
}

static void trim_group_state(recur_optim *o, const char *prefix, bool join)
{
    for (size_t i = 0; i < o->size; i++)
        if (matches(o, i, prefix)) {
            if (join)
                o->slots[i].group = o->n_groups - 1;
            rcr_state_trim(o, &o->slots[i], &o->groups[o->slots[i].group].config);
        }
}

recur_status recur_optim_group(recur_optim *o, const char *prefix, const recur_optim_config *config)
{
    recur_status s = check_group(o, prefix, config);
    if (s)
        return s;
    s = make_group_state(o, prefix, config);
    if (s == RECUR_OK)
        s = append_group(o, config);
    trim_group_state(o, prefix, s == RECUR_OK);
    recur_optim_set_lr(o, recur_optim_lr(o));
    return s;
}

/* ---- learning rate, momentum, steps ---- */

double recur_optim_lr(const recur_optim *o)
{
    return o->groups[0].config.lr;
}

void recur_optim_set_lr(recur_optim *o, double lr)
{
    double first = o->groups[0].first_lr, ratio = first > 0 ? lr / first : 1;
    o->groups[0].config.lr = lr;
    for (size_t i = 1; i < o->n_groups; i++)
        o->groups[i].config.lr = o->groups[i].first_lr * ratio;
}

/* Whether the state that a momentum needs is there: it was wanted by the configuration at hand. */
static recur_status check_momentum(recur_optim *o, double momentum)
{
    recur_optim_config c = o->groups[0].config;
    if (!o->kind->momentum)
        return rcr_fail(o->cx, RECUR_EINVAL, "%s has no momentum to set", o->kind->name);
    *o->kind->momentum(&c) = momentum;
    return check_config(o->cx, &c);
}

static recur_status check_momentum_state(recur_optim *o, const rcr_slot *slot, double momentum)
{
    recur_optim_config c = o->groups[slot->group].config;
    *o->kind->momentum(&c) = momentum;
    for (int i = 0; i < RCR_STATES; i++) {
        const rcr_state *kind = &o->kind->state[i];
        if (kind->wanted && kind->wanted(&c) && !slot->state[i])
            return rcr_fail(o->cx, RECUR_ESTATE,
                            "%s: momentum cannot be set, since the optimizer was made without (momentum 0)",
                            o->kind->name);
    }
    return RECUR_OK;
}

recur_status recur_optim_set_momentum(recur_optim *o, double momentum)
{
    recur_status s = check_momentum(o, momentum);
    for (size_t i = 0; i < o->size && s == RECUR_OK; i++)
        if (o->ps->tensors[i]->trainable)
            s = check_momentum_state(o, &o->slots[i], momentum);
    for (size_t i = 0; i < o->n_groups && s == RECUR_OK; i++)
        *o->kind->momentum(&o->groups[i].config) = momentum;
    return s;
}

uint64_t recur_optim_steps(const recur_optim *o)
{
    return o->steps;
}

void recur_optim_set_steps(recur_optim *o, uint64_t steps)
{
    o->steps = steps;
}

recur_tensor *recur_optim_state(recur_optim *o, size_t index)
{
    for (size_t i = 0; i < o->size * RCR_STATES; i++) {
        recur_tensor *t = o->slots[i / RCR_STATES].state[i % RCR_STATES];
        if (t && index-- == 0)
            return t;
    }
    return NULL;
}
