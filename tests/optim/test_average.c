// SPDX-License-Identifier: MIT
/* The moving average of parameters against its definition, its exchange, its bits. */
#include "optim_test.h"

#include "support/fail_alloc.h"

static const int64_t lengths[] = {5, 40000, 1};
enum { UPDATES = 9 };

/* Parameters that change as if they were trained. */
static void change(recur_params *ps, uint64_t k)
{
    for (size_t i = 0; i < recur_params_size(ps); i++)
        if (recur_grad(recur_params_at(ps, i)))
            fill_random(recur_params_at(ps, i), 100 + k, i);
}

static recur_average *average_of(recur_params *ps, double decay)
{
    recur_average *a;
    ok(recur_params_ctx(ps), recur_average_create(&a, ps, decay));
    return a;
}

/* Update n: mean + (w - mean) max(1 - decay, 1 / n). */
static void follows_its_definition(void **state)
{
    (void)state;
    static const double decays[] = {0, 0.5, 0.75, 0.99};
    recur_ctx *cx = context();
    for (size_t d = 0; d < COUNT(decays); d++) {
        recur_params *ps = params_of(cx, RECUR_F64, lengths, COUNT(lengths));
        recur_average *a = average_of(ps, decays[d]);
        recur_tensor *w = recur_params_at(ps, 0);
        double mean[5] = {0};
        for (int n = 1; n <= UPDATES; n++) {
            change(ps, (uint64_t)n);
            ok(cx, recur_average_update(a));
            for (int i = 0; i < 5; i++)
                mean[i] += (recur_item(w, i) - mean[i]) * fmax(1 - decays[d], 1.0 / n);
        }
        recur_tensor *kept = recur_params_find(recur_average_state(a), "p0");
        for (int i = 0; i < 5; i++)
            assert_true(fabs(recur_item(kept, i) - mean[i]) < 1e-14);
        recur_average_free(a);
        recur_params_free(ps);
    }
    recur_ctx_free(cx);
}

/* Parameters and averages change places, and back to the same bits; a buffer stays where it is. */
static void swaps_and_swaps_back(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, COUNT(lengths)),
                 *same = params_of(cx, RECUR_F32, lengths, COUNT(lengths));
    recur_tensor *buffer = recur_buffer(ps, "seen", RECUR_F32, 1, &lengths[0]);
    recur_average *a = average_of(ps, 0.9);
    set_item(buffer, 0, 3);
    for (uint64_t n = 0; n < 4; n++) {
        change(ps, n);
        ok(cx, recur_average_update(a));
    }
    change(same, 3);
    double mean = recur_item(recur_params_find(recur_average_state(a), "p1"), 39999);
    recur_average_swap(a);
    assert_true(recur_item(recur_params_at(ps, 1), 39999) == mean);
    assert_true(recur_item(recur_params_at(same, 1), 39999) != mean);
    assert_true(recur_item(buffer, 0) == 3);
    recur_average_swap(a);
    for (size_t i = 0; i < COUNT(lengths); i++)
        assert_same_tensor(recur_params_at(ps, i), recur_params_at(same, i));
    recur_average_free(a);
    recur_params_free(same);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

static void has_the_same_bits_everywhere(void **state)
{
    (void)state;
    static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, COUNT(lengths));
    recur_average *a = average_of(ps, 0.8);
    for (uint64_t n = 0; n < UPDATES; n++) {
        change(ps, n);
        ok(cx, recur_average_update(a));
    }
    for (size_t k = 0; k < 3 * COUNT(isas); k++) {
        recur_options opt = {.threads = 1 + (int)(k % 3), .isa = isas[k / 3]};
        recur_ctx *other;
        if (recur_ctx_create(&other, &opt) != RECUR_OK)
            continue;
        recur_params *qs = params_of(other, RECUR_F32, lengths, COUNT(lengths));
        recur_average *b = average_of(qs, 0.8);
        for (uint64_t n = 0; n < UPDATES; n++) {
            change(qs, n);
            ok(other, recur_average_update(b));
        }
        assert_same_params(recur_average_state(a), recur_average_state(b));
        recur_average_free(b);
        recur_params_free(qs);
        recur_ctx_free(other);
    }
    recur_average_free(a);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

static void wrong_decays_are_refused(void **state)
{
    (void)state;
    static const double wrong[] = {-0.1, 1, 1.5, NAN};
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, 1);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        recur_average *a;
        assert_int_equal(recur_average_create(&a, ps, wrong[i]), RECUR_EINVAL);
        assert_null(a);
    }
    recur_average_free(NULL);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

static void a_set_that_grew_is_refused(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, 1);
    recur_average *a = average_of(ps, 0.5);
    assert_non_null(recur_param(ps, "late", 1, &lengths[0]));
    assert_int_equal(recur_average_update(a), RECUR_ESTATE);
    recur_average_swap(a);
    recur_average_free(a);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

static recur_status make(const recur_allocator *allocator, void *unused)
{
    (void)unused;
    recur_options opt = {.threads = 1, .allocator = allocator};
    recur_ctx *cx;
    recur_params *ps = NULL;
    recur_average *a = NULL;
    recur_status status = recur_ctx_create(&cx, &opt);
    if (status != RECUR_OK)
        return status;
    status = recur_params_create(&ps, cx, RECUR_F32, 1);
    if (status == RECUR_OK && !recur_param(ps, "w", 1, lengths))
        status = recur_error(cx, NULL);
    if (status == RECUR_OK)
        status = recur_average_create(&a, ps, 0.9);
    if (status == RECUR_OK)
        status = recur_average_update(a);
    recur_average_free(a);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return status;
}

static void failing_allocations_leak_nothing(void **state)
{
    (void)state;
    fail_alloc_each(make, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_its_definition),       cmocka_unit_test(swaps_and_swaps_back),
        cmocka_unit_test(has_the_same_bits_everywhere), cmocka_unit_test(wrong_decays_are_refused),
        cmocka_unit_test(a_set_that_grew_is_refused),   cmocka_unit_test(failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
