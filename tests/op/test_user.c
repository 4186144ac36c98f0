// SPDX-License-Identifier: MIT
/* Operations of a user, through the public interface alone: one with two inputs (one of them optional), two
 * outputs, parameters and saved bytes, beside built-in ones; and a cell written from primitives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>

#include <cmocka.h>

#include <recur/recur.h>

/* y = scale * x / (1 + |x|) + b, z = the number of elements of x above 0, as it were: the sum of max(x, 0).
 */
static recur_status soft_shape(recur_call *c)
{
    recur_tensor *x = recur_call_in(c, 0), *b = recur_call_in(c, 1);
    if (!x || recur_rank(x) != 1 || (b && recur_dim(b, 0) != recur_dim(x, 0)))
        return recur_call_fail(c, RECUR_ESHAPE, "wants vectors of one length");
    int64_t n = recur_dim(x, 0);
    recur_status s = recur_call_declare(c, RECUR_F64, 1, &n);
    if (!s)
        s = recur_call_declare(c, RECUR_F64, 0, NULL);
    return s ? s : recur_call_save(c, (size_t)n * sizeof(double));
}

static void soft_forward(recur_call *c)
{
    const double *x = recur_f64(recur_call_in(c, 0)), *b = recur_f64(recur_call_in(c, 1));
    double scale = *(const double *)recur_call_params(c), *slope = recur_call_saved(c);
    double *y = recur_f64(recur_call_out(c, 0)), *z = recur_f64(recur_call_out(c, 1));
    *z = 0.0;
    for (int64_t i = 0; i < recur_count(recur_call_in(c, 0)); i++) {
        double d = 1.0 + fabs(x[i]);
        y[i] = scale * x[i] / d + (b ? b[i] : 0.0);
        slope[i] = scale / (d * d);
        *z += x[i] > 0.0 ? x[i] : 0.0;
    }
}

static void soft_backward(recur_call *c)
{
    const double *x = recur_f64(recur_call_in(c, 0)), *slope = recur_call_saved(c);
    const double *dy = recur_call_dout(c, 0), *dz = recur_call_dout(c, 1);
    double *dx = recur_call_din(c, 0), *db = recur_call_din(c, 1);
    for (int64_t i = 0; i < recur_count(recur_call_in(c, 0)); i++) {
        if (dx)
            dx[i] += (dy ? dy[i] * slope[i] : 0.0) + (dz && x[i] > 0.0 ? *dz : 0.0);
        if (db && dy)
            db[i] += dy[i];
    }
}

static const recur_op soft_op = {"soft", soft_shape, soft_forward, soft_backward};

static recur_tensor *soft(recur_tape *tp, recur_tensor *x, recur_tensor *b, double scale)
{
    return recur_apply(tp, &soft_op, (recur_tensor *[]){x, b}, 2, &scale, sizeof scale);
}

typedef struct model {
    recur_tensor *x, *b, *w;
    int outputs; /* 1: y alone, 2: z alone, 3: both */
} model;

static recur_tensor *user_graph(recur_tape *tp, void *user)
{
    const model *m = user;
    recur_tensor *y = soft(tp, recur_mul(tp, m->x, m->w), m->b, 3.0), *z = recur_output(y, 1);
    recur_tensor *sum = recur_sum(tp, recur_mul(tp, y, y), RECUR_ALL_AXES, false),
                 *cube = recur_mul(tp, z, recur_mul(tp, z, z));
    return m->outputs == 1 ? sum : m->outputs == 2 ? cube : recur_add(tp, sum, cube);
}

static void fill(recur_tensor *t, double a)
{
    for (int64_t i = 0; i < recur_count(t); i++)
        recur_f64(t)[i] = a * (0.3 + 0.37 * (double)i * (i % 2 ? 1.0 : -1.0));
}

typedef struct fixture {
    recur_ctx *cx;
    recur_tape *tp;
    recur_params *ps;
} fixture;

