// SPDX-License-Identifier: MIT
/* Writing and reading back: every type, odd shapes, any text, the same bytes each time; what the writer
 * refuses. */
#include "format/file.h"

#include <math.h>
#include <sys/resource.h>
#include <signal.h>
#include <dirent.h>

#include "format/sort.h"
#include "format/text.h"

typedef struct place {
    recur_ctx *cx;
    char folder[256], path[320];
} place;

static int set_up(void **state)
{
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->cx = new_context();
    in_folder(p->path, make_folder(p->folder), "m.safetensors");
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    unlink(p->path);
    assert_int_equal(rmdir(p->folder), 0); /* nothing else was left there */
    recur_ctx_free(p->cx);
    free(p);
    return 0;
}

/* ---- round trips ---- */

static const struct {
    const char *name;
    size_t bits;
} types[] = {{"BOOL", 8},        {"U8", 8},         {"I8", 8},   {"I16", 16},    {"U16", 16},
             {"F16", 16},        {"BF16", 16},      {"I32", 32}, {"U32", 32},    {"F32", 32},
             {"F64", 64},        {"I64", 64},       {"U64", 64}, {"C64", 64},    {"F8_E4M3", 8},
             {"F8_E5M2", 8},     {"F8_E8M0", 8},    {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6},
             {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}};
enum { TYPES = sizeof types / sizeof *types };

/* Lengths that end at -1; products divisible by 4, so that packed types fill their bytes, and one that is
 * odd. */
static const int64_t shapes[][12] = {
    {4, -1},          {0, -1},    {2, 2, -1}, {1, 4, 0, 3, -1}, {1, 1, 1, 1, 1, 1, 1, 1, 4, 1, -1},
    {2, 3, 4, 5, -1}, {12, 1, -1}};
enum { SHAPES = sizeof shapes / sizeof *shapes, ENTRIES = TYPES * SHAPES };

static int rank_of(const int64_t *shape)
{
    int rank = 0;
    while (shape[rank] >= 0)
        rank++;
    return rank;
}

static size_t count_of(const int64_t *shape)
{
    size_t count = 1;
    for (int i = 0; shape[i] >= 0; i++)
        count *= (size_t)shape[i];
    return count;
}

static unsigned char pattern(size_t tensor, size_t byte)
{
    return (unsigned char)(tensor * 31 + byte * 7 + 1);
}

static void make_entries(recur_entry entries[ENTRIES], char names[ENTRIES][32],
                         unsigned char data[ENTRIES][960])
{
    for (size_t i = 0; i < ENTRIES; i++) {
        const int64_t *shape = shapes[i % SHAPES];
        size_t size = count_of(shape) * types[i / SHAPES].bits / 8;
        assert_true(size <= 960);
        snprintf(names[i], 32, "%s.%zu", types[i / SHAPES].name, i % SHAPES);
        for (size_t k = 0; k < size; k++)
            data[i][k] = pattern(i, k);
        entries[i] = (recur_entry){names[i], types[i / SHAPES].name, rank_of(shape), shape, data[i], size};
    }
}

static void expect_entry(const recur_entry *expected, const recur_entry *e)
{
    assert_string_equal(e->name, expected->name);
    assert_string_equal(e->dtype, expected->dtype);
    assert_int_equal(e->rank, expected->rank);
    assert_int_equal(e->size, expected->size);
    for (int i = 0; i < e->rank; i++)
        assert_int_equal(e->shape[i], expected->shape[i]);
    if (e->size)
        assert_memory_equal(e->data, expected->data, e->size);
}

static void test_every_type_and_shape(void **state)
{
    place *p = *state;
    static recur_entry entries[ENTRIES];
    static char names[ENTRIES][32];
    static unsigned char data[ENTRIES][960];
    recur_archive *a;
    make_entries(entries, names, data);
    expect_status(p->cx, recur_archive_write(p->cx, p->path, entries, ENTRIES, NULL, 0), RECUR_OK);
    expect_status(p->cx, recur_archive_open(&a, p->cx, p->path), RECUR_OK);
    assert_int_equal(recur_archive_size(a), ENTRIES);
    for (size_t i = 0; i < ENTRIES; i++) {
        recur_entry e;
        size_t bits = types[i / SHAPES].bits;
        expect_status(p->cx, recur_archive_find(a, names[i], &e), RECUR_OK);
        expect_entry(&entries[i], &e);
        assert_int_equal((uintptr_t)e.data % (bits < 8 ? 1 : bits / 8), 0);
    }
    recur_archive_free(a);
}

