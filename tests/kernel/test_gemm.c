// SPDX-License-Identifier: MIT
/* The matrix product against a chain of fused multiply-adds written out, bit for bit: all starts, layouts, sizes around the
 * tiles and blocks, and any number of threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernels.h"

typedef enum layout {
    UPRIGHT,
    TRANSPOSED,
    SPREAD
} layout; /* spread: neither rows nor columns are contiguous */

/* A product with its memory; C is followed by `gap` columns that must stay as they are. */
typedef struct problem {
    recur_dtype t;
    rcr_gemm g;
    void *a, *b, *c, *bias, *wanted;
    int64_t count; /* elements of C with its gaps */
} problem;

static rcr_matrix place(const void *p, int64_t rows, int64_t columns, layout how)
{
    if (how == TRANSPOSED)
        return (rcr_matrix){p, 1, rows};
    return how == UPRIGHT ? (rcr_matrix){p, columns, 1} : (rcr_matrix){p, 2 * columns + 1, 2};
}

static void *numbers(recur_dtype t, int64_t n, uint64_t stream)
{
    void *p = malloc((size_t)(n + 1) * rcr_item_size(t));
    assert_non_null(p);
    fill_random(t, p, n, stream);
    return p;
}

static void make(problem *p, recur_dtype t, int64_t M, int64_t N, int64_t K, layout a, layout b,
                 rcr_start start)
{
    int64_t gap = 3;
    *p = (problem){.t = t, .count = M * (N + gap)};
    p->a = numbers(t, M * (2 * K + 1), 1);
    p->b = numbers(t, K * (2 * N + 1), 2);
    p->bias = numbers(t, N, 3);
    p->c = numbers(t, p->count, 4);
    p->wanted = numbers(t, p->count, 4);
    p->g = (rcr_gemm){.M = M, .N = N, .K = K, .C = p->c, .ldc = N + gap, .start = start, .bias = p->bias};
    p->g.A = place(p->a, M, K, a);
    p->g.B = place(p->b, K, N, b);
}

static void drop(problem *p)
{
    free(p->a);
    free(p->b);
    free(p->bias);
    free(p->c);
    free(p->wanted);
}

static void chain(problem *p, int64_t i, int64_t j)
{
    const rcr_gemm *g = &p->g;
    int64_t at = i * g->ldc + j;
    double acc = 0;
    if (g->start != RCR_START_ZERO)
        acc = g->start == RCR_START_C ? get(p->t, p->wanted, at) : get(p->t, p->bias, j);
    for (int64_t k = 0; k < g->K; k++)
        acc = fma_in(p->t, get(p->t, g->A.p, i * g->A.rs + k * g->A.cs),
                     get(p->t, g->B.p, k * g->B.rs + j * g->B.cs), acc);
    set(p->t, p->wanted, at, acc);
}

static void write_out(problem *p)
{
    for (int64_t i = 0; i < p->g.M; i++)
        for (int64_t j = 0; j < p->g.N; j++)
            chain(p, i, j);
}

static void assert_same(const problem *p)
{
    if (memcmp(p->c, p->wanted, (size_t)p->count * rcr_item_size(p->t)) != 0)
        fail_msg("M %d N %d K %d start %d A %d,%d B %d,%d", (int)p->g.M, (int)p->g.N, (int)p->g.K,
                 (int)p->g.start, (int)p->g.A.rs, (int)p->g.A.cs, (int)p->g.B.rs, (int)p->g.B.cs);
}

static void check(recur_ctx *cx, recur_dtype t, int64_t M, int64_t N, int64_t K, layout a, layout b,
                  rcr_start start)
{
    problem p;
    make(&p, t, M, N, K, a, b, start);
    write_out(&p);
    rcr_gemm_run(cx, t, &p.g);
    assert_same(&p);
    drop(&p);
}

/* Every number of rows and columns around the register tiles. */
static void test_tiles(void **state)
{
    (void)state;
    EACH_KERNELS
    {
        for (int64_t M = 0; M <= 2 * k->gemm.MR + 1; M++)
            for (int64_t N = 0; N <= 2 * k->gemm.NR + 1; N += N < k->gemm.NR ? 1 : 7)
                check(contexts[which / 2], t, M, N, 5, UPRIGHT, M % 2 ? TRANSPOSED : UPRIGHT,
                      (rcr_start)((M + N) % 3));
    }
}

/* Every layout with every start, steps that end within and after a block of K, and none. */
static void test_layouts(void **state)
{
    (void)state;
    static const int64_t steps[] = {0, 1, 7, 256, 300};
    EACH_KERNELS
    {
        for (int i = 0; i < 27 * 5; i++)
            check(contexts[which / 2], t, 19, 70, steps[i / 27], (layout)(i % 3), (layout)(i / 3 % 3),
                  (rcr_start)(i / 9 % 3));
    }
}

