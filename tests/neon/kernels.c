// SPDX-License-Identifier: MIT
/* The NEON kernels give the bits of the portable ones. */
#include "kernel/same_bits.h"

static int compare(recur_ctx *portable, recur_ctx *neon)
{
    int wrong = 0;
    for (recur_dtype t = RECUR_F32; t <= RECUR_F64; t++)
        wrong += compare_kernels(rcr_kernels_of(portable, t), rcr_kernels_of(neon, t), t);
    return wrong;
}

int main(void)
{
    recur_ctx *portable = NULL, *neon = NULL;
    int wrong = 1;
    if (recur_ctx_create(&portable, &(recur_options){.threads = 1, .isa = "portable"}) == RECUR_OK &&
        recur_ctx_create(&neon, &(recur_options){.threads = 1, .isa = "neon"}) == RECUR_OK)
        wrong = compare(portable, neon);
    recur_ctx_free(neon);
    recur_ctx_free(portable);
    printf("%s\n", wrong ? "NEON kernels differ" : "ok");
    return wrong != 0;
}
