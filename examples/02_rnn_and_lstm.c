// SPDX-License-Identifier: MIT
/*
 * RNN and LSTM on one noisy sine, with the data pipeline of <recur/data.h>:
 *
 *     CSV text -> table -> series -> windows of 25 values -> training and test part -> scaler -> batches
 *
 *     h_T = what the layer makes of the window x_1 .. x_T;   forecast of x_{T+1} = W h_T + b
 *
 *     cc 02_rnn_and_lstm.c $(pkg-config --cflags --libs recur) -o rnn_and_lstm && ./rnn_and_lstm
 *
 * Prints a row for each: its size, its error on the windows that it was trained on, its error on later ones,
 * and beside them the error of repeating the last value. The noise has deviation 0.1, so 0.1 is the best
 * there is. A short window of a plain wave needs no long memory, and the LSTM, with four times the weights,
 * is not better here; 03_memory.c shows where it is.
 */
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum { N = 1000, WINDOW = 25, H = 16, EPOCHS = 30, BATCH = 32 };

typedef struct data {
    recur_text *text;
    recur_table *table;
    recur_series *series;
    recur_examples *windows;
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

/* The scaler sees the training part alone: what is known of the future must not leak into it. */
static bool prepare(data *d, recur_ctx *cx)
{
    const char *column = "value";
    recur_window window = {.window = WINDOW, .horizon = 1};
    recur_partition how = {.share = {0.8, 0, 0.2}}; /* the first 80 %, no validation, the last 20 % */
    return !(recur_synthetic(&d->text, cx, "sine", N, 1) ||
             recur_table_parse(&d->table, cx, d->text->bytes, d->text->size, "sine", NULL) ||
             recur_series_create(&d->series, d->table, &column, 1, RECUR_MISSING_ERROR) ||
             recur_examples_windows(&d->windows, d->series, &window) ||
             recur_parts_create(&d->parts, d->windows, &how) ||
             recur_scaler_fit(&d->in, &d->out, d->windows, d->parts->index[RECUR_PART_TRAIN],
                              d->parts->n[RECUR_PART_TRAIN], RECUR_SCALE_STANDARD, 1));
}

static bool batches(recur_batches **out, const data *d, int part, int64_t size, bool shuffle)
{
    recur_batch_options options = {.batch = size, .shuffle = shuffle, .seed = 1};
    return !recur_batches_create(out, d->windows, d->parts->index[part], d->parts->n[part], d->in, d->out,
                                 &options);
}

static bool build(network *net, recur_ctx *cx, recur_cell cell)
{
    recur_rnn_config config = {.cell = cell, .input = 1, .hidden = H, .batch_first = true};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.005;
    return !(recur_params_create(&net->ps, cx, RECUR_F32, 1) ||
             recur_rnn_create(&net->rnn, net->ps, "rnn", &config) ||
             recur_linear_create(&net->head, net->ps, "head", H, 1, true) ||
             recur_optim_create(&net->optim, net->ps, &adam) || recur_tape_create(&net->tp, cx, 0));
}

/* Forecasts [B, 1] of a batch of windows [B, T, 1]. */
static recur_tensor *forecast(const network *net, const recur_batch *b)
{
    recur_tensor *x = recur_input(net->tp, RECUR_F32, 3, (int64_t[]){b->B, b->T, b->F}, b->x);
    recur_tensor *y = recur_rnn_forward(net->tp, net->rnn, x, NULL, NULL, NULL).y;
    return recur_linear_forward(net->tp, &net->head, recur_last_step(net->tp, y, NULL, true));
}

static bool train(network *net, const data *d)
{
    recur_batches *turn = NULL;
    bool good = batches(&turn, d, RECUR_PART_TRAIN, BATCH, true);
    for (uint64_t epoch = 0; good && epoch < EPOCHS; epoch++) {
        recur_batch b;
        recur_batches_seek(turn, epoch, 0);
        while (good && recur_batches_next(turn, &b)) {
            recur_tape_begin(net->tp, RECUR_TRAIN);
            recur_tensor *target = recur_input(net->tp, RECUR_F32, 2, (int64_t[]){b.B, b.H}, b.y);
            recur_tensor *loss = recur_mse_loss(net->tp, forecast(net, &b), target, RECUR_MEAN);
            good = !(recur_backward(net->tp, loss) || recur_optim_step(net->optim));
        }
    }
    recur_batches_free(turn);
    return good;
}

/* Forecasts for a part in the data's own units. The part is one batch, in order of time. */
static bool predict(network *net, const data *d, int part, double *y)
{
    recur_batches *all = NULL;
    recur_batch b = {0};
    bool good = batches(&all, d, part, N, false) && recur_batches_next(all, &b);
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_tensor *out = good ? forecast(net, &b) : NULL;
    for (int64_t i = 0; out && i < b.B; i++) {
        y[i] = recur_item(out, i);
        recur_examples_restore(d->windows, b.index[i], d->out, &y[i]);
    }
    recur_batches_free(all);
    return out != NULL;
}

static double rmse(const data *d, int part, const double *y)
{
    static double truth[N];
    recur_regression r;
    for (int64_t i = 0; i < d->parts->n[part]; i++)
        truth[i] = *recur_examples_truth(d->windows, d->parts->index[part][i]);
    recur_regression_metrics(&r, truth, y, d->parts->n[part], 0);
    return r.rmse;
}

/* The row of one cell in the table; *test is its error. */
static bool row(recur_ctx *cx, const data *d, const char *name, recur_cell cell, double *test)
{
    static double y[RECUR_PARTS][N];
    network net = {0};
    bool good = build(&net, cx, cell) && train(&net, d) &&
                predict(&net, d, RECUR_PART_TRAIN, y[RECUR_PART_TRAIN]) &&
                predict(&net, d, RECUR_PART_TEST, y[RECUR_PART_TEST]);
    if (good) {
        *test = rmse(d, RECUR_PART_TEST, y[RECUR_PART_TEST]);
        printf("%-10s %10lld %10.3f %10.3f\n", name, (long long)recur_params_count(net.ps),
               rmse(d, RECUR_PART_TRAIN, y[RECUR_PART_TRAIN]), *test);
    }
    recur_tape_free(net.tp);
    recur_optim_free(net.optim);
    recur_rnn_free(net.rnn);
    recur_params_free(net.ps);
    return good;
}

static bool last_value(const data *d, double *test)
{
    static double y[N];
    if (recur_baseline(d->windows, d->parts->index[RECUR_PART_TEST], d->parts->n[RECUR_PART_TEST], 0, y))
        return false;
    *test = rmse(d, RECUR_PART_TEST, y);
    printf("%-10s %10d %10s %10.3f\n", "last value", 0, "", *test);
    return true;
}

static void clear(data *d)
{
    recur_scaler_free(d->out);
    recur_scaler_free(d->in);
    recur_parts_free(d->parts);
    recur_examples_free(d->windows);
    recur_series_free(d->series);
    recur_table_free(d->table);
    recur_text_free(d->text);
}

int main(void)
{
    recur_ctx *cx = NULL;
    data d = {0};
    double rnn = 0, lstm = 0, naive = 0;
    const char *text;
    bool good = recur_ctx_create(&cx, NULL) == RECUR_OK && prepare(&d, cx);
    printf("%-10s %10s %10s %10s\n", "", "parameters", "train rmse", "test rmse");
    good = good && row(cx, &d, "RNN", RECUR_RNN_TANH, &rnn) && row(cx, &d, "LSTM", RECUR_LSTM, &lstm) &&
           last_value(&d, &naive);
    if (!good) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    clear(&d);
    recur_ctx_free(cx);
    return good && rnn < 0.7 * naive && lstm < 0.7 * naive ? EXIT_SUCCESS : EXIT_FAILURE;
}
