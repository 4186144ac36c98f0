// SPDX-License-Identifier: MIT
/*
 * A vanilla RNN with its backward pass in plain C: no tape, no library, loops and formulas. Then the same
 * network from the library, with the same weights, and the two are held together.
 *
 *     forward, t = 1 .. T             h_t = tanh(W x_t + b + U h_{t-1} + d),   h_0 = 0
 *     loss                            E = 1/2 sum_t |h_t - y_t|^2
 *
 *     backward, t = T .. 1            dh_t = (h_t - y_t) + U^T da_{t+1}          two ways to matter: now and
 * later (through tanh)                  da_t = (1 - h_t^2) dh_t dW += da_t x_t^T,  dU += da_t h_{t-1}^T,  db
 * += da_t,  dd += da_t dx_t = W^T da_t
 *
 * That is back-propagation through time (Werbos 1990): the weights are the same at each step, so their
 * gradients are sums over the steps. PyTorch's and the library's names: W weight_ih_l0, U weight_hh_l0, b
 * bias_ih_l0, d bias_hh_l0.
 *
 *     cc 04_backward_by_hand.c $(pkg-config --cflags --libs recur) -lm -o by_hand && ./by_hand
 *
 * Prints, for the loss and each gradient, the largest difference between the two; it fails above 1e-12.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum { T = 20, I = 3, H = 5 };

typedef struct weights {
    double W[H][I], U[H][H], b[H], d[H];
} weights;

/* h[0] is the state before the first step, so x[t] leads from h[t] to h[t + 1]. */
static double forward(const weights *w, double x[T][I], double y[T][H], double h[T + 1][H])
{
    double E = 0;
    for (int j = 0; j < H; j++)
        h[0][j] = 0;
    for (int t = 0; t < T; t++)
        for (int j = 0; j < H; j++) {
            double a = w->b[j] + w->d[j];
            for (int i = 0; i < I; i++)
                a += w->W[j][i] * x[t][i];
            for (int k = 0; k < H; k++)
                a += w->U[j][k] * h[t][k];
            h[t + 1][j] = tanh(a);
            E += 0.5 * pow(h[t + 1][j] - y[t][j], 2);
        }
    return E;
}

/* dw and dx start as zeros. */
static void backward(const weights *w, double x[T][I], double y[T][H], double h[T + 1][H], weights *dw,
                     double dx[T][I])
{
    double dh_later[H] = {0}; /* U^T da of the step after */
    for (int t = T - 1; t >= 0; t--) {
        double da[H];
        for (int j = 0; j < H; j++) {
            double dh = h[t + 1][j] - y[t][j] + dh_later[j];
            da[j] = (1 - h[t + 1][j] * h[t + 1][j]) * dh;
            dh_later[j] = 0;
        }
        for (int j = 0; j < H; j++) {
            for (int i = 0; i < I; i++) {
                dw->W[j][i] += da[j] * x[t][i];
                dx[t][i] += da[j] * w->W[j][i];
            }
            for (int k = 0; k < H; k++) {
                dw->U[j][k] += da[j] * h[t][k];
                dh_later[k] += da[j] * w->U[j][k];
            }
            dw->b[j] += da[j];
            dw->d[j] += da[j];
        }
    }
}

/* --- the same with the library --- */

typedef struct network {
    recur_params *ps;
    recur_rnn *rnn;
    recur_tape *tp;
} network;

static bool build(network *net, recur_ctx *cx)
{
    recur_rnn_config config = {.cell = RECUR_RNN_TANH, .input = I, .hidden = H};
    return !(recur_params_create(&net->ps, cx, RECUR_F64, 1) ||
             recur_rnn_create(&net->rnn, net->ps, "", &config) || recur_tape_create(&net->tp, cx, 0));
}

static void copy(double *to, recur_tensor *from)
{
    for (int64_t i = 0; i < recur_count(from); i++)
        to[i] = recur_f64(from)[i];
}

/* The library's weights as ours. */
static void take_weights(weights *w, const recur_params *ps)
{
    copy(*w->W, recur_params_find(ps, "weight_ih_l0"));
    copy(*w->U, recur_params_find(ps, "weight_hh_l0"));
    copy(w->b, recur_params_find(ps, "bias_ih_l0"));
    copy(w->d, recur_params_find(ps, "bias_hh_l0"));
}

/* 1 if some difference is too large. */
static int differ(const char *name, const double *ours, recur_tensor *theirs)
{
    double worst = 0;
    for (int64_t i = 0; i < recur_count(theirs); i++)
        worst = fmax(worst, fabs(ours[i] - recur_f64(theirs)[i]));
    printf("%-14s %5lld numbers, largest difference %.1e\n", name, (long long)recur_count(theirs), worst);
    return !(worst < 1e-12);
}

/* Forward and backward, both ways; counts what differs. */
static bool compare(network *net, double x[T][I], double y[T][H], int *wrong)
{
    static double h[T + 1][H], dx[T][I];
    static weights w, dw;
    take_weights(&w, net->ps);
    double E = forward(&w, x, y, h);
    backward(&w, x, y, h, &dw, dx);

    recur_tensor *input = recur_track(recur_input(net->tp, RECUR_F64, 3, (int64_t[]){T, 1, I}, x));
    recur_tensor *target = recur_input(net->tp, RECUR_F64, 3, (int64_t[]){T, 1, H}, y);
    recur_tensor *out = recur_rnn_forward(net->tp, net->rnn, input, NULL, NULL, NULL).y;
    recur_tensor *loss = recur_affine(net->tp, recur_mse_loss(net->tp, out, target, RECUR_SUM), 0.5, 0);
    if (recur_backward(net->tp, loss))
        return false;

    *wrong = differ("loss", &E, loss) + differ("h", h[1], out) + differ("dx", *dx, recur_grad(input));
    const char *names[] = {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"};
    const double *ours[] = {*dw.W, *dw.U, dw.b, dw.d};
    for (int i = 0; i < 4; i++)
        *wrong += differ(names[i], ours[i], recur_grad(recur_params_find(net->ps, names[i])));
    return true;
}

int main(void)
{
    static double x[T][I], y[T][H];
    recur_ctx *cx = NULL;
    network net = {0};
    const char *text;
    int wrong = 1;
    for (int t = 0; t < T; t++) {
        for (int i = 0; i < I; i++)
            x[t][i] = sin(1 + t * (i + 1));
        for (int j = 0; j < H; j++)
            y[t][j] = 0.5 * cos(t + 2 * j);
    }
    if (recur_ctx_create(&cx, NULL) || !build(&net, cx) || !compare(&net, x, y, &wrong)) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    recur_tape_free(net.tp);
    recur_rnn_free(net.rnn);
    recur_params_free(net.ps);
    recur_ctx_free(cx);
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
