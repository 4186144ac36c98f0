// SPDX-License-Identifier: MIT
/*
 * One training step of a model, and of the small ones a streaming step too.
 *
 *     step MODEL THREADS SECONDS [FOLDER]
 *
 * Prints one JSON object: microseconds of a training step (median and least of many, and the least processor
 * time of all threads together) and of a streaming step (median), and the loss of the first steps. With FOLDER it first writes MODEL.safetensors there: the
 * parameters and the batch, so that a peer (peer_torch.py) starts from the same numbers and its losses can be
 * held against ours. compare.py runs both in turn.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <recur/recur.h>

typedef struct bench bench;
typedef recur_tensor *loss_fn(bench *b);

static loss_fn series_loss, sentiment_loss, language_loss, translation_loss, square_loss;

typedef struct spec {
    const char *name;
    loss_fn *loss;
    recur_cell cell;
    bool bidirectional;
    int layers;
    int64_t V, I; /* words and the length of their vectors; V = 0: series of I numbers a step */
    int64_t H;
    int64_t dense; /* width of a linear layer before the last, or 0 */
    int64_t K;     /* what the last layer gives; 0: there is none */
    int64_t B, T;
    int64_t shortest;     /* sequence; 0: all have T steps */
    double dropout, clip; /* dropout is 0 while losses are compared: masks are not PyTorch's */
    recur_optim_kind optimizer;
    double lr;
    bool steps; /* translation: the decoder goes step by step */
} spec;

static const spec specs[] = {
    {.name = "ball",
     .loss = series_loss,
     .cell = RECUR_RNN_TANH,
     .layers = 1,
     .I = 1,
     .H = 8,
     .K = 1,
     .B = 100,
     .T = 9,
     .shortest = 4,
     .optimizer = RECUR_SGD,
     .lr = 0.1},
    {.name = "sine",
     .loss = series_loss,
     .cell = RECUR_LSTM,
     .layers = 1,
     .I = 1,
     .H = 32,
     .K = 1,
     .B = 100,
     .T = 50,
     .optimizer = RECUR_ADAM,
     .lr = 1e-3},
    {.name = "stock",
     .loss = series_loss,
     .cell = RECUR_LSTM,
     .layers = 2,
     .I = 1,
     .H = 64,
     .dense = 25,
     .K = 1,
     .B = 32,
     .T = 30,
     .dropout = 0.2,
     .clip = 1.0,
     .optimizer = RECUR_ADAM,
     .lr = 1e-3},
    {.name = "sentiment",
     .loss = sentiment_loss,
     .cell = RECUR_LSTM,
     .bidirectional = true,
     .layers = 2,
     .V = 5000,
     .I = 128,
     .H = 64,
     .dense = 64,
     .K = 2,
     .B = 64,
     .T = 100,
     .clip = 1.0,
     .optimizer = RECUR_ADAM,
     .lr = 1e-3},
    {.name = "sentiment-lengths",
     .loss = sentiment_loss,
     .cell = RECUR_LSTM,
     .bidirectional = true,
     .layers = 2,
     .V = 5000,
     .I = 128,
     .H = 64,
     .dense = 64,
     .K = 2,
     .B = 64,
     .T = 100,
     .shortest = 20,
     .clip = 1.0,
     .optimizer = RECUR_ADAM,
     .lr = 1e-3},
    {.name = "charlm128",
     .loss = language_loss,
     .cell = RECUR_LSTM,
     .layers = 2,
     .V = 65,
     .I = 64,
     .H = 128,
     .K = 65,
     .B = 50,
     .T = 50,
     .clip = 5.0,
     .optimizer = RECUR_ADAM,
     .lr = 5e-4},
    {.name = "charlm512",
     .loss = language_loss,
     .cell = RECUR_LSTM,
     .layers = 2,
     .V = 65,
     .I = 64,
     .H = 512,
     .K = 65,
     .B = 50,
     .T = 50,
     .clip = 5.0,
     .optimizer = RECUR_ADAM,
     .lr = 5e-4},
    {.name = "ptb",
     .loss = language_loss,
     .cell = RECUR_LSTM,
     .layers = 2,
     .V = 10000,
     .I = 650,
     .H = 650,
     .K = 10000,
     .B = 20,
     .T = 35,
     .clip = 5.0,
     .optimizer = RECUR_SGD,
     .lr = 1.0},
    {.name = "seq2seq",
     .loss = translation_loss,
     .cell = RECUR_LSTM,
     .layers = 2,
     .V = 5000,
     .I = 256,
     .H = 512,
     .K = 5000,
     .B = 64,
     .T = 20,
     .clip = 1.0,
     .optimizer = RECUR_ADAM,
     .lr = 1e-3},
    {.name = "seq2seq-steps",
     .loss = translation_loss,
     .cell = RECUR_LSTM,
     .layers = 2,
     .V = 5000,
     .I = 256,
     .H = 512,
     .K = 5000,
     .B = 64,
     .T = 20,
     .clip = 1.0,
     .optimizer = RECUR_ADAM,
     .lr = 1e-3,
     .steps = true},
    {.name = "big",
     .loss = square_loss,
     .cell = RECUR_LSTM,
     .layers = 1,
     .I = 1024,
     .H = 1024,
     .B = 64,
     .T = 50,
     .optimizer = RECUR_SGD,
     .lr = 0.1},
};

