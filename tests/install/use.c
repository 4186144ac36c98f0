// SPDX-License-Identifier: MIT
/* A stranger's first program, in the language that C and C++ share: creates a context and reads back the
 * version. */
#include <recur/recur.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    recur_ctx *cx = NULL;
    recur_options options;
    memset(&options, 0, sizeof options);
    options.threads = 1;

    if (recur_ctx_create(&cx, &options) != RECUR_OK) {
        fprintf(stderr, "no context\n");
        return 1;
    }
    printf("recur %s, headers %s, %s kernels\n", recur_version(), RECUR_VERSION, recur_ctx_isa(cx));
    recur_ctx_free(cx);
    return strcmp(recur_version(), RECUR_VERSION) == 0 ? 0 : 1;
}
