// SPDX-License-Identifier: MIT
/* Batch normalisation over [N, C] or [N, C, L] (Ioffe and Szegedy 2015). */
#include <recur/init.h>
#include <recur/layer.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "layer/name.h"
#include "op/ranges.h"
#include "op/shape.h"

enum { X, WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR, BATCHES, INPUTS };

/* Saved, double [C] each: mean and 1 / sqrt(var + eps) that normalised, and two that backward uses. */
typedef struct norm {
    double eps, momentum;
    int64_t N, C, L;
    bool by_batch;
} norm;

enum { MEAN, RSTD, SUM_DY, SUM_DYX, SAVED };

static double *saved(const recur_call *c, int which)
{
    return (double *)c->saved + which * RCR_PARAMS(norm, c)->C;
}

static recur_status check_input(recur_call *c)
{
    norm *p = c->params;
    const recur_tensor *x = c->in[X];
    char shape[RCR_SHAPE_TEXT];
    if ((x->rank != 2 && x->rank != 3) || x->shape[1] != p->C)
        return rcr_call_fail(c, RECUR_ESHAPE,
                             "the input must be [N, %lld] or [N, %lld, L], but its shape is %s",
                             (long long)p->C, (long long)p->C, rcr_shape_text(shape, x));
    p->N = x->shape[0];
    p->L = recur_dim(x, 2);
    p->by_batch = c->mode == RECUR_TRAIN;
    if (p->by_batch && p->N * p->L == 1)
        return rcr_call_fail(c, RECUR_EINVAL,
                             "training needs more than one value per channel, but the input is %s",
                             rcr_shape_text(shape, x));
    return RECUR_OK;
}

static recur_status norm_shape(recur_call *c)
{
    norm *p = c->params;
    static const char *const names[] = {"the input", "weight", "bias", "running_mean", "running_var"};
    recur_status s = RECUR_OK;
    for (int i = X; !s && i < BATCHES; i++)
        if (i == X || i >= RUNNING_MEAN || c->in[i])
            s = rcr_check_float(c, i, names[i]);
    for (int i = WEIGHT; !s && i < BATCHES; i++)
        if (c->in[i])
            s = rcr_check_shape(c, i, names[i], 1, &p->C);
    if (!s)
        s = rcr_check_index(c, BATCHES, "num_batches_tracked");
    if (!s)
        s = check_input(c);
    if (!s)
        s = rcr_save(c, (size_t)p->C * SAVED * sizeof(double));
    return s ? s : rcr_declare(c, c->in[X]->dtype, c->in[X]->rank, c->in[X]->shape);
}

/* --- forward --- */

/* running = (1 - m) * running + m * batch, the variance unbiased. var [C] */
static void update_running(recur_call *c, const double *mean, const double *var)
{
    const norm *p = RCR_PARAMS(norm, c);
    int64_t *batches = c->in[BATCHES]->data;
    double n = (double)(p->N * p->L);
    ++*batches;
    double m = p->momentum < 0.0 ? 1.0 / (double)*batches : p->momentum;
    for (int64_t i = 0; i < p->C; i++) {
        double old_mean = recur_item(c->in[RUNNING_MEAN], i), old_var = recur_item(c->in[RUNNING_VAR], i);
        c->k->array.fill(1, (1.0 - m) * old_mean + m * mean[i],
                         rcr_at(c->in[RUNNING_MEAN]->data, i, c->k->item));
        c->k->array.fill(1, (1.0 - m) * old_var + m * var[i] * n / (n - 1.0),
                         rcr_at(c->in[RUNNING_VAR]->data, i, c->k->item));
    }
}

static void moments_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const norm *p = RCR_PARAMS(norm, c);
    c->k->norm.channel_moments(p->N, p->C, p->L, from, to, c->in[X]->data, saved(c, MEAN), saved(c, RSTD));
}

static void normalise_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const norm *p = RCR_PARAMS(norm, c);
    c->k->norm.channel_norm(p->N, p->C, p->L, from, to, c->in[X]->data, saved(c, MEAN), saved(c, RSTD),
                            c->in[WEIGHT] ? c->in[WEIGHT]->data : NULL,
                            c->in[BIAS] ? c->in[BIAS]->data : NULL, c->out[0]->data);
}

static void over_channels(recur_call *c, rcr_range *f)
{
    const norm *p = RCR_PARAMS(norm, c);
    rcr_ranges(c->cx, p->C, rcr_grain(p->N * p->L), f, c);
}

/* The saved mean and, in the place of rstd, the variance: of the batch or the running ones. */
static void find_statistics(recur_call *c)
{
    const norm *p = RCR_PARAMS(norm, c);
    if (p->by_batch) {
        over_channels(c, moments_range);
        update_running(c, saved(c, MEAN), saved(c, RSTD));
        return;
    }
    for (int64_t i = 0; i < p->C; i++) {
        saved(c, MEAN)[i] = recur_item(c->in[RUNNING_MEAN], i);
        saved(c, RSTD)[i] = recur_item(c->in[RUNNING_VAR], i);
    }
}

