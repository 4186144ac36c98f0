// SPDX-License-Identifier: MIT
/* Linear: weight and bias uniform on +-1 / sqrt(in), as PyTorch's kaiming_uniform with a = sqrt(5) comes to.
 */
#include <recur/init.h>
#include <recur/layer.h>

#include <math.h>

#include "layer/name.h"

recur_status recur_linear_create(recur_linear_layer *out, recur_params *ps, const char *prefix, int64_t in,
                                 int64_t out_features, bool bias)
{
    *out = (recur_linear_layer){0};
    double a = in > 0 ? 1.0 / sqrt((double)in) : 0.0;
    recur_linear_layer l = {0};
    l.weight = rcr_layer_param(ps, prefix, "weight", 2, (int64_t[]){out_features, in});
    l.bias = bias && l.weight ? rcr_layer_param(ps, prefix, "bias", 1, &out_features) : NULL;
    if (!l.weight || (bias && !l.bias))
        return recur_error(recur_params_ctx(ps), NULL);
    recur_status s = recur_init_uniform(ps, l.weight, -a, a);
    if (!s && bias)
        s = recur_init_uniform(ps, l.bias, -a, a);
    if (!s)
        *out = l;
    return s;
}

recur_tensor *recur_linear_forward(recur_tape *tp, const recur_linear_layer *l, recur_tensor *x)
{
    return recur_linear(tp, x, l->weight, l->bias);
}
