// SPDX-License-Identifier: MIT
/* oneDNN 2.x, as a peer (peer.h): one LSTM or GRU layer forward and backward, over sequences, or streaming.
 *
 * A layer's step is what a trainer would have to do with this library: forward; the weights laid out anew for backward,
 * where that wants another layout than forward; gradients of the weights set to zero, since they are added to;
 * backward. The master copy of the weights is in forward's layout, so that costs nothing.
 *
 * oneDNN's LSTM has PyTorch's gates i,f,g,o and one bias, the sum of both. Its GRU with a reset gate that acts after the
 * product ("linear before reset") has its gates as z,r,n and four biases: z, r, that of W_in x, that of W_hn h. Threads
 * come from OMP_NUM_THREADS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oneapi/dnnl/dnnl.h>
#include <recur/recur.h>

#include "peer.h"

enum { MOST_ARGUMENTS = 20, CHECKED = 2 };

typedef struct arguments {
    dnnl_exec_arg_t of[MOST_ARGUMENTS];
    int n;
} arguments;

typedef struct onednn {
    spec s;
    int64_t G;
    bool gru, training, streaming;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t forward_pd, backward_pd;
    dnnl_primitive_t forward, backward;
    dnnl_primitive_t
        relayout[2]; /* of weights_layer and weights_iter for backward; NULL where it is the same */
    arguments in, out, relayout_of[2];
    recur_ctx *cx;
    recur_archive *file;
} onednn;

static const int WEIGHTS[] = {DNNL_ARG_WEIGHTS_LAYER, DNNL_ARG_WEIGHTS_ITER};
static const int DIFF_WEIGHTS[] = {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER};
static const char *const WEIGHT_NAMES[] = {"rnn.weight_ih_l0", "rnn.weight_hh_l0"};

static void check(dnnl_status_t s)
{
    if (s == dnnl_success)
        return;
    fprintf(stderr, "peer_onednn: status %d\n", (int)s);
    exit(1);
}

/* --- memory --- */

static dnnl_memory_desc_t describe(int rank, const dnnl_dims_t shape, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t md;
    check(dnnl_memory_desc_init_by_tag(&md, rank, shape, dnnl_f32, tag));
    return md;
}

static dnnl_memory_t allocate(const onednn *o, const dnnl_memory_desc_t *md)
{
    dnnl_memory_t m;
    check(dnnl_memory_create(&m, md, o->engine, DNNL_MEMORY_ALLOCATE));
    return m;
}

static float *data_of(dnnl_memory_t m)
{
    void *p;
    check(dnnl_memory_get_data_handle(m, &p));
    return p;
}

static size_t bytes_of(dnnl_memory_t m)
{
    const dnnl_memory_desc_t *md;
    check(dnnl_memory_get_memory_desc(m, &md));
    return dnnl_memory_desc_get_size(md);
}

static dnnl_memory_t find(const arguments *a, int name)
{
    for (int i = 0; i < a->n; i++)
        if (a->of[i].arg == name)
            return a->of[i].memory;
    return NULL;
}

static void give(arguments *a, int name, dnnl_memory_t m)
{
    if (m)
        a->of[a->n++] = (dnnl_exec_arg_t){name, m};
}

/* Memory of zeros as the primitive wants it, for what it has. */
static void give_new(const onednn *o, arguments *a, const_dnnl_primitive_desc_t pd, int name)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, name);
    if (!md || md->ndims == 0)
        return;
    dnnl_memory_t m = allocate(o, md);
    memset(data_of(m), 0, bytes_of(m));
    give(a, name, m);
}

static void execute(const onednn *o, dnnl_primitive_t p, const arguments *a)
{
    check(dnnl_primitive_execute(p, o->stream, a->n, a->of));
}

