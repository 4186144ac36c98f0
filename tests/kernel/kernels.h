// SPDX-License-Identifier: MIT
/* What the tests of kernels share: each test runs for every instruction set that this machine has, in a context
 * that keeps denormals, with access to elements of either type as doubles. */
#ifndef TESTS_KERNEL_KERNELS_H
#define TESTS_KERNEL_KERNELS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/random.h"
#include "kernel/kernel.h"

/* One context per usable instruction set, made before the tests and freed after them. */
static recur_ctx *contexts[RCR_ISA_COUNT];
static int context_count;

static int make_contexts(void **state)
{
    (void)state;
    for (rcr_isa isa = RCR_PORTABLE; isa < RCR_ISA_COUNT; isa++) {
        recur_options o = {.threads = 1, .isa = rcr_isa_name(isa), .keep_denormals = true};
        if (!rcr_isa_usable(isa))
            continue;
        if (recur_ctx_create(&contexts[context_count], &o) != RECUR_OK)
            return -1;
        context_count++;
    }
    return 0;
}

static int free_contexts(void **state)
{
    (void)state;
    for (int i = 0; i < context_count; i++)
        recur_ctx_free(contexts[i]);
    return 0;
}

static inline double get(recur_dtype t, const void *x, int64_t i)
{
    return t == RECUR_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static inline void set(recur_dtype t, void *x, int64_t i, double value)
{
    if (t == RECUR_F32)
        ((float *)x)[i] = (float)value;
    else
        ((double *)x)[i] = value;
}

/* a b + c, a + b, a b in the type. */
static inline double fma_in(recur_dtype t, double a, double b, double c)
{
    return t == RECUR_F32 ? (double)fmaf((float)a, (float)b, (float)c) : fma(a, b, c);
}

static inline double round_to(recur_dtype t, double x)
{
    return t == RECUR_F32 ? (double)(float)x : x;
}

/* Uniform on [-1, 1). */
static inline double random_number(uint64_t stream, int64_t i)
{
    return 2 * rcr_random_uniform(5, stream, (uint64_t)i) - 1;
}

static inline void fill_random(recur_dtype t, void *x, int64_t n, uint64_t stream)
{
    for (int64_t i = 0; i < n; i++)
        set(t, x, i, random_number(stream, i));
}

/* Runs the statement for each context cx, type t and table k. */
#define EACH_KERNELS                                                                      \
    for (int which = 0; which < 2 * context_count; which++)                               \
        for (recur_dtype t = which % 2 ? RECUR_F64 : RECUR_F32, once = 1; once; once = 0) \
            for (const rcr_kernels *k = rcr_kernels_of(contexts[which / 2], t); k; k = NULL)

#endif
