// SPDX-License-Identifier: MIT
/* Memory: alignment, accounting, sizes that do not fit, failures that change nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "support/fail_alloc.h"

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

static void check_error(const recur_ctx *cx, const char *text)
{
    const char *said;
    assert_int_equal(recur_error(cx, &said), RECUR_ENOMEM);
    assert_string_equal(said, text);
}

static void test_blocks(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 1000003};
    recur_ctx *cx = *state;
    size_t before = rcr_alloc_bytes(cx);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *block = rcr_alloc(cx, sizes[i], "block");
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % RCR_ALIGN, 0);
        memset(block, 0xFF, sizes[i]);
        assert_int_equal(rcr_alloc_bytes(cx), before + sizes[i]);
        rcr_free(cx, block);
        assert_int_equal(rcr_alloc_bytes(cx), before);
    }
    assert_true(rcr_alloc_peak(cx) >= before + 1000003);
    rcr_free(cx, NULL);
}

static void test_zeroed(void **state)
{
    recur_ctx *cx = *state;
    unsigned char *a = rcr_alloc_zero(cx, 1000, "a"), *b = rcr_alloc_array(cx, 10, 100, "b");
    for (int i = 0; i < 1000; i++)
        assert_true(a[i] == 0 && b[i] == 0);
    rcr_free(cx, a);
    rcr_free(cx, b);
}

static void test_resize(void **state)
{
    recur_ctx *cx = *state;
    int *x = NULL;
    assert_int_equal(rcr_resize_array(cx, (void **)&x, 3, sizeof *x, "x"), RECUR_OK);
    assert_true(x[0] == 0 && x[2] == 0);
    for (int i = 0; i < 3; i++)
        x[i] = i + 1;
    assert_int_equal(rcr_resize_array(cx, (void **)&x, 100, sizeof *x, "x"), RECUR_OK);
    assert_true(x[0] == 1 && x[2] == 3 && x[3] == 0 && x[99] == 0);
    assert_int_equal(rcr_resize_array(cx, (void **)&x, 2, sizeof *x, "x"), RECUR_OK);
    assert_true(x[0] == 1 && x[1] == 2);
    assert_int_equal(rcr_resize_array(cx, (void **)&x, 0, sizeof *x, "x"), RECUR_OK);
    assert_non_null(x);
    rcr_free(cx, x);
}

static void test_too_large(void **state)
{
    recur_ctx *cx = *state;
    size_t before = rcr_alloc_bytes(cx);
    void *block = NULL;
    assert_null(rcr_alloc(cx, SIZE_MAX, "all"));
    check_error(cx, "out of memory: 18446744073709551615 bytes for all");
    assert_null(rcr_alloc_zero(cx, SIZE_MAX - RCR_ALIGN, "nearly all"));
    assert_null(rcr_alloc_zero(cx, PTRDIFF_MAX, "half"));
    assert_null(rcr_alloc_array(cx, SIZE_MAX / 2, 3, "array"));
    check_error(cx, "out of memory: 9223372036854775807 times 3 bytes for array");
    assert_int_equal(rcr_resize_array(cx, &block, SIZE_MAX, 2, "array"), RECUR_ENOMEM);
    assert_null(block);
    assert_int_equal(rcr_alloc_bytes(cx), before);
}

static void test_failure_changes_nothing(void **state)
{
    recur_ctx *cx = *state;
    char *text = rcr_strdup(cx, "kept", "text");
    char *same = text;
    size_t before = rcr_alloc_bytes(cx), peak = rcr_alloc_peak(cx);
    counted.fail_at = counted.calls + 1;
    counted.forever = true;
    assert_int_equal(rcr_resize_array(cx, (void **)&text, 1000000, 1, "text"), RECUR_ENOMEM);
    check_error(cx, "out of memory: 1000000 bytes for text");
    assert_ptr_equal(text, same);
    assert_string_equal(text, "kept");
    assert_null(rcr_alloc(cx, 1, "a"));
    assert_null(rcr_alloc_zero(cx, 1, "b"));
    assert_null(rcr_alloc_array(cx, 1, 1, "c"));
    assert_null(rcr_strdup(cx, "x", "d"));
    assert_int_equal(rcr_alloc_bytes(cx), before);
    assert_int_equal(rcr_alloc_peak(cx), peak);
    counted.fail_at = 0;
    rcr_free(cx, text);
}

static void test_checked_arithmetic(void **state)
{
    size_t s = 0;
    int64_t i = 0;
    (void)state;
    assert_true(rcr_add_size(SIZE_MAX - 1, 1, &s) && s == SIZE_MAX);
    assert_false(rcr_add_size(SIZE_MAX, 1, &s));
    assert_true(rcr_mul_size(SIZE_MAX / 2, 2, &s) && s == SIZE_MAX - 1);
    assert_false(rcr_mul_size(SIZE_MAX / 2 + 1, 2, &s));
    assert_true(rcr_mul_i64(INT64_MIN, 1, &i) && i == INT64_MIN);
    assert_false(rcr_mul_i64(INT64_MIN, -1, &i));
    assert_false(rcr_mul_i64(INT64_MAX, 2, &i));
    assert_true(rcr_round_size(0, &s) && s == 0);
    assert_true(rcr_round_size(1, &s) && s == RCR_ALIGN);
    assert_true(rcr_round_size(RCR_ALIGN, &s) && s == RCR_ALIGN);
    assert_false(rcr_round_size(SIZE_MAX - 1, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_failure_changes_nothing),
        cmocka_unit_test(test_checked_arithmetic),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
