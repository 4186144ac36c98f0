// SPDX-License-Identifier: MIT
/* Tagged sentences: a token per line, in columns. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/corpus.h"
#include "data/sequences.h"
#include "data/text.h"
#include "data/unit.h"

enum { CONLLU_COLUMNS = 10, CONLLU_FORM = 2, CONLLU_UPOS = 4 };

/* Where tags go in the lines of a file. */
typedef struct layout {
    bool tabs;
    int64_t column; /* from 0: in the place of what stands there; -1: behind the last */
} layout;

typedef struct rcr_sentences {
    recur_sentences s; /* what everybody sees; arrays are those below */
    rcr_files files;
    layout *layout;           /* [files] */
    bool loose;               /* tokens that come from no file, */
    const recur_place *where; /* but from these places [tokens], or NULL */
    int64_t *offset, *line;
    int32_t *file;
    recur_span *token, *tag;
    int64_t tokens; /* those of the sentence that is being read included */
    size_t offset_room, line_room, file_room, token_room, tag_room;
} rcr_sentences;

/* Reading one file. */
typedef struct reader {
    rcr_sentences *k;
    int64_t file;
    rcr_lines lines;
    bool conllu, tabs, tags;
    int64_t columns;    /* of every line; 0 before the first */
    int64_t token, tag; /* columns, from 0 */
} reader;

/* ---- making and freeing ---- */

static void free_sentences(rcr_sentences *k)
{
    if (!k)
        return;
    recur_ctx *cx = k->s.cx;
    rcr_files_close(&k->files);
    void *const block[] = {k->offset, k->line, k->file, k->token, k->tag, k->layout, k};
    for (size_t i = 0; i < sizeof block / sizeof *block; i++)
        rcr_free(cx, block[i]);
}

void recur_sentences_free(recur_sentences *s)
{
    free_sentences((rcr_sentences *)(void *)s);
}

static recur_status add_token(rcr_sentences *k, recur_span token, const recur_span *tag, int64_t line)
{
    recur_ctx *cx = k->s.cx;
    size_t n = (size_t)k->tokens + 1;
    recur_status s = rcr_grow(cx, (void **)&k->token, &k->token_room, n, sizeof token, "tokens");
    if (s == RECUR_OK && tag)
        s = rcr_grow(cx, (void **)&k->tag, &k->tag_room, n, sizeof *tag, "tags");
    if (s == RECUR_OK)
        s = rcr_grow(cx, (void **)&k->line, &k->line_room, n, sizeof line, "lines of tokens");
    if (s != RECUR_OK)
        return s;
    k->token[n - 1] = token;
    if (tag)
        k->tag[n - 1] = *tag;
    k->line[n - 1] = line;
    k->tokens++;
    return RECUR_OK;
}

static recur_status end_sentence(rcr_sentences *k, int64_t file)
{
    size_t n = (size_t)k->s.n;
    if (k->tokens == k->offset[n])
        return RECUR_OK;
    recur_status s =
        rcr_grow(k->s.cx, (void **)&k->offset, &k->offset_room, n + 2, sizeof *k->offset, "sentences");
    if (s == RECUR_OK)
        s = rcr_grow(k->s.cx, (void **)&k->file, &k->file_room, n + 1, sizeof *k->file, "sentences");
    if (s != RECUR_OK)
        return s;
    k->file[n] = (int32_t)file;
    k->offset[n + 1] = k->tokens;
    k->s.n++;
    return RECUR_OK;
}

recur_place rcr_sentences_place(const recur_sentences *s, int64_t file, int64_t token)
{
    const rcr_sentences *k = (const rcr_sentences *)(const void *)s;
    if (k->loose)
        return k->where ? k->where[token] : (recur_place){"the sentence", 0, 0};
    return rcr_files_place(&k->files, file, s->line[token], s->token[token]);
}

/* ---- columns of a line ---- */

