// SPDX-License-Identifier: MIT
/* Parameters of layers under PyTorch's names. */
#include "layer/name.h"

#include <stdio.h>

#include "base/error.h"
#include "tape/tensor.h"

enum { NAME_SIZE = 512 };

/* False after recording an error that sticks. */
static bool join(char text[NAME_SIZE], recur_params *ps, const char *prefix, const char *name)
{
    const char *dot = prefix && *prefix ? "." : "";
    int n = snprintf(text, NAME_SIZE, "%s%s%s", prefix ? prefix : "", dot, name);
    if (n < NAME_SIZE)
        return true;
    rcr_stick(ps->cx, RECUR_EINVAL, "the name of parameter %s has %d characters, more than %d", name, n,
              NAME_SIZE - 1);
    return false;
}

recur_tensor *rcr_layer_param(recur_params *ps, const char *prefix, const char *name, int rank,
                              const int64_t *shape)
{
    char text[NAME_SIZE];
    return join(text, ps, prefix, name) ? recur_param(ps, text, rank, shape) : NULL;
}

recur_tensor *rcr_layer_buffer(recur_params *ps, const char *prefix, const char *name, recur_dtype dtype,
                               int rank, const int64_t *shape)
{
    char text[NAME_SIZE];
    return join(text, ps, prefix, name) ? recur_buffer(ps, text, dtype, rank, shape) : NULL;
}
