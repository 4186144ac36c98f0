// SPDX-License-Identifier: MIT
/* Labelled texts: columns, fastText lines, a first word, a file per class. And texts alone. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/corpus.h"
#include "format/text.h"

static const char mark[] = "__label__";
enum { MARK = sizeof mark - 1 };

/* ---- a line with its label ---- */

static bool marked(recur_span text)
{
    return text.size >= MARK && memcmp(text.text, mark, MARK) == 0;
}

/* Takes the first word off a line, and the blanks behind it. */
static recur_span take_word(recur_span *line)
{
    recur_span word = rcr_trim(*line);
    const char *end = line->text + line->size;
    for (word.size = 0; word.text + word.size < end && !rcr_is_blank(word.text + word.size, 1); word.size++)
        ;
    *line = rcr_trim((recur_span){word.text + word.size, (size_t)(end - word.text) - word.size});
    return word;
}

/* All marked words go; the first one is the label. */
static recur_span take_marked(recur_span *line)
{
    recur_span label = {0}, rest = *line;
    while (marked(rest)) {
        recur_span word = take_word(&rest);
        *line = rest;
        if (!label.text)
            label = (recur_span){word.text + MARK, word.size - MARK};
    }
    return label;
}

static recur_status add_marked(rcr_corpus *k, recur_span line, bool labels, int64_t file, int64_t at)
{
    line = rcr_trim(line);
    recur_span label = take_marked(&line);
    if (!labels)
        return rcr_corpus_add(k, line, NULL, file, at);
    if (!label.text)
        return rcr_fail(k->c.cx, RECUR_EFORMAT, "%s:%lld: the line does not begin with %s",
                        k->files.name[file], (long long)at, mark);
    return rcr_corpus_add_labelled(k, line, label, file, at);
}

static recur_status add_first_word(rcr_corpus *k, recur_span line, const char *until, int64_t file,
                                   int64_t at)
{
    recur_span label = take_word(&line);
    for (size_t i = 0; until && i < label.size; i++)
        if (strchr(until, label.text[i]))
            label.size = i;
    return rcr_corpus_add_labelled(k, line, label, file, at);
}

/* Labels before the text of each line. Blank lines are passed over. */
static recur_status read_lines(rcr_corpus *k, int64_t file, bool first_word, const recur_labelled_config *how)
{
    const rcr_map *map = &k->files.map[file];
    rcr_lines l;
    recur_span line;
    recur_status s = RECUR_OK;
    int64_t before = k->c.n;
    rcr_lines_init(&l, map->bytes, map->size);
    while (s == RECUR_OK && rcr_lines_next(&l, &line.text, &line.size)) {
        if (rcr_is_blank(line.text, line.size))
            continue;
        if (!first_word)
            s = add_marked(k, line, how->label, file, l.line);
        else if (how->label)
            s = add_first_word(k, line, how->label_until, file, l.line);
        else
            s = rcr_corpus_add(k, line, NULL, file, l.line);
    }
    if (s == RECUR_OK && k->c.n == before)
        return rcr_files_empty(&k->files, file, "a label and a text on each line belong there");
    return s;
}

/* ---- a file per class ---- */

static recur_span base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    return (recur_span){base, strlen(base)};
}

static recur_span stem(recur_span base)
{
    for (size_t i = base.size; i-- > 1;)
        if (base.text[i] == '.')
            return (recur_span){base.text, i};
    return base;
}

/* Whether two of the n names are the same. */
static bool any_same(const recur_span *name, int64_t n, int64_t *which)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            if (name[i].size == name[j].size && memcmp(name[i].text, name[j].text, name[i].size) == 0) {
                *which = i;
                return true;
            }
    return false;
}

/* label [n]: the names of the files, in a copy that the corpus keeps; without extension where they differ then. */
static recur_status name_classes(rcr_corpus *k, const char *const *paths, int64_t n, recur_span *label)
{
    size_t total = 0;
    int64_t which;
    for (int64_t i = 0; i < n; i++)
        total += base_name(paths[i]).size + 1;
    char *at = k->names = rcr_alloc(k->c.cx, total, "names of classes");
    if (!at)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        recur_span base = base_name(paths[i]);
        memcpy(at, base.text, base.size);
        label[i] = stem((recur_span){at, base.size});
        at += base.size;
    }
    if (!any_same(label, n, &which))
        return RECUR_OK;
    at = k->names;
    for (int64_t i = 0; i < n; at += label[i++].size)
        label[i] = (recur_span){at, base_name(paths[i]).size};
    if (any_same(label, n, &which))
        return rcr_fail(k->c.cx, RECUR_EINVAL,
                        "two files are named like %s; each class needs a name of its own",
                        k->files.name[which]);
    return RECUR_OK;
}

