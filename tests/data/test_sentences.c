// SPDX-License-Identifier: MIT
/* Tagged sentences: CoNLL columns and CoNLL-U, and what becomes of them. */
#include "data/text_test.h"

static recur_status tagged(recur_sentences **s, recur_ctx *cx, const char *name, const char *content,
                           recur_tagged_config how, bool tags)
{
    char folder[32], path[128];
    const char *paths[] = {file_of(path, make_folder(folder), name, content, strlen(content))};
    recur_status status = recur_tagged_read(s, cx, paths, 1, &how, tags);
    drop_folder(folder);
    return status;
}

/* Sentences as "token/tag token/tag|token/tag". */
static void holds(const recur_sentences *s, const char *wanted)
{
    char line[2048] = "";
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t k = s->offset[i]; k < s->offset[i + 1]; k++) {
            const char *gap = k > s->offset[i] ? " " : i > 0 ? "|" : "";
            size_t n = strlen(line);
            snprintf(line + n, sizeof line - n, "%s%.*s/%.*s", gap, (int)s->token[k].size, s->token[k].text,
                     s->tag ? (int)s->tag[k].size : 0, s->tag ? s->tag[k].text : "");
        }
    assert_string_equal(line, wanted);
}

static void reads(recur_ctx *cx, const char *name, const char *content, recur_tagged_config how,
                  const char *wanted)
{
    recur_sentences *s;
    ok(cx, tagged(&s, cx, name, content, how, true));
    holds(s, wanted);
    recur_sentences_free(s);
}

static void reads_conll(void **state)
{
    recur_tagged_config how = recur_tagged_defaults();
    reads(*state, "x", "EU\tB-ORG\nrejects\tO\n\nPeter\tB-PER\n", how, "EU/B-ORG rejects/O|Peter/B-PER");
    reads(*state, "x", "\xEF\xBB\xBF\n\n\nEU NNP B-ORG\r\n rejects  VBZ\tO \r\n  \r\nPeter NN B-PER", how,
          "EU/B-ORG rejects/O|Peter/B-PER");
    reads(*state, "x", "-DOCSTART- -X- O\n\nEU NNP B-ORG\n-DOCSTART- -X- O\nPeter NN B-PER\n", how,
          "EU/B-ORG|Peter/B-PER");
    how.tag = 2;
    reads(*state, "x", "EU NNP B-ORG\n", how, "EU/NNP");
    how.token = -1, how.tag = 1;
    reads(*state, "x", "NNP\tEU\n", how, "EU/NNP");
    how = recur_tagged_defaults();
    reads(*state, "x", "New York\tB\n\xC2\xA0\tO\n", how, "New York/B \xC2\xA0/O");
}

static void tells_comments_from_tokens(void **state)
{
    recur_tagged_config how = recur_tagged_defaults();
    reads(*state, "x", "# id = 1\n#tag\tO\n#\tO\n# inside a sentence\n# x\tO\n", how, "#tag/O #/O # x/O");
    reads(*state, "x", "# id = 1\nEU O\n# O\n\n# O\nhi O\n\n# three words here\n#tag O\n", how,
          "EU/O #/O|#/O hi/O|#tag/O");
}

static const char treebank[] = "# sent_id = 1\n# text = don't\n"
                               "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
                               "1\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_\t_\n"
                               "2\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_\n"
                               "2.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_\n\n"
                               "1\t#\t#\tSYM\tNN\t_\t0\troot\t_\t_\n";

static void reads_conllu(void **state)
{
    recur_tagged_config how = recur_tagged_defaults();
    recur_sentences *s;
    reads(*state, "x.conllu", treebank, how, "do/AUX n't/PART|#/SYM");
    how.tag = 5;
    reads(*state, "x.CONLLU", treebank, how, "do/VBP n't/RB|#/NN");
    how.format = RECUR_TAGGED_CONLLU;
    reads(*state, "x.txt", treebank, how, "do/VBP n't/RB|#/NN");
    refused(*state, tagged(&s, *state, "x", "a\tb\n", how, true), RECUR_EFORMAT,
            "lines of 2 columns; CoNLL-U has 10");
}

static void reads_tokens_alone(void **state)
{
    recur_sentences *s;
    ok(*state, tagged(&s, *state, "x", "one\ntwo\n\nthree\n", recur_tagged_defaults(), false));
    holds(s, "one/ two/|three/");
    assert_null(s->tag);
    recur_counts *counts;
    ok(*state, recur_counts_create(&counts, *state));
    refused(*state, recur_sentences_count_tags(s, NULL, 0, counts), RECUR_EINVAL, "read without tags");
    recur_counts_free(counts);
    recur_sentences_free(s);
}

