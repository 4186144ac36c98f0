// SPDX-License-Identifier: MIT
/* The tape: recording calls, and walking them back. */
#include "tape/tape.h"

#include <string.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/cpu.h"
#include "base/error.h"

recur_status recur_tape_create(recur_tape **out, recur_ctx *cx, uint64_t seed)
{
    *out = NULL;
    recur_tape *tp = rcr_alloc_zero(cx, sizeof *tp, "tape");
    if (!tp)
        return RECUR_ENOMEM;
    *tp = (recur_tape){.cx = cx, .mode = RECUR_EVAL, .seed = seed, .keeper = tp};
    rcr_arena_init(&tp->arena, cx);
    *out = tp;
    return RECUR_OK;
}

void recur_tape_free(recur_tape *tp)
{
    if (!tp)
        return;
    rcr_arena_free(&tp->arena);
    rcr_free(tp->cx, tp->scratch);
    rcr_free(tp->cx, tp);
}

void recur_tape_begin(recur_tape *tp, recur_mode mode)
{
    rcr_arena_rewind(&tp->arena);
    tp->newest = NULL;
    tp->panels = NULL;
    tp->mode = mode;
    tp->step++;
    tp->place = 0;
    tp->walked = false;
}

recur_mode recur_tape_mode(const recur_tape *tp)
{
    return tp->mode;
}

uint64_t recur_tape_step(const recur_tape *tp)
{
    return tp->step;
}

void recur_tape_set_step(recur_tape *tp, uint64_t step)
{
    tp->step = step;
}

recur_ctx *recur_tape_ctx(const recur_tape *tp)
{
    return tp->cx;
}

size_t recur_tape_bytes(const recur_tape *tp)
{
    return tp->arena.held + tp->scratch_bytes;
}

/* A tensor on the tape without elements; NULL after recording an error. */
static recur_tensor *new_tensor(recur_tape *tp, recur_dtype dtype, int rank, const int64_t *shape)
{
    int64_t count = 0;
    size_t bytes = 0;
    if (!rcr_shape_bytes(dtype, rank, shape, &count, &bytes)) {
        rcr_fail(tp->cx, RECUR_ESHAPE,
                 "a tensor has rank 0 to %d and lengths that are not negative and fit the machine",
                 RECUR_MAX_RANK);
        return NULL;
    }
    recur_tensor *t = rcr_arena_alloc(&tp->arena, sizeof *t, "tensor");
    if (!t)
        return NULL;
    *t = (recur_tensor){.dtype = dtype, .rank = rank, .count = count, .name = ""};
    if (rank)
        memcpy(t->shape, shape, (size_t)rank * sizeof *shape);
    return t;
}

static size_t tensor_bytes(const recur_tensor *t)
{
    return (size_t)t->count * rcr_item_size(t->dtype);
}

recur_tensor *recur_input(recur_tape *tp, recur_dtype dtype, int rank, const int64_t *shape, const void *host)
{
    if (rcr_stuck(tp->cx))
        return NULL;
    recur_tensor *t = new_tensor(tp, dtype, rank, shape);
    if (t)
        t->data = rcr_arena_alloc(&tp->arena, tensor_bytes(t), "input");
    if (!t || !t->data) {
        rcr_stick_last(tp->cx);
        return NULL;
    }
    if (tensor_bytes(t) && host)
        memcpy(t->data, host, tensor_bytes(t));
    else if (tensor_bytes(t))
        memset(t->data, 0, tensor_bytes(t));
    return t;
}

recur_tensor *recur_track(recur_tensor *input)
{
    if (input && input->dtype != RECUR_I64)
        input->tracked = true;
    return input;
}

/* --- recording --- */

