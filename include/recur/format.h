// SPDX-License-Identifier: MIT
/* safetensors: named tensors in a file, with text metadata. Files are untrusted: everything is checked before
 * use. */
#ifndef RECUR_FORMAT_H
#define RECUR_FORMAT_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct recur_archive recur_archive;

/* One tensor of a file. Everything is borrowed from the archive (or, for writing, from the caller). */
typedef struct recur_entry {
    const char *name;
    const char *dtype; /* "F32", "F64", "I64", ... as the file says; any that safetensors knows */
    int rank;
    const int64_t *shape;
    const void *data; /* little-endian, row-major; aligned to the item size */
    size_t size;      /* bytes */
} recur_entry;

/* Maps a file and checks all of it: header length, JSON, types, shapes, offsets in order without holes,
 * overlaps or duplicates, up to the very end of the file. RECUR_EIO or RECUR_EFORMAT with a text that names
 * the file. */
RECUR_API recur_status recur_archive_open(recur_archive **out, recur_ctx *cx, const char *path);
/* The same from memory, which must outlive the archive; `name` is for messages. */
RECUR_API recur_status recur_archive_parse(recur_archive **out, recur_ctx *cx, const void *bytes, size_t size,
                                           const char *name);
RECUR_API void recur_archive_free(recur_archive *a);
RECUR_API size_t recur_archive_size(const recur_archive *a); /* tensors */
/* RECUR_ENOTFOUND past the end, or for a name that is not there. */
RECUR_API recur_status recur_archive_at(const recur_archive *a, size_t index, recur_entry *out);
RECUR_API recur_status recur_archive_find(const recur_archive *a, const char *name, recur_entry *out);
/* A metadata value, or NULL; by position: *key and *value, false past the end. */
RECUR_API const char *recur_archive_meta(const recur_archive *a, const char *key);
RECUR_API bool recur_archive_meta_at(const recur_archive *a, size_t index, const char **key,
                                     const char **value);

/* Metadata to write: pairs of text, valid UTF-8. */
typedef struct recur_meta {
    const char *key, *value;
} recur_meta;

/* Writes a file atomically: temporary file beside it, fsync, rename, fsync of the folder. The old file or the
 * new one is there, whatever happens. The same input gives the same bytes. */
RECUR_API recur_status recur_archive_write(recur_ctx *cx, const char *path, const recur_entry *entries,
                                           size_t n, const recur_meta *meta, size_t n_meta);

/* The entry that describes a tensor under its own name (or under `name` if not NULL). */
RECUR_API recur_entry recur_entry_of(const recur_tensor *t, const char *name);

/* Flags of recur_params_load(). */
enum {
    RECUR_LOAD_EXTRA = 1,   /* tensors in the file that `ps` does not have are passed over */
    RECUR_LOAD_MISSING = 2, /* parameters that the file does not have keep their values */
    RECUR_LOAD_CAST = 4     /* F32, F64, F16 and BF16 are converted to the type of `ps` */
};
/* Fills the parameters of `ps` from tensors named prefix + parameter name. Checks everything first: on an
 * error, which names each tensor that is unknown, missing or of another shape, nothing has changed. */
RECUR_API recur_status recur_params_load(recur_params *ps, const recur_archive *a, const char *prefix,
                                         unsigned flags);
/* Writes all parameters and buffers. */
RECUR_API recur_status recur_params_save(const recur_params *ps, const char *path, const recur_meta *meta,
                                         size_t n_meta);

#ifdef __cplusplus
}
#endif

#endif
