// SPDX-License-Identifier: MIT
/*
 * An operation of your own: exponential smoothing with a learnt rate, the simplest recurrence there is, as
 * one operation over the whole sequence. For each feature on its own
 *
 *     forward,  t = 1 .. T      h_t = a h_{t-1} + (1 - a) x_t,    h_0 = 0
 *     backward, t = T .. 1      dh_t += a dh_{t+1}
 *                               dx_t += (1 - a) dh_t
 *                               da   += (h_{t-1} - x_t) dh_t
 *
 * The structure recur_op is what the built-in operations use too. `shape` checks the inputs and declares the
 * output; `backward` adds to the gradients of those inputs that somebody needs.
 *
 *     cc 10_own_operation.c $(pkg-config --cflags --libs recur) -lm -o own && ./own
 *
 * Prints how far the gradients are from finite differences, then learns a: a level x wanders at random and is
 * seen through noise, and h_t is to forecast the next sighting. For that case the best 1 - a is known (Muth
 * 1960), and the program fails if it does not come near.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum { N = 4000, STEPS = 150 };

/* --- the operation: x [T, B, F], a [F] -> h [T, B, F] --- */

static recur_status smooth_shape(recur_call *c)
{
    recur_tensor *x = recur_call_in(c, 0), *a = recur_call_in(c, 1);
    if (recur_dtype_of(x) != RECUR_F64 || recur_dtype_of(a) != RECUR_F64)
        return recur_call_fail(c, RECUR_EDTYPE, "smooth: x and a must be float64");
    if (recur_rank(x) != 3 || recur_rank(a) != 1 || recur_dim(x, 2) != recur_dim(a, 0))
        return recur_call_fail(c, RECUR_ESHAPE, "smooth: x must be [T, B, F] and a [F]");
    int64_t shape[] = {recur_dim(x, 0), recur_dim(x, 1), recur_dim(x, 2)};
    return recur_call_declare(c, RECUR_F64, 3, shape);
}

/* Step t of x and h begins at i = t * B * F; element i has its predecessor at i - B * F. */
static void smooth_forward(recur_call *c)
{
    recur_tensor *x = recur_call_in(c, 0);
    int64_t F = recur_dim(x, 2), BF = recur_dim(x, 1) * F;
    const double *v = recur_f64(x), *a = recur_f64(recur_call_in(c, 1));
    double *h = recur_f64(recur_call_out(c, 0));
    for (int64_t i = 0; i < recur_count(x); i++) {
        double before = i < BF ? 0 : h[i - BF];
        h[i] = a[i % F] * before + (1 - a[i % F]) * v[i];
    }
}

/* dh_t is complete when its turn comes: what h_{t+1} gives to it has been kept in `later`. */
static void smooth_backward(recur_call *c)
{
    recur_tensor *x = recur_call_in(c, 0);
    int64_t F = recur_dim(x, 2), BF = recur_dim(x, 1) * F;
    const double *v = recur_f64(x), *a = recur_f64(recur_call_in(c, 1)), *h = recur_f64(recur_call_out(c, 0));
    const double *dout = recur_call_dout(c, 0);
    double *dx = recur_call_din(c, 0), *da = recur_call_din(c, 1); /* NULL where nobody asks */
    for (int64_t j = 0; j < BF; j++) {
        double dh = 0;
        for (int64_t i = recur_count(x) - BF + j; i >= 0; i -= BF) {
            dh = dout[i] + a[j % F] * dh;
            if (dx)
                dx[i] += (1 - a[j % F]) * dh;
            if (da)
                da[j % F] += ((i < BF ? 0 : h[i - BF]) - v[i]) * dh;
        }
    }
}

static const recur_op smooth_op = {"smooth", smooth_shape, smooth_forward, smooth_backward};

static recur_tensor *smooth(recur_tape *tp, recur_tensor *x, recur_tensor *a)
{
    return recur_apply(tp, &smooth_op, (recur_tensor *[]){x, a}, 2, NULL, 0);
}

