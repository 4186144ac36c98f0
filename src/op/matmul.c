// SPDX-License-Identifier: MIT
/* Matrix products: matmul with broadcast batches and vectors. */
#include <recur/op.h>

#include <string.h>

#include "op/ranges.h"
#include "op/shape.h"

/* Y[i] = A[i] B[i] for i in 0 .. count - 1, A[i] [M, K], B[i] [K, N]. Where B has no batch, the rows of all
 * A[i] are one matrix. */
typedef struct product {
    int64_t M, N, K, count;
    int rank;                                                              /* of the batch */
    int64_t batch[RECUR_MAX_RANK], sa[RECUR_MAX_RANK], sb[RECUR_MAX_RANK]; /* strides in matrices */
    bool a_repeats, b_repeats; /* one matrix meets several: its gradient is a sum */
} product;

/* The leading axes of a batch of matrices; none for a vector or a matrix. */
static recur_tensor batch_of(const recur_tensor *t)
{
    recur_tensor batch = {.rank = t->rank > 2 ? t->rank - 2 : 0};
    memcpy(batch.shape, t->shape, sizeof batch.shape);
    batch.count = rcr_product(batch.shape, batch.rank);
    return batch;
}

static recur_status product_mismatch(recur_call *c)
{
    char a[RCR_SHAPE_TEXT], b[RCR_SHAPE_TEXT];
    return rcr_call_fail(
        c, RECUR_ESHAPE,
        "shapes %s and %s cannot be multiplied: the last axis of the first must be as long as "
        "the last but one (a vector's only one) of the second, and leading axes must broadcast",
        rcr_shape_text(a, c->in[0]), rcr_shape_text(b, c->in[1]));
}

static recur_status product_operands(recur_call *c)
{
    recur_status s = rcr_check_float(c, 0, "the first operand");
    if (!s)
        s = rcr_check_float(c, 1, "the second operand");
    if (!s && (c->in[0]->rank == 0 || c->in[1]->rank == 0))
        s = rcr_call_fail(c, RECUR_ESHAPE, "both operands must have at least 1 axis, but they have %d and %d",
                          c->in[0]->rank, c->in[1]->rank);
    return s;
}

/* The batch axes, then M unless a is a vector, then N unless b is. */
static recur_status declare_product(recur_call *c)
{
    const product *p = RCR_PARAMS(product, c);
    int64_t shape[RECUR_MAX_RANK];
    int rank = p->rank;
    memcpy(shape, p->batch, sizeof shape);
    if (c->in[0]->rank > 1)
        shape[rank++] = p->M;
    if (c->in[1]->rank > 1)
        shape[rank++] = p->N;
    return rcr_declare(c, c->in[0]->dtype, rank, shape);
}

static recur_status matmul_shape(recur_call *c)
{
    product *p = c->params;
    recur_status s = product_operands(c);
    if (s)
        return s;
    const recur_tensor *a = c->in[0], *b = c->in[1];
    recur_tensor a_batch = batch_of(a), b_batch = batch_of(b);
    p->M = a->rank > 1 ? a->shape[a->rank - 2] : 1;
    p->K = a->shape[a->rank - 1];
    p->N = b->rank > 1 ? b->shape[b->rank - 1] : 1;
    if (p->K != b->shape[b->rank > 1 ? b->rank - 2 : 0] ||
        !rcr_broadcast_shape(&a_batch, &b_batch, &p->rank, p->batch))
        return product_mismatch(c);
    rcr_broadcast(&a_batch, p->rank, p->batch, p->sa);
    rcr_broadcast(&b_batch, p->rank, p->batch, p->sb);
    p->count = rcr_product(p->batch, p->rank);
    p->a_repeats = a_batch.count != p->count;
    p->b_repeats = b_batch.count != p->count;
    s = declare_product(c);
    if (b_batch.rank == 0 && a_batch.rank > 0) {
        p->M *= p->count;
        p->count = 1;
        p->rank = 0;
        p->b_repeats = false;
    }
    return s;
}

