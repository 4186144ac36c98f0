// SPDX-License-Identifier: MIT
/* A corpus: texts and answers as places in their files. */
#include "data/corpus.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/names.h"
#include "data/split.h"
#include "data/unit.h"
#include "format/text.h"

/* ---- making and freeing ---- */

void rcr_corpus_close(rcr_corpus *k)
{
    if (!k)
        return;
    recur_ctx *cx = k->c.cx;
    rcr_files_close(&k->files);
    rcr_free(cx, k->text);
    rcr_free(cx, k->answer);
    rcr_free(cx, k->line);
    rcr_free(cx, k->file);
    rcr_free(cx, k->names);
    rcr_free(cx, k);
}

void recur_corpus_free(recur_corpus *c)
{
    rcr_corpus_close((rcr_corpus *)(void *)c);
}

recur_status rcr_corpus_open(rcr_corpus **out, recur_ctx *cx, const char *const *paths, int64_t n)
{
    rcr_corpus *k = *out = rcr_alloc_zero(cx, sizeof *k, "a corpus");
    if (!k)
        return RECUR_ENOMEM;
    k->c.cx = cx;
    return rcr_files_open(&k->files, cx, paths, n);
}

recur_status rcr_corpus_finish(recur_corpus **out, rcr_corpus *k, recur_status s)
{
    *out = NULL;
    if (s != RECUR_OK) {
        rcr_corpus_close(k);
        return s;
    }
    k->c.text = k->text;
    k->c.answer = k->answer;
    k->c.line = k->line;
    k->c.file = k->file;
    k->c.files = k->files.name;
    k->c.n_files = k->files.n;
    *out = &k->c;
    return RECUR_OK;
}

/* ---- adding ---- */

recur_status rcr_corpus_add(rcr_corpus *k, recur_span text, const recur_span *answer, int64_t file,
                            int64_t line)
{
    recur_ctx *cx = k->c.cx;
    size_t n = (size_t)k->c.n + 1;
    recur_status s = rcr_grow(cx, (void **)&k->text, &k->text_room, n, sizeof text, "texts");
    if (s == RECUR_OK && answer)
        s = rcr_grow(cx, (void **)&k->answer, &k->answer_room, n, sizeof *answer, "answers");
    if (s == RECUR_OK)
        s = rcr_grow(cx, (void **)&k->line, &k->line_room, n, sizeof line, "lines of texts");
    if (s == RECUR_OK)
        s = rcr_grow(cx, (void **)&k->file, &k->file_room, n, sizeof *k->file, "files of texts");
    if (s != RECUR_OK)
        return s;
    k->text[n - 1] = text;
    if (answer)
        k->answer[n - 1] = *answer;
    k->line[n - 1] = line;
    k->file[n - 1] = (int32_t)file;
    k->c.n++;
    return RECUR_OK;
}

recur_span rcr_trim(recur_span text)
{
    while (text.size > 0 && rcr_is_blank(text.text, 1))
        text = (recur_span){text.text + 1, text.size - 1};
    while (text.size > 0 && rcr_is_blank(text.text + text.size - 1, 1))
        text.size--;
    return text;
}

recur_status rcr_corpus_add_labelled(rcr_corpus *k, recur_span text, recur_span label, int64_t file,
                                     int64_t line)
{
    label = rcr_trim(label);
    recur_place where = rcr_files_place(&k->files, file, line, label);
    if (label.size == 0)
        return rcr_fail(k->c.cx, RECUR_EFORMAT, "%s:%lld: a text without a label", k->files.name[file],
                        (long long)line);
    recur_status s = rcr_check_label(k->c.cx, label.text, label.size, &where);
    return s == RECUR_OK ? rcr_corpus_add(k, text, &label, file, line) : s;
}

recur_status rcr_corpus_add_pair(rcr_corpus *k, recur_span source, recur_span target, int64_t file,
                                 int64_t line)
{
    if (rcr_trim(source).size > 0 && rcr_trim(target).size > 0)
        return rcr_corpus_add(k, source, &target, file, line);
    k->c.empty++;
    return RECUR_OK;
}

/* ---- where, and which are equal ---- */

static recur_span side_of(const recur_corpus *c, recur_side side, int64_t i)
{
    return side == RECUR_SIDE_ANSWER ? c->answer[i] : c->text[i];
}

