// SPDX-License-Identifier: MIT
/* Arithmetic and moves on arrays against plain loops; random numbers: what they are a function of, and their moments. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernels.h"

/* ---- contiguous ---- */

static void test_contiguous(void **state)
{
    (void)state;
    enum { N = 45 };
    EACH_KERNELS
    {
        double x[N], y[N], z[N + 1];
        fill_random(t, x, N, 1);
        fill_random(t, z, N + 1, 2);
        double last = get(t, z, N);
        k->array.affine(N, 0.5, 0.25, x, y);
        for (int i = 0; i < N; i++)
            assert_true(get(t, y, i) == fma_in(t, 0.5, get(t, x, i), 0.25));
        k->array.axpy(N, 0.3, x, z);
        for (int i = 0; i < N; i++)
            assert_true(get(t, z, i) ==
                        fma_in(t, round_to(t, 0.3), get(t, x, i), round_to(t, random_number(2, i))));
        k->array.fill(N, 0.1, z);
        for (int i = 0; i < N; i++)
            assert_true(get(t, z, i) == round_to(t, 0.1));
        assert_true(get(t, z, N) == last);
    }
}

static void test_clamp(void **state)
{
    (void)state;
    static const double x[] = {-INFINITY, -3, -1, -0.0, 0.5, 1, 1.5, INFINITY, NAN};
    static const double y[] = {-1, -1, -1, -0.0, 0.5, 1, 1, 1, NAN};
    EACH_KERNELS
    {
        double z[9];
        for (int i = 0; i < 9; i++)
            set(t, z, i, x[i]);
        k->array.clamp(9, 1, z);
        for (int i = 0; i < 9; i++)
            assert_true(isnan(y[i]) ? isnan(get(t, z, i)) : get(t, z, i) == y[i]);
    }
}

/* ---- strided: every combination of dense, transposed, repeated operands ---- */

enum { RANK = 3, LAYOUTS = 6, MOST = 4 * 5 * 23 };
static const int64_t shape[RANK] = {4, 5, 23};
static const int64_t strides[LAYOUTS][RANK] = {
    {115, 23, 1}, {1, 4, 20}, {0, 23, 1}, {115, 0, 1}, {5, 1, 0}, {0, 0, 0},
};

static int64_t at(const int64_t *stride, const int64_t *index)
{
    return index[0] * stride[0] + index[1] * stride[1] + index[2] * stride[2];
}

static double apply(recur_dtype t, rcr_binary_op op, double a, double b, double y)
{
    double result[] = {a + b, a - b, a * b, a / b};
    return op == RCR_MULADD ? fma_in(t, a, b, y) : round_to(t, result[op]);
}

static void binary_reference(recur_dtype t, rcr_binary_op op, const void *a, const int64_t *sa, const void *b,
                             const int64_t *sb, void *y, const int64_t *sy)
{
    for (int64_t i = 0; i < shape[0] * shape[1] * shape[2]; i++) {
        int64_t index[RANK] = {i / 115, i / 23 % 5, i % 23}, to = at(sy, index);
        set(t, y, to, apply(t, op, get(t, a, at(sa, index)), get(t, b, at(sb, index)), get(t, y, to)));
    }
}

static void test_binary(void **state)
{
    (void)state;
    EACH_KERNELS
    {
        static double a[MOST], b[MOST], y[MOST], wanted[MOST];
        fill_random(t, a, MOST, 1);
        fill_random(t, b, MOST, 2);
        for (int i = 0; i < RCR_BINARY_COUNT * LAYOUTS * LAYOUTS * LAYOUTS; i++) {
            const int64_t *sa = strides[i % 6], *sb = strides[i / 6 % 6], *sy = strides[i / 36 % 6];
            rcr_binary_op op = (rcr_binary_op)(i / 216);
            if (op != RCR_MULADD && i / 36 % 6 > 1)
                continue; /* only sums may repeat their result */
            fill_random(t, y, MOST, 3);
            fill_random(t, wanted, MOST, 3);
            k->array.binary[op](RANK, shape, a, sa, b, sb, y, sy);
            binary_reference(t, op, a, sa, b, sb, wanted, sy);
            assert_memory_equal(y, wanted, MOST * rcr_item_size(t));
        }
    }
}