/* Losses that are compared; the least number of samples, and the longest warming-up in seconds. */
enum { CHECKED = 4, FEWEST = 3 };
static const double WARM = 0.3;

struct bench {
    const spec *m;
    recur_ctx *cx;
    recur_params *ps;
    recur_tape *tp;
    recur_embedding_layer words, out_words; /* of the encoder or the only part; of the decoder */
    recur_rnn *rnn, *decoder;
    recur_linear_layer dense, head;
    recur_batch_norm norm;
    recur_optim *optim;
    float *x, *y;                                 /* series [B, T, I], targets [B, 1] */
    int64_t *in, *out, *target, *class, *lengths; /* [B, T] ids and targets; [B] */
};

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

/* --- the batch --- */

static void *zeros(const bench *b, int64_t n, size_t item)
{
    void *p = calloc((size_t)n, item);
    if (!p)
        check(b, RECUR_ENOMEM);
    return p;
}

/* Word i of a text in which small numbers are frequent, as in natural ones. */
static int64_t word(const spec *m, int64_t i, uint64_t salt)
{
    uint64_t z = ((uint64_t)i + salt) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 32)) * 0xd1342543de82ef95u;
    double u = (double)(z >> 11) * 0x1p-53;
    return (int64_t)(pow((double)m->V, u)) - 1;
}

static void fill_series(bench *b)
{
    const spec *m = b->m;
    b->x = zeros(b, m->B * m->T * m->I, sizeof *b->x);
    b->y = zeros(b, m->B, sizeof *b->y);
    for (int64_t i = 0; i < m->B; i++) {
        for (int64_t t = 0; t < m->T * m->I; t++)
            b->x[i * m->T * m->I + t] = (float)sin(0.1 * (double)t + 0.7 * (double)i) * 0.8f;
        b->y[i] = (float)sin(0.1 * (double)b->lengths[i] + 0.7 * (double)i) * 0.8f;
    }
}

static void fill_words(bench *b)
{
    const spec *m = b->m;
    b->in = zeros(b, m->B * m->T, sizeof *b->in);
    b->out = zeros(b, m->B * m->T, sizeof *b->out);
    b->target = zeros(b, m->B * m->T, sizeof *b->target);
    for (int64_t i = 0; i < m->B * m->T; i++) {
        b->in[i] = word(m, i, 0);
        b->out[i] = word(m, i, 1 << 20);
        b->target[i] = word(m, i, 2 << 20);
    }
}

static void fill_batch(bench *b)
{
    const spec *m = b->m;
    b->lengths = zeros(b, m->B, sizeof *b->lengths);
    b->class = zeros(b, m->B, sizeof *b->class);
    for (int64_t i = 0; i < m->B; i++) {
        b->lengths[i] = m->shortest ? m->shortest + i * 37 % (m->T - m->shortest + 1) : m->T;
        b->class[i] = i % 2;
    }
    if (m->V)
        fill_words(b);
    else
        fill_series(b);
}

