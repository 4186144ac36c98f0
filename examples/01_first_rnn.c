// SPDX-License-Identifier: MIT
/*
 * A first recurrent network: it follows a noisy sine and says, at every step, what comes next.
 *
 *     h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)       the state, h_0 = 0
 *     y_t = W h_t + b                                         the forecast of x_{t+1}
 *     loss = mean (y_t - x_{t+1})^2
 *
 *     cc 01_first_rnn.c $(pkg-config --cflags --libs recur) -lm -o first_rnn && ./first_rnn
 *
 * Prints the loss as it falls, then the error on values that it was not trained on. The noise itself cannot
 * be forecast, so nobody gets below 0.1. Then a picture: `o` is the series, `*` what was forecast one step
 * before; where they meet, only `*` is seen.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum { N = 1000, B = 8, T = 100, H = 16 }; /* the first B * T of N values are for training */
enum { STEPS = 300, WIDTH = 61 };          /* of training; of the picture */

typedef struct network {
    recur_params *ps;
    recur_rnn *rnn;
    recur_linear_layer head;
    recur_optim *optim;
    recur_tape *tp;
} network;

/* sin(2 pi t / 25) and noise of deviation 0.1: the sum of twelve uniform numbers is nearly a normal one. */
static void make_series(float v[N])
{
    uint64_t state = 1;
    for (int t = 0; t < N; t++) {
        double noise = -6;
        for (int i = 0; i < 12; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            noise += (double)(state >> 11) * 0x1p-53;
        }
        v[t] = (float)(sin(2 * 3.14159265358979 * t / 25) + 0.1 * noise);
    }
}

/* The layers add their parameters to the set `ps`. RECUR_OK is 0, so a || b reads: b, unless a failed. */
static bool build(network *net, recur_ctx *cx)
{
    recur_rnn_config config = {.cell = RECUR_RNN_TANH, .input = 1, .hidden = H, .batch_first = true};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.005;
    return !(recur_params_create(&net->ps, cx, RECUR_F32, 1) ||
             recur_rnn_create(&net->rnn, net->ps, "rnn", &config) ||
             recur_linear_create(&net->head, net->ps, "head", H, 1, true) ||
             recur_optim_create(&net->optim, net->ps, &adam) || recur_tape_create(&net->tp, cx, 0));
}

/* x [B, T, 1] -> y [B, T, 1] */
static recur_tensor *forward(const network *net, recur_tensor *x)
{
    recur_tensor *h = recur_rnn_forward(net->tp, net->rnn, x, NULL, NULL, NULL).y; /* [B, T, H] */
    return recur_linear_forward(net->tp, &net->head, h);
}

/* B pieces of T values lie one after the other in v; the right answers are the same, one step later. */
static bool train(network *net, const float v[N])
{
    const int64_t shape[] = {B, T, 1};
    for (int step = 1; step <= STEPS; step++) {
        recur_tape_begin(net->tp, RECUR_TRAIN);
        recur_tensor *x = recur_input(net->tp, RECUR_F32, 3, shape, v);
        recur_tensor *target = recur_input(net->tp, RECUR_F32, 3, shape, v + 1);
        recur_tensor *loss = recur_mse_loss(net->tp, forward(net, x), target, RECUR_MEAN);
        if (recur_backward(net->tp, loss) ||
            recur_optim_step(net->optim)) /* an error in any line above shows here */
            return false;
        if (step == 1 || step % 100 == 0)
            printf("step %3d  loss %.4f\n", step, recur_item(loss, 0));
    }
    return true;
}

/* y[t] is the forecast of v[t + 1], made from v[0 .. t]. */
static bool predict(network *net, const float v[N], float y[N])
{
    const int64_t shape[] = {1, N, 1};
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_tensor *out = forward(net, recur_input(net->tp, RECUR_F32, 3, shape, v));
    for (int t = 0; out && t < N; t++)
        y[t] = recur_f32(out)[t];
    return out != NULL;
}

/* Root mean square of forecast[t] - v[t + 1] over the values that were not trained on. */
static double rmse(const float *forecast, const float *v)
{
    double sum = 0;
    for (int t = B * T; t < N - 1; t++)
        sum += pow(forecast[t] - v[t + 1], 2);
    return sqrt(sum / (N - 1 - B * T));
}

/* The column of a value in the picture. */
static int place(float value)
{
    return (int)fmin(fmax(WIDTH / 2 + 22 * value, 0), WIDTH - 1);
}

static void draw(const float *forecast, const float *v)
{
    for (int t = N - 26; t < N; t++) {
        char line[WIDTH + 1];
        snprintf(line, sizeof line, "%*s", WIDTH, "");
        int truth = place(v[t]), said = place(forecast[t - 1]);
        line[truth] = 'o';
        line[said] = '*';
        printf("%4d %.*s\n", t, 1 + (truth > said ? truth : said), line);
    }
}

int main(void)
{
    static float v[N], y[N];
    recur_ctx *cx = NULL;
    network net = {0};
    bool good = false;
    make_series(v);
    if (recur_ctx_create(&cx, NULL) == RECUR_OK && build(&net, cx) && train(&net, v) && predict(&net, v, y)) {
        double model = rmse(y, v), last = rmse(v, v);
        printf("\nrmse of the model %.3f, of repeating the last value %.3f, of the noise 0.100\n\n", model,
               last);
        draw(y, v);
        good = model < 0.7 * last;
    } else {
        const char *text;
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    recur_tape_free(net.tp);
    recur_optim_free(net.optim);
    recur_rnn_free(net.rnn);
    recur_params_free(net.ps);
    recur_ctx_free(cx);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