static void test_axpy_strided(void **state)
{
    (void)state;
    EACH_KERNELS
    {
        static double x[MOST], y[MOST], wanted[MOST], a[1];
        fill_random(t, x, MOST, 1);
        set(t, a, 0, -0.7);
        for (int i = 0; i < LAYOUTS * LAYOUTS; i++) {
            fill_random(t, y, MOST, 3);
            fill_random(t, wanted, MOST, 3);
            k->array.axpy_strided(RANK, shape, -0.7, x, strides[i % 6], y, strides[i / 6]);
            binary_reference(t, RCR_MULADD, x, strides[i % 6], a, strides[5], wanted, strides[i / 6]);
            assert_memory_equal(y, wanted, MOST * rcr_item_size(t));
        }
    }
}

/* Rank 0 is one element, an axis of length 0 is none. */
static void test_degenerate(void **state)
{
    (void)state;
    static const int64_t none[] = {3, 0}, stride[] = {1, 1};
    EACH_KERNELS
    {
        double a[2] = {0}, y[2] = {0};
        set(t, a, 0, 2);
        k->array.binary[RCR_MUL](0, NULL, a, NULL, a, NULL, y, NULL);
        assert_true(get(t, y, 0) == 4);
        k->array.binary[RCR_ADD](2, none, a, stride, a, stride, y, stride);
        assert_true(get(t, y, 0) == 4);
    }
}

static void test_copy_strided(void **state)
{
    (void)state;
    for (size_t item = 1; item <= 12; item++) {
        _Alignas(8) static unsigned char from[MOST * 12], to[MOST * 12];
        for (size_t i = 0; i < sizeof from; i++)
            from[i] = (unsigned char)rcr_random_u64(1, item, i);
        for (int pair = 0; pair < LAYOUTS * 2; pair++) {
            const int64_t *ss = strides[pair / 2], *sd = strides[pair % 2];
            memset(to, 0, sizeof to);
            rcr_copy_strided(item, RANK, shape, from, ss, to, sd);
            for (int64_t i = 0; i < MOST; i++) {
                int64_t index[RANK] = {i / 115, i / 23 % 5, i % 23};
                size_t d = (size_t)at(sd, index) * item, s = (size_t)at(ss, index) * item;
                assert_memory_equal(to + d, from + s, item);
            }
        }
        rcr_copy_strided(item, 0, NULL, from + item, NULL, to, NULL);
        assert_memory_equal(to, from + item, item);
    }
}

/* ---- random numbers ---- */

/* The same doubles for both types and as base/random.h has them, whatever the length asked for. */
static void test_uniform(void **state)
{
    (void)state;
    enum { N = 53 };
    EACH_KERNELS
    {
        for (int n = 0; n <= N; n++) {
            double y[N + 1] = {0};
            k->array.uniform(n, 42, 7, -1, 3, y);
            for (int i = 0; i < n; i++)
                assert_true(get(t, y, i) == round_to(t, fma(4, rcr_random_uniform(42, 7, (uint64_t)i), -1)));
            assert_true(get(t, y, n) == 0);
        }
    }
}

/* Mean, variance, skewness and kurtosis of a million normal numbers, and the share in the tails. */
static void test_normal(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    const rcr_kernels *k = rcr_kernels_of(contexts[context_count - 1], RECUR_F64);
    double *y = malloc(N * sizeof *y), m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    int64_t tail = 0;
    assert_non_null(y);
    k->array.normal(N, 1, 2, 3, 2, y);
    for (int i = 0; i < N; i++) {
        double z = (y[i] - 3) / 2;
        m1 += z / N, m2 += z * z / N, m3 += z * z * z / N, m4 += z * z * z * z / N;
        tail += fabs(z) > 3;
    }
    assert_true(fabs(m1) < 5e-3 && fabs(m2 - 1) < 7e-3 && fabs(m3) < 2e-2 && fabs(m4 - 3) < 5e-2);
    assert_true(fabs((double)tail / N - 0.0026998) < 2.5e-4);
    free(y);
}

