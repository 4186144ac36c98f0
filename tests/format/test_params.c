// SPDX-License-Identifier: MIT
/* Parameters into a file and out of one: every difference named, nothing changed on an error, conversions. */
#include "format/file.h"

typedef struct model {
    recur_ctx *cx;
    recur_params *ps;
    char folder[256], path[320];
} model;

static const int64_t matrix[] = {2, 3}, vector[] = {2}, empty[] = {0, 4};

/* weight [2, 3], bias [2], a scalar, an empty one, and a buffer of whole numbers. */
static void add_parameters(recur_params *ps)
{
    assert_non_null(recur_param(ps, "weight", 2, matrix));
    assert_non_null(recur_param(ps, "bias", 1, vector));
    assert_non_null(recur_param(ps, "scale", 0, NULL));
    assert_non_null(recur_param(ps, "none", 2, empty));
    assert_non_null(recur_buffer(ps, "steps", RECUR_I64, 0, NULL));
}

static void fill(recur_params *ps, double value)
{
    for (size_t i = 0; i < recur_params_size(ps); i++) {
        recur_tensor *t = recur_params_at(ps, i);
        for (int64_t k = 0; k < recur_count(t); k++, value += 1.25) {
            if (recur_dtype_of(t) == RECUR_F32)
                recur_f32(t)[k] = (float)value;
            else if (recur_dtype_of(t) == RECUR_F64)
                recur_f64(t)[k] = value;
            else
                recur_i64(t)[k] = (int64_t)value;
        }
    }
}

static void expect_filled(recur_params *ps, double value)
{
    for (size_t i = 0; i < recur_params_size(ps); i++) {
        const recur_tensor *t = recur_params_at(ps, i);
        for (int64_t k = 0; k < recur_count(t); k++, value += 1.25) {
            double expected = recur_dtype_of(t) == RECUR_I64 ? (double)(int64_t)value : value;
            assert_true(recur_item(t, k) == expected);
        }
    }
}

static recur_params *new_params(recur_ctx *cx, recur_dtype dtype)
{
    recur_params *ps;
    assert_int_equal(recur_params_create(&ps, cx, dtype, 1), RECUR_OK);
    add_parameters(ps);
    return ps;
}

static int set_up(void **state)
{
    model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->cx = new_context();
    m->ps = new_params(m->cx, RECUR_F32);
    in_folder(m->path, make_folder(m->folder), "m.safetensors");
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    model *m = *state;
    unlink(m->path);
    assert_int_equal(rmdir(m->folder), 0);
    recur_params_free(m->ps);
    recur_ctx_free(m->cx);
    free(m);
    return 0;
}

static void test_round_trip(void **state)
{
    model *m = *state;
    static const recur_dtype dtypes[] = {RECUR_F32, RECUR_F64};
    const recur_meta meta = {"task", "forecast"};
    for (size_t i = 0; i < 2; i++) {
        recur_params *ps = new_params(m->cx, dtypes[i]);
        recur_archive *a;
        fill(ps, -3.5);
        expect_status(m->cx, recur_params_save(ps, m->path, &meta, 1), RECUR_OK);
        fill(ps, 100);
        expect_status(m->cx, recur_archive_open(&a, m->cx, m->path), RECUR_OK);
        assert_int_equal(recur_archive_size(a), 5);
        assert_string_equal(recur_archive_meta(a, "task"), "forecast");
        expect_status(m->cx, recur_params_load(ps, a, NULL, 0), RECUR_OK);
        recur_archive_free(a);
        expect_filled(ps, -3.5);
        recur_params_free(ps);
    }
}

/* Onto the file that is being read: the map keeps the old one. */
static void test_save_over_open_file(void **state)
{
    model *m = *state;
    recur_archive *a;
    fill(m->ps, 1);
    expect_status(m->cx, recur_params_save(m->ps, m->path, NULL, 0), RECUR_OK);
    expect_status(m->cx, recur_archive_open(&a, m->cx, m->path), RECUR_OK);
    fill(m->ps, 50);
    expect_status(m->cx, recur_params_save(m->ps, m->path, NULL, 0), RECUR_OK);
    expect_status(m->cx, recur_params_load(m->ps, a, "", 0), RECUR_OK);
    expect_filled(m->ps, 1);
    recur_archive_free(a);
    expect_status(m->cx, recur_archive_open(&a, m->cx, m->path), RECUR_OK);
    expect_status(m->cx, recur_params_load(m->ps, a, "", 0), RECUR_OK);
    expect_filled(m->ps, 50);
    recur_archive_free(a);
}

