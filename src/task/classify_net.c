// SPDX-License-Identifier: MIT
/* The model that classifies: embedding -> recurrent stack -> attention -> pooling -> layers -> a number per class. */
#include <jansson.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/classify.h"
#include "train/option.h"

/* ---- making ---- */

static recur_status add_attention(rcr_classifier *net)
{
    rcr_attention_kind kind;
    recur_multihead_config c = {.embed = net->encoder.width, .batch_first = true};
    recur_status status = rcr_attention_parse(net->cx, net->config.model.attention, &kind, &c.heads);
    net->heads = kind == RCR_ATTENTION_MULTIHEAD;
    if (status == RECUR_OK && net->heads)
        status = recur_multihead_create(&net->attention, net->ps, "attention", &c);
    if (status == RECUR_OK && net->config.model.pool == RECUR_POOL_ATTENTION)
        status = recur_attention_pool_create(&net->pool, net->ps, "pool", net->encoder.width, 0);
    return status;
}

static recur_status add_layers(rcr_classifier *net)
{
    const recur_classify_config *c = &net->config;
    int64_t width = net->encoder.width;
    recur_status status = RECUR_OK;
    if (c->dense > 0) {
        status = recur_linear_create(&net->dense, net->ps, "dense", width, c->dense, true);
        width = c->dense;
    }
    if (status == RECUR_OK && c->batch_norm)
        status = recur_batch_norm_create(&net->norm, net->ps, "norm", width, 1e-5, 0.1, true);
    return status == RECUR_OK ? recur_linear_create(&net->output, net->ps, "output", width, net->K, true)
                              : status;
}

static recur_status init(rcr_classifier *net)
{
    recur_status status = rcr_init_uniform_all(net->ps, &net->config.model);
    return status == RECUR_OK ? rcr_stack_init(net->encoder.rnn, &net->config.model) : status;
}

recur_status rcr_classifier_build(rcr_classifier *net, const rcr_model_file *from)
{
    const recur_classify_config *c = &net->config;
    recur_status status = recur_params_create(&net->ps, net->cx, RECUR_F32, (uint64_t)c->train.seed);
    if (status == RECUR_OK && from)
        rcr_model_file_limit(from, net->ps);
    if (status == RECUR_OK)
        status = rcr_encoder_create(&net->encoder, net->ps, "", &c->model,
                                    recur_vocab_size(net->lexicon.vocab), 0);
    if (status == RECUR_OK)
        status = add_attention(net);
    if (status == RECUR_OK)
        status = add_layers(net);
    if (status != RECUR_OK)
        return status;
    return from ? rcr_model_file_load(from, net->ps) : init(net);
}

void rcr_classifier_close(rcr_classifier *net)
{
    rcr_encoder_free(&net->encoder);
    recur_params_free(net->ps);
    recur_vocab_free(net->labels);
    rcr_lexicon_close(&net->lexicon);
    rcr_free(net->cx, net->count);
    *net = (rcr_classifier){.cx = net->cx};
}

/* ---- running ---- */

/* a [B, T, T], row by row how much a unit looks at each: the mean over the units that there are, [B, T]. */
static recur_tensor *attention_got(recur_tape *tp, recur_tensor *a, recur_tensor *lengths)
{
    return recur_pool_mean(tp, a, lengths, true);
}

/* h + attention(h): with the sum each unit keeps what it has read itself. */
static recur_tensor *attend(recur_tape *tp, const rcr_classifier *net, recur_tensor *h, const rcr_ids *in,
                            recur_tensor **weights)
{
    recur_weights want = weights ? RECUR_WEIGHTS_MEAN : RECUR_WEIGHTS_NONE;
    recur_attention_out a = recur_multihead_forward(
        tp, &net->attention, &(recur_multihead_in){.query = h, .lengths = in->lengths, .weights = want});
    if (weights)
        *weights = attention_got(tp, a.weights, in->lengths);
    return recur_add(tp, h, a.output);
}

static recur_tensor *pool(recur_tape *tp, const rcr_classifier *net, recur_rnn_out out, const rcr_ids *in,
                          recur_tensor **weights)
{
    recur_attention_out a;
    switch ((recur_pool)net->config.model.pool) {
    case RECUR_POOL_MEAN:
        return recur_pool_mean(tp, out.y, in->lengths, true);
    case RECUR_POOL_MAX:
        return recur_pool_max(tp, out.y, in->lengths, true);
    case RECUR_POOL_ATTENTION:
        a = recur_attention_pool_forward(tp, &net->pool, out.y, in->lengths, true);
        if (weights)
            *weights = a.weights;
        return a.output;
    default: /* the states at both ends, unless attention has mixed them */
        return net->heads ? recur_last_step(tp, out.y, in->lengths, true)
                          : rcr_last_state(tp, net->encoder.rnn, out.h);
    }
}

