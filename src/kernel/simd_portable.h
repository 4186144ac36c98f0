// SPDX-License-Identifier: MIT
/*
 * The vector vocabulary in plain C, W = 1: the reference for the bits, and the manual of the vocabulary.
 *
 * simd_<isa>.h is included once for each element type, with REAL_BITS = 32 or 64 and KERNEL(name) = name_32
 * or name_64. It defines
 *
 *     real, bits        float / double; the unsigned integer of that size
 *     vec, W, mask      W reals; the results of W comparisons
 *
 *     vload(p)          W reals from p, which need not be aligned
 *     vload_part(p, n)  the first n < W from p, 0 in the rest; touches p[0 .. n) alone
 *     vstore(p, a), vstore_part(p, a, n)
 *     vset1(x), vset1_bits(u)   the same in each lane: a real, a bit pattern
 *
 *     vadd vsub vmul vdiv vsqrt correctly rounded, as IEEE 754 has them
 *     vfma(a, b, c)     a b + c, one rounding;  vfnma(a, b, c)  c - a b
 *     vmin(a, b)        a < b ? a : b,  vmax(a, b)  a > b ? a : b: b where one is NaN. The result may be a
 *                       flushed denormal: good for further arithmetic, not for memory (vselect is)
 *     vlt vle veq       masks of a < b, a <= b, a == b: false where one is NaN;  visnan(a)
 *     mand mor          both, either
 *     vselect(m, a, b)  m ? a : b, lane by lane; moves bits
 *     vand vor vxor     on the bits;  vadd_bits(a, b) adds them as integers
 *     vshift_up(a), vshift_down(a)
 *                       shifts the bits by the width of the mantissa (23 or 52), zeros come in
 *     vtranspose(r)     the W x W block in r[0 .. W) in place
 *     vmul_words(a, b), vshift_word(a)
 *                       double only: the product of the lower 32 bits of each, as 64-bit whole numbers; the
 *                       bits shifted down by 32
 *     TILE_ROWS, TILE_VECS
 *                       rows and vectors of accumulators that a matrix product has registers for
 *
 * and simd_derived.h makes of these, for all alike,
 *
 *     vzero()           +0
 *     vget(p, n), vput(p, a, n)
 *                       the n reals that are left at p, at most W of them: body and tail in one loop
 *     vabs(a), vneg(a), vsign(a)
 *                       sign bit cleared, flipped, alone
 *     vround(a)         nearest whole number, ties to even, |a| < 2^22 or 2^51
 *     vpow2(n)          2^n for whole n whose power is a normal number
 *     vscale2(a, n)     a 2^n for whole |n| < 2 * the largest exponent, one rounding even into denormals
 *     rfma(a, b, c)     a b + c of single reals
 *
 * Rules that keep the bits the same: no sum over the lanes of a vector but by RCR_LANES partial results
 * (lanes.inc); no `a < b ? a : b` on plain reals whose result is stored (a compiler makes a minimum of it,
 * which may flush denormals), but vselect; a NaN is a NaN, of whatever sign and payload.
 *
 * A family of kernels is added so: kernel/<family>.h declares the struct rcr_<family>_kernels and is included
 * by kernel.h, which gets a field of that type; kernel/<family>.inc defines the functions,
 * `static void KERNEL(name)(...)`, and ends with #define <FAMILY>_KERNELS {.name = KERNEL(name), ...};
 * kernel/instance.inc includes it and names it in the table. Vector functions of a family for other families
 * are INLINE and get a word of their own: `#define vexp KERNEL(vexp)`, then `INLINE vec vexp(vec x)`.
 */

#if REAL_BITS == 32
typedef float real;
typedef uint32_t bits;
#else
typedef double real;
typedef uint64_t bits;
#endif
typedef real vec;
typedef bits mask; /* all ones or zero */
enum { W = 1 };

INLINE bits KERNEL(to_bits)(vec a)
{
    bits u;
    memcpy(&u, &a, sizeof u);
    return u;
}

