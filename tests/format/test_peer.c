// SPDX-License-Identifier: MIT
/* The safetensors package for Python reads what we write, and we read what it writes. Skipped where it is not
 * installed. */
#include "format/file.h"

#include <fcntl.h>
#include <sys/wait.h>

/* Our file, and the lines that peer.py prints of it. */
static const unsigned char data[] = {0x80, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};
static const int64_t one[] = {1}, two[] = {2}, square[] = {2, 1, 2}, none[] = {3, 0};
static const recur_entry entries[] = {{"a.u8", "U8", 1, two, data, 2},
                                      {"b.i8", "I8", 1, two, data, 2},
                                      {"c.bool", "BOOL", 1, one, data + 1, 1},
                                      {"d.i16", "I16", 1, two, data, 4},
                                      {"e.u16", "U16", 1, two, data, 4},
                                      {"f.f16", "F16", 1, two, data, 4},
                                      {"g.bf16", "BF16", 1, two, data, 4},
                                      {"h.i32", "I32", 1, two, data, 8},
                                      {"i.u32", "U32", 1, two, data, 8},
                                      {"j.f32", "F32", 0, NULL, data, 4},
                                      {"k.f64", "F64", 1, one, data, 8},
                                      {"l.i64", "I64", 0, NULL, data, 8},
                                      {"m.u64", "U64", 1, one, data, 8},
                                      {"n.e4m3", "F8_E4M3", 1, two, data, 2},
                                      {"o.empty", "F32", 2, none, NULL, 0},
                                      {"p.square", "U16", 3, square, data, 8},
                                      {"q.gr\xC3\xBC\xC3\x9F", "U8", 0, NULL, data, 1}};
static const recur_meta meta[] = {{"a \"key\"\\", "line\n\x01\x7F"}, {"b", "\xF0\x9F\x98\x80"}};
static const char expected[] = "tensor a.u8 U8 [2] 8001\n"
                               "tensor b.i8 I8 [2] 8001\n"
                               "tensor c.bool BOOL [1] 01\n"
                               "tensor d.i16 I16 [2] 80010203\n"
                               "tensor e.u16 U16 [2] 80010203\n"
                               "tensor f.f16 F16 [2] 80010203\n"
                               "tensor g.bf16 BF16 [2] 80010203\n"
                               "tensor h.i32 I32 [2] 8001020304050607\n"
                               "tensor i.u32 U32 [2] 8001020304050607\n"
                               "tensor j.f32 F32 [] 80010203\n"
                               "tensor k.f64 F64 [1] 8001020304050607\n"
                               "tensor l.i64 I64 [] 8001020304050607\n"
                               "tensor m.u64 U64 [1] 8001020304050607\n"
                               "tensor n.e4m3 F8_E4M3 [2] 8001\n"
                               "tensor o.empty F32 [3,0] \n"
                               "tensor p.square U16 [2,1,2] 8001020304050607\n"
                               "tensor q.gr\xC3\xBC\xC3\x9F U8 [] 80\n"
                               "meta 6120226b6579225c 6c696e650a017f\n"
                               "meta 62 f09f9880\n";

/* Runs peer.py with its output into `out`; returns its exit status. */
static int run_peer(const char *ours, const char *theirs, const char *out)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || dup2(fd, 1) < 0)
            _exit(1);
        setenv("PYTHONIOENCODING", "utf-8", 1);
        execlp("python3", "python3", "-B", RECUR_REFERENCE_DIR "/../format/peer.py", ours, theirs,
               (char *)NULL);
        _exit(77); /* no Python */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect_tensor(recur_ctx *cx, const recur_archive *a, const char *name, const char *dtype,
                          const double *values, size_t n)
{
    recur_entry e;
    double got[4];
    int64_t whole[4];
    expect_status(cx, recur_archive_find(a, name, &e), RECUR_OK);
    assert_string_equal(e.dtype, dtype);
    bool real = strchr(dtype, 'F') != NULL;
    expect_status(cx, recur_entry_read(cx, &e, real ? RECUR_F64 : RECUR_I64, real ? (void *)got : whole, n),
                  RECUR_OK);
    for (size_t i = 0; i < n; i++)
        assert_true(real ? got[i] == values[i] : (double)whole[i] == values[i]);
}

static void read_theirs(recur_ctx *cx, const char *path)
{
    recur_archive *a;
    expect_status(cx, recur_archive_open(&a, cx, path), RECUR_OK);
    assert_int_equal(recur_archive_size(a), 5);
    expect_tensor(cx, a, "half", "F16", (const double[]){1.0, -2.0, 0.5}, 3);
    expect_tensor(cx, a, "bytes", "U8", (const double[]){1, 2, 3}, 3);
    expect_tensor(cx, a, "double", "F64", (const double[]){-0.125}, 1);
    expect_tensor(cx, a, "empty", "I64", NULL, 0);
    expect_tensor(cx, a, "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80", "F32", (const double[]){1.5, 2.5}, 2);
    assert_string_equal(recur_archive_meta(a, "k\xC3\xA9y"), "v\n\"\\\xF0\x9F\x98\x80");
    assert_string_equal(recur_archive_meta(a, "format"), "np");
    recur_archive_free(a);
}

static void test_safetensors_for_python(void **state)
{
    (void)state;
    char folder[256], ours[320], theirs[320], out[320];
    recur_ctx *cx = new_context();
    in_folder(ours, make_folder(folder), "ours.safetensors");
    in_folder(theirs, folder, "theirs.safetensors");
    in_folder(out, folder, "out.txt");
    expect_status(cx, recur_archive_write(cx, ours, entries, sizeof entries / sizeof *entries, meta, 2),
                  RECUR_OK);
    int status = run_peer(ours, theirs, out);
    if (!status) {
        file printed = load_file(out);
        assert_int_equal(printed.size, sizeof expected - 1);
        assert_memory_equal(printed.bytes, expected, printed.size);
        free(printed.bytes);
        read_theirs(cx, theirs);
    }
    unlink(ours);
    unlink(theirs);
    unlink(out);
    rmdir(folder);
    recur_ctx_free(cx);
    if (status == 77)
        skip();
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_safetensors_for_python)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