/* --- the model --- */

static void build_rnn(bench *b, recur_rnn **rnn, const char *name, double dropout)
{
    const spec *m = b->m;
    recur_rnn_config rc = {.cell = m->cell,
                           .input = m->I,
                           .hidden = m->H,
                           .layers = m->layers,
                           .bidirectional = m->bidirectional,
                           .batch_first = true,
                           .dropout = dropout};
    check(b, recur_rnn_create(rnn, b->ps, name, &rc));
}

static void build_head(bench *b)
{
    const spec *m = b->m;
    int64_t width = m->bidirectional ? 2 * m->H : m->H;
    if (m->dense)
        check(b, recur_linear_create(&b->dense, b->ps, "dense", width, m->dense, true));
    if (m->loss == sentiment_loss)
        check(b, recur_batch_norm_create(&b->norm, b->ps, "norm", m->dense, 1e-5, 0.1, true));
    if (m->K)
        check(b, recur_linear_create(&b->head, b->ps, "head", m->dense ? m->dense : width, m->K, true));
}

static void build(bench *b, int threads, double dropout)
{
    const spec *m = b->m;
    recur_optim_config oc = recur_optim_defaults(m->optimizer);
    oc.lr = m->lr;
    check(b, recur_ctx_create(&b->cx, &(recur_options){.threads = threads}));
    check(b, recur_params_create(&b->ps, b->cx, RECUR_F32, 1));
    check(b, recur_tape_create(&b->tp, b->cx, 1));
    if (m->V)
        check(b, recur_embedding_create(&b->words, b->ps, "words", m->V, m->I, RECUR_NO_PADDING));
    build_rnn(b, &b->rnn, "rnn", dropout);
    if (m->loss == translation_loss) {
        check(b, recur_embedding_create(&b->out_words, b->ps, "out_words", m->V, m->I, RECUR_NO_PADDING));
        build_rnn(b, &b->decoder, "decoder", dropout);
    }
    build_head(b);
    check(b, recur_optim_create(&b->optim, b->ps, &oc));
    fill_batch(b);
}

static void destroy(bench *b)
{
    recur_optim_free(b->optim);
    recur_rnn_free(b->rnn);
    recur_rnn_free(b->decoder);
    recur_tape_free(b->tp);
    recur_params_free(b->ps);
    recur_ctx_free(b->cx);
    void *arrays[] = {b->x, b->y, b->in, b->out, b->target, b->class, b->lengths};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    *b = (bench){.m = b->m};
}

/* --- forward --- */

static recur_tensor *ids_of(bench *b, const int64_t *ids)
{
    return recur_input(b->tp, RECUR_I64, 2, (int64_t[]){b->m->B, b->m->T}, ids);
}

static recur_tensor *numbers_of(bench *b)
{
    return recur_input(b->tp, RECUR_F32, 3, (int64_t[]){b->m->B, b->m->T, b->m->I}, b->x);
}

static recur_tensor *lengths_of(bench *b)
{
    return b->m->shortest ? recur_input(b->tp, RECUR_I64, 1, &b->m->B, b->lengths) : NULL;
}

/* The last layer's last state through the head; mean squared error. */
static recur_tensor *series_loss(bench *b)
{
    const spec *m = b->m;
    recur_tape *tp = b->tp;
    recur_tensor *y = recur_input(tp, RECUR_F32, 2, (int64_t[]){m->B, 1}, b->y);
    recur_tensor *h = recur_rnn_forward(tp, b->rnn, numbers_of(b), lengths_of(b), NULL, NULL).h;
    h = recur_reshape(tp, recur_slice(tp, h, 0, m->layers - 1, m->layers, 1), 2, (int64_t[]){m->B, m->H});
    if (m->dense)
        h = recur_linear_forward(tp, &b->dense, h);
    return recur_mse_loss(tp, recur_linear_forward(tp, &b->head, h), y, RECUR_MEAN);
}

