// SPDX-License-Identifier: MIT
/* The kernels in plain C: the reference for the bits. */

#define VREGS 16 /* vector registers: register tiles are cut for them */
#define SIMD "kernel/simd_portable.h"
#include "kernel/isa.inc"

const rcr_kernels *const rcr_kernels_portable[2] = {&kernels_32, &kernels_64};
