// SPDX-License-Identifier: MIT
/* Every reference file opens, and holds what jansson, an independent reader of JSON, finds in its header.
 * Written again and read back, it holds the same. */
#include "format/file.h"

#include <dirent.h>
#include <sys/stat.h>

#include <jansson.h>

typedef struct tally {
    recur_ctx *cx;
    char copy[320];
    long files, tensors;
} tally;

static void compare_tensor(const recur_archive *a, const char *name, json_t *o, const unsigned char *data)
{
    recur_entry e;
    assert_int_equal(recur_archive_find(a, name, &e), RECUR_OK);
    json_t *shape = json_object_get(o, "shape"), *offsets = json_object_get(o, "data_offsets");
    assert_string_equal(e.dtype, json_string_value(json_object_get(o, "dtype")));
    assert_int_equal(e.rank, json_array_size(shape));
    for (int i = 0; i < e.rank; i++)
        assert_int_equal(e.shape[i], json_integer_value(json_array_get(shape, (size_t)i)));
    json_int_t begin = json_integer_value(json_array_get(offsets, 0)),
               end = json_integer_value(json_array_get(offsets, 1));
    assert_int_equal(e.size, end - begin);
    if (e.size)
        assert_memory_equal(e.data, data + begin, e.size);
}

static void compare_metadata(const recur_archive *a, json_t *pairs)
{
    const char *key, *value;
    json_t *expected;
    size_t n = 0;
    json_object_foreach(pairs, key, expected)
        assert_string_equal(recur_archive_meta(a, key), json_string_value(expected));
    while (recur_archive_meta_at(a, n, &key, &value))
        n++;
    assert_int_equal(n, json_object_size(pairs));
}

static void compare_file(tally *t, const recur_archive *a, file f)
{
    json_error_t error;
    size_t n = f.bytes[0] + 256u * f.bytes[1] + 65536u * f.bytes[2], tensors = 0;
    json_t *root = json_loadb((const char *)f.bytes + 8, n, JSON_REJECT_DUPLICATES, &error), *member;
    const char *name;
    assert_non_null(root);
    json_object_foreach(root, name, member) if (strcmp(name, "__metadata__") == 0)
        compare_metadata(a, member);
    else
    {
        compare_tensor(a, name, member, f.bytes + 8 + n);
        tensors++;
    }
    assert_int_equal(recur_archive_size(a), tensors);
    t->tensors += (long)tensors;
    json_decref(root);
}

static void rewrite(tally *t, const recur_archive *a)
{
    enum { MOST = 512 };
    recur_entry entries[MOST], e;
    recur_meta meta[MOST];
    recur_archive *copy;
    size_t n = 0, n_meta = 0;
    for (; n < recur_archive_size(a) && n < MOST; n++)
        recur_archive_at(a, n, &entries[n]);
    while (n_meta < MOST && recur_archive_meta_at(a, n_meta, &meta[n_meta].key, &meta[n_meta].value))
        n_meta++;
    expect_status(t->cx, recur_archive_write(t->cx, t->copy, entries, n, meta, n_meta), RECUR_OK);
    expect_status(t->cx, recur_archive_open(&copy, t->cx, t->copy), RECUR_OK);
    assert_int_equal(recur_archive_size(copy), n);
    for (size_t i = 0; i < n; i++) {
        expect_status(t->cx, recur_archive_find(copy, entries[i].name, &e), RECUR_OK);
        assert_int_equal(e.size, entries[i].size);
        if (e.size)
            assert_memory_equal(e.data, entries[i].data, e.size);
    }
    for (size_t i = 0; i < n_meta; i++)
        assert_string_equal(recur_archive_meta(copy, meta[i].key), meta[i].value);
    recur_archive_free(copy);
}

static void check_file(tally *t, const char *path)
{
    recur_archive *a;
    file f = load_file(path);
    expect_status(t->cx, recur_archive_open(&a, t->cx, path), RECUR_OK);
    compare_file(t, a, f);
    if (t->files++ % 8 == 0) /* each costs three flushes of the disk */
        rewrite(t, a);
    recur_archive_free(a);
    free(f.bytes);
}

static void walk(tally *t, const char *folder)
{
    char path[1024];
    struct stat st;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        size_t n = strlen(e->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            walk(t, path);
        else if (n > 12 && strcmp(e->d_name + n - 12, ".safetensors") == 0)
            check_file(t, path);
    }
    closedir(d);
}

static void test_all(void **state)
{
    (void)state;
    char folder[256];
    tally t = {.cx = new_context()};
    in_folder(t.copy, make_folder(folder), "copy.safetensors");
    walk(&t, RECUR_REFERENCE_DIR);
    print_message("%ld files, %ld tensors\n", t.files, t.tensors);
    assert_true(t.files >= 454);
    unlink(t.copy);
    rmdir(folder);
    recur_ctx_free(t.cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
