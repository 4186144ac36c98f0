// SPDX-License-Identifier: MIT
/* Writes JSON text: numbers round-trip exactly and do not depend on the locale. Errors stick in `status`, so
 * a document is written without checks and asked at the end. A value inside an object has a key; inside an
 * array the key is NULL. */
#ifndef RCR_TRAIN_DOCUMENT_H
#define RCR_TRAIN_DOCUMENT_H

#include <recur/context.h>

enum { RCR_DOC_DEPTH = 16 };

typedef struct rcr_doc {
    recur_ctx *cx;
    char *text; /* ended by a NUL; NULL while empty */
    size_t size, room;
    recur_status status;
    int depth;
    bool indent, more[RCR_DOC_DEPTH]; /* more: a value stands before at this depth */
} rcr_doc;

/* `indent`: a line per member of the outer two levels; otherwise all on one line. */
void rcr_doc_begin(rcr_doc *j, recur_ctx *cx, bool indent);
void rcr_doc_object(rcr_doc *j, const char *key);
void rcr_doc_array(rcr_doc *j, const char *key);
void rcr_doc_end(rcr_doc *j, char bracket);                        /* '}' or ']' */
void rcr_doc_text(rcr_doc *j, const char *key, const char *value); /* must be UTF-8 */
void rcr_doc_real(rcr_doc *j, const char *key, double value);      /* null if it is not finite */
void rcr_doc_int(rcr_doc *j, const char *key, int64_t value);
void rcr_doc_bool(rcr_doc *j, const char *key, bool value);
void rcr_doc_null(rcr_doc *j, const char *key);
/* Text as it is: line ends, or JSON made elsewhere. */
void rcr_doc_raw(rcr_doc *j, const char *text);
void rcr_doc_free(rcr_doc *j);

#endif
