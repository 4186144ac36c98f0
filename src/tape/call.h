// SPDX-License-Identifier: MIT
/* Inside of one recorded operation. The built-in operations use these fields and functions; a user's
 * operation uses the recur_call_* accessors of recur/tape.h, which come to the same. */
#ifndef RCR_TAPE_CALL_H
#define RCR_TAPE_CALL_H

#include <recur/tape.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tape/tensor.h"

struct recur_call {
    recur_tape *tape;
    recur_ctx *cx;
    recur_mode mode;
    const recur_op *op;
    const rcr_kernels
        *k; /* kernels of the first floating input's type (else of the first output's), from `shape` on */
    int n_in, n_out;
    recur_tensor **in;  /* [n_in], NULL for absent optional inputs */
    recur_tensor **out; /* [n_out], as declared */
    int out_capacity;
    void *params;
    void *saved; /* lives from forward to backward */
    size_t saved_bytes;
    size_t scratch_bytes; /* of the tape's scratch block, shared by all calls */
    uint64_t stream;      /* random stream of this operation: seed, step and place on the tape */
    uint64_t seed;
};

/* What `params` points to, as a T. */
#define RCR_PARAMS(T, c) ((const T *)(c)->params)

/* In `shape`: declare an output, ask for saved bytes. Same as the public recur_call_declare() and
 * recur_call_save(). */
#define rcr_declare recur_call_declare
#define rcr_save recur_call_save

/* Hands out pieces of saved or scratch bytes, n items each, aligned. With base NULL it only counts (in `shape`, which
 * checks that no product overflows): what it returns is no address then. */
static inline void *rcr_piece(const char *base, size_t *used, int64_t n, size_t item)
{
    void *p = (void *)((uintptr_t)base + *used);
    *used += ((size_t)n * item + RCR_ALIGN - 1) & ~(size_t)(RCR_ALIGN - 1);
    return p;
}

/* Checks, in `shape`: RECUR_OK, or an error that names the operation, the input and both shapes or types. */
recur_status rcr_check_float(recur_call *c, int index, const char *name); /* present, F32 or F64 as input 0 */
recur_status rcr_check_index(recur_call *c, int index, const char *name); /* present, I64 */
recur_status rcr_check_rank(recur_call *c, int index, const char *name, int rank);
recur_status rcr_check_shape(recur_call *c, int index, const char *name, int rank, const int64_t *shape);
/* An error with a formatted text; the operation's name is put before it. */
recur_status rcr_call_fail(recur_call *c, recur_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* In `backward`. Gradient of output i: NULL when nothing flowed into it (it counts as zeros; a single-output
 * operation is not called then). Where to add the gradient of input i: NULL when nobody wants it. */
static inline const void *rcr_dout(const recur_call *c, int i)
{
    return c->out[i]->grad ? c->out[i]->grad->data : NULL;
}

static inline void *rcr_din(const recur_call *c, int i)
{
    return c->in[i] && c->in[i]->tracked && c->in[i]->grad ? c->in[i]->grad->data : NULL;
}

/* Normalises an axis: -1 is the last. RECUR_EINVAL outside -rank .. rank - 1. */
recur_status rcr_check_axis(recur_call *c, int axis, int rank, int *normalised);

#endif
