// SPDX-License-Identifier: MIT
/* Names of data files: one text for several, as configurations hold them. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *cli_join_files(const char *const *names, int n)
{
    size_t size = 1;
    for (int i = 0; i < n; i++)
        size += strlen(names[i]) + 1;
    char *joined = malloc(size), *to = joined;
    if (!joined) {
        cli_error("out of memory");
        return NULL;
    }
    *to = '\0';
    for (int i = 0; i < n; i++)
        to += sprintf(to, "%s%s", i ? "\n" : "", names[i]);
    return joined;
}

/* Each part of a text that is cut at `between`. */
static int readable_parts(const char *names, char between)
{
    int status = EXIT_DONE;
    char *copy = cli_join_files(&names, 1), *next = copy;
    while (status == EXIT_DONE && next) {
        char *name = next;
        next = strchr(name, between);
        if (next)
            *next++ = '\0';
        status = cli_readable(name);
    }
    free(copy);
    return copy ? status : EXIT_WORK;
}

int cli_readable_files(const char *names)
{
    if (!names)
        return EXIT_DONE;
    bool pair = strchr(names, ',') && access(names, F_OK) != 0;
    return readable_parts(names, pair && !strchr(names, '\n') ? ',' : '\n');
}