/* More rows than a block of A holds, several blocks of K, long and thin shapes. */
static void test_blocks(void **state)
{
    (void)state;
    static const int64_t size[][3] = {{530, 9, 270}, {2, 1100, 31}, {1300, 3, 2}, {1, 1, 900}, {33, 65, 520}};
    recur_ctx *cx = contexts[context_count - 1];
    for (size_t i = 0; i < sizeof size / sizeof *size; i++)
        for (int how = 0; how < 4; how++) {
            check(cx, RECUR_F32, size[i][0], size[i][1], size[i][2], (layout)(how & 1), (layout)(how / 2),
                  RCR_START_BIAS);
            check(cx, RECUR_F64, size[i][0], size[i][1], size[i][2], (layout)(how & 1), (layout)(how / 2),
                  RCR_START_C);
        }
}

/* The same bits for 1, 2, 3 and 7 threads, in one product and in a batch of products. */
static void test_threads(void **state)
{
    (void)state;
    enum { COUNT = 21 };
    static const int threads[] = {1, 2, 3, 7};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        recur_ctx *cx;
        recur_options o = {
            .threads = threads[i], .isa = rcr_isa_name(rcr_isa_best()), .keep_denormals = true};
        assert_int_equal(recur_ctx_create(&cx, &o), RECUR_OK);
        check(cx, RECUR_F32, 150, 200, 130, UPRIGHT, TRANSPOSED, RCR_START_BIAS);
        check(cx, RECUR_F64, 700, 40, 129, TRANSPOSED, UPRIGHT, RCR_START_ZERO);
        check(cx, RECUR_F32, 3, 2000, 270, UPRIGHT, UPRIGHT, RCR_START_C);

        problem p[COUNT];
        rcr_gemm g[COUNT];
        for (int b = 0; b < COUNT; b++) {
            make(&p[b], RECUR_F32, 10 + b, 37, 60 + 40 * (b % 3), UPRIGHT, b % 2 ? TRANSPOSED : UPRIGHT,
                 RCR_START_ZERO);
            write_out(&p[b]);
            g[b] = p[b].g;
        }
        rcr_gemm_batch(cx, RECUR_F32, g, COUNT);
        for (int b = 0; b < COUNT; b++) {
            assert_same(&p[b]);
            drop(&p[b]);
        }
        recur_ctx_free(cx);
    }
}

/* Few large products of a batch are cut themselves; one of none is nothing. */
static void test_large_batch(void **state)
{
    (void)state;
    recur_ctx *cx;
    problem p[2];
    rcr_gemm g[2];
    recur_options o = {.threads = 2, .isa = rcr_isa_name(rcr_isa_best()), .keep_denormals = true};
    assert_int_equal(recur_ctx_create(&cx, &o), RECUR_OK);
    for (int b = 0; b < 2; b++) {
        make(&p[b], RECUR_F32, 128, 130, 128, UPRIGHT, UPRIGHT, RCR_START_C);
        write_out(&p[b]);
        g[b] = p[b].g;
    }
    rcr_gemm_batch(cx, RECUR_F32, g, 2);
    rcr_gemm_batch(cx, RECUR_F32, NULL, 0);
    for (int b = 0; b < 2; b++) {
        assert_same(&p[b]);
        drop(&p[b]);
    }
    recur_ctx_free(cx);
}

/* Infinities and NaN take their way through the padding of panels without touching their neighbours. */
static void test_not_finite(void **state)
{
    (void)state;
    EACH_KERNELS
    {
        float af[] = {1, 2, INFINITY, 4}, bf[] = {1, NAN, 3, 4, 5, 6}, cf[6];
        double ad[] = {1, 2, INFINITY, 4}, bd[] = {1, NAN, 3, 4, 5, 6}, cd[6];
        bool narrow = t == RECUR_F32;
        void *c = narrow ? (void *)cf : cd;
        rcr_gemm g = {.M = 2, .N = 3, .K = 2, .C = c, .ldc = 3};
        g.A = (rcr_matrix){narrow ? (void *)af : ad, 2, 1};
        g.B = (rcr_matrix){narrow ? (void *)bf : bd, 3, 1};
        rcr_gemm_run(contexts[which / 2], t, &g);
        assert_true(get(t, c, 0) == 9 && isnan(get(t, c, 1)) && get(t, c, 2) == 15);
        assert_true(isinf(get(t, c, 3)) && isnan(get(t, c, 4)) && isinf(get(t, c, 5)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles),   cmocka_unit_test(test_layouts),     cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_large_batch), cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, make_contexts, free_contexts);
}
