// SPDX-License-Identifier: MIT
/*
 * From one sequence to another of a different length: "three thousand and forty two" -> 3 0 4 2. An encoder
 * reads the words, a decoder writes the digits, and at each digit it looks at all words (Bahdanau et al. 2015,
 * in the form of Luong et al. 2015):
 *
 *     h_1 .. h_S = GRU(x_1 .. x_S)                        the words
 *     s_u        = GRU(y_{u-1}, s_{u-1}),  s_0 = h_S      y_0 = <begin>
 *     a_uj       = softmax_j v . tanh(W_q s_u + W_k h_j + b),   c_u = sum_j a_uj h_j
 *     p(y_u)     = softmax(W [s_u; c_u] + d)
 *
 * In training the decoder reads the right digits, one step late (teacher forcing), so that whole answers go
 * through it at once. Afterwards it reads its own: greedy decoding, a digit at a time. A thousand numbers are
 * for training, the others below 10,000 for testing.
 *
 *     cc 15_seq2seq.c $(pkg-config --cflags --libs recur) -lm -o seq2seq && ./seq2seq
 *
 * Prints the loss, how many of the numbers that it has never seen are right, and for one of them which word
 * each digit looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <recur/recur.h>

enum { NUMBERS = 10000, TRAINED = 1000, EPOCHS = 40, B = 50, E = 32, H = 64 };
enum { S = 8, U = 5 };                      /* the most words; digits and <end> */
enum { BEGIN = 10, END = 11, DIGITS = 12 }; /* digits are 0 .. 9 */

static const char *const words[] = {
    "",        "zero",    "one",       "two",      "three",    "four",    "five",     "six",
    "seven",   "eight",   "nine",      "ten",      "eleven",   "twelve",  "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",  "thirty",   "forty",
    "fifty",   "sixty",   "seventy",   "eighty",   "ninety",   "hundred", "thousand", "and"};
enum { ONE = 2, TWENTY = 21, HUNDRED = 29, THOUSAND = 30, AND = 31, WORDS = 32 };

/* ---- numbers in words ---- */

static int64_t spell(int n, int64_t *word)
{
    int64_t m = 0;
    if (n == 0)
        word[m++] = ONE - 1;
    if (n >= 1000) {
        word[m++] = ONE + n / 1000 - 1;
        word[m++] = THOUSAND;
    }
    if (n % 1000 >= 100) {
        word[m++] = ONE + n % 1000 / 100 - 1;
        word[m++] = HUNDRED;
    }
    if (m > 0 && n % 100 > 0)
        word[m++] = AND;
    if (n % 100 >= 20)
        word[m++] = TWENTY + n % 100 / 10 - 2;
    if (n % 100 >= 20 ? n % 10 > 0 : n % 100 > 0)
        word[m++] = ONE + (n % 100 >= 20 ? n % 10 : n % 100) - 1;
    return m;
}

static int64_t digits_of(int n, int64_t *digit)
{
    char text[16];
    int m = snprintf(text, sizeof text, "%d", n);
    for (int i = 0; i < m; i++)
        digit[i] = text[i] - '0';
    return m;
}

/* A batch of n numbers: words [n, S], what the decoder reads and should say [n, U]; -100 counts for nothing. */
typedef struct batch {
    int64_t n, word[B * S], words[B], input[B * U], target[B * U];
} batch;

static void fill(batch *b, const int *number, int64_t n)
{
    b->n = n;
    memset(b->word, 0, sizeof b->word);
    for (int64_t i = 0; i < n; i++) {
        int64_t *in = b->input + i * U, *out = b->target + i * U, m;
        b->words[i] = spell(number[i], b->word + i * S);
        m = digits_of(number[i], out);
        out[m] = END;
        for (int64_t u = 0; u < U; u++) {
            in[u] = u == 0 ? BEGIN : out[u - 1];
            out[u] = u <= m ? out[u] : -100;
            in[u] = in[u] == -100 ? END : in[u];
        }
    }
}

/* ---- the network ---- */

typedef struct network {
    recur_params *ps;
    recur_embedding_layer word, digit;
    recur_rnn *encoder, *decoder;
    recur_attention attention;
    recur_linear_layer head;
    recur_optim *optim;
    recur_tape *tp;
} network;

