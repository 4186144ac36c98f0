// SPDX-License-Identifier: MIT
/* Matrix product C[M, N] = start + A[M, K] B[K, N].
 *
 * Each element is one chain: acc = start; for k in order: acc = fma(A[i,k], B[k,j], acc). Blocking over K
 * stores acc to C and takes it up again, which changes no bit. Tiles are cut from M and N, and one thread
 * computes a tile from start to end. */
#ifndef RCR_KERNEL_GEMM_H
#define RCR_KERNEL_GEMM_H

#include <recur/tensor.h>

/* Element (i, j) at p[i * rs + j * cs]: rows, columns and transposes alike. */
typedef struct rcr_matrix {
    const void *p;
    int64_t rs, cs;
} rcr_matrix;

typedef enum rcr_start {
    RCR_START_ZERO = 0,
    RCR_START_C,   /* from what C holds: C += A B */
    RCR_START_BIAS /* from bias[j] */
} rcr_start;

typedef struct rcr_gemm {
    int64_t M, N, K;
    rcr_matrix A, B;
    void *C;
    int64_t ldc; /* row stride of C; its column stride is 1 */
    rcr_start start;
    const void *bias; /* [N] */
} rcr_gemm;

typedef struct rcr_gemm_kernels {
    int MR, NR; /* rows and columns of the register tile */
    /* Rows m0 .. m1 and columns n0 .. n1 of C; packs B panels in `workspace` (RCR_WORKSPACE bytes). */
    void (*tile)(const rcr_gemm *g, int64_t m0, int64_t m1, int64_t n0, int64_t n1, void *workspace);
} rcr_gemm_kernels;

/* The whole product over the context's threads. Cannot fail. M, N or K may be 0 (K = 0 leaves `start`). */
void rcr_gemm_run(recur_ctx *cx, recur_dtype dtype, const rcr_gemm *g);
/* `count` independent products (batched matmul): threads share them. */
void rcr_gemm_batch(recur_ctx *cx, recur_dtype dtype, const rcr_gemm *g, int64_t count);

#endif
