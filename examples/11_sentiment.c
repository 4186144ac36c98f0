// SPDX-License-Identifier: MIT
/*
 * Is a review for or against? From text to a classifier, part by part:
 *
 *     CSV -> texts and labels -> units -> vocabulary -> ids -> batches of like lengths
 *     x_t = embedding(id_t)      h_t = LSTM(x_t, h_{t-1})      p(pos) = softmax(W h_n + b), n the text's own length
 *
 * Texts of one batch have different lengths. They stand side by side in [B, T], T the longest, with padding behind
 * the ends; `lengths` packs them: the LSTM takes n_b steps of text b and leaves h_n, and what is in the padding
 * is never read. The program shows it by putting nonsense there: not a bit changes.
 *
 * The built-in reviews are such that counting words does not help ("not good but awful" is against, "not awful
 * but good" is for): the baseline below, the class that a text's words stand in most often, is a guess. The LSTM
 * reads the order.
 *
 *     cc 11_sentiment.c $(pkg-config --cflags --libs recur) -lm -o sentiment && ./sentiment
 *
 * Prints the loss by epoch, how often the test part is right, and what the model makes of three new sentences.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <recur/recur.h>

enum { N = 4000, TEST = 500, E = 32, H = 32, K = 2, BATCH = 32, EPOCHS = 8 };

typedef struct data {
    recur_text *csv;
    recur_table *table; /* columns label, text */
    recur_tokenizer *tokenizer;
    recur_vocab *vocab;
    recur_sequences *ids; /* of all texts */
    recur_buckets *batches;
    int64_t n; /* texts; the last TEST of them are the test part */
} data;

typedef struct network {
    recur_params *ps;
    recur_embedding_layer embedding;
    recur_rnn *lstm;
    recur_linear_layer head;
    recur_optim *adam;
    recur_tape *tp;
} network;

static const char *text_of(const data *d, int64_t i)
{
    return recur_table_text(d->table, i, 1);
}

static int64_t label_of(const data *d, int64_t i)
{
    return strcmp(recur_table_text(d->table, i, 0), "pos") == 0;
}

/* ---- text to numbers ---- */

static bool count_units(data *d, recur_counts *counts)
{
    recur_units units;
    for (int64_t i = 0; i < d->n - TEST; i++)
        if (recur_tokenize(d->tokenizer, text_of(d, i), strlen(text_of(d, i)), NULL, &units) ||
            recur_counts_add_units(counts, &units))
            return false;
    return true;
}

/* The vocabulary knows the training part alone; a unit that is new in the test part becomes <unk>. */
static bool learn_vocabulary(data *d, recur_ctx *cx)
{
    recur_counts *counts = NULL;
    bool good = !recur_counts_create(&counts, cx) && count_units(d, counts) &&
                !recur_vocab_create(&d->vocab, counts, &(recur_vocab_options){.specials = true});
    recur_counts_free(counts);
    return good;
}

static bool prepare(data *d, recur_ctx *cx)
{
    recur_text_config words = recur_text_defaults();
    recur_bucket_options like_lengths = {.batch = BATCH, .shuffle = true, .seed = 1};
    int64_t train[N];
    words.lowercase = true;
    if (recur_synthetic(&d->csv, cx, "reviews", N, 1) ||
        recur_table_parse(&d->table, cx, d->csv->bytes, d->csv->size, "reviews", NULL) ||
        recur_tokenizer_create(&d->tokenizer, cx, &words, 0))
        return false;
    d->n = recur_table_rows(d->table);
    if (!learn_vocabulary(d, cx) || recur_sequences_create(&d->ids, cx))
        return false;
    for (int64_t i = 0; i < d->n; i++)
        if (recur_encode(d->ids, d->tokenizer, d->vocab, text_of(d, i), strlen(text_of(d, i)), NULL, 0))
            return false;
    for (int64_t i = 0; i < d->n - TEST; i++)
        train[i] = i;
    return !recur_buckets_create(&d->batches, d->ids, train, d->n - TEST, &like_lengths);
}

/* ---- the model ---- */

static bool build(network *net, recur_ctx *cx, int64_t V)
{
    recur_rnn_config lstm = {.cell = RECUR_LSTM, .input = E, .hidden = H, .batch_first = true};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.005;
    return !(recur_params_create(&net->ps, cx, RECUR_F32, 1) ||
             recur_embedding_create(&net->embedding, net->ps, "embedding", V, E, RECUR_PAD) ||
             recur_rnn_create(&net->lstm, net->ps, "lstm", &lstm) ||
             recur_linear_create(&net->head, net->ps, "head", H, K, true) ||
             recur_optim_create(&net->adam, net->ps, &adam) || recur_tape_create(&net->tp, cx, 1));
}

/* Texts `index` [B] of `s` -> scores [B, K]. What stands behind a text's end is `fill`. */
static recur_tensor *forward(const network *net, const recur_sequences *s, const int64_t *index, int64_t B,
                             int64_t fill)
{
    recur_tape *tp = net->tp;
    recur_tensor *lengths = recur_input(tp, RECUR_I64, 1, &B, NULL);
    if (!lengths)
        return NULL;
    int64_t T = recur_pad_lengths(s, index, B, recur_i64(lengths));
    recur_tensor *ids = recur_input(tp, RECUR_I64, 2, (int64_t[]){B, T}, NULL);
    if (!ids)
        return NULL;
    recur_pad(s, index, B, T, RECUR_BATCH_MAJOR, fill, recur_i64(ids));
    recur_tensor *x = recur_embedding_forward(tp, &net->embedding, ids);          /* [B, T, E] */
    recur_tensor *h = recur_rnn_forward(tp, net->lstm, x, lengths, NULL, NULL).h; /* [1, B, H] */
    return recur_linear_forward(tp, &net->head, recur_reshape(tp, h, 2, (int64_t[]){B, H}));
}