static bool build(network *net, recur_ctx *cx)
{
    recur_rnn_config gru = {.cell = RECUR_GRU, .input = E, .hidden = H, .batch_first = true};
    recur_attention_config attention = {.score = RECUR_ATTENTION_ADDITIVE, .query = H, .key = H};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.005;
    return !(recur_params_create(&net->ps, cx, RECUR_F32, 1) ||
             recur_embedding_create(&net->word, net->ps, "word", WORDS, E, 0) ||
             recur_embedding_create(&net->digit, net->ps, "digit", DIGITS, E, RECUR_NO_PADDING) ||
             recur_rnn_create(&net->encoder, net->ps, "encoder", &gru) ||
             recur_rnn_create(&net->decoder, net->ps, "decoder", &gru) ||
             recur_attention_create(&net->attention, net->ps, "attention", &attention) ||
             recur_linear_create(&net->head, net->ps, "head", 2 * H, DIGITS, true) ||
             recur_optim_create(&net->optim, net->ps, &adam) || recur_tape_create(&net->tp, cx, 0));
}

static void destroy(network *net)
{
    recur_tape_free(net->tp);
    recur_optim_free(net->optim);
    recur_rnn_free(net->encoder);
    recur_rnn_free(net->decoder);
    recur_params_free(net->ps);
}

/* What the encoder leaves: keys to attend to, the state in which the decoder begins. */
typedef struct memory {
    recur_attention_keys keys;
    recur_tensor *h;
} memory;

static memory read_words(network *net, const batch *b)
{
    recur_tensor *ids = recur_input(net->tp, RECUR_I64, 2, (int64_t[]){b->n, S}, b->word);
    recur_tensor *lengths = recur_input(net->tp, RECUR_I64, 1, (int64_t[]){b->n}, b->words);
    recur_tensor *x = recur_embedding_forward(net->tp, &net->word, ids);
    recur_rnn_out out = recur_rnn_forward(net->tp, net->encoder, x, lengths, NULL, NULL);
    return (memory){recur_attention_keys_of(net->tp, &net->attention, out.y, lengths, true), out.h};
}

/* digits [n, T] -> logits [n * T, DIGITS]; *h is the state before, then after; *weights [n, T, S]. */
static recur_tensor *say_digits(network *net, const memory *m, const int64_t *digits, int64_t n, int64_t T,
                                recur_tensor **h, recur_tensor **weights)
{
    recur_tape *tp = net->tp;
    recur_tensor *ids = recur_input(tp, RECUR_I64, 2, (int64_t[]){n, T}, digits);
    recur_rnn_out out =
        recur_rnn_forward(tp, net->decoder, recur_embedding_forward(tp, &net->digit, ids), NULL, *h, NULL);
    recur_attention_out a = recur_attention_query(tp, &net->attention, &m->keys, out.y);
    recur_tensor *both = recur_concat(tp, (recur_tensor *[]){out.y, a.output}, 2, -1);
    recur_tensor *logits = recur_linear_forward(tp, &net->head, both);
    *h = out.h;
    *weights = a.weights;
    return recur_reshape(tp, logits, 2, (int64_t[]){n * T, DIGITS});
}

/* ---- training ---- */

static bool learn(network *net, const batch *b, double *loss)
{
    recur_tensor *weights;
    recur_tape_begin(net->tp, RECUR_TRAIN);
    memory m = read_words(net, b);
    recur_tensor *logits = say_digits(net, &m, b->input, b->n, U, &m.h, &weights);
    recur_tensor *target = recur_input(net->tp, RECUR_I64, 1, (int64_t[]){b->n * U}, b->target);
    recur_tensor *E_of = recur_cross_entropy(net->tp, logits, target, RECUR_CLASS_LOSS);
    if (recur_backward(net->tp, E_of) || recur_clip_grad_norm(net->ps, 1, 2, NULL) ||
        recur_optim_step(net->optim))
        return false;
    *loss += recur_item(E_of, 0) * B / TRAINED;
    return true;
}

