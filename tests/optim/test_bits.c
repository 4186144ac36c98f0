// SPDX-License-Identifier: MIT
/* The same bits: threads and instruction sets change nothing, in an update, in a norm, in what is cut into
 * chunks. */
#include "optim_test.h"

typedef struct sizes {
    const int64_t *lengths;
    size_t n;
    uint64_t steps;
} sizes;

/* Around the widths of vectors; one length is 0. */
static const int64_t small[] = {1, 7, 16, 0, 33, 257, 3};
static const sizes many_steps = {small, COUNT(small), 50};
/* Around the chunks (16384) and their seams. */
static const int64_t large[] = {5, 16384, 40001, 0, 20000};
static const sizes many_chunks = {large, COUNT(large), 6};

static void train(recur_ctx *cx, recur_params *ps, const recur_optim_config *config, uint64_t steps)
{
    recur_optim *o;
    double norm;
    ok(cx, recur_optim_create(&o, ps, config));
    for (uint64_t step = 0; step < steps; step++) {
        fill_gradients(ps, step % 5);
        ok(cx, recur_clip_grad_norm(ps, 20, step % 2 ? 2 : 3, &norm));
        ok(cx, recur_clip_grad_value(ps, 0.5));
        ok(cx, recur_optim_step(o));
    }
    recur_optim_free(o);
}

static void compare(const variant *v, const sizes *z, recur_dtype dtype, int threads, const char *isa)
{
    recur_ctx *a = context_of(1, "portable"), *b = context_of(threads, isa);
    recur_params *pa = params_of(a, dtype, z->lengths, z->n), *pb = params_of(b, dtype, z->lengths, z->n);
    train(a, pa, &v->config, z->steps);
    train(b, pb, &v->config, z->steps);
    assert_same_params(pa, pb);
    recur_params_free(pa);
    recur_params_free(pb);
    recur_ctx_free(a);
    recur_ctx_free(b);
}

static void instruction_sets_change_no_bit(void **state)
{
    (void)state;
    variant v[VARIANTS];
    variants(v);
    for (int isa = RCR_PORTABLE + 1; isa < RCR_ISA_COUNT; isa++) {
        if (!rcr_isa_usable((rcr_isa)isa))
            continue;
        for (int i = 0; i < VARIANTS; i++) {
            compare(&v[i], &many_steps, RECUR_F32, 1, rcr_isa_name((rcr_isa)isa));
            compare(&v[i], &many_steps, RECUR_F64, 1, rcr_isa_name((rcr_isa)isa));
        }
    }
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    static const int threads[] = {2, 3, 7};
    variant v[VARIANTS];
    variants(v);
    for (size_t k = 0; k < COUNT(threads); k++)
        for (int i = 0; i < VARIANTS; i += 3)
            compare(&v[i], &many_chunks, RECUR_F32, threads[k], NULL);
}

/* An element's update does not depend on where it stands: alone, or among others. */
static void neighbours_change_no_bit(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    int64_t one = 1, many = 37;
    variant v[VARIANTS];
    variants(v);
    for (int i = 0; i < VARIANTS; i++) {
        recur_params *alone = params_of(cx, RECUR_F32, &one, 1), *among = params_of(cx, RECUR_F32, &many, 1);
        recur_optim *a, *b;
        ok(cx, recur_optim_create(&a, alone, &v[i].config));
        ok(cx, recur_optim_create(&b, among, &v[i].config));
        for (uint64_t step = 0; step < 9; step++) {
            fill_gradients(alone, step);
            fill_gradients(among, step);
            ok(cx, recur_optim_step(a));
            ok(cx, recur_optim_step(b));
        }
        assert_true(recur_item(recur_params_at(alone, 0), 0) == recur_item(recur_params_at(among, 0), 0));
        recur_optim_free(a);
        recur_optim_free(b);
        recur_params_free(alone);
        recur_params_free(among);
    }
    recur_ctx_free(cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruction_sets_change_no_bit),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(neighbours_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