static bool learn(network *net, const data *d, const recur_bucket *b, double *loss)
{
    recur_tape_begin(net->tp, RECUR_TRAIN);
    recur_tensor *target = recur_input(net->tp, RECUR_I64, 1, &b->B, NULL);
    for (int64_t i = 0; target && i < b->B; i++)
        recur_i64(target)[i] = label_of(d, b->index[i]);
    recur_tensor *scores = forward(net, d->ids, b->index, b->B, RECUR_PAD);
    recur_tensor *l = recur_cross_entropy(net->tp, scores, target, RECUR_CLASS_LOSS);
    if (recur_backward(net->tp, l) || recur_clip_grad_norm(net->ps, 1, 2, NULL) ||
        recur_optim_step(net->adam))
        return false;
    *loss += recur_item(l, 0) / (double)recur_buckets_size(d->batches);
    return true;
}

static bool train(network *net, const data *d)
{
    recur_bucket b;
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        double loss = 0;
        recur_buckets_seek(d->batches, epoch, 0);
        while (recur_buckets_next(d->batches, &b))
            if (!learn(net, d, &b, &loss))
                return false;
        printf("epoch %d  loss %.4f\n", (int)epoch + 1, loss);
    }
    return true;
}

/* ---- how good it is ---- */

static bool score(network *net, const data *d, double *right, bool *same)
{
    int64_t index[TEST];
    double hits = 0;
    for (int64_t i = 0; i < TEST; i++)
        index[i] = d->n - TEST + i;
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_tensor *y = forward(net, d->ids, index, TEST, RECUR_PAD);
    recur_tensor *again = forward(net, d->ids, index, TEST, recur_vocab_size(d->vocab) - 1);
    if (!y || !again)
        return false;
    for (int64_t i = 0; i < TEST; i++)
        hits += (recur_item(y, i * K + 1) > recur_item(y, i * K)) == label_of(d, index[i]);
    *right = hits / TEST;
    *same = memcmp(recur_f32(y), recur_f32(again), TEST * K * sizeof(float)) == 0;
    printf("\n%d new reviews: %.1f %% right\nnonsense in the padding changes %s\n\n", TEST, 100 * *right,
           *same ? "nothing" : "something");
    return true;
}

/* The class in which a text's words stood more often: sum over words of log p(word | pos) / p(word | neg). */
static bool naive_bayes(const data *d, double *right)
{
    int64_t V = recur_vocab_size(d->vocab), *count = calloc((size_t)(V * K), sizeof *count);
    double hits = 0;
    if (!count)
        return false;
    for (int64_t i = 0; i < d->n; i++) {
        double sum = 0;
        for (int64_t t = d->ids->offset[i]; t < d->ids->offset[i + 1]; t++) {
            int64_t *of_word = count + d->ids->id[t] * K;
            sum += log((double)(of_word[1] + 1) / (double)(of_word[0] + 1));
            of_word[label_of(d, i)] += i < d->n - TEST;
        }
        hits += i >= d->n - TEST && (sum > 0) == label_of(d, i);
    }
    *right = hits / TEST;
    free(count);
    return true;
}

static bool show(network *net, const data *d, recur_ctx *cx)
{
    static const char *const sentences[] = {"The battery is not good but awful.",
                                            "The battery is not awful but good.",
                                            "Although the case is slow, the screen is excellent."};
    recur_sequences *s = NULL;
    bool good = !recur_sequences_create(&s, cx);
    for (int64_t i = 0; good && i < 3; i++)
        good = !recur_encode(s, d->tokenizer, d->vocab, sentences[i], strlen(sentences[i]), NULL, 0);
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_tensor *y = good ? forward(net, s, (int64_t[]){0, 1, 2}, 3, RECUR_PAD) : NULL;
    recur_tensor *p = recur_softmax(net->tp, y, 1);
    for (int64_t i = 0; p && i < 3; i++)
        printf("%.2f for   %s\n", recur_item(p, i * K + 1), sentences[i]);
    recur_sequences_free(s);
    return p != NULL;
}

int main(void)
{
    recur_ctx *cx = NULL;
    data d = {0};
    network net = {0};
    double right = 0, words = 0;
    bool same = false;
    const char *text;
    bool good = recur_ctx_create(&cx, NULL) == RECUR_OK && prepare(&d, cx) &&
                build(&net, cx, recur_vocab_size(d.vocab)) && train(&net, &d) &&
                score(&net, &d, &right, &same) && show(&net, &d, cx) && naive_bayes(&d, &words);
    if (good)
        printf("\ncounting words: %.1f %% right\n", 100 * words);
    else {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    recur_tape_free(net.tp);
    recur_optim_free(net.adam);
    recur_rnn_free(net.lstm);
    recur_params_free(net.ps);
    recur_buckets_free(d.batches);
    recur_sequences_free(d.ids);
    recur_vocab_free(d.vocab);
    recur_tokenizer_free(d.tokenizer);
    recur_table_free(d.table);
    recur_text_free(d.csv);
    recur_ctx_free(cx);
    return good && same && right > 0.95 && right > words + 0.2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
