// SPDX-License-Identifier: MIT
/* The kernels in AVX2 and FMA. */
#if !defined(__AVX2__) || !defined(__FMA__)
#error "isa_avx2.c needs -mavx2 -mfma"
#endif

#include <immintrin.h>

#define VREGS 16 /* vector registers: register tiles are cut for them */
#define SIMD "kernel/simd_avx2.h"
#include "kernel/isa.inc"

const rcr_kernels *const rcr_kernels_avx2[2] = {&kernels_32, &kernels_64};