static const int64_t pair[] = {2}, one[] = {1};
static const float floats[] = {1.5F, -2.25F};
static const double doubles[] = {3.5, 4.5};
static const int64_t wholes[] = {-7, 1};

static void test_order_and_scalars(void **state)
{
    place *p = *state;
    static const unsigned char byte = 9;
    const recur_entry entries[] = {{"z", "U8", 0, NULL, &byte, 1},
                                   {"f", "F32", 1, pair, floats, sizeof floats},
                                   {"", "I64", 1, one, wholes, sizeof *wholes},
                                   {"a", "F64", 0, NULL, doubles, sizeof *doubles}};
    static const char *const order[] = {"", "a", "f", "z"};
    recur_archive *a;
    recur_entry e;
    expect_status(p->cx, recur_archive_write(p->cx, p->path, entries, 4, NULL, 0), RECUR_OK);
    expect_status(p->cx, recur_archive_open(&a, p->cx, p->path), RECUR_OK);
    for (size_t i = 0; i < 4; i++) {
        expect_status(p->cx, recur_archive_at(a, i, &e), RECUR_OK);
        assert_string_equal(e.name, order[i]);
    }
    expect_status(p->cx, recur_archive_at(a, 4, &e), RECUR_ENOTFOUND);
    expect_words(p->cx, "m.safetensors: there is no tensor 4, it has 4");
    expect_status(p->cx, recur_archive_find(a, "b", &e), RECUR_ENOTFOUND);
    expect_words(p->cx, "m.safetensors: there is no tensor 'b'");
    recur_archive_free(a);
}