/* Each number is the one whose distribution function is its uniform number, to a few units in the last place. */
static void test_normal_is_the_inverse(void **state)
{
    (void)state;
    enum { N = 100000 };
    EACH_KERNELS
    {
        double *y = malloc(N * sizeof *y);
        assert_non_null(y);
        k->array.normal(N, 9, 1, 0, 1, y);
        for (int64_t i = 0; i < N; i += 7) {
            double z = get(t, y, i), u = ((double)(rcr_random_u64(9, 1, (uint64_t)i) >> 12) + 0.5) * 0x1p-52;
            double p = z < 0 ? 0.5 * erfc(-z / sqrt(2)) : 0.5 * erfc(z / sqrt(2)), q = z < 0 ? u : 1 - u;
            double slope = (fabs(z) + 1) * (fabs(z) + 1); /* how the error of z grows in p */
            assert_true(fabs(p - q) <= (t == RECUR_F32 ? 6e-8 : 1e-15) * slope * q + 1e-18);
        }
        free(y);
    }
}

/* The share that is kept, the scale, exact zeros for infinities, p = 0 and 1; the gradient has the same mask. */
static void test_dropout(void **state)
{
    (void)state;
    enum { N = 100000 };
    EACH_KERNELS
    {
        double *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y), *z = malloc(N * sizeof *z);
        assert_true(x && y && z);
        k->array.fill(N, 3, x);
        set(t, x, 5, INFINITY);
        set(t, x, 6, NAN);
        static const double rate[] = {0, 0.1, 0.5, 0.9, 1};
        for (int r = 0; r < 5; r++) {
            double p = rate[r], scale = p < 1 ? 1 / (1 - p) : 0;
            int64_t kept = 0;
            k->array.fill(N, 1, z);
            k->array.dropout(0, N, 3, 4, p, scale, x, y);
            k->array.dropout_add(0, N, 3, 4, p, scale, x, z);
            for (int64_t i = 0; i < N; i++) {
                double v = get(t, y, i), w = get(t, z, i);
                bool keeps = v != 0;
                kept += keeps;
                if (i != 5 && i != 6)
                    assert_true(v == 0 || v == round_to(t, 3 * round_to(t, scale)));
                assert_true(keeps ? isnan(v) || w == round_to(t, 1 + v) : !signbit(v) && w == 1);
            }
            assert_true(fabs((double)kept / N - (1 - p)) <= 5 * sqrt(p * (1 - p) / N));
        }
        free(x);
        free(y);
        free(z);
    }
}

/* Ranges of an array give the mask of the whole. */
static void test_dropout_ranges(void **state)
{
    (void)state;
    enum { N = 400 };
    EACH_KERNELS
    {
        double x[N], whole[N], parts[N];
        k->array.fill(N, 1, x);
        k->array.dropout(0, N, 3, 4, 0.5, 2, x, whole);
        for (int64_t from = 0; from < N; from += 192)
            k->array.dropout(from, N - from < 192 ? N - from : 192, 3, 4, 0.5, 2,
                             (char *)x + (size_t)from * k->item, (char *)parts + (size_t)from * k->item);
        assert_memory_equal(whole, parts, N * k->item);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contiguous),     cmocka_unit_test(test_clamp),
        cmocka_unit_test(test_binary),         cmocka_unit_test(test_axpy_strided),
        cmocka_unit_test(test_degenerate),     cmocka_unit_test(test_copy_strided),
        cmocka_unit_test(test_uniform),        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_dropout),        cmocka_unit_test(test_normal_is_the_inverse),
        cmocka_unit_test(test_dropout_ranges),
    };
    return cmocka_run_group_tests(tests, make_contexts, free_contexts);
}
