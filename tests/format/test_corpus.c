// SPDX-License-Identifier: MIT
/* The fuzz target as a plain program: over its seeds, or over the files named on the command line. */
#include "format/file.h"

#include <dirent.h>

#include "fuzz/fuzz_safetensors.c"

static void run_file(const char *path)
{
    file f = load_file(path);
    assert_int_equal(LLVMFuzzerTestOneInput(f.bytes, f.size), 0);
    free(f.bytes);
}

static void test_seeds(void **state)
{
    (void)state;
    static const char folder[] = RECUR_REFERENCE_DIR "/../fuzz/corpus/fuzz_safetensors";
    char path[1024];
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
            run_file(path);
            n++;
        }
    closedir(d);
    assert_true(n >= 10);
    recur_ctx_free(context());
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeds)};
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    return argc > 1 ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
