// SPDX-License-Identifier: MIT
/* The files that texts lie in. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/corpus.h"
#include "format/text.h"

static recur_status open_one(rcr_files *f, const char *path)
{
    char shown[RCR_SHOWN_PATH];
    f->name[f->n] = rcr_strdup(f->cx, rcr_show_path(shown, path), "a file name");
    if (!f->name[f->n])
        return RECUR_ENOMEM;
    recur_status s = rcr_map_open(&f->map[f->n], f->cx, path);
    if (s != RECUR_OK) {
        rcr_free(f->cx, (void *)(uintptr_t)f->name[f->n]);
        return s;
    }
    const rcr_map *map = &f->map[f->n];
    return rcr_check_text(f->cx, map->bytes, map->size, f->name[f->n++]);
}

recur_status rcr_files_open(rcr_files *f, recur_ctx *cx, const char *const *paths, int64_t n)
{
    *f = (rcr_files){.cx = cx};
    if (n < 1 || n > INT32_MAX)
        return rcr_fail(cx, RECUR_EINVAL, "%lld files; at least one is needed", (long long)n);
    f->name = rcr_alloc_array(cx, (size_t)n, sizeof *f->name, "files");
    f->map = rcr_alloc_array(cx, (size_t)n, sizeof *f->map, "files");
    f->table = rcr_alloc_array(cx, (size_t)n, sizeof *f->table, "files");
    recur_status s = f->name && f->map && f->table ? RECUR_OK : RECUR_ENOMEM;
    for (int64_t i = 0; s == RECUR_OK && i < n; i++)
        s = open_one(f, paths[i]);
    return s;
}

void rcr_files_close(rcr_files *f)
{
    for (int64_t i = 0; i < f->n; i++) {
        recur_table_free(f->table[i]);
        rcr_map_close(&f->map[i], f->cx);
        rcr_free(f->cx, (void *)(uintptr_t)f->name[i]);
    }
    rcr_free(f->cx, (void *)f->table);
    rcr_free(f->cx, f->map);
    rcr_free(f->cx, (void *)f->name);
    *f = (rcr_files){.cx = f->cx};
}

recur_status rcr_files_empty(const rcr_files *f, int64_t file, const char *what)
{
    return rcr_fail(f->cx, RECUR_EFORMAT, "%s:1: the file is empty; %s", f->name[file], what);
}

int64_t rcr_column_of(const char *begin, const char *at)
{
    int64_t column = 1;
    uint32_t code;
    const char *line = at;
    while (line > begin && line[-1] != '\n' && line[-1] != '\r')
        line--;
    if (line == begin && at - begin >= 3 && memcmp(begin, "\xEF\xBB\xBF", 3) == 0)
        line += 3;
    for (size_t n; line < at; line += n, column++) {
        n = rcr_utf8_decode(line, (size_t)(at - line), &code);
        n = n ? n : 1;
    }
    return column;
}

recur_place rcr_files_place(const rcr_files *f, int64_t file, int64_t line, recur_span text)
{
    const char *begin = (const char *)f->map[file].bytes;
    uintptr_t at = (uintptr_t)text.text, first = (uintptr_t)begin;
    bool mapped = at >= first && at <= first + f->map[file].size;
    return (recur_place){f->name[file], line, mapped ? rcr_column_of(begin, text.text) : 0};
}

bool rcr_has_extension(const char *path, const char *extension)
{
    size_t n = strlen(path), m = strlen(extension);
    if (n <= m)
        return false;
    for (size_t i = 0; i < m; i++) {
        char c = path[n - m + i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != extension[i])
            return false;
    }
    return true;
}
