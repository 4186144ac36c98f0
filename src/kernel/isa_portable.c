// SPDX-License-Identifier: MIT
/* The kernels in plain C: the reference for the bits. */

#define SIMD "kernel/simd_portable.h"
#include "kernel/isa.inc"

const rcr_kernels *const rcr_kernels_portable[2] = {&kernels_32, &kernels_64};
