// SPDX-License-Identifier: MIT
/*
 * For each sequence b and head h, with M queries and N valid keys:
 *
 *     S = scale Q K^T, or S[m, n] = v . tanh(q_m + k_n)
 *     P = softmax(S + masks), rows without any step 0      W = dropout(P)      O = W V
 *
 * and back, with dO, and what flows into the weights themselves added to dW:
 *
 *     dW = dO V^T    dV += W^T dO    dS = W dW - P sum(W dW)    dQ += scale dS K    dK += scale dS^T Q
 *
 * Sequences and heads are the tasks: each adds to rows and columns of its own, but to v, of which each sequence
 * has a part that is added in order. Tanh is computed again on the way back: kept, it would be the largest array
 * of a decoder by far.
 */
#include "layer/attention_core.h"

#include <string.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/pool.h"
#include "op/ranges.h"
#include "op/shape.h"

enum { K, V, Q, TANH_V, KEY_MASK, ATTN_MASK, INPUTS };
enum { OUTPUT, WEIGHTS };

/* Where weights lie: P is the second output or the saved bytes; W is P without dropout, else the other or the
 * saved bytes after it. Directly: the second output has every head. */
static bool directly(const rcr_attend *p)
{
    return p->weights && (p->H == 1 || p->weights == RECUR_WEIGHTS_HEADS);
}

static bool averaged(const rcr_attend *p)
{
    return p->weights && !directly(p);
}

/* --- shape --- */

static recur_status check_mask(recur_call *c, int index, const char *name, int rank, const int64_t *shape)
{
    recur_status s = RECUR_OK;
    if (!c->in[index])
        return s;
    if (c->in[index]->dtype != RECUR_I64)
        s = rcr_check_float(c, index, name);
    return s ? s : rcr_check_shape(c, index, name, rank, shape);
}

static recur_status check_masks(recur_call *c)
{
    const rcr_attend *p = RCR_PARAMS(rcr_attend, c);
    int64_t each[] = {p->q.B * p->H, p->q.T, p->k.T};
    bool all = recur_rank(c->in[ATTN_MASK]) == 2;
    recur_status s = check_mask(c, KEY_MASK, "the mask of the keys", 2, (int64_t[]){p->k.B, p->k.T});
    return s ? s : check_mask(c, ATTN_MASK, "the mask", all ? 2 : 3, all ? each + 1 : each);
}

static recur_status check_inputs(recur_call *c)
{
    static const char *const names[] = {"the keys", "the values", "the query", "v"};
    const rcr_attend *p = RCR_PARAMS(rcr_attend, c);
    recur_status s = RECUR_OK;
    for (int i = K; !s && i <= TANH_V; i++)
        if (i <= V || c->in[i])
            s = rcr_check_float(c, i, names[i]);
    if (!s && p->q.B != p->k.B)
        s = rcr_call_fail(c, RECUR_ESHAPE, "the query has %lld sequences, but the keys have %lld",
                          (long long)p->q.B, (long long)p->k.B);
    return s ? s : check_masks(c);
}

/* The rows of the result stand as those of the query. */
static recur_status declare_outputs(recur_call *c)
{
    const rcr_attend *p = RCR_PARAMS(rcr_attend, c);
    const recur_tensor *q = c->in[Q];
    int64_t shape[RECUR_MAX_RANK] = {p->q.B};
    int rank = q ? q->rank : 2;
    if (q)
        memcpy(shape, q->shape, sizeof shape);
    shape[rank - 1] = p->H * p->E;
    recur_status s = rcr_declare(c, c->in[K]->dtype, rank, shape);
    if (!s && p->weights)
        s = rcr_declare(c, c->in[K]->dtype, p->weights_rank, p->weights_shape);
    return s;
}

/* Reals of the masks as numbers to add. */
static int64_t mask_reals(const recur_call *c, int index)
{
    return c->in[index] && c->in[index]->dtype == RECUR_I64 ? c->in[index]->count : 0;
}

