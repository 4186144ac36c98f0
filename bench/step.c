// SPDX-License-Identifier: MIT
/*
 * One training step and one streaming step of the three models of the forecasting examples.
 *
 *     step MODEL THREADS SECONDS [FOLDER]
 *
 * Prints one JSON object: microseconds of a training step and of a streaming step (medians over many), and
 * the loss of the first steps. With FOLDER it first writes MODEL.safetensors there: the parameters and the
 * batch, so that a peer (peer_torch.py) starts from the same numbers and its losses can be held against ours.
 * compare.py runs both in turn.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <recur/recur.h>

typedef struct spec {
    const char *name;
    recur_cell cell;
    int layers;
    int64_t H, dense; /* dense: width of a linear layer before the last, or 0 */
    int64_t B, T;
    bool lengths;
    double dropout, clip; /* dropout is 0 while losses are compared: masks are not PyTorch's */
    recur_optim_kind optimizer;
    double lr;
} spec;

static const spec specs[] = {
    {"ball", RECUR_RNN_TANH, 1, 8, 0, 100, 9, true, 0.0, 0.0, RECUR_SGD, 0.1},
    {"sine", RECUR_LSTM, 1, 32, 0, 100, 50, false, 0.0, 0.0, RECUR_ADAM, 1e-3},
    {"stock", RECUR_LSTM, 2, 64, 25, 32, 30, false, 0.2, 1.0, RECUR_ADAM, 1e-3},
};

enum { MAX_VALUES = 100 * 50, CHECKED = 5 };

typedef struct bench {
    const spec *m;
    recur_ctx *cx;
    recur_params *ps;
    recur_tape *tp;
    recur_rnn *rnn;
    recur_linear_layer dense, head;
    recur_optim *optim;
    float x[MAX_VALUES], y[100];
    int64_t lengths[100];
    double dropout;
} bench;

static void check(const bench *b, recur_status s)
{
    const char *text = "out of memory";
    if (s == RECUR_OK)
        return;
    if (b->cx)
        recur_error(b->cx, &text);
    fprintf(stderr, "step: %s\n", text);
    exit(1);
}

static void fill_batch(bench *b)
{
    const spec *m = b->m;
    for (int64_t i = 0; i < m->B; i++) {
        b->lengths[i] = m->lengths ? 4 + i % 6 : m->T;
        for (int64_t t = 0; t < m->T; t++)
            b->x[i * m->T + t] = (float)sin(0.1 * (double)t + 0.7 * (double)i) * 0.8f;
        b->y[i] = (float)sin(0.1 * (double)b->lengths[i] + 0.7 * (double)i) * 0.8f;
    }
}

static void build(bench *b, int threads, double dropout)
{
    const spec *m = b->m;
    int64_t last = m->dense ? m->dense : m->H;
    recur_rnn_config rc = {.cell = m->cell,
                           .input = 1,
                           .hidden = m->H,
                           .layers = m->layers,
                           .batch_first = true,
                           .dropout = dropout};
    recur_optim_config oc = recur_optim_defaults(m->optimizer);
    oc.lr = m->lr;
    check(b, recur_ctx_create(&b->cx, &(recur_options){.threads = threads}));
    check(b, recur_params_create(&b->ps, b->cx, RECUR_F32, 1));
    check(b, recur_tape_create(&b->tp, b->cx, 1));
    check(b, recur_rnn_create(&b->rnn, b->ps, "rnn", &rc));
    if (m->dense)
        check(b, recur_linear_create(&b->dense, b->ps, "dense", m->H, m->dense, true));
    check(b, recur_linear_create(&b->head, b->ps, "head", last, 1, true));
    check(b, recur_optim_create(&b->optim, b->ps, &oc));
    fill_batch(b);
}

static void destroy(bench *b)
{
    recur_optim_free(b->optim);
    recur_rnn_free(b->rnn);
    recur_tape_free(b->tp);
    recur_params_free(b->ps);
    recur_ctx_free(b->cx);
}

