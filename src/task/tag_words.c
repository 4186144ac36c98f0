// SPDX-License-Identifier: MIT
/* What a tagger knows: words, characters, tags, and which tag may follow which. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/tag.h"

recur_status rcr_tag_words_open(rcr_tag_words *w, recur_ctx *cx, const recur_tag_config *c)
{
    recur_text_config chars = c->text;
    chars.unit = RECUR_UNIT_CHAR;
    chars.lowercase = false;
    chars.vocab = 0;
    chars.min_count = 1;
    *w = (rcr_tag_words){.cx = cx};
    recur_status status = rcr_lexicon_open(&w->words, cx, &c->text, 0);
    return status == RECUR_OK ? rcr_lexicon_open(&w->chars, cx, &chars, 0) : status;
}

/* ---- the scheme of the tags ---- */

static const char *const scheme_names[] = {"none", "iob1", "iob2",
                                           "iobes"}; /* in the order of recur_scheme */

const char *rcr_tag_scheme_name(recur_scheme s)
{
    return scheme_names[s];
}

static recur_status name_tags(rcr_tag_words *w)
{
    int64_t K = recur_vocab_size(w->tags);
    w->names = rcr_alloc_array(w->cx, (size_t)K, sizeof *w->names, "tags");
    if (!w->names)
        return RECUR_ENOMEM;
    for (int64_t k = 0; k < K; k++)
        w->names[k] = recur_vocab_text(w->tags, k).text;
    w->scheme = recur_scheme_of(w->names, K);
    w->spans = w->scheme != RECUR_SCHEME_NONE;
    return RECUR_OK;
}

static recur_status make_rules(rcr_tag_words *w)
{
    if (w->scheme == RECUR_SCHEME_NONE)
        return RECUR_OK;
    recur_status status = recur_crf_rules_create(&w->rules, w->cx, recur_vocab_size(w->tags));
    if (status == RECUR_OK)
        recur_crf_forbid_scheme(w->rules, w->scheme, w->names);
    return status;
}

/* How many sentences break the scheme, and the token where the first one does. */
static int64_t count_misfits(const rcr_tag_words *w, recur_scheme scheme, const recur_sentences *s,
                             const int64_t *index, int64_t n, int64_t *first)
{
    int64_t misfits = 0;
    for (int64_t j = 0; j < n; j++) {
        const char *from = NULL;
        int64_t k = s->offset[index[j]], end = s->offset[index[j] + 1];
        for (; k < end; k++) {
            const char *to = w->names[recur_vocab_find(w->tags, s->tag[k].text, s->tag[k].size)];
            if (!recur_scheme_allows(scheme, from, to))
                break;
            from = to;
        }
        bool fits = k == end && recur_scheme_allows(scheme, from, NULL);
        if (!fits && misfits++ == 0)
            *first = k < end ? k : end - 1;
    }
    return misfits;
}

/* Names alone cannot tell IOB1 from IOB2: whichever the sentences keep to. If they keep to none, nothing is forbidden. */
static void settle_scheme(rcr_tag_words *w, const recur_sentences *s, const int64_t *index, int64_t n)
{
    if (!w->spans)
        return;
    w->misfits = count_misfits(w, w->scheme, s, index, n, &w->misfit);
    recur_scheme other = w->scheme == RECUR_SCHEME_IOB1 ? RECUR_SCHEME_IOB2 : RECUR_SCHEME_IOB1;
    if (w->misfits > 0 && w->scheme != RECUR_SCHEME_IOBES) {
        int64_t misfit = 0, misfits = count_misfits(w, other, s, index, n, &misfit);
        if (misfits < w->misfits) {
            w->scheme = other;
            w->misfits = misfits;
            w->misfit = misfit;
        }
    }
    if (w->misfits > 0)
        w->scheme = RECUR_SCHEME_NONE;
}

/* What the metadata say; nothing in those of models that are older than this. */
static recur_status read_scheme(rcr_tag_words *w, const rcr_model_file *f)
{
    const char *name = recur_archive_meta(f->archive, "scheme");
    if (!name)
        return RECUR_OK;
    for (int i = RECUR_SCHEME_NONE; i <= RECUR_SCHEME_IOBES; i++)
        if (strcmp(name, scheme_names[i]) == 0) {
            w->scheme = (recur_scheme)i;
            return RECUR_OK;
        }
    return rcr_fail(w->cx, RECUR_EFORMAT, "%s: the scheme of the tags is \"%s\" in the metadata", f->path,
                    name);
}

/* ---- learning and reading ---- */

typedef recur_status count_words(const recur_sentences *s, const int64_t *index, int64_t n,
                                 recur_tokenizer *t, recur_counts *counts);

static recur_status learn(rcr_lexicon *l, rcr_tag_words *w, count_words *count, const recur_sentences *s,
                          const int64_t *index, int64_t n)
{
    recur_counts *counts;
    recur_status status = recur_counts_create(&counts, w->cx);
    if (status == RECUR_OK)
        status = count(s, index, n, l->tokenizer, counts);
    if (status == RECUR_OK)
        status = rcr_lexicon_learn(l, w->cx, counts);
    recur_counts_free(counts);
    return status;
}

static recur_status learn_tags(rcr_tag_words *w, const recur_sentences *s, const int64_t *index, int64_t n)
{
    recur_counts *counts;
    recur_status status = recur_counts_create(&counts, w->cx);
    if (status == RECUR_OK)
        status = recur_sentences_count_tags(s, index, n, counts);
    if (status == RECUR_OK)
        status = recur_vocab_create(&w->tags, counts, &(recur_vocab_options){.sorted = true});
    recur_counts_free(counts);
    if (status == RECUR_OK)
        status = name_tags(w);
    if (status != RECUR_OK)
        return status;
    settle_scheme(w, s, index, n);
    return make_rules(w);
}

recur_status rcr_tag_words_learn(rcr_tag_words *w, const recur_sentences *s, const int64_t *index, int64_t n)
{
    recur_status status = learn(&w->words, w, recur_sentences_count, s, index, n);
    if (status == RECUR_OK)
        status = learn(&w->chars, w, recur_sentences_count_units, s, index, n);
    return status == RECUR_OK ? learn_tags(w, s, index, n) : status;
}

recur_status rcr_tag_words_read(rcr_tag_words *w, const rcr_model_file *f)
{
    recur_status status = rcr_lexicon_read(&w->words, f, "vocab");
    if (status == RECUR_OK)
        status = rcr_lexicon_read(&w->chars, f, "characters");
    if (status == RECUR_OK)
        status = rcr_vocab_of_file(&w->tags, f, "tags", false);
    if (status == RECUR_OK)
        status = name_tags(w);
    if (status == RECUR_OK)
        status = read_scheme(w, f);
    return status == RECUR_OK ? make_rules(w) : status;
}

void rcr_tag_words_close(rcr_tag_words *w)
{
    recur_crf_rules_free(w->rules);
    rcr_free(w->cx, w->names);
    recur_vocab_free(w->tags);
    rcr_lexicon_close(&w->chars);
    rcr_lexicon_close(&w->words);
    *w = (rcr_tag_words){0};
}
