// SPDX-License-Identifier: MIT
/* Readers of labelled texts and pairs: every format, and what is wrong with files. */
#include "data/text_test.h"

#define TABBED "a good one\t1\nbad \"thing\"\t0\n"

static void text_is(recur_span s, const char *wanted)
{
    if (s.size != strlen(wanted) || memcmp(s.text, wanted, s.size) != 0)
        fail_msg("\"%.*s\" is not \"%s\"", (int)s.size, s.text, wanted);
}

/* Example i of a corpus: its text, its answer (NULL: none) and its line. */
static void example(const recur_corpus *c, int64_t i, const char *text, const char *answer, int64_t line)
{
    assert_true(i < c->n);
    text_is(c->text[i], text);
    if (answer)
        text_is(c->answer[i], answer);
    assert_int_equal(c->line[i], line);
}

static recur_status labelled(recur_corpus **c, recur_ctx *cx, const char *name, const char *content,
                             recur_labelled_config how)
{
    char folder[32], path[128];
    const char *paths[] = {file_of(path, make_folder(folder), name, content, strlen(content))};
    recur_status s = recur_labelled_read(c, cx, paths, 1, &how);
    drop_folder(folder); /* a map stays when its file goes */
    return s;
}

static recur_status paired(recur_corpus **c, recur_ctx *cx, const char *name, const char *content,
                           recur_paired_config how)
{
    char folder[32], path[128];
    const char *paths[] = {file_of(path, make_folder(folder), name, content, strlen(content))};
    recur_status s = recur_paired_read(c, cx, paths, 1, &how);
    drop_folder(folder);
    return s;
}

static void reads_csv(void **state)
{
    recur_labelled_config how = recur_labelled_defaults();
    recur_corpus *c;
    ok(*state,
       labelled(&c, *state, "x.csv",
                "id,label,text\r\n1,pos,\"Good, \"\"very\"\"\nindeed\"\r\n\r\n2, neg ,\r\n3,pos,bad", how));
    assert_int_equal(c->n, 3);
    example(c, 0, "Good, \"very\"\nindeed", "pos", 2);
    example(c, 1, "", "neg", 5);
    example(c, 2, "bad", "pos", 6);
    assert_int_equal(recur_corpus_place(c, RECUR_SIDE_TEXT, 2).column, 0);
    recur_corpus_free(c);
    how.label = NULL;
    ok(*state, labelled(&c, *state, "x.csv", "text\nalone\n", how));
    assert_null(c->answer);
    example(c, 0, "alone", NULL, 2);
    recur_corpus_free(c);
}

static void reads_columns_by_number(void **state)
{
    recur_labelled_config how = recur_labelled_defaults();
    recur_corpus *c;
    how.text = "1", how.label = "2", how.header = false;
    ok(*state, labelled(&c, *state, "x.txt", "\xEF\xBB\xBF" TABBED, how));
    assert_int_equal(c->n, 2);
    example(c, 0, "a good one", "1", 1);
    example(c, 1, "bad \"thing\"", "0", 2);
    recur_place where = recur_corpus_place(c, RECUR_SIDE_ANSWER, 1);
    assert_int_equal(where.column, 13);
    assert_int_equal(recur_corpus_place(c, RECUR_SIDE_TEXT, 0).column, 1);
    recur_corpus_free(c);
    how.format = RECUR_LABELLED_CSV;
    ok(*state, labelled(&c, *state, "x.txt", "\"a, b\",x\nc,y\n", how));
    example(c, 0, "a, b", "x", 1);
    example(c, 1, "c", "y", 2);
    recur_corpus_free(c);
    how = recur_labelled_defaults();
    how.text = "3", how.label = "label";
    ok(*state,
       labelled(&c, *state, "x.tsv", "label\tn\tt\r1\t9\tolder Mac\r0\t8\tline \xC2\x85 ends\r", how));
    example(c, 0, "older Mac", "1", 2);
    example(c, 1, "line \xC2\x85 ends", "0", 3);
    recur_corpus_free(c);
    how.delimiter = ";";
    ok(*state, labelled(&c, *state, "x.csv", "a;label;c;d\n1;2;3;4\n", how));
    example(c, 0, "3", "2", 2);
    recur_corpus_free(c);
}

