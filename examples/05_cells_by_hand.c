// SPDX-License-Identifier: MIT
/*
 * LSTM and GRU written from primitive operations. The tape differentiates them by itself; the library's
 * layers do the same in one operation over the whole sequence, with a backward pass written by hand. Both
 * must agree.
 *
 *     LSTM (Hochreiter and Schmidhuber 1997)        GRU (Cho et al. 2014, in cuDNN's form)
 *     i = s(W_i x + b_i + U_i h + d_i)              r = s(W_r x + b_r + U_r h + d_r)
 *     f = s(W_f x + b_f + U_f h + d_f)              z = s(W_z x + b_z + U_z h + d_z)
 *     g = tanh(W_g x + b_g + U_g h + d_g)           n = tanh(W_n x + b_n + r (U_n h + d_n))
 *     o = s(W_o x + b_o + U_o h + d_o)              h' = (1 - z) n + z h = n + z (h - n)
 *     c' = f c + i g,  h' = o tanh(c')
 *
 * s is the sigmoid. The gates' weights lie on top of each other, W = [W_i; W_f; W_g; W_o], so one
 * recur_linear() computes all of them and recur_split() takes them apart.
 *
 *     cc 05_cells_by_hand.c $(pkg-config --cflags --libs recur) -lm -o cells && ./cells
 *
 * Prints, for each cell, the largest difference in outputs and in gradients; it fails above 1e-12.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum { T = 12, B = 4, I = 3, H = 8, PARAMS = 4 };

typedef struct network {
    recur_params *ps;
    recur_rnn *rnn;
    recur_tape *tp;
    recur_tensor *W, *U, *b, *d; /* [G*H, I], [G*H, H], [G*H], [G*H] with G gates; they live in ps */
} network;

typedef struct state {
    recur_tensor *h, *c; /* [B, H] */
} state;

/* One step from x [B, I] and the state before. An error anywhere makes all that follows NULL, so nothing is
 * checked here. */
typedef state step(const network *net, recur_tensor *x, state s);

static state lstm(const network *net, recur_tensor *x, state s)
{
    recur_tape *tp = net->tp;
    recur_tensor *a =
        recur_add(tp, recur_linear(tp, x, net->W, net->b), recur_linear(tp, s.h, net->U, net->d));
    recur_tensor *gates = recur_split(tp, a, 1, 4, NULL);
    recur_tensor *i = recur_sigmoid(tp, recur_output(gates, 0));
    recur_tensor *f = recur_sigmoid(tp, recur_output(gates, 1));
    recur_tensor *g = recur_tanh(tp, recur_output(gates, 2));
    recur_tensor *o = recur_sigmoid(tp, recur_output(gates, 3));
    recur_tensor *c = recur_add(tp, recur_mul(tp, f, s.c), recur_mul(tp, i, g));
    return (state){.h = recur_mul(tp, o, recur_tanh(tp, c)), .c = c};
}

static state gru(const network *net, recur_tensor *x, state s)
{
    recur_tape *tp = net->tp;
    recur_tensor *in = recur_split(tp, recur_linear(tp, x, net->W, net->b), 1, 3, NULL);
    recur_tensor *rec = recur_split(tp, recur_linear(tp, s.h, net->U, net->d), 1, 3, NULL);
    recur_tensor *r = recur_sigmoid(tp, recur_add(tp, recur_output(in, 0), recur_output(rec, 0)));
    recur_tensor *z = recur_sigmoid(tp, recur_add(tp, recur_output(in, 1), recur_output(rec, 1)));
    recur_tensor *n = recur_mul(tp, r, recur_output(rec, 2));
    n = recur_tanh(tp, recur_add(tp, recur_output(in, 2), n));
    return (state){.h = recur_add(tp, n, recur_mul(tp, z, recur_sub(tp, s.h, n)))};
}