recur_status recur_call_declare(recur_call *c, recur_dtype dtype, int rank, const int64_t *shape)
{
    if (c->n_out == c->out_capacity) {
        int capacity = c->out_capacity ? 2 * c->out_capacity : 4;
        recur_tensor **out = rcr_arena_alloc(&c->tape->arena, (size_t)capacity * sizeof *out, "outputs");
        if (!out)
            return RECUR_ENOMEM;
        if (c->n_out)
            memcpy(out, c->out, (size_t)c->n_out * sizeof *out);
        c->out = out;
        c->out_capacity = capacity;
    }
    recur_tensor *t = new_tensor(c->tape, dtype, rank, shape);
    if (!t)
        return recur_error(c->cx, NULL);
    t->output = c->n_out;
    c->out[c->n_out++] = t;
    return RECUR_OK;
}

recur_status recur_call_save(recur_call *c, size_t bytes)
{
    c->saved_bytes = bytes;
    return RECUR_OK;
}

recur_status recur_call_scratch(recur_call *c, size_t bytes)
{
    recur_tape *tp = c->tape;
    c->scratch_bytes = bytes;
    if (bytes <= tp->scratch_bytes)
        return RECUR_OK;
    rcr_free(tp->cx, tp->scratch);
    tp->scratch = rcr_alloc(tp->cx, bytes, c->op->name);
    tp->scratch_bytes = tp->scratch ? bytes : 0;
    return tp->scratch ? RECUR_OK : RECUR_ENOMEM;
}

static rcr_node *new_node(recur_tape *tp, const recur_op *op, recur_tensor *const *in, int n_in,
                          const void *params, size_t size)
{
    rcr_node *node = rcr_arena_alloc(&tp->arena, sizeof *node, op->name);
    recur_tensor **inputs = rcr_arena_alloc(&tp->arena, (size_t)n_in * sizeof *inputs, op->name);
    void *own = rcr_arena_alloc(&tp->arena, size, op->name);
    if (!node || !inputs || !own)
        return NULL;
    if (n_in)
        memcpy(inputs, in, (size_t)n_in * sizeof *inputs);
    if (size)
        memcpy(own, params, size);
    *node = (rcr_node){.call = {.tape = tp,
                                .cx = tp->cx,
                                .mode = tp->mode,
                                .op = op,
                                .n_in = n_in,
                                .in = inputs,
                                .params = own,
                                .seed = tp->seed,
                                .stream = (tp->step << 24) + tp->place++}};
    return node;
}

/* The kernels of the first floating tensor among inputs, then outputs. */
static const rcr_kernels *choose_kernels(const recur_call *c)
{
    for (int i = 0; i < c->n_in; i++)
        if (c->in[i] && c->in[i]->dtype != RECUR_I64)
            return rcr_kernels_of(c->cx, c->in[i]->dtype);
    return rcr_kernels_of(c->cx, RECUR_F32);
}

static recur_status allocate_results(recur_call *c)
{
    for (int i = 0; i < c->n_out; i++) {
        c->out[i]->data = rcr_arena_alloc(&c->tape->arena, tensor_bytes(c->out[i]), c->op->name);
        if (!c->out[i]->data)
            return RECUR_ENOMEM;
    }
    c->saved = c->saved_bytes ? rcr_arena_alloc(&c->tape->arena, c->saved_bytes, c->op->name) : NULL;
    return c->saved || !c->saved_bytes ? RECUR_OK : RECUR_ENOMEM;
}

static bool wants_gradient(const recur_call *c)
{
    bool tracked = false;
    for (int i = 0; i < c->n_in; i++)
        tracked |= c->in[i] && c->in[i]->tracked;
    return tracked && c->op->backward && c->mode != RECUR_INFER;
}

static void record(recur_tape *tp, rcr_node *node)
{
    node->older = tp->newest;
    tp->newest = node;
    for (int i = 0; i < node->call.n_out; i++)
        node->call.out[i]->tracked = node->call.out[i]->dtype != RECUR_I64;
}

