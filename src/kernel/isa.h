// SPDX-License-Identifier: MIT
/* The tables of the instruction sets, by RECUR_F32 and RECUR_F64. Those that are not compiled in do not
 * exist; cmake/RecurIsa.cmake says which are (RECUR_HAVE_...). */
#ifndef RCR_KERNEL_ISA_H
#define RCR_KERNEL_ISA_H

#include "kernel/kernel.h"

extern const rcr_kernels *const rcr_kernels_portable[2];
extern const rcr_kernels *const rcr_kernels_avx2[2];
extern const rcr_kernels *const rcr_kernels_avx512[2];
extern const rcr_kernels *const rcr_kernels_neon[2];

#endif