static bool between(const reader *r, char c)
{
    return c == '\t' || (!r->tabs && c == ' ');
}

/* How many columns a line has; column `want` goes to *out, if it is there. A run of blanks is one gap. */
static int64_t columns_of(const reader *r, recur_span line, int64_t want, recur_span *out)
{
    int64_t n = 0;
    for (size_t i = 0, from; i <= line.size; n++, i++) {
        while (!r->tabs && i < line.size && between(r, line.text[i]))
            i++;
        if (!r->tabs && i == line.size && n > 0)
            break;
        for (from = i; i < line.size && !between(r, line.text[i]); i++)
            ;
        if (n == want)
            *out = (recur_span){line.text + from, i - from};
    }
    return n;
}

/* Lines of a file with tabs need one to say anything; in others "# " begins a comment where a sentence may begin, unless
 * the line has as many columns as the others. */
static bool is_comment(const reader *r, recur_span line)
{
    recur_span none;
    if (line.text[0] != '#' || r->conllu)
        return line.text[0] == '#';
    if (r->tabs)
        return !memchr(line.text, '\t', line.size);
    bool first = r->k->tokens == r->k->offset[r->k->s.n];
    return (line.size == 1 || line.text[1] == ' ') && first && columns_of(r, line, -1, &none) != r->columns;
}

static bool is_document_start(recur_span line)
{
    static const char mark[] = "-DOCSTART-";
    return line.size >= sizeof mark - 1 && memcmp(line.text, mark, sizeof mark - 1) == 0;
}

/* Tabs or blanks, and how many columns: as in the first line that is surely none of the others. */
static void look_at_layout(reader *r)
{
    rcr_lines l = r->lines;
    recur_span line, none;
    while (r->columns == 0 && rcr_lines_next(&l, &line.text, &line.size)) {
        bool tab = line.size > 0 && memchr(line.text, '\t', line.size);
        bool comment = line.size > 0 && *line.text == '#' && !tab && (line.size == 1 || line.text[1] == ' ');
        if (rcr_is_blank(line.text, line.size) || comment || is_document_start(line))
            continue;
        r->tabs = tab;
        r->columns = columns_of(r, line, -1, &none);
    }
}

/* Column `number` from 1, or from the end below 0; `usual` for 0. */
static recur_status choose_column(const reader *r, int64_t number, int64_t usual, const char *what,
                                  int64_t *out)
{
    number = number == 0 ? usual : number;
    *out = number > 0 ? number - 1 : r->columns + number;
    if (*out >= 0 && *out < r->columns)
        return RECUR_OK;
    return rcr_fail(r->k->s.cx, RECUR_ENOTFOUND, "%s: column %lld of the %s; the lines have %lld column%s",
                    r->k->files.name[r->file], (long long)number, what, (long long)r->columns,
                    r->columns == 1 ? "" : "s");
}

static recur_status choose_columns(reader *r, const recur_tagged_config *how)
{
    look_at_layout(r);
    if (r->columns == 0)
        return rcr_files_empty(&r->k->files, r->file, "tokens, a line each, belong there");
    if (r->conllu && r->columns != CONLLU_COLUMNS)
        return rcr_fail(r->k->s.cx, RECUR_EFORMAT, "%s: lines of %lld columns; CoNLL-U has %d",
                        r->k->files.name[r->file], (long long)r->columns, CONLLU_COLUMNS);
    recur_status s = choose_column(r, how->token, r->conllu ? CONLLU_FORM : 1, "tokens", &r->token);
    if (s == RECUR_OK && (r->tags || r->conllu))
        s = choose_column(r, how->tag, r->conllu ? CONLLU_UPOS : -1, "tags", &r->tag);
    r->k->layout[r->file] = (layout){r->tabs, r->conllu ? r->tag : -1};
    if (s == RECUR_OK && (r->tags || r->conllu) && r->tag == r->token)
        return rcr_fail(r->k->s.cx, RECUR_EFORMAT,
                        "%s: column %lld holds the tokens; the tags must stand in another",
                        r->k->files.name[r->file], (long long)r->tag + 1);
    return s;
}

