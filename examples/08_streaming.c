// SPDX-License-Identifier: MIT
/*
 * A trained model on a stream, one value at a time, as a program would use it that listens to a sensor.
 *
 *     plan      the weights, packed once; constant, shared by any number of streams and threads
 *     session   the state of one stream, h_t: a block of the caller's memory and nothing else
 *     step      h_t, y_t from h_{t-1}, x_t: cannot fail, takes no lock, takes no memory
 *
 * Since a session is only state, a copy of it can run ahead: it feeds its own forecasts back, while the
 * stream itself waits undisturbed for the next value.
 *
 *     cc 08_streaming.c $(pkg-config --cflags --libs recur) -lm -o streaming && ./streaming
 *
 * Prints some forecasts as they are made, one and five steps ahead, the bytes of a session, how often memory
 * was asked for while streaming, and whether each forecast has the bits that the same network gives for the
 * whole series at once.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <recur/recur.h>

enum { N = 1000, B = 8, T = 100, H = 16, STEPS = 200, AHEAD = 5 };

typedef struct network {
    recur_params *ps;
    recur_rnn *rnn;
    recur_linear_layer head;
    recur_optim *optim;
    recur_tape *tp;
} network;

/* The context's memory comes from here, so that we can count. */
static void *count_and_take(void *calls, size_t size, size_t align)
{
    ++*(int *)calls;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void give_back(void *calls, void *memory, size_t size)
{
    (void)calls;
    (void)size;
    free(memory);
}

/* sin(2 pi t / 25) and a little noise. */
static void make_series(float v[N])
{
    uint64_t state = 1;
    for (int t = 0; t < N; t++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        v[t] = (float)(sin(2 * 3.14159265358979 * t / 25) + 0.2 * ((double)(state >> 11) * 0x1p-53 - 0.5));
    }
}

static bool build(network *net, recur_ctx *cx)
{
    recur_rnn_config config = {.cell = RECUR_GRU, .input = 1, .hidden = H, .batch_first = true};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.01;
    return !(recur_params_create(&net->ps, cx, RECUR_F32, 1) ||
             recur_rnn_create(&net->rnn, net->ps, "rnn", &config) ||
             recur_linear_create(&net->head, net->ps, "head", H, 1, true) ||
             recur_optim_create(&net->optim, net->ps, &adam) || recur_tape_create(&net->tp, cx, 0));
}

/* v [batch, time, 1] -> y [batch, time, 1] */
static recur_tensor *forward(const network *net, int64_t batch, int64_t time, const float *v)
{
    recur_tensor *x = recur_input(net->tp, RECUR_F32, 3, (int64_t[]){batch, time, 1}, v);
    recur_tensor *h = recur_rnn_forward(net->tp, net->rnn, x, NULL, NULL, NULL).y;
    return recur_linear_forward(net->tp, &net->head, h);
}

/* As in 01_first_rnn.c: B pieces of T values, each forecast from those before it. */
static bool train(network *net, const float v[N])
{
    for (int step = 0; step < STEPS; step++) {
        recur_tape_begin(net->tp, RECUR_TRAIN);
        recur_tensor *target = recur_input(net->tp, RECUR_F32, 3, (int64_t[]){B, T, 1}, v + 1);
        recur_tensor *loss = recur_mse_loss(net->tp, forward(net, B, T, v), target, RECUR_MEAN);
        if (recur_backward(net->tp, loss) || recur_optim_step(net->optim))
            return false;
    }
    return true;
}

static bool freeze(recur_plan **plan, recur_ctx *cx, const network *net)
{
    return !(recur_plan_create(plan, cx) || recur_plan_rnn(*plan, net->rnn) ||
             recur_plan_linear(*plan, &net->head));
}

/* The forecast AHEAD steps on, by a copy of the session that takes its forecasts for the truth. */
static float look_ahead(recur_session *copy, const recur_session *now, float next)
{
    recur_session_copy(copy, now);
    for (int i = 1; i < AHEAD; i++) {
        float x = next;
        recur_session_step(copy, &x, &next);
    }
    return next;
}

/* The stream: value after value in, forecast after forecast out. */
static void listen(recur_session *now, recur_session *copy, const float v[N], float y[N])
{
    printf("%6s %8s %14s %14s\n", "t", "value", "forecast t+1", "forecast t+5");
    for (int t = 0; t < N; t++) {
        recur_session_step(now, &v[t], &y[t]);
        float later = look_ahead(copy, now, y[t]);
        if (t >= N - 6)
            printf("%6d %8.3f %14.3f %14.3f\n", t, v[t], y[t], later);
    }
}

/* The same from one pass over the whole series. */
static bool same_bits(const network *net, const float v[N], const float y[N])
{
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_tensor *whole = forward(net, 1, N, v);
    return whole && memcmp(recur_f32(whole), y, N * sizeof *y) == 0;
}

/* Two sessions in memory of our own, aligned to 64 bytes; streams the series and checks what was promised. */
static bool stream(const network *net, const recur_plan *plan, const float v[N], const int *calls)
{
    static float y[N];
    size_t size = recur_session_size(plan, 1);
    void *memory[2] = {aligned_alloc(64, size), aligned_alloc(64, size)};
    recur_session *now, *copy;
    bool good = !recur_session_init(&now, memory[0], size, plan, 1) &&
                !recur_session_init(&copy, memory[1], size, plan, 1);
    if (good) {
        int before = *calls;
        listen(now, copy, v, y);
        int taken = *calls - before;
        bool same = same_bits(net, v, y);
        printf("\na session: %zu bytes; memory asked for while streaming: %d times\n", size, taken);
        printf("bits of the %d forecasts: %s the whole series at once\n", N,
               same ? "those of" : "NOT those of");
        good = same && taken == 0;
    }
    free(memory[0]);
    free(memory[1]);
    return good;
}

int main(void)
{
    static float v[N];
    int calls = 0;
    recur_allocator counting = {.alloc = count_and_take, .release = give_back, .user = &calls};
    recur_options options = {.allocator = &counting};
    recur_ctx *cx = NULL;
    recur_plan *plan = NULL;
    network net = {0};
    const char *text;
    make_series(v);
    bool good = recur_ctx_create(&cx, &options) == RECUR_OK && build(&net, cx) && train(&net, v) &&
                freeze(&plan, cx, &net);
    if (!good) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    good = good && stream(&net, plan, v, &calls);
    recur_plan_free(plan);
    recur_tape_free(net.tp);
    recur_optim_free(net.optim);
    recur_rnn_free(net.rnn);
    recur_params_free(net.ps);
    recur_ctx_free(cx);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
