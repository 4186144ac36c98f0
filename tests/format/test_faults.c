// SPDX-License-Identifier: MIT
/* Each allocation fails in turn while a file is opened, loaded, written and saved: an error, no leak, no
 * half-done work. */
#include "format/file.h"

#include "support/fail_alloc.h"

typedef struct work {
    char folder[256], path[320], out[320];
    file bytes; /* of `path` */
} work;

static const char header[] =
    "{\"__metadata__\":{\"key\":\"value\",\"other\":\"\\u00e9\"},"
    "\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
    "\"b\":{\"dtype\":\"F64\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1],\"data_offsets\":[16,24]}}";

static int set_up(void **state)
{
    work *w = calloc(1, sizeof *w);
    assert_non_null(w);
    make_folder(w->folder);
    in_folder(w->out, w->folder, "out.safetensors");
    in_folder(w->path, w->folder, "in.safetensors");
    w->bytes = make_true_file(header, 24); /* an odd header length: the copies are allocated too */
    save_file(w->bytes, w->path);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    work *w = *state;
    unlink(w->path);
    unlink(w->out);
    assert_int_equal(rmdir(w->folder), 0); /* no temporary file is left */
    free(w->bytes.bytes);
    free(w);
    return 0;
}

static recur_status context(recur_ctx **cx, const recur_allocator *allocator)
{
    recur_options opt = {.threads = 1, .allocator = allocator};
    return recur_ctx_create(cx, &opt);
}

static void check_text(const recur_ctx *cx, recur_status s)
{
    if (s == RECUR_ENOMEM)
        expect_words(cx, "out of memory");
}

/* ---- what is done with failing allocations ---- */

static recur_status open_file(const recur_allocator *allocator, void *argument)
{
    const work *w = argument;
    recur_ctx *cx;
    recur_archive *a;
    recur_status s = context(&cx, allocator);
    if (s)
        return s;
    s = recur_archive_open(&a, cx, w->path);
    check_text(cx, s);
    if (s)
        assert_null(a);
    else
        assert_int_equal(recur_archive_size(a), 2);
    recur_archive_free(a);
    recur_ctx_free(cx);
    return s;
}

static recur_status parse_bytes(const recur_allocator *allocator, void *argument)
{
    const work *w = argument;
    recur_ctx *cx;
    recur_archive *a;
    recur_status s = context(&cx, allocator);
    if (s)
        return s;
    s = recur_archive_parse(&a, cx, w->bytes.bytes, w->bytes.size, "bytes");
    check_text(cx, s);
    recur_archive_free(a);
    recur_ctx_free(cx);
    return s;
}

static recur_status make_params(recur_params **ps, recur_ctx *cx)
{
    static const int64_t shape[] = {2, 2};
    recur_status s = recur_params_create(ps, cx, RECUR_F32, 1);
    if (!s && !recur_param(*ps, "w", 2, shape))
        s = recur_error(cx, NULL);
    return s;
}

static recur_status load(const recur_allocator *allocator, void *argument)
{
    const work *w = argument;
    recur_ctx *cx;
    recur_archive *a = NULL;
    recur_params *ps = NULL;
    recur_status s = context(&cx, allocator);
    if (s)
        return s;
    s = make_params(&ps, cx);
    if (!s)
        s = recur_archive_open(&a, cx, w->path);
    if (!s)
        s = recur_params_load(ps, a, "", RECUR_LOAD_EXTRA);
    check_text(cx, s);
    recur_archive_free(a);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return s;
}

static recur_status save(const recur_allocator *allocator, void *argument)
{
    const work *w = argument;
    const recur_meta meta[] = {{"key", "value"}, {"other", "\n"}};
    recur_ctx *cx;
    recur_params *ps = NULL;
    recur_status s = context(&cx, allocator);
    if (s)
        return s;
    s = make_params(&ps, cx);
    if (!s)
        s = recur_params_save(ps, w->out, meta, 2);
    check_text(cx, s);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return s;
}

/* ---- */

static void test_open(void **state)
{
    assert_true(fail_alloc_each(open_file, *state) >= 8);
}

static void test_parse(void **state)
{
    assert_true(fail_alloc_each(parse_bytes, *state) >= 8);
}

static void test_load(void **state)
{
    assert_true(fail_alloc_each(load, *state) >= 10);
}

static void test_save(void **state)
{
    work *w = *state;
    assert_true(fail_alloc_each(save, w) >= 6);
    file f = load_file(w->out);
    assert_int_equal(f.size % 8, 0);
    free(f.bytes);
}

/* A save that fails leaves the file that was there. */
static void test_old_file_stays(void **state)
{
    work *w = *state;
    save_file(w->bytes, w->out);
    for (long n = 1;; n++) {
        fail_alloc f;
        fail_alloc_init(&f);
        f.fail_at = n;
        recur_status s = save(&f.allocator, w);
        fail_alloc_check(&f);
        if (s == RECUR_OK)
            break;
        file old = load_file(w->out);
        assert_int_equal(old.size, w->bytes.size);
        assert_memory_equal(old.bytes, w->bytes.bytes, old.size);
        free(old.bytes);
    }
}

/* Loading allocates nothing at all. */
static void test_load_needs_no_memory(void **state)
{
    work *w = *state;
    fail_alloc f;
    recur_ctx *cx;
    recur_archive *a;
    recur_params *ps;
    fail_alloc_init(&f);
    assert_int_equal(context(&cx, &f.allocator), RECUR_OK);
    assert_int_equal(make_params(&ps, cx), RECUR_OK);
    assert_int_equal(recur_archive_open(&a, cx, w->path), RECUR_OK);
    long before = f.calls;
    expect_status(cx, recur_params_load(ps, a, "", 0), RECUR_ENOTFOUND);
    expect_status(cx, recur_params_load(ps, a, "", RECUR_LOAD_EXTRA), RECUR_OK);
    assert_int_equal(f.calls, before);
    recur_archive_free(a);
    recur_params_free(ps);
    recur_ctx_free(cx);
    fail_alloc_check(&f);
}

int main(void)
{
#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FILES(test_open), WITH_FILES(test_parse),          WITH_FILES(test_load),
        WITH_FILES(test_save), WITH_FILES(test_old_file_stays), WITH_FILES(test_load_needs_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
