// SPDX-License-Identifier: MIT
/* Prints the checksums of fifty training steps of every cell, with the best instruction set of the machine it
 * was compiled for, after holding them against the portable kernels. run.sh compares what it prints on
 * aarch64 with what it prints here. */
#include <stdio.h>

#include "determinism/train50.h"

int main(void)
{
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (int d = RECUR_F32; d <= RECUR_F64; d++) {
            uint64_t best = 0, portable = 0;
            recur_status s =
                train50_run(&(recur_options){.threads = 2}, (recur_cell)cell, (recur_dtype)d, 50, &best);
            if (!s)
                s = train50_run(&(recur_options){.threads = 1, .isa = "portable"}, (recur_cell)cell,
                                (recur_dtype)d, 50, &portable);
            if (s || best != portable) {
                fprintf(stderr, "train50: cell %d, type %d: %s\n", cell, d,
                        s ? recur_status_name(s) : "other bits");
                return 1;
            }
            printf("%d %d %016llx\n", cell, d, (unsigned long long)best);
        }
    return 0;
}
