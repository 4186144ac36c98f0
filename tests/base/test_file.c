// SPDX-License-Identifier: MIT
/* Files: mapped or read, replaced atomically or not at all, and messages that say what happened. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* mknod() */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "support/fail_alloc.h"

static fail_alloc counted;
static recur_ctx *cx;
static char folder[64], home[4096];

/* Each test runs in an empty folder of its own. */
static int setup(void **state)
{
    (void)state;
    fail_alloc_init(&counted);
    recur_options opt = {.threads = 1, .allocator = &counted.allocator};
    strcpy(folder, "/tmp/recur-file-XXXXXX");
    umask(022);
    return !getcwd(home, sizeof home) || !mkdtemp(folder) || chdir(folder) != 0 ||
           recur_ctx_create(&cx, &opt);
}

static int teardown(void **state)
{
    char command[256];
    (void)state;
    recur_ctx_free(cx);
    fail_alloc_check(&counted);
    snprintf(command, sizeof command, "chmod -R u+w %s && rm -rf %s", folder, folder);
    return chdir(home) != 0 || system(command) != 0;
}

static void check_error(recur_status status, const char *text)
{
    const char *said;
    assert_int_equal(recur_error(cx, &said), status);
    assert_string_equal(said, text);
}

/* What is in the file, read without the library; "" if there is none. */
static const char *content(const char *path)
{
    static char text[256];
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    return text;
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int files_here(void)
{
    DIR *d = opendir(".");
    int n = 0;
    for (struct dirent *entry; (entry = readdir(d));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(d);
    return n;
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

/* Root may do everything; then permissions are tested as somebody else. */
static bool become(uid_t user)
{
    static bool was_root;
    was_root = was_root || geteuid() == 0;
    return !was_root || ((user == 0 || chmod(folder, 0777) == 0) && seteuid(user) == 0);
}

enum { NOBODY = 65534 };

static void write_text(const char *path, const char *text)
{
    assert_int_equal(rcr_write_file(cx, path, text, strlen(text)), RECUR_OK);
}

/* ---- reading
 * ------------------------------------------------------------------------------------------------ */

static void test_map(void **state)
{
    rcr_map m;
    (void)state;
    put("a.txt", "some text");
    assert_int_equal(rcr_map_open(&m, cx, "a.txt"), RECUR_OK);
    assert_int_equal(m.size, 9);
    assert_memory_equal(m.bytes, "some text", 9);
    assert_null(m.copy);        /* mapped */
    write_text("a.txt", "new"); /* replacing the file leaves the mapping as it was */
    assert_memory_equal(m.bytes, "some text", 9);
    rcr_map_close(&m, cx);
    rcr_map_close(&m, cx);
}

static void test_empty_file(void **state)
{
    rcr_map m;
    (void)state;
    put("empty", "");
    assert_int_equal(rcr_map_open(&m, cx, "empty"), RECUR_OK);
    assert_int_equal(m.size, 0);
    assert_non_null(m.bytes);
    rcr_map_close(&m, cx);
}

enum { PIPED = 1000003 };

static void *feed(void *argument)
{
    int fd = open(argument, O_WRONLY);
    unsigned char block[1000];
    for (int sent = 0; sent < PIPED;) {
        int n = PIPED - sent < 1000 ? PIPED - sent : 1000;
        for (int i = 0; i < n; i++)
            block[i] = (unsigned char)((sent + i) % 251);
        sent += (int)write(fd, block, (size_t)n);
    }
    close(fd);
    return NULL;
}

static void test_pipe(void **state)
{
    static char name[] = "pipe";
    pthread_t writer;
    rcr_map m;
    (void)state;
    assert_int_equal(mkfifo(name, 0600), 0);
    assert_int_equal(pthread_create(&writer, NULL, feed, name), 0);
    assert_int_equal(rcr_map_open(&m, cx, name), RECUR_OK);
    pthread_join(writer, NULL);
    assert_int_equal(m.size, PIPED);
    assert_non_null(m.copy);
    for (int i = 0; i < PIPED; i++)
        assert_int_equal(m.bytes[i], i % 251);
    rcr_map_close(&m, cx);
}

/* Files of /proc say that they have no bytes. */
static void test_file_without_size(void **state)
{
    rcr_map m;
    (void)state;
    if (access("/proc/self/stat", R_OK) != 0)
        skip();
    assert_int_equal(rcr_map_open(&m, cx, "/proc/self/stat"), RECUR_OK);
    assert_true(m.size > 10);
    rcr_map_close(&m, cx);
}

static void test_cannot_read(void **state)
{
    rcr_map m;
    (void)state;
    assert_int_equal(rcr_map_open(&m, cx, "missing/a.csv"), RECUR_ENOTFOUND);
    check_error(RECUR_ENOTFOUND, "cannot read missing/a.csv: No such file or directory");
    assert_null(m.bytes);
    assert_int_equal(rcr_map_open(&m, cx, "."), RECUR_EIO);
    check_error(RECUR_EIO, "cannot read .: Is a directory");
    put("file", "");
    assert_int_equal(rcr_map_open(&m, cx, "file/a"), RECUR_ENOTFOUND);
    assert_int_equal(chmod("file", 0), 0);
    assert_true(become(NOBODY));
    recur_status status = rcr_map_open(&m, cx, "file");
    assert_true(become(0));
    assert_int_equal(status, RECUR_EIO);
    check_error(RECUR_EIO, "cannot read file: Permission denied");
}

/* ---- writing
 * ------------------------------------------------------------------------------------------------ */

static void test_write(void **state)
{
    rcr_writer w;
    (void)state;
    assert_int_equal(rcr_write_open(&w, cx, "out.txt"), RECUR_OK);
    assert_int_equal(rcr_write(&w, "one ", 4), RECUR_OK);
    assert_int_equal(rcr_write(&w, NULL, 0), RECUR_OK);
    assert_int_equal(rcr_write(&w, "two", 3), RECUR_OK);
    assert_int_equal(access("out.txt", F_OK), -1); /* not there before it is complete */
    assert_int_equal(rcr_write_commit(&w), RECUR_OK);
    assert_string_equal(content("out.txt"), "one two");
    assert_int_equal(files_here(), 1);
    assert_int_equal(mode_of("out.txt"), 0644);
    rcr_write_abort(&w); /* ended */
    umask(077);
    write_text("private", "x");
    assert_int_equal(mode_of("private"), 0600);
}

static void test_abort_keeps_the_old(void **state)
{
    rcr_writer w, zeroed = {0};
    (void)state;
    put("model", "old");
    assert_int_equal(rcr_write_open(&w, cx, "model"), RECUR_OK);
    assert_int_equal(rcr_write(&w, "new", 3), RECUR_OK);
    assert_int_equal(files_here(), 2);
    rcr_write_abort(&w);
    assert_string_equal(content("model"), "old");
    assert_int_equal(files_here(), 1);
    rcr_write_abort(&w);
    rcr_write_abort(&zeroed);
}

static void test_elsewhere(void **state)
{
    char long_name[251];
    (void)state;
    assert_int_equal(mkdir("runs", 0777), 0);
    write_text("runs/model", "in a folder");
    assert_string_equal(content("runs/model"), "in a folder");
    memset(long_name, 'n', 250);
    long_name[250] = '\0';
    write_text(long_name, "a name as long as names may be");
    assert_string_equal(content(long_name), "a name as long as names may be");
}

static void test_permissions_stay(void **state)
{
    (void)state;
    put("a", "old");
    assert_int_equal(chmod("a", 0660), 0);
    write_text("a", "new");
    assert_string_equal(content("a"), "new");
    assert_int_equal(mode_of("a"), 0660);
}

static void test_symbolic_links(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(mkdir("real", 0777), 0);
    put("real/target", "old");
    assert_int_equal(symlink("target", "real/near"), 0);
    assert_int_equal(symlink("real/near", "far"), 0);
    write_text("far", "new"); /* over two links, the second relative to its own folder */
    assert_string_equal(content("real/target"), "new");
    assert_int_equal(lstat("far", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(lstat("real/near", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(symlink("real/later", "dangling"), 0);
    write_text("dangling", "made");
    assert_string_equal(content("real/later"), "made");
    assert_int_equal(symlink("b", "a"), 0);
    assert_int_equal(symlink("a", "b"), 0);
    assert_int_equal(rcr_write_file(cx, "a", "x", 1), RECUR_EIO);
    check_error(RECUR_EIO, "cannot write a: Too many levels of symbolic links");
}

static void test_cannot_write(void **state)
{
    rcr_writer w;
    (void)state;
    assert_int_equal(rcr_write_open(&w, cx, "runs/x/model.safetensors"), RECUR_ENOTFOUND);
    check_error(RECUR_ENOTFOUND, "cannot write runs/x/model.safetensors: No such file or directory");
    rcr_write_abort(&w);
    assert_int_equal(rcr_write_file(cx, ".", "x", 1), RECUR_EIO);
    check_error(RECUR_EIO, "cannot write .: Is a directory");
    assert_int_equal(rcr_write_file(cx, "", "x", 1), RECUR_ENOTFOUND);
}

/* A write-protected file is not replaced, though its folder would allow it. */
static void test_write_protected(void **state)
{
    (void)state;
    put("kept", "old");
    assert_int_equal(chmod("kept", 0444), 0);
    assert_true(become(NOBODY));
    recur_status status = rcr_write_file(cx, "kept", "x", 1);
    assert_true(become(0));
    assert_int_equal(status, RECUR_EIO);
    check_error(RECUR_EIO, "cannot write kept: Permission denied");
    assert_string_equal(content("kept"), "old");
    assert_int_equal(files_here(), 1);
}

static void *drain(void *argument)
{
    static char text[64];
    int fd = open(argument, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = '\0';
    close(fd);
    return text;
}

/* What is no ordinary file is written to, not replaced. */
static void test_write_to_pipe(void **state)
{
    static char name[] = "pipe";
    pthread_t reader;
    struct stat st;
    void *text;
    (void)state;
    assert_int_equal(mkfifo(name, 0600), 0);
    assert_int_equal(pthread_create(&reader, NULL, drain, name), 0);
    write_text(name, "through");
    assert_int_equal(pthread_join(reader, &text), 0);
    assert_string_equal(text, "through");
    assert_int_equal(stat(name, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(files_here(), 1);
}

/* A full device, made here for those who may: a test that fails must not replace one of the machine. */
static void test_device(void **state)
{
    struct stat st;
    (void)state;
    if (mknod("full", S_IFCHR | 0666, makedev(1, 7)) != 0 || access("full", W_OK) != 0)
        skip();
    recur_status status = rcr_write_file(cx, "full", "x", 1);
    assert_int_equal(stat("full", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    const char *said;
    recur_error(cx, &said);
    if (strstr(said, "Permission denied")) /* a file system without devices */
        skip();
    assert_int_equal(status, RECUR_EIO);
    check_error(RECUR_EIO, "cannot write full: No space left on device");
}

/* An open file under its name in /dev/fd goes on where it is, also when it is an ordinary file. */
static void test_open_file(void **state)
{
    char name[32];
    (void)state;
    int fd = open("log", O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "head ", 5), 5);
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    if (access(name, W_OK) == 0)
        write_text(name, "tail");
    close(fd);
    assert_string_equal(content("log"), "head tail");
}

/* A limit on the size of files stands in for a full disk: the write fails halfway, so does the rest, the old
 * file stays. */
static void test_full_disk(void **state)
{
    static char block[20000];
    struct rlimit old, small;
    rcr_writer w;
    (void)state;
    put("model", "old");
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(rcr_write_open(&w, cx, "model"), RECUR_OK);
    assert_int_equal(rcr_write(&w, block, sizeof block), RECUR_OK);
    assert_int_equal(rcr_write(&w, block, sizeof block), RECUR_OK);
    recur_status third = rcr_write(&w, block, sizeof block), fourth = rcr_write(&w, block, 1);
    recur_status end = rcr_write_commit(&w);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    assert_int_equal(third, RECUR_EIO);
    assert_int_equal(fourth, RECUR_EIO);
    assert_int_equal(end, RECUR_EIO);
    check_error(RECUR_EIO, "cannot write model: File too large");
    assert_string_equal(content("model"), "old");
    assert_int_equal(files_here(), 1);
}

/* A folder that has come into the target's place meanwhile. */
static void test_rename_fails(void **state)
{
    rcr_writer w;
    (void)state;
    assert_int_equal(rcr_write_open(&w, cx, "model"), RECUR_OK);
    assert_int_equal(mkdir("model", 0777), 0);
    assert_int_equal(rcr_write_commit(&w), RECUR_EIO);
    check_error(RECUR_EIO, "cannot write model: Is a directory");
    assert_int_equal(files_here(), 1);
}

/* Two writers of one file: the later commit is what stays, each whole. */
static void test_two_writers(void **state)
{
    rcr_writer a, b;
    (void)state;
    assert_int_equal(rcr_write_open(&a, cx, "x"), RECUR_OK);
    assert_int_equal(rcr_write_open(&b, cx, "x"), RECUR_OK);
    rcr_write(&a, "aaaa", 4);
    rcr_write(&b, "bb", 2);
    assert_int_equal(rcr_write_commit(&a), RECUR_OK);
    assert_string_equal(content("x"), "aaaa");
    assert_int_equal(rcr_write_commit(&b), RECUR_OK);
    assert_string_equal(content("x"), "bb");
    assert_int_equal(files_here(), 1);
}

/* A child that executes another program does not inherit files. */
static void test_close_on_exec(void **state)
{
    rcr_writer w;
    (void)state;
    assert_int_equal(rcr_write_open(&w, cx, "x"), RECUR_OK);
    assert_true(fcntl(w.fd, F_GETFD) & FD_CLOEXEC);
    rcr_write_abort(&w);
}

static recur_status write_and_read(const recur_allocator *allocator, void *argument)
{
    recur_options opt = {.threads = 1, .allocator = allocator};
    recur_ctx *own;
    rcr_map m = {0};
    (void)argument;
    recur_status status = recur_ctx_create(&own, &opt);
    if (!status)
        status = rcr_write_file(own, "link", "text", 4);
    if (!status)
        status = rcr_map_open(&m, own, "empty");
    if (!status)
        rcr_map_close(&m, own);
    recur_ctx_free(own);
    assert_true(files_here() <= 3);
    return status;
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    put("empty", "");
    assert_int_equal(symlink("target", "link"), 0);
    assert_true(fail_alloc_each(write_and_read, NULL) > 6);
    assert_string_equal(content("target"), "text");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_map),
        IN_FOLDER(test_empty_file),
        IN_FOLDER(test_pipe),
        IN_FOLDER(test_file_without_size),
        IN_FOLDER(test_cannot_read),
        IN_FOLDER(test_write),
        IN_FOLDER(test_abort_keeps_the_old),
        IN_FOLDER(test_elsewhere),
        IN_FOLDER(test_permissions_stay),
        IN_FOLDER(test_symbolic_links),
        IN_FOLDER(test_cannot_write),
        IN_FOLDER(test_write_protected),
        IN_FOLDER(test_write_to_pipe),
        IN_FOLDER(test_device),
        IN_FOLDER(test_open_file),
        IN_FOLDER(test_full_disk),
        IN_FOLDER(test_rename_fails),
        IN_FOLDER(test_two_writers),
        IN_FOLDER(test_close_on_exec),
        IN_FOLDER(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
