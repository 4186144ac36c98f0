// SPDX-License-Identifier: MIT
/* The model that forecasts: recurrent stack -> what is left of the sequence -> dropout -> linear layer ->
 * horizon * K numbers. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/forecast.h"
#include "train/option.h"

/* ---- making ---- */

/* Relative to the last value an output of zero is a forecast of "no change": a good place to begin. */
static recur_status init_output(rcr_net *net)
{
    if (!net->config.difference && net->config.center == RECUR_CENTER_NONE)
        return RECUR_OK;
    recur_status status = recur_init_constant(net->ps, net->linear.weight, 0);
    return status == RECUR_OK ? recur_init_constant(net->ps, net->linear.bias, 0) : status;
}

static recur_status init(rcr_net *net)
{
    const recur_model_config *m = &net->config.model;
    recur_status status = rcr_init_uniform_all(net->ps, m);
    if (status == RECUR_OK)
        status = rcr_stack_init(net->rnn, m);
    return status == RECUR_OK ? init_output(net) : status;
}

static recur_status build(rcr_net *net, recur_ctx *cx, const rcr_model_file *from)
{
    const recur_model_config *m = &net->config.model;
    const recur_rnn_config stack = rcr_model_rnn(m, net->F);
    int64_t D = m->bidirectional ? 2 : 1;
    recur_status status = recur_params_create(&net->ps, cx, RECUR_F32, (uint64_t)net->config.train.seed);
    if (status == RECUR_OK && from)
        rcr_model_file_limit(from, net->ps);
    if (status == RECUR_OK)
        status = recur_rnn_create(&net->rnn, net->ps, "rnn", &stack);
    if (status == RECUR_OK)
        status = recur_linear_create(&net->linear, net->ps, "linear", D * m->hidden,
                                     net->config.horizon * net->K, true);
    if (status != RECUR_OK)
        return status;
    return from ? rcr_model_file_load(from, net->ps) : init(net);
}

recur_status rcr_net_create(rcr_net *net, recur_ctx *cx, const recur_forecast_config *c, int64_t F, int64_t K,
                            const rcr_model_file *from)
{
    *net = (rcr_net){.config = *c, .F = F, .K = K, .naive = NAN};
    recur_status status = build(net, cx, from);
    if (status != RECUR_OK)
        rcr_net_free(net);
    return status;
}

void rcr_net_free(rcr_net *net)
{
    recur_scaler_free(net->inputs);
    recur_scaler_free(net->answers);
    recur_rnn_free(net->rnn);
    recur_params_free(net->ps);
    *net = (rcr_net){0};
}

/* ---- running ---- */

/* x [T, F] minus its last row, which goes to last [horizon, K], once per step. */
static void center(float *x, int64_t T, int64_t F, float *last, int64_t horizon, int64_t K)
{
    const float *end = x + (T - 1) * F;
    for (int64_t h = 0; h < horizon; h++)
        memcpy(last + h * K, end, (size_t)K * sizeof *last);
    for (int64_t t = 0; t < T; t++)
        for (int64_t f = 0; f < F; f++)
            x[t * F + f] = t < T - 1 ? x[t * F + f] - end[f] : x[t * F + f];
    memset(x + (T - 1) * F, 0, (size_t)F * sizeof *x);
}

/* The last values [B, H] that forecasts are relative to, or NULL. Changes x [B, T, F]. */
static recur_tensor *center_all(recur_tape *tp, const rcr_net *net, const recur_batch *b, recur_tensor *x)
{
    if (net->config.center == RECUR_CENTER_NONE || net->config.difference || !x)
        return NULL;
    recur_tensor *last = recur_input(tp, RECUR_F32, 2, (int64_t[]){b->B, b->H}, NULL);
    for (int64_t i = 0; last && i < b->B; i++)
        center(recur_f32(x) + i * b->T * b->F, b->lengths[i], b->F, recur_f32(last) + i * b->H,
               net->config.horizon, net->K);
    return last;
}

static recur_tensor *pool(recur_tape *tp, const rcr_net *net, recur_rnn_out out, recur_tensor *lengths)
{
    switch ((recur_pool)net->config.model.pool) {
    case RECUR_POOL_MEAN:
        return recur_pool_mean(tp, out.y, lengths, true);
    case RECUR_POOL_MAX:
        return recur_pool_max(tp, out.y, lengths, true);
    default:
        return rcr_last_state(tp, net->rnn, out.h);
    }
}

