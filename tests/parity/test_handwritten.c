// SPDX-License-Identifier: MIT
/* Cells written out from primitive operations, as tutorials do, against PyTorch: the "handwritten" files of
 * reference/cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <recur/loss.h>
#include <recur/op.h>

#include "support/reference.h"

enum { MAX_STEPS = 64 };

typedef struct state {
    recur_tensor *h, *c;
} state;

typedef state cell_step(reference *r, recur_tensor *x, state s);

static recur_tensor *linear(reference *r, const char *name, recur_tensor *x)
{
    char weight[64], bias[64];
    strcat(strcpy(weight, name), ".weight");
    strcat(strcpy(bias, name), ".bias");
    recur_tensor *b = recur_params_find(r->ps, bias);
    return recur_linear(r->tp, x, recur_params_find(r->ps, weight), b);
}

/* [x, h] */
static recur_tensor *joined(reference *r, recur_tensor *x, recur_tensor *h)
{
    return recur_concat(r->tp, (recur_tensor *[]){x, h}, 2, -1);
}

/* c = f c + i g; h = o tanh(c) */
static state lstm_state(reference *r, recur_tensor *i, recur_tensor *f, recur_tensor *g, recur_tensor *o,
                        recur_tensor *c)
{
    recur_tape *tp = r->tp;
    c = recur_add(tp, recur_mul(tp, f, c), recur_mul(tp, i, g));
    return (state){recur_mul(tp, o, recur_tanh(tp, c)), c};
}

static state lstm_cat(reference *r, recur_tensor *x, state s)
{
    recur_tape *tp = r->tp;
    recur_tensor *a = recur_split(tp, linear(r, "linear", joined(r, x, s.h)), -1, 4, NULL);
    return lstm_state(r, recur_sigmoid(tp, a), recur_sigmoid(tp, recur_output(a, 1)),
                      recur_tanh(tp, recur_output(a, 2)), recur_sigmoid(tp, recur_output(a, 3)), s.c);
}

static state lstm_four(reference *r, recur_tensor *x, state s)
{
    recur_tape *tp = r->tp;
    recur_tensor *xh = joined(r, x, s.h);
    return lstm_state(r, recur_sigmoid(tp, linear(r, "linear_i", xh)),
                      recur_sigmoid(tp, linear(r, "linear_f", xh)), recur_tanh(tp, linear(r, "linear_c", xh)),
                      recur_sigmoid(tp, linear(r, "linear_o", xh)), s.c);
}

/* r, z = s(gates [x, h]); n = tanh(candidate [x, r h]); h = (1 - z) a + z b */
static state gru_before(reference *r, recur_tensor *x, state s, bool update_is_new)
{
    recur_tape *tp = r->tp;
    recur_tensor *rz = recur_split(tp, recur_sigmoid(tp, linear(r, "gates", joined(r, x, s.h))), -1, 2, NULL);
    recur_tensor *n = recur_tanh(tp, linear(r, "candidate", joined(r, x, recur_mul(tp, rz, s.h))));
    recur_tensor *z = recur_output(rz, 1), *keep = recur_affine(tp, z, -1.0, 1.0);
    recur_tensor *a = recur_mul(tp, keep, update_is_new ? s.h : n),
                 *b = recur_mul(tp, z, update_is_new ? n : s.h);
    return (state){recur_add(tp, a, b), NULL};
}

static state gru_before_z_new(reference *r, recur_tensor *x, state s)
{
    return gru_before(r, x, s, true);
}

static state gru_before_z_old(reference *r, recur_tensor *x, state s)
{
    return gru_before(r, x, s, false);
}

static void load_params(reference *r)
{
    recur_entry e;
    for (size_t i = 0; recur_archive_at(r->archive, i, &e) == RECUR_OK; i++)
        if (strncmp(e.name, "param.", 6) == 0)
            reference_param(r, e.name + 6);
}

/* Step t of an input [T, ...], without its first axis. */
static recur_tensor *step_of(reference *r, recur_tensor *x, int64_t t)
{
    int64_t shape[] = {recur_dim(x, 1), recur_dim(x, 2)};
    return recur_reshape(r->tp, recur_slice(r->tp, x, 0, t, t + 1, 1), 2, shape);
}