static recur_status read_class(rcr_corpus *k, int64_t file, const recur_span *label)
{
    const rcr_map *map = &k->files.map[file];
    rcr_lines l;
    recur_span line;
    recur_status s = RECUR_OK;
    int64_t before = k->c.n;
    rcr_lines_init(&l, map->bytes, map->size);
    while (s == RECUR_OK && rcr_lines_next(&l, &line.text, &line.size))
        if (!rcr_is_blank(line.text, line.size))
            s = label ? rcr_corpus_add_labelled(k, line, *label, file, l.line)
                      : rcr_corpus_add(k, line, NULL, file, l.line);
    if (s == RECUR_OK && k->c.n == before)
        return rcr_files_empty(&k->files, file, "a text on each line belongs there");
    return s;
}

static recur_status read_classes(rcr_corpus *k, const char *const *paths, int64_t n, bool labels)
{
    recur_span *label = rcr_alloc_array(k->c.cx, (size_t)n, sizeof *label, "names of classes");
    recur_status s = label ? RECUR_OK : RECUR_ENOMEM;
    if (s == RECUR_OK && labels)
        s = name_classes(k, paths, n, label);
    for (int64_t i = 0; s == RECUR_OK && i < n; i++)
        s = read_class(k, i, labels ? &label[i] : NULL);
    rcr_free(k->c.cx, label);
    return s;
}

/* ---- formats ---- */

static int guess(const rcr_corpus *k, int64_t file, const char *path)
{
    const rcr_map *map = &k->files.map[file];
    rcr_lines l;
    recur_span line = {0};
    if (rcr_has_extension(path, ".csv"))
        return RECUR_LABELLED_CSV;
    if (rcr_has_extension(path, ".tsv") || rcr_has_extension(path, ".tab"))
        return RECUR_LABELLED_TSV;
    rcr_lines_init(&l, map->bytes, map->size);
    while (line.size == 0 && rcr_lines_next(&l, &line.text, &line.size))
        ;
    if (marked(line))
        return RECUR_LABELLED_FASTTEXT;
    return line.size > 0 && memchr(line.text, '\t', line.size) ? RECUR_LABELLED_TSV : RECUR_LABELLED_CSV;
}

static recur_status read_columns(rcr_corpus *k, int64_t file, int format, const recur_labelled_config *how)
{
    bool csv = format == RECUR_LABELLED_CSV;
    rcr_columns_how columns = {
        .first = how->text, .second = how->label, .header = how->header, .labels = true};
    columns.quotes = how->quotes == RECUR_QUOTES_AUTO ? csv : how->quotes == RECUR_QUOTES_YES;
    recur_status s = rcr_delimiter_parse(k->c.cx, how->delimiter, csv ? ',' : '\t', &columns.delimiter);
    return s == RECUR_OK ? rcr_corpus_read_columns(k, file, &columns) : s;
}

static recur_status read_file(rcr_corpus *k, int64_t file, const char *path, const recur_labelled_config *how)
{
    int format = how->format == RECUR_LABELLED_AUTO ? guess(k, file, path) : how->format;
    if (format == RECUR_LABELLED_CSV || format == RECUR_LABELLED_TSV)
        return read_columns(k, file, format, how);
    return read_lines(k, file, format == RECUR_LABELLED_FIRST_WORD, how);
}

recur_status recur_labelled_read(recur_corpus **out, recur_ctx *cx, const char *const *paths, int64_t n,
                                 const recur_labelled_config *how)
{
    rcr_corpus *k;
    *out = NULL;
    if (how->format < RECUR_LABELLED_AUTO || how->format > RECUR_LABELLED_CLASS_FILES || !how->text)
        return rcr_fail(cx, RECUR_EINVAL, "a format of %d, or no column of the text", how->format);
    if (how->label_until && how->format != RECUR_LABELLED_FIRST_WORD)
        return rcr_fail(cx, RECUR_EINVAL, "--label-until is about labels that are the first word of a line");
    recur_status s = rcr_corpus_open(&k, cx, paths, n);
    if (s == RECUR_OK && how->format == RECUR_LABELLED_CLASS_FILES)
        s = read_classes(k, paths, n, how->label);
    for (int64_t i = 0; s == RECUR_OK && how->format != RECUR_LABELLED_CLASS_FILES && i < n; i++)
        s = read_file(k, i, paths[i], how);
    return rcr_corpus_finish(out, k, s);
}

recur_status recur_lines_read(recur_corpus **out, recur_ctx *cx, const char *path)
{
    rcr_corpus *k;
    rcr_lines l;
    recur_span line;
    recur_status s = rcr_corpus_open(&k, cx, &path, 1);
    if (s == RECUR_OK)
        rcr_lines_init(&l, k->files.map[0].bytes, k->files.map[0].size);
    while (s == RECUR_OK && rcr_lines_next(&l, &line.text, &line.size))
        s = rcr_corpus_add(k, line, NULL, 0, l.line);
    return rcr_corpus_finish(out, k, s);
}
