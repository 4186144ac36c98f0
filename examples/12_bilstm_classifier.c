// SPDX-License-Identifier: MIT
/*
 * From the states of a sentence to one vector: three ways, on one task.
 *
 *     h_1 .. h_T = BiLSTM(embedding(w_1 .. w_T))         each state looks back and ahead, [2 H]
 *
 *     last   s = [h_T forwards, h_1 backwards]           what is left at the ends
 *     mean   s = sum_t h_t / T                           all words alike
 *     max    s_j = max_t h_tj                            each number from the word where it is largest
 *
 *     p = softmax(W s + b)
 *
 * A sentence of up to 100 words holds two that matter, side by side and anywhere: "a b" is one class, "b a" the other. The rest
 * are drawn at random and say nothing. With 500 sentences to learn from, the last states, which must carry two words
 * over dozens of others, stay a guess; the mean has them in it, thinned by T, and gets there in time; the maximum picks
 * them out wherever they are, and needs an epoch or two (Conneau et al. 2017).
 *
 *     cc 12_bilstm_classifier.c $(pkg-config --cflags --libs recur) -lm -o bilstm && ./bilstm
 *
 * Prints, for each of the three, how often new sentences are right after each epoch of the same training. Lengths
 * differ: sequences of 60 to 100 words share a batch.
 */
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum {
    N = 500,
    TEST = 500,
    SHORTEST = 60,
    LONGEST = 100,
    V = 200,
    E = 16,
    H = 16,
    K = 2,
    BATCH = 25,
    EPOCHS = 8
};
enum { A = 1, B = 2, FIRST_FILLER = 3 }; /* word 0 is padding */

typedef recur_tensor *pooling(recur_tape *tp, recur_rnn_out out, recur_tensor *lengths, int64_t batch);

static recur_tensor *last(recur_tape *tp, recur_rnn_out out, recur_tensor *lengths, int64_t batch)
{
    (void)lengths; /* h has each sequence's own last state; backwards, the one at its first word */
    recur_tensor *side_by_side = recur_transpose(tp, out.h, 0, 1); /* [2, B, H] -> [B, 2, H] */
    return recur_reshape(tp, side_by_side, 2, (int64_t[]){batch, 2 * H});
}

static recur_tensor *mean(recur_tape *tp, recur_rnn_out out, recur_tensor *lengths, int64_t batch)
{
    (void)batch;
    return recur_pool_mean(tp, out.y, lengths, true);
}

static recur_tensor *max(recur_tape *tp, recur_rnn_out out, recur_tensor *lengths, int64_t batch)
{
    (void)batch;
    return recur_pool_max(tp, out.y, lengths, true);
}

static const struct {
    const char *name;
    pooling *pool;
} ways[] = {{"last", last}, {"mean", mean}, {"max", max}};
enum { WAYS = 3 };

/* ---- sentences ---- */

typedef struct sentences {
    int64_t word[N + TEST][LONGEST], length[N + TEST], label[N + TEST];
} sentences;

static int64_t draw(uint64_t stream, uint64_t position, int64_t n)
{
    return (int64_t)(recur_random_uniform(1, stream, position) * (double)n);
}

static void write_sentence(sentences *s, int i)
{
    uint64_t stream = (uint64_t)i;
    s->length[i] = SHORTEST + draw(stream, 0, LONGEST - SHORTEST + 1);
    s->label[i] = draw(stream, 1, K);
    int64_t at = draw(stream, 2, s->length[i] - 1);
    for (int64_t t = 0; t < s->length[i]; t++)
        s->word[i][t] = FIRST_FILLER + draw(stream, 3 + (uint64_t)t, V - FIRST_FILLER);
    s->word[i][at] = s->label[i] ? B : A;
    s->word[i][at + 1] = s->label[i] ? A : B;
}

/* ---- the model ---- */

typedef struct network {
    recur_params *ps;
    recur_embedding_layer embedding;
    recur_rnn *bilstm;
    recur_linear_layer head;
    recur_optim *adam;
    recur_tape *tp;
    pooling *pool;
} network;

