// SPDX-License-Identifier: MIT
/* Initialisation of parameters. A parameter's random stream is its position in the set. */
#include "tape/init.h"

#include <math.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/random.h"
#include "tape/tensor.h"

static uint64_t stream_of(const recur_params *ps, const recur_tensor *w, int64_t part)
{
    return rcr_stream(((uint64_t)rcr_param_index(ps, w) << 32) + (uint64_t)part, "init");
}

static const rcr_array_kernels *array_of(const recur_params *ps, const recur_tensor *w)
{
    return &rcr_kernels_of(ps->cx, w->dtype)->array;
}

/* `number` is what must be finite (and, as a gain or deviation, not negative). */
static recur_status check(recur_params *ps, const recur_tensor *w, double number)
{
    if (!w)
        return rcr_fail(ps->cx, RECUR_EINVAL, "init: the parameter is NULL");
    if (rcr_param_index(ps, w) == ps->size)
        return rcr_fail(ps->cx, RECUR_EINVAL, "init: the tensor is not a parameter of this set");
    if (w->dtype == RECUR_I64)
        return rcr_fail(ps->cx, RECUR_EDTYPE, "init: %s is int64", w->name);
    if (!isfinite(number))
        return rcr_fail(ps->cx, RECUR_EINVAL, "init: the numbers for %s must be finite", w->name);
    return RECUR_OK;
}

/* fill(w->count, a, b, w->data) with the parameter's random numbers, in the library's own floating-point
 * mode. */
typedef void random_fill(int64_t n, uint64_t seed, uint64_t stream, double a, double b, void *y);

static void fill_random(const recur_params *ps, recur_tensor *w, random_fill *fill, double a, double b)
{
    unsigned long mode = rcr_float_enter(ps->cx->keep_denormals);
    fill(w->count, ps->seed, stream_of(ps, w, 0), a, b, w->data);
    rcr_float_restore(mode);
}

recur_status recur_init_constant(recur_params *ps, recur_tensor *w, double value)
{
    recur_status s = check(ps, w, 0.0);
    if (!s)
        array_of(ps, w)->fill(w->count, value, w->data);
    return s;
}

recur_status recur_init_uniform(recur_params *ps, recur_tensor *w, double low, double high)
{
    recur_status s = check(ps, w, high - low);
    if (!s && high < low)
        s = rcr_fail(ps->cx, RECUR_EINVAL, "init: uniform from above to below for %s", w->name);
    if (!s)
        fill_random(ps, w, array_of(ps, w)->uniform, low, high);
    return s;
}

recur_status recur_init_normal(recur_params *ps, recur_tensor *w, double mean, double deviation)
{
    recur_status s = check(ps, w, mean + deviation);
    if (!s && deviation < 0.0)
        s = rcr_fail(ps->cx, RECUR_EINVAL, "init: the deviation for %s is negative", w->name);
    if (!s)
        fill_random(ps, w, array_of(ps, w)->normal, mean, deviation);
    return s;
}

/* --- scaled by the fan --- */

/* For a weight [out, in, rest...]: fan_in = in * rest, fan_out = out * rest. */
static recur_status fans(recur_params *ps, const recur_tensor *w, double *in, double *out)
{
    recur_status s = check(ps, w, 0.0);
    if (s)
        return s;
    if (w->rank < 2)
        return rcr_fail(ps->cx, RECUR_ESHAPE, "init: %s has %d axes, but a fan needs at least 2", w->name,
                        w->rank);
    double rest = 1.0;
    for (int i = 2; i < w->rank; i++)
        rest *= (double)w->shape[i];
    *in = (double)w->shape[1] * rest;
    *out = (double)w->shape[0] * rest;
    return RECUR_OK;
}

/* The deviation gain / sqrt(fan); 0 for a weight without elements. */
static recur_status deviation(recur_params *ps, const recur_tensor *w, double gain, double fan, double *d)
{
    recur_status s = check(ps, w, gain);
    if (!s && gain < 0.0)
        s = rcr_fail(ps->cx, RECUR_EINVAL, "init: the gain for %s is negative", w->name);
    *d = fan > 0.0 ? gain / sqrt(fan) : 0.0;
    return s;
}

/* Uniform on +-sqrt(3) d has the deviation d. */
static recur_status fill_uniform(recur_params *ps, recur_tensor *w, double d)
{
    double bound = sqrt(3.0) * d;
    return recur_init_uniform(ps, w, -bound, bound);
}

recur_status recur_init_xavier_uniform(recur_params *ps, recur_tensor *w, double gain)
{
    double in = 0.0, out = 0.0, d = 0.0;
    recur_status s = fans(ps, w, &in, &out);
    if (!s)
        s = deviation(ps, w, gain, (in + out) / 2.0, &d);
    return s ? s : fill_uniform(ps, w, d);
}

