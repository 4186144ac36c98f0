// SPDX-License-Identifier: MIT
/* Optimizers by their formulas: where eps stands, and what is corrected when (point 19 of reference/TRAPS.md).
 * The files of reference/optim/ have most eps so small that several places for it agree. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/graph.h"

/* Gives a parameter that begins at 0 the gradients g[0 .. n) in turn; its value then. */
static double descend(const recur_optim_config *config, const double *gradients, int n)
{
    graph g;
    recur_optim *o = NULL;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *w = recur_param(g.ps, "w", 0, NULL);
    assert_int_equal(recur_optim_create(&o, g.ps, config), RECUR_OK);
    for (int i = 0; i < n; i++) {
        recur_f64(recur_grad(w))[0] = gradients[i];
        assert_int_equal(recur_optim_step(o), RECUR_OK);
    }
    double value = recur_item(w, 0);
    recur_optim_free(o);
    graph_close(&g);
    return value;
}

static void assert_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-14 * fabs(want)))
        fail_msg("%.17g, not %.17g", got, want);
}

/* One step with the gradient 0.3, lr 1 and an eps that no place can hide. */
static void eps_stands_outside_the_root(void **state)
{
    static const recur_optim_kind kinds[] = {RECUR_ADAM, RECUR_ADAMW, RECUR_ADAGRAD, RECUR_RMSPROP};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        recur_optim_config c = recur_optim_defaults(kinds[i]);
        c.lr = 1.0;
        c.eps = 0.5;
        c.weight_decay = 0.0;
        double root = kinds[i] == RECUR_RMSPROP ? sqrt((1.0 - c.alpha) * 0.09) : 0.3;
        assert_near(descend(&c, (double[]){0.3}, 1), -0.3 / (root + 0.5));
    }
}

static void eps_stands_inside_the_roots_of_adadelta(void **state)
{
    (void)state;
    recur_optim_config c = recur_optim_defaults(RECUR_ADADELTA);
    c.eps = 0.5;
    double square = (1.0 - c.rho) * 0.09;
    assert_near(descend(&c, (double[]){0.3}, 1), -c.lr * sqrt(0.5) / sqrt(square + 0.5) * 0.3);
}

/* Two steps, the second without a gradient: the maximum is v1, and is corrected as the second. */
static void amsgrad_takes_the_maximum_before_the_correction(void **state)
{
    (void)state;
    recur_optim_config c = recur_optim_defaults(RECUR_ADAM);
    c.lr = 1.0;
    c.eps = 0.0;
    c.amsgrad = true;
    double m = c.beta1 * (1.0 - c.beta1), v = 1.0 - c.beta2;
    double second = m / (1.0 - c.beta1 * c.beta1) / sqrt(v / (1.0 - c.beta2 * c.beta2));
    assert_near(descend(&c, (double[]){1.0, 0.0}, 2), -1.0 - second);
}

static void adagrad_decays_from_the_second_step(void **state)
{
    (void)state;
    recur_optim_config c = recur_optim_defaults(RECUR_ADAGRAD);
    c.lr = 1.0;
    c.eps = 0.0;
    c.lr_decay = 0.25;
    assert_near(descend(&c, (double[]){2.0}, 1), -1.0);
    assert_near(descend(&c, (double[]){2.0, 2.0}, 2), -1.0 - 2.0 / sqrt(8.0) / 1.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eps_stands_outside_the_root),
        cmocka_unit_test(eps_stands_inside_the_roots_of_adadelta),
        cmocka_unit_test(amsgrad_takes_the_maximum_before_the_correction),
        cmocka_unit_test(adagrad_decays_from_the_second_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
