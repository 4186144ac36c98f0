// SPDX-License-Identifier: MIT
/* Texts into units and back. */
#include "data/text_test.h"

static recur_text_config words(void)
{
    return recur_text_defaults();
}

static recur_text_config unit(int kind)
{
    recur_text_config c = recur_text_defaults();
    c.unit = kind;
    return c;
}

static void cuts_words(void **state)
{
    recur_tokenizer *t = tokenizer_of(*state, words(), 0);
    cuts(*state, t, "", "");
    cuts(*state, t, " \t\n ", "");
    cuts(*state, t, "The cat, 3.14 times!", "The|cat|,|3.14|times|!");
    cuts(*state, t, "don't l\xE2\x80\x99homme well-known", "don't|l\xE2\x80\x99homme|well|-|known");
    cuts(*state, t,
         "Stra\xC3\x9F"
         "e \xD0\xBC\xD0\xB8\xD1\x80",
         "Stra\xC3\x9F"
         "e|\xD0\xBC\xD0\xB8\xD1\x80");
    cuts(*state, t,
         "a\xC2\xA0"
         "b\xE2\x80\xAF!\xC2\x85"
         "c\xE3\x80\x80"
         "d",
         "a|b|!|c|d");
    cuts(*state, t, "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB ok",
         "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB|ok");
    cuts(*state, t, "line\nend\r\nhere", "line|end|here");
    recur_tokenizer_free(t);
}

/* Chinese, Japanese and Thai have no blanks between words: dictionaries find them. */
static void cuts_words_by_dictionary(void **state)
{
    recur_tokenizer *t = tokenizer_of(*state, words(), 0);
    cuts(*state, t, "\xE6\x88\x91\xE4\xBB\xAC\xE5\x96\x9C\xE6\xAC\xA2\xE5\x8C\x97\xE4\xBA\xAC\xE3\x80\x82",
         "\xE6\x88\x91\xE4\xBB\xAC|\xE5\x96\x9C\xE6\xAC\xA2|\xE5\x8C\x97\xE4\xBA\xAC|\xE3\x80\x82");
    cuts(*state, t, "\xE6\x9D\xB1\xE4\xBA\xAC\xE3\x81\xAB\xE8\xA1\x8C\xE3\x81\x8F",
         "\xE6\x9D\xB1\xE4\xBA\xAC|\xE3\x81\xAB|\xE8\xA1\x8C\xE3\x81\x8F");
    cuts(*state, t,
         "\xE0\xB8\xAA\xE0\xB8\xA7\xE0\xB8\xB1\xE0\xB8\xAA\xE0\xB8\x94\xE0\xB8\xB5\xE0\xB8\x84\xE0\xB8\xA3"
         "\xE0\xB8\xB1\xE0\xB8\x9A",
         "\xE0\xB8\xAA\xE0\xB8\xA7\xE0\xB8\xB1\xE0\xB8\xAA\xE0\xB8\x94\xE0\xB8\xB5|"
         "\xE0\xB8\x84\xE0\xB8\xA3\xE0\xB8\xB1\xE0\xB8\x9A");
    recur_tokenizer_free(t);
}

static void cuts_characters(void **state)
{
    recur_tokenizer *t = tokenizer_of(*state, unit(RECUR_UNIT_CHAR), 0);
    cuts(*state, t, "", "");
    cuts(*state, t, "a b\xC3\xA9", "a| |b|\xC3\xA9");
    cuts(*state, t, "e\xCC\x81", "\xC3\xA9"); /* NFC */
    cuts(*state, t, "x\xCC\x81", "x|\xCC\x81");
    cuts(*state, t, "\xF0\x9F\x98\x80\xC2\x85", "\xF0\x9F\x98\x80|\xC2\x85");
    cuts(*state, t, "a\nb\r\nc\rd", "a|<nl>|b|<nl>|c|<nl>|d");
    recur_tokenizer_free(t);
}

static void cuts_graphemes(void **state)
{
    recur_tokenizer *t = tokenizer_of(*state, unit(RECUR_UNIT_GRAPHEME), 0);
    cuts(*state, t, "x\xCC\x81y", "x\xCC\x81|y");
    cuts(*state, t, "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7",
         "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA|\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7");
    cuts(*state, t, "a\r\nb\nc", "a|<nl>|b|<nl>|c");
    recur_tokenizer_free(t);
}

