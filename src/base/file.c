// SPDX-License-Identifier: MIT
/* Files: map one to read, write one atomically. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

enum { FIRST_READ = 64 * 1024, MOST_LINKS = 40, TEMPORARY_NAME = 64, ATTEMPTS = 100 };

static recur_status status_of(int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return RECUR_ENOTFOUND;
    return error == ENOMEM ? RECUR_ENOMEM : RECUR_EIO;
}

/* "cannot write runs/x/model.safetensors: No space left on device" */
recur_status rcr_file_error(recur_ctx *cx, const char *verb, const char *path, int error)
{
    char reason[256];
    if (strerror_r(error, reason, sizeof reason))
        snprintf(reason, sizeof reason, "error %d", error);
    return rcr_fail(cx, status_of(error), "cannot %s %s: %s", verb, path, reason);
}

static int open_file(const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* ---- reading
 * ------------------------------------------------------------------------------------------------ */

static ssize_t read_some(int fd, void *bytes, size_t size)
{
    ssize_t got;
    do
        got = read(fd, bytes, size);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Reads to the end into a block that doubles. */
static recur_status read_all(rcr_map *m, recur_ctx *cx, int fd, const char *path)
{
    size_t held = 0;
    for (;;) {
        if (m->size == held) {
            size_t wanted = held ? held * 2 : FIRST_READ;
            recur_status status = rcr_resize_array(cx, &m->copy, wanted, 1, path);
            if (status)
                return status;
            held = wanted;
        }
        ssize_t got = read_some(fd, (char *)m->copy + m->size, held - m->size);
        if (got < 0)
            return rcr_file_error(cx, "read", path, errno);
        if (got == 0)
            break;
        m->size += (size_t)got;
    }
    m->bytes = m->copy;
    return RECUR_OK;
}

static bool map_file(rcr_map *m, int fd, off_t size)
{
    if (size <= 0 || (uintmax_t)size > PTRDIFF_MAX)
        return false;
    void *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    m->bytes = bytes;
    m->size = (size_t)size;
    return true;
}

/* A regular file of size 0 may be one of /proc, so it is read as well. */
static recur_status load(rcr_map *m, recur_ctx *cx, int fd, const char *path)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return rcr_file_error(cx, "read", path, errno);
    if (S_ISDIR(st.st_mode))
        return rcr_file_error(cx, "read", path, EISDIR);
    if (S_ISREG(st.st_mode) && map_file(m, fd, st.st_size))
        return RECUR_OK;
    return read_all(m, cx, fd, path);
}

recur_status rcr_map_open(rcr_map *m, recur_ctx *cx, const char *path)
{
    *m = (rcr_map){0};
    int fd = open_file(path, O_RDONLY, 0);
    if (fd < 0)
        return rcr_file_error(cx, "read", path, errno);
    recur_status status = load(m, cx, fd, path);
    close(fd);
    if (status)
        rcr_map_close(m, cx);
    return status;
}

void rcr_map_close(rcr_map *m, recur_ctx *cx)
{
    if (m->copy)
        rcr_free(cx, m->copy);
    else if (m->bytes)
        munmap((void *)(uintptr_t)m->bytes, m->size);
    *m = (rcr_map){0};
}

/* ---- writing
 * ------------------------------------------------------------------------------------------------ */

static recur_status write_error(rcr_writer *w, int error)
{
    return w->status = rcr_file_error(w->cx, "write", w->path, error);
}

/* Length of the folder's part of a path, its last '/' included. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* folder(path) + name, in a block of its own. */
static char *beside(recur_ctx *cx, const char *path, const char *name)
{
    size_t folder = folder_length(path), size = folder + strlen(name) + 1;
    char *joined = rcr_alloc(cx, size, "a file name");
    if (!joined)
        return NULL;
    memcpy(joined, path, folder);
    memcpy(joined + folder, name, size - folder);
    return joined;
}

/* Replaces w->target, a symbolic link to `name`, by what it points to. */
static recur_status follow(rcr_writer *w, const char *name)
{
    char *next = *name == '/' ? rcr_strdup(w->cx, name, "a file name") : beside(w->cx, w->target, name);
    if (!next)
        return w->status = RECUR_ENOMEM;
    rcr_free(w->cx, w->target);
    w->target = next;
    return RECUR_OK;
}

/* Follows symbolic links, so that the file is replaced and not the link. The file need not exist. */
static recur_status follow_links(rcr_writer *w)
{
    char name[PATH_MAX];
    for (int links = 0; links < MOST_LINKS; links++) {
        ssize_t n = readlink(w->target, name, sizeof name);
        if (n < 0) /* no link, or nothing there */
            return RECUR_OK;
        if (n == sizeof name)
            return write_error(w, ENAMETOOLONG);
        name[n] = '\0';
        if (follow(w, name))
            return w->status;
    }
    return write_error(w, ELOOP);
}

/* Names of open files: what is behind them must not be replaced. */
static bool names_open_file(const char *path)
{
    static const char *const prefixes[] = {"/dev/std", "/dev/fd/", "/proc/"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static recur_status open_direct(rcr_writer *w)
{
    w->fd = open_file(w->path, O_WRONLY | O_APPEND, 0);
    return w->fd < 0 ? write_error(w, errno) : RECUR_OK;
}

/* A name that nobody else takes: process, time and attempt; O_EXCL decides. */
static void temporary_name(char name[TEMPORARY_NAME], int attempt)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(name, TEMPORARY_NAME, ".recur-%lx-%llx-%lx-%d.tmp", (unsigned long)getpid(),
             (unsigned long long)t.tv_sec, (unsigned long)t.tv_nsec, attempt);
}

static recur_status open_temporary(rcr_writer *w)
{
    char name[TEMPORARY_NAME];
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        temporary_name(name, attempt);
        w->temporary = beside(w->cx, w->target, name);
        if (!w->temporary)
            return w->status = RECUR_ENOMEM;
        w->fd = open_file(w->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (w->fd >= 0)
            return RECUR_OK;
        int error = errno;
        rcr_free(w->cx, w->temporary);
        w->temporary = NULL;
        if (error != EEXIST)
            return write_error(w, error);
    }
    return write_error(w, EEXIST);
}

/* The new file, still empty, gets permissions and owner of the old one: permissions where the file system has
 * them, the owner as far as this process may give files away. */
static recur_status inherit(rcr_writer *w, const struct stat *old)
{
    if (fchmod(w->fd, old->st_mode & 0777) != 0 && errno != EPERM && errno != EOPNOTSUPP)
        return write_error(w, errno);
    if (fchown(w->fd, old->st_uid, old->st_gid) != 0)
        errno = 0; /* it stays with this process, as everything else that it writes */
    return RECUR_OK;
}

static recur_status open_replacement(rcr_writer *w)
{
    struct stat old;
    if (follow_links(w))
        return w->status;
    bool exists = stat(w->target, &old) == 0;
    if (exists && faccessat(AT_FDCWD, w->target, W_OK, AT_EACCESS) != 0)
        return write_error(w, errno);
    if (open_temporary(w))
        return w->status;
    return exists ? inherit(w, &old) : RECUR_OK;
}

static recur_status open_target(rcr_writer *w)
{
    struct stat st;
    bool exists = stat(w->path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return write_error(w, EISDIR);
    if ((exists && !S_ISREG(st.st_mode)) || names_open_file(w->path))
        return open_direct(w);
    return open_replacement(w);
}

recur_status rcr_write_open(rcr_writer *w, recur_ctx *cx, const char *path)
{
    *w = (rcr_writer){.cx = cx, .fd = -1};
    w->path = rcr_strdup(cx, path, "a file name");
    w->target = rcr_strdup(cx, path, "a file name");
    recur_status status = w->path && w->target ? open_target(w) : RECUR_ENOMEM;
    if (status)
        rcr_write_abort(w);
    return status;
}

recur_status rcr_write(rcr_writer *w, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size && !w->status) {
        ssize_t put = write(w->fd, at, size);
        if (put < 0 && errno != EINTR)
            return write_error(w, errno);
        if (put > 0) {
            at += put;
            size -= (size_t)put;
        }
    }
    return w->status;
}

/* fsync() says EINVAL of what cannot be flushed. */
static int flush(int fd)
{
    int result;
    do
        result = fsync(fd);
    while (result != 0 && errno == EINTR);
    return result != 0 && errno != EINVAL ? -1 : 0;
}

/* Makes the new name last. A folder that may not be read cannot be flushed either. */
static recur_status flush_folder(rcr_writer *w)
{
    size_t length = folder_length(w->target);
    char *folder = length ? w->target : NULL; /* the target's name is not needed any more */
    if (folder)
        folder[length] = '\0';
    int fd = open_file(folder ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return errno == EACCES ? RECUR_OK : write_error(w, errno);
    recur_status status = flush(fd) ? write_error(w, errno) : RECUR_OK;
    close(fd);
    return status;
}

/* Closes the file; what was written late may fail only here. */
static recur_status close_file(rcr_writer *w)
{
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0 && errno != EINTR)
        return write_error(w, errno);
    return RECUR_OK;
}

static recur_status replace(rcr_writer *w)
{
    if (flush(w->fd))
        return write_error(w, errno);
    if (close_file(w))
        return w->status;
    if (rename(w->temporary, w->target) != 0)
        return write_error(w, errno);
    rcr_free(w->cx, w->temporary);
    w->temporary = NULL;
    return flush_folder(w);
}

recur_status rcr_write_commit(rcr_writer *w)
{
    if (!w->status)
        w->status = w->temporary ? replace(w) : close_file(w);
    recur_status status = w->status;
    rcr_write_abort(w);
    return status;
}

void rcr_write_abort(rcr_writer *w)
{
    if (!w->cx)
        return;
    if (w->fd >= 0)
        close(w->fd);
    if (w->temporary)
        unlink(w->temporary);
    rcr_free(w->cx, w->temporary);
    rcr_free(w->cx, w->target);
    rcr_free(w->cx, w->path);
    *w = (rcr_writer){.fd = -1};
}

recur_status rcr_write_file(recur_ctx *cx, const char *path, const void *bytes, size_t size)
{
    rcr_writer w;
    recur_status status = rcr_write_open(&w, cx, path);
    if (status)
        return status;
    rcr_write(&w, bytes, size);
    return rcr_write_commit(&w);
}