/* Opens entries[0 .. n) as a file. */
static recur_archive *written(model *m, const recur_entry *entries, size_t n)
{
    recur_archive *a;
    expect_status(m->cx, recur_archive_write(m->cx, m->path, entries, n, NULL, 0), RECUR_OK);
    expect_status(m->cx, recur_archive_open(&a, m->cx, m->path), RECUR_OK);
    return a;
}

static const float floats[24];
static const double doubles[6];
static const int64_t steps;

#define WEIGHT(prefix)                                \
    {                                                 \
        prefix "weight", "F32", 2, matrix, floats, 24 \
    }
#define BIAS(prefix)                               \
    {                                              \
        prefix "bias", "F32", 1, vector, floats, 8 \
    }
#define SCALE(prefix)                             \
    {                                             \
        prefix "scale", "F32", 0, NULL, floats, 4 \
    }
#define NONE(prefix)                            \
    {                                           \
        prefix "none", "F32", 2, empty, NULL, 0 \
    }
#define STEPS(prefix)                             \
    {                                             \
        prefix "steps", "I64", 0, NULL, &steps, 8 \
    }

static void expect_refused(model *m, const recur_archive *a, const char *prefix, unsigned flags,
                           recur_status s, const char *words)
{
    fill(m->ps, 7);
    expect_status(m->cx, recur_params_load(m->ps, a, prefix, flags), s);
    expect_words(m->cx, words);
    expect_filled(m->ps, 7);
}

static void test_missing_and_unknown(void **state)
{
    model *m = *state;
    const recur_entry entries[] = {
        WEIGHT(""), SCALE(""), NONE(""), STEPS(""), {"biases", "F32", 1, vector, floats, 8}};
    recur_archive *a = written(m, entries, 5);
    expect_refused(m, a, NULL, 0, RECUR_ENOTFOUND,
                   "m.safetensors does not fit the model: 1 missing: 'bias'; 1 unknown: 'biases'");
    expect_refused(m, a, NULL, RECUR_LOAD_EXTRA, RECUR_ENOTFOUND, "model: 1 missing: 'bias'");
    expect_refused(m, a, NULL, RECUR_LOAD_MISSING, RECUR_ENOTFOUND, "model: 1 unknown: 'biases'");
    expect_status(m->cx, recur_params_load(m->ps, a, NULL, RECUR_LOAD_EXTRA | RECUR_LOAD_MISSING), RECUR_OK);
    assert_true(recur_item(recur_params_find(m->ps, "weight"), 0) == 0.0);
    assert_true(recur_item(recur_params_find(m->ps, "bias"), 0) == 7 + 6 * 1.25); /* kept */
    recur_archive_free(a);
}

