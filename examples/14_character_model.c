// SPDX-License-Identifier: MIT
/*
 * A language model of characters, and all the ways to write with it. It learns a short text by heart, in windows of 32
 * characters with the state carried from one to the next (truncated backpropagation); then a plan of it writes, a
 * character at a time, drawn in different ways from what it finds likely.
 *
 *     cc 14_character_model.c $(pkg-config --cflags --libs recur) -lm -o character_model && ./character_model
 *
 * Prints the loss in nats per character while it learns (log 30 = 3.4 is guessing) and a text for each way to draw.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <recur/recur.h>

static const char verse[] = "a gull went up, a gull came down,\n"
                            "the tide went out, the tide came in,\n"
                            "and nobody in all the town\n"
                            "could say where it would all begin.\n"
                            "the gull came down, the tide went out,\n"
                            "the town went up, the night came in,\n"
                            "and all the gulls began to shout\n"
                            "that nobody would let them in.\n\n";

enum { T = 32, E = 16, H = 64, EPOCHS = 60, WRITTEN = 120 };

typedef struct model {
    char letter[128]; /* [V]: what each number stands for */
    int64_t id[128];  /* and back */
    int64_t V;
    recur_params *ps;
    recur_embedding_layer embedding;
    recur_rnn *rnn;
    recur_linear_layer head;
    recur_optim *optim;
    recur_tape *tp;
    float h[H], c[H]; /* the state between two windows */
} model;

static void number_letters(model *m)
{
    for (const char *s = verse; *s; s++)
        if (!memchr(m->letter, *s, (size_t)m->V)) {
            m->id[(int)*s] = m->V;
            m->letter[m->V++] = *s;
        }
}

static bool build(model *m, recur_ctx *cx)
{
    recur_rnn_config lstm = {.cell = RECUR_LSTM, .input = E, .hidden = H};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.005;
    number_letters(m);
    return !(recur_params_create(&m->ps, cx, RECUR_F32, 1) ||
             recur_embedding_create(&m->embedding, m->ps, "embedding", m->V, E, RECUR_NO_PADDING) ||
             recur_rnn_create(&m->rnn, m->ps, "rnn", &lstm) ||
             recur_linear_create(&m->head, m->ps, "head", H, m->V, true) ||
             recur_optim_create(&m->optim, m->ps, &adam) || recur_tape_create(&m->tp, cx, 0));
}

static void clear(model *m)
{
    recur_tape_free(m->tp);
    recur_optim_free(m->optim);
    recur_rnn_free(m->rnn);
    recur_params_free(m->ps);
}

/* ---- learning ---- */

/* n characters from `text` on, and as targets those that follow each: their loss. The state goes in as a number, not
 * as an expression: gradients end at the window's beginning. */
static recur_tensor *window_loss(model *m, const char *text, int64_t n)
{
    int64_t x[T], y[T];
    for (int64_t t = 0; t < n; t++) {
        x[t] = m->id[(int)text[t]];
        y[t] = m->id[(int)text[t + 1]];
    }
    recur_tensor *h0 = recur_input(m->tp, RECUR_F32, 3, (int64_t[]){1, 1, H}, m->h);
    recur_tensor *c0 = recur_input(m->tp, RECUR_F32, 3, (int64_t[]){1, 1, H}, m->c);
    recur_tensor *in =
        recur_embedding_forward(m->tp, &m->embedding, recur_input(m->tp, RECUR_I64, 2, (int64_t[]){n, 1}, x));
    recur_rnn_out out = recur_rnn_forward(m->tp, m->rnn, in, NULL, h0, c0);
    if (!out.y)
        return NULL;
    memcpy(m->h, recur_f32(out.h), sizeof m->h);
    memcpy(m->c, recur_f32(out.c), sizeof m->c);
    recur_tensor *logits =
        recur_linear_forward(m->tp, &m->head, recur_reshape(m->tp, out.y, 2, (int64_t[]){n, H}));
    return recur_cross_entropy(m->tp, logits, recur_input(m->tp, RECUR_I64, 1, &n, y), RECUR_CLASS_LOSS);
}

