// SPDX-License-Identifier: MIT
/* Errors: code and text together, the first expression error wins, nothing is cut wrongly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "base/error.h"

static int setup(void **state)
{
    recur_options opt = {.threads = 1};
    return (int)recur_ctx_create((recur_ctx **)state, &opt);
}

static int teardown(void **state)
{
    recur_ctx_free(*state);
    return 0;
}

static void check(const recur_ctx *cx, recur_status status, const char *text)
{
    const char *said = NULL;
    assert_int_equal(recur_error(cx, &said), status);
    assert_string_equal(said, text);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(recur_status_name(RECUR_OK), "RECUR_OK");
    assert_string_equal(recur_status_name(RECUR_ESHAPE), "RECUR_ESHAPE");
    assert_string_equal(recur_status_name(RECUR_ESTOPPED), "RECUR_ESTOPPED");
    assert_string_equal(recur_status_name((recur_status)4711), "unknown status");
    assert_string_equal(recur_status_name((recur_status)-1), "unknown status");
}

static void test_record(void **state)
{
    recur_ctx *cx = *state;
    check(cx, RECUR_OK, "no error");
    assert_int_equal(rcr_fail(cx, RECUR_ESHAPE, "expected %d, got %d", 3, 4), RECUR_ESHAPE);
    check(cx, RECUR_ESHAPE, "expected 3, got 4");
    rcr_fail(cx, RECUR_EIO, "later");
    check(cx, RECUR_EIO, "later");
    assert_int_equal(recur_error(cx, NULL), RECUR_EIO);
    assert_int_equal(rcr_no_memory(cx, 4096, "weights"), RECUR_ENOMEM);
    check(cx, RECUR_ENOMEM, "out of memory: 4096 bytes for weights");
    recur_clear(cx);
    check(cx, RECUR_OK, "no error");
}

/* Arguments may be calls. */
static void test_evaluated_once(void **state)
{
    recur_ctx *cx = *state;
    int statuses = 0, texts = 0;
    assert_int_equal(rcr_fail((statuses++, cx), (statuses++, RECUR_EIO), "%d", ++texts), RECUR_EIO);
    assert_int_equal(statuses, 2);
    assert_int_equal(texts, 1);
    recur_clear(cx);
}

static void test_first_expression_error_wins(void **state)
{
    recur_ctx *cx = *state;
    assert_false(rcr_stuck(cx));
    assert_null(rcr_stick(cx, RECUR_ESHAPE, "add: %s", "first"));
    assert_true(rcr_stuck(cx));
    assert_null(rcr_stick(cx, RECUR_EDTYPE, "second"));
    assert_int_equal(rcr_fail(cx, RECUR_EIO, "third"), RECUR_EIO);
    check(cx, RECUR_ESHAPE, "add: first");
    recur_clear(cx);
    assert_false(rcr_stuck(cx));
    check(cx, RECUR_OK, "no error");
}

static void test_stick_last(void **state)
{
    recur_ctx *cx = *state;
    recur_clear(cx);
    rcr_stick_last(cx);
    assert_false(rcr_stuck(cx)); /* no error, nothing to be stuck on */
    rcr_fail(cx, RECUR_ENOMEM, "tape");
    rcr_stick_last(cx);
    assert_true(rcr_stuck(cx));
    rcr_fail(cx, RECUR_EIO, "other");
    check(cx, RECUR_ENOMEM, "tape");
    recur_clear(cx);
}

/* A caller of a caller puts its own words before the text that is there. */
static void test_own_text_as_argument(void **state)
{
    recur_ctx *cx = *state;
    const char *text;
    rcr_fail(cx, RECUR_EFORMAT, "no header");
    recur_error(cx, &text);
    rcr_fail(cx, RECUR_EFORMAT, "%s: %s", "model.safetensors", text);
    check(cx, RECUR_EFORMAT, "model.safetensors: no header");
}

static void test_long_text(void **state)
{
    recur_ctx *cx = *state;
    char text[3 * RCR_ERROR_TEXT];
    const char *said;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    rcr_fail(cx, RECUR_EIO, "%s", text);
    recur_error(cx, &said);
    assert_int_equal(strlen(said), RCR_ERROR_TEXT - 1);
    assert_memory_equal(said, text, RCR_ERROR_TEXT - 1);
}

static void test_no_context(void **state)
{
    const char *text;
    (void)state;
    assert_int_equal(rcr_fail(NULL, RECUR_EIO, "nobody hears"), RECUR_EIO);
    assert_null(rcr_stick(NULL, RECUR_EIO, "nobody hears"));
    assert_int_equal(recur_error(NULL, &text), RECUR_EINVAL);
    assert_string_equal(text, "no context");
    recur_clear(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),          cmocka_unit_test(test_record),
        cmocka_unit_test(test_evaluated_once), cmocka_unit_test(test_first_expression_error_wins),
        cmocka_unit_test(test_stick_last),     cmocka_unit_test(test_own_text_as_argument),
        cmocka_unit_test(test_long_text),      cmocka_unit_test(test_no_context),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