static const struct {
    const char *content, *words;
    int64_t token, tag;
} wrong[] = {
    {"", "x:1: the file is empty; tokens, a line each", 0, 0},
    {"\n \n\n", "x:1: the file is empty", 0, 0},
    {"# only a comment\n", "x:1: the file is empty", 0, 0},
    {"-DOCSTART- -X- O\n", "x:1: the file is empty", 0, 0},
    {"a\tO\nb\n", "x:2: 1 column, but the first line has 2", 0, 0},
    {"a O\nb c O\n", "x:2: 3 columns, but the first line has 2", 0, 0},
    {"a\tO\n\tO\n", "x:2: an empty token", 0, 0},
    {"a\tO\nb\t\n", "x:2: a token without a tag", 0, 0},
    {"a\nb\n", "column 1 holds the tokens; the tags must stand in another", 0, 0},
    {"a\tO\nb\tB-\xE9\n", "x:2:5: the byte 0xe9 is not UTF-8", 0, 0},
    {"a\tO\n", "column 3 of the tags; the lines have 2 columns", 0, 3},
    {"a\tO\n", "column -3 of the tokens; the lines have 2 columns", -3, 0},
};

static void says_what_is_wrong(void **state)
{
    recur_sentences *s;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        recur_tagged_config how = {.token = wrong[i].token, .tag = wrong[i].tag};
        recur_status wanted = how.token || how.tag ? RECUR_ENOTFOUND : RECUR_EFORMAT;
        refused(*state, tagged(&s, *state, "x", wrong[i].content, how, true), wanted, wrong[i].words);
        assert_null(s);
    }
    refused(*state, tagged(&s, *state, "x", "a\tO\n", (recur_tagged_config){.format = 7}, true), RECUR_EINVAL,
            "a format of 7");
    recur_sentences_free(NULL);
}

static void becomes_sequences(void **state)
{
    recur_text_config config = recur_text_defaults();
    recur_sentences *s;
    recur_counts *words, *tags, *letters;
    recur_vocab *v, *k, *l;
    recur_sequences *tokens, *answers, *characters;
    int64_t first = 0, group[3];
    ok(*state, tagged(&s, *state, "x", "The\tD\ncat\tN\n\nA\tD\ndog\tN\nran\tV\n\nThe\tX\ncat\tY\n",
                      recur_tagged_defaults(), true));
    ok(*state, recur_sentences_groups(s, group));
    assert_memory_equal(group, ((int64_t[]){0, 1, 0}), sizeof group);
    config.lowercase = true, config.max_length = 2;
    recur_tokenizer *t = tokenizer_of(*state, config, 0);
    config.unit = RECUR_UNIT_CHAR, config.max_length = 0;
    recur_tokenizer *chars = tokenizer_of(*state, config, 0);
    ok(*state, recur_counts_create(&words, *state));
    ok(*state, recur_counts_create(&tags, *state));
    ok(*state, recur_counts_create(&letters, *state));
    ok(*state, recur_sentences_count(s, &first, 1, t, words));
    ok(*state, recur_sentences_count_tags(s, &first, 1, tags));
    ok(*state, recur_sentences_count_units(s, &first, 1, chars, letters));
    assert_int_equal(recur_counts_total(letters), 6);
    ok(*state, recur_vocab_create(&v, words, &(recur_vocab_options){.specials = true}));
    ok(*state, recur_vocab_create(&k, tags, &(recur_vocab_options){.sorted = true}));
    ok(*state, recur_vocab_create(&l, letters, &(recur_vocab_options){.specials = true}));
    ok(*state, recur_sentences_encode(&tokens, s, t, v));
    assert_int_equal(tokens->n, 3);
    assert_int_equal(tokens->cut, 1);
    assert_memory_equal(tokens->id, ((int32_t[]){5, 4, RECUR_UNK, RECUR_UNK, 5, 4}), 6 * sizeof(int32_t));
    ok(*state, recur_sentences_encode_tags(&answers, s, t, k));
    assert_memory_equal(answers->id, ((int32_t[]){0, 1, 0, 1, -1, -1}), 6 * sizeof(int32_t));
    assert_memory_equal(answers->offset, tokens->offset, 4 * sizeof(int64_t));
    ok(*state, recur_sentences_encode_units(&characters, s, chars, l));
    assert_int_equal(characters->n, s->offset[s->n]);
    assert_int_equal(recur_sequence_length(characters, 3), 3);
    assert_int_equal(characters->id[characters->offset[2]], recur_vocab_find(l, "a", 1));
    assert_int_equal(characters->id[characters->offset[3]], RECUR_UNK); /* no d in the first sentence */
    recur_sequences_free(tokens);
    recur_sequences_free(answers);
    recur_sequences_free(characters);
    recur_vocab_free(v);
    recur_vocab_free(k);
    recur_vocab_free(l);
    recur_counts_free(words);
    recur_counts_free(tags);
    recur_counts_free(letters);
    recur_tokenizer_free(t);
    recur_tokenizer_free(chars);
    recur_sentences_free(s);
}