static void reads_fasttext(void **state)
{
    recur_labelled_config how = recur_labelled_defaults();
    recur_corpus *c;
    ok(*state, labelled(&c, *state, "x.txt",
                        "__label__a  Some text \n\n__label__b __label__c\ttwo labels\n__label__a\n", how));
    assert_int_equal(c->n, 3);
    example(c, 0, "Some text", "a", 1);
    example(c, 1, "two labels", "b", 3);
    example(c, 2, "", "a", 4);
    recur_corpus_free(c);
    how.label = NULL;
    ok(*state, labelled(&c, *state, "x.txt", "__label__a text\n", how));
    example(c, 0, "text", NULL, 1);
    recur_corpus_free(c);
    how.format = RECUR_LABELLED_FASTTEXT;
    ok(*state, labelled(&c, *state, "x.txt", "only text\n", how));
    example(c, 0, "only text", NULL, 1);
    recur_corpus_free(c);
}

static void reads_first_words(void **state)
{
    recur_labelled_config how = recur_labelled_defaults();
    recur_corpus *c;
    how.format = RECUR_LABELLED_FIRST_WORD;
    ok(*state, labelled(&c, *state, "x", "HUM:ind Who wrote it ?\n LOC where\n", how));
    example(c, 0, "Who wrote it ?", "HUM:ind", 1);
    example(c, 1, "where", "LOC", 2);
    recur_corpus_free(c);
    how.label_until = ":";
    ok(*state, labelled(&c, *state, "x", "HUM:ind Who wrote it ?\nLOC where\n", how));
    example(c, 0, "Who wrote it ?", "HUM", 1);
    example(c, 1, "where", "LOC", 2);
    recur_corpus_free(c);
}

static void reads_a_file_per_class(void **state)
{
    recur_labelled_config how = recur_labelled_defaults();
    recur_corpus *c;
    char folder[32], path[3][128];
    const char *paths[2];
    make_folder(folder);
    how.format = RECUR_LABELLED_CLASS_FILES;
    paths[0] = file_of(path[0], folder, "Czech.txt", "Abl\nAdsit\n", 10);
    paths[1] = file_of(path[1], folder, "Greek.v2.txt", "Adamidis", 8);
    ok(*state, recur_labelled_read(&c, *state, paths, 2, &how));
    assert_int_equal(c->n, 3);
    example(c, 0, "Abl", "Czech", 1);
    example(c, 1, "Adsit", "Czech", 2);
    example(c, 2, "Adamidis", "Greek.v2", 1);
    assert_int_equal(c->n_files, 2);
    assert_string_equal(recur_corpus_place(c, RECUR_SIDE_TEXT, 2).name, path[1]);
    recur_corpus_free(c);
    paths[0] = file_of(path[0], folder, "rt.pos", "good\n", 5);
    paths[1] = file_of(path[2], folder, "rt.neg", "bad\n", 4);
    ok(*state, recur_labelled_read(&c, *state, paths, 2, &how));
    example(c, 0, "good", "rt.pos", 1);
    example(c, 1, "bad", "rt.neg", 1);
    recur_corpus_free(c);
    paths[1] = paths[0];
    refused(*state, recur_labelled_read(&c, *state, paths, 2, &how), RECUR_EINVAL,
            "each class needs a name of its own");
    assert_null(c);
    drop_folder(folder);
}

