// SPDX-License-Identifier: MIT
/* Arenas: pieces do not overlap, growth is logarithmic, after a rewind nothing is allocated any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "support/fail_alloc.h"

#ifdef __SANITIZE_ADDRESS__ /* gcc; base/arena.c knows clang's as well */
#include <sanitizer/asan_interface.h>
#endif

static fail_alloc counted;

static int setup(void **state)
{
    fail_alloc_init(&counted);
    recur_options opt = {.threads = 1, .allocator = &counted.allocator};
    return (int)recur_ctx_create((recur_ctx **)state, &opt);
}

static int teardown(void **state)
{
    recur_ctx_free(*state);
    fail_alloc_check(&counted);
    return 0;
}

static bool all(const unsigned char *bytes, size_t size, int value)
{
    for (size_t k = 0; k < size; k++)
        if (bytes[k] != value)
            return false;
    return true;
}

/* One step: pieces of many sizes, each filled with its number and read back at the end. */
static void step(rcr_arena *a, int pieces)
{
    unsigned char *piece[512];
    for (int i = 0; i < pieces; i++) {
        size_t size = (size_t)(i * i);
        piece[i] = i % 2 ? rcr_arena_alloc(a, size, "piece") : rcr_arena_alloc_zero(a, size, "piece");
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % RCR_ALIGN, 0);
        assert_true(i % 2 || all(piece[i], size, 0));
        memset(piece[i], i & 0xFF, size);
    }
    for (int i = 0; i < pieces; i++)
        assert_true(all(piece[i], (size_t)(i * i), i & 0xFF));
}

static void test_steady_state(void **state)
{
    rcr_arena a;
    rcr_arena_init(&a, *state);
    long before = counted.calls;
    step(&a, 200); /* 2.6 MB */
    assert_true(a.used <= a.held);
    assert_in_range(counted.calls - before, 2, 12);
    rcr_arena_rewind(&a);
    assert_int_equal(a.used, 0);
    step(&a, 200); /* the blocks are one now */
    before = counted.calls;
    for (int i = 0; i < 5; i++) {
        rcr_arena_rewind(&a);
        step(&a, 200 - i);
    }
    assert_int_equal(counted.calls, before);
    rcr_arena_free(&a);
    assert_int_equal(a.held, 0);
}

/* Steps that differ in length reach the steady state as well. */
static void test_growing_steps(void **state)
{
    rcr_arena a;
    rcr_arena_init(&a, *state);
    long before = counted.calls;
    for (int pieces = 0; pieces < 300; pieces += 10) {
        step(&a, pieces);
        rcr_arena_rewind(&a);
    }
    assert_in_range(counted.calls - before, 2, 40);
    rcr_arena_free(&a);
}

static void test_empty(void **state)
{
    rcr_arena a;
    rcr_arena_init(&a, *state);
    rcr_arena_rewind(&a);
    rcr_arena_free(&a);
    char *x = rcr_arena_alloc(&a, 0, "nothing"), *y = rcr_arena_alloc(&a, 0, "nothing");
    assert_non_null(x);
    assert_ptr_not_equal(x, y);
    rcr_arena_free(&a);
    rcr_arena_free(&a);
}

static void test_failure(void **state)
{
    rcr_arena a;
    const char *text;
    rcr_arena_init(&a, *state);
    char *kept = rcr_arena_alloc(&a, 100, "kept");
    memset(kept, 7, 100);
    counted.fail_at = counted.calls + 1;
    assert_null(rcr_arena_alloc(&a, 1000000, "scores"));
    assert_int_equal(recur_error(*state, &text), RECUR_ENOMEM);
    assert_non_null(strstr(text, "for scores"));
    assert_null(rcr_arena_alloc(&a, SIZE_MAX, "all"));
    assert_null(rcr_arena_alloc(&a, SIZE_MAX - 100, "nearly all"));
    assert_null(rcr_arena_alloc_zero(&a, SIZE_MAX - 1000, "nearly all"));
    assert_int_equal(kept[99], 7);
    assert_non_null(rcr_arena_alloc(&a, 1000000, "scores"));
    rcr_arena_free(&a);
}

/* The address sanitizer knows what is handed out: not what lies behind a piece, nor anything after the
 * rewind. */
static void test_sanitizer(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    rcr_arena a;
    rcr_arena_init(&a, *state);
    char *piece = rcr_arena_alloc(&a, 100, "piece");
    assert_false(__asan_address_is_poisoned(piece + 99));
    assert_true(__asan_address_is_poisoned(piece + 100));
    rcr_arena_rewind(&a);
    assert_true(__asan_address_is_poisoned(piece));
    rcr_arena_free(&a);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_state), cmocka_unit_test(test_growing_steps),
        cmocka_unit_test(test_empty),        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_sanitizer),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
