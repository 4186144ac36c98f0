// SPDX-License-Identifier: MIT
/*
 * What RNN, LSTM and GRU remember. Each reads T signs, +1 or -1, and has to say what the first one was; the
 * others are noise. The longer the sequence, the longer it has to be kept in mind.
 *
 *     p = sigmoid(W h_T + b),   loss = -log p if x_1 is +1, else -log (1 - p)
 *
 * What a network can learn about x_1 comes to it through a chain of derivatives,
 *
 *     dloss/dx_1 = dloss/dh_T  dh_T/dh_{T-1} .. dh_2/dh_1  dh_1/dx_1
 *
 * and a product of T factors below 1 vanishes (Hochreiter 1991; Bengio et al. 1994). An LSTM's factor is
 * about its forget gate, sigmoid(b_f + ..), a GRU's its update gate: 0.5 as PyTorch initialises them, which
 * vanishes as well, and 0.95 with the bias 3 (Gers et al. 2000; Jozefowicz et al. 2015).
 *
 *     cc 03_memory.c $(pkg-config --cflags --libs recur) -lm -o memory && ./memory
 *
 * Prints for each kind and T, as means of 3 runs, |dloss/dx_1| over |dloss/dx_T| before training, and the
 * percentage of new sequences answered rightly after it; 50 is guessing. Those that begin with the gate open
 * learn what the others do not. That the plain RNN sometimes succeeds is luck: its gradient says nothing of
 * x_1 until the weights, on their way elsewhere, happen to keep the state.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum { H = 16, BATCH = 16, STEPS = 300, TESTS = 512, LONGEST = 80, RUNS = 3 };

static const int lengths[] = {5, 10, 20, 40, LONGEST};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static const struct kind {
    const char *name;
    recur_cell cell;
    bool open; /* begin with the gate open that keeps the state */
} kinds[] = {{"RNN", RECUR_RNN_TANH, false},
             {"GRU", RECUR_GRU, false},
             {"LSTM", RECUR_LSTM, false},
             {"GRU, b_z = 3", RECUR_GRU, true},
             {"LSTM, b_f = 3", RECUR_LSTM, true}};
enum { KINDS = sizeof kinds / sizeof *kinds };

typedef struct network {
    recur_params *ps;
    recur_rnn *rnn;
    recur_linear_layer head;
    recur_optim *optim;
    recur_tape *tp;
    uint64_t random;
} network;

typedef struct pass {
    recur_tensor *x;            /* [T, B, 1]; the first signs are its first B elements */
    recur_tensor *logit, *loss; /* [B, 1]; a number */
} pass;

static bool build(network *net, recur_ctx *cx, recur_cell cell, uint64_t seed)
{
    recur_rnn_config config = {.cell = cell, .input = 1, .hidden = H};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.01;
    return !(recur_params_create(&net->ps, cx, RECUR_F32, seed) ||
             recur_rnn_create(&net->rnn, net->ps, "rnn", &config) ||
             recur_linear_create(&net->head, net->ps, "head", H, 1, true) ||
             recur_optim_create(&net->optim, net->ps, &adam) || recur_tape_create(&net->tp, cx, 0));
}

/* The biases are [i, f, g, o] in an LSTM and [r, z, n] in a GRU: the second H numbers are for the gate that
 * keeps. */
static void open_gate(network *net, float bias)
{
    float *b = recur_f32(recur_params_find(net->ps, "rnn.bias_ih_l0"));
    for (int i = H; i < 2 * H; i++)
        b[i] = bias;
}

static void clear(network *net)
{
    recur_tape_free(net->tp);
    recur_optim_free(net->optim);
    recur_rnn_free(net->rnn);
    recur_params_free(net->ps);
}

static float sign(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 63 ? 1.0f : -1.0f;
}

/* New sequences, and what the network makes of them. */
static pass forward(network *net, recur_mode mode, int64_t T, int64_t B)
{
    static float x[LONGEST * TESTS], first[TESTS];
    for (int64_t i = 0; i < T * B; i++)
        x[i] = sign(&net->random);
    for (int64_t b = 0; b < B; b++)
        first[b] = x[b] > 0 ? 1.0f : 0.0f;
    recur_tape_begin(net->tp, mode);
    pass p = {.x = recur_track(recur_input(net->tp, RECUR_F32, 3, (int64_t[]){T, B, 1}, x))};
    recur_tensor *target = recur_input(net->tp, RECUR_F32, 2, (int64_t[]){B, 1}, first);
    recur_tensor *y = recur_rnn_forward(net->tp, net->rnn, p.x, NULL, NULL, NULL).y;
    p.logit = recur_linear_forward(net->tp, &net->head, recur_last_step(net->tp, y, NULL, false));
    p.loss = recur_bce_with_logits(net->tp, p.logit, target, NULL, RECUR_MEAN);
    return p;
}

