// SPDX-License-Identifier: MIT
/* The tape: define by run. Operations compute at once and are recorded; recur_backward() walks the record
 * back. */
#ifndef RECUR_TAPE_H
#define RECUR_TAPE_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct recur_tape recur_tape;

typedef enum recur_mode {
    RECUR_INFER =
        0, /* dropout off, batch norm by running statistics, nothing recorded: recur_backward() is an error */
    RECUR_EVAL = 1, /* the same, but recorded, as PyTorch's module.eval() with gradients */
    RECUR_TRAIN = 2 /* dropout on, batch norm by the batch */
} recur_mode;

/* A tape for expressions over tensors of any type. `seed` is for dropout: masks are a function of the seed,
 * the step number and the place of the operation on the tape, never of threads. Starts as after
 * recur_tape_begin(RECUR_EVAL). */
RECUR_API recur_status recur_tape_create(recur_tape **out, recur_ctx *cx, uint64_t seed);
RECUR_API void recur_tape_free(recur_tape *tp);

/* Begins a step: everything on the tape dies, its memory is kept for reuse, the step number goes up by one.
 * After the first steps this allocates nothing. A parameter may change between steps, not within one. */
RECUR_API void recur_tape_begin(recur_tape *tp, recur_mode mode);
RECUR_API recur_mode recur_tape_mode(const recur_tape *tp);
/* The step number, and setting it: a resumed run continues with the masks of the step where it stopped. */
RECUR_API uint64_t recur_tape_step(const recur_tape *tp);
RECUR_API void recur_tape_set_step(recur_tape *tp, uint64_t step);
RECUR_API recur_ctx *recur_tape_ctx(const recur_tape *tp);
/* Bytes that the tape holds: the high-water mark of a step. */
RECUR_API size_t recur_tape_bytes(const recur_tape *tp);

/* A tensor on the tape with a copy of `host` (row-major; NULL = zeros). Index -1 lengths are not allowed; 0
 * is. */
RECUR_API recur_tensor *recur_input(recur_tape *tp, recur_dtype dtype, int rank, const int64_t *shape,
                                    const void *host);
/* Asks for the gradient of an input: recur_grad() has it after recur_backward(). Returns its argument. */
RECUR_API recur_tensor *recur_track(recur_tensor *input);

/* Computes d(loss)/d(x) for every tensor x that the loss depends on; `loss` has one element. Gradients of
 * parameters are ADDED to what they hold. Once per step. Returns any error that an expression of this step
 * recorded. */
RECUR_API recur_status recur_backward(recur_tape *tp, recur_tensor *loss);

/* --- operations of your own: the very structure that the built-in ones use ---
 *
 * `shape` checks the inputs, declares outputs and bytes to save, and may fail with recur_call_fail().
 * `forward` fills the outputs; `backward` ADDS to the gradients of the inputs. Neither can fail. In a step
 * that does not record, the saved bytes exist during forward only. */
typedef struct recur_call recur_call;

typedef struct recur_op {
    const char *name;
    recur_status (*shape)(recur_call *c);
    void (*forward)(recur_call *c);
    void (*backward)(recur_call *c); /* NULL: no gradient flows through */
} recur_op;

/* Applies `op` to n_in inputs (an optional one may be NULL). `params` (size bytes, at most 512, copied) is
 * what recur_call_params() gives back. Returns the first output. */
RECUR_API recur_tensor *recur_apply(recur_tape *tp, const recur_op *op, recur_tensor *const *in, int n_in,
                                    const void *params, size_t size);
/* Another output of the operation that made `first`; index 0 is `first` itself. */
RECUR_API recur_tensor *recur_output(recur_tensor *first, int index);

/* For use inside an operation: */
RECUR_API recur_tensor *recur_call_in(const recur_call *c, int index); /* NULL for an absent optional input */
RECUR_API recur_tensor *recur_call_out(const recur_call *c, int index); /* from `forward` on */
RECUR_API const void *recur_call_params(const recur_call *c);
RECUR_API recur_mode recur_call_mode(const recur_call *c);
/* in `shape`: declare the next output; ask for bytes that live from forward to backward (64-byte aligned). */
RECUR_API recur_status recur_call_declare(recur_call *c, recur_dtype dtype, int rank, const int64_t *shape);
RECUR_API recur_status recur_call_save(recur_call *c, size_t bytes);
/* in `shape`: ask for bytes to work in, which keep nothing between forward and backward. */
RECUR_API recur_status recur_call_scratch(recur_call *c, size_t bytes);
RECUR_API recur_status recur_call_fail(recur_call *c, recur_status status, const char *text);
/* in `forward` and `backward`: */
RECUR_API void *recur_call_saved(const recur_call *c);
RECUR_API void *recur_call_work(const recur_call *c); /* the scratch bytes */
/* in `backward`: the gradient of output `index`, and where to add that of input `index`: NULL when nobody
 * needs it. */
RECUR_API const void *recur_call_dout(const recur_call *c, int index);
RECUR_API void *recur_call_din(const recur_call *c, int index);

/* --- gradient check ---
 * Builds a scalar from the parameters; called many times, must be a pure function of them. */
typedef recur_tensor *recur_graph_fn(recur_tape *tp, void *user);
/* Compares every gradient of `ps` (RECUR_F64) with central differences of step `h` (0 = 1e-5): *worst is the
 * largest |a - n| / max(1, |a|, |n|). Uses the tape in RECUR_EVAL mode, or in RECUR_TRAIN mode with the same
 * masks throughout if that is the tape's mode. */
RECUR_API recur_status recur_gradcheck(recur_tape *tp, recur_params *ps, recur_graph_fn *f, void *user,
                                       double h, double *worst);

#ifdef __cplusplus
}
#endif

#endif