static const recur_meta texts[] = {
    {"plain", "text"},
    {"", "the empty key"},
    {"empty", ""},
    {"quotes \" and \\ and /", "\"\\/\\u0041"},
    {"controls", "\x01\x02\t\n\r\x1f\x7f"},
    {"\xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80",
     "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E \xD7\xA2\xD7\x91 \xE2\x80\xAE"},
    {"ends of the ranges",
     "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
    {"json", "{\"__metadata__\":{\"a\":[1,2]}}"},
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void test_metadata(void **state)
{
    place *p = *state;
    recur_archive *a;
    const char *key, *value;
    expect_status(p->cx, recur_archive_write(p->cx, p->path, NULL, 0, texts, TEXTS), RECUR_OK);
    expect_status(p->cx, recur_archive_open(&a, p->cx, p->path), RECUR_OK);
    assert_int_equal(recur_archive_size(a), 0);
    for (size_t i = 0; i < TEXTS; i++) {
        assert_true(recur_archive_meta_at(a, i, &key, &value));
        assert_string_equal(key, texts[i].key);
        assert_string_equal(value, texts[i].value);
        assert_string_equal(recur_archive_meta(a, texts[i].key), texts[i].value);
    }
    assert_false(recur_archive_meta_at(a, TEXTS, &key, &value));
    assert_null(recur_archive_meta(a, "absent"));
    recur_archive_free(a);
}

/* Every code point but the surrogates and 0, as key-sized pieces of one value. */
static void test_all_of_unicode(void **state)
{
    place *p = *state;
    enum { LAST = 0x10FFFF };
    char *all = malloc(4 * (LAST + 1)), *to = all;
    recur_archive *a;
    assert_non_null(all);
    for (uint32_t code = 1, decoded; code <= LAST; code++) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        size_t n = rcr_utf8_encode(to, code);
        assert_int_equal(rcr_utf8_decode(to, n, &decoded), n);
        assert_int_equal(decoded, code);
        to += n;
    }
    *to = '\0';
    const recur_meta meta = {"all", all};
    expect_status(p->cx, recur_archive_write(p->cx, p->path, NULL, 0, &meta, 1), RECUR_OK);
    expect_status(p->cx, recur_archive_open(&a, p->cx, p->path), RECUR_OK);
    assert_string_equal(recur_archive_meta(a, "all"), all);
    recur_archive_free(a);
    free(all);
}

/* Escapes as other writers use them. */
static void test_escapes_of_others(void **state)
{
    place *p = *state;
    file f = make_true_file(
        "{\"__metadata__\" :\t{\"\\u00fc\\/\" : \"\\ud83d\\ude00\\b\\f\\n\\r\\t\\\"\\\\\\uFFFF\"}\r\n}  ", 0);
    recur_archive *a;
    expect_status(p->cx, recur_archive_parse(&a, p->cx, f.bytes, f.size, "escapes"), RECUR_OK);
    assert_string_equal(recur_archive_meta(a, "\xC3\xBC/"), "\xF0\x9F\x98\x80\b\f\n\r\t\"\\\xEF\xBF\xBF");
    recur_archive_free(a);
    free(f.bytes);
}

static void test_same_bytes(void **state)
{
    place *p = *state;
    static const char expected[] = "{\"__metadata__\":{\"a\":\"b\\u000a\\\"\"},"
                                   "\"y\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                                   "\"x\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[16,24]}}";
    static const int64_t row[] = {1, 2};
    const recur_entry entries[] = {{"x", "F32", 2, row, floats, sizeof floats},
                                   {"y", "I64", 1, pair, wholes, sizeof wholes}};
    const recur_meta meta = {"a", "b\n\""};
    file first = {0};
    for (int turn = 0; turn < 2; turn++) {
        recur_ctx *cx = new_context();
        expect_status(cx, recur_archive_write(cx, p->path, entries, 2, &meta, 1), RECUR_OK);
        recur_ctx_free(cx);
        file f = load_file(p->path);
        if (turn) {
            assert_int_equal(f.size, first.size);
            assert_memory_equal(f.bytes, first.bytes, f.size);
        } else
            first = f;
        if (turn)
            free(f.bytes);
    }
    size_t padded = (sizeof expected - 1 + 7) / 8 * 8;
    assert_int_equal(first.size, 8 + padded + 24);
    assert_int_equal(first.bytes[0], padded);
    assert_memory_equal(first.bytes + 8, expected, sizeof expected - 1);
    for (size_t i = sizeof expected - 1; i < padded; i++)
        assert_int_equal(first.bytes[8 + i], ' ');
    assert_memory_equal(first.bytes + 8 + padded, wholes, 16);
    assert_memory_equal(first.bytes + 8 + padded + 16, floats, 8);
    free(first.bytes);
}

static void test_empty_file(void **state)
{
    place *p = *state;
    recur_archive *a;
    expect_status(p->cx, recur_archive_write(p->cx, p->path, NULL, 0, NULL, 0), RECUR_OK);
    file f = load_file(p->path);
    assert_int_equal(f.size, 16);
    assert_memory_equal(f.bytes, "\x08\0\0\0\0\0\0\0{}      ", 16);
    free(f.bytes);
    expect_status(p->cx, recur_archive_open(&a, p->cx, p->path), RECUR_OK);
    recur_archive_free(a);
    recur_archive_free(NULL);
}

/* ---- legal files that are not as we write them ---- */

/* Data in another order than the header, an odd header length, tensors across their element size. */
static void test_unaligned(void **state)
{
    place *p = *state;
    static const char *const headers[] = {
        "{\"d\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[5,13]},\"b\":{\"dtype\":\"U8\",\"shape\":["
        "1],"
        "\"data_offsets\":[0,1]},\"f\":{\"shape\":[1],\"dtype\":\"F32\",\"data_offsets\":[1,5]},"
        "\"e\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[13,13]}}",
        "{\"d\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[5,13]},\"b\":{\"dtype\":\"U8\",\"shape\":["
        "1],"
        "\"data_offsets\":[0,1]},\"f\":{\"shape\":[1],\"dtype\":\"F32\",\"data_offsets\":[1,5]},"
        "\"e\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[1,1]}}   "};
    static const unsigned char expected[] = {5, 6, 7, 8, 9, 10, 11, 12};
    for (size_t i = 0; i < 2; i++) {
        file f = make_true_file(headers[i], 13);
        recur_archive *a;
        recur_entry e;
        expect_status(p->cx, recur_archive_parse(&a, p->cx, f.bytes, f.size, "unaligned"), RECUR_OK);
        expect_status(p->cx, recur_archive_find(a, "d", &e), RECUR_OK);
        assert_int_equal((uintptr_t)e.data % 8, 0);
        assert_memory_equal(e.data, expected, 8);
        expect_status(p->cx, recur_archive_find(a, "f", &e), RECUR_OK);
        assert_int_equal((uintptr_t)e.data % 4, 0);
        assert_memory_equal(e.data, "\x01\x02\x03\x04", 4);
        expect_status(p->cx, recur_archive_find(a, "e", &e), RECUR_OK);
        assert_int_equal((uintptr_t)e.data % 8, 0);
        assert_int_equal(e.size, 0);
        recur_archive_free(a);
        free(f.bytes);
    }
}

static void test_many_tensors(void **state)
{
    place *p = *state;
    enum { N = 5000 };
    static recur_entry entries[N];
    static char names[N][16];
    recur_archive *a;
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "t%zu", (i * 2654435761U) % 1000003);
        entries[i] = (recur_entry){names[i], "U8", 0, NULL, names[i] + 1, 1};
    }
    expect_status(p->cx, recur_archive_write(p->cx, p->path, entries, N, NULL, 0), RECUR_OK);
    expect_status(p->cx, recur_archive_open(&a, p->cx, p->path), RECUR_OK);
    for (size_t i = 0; i < N; i++) {
        recur_entry e;
        expect_status(p->cx, recur_archive_at(a, i, &e), RECUR_OK);
        assert_string_equal(e.name, names[i]);
        expect_status(p->cx, recur_archive_find(a, names[i], &e), RECUR_OK);
        assert_string_equal(e.name, names[i]);
    }
    recur_archive_free(a);
}

