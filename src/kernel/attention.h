// SPDX-License-Identifier: MIT
/* Attention: scores v . tanh(q + p), and the softmax over scores with what hides steps. Rows are contiguous;
 * sums along a row use the fixed lanes of kernel.h. */
#ifndef RCR_KERNEL_ATTENTION_H
#define RCR_KERNEL_ATTENTION_H

#include <stdint.h>

typedef struct rcr_attention_kernels {
    /* s[j] = sum over a < A of v[a] tanh(q[a] + p[j * ldp + a]), j < n; q NULL is 0. */
    void (*tanh_scores)(int64_t n, int64_t A, const void *q, const void *p, int64_t ldp, const void *v,
                        void *s);
    /* With y the tanh of row j and g = ds[j] v (1 - y^2): dp[j * ldp + a] += g[a], dq += g, dv += ds[j] y, j in
     * order. dp, dq and dv may be NULL. */
    void (*tanh_scores_back)(int64_t n, int64_t A, const void *q, const void *p, int64_t ldp, const void *v,
                             const void *ds, void *dp, void *dq, void *dv);
    /* M rows of n numbers, row i at s + i * ld, in place: softmax(scale s + hide + bias), with hide [n] and
     * row i of bias at bias + i * ldb; both may be NULL. A row all of -infinity becomes zeros. */
    void (*softmax)(int64_t M, int64_t n, int64_t ld, double scale, const void *hide, const void *bias,
                    int64_t ldb, void *s);
    /* Back, in place: d comes as the gradient of w, row by row, and becomes that of s before scale: scale (w d -
     * p sum(w d)), p the softmax, w what dropout made of it (p itself without). All with row stride ld. */
    void (*softmax_back)(int64_t M, int64_t n, int64_t ld, double scale, const void *p, const void *w,
                         void *d);
    /* y[i] = -infinity where mask[i] is not 0, else 0. */
    void (*hide)(int64_t n, const int64_t *mask, void *y);
} rcr_attention_kernels;

#endif
