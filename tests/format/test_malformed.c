// SPDX-License-Identifier: MIT
/*
 * Malformed files: a table of damages, each with what the message must say; then truncation and bit flips
 * everywhere.
 *
 * With a folder as argument, writes the files of the table into it (seeds for fuzzing, input for the command
 * line).
 */
#include "format/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "support/fail_alloc.h"

/* The header of one tensor of 8 bytes, in pieces that a damage can replace. */
#define TENSOR(fields) "{\"w\":{" fields "}}"
#define DTYPE "\"dtype\":\"F32\","
#define SHAPE "\"shape\":[2],"
#define OFFSETS "\"data_offsets\":[0,8]"
#define ONE(name, begin, end) \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[" begin "," end "]}"
#define META(pairs) "{\"__metadata__\":" pairs "}"

enum { TRUE_LENGTH = 0 };
#define HUGE_LENGTH UINT64_MAX

static const struct damage {
    const char *name;
    const char *header;
    size_t n;        /* of the header */
    size_t data;     /* bytes behind it */
    uint64_t length; /* that the file claims; TRUE_LENGTH: n */
    const char *words;
} table[] = {
#define D(name, header, data, length, words)                 \
    {                                                        \
        name, header, sizeof header - 1, data, length, words \
    }
    /* the length */
    D("length-too-long", "{}", 0, 3, "header should have 3 bytes, the file has 2"),
    D("length-by-one-with-data", TENSOR(DTYPE SHAPE OFFSETS), 8, 200, "header should have 200 bytes"),
    D("length-2^63", "{}", 0, (uint64_t)1 << 63, "header should have 9223372036854775808 bytes"),
    D("length-2^64-1", "{}", 0, HUGE_LENGTH, "header should have 18446744073709551615 bytes"),
    D("length-wraps-with-8", "{}", 0, HUGE_LENGTH - 7, "header should have 18446744073709551608 bytes"),
    D("length-too-short", "{}      ", 0, 1,
      "header byte 1: expected the name of a tensor|the end of the header"),
    D("length-cuts-header", TENSOR(DTYPE SHAPE OFFSETS), 8, 20, "header byte"),
    D("length-zero", "", 0, TRUE_LENGTH, "header byte 0: expected '{', found the end of the header"),
    /* the JSON as a whole */
    D("space-before", " {}", 0, TRUE_LENGTH, "header byte 0: expected '{', found the byte 0x20"),
    D("byte-order-mark", "\xEF\xBB\xBF{}", 0, TRUE_LENGTH, "expected '{', found the byte 0xef"),
    D("array", "[]", 0, TRUE_LENGTH, "expected '{', found '['"),
    D("text", "\"w\"", 0, TRUE_LENGTH, "expected '{', found '\"'"),
    D("null", "null", 0, TRUE_LENGTH, "expected '{', found 'n'"),
    D("binary", "\x80\x02}q\x00X", 0, TRUE_LENGTH, "expected '{', found the byte 0x80"),
    D("only-brace", "{", 0, TRUE_LENGTH, "header byte 1"),
    D("text-behind", "{}x", 0, TRUE_LENGTH, "header byte 2: expected nothing but spaces|found 'x'"),
    D("zeros-behind", "{}\0\0\0\0\0\0", 0, TRUE_LENGTH, "nothing but spaces|the byte 0x00"),
    D("newline-behind", "{}\n", 0, TRUE_LENGTH, "nothing but spaces|the byte 0x0a"),
    D("second-object", "{}{}", 0, TRUE_LENGTH, "nothing but spaces|found '{'"),
    D("comma-at-end", "{" ONE("w", "0", "8") ",}", 8, TRUE_LENGTH,
      "the name of a tensor in quotes, found '}'"),
    D("no-comma", "{" ONE("v", "0", "8") ONE("w", "8", "16") "}", 16, TRUE_LENGTH,
      "expected ',' or '}', found '\"'"),
    D("no-colon", "{\"w\"{}}", 0, TRUE_LENGTH, "expected ':' after a name, found '{'"),
    D("name-without-quotes", "{w:{}}", 0, TRUE_LENGTH, "the name of a tensor in quotes, found 'w'"),
    D("single-quotes", "{'w':{}}", 0, TRUE_LENGTH, "the name of a tensor in quotes, found '''"),
    D("comment", "{/**/}", 0, TRUE_LENGTH, "found '/'"),
    D("deep", "{\"w\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", 0, TRUE_LENGTH,
      "'{' and the fields of a tensor, found '['|'w'"),
    D("deep-fields", "{\"w\":{\"shape\":[[[[[[1]]]]]]}}", 0, TRUE_LENGTH,
      "a length, a whole number, found '['|'w'"),
    /* texts */
    D("text-not-closed", "{\"w", 0, TRUE_LENGTH, "the closing quote of a text, found the end"),
    D("escape-at-end", "{\"w\\", 0, TRUE_LENGTH, "an unknown escape"),
    D("escape-unknown", "{\"\\x41\":{}}", 0, TRUE_LENGTH, "header byte 3: an unknown escape"),
    D("escape-short", "{\"\\u12\":{}}", 0, TRUE_LENGTH, "four hexadecimal digits"),
    D("escape-cut", "{\"\\u12", 0, TRUE_LENGTH, "four hexadecimal digits"),
    D("escape-zero", "{\"w\\u0000x\":{}}", 0, TRUE_LENGTH, "U+0000"),
    D("surrogate-high-alone", "{\"\\ud83d\":{}}", 0, TRUE_LENGTH, "half a surrogate pair"),
    D("surrogate-low-alone", "{\"\\ude00\":{}}", 0, TRUE_LENGTH, "half a surrogate pair"),
    D("surrogate-twice-low", "{\"\\ude00\\ude00\":{}}", 0, TRUE_LENGTH, "half a surrogate pair"),
    D("surrogate-twice-high", "{\"\\ud83d\\ud83d\":{}}", 0, TRUE_LENGTH, "half a surrogate pair"),
    D("control-character", "{\"a\nb\":{}}", 0, TRUE_LENGTH, "a control character"),
    D("zero-byte-in-name", "{\"a\0b\":{}}", 0, TRUE_LENGTH, "header byte 3: a control character"),
    D("utf8-lone-continuation", "{\"\x80\":{}}", 0, TRUE_LENGTH, "not UTF-8"),
    D("utf8-overlong", "{\"\xC0\xAF\":{}}", 0, TRUE_LENGTH, "not UTF-8"),
    D("utf8-overlong-3", "{\"\xE0\x80\xAF\":{}}", 0, TRUE_LENGTH, "not UTF-8"),
    D("utf8-surrogate", "{\"\xED\xA0\x80\":{}}", 0, TRUE_LENGTH, "not UTF-8"),
    D("utf8-too-high", "{\"\xF4\x90\x80\x80\":{}}", 0, TRUE_LENGTH, "not UTF-8"),
    D("utf8-cut-by-quote", "{\"\xE2\x82\":{}}", 0, TRUE_LENGTH, "not UTF-8"),
    D("utf8-cut-by-end", "{\"\xF0\x9F\x98", 0, TRUE_LENGTH, "not UTF-8"),
    D("latin-1", "{\"gr\xFC\xDF\":{}}", 0, TRUE_LENGTH, "not UTF-8"),
    /* a tensor's fields */
    D("tensor-is-number", "{\"w\":1}", 0, TRUE_LENGTH, "the fields of a tensor, found '1'|tensor 'w'"),
    D("tensor-is-null", "{\"w\":null}", 0, TRUE_LENGTH, "the fields of a tensor, found 'n'|tensor 'w'"),
    D("no-fields", TENSOR(), 0, TRUE_LENGTH, "tensor 'w': there is no 'dtype'"),
    D("no-dtype", TENSOR(SHAPE OFFSETS), 8, TRUE_LENGTH, "tensor 'w': there is no 'dtype'"),
    D("no-shape", TENSOR(DTYPE OFFSETS), 8, TRUE_LENGTH, "tensor 'w': there is no 'shape'"),
    D("no-offsets", TENSOR(DTYPE "\"shape\":[2]"), 8, TRUE_LENGTH, "tensor 'w': there is no 'data_offsets'"),
    D("dtype-twice", TENSOR(DTYPE DTYPE SHAPE OFFSETS), 8, TRUE_LENGTH,
      "tensor 'w': there is a second 'dtype'"),
    D("shape-twice", TENSOR(DTYPE SHAPE SHAPE OFFSETS), 8, TRUE_LENGTH,
      "tensor 'w': there is a second 'shape'"),
    D("offsets-twice", TENSOR(DTYPE SHAPE OFFSETS "," OFFSETS), 8, TRUE_LENGTH, "a second 'data_offsets'"),
    D("field-unknown", TENSOR(DTYPE SHAPE "\"scale\":2," OFFSETS), 8, TRUE_LENGTH,
      "'w'|data_offsets are its fields, not 'scale'"),
    D("field-comma-at-end", TENSOR(DTYPE SHAPE OFFSETS ","), 8, TRUE_LENGTH,
      "the name of a field|found '}'|'w'"),
    D("dtype-unknown", TENSOR("\"dtype\":\"F33\"," SHAPE OFFSETS), 8, TRUE_LENGTH,
      "tensor 'w': unknown dtype 'F33'"),
    D("dtype-lower-case", TENSOR("\"dtype\":\"f32\"," SHAPE OFFSETS), 8, TRUE_LENGTH, "unknown dtype 'f32'"),
    D("dtype-numpy", TENSOR("\"dtype\":\"<f4\"," SHAPE OFFSETS), 8, TRUE_LENGTH, "unknown dtype '<f4'"),
    D("dtype-empty", TENSOR("\"dtype\":\"\"," SHAPE OFFSETS), 8, TRUE_LENGTH, "unknown dtype ''"),
    D("dtype-number", TENSOR("\"dtype\":32," SHAPE OFFSETS), 8, TRUE_LENGTH,
      "a type in quotes, found '3'|'w'"),
    D("dtype-with-colours", TENSOR("\"dtype\":\"\\u001b[31m\\nF\"," SHAPE OFFSETS), 8, TRUE_LENGTH,
      "unknown dtype '\\u001b[31m\\u000aF'"),
    /* shapes */
    D("shape-number", TENSOR(DTYPE "\"shape\":2," OFFSETS), 8, TRUE_LENGTH,
      "the lengths of the axes, found '2'|'w'"),
    D("shape-object", TENSOR(DTYPE "\"shape\":{}," OFFSETS), 8, TRUE_LENGTH,
      "the lengths of the axes, found '{'"),
    D("shape-not-closed", TENSOR(DTYPE "\"shape\":[2," OFFSETS), 8, TRUE_LENGTH,
      "a whole number, found '\"'"),
    D("shape-negative", TENSOR(DTYPE "\"shape\":[-2]," OFFSETS), 8, TRUE_LENGTH,
      "a whole number, found '-'|'w'"),
    D("shape-negative-pair", TENSOR(DTYPE "\"shape\":[-1,-2]," OFFSETS), 8, TRUE_LENGTH, "found '-'"),
    D("shape-fraction", TENSOR(DTYPE "\"shape\":[2.0]," OFFSETS), 8, TRUE_LENGTH,
      "a whole number, found '.'"),
    D("shape-exponent", TENSOR(DTYPE "\"shape\":[2e0]," OFFSETS), 8, TRUE_LENGTH,
      "a whole number, found 'e'"),
    D("shape-text", TENSOR(DTYPE "\"shape\":[\"2\"]," OFFSETS), 8, TRUE_LENGTH, "a whole number, found '\"'"),
    D("shape-true", TENSOR(DTYPE "\"shape\":[true]," OFFSETS), 8, TRUE_LENGTH, "a whole number, found 't'"),
    D("shape-leading-zero", TENSOR(DTYPE "\"shape\":[02]," OFFSETS), 8, TRUE_LENGTH, "without leading zeros"),
    D("shape-2^63", TENSOR(DTYPE "\"shape\":[9223372036854775808]," OFFSETS), 8, TRUE_LENGTH, "below 2^63"),
    D("shape-2^64-and-2", TENSOR(DTYPE "\"shape\":[18446744073709551618]," OFFSETS), 8, TRUE_LENGTH,
      "below 2^63"),
    D("shape-1e40", TENSOR(DTYPE "\"shape\":[10000000000000000000000000000000000000000]," OFFSETS), 8,
      TRUE_LENGTH, "below 2^63"),
    D("shape-product-overflows", TENSOR(DTYPE "\"shape\":[4294967296,4294967296]," OFFSETS), 8, TRUE_LENGTH,
      "'w': shape [4294967296, 4294967296] of F32 is too large"),
    D("shape-bytes-overflow", TENSOR(DTYPE "\"shape\":[4611686018427387906]," OFFSETS), 8, TRUE_LENGTH,
      "shape [4611686018427387906] of F32 is too large"),
    D("shape-overflow-with-zero", TENSOR(DTYPE "\"shape\":[0,4294967296,4294967296],\"data_offsets\":[0,0]"),
      0, TRUE_LENGTH, "shape [0, 4294967296, 4294967296] of F32 is too large"),
    D("shape-too-small", TENSOR(DTYPE "\"shape\":[1]," OFFSETS), 8, TRUE_LENGTH,
      "'w': shape [1] of F32 needs 4 bytes, data_offsets [0, 8] have 8"),
    D("shape-too-large", TENSOR(DTYPE "\"shape\":[3]," OFFSETS), 8, TRUE_LENGTH,
      "needs 12 bytes, data_offsets [0, 8] have 8"),
    D("shape-zero-with-data", TENSOR(DTYPE "\"shape\":[2,0]," OFFSETS), 8, TRUE_LENGTH, "needs 0 bytes"),
    D("shape-scalar-with-more", TENSOR(DTYPE "\"shape\":[]," OFFSETS), 8, TRUE_LENGTH,
      "shape [] of F32 needs 4 bytes"),
    D("shape-long",
      TENSOR(DTYPE
             "\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,7]," OFFSETS),
      8, TRUE_LENGTH, "1, 1, ...] of F32 needs 28 bytes"),
    D("packed-half-byte", TENSOR("\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]"), 1, TRUE_LENGTH,
      "shape [3] of F4 is too large, or its last byte is not full"),
    /* offsets */
    D("offsets-number", TENSOR(DTYPE SHAPE "\"data_offsets\":8"), 8, TRUE_LENGTH,
      "two offsets, found '8'|'w'"),
    D("offsets-empty", TENSOR(DTYPE SHAPE "\"data_offsets\":[]"), 8, TRUE_LENGTH,
      "an offset, a whole number, found ']'"),
    D("offsets-one", TENSOR(DTYPE SHAPE "\"data_offsets\":[0]"), 8, TRUE_LENGTH,
      "a second offset, found ']'"),
    D("offsets-three", TENSOR(DTYPE SHAPE "\"data_offsets\":[0,8,8]"), 8, TRUE_LENGTH,
      "after two offsets, found ','"),
    D("offsets-backwards", TENSOR(DTYPE SHAPE "\"data_offsets\":[8,0]"), 8, TRUE_LENGTH,
      "'w'|[8, 0] run backwards"),
    D("offsets-negative", TENSOR(DTYPE SHAPE "\"data_offsets\":[-8,0]"), 8, TRUE_LENGTH, "found '-'|'w'"),
    D("offsets-past-end", TENSOR(DTYPE "\"shape\":[3],\"data_offsets\":[0,12]"), 8, TRUE_LENGTH,
      "'w': data_offsets [0, 12] go past the 8 bytes of data"),
    D("offsets-huge",
      TENSOR("\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,9223372036854775807]"), 8,
      TRUE_LENGTH, "[0, 9223372036854775807] go past the 8 bytes of data"),
    D("offsets-2^64", TENSOR(DTYPE SHAPE "\"data_offsets\":[0,18446744073709551624]"), 8, TRUE_LENGTH,
      "below 2^63"),
    D("offsets-begin-late", TENSOR(DTYPE SHAPE "\"data_offsets\":[8,16]"), 16, TRUE_LENGTH,
      "'w'|leave a hole|end at 0"),
    D("hole", "{" ONE("v", "0", "8") "," ONE("w", "9", "17") "}", 17, TRUE_LENGTH,
      "'w': data_offsets [9, 17] leave a hole: the data before end at 8"),
    D("overlap", "{" ONE("v", "0", "8") "," ONE("w", "7", "15") "}", 15, TRUE_LENGTH,
      "'w': data_offsets [7, 15] overlap those of 'v', [0, 8]"),
    D("same-place", "{" ONE("v", "0", "8") "," ONE("w", "0", "8") "}", 8, TRUE_LENGTH,
      "'w'|overlap those of 'v'"),
    D("inside", "{" ONE("v", "0", "8") ",\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}", 8,
      TRUE_LENGTH, "'w': data_offsets [2, 4] overlap"),
    D("empty-inside",
      "{" ONE("v", "0", "8") ",\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}}", 8,
      TRUE_LENGTH, "'w': data_offsets [4, 4] overlap"),
    D("bytes-behind", TENSOR(DTYPE SHAPE OFFSETS), 9, TRUE_LENGTH,
      "the tensors end at 8, the file has 9 bytes of data"),
    D("bytes-without-tensors", "{}", 1, TRUE_LENGTH, "the tensors end at 0, the file has 1 bytes"),
    D("data-missing", TENSOR(DTYPE SHAPE OFFSETS), 0, TRUE_LENGTH, "'w'|go past the 0 bytes of data"),
    D("data-cut", TENSOR(DTYPE SHAPE OFFSETS), 7, TRUE_LENGTH,
      "go past the 7 bytes of data in the file; it may be cut off"),
    /* names */
    D("name-twice", "{" ONE("w", "0", "8") "," ONE("w", "8", "16") "}", 16, TRUE_LENGTH, "two tensors 'w'"),
    D("name-twice-escaped", "{" ONE("w", "0", "8") "," ONE("\\u0077", "8", "16") "}", 16, TRUE_LENGTH,
      "two tensors 'w'"),
    D("name-twice-same-data", "{" ONE("w", "0", "8") "," ONE("w", "0", "8") "}", 8, TRUE_LENGTH,
      "two tensors 'w'"),
    D("name-with-newline", "{\"a\\nb\":{}}", 0, TRUE_LENGTH, "tensor 'a\\u000ab': there is no"),
    D("name-turns-around", "{\"a\\u202eb\":{}}", 0, TRUE_LENGTH, "tensor 'a\\u202eb': there is no"),
    /* metadata */
    D("metadata-array", META("[]"), 0, TRUE_LENGTH, "the pairs of __metadata__, found '['"),
    D("metadata-null", META("null"), 0, TRUE_LENGTH, "the pairs of __metadata__, found 'n'"),
    D("metadata-text", META("\"x\""), 0, TRUE_LENGTH, "the pairs of __metadata__, found '\"'"),
    D("metadata-number", META("{\"epochs\":10}"), 0, TRUE_LENGTH,
      "a value of __metadata__, a text in quotes, found '1'"),
    D("metadata-object", META("{\"config\":{}}"), 0, TRUE_LENGTH,
      "a value of __metadata__, a text in quotes, found '{'"),
    D("metadata-key-twice", META("{\"k\":\"1\",\"k\":\"2\"}"), 0, TRUE_LENGTH,
      "__metadata__ has the key 'k' twice"),
    D("metadata-no-colon", META("{\"k\"}"), 0, TRUE_LENGTH, "':' after a key of __metadata__"),
    D("metadata-not-closed", META("{\"k\":\"v\""), 0, TRUE_LENGTH, "',' or '}'"),
    D("metadata-not-utf8", META("{\"k\":\"\xFF\"}"), 0, TRUE_LENGTH, "not UTF-8"),
    D("metadata-zero", META("{\"k\":\"a\\u0000b\"}"), 0, TRUE_LENGTH, "U+0000"),
    D("metadata-twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0, TRUE_LENGTH, "a second __metadata__"),
    D("metadata-as-tensor", "{" ONE("__metadata__", "0", "8") "}", 8, TRUE_LENGTH,
      "a value of __metadata__|found '['"),
#undef D
};
enum { DAMAGES = sizeof table / sizeof *table };

static file damaged(const struct damage *d)
{
    return make_file(d->length == TRUE_LENGTH ? d->n : d->length, d->header, d->n, d->data);
}

static void test_table(void **state)
{
    (void)state;
    recur_ctx *cx = new_context();
    assert_true(DAMAGES >= 60);
    for (size_t i = 0; i < DAMAGES; i++) {
        file f = damaged(&table[i]);
        recur_archive *a = (recur_archive *)cx;
        recur_status s = recur_archive_parse(&a, cx, f.bytes, f.size, table[i].name);
        if (s != RECUR_EFORMAT)
            fail_msg("%s: %s", table[i].name, recur_status_name(s));
        assert_null(a);
        expect_words(cx, table[i].name);
        expect_words(cx, table[i].words);
        free(f.bytes);
    }
    recur_ctx_free(cx);
}

/* The same through a file: the text begins with the file's name. */
static void test_through_a_file(void **state)
{
    (void)state;
    char folder[256], path[320];
    recur_ctx *cx = new_context();
    in_folder(path, make_folder(folder), "damaged.safetensors");
    for (size_t i = 0; i < DAMAGES; i++) {
        file f = damaged(&table[i]);
        recur_archive *a;
        save_file(f, path);
        expect_status(cx, recur_archive_open(&a, cx, path), RECUR_EFORMAT);
        assert_ptr_equal(strstr(error_text(cx), path), error_text(cx));
        expect_words(cx, table[i].words);
        free(f.bytes);
    }
    unlink(path);
    rmdir(folder);
    recur_ctx_free(cx);
}

static void test_short_and_absent(void **state)
{
    (void)state;
    char folder[256], path[320];
    recur_ctx *cx = new_context();
    recur_archive *a;
    in_folder(path, make_folder(folder), "short.safetensors");
    for (size_t n = 0; n < 8; n++) {
        save_file((file){(unsigned char *)"\0\0\0\0\0\0\0", n}, path);
        expect_status(cx, recur_archive_open(&a, cx, path), RECUR_EFORMAT);
        expect_words(cx, "short.safetensors|bytes are no safetensors file");
    }
    unlink(path);
    expect_status(cx, recur_archive_open(&a, cx, path), RECUR_ENOTFOUND);
    expect_words(cx, "short.safetensors");
    expect_status(cx, recur_archive_open(&a, cx, folder), RECUR_EIO);
    expect_words(cx, folder);
    rmdir(folder);
    recur_ctx_free(cx);
}

/* ---- unusual, and legal ---- */

/* Reads what an archive offers; the sum keeps the compiler from leaving it out. */
static uint64_t touch(const recur_archive *a)
{
    uint64_t sum = 0;
    const char *key, *value;
    for (size_t i = 0; i < recur_archive_size(a); i++) {
        recur_entry e, again;
        assert_int_equal(recur_archive_at(a, i, &e), RECUR_OK);
        assert_int_equal(recur_archive_find(a, e.name, &again), RECUR_OK);
        assert_ptr_equal(e.data, again.data);
        for (size_t k = 0; k < e.size; k++)
            sum += ((const unsigned char *)e.data)[k];
        for (int k = 0; k < e.rank; k++)
            sum += (uint64_t)e.shape[k];
    }
    for (size_t i = 0; recur_archive_meta_at(a, i, &key, &value); i++)
        assert_string_equal(recur_archive_meta(a, key), value);
    return sum;
}

static const struct {
    const char *name, *header;
    size_t data, tensors, metas;
} legal[] = {
    {"empty", "{}", 0, 0, 0},
    {"empty-metadata", "{\"__metadata__\":{}}", 0, 0, 0},
    {"plain", "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} ", 8, 1, 0},
    {"white-space",
     "{ \t\r\n\"w\" : { \"data_offsets\" : [ 0 , 8 ] , \"shape\" : [ 2 ] ,\n\"dtype\"\t:\"F32\" } }", 8, 1,
     0},
    {"only-white-space-inside", "{ \n }    ", 0, 0, 0},
    {"other-order",
     "{\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[5,8]},"
     "\"a\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]},\"__metadata__\":{\"k\":\"v\"}}",
     8, 2, 1},
    {"scalars-and-empty",
     "{\"e\":{\"dtype\":\"F64\",\"shape\":[3,0,2],\"data_offsets\":[8,8]},"
     "\"s\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
     "\"f\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
     8, 3, 0},
    {"unaligned",
     "{\"b\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]},"
     "\"w\":{\"dtype\":\"F64\",\"shape\":[1,1],\"data_offsets\":[1,9]}}",
     9, 2, 0},
    {"names",
     "{\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},"
     "\"\\ud83d\\ude00\\n\\/\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[1,2]},"
     "\"\xF0\x9F\x98\x80\":{\"\\u0064type\":\"U\\u0038\",\"shape\":[],\"data_offsets\":[2,3]}}",
     3, 3, 0},
    {"metadata", "{\"__metadata__\":{\"\":\"\",\"dtype\":\"\\u00e9\\\"\\\\\",\"\xE2\x82\xAC\":\"[{}]\"}}", 0,
     0, 3},
    {"many-axes", "{\"w\":{\"dtype\":\"F16\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,4]}}",
     4, 1, 0},
    {"large-and-empty", "{\"w\":{\"dtype\":\"U8\",\"shape\":[0,1152921504606846976],\"data_offsets\":[0,0]}}",
     0, 1, 0},
    {"packed",
     "{\"x\":{\"dtype\":\"F4\",\"shape\":[2,3],\"data_offsets\":[0,3]},"
     "\"y\":{\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[3,6]},"
     "\"z\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[6,8]}}",
     8, 3, 0},
    {"names-of-others",
     "{\"w\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[4,20]}}",
     20, 2, 0},
};
enum { LEGAL = sizeof legal / sizeof *legal };

static void test_legal(void **state)
{
    (void)state;
    recur_ctx *cx = new_context();
    for (size_t i = 0; i < LEGAL; i++) {
        file f = make_true_file(legal[i].header, legal[i].data);
        recur_archive *a;
        const char *key, *value;
        size_t metas = 0;
        expect_status(cx, recur_archive_parse(&a, cx, f.bytes, f.size, legal[i].name), RECUR_OK);
        assert_int_equal(recur_archive_size(a), legal[i].tensors);
        while (recur_archive_meta_at(a, metas, &key, &value))
            metas++;
        assert_int_equal(metas, legal[i].metas);
        touch(a);
        recur_archive_free(a);
        free(f.bytes);
    }
    recur_ctx_free(cx);
}

/* ---- everywhere ---- */

static const char good[] = "{\"__metadata__\":{\"k\\u00e9y\":\"v\\n\"},"
                           "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[8,16]},"
                           "\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}  ";
enum { GOOD_DATA = 16 };

static void test_truncation(void **state)
{
    (void)state;
    recur_ctx *cx = new_context();
    file whole = make_true_file(good, GOOD_DATA);
    recur_archive *a;
    expect_status(cx, recur_archive_parse(&a, cx, whole.bytes, whole.size, "whole"), RECUR_OK);
    touch(a);
    recur_archive_free(a);
    for (size_t n = 0; n < whole.size; n++) {
        unsigned char *part = malloc(n + !n);
        assert_non_null(part);
        memcpy(part, whole.bytes, n);
        expect_status(cx, recur_archive_parse(&a, cx, part, n, "cut"), RECUR_EFORMAT);
        expect_words(cx, "cut: ");
        free(part);
    }
    free(whole.bytes);
    recur_ctx_free(cx);
}

/* Each bit, then each byte by each other byte: opened and read, or refused with a text. */
static void test_flips(void **state)
{
    (void)state;
    recur_ctx *cx = new_context();
    file f = make_true_file(good, GOOD_DATA);
    long opened = 0, refused = 0;
    for (size_t i = 0; i < f.size; i++) {
        unsigned char was = f.bytes[i];
        for (unsigned other = 0; other < 256; other++) {
            recur_archive *a;
            f.bytes[i] = (unsigned char)other;
            recur_clear(cx);
            recur_status s = recur_archive_parse(&a, cx, f.bytes, f.size, "flipped");
            if (s == RECUR_OK) {
                touch(a);
                opened++;
            } else {
                assert_int_equal(s, RECUR_EFORMAT);
                expect_words(cx, "flipped: ");
                refused++;
            }
            recur_archive_free(a);
        }
        f.bytes[i] = was;
    }
    assert_true(opened > 256 * GOOD_DATA && refused > opened);
    free(f.bytes);
    recur_ctx_free(cx);
}

/* ---- claims of size ---- */

/* Opens, and returns the most bytes that were allocated for it. */
static size_t peak_of(const void *bytes, size_t size, recur_status expected)
{
    fail_alloc f;
    recur_ctx *cx;
    recur_archive *a;
    fail_alloc_init(&f);
    recur_options opt = {.threads = 1, .allocator = &f.allocator};
    assert_int_equal(recur_ctx_create(&cx, &opt), RECUR_OK);
    size_t before = f.bytes;
    f.peak = before;
    expect_status(cx, recur_archive_parse(&a, cx, bytes, size, "claims"), expected);
    recur_archive_free(a);
    recur_ctx_free(cx);
    fail_alloc_check(&f);
    return f.peak - before;
}

static void test_claims_allocate_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < DAMAGES; i++) {
        file f = damaged(&table[i]);
        assert_true(peak_of(f.bytes, f.size, RECUR_EFORMAT) < 8192);
        free(f.bytes);
    }
}

