// SPDX-License-Identifier: MIT
/* Every allocation failing in turn, from a text to its batches. (ICU takes its own memory, past the context.) */
#include "data/text_test.h"

#include "support/fail_alloc.h"

/* Files that the readers read; all are in one folder. */
typedef struct files {
    char folder[32], csv[128], tsv[128], pos[128], neg[128], tags[128], text[128], vectors[128];
} files;

static void put(char path[128], const files *f, const char *name, const char *content)
{
    file_of(path, f->folder, name, content, strlen(content));
}

static void make_files(files *f)
{
    make_folder(f->folder);
    put(f->csv, f, "a.csv", "text,label\n\"A \"\"good\"\" one,\nindeed\",pos\nbad,neg\ncaf\xC3\xA9,pos\n");
    put(f->tsv, f, "a.tsv", "text\tlabel\nIt's good\tpos\nbad\tneg\ngood\tpos\nbad\tneg\n");
    put(f->pos, f, "pos.txt", "yes\nyes yes\n");
    put(f->neg, f, "neg.txt", "no\nno no\n");
    put(f->tags, f, "a.conll", "The\tD\ncat\tN\n\nA\tD\ndog\tN\n\nThe\tD\ncat\tN\n");
    put(f->text, f, "a.txt", "One two three, two one.\nThree!\n\nTwo caf\xC3\xA9s, one.\n");
    put(f->vectors, f, "v.txt", "3 2\none 1 2\ntwo 3 4\nzzz 5 6\n");
}

typedef struct made {
    recur_ctx *cx;
    recur_tokenizer *t;
    recur_counts *counts, *labels;
    recur_vocab *v, *k;
    recur_text *json, *back;
    recur_corpus *c;
    recur_sentences *s;
    recur_sequences *q, *tags, *letters;
    recur_parts *p;
    recur_buckets *b;
    recur_stream *stream;
    recur_lanes *l;
    recur_description *d;
} made;

static void free_made(made *m)
{
    recur_description_free(m->d);
    recur_lanes_free(m->l);
    recur_stream_free(m->stream);
    recur_buckets_free(m->b);
    recur_parts_free(m->p);
    recur_sequences_free(m->q);
    recur_sequences_free(m->tags);
    recur_sequences_free(m->letters);
    recur_sentences_free(m->s);
    recur_corpus_free(m->c);
    recur_text_free(m->back);
    recur_text_free(m->json);
    recur_vocab_free(m->v);
    recur_vocab_free(m->k);
    recur_counts_free(m->counts);
    recur_counts_free(m->labels);
    recur_tokenizer_free(m->t);
    recur_ctx_free(m->cx);
}

