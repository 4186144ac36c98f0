// SPDX-License-Identifier: MIT
/* The vector vocabulary (simd_portable.h) in AVX-512 (F, DQ): 16 floats or 8 doubles. Included once for each
 * element type. */

#if REAL_BITS == 32
typedef float real;
typedef uint32_t bits;
typedef __m512 vec;
typedef __mmask16 mask;
enum { W = 16 };
#define MM(op) _mm512_##op##_ps
#define MI(op) _mm512_##op##_epi32
#define MASKED(op) _mm512_##op##_ps_mask
#define AS_INT(a) _mm512_castps_si512(a)
#define AS_VEC(a) _mm512_castsi512_ps(a)
#else
typedef double real;
typedef uint64_t bits;
typedef __m512d vec;
typedef __mmask8 mask;
enum { W = 8 };
#define MM(op) _mm512_##op##_pd
#define MI(op) _mm512_##op##_epi64
#define MASKED(op) _mm512_##op##_pd_mask
#define AS_INT(a) _mm512_castpd_si512(a)
#define AS_VEC(a) _mm512_castsi512_pd(a)
#endif

/* The first n lanes. */
INLINE mask KERNEL(first)(int64_t n)
{
    return (mask)((1u << n) - 1);
}

INLINE vec vload(const real *p)
{
    return MM(loadu)(p);
}

INLINE void vstore(real *p, vec a)
{
    MM(storeu)(p, a);
}

INLINE vec vload_part(const real *p, int64_t n)
{
    return MM(maskz_loadu)(KERNEL(first)(n), p);
}

INLINE void vstore_part(real *p, vec a, int64_t n)
{
    MM(mask_storeu)(p, KERNEL(first)(n), a);
}

INLINE vec vset1(real x)
{
    return MM(set1)(x);
}

INLINE vec vset1_bits(bits u)
{
#if REAL_BITS == 32
    return AS_VEC(_mm512_set1_epi32((int)u));
#else
    return AS_VEC(_mm512_set1_epi64((int64_t)u));
#endif
}

INLINE vec vadd(vec a, vec b)
{
    return MM(add)(a, b);
}

INLINE vec vsub(vec a, vec b)
{
    return MM(sub)(a, b);
}

INLINE vec vmul(vec a, vec b)
{
    return MM(mul)(a, b);
}

INLINE vec vdiv(vec a, vec b)
{
    return MM(div)(a, b);
}

INLINE vec vsqrt(vec a)
{
    return MM(sqrt)(a);
}

INLINE vec vfma(vec a, vec b, vec c)
{
    return MM(fmadd)(a, b, c);
}

INLINE vec vfnma(vec a, vec b, vec c)
{
    return MM(fnmadd)(a, b, c);
}

INLINE vec vmin(vec a, vec b)
{
    return MM(min)(a, b);
}

INLINE vec vmax(vec a, vec b)
{
    return MM(max)(a, b);
}

INLINE mask vlt(vec a, vec b)
{
    return MASKED(cmp)(a, b, _CMP_LT_OQ);
}

INLINE mask vle(vec a, vec b)
{
    return MASKED(cmp)(a, b, _CMP_LE_OQ);
}

INLINE mask veq(vec a, vec b)
{
    return MASKED(cmp)(a, b, _CMP_EQ_OQ);
}

INLINE mask visnan(vec a)
{
    return MASKED(cmp)(a, a, _CMP_UNORD_Q);
}

INLINE mask mand(mask a, mask b)
{
    return (mask)(a & b);
}

INLINE mask mor(mask a, mask b)
{
    return (mask)(a | b);
}

INLINE vec vselect(mask m, vec a, vec b)
{
    return MM(mask_blend)(m, b, a);
}

INLINE vec vand(vec a, vec b)
{
    return MM(and)(a, b);
}

INLINE vec vor(vec a, vec b)
{
    return MM(or)(a, b);
}

INLINE vec vxor(vec a, vec b)
{
    return MM(xor)(a, b);
}

INLINE vec vadd_bits(vec a, vec b)
{
    return AS_VEC(MI(add)(AS_INT(a), AS_INT(b)));
}

INLINE vec vshift_up(vec a)
{
    return AS_VEC(MI(slli)(AS_INT(a), MANTISSA));
}

INLINE vec vshift_down(vec a)
{
    return AS_VEC(MI(srli)(AS_INT(a), MANTISSA));
}

/* One instruction here, with the same one rounding. */
#define SIMD_SCALE2
INLINE vec vscale2(vec a, vec n)
{
    return MM(scalef)(a, n);
}

/* The four lanes of a, b, c, d change places: lane j of row i becomes lane i of row j. */
#if REAL_BITS == 32
#define LANES_OF(a, b, which) _mm512_shuffle_f32x4(a, b, which)
#else
#define LANES_OF(a, b, which) _mm512_shuffle_f64x2(a, b, which)
#endif
INLINE void KERNEL(transpose_lanes)(vec *a, vec *b, vec *c, vec *d)
{
    vec even_ab = LANES_OF(*a, *b, 0x88), odd_ab = LANES_OF(*a, *b, 0xdd);
    vec even_cd = LANES_OF(*c, *d, 0x88), odd_cd = LANES_OF(*c, *d, 0xdd);
    *a = LANES_OF(even_ab, even_cd, 0x88);
    *b = LANES_OF(odd_ab, odd_cd, 0x88);
    *c = LANES_OF(even_ab, even_cd, 0xdd);
    *d = LANES_OF(odd_ab, odd_cd, 0xdd);
}

#if REAL_BITS == 32
/* Pairs of rows, then fours: lane L of r[4 g + c] has column 4 L + c of the rows 4 g .. 4 g + 3. Then lanes.
 */
INLINE void vtranspose(vec r[W])
{
    __m512d t[W];
    for (int i = 0; i < W; i += 2) {
        t[i] = _mm512_castps_pd(_mm512_unpacklo_ps(r[i], r[i + 1]));
        t[i + 1] = _mm512_castps_pd(_mm512_unpackhi_ps(r[i], r[i + 1]));
    }
    for (int i = 0; i < W; i += 4)
        for (int c = 0; c < 4; c += 2) {
            r[i + c] = _mm512_castpd_ps(_mm512_unpacklo_pd(t[i + c / 2], t[i + 2 + c / 2]));
            r[i + c + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(t[i + c / 2], t[i + 2 + c / 2]));
        }
    for (int c = 0; c < 4; c++)
        KERNEL(transpose_lanes)(&r[c], &r[4 + c], &r[8 + c], &r[12 + c]);
}
#else
INLINE vec vmul_words(vec a, vec b)
{
    return AS_VEC(_mm512_mul_epu32(AS_INT(a), AS_INT(b)));
}

INLINE vec vshift_word(vec a)
{
    return AS_VEC(_mm512_srli_epi64(AS_INT(a), 32));
}

INLINE void vtranspose(vec r[W])
{
    for (int i = 0; i < W; i += 2) {
        vec low = _mm512_unpacklo_pd(r[i], r[i + 1]);
        r[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
        r[i] = low;
    }
    for (int c = 0; c < 2; c++)
        KERNEL(transpose_lanes)(&r[c], &r[2 + c], &r[4 + c], &r[6 + c]);
}
#endif
#undef LANES_OF

#define TILE_ROWS 6
#define TILE_VECS 4

#undef MM
#undef MI
#undef MASKED
#undef AS_INT
#undef AS_VEC