/* Forward works on the masks; backward on dW of each worker and the parts of v. */
static recur_status ask_for_scratch(recur_call *c)
{
    const rcr_attend *p = RCR_PARAMS(rcr_attend, c);
    int64_t count;
    size_t masks = (size_t)(mask_reals(c, KEY_MASK) + mask_reals(c, ATTN_MASK)) * c->k->item, back = 0,
           parts = 0;
    recur_dtype dtype = c->in[K]->dtype;
    if (c->mode != RECUR_INFER &&
        (!rcr_shape_bytes(dtype, 3, (int64_t[]){c->cx->threads, p->q.T, p->k.T}, &count, &back) ||
         !rcr_shape_bytes(dtype, 2, (int64_t[]){c->in[TANH_V] ? p->q.B : 0, p->D}, &count, &parts) ||
         !rcr_add_size(back, parts, &back)))
        return rcr_call_fail(c, RECUR_ENOMEM, "%lld x %lld weights do not fit the machine", (long long)p->q.T,
                             (long long)p->k.T);
    return recur_call_scratch(c, masks > back ? masks : back);
}

static recur_status attend_shape(recur_call *c)
{
    rcr_attend *p = c->params;
    recur_status s = check_inputs(c);
    if (s)
        return s;
    if (c->mode != RECUR_TRAIN)
        p->dropout = 0.0;
    int64_t arrays = (directly(p) ? 0 : 1) + (p->dropout > 0.0 ? 1 : 0), count;
    size_t bytes;
    if (!rcr_shape_bytes(c->in[K]->dtype, 5, (int64_t[]){arrays, p->q.B, p->H, p->q.T, p->k.T}, &count,
                         &bytes))
        return rcr_call_fail(c, RECUR_ENOMEM, "%lld x %lld weights do not fit the machine", (long long)p->q.T,
                             (long long)p->k.T);
    s = rcr_save(c, bytes);
    if (!s)
        s = ask_for_scratch(c);
    return s ? s : declare_outputs(c);
}

/* --- what the tasks work on --- */

typedef struct job {
    recur_call *c;
    const rcr_attend *p;
    int64_t Tq, Tk;
    char *P, *W;             /* [B, H, Tq, Tk] */
    const char *hide, *mask; /* numbers to add: [B, Tk], [Tq, Tk] or [B, H, Tq, Tk]; or NULL */
    char *d;                 /* [workers, Tq, Tk]: dW, then dS */
    char *dv;                /* [B, D]: parts of the gradient of v */
} job;

/* Number i of an array that may be absent. */
static void *reals_at(const recur_call *c, const void *array, int64_t i)
{
    return array ? rcr_at(array, i, c->k->item) : NULL;
}

/* Rows of one sequence and head; p NULL where there are none. */
typedef struct block {
    char *p;
    int64_t ld;
} block;

typedef struct head {
    const job *j;
    int64_t b, h, M, N;
    block q, k, v, o, P, W;
    void *workspace;
} head;

static block block_of(const job *j, const rcr_rows *r, const void *data, int64_t width, int64_t b,
                      int64_t column)
{
    return (block){reals_at(j->c, data, rcr_first_row(r, b) * width + column), r->step_t * width};
}

static block q_block(const head *x, const void *data)
{
    const rcr_attend *p = x->j->p;
    return block_of(x->j, &p->q, data, recur_dim(x->j->c->in[Q], -1), x->b, p->q_at + x->h * p->D);
}

static block k_block(const head *x, const void *data)
{
    const rcr_attend *p = x->j->p;
    return block_of(x->j, &p->k, data, recur_dim(x->j->c->in[K], -1), x->b, p->k_at + x->h * p->D);
}

static block v_block(const head *x, const void *data)
{
    const rcr_attend *p = x->j->p;
    return block_of(x->j, &p->v, data, recur_dim(x->j->c->in[V], -1), x->b, p->v_at + x->h * p->E);
}

