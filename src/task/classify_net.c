// SPDX-License-Identifier: MIT
/* The model that classifies: one network, or several whose logits are averaged. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/classify.h"
#include "train/option.h"

/* ---- making ---- */

static recur_status add_member(rcr_classifier *net, int64_t i)
{
    char prefix[32] = "";
    if (net->config.ensemble > 1)
        snprintf(prefix, sizeof prefix, "member%lld", (long long)i);
    net->members = i + 1;
    return rcr_class_member_create(&net->member[i], net->ps, prefix, &net->config,
                                   recur_vocab_size(net->lexicon.vocab), net->K);
}

static recur_status add_members(rcr_classifier *net)
{
    int64_t n = net->config.ensemble;
    net->member = rcr_alloc_zero(net->cx, (size_t)n * sizeof *net->member, "a classifier");
    recur_status status = net->member ? RECUR_OK : RECUR_ENOMEM;
    for (int64_t i = 0; i < n && status == RECUR_OK; i++)
        status = add_member(net, i);
    return status;
}

static recur_status init(rcr_classifier *net)
{
    recur_status status = rcr_init_uniform_all(net->ps, &net->config.model);
    for (int64_t i = 0; i < net->members && status == RECUR_OK; i++)
        status = rcr_stack_init(net->member[i].encoder.rnn, &net->config.model);
    return status;
}

recur_status rcr_classifier_build(rcr_classifier *net, const rcr_model_file *from)
{
    recur_status status = recur_params_create(&net->ps, net->cx, RECUR_F32, (uint64_t)net->config.train.seed);
    if (status == RECUR_OK && from)
        rcr_model_file_limit(from, net->ps);
    if (status == RECUR_OK)
        status = add_members(net);
    if (status != RECUR_OK)
        return status;
    return from ? rcr_model_file_load(from, net->ps) : init(net);
}

recur_status rcr_classifier_vectors(rcr_classifier *net, const char *path, const recur_run *run)
{
    recur_status status = RECUR_OK;
    for (int64_t i = 0; i < net->members && status == RECUR_OK; i++)
        status = rcr_encoder_vectors(&net->member[i].encoder, net->lexicon.vocab, path, i == 0 ? run : NULL);
    return status;
}

void rcr_classifier_close(rcr_classifier *net)
{
    for (int64_t i = 0; i < net->members; i++)
        rcr_class_member_free(&net->member[i]);
    rcr_free(net->cx, net->member);
    recur_params_free(net->ps);
    recur_vocab_free(net->labels);
    rcr_lexicon_close(&net->lexicon);
    rcr_free(net->cx, net->count);
    *net = (rcr_classifier){.cx = net->cx};
}

/* ---- running ---- */

static recur_tensor *plus(recur_tape *tp, recur_tensor *sum, recur_tensor *x)
{
    return sum ? recur_add(tp, sum, x) : x;
}

recur_tensor *rcr_classifier_forward(recur_tape *tp, const rcr_classifier *net, const rcr_ids *in,
                                     recur_tensor **weights)
{
    recur_tensor *y = NULL, *w = NULL, *one = NULL;
    for (int64_t i = 0; i < net->members; i++) {
        y = plus(tp, y, rcr_class_member_forward(tp, &net->member[i], in, weights ? &one : NULL));
        w = one ? plus(tp, w, one) : NULL;
    }
    double share = 1 / (double)net->members;
    if (weights)
        *weights = w && net->members > 1 ? recur_affine(tp, w, share, 0) : w;
    return net->members > 1 ? recur_affine(tp, y, share, 0) : y;
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

/* The mean as a value, the sum as a gradient. */
static recur_tensor *told_as_mean(recur_tape *tp, recur_tensor *sum, int64_t n)
{
    recur_tensor *rest = recur_affine(tp, recur_detach(tp, sum), 1 - 1 / (double)n, 0);
    return recur_sub(tp, sum, rest);
}

recur_tensor *rcr_classifier_loss(recur_tape *tp, const rcr_classifier *net, const rcr_ids *in,
                                  recur_tensor *target)
{
    recur_tensor *sum = NULL;
    recur_class_loss how = RECUR_CLASS_LOSS;
    how.label_smoothing = net->config.label_smoothing;
    if (net->config.class_weights)
        how.weight = class_weights(tp, net);
    for (int64_t i = 0; i < net->members; i++) {
        recur_tensor *logits = rcr_class_member_forward(tp, &net->member[i], in, NULL);
        sum = plus(tp, sum, recur_cross_entropy(tp, logits, target, how));
    }
    return net->members > 1 ? told_as_mean(tp, sum, net->members) : sum;
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
