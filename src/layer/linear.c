// SPDX-License-Identifier: MIT
/* Linear: weight and bias uniform on +-1 / sqrt(in), as PyTorch's kaiming_uniform with a = sqrt(5) comes to.
 */
#include <recur/init.h>
#include <recur/layer.h>

#include <math.h>

#include "base/error.h"
#include "layer/name.h"
#include "tape/tensor.h"

static double bound(const recur_tensor *weight)
{
    int64_t in = recur_dim(weight, 1);
    return in > 0 ? 1.0 / sqrt((double)in) : 0.0;
}

/* A layer with this weight; NULL: there is an error already. */
static recur_status finish(recur_linear_layer *out, recur_params *ps, const char *prefix,
                           recur_tensor *weight, bool bias)
{
    recur_linear_layer l = {.weight = weight};
    if (weight && bias)
        l.bias = rcr_layer_param(ps, prefix, "bias", 1, (int64_t[]){recur_dim(weight, 0)});
    if (!weight || (bias && !l.bias))
        return recur_error(recur_params_ctx(ps), NULL);
    recur_status s = bias ? recur_init_uniform(ps, l.bias, -bound(weight), bound(weight)) : RECUR_OK;
    if (!s)
        *out = l;
    return s;
}

recur_status recur_linear_create(recur_linear_layer *out, recur_params *ps, const char *prefix, int64_t in,
                                 int64_t out_features, bool bias)
{
    *out = (recur_linear_layer){0};
    recur_tensor *weight = rcr_layer_param(ps, prefix, "weight", 2, (int64_t[]){out_features, in});
    recur_status s = weight ? recur_init_uniform(ps, weight, -bound(weight), bound(weight)) : RECUR_OK;
    return s ? s : finish(out, ps, prefix, weight, bias);
}

recur_status recur_linear_tie(recur_linear_layer *out, recur_params *ps, const char *prefix,
                              recur_tensor *weight, bool bias)
{
    recur_ctx *cx = recur_params_ctx(ps);
    *out = (recur_linear_layer){0};
    if (!weight)
        return rcr_fail(cx, RECUR_EINVAL, "linear: the tied weight is NULL");
    char shape[RCR_SHAPE_TEXT];
    if (weight->rank != 2 || weight->dtype != recur_params_dtype(ps))
        return rcr_fail(cx, weight->rank != 2 ? RECUR_ESHAPE : RECUR_EDTYPE,
                        "linear: the tied weight must be %s with 2 axes, not %s %s",
                        rcr_dtype_name(recur_params_dtype(ps)), rcr_dtype_name(weight->dtype),
                        rcr_shape_text(shape, weight));
    return finish(out, ps, prefix, weight, bias);
}

recur_tensor *recur_linear_forward(recur_tape *tp, const recur_linear_layer *l, recur_tensor *x)
{
    return recur_linear(tp, x, l->weight, l->bias);
}
