// SPDX-License-Identifier: MIT
/* The kernels in NEON. */
#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "isa_neon.c is for 64-bit ARM with NEON"
#endif

#include <arm_neon.h>

#define VREGS 32 /* vector registers: register tiles are cut for them */
#define SIMD "kernel/simd_neon.h"
#include "kernel/isa.inc"

const rcr_kernels *const rcr_kernels_neon[2] = {&kernels_32, &kernels_64};
