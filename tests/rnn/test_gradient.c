// SPDX-License-Identifier: MIT
/* Recurrent layers: every gradient against finite differences, and the fused scan against its composed twin.
 */
#include "case.h"

#include <math.h>

/* Every cell with each of: layers, directions, biases, projection, batch first, lengths, states; more units
 * than one vector. */
static rnn_case variant(recur_cell cell, int i)
{
    rnn_case k = {.config = {.cell = cell, .input = 3, .hidden = 5}, .T = 4, .B = 3, .dtype = RECUR_F64};
    k.config.layers = 1 + (i & 1);
    k.config.bidirectional = i >> 1 & 1;
    k.lengths = i >> 2 & 1;
    k.states = i >> 3 & 1;
    k.config.no_bias = i % 5 == 4;
    k.config.batch_first = i % 3 == 1;
    k.config.dropout = i % 4 == 3 ? 0.4 : 0.0;
    k.config.proj = cell == RECUR_LSTM && i % 3 == 2 ? 2 : 0;
    if (i == 13) {
        k.config.hidden = 19;
        k.B = 2;
    }
    return k;
}

static void gradients_agree_with_differences(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (int i = 0; i < 16; i++) {
            rnn_case k = variant((recur_cell)cell, i);
            rnn_setup s;
            double worst = 1.0;
            setup_rnn(&s, &k);
            recur_tape_begin(s.tp, RECUR_TRAIN);
            recur_status st = recur_gradcheck(s.tp, s.ps, rnn_scalar, &s, 1e-5, &worst);
            if (st || worst > 1e-7)
                print_error("cell %d variant %d: status %d, worst %g\n", cell, i, st, worst);
            assert_int_equal(st, RECUR_OK);
            assert_true(worst < 1e-7);
            teardown_rnn(&s);
        }
}

static void assert_close(recur_tensor *a, recur_tensor *b)
{
    assert_int_equal(recur_count(a), recur_count(b));
    for (int64_t i = 0; i < recur_count(a); i++) {
        double x = recur_item(a, i), y = recur_item(b, i);
        if (!(fabs(x - y) <= 1e-12 * (1.0 + fabs(y))))
            print_error("%s element %lld: %.17g against %.17g\n", recur_name(a), (long long)i, x, y);
        assert_true(fabs(x - y) <= 1e-12 * (1.0 + fabs(y)));
    }
}

static void fused_equals_composed(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (int i = 0; i < 16; i++) {
            rnn_case fused = variant((recur_cell)cell, i), composed = fused;
            rnn_setup a, b;
            fused.config.dropout = composed.config.dropout = 0.0; /* masks depend on the place on the tape */
            composed.config.compose = true;
            setup_rnn(&a, &fused);
            setup_rnn(&b, &composed);
            run_rnn(&a);
            run_rnn(&b);
            assert_close(a.out.y, b.out.y);
            assert_close(a.out.h, b.out.h);
            if (cell == RECUR_LSTM)
                assert_close(a.out.c, b.out.c);
            for (size_t p = 0; p < recur_params_size(a.ps); p++)
                assert_close(recur_grad(recur_params_at(a.ps, p)), recur_grad(recur_params_at(b.ps, p)));
            teardown_rnn(&a);
            teardown_rnn(&b);
        }
}

static void cell_steps_equal_the_layer(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++) {
        rnn_case k = {.config = {.cell = (recur_cell)cell, .input = 3, .hidden = 5},
                      .T = 4,
                      .B = 3,
                      .dtype = RECUR_F64};
        rnn_setup s;
        setup_rnn(&s, &k);
        run_rnn(&s);
        const char *const names[] = {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0",
                                     "rnn.bias_hh_l0"};
        recur_rnn_cell c = {(recur_cell)cell, recur_params_find(s.ps, names[0]),
                            recur_params_find(s.ps, names[1]), recur_params_find(s.ps, names[2]),
                            recur_params_find(s.ps, names[3])};
        recur_rnn_out st = {NULL, NULL, NULL};
        for (int64_t t = 0; t < k.T; t++) {
            recur_tensor *x = recur_slice(s.tp, s.x, 0, t, t + 1, 1);
            st = recur_rnn_cell_forward(s.tp, &c, recur_reshape(s.tp, x, 2, (int64_t[]){k.B, 3}), st.h, st.c);
        }
        assert_non_null(st.h);
        assert_memory_equal(recur_f64(st.h), recur_f64(s.out.h), (size_t)(k.B * 5) * sizeof(double));
        teardown_rnn(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(fused_equals_composed),
        cmocka_unit_test(cell_steps_equal_the_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