static void run_gated(reference *r)
{
    static const struct {
        const char *module;
        cell_step *step;
    } cells[] = {{"lstm_cat", lstm_cat},
                 {"lstm_four", lstm_four},
                 {"gru_before_z_new", gru_before_z_new},
                 {"gru_before_z_old", gru_before_z_old}};
    cell_step *step = NULL;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        if (reference_is(r, "module", cells[i].module))
            step = cells[i].step;
    assert_non_null(step);
    recur_tensor *in[3] = {reference_input(r, "input"), reference_input(r, "h0"), reference_input(r, "c0")};
    recur_tensor *hs[MAX_STEPS];
    int64_t T = recur_dim(in[0], 0),
            zero[] = {recur_dim(in[0], 1), (int64_t)reference_number(r, "hidden_size")};
    state s = {in[1] ? in[1] : recur_input(r->tp, r->dtype, 2, zero, NULL),
               in[2] ? in[2] : recur_input(r->tp, r->dtype, 2, zero, NULL)};
    for (int64_t t = 0; t < T; t++) {
        s = step(r, step_of(r, in[0], t), s);
        hs[t] = s.h;
    }
    recur_tensor *out[] = {recur_stack(r->tp, hs, (int)T, 0), s.h, s.c};
    reference_expect(r, "expect.output", out[0]);
    reference_expect(r, "expect.h_n", out[1]);
    if (reference_has(r, "expect.c_n"))
        reference_expect(r, "expect.c_n", out[2]);
    reference_ok(
        r, recur_backward(r->tp, reference_scalar(r, (const char *[]){"output", "h_n", "c_n"}, out, 3)));
    reference_expect_gradients(r, (const char *[]){"input", "h0", "c0"}, in, 3);
}

/* s = tanh(U x + W s + b), o = V s + c on column vectors; with tokens: loss = sum of -log softmax(o)[target].
 */
static void run_uwv(reference *r)
{
    recur_tape *tp = r->tp;
    recur_tensor *U = recur_params_find(r->ps, "U"), *Wm = recur_params_find(r->ps, "W"),
                 *V = recur_params_find(r->ps, "V");
    recur_tensor *b = recur_params_find(r->ps, "b"), *c = recur_params_find(r->ps, "c");
    recur_tensor *in[] = {reference_input(r, "input"), reference_input(r, "h0")};
    recur_tensor *states[MAX_STEPS], *outputs[MAX_STEPS];
    int64_t T = recur_dim(in[0], 0);
    recur_tensor *s = in[1] ? in[1] : recur_input(tp, r->dtype, 2, (int64_t[]){recur_dim(U, 0), 1}, NULL);
    for (int64_t t = 0; t < T; t++) {
        recur_tensor *a = recur_add(tp, recur_matmul(tp, U, step_of(r, in[0], t)), recur_matmul(tp, Wm, s));
        states[t] = s = recur_tanh(tp, recur_add(tp, a, b));
        outputs[t] = recur_add(tp, recur_matmul(tp, V, s), c);
    }
    recur_tensor *o = recur_stack(tp, outputs, (int)T, 0), *loss = NULL;
    reference_expect(r, "expect.states", recur_stack(tp, states, (int)T, 0));
    reference_expect(r, "expect.output", o);
    reference_expect(r, "expect.h_n", s);
    if (reference_has(r, "expect.loss")) {
        recur_class_loss options = RECUR_CLASS_LOSS;
        options.reduction = RECUR_SUM;
        reference_expect(r, "expect.prob", recur_softmax(tp, o, 1));
        recur_tensor *logits = recur_reshape(tp, o, 2, (int64_t[]){T, recur_dim(V, 0)});
        loss = recur_cross_entropy(tp, logits, reference_input(r, "targets"), options);
        reference_expect(r, "expect.loss", loss);
    } else {
        loss = reference_scalar(r, (const char *[]){"output", "h_n", "states"},
                                (recur_tensor *[]){o, s, recur_stack(tp, states, (int)T, 0)}, 3);
    }
    reference_ok(r, recur_backward(tp, loss));
    reference_expect_gradients(r, (const char *[]){"input", "h0"}, in, 2);
}

static void run_case(reference *r)
{
    load_params(r);
    if (strncmp(reference_text(r, "module"), "rnn_uwv", 7) == 0)
        run_uwv(r);
    else
        run_gated(r);
}

static void handwritten_cells_agree(void **st)
{
    (void)st;
    print_message("%d files\n", reference_each("cells", "kind", "handwritten", run_case));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(handwritten_cells_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
