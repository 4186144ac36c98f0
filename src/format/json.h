// SPDX-License-Identifier: MIT
/* A strict reader of the JSON that a safetensors header may hold: objects, arrays, texts, whole numbers.
 *
 * Why not jansson: it drops bytes of a text when an allocation fails (and then returns another name, or reads
 * past its buffer), takes its memory past the context's allocator, and needs many times the size of the
 * header. This one allocates nothing: the caller walks the text, and texts are decoded into the caller's
 * memory. It has no recursion, so there is no depth to limit: what nests deeper than the caller walks is an
 * error. */
#ifndef RCR_FORMAT_JSON_H
#define RCR_FORMAT_JSON_H

#include <recur/context.h>

typedef struct rcr_json {
    recur_ctx *cx;
    const char *file; /* for messages */
    const char *begin, *at, *end;
    const char *part; /* what of the file the text is, for messages: "header" */
} rcr_json;

/* Records "FILE: PART byte N: expected WHAT, found ..." and returns RECUR_EFORMAT. */
recur_status rcr_json_expected(rcr_json *j, const char *what);
/* Passes over white space and then over `c` if that is what follows. */
bool rcr_json_take(rcr_json *j, char c);
/* The same, or an error: what should stand there is `what`. */
recur_status rcr_json_need(rcr_json *j, char c, const char *what);
/* A text in quotes, decoded and with its 0 into `out`, which has room for what is left of the source; *n (may
 * be NULL) is its length. Refused: what is not UTF-8, lone surrogates, control characters, and U+0000, at
 * which a C string would end. */
recur_status rcr_json_text(rcr_json *j, const char *what, char *out, size_t *n);
/* 0 to 2^63 - 1, digits only. */
recur_status rcr_json_whole(rcr_json *j, const char *what, int64_t *out);

/* Writing: may a byte of valid UTF-8 stand in a JSON text as it is? If not: what stands for it; returns its bytes. */
enum { RCR_JSON_ESCAPE = 8 };
bool rcr_json_plain(char c);
size_t rcr_json_escape(char out[RCR_JSON_ESCAPE], char c);

#endif