static void reads_pairs(void **state)
{
    recur_paired_config how = recur_paired_defaults();
    recur_corpus *c;
    ok(*state, paired(&c, *state, "x.txt", "Go.\tVa !\tCC-BY\n\nHi.\tSalut !\n \tnothing\nleft\t\n", how));
    assert_int_equal(c->n, 2);
    assert_int_equal(c->empty, 2);
    example(c, 0, "Go.", "Va !", 1);
    example(c, 1, "Hi.", "Salut !", 3);
    recur_corpus_free(c);
    how.header = true, how.source = "de", how.target = "en";
    ok(*state, paired(&c, *state, "x.csv", "en,de\n\"a, b\",c\n", how));
    example(c, 0, "c", "a, b", 2);
    recur_corpus_free(c);
    how.target = NULL;
    ok(*state, paired(&c, *state, "x.csv", "de\nc\n", how));
    assert_null(c->answer);
    recur_corpus_free(c);
}

static void reads_pairs_of_files(void **state)
{
    recur_paired_config how = recur_paired_defaults();
    recur_corpus *c;
    char folder[32], path[2][128];
    make_folder(folder);
    const char *paths[] = {file_of(path[0], folder, "t.de", "eins\nzwei\r\n\ndrei", 16),
                           file_of(path[1], folder, "t.en", "one\rtwo\rx\rthr\xE9\r", 15)};
    ok(*state, recur_paired_read(&c, *state, paths, 2, &how));
    assert_int_equal(c->n, 3);
    assert_int_equal(c->empty, 1);
    example(c, 1, "zwei", "two", 2);
    recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), 0);
    recur_counts *counts;
    ok(*state, recur_counts_create(&counts, *state));
    ok(*state, recur_corpus_count(c, RECUR_SIDE_TEXT, NULL, 0, t, counts));
    assert_int_equal(recur_counts_total(counts), 3);
    refused(*state, recur_corpus_count(c, RECUR_SIDE_BOTH, NULL, 0, t, counts), RECUR_EFORMAT,
            "t.en:4:4: the byte 0xe9");
    recur_counts_free(counts);
    recur_tokenizer_free(t);
    recur_corpus_free(c);
    file_of(path[1], folder, "t.en", "one\ntwo\n", 8);
    refused(*state, recur_paired_read(&c, *state, paths, 2, &how), RECUR_EFORMAT, "t.de has 4 lines");
    refused(*state, recur_paired_read(&c, *state, paths, 2, &how), RECUR_EFORMAT,
            "t.en has 2: line n of one");
    how.format = RECUR_PAIRED_FILES;
    refused(*state, recur_paired_read(&c, *state, paths, 1, &how), RECUR_EINVAL,
            "the lines of two belong together");
    drop_folder(folder);
}

static void reads_lines(void **state)
{
    recur_corpus *c;
    char folder[32], path[128];
    make_folder(folder);
    ok(*state, recur_lines_read(&c, *state, file_of(path, folder, "x", "a\n\n b\r\nc", 8)));
    assert_int_equal(c->n, 4);
    example(c, 1, "", NULL, 2);
    example(c, 2, " b", NULL, 3);
    recur_corpus_free(c);
    ok(*state, recur_lines_read(&c, *state, file_of(path, folder, "x", "", 0)));
    assert_int_equal(c->n, 0);
    recur_corpus_free(c);
    refused(*state, recur_lines_read(&c, *state, file_of(path, folder, "x", "a\0b", 3)), RECUR_EFORMAT,
            "x:1: a NUL byte");
    refused(*state,
            recur_lines_read(&c, *state,
                             file_of(path, folder, "x",
                                     "\xFF\xFE"
                                     "a",
                                     3)),
            RECUR_EFORMAT, "x:1: this is UTF-16");
    refused(*state, recur_lines_read(&c, *state, "/nowhere/at/all"), RECUR_ENOTFOUND, "cannot read /nowhere");
    refused(*state, recur_lines_read(&c, *state, folder), RECUR_EIO, "Is a directory");
    drop_folder(folder);
}

