// SPDX-License-Identifier: MIT
/*
 * Kernels: maths on plain arrays. A table of functions for each pair of instruction set and element type.
 *
 * How a kernel is written once. A family of kernels is a file kernel/<family>.inc in terms of
 *
 *     real         float or double
 *     vec, W       a vector of W reals, and the operations of kernel/simd_*.h: load, store, fma, ...
 *     KERNEL(name) the name of this instance
 *
 * kernel/isa.inc includes the families twice (float, double) and ends with the two tables; kernel/isa_<isa>.c
 * sets up the vector vocabulary and includes kernel/isa.inc. Everything in an instance is static but the
 * tables. Pointers are void * here, because the callers (operations, layers, optimizers) are written once for
 * both types: they compute shapes and addresses, the kernels know the type.
 *
 * The same bits everywhere: an element of a product is one chain of fma in the order of k; a reduction over n
 * contiguous elements uses RCR_LANES partial results (element i goes to partial i mod RCR_LANES) joined in a
 * fixed tree, whatever W is; other reductions go in order; exp, log, tanh and sigmoid are our own polynomials
 * in fma; the remainder of an array goes through the same arithmetic as its body. No kernel allocates, fails
 * or knows about threads.
 */
#ifndef RCR_KERNEL_KERNEL_H
#define RCR_KERNEL_KERNEL_H

#include <recur/tensor.h>

#include "kernel/math.h"      /* exp log tanh sigmoid relu and their gradients */
#include "kernel/array.h"     /* fill, copy, axpy, broadcasting arithmetic, strided moves */
#include "kernel/drop.h"      /* masks that are kept: dropout, zoneout */
#include "kernel/reduce.h"    /* sums, maxima, softmax, norms */
#include "kernel/gemm.h"      /* matrix product */
#include "kernel/rnn.h"       /* a step of each recurrent cell */
#include "kernel/optim.h"     /* updates of optimizers */
#include "kernel/index.h"     /* gather, scatter, running maximum */
#include "kernel/norm.h"      /* layer and batch normalisation */
#include "kernel/loss.h"      /* losses */
#include "kernel/crf.h"       /* conditional random field */
#include "kernel/ctc.h"       /* connectionist temporal classification */
#include "kernel/attention.h" /* scores and weights */

enum { RCR_LANES = 16 };

typedef struct rcr_kernels {
    size_t item; /* sizeof(real) */
    int W;       /* reals in a vector of this instruction set */
    rcr_math_kernels math;
    rcr_array_kernels array;
    rcr_drop_kernels drop;
    rcr_reduce_kernels reduce;
    rcr_gemm_kernels gemm;
    rcr_rnn_kernels rnn;
    rcr_optim_kernels optim;
    rcr_index_kernels index;
    rcr_norm_kernels norm;
    rcr_loss_kernels loss;
    rcr_crf_kernels crf;
    rcr_attention_kernels attention;
    rcr_ctc_kernels ctc;
} rcr_kernels;

/* The table of this context's instruction set for RECUR_F32 or RECUR_F64. */
const rcr_kernels *rcr_kernels_of(const recur_ctx *cx, recur_dtype dtype);

/* Bytes of an element of any type. */
size_t rcr_item_size(recur_dtype dtype);

#endif
