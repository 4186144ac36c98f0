// SPDX-License-Identifier: MIT
/* Files: map one to read, write one atomically. Errors name the file and what the system said. */
#ifndef RCR_BASE_FILE_H
#define RCR_BASE_FILE_H

#include <recur/context.h>

/* A whole file, read-only: mapped, or read into memory where that cannot be (pipes, devices). Folders are
 * refused. `bytes` of an empty file is not NULL. Who shortens a file in place while it is mapped ends the
 * program (SIGBUS); replacing it is harmless. */
typedef struct rcr_map {
    const unsigned char *bytes;
    size_t size;
    void *copy; /* not NULL: rcr_alloc'ed, not mapped */
} rcr_map;
recur_status rcr_map_open(rcr_map *m, recur_ctx *cx, const char *path);
void rcr_map_close(rcr_map *m, recur_ctx *cx);

/* Atomic replacement: rcr_write_open() makes a temporary file beside `path`; rcr_write_commit() flushes it to
 * the disk, renames it over `path` and flushes the folder; rcr_write_abort() removes it. After a failed
 * write, commit fails too; commit and abort both end the writer. Abort of a zeroed or ended writer does
 * nothing.
 *
 * A file that is replaced keeps its permissions, and a write-protected one is refused; of a symbolic link the
 * file it points to is replaced. What cannot be replaced (a pipe, a device, /dev/stdout) is written directly,
 * and abort does not take that back. */
typedef struct rcr_writer {
    recur_ctx *cx;
    char *path;      /* as given, for messages */
    char *target;    /* the file that is replaced: path after symbolic links */
    char *temporary; /* NULL: written directly */
    int fd;
    recur_status status;
} rcr_writer;
recur_status rcr_write_open(rcr_writer *w, recur_ctx *cx, const char *path);
recur_status rcr_write(rcr_writer *w, const void *bytes, size_t size);
recur_status rcr_write_commit(rcr_writer *w);
void rcr_write_abort(rcr_writer *w);

/* The whole of a small text into a file, atomically. */
recur_status rcr_write_file(recur_ctx *cx, const char *path, const void *bytes, size_t size);

/* ---- folders, and files that grow (folder.c) ---- */

/* folder + '/' + name in a block of its own, or NULL after recording RECUR_ENOMEM. */
char *rcr_path_join(recur_ctx *cx, const char *folder, const char *name);
bool rcr_path_exists(const char *path);
bool rcr_path_is_folder(const char *path);
/* Makes a folder and those above it; one that is there is fine. */
recur_status rcr_make_folder(recur_ctx *cx, const char *path);
/* Keeps everybody else who asks for it out of a folder, until the lock is given back or the process ends. *lock is 0, and
 * nobody is kept out, where the file system has no locks. RECUR_ESTATE where somebody else has it. */
recur_status rcr_lock_folder(int *lock, recur_ctx *cx, const char *path);
void rcr_unlock_folder(int lock);
/* A file that is not there is fine. */
recur_status rcr_remove_file(recur_ctx *cx, const char *path);
/* Adds to the end of a file, which is made if it is not there. */
recur_status rcr_append_file(recur_ctx *cx, const char *path, const void *bytes, size_t size);

/* Records "cannot read PATH: No such file or directory" with the status that fits the system's error number.
 */
recur_status rcr_file_error(recur_ctx *cx, const char *verb, const char *path, int error);

#endif
