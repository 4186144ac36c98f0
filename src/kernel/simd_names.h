// SPDX-License-Identifier: MIT
/* The words of the vector vocabulary (simd_portable.h explains them) as macros for the instance at hand:
 * `vadd` reads vadd_32 or vadd_64. KERNEL does not expand its argument, so a word may stand for its own
 * instance. */
#ifndef RCR_KERNEL_SIMD_NAMES_H
#define RCR_KERNEL_SIMD_NAMES_H

#define INLINE static inline __attribute__((always_inline))
/* Before a loop of few and constant iterations over registers: gcc and clang unroll it wholly. */
#define UNROLL _Pragma("GCC unroll 8")

#define real KERNEL(real)
#define bits KERNEL(bits)
#define vec KERNEL(vec)
#define mask KERNEL(mask)
#define W KERNEL(W)

#define vload KERNEL(vload)
#define vstore KERNEL(vstore)
#define vload_part KERNEL(vload_part)
#define vstore_part KERNEL(vstore_part)
#define vset1 KERNEL(vset1)
#define vset1_bits KERNEL(vset1_bits)
#define vadd KERNEL(vadd)
#define vsub KERNEL(vsub)
#define vmul KERNEL(vmul)
#define vdiv KERNEL(vdiv)
#define vsqrt KERNEL(vsqrt)
#define vfma KERNEL(vfma)
#define vfnma KERNEL(vfnma)
#define vmin KERNEL(vmin)
#define vmax KERNEL(vmax)
#define vlt KERNEL(vlt)
#define vle KERNEL(vle)
#define veq KERNEL(veq)
#define visnan KERNEL(visnan)
#define mand KERNEL(mand)
#define mor KERNEL(mor)
#define vselect KERNEL(vselect)
#define vand KERNEL(vand)
#define vor KERNEL(vor)
#define vxor KERNEL(vxor)
#define vadd_bits KERNEL(vadd_bits)
#define vshift_up KERNEL(vshift_up)
#define vshift_down KERNEL(vshift_down)
#define vtranspose KERNEL(vtranspose)
#define vmul_words KERNEL(vmul_words)
#define vshift_word KERNEL(vshift_word)

#define vzero KERNEL(vzero)
#define vabs KERNEL(vabs)
#define vneg KERNEL(vneg)
#define vsign KERNEL(vsign)
#define vround KERNEL(vround)
#define vpow2 KERNEL(vpow2)
#define vscale2 KERNEL(vscale2)
#define rfma KERNEL(rfma)
#define vget KERNEL(vget)
#define vput KERNEL(vput)

#endif
