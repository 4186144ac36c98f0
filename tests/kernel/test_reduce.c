// SPDX-License-Identifier: MIT
/* Sums, maxima and softmax against plain loops: the order of additions to the bit, NaN, infinities, large logits. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernels.h"

/* ---- the order of additions, written out ---- */

static double lanes_sum(recur_dtype t, const void *x, int64_t from, int64_t n)
{
    double part[RCR_LANES] = {0};
    for (int64_t i = 0; i < n; i++)
        part[i % RCR_LANES] = round_to(t, part[i % RCR_LANES] + get(t, x, from + i));
    for (int half = RCR_LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] = round_to(t, part[i] + part[i + half]);
    return part[0];
}

static double chunked_sum(recur_dtype t, const void *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i += 4096)
        sum = round_to(t, sum + lanes_sum(t, x, i, n - i < 4096 ? n - i : 4096));
    return sum;
}

static void test_sum_order(void **state)
{
    (void)state;
    static double x[9000];
    EACH_KERNELS
    {
        fill_random(t, x, 9000, 1);
        for (int64_t n = 0; n <= 9000; n += n < 70 ? 1 : 1117)
            assert_true(k->reduce.sum(n, x) == chunked_sum(t, x, n));
        double y[50];
        k->reduce.sum_axis(50, 170, 1, x, y);
        for (int64_t o = 0; o < 50; o++)
            assert_true(get(t, y, o) == lanes_sum(t, x, o * 170, 170));
    }
}

/* Axes that are not the last: in order. */
static void test_sum_axis(void **state)
{
    (void)state;
    enum { O = 3, N = 11, I = 19 };
    double x[O * N * I], y[O * I];
    EACH_KERNELS
    {
        fill_random(t, x, O * N * I, 1);
        k->reduce.sum_axis(O, N, I, x, y);
        for (int64_t o = 0; o < O; o++)
            for (int64_t i = 0; i < I; i++) {
                double sum = 0;
                for (int64_t n = 0; n < N; n++)
                    sum = round_to(t, sum + get(t, x, (o * N + n) * I + i));
                assert_true(get(t, y, o * I + i) == sum);
            }
        k->reduce.sum_axis(O, 0, I, x, y);
        for (int64_t i = 0; i < O * I; i++)
            assert_true(get(t, y, i) == 0);
    }
}

/* Some columns of wider rows: a whole strip of vectors, whole ones, and a part. */
static void test_sum_rows(void **state)
{
    (void)state;
    enum { N = 7, M = 300, LD = 311 };
    double x[N * LD], y[M];
    EACH_KERNELS
    {
        fill_random(t, x, N * LD, 1);
        k->reduce.sum_rows(N, M, LD, x, y);
        for (int64_t j = 0; j < M; j++) {
            double sum = 0;
            for (int64_t n = 0; n < N; n++)
                sum = round_to(t, sum + get(t, x, n * LD + j));
            assert_true(get(t, y, j) == sum);
        }
    }
}

static void test_dot_and_powers(void **state)
{
    (void)state;
    enum { N = 5000 };
    static double x[N], y[N];
    static const double powers[] = {1, 2, 3, 1.5, 7.25};
    EACH_KERNELS
    {
        double dot = 0, sum[5] = {0}, near = t == RECUR_F32 ? 1e-5 : 1e-13;
        fill_random(t, x, N, 1);
        fill_random(t, y, N, 2);
        set(t, x, 17, 0);
        for (int64_t i = 0; i < N; i++) {
            dot += get(t, x, i) * get(t, y, i);
            for (int p = 0; p < 5; p++)
                sum[p] += pow(fabs(get(t, x, i)), powers[p]);
        }
        assert_true(fabs(k->reduce.dot(N, x, y) - dot) < near * 100);
        for (int p = 0; p < 5; p++)
            assert_true(fabs(k->reduce.sum_power(N, powers[p], x) - sum[p]) < 1e-12 * sum[p]);
        assert_true(k->reduce.dot(0, x, y) == 0 && k->reduce.sum_power(0, 2, x) == 0);
    }
}

/* ---- maxima ---- */

static void test_max_abs(void **state)
{
    (void)state;
    double x[77];
    EACH_KERNELS
    {
        assert_true(k->reduce.max_abs(0, x) == 0);
        for (int64_t n = 1; n <= 77; n++) {
            fill_random(t, x, n, 1);
            set(t, x, n * 5 / 7, -4);
            assert_true(k->reduce.max_abs(n, x) == 4);
            set(t, x, n / 3, NAN);
            assert_true(isnan(k->reduce.max_abs(n, x)));
        }
    }
}

/* The first of equals, the first NaN. */
static void test_max_axis(void **state)
{
    (void)state;
    static const double x[4][5] = {{1, 3, 2, 3, 0},
                                   {-INFINITY, -INFINITY, -5, -INFINITY, -6},
                                   {0, NAN, 7, NAN, 9},
                                   {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY}};
    static const int64_t where[4] = {1, 2, 1, 0};
    EACH_KERNELS
    {
        double rows[20], columns[20], y[4];
        int64_t index[4];
        for (int i = 0; i < 20; i++) {
            set(t, rows, i, x[i / 5][i % 5]);
            set(t, columns, i % 5 * 4 + i / 5, x[i / 5][i % 5]);
        }
        for (int inner = 0; inner < 2; inner++) {
            k->reduce.max_axis(inner ? 1 : 4, 5, inner ? 4 : 1, inner ? columns : rows, y, index);
            for (int i = 0; i < 4; i++) {
                double wanted = x[i][where[i]];
                assert_int_equal(index[i], where[i]);
                assert_true(isnan(wanted) ? isnan(get(t, y, i)) : get(t, y, i) == wanted);
            }
        }
    }
}