/* What a header can make the reader allocate stays within a small multiple of the header. */
static void test_memory_is_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *before, *repeated, *after;
    } cases[] = {{"{\"w\":{\"shape\":[1", ",1", "]}}"},
                 {"{\"__metadata__\":{\"\":\"\"", ",\"\":\"\"", "}}"},
                 {"{\"\":{\"dtype\":\"F4\",\"shape\":[],\"data_offsets\":[0,0]}",
                  ",\"\":{\"dtype\":\"F4\",\"shape\":[0],\"data_offsets\":[0,0]}", "}"}};
    enum { SIZE = 1 << 20 };
    char *header = malloc(SIZE + 256);
    assert_non_null(header);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].before);
        memcpy(header, cases[i].before, n + 1);
        for (; n < SIZE; n += strlen(cases[i].repeated))
            strcpy(header + n, cases[i].repeated);
        strcpy(header + n, cases[i].after);
        file f = make_true_file(header, 0);
        assert_true(peak_of(f.bytes, f.size, RECUR_EFORMAT) < 32 * f.size);
        free(f.bytes);
    }
    free(header);
}

/* A header of more than 100 MB, in a file that does have that many bytes (a hole on the disk). */
static void test_header_limit(void **state)
{
    (void)state;
    char folder[256], path[320];
    recur_ctx *cx = new_context();
    recur_archive *a;
    file f = make_file(100000001, "{}", 2, 0);
    save_file(f, in_folder(path, make_folder(folder), "large.safetensors"));
    assert_int_equal(truncate(path, 200000000), 0);
    expect_status(cx, recur_archive_open(&a, cx, path), RECUR_EFORMAT);
    expect_words(cx, "large.safetensors: the header has 100000001 bytes, more than the 100000000");
    unlink(path);
    rmdir(folder);
    free(f.bytes);
    recur_ctx_free(cx);
}

/* ---- the files of the table, for others ---- */

static int write_table(const char *folder)
{
    char path[320], name[64];
    for (size_t i = 0; i < DAMAGES; i++) {
        file f = damaged(&table[i]);
        snprintf(name, sizeof name, "bad-%s.safetensors", table[i].name);
        save_file(f, in_folder(path, folder, name));
        free(f.bytes);
    }
    for (size_t i = 0; i < LEGAL; i++) {
        file f = make_true_file(legal[i].header, legal[i].data);
        snprintf(name, sizeof name, "legal-%s.safetensors", legal[i].name);
        save_file(f, in_folder(path, folder, name));
        free(f.bytes);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_through_a_file),
        cmocka_unit_test(test_short_and_absent),
        cmocka_unit_test(test_legal),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_flips),
        cmocka_unit_test(test_claims_allocate_nothing),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_header_limit),
    };
    if (argc > 1)
        return write_table(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