static block o_block(const head *x, const void *data)
{
    const rcr_attend *p = x->j->p;
    return block_of(x->j, &p->q, data, p->H * p->E, x->b, x->h * p->E);
}

static void *row_of(const head *x, block a, int64_t m)
{
    return reals_at(x->j->c, a.p, m * a.ld);
}

/* Row m of an array [B, H, Tq, Tk]. */
static void *weights_row(const head *x, const void *array, int64_t m)
{
    return reals_at(x->j->c, array, ((x->b * x->j->p->H + x->h) * x->j->Tq + m) * x->j->Tk);
}

/* Row m of the mean over the heads, in an array [B, Tq, Tk]. */
static void *mean_row(const head *x, const void *array, int64_t m)
{
    return reals_at(x->j->c, array, (x->b * x->j->Tq + m) * x->j->Tk);
}

static const void *data_of(const recur_tensor *t)
{
    return t ? t->data : NULL;
}

static head head_of(const job *j, int64_t i, int worker)
{
    const recur_call *c = j->c;
    head x = {.j = j, .b = i / j->p->H, .h = i % j->p->H, .workspace = rcr_workspace(c->cx, worker)};
    x.M = rcr_row_count(&j->p->q, x.b);
    x.N = rcr_row_count(&j->p->k, x.b);
    x.q = q_block(&x, data_of(c->in[Q]));
    x.k = k_block(&x, c->in[K]->data);
    x.v = v_block(&x, c->in[V]->data);
    x.o = o_block(&x, c->out[OUTPUT]->data);
    x.P = (block){weights_row(&x, j->P, 0), j->Tk};
    x.W = (block){weights_row(&x, j->W, 0), j->Tk};
    return x;
}

static job job_of(recur_call *c)
{
    const rcr_attend *p = RCR_PARAMS(rcr_attend, c);
    job j = {.c = c, .p = p, .Tq = p->q.T, .Tk = p->k.T};
    int64_t all = p->q.B * p->H * j.Tq * j.Tk;
    bool saved = p->dropout > 0.0 || !directly(p);
    j.P = saved ? c->saved : c->out[WEIGHTS]->data;
    j.W = p->dropout > 0.0 ? (directly(p) ? c->out[WEIGHTS]->data : reals_at(c, j.P, all)) : j.P;
    j.d = recur_call_work(c);
    j.dv = reals_at(c, j.d, c->cx->threads * j.Tq * j.Tk);
    return j;
}

/* f over the heads of all sequences. */
static void over_heads(const job *j, rcr_range *f)
{
    const rcr_attend *p = j->p;
    rcr_ranges(j->c->cx, p->q.B * p->H, rcr_grain(j->Tq * j->Tk * (p->D + p->E)), f, j);
}

static rcr_matrix upright(block a)
{
    return (rcr_matrix){a.p, a.ld, 1};
}

static rcr_matrix turned(block a)
{
    return (rcr_matrix){a.p, 1, a.ld};
}

/* C [M, N] = or += A [M, n] B [n, N] */
static void product(const head *x, int64_t M, int64_t N, int64_t n, rcr_matrix A, rcr_matrix B, block C,
                    rcr_start start)
{
    rcr_gemm g = {.M = M, .N = N, .K = n, .A = A, .B = B, .C = C.p, .ldc = C.ld, .start = start};
    x->j->c->k->gemm.tile(&g, 0, M, 0, N, x->workspace);
}

/* --- forward --- */

static void find_scores(const head *x)
{
    const recur_call *c = x->j->c;
    int64_t D = x->j->p->D;
    if (!c->in[TANH_V]) {
        product(x, x->M, x->N, D, upright(x->q), turned(x->k), x->P, RCR_START_ZERO);
        return;
    }
    for (int64_t m = 0; m < x->M; m++)
        c->k->attention.tanh_scores(x->N, D, row_of(x, x->q, m), x->k.p, x->k.ld, c->in[TANH_V]->data,
                                    row_of(x, x->P, m));
}

