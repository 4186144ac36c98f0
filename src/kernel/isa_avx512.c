// SPDX-License-Identifier: MIT
/* The kernels in AVX-512. */
#if !defined(__AVX512F__) || !defined(__AVX512DQ__) || !defined(__FMA__)
#error "isa_avx512.c needs -mavx512f -mavx512dq -mfma"
#endif

#include <immintrin.h>

#define VREGS 32 /* vector registers: register tiles are cut for them */
#define SIMD "kernel/simd_avx512.h"
#include "kernel/isa.inc"

const rcr_kernels *const rcr_kernels_avx512[2] = {&kernels_32, &kernels_64};
