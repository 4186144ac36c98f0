// SPDX-License-Identifier: MIT
/* The processor: names, what is usable, how many, and the floating-point mode. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_setaffinity() */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fenv.h>
#include <float.h>
#include <sched.h>
#include <string.h>

#include <cmocka.h>

#include "base/cpu.h"

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(rcr_isa_name(RCR_PORTABLE), "portable");
    assert_string_equal(rcr_isa_name(RCR_AVX2), "avx2");
    assert_string_equal(rcr_isa_name(RCR_AVX512), "avx512");
    assert_string_equal(rcr_isa_name(RCR_NEON), "neon");
}

static void test_usable(void **state)
{
    (void)state;
    assert_true(rcr_isa_usable(RCR_PORTABLE));
    assert_true(rcr_isa_usable(rcr_isa_best()));
    for (int i = 0; i < RCR_ISA_COUNT; i++) /* where anything is usable, portable is not the best */
        if (i != RCR_PORTABLE && rcr_isa_usable((rcr_isa)i))
            assert_int_not_equal(rcr_isa_best(), RCR_PORTABLE);
}

/* The compiler's own detection says the same, where the set is compiled in. */
static void test_detection(void **state)
{
    (void)state;
#ifdef __x86_64__
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#ifdef RECUR_HAVE_AVX2
    assert_int_equal(rcr_isa_usable(RCR_AVX2), avx2);
#else
    assert_false(rcr_isa_usable(RCR_AVX2));
#endif
#ifdef RECUR_HAVE_AVX512
    assert_int_equal(rcr_isa_usable(RCR_AVX512), avx512);
#else
    assert_false(rcr_isa_usable(RCR_AVX512));
#endif
    assert_true(avx2 || !avx512);
    assert_false(rcr_isa_usable(RCR_NEON));
#else
    assert_false(rcr_isa_usable(RCR_AVX2) || rcr_isa_usable(RCR_AVX512));
#endif
}

static void test_count_follows_affinity(void **state)
{
    cpu_set_t all, one;
    (void)state;
    assert_true(rcr_cpu_count() >= 1);
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        skip();
    assert_int_equal(rcr_cpu_count(), CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        skip();
    int count = rcr_cpu_count();
    sched_setaffinity(0, sizeof all, &all);
    assert_int_equal(count, 1);
}

static bool flushes(void)
{
    volatile double least = DBL_MIN, half = 0.5;
    volatile double denormal = least * half;
    return denormal == 0;
}

/* Whether a denormal operand counts as zero. */
static bool ignores(void)
{
    uint64_t bits = 1;
    volatile double denormal, huge = 0x1p1023;
    memcpy((void *)(uintptr_t)&denormal, &bits, sizeof bits);
    volatile double product = denormal * huge;
    return product == 0;
}

static void test_denormals(void **state)
{
    (void)state;
#if defined(__x86_64__) || defined(__aarch64__)
    assert_false(flushes());
    unsigned long outer = rcr_float_enter(false);
    assert_true(flushes() && ignores());
    unsigned long inner = rcr_float_enter(true);
    assert_false(flushes() || ignores());
    rcr_float_restore(inner);
    assert_true(flushes() && ignores());
    rcr_float_restore(outer);
    assert_false(flushes() || ignores());
#else
    skip();
#endif
}

/* The caller's rounding does not reach the library's work, and is there again afterwards. */
static void test_rounding(void **state)
{
    (void)state;
#if defined(__x86_64__) || defined(__aarch64__)
    volatile double one = 1, three = 3, nearest = one / three;
    fesetround(FE_UPWARD);
    unsigned long mode = rcr_float_enter(false);
    volatile double inside = one / three;
    rcr_float_restore(mode);
    volatile double outside = one / three;
    fesetround(FE_TONEAREST);
    assert_true(inside == nearest);
    assert_true(outside > nearest);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_usable),
        cmocka_unit_test(test_detection), cmocka_unit_test(test_count_follows_affinity),
        cmocka_unit_test(test_denormals), cmocka_unit_test(test_rounding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
