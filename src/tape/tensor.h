// SPDX-License-Identifier: MIT
/* Inside of tensors and parameter sets. */
#ifndef RCR_TAPE_TENSOR_H
#define RCR_TAPE_TENSOR_H

#include <recur/tensor.h>

#include "kernel/kernel.h"

struct rcr_node; /* tape/tape.h: the operation that made a tensor */

struct recur_tensor {
    recur_dtype dtype;
    int rank;
    int64_t shape[RECUR_MAX_RANK];
    int64_t count;         /* product of shape */
    void *data;            /* count elements, aligned to RCR_ALIGN, row-major */
    recur_tensor *grad;    /* same shape and type, or NULL */
    struct rcr_node *node; /* NULL: input or parameter */
    int output;            /* which output of the node */
    bool tracked;          /* a gradient is wanted here or further back */
    bool frozen;           /* parameter that is not trained, or a buffer */
    bool trainable;        /* parameter (not a buffer) */
    const char *name;      /* "" but for parameters */
};

struct recur_params {
    recur_ctx *cx;
    recur_dtype dtype;
    uint64_t seed;
    recur_tensor **tensors; /* [size], each a block of its own together with name, data and gradient */
    size_t size, capacity;
    size_t bytes, limit;    /* of all elements; what they may come to, 0 = no limit */
    const char *limited_by; /* the file that sets the limit */
};

/* What the elements of all parameters together may take: a model is made from a stranger's configuration only
 * as far as the file that it came with fills it. Beyond it recur_param() fails with RECUR_EFORMAT. `file` is borrowed. */
void rcr_params_limit(recur_params *ps, size_t bytes, const char *file);

/* Position of a parameter in its set: the random stream of its initialiser. */
size_t rcr_param_index(const recur_params *ps, const recur_tensor *w);

/* Bytes of the elements; false where the product of a shape overflows or a length is negative. Also fills
 * *count. */
bool rcr_shape_bytes(recur_dtype dtype, int rank, const int64_t *shape, int64_t *count, size_t *bytes);

/* "[2, 3, 4]" for messages; returns `buffer`. */
enum { RCR_SHAPE_TEXT = 160 };
const char *rcr_shape_text(char buffer[RCR_SHAPE_TEXT], const recur_tensor *t);
const char *rcr_dtype_name(recur_dtype dtype);

bool rcr_same_shape(const recur_tensor *a, const recur_tensor *b);

#endif