static void says_which_token_is_no_text(void **state)
{
    recur_sentences *s;
    recur_counts *c;
    recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), 0);
    ok(*state, recur_counts_create(&c, *state));
    ok(*state, tagged(&s, *state, "x", "a\tO\n\nb\tO\nc\xFF\tO\n", recur_tagged_defaults(), true));
    refused(*state, recur_sentences_count(s, NULL, 0, t, c), RECUR_EFORMAT, "x:4:2: the byte 0xff");
    recur_sentences_free(s);
    recur_counts_free(c);
    recur_tokenizer_free(t);
}

static const struct {
    const char *path;
    int64_t tag, sentences, tokens, tags;
} sets[] = {
    {"ud-english-ewt/train.tsv", 2, 12544, 204577, 17},
    {"ud-english-ewt/dev.tsv", 3, 2001, 25147, 0},
    {"wnut17/wnut17train.conll", 0, 3394, 62730, 13},
    {"wnut17/emerging.dev.conll", 0, 1009, 15733, 0},
    {"weibo-ner/weiboNER_2nd_conll.train", 0, 1350, 73778, 0},
    {"weibo-ner/weiboNER_2nd_conll.dev", 0, 270, 14509, 0},
};

static void reads_real_sets(void **state)
{
    char path[1024];
    for (size_t i = 0; i < COUNT(sets); i++) {
        const char *paths[] = {real_file(path, sets[i].path)};
        recur_tagged_config how = {.tag = sets[i].tag};
        recur_sentences *s;
        recur_counts *c;
        if (!paths[0])
            skip();
        ok(*state, recur_tagged_read(&s, *state, paths, 1, &how, true));
        assert_int_equal(s->n, sets[i].sentences);
        assert_int_equal(s->offset[s->n], sets[i].tokens);
        ok(*state, recur_counts_create(&c, *state));
        ok(*state, recur_sentences_count_tags(s, NULL, 0, c));
        if (sets[i].tags)
            assert_int_equal(recur_counts_size(c), sets[i].tags);
        recur_counts_free(c);
        recur_sentences_free(s);
    }
}

static void writes(recur_ctx *cx, const char *content, recur_tagged_config how, const char *wanted)
{
    static const char *const tags[] = {"A", "B", "C"};
    recur_sentences *s;
    recur_text *text;
    ok(cx, tagged(&s, cx, "x", content, how, false));
    assert_int_equal(s->offset[s->n], 3);
    ok(cx, recur_sentences_tagged(&text, s, tags));
    assert_string_equal(text->bytes, wanted);
    recur_text_free(text);
    recur_sentences_free(s);
}

/* Files come back line by line, with a further column; CoNLL-U with its own column filled. */
static void writes_tags_into_the_lines(void **state)
{
    recur_tagged_config how = recur_tagged_defaults();
    writes(*state, "\xEF\xBB\xBF# not a token\r\nEU  NNP \r\nx Y\r\n \r\nPeter\tN", how,
           "# not a token\nEU  NNP A\nx Y B\n \nPeter\tN C\n");
    writes(*state, "New York\t\n\n-DOCSTART-\tX\nb\tZ\nc\tZ\n\n\n", how,
           "New York\t\tA\n\n-DOCSTART-\tX\nb\tZ\tB\nc\tZ\tC\n\n\n");
    writes(*state, "one\ntwo\n\nthree\n", how, "one A\ntwo B\n\nthree C\n");
    how.format = RECUR_TAGGED_CONLLU;
    writes(*state, treebank, how,
           "# sent_id = 1\n# text = don't\n"
           "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
           "1\tdo\tdo\tA\tVBP\t_\t0\troot\t_\t_\n"
           "2\tn't\tnot\tB\tRB\t_\t1\tadvmod\t_\t_\n"
           "2.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_\n\n"
           "1\t#\t#\tC\tNN\t_\t0\troot\t_\t_\n");
    how.tag = -6;
    writes(*state,
           "1\tone\t_\t_\t_\t_\t_\t_\t_\t_\n2\ttwo\t_\t_\t_\t_\t_\t_\t_\t_\n3\tx\t_\t_\tNN\t_\t_\t_\t_\tz\n",
           how,
           "1\tone\t_\t_\tA\t_\t_\t_\t_\t_\n2\ttwo\t_\t_\tB\t_\t_\t_\t_\t_\n3\tx\t_\t_\tC\t_\t_\t_\t_\tz\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(reads_conll),
                                       TEST(tells_comments_from_tokens),
                                       TEST(reads_conllu),
                                       TEST(reads_tokens_alone),
                                       TEST(says_what_is_wrong),
                                       TEST(becomes_sequences),
                                       TEST(says_which_token_is_no_text),
                                       TEST(writes_tags_into_the_lines),
                                       TEST(reads_real_sets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