/* The mean over time, a dense layer, batch norm, relu, the classes. */
static recur_tensor *sentiment_loss(bench *b)
{
    recur_tape *tp = b->tp;
    recur_tensor *lengths = lengths_of(b), *x = recur_embedding_forward(tp, &b->words, ids_of(b, b->in));
    recur_tensor *y = recur_rnn_forward(tp, b->rnn, x, lengths, NULL, NULL).y;
    y = recur_linear_forward(tp, &b->dense, recur_pool_mean(tp, y, lengths, true));
    y = recur_linear_forward(tp, &b->head, recur_relu(tp, recur_batch_norm_forward(tp, &b->norm, y)));
    recur_tensor *class = recur_input(tp, RECUR_I64, 1, &b->m->B, b->class);
    return recur_cross_entropy(tp, y, class, RECUR_CLASS_LOSS);
}

/* Cross entropy of every step's word after y [B, T, H]. */
static recur_tensor *word_loss(bench *b, recur_tensor *y)
{
    int64_t N = b->m->B * b->m->T;
    y = recur_reshape(b->tp, y, 2, (int64_t[]){N, b->m->H});
    recur_tensor *target = recur_input(b->tp, RECUR_I64, 1, &N, b->target);
    return recur_linear_cross_entropy(b->tp, y, b->head.weight, b->head.bias, target, RECUR_CLASS_LOSS);
}

static recur_tensor *language_loss(bench *b)
{
    recur_tensor *x = recur_embedding_forward(b->tp, &b->words, ids_of(b, b->in));
    return word_loss(b, recur_rnn_forward(b->tp, b->rnn, x, NULL, NULL, NULL).y);
}

/* The decoder step by step, as it must go where each step looks at the one before. */
static recur_tensor *decode_steps(bench *b, recur_tensor *x, recur_rnn_out state)
{
    enum { MOST = 64 };
    recur_tensor *y[MOST];
    for (int64_t t = 0; t < b->m->T; t++) {
        recur_tensor *xt = recur_slice(b->tp, x, 1, t, t + 1, 1);
        state = recur_rnn_forward(b->tp, b->decoder, xt, NULL, state.h, state.c);
        y[t] = state.y;
    }
    return recur_concat(b->tp, y, (int)b->m->T, 1);
}

static recur_tensor *translation_loss(bench *b)
{
    recur_tape *tp = b->tp;
    recur_tensor *x = recur_embedding_forward(tp, &b->words, ids_of(b, b->in));
    recur_rnn_out state = recur_rnn_forward(tp, b->rnn, x, NULL, NULL, NULL);
    recur_tensor *z = recur_embedding_forward(tp, &b->out_words, ids_of(b, b->out));
    return word_loss(b, b->m->steps ? decode_steps(b, z, state)
                                    : recur_rnn_forward(tp, b->decoder, z, NULL, state.h, state.c).y);
}

static recur_tensor *square_loss(bench *b)
{
    recur_tensor *y = recur_rnn_forward(b->tp, b->rnn, numbers_of(b), NULL, NULL, NULL).y;
    recur_tensor *zero = recur_input(b->tp, RECUR_F32, 3, (int64_t[]){b->m->B, b->m->T, b->m->H}, NULL);
    return recur_mse_loss(b->tp, y, zero, RECUR_MEAN);
}

static double train_step(bench *b)
{
    recur_tape_begin(b->tp, RECUR_TRAIN);
    recur_tensor *loss = b->m->loss(b);
    check(b, recur_backward(b->tp, loss));
    if (b->m->clip > 0.0)
        check(b, recur_clip_grad_norm(b->ps, b->m->clip, 2.0, NULL));
    double value = recur_item(loss, 0);
    check(b, recur_optim_step(b->optim));
    return value;
}

/* --- the clock --- */

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { SAMPLES = 4096 };

typedef struct times {
    double median, least, processor; /* the last: of all threads together, least */
} times;