recur_place recur_corpus_place(const recur_corpus *c, recur_side side, int64_t i)
{
    const rcr_corpus *k = (const rcr_corpus *)(const void *)c;
    int64_t file = c->file[i] + (side == RECUR_SIDE_ANSWER && k->sides_apart);
    return rcr_files_place(&k->files, file, c->line[i], side_of(c, side, i));
}

static uint64_t hash_text(const void *corpus, int64_t i)
{
    const recur_corpus *c = corpus;
    return rcr_hash_bytes(0, c->text[i].text, c->text[i].size);
}

static uint64_t hash_answer(const void *corpus, int64_t i)
{
    const recur_corpus *c = corpus;
    return rcr_hash_bytes(0, c->answer[i].text, c->answer[i].size);
}

static uint64_t hash_both(const void *corpus, int64_t i)
{
    const recur_corpus *c = corpus;
    return rcr_hash_bytes(hash_text(c, i), c->answer[i].text, c->answer[i].size);
}

static bool same_span(recur_span a, recur_span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.text, b.text, a.size) == 0);
}

static bool same_text(const void *corpus, int64_t i, int64_t j)
{
    const recur_corpus *c = corpus;
    return same_span(c->text[i], c->text[j]);
}

static bool same_answer(const void *corpus, int64_t i, int64_t j)
{
    const recur_corpus *c = corpus;
    return same_span(c->answer[i], c->answer[j]);
}

static bool same_both(const void *corpus, int64_t i, int64_t j)
{
    return same_text(corpus, i, j) && same_answer(corpus, i, j);
}

recur_status rcr_corpus_need_answers(const recur_corpus *c)
{
    if (c->answer || c->n == 0)
        return RECUR_OK;
    return rcr_fail(c->cx, RECUR_EINVAL, "these texts were read without answers");
}

recur_status recur_corpus_groups(const recur_corpus *c, recur_side side, int64_t *group)
{
    static rcr_hash_of *const hash[] = {hash_text, hash_answer, hash_both};
    static rcr_is_same *const same[] = {same_text, same_answer, same_both};
    recur_status s = side == RECUR_SIDE_TEXT ? RECUR_OK : rcr_corpus_need_answers(c);
    return s == RECUR_OK ? rcr_find_groups(c->cx, c->n, c, hash[side], same[side], group) : s;
}

/* ---- counting and numbering ---- */

recur_status recur_corpus_count(const recur_corpus *c, recur_side side, const int64_t *index, int64_t n,
                                recur_tokenizer *t, recur_counts *counts)
{
    recur_status s = side == RECUR_SIDE_TEXT ? RECUR_OK : rcr_corpus_need_answers(c);
    for (int64_t j = 0; s == RECUR_OK && j < (index ? n : c->n); j++) {
        int64_t i = index ? index[j] : j;
        for (int one = RECUR_SIDE_TEXT; s == RECUR_OK && one <= RECUR_SIDE_ANSWER; one++) {
            recur_units units;
            if (side != RECUR_SIDE_BOTH && side != (recur_side)one)
                continue;
            s = rcr_corpus_tokenize(c, (recur_side)one, i, t, &units);
            if (s == RECUR_OK)
                s = recur_counts_add_units(counts, &units);
        }
    }
    return s;
}

recur_status rcr_corpus_tokenize(const recur_corpus *c, recur_side side, int64_t i, recur_tokenizer *t,
                                 recur_units *units)
{
    recur_span text = side_of(c, side, i);
    recur_status s =
        recur_tokenize(t, text.text, text.size, &(recur_place){c->files[c->file[i]], c->line[i], 0}, units);
    if (s != RECUR_EFORMAT)
        return s;
    recur_place where = recur_corpus_place(c, side, i); /* the column takes a search: only for the message */
    return recur_tokenize(t, text.text, text.size, &where, units);
}

recur_status recur_corpus_count_labels(const recur_corpus *c, const int64_t *index, int64_t n,
                                       recur_counts *counts)
{
    recur_status s = rcr_corpus_need_answers(c);
    for (int64_t j = 0; s == RECUR_OK && j < (index ? n : c->n); j++) {
        recur_span label = c->answer[index ? index[j] : j];
        s = recur_counts_add(counts, label.text, label.size, 1);
    }
    return s;
}

void recur_corpus_labels(const recur_corpus *c, const recur_vocab *labels, int64_t *ids)
{
    for (int64_t i = 0; i < c->n; i++)
        ids[i] = c->answer ? recur_vocab_find(labels, c->answer[i].text, c->answer[i].size) : -1;
}
