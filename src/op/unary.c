// SPDX-License-Identifier: MIT
/* Elementwise functions of one argument. */
#include <recur/op.h>

#include <stddef.h>

#include "op/ranges.h"
#include "op/shape.h"

/* Where a function and its gradient stand in rcr_math_kernels. */
typedef struct function {
    size_t forward, backward;
} function;

#define FUNCTION(name) \
    (&(function){offsetof(rcr_math_kernels, name), offsetof(rcr_math_kernels, name##_backward)})

static rcr_unary *forward_of(const recur_call *c)
{
    rcr_unary *const *f = rcr_at(&c->k->math, (int64_t)RCR_PARAMS(function, c)->forward, 1);
    return *f;
}

static rcr_unary_backward *backward_of(const recur_call *c)
{
    rcr_unary_backward *const *f = rcr_at(&c->k->math, (int64_t)RCR_PARAMS(function, c)->backward, 1);
    return *f;
}

static recur_status same_shape(recur_call *c)
{
    recur_status s = rcr_check_float(c, 0, "the argument");
    return s ? s : rcr_declare(c, c->in[0]->dtype, c->in[0]->rank, c->in[0]->shape);
}

static void forward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    forward_of(c)(to - from, rcr_at(c->in[0]->data, from, c->k->item),
                  rcr_at(c->out[0]->data, from, c->k->item));
}

static void unary_forward(recur_call *c)
{
    rcr_ranges(c->cx, c->out[0]->count, RCR_GRAIN, forward_range, c);
}

static void backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    size_t item = c->k->item;
    backward_of(c)(to - from, rcr_at(c->in[0]->data, from, item), rcr_at(c->out[0]->data, from, item),
                   rcr_at(rcr_dout(c, 0), from, item), rcr_at(rcr_din(c, 0), from, item));
}

static void unary_backward(recur_call *c)
{
    rcr_ranges(c->cx, c->out[0]->count, RCR_GRAIN, backward_range, c);
}

static const recur_op sigmoid_op = {"sigmoid", same_shape, unary_forward, unary_backward};
static const recur_op tanh_op = {"tanh", same_shape, unary_forward, unary_backward};
static const recur_op relu_op = {"relu", same_shape, unary_forward, unary_backward};
static const recur_op exp_op = {"exp", same_shape, unary_forward, unary_backward};
static const recur_op log_op = {"log", same_shape, unary_forward, unary_backward};

recur_tensor *recur_sigmoid(recur_tape *tp, recur_tensor *x)
{
    return recur_apply(tp, &sigmoid_op, &x, 1, FUNCTION(sigmoid), sizeof(function));
}

recur_tensor *recur_tanh(recur_tape *tp, recur_tensor *x)
{
    return recur_apply(tp, &tanh_op, &x, 1, FUNCTION(tanh), sizeof(function));
}

recur_tensor *recur_relu(recur_tape *tp, recur_tensor *x)
{
    return recur_apply(tp, &relu_op, &x, 1, FUNCTION(relu), sizeof(function));
}

recur_tensor *recur_exp(recur_tape *tp, recur_tensor *x)
{
    return recur_apply(tp, &exp_op, &x, 1, FUNCTION(exp), sizeof(function));
}

recur_tensor *recur_log(recur_tape *tp, recur_tensor *x)
{
    return recur_apply(tp, &log_op, &x, 1, FUNCTION(log), sizeof(function));
}

/* y = a x + b. */
typedef struct line {
    double a, b;
} line;

static void affine_forward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const line *p = RCR_PARAMS(line, c);
    c->k->array.affine(to - from, p->a, p->b, rcr_at(c->in[0]->data, from, c->k->item),
                       rcr_at(c->out[0]->data, from, c->k->item));
}

static void affine_forward(recur_call *c)
{
    rcr_ranges(c->cx, c->out[0]->count, RCR_GRAIN, affine_forward_range, c);
}

static void affine_backward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    c->k->array.axpy(to - from, RCR_PARAMS(line, c)->a, rcr_at(rcr_dout(c, 0), from, c->k->item),
                     rcr_at(rcr_din(c, 0), from, c->k->item));
}

static void affine_backward(recur_call *c)
{
    rcr_ranges(c->cx, c->out[0]->count, RCR_GRAIN, affine_backward_range, c);
}

static const recur_op affine_op = {"affine", same_shape, affine_forward, affine_backward};

recur_tensor *recur_affine(recur_tape *tp, recur_tensor *x, double a, double b)
{
    line p = {a, b};
    return recur_apply(tp, &affine_op, &x, 1, &p, sizeof p);
}