static void shuffle(int *number, int n, uint64_t seed)
{
    for (int i = n - 1; i > 0; i--) {
        int k = (int)(recur_random_uniform(seed, 0, (uint64_t)i) * (i + 1)), kept = number[i];
        number[i] = number[k];
        number[k] = kept;
    }
}

static bool train(network *net, int *number)
{
    static batch b;
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        double loss = 0;
        shuffle(number, TRAINED, (uint64_t)epoch);
        if (epoch > EPOCHS / 2) /* large steps first, small ones to end with */
            recur_optim_set_lr(net->optim, 0.005 * (EPOCHS - epoch + 1) / (EPOCHS / 2));
        for (int i = 0; i < TRAINED; i += B) {
            fill(&b, number + i, B);
            if (!learn(net, &b, &loss))
                return false;
        }
        if (epoch == 1 || epoch % 10 == 0)
            printf("epoch %2d  loss %.4f\n", epoch, loss);
    }
    return true;
}

/* ---- asking ---- */

static int64_t greatest(const float *x)
{
    int64_t best = 0;
    for (int64_t v = 1; v < DIGITS; v++)
        best = v != BEGIN && x[v] > x[best] ? v : best;
    return best;
}

/* The digits [n, U] that the network says, each read again at the next step; looked [U, S] of the first. */
static bool decode(network *net, const batch *b, int64_t *digits, float *looked)
{
    int64_t last[B];
    recur_tensor *weights;
    recur_tape_begin(net->tp, RECUR_INFER);
    memory m = read_words(net, b);
    for (int64_t i = 0; i < b->n; i++)
        last[i] = BEGIN;
    for (int64_t u = 0; u < U; u++) {
        recur_tensor *logits = say_digits(net, &m, last, b->n, 1, &m.h, &weights);
        if (!logits)
            return false;
        for (int64_t i = 0; i < b->n; i++)
            last[i] = digits[i * U + u] = greatest(recur_f32(logits) + i * DIGITS);
        memcpy(looked + u * S, recur_f32(weights), S * sizeof *looked);
    }
    return true;
}

static bool same(const int64_t *said, const int64_t *right)
{
    for (int64_t u = 0; u < U && right[u] != -100; u++)
        if (said[u] != right[u])
            return false;
    return true;
}

static bool test(network *net, const int *number, double *right)
{
    static batch b;
    static int64_t said[B * U];
    static float looked[U * S];
    int count = 0;
    for (int i = TRAINED; i < NUMBERS; i += B) {
        fill(&b, number + i, B);
        if (!decode(net, &b, said, looked))
            return false;
        for (int64_t k = 0; k < B; k++)
            count += same(said + k * U, b.target + k * U);
    }
    *right = (double)count / (NUMBERS - TRAINED);
    printf("\n%.1f %% of %d unseen numbers are right\n\n", 100 * *right, NUMBERS - TRAINED);
    return true;
}

static bool show(network *net, int n)
{
    static batch b;
    int64_t said[B * U];
    float looked[U * S];
    fill(&b, &n, 1);
    if (!decode(net, &b, said, looked))
        return false;
    for (int64_t j = 0; j < b.words[0]; j++)
        printf("%10s", words[b.word[j]]);
    for (int64_t u = 0; u < U && said[u] != END; u++) {
        printf("\n%lld", (long long)said[u]);
        for (int64_t j = 0; j < b.words[0]; j++)
            printf("%*.2f", j ? 10 : 9, (double)looked[u * S + j]);
    }
    putchar('\n');
    return true;
}

int main(void)
{
    static int number[NUMBERS];
    recur_ctx *cx = NULL;
    network net = {0};
    double right = 0;
    const char *text;
    for (int i = 0; i < NUMBERS; i++)
        number[i] = i;
    shuffle(number, NUMBERS, 0);
    bool good = recur_ctx_create(&cx, NULL) == RECUR_OK && build(&net, cx) && train(&net, number) &&
                test(&net, number, &right) && show(&net, 3042);
    if (!good) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    destroy(&net);
    recur_ctx_free(cx);
    return good && right > 0.95 ? EXIT_SUCCESS : EXIT_FAILURE;
}
