// SPDX-License-Identifier: MIT
/* The element types of safetensors: names, sizes, and how their elements are read. */
#include "format/dtype.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

static double float_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

/* 1 sign, 5 exponent, 10 fraction bits. */
static double real_f16(const void *data, size_t i)
{
    uint32_t h = ((const uint16_t *)data)[i];
    uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 0) /* 0 and denormals */
        return copysign((double)fraction * 0x1p-24, sign ? -1.0 : 1.0);
    exponent = exponent == 31 ? 255 : exponent + (127 - 15);
    return float_of_bits(sign | exponent << 23 | fraction << 13);
}

/* The upper half of a float. */
static double real_bf16(const void *data, size_t i)
{
    return float_of_bits((uint32_t)((const uint16_t *)data)[i] << 16);
}

static double real_f32(const void *data, size_t i)
{
    return (double)((const float *)data)[i];
}

static double real_f64(const void *data, size_t i)
{
    return ((const double *)data)[i];
}

#define WHOLE(name, type)                           \
    static int64_t name(const void *data, size_t i) \
    {                                               \
        return ((const type *)data)[i];             \
    }
WHOLE(whole_u8, uint8_t)
WHOLE(whole_i8, int8_t)
WHOLE(whole_i16, int16_t)
WHOLE(whole_u16, uint16_t)
WHOLE(whole_i32, int32_t)
WHOLE(whole_u32, uint32_t)
WHOLE(whole_i64, int64_t)
#undef WHOLE

static const rcr_file_type types[] = {
    {"F32", 32, real_f32, NULL},    {"F64", 64, real_f64, NULL},   {"I64", 64, NULL, whole_i64},
    {"F16", 16, real_f16, NULL},    {"BF16", 16, real_bf16, NULL}, {"BOOL", 8, NULL, whole_u8},
    {"U8", 8, NULL, whole_u8},      {"I8", 8, NULL, whole_i8},     {"I16", 16, NULL, whole_i16},
    {"U16", 16, NULL, whole_u16},   {"I32", 32, NULL, whole_i32},  {"U32", 32, NULL, whole_u32},
    {"U64", 64, NULL, NULL},        {"C64", 64, NULL, NULL},       {"F8_E5M2", 8, NULL, NULL},
    {"F8_E4M3", 8, NULL, NULL},     {"F8_E8M0", 8, NULL, NULL},    {"F8_E4M3FNUZ", 8, NULL, NULL},
    {"F8_E5M2FNUZ", 8, NULL, NULL}, {"F6_E2M3", 6, NULL, NULL},    {"F6_E3M2", 6, NULL, NULL},
    {"F4", 4, NULL, NULL},
};

const rcr_file_type *rcr_file_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

const rcr_file_type *rcr_file_type_of(recur_dtype dtype)
{
    static const char *const names[] = {[RECUR_F32] = "F32", [RECUR_F64] = "F64", [RECUR_I64] = "I64"};
    return rcr_file_type_find(names[dtype]);
}

size_t rcr_file_type_align(const rcr_file_type *type)
{
    return type->bits < 8 ? 1 : type->bits / 8;
}

bool rcr_file_type_fits(const rcr_file_type *type, recur_dtype to)
{
    return to == RECUR_I64 ? type->whole != NULL : type->real != NULL;
}

void rcr_file_type_copy(const rcr_file_type *type, const void *data, size_t n, recur_dtype to, void *out)
{
    if (type == rcr_file_type_of(to)) {
        if (n)
            memcpy(out, data, n * (type->bits / 8));
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (to == RECUR_F32)
            ((float *)out)[i] = (float)type->real(data, i);
        else if (to == RECUR_F64)
            ((double *)out)[i] = type->real(data, i);
        else
            ((int64_t *)out)[i] = type->whole(data, i);
}

bool rcr_file_type_bytes(const rcr_file_type *type, int rank, const int64_t *shape, size_t *count,
                         size_t *bytes)
{
    size_t product = 1, bits;
    bool empty = false;
    for (int i = 0; i < rank; i++) {
        empty = empty || shape[i] == 0;
        if (shape[i] < 0 || (uint64_t)shape[i] > SIZE_MAX)
            return false;
        if (shape[i] && !rcr_mul_size(product, (size_t)shape[i], &product))
            return false;
    }
    if (!rcr_mul_size(product, type->bits, &bits) || (!empty && bits % 8))
        return false;
    *count = empty ? 0 : product;
    *bytes = empty ? 0 : bits / 8;
    return true;
}
