// SPDX-License-Identifier: MIT
/* The vector vocabulary (simd_portable.h) in AVX2 and FMA: 8 floats or 4 doubles. Included once for each
 * element type. */

#if REAL_BITS == 32
typedef float real;
typedef uint32_t bits;
typedef __m256 vec;
enum { W = 8 };
#define MM(op) _mm256_##op##_ps
#define MI(op) _mm256_##op##_epi32
#define AS_INT(a) _mm256_castps_si256(a)
#define AS_VEC(a) _mm256_castsi256_ps(a)
#else
typedef double real;
typedef uint64_t bits;
typedef __m256d vec;
enum { W = 4 };
#define MM(op) _mm256_##op##_pd
#define MI(op) _mm256_##op##_epi64
#define AS_INT(a) _mm256_castpd_si256(a)
#define AS_VEC(a) _mm256_castsi256_pd(a)
#endif
typedef vec mask; /* all ones or zero in each lane */

/* All ones in the first n lanes. */
INLINE __m256i KERNEL(first)(int64_t n)
{
#if REAL_BITS == 32
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
#else
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
#endif
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
    return MM(maskload)(p, KERNEL(first)(n));
}

INLINE void vstore_part(real *p, vec a, int64_t n)
{
    MM(maskstore)(p, KERNEL(first)(n), a);
}

INLINE vec vset1(real x)
{
    return MM(set1)(x);
}

INLINE vec vset1_bits(bits u)
{
#if REAL_BITS == 32
    return AS_VEC(_mm256_set1_epi32((int)u));
#else
    return AS_VEC(_mm256_set1_epi64x((int64_t)u));
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
    return MM(cmp)(a, b, _CMP_LT_OQ);
}

INLINE mask vle(vec a, vec b)
{
    return MM(cmp)(a, b, _CMP_LE_OQ);
}

INLINE mask veq(vec a, vec b)
{
    return MM(cmp)(a, b, _CMP_EQ_OQ);
}

INLINE mask visnan(vec a)
{
    return MM(cmp)(a, a, _CMP_UNORD_Q);
}

INLINE mask mand(mask a, mask b)
{
    return MM(and)(a, b);
}

INLINE mask mor(mask a, mask b)
{
    return MM(or)(a, b);
}

INLINE vec vselect(mask m, vec a, vec b)
{
    return MM(blendv)(b, a, m);
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

#if REAL_BITS == 32
/* Pairs of rows, then fours: lane L of r[4 g + c] has column 4 L + c of the rows 4 g .. 4 g + 3. Then lanes.
 */
INLINE void vtranspose(vec r[W])
{
    __m256d t[W];
    for (int i = 0; i < W; i += 2) {
        t[i] = _mm256_castps_pd(_mm256_unpacklo_ps(r[i], r[i + 1]));
        t[i + 1] = _mm256_castps_pd(_mm256_unpackhi_ps(r[i], r[i + 1]));
    }
    for (int c = 0; c < 4; c++) {
        int i = c / 2;
        vec low =
            _mm256_castpd_ps(c % 2 ? _mm256_unpackhi_pd(t[i], t[i + 2]) : _mm256_unpacklo_pd(t[i], t[i + 2]));
        vec high = _mm256_castpd_ps(c % 2 ? _mm256_unpackhi_pd(t[i + 4], t[i + 6])
                                          : _mm256_unpacklo_pd(t[i + 4], t[i + 6]));
        r[c] = _mm256_permute2f128_ps(low, high, 0x20);
        r[c + 4] = _mm256_permute2f128_ps(low, high, 0x31);
    }
}
#else
INLINE vec vmul_words(vec a, vec b)
{
    return AS_VEC(_mm256_mul_epu32(AS_INT(a), AS_INT(b)));
}

INLINE vec vshift_word(vec a)
{
    return AS_VEC(_mm256_srli_epi64(AS_INT(a), 32));
}

INLINE void vtranspose(vec r[W])
{
    vec t[W] = {_mm256_unpacklo_pd(r[0], r[1]), _mm256_unpackhi_pd(r[0], r[1]),
                _mm256_unpacklo_pd(r[2], r[3]), _mm256_unpackhi_pd(r[2], r[3])};
    for (int c = 0; c < 2; c++) {
        r[c] = _mm256_permute2f128_pd(t[c], t[c + 2], 0x20);
        r[c + 2] = _mm256_permute2f128_pd(t[c], t[c + 2], 0x31);
    }
}
#endif

#define TILE_ROWS 6
#define TILE_VECS 2

#undef MM
#undef MI
#undef AS_INT
#undef AS_VEC
