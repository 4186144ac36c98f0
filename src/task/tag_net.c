// SPDX-License-Identifier: MIT
/* The model that tags: word embedding and characters -> recurrent stack -> scores of tags -> (CRF). */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "tape/tape.h"
#include "task/tag.h"
#include "train/option.h"

/* ---- making ---- */

/* One layer in both directions: its last states spell the word. */
static recur_model_config spelling(const recur_tag_config *c)
{
    recur_model_config m = recur_model_defaults();
    m.hidden = c->char_hidden;
    m.embedding = c->char_embedding;
    m.bidirectional = true;
    return m;
}

static recur_status make_layers(rcr_tag_net *net, const rcr_tag_words *w)
{
    const recur_tag_config *c = &net->config;
    const recur_model_config m = spelling(c);
    int64_t beside = 0, K = recur_vocab_size(w->tags);
    recur_status status = RECUR_OK;
    if (c->char_encoder == RECUR_CHARS_LSTM) {
        status = rcr_encoder_create(&net->chars, net->ps, "char", &m, recur_vocab_size(w->chars.vocab), 0);
        beside = 2 * c->char_hidden;
    }
    if (status == RECUR_OK)
        status = rcr_encoder_create(&net->words, net->ps, "word", &c->model, recur_vocab_size(w->words.vocab),
                                    beside);
    if (status == RECUR_OK)
        status = recur_linear_create(&net->output, net->ps, "output", net->words.width, K, true);
    if (status == RECUR_OK && c->crf)
        status = recur_crf_create(&net->crf, net->ps, "crf", K, true);
    net->crf.rules = w->rules;
    return status;
}

static recur_status init(rcr_tag_net *net)
{
    recur_status status = rcr_init_uniform_all(net->ps, &net->config.model);
    return status == RECUR_OK ? rcr_stack_init(net->words.rnn, &net->config.model) : status;
}

static recur_status build(rcr_tag_net *net, recur_ctx *cx, const rcr_tag_words *w, const rcr_model_file *from)
{
    recur_status status = recur_params_create(&net->ps, cx, RECUR_F32, (uint64_t)net->config.train.seed);
    if (status == RECUR_OK && from)
        rcr_model_file_limit(from, net->ps);
    if (status == RECUR_OK)
        status = make_layers(net, w);
    if (status != RECUR_OK)
        return status;
    return from ? rcr_model_file_load(from, net->ps) : init(net);
}

recur_status rcr_tag_net_create(rcr_tag_net *net, recur_ctx *cx, const recur_tag_config *c,
                                const rcr_tag_words *w, const rcr_model_file *from)
{
    *net = (rcr_tag_net){.config = *c};
    recur_status status = build(net, cx, w, from);
    if (status != RECUR_OK)
        rcr_tag_net_free(net);
    return status;
}

void rcr_tag_net_free(rcr_tag_net *net)
{
    rcr_encoder_free(&net->chars);
    rcr_encoder_free(&net->words);
    if (net->ps) {
        rcr_free(recur_params_ctx(net->ps), net->slot);
        rcr_free(recur_params_ctx(net->ps), net->list);
    }
    recur_params_free(net->ps);
    net->slot = net->list = NULL;
    net->slots = 0;
    net->ps = NULL;
}

/* ---- characters ----
 * A form that stands several times in a batch is read once: its slot is a row of what the encoder makes. */

static recur_status make_slots(rcr_tag_net *net, int64_t forms)
{
    recur_ctx *cx = recur_params_ctx(net->ps);
    if (forms <= net->slots)
        return RECUR_OK;
    rcr_free(cx, net->slot);
    rcr_free(cx, net->list);
    net->slots = 0;
    net->slot = rcr_alloc_array(cx, (size_t)forms, sizeof *net->slot, "forms");
    net->list = rcr_alloc_array(cx, (size_t)forms, sizeof *net->list, "forms");
    if (!net->slot || !net->list)
        return RECUR_ENOMEM;
    memset(net->slot, -1, (size_t)forms * sizeof *net->slot);
    net->slots = forms;
    return RECUR_OK;
}

/* Fills ids [B, T] with slots; the padding gets one that is not read. Returns how many slots there are. */
static int64_t fill_slots(rcr_tag_net *net, const rcr_tag_source *s, const int64_t *index,
                          const rcr_ids *words, int64_t *ids)
{
    int64_t n = 0;
    for (int64_t b = 0; b < words->B; b++) {
        const int64_t *form = s->form + s->sentences->offset[index[b]];
        for (int64_t t = 0; t < recur_i64(words->lengths)[b]; t++) {
            int64_t *slot = &net->slot[form[t]];
            if (*slot < 0) {
                *slot = n;
                net->list[n++] = form[t];
            }
            ids[b * words->T + t] = *slot;
        }
    }
    for (int64_t i = 0; i < n; i++)
        net->slot[net->list[i]] = -1;
    return n;
}

/* h [2, U, H], the last states of both directions -> [U, 2 H] */
static recur_tensor *join_directions(recur_tape *tp, recur_tensor *h)
{
    int64_t U = recur_dim(h, 1), H = recur_dim(h, 2);
    return recur_reshape(tp, recur_transpose(tp, h, 0, 1), 2, (int64_t[]){U, 2 * H});
}

/* [B, T, 2 H] */
static recur_tensor *read_characters(recur_tape *tp, rcr_tag_net *net, const rcr_tag_source *s,
                                     const int64_t *index, const rcr_ids *words)
{
    recur_tensor *ids = recur_input(tp, RECUR_I64, 2, (int64_t[]){words->B, words->T}, NULL);
    if (!ids || make_slots(net, (int64_t)s->names.n) != RECUR_OK) {
        rcr_stick_last(recur_tape_ctx(tp));
        return NULL;
    }
    int64_t U = fill_slots(net, s, index, words, recur_i64(ids));
    const rcr_ids forms = rcr_ids_of(tp, s->chars, net->list, U);
    recur_tensor *h = rcr_encoder_forward(tp, &net->chars, &forms).h;
    return h ? recur_embedding(tp, join_directions(tp, h), ids, RECUR_NO_PADDING) : NULL;
}