static const struct {
    int format;
    const char *name, *text, *label, *content;
    bool header;
    recur_status status;
    const char *words;
} wrong[] = {
    {0, "x.csv", "text", "label", "", true, RECUR_EFORMAT,
     "x.csv:1: the file is empty; the first line must name"},
    {0, "x.csv", "text", "label", "text,label\n", true, RECUR_EFORMAT,
     "x.csv:1: there is no row under the header"},
    {0, "x.tsv", "text", "label", "", true, RECUR_EFORMAT, "x.tsv:1: the file is empty"},
    {0, "x.tsv", "text", "label", "text\tlabel\n\n", true, RECUR_EFORMAT, "there is no row under the header"},
    {0, "x.tsv", "1", "2", "\n", false, RECUR_EFORMAT, "x.tsv:1: there is no row in the file"},
    {0, "x.csv", "text", "label", "review,label\na,b\n", true, RECUR_ENOTFOUND, "no column \"text\" in "},
    {0, "x.csv", "text", "label", "review,label\na,b\n", true, RECUR_ENOTFOUND, "it has review, label"},
    {0, "x.tsv", "text", "label", "text\tclass\na\tb\n", true, RECUR_ENOTFOUND, "no column \"label\" in "},
    {0, "x.tsv", "text", "9", "text\tclass\na\tb\n", true, RECUR_ENOTFOUND, "no column 9 in "},
    {0, "x.csv", "text", "2", "a,b\n", false, RECUR_EINVAL, "column \"text\" of "},
    {0, "x.csv", "1", "3", "a,b\n", false, RECUR_ENOTFOUND, "no column 3 in "},
    {0, "x.tsv", "1", "3", "a\tb\n", false, RECUR_EFORMAT, "x.tsv:1: 2 columns, but column 3 is needed"},
    {0, "x.tsv", "text", "label", "text\tlabel\na\tb\nc\n", true, RECUR_EFORMAT,
     "x.tsv:3: 1 column, but column 2"},
    {0, "x.tsv", "text", "label", "text\tlabel\na\t \n", true, RECUR_EFORMAT,
     "x.tsv:2: a text without a label"},
    {0, "x.csv", "text", "label", "text,label\na,b\nc,\n", true, RECUR_EFORMAT,
     "x.csv:3: a text without a label"},
    {0, "x.csv", "text", "label", "text,label\na,b\nc\n", true, RECUR_EFORMAT,
     "x.csv:3: 1 field, but the header has 2"},
    {0, "x.csv", "1", "2", "a,b\nc\n", false, RECUR_EFORMAT, "x.csv:2: 1 field, but the first row has 2"},
    {0, "x.tsv", "text", "label", "text\tlabel\na\tb\xFFz\n", true, RECUR_EFORMAT,
     "x.tsv:2:4: the byte 0xff is not UTF-8"},
    {0, "x.csv", "text", "label", "text,label\na,\xFF\n", true, RECUR_EFORMAT,
     "x.csv:2: character 1 of the text: the byte 0xff"},
    {0, "x.txt", "text", "label", "__label__a x\nno label\n", true, RECUR_EFORMAT,
     "x.txt:2: the line does not begin with __label__"},
    {0, "x.txt", "text", "label", "__label__ x\n", true, RECUR_EFORMAT, "x.txt:1: a text without a label"},
    {RECUR_LABELLED_FASTTEXT, "x", "text", "label", " \n", true, RECUR_EFORMAT,
     "x:1: the file is empty; a label and a text"},
    {RECUR_LABELLED_FIRST_WORD, "x", "text", "label", "\n", true, RECUR_EFORMAT, "x:1: the file is empty"},
    {RECUR_LABELLED_CLASS_FILES, "x", "text", "label", "\n", true, RECUR_EFORMAT,
     "x:1: the file is empty; a text on each"},
    {9, "x", "text", "label", "", true, RECUR_EINVAL, "a format of 9"},
};

