// SPDX-License-Identifier: MIT
/* Which kernels a context uses. */
#include "base/context.h"
#include "kernel/isa.h"

/* Sets that are not compiled in stay NULL; no context can have them. */
static const rcr_kernels *const *const tables[RCR_ISA_COUNT] = {
    [RCR_PORTABLE] = rcr_kernels_portable,
#ifdef RECUR_HAVE_AVX2
    [RCR_AVX2] = rcr_kernels_avx2,
#endif
#ifdef RECUR_HAVE_AVX512
    [RCR_AVX512] = rcr_kernels_avx512,
#endif
#ifdef RECUR_HAVE_NEON
    [RCR_NEON] = rcr_kernels_neon,
#endif
};

const rcr_kernels *rcr_kernels_of(const recur_ctx *cx, recur_dtype dtype)
{
    return dtype == RECUR_I64 ? NULL : tables[cx->isa][dtype];
}

size_t rcr_item_size(recur_dtype dtype)
{
    static const size_t size[] = {
        [RECUR_F32] = sizeof(float), [RECUR_F64] = sizeof(double), [RECUR_I64] = sizeof(int64_t)};
    return size[dtype];
}
