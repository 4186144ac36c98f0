// SPDX-License-Identifier: MIT
/* The element types of safetensors: names, sizes, and how their elements are read. */
#ifndef RCR_FORMAT_DTYPE_H
#define RCR_FORMAT_DTYPE_H

#include <recur/tensor.h>

/* The format is little-endian, and so are all the processors this library is built for: elements are used
 * where they lie. A big-endian machine would need a swapped copy of each tensor, both ways; until somebody
 * has one, it does not compile. */
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "src/format reads and writes little-endian files in place and needs a little-endian machine"
#endif

typedef struct rcr_file_type {
    const char *name;
    unsigned bits; /* of an element; 4 and 6 are packed, several elements to a byte */
    /* Element i, NULL where a type is only carried about: floating types as double, whole numbers as int64.
     */
    double (*real)(const void *data, size_t i);
    int64_t (*whole)(const void *data, size_t i);
} rcr_file_type;

/* By name, or NULL. */
const rcr_file_type *rcr_file_type_find(const char *name);
/* What the elements of a tensor are in a file. */
const rcr_file_type *rcr_file_type_of(recur_dtype dtype);
/* Bytes to which the data are aligned: the size of an element, 1 for packed ones. */
size_t rcr_file_type_align(const rcr_file_type *type);

/* Whether the elements can be copied into a tensor of type `to` with no more than a floating-point rounding.
 */
bool rcr_file_type_fits(const rcr_file_type *type, recur_dtype to);
/* Copies n elements; types as rcr_file_type_fits() allows. */
void rcr_file_type_copy(const rcr_file_type *type, const void *data, size_t n, recur_dtype to, void *out);

/* Elements and bytes of a shape; false where the product of the lengths that are not 0 overflows, a length is
 * negative, or the last byte is not full. */
bool rcr_file_type_bytes(const rcr_file_type *type, int rank, const int64_t *shape, size_t *count,
                         size_t *bytes);

#endif