/* |dloss/dx_t| over a batch. */
static double norm_at(recur_tensor *dx, int64_t t)
{
    int64_t B = recur_dim(dx, 1);
    double sum = 0;
    for (int64_t b = 0; b < B; b++)
        sum += pow(recur_item(dx, t * B + b), 2);
    return sqrt(sum);
}

/* How much smaller the gradient is at the first step than at the last. */
static bool measure_gradient(network *net, int64_t T, double *ratio)
{
    pass p = forward(net, RECUR_TRAIN, T, BATCH);
    if (recur_backward(net->tp, p.loss))
        return false;
    *ratio = norm_at(recur_grad(p.x), 0) / norm_at(recur_grad(p.x), T - 1);
    recur_zero_grad(net->ps);
    return true;
}

/* Until it is learnt, or STEPS are over. */
static bool train(network *net, int64_t T)
{
    double loss = 1;
    for (int step = 0; step < STEPS && loss > 0.02; step++) {
        pass p = forward(net, RECUR_TRAIN, T, BATCH);
        if (recur_backward(net->tp, p.loss) || recur_clip_grad_norm(net->ps, 1, 2, NULL) ||
            recur_optim_step(net->optim))
            return false;
        loss = recur_item(p.loss, 0);
    }
    return true;
}

static bool measure_memory(network *net, int64_t T, double *percent)
{
    pass p = forward(net, RECUR_INFER, T, TESTS);
    int right = 0;
    for (int64_t b = 0; p.loss && b < TESTS; b++)
        right += (recur_item(p.logit, b) > 0) == (recur_item(p.x, b) > 0);
    *percent = 100.0 * right / TESTS;
    return p.loss != NULL;
}

/* Adds the share of one run to the means. */
static bool measure(recur_ctx *cx, const struct kind *kind, int64_t T, uint64_t run, double *ratio,
                    double *percent)
{
    network net = {.random = run};
    double r = 0, p = 0;
    bool good = build(&net, cx, kind->cell, run);
    if (good && kind->open)
        open_gate(&net, 3);
    good = good && measure_gradient(&net, T, &r) && train(&net, T) && measure_memory(&net, T, &p);
    *ratio += r / RUNS;
    *percent += p / RUNS;
    clear(&net);
    return good;
}

static void print(const char *name, const char *what, const char *format, const double value[LENGTHS])
{
    printf("%-14s %-26s", name, what);
    for (int t = 0; t < LENGTHS; t++)
        printf(format, value[t]);
    printf("\n");
}

/* The rows of one kind; *kept is false unless the gradient vanishes exactly where no gate was opened, and a
 * state that is kept is remembered over 40 steps. */
static bool rows(recur_ctx *cx, const struct kind *kind, bool *kept)
{
    double ratio[LENGTHS] = {0}, percent[LENGTHS] = {0};
    for (int t = 0; t < LENGTHS; t++)
        for (uint64_t run = 1; run <= RUNS; run++)
            if (!measure(cx, kind, lengths[t], run, &ratio[t], &percent[t]))
                return false;
    print(kind->name, "|dloss/dx_1|/|dloss/dx_T|", "%7.0e", ratio);
    print("", "% right after training", "%7.0f", percent);
    *kept = *kept && (ratio[3] > 1e-6) == kind->open && (percent[3] > 90 || !kind->open);
    return true;
}

int main(void)
{
    recur_ctx *cx = NULL;
    const char *text;
    bool kept = true, good = recur_ctx_create(&cx, NULL) == RECUR_OK;
    printf("%41s", "T =");
    for (int t = 0; t < LENGTHS; t++)
        printf("%7d", lengths[t]);
    printf("\n");
    for (int k = 0; k < KINDS; k++)
        good = good && rows(cx, &kinds[k], &kept);
    if (!good) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    recur_ctx_free(cx);
    return good && kept ? EXIT_SUCCESS : EXIT_FAILURE;
}
