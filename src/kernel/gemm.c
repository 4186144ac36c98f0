// SPDX-License-Identifier: MIT
/* Matrix products over the threads of a context: into how many pieces, and where the cuts are. */
#include "base/context.h"
#include "base/pool.h"
#include "kernel/kernel.h"

/* Multiply-adds worth a task of their own (a few microseconds), and the most pieces that a product is cut into.
 * Each piece packs its own panels, so fewer threads get fewer pieces: one of them one, two four, and from four
 * on 16, which keep any number busy. An element is the same chain wherever the cuts are. */
enum { WORTH_A_TASK = 1 << 18, MOST_PIECES = 16 };

typedef struct job {
    recur_ctx *cx;
    const rcr_kernels *k;
    const rcr_gemm *g;
    int64_t count;         /* products */
    int64_t share;         /* products per task */
    int64_t rows, columns; /* pieces per product */
} job;

static double work_of(const rcr_gemm *g)
{
    return (double)g->M * (double)g->N * (double)g->K;
}

/* Halves what is longer, columns rather than rows: rows cut in two pack each panel of B twice. No piece gets
 * shorter than a few register tiles. */
static void cut(job *j)
{
    double pieces = work_of(j->g) / WORTH_A_TASK;
    int64_t m = j->g->M, n = j->g->N, threads = j->cx->threads;
    int64_t most = threads < 4 ? threads * threads : MOST_PIECES;
    while ((double)(2 * j->rows * j->columns) <= pieces && 2 * j->rows * j->columns <= most) {
        if (n >= 2 * j->k->gemm.NR && (2 * n >= m || m < 8 * j->k->gemm.MR)) {
            j->columns *= 2;
            n /= 2;
        } else if (m >= 8 * j->k->gemm.MR) {
            j->rows *= 2;
            m /= 2;
        } else {
            return;
        }
    }
}

/* Where piece `index` of `pieces` of a length begins: on a multiple of `step`. */
static int64_t cut_at(int64_t length, int64_t pieces, int64_t index, int64_t step)
{
    int64_t steps = (length + step - 1) / step, at = steps * index / pieces * step;
    return at < length ? at : length;
}

static void piece(void *job_, int64_t index, int worker)
{
    const job *j = job_;
    const rcr_gemm *g = j->g;
    int64_t r = index / j->columns, c = index % j->columns, MR = j->k->gemm.MR, W = j->k->W;
    j->k->gemm.tile(g, cut_at(g->M, j->rows, r, MR), cut_at(g->M, j->rows, r + 1, MR),
                    cut_at(g->N, j->columns, c, W), cut_at(g->N, j->columns, c + 1, W),
                    rcr_workspace(j->cx, worker));
}

void rcr_gemm_run(recur_ctx *cx, recur_dtype dtype, const rcr_gemm *g)
{
    job j = {.cx = cx, .k = rcr_kernels_of(cx, dtype), .g = g, .count = 1, .rows = 1, .columns = 1};
    cut(&j);
    rcr_parallel(cx, j.rows * j.columns, piece, &j);
}

static void products(void *job_, int64_t index, int worker)
{
    const job *j = job_;
    for (int64_t i = index * j->share; i < (index + 1) * j->share && i < j->count; i++)
        j->k->gemm.tile(&j->g[i], 0, j->g[i].M, 0, j->g[i].N, rcr_workspace(j->cx, worker));
}

/* Whole products are the tasks, several of them where they are small; few large ones are cut one after the
 * other. */
void rcr_gemm_batch(recur_ctx *cx, recur_dtype dtype, const rcr_gemm *g, int64_t count)
{
    job j = {.cx = cx, .k = rcr_kernels_of(cx, dtype), .g = g, .count = count, .share = 1};
    double work = 0;
    for (int64_t i = 0; i < count; i++)
        work += work_of(&g[i]);
    if (count < MOST_PIECES && work > 4.0 * WORTH_A_TASK * (double)count) {
        for (int64_t i = 0; i < count; i++)
            rcr_gemm_run(cx, dtype, &g[i]);
        return;
    }
    while (j.share < count && work * (double)j.share < (double)WORTH_A_TASK * (double)count)
        j.share *= 2;
    rcr_parallel(cx, (count + j.share - 1) / j.share, products, &j);
}
