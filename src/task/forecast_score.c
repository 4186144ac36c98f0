// SPDX-License-Identifier: MIT
/* How good forecasts are: the model's and the obvious ones. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/forecast.h"

enum { BATCH = 256 }; /* examples at once where nothing is learnt; no result depends on it */

recur_status rcr_part_open(rcr_part *p, const rcr_net *net, const recur_batch_options *options)
{
    const recur_batch_options in_order = {.batch = BATCH};
    return recur_batches_create(&p->batches, p->e, p->index, p->n, net->inputs, net->answers,
                                options ? options : &in_order);
}

void rcr_part_close(rcr_part *p)
{
    recur_batches_free(p->batches);
    p->batches = NULL;
}

double *rcr_part_room(const rcr_part *p)
{
    return rcr_alloc_array(p->e->cx, (size_t)p->n, (size_t)(p->e->horizon * p->e->K) * sizeof(double),
                           "forecasts");
}

/* ---- loss of numbers outside the tape: the same formulas as loss.h, one difference at a time ---- */

static double squared(double d)
{
    return d * d;
}

static double absolute(double d)
{
    return fabs(d);
}

static double huber(double d)
{
    return fabs(d) <= 1 ? d * d / 2 : fabs(d) - 0.5;
}

typedef double loss_of(double difference);
static loss_of *const losses[] = {
    [RECUR_FORECAST_MSE] = squared, [RECUR_FORECAST_L1] = absolute, [RECUR_FORECAST_HUBER] = huber};

/* Sums over a part, on the scale of the model. */
typedef struct tally {
    loss_of *loss;
    double sum, relative;
    int64_t n;
} tally;

static void count(tally *t, double y, double p)
{
    t->sum += t->loss(p - y);
    t->relative += fabs(p - y) / (fabs(y) + 0.0001);
    t->n++;
}

static void tally_to_score(const tally *t, recur_forecast_score *score)
{
    score->loss = t->n > 0 ? t->sum / (double)t->n : NAN;
    score->scaled_relative_accuracy = t->n > 0 ? 1 - t->relative / (double)t->n : NAN;
}

/* ---- the model ---- */

/* One batch: p and y [B, H] into the tally, and forecasts in the data's units into out [B, H] (NULL: not
 * wanted). */
static void take(const rcr_net *net, const recur_examples *e, const recur_batch *b, recur_tensor *p,
                 recur_tensor *y, tally *t, double *out)
{
    for (int64_t i = 0; i < b->B * b->H; i++)
        count(t, (double)recur_f32(y)[i], (double)recur_f32(p)[i]);
    for (int64_t i = 0; out && i < b->B; i++) {
        double *v = out + i * b->H;
        for (int64_t h = 0; h < b->H; h++)
            v[h] = (double)recur_f32(p)[i * b->H + h];
        recur_examples_restore(e, b->index[i], net->answers, v);
    }
}

static recur_status pass(recur_tape *tp, const rcr_net *net, const rcr_part *part, double *out, tally *t)
{
    recur_batch b;
    recur_batches_seek(part->batches, 0, 0);
    while (recur_batches_next(part->batches, &b)) {
        recur_tensor *y;
        recur_tape_begin(tp, RECUR_INFER);
        recur_tensor *p = rcr_net_forward(tp, net, &b, &y);
        if (!p || !y)
            return recur_error(recur_tape_ctx(tp), NULL);
        take(net, part->e, &b, p, y, t, out);
        out = out ? out + b.B * b.H : NULL;
    }
    return RECUR_OK;
}

recur_status rcr_part_loss(recur_tape *tp, const rcr_net *net, const rcr_part *p, double *loss)
{
    tally t = {.loss = losses[net->config.loss]};
    recur_status status = pass(tp, net, p, NULL, &t);
    *loss = t.n > 0 ? t.sum / (double)t.n : NAN;
    if (t.n > 0 && !isfinite(*loss))
        *loss = INFINITY;
    return status;
}

