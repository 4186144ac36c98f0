// SPDX-License-Identifier: MIT
/*
 * A stock price and an LSTM that cannot foretell it. The price is a random walk, p_t = p_{t-1} (1 + chance):
 * all that can be known of tomorrow's price is today's. The picture such a model draws looks perfect all the
 * same, because it has learnt to repeat the last price, one day late; so compare with that, always.
 *
 *     z = (p - mean) / deviation of the training part;   z_{T+1} = W h_T + b,  h_T = LSTM(z_1 .. z_T)
 *
 *     cc 07_stock.c $(pkg-config --cflags --libs recur) -o stock && ./stock
 *
 * Prints the errors on the last 20 % of the days, the model's beside the last price's, and how far the
 * model's forecast is from the price it should foretell and from the last price that it saw. A model that
 * beat the last price here would have been told the future by mistake, so that is what the program fails on.
 */
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

enum { N = 2500, WINDOW = 20, H = 16, EPOCHS = 15, BATCH = 64 };

typedef struct data {
    recur_text *text;
    recur_table *table;
    recur_series *series;
    recur_examples *windows;
    recur_parts *parts;
    recur_scaler *in, *out;
    recur_batches *train, *test;
} data;

typedef struct network {
    recur_params *ps;
    recur_rnn *rnn;
    recur_linear_layer head;
    recur_optim *optim;
    recur_tape *tp;
} network;

/* Batches of a part of the windows. */
static recur_status make_batches(recur_batches **out, const data *d, int part, int64_t size, bool shuffle)
{
    recur_batch_options options = {.batch = size, .shuffle = shuffle, .seed = 1};
    return recur_batches_create(out, d->windows, d->parts->index[part], d->parts->n[part], d->in, d->out,
                                &options);
}

/* 20 days of closing prices, and the one after; the first 80 % to learn from. Mean and deviation come from
 * these alone: a scaler that has seen the test part has told the model how high the price will rise. */
static bool prepare(data *d, recur_ctx *cx)
{
    const char *column = "Close";
    recur_window window = {.window = WINDOW, .horizon = 1};
    recur_partition how = {.share = {0.8, 0, 0.2}};
    return !(recur_synthetic(&d->text, cx, "stock", N, 1) ||
             recur_table_parse(&d->table, cx, d->text->bytes, d->text->size, "stock", NULL) ||
             recur_table_check_order(d->table, "Date") ||
             recur_series_create(&d->series, d->table, &column, 1, RECUR_MISSING_ERROR) ||
             recur_examples_windows(&d->windows, d->series, &window) ||
             recur_parts_create(&d->parts, d->windows, &how) ||
             recur_scaler_fit(&d->in, &d->out, d->windows, d->parts->index[RECUR_PART_TRAIN],
                              d->parts->n[RECUR_PART_TRAIN], RECUR_SCALE_STANDARD, 1) ||
             make_batches(&d->train, d, RECUR_PART_TRAIN, BATCH, true) ||
             make_batches(&d->test, d, RECUR_PART_TEST, N, false));
}

static bool build(network *net, recur_ctx *cx)
{
    recur_rnn_config config = {.cell = RECUR_LSTM, .input = 1, .hidden = H, .batch_first = true};
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
    recur_tensor *h = recur_rnn_forward(net->tp, net->rnn, x, NULL, NULL, NULL).y;
    return recur_linear_forward(net->tp, &net->head, recur_last_step(net->tp, h, NULL, true));
}

static bool train(network *net, const data *d)
{
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        recur_batch b;
        recur_batches_seek(d->train, epoch, 0);
        while (recur_batches_next(d->train, &b)) {
            recur_tape_begin(net->tp, RECUR_TRAIN);
            recur_tensor *target = recur_input(net->tp, RECUR_F32, 2, (int64_t[]){b.B, b.H}, b.y);
            recur_tensor *loss = recur_mse_loss(net->tp, forecast(net, &b), target, RECUR_MEAN);
            if (recur_backward(net->tp, loss) || recur_optim_step(net->optim))
                return false;
        }
    }
    return true;
}

typedef struct outcome {
    double truth[N], model[N], last[N]; /* prices of the test part */
    int64_t n;
} outcome;

static bool predict(network *net, const data *d, outcome *o)
{
    recur_batch b;
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_batches_next(d->test, &b);
    recur_tensor *z = forecast(net, &b);
    for (o->n = 0; z && o->n < b.B; o->n++) {
        o->truth[o->n] = *recur_examples_truth(d->windows, b.index[o->n]);
        o->model[o->n] = recur_item(z, o->n);
        recur_examples_restore(d->windows, b.index[o->n], d->out, &o->model[o->n]);
    }
    return z && !recur_baseline(d->windows, d->parts->index[RECUR_PART_TEST], o->n, 0, o->last);
}

static double print(const char *name, const double *truth, const double *said, int64_t n)
{
    recur_regression r;
    recur_regression_metrics(&r, truth, said, n, 0);
    printf("%-40s %8.3f %8.3f %8.2f %%\n", name, r.rmse, r.mae, 100 * r.mape);
    return r.rmse;
}

/* True if the model is no better than the last price, or hardly. */
static bool report(const outcome *o)
{
    printf("%-40s %8s %8s %10s\n", "", "rmse", "mae", "mape");
    double model = print("LSTM", o->truth, o->model, o->n);
    double last = print("the last price", o->truth, o->last, o->n);
    print("LSTM, measured against the last price", o->last, o->model, o->n);
    printf("\nThe model %s the last price (rmse %+.1f %%).\n",
           model < 0.99 * last ? "beats" : "does not beat", 100 * (model / last - 1));
    return !(model < 0.99 * last);
}

int main(void)
{
    static outcome o;
    recur_ctx *cx = NULL;
    data d = {0};
    network net = {0};
    const char *text;
    bool good = recur_ctx_create(&cx, NULL) == RECUR_OK && prepare(&d, cx) && build(&net, cx) &&
                train(&net, &d) && predict(&net, &d, &o);
    if (!good) {
        recur_error(cx, &text);
        fprintf(stderr, "error: %s\n", text);
    }
    good = good && report(&o);
    recur_tape_free(net.tp);
    recur_optim_free(net.optim);
    recur_rnn_free(net.rnn);
    recur_params_free(net.ps);
    recur_batches_free(d.test);
    recur_batches_free(d.train);
    recur_scaler_free(d.out);
    recur_scaler_free(d.in);
    recur_parts_free(d.parts);
    recur_examples_free(d.windows);
    recur_series_free(d.series);
    recur_table_free(d.table);
    recur_text_free(d.text);
    recur_ctx_free(cx);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