static void test_shape_and_type(void **state)
{
    model *m = *state;
    static const int64_t turned[] = {3, 2}, row[] = {1, 2}, deep[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const recur_entry entries[] = {{"weight", "F32", 2, turned, floats, 24},
                                   {"bias", "F32", 2, row, floats, 8},
                                   {"scale", "F32", 8, deep, floats, 4},
                                   NONE(""),
                                   {"steps", "F32", 0, NULL, floats, 4}};
    recur_archive *a = written(m, entries, 5);
    expect_refused(
        m, a, "", 0, RECUR_ESHAPE,
        "3 of another shape: 'weight' is [3, 2], not [2, 3], 'bias' is [1, 2], not [2], 'scale' is "
        "[1, 1, 1, 1, 1, 1, 1, 1], not []; 1 of another type: 'steps' is F32, not I64");
    expect_refused(m, a, "", RECUR_LOAD_CAST | RECUR_LOAD_EXTRA | RECUR_LOAD_MISSING, RECUR_ESHAPE,
                   "'steps' is F32");
    recur_archive_free(a);
}

/* Shapes that agree as far as the shorter one goes. */
static void test_rank(void **state)
{
    model *m = *state;
    static const int64_t cut[] = {2}, longer[] = {2, 0};
    const recur_entry entries[] = {{"weight", "F32", 1, cut, floats, 8},
                                   {"bias", "F32", 2, longer, NULL, 0},
                                   SCALE(""),
                                   NONE(""),
                                   STEPS("")};
    recur_archive *a = written(m, entries, 5);
    expect_refused(m, a, "", 0, RECUR_ESHAPE,
                   "2 of another shape: 'weight' is [2], not [2, 3], 'bias' is [2, 0], not [2]");
    recur_archive_free(a);
}

static void test_prefix(void **state)
{
    model *m = *state;
    const recur_entry entries[] = {WEIGHT("net."),
                                   BIAS("net."),
                                   SCALE("net."),
                                   NONE("net."),
                                   STEPS("net."),
                                   WEIGHT("ema."),
                                   {"net", "F32", 0, NULL, floats, 4}};
    recur_archive *a = written(m, entries, 7);
    expect_status(m->cx, recur_params_load(m->ps, a, "net.", 0), RECUR_OK);
    expect_refused(m, a, "ema.", 0, RECUR_ENOTFOUND,
                   "4 missing: 'ema.bias', 'ema.scale', 'ema.none', 'ema.steps'");
    expect_refused(m, a, "ne", 0, RECUR_ENOTFOUND, "5 missing: 'neweight'|6 unknown: 'net.steps'|and 1 more");
    expect_refused(m, a, "network", 0, RECUR_ENOTFOUND, "5 missing: 'networkweight'");
    recur_archive_free(a);
}

static void test_many_names(void **state)
{
    model *m = *state;
    enum { N = 40 };
    recur_entry entries[N];
    char names[N][80];
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "stranger.%d%s", i,
                 i < 20 ? "" : ".a.name.that.is.so.long.that.few.of.it.fit.in");
        entries[i] = (recur_entry){names[i], "U8", 0, NULL, floats, 1};
    }
    recur_archive *a = written(m, entries, N);
    expect_refused(
        m, a, "", 0, RECUR_ENOTFOUND,
        "5 missing: 'weight', 'bias', 'scale', 'none', 'steps'; 40 unknown: 'stranger.0', 'stranger.1', "
        "'stranger.2', 'stranger.3', 'stranger.4' and 35 more");
    recur_archive_free(a);
    a = written(m, entries + 20, 20);
    expect_refused(m, a, "", RECUR_LOAD_MISSING, RECUR_ENOTFOUND, "20 unknown: 'stranger.20.a|and 15 more");
    recur_archive_free(a);
}

static void test_many_missing(void **state)
{
    model *m = *state;
    recur_archive *a = written(m, NULL, 0);
    char name[8];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "more%d", i);
        assert_non_null(recur_param(m->ps, name, 0, NULL));
    }
    expect_refused(m, a, "", 0, RECUR_ENOTFOUND,
                   "8 missing: 'weight', 'bias', 'scale', 'none', 'steps' and 3 more");
    recur_archive_free(a);
}

/* Names as long as they like: the message stays within its bounds. */
static void test_long_names(void **state)
{
    model *m = *state;
    static char name[100000];
    static const int64_t shape[] = {1000000000000000000, 1000000000000000000 % 7, 0, 1000000000000000000};
    recur_params *ps;
    assert_int_equal(recur_params_create(&ps, m->cx, RECUR_F32, 1), RECUR_OK);
    memset(name, 1, sizeof name - 1);
    assert_non_null(recur_param(ps, name, 0, NULL));
    const recur_entry entry = {name, "U8", 3, shape + 1, NULL, 0};
    recur_archive *a = written(m, &entry, 1);
    expect_status(m->cx, recur_params_load(ps, a, "", 0), RECUR_ESHAPE);
    expect_words(m->cx, "1 of another shape: '\\u0001|1 of another type: '\\u0001|is U8, not F32");
    recur_archive_free(a);
    recur_params_free(ps);
}

