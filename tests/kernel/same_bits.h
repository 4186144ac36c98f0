// SPDX-License-Identifier: MIT
/*
 * The core of the tests that kernels give the same bits for every instruction set: a table of cases, each of
 * which runs one kernel on given numbers, and a comparison of two tables of kernels over sizes 0 .. 200.
 * Plain C, without a test framework, so that it can be cross-compiled on its own.
 *
 * Any NaN equals any NaN; everything else is compared bit by bit, with what a kernel must not touch.
 */
#ifndef TESTS_KERNEL_SAME_BITS_H
#define TESTS_KERNEL_SAME_BITS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "base/pool.h"
#include "base/random.h"
#include "kernel/kernel.h"

enum {
    SIZES = 200,
    SPACE = 1 << 12, /* elements of a result, and the largest shape */
    POOL = 1 << 15,  /* numbers to take inputs from: any SPACE_IN of them that follow each other */
    SPACE_IN = 1 << 14,
    INPUTS = 4,
    OUTPUTS = 4
};

/* What a case gets: the same for both tables. */
typedef struct given {
    recur_dtype dtype;
    int64_t n;               /* 0 .. SIZES */
    int64_t outer, k, inner; /* a shape of about as many elements */
    uint64_t seed;
    const char *in[INPUTS]; /* SPACE_IN reals each, at any address */
    const int64_t *index;   /* SPACE indices, 0 .. 6 */
    void *workspace;
} given;

/* What a case fills; it begins as a copy of the inputs. */
typedef struct result {
    char *y[OUTPUTS]; /* SPACE reals each */
    int64_t *index;   /* SPACE */
    double scalar[8];
} result;

typedef struct bits_case {
    const char *name;
    void (*run)(const rcr_kernels *k, const given *g, result *r);
} bits_case;

/* ---- elementwise ---- */

