// SPDX-License-Identifier: MIT
/* The words of the vocabulary that are made of the others, in the same way for every instruction set; see
 * simd_portable.h. Included once for each element type. */

INLINE vec vzero(void)
{
    return vset1(0);
}

#if REAL_BITS == 32
#define SIGN_BIT 0x80000000u
#else
#define SIGN_BIT 0x8000000000000000u
#endif

INLINE vec vabs(vec a)
{
    return vand(a, vset1_bits((bits)~SIGN_BIT));
}

INLINE vec vneg(vec a)
{
    return vxor(a, vset1_bits(SIGN_BIT));
}

INLINE vec vsign(vec a)
{
    return vand(a, vset1_bits(SIGN_BIT));
}

#undef SIGN_BIT

/* 1.5 * 2^MANTISSA: its unit in the last place is 1, so that a sum with it is rounded to a whole number,
 * which then stands in the low bits. */
INLINE vec vround(vec a)
{
    return vsub(vadd(a, vset1(ROUNDER)), vset1(ROUNDER));
}

/* The low bits of n + ROUNDER + BIAS are the exponent field of 2^n. */
INLINE vec vpow2(vec n)
{
    return vshift_up(vadd(n, vset1(ROUNDER + BIAS)));
}

#ifndef SIMD_SCALE2
/* In two steps, of which the first is exact: 2^n alone may be outside the range. */
INLINE vec vscale2(vec a, vec n)
{
    vec half = vround(vmul(n, vset1((real)0.5)));
    return vmul(vmul(a, vpow2(half)), vpow2(vsub(n, half)));
}
#endif

INLINE real rfma(real a, real b, real c)
{
#if REAL_BITS == 32
    return fmaf(a, b, c);
#else
    return fma(a, b, c);
#endif
}

INLINE vec vget(const real *p, int64_t n)
{
    return n >= W ? vload(p) : vload_part(p, n);
}

INLINE void vput(real *p, vec a, int64_t n)
{
    if (n >= W)
        vstore(p, a);
    else
        vstore_part(p, a, n);
}
