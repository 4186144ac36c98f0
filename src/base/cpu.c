// SPDX-License-Identifier: MIT
/* What processor and operating system support. The only file with conditions on the processor. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity() */
#endif
#include "base/cpu.h"

#include <sched.h>
#include <stdint.h>
#include <unistd.h>

/* The build defines those of these that are compiled in. */
#ifndef RECUR_HAVE_AVX2
#define RECUR_HAVE_AVX2 0
#endif
#ifndef RECUR_HAVE_AVX512
#define RECUR_HAVE_AVX512 0
#endif
#ifndef RECUR_HAVE_NEON
#define RECUR_HAVE_NEON 0
#endif

#if defined(__x86_64__)

#include <cpuid.h>
#include <xmmintrin.h>

enum {
    XCR0_AVX = 0x06,        /* XMM and YMM registers are saved */
    XCR0_AVX512 = 0xE6,     /* and mask and ZMM registers */
    MXCSR_NEAREST = 0x1F80, /* all exceptions masked, round to nearest */
    MXCSR_FLUSH = 0x8040    /* FTZ: denormal results are zero; DAZ: denormal operands are zero */
};

/* Whether the operating system saves these registers, all of them. */
static bool saves(unsigned registers)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return false;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a & registers) == registers;
}

static bool has_avx2(void)
{
    unsigned a, b, c, d, b7, c7, d7;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_FMA) && __get_cpuid_count(7, 0, &a, &b7, &c7, &d7) &&
           (b7 & bit_AVX2) && saves(XCR0_AVX);
}

static bool has_avx512(void)
{
    const unsigned needed = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    unsigned a, b, c, d;
    return has_avx2() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & needed) == needed &&
           saves(XCR0_AVX512);
}

static bool has_neon(void)
{
    return false;
}

void rcr_cpu_relax(void)
{
    _mm_pause();
}

unsigned long rcr_float_enter(bool keep_denormals)
{
    unsigned mode = _mm_getcsr();
    _mm_setcsr(MXCSR_NEAREST | (keep_denormals ? 0u : (unsigned)MXCSR_FLUSH));
    return mode;
}

void rcr_float_restore(unsigned long mode)
{
    _mm_setcsr((unsigned)mode);
}

#else

static bool has_avx2(void)
{
    return false;
}

static bool has_avx512(void)
{
    return false;
}

#if defined(__aarch64__)

static const uint64_t fpcr_flush = (uint64_t)1 << 24; /* FZ; all other bits 0: round to nearest, no traps */

static bool has_neon(void)
{
    return true;
}

void rcr_cpu_relax(void)
{
    __asm__ volatile("yield");
}

static void set_mode(uint64_t mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory");
}

unsigned long rcr_float_enter(bool keep_denormals)
{
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode) : : "memory");
    set_mode(keep_denormals ? 0 : fpcr_flush);
    return (unsigned long)mode;
}

void rcr_float_restore(unsigned long mode)
{
    set_mode(mode);
}

#else /* any other processor: portable kernels, and the mode as it is */

static bool has_neon(void)
{
    return false;
}

void rcr_cpu_relax(void)
{
}

unsigned long rcr_float_enter(bool keep_denormals)
{
    (void)keep_denormals;
    return 0;
}

void rcr_float_restore(unsigned long mode)
{
    (void)mode;
}

#endif
#endif

static bool always(void)
{
    return true;
}

static const struct {
    const char *name;
    bool compiled;
    bool (*supported)(void);
} sets[RCR_ISA_COUNT] = {
    [RCR_PORTABLE] = {"portable", true, always},
    [RCR_AVX2] = {"avx2", RECUR_HAVE_AVX2, has_avx2},
    [RCR_AVX512] = {"avx512", RECUR_HAVE_AVX512, has_avx512},
    [RCR_NEON] = {"neon", RECUR_HAVE_NEON, has_neon},
};

const char *rcr_isa_name(rcr_isa isa)
{
    return sets[isa].name;
}

bool rcr_isa_usable(rcr_isa isa)
{
    return sets[isa].compiled && sets[isa].supported();
}

rcr_isa rcr_isa_best(void)
{
    static const rcr_isa order[] = {RCR_AVX512, RCR_AVX2, RCR_NEON};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (rcr_isa_usable(order[i]))
            return order[i];
    return RCR_PORTABLE;
}

/* sysconf() where there are more processors than a cpu_set_t holds. */
int rcr_cpu_count(void)
{
    cpu_set_t allowed;
    long count;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        count = CPU_COUNT(&allowed);
    else
        count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (int)count;
}