recur_status recur_init_xavier_normal(recur_params *ps, recur_tensor *w, double gain)
{
    double in = 0.0, out = 0.0, d = 0.0;
    recur_status s = fans(ps, w, &in, &out);
    if (!s)
        s = deviation(ps, w, gain, (in + out) / 2.0, &d);
    return s ? s : recur_init_normal(ps, w, 0.0, d);
}

/* The deviation of the kaiming initialisers. */
static recur_status kaiming(recur_params *ps, const recur_tensor *w, double gain, recur_fan fan, double *d)
{
    double in = 0.0, out = 0.0;
    recur_status s = fans(ps, w, &in, &out);
    if (!s && fan != RECUR_FAN_IN && fan != RECUR_FAN_OUT)
        s = rcr_fail(ps->cx, RECUR_EINVAL, "init: the fan for %s must be RECUR_FAN_IN or RECUR_FAN_OUT",
                     w->name);
    return s ? s : deviation(ps, w, gain, fan == RECUR_FAN_IN ? in : out, d);
}

recur_status recur_init_kaiming_uniform(recur_params *ps, recur_tensor *w, double gain, recur_fan fan)
{
    double d = 0.0;
    recur_status s = kaiming(ps, w, gain, fan, &d);
    return s ? s : fill_uniform(ps, w, d);
}

recur_status recur_init_kaiming_normal(recur_params *ps, recur_tensor *w, double gain, recur_fan fan)
{
    double d = 0.0;
    recur_status s = kaiming(ps, w, gain, fan, &d);
    return s ? s : recur_init_normal(ps, w, 0.0, d);
}

/* --- orthogonal --- */

/* Gram-Schmidt on m vectors of n >= m numbers, done twice: orthogonal to the last bits. Random normal vectors
 * give the uniform distribution over orthogonal matrices (Haar measure). */
static void orthonormalise(const rcr_kernels *k, double *v, int64_t m, int64_t n)
{
    for (int64_t j = 0; j < m; j++) {
        double *vj = v + j * n;
        for (int pass = 0; pass < 2; pass++)
            for (int64_t i = 0; i < j; i++)
                k->array.axpy(n, -k->reduce.dot(n, v + i * n, vj), v + i * n, vj);
        k->array.affine(n, 1.0 / sqrt(k->reduce.dot(n, vj, vj)), 0.0, vj, vj);
    }
}

/* Row r, column c of the result: vectors are rows where there are fewer rows than columns, else columns. */
static void store(recur_tensor *w, int64_t from, int64_t rows, int64_t columns, const double *v, double gain)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            double x = gain * (rows <= columns ? v[r * columns + c] : v[c * rows + r]);
            int64_t at = (from + r) * columns + c;
            if (w->dtype == RECUR_F32)
                ((float *)w->data)[at] = (float)x;
            else
                ((double *)w->data)[at] = x;
        }
}

recur_status rcr_init_orthogonal_rows(recur_params *ps, recur_tensor *w, int64_t from, int64_t rows,
                                      double gain)
{
    int64_t columns = w->shape[0] ? w->count / w->shape[0] : 0, m = rows < columns ? rows : columns;
    double *v = rcr_alloc_array(ps->cx, (size_t)(rows * columns), sizeof *v, "orthogonal matrix");
    if (!v)
        return RECUR_ENOMEM;
    const rcr_kernels *k = rcr_kernels_of(ps->cx, RECUR_F64);
    unsigned long mode = rcr_float_enter(ps->cx->keep_denormals);
    k->array.normal(rows * columns, ps->seed, stream_of(ps, w, from), 0.0, 1.0, v);
    if (m)
        orthonormalise(k, v, m, rows + columns - m);
    store(w, from, rows, columns, v, gain);
    rcr_float_restore(mode);
    rcr_free(ps->cx, v);
    return RECUR_OK;
}

recur_status recur_init_orthogonal(recur_params *ps, recur_tensor *w, double gain)
{
    recur_status s = check(ps, w, gain);
    if (!s && w->rank < 2)
        s = rcr_fail(ps->cx, RECUR_ESHAPE, "init: %s has %d axes, orthogonal needs at least 2", w->name,
                     w->rank);
    return s ? s : rcr_init_orthogonal_rows(ps, w, 0, w->shape[0], gain);
}

recur_status recur_init_eye(recur_params *ps, recur_tensor *w, double gain)
{
    recur_status s = check(ps, w, gain);
    if (!s && (w->rank != 2 || w->shape[0] != w->shape[1]))
        s = rcr_fail(ps->cx, RECUR_ESHAPE, "init: %s must be a square matrix for the identity", w->name);
    if (s)
        return s;
    array_of(ps, w)->fill(w->count, 0.0, w->data);
    for (int64_t i = 0; i < w->shape[0]; i++)
        array_of(ps, w)->fill(1, gain,
                              (char *)w->data + (size_t)(i * w->shape[0] + i) * rcr_item_size(w->dtype));
    return RECUR_OK;
}
