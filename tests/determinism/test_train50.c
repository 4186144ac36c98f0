// SPDX-License-Identifier: MIT
/* The same bits after fifty training steps: whatever the threads and the instruction set. (NEON:
 * tests/neon/train50.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "train50.h"

static uint64_t checksum(const char *isa, int threads, recur_cell cell, recur_dtype dtype)
{
    uint64_t sum = 0;
    recur_options options = {.threads = threads, .isa = isa};
    assert_int_equal(train50_run(&options, cell, dtype, 50, &sum), RECUR_OK);
    return sum;
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) {
        uint64_t one = checksum(NULL, 1, (recur_cell)cell, RECUR_F32);
        assert_true(one == checksum(NULL, 2, (recur_cell)cell, RECUR_F32));
        assert_true(one == checksum(NULL, 3, (recur_cell)cell, RECUR_F32));
        assert_true(one == checksum(NULL, 7, (recur_cell)cell, RECUR_F32));
    }
}

static void instruction_sets_change_no_bit(void **state)
{
    (void)state;
    static const char *const isas[] = {"avx2", "avx512", "neon"};
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        recur_ctx *cx = NULL;
        recur_status s = recur_ctx_create(&cx, &(recur_options){.threads = 1, .isa = isas[i]});
        recur_ctx_free(cx);
        for (int cell = RECUR_RNN_TANH; !s && cell <= RECUR_GRU_ORIGINAL; cell++)
            for (int d = RECUR_F32; d <= RECUR_F64; d++)
                assert_true(checksum("portable", 1, (recur_cell)cell, (recur_dtype)d) ==
                            checksum(isas[i], 1, (recur_cell)cell, (recur_dtype)d));
        print_message("%s: %s\n", isas[i], s ? "not on this machine" : "same bits as portable");
    }
}

/* A checksum that no change of the run could alter would prove nothing. */
static void another_run_gives_other_bits(void **state)
{
    (void)state;
    uint64_t a = 0, b = 0;
    assert_int_equal(train50_run(NULL, RECUR_LSTM, RECUR_F32, 50, &a), RECUR_OK);
    assert_int_equal(train50_run(NULL, RECUR_LSTM, RECUR_F32, 49, &b), RECUR_OK);
    assert_true(a != b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(instruction_sets_change_no_bit),
        cmocka_unit_test(another_run_gives_other_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