recur_status rcr_part_forecast(recur_tape *tp, const rcr_net *net, const rcr_part *p, double *out,
                               recur_forecast_score *score)
{
    tally t = {.loss = losses[net->config.loss]};
    recur_status status = pass(tp, net, p, out, &t);
    if (score)
        tally_to_score(&t, score);
    return status;
}

/* ---- metrics ---- */

static void copy_truth(const rcr_part *p, double *truth)
{
    int64_t H = p->e->horizon * p->e->K;
    for (int64_t i = 0; i < p->n; i++)
        memcpy(truth + i * H, recur_examples_truth(p->e, p->index[i]), (size_t)H * sizeof *truth);
}

recur_status rcr_part_metrics(const rcr_net *net, const rcr_part *p, double *forecast,
                              recur_forecast_score *score)
{
    int64_t n = p->n * p->e->horizon * p->e->K;
    double *truth = rcr_part_room(p);
    if (!truth)
        return RECUR_ENOMEM;
    copy_truth(p, truth);
    for (int64_t i = 0; net->whole && i < n; i++)
        forecast[i] = round(forecast[i]);
    recur_regression_metrics(&score->metrics, truth, forecast, n, net->naive);
    score->count = p->n;
    rcr_free(p->e->cx, truth);
    return RECUR_OK;
}

recur_status rcr_part_score(recur_tape *tp, const rcr_net *net, const rcr_part *p,
                            recur_forecast_score *score)
{
    *score = (recur_forecast_score){0};
    if (p->n == 0)
        return RECUR_OK;
    double *forecast = rcr_part_room(p);
    if (!forecast)
        return RECUR_ENOMEM;
    recur_status status = rcr_part_forecast(tp, net, p, forecast, score);
    if (status == RECUR_OK)
        status = rcr_part_metrics(net, p, forecast, score);
    rcr_free(p->e->cx, forecast);
    return status;
}

/* ---- baselines ---- */

/* v [horizon, K] in the data's units, in place, to the scale of the model; `last` [K] is the row before. */
static void to_scale(const rcr_net *net, const double *last, double *v)
{
    int64_t K = net->K;
    for (int64_t h = net->config.horizon - 1; net->config.difference && h >= 0; h--)
        for (int64_t k = 0; k < K; k++)
            v[h * K + k] -= h > 0 ? v[(h - 1) * K + k] : last[k];
    recur_scaler_apply(net->answers, v, net->config.horizon);
}

/* The loss that the baseline would have had. Overwrites its three arrays [n, horizon, K]. */
static void baseline_loss(const rcr_net *net, const rcr_part *p, double *forecast, double *truth,
                          const double *last, recur_forecast_score *score)
{
    int64_t H = p->e->horizon * p->e->K;
    tally t = {.loss = losses[net->config.loss]};
    for (int64_t i = 0; i < p->n * H; i += H) {
        to_scale(net, last + i, forecast + i);
        to_scale(net, last + i, truth + i);
        for (int64_t h = i; h < i + H; h++)
            count(&t, truth[h], forecast[h]);
    }
    tally_to_score(&t, score);
}

recur_status rcr_part_baseline(const rcr_net *net, const rcr_part *p, int64_t season,
                               recur_forecast_score *score)
{
    *score = (recur_forecast_score){0};
    recur_ctx *cx = p->e->cx;
    double *forecast = rcr_part_room(p), *truth = rcr_part_room(p), *last = rcr_part_room(p);
    recur_status status = forecast && truth && last ? RECUR_OK : RECUR_ENOMEM;
    if (status == RECUR_OK)
        status = recur_baseline(p->e, p->index, p->n, season, forecast);
    if (status == RECUR_OK)
        status = recur_baseline(p->e, p->index, p->n, 0, last);
    if (status == RECUR_OK) {
        copy_truth(p, truth);
        recur_regression_metrics(&score->metrics, truth, forecast, p->n * p->e->horizon * p->e->K,
                                 net->naive);
        score->count = p->n;
        baseline_loss(net, p, forecast, truth, last, score);
    }
    rcr_free(cx, forecast);
    rcr_free(cx, truth);
    rcr_free(cx, last);
    return status;
}
