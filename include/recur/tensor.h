// SPDX-License-Identifier: MIT
/* Tensors: row-major, contiguous arrays; and parameters: the named tensors of a model, with their gradients.
 */
#ifndef RECUR_TENSOR_H
#define RECUR_TENSOR_H

#include "context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum recur_dtype {
    RECUR_F32 = 0, /* float: for work */
    RECUR_F64 = 1, /* double: for verification */
    RECUR_I64 = 2  /* int64_t: indices and labels */
} recur_dtype;

#define RECUR_MAX_RANK 6

typedef struct recur_tensor recur_tensor;

RECUR_API recur_dtype recur_dtype_of(const recur_tensor *t);
RECUR_API int recur_rank(const recur_tensor *t);
/* Length of an axis; -1 is the last axis. 1 for an axis that the tensor does not have. */
RECUR_API int64_t recur_dim(const recur_tensor *t, int axis);
/* Number of elements: the product of all lengths; 1 for a scalar (rank 0). */
RECUR_API int64_t recur_count(const recur_tensor *t);
/* The elements, or NULL where the tensor is NULL or of another type. They live as long as the tensor. */
RECUR_API float *recur_f32(recur_tensor *t);
RECUR_API double *recur_f64(recur_tensor *t);
RECUR_API int64_t *recur_i64(recur_tensor *t);
/* One element as a double, by flat index: for losses and other scalars, use 0. NaN where there is no such
 * element. */
RECUR_API double recur_item(const recur_tensor *t, int64_t index);
/* The gradient: of a parameter since the last optimizer step; of what is on a tape, after recur_backward().
 * The tensor has the shape of `t` and lives as long. NULL where none was computed. */
RECUR_API recur_tensor *recur_grad(const recur_tensor *t);
/* A parameter's name; "" for others. */
RECUR_API const char *recur_name(const recur_tensor *t);

/* --- parameters: long-lived, named as in a PyTorch state_dict, own their gradients --- */
typedef struct recur_params recur_params;

/* An empty set of parameters, all of type `dtype` (RECUR_F32 or RECUR_F64). `seed` is for the initialisers of
 * init.h: what a parameter gets depends on the seed and on how many were added before it, on nothing else. */
RECUR_API recur_status recur_params_create(recur_params **out, recur_ctx *cx, recur_dtype dtype,
                                           uint64_t seed);
RECUR_API void recur_params_free(recur_params *ps);

/* Adds a parameter of zeros with a gradient of zeros; it lives in `ps`. Layers add theirs; call this for your
 * own. The name must be new in `ps`. NULL and a recorded error otherwise. */
RECUR_API recur_tensor *recur_param(recur_params *ps, const char *name, int rank, const int64_t *shape);
/* The same without a gradient and of any type: saved with the model, but not trained (running statistics). */
RECUR_API recur_tensor *recur_buffer(recur_params *ps, const char *name, recur_dtype dtype, int rank,
                                     const int64_t *shape);
/* The parameter or buffer of that name, or NULL (no error is recorded). */
RECUR_API recur_tensor *recur_params_find(const recur_params *ps, const char *name);
/* By position, in the order in which they were added; NULL past the end. */
RECUR_API recur_tensor *recur_params_at(const recur_params *ps, size_t index);
RECUR_API size_t recur_params_size(const recur_params *ps);   /* tensors */
RECUR_API int64_t recur_params_count(const recur_params *ps); /* trained numbers */
RECUR_API recur_ctx *recur_params_ctx(const recur_params *ps);
RECUR_API recur_dtype recur_params_dtype(const recur_params *ps);
/* Stops (or starts again) the training of a parameter: no gradient is computed for it and optimizers pass it
 * over. */
RECUR_API void recur_param_freeze(recur_tensor *param, bool frozen);
/* Sets all gradients to zero (an optimizer step does it too). */
RECUR_API void recur_zero_grad(recur_params *ps);

#ifdef __cplusplus
}
#endif

#endif