static void normalise(const head *x)
{
    const job *j = x->j;
    const recur_call *c = j->c;
    const char *mask = j->mask;
    if (mask && c->in[ATTN_MASK]->rank == 3)
        mask = weights_row(x, mask, 0);
    c->k->attention.softmax(x->M, x->N, j->Tk, c->in[TANH_V] ? 1.0 : j->p->scale,
                            reals_at(c, j->hide, x->b * j->Tk), mask, j->Tk, x->P.p);
}

/* Rows of random numbers begin at multiples of 64, as the kernel wants them. */
static void drop(const head *x)
{
    const recur_call *c = x->j->c;
    double p = x->j->p->dropout;
    int64_t wide = (x->j->Tk + 63) / 64 * 64, first = (x->b * x->j->p->H + x->h) * x->j->Tq;
    for (int64_t m = 0; p > 0.0 && m < x->M; m++)
        c->k->array.dropout((first + m) * wide, x->N, c->seed, c->stream, p, p < 1.0 ? 1.0 / (1.0 - p) : 0.0,
                            row_of(x, x->P, m), row_of(x, x->W, m));
}

static void forward_range(const void *job_, int64_t from, int64_t to, int worker)
{
    const job *j = job_;
    for (int64_t i = from; i < to; i++) {
        head x = head_of(j, i, worker);
        find_scores(&x);
        normalise(&x);
        drop(&x);
        product(&x, x.M, j->p->E, x.N, upright(x.W), upright(x.v), x.o, RCR_START_ZERO);
    }
}

static void mean_range(const void *job_, int64_t from, int64_t to, int worker)
{
    const job *j = job_;
    int64_t H = j->p->H;
    for (int64_t i = from * H; i < to * H; i++) {
        head x = head_of(j, i, worker);
        for (int64_t m = 0; m < x.M; m++)
            j->c->k->array.axpy(x.N, 1.0 / (double)H, weights_row(&x, j->W, m),
                                mean_row(&x, j->c->out[WEIGHTS]->data, m));
    }
}

/* A mask as numbers to add, from *scratch on where it must be made. */
static const char *mask_numbers(const recur_call *c, int index, char **scratch)
{
    const recur_tensor *mask = c->in[index];
    if (!mask || mask->dtype != RECUR_I64)
        return data_of(mask);
    char *numbers = *scratch;
    c->k->attention.hide(mask->count, mask->data, numbers);
    *scratch = rcr_at(numbers, mask->count, c->k->item);
    return numbers;
}

static void attend_forward(recur_call *c)
{
    job j = job_of(c);
    char *scratch = recur_call_work(c);
    bool padding = j.p->q.count || j.p->k.count;
    j.hide = mask_numbers(c, KEY_MASK, &scratch);
    j.mask = mask_numbers(c, ATTN_MASK, &scratch);
    if ((averaged(j.p) || (directly(j.p) && padding)) && c->out[WEIGHTS]->count)
        memset(c->out[WEIGHTS]->data, 0, (size_t)c->out[WEIGHTS]->count * c->k->item);
    over_heads(&j, forward_range);
    if (averaged(j.p))
        rcr_ranges(c->cx, j.p->q.B, rcr_grain(j.p->H * j.Tq * j.Tk), mean_range, &j);
}

/* --- backward --- */

/* d = dO V^T and what flowed into the weights. */
static void gather_dw(const head *x, block dO, block d)
{
    const recur_call *c = x->j->c;
    const rcr_attend *p = x->j->p;
    const void *dw = p->weights ? rcr_dout(c, WEIGHTS) : NULL;
    if (dO.p)
        product(x, x->M, x->N, p->E, upright(dO), turned(x->v), d, RCR_START_ZERO);
    for (int64_t m = 0; m < x->M; m++) {
        if (!dO.p)
            c->k->array.fill(x->N, 0.0, row_of(x, d, m));
        if (dw)
            c->k->array.axpy(x->N, averaged(p) ? 1.0 / (double)p->H : 1.0,
                             averaged(p) ? mean_row(x, dw, m) : weights_row(x, dw, m), row_of(x, d, m));
    }
}

