// SPDX-License-Identifier: MIT
/* Texts as ids: encoding, padding, reading back. */
#include "data/text_test.h"

typedef struct made {
    recur_tokenizer *t;
    recur_counts *c;
    recur_vocab *v;
} made;

static made make(recur_ctx *cx, const char *text, unsigned flags, int64_t most)
{
    made m;
    recur_text_config config = recur_text_defaults();
    recur_units u;
    config.max_length = most;
    m.t = tokenizer_of(cx, config, flags);
    ok(cx, recur_counts_create(&m.c, cx));
    ok(cx, recur_tokenize(m.t, text, strlen(text), NULL, &u));
    ok(cx, recur_counts_add_units(m.c, &u));
    ok(cx, recur_vocab_create(&m.v, m.c, &(recur_vocab_options){.specials = true}));
    return m;
}

static void drop(made *m)
{
    recur_vocab_free(m->v);
    recur_counts_free(m->c);
    recur_tokenizer_free(m->t);
}

static void encodes(void **state)
{
    made m = make(*state, "a a a b b c", 0, 0);
    recur_sequences *s;
    ok(*state, recur_sequences_create(&s, *state));
    ok(*state, recur_encode(s, m.t, m.v, "a b c d", 7, NULL, 0));
    ok(*state, recur_encode(s, m.t, m.v, "", 0, NULL, 0));
    ok(*state, recur_encode(s, m.t, m.v, "a b c", 5, NULL,
                            RECUR_ENCODE_BOS | RECUR_ENCODE_EOS | RECUR_ENCODE_REVERSE));
    ok(*state, recur_sequences_add(s, (int64_t[]){7, -1}, 2));
    refused(*state, recur_encode(s, m.t, m.v, "a \xFF", 3, NULL, RECUR_ENCODE_BOS), RECUR_EFORMAT, "0xff");
    refused(*state, recur_sequences_add(s, (int64_t[]){1, INT64_C(1) << 40}, 2), RECUR_EINVAL,
            "does not fit");
    ok(*state, recur_encode(s, m.t, m.v, "c", 1, NULL, RECUR_ENCODE_EOS));
    assert_int_equal(s->n, 5);
    assert_int_equal(s->longest, 5);
    assert_memory_equal(s->offset, ((int64_t[]){0, 4, 4, 9, 11, 13}), 6 * sizeof(int64_t));
    assert_memory_equal(s->id, ((int32_t[]){4, 5, 6, 1, 2, 6, 5, 4, 3, 7, -1, 6, 3}), 13 * sizeof(int32_t));
    recur_sequences_free(s);
    recur_sequences_free(NULL);
    drop(&m);
}

static void counts_what_was_cut(void **state)
{
    made m = make(*state, "a b", 0, 2);
    recur_sequences *s;
    ok(*state, recur_sequences_create(&s, *state));
    ok(*state, recur_encode(s, m.t, m.v, "a b", 3, NULL, RECUR_ENCODE_EOS));
    ok(*state, recur_encode(s, m.t, m.v, "a b a", 5, NULL, RECUR_ENCODE_EOS));
    assert_int_equal(s->cut, 1);
    assert_int_equal(s->longest, 3);
    recur_sequences_free(s);
    drop(&m);
}

static void pads(void **state)
{
    recur_sequences *s;
    int64_t lengths[3], ids[9], index[] = {2, 0, 1};
    ok(*state, recur_sequences_create(&s, *state));
    ok(*state, recur_sequences_add(s, (int64_t[]){1, 2, 3}, 3));
    ok(*state, recur_sequences_add(s, NULL, 0));
    ok(*state, recur_sequences_add(s, (int64_t[]){4}, 1));
    assert_int_equal(recur_pad_lengths(s, index, 3, lengths), 3);
    assert_memory_equal(lengths, ((int64_t[]){1, 3, 0}), sizeof lengths);
    recur_pad(s, index, 3, 3, RECUR_BATCH_MAJOR, -9, ids);
    assert_memory_equal(ids, ((int64_t[]){4, -9, -9, 1, 2, 3, -9, -9, -9}), sizeof ids);
    recur_pad(s, index, 3, 3, RECUR_TIME_MAJOR, 0, ids);
    assert_memory_equal(ids, ((int64_t[]){4, 1, 0, 0, 2, 0, 0, 3, 0}), sizeof ids);
    recur_pad(s, index, 3, 2, RECUR_BATCH_MAJOR, 0, ids);
    assert_memory_equal(ids, ((int64_t[]){4, 0, 1, 2, 0, 0}), 6 * sizeof *ids);
    recur_sequences_free(s);
}

