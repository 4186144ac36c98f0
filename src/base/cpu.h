// SPDX-License-Identifier: MIT
/* What processor and operating system support, and the floating-point mode of the library's own work. */
#ifndef RCR_BASE_CPU_H
#define RCR_BASE_CPU_H

#include <stdbool.h>

typedef enum rcr_isa { RCR_PORTABLE = 0, RCR_AVX2, RCR_AVX512, RCR_NEON, RCR_ISA_COUNT } rcr_isa;

const char *rcr_isa_name(rcr_isa isa);
/* Whether the instruction set was compiled in, and processor and operating system (saved register state)
 * support it. */
bool rcr_isa_usable(rcr_isa isa);
rcr_isa rcr_isa_best(void);

/* Processors that this process may run on; at least 1. */
int rcr_cpu_count(void);

/* A hint to the processor that this thread is waiting in a loop. */
void rcr_cpu_relax(void);

/* Puts the calling thread into the library's floating-point mode: rounding to nearest, no traps, denormals
 * flushed to zero (or kept), whatever the caller has set, so that the bits do not depend on it. Returns the
 * mode that was; rcr_float_restore() sets it back. Every public function that computes does: enter, work,
 * restore. */
unsigned long rcr_float_enter(bool keep_denormals);
void rcr_float_restore(unsigned long mode);

#endif
