// SPDX-License-Identifier: MIT
/* exp, log, tanh, sigmoid: accuracy against long double over dense sweeps, and what happens at the limits. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel/kernels.h"

enum { BLOCK = 4096 };

static long double sigmoid_of(long double x)
{
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

typedef struct function {
    const char *name;
    long double (*exact)(long double x);
    double low, high; /* where a sweep goes: outside, the result is 0, 1 or infinite */
    double ulps;
} function;

/* In the order of rcr_math_kernels. */
static const function functions[] = {
    {"exp", expl, -760, 712, 1},
    {"log", logl, 0, 1e300, 1},
    {"tanh", tanhl, -22, 22, 2},
    {"sigmoid", sigmoid_of, -760, 60, 2},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static rcr_unary *kernel_of(const rcr_kernels *k, int f)
{
    rcr_unary *const all[] = {k->math.exp, k->math.log, k->math.tanh, k->math.sigmoid};
    return all[f];
}

/* Distance of y from the exact value in units in the last place of the type there. */
static double ulps(recur_dtype t, double y, long double exact)
{
    int digits = t == RECUR_F32 ? FLT_MANT_DIG : DBL_MANT_DIG,
        least = t == RECUR_F32 ? FLT_MIN_EXP : DBL_MIN_EXP;
    int exponent;
    long double largest = t == RECUR_F32 ? FLT_MAX : DBL_MAX;
    if (isnan(exact) || isnan(y))
        return isnan(exact) && isnan(y) ? 0 : INFINITY;
    if (fabsl(exact) > largest || isinf(y))
        return isinf(y) && fabsl(exact) > largest * (1 - ldexpl(1, -digits)) ? 0 : INFINITY;
    frexpl(exact, &exponent);
    if (exponent < least)
        exponent = least;
    return (double)(fabsl((long double)y - exact) / ldexpl(1, exponent - digits));
}

/* Three kinds of arguments: even steps, all magnitudes, and the neighbourhoods of multiples of log(2) / 2, where the
 * reduction changes. */
static double argument(const function *f, int kind, int64_t i, int64_t n)
{
    double share = ((double)i + rcr_random_uniform(1, (uint64_t)kind, (uint64_t)i)) / (double)n;
    if (kind == 0)
        return f->exact == logl ? 0.25 + 8 * share : f->low + (f->high - f->low) * share;
    if (kind == 1)
        return ldexp(1 + random_number(3, i) / 3, (int)(-1070 + 2090 * share)) *
               (f->low < 0 && i % 2 ? -1 : 1);
    return f->exact == logl
               ? ldexp(0.70710678 + random_number(4, i) * 1e-3, (int)(i % 7) - 3)
               : (double)(i % 120 - 60) * 0.34657359 / (i % 2 ? 1 : 2) + random_number(5, i) * 1e-3;
}

static double worst_of(const rcr_kernels *k, recur_dtype t, int f, int64_t blocks, double *where)
{
    static double x[BLOCK], y[BLOCK];
    double worst = 0;
    for (int64_t b = 0; b < 3 * blocks; b++) {
        for (int64_t i = 0; i < BLOCK; i++)
            set(t, x, i, argument(&functions[f], (int)(b % 3), b / 3 * BLOCK + i, blocks * BLOCK));
        kernel_of(k, f)(BLOCK, x, y);
        for (int64_t i = 0; i < BLOCK; i++) {
            double u = ulps(t, get(t, y, i), functions[f].exact(get(t, x, i)));
            if (u > worst) {
                worst = u;
                *where = get(t, x, i);
            }
        }
    }
    return worst;
}

static void test_accuracy(void **state)
{
    (void)state;
    const rcr_kernels *k[] = {rcr_kernels_of(contexts[context_count - 1], RECUR_F32),
                              rcr_kernels_of(contexts[context_count - 1], RECUR_F64)};
    for (int f = 0; f < FUNCTIONS; f++)
        for (recur_dtype t = RECUR_F32; t <= RECUR_F64; t++) {
            double where = 0, worst = worst_of(k[t], t, f, 40, &where);
            print_message("%s, %s: at most %.3f units in the last place, at %a\n", functions[f].name,
                          t == RECUR_F32 ? "float" : "double", worst, where);
            assert_true(worst <= functions[f].ulps);
        }
}

/* ---- limits ---- */

static double value_of(const rcr_kernels *k, recur_dtype t, int f, double x)
{
    double in = 0, out = 0;
    set(t, &in, 0, x);
    kernel_of(k, f)(1, &in, &out);
    return get(t, &out, 0);
}

/* Equal as numbers and in sign; NaN equals NaN. */
static void assert_is(double found, double wanted)
{
    if (isnan(wanted)) {
        assert_true(isnan(found));
        return;
    }
    if (found != wanted || signbit(found) != signbit(wanted))
        fail_msg("%a (%g), not %a (%g)", found, found, wanted, wanted);
}

enum { EXP, LOG, TANH, SIGMOID };

static void test_limits(void **state)
{
    (void)state;
    EACH_KERNELS
    {
        double smallest = t == RECUR_F32 ? (double)FLT_TRUE_MIN : DBL_TRUE_MIN;
        const struct {
            int f;
            double x, y;
        } cases[] = {
            {EXP, INFINITY, INFINITY},
            {EXP, -INFINITY, 0},
            {EXP, NAN, NAN},
            {EXP, 0, 1},
            {EXP, -0.0, 1},
            {EXP, 1e30, INFINITY},
            {EXP, -1e30, 0},
            {EXP, t == RECUR_F32 ? -103.9 : -745.1, smallest},
            {EXP, t == RECUR_F32 ? -104.5 : -745.5, 0},
            {EXP, smallest, 1},
            {LOG, 0, -INFINITY},
            {LOG, -0.0, -INFINITY},
            {LOG, -1, NAN},
            {LOG, -smallest, NAN},
            {LOG, -INFINITY, NAN},
            {LOG, INFINITY, INFINITY},
            {LOG, NAN, NAN},
            {LOG, 1, 0},
            {LOG, smallest, round_to(t, log(smallest))},
            {TANH, INFINITY, 1},
            {TANH, -INFINITY, -1},
            {TANH, NAN, NAN},
            {TANH, 0, 0},
            {TANH, -0.0, -0.0},
            {TANH, 30, 1},
            {TANH, -30, -1},
            {TANH, 9.5, t == RECUR_F32 ? 1 : tanh(9.5)},
            {TANH, smallest, smallest},
            {TANH, -smallest, -smallest},
            {TANH, t == RECUR_F32 ? 1e-40 : 1e-310, round_to(t, t == RECUR_F32 ? 1e-40 : 1e-310)},
            {SIGMOID, INFINITY, 1},
            {SIGMOID, -INFINITY, 0},
            {SIGMOID, NAN, NAN},
            {SIGMOID, 0, 0.5},
            {SIGMOID, -0.0, 0.5},
            {SIGMOID, 1000, 1},
            {SIGMOID, -1000, 0},
            {SIGMOID, t == RECUR_F32 ? -103.9 : -745.1, smallest},
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            assert_is(value_of(k, t, cases[i].f, cases[i].x), cases[i].y);
    }
}

/* tanh is odd and at most 1, sigmoid(x) + sigmoid(-x) is 1 up to the rounding of either, and neither ever falls. */
static void test_shape(void **state)
{
    (void)state;
    EACH_KERNELS
    {
        double before = -2;
        for (int64_t i = -4000; i <= 4000; i++) {
            double x = (double)i / 190.0, y = value_of(k, t, TANH, x);
            double s = value_of(k, t, SIGMOID, x) + value_of(k, t, SIGMOID, -x);
            assert_is(value_of(k, t, TANH, -x), -y);
            assert_true(y >= before && fabs(y) <= 1);
            assert_true(fabs(s - 1) <= (t == RECUR_F32 ? FLT_EPSILON : DBL_EPSILON));
            before = y;
        }
    }
}

static void test_relu_and_sqrt(void **state)
{
    (void)state;
    static const double x[] = {-INFINITY, -2, -0.0, 0, 2, INFINITY, NAN};
    EACH_KERNELS
    {
        double in[7], out[7], root[7];
        for (int i = 0; i < 7; i++)
            set(t, in, i, x[i]);
        k->math.relu(7, in, out);
        k->math.sqrt(7, in, root);
        for (int i = 0; i < 7; i++) {
            assert_is(get(t, out, i), x[i] <= 0 ? 0 : x[i]);
            assert_is(get(t, root, i), x[i] < 0 ? NAN : round_to(t, sqrt(x[i])));
        }
    }
}

/* dx += dy f'(x), near enough to the derivative in long double. */
static void test_gradients(void **state)
{
    (void)state;
    enum { N = 37 };
    EACH_KERNELS
    {
        rcr_unary *forward[] = {k->math.exp, k->math.log, k->math.tanh, k->math.sigmoid, k->math.relu};
        rcr_unary_backward *backward[] = {k->math.exp_backward, k->math.log_backward, k->math.tanh_backward,
                                          k->math.sigmoid_backward, k->math.relu_backward};
        double x[N], y[N], dy[N], dx[N], epsilon = t == RECUR_F32 ? FLT_EPSILON : DBL_EPSILON;
        for (int f = 0; f < 5; f++) {
            fill_random(t, x, N, 11);
            for (int i = 0; f == LOG && i < N; i++)
                set(t, x, i, fabs(get(t, x, i)) + 0.1);
            fill_random(t, dy, N, 12);
            k->array.fill(N, 0.25, dx);
            forward[f](N, x, y);
            backward[f](N, x, y, dy, dx);
            for (int i = 0; i < N; i++) {
                double a = get(t, x, i), th = tanh(a), s = 1 / (1 + exp(-a));
                double slope[] = {exp(a), 1 / a, 1 - th * th, s * (1 - s), a > 0};
                double wanted = 0.25 + get(t, dy, i) * slope[f];
                assert_true(fabs(get(t, dx, i) - wanted) <= 8 * epsilon * (1 + fabs(wanted)));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy),      cmocka_unit_test(test_limits),    cmocka_unit_test(test_shape),
        cmocka_unit_test(test_relu_and_sqrt), cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, make_contexts, free_contexts);
}
