// SPDX-License-Identifier: MIT
/*
 * A ball rolls along a line at a steady speed: start, start + v, start + 2 v, .. A GRU sees a few places, 4
 * to 9 of them, and says the next one. It is told neither the formula nor the speed.
 *
 *     h_n = GRU over x_1 .. x_n,   x_{n+1} = W h_n + b
 *
 * Sequences of different lengths share a batch [B, T, 1], T the longest of them: `lengths` says how many
 * places count, and the padding behind them is never read. With `distinct`, equal sequences stay in one part,
 * so that no sequence of the test part was seen in training.
 *
 *     cc 06_ball.c $(pkg-config --cflags --libs recur) -lm -o ball && ./ball
 *
 * Prints the loss by epoch, how far off the test part is, and four predictions. The last one has three places
 * to go by, fewer than any sequence in training, and shows it: a network is good at what it has seen.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum { N = 4000, H = 32, EPOCHS = 60, BATCH = 32 };

typedef struct data {
    recur_text *text;
    recur_rows *rows;
    recur_examples *examples;
    recur_parts *parts;
    recur_scaler *in, *out;
} data;

typedef struct network {
    recur_params *ps;
    recur_rnn *rnn;
    recur_linear_layer head;
    recur_optim *optim;
    recur_tape *tp;
} network;

/* Lines such as "3,1,-1,-3,-5": the last number is the answer to the others. */
static bool prepare(data *d, recur_ctx *cx)
{
    recur_partition how = {.share = {0.8, 0, 0.2}, .shuffle = true, .distinct = true, .seed = 1};
    return !(recur_synthetic(&d->text, cx, "ball", N, 1) ||
             recur_rows_parse(&d->rows, cx, d->text->bytes, d->text->size, "ball") ||
             recur_examples_rows(&d->examples, d->rows, false) ||
             recur_parts_create(&d->parts, d->examples, &how) ||
             recur_scaler_fit(&d->in, &d->out, d->examples, d->parts->index[RECUR_PART_TRAIN],
                              d->parts->n[RECUR_PART_TRAIN], RECUR_SCALE_STANDARD, 1));
}

static bool build(network *net, recur_ctx *cx)
{
    recur_rnn_config config = {.cell = RECUR_GRU, .input = 1, .hidden = H, .batch_first = true};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.005;
    return !(recur_params_create(&net->ps, cx, RECUR_F32, 1) ||
             recur_rnn_create(&net->rnn, net->ps, "rnn", &config) ||
             recur_linear_create(&net->head, net->ps, "head", H, 1, true) ||
             recur_optim_create(&net->optim, net->ps, &adam) || recur_tape_create(&net->tp, cx, 0));
}

/* x [B, T, 1], of which lengths[b] steps count -> [B, 1] */
static recur_tensor *forward(const network *net, int64_t B, int64_t T, const void *x, const int64_t *lengths)
{
    recur_tensor *in = recur_input(net->tp, RECUR_F32, 3, (int64_t[]){B, T, 1}, x);
    recur_tensor *n = recur_input(net->tp, RECUR_I64, 1, (int64_t[]){B}, lengths);
    recur_tensor *h =
        recur_rnn_forward(net->tp, net->rnn, in, n, NULL, NULL).h; /* [1, B, H]: after n steps */
    return recur_linear_forward(net->tp, &net->head, recur_reshape(net->tp, h, 2, (int64_t[]){B, H}));
}

static bool train_epoch(network *net, recur_batches *turn, double *mean)
{
    recur_batch b;
    *mean = 0;
    while (recur_batches_next(turn, &b)) {
        recur_tape_begin(net->tp, RECUR_TRAIN);
        recur_tensor *target = recur_input(net->tp, RECUR_F32, 2, (int64_t[]){b.B, 1}, b.y);
        recur_tensor *said = forward(net, b.B, b.T, b.x, b.lengths);
        recur_tensor *loss = recur_mse_loss(net->tp, said, target, RECUR_MEAN);
        if (recur_backward(net->tp, loss) || recur_clip_grad_norm(net->ps, 1, 2, NULL) ||
            recur_optim_step(net->optim))
            return false;
        *mean += recur_item(loss, 0) / (double)recur_batches_size(turn);
    }
    return true;
}