static dnnl_primitive_t reorder(const onednn *o, dnnl_memory_t from, dnnl_memory_t to, arguments *a)
{
    const dnnl_memory_desc_t *f, *t;
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t p;
    check(dnnl_memory_get_memory_desc(from, &f));
    check(dnnl_memory_get_memory_desc(to, &t));
    check(dnnl_reorder_primitive_desc_create(&pd, f, o->engine, t, o->engine, NULL));
    check(dnnl_primitive_create(&p, pd));
    check(dnnl_primitive_desc_destroy(pd));
    *a = (arguments){{{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}, 2};
    return p;
}

static void copy(const onednn *o, dnnl_memory_t from, dnnl_memory_t to)
{
    arguments a;
    dnnl_primitive_t p = reorder(o, from, to, &a);
    execute(o, p, &a);
    check(dnnl_stream_wait(o->stream));
    check(dnnl_primitive_destroy(p));
}

/* --- PyTorch's arrays and oneDNN's --- */

/* Weights in the layout of PyTorch, [G H, I] or [G H, H], but with oneDNN's order of gates. */
static dnnl_memory_t rows_of_gates(const onednn *o, int which)
{
    const dnnl_dims_t shape = {1, 1, which ? o->s.H : o->s.I, o->G, o->s.H};
    dnnl_memory_desc_t md = describe(5, shape, dnnl_ldgoi);
    return allocate(o, &md);
}

/* GRU: r,z,n to z,r,n or back. `gate` numbers to each. */
static void copy_gates(const onednn *o, float *to, const float *from, int64_t gate)
{
    static const int swapped[] = {1, 0, 2};
    for (int g = 0; g < o->G; g++)
        memcpy(to + g * gate, from + (o->gru ? swapped[g] : g) * gate, (size_t)gate * sizeof *to);
}

static const float *array(const onednn *o, const char *name, size_t bytes)
{
    recur_entry e;
    if (recur_archive_find(o->file, name, &e) != RECUR_OK || e.size != bytes) {
        fprintf(stderr, "peer_onednn: no %s of %zu bytes\n", name, bytes);
        exit(1);
    }
    return e.data;
}

static void load(const onednn *o, dnnl_memory_t m, const char *name)
{
    memcpy(data_of(m), array(o, name, bytes_of(m)), bytes_of(m));
}

static void load_weights(const onednn *o, int which)
{
    dnnl_memory_t rows = rows_of_gates(o, which);
    copy_gates(o, data_of(rows), array(o, WEIGHT_NAMES[which], bytes_of(rows)),
               o->s.H * (which ? o->s.H : o->s.I));
    copy(o, rows, find(&o->in, WEIGHTS[which]));
    check(dnnl_memory_destroy(rows));
}

static void load_bias(const onednn *o)
{
    const int64_t H = o->s.H;
    const size_t bytes = (size_t)(o->G * H) * sizeof(float);
    const float *ih = array(o, "rnn.bias_ih_l0", bytes), *hh = array(o, "rnn.bias_hh_l0", bytes);
    float *b = data_of(find(&o->in, DNNL_ARG_BIAS));
    if (!o->gru) {
        for (int64_t i = 0; i < 4 * H; i++)
            b[i] = ih[i] + hh[i];
        return;
    }
    for (int64_t i = 0; i < H; i++) {
        b[i] = ih[H + i] + hh[H + i];
        b[H + i] = ih[i] + hh[i];
        b[2 * H + i] = ih[2 * H + i];
        b[3 * H + i] = hh[2 * H + i];
    }
}

static void report_weights(const onednn *o, int which, report *r)
{
    dnnl_memory_t rows = rows_of_gates(o, which);
    int64_t gate = o->s.H * (which ? o->s.H : o->s.I);
    float *w = malloc(bytes_of(rows));
    if (!w)
        check(dnnl_out_of_memory);
    copy(o, find(&o->out, DIFF_WEIGHTS[which]), rows);
    copy_gates(o, w, data_of(rows), gate);
    peer_report_array(r, WEIGHT_NAMES[which], w, o->G * gate);
    free(w);
    check(dnnl_memory_destroy(rows));
}

/* The gradient of bias_hh. */
static void report_bias(const onednn *o, report *r)
{
    const int64_t H = o->s.H;
    const size_t gate = (size_t)H * sizeof(float);
    float *b = data_of(find(&o->out, DNNL_ARG_DIFF_BIAS));
    if (o->gru) {
        float *z = malloc(gate);
        if (!z)
            check(dnnl_out_of_memory);
        memcpy(z, b, gate);
        memcpy(b, b + H, gate);
        memcpy(b + H, z, gate);
        memcpy(b + 2 * H, b + 3 * H, gate);
        free(z);
    }
    peer_report_array(r, "rnn.bias_hh_l0", b, o->G * H);
}

/* --- the primitives --- */

/* Descriptions of what a layer reads and gives. States of zeros to begin with are given, for without them 2.6.3's LSTM
 * computes wrong gradients of weights_iter; the last ones are asked for in streaming alone (`state`, else NULL). */
typedef struct layout {
    dnnl_memory_desc_t src, dst, weights[2], bias, iter;
    const dnnl_memory_desc_t *state;
} layout;

static void lay_out(const onednn *o, layout *l)
{
    const spec *s = &o->s;
    const int64_t biases = o->gru ? o->G + 1 : o->G;
    l->src = describe(3, (dnnl_dims_t){s->T, s->B, s->I}, dnnl_tnc);
    l->dst = describe(3, (dnnl_dims_t){s->T, s->B, s->H}, dnnl_tnc);
    l->weights[0] = describe(5, (dnnl_dims_t){1, 1, s->I, o->G, s->H}, dnnl_format_tag_any);
    l->weights[1] = describe(5, (dnnl_dims_t){1, 1, s->H, o->G, s->H}, dnnl_format_tag_any);
    l->bias = describe(4, (dnnl_dims_t){1, 1, biases, s->H}, dnnl_ldgo);
    l->iter = describe(4, (dnnl_dims_t){1, 1, s->B, s->H}, dnnl_ldnc);
    l->state = o->streaming ? &l->iter : NULL;
}

static void make_forward(onednn *o, const layout *l)
{
    const dnnl_prop_kind_t kind = o->training ? dnnl_forward_training : dnnl_forward_inference;
    const dnnl_rnn_direction_t way = dnnl_unidirectional_left2right;
    const dnnl_memory_desc_t *w = l->weights;
    dnnl_rnn_desc_t d;
    if (o->gru)
        check(dnnl_lbr_gru_forward_desc_init(&d, kind, way, &l->src, &l->iter, &w[0], &w[1], &l->bias,
                                             &l->dst, l->state, 0));
    else
        check(dnnl_lstm_forward_desc_init(&d, kind, way, &l->src, &l->iter, &l->iter, &w[0], &w[1], &l->bias,
                                          &l->dst, l->state, l->state, 0));
    check(dnnl_primitive_desc_create(&o->forward_pd, &d, NULL, o->engine, NULL));
    check(dnnl_primitive_create(&o->forward, o->forward_pd));
}

static void make_backward(onednn *o, const layout *l)
{
    const dnnl_rnn_direction_t way = dnnl_unidirectional_left2right;
    const dnnl_memory_desc_t *w = l->weights;
    dnnl_rnn_desc_t d;
    if (o->gru)
        check(dnnl_lbr_gru_backward_desc_init(&d, dnnl_backward, way, &l->src, &l->iter, &w[0], &w[1],
                                              &l->bias, &l->dst, NULL, &l->src, &l->iter, &w[0], &w[1],
                                              &l->bias, &l->dst, NULL, 0));
    else
        check(dnnl_lstm_backward_desc_init(&d, dnnl_backward, way, &l->src, &l->iter, &l->iter, &w[0], &w[1],
                                           &l->bias, &l->dst, NULL, NULL, &l->src, &l->iter, &l->iter, &w[0],
                                           &w[1], &l->bias, &l->dst, NULL, NULL, 0));
    check(dnnl_primitive_desc_create(&o->backward_pd, &d, NULL, o->engine, o->forward_pd));
    check(dnnl_primitive_create(&o->backward, o->backward_pd));
}

static void give_forward(onednn *o)
{
    static const int names[] = {DNNL_ARG_SRC_LAYER,     DNNL_ARG_SRC_ITER,     DNNL_ARG_SRC_ITER_C,
                                DNNL_ARG_WEIGHTS_LAYER, DNNL_ARG_WEIGHTS_ITER, DNNL_ARG_BIAS,
                                DNNL_ARG_DST_LAYER,     DNNL_ARG_DST_ITER,     DNNL_ARG_DST_ITER_C,
                                DNNL_ARG_WORKSPACE};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        give_new(o, &o->in, o->forward_pd, names[i]);
    load_weights(o, 0);
    load_weights(o, 1);
    load_bias(o);
}

/* Backward's own layout of the weights, or forward's where that is the same. */
static void give_weights(onednn *o, int which)
{
    dnnl_memory_t from = find(&o->in, WEIGHTS[which]);
    const dnnl_memory_desc_t *have,
        *want = dnnl_primitive_desc_query_md(o->backward_pd, dnnl_query_exec_arg_md, WEIGHTS[which]);
    check(dnnl_memory_get_memory_desc(from, &have));
    if (dnnl_memory_desc_equal(have, want)) {
        give(&o->out, WEIGHTS[which], from);
        return;
    }
    give_new(o, &o->out, o->backward_pd, WEIGHTS[which]);
    o->relayout[which] = reorder(o, from, find(&o->out, WEIGHTS[which]), &o->relayout_of[which]);
}

static void give_backward(onednn *o)
{
    static const int shared[] = {DNNL_ARG_SRC_LAYER, DNNL_ARG_SRC_ITER,  DNNL_ARG_SRC_ITER_C,
                                 DNNL_ARG_BIAS,      DNNL_ARG_DST_LAYER, DNNL_ARG_WORKSPACE};
    static const int own[] = {DNNL_ARG_DIFF_SRC_LAYER,    DNNL_ARG_DIFF_SRC_ITER,
                              DNNL_ARG_DIFF_SRC_ITER_C,   DNNL_ARG_DIFF_WEIGHTS_LAYER,
                              DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS,
                              DNNL_ARG_DIFF_DST_LAYER};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        give(&o->out, shared[i], find(&o->in, shared[i]));
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        give_new(o, &o->out, o->backward_pd, own[i]);
    give_weights(o, 0);
    give_weights(o, 1);
    load(o, find(&o->out, DNNL_ARG_DIFF_DST_LAYER), "data.dy");
}

/* --- the work --- */

static void clear(const onednn *o, int name)
{
    dnnl_memory_t m = find(&o->out, name);
    memset(data_of(m), 0, bytes_of(m));
}

static void go_back(const onednn *o)
{
    for (int i = 0; i < 2; i++) {
        if (o->relayout[i])
            execute(o, o->relayout[i], &o->relayout_of[i]);
        clear(o, DIFF_WEIGHTS[i]);
    }
    clear(o, DNNL_ARG_DIFF_BIAS);
    execute(o, o->backward, &o->out);
}

/* What this step gave is what the next one begins with. */
static void swap_states(onednn *o, int given, int begun)
{
    for (int i = 0; i < o->in.n; i++)
        if (o->in.of[i].arg == given)
            o->in.of[i].arg = begun;
        else if (o->in.of[i].arg == begun)
            o->in.of[i].arg = given;
}

static void run(void *user)
{
    onednn *o = user;
    execute(o, o->forward, &o->in);
    if (o->training)
        go_back(o);
    check(dnnl_stream_wait(o->stream));
    if (o->streaming) {
        swap_states(o, DNNL_ARG_DST_ITER, DNNL_ARG_SRC_ITER);
        swap_states(o, DNNL_ARG_DST_ITER_C, DNNL_ARG_SRC_ITER_C);
    }
}

static void report_case(onednn *o, report *r)
{
    dnnl_memory_t x = find(&o->in, DNNL_ARG_SRC_LAYER);
    if (o->streaming)
        for (int64_t i = 0; i < o->s.I; i++)
            data_of(x)[i] = 0.5f;
    else
        load(o, x, "data.x");
    for (int i = 0; i < (o->streaming ? CHECKED : 1); i++)
        run(o);
    peer_report_array(r, "y", data_of(find(&o->in, DNNL_ARG_DST_LAYER)), o->s.T * o->s.B * o->s.H);
    if (!o->training)
        return;
    peer_report_array(r, "dx", data_of(find(&o->out, DNNL_ARG_DIFF_SRC_LAYER)), o->s.T * o->s.B * o->s.I);
    report_weights(o, 0, r);
    report_weights(o, 1, r);
    report_bias(o, r);
}

/* --- the peer --- */

static void open_file(onednn *o, const char *folder)
{
    char path[4096];
    const char *text;
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, o->s.name);
    if (recur_ctx_create(&o->cx, NULL) == RECUR_OK && recur_archive_open(&o->file, o->cx, path) == RECUR_OK)
        return;
    recur_error(o->cx, &text);
    fprintf(stderr, "peer_onednn: %s\n", text);
    exit(1);
}

