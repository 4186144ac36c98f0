// SPDX-License-Identifier: MIT
/* Any bytes as text: the tokenizer and every reader take them or refuse them with one line of text, and what they give
 * keeps its promises. The first byte chooses how the text is cut, the second who reads it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <recur/recur.h>

#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A broken promise ends the process, which the fuzzer reports. */
static void promise(bool kept)
{
    if (!kept)
        __builtin_trap();
}

/* Done, or refused in one line. */
static bool done(recur_ctx *cx, recur_status s)
{
    const char *text;
    if (s == RECUR_OK)
        return true;
    promise(recur_error(cx, &text) == s && *text && !strchr(text, '\n') && !strchr(text, '\r'));
    promise(s != RECUR_ENOMEM && s != RECUR_EIO);
    return false;
}

static void check_units(const recur_units *u)
{
    for (int64_t i = 0; i < u->n; i++)
        promise(u->unit[i].size > 0 && strlen(u->unit[i].text) == u->unit[i].size);
}

/* What was put together comes back from its own units. */
static void check_text(recur_ctx *cx, recur_tokenizer *t, const char *text, size_t size)
{
    recur_units u;
    recur_text *once, *twice;
    if (!done(cx, recur_tokenize(t, text, size, NULL, &u)))
        return;
    check_units(&u);
    bool whole = !u.cut;
    promise(recur_detokenize(&once, t, u.unit, u.n) == RECUR_OK);
    promise(recur_tokenize(t, once->bytes, once->size, NULL, &u) == RECUR_OK);
    check_units(&u);
    promise(recur_detokenize(&twice, t, u.unit, u.n) == RECUR_OK);
    if (whole && recur_tokenizer_config(t)->normalise == RECUR_NORMAL_NONE)
        promise(once->size == twice->size && memcmp(once->bytes, twice->bytes, once->size) == 0);
    recur_text_free(once);
    recur_text_free(twice);
}

static void use_sequences(recur_ctx *cx, const recur_sequences *s)
{
    recur_buckets *b;
    recur_bucket k;
    int64_t seen = 0;
    if (!done(cx, recur_buckets_create(&b, s, NULL, 0, &(recur_bucket_options){.batch = 3, .shuffle = true})))
        return;
    while (recur_buckets_next(b, &k)) {
        int64_t *ids = malloc((size_t)(k.B * k.T + 1) * sizeof *ids);
        promise(ids != NULL);
        recur_pad(s, k.index, k.B, k.T, RECUR_TIME_MAJOR, RECUR_PAD, ids);
        free(ids);
        seen += k.B;
    }
    promise(seen == s->n);
    recur_buckets_free(b);
}

static void use_corpus(recur_ctx *cx, recur_corpus *c, recur_tokenizer *t)
{
    recur_counts *counts = NULL;
    recur_vocab *v = NULL, *again = NULL;
    recur_text *json = NULL;
    recur_sequences *s = NULL;
    recur_description *d = NULL;
    for (int64_t i = 0; i < c->n; i++)
        promise(recur_corpus_place(c, RECUR_SIDE_TEXT, i).line >= 1);
    if (done(cx, recur_counts_create(&counts, cx)) &&
        done(cx, recur_corpus_count(c, RECUR_SIDE_TEXT, NULL, 0, t, counts)) &&
        done(cx, recur_vocab_create(&v, counts, &(recur_vocab_options){.specials = true})) &&
        done(cx, recur_vocab_json(&json, v))) {
        promise(recur_vocab_parse(&again, cx, json->bytes, json->size, "again") == RECUR_OK);
        promise(recur_vocab_size(again) == recur_vocab_size(v));
        if (done(cx, recur_corpus_encode(&s, c, RECUR_SIDE_TEXT, t, again, RECUR_ENCODE_EOS)))
            use_sequences(cx, s);
        done(cx, recur_corpus_describe(&d, c, c->answer != NULL, t, NULL));
    }
    recur_description_free(d);
    recur_sequences_free(s);
    recur_text_free(json);
    recur_vocab_free(again);
    recur_vocab_free(v);
    recur_counts_free(counts);
}

static void use_sentences(recur_ctx *cx, recur_sentences *s, recur_tokenizer *t)
{
    recur_description *d = NULL;
    for (int64_t i = 0; i < s->n; i++)
        promise(s->offset[i] < s->offset[i + 1]);
    for (int64_t k = 0; k < s->offset[s->n]; k++)
        promise(s->token[k].size > 0 && (!s->tag || s->tag[k].size > 0) &&
                recur_sentences_place(s, k).column >= 1);
    done(cx, recur_sentences_describe(&d, s, t, NULL));
    recur_description_free(d);
}

static void use_stream(recur_ctx *cx, recur_tokenizer *t, const char *text, size_t size)
{
    recur_stream *s = NULL;
    recur_counts *counts = NULL;
    recur_vocab *v = NULL;
    recur_lanes *l = NULL;
    recur_window_of_text w = {.B = 1};
    int64_t units = 0;
    if (done(cx, recur_stream_parse(&s, t, text, size, "text")) &&
        done(cx, recur_counts_create(&counts, cx)) &&
        done(cx, recur_stream_count(s, 0, recur_stream_size(s), counts)) &&
        done(cx, recur_vocab_create(&v, counts, &(recur_vocab_options){.specials = true})) &&
        done(cx, recur_lanes_create(&l, s, v, 0, recur_stream_size(s), 2, 5, RECUR_BATCH_MAJOR))) {
        for (; w.B > 0; units += w.units)
            promise(recur_lanes_next(l, &w) == RECUR_OK);
        promise(units == recur_stream_size(s));
    }
    recur_lanes_free(l);
    recur_vocab_free(v);
    recur_counts_free(counts);
    recur_stream_free(s);
}

