// SPDX-License-Identifier: MIT
/* What the tests of optimizers share: contexts, parameter sets with made-up values, comparisons. */
#ifndef TESTS_OPTIM_OPTIM_TEST_H
#define TESTS_OPTIM_OPTIM_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <recur/optim.h>

#include "base/cpu.h"
#include "base/random.h"
#include "optim/variants.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Fails with the library's text. */
static inline void ok(const recur_ctx *cx, recur_status s)
{
    const char *text = "no context";
    if (s && cx)
        recur_error(cx, &text);
    if (s)
        fail_msg("%s: %s", recur_status_name(s), text);
}

static inline recur_ctx *context_of(int threads, const char *isa)
{
    recur_ctx *cx;
    recur_options opt = {.threads = threads, .isa = isa};
    ok(NULL, recur_ctx_create(&cx, &opt));
    return cx;
}

static inline recur_ctx *context(void)
{
    return context_of(1, NULL);
}

/* Parameters named p0, p1, ... of the given lengths, with random values. */
static inline recur_params *params_of(recur_ctx *cx, recur_dtype dtype, const int64_t *lengths, size_t n)
{
    recur_params *ps;
    ok(cx, recur_params_create(&ps, cx, dtype, 1));
    for (size_t i = 0; i < n; i++) {
        char name[24];
        snprintf(name, sizeof name, "p%zu", i);
        recur_tensor *w = recur_param(ps, name, 1, &lengths[i]);
        assert_non_null(w);
        fill_random(w, 7, i);
    }
    return ps;
}

/* Gradients that are a function of the step alone; some elements are 0. */
static inline void fill_gradients(recur_params *ps, uint64_t step)
{
    for (size_t i = 0; i < recur_params_size(ps); i++) {
        recur_tensor *g = recur_grad(recur_params_at(ps, i));
        if (!g)
            continue;
        fill_random(g, 100 + step, i);
        if (recur_count(g) > 3)
            set_item(g, 2, 0);
    }
}

static inline size_t bytes_of(const recur_tensor *t)
{
    return (size_t)recur_count(t) * (recur_dtype_of(t) == RECUR_F32 ? 4 : 8);
}

static inline void *data_of(recur_tensor *t)
{
    return recur_dtype_of(t) == RECUR_F32 ? (void *)recur_f32(t) : (void *)recur_f64(t);
}

static inline void assert_same_tensor(recur_tensor *a, recur_tensor *b)
{
    assert_int_equal(bytes_of(a), bytes_of(b));
    if (memcmp(data_of(a), data_of(b), bytes_of(a)) != 0)
        fail_msg("%s: other bits", recur_name(a));
}

static inline void assert_same_params(const recur_params *a, const recur_params *b)
{
    assert_int_equal(recur_params_size(a), recur_params_size(b));
    for (size_t i = 0; i < recur_params_size(a); i++)
        assert_same_tensor(recur_params_at(a, i), recur_params_at(b, i));
}

static inline void assert_same_state(recur_optim *a, recur_optim *b)
{
    size_t i = 0;
    for (; recur_optim_state(a, i); i++) {
        assert_string_equal(recur_name(recur_optim_state(a, i)), recur_name(recur_optim_state(b, i)));
        assert_same_tensor(recur_optim_state(a, i), recur_optim_state(b, i));
    }
    assert_null(recur_optim_state(b, i));
}

static inline recur_tensor *state_named(recur_optim *o, const char *name)
{
    for (size_t i = 0; recur_optim_state(o, i); i++)
        if (strcmp(recur_name(recur_optim_state(o, i)), name) == 0)
            return recur_optim_state(o, i);
    return NULL;
}

#endif