static bool train(model *m)
{
    int64_t N = (int64_t)sizeof verse - 2; /* characters that have a next one */
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        double sum = 0;
        memset(m->h, 0, sizeof m->h);
        memset(m->c, 0, sizeof m->c);
        for (int64_t at = 0; at < N; at += T) {
            int64_t n = N - at < T ? N - at : T;
            recur_tape_begin(m->tp, RECUR_TRAIN);
            recur_tensor *loss = window_loss(m, verse + at, n);
            if (recur_backward(m->tp, loss) || recur_clip_grad_norm(m->ps, 1, 2, NULL) ||
                recur_optim_step(m->optim))
                return false;
            sum += recur_item(loss, 0) * (double)n;
        }
        if (epoch == 1 || epoch % 20 == 0)
            printf("epoch %2d: %.3f nats per character\n", epoch, sum / (double)N);
    }
    return true;
}

/* ---- writing ---- */

static const struct way {
    const char *name;
    recur_sampling how;
} ways[] = {
    {"greedy: always the likeliest", {.temperature = 0}},
    {"temperature 1: as likely as the model says", {.temperature = 1, .seed = 1}},
    {"temperature 2: anything goes", {.temperature = 2, .seed = 1}},
    {"temperature 2, the 3 likeliest", {.temperature = 2, .top_k = 3, .seed = 1}},
    {"temperature 2, the likeliest that have 0.7 together", {.temperature = 2, .top_p = 0.7, .seed = 1}},
    {"temperature 2, those with a fifth of the likeliest's", {.temperature = 2, .min_p = 0.2, .seed = 1}},
    {"greedy, but no letter too often", {.temperature = 0, .repetition = 1.5}},
};

/* A plan is what a program keeps of a model that has learnt: constant, shared by all who write with it. */
static recur_status freeze(recur_plan **plan, recur_ctx *cx, const model *m)
{
    recur_status status = recur_plan_create(plan, cx);
    if (!status)
        status = recur_plan_embedding(*plan, &m->embedding);
    if (!status)
        status = recur_plan_rnn(*plan, m->rnn);
    return status ? status : recur_plan_linear(*plan, &m->head);
}

/* From "the ": each step takes the last character and says how likely each one is next. */
static bool write_text(recur_ctx *cx, const model *m, const recur_plan *plan, const recur_sampling *how)
{
    static const char prompt[] = "the ";
    recur_session *s;
    recur_sampler *sampler;
    int64_t id[WRITTEN + sizeof prompt], n = 0;
    float logits[128];
    size_t session_size = recur_session_size(plan, 1), sampler_size = recur_sampler_size(m->V);
    void *memory = aligned_alloc(64, session_size), *more = aligned_alloc(64, sampler_size);
    bool good = memory && more && !recur_session_init(&s, memory, session_size, plan, 1) &&
                !recur_sampler_init(&sampler, more, sampler_size, cx, RECUR_F32, m->V, how);
    for (const char *p = prompt; good && *p; p++) {
        id[n] = m->id[(int)*p];
        recur_session_step(s, &id[n++], logits);
    }
    printf("    %s", prompt);
    for (uint64_t i = 0; good && i < WRITTEN; i++) {
        int64_t past = n < 6 ? n : 6; /* what the penalty looks at */
        id[n] = recur_sampler_draw(sampler, 0, i, logits, id + n - past, past);
        printf("%c%s", m->letter[id[n]], m->letter[id[n]] == '\n' ? "    " : "");
        recur_session_step(s, &id[n++], logits);
    }
    printf("\n\n");
    free(memory);
    free(more);
    return good;
}

static bool write_all(recur_ctx *cx, const model *m)
{
    recur_plan *plan = NULL;
    bool good = !freeze(&plan, cx, m);
    for (size_t i = 0; good && i < sizeof ways / sizeof *ways; i++) {
        printf("%s\n", ways[i].name);
        good = write_text(cx, m, plan, &ways[i].how);
    }
    recur_plan_free(plan);
    return good;
}

int main(void)
{
    recur_ctx *cx;
    model m = {.V = 0};
    if (recur_ctx_create(&cx, NULL))
        return EXIT_FAILURE;
    bool good = build(&m, cx) && train(&m) && write_all(cx, &m);
    const char *text;
    if (recur_error(cx, &text))
        fprintf(stderr, "%s\n", text);
    clear(&m);
    recur_ctx_free(cx);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