/* ---- reading elements as a type of ours ---- */

static void test_entry_read(void **state)
{
    place *p = *state;
    static const uint16_t halves[] = {0x3C00, 0xC000, 0x0001, 0x83FF, 0x7BFF,
                                      0x7C00, 0xFC00, 0x7E00, 0x8000, 0x0400};
    static const double expected[] = {1.0,       -2.0, 0x1p-24, -1023 * 0x1p-24, 65504.0, INFINITY,
                                      -INFINITY, NAN,  -0.0,    0x1p-14};
    static const uint16_t brains[] = {0x3F80, 0xC000, 0x0001, 0x7F80, 0x7FC0, 0x8000};
    static const double brain_values[] = {1.0, -2.0, 0x1p-133, INFINITY, NAN, -0.0};
    static const double narrow[] = {1.0 + 0x1p-24, 1.0 + 0x1.8p-23, 1e300, -1e-320, 0x1p-149};
    static const float narrowed[] = {1.0F, 1.0F + 0x1p-22F, INFINITY, -0.0F, 0x1p-149F};
    static const int64_t ten[] = {10}, six[] = {6}, five[] = {5};
    double d[10];
    float f[10];
    recur_entry e = {"h", "F16", 1, ten, halves, sizeof halves};
    expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_F64, d, 10), RECUR_OK);
    expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_F32, f, 10), RECUR_OK);
    for (int i = 0; i < 10; i++) {
        assert_true(isnan(expected[i]) ? isnan(d[i]) && isnan(f[i])
                                       : d[i] == expected[i] && (double)f[i] == expected[i]);
        assert_int_equal(!!signbit(d[i]), i != 7 && !!signbit(expected[i]));
    }
    e = (recur_entry){"b", "BF16", 1, six, brains, sizeof brains};
    expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_F64, d, 6), RECUR_OK);
    for (int i = 0; i < 6; i++)
        assert_true(isnan(brain_values[i])
                        ? isnan(d[i])
                        : d[i] == brain_values[i] && !signbit(d[i]) == !signbit(brain_values[i]));
    e = (recur_entry){"d", "F64", 1, five, narrow, sizeof narrow};
    expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_F32, f, 5), RECUR_OK);
    assert_memory_equal(f, narrowed, sizeof narrowed);
    expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_F32, f, 4), RECUR_ESHAPE);
    expect_words(p->cx, "tensor 'd' is [5] in 40 bytes; 4 elements");
}

