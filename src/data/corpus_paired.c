// SPDX-License-Identifier: MIT
/* Pairs of a source and a target: columns of one file, or the lines of two. */
#include <string.h>

#include "base/error.h"
#include "data/corpus.h"

static int64_t count_lines(const rcr_map *map)
{
    rcr_lines l;
    recur_span line;
    rcr_lines_init(&l, map->bytes, map->size);
    while (rcr_lines_next(&l, &line.text, &line.size))
        ;
    return l.line;
}

static recur_status uneven(const rcr_corpus *k)
{
    return rcr_fail(k->c.cx, RECUR_EFORMAT,
                    "%s has %lld lines, %s has %lld: line n of one must belong to line n of the other",
                    k->files.name[0], (long long)count_lines(&k->files.map[0]), k->files.name[1],
                    (long long)count_lines(&k->files.map[1]));
}

static recur_status read_both(rcr_corpus *k)
{
    rcr_lines a, b;
    recur_span source, target;
    recur_status s = RECUR_OK;
    k->sides_apart = true;
    rcr_lines_init(&a, k->files.map[0].bytes, k->files.map[0].size);
    rcr_lines_init(&b, k->files.map[1].bytes, k->files.map[1].size);
    while (s == RECUR_OK) {
        bool more = rcr_lines_next(&a, &source.text, &source.size);
        if (more != rcr_lines_next(&b, &target.text, &target.size))
            return uneven(k);
        if (!more)
            break;
        s = rcr_corpus_add_pair(k, source, target, 0, a.line);
    }
    if (s == RECUR_OK && k->c.n + k->c.empty == 0)
        return rcr_files_empty(&k->files, 0, "a sentence on each line belongs there");
    return s;
}

static recur_status read_columns(rcr_corpus *k, int64_t file, const char *path,
                                 const recur_paired_config *how)
{
    bool csv = how->format == RECUR_PAIRED_CSV ||
               (how->format == RECUR_PAIRED_AUTO && rcr_has_extension(path, ".csv"));
    rcr_columns_how columns = {.first = how->source, .second = how->target, .header = how->header};
    columns.quotes = how->quotes == RECUR_QUOTES_AUTO ? csv : how->quotes == RECUR_QUOTES_YES;
    recur_status s = rcr_delimiter_parse(k->c.cx, how->delimiter, csv ? ',' : '\t', &columns.delimiter);
    return s == RECUR_OK ? rcr_corpus_read_columns(k, file, &columns) : s;
}

recur_status recur_paired_read(recur_corpus **out, recur_ctx *cx, const char *const *paths, int64_t n,
                               const recur_paired_config *how)
{
    rcr_corpus *k;
    *out = NULL;
    bool files = how->format == RECUR_PAIRED_FILES || (how->format == RECUR_PAIRED_AUTO && n == 2);
    if (how->format < RECUR_PAIRED_AUTO || how->format > RECUR_PAIRED_FILES || !how->source)
        return rcr_fail(cx, RECUR_EINVAL, "a format of %d, or no column of the source", how->format);
    if (files && n != 2)
        return rcr_fail(cx, RECUR_EINVAL, "%lld files; the lines of two belong together", (long long)n);
    recur_status s = rcr_corpus_open(&k, cx, paths, n);
    if (s == RECUR_OK && files)
        s = read_both(k);
    for (int64_t i = 0; s == RECUR_OK && !files && i < n; i++)
        s = read_columns(k, i, paths[i], how);
    return rcr_corpus_finish(out, k, s);
}
