// SPDX-License-Identifier: MIT
/* Files for the tests of this room: made in memory byte by byte, folders to write into, contexts. */
#ifndef TESTS_FORMAT_FILE_H
#define TESTS_FORMAT_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <recur/format.h>

typedef struct file {
    unsigned char *bytes; /* malloc'ed with its exact size, so that a sanitizer sees each byte too far */
    size_t size;
} file;

/* 8 bytes that say `length`, then header[0 .. n), then data_size bytes 0, 1, 2, ... */
static inline file make_file(uint64_t length, const char *header, size_t n, size_t data_size)
{
    file f = {.size = 8 + n + data_size};
    f.bytes = malloc(f.size);
    assert_non_null(f.bytes);
    for (size_t i = 0; i < 8; i++)
        f.bytes[i] = (unsigned char)(length >> 8 * i);
    memcpy(f.bytes + 8, header, n);
    for (size_t i = 0; i < data_size; i++)
        f.bytes[8 + n + i] = (unsigned char)i;
    return f;
}

/* A file whose length tells the truth. */
static inline file make_true_file(const char *header, size_t data_size)
{
    return make_file(strlen(header), header, strlen(header), data_size);
}

static inline void save_file(file f, const char *path)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(f.bytes, 1, f.size, out), f.size);
    assert_int_equal(fclose(out), 0);
}

static inline file load_file(const char *path)
{
    file f = {0};
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    f.size = (size_t)ftell(in);
    rewind(in);
    f.bytes = malloc(f.size + !f.size);
    assert_non_null(f.bytes);
    assert_int_equal(fread(f.bytes, 1, f.size, in), f.size);
    fclose(in);
    return f;
}

static inline recur_ctx *new_context(void)
{
    recur_ctx *cx;
    recur_options opt = {.threads = 1};
    assert_int_equal(recur_ctx_create(&cx, &opt), RECUR_OK);
    return cx;
}

static inline const char *error_text(const recur_ctx *cx)
{
    const char *text;
    recur_error(cx, &text);
    return text;
}

/* Fails with the library's text unless the status is as expected. */
#define expect_status(cx, status, expected)                            \
    do {                                                               \
        recur_status s_ = (status);                                    \
        if (s_ != (expected))                                          \
            fail_msg("%s: %s", recur_status_name(s_), error_text(cx)); \
    } while (0)

/* Fails unless the error's text is one line and holds all of `words`, which '|' separates. */
static inline void expect_words(const recur_ctx *cx, const char *words)
{
    const char *text = error_text(cx);
    char word[256];
    assert_null(strchr(text, '\n'));
    for (size_t n; *words; words += n + (words[n] == '|')) {
        n = strcspn(words, "|");
        assert_true(n < sizeof word);
        memcpy(word, words, n);
        word[n] = '\0';
        if (!strstr(text, word))
            fail_msg("\"%s\" does not hold \"%s\"", text, word);
    }
}

/* A folder of its own below TMPDIR. */
static inline const char *make_folder(char folder[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, 256, "%s/recur-format-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline const char *in_folder(char path[320], const char *folder, const char *name)
{
    snprintf(path, 320, "%s/%s", folder, name);
    return path;
}

#endif
