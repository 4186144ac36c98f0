// SPDX-License-Identifier: MIT
/* The kernels of the best instruction set (NEON, on aarch64) give the bits of the portable ones, and those are the
 * same on every machine: prints a hash of the results of each kernel. */
#include "kernel/same_bits.h"

static int compare(recur_ctx *portable, recur_ctx *best, recur_dtype type)
{
    uint64_t hash[BITS_CASES] = {0};
    int wrong = compare_kernels(rcr_kernels_of(portable, type), rcr_kernels_of(best, type), type, 19, hash);
    for (int i = 0; i < BITS_CASES; i++)
        printf("f%d %016llx %s\n", type == RECUR_F32 ? 32 : 64, (unsigned long long)hash[i],
               bits_cases[i].name);
    return wrong;
}

int main(void)
{
    recur_ctx *portable = NULL, *best = NULL;
    int wrong = 1;
    if (recur_ctx_create(&portable, &(recur_options){.threads = 1, .isa = "portable"}) == RECUR_OK &&
        recur_ctx_create(&best, &(recur_options){.threads = 1, .isa = rcr_isa_name(rcr_isa_best())}) ==
            RECUR_OK)
        wrong = compare(portable, best, RECUR_F32) + compare(portable, best, RECUR_F64);
#if defined(__aarch64__)
    if (rcr_isa_best() != RCR_NEON)
        wrong = 1;
#endif
    recur_ctx_free(best);
    recur_ctx_free(portable);
    printf("%s\n", wrong ? "kernels differ" : "ok");
    return wrong != 0;
}