static void says_what_is_wrong(void **state)
{
    for (size_t i = 0; i < COUNT(wrong); i++) {
        recur_labelled_config how = {.format = wrong[i].format,
                                     .text = wrong[i].text,
                                     .label = wrong[i].label,
                                     .header = wrong[i].header};
        recur_corpus *c;
        refused(*state, labelled(&c, *state, wrong[i].name, wrong[i].content, how), wrong[i].status,
                wrong[i].words);
        assert_null(c);
    }
    recur_labelled_config how = recur_labelled_defaults();
    recur_corpus *c;
    how.label_until = ":";
    refused(*state, labelled(&c, *state, "x.csv", "", how), RECUR_EINVAL, "--label-until");
    how = recur_labelled_defaults();
    how.delimiter = "||";
    refused(*state, labelled(&c, *state, "x.csv", "text,label\n", how), RECUR_EINVAL,
            "the delimiter is \"||\"");
    refused(*state, recur_labelled_read(&c, *state, NULL, 0, &how), RECUR_EINVAL, "0 files");
    recur_corpus_free(NULL);
}

static void finds_equal_examples(void **state)
{
    recur_labelled_config how = recur_labelled_defaults();
    recur_corpus *c;
    int64_t group[5];
    ok(*state, labelled(&c, *state, "x.tsv", "text\tlabel\na\t1\nb\t1\na\t2\na\t1\n\t1\n", how));
    ok(*state, recur_corpus_groups(c, RECUR_SIDE_TEXT, group));
    assert_memory_equal(group, ((int64_t[]){0, 1, 0, 0, 4}), sizeof group);
    ok(*state, recur_corpus_groups(c, RECUR_SIDE_ANSWER, group));
    assert_memory_equal(group, ((int64_t[]){0, 0, 2, 0, 0}), sizeof group);
    ok(*state, recur_corpus_groups(c, RECUR_SIDE_BOTH, group));
    assert_memory_equal(group, ((int64_t[]){0, 1, 2, 0, 4}), sizeof group);
    recur_corpus_free(c);
    how.label = NULL;
    ok(*state, labelled(&c, *state, "x.tsv", "text\na\n", how));
    refused(*state, recur_corpus_groups(c, RECUR_SIDE_BOTH, group), RECUR_EINVAL, "read without answers");
    recur_corpus_free(c);
}

static void numbers_labels(void **state)
{
    recur_labelled_config how = recur_labelled_defaults();
    recur_corpus *c;
    recur_counts *counts;
    recur_vocab *v;
    int64_t ids[4], first[] = {0, 1, 3};
    ok(*state, labelled(&c, *state, "x.tsv", "text\tlabel\na\tneg\nb\tpos\na\tother\na\tneg\n", how));
    ok(*state, recur_counts_create(&counts, *state));
    ok(*state, recur_corpus_count_labels(c, first, 3, counts));
    ok(*state, recur_vocab_create(&v, counts, &(recur_vocab_options){.sorted = true}));
    assert_int_equal(recur_vocab_size(v), 2);
    recur_corpus_labels(c, v, ids);
    assert_memory_equal(ids, ((int64_t[]){0, 1, -1, 0}), sizeof ids);
    recur_vocab_free(v);
    recur_counts_free(counts);
    recur_corpus_free(c);
}

/* The real sets have as many examples and classes as their description says. */
static const struct {
    const char *path;
    recur_labelled_config how;
    int64_t n, classes, most; /* most: examples of the largest class */
} sets[] = {
    {"waimai_10k/waimai_10k.csv", {.text = "review", .label = "label", .header = true}, 10789, 2, 7189},
    {"chnsenticorp_htl/ChnSentiCorp_htl_all.csv",
     {.text = "review", .label = "label", .header = true},
     6990,
     2,
     4790},
    {"uci-sentences/imdb_labelled.txt", {.text = "1", .label = "2"}, 900, 2, 0},
    {"imdb/imdb_train_part.tsv", {.text = "3", .label = "1"}, 4168, 2, 0},
    {"trec/TREC.train",
     {.format = RECUR_LABELLED_FIRST_WORD, .text = "1", .label = "2", .label_until = ":"},
     5452,
     6,
     1250},
    {"trec/TREC.train", {.format = RECUR_LABELLED_FIRST_WORD, .text = "1", .label = "2"}, 5452, 50, 0},
};

