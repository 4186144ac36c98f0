// SPDX-License-Identifier: MIT
/* The vector vocabulary (simd_portable.h) in NEON of 64-bit ARM: 4 floats or 2 doubles. Included once for
 * each element type. */

#if REAL_BITS == 32
typedef float real;
typedef uint32_t bits;
typedef float32x4_t vec;
typedef uint32x4_t mask;
enum { W = 4 };
#define NEON(op) op##_f32
#define NEON_INT(op) op##_u32
#define AS_INT(a) vreinterpretq_u32_f32(a)
#define AS_VEC(a) vreinterpretq_f32_u32(a)
#else
typedef double real;
typedef uint64_t bits;
typedef float64x2_t vec;
typedef uint64x2_t mask;
enum { W = 2 };
#define NEON(op) op##_f64
#define NEON_INT(op) op##_u64
#define AS_INT(a) vreinterpretq_u64_f64(a)
#define AS_VEC(a) vreinterpretq_f64_u64(a)
#endif

INLINE vec vload(const real *p)
{
    return NEON(vld1q)(p);
}

INLINE void vstore(real *p, vec a)
{
    NEON(vst1q)(p, a);
}

INLINE vec vload_part(const real *p, int64_t n)
{
    real lanes[W] = {0};
    for (int64_t i = 0; i < n; i++)
        lanes[i] = p[i];
    return vload(lanes);
}

INLINE void vstore_part(real *p, vec a, int64_t n)
{
    real lanes[W];
    vstore(lanes, a);
    for (int64_t i = 0; i < n; i++)
        p[i] = lanes[i];
}

INLINE vec vset1(real x)
{
    return NEON(vdupq_n)(x);
}

INLINE vec vset1_bits(bits u)
{
    return AS_VEC(NEON_INT(vdupq_n)(u));
}

INLINE vec vadd(vec a, vec b)
{
    return NEON(vaddq)(a, b);
}

INLINE vec vsub(vec a, vec b)
{
    return NEON(vsubq)(a, b);
}

INLINE vec vmul(vec a, vec b)
{
    return NEON(vmulq)(a, b);
}

INLINE vec vdiv(vec a, vec b)
{
    return NEON(vdivq)(a, b);
}

INLINE vec vsqrt(vec a)
{
    return NEON(vsqrtq)(a);
}

INLINE vec vfma(vec a, vec b, vec c)
{
    return NEON(vfmaq)(c, a, b);
}

INLINE vec vfnma(vec a, vec b, vec c)
{
    return NEON(vfmsq)(c, a, b);
}

INLINE mask vlt(vec a, vec b)
{
    return NEON(vcltq)(a, b);
}

INLINE mask vle(vec a, vec b)
{
    return NEON(vcleq)(a, b);
}

INLINE mask veq(vec a, vec b)
{
    return NEON(vceqq)(a, b);
}

INLINE mask visnan(vec a)
{
    mask ordered = NEON(vceqq)(a, a);
    return NEON_INT(vceqq)(ordered, NEON_INT(vdupq_n)(0));
}

INLINE mask mand(mask a, mask b)
{
    return NEON_INT(vandq)(a, b);
}

INLINE mask mor(mask a, mask b)
{
    return NEON_INT(vorrq)(a, b);
}

INLINE vec vselect(mask m, vec a, vec b)
{
    return NEON(vbslq)(m, a, b);
}

/* Not the instruction: it has a NaN win. */
INLINE vec vmin(vec a, vec b)
{
    return vselect(vlt(a, b), a, b);
}

INLINE vec vmax(vec a, vec b)
{
    return vselect(vlt(b, a), a, b);
}

INLINE vec vand(vec a, vec b)
{
    return AS_VEC(NEON_INT(vandq)(AS_INT(a), AS_INT(b)));
}

INLINE vec vor(vec a, vec b)
{
    return AS_VEC(NEON_INT(vorrq)(AS_INT(a), AS_INT(b)));
}

INLINE vec vxor(vec a, vec b)
{
    return AS_VEC(NEON_INT(veorq)(AS_INT(a), AS_INT(b)));
}

INLINE vec vadd_bits(vec a, vec b)
{
    return AS_VEC(NEON_INT(vaddq)(AS_INT(a), AS_INT(b)));
}

INLINE vec vshift_up(vec a)
{
    return AS_VEC(NEON_INT(vshlq_n)(AS_INT(a), MANTISSA));
}

INLINE vec vshift_down(vec a)
{
    return AS_VEC(NEON_INT(vshrq_n)(AS_INT(a), MANTISSA));
}

#if REAL_BITS == 32
INLINE vec KERNEL(low_halves)(vec a, vec b)
{
    return vreinterpretq_f32_f64(vtrn1q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

INLINE vec KERNEL(high_halves)(vec a, vec b)
{
    return vreinterpretq_f32_f64(vtrn2q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

INLINE void vtranspose(vec r[W])
{
    vec even01 = vtrn1q_f32(r[0], r[1]), odd01 = vtrn2q_f32(r[0], r[1]);
    vec even23 = vtrn1q_f32(r[2], r[3]), odd23 = vtrn2q_f32(r[2], r[3]);
    r[0] = KERNEL(low_halves)(even01, even23);
    r[1] = KERNEL(low_halves)(odd01, odd23);
    r[2] = KERNEL(high_halves)(even01, even23);
    r[3] = KERNEL(high_halves)(odd01, odd23);
}
#else
INLINE vec vmul_words(vec a, vec b)
{
    return AS_VEC(vmull_u32(vmovn_u64(AS_INT(a)), vmovn_u64(AS_INT(b))));
}

INLINE vec vshift_word(vec a)
{
    return AS_VEC(vshrq_n_u64(AS_INT(a), 32));
}

INLINE void vtranspose(vec r[W])
{
    vec low = vtrn1q_f64(r[0], r[1]);
    r[1] = vtrn2q_f64(r[0], r[1]);
    r[0] = low;
}
#endif

#define TILE_ROWS 8
#define TILE_VECS 3

#undef NEON
#undef NEON_INT
#undef AS_INT
#undef AS_VEC