recur_tensor *rcr_net_forward(recur_tape *tp, const rcr_net *net, const recur_batch *b, recur_tensor **y)
{
    recur_tensor *x = recur_input(tp, RECUR_F32, 3, (int64_t[]){b->B, b->T, b->F}, b->x);
    recur_tensor *lengths = recur_input(tp, RECUR_I64, 1, &b->B, b->lengths);
    *y = recur_input(tp, RECUR_F32, 2, (int64_t[]){b->B, b->H}, b->y);
    recur_tensor *last = center_all(tp, net, b, x);
    recur_rnn_out out = recur_rnn_forward(tp, net->rnn, x, lengths, NULL, NULL);
    recur_tensor *s = pool(tp, net, out, lengths);
    if (net->config.model.dropout > 0)
        s = recur_dropout(tp, s, net->config.model.dropout);
    recur_tensor *p = recur_linear_forward(tp, &net->linear, s);
    return last ? recur_add(tp, p, last) : p;
}

recur_tensor *rcr_net_loss(recur_tape *tp, const rcr_net *net, recur_tensor *p, recur_tensor *y)
{
    switch ((recur_forecast_loss)net->config.loss) {
    case RECUR_FORECAST_L1:
        return recur_l1_loss(tp, p, y, RECUR_MEAN);
    case RECUR_FORECAST_HUBER:
        return recur_huber_loss(tp, p, y, 1, RECUR_MEAN);
    default:
        return recur_mse_loss(tp, p, y, RECUR_MEAN);
    }
}

/* ---- what was learnt from the training part beside the weights ---- */

static void write_array(rcr_doc *j, const char *key, const double *v, int64_t n)
{
    rcr_doc_array(j, key);
    for (int64_t i = 0; i < n; i++)
        rcr_doc_real(j, NULL, v[i]);
    rcr_doc_end(j, ']');
}

void rcr_net_write(rcr_doc *j, const rcr_net *net)
{
    rcr_doc_object(j, NULL);
    rcr_doc_text(j, "kind", recur_scale_name(net->inputs->kind));
    write_array(j, "input_shift", net->inputs->shift, net->F);
    write_array(j, "input_scale", net->inputs->scale, net->F);
    write_array(j, "target_shift", net->answers->shift, net->K);
    write_array(j, "target_scale", net->answers->scale, net->K);
    rcr_doc_real(j, "naive_error", net->naive);
    rcr_doc_bool(j, "whole", net->whole);
    rcr_doc_end(j, '}');
}

/* n numbers out of a JSON array. */
static bool read_array(const json_t *root, const char *key, double *v, int64_t n)
{
    const json_t *array = json_object_get(root, key);
    if (!json_is_array(array) || json_array_size(array) != (size_t)n)
        return false;
    for (int64_t i = 0; i < n; i++) {
        const json_t *number = json_array_get(array, (size_t)i);
        if (!json_is_number(number))
            return false;
        v[i] = json_number_value(number);
    }
    return true;
}

static recur_status read_scaler(recur_scaler **out, recur_ctx *cx, const json_t *root, const char *shift_key,
                                const char *scale_key, int64_t n, const char *name)
{
    double *v = rcr_alloc_array(cx, (size_t)n, 2 * sizeof *v, "a scaler");
    if (!v)
        return RECUR_ENOMEM;
    recur_status status;
    if (read_array(root, shift_key, v, n) && read_array(root, scale_key, v + n, n))
        status = recur_scaler_create(out, cx, RECUR_SCALE_STANDARD, n, v, v + n);
    else
        status = rcr_fail(cx, RECUR_EFORMAT, "%s: the scaler in the metadata needs %lld numbers in %s and %s",
                          name, (long long)n, shift_key, scale_key);
    rcr_free(cx, v);
    return status;
}

recur_status rcr_net_read(rcr_net *net, recur_ctx *cx, const char *json, const char *name)
{
    json_error_t error;
    json_t *root = json ? json_loads(json, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (!json_is_object(root)) {
        json_decref(root);
        return rcr_fail(cx, RECUR_EFORMAT, "%s: no scaler in the metadata", name);
    }
    recur_status status = read_scaler(&net->inputs, cx, root, "input_shift", "input_scale", net->F, name);
    if (status == RECUR_OK)
        status = read_scaler(&net->answers, cx, root, "target_shift", "target_scale", net->K, name);
    const json_t *naive = json_object_get(root, "naive_error");
    net->naive = json_is_number(naive) ? json_number_value(naive) : NAN;
    net->whole = json_is_true(json_object_get(root, "whole"));
    json_decref(root);
    return status;
}