static void test_entry_read_whole(void **state)
{
    place *p = *state;
    static const unsigned char bytes[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F};
    static const struct {
        const char *dtype;
        size_t size;
        int64_t expected;
    } cases[] = {{"BOOL", 1, 255}, {"U8", 1, 255},         {"I8", 1, -1},  {"U16", 2, 65535},
                 {"I16", 2, -1},   {"U32", 4, 4294967295}, {"I32", 4, -1}, {"I64", 8, INT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t out = 0;
        recur_entry e = {"n", cases[i].dtype, 0, NULL, bytes, cases[i].size};
        expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_I64, &out, 1), RECUR_OK);
        assert_int_equal(out, cases[i].expected);
        expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_F32, &out, 1), RECUR_EDTYPE);
    }
    recur_entry e = {"n", "U64", 0, NULL, bytes, 8};
    int64_t out;
    expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_I64, &out, 1), RECUR_EDTYPE);
    expect_words(p->cx, "tensor 'n' is U64, which does not convert to I64");
    e.dtype = "F8_E4M3";
    expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_F64, &out, 1), RECUR_EDTYPE);
    e.dtype = "Q4_0";
    expect_status(p->cx, recur_entry_read(p->cx, &e, RECUR_F64, &out, 1), RECUR_EDTYPE);
}

/* ---- what the writer refuses ---- */

