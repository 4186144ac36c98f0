// SPDX-License-Identifier: MIT
/* The same bits: whatever the threads, the instruction set, the other rows of the batch, and what lies in the
 * padding. */
#include "variants.h"

/* The plain layer, and those with all that regularises. */
#define FOR_KINDS(cell, kind)                                           \
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) \
        for (int kind = ALL; kind <= VARIANTS; kind++)                  \
            if (has_variant(cell, kind))

static rnn_case base_case(recur_cell cell, int kind, recur_dtype dtype, int64_t hidden)
{
    rnn_case k = {.config = {.cell = cell,
                             .input = 5,
                             .hidden = hidden,
                             .layers = 2,
                             .bidirectional = true,
                             .dropout = 0.3,
                             .proj = cell == RECUR_LSTM && hidden == 37 ? 11 : 0},
                  .T = 7,
                  .B = 37,
                  .lengths = true,
                  .states = true,
                  .dtype = dtype};
    regularise(&k.config, kind);
    return k;
}

static void assert_same_run(rnn_setup *a, rnn_setup *b)
{
    run_rnn(a);
    run_rnn(b);
    assert_same_bits(a->out.y, b->out.y);
    assert_same_bits(a->out.h, b->out.h);
    for (size_t i = 0; i < recur_params_size(a->ps); i++)
        assert_same_bits(recur_grad(recur_params_at(a->ps, i)), recur_grad(recur_params_at(b->ps, i)));
}

static void compare(rnn_case ka, rnn_case kb)
{
    rnn_setup a, b;
    setup_rnn(&a, &ka);
    setup_rnn(&b, &kb);
    assert_same_run(&a, &b);
    teardown_rnn(&a);
    teardown_rnn(&b);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    static const int threads[] = {2, 3, 7};
    FOR_KINDS(cell, kind)
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        rnn_case a = base_case((recur_cell)cell, kind, RECUR_F32, 37), b = a;
        b.threads = threads[i];
        compare(a, b);
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
        if (s == RECUR_EUNSUPPORTED) {
            print_message("%s: not on this machine\n", isas[i]);
            continue;
        }
        FOR_KINDS(cell, kind)
        for (int d = 0; d < 2; d++) {
            rnn_case a = base_case((recur_cell)cell, kind, d ? RECUR_F64 : RECUR_F32, d ? 13 : 37), b = a;
            a.isa = "portable";
            b.isa = isas[i];
            compare(a, b);
        }
    }
}

static void padding_of_nan_changes_no_bit(void **state)
{
    (void)state;
    FOR_KINDS(cell, kind)
    {
        rnn_case k = base_case((recur_cell)cell, kind, RECUR_F64, 13);
        rnn_setup a, b;
        setup_rnn(&a, &k);
        setup_rnn(&b, &k);
        for (int64_t t = 0; t < k.T; t++)
            for (int64_t r = 0; r < k.B; r++)
                for (int64_t f = 0; t >= b.length[r] && f < 5; f++)
                    recur_f64(b.x)[(t * k.B + r) * 5 + f] = (double)NAN;
        assert_same_run(&a, &b);
        teardown_rnn(&a);
        teardown_rnn(&b);
    }
}

/* Row r of a batch, run alone, gives the same bits. */
static void row_alone_gives_the_same_bits(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) {
        rnn_case k = base_case((recur_cell)cell, has_variant(cell, NORM) ? NORM : VARIANTS, RECUR_F32, 37),
                 one = k;
        k.config.dropout = one.config.dropout = 0.0;
        k.states = one.states = false;
        one.B = 1;
        rnn_setup a;
        setup_rnn(&a, &k);
        run_rnn(&a);
        for (int64_t r = 0; r < k.B; r += 9) {
            rnn_setup b;
            one.length[0] = a.length[r] ? a.length[r] : -1;
            setup_rnn(&b, &one);
            for (int64_t t = 0; t < k.T; t++)
                memcpy(recur_f32(b.x) + t * 5, recur_f32(a.x) + (t * k.B + r) * 5, 5 * sizeof(float));
            run_rnn(&b);
            int64_t width = recur_dim(a.out.y, 2);
            for (int64_t t = 0; t < k.T; t++)
                assert_memory_equal(recur_f32(b.out.y) + t * width,
                                    recur_f32(a.out.y) + (t * k.B + r) * width,
                                    (size_t)width * sizeof(float));
            teardown_rnn(&b);
        }
        teardown_rnn(&a);
    }
}

/* The first rows of a batch, with what regularises them, do not see the others: not how many they are, not how long.
 * (Dropout between layers is torch's: its masks go by the place among all rows.) */
static void fewer_rows_give_the_same_bits(void **state)
{
    (void)state;
    enum { FEW = 4 };
    FOR_KINDS(cell, kind)
    {
        rnn_case k = base_case((recur_cell)cell, kind, RECUR_F32, 37), few = k;
        rnn_setup a, b;
        k.config.layers = few.config.layers = 1;
        k.states = few.states = false;
        few.B = FEW;
        setup_rnn(&a, &k);
        setup_rnn(&b, &few);
        memcpy(b.length, a.length, sizeof b.length);
        for (int64_t t = 0; t < k.T; t++)
            memcpy(recur_f32(b.x) + t * FEW * 5, recur_f32(a.x) + t * k.B * 5, FEW * 5 * sizeof(float));
        run_rnn(&a);
        run_rnn(&b);
        int64_t width = recur_dim(a.out.y, 2);
        for (int64_t t = 0; t < k.T; t++)
            assert_memory_equal(recur_f32(b.out.y) + t * FEW * width, recur_f32(a.out.y) + t * k.B * width,
                                (size_t)(FEW * width) * sizeof(float));
        teardown_rnn(&a);
        teardown_rnn(&b);
    }
}

/* After the first steps a training step makes no call to the allocator. */
static void *counting_alloc(void *user, size_t size, size_t align)
{
    ++*(int *)user;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void plain_release(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

static void steady_state_allocates_nothing(void **state)
{
    (void)state;
    int calls = 0;
    recur_allocator counting = {counting_alloc, plain_release, &calls};
    recur_ctx *cx = NULL;
    recur_params *ps = NULL;
    recur_tape *tp = NULL;
    rnn_setup s = {.spec = base_case(RECUR_LSTM, ALL, RECUR_F32, 16)};
    assert_int_equal(recur_ctx_create(&cx, &(recur_options){.threads = 2, .allocator = &counting}), RECUR_OK);
    assert_int_equal(recur_params_create(&ps, cx, RECUR_F32, 1), RECUR_OK);
    assert_int_equal(recur_tape_create(&tp, cx, 1), RECUR_OK);
    s.cx = cx;
    s.ps = ps;
    s.tp = tp;
    assert_int_equal(recur_rnn_create(&s.rnn, ps, "", &s.spec.config), RECUR_OK);
    setup_inputs(&s);
    run_rnn(&s);
    run_rnn(&s);
    int before = calls;
    for (int i = 0; i < 5; i++)
        run_rnn(&s);
    assert_int_equal(calls, before);
    teardown_rnn(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),         cmocka_unit_test(instruction_sets_change_no_bit),
        cmocka_unit_test(padding_of_nan_changes_no_bit), cmocka_unit_test(row_alone_gives_the_same_bits),
        cmocka_unit_test(fewer_rows_give_the_same_bits), cmocka_unit_test(steady_state_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