/* ---- forward ---- */

recur_status rcr_tag_forward(recur_tape *tp, rcr_tag_net *net, const rcr_tag_source *s, const int64_t *index,
                             int64_t B, rcr_tag_batch *out)
{
    out->words = rcr_ids_of(tp, s->words, index, B);
    recur_tensor *x[2] = {recur_embedding_forward(tp, &net->words.embedding, out->words.ids), NULL};
    if (x[0] && net->config.char_encoder == RECUR_CHARS_LSTM) {
        x[1] = read_characters(tp, net, s, index, &out->words);
        x[0] = recur_concat(tp, x, 2, 2);
    }
    recur_tensor *y = recur_rnn_forward(tp, net->words.rnn, x[0], out->words.lengths, NULL, NULL).y;
    y = recur_dropout(tp, y, net->config.model.dropout);
    out->emissions = recur_linear_forward(tp, &net->output, y);
    return out->emissions ? RECUR_OK : recur_error(recur_tape_ctx(tp), NULL);
}

/* ---- loss ---- */

static recur_tensor *tags_of(recur_tape *tp, const rcr_tag_source *s, const int64_t *index,
                             const rcr_tag_batch *b)
{
    int64_t B = b->words.B, T = b->words.T;
    recur_tensor *tags = recur_input(tp, RECUR_I64, 2, (int64_t[]){B, T}, NULL);
    if (tags)
        recur_pad(s->tags, index, B, T, RECUR_BATCH_MAJOR, -1, recur_i64(tags));
    return tags;
}

static recur_tensor *word_loss(recur_tape *tp, const rcr_tag_batch *b, recur_tensor *tags, int64_t *words)
{
    int64_t N = b->words.B * b->words.T;
    recur_class_loss options = RECUR_CLASS_LOSS;
    options.ignore_index = -1;
    *words = 0;
    for (int64_t i = 0; tags && i < N; i++)
        *words += recur_i64(tags)[i] >= 0;
    recur_tensor *logits = recur_reshape(tp, b->emissions, 2, (int64_t[]){N, recur_dim(b->emissions, 2)});
    return recur_cross_entropy(tp, logits, recur_reshape(tp, tags, 1, &N), options);
}

/* Lengths with 0 for sentences that hold a tag the model does not know; *words: the sum. */
static recur_tensor *known_lengths(recur_tape *tp, const rcr_tag_batch *b, recur_tensor *tags, int64_t *words)
{
    int64_t B = b->words.B, T = b->words.T;
    recur_tensor *lengths = recur_input(tp, RECUR_I64, 1, &B, recur_i64(b->words.lengths));
    *words = 0;
    for (int64_t i = 0; lengths && tags && i < B; i++) {
        int64_t n = recur_i64(lengths)[i];
        for (int64_t t = 0; t < n; t++)
            if (recur_i64(tags)[i * T + t] < 0)
                recur_i64(lengths)[i] = 0;
        *words += recur_i64(lengths)[i];
    }
    return lengths;
}

static recur_tensor *sequence_loss(recur_tape *tp, const rcr_tag_net *net, const rcr_tag_batch *b,
                                   recur_tensor *tags, int64_t *words)
{
    recur_tensor *lengths = known_lengths(tp, b, tags, words);
    recur_tensor *p = recur_crf_log_likelihood(tp, &net->crf, b->emissions, tags, lengths);
    return recur_affine(tp, recur_sum(tp, p, RECUR_ALL_AXES, false), -1.0 / (double)(*words > 0 ? *words : 1),
                        0);
}

recur_tensor *rcr_tag_loss(recur_tape *tp, const rcr_tag_net *net, const rcr_tag_source *s,
                           const int64_t *index, const rcr_tag_batch *b, int64_t *words)
{
    recur_tensor *tags = tags_of(tp, s, index, b);
    return net->config.crf ? sequence_loss(tp, net, b, tags, words) : word_loss(tp, b, tags, words);
}

/* ---- answers ---- */

static int64_t largest(const float *x, int64_t K)
{
    int64_t best = 0;
    for (int64_t k = 1; k < K; k++)
        if (x[k] > x[best])
            best = k;
    return best;
}

const int64_t *rcr_tag_best(recur_tape *tp, const rcr_tag_net *net, const rcr_tag_batch *b)
{
    int64_t B = b->words.B, T = b->words.T, K = recur_dim(b->emissions, 2);
    if (net->config.crf) {
        recur_tensor *path = recur_crf_viterbi(tp, &net->crf, b->emissions, b->words.lengths);
        return path ? recur_i64(path) : NULL;
    }
    recur_tensor *best = recur_input(tp, RECUR_I64, 2, (int64_t[]){B, T}, NULL);
    if (!best)
        return NULL;
    const float *x = recur_f32(b->emissions);
    for (int64_t i = 0; i < B; i++)
        for (int64_t t = 0; t < T; t++) {
            bool padding = t >= recur_i64(b->words.lengths)[i];
            recur_i64(best)[i * T + t] = padding ? -1 : largest(x + (i * T + t) * K, K);
        }
    return recur_i64(best);
}

recur_tensor *rcr_tag_probabilities(recur_tape *tp, const rcr_tag_net *net, const rcr_tag_batch *b)
{
    return net->config.crf ? recur_crf_marginals(tp, &net->crf, b->emissions, b->words.lengths)
                           : recur_softmax(tp, b->emissions, 2);
}
