// SPDX-License-Identifier: MIT
/*
 * Expressions for tests of operations, losses and layers: a context, a tape and parameters of given shapes
 * filled with fixed numbers, and the checks that every expression goes through.
 */
#ifndef TESTS_SUPPORT_GRAPH_H
#define TESTS_SUPPORT_GRAPH_H

#include <recur/recur.h>

typedef struct dims {
    int rank;
    int64_t n[RECUR_MAX_RANK];
} dims;

/* A shape with at least one axis; {0} is a scalar. */
#define DIMS(...)                                           \
    {                                                       \
        sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), \
        {                                                   \
            __VA_ARGS__                                     \
        }                                                   \
    }

typedef struct graph {
    recur_ctx *cx;
    recur_tape *tp;
    recur_params *ps;
} graph;

void graph_open(graph *g, recur_dtype dtype, const recur_options *options);
void graph_close(graph *g);

/* A parameter, or a tensor of the tape, with numbers from low to high that depend on `salt` alone. */
recur_tensor *graph_param(graph *g, const char *name, dims shape, double low, double high, unsigned salt);
recur_tensor *graph_input(recur_tape *tp, recur_dtype dtype, dims shape, double low, double high,
                          unsigned salt);
/* Tensors of the tape with these numbers. */
recur_tensor *graph_f64(recur_tape *tp, dims shape, const double *x);
recur_tensor *graph_i64(recur_tape *tp, dims shape, const int64_t *x);

/* The sum of y times fixed numbers: a scalar whose gradient tells all elements of y apart. */
recur_tensor *graph_weigh(recur_tape *tp, recur_tensor *y);

/* An expression of parameters p[0 .. n - 1]. */
typedef recur_tensor *expression(recur_tape *tp, recur_tensor *const *p, const int64_t *options);

enum { GRAPH_PARAMS = 8, GRAPH_OPTIONS = 8 };

typedef struct gradient_case {
    const char *name;
    expression *f;
    dims shape[GRAPH_PARAMS]; /* of the parameters, n of them */
    int n;
    int64_t options[GRAPH_OPTIONS];
    double low, high; /* of the numbers; 0, 0 stands for -1, 1 */
    recur_mode mode;  /* RECUR_INFER stands for RECUR_EVAL */
} gradient_case;

/* Fails the cmocka test unless, in float64, the gradient of every parameter agrees with finite differences; a
 * second backward pass adds the same again; with one parameter frozen the other gradients keep their bits and
 * its own stays 0; and in float32, the result and all gradients have the same bits with 1, 2, 3 and 7 threads
 * and every instruction set here, near those of float64. */
void check_gradients(const gradient_case *c, size_t cases);

/* Fails unless y has this shape and these elements, to a relative 1e-12. */
void check_tensor(const recur_tensor *y, dims shape, const double *want);
void check_shape(const recur_tensor *y, dims shape);

/* Fails unless y is NULL and the context is stuck on `status` with a text that holds `part`; clears it. */
void check_error(graph *g, const recur_tensor *y, recur_status status, const char *part);

#endif