static fixture open_fixture(void)
{
    fixture f;
    assert_int_equal(recur_ctx_create(&f.cx, NULL), RECUR_OK);
    assert_int_equal(recur_tape_create(&f.tp, f.cx, 1), RECUR_OK);
    assert_int_equal(recur_params_create(&f.ps, f.cx, RECUR_F64, 1), RECUR_OK);
    return f;
}

static void close_fixture(fixture *f)
{
    recur_params_free(f->ps);
    recur_tape_free(f->tp);
    recur_ctx_free(f->cx);
}

static void test_gradients(void **state)
{
    (void)state;
    for (int outputs = 1; outputs < 4; outputs++)
        for (int with_b = 0; with_b < 2; with_b++) {
            fixture f = open_fixture();
            int64_t n = 5;
            model m = {recur_param(f.ps, "x", 1, &n), with_b ? recur_param(f.ps, "b", 1, &n) : NULL,
                       recur_param(f.ps, "w", 1, &n), outputs};
            fill(m.x, 1.0);
            fill(m.w, -0.7);
            double worst = 1.0;
            assert_int_equal(recur_gradcheck(f.tp, f.ps, user_graph, &m, 0.0, &worst), RECUR_OK);
            assert_true(worst < 1e-8);
            close_fixture(&f);
        }
}

static void test_refusal(void **state)
{
    (void)state;
    fixture f = open_fixture();
    const char *text;
    recur_tensor *x = recur_input(f.tp, RECUR_F64, 2, (int64_t[]){1, 1}, NULL);
    assert_null(soft(f.tp, x, NULL, 1.0));
    assert_int_equal(recur_error(f.cx, &text), RECUR_ESHAPE);
    assert_string_equal(text, "soft: wants vectors of one length");
    close_fixture(&f);
}

/* --- a minimal gated unit (Zhou et al. 2016) from primitives: f = s(W [x, h]), h' = (1 - f) h + f tanh(U [x,
 * f h]) --- */

typedef struct cell {
    recur_tensor *x, *W, *U;
} cell;

static recur_tensor *cell_graph(recur_tape *tp, void *user)
{
    const cell *m = user;
    recur_tensor *h = recur_input(tp, RECUR_F64, 2, (int64_t[]){2, 3}, NULL);
    for (int64_t t = 0; t < recur_dim(m->x, 0); t++) {
        recur_tensor *x = recur_reshape(tp, recur_slice(tp, m->x, 0, t, t + 1, 1), 2, (int64_t[]){2, -1});
        recur_tensor *f =
            recur_sigmoid(tp, recur_linear(tp, recur_concat(tp, (recur_tensor *[]){x, h}, 2, 1), m->W, NULL));
        recur_tensor *gated = recur_concat(tp, (recur_tensor *[]){x, recur_mul(tp, f, h)}, 2, 1);
        recur_tensor *n = recur_tanh(tp, recur_linear(tp, gated, m->U, NULL));
        h = recur_add(tp, recur_mul(tp, recur_affine(tp, f, -1.0, 1.0), h), recur_mul(tp, f, n));
    }
    return recur_mean(tp, recur_mul(tp, h, h), RECUR_ALL_AXES, false);
}

static void test_cell(void **state)
{
    (void)state;
    fixture f = open_fixture();
    cell m = {recur_param(f.ps, "x", 3, (int64_t[]){4, 2, 2}), recur_param(f.ps, "W", 2, (int64_t[]){3, 5}),
              recur_param(f.ps, "U", 2, (int64_t[]){3, 5})};
    fill(m.x, 0.1);
    fill(m.W, 0.2);
    fill(m.U, -0.2);
    double worst = 1.0;
    assert_int_equal(recur_gradcheck(f.tp, f.ps, cell_graph, &m, 0.0, &worst), RECUR_OK);
    assert_true(worst < 1e-8);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