static recur_tensor *drop(recur_tape *tp, const rcr_classifier *net, recur_tensor *s)
{
    return net->config.model.dropout > 0 ? recur_dropout(tp, s, net->config.model.dropout) : s;
}

/* s [B, width] -> [B, K] */
static recur_tensor *layers(recur_tape *tp, const rcr_classifier *net, recur_tensor *s)
{
    const recur_classify_config *c = &net->config;
    if (c->dense > 0)
        s = recur_linear_forward(tp, &net->dense, drop(tp, net, s));
    if (c->batch_norm)
        s = recur_batch_norm_forward(tp, &net->norm, s);
    if (c->dense > 0)
        s = recur_relu(tp, s);
    return recur_linear_forward(tp, &net->output, drop(tp, net, s));
}

recur_tensor *rcr_classifier_forward(recur_tape *tp, const rcr_classifier *net, const rcr_ids *in,
                                     recur_tensor **weights)
{
    recur_rnn_out out = rcr_encoder_forward(tp, &net->encoder, in);
    if (weights)
        *weights = NULL;
    if (net->heads)
        out.y = attend(tp, net, out.y, in, weights);
    return layers(tp, net, pool(tp, net, out, in, weights));
}

/* n / (K n_k): classes weigh the same all together, however many examples they have. */
static recur_tensor *class_weights(recur_tape *tp, const rcr_classifier *net)
{
    int64_t n = 0;
    recur_tensor *weight = recur_input(tp, RECUR_F32, 1, &net->K, NULL);
    for (int64_t k = 0; k < net->K; k++)
        n += net->count[k];
    for (int64_t k = 0; weight && k < net->K; k++)
        recur_f32(weight)[k] = (float)((double)n / ((double)net->K * (double)net->count[k]));
    return weight;
}

recur_tensor *rcr_classifier_loss(recur_tape *tp, const rcr_classifier *net, recur_tensor *logits,
                                  recur_tensor *target)
{
    recur_class_loss how = RECUR_CLASS_LOSS;
    how.label_smoothing = net->config.label_smoothing;
    if (net->config.class_weights)
        how.weight = class_weights(tp, net);
    return recur_cross_entropy(tp, logits, target, how);
}

/* ---- what was learnt from the training part beside parameters and vocabularies ---- */

void rcr_classifier_write(rcr_doc *j, const rcr_classifier *net)
{
    rcr_doc_object(j, NULL);
    rcr_doc_real(j, "temperature", net->temperature);
    rcr_doc_array(j, "count");
    for (int64_t k = 0; k < net->K; k++)
        rcr_doc_int(j, NULL, net->count[k]);
    rcr_doc_end(j, ']');
    rcr_doc_end(j, '}');
}

/* K numbers of examples, each at least 1: classes come from the training part. */
static bool read_count(const json_t *array, int64_t *count, int64_t K)
{
    if (!json_is_array(array) || json_array_size(array) != (size_t)K)
        return false;
    for (int64_t k = 0; k < K; k++) {
        const json_t *n = json_array_get(array, (size_t)k);
        if (!json_is_integer(n) || json_integer_value(n) < 1 || json_integer_value(n) > INT64_MAX / K)
            return false;
        count[k] = json_integer_value(n);
    }
    return true;
}

recur_status rcr_classifier_read(rcr_classifier *net, const char *json, const char *name)
{
    json_error_t error;
    net->count = rcr_alloc_array(net->cx, (size_t)net->K, sizeof *net->count, "numbers of examples");
    if (!net->count)
        return RECUR_ENOMEM;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &error);
    const json_t *temperature = json_object_get(root, "temperature");
    net->temperature = json_is_number(temperature) ? json_number_value(temperature) : NAN;
    bool good = net->temperature > 0 && isfinite(net->temperature) &&
                read_count(json_object_get(root, "count"), net->count, net->K);
    json_decref(root);
    if (good)
        return RECUR_OK;
    return rcr_fail(net->cx, RECUR_EFORMAT,
                    "%s: the classes in the metadata need a temperature above 0 and %lld numbers of examples",
                    name, (long long)net->K);
}