INLINE vec KERNEL(of_bits)(bits u)
{
    vec a;
    memcpy(&a, &u, sizeof a);
    return a;
}

INLINE mask KERNEL(to_mask)(bool yes)
{
    return (mask)0 - (mask)yes;
}

INLINE vec vload(const real *p)
{
    return *p;
}

INLINE void vstore(real *p, vec a)
{
    *p = a;
}

INLINE vec vload_part(const real *p, int64_t n)
{
    return n > 0 ? *p : 0;
}

INLINE void vstore_part(real *p, vec a, int64_t n)
{
    if (n > 0)
        *p = a;
}

INLINE vec vset1(real x)
{
    return x;
}

INLINE vec vset1_bits(bits u)
{
    return KERNEL(of_bits)(u);
}

INLINE vec vadd(vec a, vec b)
{
    return a + b;
}

INLINE vec vsub(vec a, vec b)
{
    return a - b;
}

INLINE vec vmul(vec a, vec b)
{
    return a * b;
}

INLINE vec vdiv(vec a, vec b)
{
    return a / b;
}

INLINE vec vsqrt(vec a)
{
#if REAL_BITS == 32
    return sqrtf(a);
#else
    return sqrt(a);
#endif
}

INLINE vec vfma(vec a, vec b, vec c)
{
#if REAL_BITS == 32
    return fmaf(a, b, c);
#else
    return fma(a, b, c);
#endif
}

INLINE vec vfnma(vec a, vec b, vec c)
{
    return vfma(-a, b, c);
}

INLINE vec vmin(vec a, vec b)
{
    return a < b ? a : b;
}

INLINE vec vmax(vec a, vec b)
{
    return a > b ? a : b;
}

INLINE mask vlt(vec a, vec b)
{
    return KERNEL(to_mask)(a < b);
}

INLINE mask vle(vec a, vec b)
{
    return KERNEL(to_mask)(a <= b);
}

INLINE mask veq(vec a, vec b)
{
    return KERNEL(to_mask)(a == b);
}

INLINE mask visnan(vec a)
{
    return KERNEL(to_mask)(a != a);
}

INLINE mask mand(mask a, mask b)
{
    return a & b;
}

INLINE mask mor(mask a, mask b)
{
    return a | b;
}

INLINE vec vselect(mask m, vec a, vec b)
{
    return KERNEL(of_bits)((KERNEL(to_bits)(a) & m) | (KERNEL(to_bits)(b) & ~m));
}

INLINE vec vand(vec a, vec b)
{
    return KERNEL(of_bits)(KERNEL(to_bits)(a) & KERNEL(to_bits)(b));
}

INLINE vec vor(vec a, vec b)
{
    return KERNEL(of_bits)(KERNEL(to_bits)(a) | KERNEL(to_bits)(b));
}

INLINE vec vxor(vec a, vec b)
{
    return KERNEL(of_bits)(KERNEL(to_bits)(a) ^ KERNEL(to_bits)(b));
}

INLINE vec vadd_bits(vec a, vec b)
{
    return KERNEL(of_bits)(KERNEL(to_bits)(a) + KERNEL(to_bits)(b));
}

INLINE vec vshift_up(vec a)
{
    return KERNEL(of_bits)(KERNEL(to_bits)(a) << MANTISSA);
}

INLINE vec vshift_down(vec a)
{
    return KERNEL(of_bits)(KERNEL(to_bits)(a) >> MANTISSA);
}

#if REAL_BITS == 64
INLINE vec vmul_words(vec a, vec b)
{
    return KERNEL(of_bits)((KERNEL(to_bits)(a) & 0xffffffff) * (KERNEL(to_bits)(b) & 0xffffffff));
}

INLINE vec vshift_word(vec a)
{
    return KERNEL(of_bits)(KERNEL(to_bits)(a) >> 32);
}
#endif

INLINE void vtranspose(vec r[W])
{
    (void)r;
}

#define TILE_ROWS 4
#define TILE_VECS 4
