// SPDX-License-Identifier: MIT
/* Folders, and files that grow. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

char *rcr_path_join(recur_ctx *cx, const char *folder, const char *name)
{
    size_t n = strlen(folder), m = strlen(name);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    char *path = rcr_alloc(cx, n + m + 2, "a file name");
    if (!path)
        return NULL;
    memcpy(path, folder, n);
    path[n] = '/';
    memcpy(path + n + 1, name, m + 1);
    return path;
}

bool rcr_path_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool rcr_path_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static recur_status make_one(recur_ctx *cx, const char *path)
{
    int error = mkdir(path, 0777) == 0 ? 0 : errno; /* looking at the path may change errno */
    if (error == 0 || rcr_path_is_folder(path))
        return RECUR_OK;
    return rcr_file_error(cx, "make the folder", path, error);
}

recur_status rcr_make_folder(recur_ctx *cx, const char *path)
{
    char *part = rcr_strdup(cx, path, "a file name");
    if (!part)
        return RECUR_ENOMEM;
    recur_status status = RECUR_OK;
    for (char *s = part; *s && status == RECUR_OK; s++) {
        if (*s != '/' || s == part)
            continue;
        *s = '\0';
        status = make_one(cx, part);
        *s = '/';
    }
    rcr_free(cx, part);
    return status == RECUR_OK ? make_one(cx, path) : status;
}

/* The folder itself is what is locked: nothing stays behind, and the kernel gives it back when the process dies. By flock(),
 * which POSIX lacks: its own locks know processes alone, and end with any descriptor of the file. */
recur_status rcr_lock_folder(int *lock, recur_ctx *cx, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;
    *lock = 0;
    if (fd < 0) /* one that cannot be read */
        return RECUR_OK;
    do
        result = flock(fd, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result == 0) {
        *lock = fd + 1;
        return RECUR_OK;
    }
    bool taken = errno == EWOULDBLOCK;
    close(fd);
    return taken
               ? rcr_fail(cx, RECUR_ESTATE, "%s: a training that is under way writes into this folder", path)
               : RECUR_OK;
}

void rcr_unlock_folder(int lock)
{
    if (lock > 0)
        close(lock - 1);
}

recur_status rcr_remove_file(recur_ctx *cx, const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return RECUR_OK;
    return rcr_file_error(cx, "remove", path, errno);
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR)
            return errno;
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

recur_status rcr_append_file(recur_ctx *cx, const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return rcr_file_error(cx, "write", path, errno);
    int error = write_all(fd, bytes, size);
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error ? rcr_file_error(cx, "write", path, error) : RECUR_OK;
}
