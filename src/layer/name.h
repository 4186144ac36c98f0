// SPDX-License-Identifier: MIT
/* Parameters of layers under PyTorch's names. */
#ifndef RCR_LAYER_NAME_H
#define RCR_LAYER_NAME_H

#include <recur/tensor.h>

/* recur_param() and recur_buffer() for prefix + "." + name; no dot for a prefix that is NULL or empty. */
recur_tensor *rcr_layer_param(recur_params *ps, const char *prefix, const char *name, int rank,
                              const int64_t *shape);
recur_tensor *rcr_layer_buffer(recur_params *ps, const char *prefix, const char *name, recur_dtype dtype,
                               int rank, const int64_t *shape);

#endif