/* Halves the learning rate every tenth of the way: large steps first, small ones to end with. */
static bool train(network *net, const data *d)
{
    recur_batch_options options = {.batch = BATCH, .shuffle = true, .seed = 1};
    recur_batches *turn = NULL;
    bool good = !recur_batches_create(&turn, d->examples, d->parts->index[RECUR_PART_TRAIN],
                                      d->parts->n[RECUR_PART_TRAIN], d->in, d->out, &options);
    for (uint64_t epoch = 0; good && epoch < EPOCHS; epoch++) {
        double loss = 0;
        recur_batches_seek(turn, epoch, 0);
        recur_optim_set_lr(net->optim, 0.005 * pow(0.5, (double)(epoch / (EPOCHS / 10))));
        good = train_epoch(net, turn, &loss);
        if (epoch == 0 || (epoch + 1) % 20 == 0)
            printf("epoch %2d  loss %.6f\n", (int)epoch + 1, loss);
    }
    recur_batches_free(turn);
    return good;
}

/* What comes after the n places `seen`. */
static bool predict(network *net, const data *d, const double *seen, int64_t n, double *next)
{
    float x[16];
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)((seen[i] - d->in->shift[0]) / d->in->scale[0]);
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_tensor *y = forward(net, 1, n, x, &n);
    *next = recur_item(y, 0);
    recur_scaler_invert(d->out, next, 1);
    return y != NULL;
}

/* How far off the forecasts of the test part are, and how often the nearest whole number is right. */
static bool score(network *net, const data *d, double *off, double *right)
{
    const recur_examples *e = d->examples;
    int64_t n = d->parts->n[RECUR_PART_TEST];
    for (int64_t k = 0; k < n; k++) {
        int64_t i = d->parts->index[RECUR_PART_TEST][k];
        double said, truth = *recur_examples_truth(e, i);
        if (!predict(net, d, e->x + e->start[i], e->length[i], &said))
            return false;
        *off += fabs(said - truth) / (double)n;
        *right += (round(said) == truth) / (double)n;
    }
    printf("\n%lld test sequences: off by %.3f on average, %.1f %% right when rounded\n\n", (long long)n,
           *off, 100 * *right);
    return true;
}

static bool show(network *net, const data *d)
{
    static const double seen[][4] = {{1, 2, 3, 4}, {9, 7, 5, 3}, {0, -3, -6, -9}, {1, 2, 3}};
    static const int64_t count[] = {4, 4, 4, 3};
    for (int i = 0; i < 4; i++) {
        double next;
        if (!predict(net, d, seen[i], count[i], &next))
            return false;
        for (int64_t k = 0; k < count[i]; k++)
            printf("%g, ", seen[i][k]);
        printf("and then %.2f\n", next);
    }
    return true;
}

int main(void)
{
    recur_ctx *cx = NULL;
    data d = {0};
    network net = {0};
    double off = 0, right = 0;
    const char *text;
    bool good = recur_ctx_create(&cx, NULL) == RECUR_OK && prepare(&d, cx) && build(&net, cx) &&
                train(&net, &d) && score(&net, &d, &off, &right) && show(&net, &d);
    if (!good) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    recur_tape_free(net.tp);
    recur_optim_free(net.optim);
    recur_rnn_free(net.rnn);
    recur_params_free(net.ps);
    recur_scaler_free(d.out);
    recur_scaler_free(d.in);
    recur_parts_free(d.parts);
    recur_examples_free(d.examples);
    recur_rows_free(d.rows);
    recur_text_free(d.text);
    recur_ctx_free(cx);
    return good && right > 0.9 ? EXIT_SUCCESS : EXIT_FAILURE;
}