static void norm_forward(recur_call *c)
{
    const norm *p = RCR_PARAMS(norm, c);
    if (c->out[0]->count == 0)
        return;
    find_statistics(c);
    for (int64_t i = 0; i < p->C; i++)
        saved(c, RSTD)[i] = 1.0 / sqrt(saved(c, RSTD)[i] + p->eps);
    over_channels(c, normalise_range);
}

/* --- backward --- */

static void sums_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const norm *p = RCR_PARAMS(norm, c);
    c->k->norm.channel_sums(p->N, p->C, p->L, from, to, c->in[X]->data, saved(c, MEAN), saved(c, RSTD),
                            rcr_dout(c, 0), saved(c, SUM_DY), saved(c, SUM_DYX));
}

/* dst [C] += x */
static void add_channels(const recur_call *c, const double *x, void *dst)
{
    const norm *p = RCR_PARAMS(norm, c);
    for (int64_t i = 0; dst && i < p->C; i++) {
        double value = 0.0; /* room for either type */
        c->k->array.fill(1, x[i], &value);
        c->k->array.axpy(1, 1.0, &value, rcr_at(dst, i, c->k->item));
    }
}

static void dx_range(const void *job, int64_t from, int64_t to, int worker)
{
    (void)worker;
    const recur_call *c = job;
    const norm *p = RCR_PARAMS(norm, c);
    c->k->norm.channel_dx(p->N, p->C, p->L, from, to, c->in[X]->data, saved(c, MEAN), saved(c, RSTD),
                          c->in[WEIGHT] ? c->in[WEIGHT]->data : NULL, saved(c, SUM_DY), saved(c, SUM_DYX),
                          rcr_dout(c, 0), rcr_din(c, X));
}

/* Training: dx = w rstd (dy - mean(dy) - xhat mean(dy xhat)). Running statistics are constants: dx = w rstd
 * dy. */
static void norm_backward(recur_call *c)
{
    const norm *p = RCR_PARAMS(norm, c);
    if (c->out[0]->count == 0)
        return;
    over_channels(c, sums_range);
    add_channels(c, saved(c, SUM_DYX), rcr_din(c, WEIGHT));
    add_channels(c, saved(c, SUM_DY), rcr_din(c, BIAS));
    if (!rcr_din(c, X))
        return;
    double n = (double)(p->N * p->L);
    for (int64_t i = 0; i < p->C; i++) {
        saved(c, SUM_DY)[i] = p->by_batch ? saved(c, SUM_DY)[i] / n : 0.0;
        saved(c, SUM_DYX)[i] = p->by_batch ? saved(c, SUM_DYX)[i] / n : 0.0;
    }
    over_channels(c, dx_range);
}

static const recur_op batch_norm_op = {"batch_norm", norm_shape, norm_forward, norm_backward};

/* --- the layer --- */

static recur_status check_options(recur_params *ps, double eps, double momentum)
{
    char number[RCR_NUMBER_SIZE];
    if (!(eps >= 0.0))
        return rcr_fail(ps->cx, RECUR_EINVAL, "batch_norm: eps must not be negative, but is %s",
                        rcr_format_double(number, eps));
    if (!(momentum <= 1.0))
        return rcr_fail(ps->cx, RECUR_EINVAL,
                        "batch_norm: the momentum must be at most 1 (negative: cumulative), not %s",
                        rcr_format_double(number, momentum));
    return RECUR_OK;
}

static bool add_tensors(recur_batch_norm *l, recur_params *ps, const char *prefix, int64_t C, bool affine)
{
    if (affine) {
        l->weight = rcr_layer_param(ps, prefix, "weight", 1, &C);
        l->bias = l->weight ? rcr_layer_param(ps, prefix, "bias", 1, &C) : NULL;
        if (!l->bias)
            return false;
    }
    l->running_mean = rcr_layer_buffer(ps, prefix, "running_mean", ps->dtype, 1, &C);
    l->running_var = l->running_mean ? rcr_layer_buffer(ps, prefix, "running_var", ps->dtype, 1, &C) : NULL;
    l->num_batches_tracked =
        l->running_var ? rcr_layer_buffer(ps, prefix, "num_batches_tracked", RECUR_I64, 0, NULL) : NULL;
    return l->num_batches_tracked;
}

recur_status recur_batch_norm_create(recur_batch_norm *out, recur_params *ps, const char *prefix, int64_t C,
                                     double eps, double momentum, bool affine)
{
    *out = (recur_batch_norm){0};
    recur_status s = check_options(ps, eps, momentum);
    if (s)
        return s;
    recur_batch_norm l = {.eps = eps, .momentum = momentum};
    if (!add_tensors(&l, ps, prefix, C, affine))
        return recur_error(ps->cx, NULL);
    s = recur_init_constant(ps, l.running_var, 1.0);
    if (!s && affine)
        s = recur_init_constant(ps, l.weight, 1.0);
    if (!s)
        *out = l;
    return s;
}

recur_tensor *recur_batch_norm_forward(recur_tape *tp, const recur_batch_norm *l, recur_tensor *x)
{
    recur_tensor *const in[INPUTS] = {
        x, l->weight, l->bias, l->running_mean, l->running_var, l->num_batches_tracked};
    norm p = {.eps = l->eps, .momentum = l->momentum, .C = recur_count(l->running_mean)};
    return recur_apply(tp, &batch_norm_op, in, INPUTS, &p, sizeof p);
}