static void *prepare(const spec *s, int threads, const char *folder, report *r)
{
    (void)threads;
    if (spec_is(s->kind, "train") || s->K || s->layers > 1 || spec_is(s->cell, "rnn"))
        return NULL;
    onednn *o = calloc(1, sizeof *o);
    if (!o)
        check(dnnl_out_of_memory);
    o->s = *s;
    o->gru = spec_is(s->cell, "gru");
    o->G = o->gru ? 3 : 4;
    o->training = spec_is(s->kind, "layer");
    o->streaming = spec_is(s->kind, "stream");
    check(dnnl_engine_create(&o->engine, dnnl_cpu, 0));
    check(dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags));
    open_file(o, folder);
    layout l;
    lay_out(o, &l);
    make_forward(o, &l);
    give_forward(o);
    if (o->training) {
        make_backward(o, &l);
        give_backward(o);
    }
    report_case(o, r);
    return o;
}

/* Memory that both directions use stands in both lists. */
static void free_arguments(const arguments *a, const arguments *kept)
{
    for (int i = 0; i < a->n; i++)
        if (!kept || find(kept, a->of[i].arg) != a->of[i].memory)
            check(dnnl_memory_destroy(a->of[i].memory));
}

static void destroy(void *user)
{
    onednn *o = user;
    free_arguments(&o->out, &o->in);
    free_arguments(&o->in, NULL);
    dnnl_primitive_t primitives[] = {o->forward, o->backward, o->relayout[0], o->relayout[1]};
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
        dnnl_primitive_destroy(primitives[i]);
    dnnl_primitive_desc_destroy(o->forward_pd);
    dnnl_primitive_desc_destroy(o->backward_pd);
    dnnl_stream_destroy(o->stream);
    dnnl_engine_destroy(o->engine);
    recur_archive_free(o->file);
    recur_ctx_free(o->cx);
    free(o);
}

int main(int argc, char **argv)
{
    char text[SPEC_WORD];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    return peer_serve(&(peer){text, prepare, run, destroy}, argc, argv);
}