static void reads_real_sets(void **state)
{
    char path[1024];
    for (size_t i = 0; i < COUNT(sets); i++) {
        const char *paths[] = {real_file(path, sets[i].path)};
        recur_corpus *c;
        recur_counts *counts;
        recur_vocab *v;
        int64_t times;
        if (!paths[0])
            skip();
        ok(*state, recur_labelled_read(&c, *state, paths, 1, &sets[i].how));
        assert_int_equal(c->n, sets[i].n);
        ok(*state, recur_counts_create(&counts, *state));
        ok(*state, recur_corpus_count_labels(c, NULL, 0, counts));
        assert_int_equal(recur_counts_size(counts), sets[i].classes);
        ok(*state, recur_vocab_create(&v, counts, &(recur_vocab_options){.size = 1}));
        for (int64_t k = 0; sets[i].most && k < sets[i].classes; k++)
            if (strcmp(recur_counts_at(counts, k, &times).text, recur_vocab_text(v, 0).text) == 0)
                assert_int_equal(times, sets[i].most);
        recur_vocab_free(v);
        recur_counts_free(counts);
        recur_corpus_free(c);
    }
}

static void reads_real_pairs(void **state)
{
    char path[2][1024];
    recur_paired_config how = recur_paired_defaults();
    recur_corpus *c;
    const char *paths[] = {real_file(path[0], "eng-fra/eng-fra.tsv"), NULL};
    if (!paths[0])
        skip();
    ok(*state, recur_paired_read(&c, *state, paths, 1, &how));
    assert_int_equal(c->n, 128595);
    int64_t *group = malloc((size_t)c->n * sizeof *group), heads = 0, test[2] = {0};
    recur_parts *p;
    assert_non_null(group);
    ok(*state, recur_corpus_groups(c, RECUR_SIDE_TEXT, group));
    for (int64_t i = 0; i < c->n; i++)
        heads += group[i] == i;
    assert_true(heads < c->n * 3 / 4);
    ok(*state, recur_parts_split(&p, *state, c->n, group,
                                 &(recur_partition){.share = {0.9, 0.05, 0.05}, .shuffle = true, .seed = 1}));
    for (int64_t i = 0; i < p->n[RECUR_PART_TEST]; i++)
        test[group[p->index[RECUR_PART_TEST][i]] == p->index[RECUR_PART_TEST][i]]++;
    near((double)p->n[RECUR_PART_TEST], 0.05 * (double)c->n, 0.01);
    assert_true(test[0] > 0 && test[1] > 0);
    recur_parts_free(p);
    free(group);
    recur_corpus_free(c);
    paths[0] = real_file(path[0], "multi30k/val.de");
    paths[1] = real_file(path[1], "multi30k/val.en");
    ok(*state, recur_paired_read(&c, *state, paths, 2, &how));
    assert_int_equal(c->n, 1014);
    recur_corpus_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(reads_csv),
                                       TEST(reads_columns_by_number),
                                       TEST(reads_fasttext),
                                       TEST(reads_first_words),
                                       TEST(reads_a_file_per_class),
                                       TEST(reads_pairs),
                                       TEST(reads_pairs_of_files),
                                       TEST(reads_lines),
                                       TEST(says_what_is_wrong),
                                       TEST(finds_equal_examples),
                                       TEST(numbers_labels),
                                       TEST(reads_real_sets),
                                       TEST(reads_real_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