/* dQ += dS K, dK += dS^T Q */
static void dot_back(const head *x, block ds)
{
    int64_t D = x->j->p->D;
    block dq = q_block(x, rcr_din(x->j->c, Q)), dk = k_block(x, rcr_din(x->j->c, K));
    if (dq.p)
        product(x, x->M, D, x->N, upright(ds), upright(x->k), dq, RCR_START_C);
    if (dk.p)
        product(x, x->N, D, x->M, turned(ds), upright(x->q), dk, RCR_START_C);
}

static void tanh_back(const head *x, block ds)
{
    const recur_call *c = x->j->c;
    int64_t D = x->j->p->D;
    block dq = q_block(x, rcr_din(c, Q)), dk = k_block(x, rcr_din(c, K));
    void *dv = rcr_din(c, TANH_V) ? reals_at(c, x->j->dv, x->b * D) : NULL;
    if (dv)
        c->k->array.fill(D, 0.0, dv);
    for (int64_t m = 0; m < x->M; m++)
        c->k->attention.tanh_scores_back(x->N, D, row_of(x, x->q, m), x->k.p, x->k.ld, c->in[TANH_V]->data,
                                         row_of(x, ds, m), dk.p, row_of(x, dq, m), dv);
}

static void backward_range(const void *job_, int64_t from, int64_t to, int worker)
{
    const job *j = job_;
    const recur_call *c = j->c;
    bool scored = rcr_din(c, Q) || rcr_din(c, K) || rcr_din(c, TANH_V), tanh = c->in[TANH_V] != NULL;
    block d = {reals_at(c, j->d, worker * j->Tq * j->Tk), j->Tk};
    for (int64_t i = from; i < to; i++) {
        head x = head_of(j, i, worker);
        block dv = v_block(&x, rcr_din(c, V)), dO = o_block(&x, rcr_dout(c, OUTPUT));
        if (dv.p && dO.p)
            product(&x, x.N, j->p->E, x.M, turned(x.W), upright(dO), dv, RCR_START_C);
        if (!scored)
            continue;
        gather_dw(&x, dO, d);
        c->k->attention.softmax_back(x.M, x.N, j->Tk, tanh ? 1.0 : j->p->scale, x.P.p, x.W.p, d.p);
        (tanh ? tanh_back : dot_back)(&x, d);
    }
}

/* dv[from .. to] += the parts of the sequences, in order. */
static void add_parts(const void *job_, int64_t from, int64_t to, int worker)
{
    const job *j = job_;
    const recur_call *c = j->c;
    (void)worker;
    c->k->array.axpy_strided(2, (int64_t[]){j->p->q.B, to - from}, 1.0, rcr_at(j->dv, from, c->k->item),
                             (int64_t[]){j->p->D, 1}, rcr_at(rcr_din(c, TANH_V), from, c->k->item),
                             (int64_t[]){0, 1});
}

static void attend_backward(recur_call *c)
{
    job j = job_of(c);
    over_heads(&j, backward_range);
    if (rcr_din(c, TANH_V) && j.p->q.B)
        rcr_ranges(c->cx, j.p->D, rcr_grain(j.p->q.B), add_parts, &j);
}

static const recur_op attend_op = {"attention", attend_shape, attend_forward, attend_backward};

recur_attention_out rcr_attend_heads(recur_tape *tp, const rcr_attend *p, const rcr_attend_in *in)
{
    recur_tensor *const inputs[INPUTS] = {in->k, in->v, in->q, in->tanh_v, in->key_mask, in->attn_mask};
    recur_tensor *y = recur_apply(tp, &attend_op, inputs, INPUTS, p, sizeof *p);
    return (recur_attention_out){y, p->weights ? recur_output(y, WEIGHTS) : NULL};
}
