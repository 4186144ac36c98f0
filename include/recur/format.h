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

/* One tensor of a file. Everything is borrowed from the archive (or, for writing, from the caller). A file
 * may hold more axes than RECUR_MAX_RANK; only loading such a tensor fails. */
typedef struct recur_entry {
    const char *name;
    const char *dtype;    /* "F32", "F64", "I64", ... as the file says; any that safetensors knows */
    int rank;             /* 0: a scalar; a length of 0 is legal too */
    const int64_t *shape; /* [rank]; may be NULL for a scalar */
    const void *data;     /* little-endian, row-major; aligned to the item size */
    size_t size;          /* bytes */
} recur_entry;

/* Maps a file and checks all of it: header length, JSON, types, shapes, offsets without holes, overlaps or
 * duplicates, up to the very end of the file. RECUR_EFORMAT with a text that names the file, the tensor and
 * the numbers; RECUR_ENOTFOUND or RECUR_EIO where the file cannot be read. It may be replaced while it is
 * open (recur_archive_write() does that), but must not be cut short in place. Tensors that an old writer left
 * unaligned are copied, all others stay in the map. */
RECUR_API recur_status recur_archive_open(recur_archive **out, recur_ctx *cx, const char *path);
/* The same from memory, which must outlive the archive; `name` is for messages. */
RECUR_API recur_status recur_archive_parse(recur_archive **out, recur_ctx *cx, const void *bytes, size_t size,
                                           const char *name);
RECUR_API void recur_archive_free(recur_archive *a);
RECUR_API size_t recur_archive_size(const recur_archive *a); /* tensors */
/* In the order of their data. RECUR_ENOTFOUND past the end, or for a name that is not there. */
RECUR_API recur_status recur_archive_at(const recur_archive *a, size_t index, recur_entry *out);
RECUR_API recur_status recur_archive_find(const recur_archive *a, const char *name, recur_entry *out);
/* A metadata value, or NULL; by position: *key and *value, false past the end. */
RECUR_API const char *recur_archive_meta(const recur_archive *a, const char *key);
RECUR_API bool recur_archive_meta_at(const recur_archive *a, size_t index, const char **key,
                                     const char **value);

/* Copies the elements of a tensor into out[0 .. count), of type `to`: floating types to RECUR_F32 and
 * RECUR_F64 (rounded to nearest), BOOL and whole numbers but U64 to RECUR_I64. RECUR_EDTYPE for others,
 * RECUR_ESHAPE where `count` is not the number of elements. */
RECUR_API recur_status recur_entry_read(recur_ctx *cx, const recur_entry *e, recur_dtype to, void *out,
                                        size_t count);

/* Metadata to write: pairs of text, valid UTF-8, no key twice. */
typedef struct recur_meta {
    const char *key, *value;
} recur_meta;

/* Writes a file atomically: temporary file beside it, fsync, rename, fsync of the folder. The old file or the
 * new one is there, whatever happens. The same input gives the same bytes. Tensors keep their order, but
 * those of larger elements come first, so that each is aligned. RECUR_EINVAL for a name that is no UTF-8,
 * stands twice or is "__metadata__", RECUR_EDTYPE and RECUR_ESHAPE where an entry contradicts itself; nothing
 * is written then. */
RECUR_API recur_status recur_archive_write(recur_ctx *cx, const char *path, const recur_entry *entries,
                                           size_t n, const recur_meta *meta, size_t n_meta);

/* The entry that describes a tensor under its own name (or under `name` if not NULL). */
RECUR_API recur_entry recur_entry_of(const recur_tensor *t, const char *name);

/* Flags of recur_params_load(). */
enum {
    RECUR_LOAD_EXTRA = 1,   /* tensors in the file that `ps` does not have are passed over */
    RECUR_LOAD_MISSING = 2, /* parameters that the file does not have keep their values */
    RECUR_LOAD_CAST = 4     /* other types are converted to those of `ps`, as recur_entry_read() does */
};
/* Fills the parameters and buffers of `ps` from tensors named prefix + parameter name (NULL: no prefix);
 * tensors without the prefix do not count. Checks everything first: on an error, which names each tensor of
 * another shape (RECUR_ESHAPE) or type (RECUR_EDTYPE), missing or unknown (RECUR_ENOTFOUND), nothing has
 * changed. Allocates nothing. */
RECUR_API recur_status recur_params_load(recur_params *ps, const recur_archive *a, const char *prefix,
                                         unsigned flags);
/* Writes all parameters and buffers. */
RECUR_API recur_status recur_params_save(const recur_params *ps, const char *path, const recur_meta *meta,
                                         size_t n_meta);

#ifdef __cplusplus
}
#endif

#endif