/* ---- lines ---- */

static recur_status bad_line(const reader *r, const char *what)
{
    return rcr_fail(r->k->s.cx, RECUR_EFORMAT, "%s:%lld: %s", r->k->files.name[r->file],
                    (long long)r->lines.line, what);
}

static recur_status take_line(reader *r, recur_span line)
{
    recur_span token = {0}, tag = {0}, id = {0};
    int64_t n = columns_of(r, line, r->token, &token);
    if (n != r->columns)
        return rcr_fail(r->k->s.cx, RECUR_EFORMAT, "%s:%lld: %lld column%s, but the first line has %lld",
                        r->k->files.name[r->file], (long long)r->lines.line, (long long)n, n == 1 ? "" : "s",
                        (long long)r->columns);
    if (r->conllu) {
        columns_of(r, line, 0, &id);
        if (memchr(id.text, '-', id.size) || memchr(id.text, '.', id.size))
            return RECUR_OK; /* several words written as one, or a word that is not there */
    }
    if (token.size == 0)
        return bad_line(r, "an empty token");
    if (!r->tags)
        return add_token(r->k, token, NULL, r->lines.line);
    columns_of(r, line, r->tag, &tag);
    if (tag.size == 0)
        return bad_line(r, "a token without a tag");
    recur_place where = rcr_files_place(&r->k->files, r->file, r->lines.line, tag);
    recur_status s = rcr_check_label(r->k->s.cx, tag.text, tag.size, &where);
    return s == RECUR_OK ? add_token(r->k, token, &tag, r->lines.line) : s;
}

static recur_status read_file(rcr_sentences *k, int64_t file, bool conllu, bool tags,
                              const recur_tagged_config *how)
{
    reader r = {.k = k, .file = file, .conllu = conllu, .tags = tags};
    recur_span line;
    int64_t before = k->s.n;
    rcr_lines_init(&r.lines, k->files.map[file].bytes, k->files.map[file].size);
    recur_status s = choose_columns(&r, how);
    while (s == RECUR_OK && rcr_lines_next(&r.lines, &line.text, &line.size)) {
        if (rcr_is_blank(line.text, line.size) || is_document_start(line))
            s = end_sentence(k, file);
        else if (!is_comment(&r, line))
            s = take_line(&r, line);
    }
    if (s == RECUR_OK)
        s = end_sentence(k, file);
    if (s == RECUR_OK && k->s.n == before)
        return rcr_files_empty(&k->files, file, "tokens, a line each, belong there");
    return s;
}

static recur_status finish(recur_sentences **out, rcr_sentences *k, recur_status s)
{
    if (s != RECUR_OK) {
        free_sentences(k);
        return s;
    }
    k->s.offset = k->offset;
    k->s.token = k->token;
    k->s.tag = k->tag;
    k->s.line = k->line;
    k->s.file = k->file;
    k->s.files = k->files.name;
    k->s.n_files = k->files.n;
    *out = &k->s;
    return RECUR_OK;
}

