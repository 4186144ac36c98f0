// SPDX-License-Identifier: MIT
/* Files: map one to read, write one atomically. Errors name the file and what the system said. */
#ifndef RCR_BASE_FILE_H
#define RCR_BASE_FILE_H

#include <recur/context.h>

/* A whole regular file, read-only, mapped (read into memory where it cannot be mapped: pipes). `bytes` of an
 * empty file is not NULL. */
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
 * nothing. */
typedef struct rcr_writer {
    recur_ctx *cx;
    char *path, *temporary;
    int fd;
    recur_status status;
} rcr_writer;
recur_status rcr_write_open(rcr_writer *w, recur_ctx *cx, const char *path);
recur_status rcr_write(rcr_writer *w, const void *bytes, size_t size);
recur_status rcr_write_commit(rcr_writer *w);
void rcr_write_abort(rcr_writer *w);

/* The whole of a small text into a file, atomically. */
recur_status rcr_write_file(recur_ctx *cx, const char *path, const void *bytes, size_t size);

#endif
