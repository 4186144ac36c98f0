// SPDX-License-Identifier: MIT
/* Failing each allocation in turn in building, training, streaming: an error each time, nothing leaked,
 * nothing crashed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <recur/infer.h>

#include "determinism/train50.h"
#include "support/fail_alloc.h"

static recur_status two_steps(const recur_allocator *allocator, void *argument)
{
    uint64_t sum = 0;
    return train50_run(&(recur_options){.threads = 2, .allocator = allocator}, *(recur_cell *)argument,
                       RECUR_F32, 2, &sum);
}

static void training_steps(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) {
        recur_cell c = (recur_cell)cell;
        print_message("cell %d: %ld allocations\n", cell, fail_alloc_each(two_steps, &c));
    }
}

static recur_status layer_step(const recur_allocator *allocator, void *config)
{
    train50 m = {0};
    float x[3 * 2 * 3] = {0};
    recur_status s = recur_ctx_create(&m.cx, &(recur_options){.threads = 1, .allocator = allocator});
    s = s ? s : recur_params_create(&m.ps, m.cx, RECUR_F32, 1);
    s = s ? s : recur_tape_create(&m.tp, m.cx, 1);
    s = s ? s : recur_rnn_create(&m.rnn, m.ps, "", config);
    if (!s) {
        recur_tape_begin(m.tp, RECUR_TRAIN);
        recur_tensor *in = recur_input(m.tp, RECUR_F32, 3, (int64_t[]){3, 2, 3}, x);
        recur_tensor *y = recur_rnn_forward(m.tp, m.rnn, in, NULL, NULL, NULL).y;
        s = recur_backward(m.tp, recur_mean(m.tp, y, RECUR_ALL_AXES, false));
    }
    train50_destroy(&m);
    return s;
}

/* The composed layers put far more on the tape. */
static void composed_layers(void **state)
{
    (void)state;
    recur_rnn_config config = {
        .cell = RECUR_LSTM, .input = 3, .hidden = 4, .layers = 2, .bidirectional = true, .compose = true};
    print_message("%ld allocations\n", fail_alloc_each(layer_step, &config));
}

static void regularised_layers(void **state)
{
    (void)state;
    recur_rnn_config config = {.cell = RECUR_LSTM,
                               .input = 3,
                               .hidden = 400,
                               .layers = 2,
                               .variational = true,
                               .input_dropout = 0.5,
                               .recurrent_dropout = 0.5,
                               .zoneout_h = 0.5,
                               .zoneout_c = 0.5,
                               .weight_drop = 0.5};
    print_message("%ld allocations\n", fail_alloc_each(layer_step, &config));
}

static recur_status plan_of(train50 *m, recur_plan **plan)
{
    recur_rnn_config config = {.cell = RECUR_GRU, .input = 5, .hidden = 9, .layers = 2};
    recur_status s = recur_params_create(&m->ps, m->cx, RECUR_F32, 3);
    s = s ? s : recur_embedding_create(&m->embedding, m->ps, "e", 4, 5, RECUR_NO_PADDING);
    s = s ? s : recur_rnn_create(&m->rnn, m->ps, "rnn", &config);
    s = s ? s : recur_linear_create(&m->linear, m->ps, "l", 9, 2, true);
    s = s ? s : recur_plan_create(plan, m->cx);
    s = s ? s : recur_plan_embedding(*plan, &m->embedding);
    s = s ? s : recur_plan_rnn(*plan, m->rnn);
    return s ? s : recur_plan_linear(*plan, &m->linear);
}

static recur_status build_plan(const recur_allocator *allocator, void *argument)
{
    (void)argument;
    train50 m = {0};
    recur_plan *plan = NULL;
    recur_status s = recur_ctx_create(&m.cx, &(recur_options){.threads = 1, .allocator = allocator});
    s = s ? s : plan_of(&m, &plan);
    recur_plan_free(plan);
    train50_destroy(&m);
    return s;
}

static void plans(void **state)
{
    (void)state;
    print_message("%ld allocations\n", fail_alloc_each(build_plan, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_steps),
        cmocka_unit_test(composed_layers),
        cmocka_unit_test(regularised_layers),
        cmocka_unit_test(plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
