// SPDX-License-Identifier: MIT
/* Optimizers as objects: saving and resuming, frozen parameters, groups, rates, wrong options, failing
 * allocations. */
#include "optim_test.h"

#include "support/fail_alloc.h"

static const int64_t lengths[] = {5, 16, 0, 1, 23};

static void steps(recur_ctx *cx, recur_params *ps, recur_optim *o, uint64_t from, uint64_t to)
{
    for (uint64_t k = from; k < to; k++) {
        fill_gradients(ps, k);
        ok(cx, recur_optim_step(o));
    }
}

/* ---- resuming ---- */

static void copy_params(recur_params *to, recur_params *from)
{
    for (size_t i = 0; i < recur_params_size(from); i++)
        memcpy(data_of(recur_params_at(to, i)), data_of(recur_params_at(from, i)),
               bytes_of(recur_params_at(from, i)));
}

static void copy_state(recur_optim *to, recur_optim *from)
{
    for (size_t i = 0; recur_optim_state(from, i); i++)
        memcpy(data_of(recur_optim_state(to, i)), data_of(recur_optim_state(from, i)),
               bytes_of(recur_optim_state(from, i)));
    recur_optim_set_steps(to, recur_optim_steps(from));
}

/* After `cut` steps everything moves into new objects; both go on to step 12. */
static void resume_at(recur_ctx *cx, const variant *v, recur_dtype dtype, uint64_t cut)
{
    recur_params *a = params_of(cx, dtype, lengths, COUNT(lengths)),
                 *b = params_of(cx, dtype, lengths, COUNT(lengths));
    recur_optim *oa, *ob;
    ok(cx, recur_optim_create(&oa, a, &v->config));
    recur_param_freeze(recur_params_at(a, 1), true);
    steps(cx, a, oa, 0, cut);
    ok(cx, recur_optim_create(&ob, b, &v->config));
    copy_params(b, a);
    copy_state(ob, oa);
    recur_param_freeze(recur_params_at(a, 1), false);
    steps(cx, a, oa, cut, 12);
    steps(cx, b, ob, cut, 12);
    assert_same_params(a, b);
    assert_same_state(oa, ob);
    assert_int_equal(recur_optim_steps(ob), 12);
    recur_optim_free(oa);
    recur_optim_free(ob);
    recur_params_free(a);
    recur_params_free(b);
}

static void resumed_runs_have_the_same_bits(void **state)
{
    (void)state;
    variant v[VARIANTS];
    variants(v);
    recur_ctx *cx = context();
    for (int i = 0; i < VARIANTS; i++)
        for (uint64_t cut = 0; cut < 12; cut += 3) {
            resume_at(cx, &v[i], RECUR_F32, cut);
            resume_at(cx, &v[i], RECUR_F64, cut);
        }
    recur_ctx_free(cx);
}

/* ---- frozen parameters ---- */

/* p0 is frozen for 4 steps and then trained as by an optimizer that is new: PyTorch counts each parameter's
 * steps for itself. */
static void frozen_parameters_stand_still(void **state)
{
    (void)state;
    variant v[VARIANTS];
    variants(v);
    recur_ctx *cx = context();
    for (int i = 0; i < VARIANTS; i++) {
        recur_params *a = params_of(cx, RECUR_F64, lengths, 2), *b = params_of(cx, RECUR_F64, lengths, 2);
        recur_optim *oa, *ob;
        ok(cx, recur_optim_create(&oa, a, &v[i].config));
        ok(cx, recur_optim_create(&ob, b, &v[i].config));
        recur_param_freeze(recur_params_at(a, 0), true);
        steps(cx, a, oa, 0, 4);
        assert_same_tensor(recur_params_at(a, 0), recur_params_at(b, 0));
        assert_true(recur_item(recur_grad(recur_params_at(a, 0)), 0) == 0);
        recur_param_freeze(recur_params_at(a, 0), false);
        steps(cx, a, oa, 4, 9);
        steps(cx, b, ob, 4, 9);
        assert_same_tensor(recur_params_at(a, 0), recur_params_at(b, 0));
        assert_true(recur_item(recur_params_at(a, 1), 0) != recur_item(recur_params_at(b, 1), 0));
        recur_optim_free(oa);
        recur_optim_free(ob);
        recur_params_free(a);
        recur_params_free(b);
    }
    recur_ctx_free(cx);
}