/* Microseconds of `run`, `inner` calls to a sample, for about `seconds`. */
static times time_us(void (*run)(void *), void *user, int inner, double seconds)
{
    static double wall[SAMPLES], processor[SAMPLES];
    int n = 0;
    double end = now(CLOCK_MONOTONIC) + WARM;
    for (int i = 0; i < 3 * inner && now(CLOCK_MONOTONIC) < end; i++)
        run(user);
    for (end = now(CLOCK_MONOTONIC) + seconds; n < SAMPLES && (n < FEWEST || now(CLOCK_MONOTONIC) < end);
         n++) {
        double start = now(CLOCK_MONOTONIC), begun = now(CLOCK_PROCESS_CPUTIME_ID);
        for (int i = 0; i < inner; i++)
            run(user);
        processor[n] = (now(CLOCK_PROCESS_CPUTIME_ID) - begun) / inner * 1e6;
        wall[n] = (now(CLOCK_MONOTONIC) - start) / inner * 1e6;
    }
    qsort(wall, (size_t)n, sizeof *wall, by_value);
    qsort(processor, (size_t)n, sizeof *processor, by_value);
    return (times){wall[n / 2], wall[0], processor[0]};
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
    double us = time_us(run_stream, &s, 100, seconds).median;
    free(memory);
    recur_plan_free(plan);
    return us;
}

/* --- what the peer reads --- */

enum { MOST_ENTRIES = 64 };

static void add_entry(recur_entry *entries, size_t *n, recur_entry e)
{
    if (e.data)
        entries[(*n)++] = e;
}

static void export(bench *b, const char *folder)
{
    char path[4096];
    recur_entry e[MOST_ENTRIES];
    size_t n = 0;
    for (; n < recur_params_size(b->ps) && n < MOST_ENTRIES - 7; n++)
        e[n] = recur_entry_of(recur_params_at(b->ps, n), NULL);
    int64_t B = b->m->B, T = b->m->T, I = b->m->I, x[] = {B, T, I}, y[] = {B, 1};
    size_t words = (size_t)(B * T) * sizeof(int64_t), rows = (size_t)B * sizeof(int64_t);
    add_entry(e, &n, (recur_entry){"data.x", "F32", 3, x, b->x, (size_t)(B * T * I) * sizeof(float)});
    add_entry(e, &n, (recur_entry){"data.y", "F32", 2, y, b->y, (size_t)B * sizeof(float)});
    add_entry(e, &n, (recur_entry){"data.in", "I64", 2, x, b->in, words});
    add_entry(e, &n, (recur_entry){"data.out", "I64", 2, x, b->out, words});
    add_entry(e, &n, (recur_entry){"data.target", "I64", 2, x, b->target, words});
    add_entry(e, &n, (recur_entry){"data.class", "I64", 1, &B, b->class, rows});
    add_entry(e, &n, (recur_entry){"data.lengths", "I64", 1, &B, b->lengths, rows});
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, b->m->name);
    check(b, recur_archive_write(b->cx, path, e, n, NULL, 0));
}

static const spec *find(const char *name)
{
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        if (strcmp(specs[i].name, name) == 0)
            return &specs[i];
    return NULL;
}

static int usage(void)
{
    fprintf(stderr, "usage: step MODEL THREADS SECONDS [FOLDER], MODEL one of");
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        fprintf(stderr, " %s", specs[i].name);
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    static bench b;
    b.m = argc >= 4 ? find(argv[1]) : NULL;
    if (!b.m)
        return usage();
    build(&b, atoi(argv[2]), 0.0);
    if (argc > 4)
        export(&b, argv[4]);
    printf("{\"model\": \"%s\", \"threads\": %s, \"losses\": [", b.m->name, argv[2]);
    for (int i = 0; i < CHECKED; i++)
        printf(i ? ", %.9g" : "%.9g", train_step(&b));
    destroy(&b);
    build(&b, atoi(argv[2]), b.m->dropout);
    times train = time_us(run_train, &b, 1, atof(argv[3]));
    printf("], \"train_us\": %.3f, \"train_least_us\": %.3f, \"train_processor_us\": %.3f", train.median,
           train.least, train.processor);
    if (b.m->loss == series_loss)
        printf(", \"stream_us\": %.4f", time_stream(&b, atof(argv[3])));
    printf("}\n");
    destroy(&b);
    return 0;
}
