// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

void model_check(const model *m, recur_status s)
{
    const char *text = "out of memory";
    if (s == RECUR_OK)
        return;
    if (m && m->cx)
        recur_error(m->cx, &text);
    fprintf(stderr, "bench: %s\n", text);
    exit(1);
}

static recur_cell cell_of(const char *name)
{
    return spec_is(name, "lstm") ? RECUR_LSTM : spec_is(name, "gru") ? RECUR_GRU : RECUR_RNN_TANH;
}

static void build_rnn(model *m, recur_rnn **rnn, const char *name, double dropout)
{
    recur_rnn_config rc = {.cell = cell_of(m->s.cell),
                           .input = m->s.I,
                           .hidden = m->s.H,
                           .layers = (int)m->s.layers,
                           .bidirectional = m->s.both,
                           .batch_first = !spec_is(m->s.loss, "layer"),
                           .dropout = dropout};
    model_check(m, recur_rnn_create(rnn, m->ps, name, &rc));
}

static void build_attention(model *m, int64_t width)
{
    recur_multihead_config c = {.embed = width, .heads = m->s.heads, .batch_first = true};
    model_check(m, recur_multihead_create(&m->attention, m->ps, "attention", &c));
}

static void build_head(model *m)
{
    const spec *s = &m->s;
    int64_t width = s->both ? 2 * s->H : s->H;
    if (s->heads)
        build_attention(m, width);
    if (s->dense)
        model_check(m, recur_linear_create(&m->dense, m->ps, "dense", width, s->dense, true));
    if (spec_is(s->loss, "sentiment"))
        model_check(m, recur_batch_norm_create(&m->norm, m->ps, "norm", s->dense, 1e-5, 0.1, true));
    if (s->K)
        model_check(m, recur_linear_create(&m->head, m->ps, "head", s->dense ? s->dense : width, s->K, true));
}

static void build_optim(model *m)
{
    recur_optim_config oc = recur_optim_defaults(spec_is(m->s.optim, "adam") ? RECUR_ADAM : RECUR_SGD);
    oc.lr = m->s.lr;
    model_check(m, recur_optim_create(&m->optim, m->ps, &oc));
}

model *model_create(const spec *s, int threads, double dropout)
{
    model *m = calloc(1, sizeof *m);
    model_check(m, m ? RECUR_OK : RECUR_ENOMEM);
    m->s = *s;
    m->loss = loss_find(s->loss);
    model_check(m, recur_ctx_create(&m->cx, &(recur_options){.threads = threads}));
    model_check(m, recur_params_create(&m->ps, m->cx, RECUR_F32, 1));
    model_check(m, recur_tape_create(&m->tp, m->cx, 1));
    if (s->V)
        model_check(m, recur_embedding_create(&m->words, m->ps, "words", s->V, s->I, RECUR_NO_PADDING));
    build_rnn(m, &m->rnn, "rnn", dropout);
    if (spec_is(s->loss, "translation")) {
        model_check(m,
                    recur_embedding_create(&m->out_words, m->ps, "out_words", s->V, s->I, RECUR_NO_PADDING));
        build_rnn(m, &m->decoder, "decoder", dropout);
    }
    build_head(m);
    build_optim(m);
    batch_fill(&m->data, s);
    return m;
}

void model_free(model *m)
{
    recur_optim_free(m->optim);
    recur_rnn_free(m->rnn);
    recur_rnn_free(m->decoder);
    recur_tape_free(m->tp);
    recur_params_free(m->ps);
    recur_ctx_free(m->cx);
    batch_free(&m->data);
    free(m);
}

/* --- what the peers read --- */

enum { MOST_PARAMETERS = 64, ARRAYS = 8 };

/* An array of the batch; none where it is NULL. */
static void add(recur_entry *entries, size_t *n, recur_entry e)
{
    for (int i = 0; i < e.rank; i++)
        e.size *= (size_t)e.shape[i];
    if (e.data)
        entries[(*n)++] = e;
}

typedef struct shapes {
    int64_t ids[2], x[3], y[2], dy[3];
} shapes;

static shapes shapes_of(const spec *s)
{
    bool alone = spec_is(s->loss, "layer");
    int64_t B = s->B, T = s->T;
    return (shapes){{B, T}, {alone ? T : B, alone ? B : T, s->I}, {B, 1}, {T, B, s->H}};
}

static void add_batch(const model *m, const shapes *of, recur_entry *e, size_t *n)
{
    const batch *d = &m->data;
    const int64_t *sequences = &m->s.B;
    const size_t number = sizeof(float), id = sizeof(int64_t);
    add(e, n, (recur_entry){"data.x", "F32", 3, of->x, d->x, number});
    add(e, n, (recur_entry){"data.y", "F32", 2, of->y, d->y, number});
    add(e, n, (recur_entry){"data.dy", "F32", 3, of->dy, d->dy, number});
    add(e, n, (recur_entry){"data.in", "I64", 2, of->ids, d->in, id});
    add(e, n, (recur_entry){"data.out", "I64", 2, of->ids, d->out, id});
    add(e, n, (recur_entry){"data.target", "I64", 2, of->ids, d->target, id});
    add(e, n, (recur_entry){"data.class", "I64", 1, sequences, d->class, id});
    add(e, n, (recur_entry){"data.lengths", "I64", 1, sequences, d->lengths, id});
}

void model_write(const model *m, const char *folder)
{
    char path[4096];
    recur_entry e[MOST_PARAMETERS + ARRAYS];
    shapes of = shapes_of(&m->s);
    size_t n = 0;
    for (; n < recur_params_size(m->ps) && n < MOST_PARAMETERS; n++)
        e[n] = recur_entry_of(recur_params_at(m->ps, n), NULL);
    add_batch(m, &of, e, &n);
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, m->s.name);
    model_check(m, recur_archive_write(m->cx, path, e, n, NULL, 0));
}