static void decodes(void **state)
{
    made m = make(*state, "Don't go, please!", RECUR_TOKENS_JOINERS, 0);
    recur_sequences *s;
    recur_text *text;
    int64_t ids[32];
    ok(*state, recur_sequences_create(&s, *state));
    ok(*state, recur_encode(s, m.t, m.v, "Don't go, please!", 17, NULL, RECUR_ENCODE_BOS | RECUR_ENCODE_EOS));
    for (int64_t i = 0; i < s->offset[1]; i++)
        ids[i] = s->id[i];
    ok(*state, recur_decode(&text, m.t, m.v, ids, s->offset[1]));
    assert_string_equal(text->bytes, "Don't go, please!");
    recur_text_free(text);
    ids[0] = RECUR_UNK, ids[1] = RECUR_PAD, ids[2] = recur_vocab_find(m.v, "go", 2), ids[3] = 999,
    ids[4] = RECUR_EOS;
    ok(*state, recur_decode(&text, m.t, m.v, ids, 6));
    assert_string_equal(text->bytes, "<unk> go ");
    recur_text_free(text);
    ok(*state, recur_decode(&text, m.t, m.v, ids, 0));
    assert_string_equal(text->bytes, "");
    recur_text_free(text);
    recur_sequences_free(s);
    drop(&m);
}

static void encodes_a_corpus(void **state)
{
    made m = make(*state, "a b", 0, 0);
    char folder[32], path[128];
    recur_corpus *c;
    recur_sequences *s;
    make_folder(folder);
    ok(*state, recur_lines_read(&c, *state, file_of(path, folder, "x", "a b\n\nb\xE9\n", 8)));
    refused(*state, recur_corpus_encode(&s, c, RECUR_SIDE_TEXT, m.t, m.v, 0), RECUR_EFORMAT,
            "x:3:2: the byte 0xe9");
    assert_null(s);
    refused(*state, recur_corpus_encode(&s, c, RECUR_SIDE_ANSWER, m.t, m.v, 0), RECUR_EINVAL,
            "without answers");
    refused(*state, recur_corpus_encode(&s, c, RECUR_SIDE_BOTH, m.t, m.v, 0), RECUR_EINVAL, "not both");
    recur_corpus_free(c);
    ok(*state, recur_lines_read(&c, *state, file_of(path, folder, "x", "a b\n\nb\n", 7)));
    ok(*state, recur_corpus_encode(&s, c, RECUR_SIDE_TEXT, m.t, m.v, RECUR_ENCODE_EOS));
    assert_memory_equal(s->id, ((int32_t[]){4, 5, 3, 3, 5, 3}), 6 * sizeof(int32_t));
    recur_sequences_free(s);
    recur_corpus_free(c);
    recur_vocab *labels;
    ok(*state, recur_vocab_create(&labels, m.c, NULL));
    ok(*state, recur_lines_read(&c, *state, path));
    refused(*state, recur_corpus_encode(&s, c, RECUR_SIDE_TEXT, m.t, labels, RECUR_ENCODE_EOS), RECUR_EINVAL,
            "no <bos> and <eos>");
    recur_vocab_free(labels);
    recur_corpus_free(c);
    drop_folder(folder);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(encodes), TEST(counts_what_was_cut), TEST(pads), TEST(decodes),
                                       TEST(encodes_a_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
