// SPDX-License-Identifier: MIT
/* What the tests of text share: units in one line, tokenizers, files. */
#ifndef TESTS_DATA_TEXT_TEST_H
#define TESTS_DATA_TEXT_TEST_H

#include "data/data_test.h"

static inline recur_tokenizer *tokenizer_of(recur_ctx *cx, recur_text_config config, unsigned flags)
{
    recur_tokenizer *t;
    ok(cx, recur_tokenizer_create(&t, cx, &config, flags));
    return t;
}

/* The units of a text with '|' between them, and "<nl>" for a line end. */
static inline const char *joined(char *line, size_t room, const recur_units *u)
{
    size_t used = 0;
    line[0] = 0;
    for (int64_t i = 0; i < u->n; i++) {
        const char *text = strcmp(u->unit[i].text, "\n") == 0 ? "<nl>" : u->unit[i].text;
        if (*text != '<')
            assert_int_equal(strlen(text), u->unit[i].size);
        int n = snprintf(line + used, room - used, "%s%s", i ? "|" : "", text);
        assert_true(n >= 0 && (size_t)n < room - used);
        used += (size_t)n;
    }
    return line;
}

/* A text is cut into these units. */
static inline void cuts(recur_ctx *cx, recur_tokenizer *t, const char *text, const char *wanted)
{
    char line[4096];
    recur_units u;
    ok(cx, recur_tokenize(t, text, strlen(text), NULL, &u));
    assert_string_equal(joined(line, sizeof line, &u), wanted);
}

/* A folder of its own for the test's files: give it back to drop_folder(). */
static inline const char *make_folder(char folder[32])
{
    strcpy(folder, "/tmp/recur-text-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void drop_folder(const char *folder)
{
    char clean[64];
    snprintf(clean, sizeof clean, "rm -rf %s", folder);
    assert_int_equal(system(clean), 0);
}

/* A file with this content; `path` gets its whole name. */
static inline const char *file_of(char path[128], const char *folder, const char *name, const void *bytes,
                                  size_t size)
{
    snprintf(path, 128, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    return path;
}

#endif