static void cuts_at_blanks(void **state)
{
    recur_tokenizer *t = tokenizer_of(*state, unit(RECUR_UNIT_SPACE), 0);
    cuts(*state, t, "  it 's  a_b,c\t.\xC2\xA0x ", "it|'s|a_b,c|.|x");
    recur_tokenizer_free(t);
    t = tokenizer_of(*state, unit(RECUR_UNIT_SPACE), RECUR_TOKENS_LINES);
    cuts(*state, t, "a b\r\n\nc \xC2\x85 d\r", "a|b|<nl>|<nl>|c|d|<nl>");
    recur_tokenizer_free(t);
    t = tokenizer_of(*state, words(), RECUR_TOKENS_LINES);
    cuts(*state, t,
         "a b.\r\n \n c\xE2\x80\xA8"
         "d\r",
         "a|b|.|<nl>|<nl>|c|d|<nl>");
    recur_tokenizer_free(t);
}

static void normalises_and_lowercases(void **state)
{
    recur_text_config c = words();
    recur_tokenizer *t;
    c.lowercase = true;
    t = tokenizer_of(*state, c, 0);
    cuts(*state, t, "The CAT", "the|cat");
    cuts(*state, t, "\xC3\x89T\xC3\x89 \xCE\xA3\xCE\x91\xCE\xA3 \xC4\xB0",
         "\xC3\xA9t\xC3\xA9|\xCF\x83\xCE\xB1\xCF\x82|i\xCC\x87");
    recur_tokenizer_free(t);
    c.normalise = RECUR_NORMAL_NFKC;
    t = tokenizer_of(*state, c, 0);
    cuts(*state, t, "\xEF\xBC\xA1\xEF\xBC\xA2 \xEF\xAC\x81n \xE2\x84\xA1", "ab|fin|tel");
    recur_tokenizer_free(t);
    c.normalise = RECUR_NORMAL_NONE;
    c.lowercase = false;
    t = tokenizer_of(*state, c, 0);
    cuts(*state, t, "e\xCC\x81 \xEF\xBC\xA1", "e\xCC\x81|\xEF\xBC\xA1");
    recur_tokenizer_free(t);
}

static void marks_what_touches(void **state)
{
#define J RECUR_JOINER
    recur_tokenizer *t = tokenizer_of(*state, words(), RECUR_TOKENS_JOINERS);
    cuts(*state, t, "Hello, world!  (see l'homme)",
         "Hello|" J ",|world|" J "!|(" J "|see|l'" J "|homme|" J ")");
    cuts(*state, t, "don't rock\xE2\x80\x99n\xE2\x80\x99roll",
         "don'" J "|t|rock\xE2\x80\x99" J "|n\xE2\x80\x99" J "|roll");
    cuts(*state, t, "well-known \"x\".", "well|" J "-" J "|known|\"" J "|x|" J "\"|" J ".");
    cuts(*state, t, "dogs' 'n'", "dogs|" J "'|'" J "|n|" J "'");
    cuts(*state, t, "Oui\xC2\xA0! Non\xE2\x80\xAF? ", "Oui|!|Non|?");
    cuts(*state, t,
         "a\xEF\xBF\xAD"
         "b",
         "a|" J "\xE2\x96\xA0" J "|b");
    cuts(*state, t, "\xE6\x88\x91\xE4\xBB\xAC\xE5\x96\x9C\xE6\xAC\xA2",
         "\xE6\x88\x91\xE4\xBB\xAC|" J "\xE5\x96\x9C\xE6\xAC\xA2");
    recur_tokenizer_free(t);
    t = tokenizer_of(*state, words(), RECUR_TOKENS_JOINERS | RECUR_TOKENS_LINES);
    cuts(*state, t, "One.\nTwo\n", "One|" J ".|<nl>|Two|<nl>");
    recur_tokenizer_free(t);
}

/* What a text is when its blanks are single spaces: the way it comes back. */
static void single_blanks(char *out, const char *text, bool lines)
{
    static const char *const blank[] = {" ",        "\t",           "\r",           "\n",          "\xC2\xA0",
                                        "\xC2\x85", "\xE2\x80\x89", "\xE2\x80\xAF", "\xE3\x80\x80"};
    char *at = out;
    bool wait = false;
    while (*text) {
        size_t n = 0;
        for (size_t i = 0; i < COUNT(blank) && n == 0; i++)
            n = strncmp(text, blank[i], strlen(blank[i])) == 0 ? strlen(blank[i]) : 0;
        if (n > 0) {
            wait = at > out && at[-1] != '\n';
            if (lines && *text == '\n') {
                *at++ = '\n';
                wait = false;
            }
            text += n;
            continue;
        }
        if (wait)
            *at++ = ' ';
        wait = false;
        *at++ = *text++;
    }
    *at = 0;
}

