// SPDX-License-Identifier: MIT
/* recur, as a peer (peer.h): training steps of whole models, a layer forward and backward, inference of whole
 * sequences, streaming. Writes what the other peers read. */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"
#include "peer.h"

enum { CHECKED = 2 }; /* steps whose results are reported */

typedef struct state {
    model *m;
    recur_plan *plan; /* streaming, from here on */
    recur_session *session;
    void *memory;
    float *x, *y;
} state;

/* --- training --- */

static double train_step(model *m)
{
    recur_tape_begin(m->tp, RECUR_TRAIN);
    recur_tensor *loss = m->loss(m);
    model_check(m, recur_backward(m->tp, loss));
    if (m->s.clip > 0.0)
        model_check(m, recur_clip_grad_norm(m->ps, m->s.clip, 2.0, NULL));
    double value = recur_item(loss, 0);
    model_check(m, recur_optim_step(m->optim));
    return value;
}

/* The losses are those without dropout, since masks are not PyTorch's. */
static void report_losses(state *s, int threads, report *r)
{
    const spec of = s->m->s;
    char name[SPEC_WORD];
    for (int i = 0; i < CHECKED; i++) {
        double loss = train_step(s->m);
        snprintf(name, sizeof name, "loss %d", i + 1);
        peer_report(r, name, loss, loss);
    }
    if (of.dropout > 0.0) {
        model_free(s->m);
        s->m = model_create(&of, threads, of.dropout);
    }
}

/* --- a layer alone --- */

static void layer_step(model *m)
{
    recur_zero_grad(m->ps);
    recur_tape_begin(m->tp, RECUR_TRAIN);
    model_check(m, recur_backward(m->tp, m->loss(m)));
}

static void sequence_step(model *m)
{
    recur_tape_begin(m->tp, RECUR_INFER);
    model_check(m, m->loss(m) ? RECUR_OK : recur_error(m->cx, NULL));
}

static void report_tensor(report *r, const char *name, recur_tensor *t)
{
    peer_report_array(r, name, recur_f32(t), recur_count(t));
}

static void report_layer(model *m, report *r)
{
    report_tensor(r, "y", m->y);
    report_tensor(r, "dx", recur_grad(m->x));
    for (size_t i = 0; i < recur_params_size(m->ps); i++) {
        recur_tensor *p = recur_params_at(m->ps, i);
        report_tensor(r, recur_name(p), recur_grad(p));
    }
}

/* --- streaming --- */

static void plan(state *s)
{
    model *m = s->m;
    model_check(m, recur_plan_create(&s->plan, m->cx));
    model_check(m, recur_plan_rnn(s->plan, m->rnn));
    if (m->s.dense)
        model_check(m, recur_plan_linear(s->plan, &m->dense));
    if (m->s.K)
        model_check(m, recur_plan_linear(s->plan, &m->head));
    size_t size = recur_session_size(s->plan, 1);
    s->memory = aligned_alloc(64, size);
    s->x = calloc((size_t)recur_plan_input(s->plan), sizeof *s->x);
    s->y = calloc((size_t)recur_plan_output(s->plan), sizeof *s->y);
    if (!s->memory || !s->x || !s->y)
        model_check(m, RECUR_ENOMEM);
    model_check(m, recur_session_init(&s->session, s->memory, size, s->plan, 1));
}

static void report_stream(state *s, report *r)
{
    for (int64_t i = 0; i < recur_plan_input(s->plan); i++)
        s->x[i] = 0.5f;
    for (int i = 0; i < CHECKED; i++)
        recur_session_step(s->session, s->x, s->y);
    peer_report_array(r, "y", s->y, recur_plan_output(s->plan));
}

/* --- the peer --- */

static void run(void *user)
{
    state *s = user;
    if (s->session)
        recur_session_step(s->session, s->x, s->y);
    else if (spec_is(s->m->s.kind, "train"))
        train_step(s->m);
    else if (spec_is(s->m->s.kind, "layer"))
        layer_step(s->m);
    else
        sequence_step(s->m);
}

static void report_case(state *s, int threads, report *r)
{
    const char *kind = s->m->s.kind;
    if (spec_is(kind, "train")) {
        report_losses(s, threads, r);
    } else if (spec_is(kind, "stream")) {
        plan(s);
        report_stream(s, r);
    } else {
        run(s);
        spec_is(kind, "layer") ? report_layer(s->m, r) : report_tensor(r, "y", s->m->y);
    }
}

static void *prepare(const spec *of, int threads, const char *folder, report *r)
{
    state *s = calloc(1, sizeof *s);
    model_check(NULL, s ? RECUR_OK : RECUR_ENOMEM);
    s->m = model_create(of, threads, 0.0);
    model_write(s->m, folder);
    report_case(s, threads, r);
    return s;
}

static void destroy(void *user)
{
    state *s = user;
    recur_plan_free(s->plan);
    model_free(s->m);
    free(s->memory);
    free(s->x);
    free(s->y);
    free(s);
}

int main(int argc, char **argv)
{
    return peer_serve(&(peer){recur_version(), prepare, run, destroy}, argc, argv);
}