static bool build(network *net, recur_ctx *cx, pooling *pool)
{
    recur_rnn_config config = {
        .cell = RECUR_LSTM, .input = E, .hidden = H, .bidirectional = true, .batch_first = true};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.01;
    net->pool = pool;
    return !(recur_params_create(&net->ps, cx, RECUR_F32, 1) ||
             recur_embedding_create(&net->embedding, net->ps, "embedding", V, E, 0) ||
             recur_rnn_create(&net->bilstm, net->ps, "bilstm", &config) ||
             recur_linear_create(&net->head, net->ps, "head", 2 * H, K, true) ||
             recur_optim_create(&net->adam, net->ps, &adam) || recur_tape_create(&net->tp, cx, 1));
}

static void destroy(network *net)
{
    recur_tape_free(net->tp);
    recur_optim_free(net->adam);
    recur_rnn_free(net->bilstm);
    recur_params_free(net->ps);
}

/* Sentences from .. from + n - 1 -> scores [n, K]; the words behind a sentence's end are not read. */
static recur_tensor *forward(const network *net, const sentences *s, int from, int64_t n)
{
    recur_tape *tp = net->tp;
    recur_tensor *ids = recur_input(tp, RECUR_I64, 2, (int64_t[]){n, LONGEST}, s->word[from]);
    recur_tensor *lengths = recur_input(tp, RECUR_I64, 1, &n, s->length + from);
    recur_tensor *x = recur_embedding_forward(tp, &net->embedding, ids);
    recur_rnn_out out = recur_rnn_forward(tp, net->bilstm, x, lengths, NULL, NULL);
    return recur_linear_forward(tp, &net->head, net->pool(tp, out, lengths, n));
}

static bool learn_epoch(network *net, const sentences *s)
{
    for (int from = 0; from < N; from += BATCH) {
        recur_tape_begin(net->tp, RECUR_TRAIN);
        recur_tensor *target = recur_input(net->tp, RECUR_I64, 1, (int64_t[]){BATCH}, s->label + from);
        recur_tensor *loss =
            recur_cross_entropy(net->tp, forward(net, s, from, BATCH), target, RECUR_CLASS_LOSS);
        if (recur_backward(net->tp, loss) || recur_clip_grad_norm(net->ps, 1, 2, NULL) ||
            recur_optim_step(net->adam))
            return false;
    }
    return true;
}

/* The share of new sentences that are right; negative after an error. */
static double score(network *net, const sentences *s)
{
    double right = 0;
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_tensor *y = forward(net, s, N, TEST);
    for (int64_t i = 0; y && i < TEST; i++)
        right += (recur_item(y, i * K + 1) > recur_item(y, i * K)) == s->label[N + i];
    return y ? right / TEST : -1;
}

static bool train(recur_ctx *cx, const sentences *s, int way, double *right)
{
    network net = {0};
    bool good = build(&net, cx, ways[way].pool);
    printf("%-5s", ways[way].name);
    for (int epoch = 0; good && epoch < EPOCHS; epoch++) {
        good = learn_epoch(&net, s) && (*right = score(&net, s)) >= 0;
        printf(" %5.1f", 100 * *right);
    }
    printf("\n");
    destroy(&net);
    return good;
}

int main(void)
{
    static sentences s;
    recur_ctx *cx = NULL;
    double right[WAYS] = {0};
    const char *text;
    for (int i = 0; i < N + TEST; i++)
        write_sentence(&s, i);
    printf("%% of %d new sentences that are right, by epoch\n", TEST);
    bool good = recur_ctx_create(&cx, NULL) == RECUR_OK;
    for (int way = 0; good && way < WAYS; way++)
        good = train(cx, &s, way, &right[way]);
    if (!good) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    recur_ctx_free(cx);
    return good && right[2] > 0.99 && right[2] > right[0] + 0.2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