/* ---- softmax ---- */

/* Rows of one kind of number each: mild, large, far apart, with -infinity, all equal. */
enum { ROWS = 5 };
static double logit(int64_t row, int64_t i)
{
    double u = random_number((uint64_t)row, i);
    double all[ROWS] = {u, 1e4 * u, i % 3 ? -1e4 : 1e4 + u, i % 4 == 1 ? -INFINITY : 3 * u, -7};
    return all[row];
}

static long double exact_log_softmax(recur_dtype t, const void *x, int64_t at, int64_t n, int64_t step,
                                     int64_t i)
{
    long double max = -INFINITY, sum = 0;
    for (int64_t j = 0; j < n; j++)
        max = fmaxl(max, get(t, x, at + j * step));
    for (int64_t j = 0; j < n; j++)
        sum += expl((long double)get(t, x, at + j * step) - max);
    return (long double)get(t, x, at + i * step) - max - logl(sum);
}

static void check_softmax(const rcr_kernels *k, recur_dtype t, int64_t n, bool columns)
{
    static double x[ROWS * 100], p[ROWS * 100], l[ROWS * 100];
    double epsilon = t == RECUR_F32 ? FLT_EPSILON : DBL_EPSILON;
    int64_t step = columns ? ROWS : 1, next = columns ? 1 : n;
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t i = 0; i < n; i++)
            set(t, x, r * next + i * step, logit(r, i));
    k->reduce.softmax(columns ? 1 : ROWS, n, columns ? ROWS : 1, x, p);
    k->reduce.log_softmax(columns ? 1 : ROWS, n, columns ? ROWS : 1, x, l);
    for (int64_t r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++) {
            long double exact = exact_log_softmax(t, x, r * next, n, step, i);
            double y = get(t, p, r * next + i * step), z = get(t, l, r * next + i * step);
            sum += y;
            assert_true(fabs(y - (double)expl(exact)) <= 16 * epsilon * (1 + (double)expl(exact)));
            assert_true(isinf(z) ? z < 0 && isinf(exact)
                                 : fabs(z - (double)exact) <= 4 * epsilon * (1 + fabs(z)));
        }
        assert_true(fabs(sum - 1) <= 32 * epsilon);
    }
}

static void test_softmax(void **state)
{
    (void)state;
    EACH_KERNELS
    {
        for (int64_t n = 3; n <= 100; n += 1 + n / 7) {
            check_softmax(k, t, n, false);
            check_softmax(k, t, n, true);
        }
    }
}

/* In place, as an operation may call it. */
static void test_softmax_in_place(void **state)
{
    (void)state;
    enum { N = 37 };
    EACH_KERNELS
    {
        double x[N], y[N];
        void (*f[2])(int64_t, int64_t, int64_t, const void *, void *) = {k->reduce.softmax,
                                                                         k->reduce.log_softmax};
        for (int i = 0; i < 2; i++) {
            fill_random(t, x, N, 1);
            f[i](1, N, 1, x, y);
            f[i](1, N, 1, x, x);
            assert_memory_equal(x, y, N * k->item);
        }
    }
}

/* dx += p (dy - sum p dy) and dx += dy - p sum dy. */
static void check_softmax_backward(const rcr_kernels *k, recur_dtype t, int64_t n, int64_t inner)
{
    static double x[3000], y[3000], dy[3000], dx[3000], dl[3000], near;
    near = t == RECUR_F32 ? 1e-5 : 1e-13;
    fill_random(t, x, n * inner, 1);
    fill_random(t, dy, n * inner, 2);
    k->array.fill(n * inner, 0.5, dx);
    k->array.fill(n * inner, 0.5, dl);
    k->reduce.softmax(1, n, inner, x, y);
    k->reduce.softmax_backward(1, n, inner, y, dy, dx);
    k->reduce.log_softmax(1, n, inner, x, x);
    k->reduce.log_softmax_backward(1, n, inner, x, dy, dl);
    for (int64_t j = 0; j < inner; j++) {
        double dot = 0, sum = 0;
        for (int64_t i = 0; i < n; i++) {
            dot += get(t, y, i * inner + j) * get(t, dy, i * inner + j);
            sum += get(t, dy, i * inner + j);
        }
        for (int64_t i = 0; i < n; i++) {
            double p = get(t, y, i * inner + j), d = get(t, dy, i * inner + j);
            assert_true(fabs(get(t, dx, i * inner + j) - (0.5 + p * (d - dot))) < near);
            assert_true(fabs(get(t, dl, i * inner + j) - (0.5 + d - p * sum)) < near);
        }
    }
}

static void test_softmax_backward(void **state)
{
    (void)state;
    EACH_KERNELS
    {
        for (int64_t n = 1; n <= 40; n += 3) {
            check_softmax_backward(k, t, n, 1);
            check_softmax_backward(k, t, n, 21);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sum_order),        cmocka_unit_test(test_sum_axis),
        cmocka_unit_test(test_sum_rows),         cmocka_unit_test(test_dot_and_powers),
        cmocka_unit_test(test_max_abs),          cmocka_unit_test(test_max_axis),
        cmocka_unit_test(test_softmax),          cmocka_unit_test(test_softmax_in_place),
        cmocka_unit_test(test_softmax_backward),
    };
    return cmocka_run_group_tests(tests, make_contexts, free_contexts);
}
