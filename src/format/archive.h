// SPDX-License-Identifier: MIT
/* Inside of an open file. */
#ifndef RCR_FORMAT_ARCHIVE_H
#define RCR_FORMAT_ARCHIVE_H

#include <recur/format.h>

#include "base/file.h"
#include "format/dtype.h"
#include "format/text.h"

/* A header is at most this long, as in the official reader: 8 bytes before it say how long it is. */
enum { RCR_HEADER_LENGTH = 8, RCR_HEADER_MOST = 100000000 };
/* The name in the header under which the metadata stand. */
#define RCR_METADATA "__metadata__"

typedef struct rcr_item {
    recur_entry entry;
    const rcr_file_type *type;
    size_t first_dim;   /* entry.shape in dims */
    int64_t begin, end; /* bytes, from the beginning of the data */
} rcr_item;

struct recur_archive {
    recur_ctx *cx;
    char file[RCR_SHOWN_PATH]; /* for messages */
    rcr_map map;
    const unsigned char *data; /* [data_size] what follows the header */
    size_t data_size;
    char *text;    /* names, keys and values, each with its 0; no more bytes than the header */
    int64_t *dims; /* the shapes, one after another */
    size_t n_dims, most_dims;
    rcr_item *items; /* [size] in the order of the header */
    size_t size, most_items;
    recur_meta *metas; /* [n_metas] in the order of the header */
    size_t n_metas, most_metas;
    const void **by_offset; /* [size] items in the order of their data */
    const void **by_name;   /* [size] items, sorted */
    const void **by_key;    /* [n_metas] metas, sorted */
    void *aligned;          /* copies of the tensors that lie across the size of their elements in the file */
};

/* Reads the header text[0 .. n) into items, metas, dims and text. Checks each tensor by itself, not yet
 * against the others. */
recur_status rcr_header_read(recur_archive *a, const char *text, size_t n);

/* The tensor called prefix + name, or NULL. */
const rcr_item *rcr_archive_lookup(const recur_archive *a, const char *prefix, const char *name);

#endif
