// SPDX-License-Identifier: MIT
/* Recurrent layers and cells against PyTorch: every file of reference/rnn, reference/edges and
 * reference/cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <recur/op.h>
#include <recur/rnn.h>

#include "support/reference.h"

static recur_cell cell_of(const reference *r)
{
    const char *module = reference_text(r, "module");
    if (strncmp(module, "LSTM", 4) == 0)
        return RECUR_LSTM;
    if (strncmp(module, "GRU", 3) == 0)
        return RECUR_GRU;
    return reference_is(r, "nonlinearity", "relu") ? RECUR_RNN_RELU : RECUR_RNN_TANH;
}

static const char *const states[] = {"input", "h0", "c0"};
static const char *const results[] = {"output", "h_n", "c_n"};

/* Results and gradients of a run whose inputs are in `in` and whose results are in `out`. */
static void check_run(reference *r, recur_tensor *const in[3], recur_tensor *const out[3])
{
    for (int i = 0; i < 3; i++) {
        char name[64] = "expect.";
        strcat(name, results[i]);
        if (reference_has(r, name))
            reference_expect(r, name, out[i]);
    }
    if (!reference_flag(r, "backward"))
        return;
    reference_ok(r, recur_backward(r->tp, reference_scalar(r, results, out, 3)));
    reference_expect_gradients(r, states, in, 3);
}

static recur_rnn_config layer_config(const reference *r)
{
    return (recur_rnn_config){.cell = cell_of(r),
                              .input = (int64_t)reference_number(r, "input_size"),
                              .hidden = (int64_t)reference_number(r, "hidden_size"),
                              .layers = (int)reference_number(r, "num_layers"),
                              .proj = (int64_t)reference_number(r, "proj_size"),
                              .bidirectional = reference_flag(r, "bidirectional"),
                              .no_bias = !reference_flag(r, "bias"),
                              .batch_first = reference_flag(r, "batch_first"),
                              .dropout = reference_number(r, "dropout")};
}

static bool compose;

static void run_layer(reference *r)
{
    recur_rnn *rnn = NULL;
    recur_rnn_config config = layer_config(r);
    config.compose = compose;
    reference_ok(r, recur_rnn_create(&rnn, r->ps, "", &config));
    reference_ok(r, recur_params_load(r->ps, r->archive, "param.", RECUR_LOAD_EXTRA));
    recur_tape_begin(r->tp, reference_flag(r, "training") ? RECUR_TRAIN : RECUR_EVAL);
    recur_tensor *in[3] = {reference_input(r, "input"), reference_input(r, "h0"), reference_input(r, "c0")};
    recur_tensor *lengths = reference_flag(r, "packed") ? reference_input(r, "lengths") : NULL;
    recur_rnn_out o = recur_rnn_forward(r->tp, rnn, in[0], lengths, in[1], in[2]);
    check_run(r, in, (recur_tensor *[]){o.y, o.h, o.c});
    recur_rnn_free(rnn);
}

static void layers_agree(void **state)
{
    (void)state;
    compose = false;
    print_message("%d files\n", reference_each("rnn", NULL, NULL, run_layer));
}

static void composed_layers_agree(void **state)
{
    (void)state;
    compose = true;
    print_message("%d files\n", reference_each("rnn", NULL, NULL, run_layer));
}

static void edges_agree(void **state)
{
    (void)state;
    compose = false;
    print_message("%d files\n", reference_each("edges", NULL, NULL, run_layer));
}

static void composed_edges_agree(void **state)
{
    (void)state;
    compose = true;
    print_message("%d files\n", reference_each("edges", NULL, NULL, run_layer));
}

/* steps 0: one call; else a loop whose hidden states are stacked. */
static void run_cell(reference *r)
{
    recur_rnn_cell c;
    int64_t steps = (int64_t)reference_number(r, "steps");
    recur_tensor *hs[64];
    reference_ok(
        r, recur_rnn_cell_create(&c, r->ps, "", cell_of(r), (int64_t)reference_number(r, "input_size"),
                                 (int64_t)reference_number(r, "hidden_size"), reference_flag(r, "bias")));
    reference_ok(r, recur_params_load(r->ps, r->archive, "param.", RECUR_LOAD_EXTRA));
    recur_tensor *in[3] = {reference_input(r, "input"), reference_input(r, "h0"), reference_input(r, "c0")};
    recur_rnn_out o = {NULL, in[1], in[2]};
    assert_true(steps < 64);
    for (int64_t t = 0; t < steps; t++) {
        recur_tensor *x = recur_slice(r->tp, in[0], 0, t, t + 1, 1);
        x = recur_reshape(r->tp, x, recur_rank(in[0]) - 1,
                          (int64_t[]){recur_dim(in[0], 1), recur_dim(in[0], 2)});
        o = recur_rnn_cell_forward(r->tp, &c, x, o.h, o.c);
        hs[t] = o.h;
    }
    if (!steps)
        o = recur_rnn_cell_forward(r->tp, &c, in[0], o.h, o.c);
    check_run(r, in, (recur_tensor *[]){steps ? recur_stack(r->tp, hs, (int)steps, 0) : NULL, o.h, o.c});
}

static void cells_agree(void **state)
{
    (void)state;
    print_message("%d files\n", reference_each("cells", "kind", "cell", run_cell));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_agree), cmocka_unit_test(composed_layers_agree),
        cmocka_unit_test(edges_agree),  cmocka_unit_test(composed_edges_agree),
        cmocka_unit_test(cells_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