static void comes_back(recur_ctx *cx, recur_tokenizer *t, const char *text, bool lines)
{
    char *wanted = malloc(strlen(text) + 1);
    recur_units u;
    recur_text *back;
    assert_non_null(wanted);
    single_blanks(wanted, text, lines);
    ok(cx, recur_tokenize(t, text, strlen(text), NULL, &u));
    ok(cx, recur_detokenize(&back, t, u.unit, u.n));
    assert_string_equal(back->bytes, wanted);
    recur_text_free(back);
    free(wanted);
}

static void gives_words_back(void **state)
{
    static const char *const text[] = {
        "",
        "Hello, world!",
        "  \"Don't!\" -- he said; (and more...) 3.14% of $5 ",
        "L'homme d\xE2\x80\x99"
        "aujourd'hui\xC2\xA0: \xC2\xAB\xC2\xA0oui\xC2\xA0\xC2\xBB, n'est-ce pas\xE2\x80\xAF?",
        "\xE6\x88\x91\xE4\xBB\xAC\xE5\x96\x9C\xE6\xAC\xA2 "
        "Python3\xEF\xBC\x8C\xE5\xAF\xB9\xE5\x90\xA7\xEF\xBC\x9F",
        "a@b.com http://x.y/z?q=1&r='2' C++ #1 ~/.x \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB!",
        "' a ' 'b' c'd'e'' \xE2\x80\x99"
        "f"};
    recur_tokenizer *t = tokenizer_of(*state, words(), RECUR_TOKENS_JOINERS);
    for (size_t i = 0; i < COUNT(text); i++)
        comes_back(*state, t, text[i], false);
    recur_tokenizer_free(t);
    t = tokenizer_of(*state, words(), RECUR_TOKENS_JOINERS | RECUR_TOKENS_LINES);
    comes_back(*state, t, "FIRST:\nSpeak, speak.\n\n  You're all?\n", true);
    recur_tokenizer_free(t);
    for (int kind = RECUR_UNIT_CHAR; kind <= RECUR_UNIT_GRAPHEME; kind++) {
        recur_units u;
        recur_text *back;
        t = tokenizer_of(*state, unit(kind), 0);
        ok(*state, recur_tokenize(t, " a \t'b'\nc ", 10, NULL, &u));
        ok(*state, recur_detokenize(&back, t, u.unit, u.n));
        assert_string_equal(back->bytes, " a \t'b'\nc ");
        recur_text_free(back);
        recur_tokenizer_free(t);
    }
}

/* Lines of a real file, as they are and as they come back. */
static void gives_real_lines_back(void **state)
{
    static const char *const name[] = {"multi30k/val.de", "multi30k/val.en", "eng-fra/eng-fra.tsv",
                                       "imdb/imdb_train_part.tsv", "weibo-ner/weiboNER_2nd_conll.dev"};
    recur_tokenizer *t = tokenizer_of(*state, words(), RECUR_TOKENS_JOINERS);
    char path[1024];
    for (size_t f = 0; f < COUNT(name); f++) {
        if (!real_file(path, name[f])) {
            recur_tokenizer_free(t);
            skip();
        }
        FILE *file = fopen(path, "rb");
        char *line = NULL;
        size_t room = 0;
        for (int64_t i = 0; i < 3000 && getline(&line, &room, file) > 0; i++)
            comes_back(*state, t, line, false);
        free(line);
        fclose(file);
    }
    recur_tokenizer_free(t);
}

static void stops_at_the_limit(void **state)
{
    recur_text_config c = words();
    recur_units u;
    c.max_length = 2;
    recur_tokenizer *t = tokenizer_of(*state, c, 0);
    ok(*state, recur_tokenize(t, "a b", 3, NULL, &u));
    assert_int_equal(u.n, 2);
    assert_false(u.cut);
    ok(*state, recur_tokenize(t, "a b c", 5, NULL, &u));
    assert_int_equal(u.n, 2);
    assert_true(u.cut);
    recur_tokenizer_free(t);
}