recur_status recur_tagged_read(recur_sentences **out, recur_ctx *cx, const char *const *paths, int64_t n,
                               const recur_tagged_config *how, bool tags)
{
    *out = NULL;
    if (how->format < RECUR_TAGGED_AUTO || how->format > RECUR_TAGGED_CONLLU)
        return rcr_fail(cx, RECUR_EINVAL, "a format of %d: there are 0 to %d", how->format,
                        RECUR_TAGGED_CONLLU);
    rcr_sentences *k = rcr_alloc_zero(cx, sizeof *k, "sentences");
    if (!k)
        return RECUR_ENOMEM;
    k->s.cx = cx;
    recur_status s = rcr_files_open(&k->files, cx, paths, n);
    if (s == RECUR_OK)
        s = rcr_grow(cx, (void **)&k->offset, &k->offset_room, 1, sizeof *k->offset, "sentences");
    if (s == RECUR_OK)
        k->layout = rcr_alloc_array(cx, (size_t)n, sizeof *k->layout, "files");
    if (s == RECUR_OK && !k->layout)
        s = RECUR_ENOMEM;
    for (int64_t i = 0; s == RECUR_OK && i < n; i++) {
        bool conllu = how->format == RECUR_TAGGED_AUTO ? rcr_has_extension(paths[i], ".conllu")
                                                       : how->format == RECUR_TAGGED_CONLLU;
        s = read_file(k, i, conllu, tags, how);
    }
    return finish(out, k, s);
}

recur_status recur_sentences_from(recur_sentences **out, recur_ctx *cx, const recur_span *token, int64_t n,
                                  const recur_place *where)
{
    *out = NULL;
    rcr_sentences *k = rcr_alloc_zero(cx, sizeof *k, "sentences");
    if (!k)
        return RECUR_ENOMEM;
    k->s.cx = k->files.cx = cx;
    k->loose = true;
    k->where = where;
    recur_status s = rcr_grow(cx, (void **)&k->offset, &k->offset_room, 1, sizeof *k->offset, "sentences");
    if (s == RECUR_OK)
        k->offset[0] = 0;
    for (int64_t i = 0; s == RECUR_OK && i < n; i++)
        s = token[i].size > 0
                ? add_token(k, token[i], NULL, 0)
                : rcr_fail(cx, RECUR_EFORMAT, "the sentence: token %lld is empty", (long long)(i + 1));
    if (s == RECUR_OK)
        s = end_sentence(k, 0);
    return finish(out, k, s);
}

/* ---- writing ---- */

/* A line with the tag of its token, where the layout puts it. */
static void put_tagged(rcr_builder *b, const layout *l, recur_span line, const char *tag)
{
    const reader r = {.tabs = l->tabs};
    recur_span cell = {line.text + line.size, 0};
    if (l->column >= 0)
        columns_of(&r, line, l->column, &cell);
    else
        while (!l->tabs && line.size > 0 && between(&r, line.text[line.size - 1]))
            line.size--;
    const char *end = line.text + line.size, *behind = cell.text + cell.size;
    rcr_put_bytes(b, line.text, l->column >= 0 ? (size_t)(cell.text - line.text) : line.size);
    if (l->column < 0)
        rcr_put(b, l->tabs ? "\t" : " ");
    rcr_put(b, tag);
    if (behind < end)
        rcr_put_bytes(b, behind, (size_t)(end - behind));
}

/* The lines of a file, whose tokens are `token` .. end - 1. */
static void put_file(rcr_builder *b, const rcr_sentences *k, int64_t file, int64_t token, int64_t end,
                     const char *const *tag)
{
    rcr_lines l;
    recur_span line;
    rcr_lines_init(&l, k->files.map[file].bytes, k->files.map[file].size);
    while (rcr_lines_next(&l, &line.text, &line.size)) {
        if (token < end && k->line[token] == l.line) {
            put_tagged(b, &k->layout[file], line, tag[token]);
            token++;
        } else
            rcr_put_bytes(b, line.text, line.size);
        rcr_put(b, "\n");
    }
}

recur_status recur_sentences_tagged(recur_text **out, const recur_sentences *s, const char *const *tag)
{
    const rcr_sentences *k = (const rcr_sentences *)(const void *)s;
    rcr_builder b = {.cx = s->cx};
    int64_t i = 0;
    for (int64_t file = 0; file < s->n_files; file++) {
        int64_t token = s->offset[i];
        while (i < s->n && s->file[i] == file)
            i++;
        put_file(&b, k, file, token, s->offset[i], tag);
    }
    return rcr_finish_text(out, &b);
}