#define CASE(name) static void name(const rcr_kernels *k, const given *g, result *r)
#define UNARY_CASE(name)                       \
    CASE(case_##name)                          \
    {                                          \
        k->math.name(g->n, g->in[0], r->y[0]); \
    }
#define UNARY_BACKWARD_CASE(name)                                  \
    CASE(case_##name)                                              \
    {                                                              \
        k->math.name(g->n, g->in[0], g->in[1], g->in[2], r->y[0]); \
    }
UNARY_CASE(exp)
UNARY_CASE(log)
UNARY_CASE(tanh)
UNARY_CASE(sigmoid)
UNARY_CASE(relu)
UNARY_CASE(sqrt)
UNARY_BACKWARD_CASE(exp_backward)
UNARY_BACKWARD_CASE(log_backward)
UNARY_BACKWARD_CASE(tanh_backward)
UNARY_BACKWARD_CASE(sigmoid_backward)
UNARY_BACKWARD_CASE(relu_backward)

CASE(case_fill)
{
    (void)g;
    k->array.fill(g->n, 0.1, r->y[0]);
}

CASE(case_affine)
{
    k->array.affine(g->n, 0.3, -0.7, g->in[0], r->y[0]);
}

CASE(case_axpy)
{
    k->array.axpy(g->n, 0.3, g->in[0], r->y[1]);
}

CASE(case_clamp)
{
    k->array.clamp(g->n, 0.5, r->y[0]);
}

/* ---- strided: y is dense or transposed, a and b dense, transposed or repeated, as the seed says ---- */

static void choose_strides(const int64_t shape[3], uint64_t kind, int64_t stride[3])
{
    int64_t dense[3] = {shape[1] * shape[2], shape[2], 1}, transposed[3] = {1, shape[0], shape[0] * shape[1]};
    for (int i = 0; i < 3; i++)
        stride[i] = kind == 1 ? transposed[i] : dense[i];
    if (kind >= 2 && kind < 5)
        stride[kind - 2] = 0;
    if (kind == 5)
        stride[1] = stride[2] = 0;
    if (kind == 6)
        stride[0] = stride[1] = 0;
    if (kind == 7)
        stride[0] = stride[1] = stride[2] = 0;
}

static void run_binary(const rcr_kernels *k, const given *g, result *r, rcr_binary_op op)
{
    int64_t shape[3] = {g->outer, g->k, g->inner}, sa[3], sb[3], sy[3];
    choose_strides(shape, g->seed >> 16 & 7, sa);
    choose_strides(shape, g->seed >> 19 & 7, sb);
    choose_strides(shape, g->seed >> 22 & (op == RCR_MULADD ? 7 : 1), sy);
    k->array.binary[op](3, shape, g->in[0], sa, g->in[1], sb, r->y[2], sy);
}

CASE(case_add)
{
    run_binary(k, g, r, RCR_ADD);
}

CASE(case_sub)
{
    run_binary(k, g, r, RCR_SUB);
}

CASE(case_mul)
{
    run_binary(k, g, r, RCR_MUL);
}

CASE(case_div)
{
    run_binary(k, g, r, RCR_DIV);
}

CASE(case_muladd)
{
    run_binary(k, g, r, RCR_MULADD);
}

CASE(case_axpy_strided)
{
    int64_t shape[3] = {g->outer, g->k, g->inner}, sx[3], sy[3];
    choose_strides(shape, g->seed >> 16 & 7, sx);
    choose_strides(shape, g->seed >> 19 & 7, sy);
    k->array.axpy_strided(3, shape, -1.7, g->in[0], sx, r->y[1], sy);
}

/* ---- random numbers ---- */

CASE(case_uniform)
{
    k->array.uniform(g->n, g->seed, 3, -2, 5, r->y[0]);
}

CASE(case_normal)
{
    k->array.normal(g->n, g->seed, 4, 0.5, 2, r->y[0]);
}

CASE(case_dropout)
{
    k->array.dropout((int64_t)(g->seed & 3) * 64, g->n, g->seed, 5, 0.3, 1 / 0.7, g->in[0], r->y[1]);
}

CASE(case_dropout_add)
{
    k->array.dropout_add((int64_t)(g->seed & 3) * 64, g->n, g->seed, 5, 0.3, 1 / 0.7, g->in[0], r->y[1]);
}

/* ---- reductions ---- */

CASE(case_reduce_all)
{
    int64_t n = g->n * g->n / 4; /* up to several chunks */
    r->scalar[0] = k->reduce.sum(n, g->in[0]);
    r->scalar[1] = k->reduce.dot(n, g->in[0], g->in[1]);
    r->scalar[2] = k->reduce.sum_power(n, 2, g->in[0]);
    r->scalar[3] = k->reduce.sum_power(n, 1, g->in[0]);
    r->scalar[4] = k->reduce.sum_power(n, 3.5, g->in[0]);
    r->scalar[5] = k->reduce.max_abs(n, g->in[0]);
}

CASE(case_sum_axis)
{
    k->reduce.sum_axis(g->outer, g->k, g->inner, g->in[0], r->y[1]);
}

CASE(case_max_axis)
{
    if (g->k > 0)
        k->reduce.max_axis(g->outer, g->k, g->inner, g->in[0], r->y[1], r->index);
}

CASE(case_softmax)
{
    k->reduce.softmax(g->outer, g->k, g->inner, g->in[0], r->y[1]);
}

CASE(case_log_softmax)
{
    k->reduce.log_softmax(g->outer, g->k, g->inner, g->in[0], r->y[1]);
}

CASE(case_softmax_backward)
{
    k->reduce.softmax_backward(g->outer, g->k, g->inner, g->in[0], g->in[1], r->y[2]);
}

CASE(case_log_softmax_backward)
{
    k->reduce.log_softmax_backward(g->outer, g->k, g->inner, g->in[0], g->in[1], r->y[2]);
}

/* ---- matrix product: M x N x K from the shape, A and B upright or transposed ---- */

CASE(case_gemm)
{
    int64_t M = g->outer * g->inner, K = g->k, N = g->n % 97;
    bool ta = g->seed >> 16 & 1, tb = g->seed >> 17 & 1;
    rcr_gemm p = {.M = M, .N = N, .K = K, .C = r->y[2], .ldc = N + 1, .bias = g->in[3]};
    p.A = (rcr_matrix){g->in[0], ta ? 1 : K, ta ? M : 1};
    p.B = (rcr_matrix){g->in[1], tb ? 1 : N, tb ? K : 1};
    p.start = (rcr_start)((g->seed >> 18 & 3) % 3);
    if (M * (N + 1) <= SPACE && K * N <= SPACE_IN)
        k->gemm.tile(&p, 0, M, 0, N, g->workspace);
}

#include "kernel/same_bits_cases.h"

static const bits_case bits_cases[] = {{"exp", case_exp},
                                       {"log", case_log},
                                       {"tanh", case_tanh},
                                       {"sigmoid", case_sigmoid},
                                       {"relu", case_relu},
                                       {"sqrt", case_sqrt},
                                       {"exp_backward", case_exp_backward},
                                       {"log_backward", case_log_backward},
                                       {"tanh_backward", case_tanh_backward},
                                       {"sigmoid_backward", case_sigmoid_backward},
                                       {"relu_backward", case_relu_backward},
                                       {"fill", case_fill},
                                       {"affine", case_affine},
                                       {"axpy", case_axpy},
                                       {"clamp", case_clamp},
                                       {"add", case_add},
                                       {"sub", case_sub},
                                       {"mul", case_mul},
                                       {"div", case_div},
                                       {"muladd", case_muladd},
                                       {"axpy_strided", case_axpy_strided},
                                       {"uniform", case_uniform},
                                       {"normal", case_normal},
                                       {"dropout", case_dropout},
                                       {"dropout_add", case_dropout_add},
                                       {"sum, dot, sum_power, max_abs", case_reduce_all},
                                       {"sum_axis", case_sum_axis},
                                       {"max_axis", case_max_axis},
                                       {"softmax", case_softmax},
                                       {"log_softmax", case_log_softmax},
                                       {"softmax_backward", case_softmax_backward},
                                       {"log_softmax_backward", case_log_softmax_backward},
                                       {"gemm", case_gemm},
                                       MORE_BITS_CASES};
enum { BITS_CASES = sizeof bits_cases / sizeof *bits_cases };

/* ---- numbers ---- */

static const double special_numbers[] = {
    0.0,   -0.0,    1.0,    -1.0,    0.5,    2.0,     INFINITY, -INFINITY, NAN,
    1e-40, -1e-40,  1e-310, -1e-310, 1e-45,  5e-324,  1.2e-38,  -1.2e-38,  2.3e-308,
    88.0,  -88.0,   -103.5, 709.0,   -745.0, 3e38,    -3e38,    1.7e308,   1e4,
    -1e4,  0.34657, 1e-8,   -1e-20,  20.0,   0.70711, 1.41421,  0.41421,   10.0};
enum { SPECIAL = sizeof special_numbers / sizeof *special_numbers };

/* Number i of a stream: mild ones between -4 and 4; wild ones of any size, and special ones. */
static double a_number(uint64_t seed, uint64_t stream, uint64_t i, bool wild)
{
    uint64_t u = rcr_random_u64(seed, stream, i);
    double mild = (double)(int64_t)(u >> 11) * 0x1p-50 - 4;
    if (!wild)
        return mild;
    if ((u & 3) == 0)
        return special_numbers[(u >> 2 & 0xff) % SPECIAL];
    return (u & 3) == 1 ? ldexp(mild, (int)(u >> 4 & 0xff) - 128) : mild;
}

/* ---- comparison ---- */

static bool same_number(recur_dtype dtype, const char *a, const char *b, int64_t i)
{
    size_t item = rcr_item_size(dtype);
    if (memcmp(a + (size_t)i * item, b + (size_t)i * item, item) == 0)
        return true;
    if (dtype == RECUR_F32)
        return isnan(((const float *)(const void *)a)[i]) && isnan(((const float *)(const void *)b)[i]);
    return isnan(((const double *)(const void *)a)[i]) && isnan(((const double *)(const void *)b)[i]);
}

static bool same_numbers(recur_dtype dtype, const char *a, const char *b, int64_t n)
{
    if (memcmp(a, b, (size_t)n * rcr_item_size(dtype)) == 0)
        return true;
    for (int64_t i = 0; i < n; i++)
        if (!same_number(dtype, a, b, i))
            return false;
    return true;
}

static bool same_results(recur_dtype dtype, const result *a, const result *b)
{
    bool same = memcmp(a->index, b->index, SPACE * sizeof *a->index) == 0;
    for (int i = 0; i < OUTPUTS; i++)
        same = same && same_numbers(dtype, a->y[i], b->y[i], SPACE);
    return same && same_numbers(RECUR_F64, (const char *)a->scalar, (const char *)b->scalar, 8);
}

/* The bits of n numbers, every NaN as one, taken into a hash (FNV-1a). */
static uint64_t hash_numbers(uint64_t hash, recur_dtype dtype, const char *a, int64_t n)
{
    size_t item = rcr_item_size(dtype);
    for (int64_t i = 0; i < n; i++) {
        uint64_t u = 0;
        memcpy(&u, a + (size_t)i * item, item);
        bool nan = dtype == RECUR_F32 ? isnan(((const float *)(const void *)a)[i])
                                      : isnan(((const double *)(const void *)a)[i]);
        hash = (hash ^ (nan ? 1 : u)) * 0x100000001B3;
    }
    return hash;
}

/* The beginning of each array: it is where results are, and this also runs under an emulator. */
static uint64_t hash_result(uint64_t hash, recur_dtype dtype, const result *r)
{
    enum { BEGINNING = 512 };
    for (int i = 0; i < OUTPUTS; i++)
        hash = hash_numbers(hash, dtype, r->y[i], BEGINNING);
    hash = hash_numbers(hash, RECUR_F64, (const char *)r->scalar, 8);
    for (int64_t i = 0; i < BEGINNING; i++)
        hash = (hash ^ (uint64_t)r->index[i]) * 0x100000001B3;
    return hash;
}

/* Memory of the comparison; static, since it is large and tests have one thread. */
static struct {
    double pool[2][POOL], y[2][OUTPUTS][SPACE]; /* mild and wild */
    int64_t index[SPACE], found[2][SPACE];
    _Alignas(64) char workspace[RCR_WORKSPACE];
} bits_memory;

static void fill_pool(recur_dtype dtype, bool wild)
{
    void *pool = bits_memory.pool[wild];
    for (uint64_t i = 0; i < POOL; i++) {
        double x = a_number(11, wild, i, wild);
        if (dtype == RECUR_F32)
            ((float *)pool)[i] = (float)x;
        else
            ((double *)pool)[i] = x;
    }
}

static void begin_result(const given *g, result *r, int which)
{
    memset(r, 0, sizeof *r);
    for (int i = 0; i < OUTPUTS; i++) {
        r->y[i] = (char *)bits_memory.y[which][i];
        memcpy(r->y[i], g->in[i], SPACE * rcr_item_size(g->dtype));
    }
    r->index = bits_memory.found[which];
    memset(r->index, 0, SPACE * sizeof *r->index);
}

/* A size, a shape with many or few rows, columns and inner elements, and where in the pool the inputs begin.
 */
static void choose(given *g, int64_t n, uint64_t kind, bool wild)
{
    static const int64_t some[] = {1, 2, 3, 5, 16, 17};
    size_t item = rcr_item_size(g->dtype);
    g->n = n;
    g->seed = rcr_random_u64(7, kind, (uint64_t)n);
    g->inner = g->seed & 1 ? 1 : some[g->seed >> 1 & 3] + (int64_t)(g->seed >> 3 & 15);
    g->outer = some[(g->seed >> 7 & 31) % 6];
    g->k = n;
    while (g->outer * g->k * g->inner > SPACE)
        g->k /= 2;
    for (int i = 0; i < INPUTS; i++) {
        uint64_t at = rcr_random_below(g->seed, 1, (uint64_t)i, POOL - SPACE_IN);
        g->in[i] = (const char *)bits_memory.pool[wild] + at * item;
    }
}

/* One run of each case; returns how many differ, each told on a line of standard error. hash[c], where there is
 * a hash, takes in the results of case c. */
static int compare_once(const rcr_kernels *a, const rcr_kernels *b, const given *g, bool wild, bool keep,
                        uint64_t *hash)
{
    int wrong = 0;
    for (int c = 0; c < BITS_CASES; c++) {
        result ra, rb;
        begin_result(g, &ra, 0);
        begin_result(g, &rb, 1);
        unsigned long mode = rcr_float_enter(keep);
        bits_cases[c].run(a, g, &ra);
        bits_cases[c].run(b, g, &rb);
        rcr_float_restore(mode);
        if (hash)
            hash[c] = hash_result(hash[c], g->dtype, &ra);
        if (same_results(g->dtype, &ra, &rb))
            continue;
        wrong++;
        fprintf(stderr, "%s differs: f%d n=%d shape %d,%d,%d seed %llu %s %s\n", bits_cases[c].name,
                g->dtype == RECUR_F32 ? 32 : 64, (int)g->n, (int)g->outer, (int)g->k, (int)g->inner,
                (unsigned long long)g->seed, wild ? "wild" : "mild", keep ? "denormals kept" : "flushed");
    }
    return wrong;
}

/* All cases, mild and wild numbers, denormals kept and flushed; all sizes up to two vectors of 16 and a tail, then
 * every `step`th up to SIZES. Returns how many differ. */
static int compare_kernels(const rcr_kernels *a, const rcr_kernels *b, recur_dtype dtype, int64_t step,
                           uint64_t *hash)
{
    int wrong = 0;
    given g = {.dtype = dtype, .index = bits_memory.index, .workspace = bits_memory.workspace};
    fill_pool(dtype, false);
    fill_pool(dtype, true);
    for (uint64_t i = 0; i < SPACE; i++)
        bits_memory.index[i] = (int64_t)rcr_random_below(1, 2, i, 7);
    for (int64_t n = 0; n <= SIZES && wrong < 20; n += n < 34 ? 1 : step)
        for (int kind = 0; kind < 4; kind++) {
            bool wild = kind & 1, keep = kind & 2;
            choose(&g, n, (uint64_t)kind, wild);
            wrong += compare_once(a, b, &g, wild, keep, hash);
        }
    return wrong;
}

#endif