static void refuses_what_is_not_text(void **state)
{
    static const char *const bad[] = {"\xE9t",        "ab\x80",           "\xC3", "\xC0\x80",
                                      "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"};
    recur_tokenizer *t = tokenizer_of(*state, words(), 0);
    recur_place where = {"a.txt", 7, 3};
    recur_units u;
    for (size_t i = 0; i < COUNT(bad); i++)
        refused(*state, recur_tokenize(t, bad[i], strlen(bad[i]), NULL, &u), RECUR_EFORMAT, "is not UTF-8");
    refused(*state, recur_tokenize(t, "\xC3\xA9t\xE9", 4, &where, &u), RECUR_EFORMAT,
            "a.txt:7:5: the byte 0xe9 is not UTF-8");
    where.column = 0;
    refused(*state, recur_tokenize(t, "\xC3\xA9t\xE9", 4, &where, &u), RECUR_EFORMAT,
            "a.txt:7: character 3 of the text: the byte 0xe9");
    where.line = 0;
    refused(*state, recur_tokenize(t, "a\0b", 3, &where, &u), RECUR_EFORMAT,
            "a.txt: character 2: a NUL byte");
    cuts(*state, t, "still works", "still|works");
    recur_tokenizer_free(t);
}

static void repairs_when_told(void **state)
{
#define R "\xEF\xBF\xBD"
    recur_text_config c = unit(RECUR_UNIT_CHAR);
    recur_units u;
    c.lossy = true;
    recur_tokenizer *t = tokenizer_of(*state, c, 0);
    cuts(*state, t,
         "a\xE9"
         "b",
         "a|" R "|b");
    cuts(*state, t, "\xC3\xA9\xE2\x82", "\xC3\xA9|" R);
    cuts(*state, t, "\xF0\x9F\x98x", R "|x");
    cuts(*state, t, "\xED\xA0\x80", R "|" R "|" R);
    cuts(*state, t, "\xC0\xAF\xFF", R "|" R "|" R);
    refused(*state, recur_tokenize(t, "\xFF\0", 2, NULL, &u), RECUR_EFORMAT, "a NUL byte");
    recur_tokenizer_free(t);
}

static void takes_long_texts(void **state)
{
    enum { N = 100000 };
    char *text = malloc(3 * N);
    recur_units u;
    assert_non_null(text);
    for (int i = 0; i < N; i++)
        memcpy(text + 3 * i, i % 2 ? "\xE2\x82\xAC" : "abc", 3);
    for (int kind = RECUR_UNIT_WORD; kind <= RECUR_UNIT_SPACE; kind++) {
        recur_tokenizer *t = tokenizer_of(*state, unit(kind), RECUR_TOKENS_JOINERS);
        ok(*state, recur_tokenize(t, text, 3 * N, NULL, &u));
        assert_int_equal(u.n, kind == RECUR_UNIT_WORD ? N : kind == RECUR_UNIT_SPACE ? 1 : 2 * N);
        recur_tokenizer_free(t);
    }
    free(text);
}

static void takes_a_token_whole(void **state)
{
    recur_text_config c = words();
    recur_span s;
    c.lowercase = true;
    recur_tokenizer *t = tokenizer_of(*state, c, 0);
    ok(*state, recur_tokenize_whole(t, "New York-CITY'S", 15, NULL, &s));
    assert_string_equal(s.text, "new york-city's");
    ok(*state, recur_tokenize_whole(t, "", 0, NULL, &s));
    assert_string_equal(s.text, "");
    refused(*state, recur_tokenize_whole(t, "\x80", 1, NULL, &s), RECUR_EFORMAT,
            "text: character 1: the byte 0x80");
    recur_tokenizer_free(t);
}

static void refuses_nonsense(void **state)
{
    recur_text_config c = words();
    recur_tokenizer *t;
    c.unit = 9;
    refused(*state, recur_tokenizer_create(&t, *state, &c, 0), RECUR_EINVAL, "a unit of 9");
    c = words();
    c.normalise = -1;
    refused(*state, recur_tokenizer_create(&t, *state, &c, 0), RECUR_EINVAL, "a normal form of -1");
    assert_null(t);
    recur_tokenizer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cuts_words),         TEST(cuts_words_by_dictionary), TEST(cuts_characters),
        TEST(cuts_graphemes),     TEST(cuts_at_blanks),           TEST(normalises_and_lowercases),
        TEST(marks_what_touches), TEST(gives_words_back),         TEST(gives_real_lines_back),
        TEST(stops_at_the_limit), TEST(refuses_what_is_not_text), TEST(repairs_when_told),
        TEST(takes_long_texts),   TEST(takes_a_token_whole),      TEST(refuses_nonsense)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
