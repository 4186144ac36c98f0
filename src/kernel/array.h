// SPDX-License-Identifier: MIT
/* Arithmetic and moves on arrays. */
#ifndef RCR_KERNEL_ARRAY_H
#define RCR_KERNEL_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* y = a op b elementwise over `shape`; strides sa, sb, sy in elements, 0 repeats (broadcasting). RCR_MULADD:
 * y += a * b, also with strides of 0 in y: then it sums over those axes in row-major order (the gradient of a
 * broadcast operand). */
typedef enum rcr_binary_op {
    RCR_ADD = 0,
    RCR_SUB,
    RCR_MUL,
    RCR_DIV,
    RCR_MULADD,
    RCR_BINARY_COUNT
} rcr_binary_op;
typedef void rcr_binary(int rank, const int64_t *shape, const void *a, const int64_t *sa, const void *b,
                        const int64_t *sb, void *y, const int64_t *sy);

typedef struct rcr_array_kernels {
    void (*fill)(int64_t n, double value, void *y);
    void (*affine)(int64_t n, double a, double b, const void *x, void *y); /* y = a x + b, one fma */
    void (*axpy)(int64_t n, double a, const void *x, void *y);             /* y += a x */
    void (*clamp)(int64_t n, double limit, void *x);                       /* to +-limit; NaN stays */
    rcr_binary *binary[RCR_BINARY_COUNT];
    /* y += a x over `shape`, any strides in elements (0 in sy sums, 0 in sx repeats). */
    void (*axpy_strided)(int rank, const int64_t *shape, double a, const void *x, const int64_t *sx, void *y,
                         const int64_t *sy);
    /* Uniform on [low, high) / normal numbers: element i is a function of (seed, stream, i) alone, the same
     * double rounded to either type. */
    void (*uniform)(int64_t n, uint64_t seed, uint64_t stream, double low, double high, void *y);
    void (*normal)(int64_t n, uint64_t seed, uint64_t stream, double mean, double deviation, void *y);
    /* Inverted dropout, p in [0, 1], of elements first .. first + n - 1 of an array, x and y beginning with
     * the first of them, `first` a multiple of 64: y = x * scale where the element's uniform number (32 bits)
     * is >= p, else an exact 0 (whatever x is); `scale` is 1 / (1 - p), or 0 for p = 1. dropout_add: y += the
     * same (the gradient). */
    void (*dropout)(int64_t first, int64_t n, uint64_t seed, uint64_t stream, double p, double scale,
                    const void *x, void *y);
    void (*dropout_add)(int64_t first, int64_t n, uint64_t seed, uint64_t stream, double p, double scale,
                        const void *x, void *y);
} rcr_array_kernels;

/* dst = src over `shape`, any strides in elements of `item` bytes. Rank 0 moves one element. */
void rcr_copy_strided(size_t item, int rank, const int64_t *shape, const void *src, const int64_t *ssrc,
                      void *dst, const int64_t *sdst);

#endif