/* Which matrix of an operand takes part in product i. */
static int64_t matrix_index(const product *p, const int64_t *stride, int64_t i)
{
    int64_t index = 0;
    for (int axis = p->rank - 1; axis >= 0; axis--) {
        index += i % p->batch[axis] * stride[axis];
        i /= p->batch[axis];
    }
    return index;
}

/* The matrices of product i in arrays of the shapes of a, b and y. */
static void *a_at(const recur_call *c, void *a, int64_t i)
{
    const product *p = RCR_PARAMS(product, c);
    return rcr_at(a, matrix_index(p, p->sa, i) * p->M * p->K, c->k->item);
}

static void *b_at(const recur_call *c, void *b, int64_t i)
{
    const product *p = RCR_PARAMS(product, c);
    return rcr_at(b, matrix_index(p, p->sb, i) * p->K * p->N, c->k->item);
}

static void *y_at(const recur_call *c, const void *y, int64_t i)
{
    const product *p = RCR_PARAMS(product, c);
    return rcr_at(y, i * p->M * p->N, c->k->item);
}

/* Y = A B */
static rcr_gemm forward_of(const recur_call *c, int64_t i)
{
    const product *p = RCR_PARAMS(product, c);
    return (rcr_gemm){.M = p->M,
                      .N = p->N,
                      .K = p->K,
                      .A = {a_at(c, c->in[0]->data, i), p->K, 1},
                      .B = {b_at(c, c->in[1]->data, i), p->N, 1},
                      .C = y_at(c, c->out[0]->data, i),
                      .ldc = p->N};
}

/* dA += dY B^T */
static rcr_gemm da_of(const recur_call *c, int64_t i)
{
    const product *p = RCR_PARAMS(product, c);
    return (rcr_gemm){.M = p->M,
                      .N = p->K,
                      .K = p->N,
                      .A = {y_at(c, rcr_dout(c, 0), i), p->N, 1},
                      .B = {b_at(c, c->in[1]->data, i), 1, p->N},
                      .C = a_at(c, rcr_din(c, 0), i),
                      .ldc = p->K,
                      .start = RCR_START_C};
}

/* dB += A^T dY */
static rcr_gemm db_of(const recur_call *c, int64_t i)
{
    const product *p = RCR_PARAMS(product, c);
    return (rcr_gemm){.M = p->K,
                      .N = p->N,
                      .K = p->M,
                      .A = {a_at(c, c->in[0]->data, i), 1, p->K},
                      .B = {y_at(c, rcr_dout(c, 0), i), p->N, 1},
                      .C = b_at(c, rcr_din(c, 1), i),
                      .ldc = p->N,
                      .start = RCR_START_C};
}

typedef rcr_gemm gemm_of(const recur_call *c, int64_t i);

/* All products: together where they are independent, one after the other where they add to the same matrix.
 */
static void run_products(const recur_call *c, gemm_of *f, bool same_target)
{
    enum { BLOCK = 32 };
    const product *p = RCR_PARAMS(product, c);
    int64_t block = same_target ? 1 : BLOCK;
    rcr_gemm g[BLOCK];
    for (int64_t i = 0; i < p->count; i += block) {
        int64_t n = p->count - i < block ? p->count - i : block;
        for (int64_t j = 0; j < n; j++)
            g[j] = f(c, i + j);
        if (n == 1)
            rcr_gemm_run(c->cx, c->in[0]->dtype, g);
        else
            rcr_gemm_batch(c->cx, c->in[0]->dtype, g, n);
    }
}

static void matmul_forward(recur_call *c)
{
    run_products(c, forward_of, false);
}

static void matmul_backward(recur_call *c)
{
    const product *p = RCR_PARAMS(product, c);
    if (rcr_din(c, 0))
        run_products(c, da_of, p->a_repeats);
    if (rcr_din(c, 1))
        run_products(c, db_of, p->b_repeats);
}

static const recur_op matmul_op = {"matmul", matmul_shape, matmul_forward, matmul_backward};

recur_tensor *recur_matmul(recur_tape *tp, recur_tensor *a, recur_tensor *b)
{
    product p = {0};
    return recur_apply(tp, &matmul_op, (recur_tensor *[]){a, b}, 2, &p, sizeof p);
}