/* x [T, B, I] -> h at each step, [T, B, H] */
static recur_tensor *by_hand(const network *net, step *cell, recur_tensor *x)
{
    recur_tape *tp = net->tp;
    recur_tensor *h[T];
    recur_tensor *zeros = recur_input(tp, RECUR_F64, 2, (int64_t[]){B, H}, NULL);
    state s = {zeros, zeros};
    for (int t = 0; t < T; t++) {
        recur_tensor *x_t = recur_slice(tp, x, 0, t, t + 1, 1); /* [1, B, I] */
        s = cell(net, recur_reshape(tp, x_t, 2, (int64_t[]){B, I}), s);
        h[t] = s.h;
    }
    return recur_stack(tp, h, T, 0);
}

static bool build(network *net, recur_ctx *cx, recur_cell cell)
{
    recur_rnn_config config = {.cell = cell, .input = I, .hidden = H};
    if (recur_params_create(&net->ps, cx, RECUR_F64, 1) ||
        recur_rnn_create(&net->rnn, net->ps, "", &config) || recur_tape_create(&net->tp, cx, 0))
        return false;
    net->W = recur_params_find(net->ps, "weight_ih_l0");
    net->U = recur_params_find(net->ps, "weight_hh_l0");
    net->b = recur_params_find(net->ps, "bias_ih_l0");
    net->d = recur_params_find(net->ps, "bias_hh_l0");
    return true;
}

/* What a pass gives: outputs and gradients, copied from the tape. */
typedef struct result {
    double y[T * B * H], dx[T * B * I], dps[PARAMS][4 * H * H];
} result;

static void copy(double *to, recur_tensor *from)
{
    for (int64_t i = 0; i < recur_count(from); i++)
        to[i] = recur_f64(from)[i];
}

/* `cell` NULL: the library's layer. */
static bool run(network *net, step *cell, result *r)
{
    double v[T * B * I];
    for (int i = 0; i < T * B * I; i++)
        v[i] = sin(1 + 3 * i);
    recur_tape_begin(net->tp, RECUR_TRAIN);
    recur_tensor *x = recur_track(recur_input(net->tp, RECUR_F64, 3, (int64_t[]){T, B, I}, v));
    recur_tensor *y =
        cell ? by_hand(net, cell, x) : recur_rnn_forward(net->tp, net->rnn, x, NULL, NULL, NULL).y;
    recur_tensor *loss = recur_sum(net->tp, recur_exp(net->tp, y), RECUR_ALL_AXES, false);
    recur_zero_grad(net->ps);
    if (recur_backward(net->tp, loss))
        return false;
    copy(r->y, y);
    copy(r->dx, recur_grad(x));
    for (size_t p = 0; p < PARAMS; p++)
        copy(r->dps[p], recur_grad(recur_params_at(net->ps, p)));
    return true;
}

static double distance(const double *a, const double *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(a[i] - b[i]));
    return worst;
}

static bool compare(recur_ctx *cx, const char *name, recur_cell cell, step *own, bool *same)
{
    result ours = {0}, theirs = {0};
    network net = {0};
    bool good = build(&net, cx, cell) && run(&net, own, &ours) && run(&net, NULL, &theirs);
    if (good) {
        double y = distance(ours.y, theirs.y, T * B * H);
        double dx = distance(ours.dx, theirs.dx, T * B * I);
        double dps = distance(*ours.dps, *theirs.dps, sizeof ours.dps / sizeof **ours.dps);
        printf("%-4s   y %.1e   dx %.1e   dW, dU, db, dd %.1e\n", name, y, dx, dps);
        *same = *same && fmax(y, fmax(dx, dps)) < 1e-12;
    }
    recur_tape_free(net.tp);
    recur_rnn_free(net.rnn);
    recur_params_free(net.ps);
    return good;
}

int main(void)
{
    recur_ctx *cx = NULL;
    const char *text;
    bool same = true;
    bool good = recur_ctx_create(&cx, NULL) == RECUR_OK && compare(cx, "LSTM", RECUR_LSTM, lstm, &same) &&
                compare(cx, "GRU", RECUR_GRU, gru, &same);
    if (!good) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    recur_ctx_free(cx);
    return good && same ? EXIT_SUCCESS : EXIT_FAILURE;
}
