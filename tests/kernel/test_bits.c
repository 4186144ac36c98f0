// SPDX-License-Identifier: MIT
/* Every kernel gives the bits of the portable one, on each instruction set that this machine has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/same_bits.h"

static void same_as_portable(const char *isa)
{
    recur_ctx *portable, *cx;
    const char *level = getenv("RECUR_TEST_LEVEL");
    int64_t step = level && strcmp(level, "full") == 0 ? 1 : 7;
    assert_int_equal(recur_ctx_create(&portable, &(recur_options){.threads = 1, .isa = "portable"}),
                     RECUR_OK);
    if (recur_ctx_create(&cx, &(recur_options){.threads = 1, .isa = isa}) != RECUR_OK) {
        recur_ctx_free(portable);
        skip();
    }
    for (recur_dtype t = RECUR_F32; t <= RECUR_F64; t++)
        assert_int_equal(compare_kernels(rcr_kernels_of(portable, t), rcr_kernels_of(cx, t), t, step, NULL),
                         0);
    recur_ctx_free(cx);
    recur_ctx_free(portable);
}

static void test_avx2(void **state)
{
    (void)state;
    same_as_portable("avx2");
}

static void test_avx512(void **state)
{
    (void)state;
    same_as_portable("avx512");
}

static void test_neon(void **state)
{
    (void)state;
    same_as_portable("neon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_avx2), cmocka_unit_test(test_avx512),
                                       cmocka_unit_test(test_neon)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