/* --- its gradient, against finite differences --- */

/* Some number that depends on everything: sum of exp(smooth(x, a)). The parameters are x and a. */
static recur_tensor *graph(recur_tape *tp, void *user)
{
    const recur_params *ps = user;
    recur_tensor *h = smooth(tp, recur_params_at(ps, 0), recur_params_at(ps, 1));
    return recur_sum(tp, recur_exp(tp, h), RECUR_ALL_AXES, false);
}

static bool check(recur_ctx *cx, double *worst)
{
    recur_params *ps = NULL;
    recur_tape *tp = NULL;
    recur_tensor *x = NULL, *a = NULL;
    bool good = recur_params_create(&ps, cx, RECUR_F64, 1) == RECUR_OK &&
                (x = recur_param(ps, "x", 3, (int64_t[]){6, 2, 3})) != NULL &&
                (a = recur_param(ps, "a", 1, (int64_t[]){3})) != NULL &&
                !(recur_init_normal(ps, x, 0, 1) || recur_init_uniform(ps, a, 0.2, 0.9) ||
                  recur_tape_create(&tp, cx, 0) || recur_gradcheck(tp, ps, graph, ps, 0, worst));
    recur_tape_free(tp);
    recur_params_free(ps);
    return good;
}

/* --- learning the rate --- */

static double noise(uint64_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(*state >> 11) * 0x1p-53;
    }
    return sum;
}

/* A level that moves with deviation 0.25 at each step, seen with deviation 1. */
static void make_series(double v[N])
{
    uint64_t state = 1;
    double level = 0;
    for (int t = 0; t < N; t++) {
        level += 0.25 * noise(&state);
        v[t] = level + noise(&state);
    }
}

/* a = sigmoid(w) stays between 0 and 1 whatever w does. */
static bool learn(recur_ctx *cx, const double v[N], double *rate)
{
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    recur_params *ps = NULL;
    recur_optim *optim = NULL;
    recur_tape *tp = NULL;
    recur_tensor *w = NULL;
    adam.lr = 0.05;
    bool good = recur_params_create(&ps, cx, RECUR_F64, 1) == RECUR_OK &&
                (w = recur_param(ps, "w", 1, (int64_t[]){1})) != NULL &&
                !(recur_optim_create(&optim, ps, &adam) || recur_tape_create(&tp, cx, 0));
    for (int step = 0; good && step < STEPS; step++) {
        recur_tape_begin(tp, RECUR_TRAIN);
        recur_tensor *x = recur_input(tp, RECUR_F64, 3, (int64_t[]){N - 1, 1, 1}, v);
        recur_tensor *next = recur_input(tp, RECUR_F64, 3, (int64_t[]){N - 1, 1, 1}, v + 1);
        recur_tensor *a = recur_sigmoid(tp, w);
        recur_tensor *loss = recur_mse_loss(tp, smooth(tp, x, a), next, RECUR_MEAN);
        *rate = 1 - recur_item(a, 0);
        good = !(recur_backward(tp, loss) || recur_optim_step(optim));
    }
    recur_tape_free(tp);
    recur_optim_free(optim);
    recur_params_free(ps);
    return good;
}

int main(void)
{
    static double v[N];
    recur_ctx *cx = NULL;
    double worst = NAN, rate = NAN;
    const char *text;
    make_series(v);
    if (recur_ctx_create(&cx, NULL) || !check(cx, &worst) || !learn(cx, v, &rate)) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    /* The steady state of the Kalman filter: q, r the variances of the steps and of the noise. */
    double q = 0.25 * 0.25, r = 1, P = (q + sqrt(q * q + 4 * q * r)) / 2, best = P / (P + r);
    printf("gradients and finite differences: largest difference %.1e\n", worst);
    printf("1 - a: begun at 0.500, learnt %.3f, best in theory %.3f\n", rate, best);
    recur_ctx_free(cx);
    return worst < 1e-8 && fabs(rate - best) < 0.03 ? EXIT_SUCCESS : EXIT_FAILURE;
}