static recur_status open_made(made *m, const recur_allocator *allocator, int unit, unsigned flags)
{
    recur_text_config config = recur_text_defaults();
    config.unit = unit;
    config.lowercase = true;
    recur_status s = recur_ctx_create(&m->cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (s == RECUR_OK)
        s = recur_tokenizer_create(&m->t, m->cx, &config, flags);
    if (s == RECUR_OK)
        s = recur_counts_create(&m->counts, m->cx);
    return s == RECUR_OK ? recur_counts_create(&m->labels, m->cx) : s;
}

/* A vocabulary of what was counted, by way of JSON. */
static recur_status make_vocab(made *m)
{
    recur_status s = recur_vocab_create(&m->v, m->counts, &(recur_vocab_options){.specials = true});
    if (s == RECUR_OK)
        s = recur_vocab_json(&m->json, m->v);
    recur_vocab_free(m->v);
    m->v = NULL;
    return s == RECUR_OK ? recur_vocab_parse(&m->v, m->cx, m->json->bytes, m->json->size, "m") : s;
}

static recur_status walk_batches(made *m)
{
    int64_t group[16];
    recur_bucket k;
    recur_status s = recur_corpus_groups(m->c, RECUR_SIDE_TEXT, group);
    if (s == RECUR_OK)
        s = recur_parts_split(&m->p, m->cx, m->c->n, group,
                              &(recur_partition){.share = {1}, .shuffle = true});
    if (s == RECUR_OK)
        s = recur_buckets_create(&m->b, m->q, m->p->index[0], m->p->n[0],
                                 &(recur_bucket_options){.batch = 2, .shuffle = true});
    while (s == RECUR_OK && recur_buckets_next(m->b, &k))
        ;
    return s == RECUR_OK ? recur_corpus_describe(&m->d, m->c, true, m->t, m->p) : s;
}

static recur_status use_corpus(made *m)
{
    int64_t ids[16];
    recur_status s = recur_corpus_count(m->c, RECUR_SIDE_TEXT, NULL, 0, m->t, m->counts);
    if (s == RECUR_OK)
        s = recur_corpus_count_labels(m->c, NULL, 0, m->labels);
    if (s == RECUR_OK)
        s = make_vocab(m);
    if (s == RECUR_OK)
        s = recur_vocab_create(&m->k, m->labels, &(recur_vocab_options){.sorted = true});
    if (s == RECUR_OK)
        s = recur_corpus_encode(&m->q, m->c, RECUR_SIDE_TEXT, m->t, m->v, RECUR_ENCODE_EOS);
    if (s != RECUR_OK)
        return s;
    recur_corpus_labels(m->c, m->k, ids);
    for (int64_t i = 0; i < 4; i++)
        ids[i] = i + 3;
    s = recur_decode(&m->back, m->t, m->v, ids + 1, 3);
    return s == RECUR_OK ? walk_batches(m) : s;
}

static recur_status from_csv(const recur_allocator *allocator, void *argument)
{
    const files *f = argument;
    made m = {0};
    const char *paths[] = {f->csv, f->tsv};
    recur_labelled_config how = recur_labelled_defaults();
    recur_status s = open_made(&m, allocator, RECUR_UNIT_WORD, RECUR_TOKENS_JOINERS);
    if (s == RECUR_OK)
        s = recur_labelled_read(&m.c, m.cx, paths, 2, &how);
    if (s == RECUR_OK)
        s = use_corpus(&m);
    free_made(&m);
    return s;
}

static recur_status from_class_files(const recur_allocator *allocator, void *argument)
{
    const files *f = argument;
    made m = {0};
    const char *paths[] = {f->pos, f->neg};
    recur_labelled_config how = recur_labelled_defaults();
    how.format = RECUR_LABELLED_CLASS_FILES;
    recur_status s = open_made(&m, allocator, RECUR_UNIT_GRAPHEME, 0);
    if (s == RECUR_OK)
        s = recur_labelled_read(&m.c, m.cx, paths, 2, &how);
    if (s == RECUR_OK)
        s = use_corpus(&m);
    free_made(&m);
    return s;
}

static recur_status from_pairs(const recur_allocator *allocator, void *argument)
{
    const files *f = argument;
    made m = {0};
    const char *paths[] = {f->pos, f->neg};
    recur_paired_config how = recur_paired_defaults();
    recur_status s = open_made(&m, allocator, RECUR_UNIT_SPACE, 0);
    if (s == RECUR_OK)
        s = recur_paired_read(&m.c, m.cx, paths, 2, &how);
    if (s == RECUR_OK)
        s = recur_corpus_count(m.c, RECUR_SIDE_BOTH, NULL, 0, m.t, m.counts);
    if (s == RECUR_OK)
        s = make_vocab(&m);
    if (s == RECUR_OK)
        s = recur_corpus_describe(&m.d, m.c, false, m.t, NULL);
    free_made(&m);
    return s;
}

static recur_status use_sentences(made *m)
{
    recur_status s = recur_sentences_count(m->s, NULL, 0, m->t, m->counts);
    if (s == RECUR_OK)
        s = recur_sentences_count_tags(m->s, NULL, 0, m->labels);
    if (s == RECUR_OK)
        s = make_vocab(m);
    if (s == RECUR_OK)
        s = recur_vocab_create(&m->k, m->labels, &(recur_vocab_options){.sorted = true});
    if (s == RECUR_OK)
        s = recur_sentences_encode(&m->q, m->s, m->t, m->v);
    if (s == RECUR_OK)
        s = recur_sentences_encode_tags(&m->tags, m->s, m->t, m->k);
    if (s == RECUR_OK)
        s = recur_sentences_encode_units(&m->letters, m->s, m->t, m->v);
    return s == RECUR_OK ? recur_sentences_describe(&m->d, m->s, m->t, NULL) : s;
}

static recur_status from_sentences(const recur_allocator *allocator, void *argument)
{
    const files *f = argument;
    made m = {0};
    const char *paths[] = {f->tags};
    int64_t group[3];
    recur_tagged_config how = recur_tagged_defaults();
    recur_status s = open_made(&m, allocator, RECUR_UNIT_CHAR, 0);
    if (s == RECUR_OK)
        s = recur_tagged_read(&m.s, m.cx, paths, 1, &how, true);
    if (s == RECUR_OK)
        s = recur_sentences_groups(m.s, group);
    if (s == RECUR_OK)
        s = use_sentences(&m);
    free_made(&m);
    return s;
}

static recur_status use_stream(made *m, const files *f)
{
    recur_window_of_text w = {.B = 1};
    float table[64];
    recur_vectors found;
    int64_t N = recur_stream_size(m->stream), ids[64];
    recur_status s = recur_stream_count(m->stream, 0, N, m->counts);
    if (s == RECUR_OK)
        s = make_vocab(m);
    if (s == RECUR_OK)
        s = recur_stream_ids(m->stream, m->v, 1, N, ids);
    if (s == RECUR_OK)
        s = recur_lanes_create(&m->l, m->stream, m->v, 0, N, 2, 4, RECUR_TIME_MAJOR);
    while (s == RECUR_OK && w.B > 0)
        s = recur_lanes_next(m->l, &w);
    return s == RECUR_OK ? recur_vectors_read(m->v, f->vectors, 2, table, NULL, &found) : s;
}

static recur_status from_a_stream(const recur_allocator *allocator, void *argument)
{
    const files *f = argument;
    made m = {0};
    recur_status s = open_made(&m, allocator, RECUR_UNIT_WORD, RECUR_TOKENS_JOINERS | RECUR_TOKENS_LINES);
    if (s == RECUR_OK)
        s = recur_stream_open(&m.stream, m.t, f->text);
    if (s == RECUR_OK)
        s = use_stream(&m, f);
    free_made(&m);
    return s;
}

static void fails_cleanly_without_memory(void **state)
{
    files f;
    (void)state;
    make_files(&f);
    assert_true(fail_alloc_each(from_csv, &f) > 40);
    assert_true(fail_alloc_each(from_class_files, &f) > 40);
    assert_true(fail_alloc_each(from_pairs, &f) > 30);
    assert_true(fail_alloc_each(from_sentences, &f) > 30);
    assert_true(fail_alloc_each(from_a_stream, &f) > 20);
    drop_folder(f.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(fails_cleanly_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