/* The last layer's last state through the head; mean squared error. */
static double train_step(bench *b)
{
    const spec *m = b->m;
    recur_tape *tp = b->tp;
    recur_tape_begin(tp, RECUR_TRAIN);
    recur_tensor *x = recur_input(tp, RECUR_F32, 3, (int64_t[]){m->B, m->T, 1}, b->x);
    recur_tensor *y = recur_input(tp, RECUR_F32, 2, (int64_t[]){m->B, 1}, b->y);
    recur_tensor *lengths = m->lengths ? recur_input(tp, RECUR_I64, 1, &m->B, b->lengths) : NULL;
    recur_tensor *h = recur_rnn_forward(tp, b->rnn, x, lengths, NULL, NULL).h;
    h = recur_reshape(tp, recur_slice(tp, h, 0, m->layers - 1, m->layers, 1), 2, (int64_t[]){m->B, m->H});
    if (m->dense)
        h = recur_linear_forward(tp, &b->dense, h);
    recur_tensor *loss = recur_mse_loss(tp, recur_linear_forward(tp, &b->head, h), y, RECUR_MEAN);
    check(b, recur_backward(tp, loss));
    if (m->clip > 0.0)
        check(b, recur_clip_grad_norm(b->ps, m->clip, 2.0, NULL));
    double value = recur_item(loss, 0);
    check(b, recur_optim_step(b->optim));
    return value;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { SAMPLES = 4096 };

/* Median microseconds of `run`, `inner` calls to a sample, for about `seconds`. */
static double median_us(void (*run)(void *), void *user, int inner, double seconds)
{
    static double samples[SAMPLES];
    int n = 0;
    for (int i = 0; i < 3 * inner; i++)
        run(user);
    for (double end = now() + seconds; n < SAMPLES && (n < 5 || now() < end); n++) {
        double start = now();
        for (int i = 0; i < inner; i++)
            run(user);
        samples[n] = (now() - start) / inner * 1e6;
    }
    qsort(samples, (size_t)n, sizeof *samples, by_value);
    return samples[n / 2];
}

static void run_train(void *user)
{
    train_step(user);
}

typedef struct stream {
    recur_session *session;
    float x, y;
} stream;

static void run_stream(void *user)
{
    stream *s = user;
    recur_session_step(s->session, &s->x, &s->y);
}

static double time_stream(bench *b, double seconds)
{
    recur_plan *plan = NULL;
    stream s = {.x = 0.5f};
    check(b, recur_plan_create(&plan, b->cx));
    check(b, recur_plan_rnn(plan, b->rnn));
    if (b->m->dense)
        check(b, recur_plan_linear(plan, &b->dense));
    check(b, recur_plan_linear(plan, &b->head));
    size_t size = (recur_session_size(plan, 1) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, size);
    if (!memory)
        check(b, RECUR_ENOMEM);
    check(b, recur_session_init(&s.session, memory, size, plan, 1));
    double us = median_us(run_stream, &s, 100, seconds);
    free(memory);
    recur_plan_free(plan);
    return us;
}

static void export(bench *b, const char *folder)
{
    char path[4096];
    recur_entry entries[32];
    size_t n = 0;
    for (; n < recur_params_size(b->ps) && n < 29; n++)
        entries[n] = recur_entry_of(recur_params_at(b->ps, n), NULL);
    const spec *m = b->m;
    int64_t x[] = {m->B, m->T, 1}, y[] = {m->B, 1};
    entries[n++] = (recur_entry){"data.x", "F32", 3, x, b->x, (size_t)(m->B * m->T) * sizeof(float)};
    entries[n++] = (recur_entry){"data.y", "F32", 2, y, b->y, (size_t)m->B * sizeof(float)};
    entries[n++] = (recur_entry){"data.lengths", "I64", 1, &m->B, b->lengths, (size_t)m->B * sizeof(int64_t)};
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, m->name);
    check(b, recur_archive_write(b->cx, path, entries, n, NULL, 0));
}

static const spec *find(const char *name)
{
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        if (strcmp(specs[i].name, name) == 0)
            return &specs[i];
    return NULL;
}

int main(int argc, char **argv)
{
    static bench b;
    b.m = argc >= 4 ? find(argv[1]) : NULL;
    if (!b.m) {
        fprintf(stderr, "usage: step ball|sine|stock THREADS SECONDS [FOLDER]\n");
        return 2;
    }
    build(&b, atoi(argv[2]), 0.0);
    if (argc > 4)
        export(&b, argv[4]);
    printf("{\"model\": \"%s\", \"threads\": %s, \"losses\": [", b.m->name, argv[2]);
    for (int i = 0; i < CHECKED; i++)
        printf(i ? ", %.9g" : "%.9g", train_step(&b));
    destroy(&b);
    build(&b, atoi(argv[2]), b.m->dropout);
    printf("], \"train_us\": %.3f", median_us(run_train, &b, 1, atof(argv[3])));
    printf(", \"stream_us\": %.4f}\n", time_stream(&b, atof(argv[3])));
    destroy(&b);
    return 0;
}