static void clipping_passes_frozen_parameters_over(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F64, lengths, 2);
    double norm;
    fill_gradients(ps, 0);
    recur_tensor *frozen = recur_grad(recur_params_at(ps, 0)), *free_one = recur_grad(recur_params_at(ps, 1));
    set_item(frozen, 0, 1e9);
    for (int64_t i = 0; i < recur_count(free_one); i++)
        set_item(free_one, i, 3);
    recur_param_freeze(recur_params_at(ps, 0), true);
    ok(cx, recur_clip_grad_norm(ps, 1, INFINITY, &norm));
    assert_true(norm == 3);
    assert_true(recur_item(frozen, 0) == 1e9);
    assert_true(fabs(recur_item(free_one, 5) - 3 / (3 + 1e-6)) < 1e-15);
    ok(cx, recur_clip_grad_value(ps, 0.25));
    assert_true(recur_item(frozen, 0) == 1e9 && recur_item(free_one, 5) == 0.25);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

/* A NaN makes every gradient NaN, whatever the norm; an infinite limit changes finite gradients in nothing.
 */
static void a_nan_spreads_as_in_pytorch(void **state)
{
    (void)state;
    static const double powers[] = {1, 2, 3, INFINITY};
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F64, lengths, 2);
    recur_tensor *first = recur_grad(recur_params_at(ps, 0)), *second = recur_grad(recur_params_at(ps, 1));
    for (size_t k = 0; k < COUNT(powers); k++) {
        double norm;
        fill_gradients(ps, 0);
        double before = recur_item(second, 7);
        ok(cx, recur_clip_grad_norm(ps, INFINITY, powers[k], &norm));
        assert_true(recur_item(second, 7) == before);
        set_item(first, 2, NAN);
        ok(cx, recur_clip_grad_norm(ps, 1, powers[k], &norm));
        assert_true(isnan(norm) && isnan(recur_item(second, 7)) && isnan(recur_item(first, 0)));
    }
    recur_params_free(ps);
    recur_ctx_free(cx);
}

/* A norm over several chunks, in each of the powers, against a plain sum. */
static void norms_of_large_gradients(void **state)
{
    (void)state;
    static const double powers[] = {1, 2, 3, 2.5};
    recur_ctx *cx = context_of(2, NULL);
    int64_t large[] = {40000, 3, 30000};
    recur_params *ps = params_of(cx, RECUR_F64, large, COUNT(large));
    for (size_t k = 0; k < COUNT(powers); k++) {
        double sum = 0, norm;
        fill_gradients(ps, k);
        for (size_t i = 0; i < COUNT(large); i++)
            for (int64_t j = 0; j < large[i]; j++)
                sum += pow(fabs(recur_item(recur_grad(recur_params_at(ps, i)), j)), powers[k]);
        ok(cx, recur_clip_grad_norm(ps, INFINITY, powers[k], &norm));
        double expected = pow(sum, 1 / powers[k]);
        if (!(fabs(norm - expected) < 1e-11 * expected))
            fail_msg("norm %.17g, expected %.17g", norm, expected);
    }
    recur_params_free(ps);
    recur_ctx_free(cx);
}

/* ---- groups and rates ---- */

static void groups_have_their_options_and_rates(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F64, lengths, 2);
    recur_optim *o;
    recur_optim_config c = recur_optim_defaults(RECUR_SGD), g;
    c.lr = 0.5;
    g = c;
    g.lr = 1;
    ok(cx, recur_optim_create(&o, ps, &c));
    ok(cx, recur_optim_group(o, "p1", &g));
    assert_true(recur_optim_lr(o) == 0.5);
    recur_optim_set_lr(o, 0.25); /* the group's is now 0.5 */
    double before = recur_item(recur_params_at(ps, 0), 1),
           before_group = recur_item(recur_params_at(ps, 1), 1);
    set_item(recur_grad(recur_params_at(ps, 0)), 1, 1);
    set_item(recur_grad(recur_params_at(ps, 1)), 1, 1);
    ok(cx, recur_optim_step(o));
    assert_true(recur_item(recur_params_at(ps, 0), 1) == before - 0.25);
    assert_true(recur_item(recur_params_at(ps, 1), 1) == before_group - 0.5);
    assert_int_equal(recur_optim_group(o, "p1", &g), RECUR_ESTATE);
    recur_optim_free(o);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