static void test_cast(void **state)
{
    model *m = *state;
    static const uint16_t half[] = {0x3C00, 0xC000, 0x3555, 0x0001, 0x7BFF, 0x8000},
                          brain[] = {0x3F80, 0xC040};
    static const double pi[] = {3.14159265358979};
    static const int32_t whole[] = {-5};
    const recur_entry entries[] = {{"weight", "F16", 2, matrix, half, 12},
                                   {"bias", "BF16", 1, vector, brain, 4},
                                   {"scale", "F64", 0, NULL, pi, 8},
                                   {"none", "F16", 2, empty, NULL, 0},
                                   {"steps", "I32", 0, NULL, whole, 4}};
    recur_archive *a = written(m, entries, 5);
    expect_refused(
        m, a, "", 0, RECUR_EDTYPE,
        "5 of another type: 'weight' is F16, not F32, 'bias' is BF16, not F32, 'scale' is F64, not F32");
    expect_status(m->cx, recur_params_load(m->ps, a, "", RECUR_LOAD_CAST), RECUR_OK);
    const float *w = recur_f32(recur_params_find(m->ps, "weight")),
                *b = recur_f32(recur_params_find(m->ps, "bias"));
    static const float expected[] = {1.0F, -2.0F, 0x1.554p-2F, 0x1p-24F, 65504.0F, -0.0F};
    assert_memory_equal(w, expected, sizeof expected);
    assert_true(b[0] == 1.0F && b[1] == -3.0F);
    assert_true(recur_f32(recur_params_find(m->ps, "scale"))[0] == 3.14159274F);
    assert_int_equal(recur_i64(recur_params_find(m->ps, "steps"))[0], -5);
    recur_archive_free(a);
}

static void test_cast_to_double(void **state)
{
    model *m = *state;
    static const float third[] = {1.0F / 3.0F, 0x1p-149F};
    recur_params *ps = new_params(m->cx, RECUR_F64);
    const recur_entry entries[] = {{"weight", "F64", 2, matrix, doubles, 48},
                                   {"bias", "F32", 1, vector, third, 8}};
    recur_archive *a = written(m, entries, 2);
    expect_status(m->cx, recur_params_load(ps, a, "", RECUR_LOAD_CAST | RECUR_LOAD_MISSING), RECUR_OK);
    const double *b = recur_f64(recur_params_find(ps, "bias"));
    assert_true(b[0] == (double)third[0] && b[1] == 0x1p-149);
    recur_archive_free(a);
    recur_params_free(ps);
}

static void test_entry_of(void **state)
{
    model *m = *state;
    recur_tensor *w = recur_params_find(m->ps, "weight");
    recur_entry e = recur_entry_of(w, NULL);
    assert_string_equal(e.name, "weight");
    assert_string_equal(e.dtype, "F32");
    assert_int_equal(e.rank, 2);
    assert_int_equal(e.shape[1], 3);
    assert_int_equal(e.size, 24);
    assert_ptr_equal(e.data, recur_f32(w));
    assert_string_equal(recur_entry_of(w, "other").name, "other");
    e = recur_entry_of(NULL, "absent");
    expect_status(m->cx, recur_archive_write(m->cx, m->path, &e, 1, NULL, 0), RECUR_EDTYPE);
    expect_words(m->cx, "tensor 'absent'");
}

/* An error that expressions are stuck on stays, and the status still tells what happened here. */
static void test_stuck(void **state)
{
    model *m = *state;
    const recur_entry entries[] = {WEIGHT("")};
    recur_archive *a = written(m, entries, 1);
    assert_null(recur_param(m->ps, "weight", 0, NULL));
    expect_status(m->cx, recur_params_load(m->ps, a, "", 0), RECUR_ENOTFOUND);
    expect_words(m->cx, "already a parameter named weight");
    recur_archive_free(a);
}

int main(void)
{
#define WITH_MODEL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_MODEL(test_round_trip),
        WITH_MODEL(test_save_over_open_file),
        WITH_MODEL(test_missing_and_unknown),
        WITH_MODEL(test_shape_and_type),
        WITH_MODEL(test_rank),
        WITH_MODEL(test_prefix),
        WITH_MODEL(test_many_names),
        WITH_MODEL(test_many_missing),
        WITH_MODEL(test_long_names),
        WITH_MODEL(test_cast),
        WITH_MODEL(test_cast_to_double),
        WITH_MODEL(test_entry_of),
        WITH_MODEL(test_stuck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
