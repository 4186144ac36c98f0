// SPDX-License-Identifier: MIT
/* Random numbers: Philox against its published vectors; ranges, means and independence of what is drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdbool.h>

#include <cmocka.h>

#include "base/random.h"

/* Random123, kat_vectors: philox 4x32, 10 rounds. */
static void test_published_vectors(void **state)
{
    static const struct {
        uint64_t seed, stream, position;
        uint32_t out[4];
    } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822,
         0x0370734413198a2e,
         0x85a308d3243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        rcr_philox(known[i].seed, known[i].stream, known[i].position, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

static void test_words(void **state)
{
    (void)state;
    assert_true(rcr_random_u64(0, 0, 0) == 0xe169c58d6627e8d5);
    assert_true(rcr_random_uniform(0, 0, 0) == (double)(0xe169c58d6627e8d5 >> 11) / 9007199254740992.0);
}

/* Mean 1/2 and variance 1/12 of n numbers, within six deviations of these estimates. */
static void test_uniform(void **state)
{
    enum { N = 200000 };
    double sum = 0, squares = 0;
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        double u = rcr_random_uniform(7, 3, i);
        assert_true(u >= 0 && u < 1);
        sum += u - 0.5;
        squares += (u - 0.5) * (u - 0.5);
    }
    assert_true(fabs(sum / N) < 6 * sqrt(1.0 / 12 / N));
    assert_true(fabs(squares / N - 1.0 / 12) < 6 * sqrt(1.0 / 180 / N));
}

__extension__ typedef unsigned __int128 wide;

static void test_below(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t u = rcr_random_u64(1, 2, i), n = rcr_random_u64(5, 6, i) >> (i % 64) | 1;
        assert_true(rcr_random_below(1, 2, i, n) == (uint64_t)((wide)u * n >> 64));
        assert_true(rcr_random_below(1, 2, i, 1) == 0);
        assert_true(rcr_random_below(1, 2, i, UINT64_MAX) == (uint64_t)((wide)u * UINT64_MAX >> 64));
    }
}

static void test_streams_differ(void **state)
{
    (void)state;
    assert_true(rcr_stream(1, "dropout") == rcr_stream(1, "dropout"));
    assert_true(rcr_stream(1, "dropout") != rcr_stream(2, "dropout"));
    assert_true(rcr_stream(1, "dropout") != rcr_stream(1, "shuffle"));
    assert_true(rcr_stream(1, "") != rcr_stream(2, ""));
    assert_true(rcr_stream(rcr_stream(1, "a"), "b") != rcr_stream(rcr_stream(1, "b"), "a"));
    for (uint64_t base = 0; base < 200; base++) /* neighbours share about half of their bits */
        assert_in_range(__builtin_popcountll(rcr_stream(base, "x") ^ rcr_stream(base + 1, "x")), 12, 52);
}

/* The correlation of streams, seeds and positions beside each other. */
static void test_independence(void **state)
{
    enum { N = 50000 };
    double stream = 0, seed = 0, next = 0;
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        double u = rcr_random_uniform(9, 4, i) - 0.5;
        stream += u * (rcr_random_uniform(9, 5, i) - 0.5);
        seed += u * (rcr_random_uniform(10, 4, i) - 0.5);
        next += u * (rcr_random_uniform(9, 4, i + 1) - 0.5);
    }
    double limit = 6 * sqrt(N) / 12;
    assert_true(fabs(stream) < limit && fabs(seed) < limit && fabs(next) < limit);
}

static void test_permutation(void **state)
{
    enum { N = 1000 };
    int64_t order[N], again[N];
    bool seen[N] = {false};
    int fixed = 0;
    (void)state;
    rcr_permutation(3, 1, N, order);
    rcr_permutation(3, 1, N, again);
    assert_memory_equal(order, again, sizeof order);
    for (int i = 0; i < N; i++) {
        assert_true(order[i] >= 0 && order[i] < N && !seen[order[i]]);
        seen[order[i]] = true;
        fixed += order[i] == i;
    }
    assert_in_range(fixed, 0, 8); /* one is expected */
    rcr_permutation(3, 2, N, again);
    assert_memory_not_equal(order, again, sizeof order);
    rcr_permutation(3, 1, 0, order);
    rcr_permutation(3, 1, 1, order);
    assert_int_equal(order[0], 0);
}

/* All 24 orders of four, equally often: chi-square with 23 degrees of freedom, far in its tail. */
static void test_permutation_is_fair(void **state)
{
    enum { DRAWS = 24000 };
    int count[256] = {0};
    double chi = 0;
    (void)state;
    for (uint64_t i = 0; i < DRAWS; i++) {
        int64_t o[4];
        rcr_permutation(11, i, 4, o);
        count[o[0] * 64 + o[1] * 16 + o[2] * 4 + o[3]]++;
    }
    int orders = 0;
    for (int i = 0; i < 256; i++) {
        orders += count[i] > 0;
        chi += count[i] ? pow(count[i] - DRAWS / 24.0, 2) / (DRAWS / 24.0) : 0;
    }
    assert_int_equal(orders, 24);
    assert_true(chi < 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors), cmocka_unit_test(test_words),
        cmocka_unit_test(test_uniform),           cmocka_unit_test(test_below),
        cmocka_unit_test(test_streams_differ),    cmocka_unit_test(test_independence),
        cmocka_unit_test(test_permutation),       cmocka_unit_test(test_permutation_is_fair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