static void groups_have_the_state_they_need(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, 2);
    recur_optim *o;
    recur_optim_config c = recur_optim_defaults(RECUR_ADAM), g = c;
    g.amsgrad = true;
    ok(cx, recur_optim_create(&o, ps, &c));
    ok(cx, recur_optim_group(o, "p1", &g));
    assert_null(state_named(o, "p0.max_exp_avg_sq"));
    assert_non_null(state_named(o, "p1.max_exp_avg_sq"));
    assert_int_equal(recur_dtype_of(state_named(o, "p1.max_exp_avg_sq")), RECUR_F32);
    assert_int_equal(recur_dtype_of(state_named(o, "p1.step")), RECUR_F64);
    ok(cx, recur_optim_group(o, "p", &c));
    assert_null(state_named(o, "p1.max_exp_avg_sq"));
    assert_int_equal(recur_optim_group(o, "q", &c), RECUR_ENOTFOUND);
    g = recur_optim_defaults(RECUR_SGD);
    assert_int_equal(recur_optim_group(o, "p", &g), RECUR_EINVAL);
    recur_optim_free(o);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

/* Setting a momentum is the same as having had it from the beginning; where its buffer is missing, it is
 * refused. */
static void momentum_is_set_for_the_next_steps(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *a = params_of(cx, RECUR_F64, lengths, 2), *b = params_of(cx, RECUR_F64, lengths, 2);
    recur_optim *oa, *ob;
    recur_optim_config c = recur_optim_defaults(RECUR_NADAM);
    ok(cx, recur_optim_create(&oa, a, &c));
    c.beta1 = 0.5;
    ok(cx, recur_optim_create(&ob, b, &c));
    ok(cx, recur_optim_set_momentum(oa, 0.5));
    assert_int_equal(recur_optim_set_momentum(oa, 1.0), RECUR_EINVAL);
    steps(cx, a, oa, 0, 3);
    steps(cx, b, ob, 0, 3);
    assert_same_params(a, b);
    recur_optim_free(oa);
    recur_optim_free(ob);
    c = recur_optim_defaults(RECUR_SGD);
    ok(cx, recur_optim_create(&oa, a, &c));
    assert_int_equal(recur_optim_set_momentum(oa, 0.9), RECUR_ESTATE);
    ok(cx, recur_optim_set_momentum(oa, 0));
    recur_optim_free(oa);
    c = recur_optim_defaults(RECUR_ADAGRAD);
    ok(cx, recur_optim_create(&oa, a, &c));
    assert_int_equal(recur_optim_set_momentum(oa, 0.9), RECUR_EINVAL);
    recur_optim_free(oa);
    recur_params_free(a);
    recur_params_free(b);
    recur_ctx_free(cx);
}

/* A constant gradient: v - a^2 is 0 but for rounding, and must not become the root of a negative number. */
static void centered_rmsprop_survives_a_constant_gradient(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, 2);
    recur_optim *o;
    recur_optim_config c = recur_optim_defaults(RECUR_RMSPROP);
    c.centered = true;
    c.alpha = 0.5;
    ok(cx, recur_optim_create(&o, ps, &c));
    for (int k = 0; k < 200; k++) {
        for (int64_t i = 0; i < 16; i++)
            set_item(recur_grad(recur_params_at(ps, 1)), i, 0.1 * (double)(i + 1));
        ok(cx, recur_optim_step(o));
    }
    for (int64_t i = 0; i < 16; i++)
        assert_true(isfinite(recur_item(recur_params_at(ps, 1), i)) != 0);
    recur_optim_free(o);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

static void a_set_that_grew_is_refused(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, 2);
    recur_optim *o;
    recur_optim_config c = recur_optim_defaults(RECUR_ADAM);
    ok(cx, recur_optim_create(&o, ps, &c));
    recur_buffer(ps, "late", RECUR_F32, 0, NULL);
    assert_int_equal(recur_optim_step(o), RECUR_ESTATE);
    assert_int_equal(recur_optim_steps(o), 0);
    recur_optim_free(o);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

