// SPDX-License-Identifier: MIT
/* Layers applied step by step, whose packed weights the tape keeps: the bits of layers that are used once each, nothing
 * kept over recur_tape_begin(), allocations that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include "support/fail_alloc.h"
#include "support/graph.h"

#include <stdio.h>
#include <string.h>

enum { T = 5, B = 7, I = 3, H = 19, L = 2, PARAMS = 12 * L };

static const recur_rnn_config configs[] = {
    {.cell = RECUR_RNN_TANH},
    {.cell = RECUR_RNN_RELU},
    {.cell = RECUR_LSTM},
    {.cell = RECUR_LSTM, .proj = 4},
    {.cell = RECUR_GRU},
    {.cell = RECUR_GRU_ORIGINAL},
    {.cell = RECUR_LSTM, .layer_norm = true},
    {.cell = RECUR_GRU, .layer_norm = true},
};

enum { CONFIGS = sizeof configs / sizeof *configs };

static recur_rnn_config config_of(int i)
{
    recur_rnn_config c = configs[i];
    c.input = I;
    c.hidden = H;
    c.layers = L;
    return c;
}

/* T steps, step t by rnn[t]. x [T] gets the inputs; the loss tells all numbers of all y apart. */
static recur_tensor *steps(recur_tape *tp, recur_rnn *const *rnn, recur_tensor **x)
{
    recur_rnn_out out = {NULL, NULL, NULL};
    recur_tensor *y[T];
    for (int t = 0; t < T; t++) {
        x[t] = recur_track(graph_input(tp, RECUR_F32, (dims)DIMS(1, B, I), -1, 1, (unsigned)t));
        out = recur_rnn_forward(tp, rnn[t], x[t], NULL, out.h, out.c);
        y[t] = out.y;
    }
    return graph_weigh(tp, recur_concat(tp, y, T, 0));
}

typedef struct outcome {
    double loss, dx[T * B * I], dw[PARAMS * 4 * H * H];
    int weights;
} outcome;

static void take(outcome *o, recur_params *ps, recur_tensor *loss, recur_tensor *const *x, int rnns)
{
    size_t each = recur_params_size(ps) / (size_t)rnns;
    *o = (outcome){.loss = recur_item(loss, 0)};
    for (int t = 0; t < T; t++)
        for (int64_t i = 0; i < B * I; i++)
            o->dx[t * B * I + i] = recur_item(recur_grad(x[t]), i);
    for (size_t k = 0; k < each; k++)
        for (int64_t i = 0; i < recur_count(recur_params_at(ps, k)); i++, o->weights++)
            for (int r = 0; r < rnns; r++)
                o->dw[o->weights] += recur_item(recur_grad(recur_params_at(ps, (size_t)r * each + k)), i);
}

/* The same numbers in all of `rnns` layers, whatever their names; `factor` tells one time from another. */
static void set_weights(recur_params *ps, int rnns, float factor)
{
    size_t each = recur_params_size(ps) / (size_t)rnns;
    for (size_t k = 0; k < recur_params_size(ps); k++) {
        recur_tensor *w = recur_params_at(ps, k);
        for (int64_t i = 0; i < recur_count(w); i++)
            recur_f32(w)[i] = factor * sinf((float)(k % each * 100 + (size_t)i));
    }
}

/* One layer for all steps or one for each, on a tape that has done `before` steps with other weights. */
static void run(outcome *o, int config, bool one, int before, recur_options how)
{
    graph g;
    recur_rnn *rnn[T], *used[T];
    recur_tensor *x[T], *loss = NULL;
    recur_rnn_config c = config_of(config);
    int rnns = one ? 1 : T;
    graph_open(&g, RECUR_F32, &how);
    for (int t = 0; t < rnns; t++) {
        char name[8];
        snprintf(name, sizeof name, "r%d", t);
        assert_int_equal(recur_rnn_create(&rnn[t], g.ps, name, &c), RECUR_OK);
    }
    for (int t = 0; t < T; t++)
        used[t] = rnn[one ? 0 : t];
    for (int s = 0; s <= before; s++) {
        set_weights(g.ps, rnns, s < before ? 0.5f : 0.2f);
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_zero_grad(g.ps);
        loss = steps(g.tp, used, x);
        assert_int_equal(recur_backward(g.tp, loss), RECUR_OK);
    }
    take(o, g.ps, loss, x, rnns);
    for (int t = 0; t < rnns; t++)
        recur_rnn_free(rnn[t]);
    graph_close(&g);
}

static void check_near(const outcome *a, const outcome *b)
{
    assert_true(a->loss == b->loss);
    assert_memory_equal(a->dx, b->dx, sizeof a->dx);
    assert_int_equal(a->weights, b->weights);
    for (int i = 0; i < a->weights; i++)
        assert_true(fabs(a->dw[i] - b->dw[i]) < 1e-4 * (1 + fabs(a->dw[i])));
}

/* Layers of which each step has its own use every weight once: nothing is kept. */
static void test_bits(void **state)
{
    static outcome apart, kept;
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        run(&apart, i, false, 0, (recur_options){.threads = 1});
        run(&kept, i, true, 0, (recur_options){.threads = 3});
        check_near(&apart, &kept);
        run(&kept, i, true, 0, (recur_options){.threads = 1, .isa = "portable"});
        check_near(&apart, &kept);
    }
}

static void test_next_step(void **state)
{
    static outcome fresh, later;
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        run(&fresh, i, true, 0, (recur_options){.threads = 1});
        run(&later, i, true, 2, (recur_options){.threads = 1});
        assert_memory_equal(&fresh, &later, sizeof fresh);
    }
}

/* The same where nothing may be NULL but by a recorded error. */
static recur_tensor *plain_steps(recur_tape *tp, const recur_rnn *rnn)
{
    recur_rnn_out out = {NULL, NULL, NULL};
    recur_tensor *sum = NULL;
    for (int t = 0; t < 3; t++) {
        recur_tensor *x = recur_input(tp, RECUR_F32, 3, (int64_t[]){1, B, I}, NULL);
        out = recur_rnn_forward(tp, rnn, x, NULL, out.h, out.c);
        recur_tensor *y = recur_sum(tp, out.y, RECUR_ALL_AXES, false);
        sum = t == 0 ? y : recur_add(tp, sum, y);
    }
    return sum;
}

static recur_status work(const recur_allocator *allocator, void *argument)
{
    recur_rnn_config config = config_of(*(int *)argument);
    recur_ctx *cx = NULL;
    recur_tape *tp = NULL;
    recur_params *ps = NULL;
    recur_rnn *rnn = NULL;
    recur_status s = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (!s)
        s = recur_params_create(&ps, cx, RECUR_F32, 1);
    if (!s)
        s = recur_tape_create(&tp, cx, 1);
    if (!s)
        s = recur_rnn_create(&rnn, ps, "r", &config);
    if (!s)
        s = recur_backward(tp, plain_steps(tp, rnn));
    recur_rnn_free(rnn);
    recur_tape_free(tp);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return s;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    for (int i = 0; i < CONFIGS; i++)
        assert_true(fail_alloc_each(work, &i) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_next_step),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
