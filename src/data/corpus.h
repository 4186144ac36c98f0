// SPDX-License-Identifier: MIT
/* Inside of a corpus: the files its texts lie in, and how readers add examples. */
#ifndef RCR_DATA_CORPUS_H
#define RCR_DATA_CORPUS_H

#include "base/file.h"
#include "data/lines.h"

#include <recur/text.h>

/* Open files: text stays where it is mapped, or in a table where fields have quotes. */
typedef struct rcr_files {
    recur_ctx *cx;
    int64_t n, room;
    const char **name;   /* [n] as messages show them */
    rcr_map *map;        /* [n] */
    recur_table **table; /* [n]; NULL: not read as a table */
} rcr_files;

/* Maps `n` files and looks whether they are text. What was opened is freed with rcr_files_close() also after an error.
 */
recur_status rcr_files_open(rcr_files *f, recur_ctx *cx, const char *const *paths, int64_t n);
void rcr_files_close(rcr_files *f);
/* RECUR_EFORMAT: "FILE:1: the file is empty; WHAT". */
recur_status rcr_files_empty(const rcr_files *f, int64_t file, const char *what);
/* Where a piece of a file's text stands; column 0 where it is not in the map. */
recur_place rcr_files_place(const rcr_files *f, int64_t file, int64_t line, recur_span text);
/* The number of the character at `at`, from 1, in its line of a text that begins at `begin`. */
int64_t rcr_column_of(const char *begin, const char *at);
/* Does the path end so, letter case aside? */
bool rcr_has_extension(const char *path, const char *extension);

typedef struct rcr_corpus {
    recur_corpus c; /* what everybody sees; arrays are those below */
    rcr_files files;
    bool sides_apart; /* answers stand in the file behind that of the texts */
    recur_span *text, *answer;
    int64_t *line;
    int32_t *file;
    size_t text_room, answer_room, line_room, file_room;
    char *names; /* labels that are made of file names; NULL */
} rcr_corpus;

recur_status rcr_corpus_open(rcr_corpus **out, recur_ctx *cx, const char *const *paths, int64_t n);
void rcr_corpus_close(rcr_corpus *k);
/* Adds an example; `answer` NULL where there are none. */
recur_status rcr_corpus_add(rcr_corpus *k, recur_span text, const recur_span *answer, int64_t file,
                            int64_t line);
/* Adds a labelled text: blanks around the label go. RECUR_EFORMAT unless it is UTF-8 and there. */
recur_status rcr_corpus_add_labelled(rcr_corpus *k, recur_span text, recur_span label, int64_t file,
                                     int64_t line);
/* Adds a pair, or counts it where a side is blank. */
recur_status rcr_corpus_add_pair(rcr_corpus *k, recur_span source, recur_span target, int64_t file,
                                 int64_t line);
/* Hands the corpus over, or frees it where a reader failed. */
recur_status rcr_corpus_finish(recur_corpus **out, rcr_corpus *k, recur_status s);

/* RECUR_EINVAL where texts were read alone. */
recur_status rcr_corpus_need_answers(const recur_corpus *c);
/* The units of a text or an answer. */
recur_status rcr_corpus_tokenize(const recur_corpus *c, recur_side side, int64_t i, recur_tokenizer *t,
                                 recur_units *units);

/* A piece of text without the spaces and tabs around it. */
recur_span rcr_trim(recur_span text);

/* Columns of all files of a corpus. `first` and `second` by name or number; second NULL: there is none. `labels`: the
 * second is a label. */
typedef struct rcr_columns_how {
    const char *first, *second;
    bool header, quotes, labels;
    char delimiter;
} rcr_columns_how;
recur_status rcr_corpus_read_columns(rcr_corpus *k, int64_t file, const rcr_columns_how *how);
/* "tab", one character, or NULL (`usual`). */
recur_status rcr_delimiter_parse(recur_ctx *cx, const char *text, char usual, char *out);

#endif