/* Buffers of the set are no parameters: they have no state and do not change. */
static void buffers_are_passed_over(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps;
    recur_optim *o;
    recur_optim_config c = recur_optim_defaults(RECUR_ADAMW);
    ok(cx, recur_params_create(&ps, cx, RECUR_F32, 0));
    recur_tensor *count = recur_buffer(ps, "n", RECUR_I64, 1, &lengths[0]);
    recur_tensor *w = recur_param(ps, "w", 1, &lengths[0]);
    recur_i64(count)[3] = 42;
    set_item(w, 3, 1);
    ok(cx, recur_optim_create(&o, ps, &c));
    set_item(recur_grad(w), 3, 1);
    ok(cx, recur_optim_step(o));
    assert_int_equal(recur_i64(count)[3], 42);
    assert_true(recur_item(w, 3) < 1);
    assert_string_equal(recur_name(recur_optim_state(o, 0)), "w.exp_avg");
    recur_optim_free(o);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

/* ---- wrong options ---- */

static const struct {
    recur_optim_kind kind;
    size_t offset;
    double value;
    const char *text;
} wrong[] = {
#define WRONG(kind, field, value, text)                        \
    {                                                          \
        kind, offsetof(recur_optim_config, field), value, text \
    }
    WRONG(RECUR_SGD, lr, -0.1, "sgd: lr must be in [0, inf), got -0.1"),
    WRONG(RECUR_SGD, momentum, -1, "sgd: momentum must be in [0, inf), got -1"),
    WRONG(RECUR_SGD, weight_decay, -1, "sgd: weight_decay"),
    WRONG(RECUR_SGD, lr, NAN, "got nan"),
    WRONG(RECUR_SGD, lr, INFINITY, "got inf"),
    WRONG(RECUR_ADAM, lr, -1, "adam: lr"),
    WRONG(RECUR_ADAM, eps, -1, "adam: eps"),
    WRONG(RECUR_ADAM, beta1, 1, "adam: beta1 must be in [0, 1), got 1"),
    WRONG(RECUR_ADAM, beta1, -0.1, "adam: beta1"),
    WRONG(RECUR_ADAM, beta2, 1.5, "adam: beta2 must be in [0, 1), got 1.5"),
    WRONG(RECUR_ADAM, weight_decay, -1, "adam: weight_decay"),
    WRONG(RECUR_ADAMW, beta2, -1, "adamw: beta2"),
    WRONG(RECUR_ADAMW, weight_decay, NAN, "adamw: weight_decay"),
    WRONG(RECUR_RMSPROP, alpha, -1, "rmsprop: alpha"),
    WRONG(RECUR_RMSPROP, eps, -1, "rmsprop: eps"),
    WRONG(RECUR_RMSPROP, momentum, -1, "rmsprop: momentum"),
    WRONG(RECUR_ADAGRAD, lr_decay, -1, "adagrad: lr_decay"),
    WRONG(RECUR_ADAGRAD, initial_accumulator, -1, "adagrad: initial_accumulator"),
    WRONG(RECUR_ADAGRAD, eps, -1, "adagrad: eps"),
    WRONG(RECUR_ADADELTA, rho, 1.1, "adadelta: rho must be in [0, 1], got 1.1"),
    WRONG(RECUR_ADADELTA, rho, -0.1, "adadelta: rho"),
    WRONG(RECUR_ADADELTA, eps, -1, "adadelta: eps"),
    WRONG(RECUR_NADAM, momentum_decay, -1, "nadam: momentum_decay"),
    WRONG(RECUR_NADAM, beta1, 1, "nadam: beta1"),
};

static void refuse(recur_params *ps, const recur_optim_config *c, const char *text)
{
    recur_optim *o = (recur_optim *)ps;
    const char *got;
    assert_int_equal(recur_optim_create(&o, ps, c), RECUR_EINVAL);
    assert_null(o);
    recur_error(recur_params_ctx(ps), &got);
    if (!strstr(got, text))
        fail_msg("\"%s\" does not say \"%s\"", got, text);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, 1);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        recur_optim_config c = recur_optim_defaults(wrong[i].kind);
        *(double *)(void *)((char *)&c + wrong[i].offset) = wrong[i].value;
        refuse(ps, &c, wrong[i].text);
    }
    recur_optim_config c = recur_optim_defaults(RECUR_SGD);
    c.nesterov = true;
    refuse(ps, &c, "sgd: nesterov needs a momentum above 0 and a dampening of 0");
    c.momentum = 0.9;
    c.dampening = 0.1;
    refuse(ps, &c, "nesterov");
    c.kind = (recur_optim_kind)99;
    refuse(ps, &c, "99");
    recur_params_free(ps);
    recur_ctx_free(cx);
}

static void wrong_limits_are_refused(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, 1);
    assert_int_equal(recur_clip_grad_norm(ps, -1, 2, NULL), RECUR_EINVAL);
    assert_int_equal(recur_clip_grad_norm(ps, NAN, 2, NULL), RECUR_EINVAL);
    assert_int_equal(recur_clip_grad_norm(ps, 1, 0.5, NULL), RECUR_EINVAL);
    assert_int_equal(recur_clip_grad_norm(ps, 1, NAN, NULL), RECUR_EINVAL);
    assert_int_equal(recur_clip_grad_value(ps, -1), RECUR_EINVAL);
    assert_int_equal(recur_clip_grad_value(ps, NAN), RECUR_EINVAL);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