recur_tensor *recur_apply(recur_tape *tp, const recur_op *op, recur_tensor *const *in, int n_in,
                          const void *params, size_t size)
{
    if (rcr_stuck(tp->cx))
        return NULL;
    rcr_node *node = new_node(tp, op, in, n_in, params, size);
    recur_call *c = node ? &node->call : NULL;
    if (c)
        c->k = choose_kernels(c);
    if (!c || op->shape(c) != RECUR_OK || allocate_results(c) != RECUR_OK) {
        rcr_stick_last(tp->cx);
        return NULL;
    }
    for (int i = 0; i < c->n_out; i++)
        c->out[i]->node = node;
    unsigned long mode = rcr_float_enter(tp->cx->keep_denormals);
    op->forward(c);
    rcr_float_restore(mode);
    if (wants_gradient(c))
        record(tp, node);
    return c->n_out ? c->out[0] : NULL;
}

recur_tensor *recur_output(recur_tensor *first, int index)
{
    if (!first || !first->node || index < 0 || index >= first->node->call.n_out)
        return NULL;
    return first->node->call.out[index];
}

/* --- backward --- */

/* The gradient of a tensor on the tape, zeros at first. Parameters have theirs already. */
static recur_status ensure_grad(recur_tape *tp, recur_tensor *t)
{
    if (t->grad)
        return RECUR_OK;
    recur_tensor *g = new_tensor(tp, t->dtype, t->rank, t->shape);
    if (!g)
        return RECUR_ENOMEM;
    g->data = rcr_arena_alloc_zero(&tp->arena, tensor_bytes(t), "gradient");
    if (!g->data)
        return RECUR_ENOMEM;
    t->grad = g;
    return RECUR_OK;
}

static bool reached(const recur_call *c)
{
    for (int i = 0; i < c->n_out; i++)
        if (c->out[i]->grad)
            return true;
    return false;
}

static recur_status ensure_input_grads(recur_tape *tp, const recur_call *c)
{
    for (int i = 0; i < c->n_in; i++) {
        recur_status s = c->in[i] && c->in[i]->tracked ? ensure_grad(tp, c->in[i]) : RECUR_OK;
        if (s)
            return s;
    }
    return RECUR_OK;
}

static recur_status walk_back(recur_tape *tp)
{
    for (rcr_node *node = tp->newest; node; node = node->older) {
        if (!reached(&node->call))
            continue;
        recur_status s = ensure_input_grads(tp, &node->call);
        if (s)
            return s;
        node->call.op->backward(&node->call);
    }
    return RECUR_OK;
}

static recur_status check_loss(recur_tape *tp, const recur_tensor *loss)
{
    if (rcr_stuck(tp->cx))
        return recur_error(tp->cx, NULL);
    if (!loss)
        return rcr_fail(tp->cx, RECUR_EINVAL, "backward: the loss is NULL");
    if (tp->mode == RECUR_INFER)
        return rcr_fail(tp->cx, RECUR_ESTATE,
                        "backward: the step began with RECUR_INFER, which records nothing");
    if (tp->walked)
        return rcr_fail(tp->cx, RECUR_ESTATE,
                        "backward: has already run in this step; call recur_tape_begin() first");
    if (loss->count != 1 || loss->dtype == RECUR_I64) {
        char shape[RCR_SHAPE_TEXT];
        return rcr_fail(tp->cx, RECUR_ESHAPE, "backward: the loss must be one floating number, not %s %s",
                        rcr_dtype_name(loss->dtype), rcr_shape_text(shape, loss));
    }
    return RECUR_OK;
}

recur_status recur_backward(recur_tape *tp, recur_tensor *loss)
{
    recur_status s = check_loss(tp, loss);
    if (s)
        return s;
    tp->walked = true;
    s = ensure_grad(tp, loss);
    if (s)
        return s;
    unsigned long mode = rcr_float_enter(tp->cx->keep_denormals);
    rcr_kernels_of(tp->cx, loss->dtype)->array.fill(1, 1.0, loss->grad->data);
    s = walk_back(tp);
    rcr_float_restore(mode);
    return s;
}
