// SPDX-License-Identifier: MIT
/* Layer normalisation (Ba et al. 2016). */
#include <recur/init.h>
#include <recur/layer.h>

#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "layer/name.h"
#include "op/ranges.h"
#include "op/shape.h"

/* Inputs: x [R, n], weight [n], bias [n] (may be absent). Saved: mean [R], 1 / sqrt(var + eps) [R]. */
typedef struct norm {
    double eps;
    int rank;
    int64_t shape[RECUR_MAX_RANK];
    int64_t R, n;
} norm;

static recur_status check_input(recur_call *c)
{
    const norm *p = RCR_PARAMS(norm, c);
    const recur_tensor *x = c->in[0];
    recur_tensor want = {.rank = p->rank}, got = {.rank = p->rank};
    memcpy(want.shape, p->shape, sizeof want.shape);
    if (x->rank >= p->rank)
        memcpy(got.shape, x->shape + x->rank - p->rank, (size_t)p->rank * sizeof *got.shape);
    if (x->rank >= p->rank && rcr_same_shape(&want, &got))
        return RECUR_OK;
    char expected[RCR_SHAPE_TEXT], shape[RCR_SHAPE_TEXT];
    return rcr_call_fail(c, RECUR_ESHAPE, "the last axes of the input must be %s, but its shape is %s",
                         rcr_shape_text(expected, &want), rcr_shape_text(shape, x));
}

static recur_status norm_shape(recur_call *c)
{
    norm *p = c->params;
    const char *const names[] = {"the input", "the weight", "the bias"};
    recur_status s = rcr_check_float(c, 0, names[0]);
    if (!s)
        s = check_input(c);
    for (int i = 1; !s && i < 3; i++) {
        s = c->in[i] ? rcr_check_float(c, i, names[i]) : RECUR_OK;
        if (!s && c->in[i])
            s = rcr_check_shape(c, i, names[i], p->rank, p->shape);
    }
    if (s)
        return s;
    const recur_tensor *x = c->in[0];
    p->R = rcr_product(x->shape, x->rank - p->rank);
    p->n = rcr_product(p->shape, p->rank);
    s = rcr_save(c, 2 * (size_t)p->R * c->k->item);
    return s ? s : rcr_declare(c, x->dtype, x->rank, x->shape);
}

static const void *data_or_null(const recur_tensor *t)
{
    return t ? t->data : NULL;
}

static void forward_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const norm *p = RCR_PARAMS(norm, c);
    size_t item = c->k->item;
    c->k->norm.layer_norm(to - from, p->n, p->eps, rcr_at(c->in[0]->data, from * p->n, item),
                          data_or_null(c->in[1]), data_or_null(c->in[2]),
                          rcr_at(c->out[0]->data, from * p->n, item), rcr_at(c->saved, from, item),
                          rcr_at(c->saved, p->R + from, item));
}

static void norm_forward(recur_call *c)
{
    const norm *p = RCR_PARAMS(norm, c);
    if (p->n)
        rcr_ranges(c->cx, p->R, rcr_grain(p->n), forward_range, c);
}

static void dx_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const norm *p = RCR_PARAMS(norm, c);
    size_t item = c->k->item;
    c->k->norm.layer_norm_dx(to - from, p->n, rcr_at(c->in[0]->data, from * p->n, item),
                             data_or_null(c->in[1]), rcr_at(c->saved, from, item),
                             rcr_at(c->saved, p->R + from, item), rcr_at(rcr_dout(c, 0), from * p->n, item),
                             rcr_at(rcr_din(c, 0), from * p->n, item));
}

/* Ranges of columns: each goes through the rows in order. */
static void dw_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const norm *p = RCR_PARAMS(norm, c);
    c->k->norm.layer_norm_dw(p->R, p->n, from, to, c->in[0]->data, c->saved,
                             rcr_at(c->saved, p->R, c->k->item), rcr_dout(c, 0), rcr_din(c, 1),
                             rcr_din(c, 2));
}

static void norm_backward(recur_call *c)
{
    const norm *p = RCR_PARAMS(norm, c);
    int64_t columns = rcr_grain(p->R) < 64 ? 64 : rcr_grain(p->R);
    if (p->n && rcr_din(c, 0))
        rcr_ranges(c->cx, p->R, rcr_grain(p->n), dx_range, c);
    if (p->R && (rcr_din(c, 1) || rcr_din(c, 2)))
        rcr_ranges(c->cx, p->n, columns, dw_range, c);
}

static const recur_op layer_norm_op = {"layer_norm", norm_shape, norm_forward, norm_backward};

static recur_status check_options(recur_params *ps, int rank, double eps)
{
    char number[RCR_NUMBER_SIZE];
    if (rank < 1 || rank > RECUR_MAX_RANK)
        return rcr_fail(ps->cx, RECUR_EINVAL, "layer_norm: the number of axes must be 1 to %d, not %d",
                        RECUR_MAX_RANK, rank);
    if (!(eps >= 0.0))
        return rcr_fail(ps->cx, RECUR_EINVAL, "layer_norm: eps must not be negative, but is %s",
                        rcr_format_double(number, eps));
    return RECUR_OK;
}

recur_status recur_layer_norm_create(recur_layer_norm *out, recur_params *ps, const char *prefix, int rank,
                                     const int64_t *shape, double eps, bool affine)
{
    *out = (recur_layer_norm){0};
    recur_status s = check_options(ps, rank, eps);
    if (s)
        return s;
    recur_layer_norm l = {.eps = eps, .rank = rank};
    memcpy(l.shape, shape, (size_t)rank * sizeof *shape);
    if (affine) {
        l.weight = rcr_layer_param(ps, prefix, "weight", rank, shape);
        l.bias = l.weight ? rcr_layer_param(ps, prefix, "bias", rank, shape) : NULL;
        s = l.bias ? recur_init_constant(ps, l.weight, 1.0) : recur_error(ps->cx, NULL);
    }
    if (!s)
        *out = l;
    return s;
}

recur_tensor *recur_layer_norm_forward(recur_tape *tp, const recur_layer_norm *l, recur_tensor *x)
{
    norm p = {.eps = l->eps, .rank = l->rank};
    memcpy(p.shape, l->shape, sizeof p.shape);
    return recur_apply(tp, &layer_norm_op, (recur_tensor *[]){x, l->weight, l->bias}, 3, &p, sizeof p);
}