/* PyTorch's defaults. */
static void defaults_are_accepted(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_params *ps = params_of(cx, RECUR_F32, lengths, 1);
    for (int kind = RECUR_SGD; kind <= RECUR_NADAM; kind++) {
        recur_optim *o;
        recur_optim_config c = recur_optim_defaults((recur_optim_kind)kind);
        assert_int_equal(c.kind, kind);
        ok(cx, recur_optim_create(&o, ps, &c));
        recur_optim_free(o);
    }
    assert_true(recur_optim_defaults(RECUR_ADAMW).weight_decay == 0.01);
    assert_true(recur_optim_defaults(RECUR_ADAGRAD).eps == 1e-10);
    assert_true(recur_optim_defaults(RECUR_ADADELTA).lr == 1);
    recur_params_free(ps);
    recur_ctx_free(cx);
}

/* ---- allocations ---- */

static recur_status train_with(recur_ctx *cx, recur_params *ps, const variant *v)
{
    recur_optim *o = NULL;
    recur_status s = recur_optim_create(&o, ps, &v->config);
    if (s == RECUR_OK) {
        recur_optim_config g = v->config;
        g.amsgrad = g.centered = true;
        size_t before = 0, after = 0;
        for (; recur_optim_state(o, before); before++) {
        }
        s = recur_optim_group(o, "p1", &g);
        for (; recur_optim_state(o, after); after++) {
        }
        if (s)
            assert_int_equal(before, after); /* a failure leaves all as it was */
    }
    if (s == RECUR_OK)
        s = recur_optim_step(o);
    recur_optim_free(o);
    (void)cx;
    return s;
}

static recur_status train_in(const recur_allocator *allocator, void *argument)
{
    recur_ctx *cx = NULL;
    recur_params *ps = NULL;
    recur_options opt = {.threads = 1, .allocator = allocator};
    recur_status s = recur_ctx_create(&cx, &opt);
    if (s)
        return s;
    s = recur_params_create(&ps, cx, RECUR_F32, 0);
    if (s == RECUR_OK && recur_param(ps, "p0", 1, &lengths[0]) && recur_param(ps, "p1", 1, &lengths[1]))
        s = train_with(cx, ps, argument);
    else if (s == RECUR_OK)
        s = recur_error(cx, NULL);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return s;
}

static void failing_allocations_leak_nothing(void **state)
{
    (void)state;
    variant v[VARIANTS];
    variants(v);
    for (int i = 0; i < VARIANTS; i++)
        assert_true(fail_alloc_each(train_in, &v[i]) > 5);
}

static void a_step_allocates_nothing(void **state)
{
    (void)state;
    fail_alloc f;
    fail_alloc_init(&f);
    recur_options opt = {.threads = 1, .allocator = &f.allocator};
    variant v[VARIANTS];
    variants(v);
    for (int i = 0; i < VARIANTS; i++) {
        recur_ctx *cx;
        recur_optim *o;
        double norm;
        ok(NULL, recur_ctx_create(&cx, &opt));
        recur_params *ps = params_of(cx, RECUR_F32, lengths, COUNT(lengths));
        ok(cx, recur_optim_create(&o, ps, &v[i].config));
        long calls = f.calls;
        ok(cx, recur_clip_grad_norm(ps, 1, 3, &norm));
        ok(cx, recur_clip_grad_value(ps, 1));
        steps(cx, ps, o, 0, 3);
        assert_int_equal(f.calls, calls);
        recur_optim_free(o);
        recur_params_free(ps);
        recur_ctx_free(cx);
    }
    fail_alloc_check(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumed_runs_have_the_same_bits),
        cmocka_unit_test(frozen_parameters_stand_still),
        cmocka_unit_test(clipping_passes_frozen_parameters_over),
        cmocka_unit_test(a_nan_spreads_as_in_pytorch),
        cmocka_unit_test(norms_of_large_gradients),
        cmocka_unit_test(groups_have_their_options_and_rates),
        cmocka_unit_test(groups_have_the_state_they_need),
        cmocka_unit_test(momentum_is_set_for_the_next_steps),
        cmocka_unit_test(centered_rmsprop_survives_a_constant_gradient),
        cmocka_unit_test(a_set_that_grew_is_refused),
        cmocka_unit_test(buffers_are_passed_over),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(wrong_limits_are_refused),
        cmocka_unit_test(defaults_are_accepted),
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(a_step_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