static void read_labelled(recur_ctx *cx, recur_tokenizer *t, const char *path, int format, unsigned flags)
{
    recur_corpus *c;
    recur_labelled_config how = recur_labelled_defaults();
    how.format = format;
    how.header = flags & 1;
    how.text = how.header ? "text" : "1";
    how.label = flags & 2 ? NULL : how.header ? "label" : "2";
    how.quotes = flags & 4 ? RECUR_QUOTES_YES : RECUR_QUOTES_AUTO;
    if (format == RECUR_LABELLED_FIRST_WORD)
        how.label_until = ":";
    if (done(cx, recur_labelled_read(&c, cx, &path, 1, &how)))
        use_corpus(cx, c, t);
    recur_corpus_free(c);
}

static void read_paired(recur_ctx *cx, recur_tokenizer *t, const char *path, bool files)
{
    recur_corpus *c;
    const char *const paths[] = {path, path};
    recur_paired_config how = recur_paired_defaults();
    if (done(cx, recur_paired_read(&c, cx, paths, files ? 2 : 1, &how)))
        use_corpus(cx, c, t);
    recur_corpus_free(c);
}

static void read_tagged(recur_ctx *cx, recur_tokenizer *t, const char *path, int format, bool tags)
{
    recur_sentences *s;
    recur_tagged_config how = {.format = format};
    if (done(cx, recur_tagged_read(&s, cx, &path, 1, &how, tags)))
        use_sentences(cx, s, t);
    recur_sentences_free(s);
}

static void read_vectors(recur_ctx *cx, const char *path)
{
    int64_t E;
    recur_counts *counts = NULL;
    recur_vocab *v = NULL;
    recur_vectors found;
    if (done(cx, recur_vectors_width(cx, path, &E)) && E <= 64 &&
        done(cx, recur_counts_create(&counts, cx)) && done(cx, recur_counts_add(counts, "a", 1, 1)) &&
        done(cx, recur_vocab_create(&v, counts, NULL))) {
        float table[64];
        done(cx, recur_vectors_read(v, path, E, table, NULL, &found));
    }
    recur_vocab_free(v);
    recur_counts_free(counts);
}

static void read_vocab(recur_ctx *cx, const char *text, size_t size)
{
    recur_vocab *v;
    if (done(cx, recur_vocab_parse(&v, cx, text, size, "text")))
        for (int64_t i = recur_vocab_specials(v) ? RECUR_SPECIALS : 0; i < recur_vocab_size(v); i++) {
            recur_span unit = recur_vocab_text(v, i);
            promise(recur_vocab_find(v, unit.text, unit.size) == i);
        }
    recur_vocab_free(v);
}

/* The bytes as a file: the same one for all inputs. */
static const char *save(const char *text, size_t size)
{
    static char path[] = "/tmp/recur-fuzz-XXXXXX";
    static FILE *f;
    if (!f) {
        int fd = mkstemp(path);
        promise(fd >= 0);
        f = fdopen(fd, "wb");
        promise(f != NULL);
    }
    promise(ftruncate(fileno(f), 0) == 0);
    rewind(f);
    promise(fwrite(text, 1, size, f) == size && fflush(f) == 0);
    return path;
}

static void read_as(recur_ctx *cx, recur_tokenizer *t, unsigned reader, const char *text, size_t size)
{
    recur_corpus *c;
    unsigned flags = reader >> 4;
    switch (reader & 15) {
    case 0:
        check_text(cx, t, text, size);
        break;
    case 1:
        use_stream(cx, t, text, size);
        break;
    case 2:
        read_vocab(cx, text, size);
        break;
    case 3:
        read_vectors(cx, save(text, size));
        break;
    case 4:
        read_paired(cx, t, save(text, size), flags & 1);
        break;
    case 5:
        if (done(cx, recur_lines_read(&c, cx, save(text, size))))
            use_corpus(cx, c, t);
        recur_corpus_free(c);
        break;
    case 6:
    case 7:
        read_tagged(cx, t, save(text, size), (reader & 15) - 5, flags & 1);
        break;
    default:
        read_labelled(cx, t, save(text, size), (int)(reader & 7) % 6, flags);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static recur_ctx *cx;
    recur_tokenizer *t;
    if (!cx)
        promise(recur_ctx_create(&cx, &(recur_options){.threads = 1}) == RECUR_OK);
    if (size < 2 || size > 100000)
        return 0;
    recur_clear(cx);
    size_t held = rcr_alloc_bytes(cx);
    recur_text_config config = {.unit = bytes[0] & 3,
                                .normalise = (bytes[0] >> 2 & 3) % 3,
                                .min_count = 1,
                                .lowercase = bytes[0] & 16,
                                .lossy = bytes[0] & 32};
    promise(recur_tokenizer_create(&t, cx, &config, bytes[0] >> 6) == RECUR_OK);
    read_as(cx, t, bytes[1], (const char *)bytes + 2, size - 2);
    recur_tokenizer_free(t);
    promise(rcr_alloc_bytes(cx) == held);
    return 0;
}
