// SPDX-License-Identifier: MIT
/* Standard error: errors, notes, colours, the width of a terminal. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool quiet, verbose;

void cli_console_set(const cli_common *common)
{
    quiet = common->quiet;
    verbose = common->verbose && !common->quiet;
}

bool cli_quiet(void)
{
    return quiet;
}

bool cli_verbose(void)
{
    return verbose;
}

bool cli_terminal(FILE *stream)
{
    const char *term = getenv("TERM");
    return isatty(fileno(stream)) && term && strcmp(term, "dumb") != 0;
}

bool cli_colours(FILE *stream)
{
    const char *no = getenv("NO_COLOR");
    return cli_terminal(stream) && !(no && *no);
}

int cli_width(FILE *stream)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    int width = columns ? atoi(columns) : 0;
    return width > 0 ? width : 80;
}

static void print(const char *begin, const char *end, const char *format, va_list arguments)
{
    bool colours = cli_colours(stderr);
    fprintf(stderr, "%srecur:%s ", colours ? begin : "", colours ? end : "");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void cli_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print("\033[1;31m", "\033[0m", format, arguments);
    va_end(arguments);
}

void cli_note(const char *format, ...)
{
    va_list arguments;
    if (quiet)
        return;
    va_start(arguments, format);
    print("\033[2m", "\033[0m", format, arguments);
    va_end(arguments);
}

void cli_detail(const char *format, ...)
{
    va_list arguments;
    if (!verbose)
        return;
    va_start(arguments, format);
    print("\033[2m", "\033[0m", format, arguments);
    va_end(arguments);
}

/* By status; what a status means to a user at a shell. */
static const int exits[] = {
    [RECUR_OK] = EXIT_DONE,         [RECUR_ENOMEM] = EXIT_WORK,
    [RECUR_EINVAL] = EXIT_USAGE,    [RECUR_ESHAPE] = EXIT_INPUT,
    [RECUR_EDTYPE] = EXIT_INPUT,    [RECUR_ESTATE] = EXIT_USAGE,
    [RECUR_EIO] = EXIT_WORK,        [RECUR_EFORMAT] = EXIT_INPUT,
    [RECUR_ENOTFOUND] = EXIT_INPUT, [RECUR_EUNSUPPORTED] = EXIT_INPUT,
    [RECUR_ENUMERIC] = EXIT_WORK,   [RECUR_ESTOPPED] = EXIT_SIGNAL,
};

int cli_fail(recur_ctx *cx)
{
    const char *text;
    recur_status status = recur_error(cx, &text);
    if (status == RECUR_ESTOPPED) {
        cli_note("%s", text);
        return EXIT_SIGNAL + cli_signal();
    }
    cli_error("%s", text);
    return exits[status];
}

int cli_fail_at(recur_ctx *cx, const char *name, int64_t line)
{
    const char *text;
    recur_status status = recur_error(cx, &text);
    cli_error("%s:%lld: %s", name, (long long)line, text);
    return exits[status];
}

int cli_fail_writing(recur_ctx *cx)
{
    cli_fail(cx);
    return EXIT_WORK;
}

int cli_readable(const char *path)
{
    struct stat st;
    int error = !path || access(path, R_OK) == 0 ? 0 : errno;
    if (path && error == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        error = EISDIR;
    if (error == 0)
        return EXIT_DONE;
    cli_error("cannot read %s: %s", path, strerror(error));
    return EXIT_INPUT;
}

int cli_context(recur_ctx **cx, const cli_common *common)
{
    recur_options options = {.threads = (int)common->threads};
    if (recur_ctx_create(cx, &options) == RECUR_OK) {
        cli_detail("%d threads, %s", recur_ctx_threads(*cx), recur_ctx_isa(*cx));
        return EXIT_DONE;
    }
    cli_error("cannot start: not enough memory, or RECUR_ISA names an instruction set that is not here");
    return EXIT_WORK;
}
