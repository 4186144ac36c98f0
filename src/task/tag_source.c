// SPDX-License-Identifier: MIT
/* Sentences as ids of words, of forms and their characters, and of tags. */
#include "base/alloc.h"
#include "base/error.h"
#include "task/tag.h"

static recur_status read_files(rcr_tag_source *s, const recur_tag_config *c, const char *paths, bool tags)
{
    rcr_file_names files;
    recur_status status = rcr_file_names_split(&files, s->cx, paths);
    if (status == RECUR_OK)
        status = recur_tagged_read(&s->sentences, s->cx, files.name, files.n, &c->columns, tags);
    rcr_file_names_free(&files);
    return status;
}

recur_status rcr_tag_source_open(rcr_tag_source *s, recur_ctx *cx, const recur_tag_config *c,
                                 const char *paths, bool tags)
{
    *s = (rcr_tag_source){.cx = cx, .names.cx = cx};
    return read_files(s, c, paths, tags);
}

recur_status rcr_tag_split(recur_parts **out, recur_ctx *cx, const recur_tag_config *c, int64_t n)
{
    recur_partition how = {.seed = (uint64_t)c->train.seed, .every = c->every};
    how.shuffle = c->order != 2;
    recur_status status = rcr_partition_beside(cx, &how, c->split, c->valid, c->test);
    return status == RECUR_OK ? recur_parts_split(out, cx, n, NULL, &how) : status;
}

static recur_status number_forms(rcr_tag_source *s)
{
    const recur_sentences *all = s->sentences;
    int64_t tokens = all->offset[all->n];
    s->form = rcr_alloc_array(s->cx, (size_t)tokens, sizeof *s->form, "words");
    if (!s->form)
        return RECUR_ENOMEM;
    for (int64_t i = 0; i < tokens; i++) {
        size_t form;
        recur_status status = rcr_names_add(&s->names, all->token[i].text, all->token[i].size, &form);
        if (status != RECUR_OK)
            return status;
        s->form[i] = (int64_t)form;
    }
    return RECUR_OK;
}

static recur_status spell_forms(rcr_tag_source *s, rcr_lexicon *chars)
{
    recur_status status = recur_sequences_create(&s->chars, s->cx);
    for (size_t form = 0; form < s->names.n && status == RECUR_OK; form++) {
        recur_span text = rcr_names_text(&s->names, form);
        status = recur_encode(s->chars, chars->tokenizer, chars->vocab, text.text, text.size, NULL, 0);
    }
    return status;
}

recur_status rcr_tag_source_encode(rcr_tag_source *s, rcr_tag_words *w)
{
    recur_status status = recur_sentences_encode(&s->words, s->sentences, w->words.tokenizer, w->words.vocab);
    if (status == RECUR_OK && s->sentences->tag)
        status = recur_sentences_encode_tags(&s->tags, s->sentences, w->words.tokenizer, w->tags);
    if (status == RECUR_OK)
        status = number_forms(s);
    return status == RECUR_OK ? spell_forms(s, &w->chars) : status;
}

void rcr_tag_source_close(rcr_tag_source *s)
{
    recur_sequences_free(s->chars);
    recur_sequences_free(s->tags);
    recur_sequences_free(s->words);
    rcr_free(s->cx, s->form);
    rcr_names_free(&s->names);
    recur_sentences_free(s->sentences);
    *s = (rcr_tag_source){0};
}
