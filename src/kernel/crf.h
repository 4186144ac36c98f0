// SPDX-License-Identifier: MIT
/*
 * The recursions of a linear-chain conditional random field (include/recur/crf.h), one sequence at a time.
 *
 *     alpha_t[j] = x_t[j] + e_t[j],  x_0 = start,  x_t[j] = log sum_i exp(alpha_t-1[i] + A[i][j])
 *     beta_t[i]  = log sum_j exp(A[i][j] + e_t+1[j] + beta_t+1[j]),  beta_T-1 = end
 *
 * Each alpha is kept less its greatest element, so that long sequences lose no digits. The sum is a product of
 * exp(alpha) with a matrix of exp(A), made once for all sequences: K exponentials a step instead of K^2. Where
 * such a sum is so small that products lost to underflow could matter, it is computed again from logarithms.
 *
 * Rows of K tags of a model are P long, a multiple of RCR_LANES; the rest is -infinity (A) or 0.
 */
#ifndef RCR_KERNEL_CRF_H
#define RCR_KERNEL_CRF_H

#include <stdbool.h>
#include <stdint.h>

/* Scores [K, P] made ready for one direction; the recursions only read them. E[i][j] = exp(X[i][j] - m[j]);
 * m [P]: the greatest of each column, 0 for a column of -infinity. */
typedef struct rcr_crf_matrix {
    void *X, *Xt; /* and its transpose */
    void *E, *m;
} rcr_crf_matrix;

typedef struct rcr_crf_model {
    int64_t K, P;
    void *start, *end;          /* [P] */
    rcr_crf_matrix ahead, back; /* A; its transpose */
} rcr_crf_model;

/* A sequence: T >= 1 steps, emissions of K numbers `step` reals apart. */
typedef struct rcr_crf_steps {
    int64_t T, step;
    const void *e;
} rcr_crf_steps;

/* What the backward pass adds to and fills for a gradient g of log Z, each part NULL where nobody wants it.
 * The gradient of A[i][j] is E[i][j] times the sum over steps of U[t][i] V[t][j], but for the pairs of those
 * columns whose sum had to be made from logarithms: they are 0 in V, and go to dA alone. */
typedef struct rcr_crf_gradient {
    double g;
    void *de;           /* += g p, rows as those of e; p: the probability of each tag */
    void *first, *last; /* [K]: g p of the first and of the last step */
    void *U, *V;        /* [T, K]; row 0 is 0 */
    void *dA;           /* [K, K] */
} rcr_crf_gradient;

enum { RCR_CRF_ROWS = 6 }; /* rows of P reals in `work` */

typedef struct rcr_crf_kernels {
    /* y [rows, P] = x [rows, K] where allowed [rows, K] (NULL: everywhere), else -infinity. */
    void (*allow)(int64_t rows, int64_t K, int64_t P, const void *x, const uint8_t *allowed, void *y);
    void (*transpose)(int64_t K, int64_t P, const void *X, void *Xt);
    void (*prepare)(int64_t K, int64_t P, const void *X, void *E, void *m);
    /* log Z, -infinity where no path is allowed; x [T, K] is for the backward pass. */
    double (*forward)(const rcr_crf_model *f, const rcr_crf_steps *q, void *x, void *work);
    /* True where pairs had to be left out of V. Z must not be 0. */
    bool (*backward)(const rcr_crf_model *f, const rcr_crf_steps *q, const void *x, const rcr_crf_gradient *d,
                     void *work);
    /* The best path y[0], y[stride], .. and its score; -1 and -infinity where none is allowed. from [T, K]
     * is scratch. */
    double (*viterbi)(const rcr_crf_model *f, const rcr_crf_steps *q, int64_t *y, int64_t stride, void *from,
                      void *work);
    /* The score of a path. */
    double (*score)(const rcr_crf_model *f, const rcr_crf_steps *q, const int64_t *y, int64_t stride);
    /* += g at the path's emissions, and at its transitions, start and end. NULL where nobody wants it. */
    void (*path_de)(const rcr_crf_steps *q, const int64_t *y, int64_t stride, double g, void *de);
    void (*path_dA)(int64_t T, int64_t K, const int64_t *y, int64_t stride, double g, void *dA, void *dstart,
                    void *dend);
} rcr_crf_kernels;

#endif