static void test_writer_refuses(void **state)
{
    place *p = *state;
    static const int64_t minus[] = {-1}, vast[] = {INT64_MAX, 3}, three[] = {3};
    static const struct {
        recur_entry entry;
        recur_status status;
        const char *words;
    } cases[] = {
        {{NULL, "F32", 1, pair, floats, 8}, RECUR_EINVAL, "tensor name is NULL"},
        {{"\xFFw", "F32", 1, pair, floats, 8}, RECUR_EINVAL, "tensor name '\\xffw' is not UTF-8"},
        {{"__metadata__", "F32", 1, pair, floats, 8}, RECUR_EINVAL, "'__metadata__' is taken"},
        {{"good", "F32", 1, pair, floats, 8}, RECUR_EINVAL, "tensor name 'good' is there twice"},
        {{"w", "float", 1, pair, floats, 8}, RECUR_EDTYPE, "tensor 'w': unknown dtype 'float'"},
        {{"w", NULL, 1, pair, floats, 8}, RECUR_EDTYPE, "tensor 'w': unknown dtype 'NULL'"},
        {{"w", "F32", 1, pair, floats, 7}, RECUR_ESHAPE, "'w': shape [2] of F32 does not make 7 bytes"},
        {{"w", "F32", 1, minus, floats, 8}, RECUR_ESHAPE, "shape [-1] of F32"},
        {{"w", "F32", 2, vast, floats, 8}, RECUR_ESHAPE, "shape [9223372036854775807, 3] of F32"},
        {{"w", "F4", 1, three, floats, 1}, RECUR_ESHAPE, "shape [3] of F4"},
        {{"w", "F32", 1, NULL, floats, 4}, RECUR_EINVAL, "tensor 'w' has no shape or no data"},
        {{"w", "F32", -1, pair, floats, 4}, RECUR_EINVAL, "tensor 'w' has no shape or no data"},
        {{"w", "F32", 1, pair, NULL, 8}, RECUR_EINVAL, "tensor 'w' has no shape or no data"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const recur_entry entries[] = {{"good", "I64", 0, NULL, wholes, 8}, cases[i].entry};
        expect_status(p->cx, recur_archive_write(p->cx, p->path, entries, 2, NULL, 0), cases[i].status);
        expect_words(p->cx, "m.safetensors");
        expect_words(p->cx, cases[i].words);
        assert_int_not_equal(access(p->path, F_OK), 0);
    }
}

static void test_writer_refuses_metadata(void **state)
{
    place *p = *state;
    static const struct {
        recur_meta pair;
        const char *words;
    } cases[] = {{{NULL, "v"}, "metadata key is NULL"},
                 {{"k", NULL}, "metadata value is NULL"},
                 {{"\x80", "v"}, "metadata key '\\x80' is not UTF-8"},
                 {{"k", "\xED\xA0\x80"}, "is not UTF-8"},
                 {{"good", "v"}, "metadata key 'good' is there twice"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const recur_meta meta[] = {{"good", "v"}, cases[i].pair};
        expect_status(p->cx, recur_archive_write(p->cx, p->path, NULL, 0, meta, 2), RECUR_EINVAL);
        expect_words(p->cx, cases[i].words);
        assert_int_not_equal(access(p->path, F_OK), 0);
    }
}

/* 17 million control characters become 102 million bytes of escapes. */
static void test_writer_header_limit(void **state)
{
    place *p = *state;
    enum { N = 17000000 };
    char *text = malloc(N + 1);
    assert_non_null(text);
    memset(text, 1, N);
    text[N] = '\0';
    const recur_meta meta = {"k", text};
    expect_status(p->cx, recur_archive_write(p->cx, p->path, NULL, 0, &meta, 1), RECUR_EINVAL);
    expect_words(p->cx, "header of 1020000|longer than the 100000000");
    free(text);
}

/* No room on the disk: the old file stays, and nothing beside it (see tear_down). */
static void test_disk_full(void **state)
{
    place *p = *state;
    enum { N = 1 << 16 };
    static unsigned char data[N];
    static const int64_t shape[] = {N};
    const recur_entry small = {"w", "F32", 1, pair, floats, 8}, large = {"w", "U8", 1, shape, data, N};
    expect_status(p->cx, recur_archive_write(p->cx, p->path, &small, 1, NULL, 0), RECUR_OK);
    struct rlimit old, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = old;
    limit.rlim_cur = N / 2;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    recur_status s = recur_archive_write(p->cx, p->path, &large, 1, NULL, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    expect_status(p->cx, s, RECUR_EIO);
    expect_words(p->cx, "cannot write|m.safetensors");
    recur_archive *a;
    recur_entry e;
    expect_status(p->cx, recur_archive_open(&a, p->cx, p->path), RECUR_OK);
    expect_status(p->cx, recur_archive_find(a, "w", &e), RECUR_OK);
    expect_entry(&small, &e);
    recur_archive_free(a);
}

/* ---- the parts ---- */

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void test_sort(void **state)
{
    (void)state;
    enum { MOST = 200 };
    int values[MOST];
    const void *sorted[MOST];
    for (size_t n = 0; n <= MOST; n++) {
        for (size_t i = 0; i < n; i++) {
            values[i] = n % 3 == 0 ? (int)i : n % 3 == 1 ? -(int)i : (int)(i * 7919 % 31);
            sorted[i] = &values[i];
        }
        rcr_sort(sorted, n, compare);
        size_t seen[MOST] = {0};
        for (size_t i = 0; i < n; i++) {
            seen[(const int *)sorted[i] - values]++;
            assert_true(i == 0 || compare(sorted[i - 1], sorted[i]) <= 0);
        }
        for (size_t i = 0; i < n; i++)
            assert_int_equal(seen[i], 1);
    }
}

static void test_shown(void **state)
{
    (void)state;
    char shown[RCR_SHOWN], path[RCR_SHOWN_PATH], text[1000];
    assert_string_equal(rcr_show_name(shown, "a\n\x1b[2J\xFF\xC3\xBC\xE2\x80\xAE"),
                        "a\\u000a\\u001b[2J\\xff\xC3\xBC\\u202e");
    memset(text, 'x', sizeof text);
    text[999] = '\0';
    assert_int_equal(strlen(rcr_show_name(shown, text)), RCR_SHOWN - 1);
    assert_string_equal(shown + RCR_SHOWN - 5, "x...");
    text[RCR_SHOWN - 4] = '\0';
    assert_string_equal(rcr_show_name(shown, text), text);
    memset(text, 'x', sizeof text - 1);
    memcpy(text + 990, "end.saf", 8);
    rcr_show_path(path, text);
    assert_string_equal(path + strlen(path) - 7, "end.saf");
    assert_memory_equal(path, "...x", 4);
    memset(text, 1, sizeof text - 1); /* each is shown as six */
    text[999] = '\0';
    assert_true(strlen(rcr_show_path(path, text)) < RCR_SHOWN_PATH);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_every_type_and_shape),
        IN_A_FOLDER(test_order_and_scalars),
        IN_A_FOLDER(test_metadata),
        IN_A_FOLDER(test_all_of_unicode),
        IN_A_FOLDER(test_escapes_of_others),
        IN_A_FOLDER(test_same_bytes),
        IN_A_FOLDER(test_empty_file),
        IN_A_FOLDER(test_unaligned),
        IN_A_FOLDER(test_many_tensors),
        IN_A_FOLDER(test_entry_read),
        IN_A_FOLDER(test_entry_read_whole),
        IN_A_FOLDER(test_writer_refuses),
        IN_A_FOLDER(test_writer_refuses_metadata),
        IN_A_FOLDER(test_writer_header_limit),
        IN_A_FOLDER(test_disk_full),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
