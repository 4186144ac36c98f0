// SPDX-License-Identifier: MIT
/* Answers for a file or standard input, a line at a time. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where lines come from. */
typedef struct source {
    const cli_lines *lines;
    FILE *file;
    const char *name;
    bool interactive;
} source;

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r\n", line[i]) || line[i] == '\0')
            return false;
    return true;
}

static void prompt(const source *s)
{
    if (s->interactive)
        fputs(s->lines->prompt, stderr);
}

static int answer(const source *s, const char *line, size_t size, int64_t number)
{
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    if (!s->lines->blank && is_blank(line, size))
        return EXIT_DONE;
    int status = s->lines->answer(s->lines->user, line, size, s->name, number);
    if (!s->interactive)
        return status;
    fflush(stdout);
    if (status != EXIT_INPUT)
        return status;
    recur_clear(s->lines->cx); /* at a terminal a wrong line is no reason to stop */
    return EXIT_DONE;
}

static int answer_all(const source *s)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    int status = EXIT_DONE;
    prompt(s);
    for (int64_t number = 1; status == EXIT_DONE && (size = getline(&line, &room, s->file)) >= 0; number++) {
        status = answer(s, line, (size_t)size, number);
        prompt(s);
    }
    if (s->interactive)
        fputc('\n', stderr);
    free(line);
    if (status == EXIT_DONE && ferror(s->file)) {
        cli_error("cannot read %s: %s", s->name, strerror(errno));
        return EXIT_INPUT;
    }
    return status;
}

int cli_answer_lines(const cli_lines *lines)
{
    bool standard = !lines->path || strcmp(lines->path, "-") == 0;
    source s = {.lines = lines, .file = stdin, .name = standard ? "standard input" : lines->path};
    s.interactive = standard && isatty(STDIN_FILENO);
    if (standard)
        return answer_all(&s);
    int status = cli_readable(lines->path);
    if (status != EXIT_DONE)
        return status;
    s.file = fopen(lines->path, "r");
    if (!s.file) {
        cli_error("cannot read %s: %s", lines->path, strerror(errno));
        return EXIT_INPUT;
    }
    status = answer_all(&s);
    fclose(s.file);
    return status;
}
