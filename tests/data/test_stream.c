// SPDX-License-Identifier: MIT
/* Streams: the units of a whole text, however it is cut into pieces; and lanes over them. */
#include "data/text_test.h"

typedef struct made {
    recur_tokenizer *t;
    recur_stream *s;
    recur_counts *c;
    recur_vocab *v;
    int64_t n;
    int64_t *ids; /* [n]: the text cut in one go */
} made;

/* A text as a stream and cut in one go, with a vocabulary of all of it. */
static made make(recur_ctx *cx, int unit, const char *text, size_t size)
{
    made m = {0};
    recur_text_config config = recur_text_defaults();
    recur_units u;
    config.unit = unit;
    m.t = tokenizer_of(cx, config, RECUR_TOKENS_LINES | RECUR_TOKENS_JOINERS);
    ok(cx, recur_stream_parse(&m.s, m.t, text, size, "text"));
    ok(cx, recur_counts_create(&m.c, cx));
    m.n = recur_stream_size(m.s);
    ok(cx, recur_stream_count(m.s, 0, m.n, m.c));
    ok(cx, recur_vocab_create(&m.v, m.c, &(recur_vocab_options){.specials = true}));
    ok(cx, recur_tokenize(m.t, text, size, NULL, &u));
    assert_int_equal(u.n, m.n);
    m.ids = malloc((size_t)(m.n + 1) * sizeof *m.ids);
    assert_non_null(m.ids);
    recur_vocab_ids(m.v, u.unit, u.n, m.ids);
    return m;
}

static void drop(made *m)
{
    free(m->ids);
    recur_vocab_free(m->v);
    recur_counts_free(m->c);
    recur_stream_free(m->s);
    recur_tokenizer_free(m->t);
}

/* Some hundred thousand bytes of lines of all lengths and ends, empty ones too. */
static char *long_text(size_t *size, bool lines)
{
    static const char *const word[] = {
        "It's ", "a, ",   "dog", "- ", "\xC3\xA9t\xC3\xA9 ", "(why?) ", "\xE6\x88\x91\xE4\xBB\xAC",
        "  ",    "1,000 "};
    static const char *const end[] = {"\n", "\r\n", "\r", "\n\n"};
    size_t room = 300000;
    char *text = malloc(room + 64);
    uint64_t x = 7;
    assert_non_null(text);
    for (*size = 0; *size < room;) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        bool stop = lines && (x >> 33) % 23 == 0;
        const char *piece = stop ? end[(x >> 40) % COUNT(end)] : word[(x >> 40) % COUNT(word)];
        memcpy(text + *size, piece, strlen(piece));
        *size += strlen(piece);
    }
    return text;
}

static void same_ids(recur_ctx *cx, made *m, int64_t from, int64_t to)
{
    int64_t *ids = malloc((size_t)(to - from + 1) * sizeof *ids);
    assert_non_null(ids);
    ok(cx, recur_stream_ids(m->s, m->v, from, to, ids));
    for (int64_t i = from; i < to; i++)
        if (ids[i - from] != m->ids[i])
            fail_msg("unit %lld: %lld is not %lld", (long long)i, (long long)ids[i - from],
                     (long long)m->ids[i]);
    free(ids);
}

static void has_the_units_of_the_text(void **state)
{
    size_t size;
    char *text = long_text(&size, true);
    for (int unit = RECUR_UNIT_WORD; unit <= RECUR_UNIT_SPACE; unit++) {
        made m = make(*state, unit, text, size);
        assert_true(m.n > 20000);
        same_ids(*state, &m, 0, m.n);
        same_ids(*state, &m, 12345, 12346);
        same_ids(*state, &m, 9999, 17777);
        same_ids(*state, &m, m.n, m.n);
        drop(&m);
    }
    free(text);
}

static void counts_a_part(void **state)
{
    size_t size;
    char *text = long_text(&size, true);
    made m = make(*state, RECUR_UNIT_CHAR, text, size);
    recur_counts *c;
    int64_t from = 777, to = 55555, times;
    ok(*state, recur_counts_create(&c, *state));
    ok(*state, recur_stream_count(m.s, from, to, c));
    assert_int_equal(recur_counts_total(c), to - from);
    for (int64_t i = 0; i < recur_counts_size(c); i++) {
        recur_span unit = recur_counts_at(c, i, &times);
        int64_t id = recur_vocab_find(m.v, unit.text, unit.size), n = 0;
        for (int64_t k = from; k < to; k++)
            n += m.ids[k] == id;
        assert_int_equal(times, n);
    }
    refused(*state, recur_stream_count(m.s, 5, m.n + 1, c), RECUR_EINVAL, "units 5 to");
    recur_counts_free(c);
    drop(&m);
    free(text);
}

/* A text without line ends is cut at blanks; without these, between characters. */
static void cuts_endless_lines(void **state)
{
    enum { N = 3 << 20 };
    char *text = malloc(N);
    assert_non_null(text);
    for (int i = 0; i < N; i++)
        text[i] = "ab cde fgh\t"[i % 11];
    made m = make(*state, RECUR_UNIT_SPACE, text, N);
    same_ids(*state, &m, 0, m.n);
    drop(&m);
    for (int i = 0; i < N; i++)
        text[i] = "\xE2\x82\xAC\xC3\xA9z"[i % 6];
    m = make(*state, RECUR_UNIT_CHAR, text, N);
    assert_int_equal(m.n, N / 2);
    same_ids(*state, &m, 0, m.n);
    drop(&m);
    memset(text, 'x', N);
    text[(1 << 20) - 1] = '\r';
    text[1 << 20] = '\n';
    m = make(*state, RECUR_UNIT_CHAR, text, N);
    assert_int_equal(m.n, N - 1);
    drop(&m);
    free(text);
}

static void opens_small_texts(void **state)
{
    made m = make(*state, RECUR_UNIT_WORD, "", 0);
    assert_int_equal(m.n, 0);
    recur_lanes *l;
    refused(*state, recur_lanes_create(&l, m.s, m.v, 0, 0, 1, 5, RECUR_BATCH_MAJOR), RECUR_EINVAL,
            "each lane needs a unit");
    drop(&m);
    m = make(*state, RECUR_UNIT_CHAR, "x", 1);
    assert_int_equal(m.n, 1);
    drop(&m);
}

static void says_where_it_is_no_text(void **state)
{
    size_t size;
    char *text = long_text(&size, true), folder[32], path[128];
    recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), RECUR_TOKENS_LINES);
    recur_stream *s;
    int64_t line = 1;
    size_t bad = 200000;
    while (text[bad - 1] != '\n')
        bad++;
    for (size_t i = 0; i < bad; i++)
        line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    text[bad] = 'a', text[bad + 1] = '\xFE';
    char words[64];
    snprintf(words, sizeof words, "/x:%lld:2: the byte 0xfe is not UTF-8", (long long)line);
    make_folder(folder);
    refused(*state, recur_stream_open(&s, t, file_of(path, folder, "x", text, size)), RECUR_EFORMAT, words);
    assert_null(s);
    refused(*state, recur_stream_parse(&s, t, "a\n\0", 3, "n"), RECUR_EFORMAT, "n:2: a NUL byte");
    refused(*state, recur_stream_open(&s, t, "/nowhere"), RECUR_ENOTFOUND, "/nowhere");
    drop_folder(folder);
    recur_tokenizer_free(t);
    free(text);
}

/* Every unit is predicted once, from the unit before it; windows go on where the last one ended. */
static void hands_out_lanes(void **state)
{
    static const struct {
        int64_t from, to, B, T;
    } how[] = {{0, -1, 1, 35}, {0, 1000, 8, 7},    {500, 1503, 10, 10},
               {1, 12, 11, 3}, {0, 1003, 10, 100}, {5, 9, 2, 1000}};
    size_t size;
    char *text = long_text(&size, true);
    made m = make(*state, RECUR_UNIT_WORD, text, size);
    for (size_t h = 0; h < 2 * COUNT(how); h++) {
        int64_t from = how[h / 2].from, to = how[h / 2].to < 0 ? m.n : how[h / 2].to, B = how[h / 2].B,
                units = 0;
        recur_layout layout = h % 2 ? RECUR_TIME_MAJOR : RECUR_BATCH_MAJOR;
        recur_lanes *l;
        recur_window_of_text w;
        char *seen = calloc((size_t)m.n, 1);
        int64_t *next = malloc((size_t)B * sizeof *next);
        assert_true(seen && next);
        ok(*state, recur_lanes_create(&l, m.s, m.v, from, to, B, how[h / 2].T, layout));
        for (int64_t b = 0; b < B; b++)
            next[b] = from + b * (to - from) / B;
        for (int64_t k = 0; k < recur_lanes_size(l); k++) {
            assert_int_equal(recur_lanes_tell(l), k);
            ok(*state, recur_lanes_next(l, &w));
            assert_int_equal(w.B, B);
            assert_int_equal(w.first, k == 0);
            for (int64_t b = 0; b < B; b++)
                for (int64_t t = 0; t < w.T; t++) {
                    int64_t at = layout == RECUR_BATCH_MAJOR ? b * w.T + t : t * B + b, u = next[b];
                    if (t >= w.lengths[b]) {
                        assert_true(w.x[at] == RECUR_PAD && w.y[at] == RECUR_PAD);
                        continue;
                    }
                    assert_int_equal(w.x[at], u > 0 ? m.ids[u - 1] : RECUR_BOS);
                    assert_int_equal(w.y[at], m.ids[u]);
                    assert_false(seen[u]);
                    seen[u] = 1;
                    next[b]++;
                }
            units += w.units;
        }
        assert_int_equal(units, to - from);
        ok(*state, recur_lanes_next(l, &w));
        assert_int_equal(w.B, 0);
        recur_lanes_free(l);
        free(next);
        free(seen);
    }
    drop(&m);
    free(text);
}

static void goes_to_a_window(void **state)
{
    size_t size;
    char *text = long_text(&size, true);
    made m = make(*state, RECUR_UNIT_CHAR, text, size);
    recur_lanes *a, *b;
    recur_window_of_text v, w;
    ok(*state, recur_lanes_create(&a, m.s, m.v, 0, m.n, 4, 50, RECUR_BATCH_MAJOR));
    ok(*state, recur_lanes_create(&b, m.s, m.v, 0, m.n, 4, 50, RECUR_BATCH_MAJOR));
    for (int i = 0; i < 300; i++)
        ok(*state, recur_lanes_next(a, &v));
    recur_lanes_seek(b, 299);
    ok(*state, recur_lanes_next(b, &w));
    assert_memory_equal(v.x, w.x, 200 * sizeof *w.x);
    assert_memory_equal(v.y, w.y, 200 * sizeof *w.y);
    recur_lanes_seek(b, 0);
    ok(*state, recur_lanes_next(b, &w));
    assert_true(w.first);
    recur_lanes_free(a);
    recur_lanes_free(b);
    recur_vocab *labels;
    ok(*state, recur_vocab_create(&labels, m.c, NULL));
    refused(*state, recur_lanes_create(&a, m.s, labels, 0, m.n, 4, 50, RECUR_BATCH_MAJOR), RECUR_EINVAL,
            "without <bos>");
    refused(*state, recur_lanes_create(&a, m.s, m.v, 0, m.n + 1, 4, 50, RECUR_BATCH_MAJOR), RECUR_EINVAL,
            "of text, which has");
    refused(*state, recur_lanes_create(&a, m.s, m.v, 0, m.n, 0, 50, RECUR_BATCH_MAJOR), RECUR_EINVAL,
            "0 lanes");
    assert_null(a);
    recur_vocab_free(labels);
    recur_lanes_free(NULL);
    recur_stream_free(NULL);
    drop(&m);
    free(text);
}

static void reads_shakespeare(void **state)
{
    char path[1024];
    recur_stream *s;
    recur_text_config config = recur_text_defaults();
    if (!real_file(path, "tinyshakespeare/input.txt"))
        skip();
    config.unit = RECUR_UNIT_CHAR;
    recur_tokenizer *t = tokenizer_of(*state, config, RECUR_TOKENS_LINES);
    recur_counts *c;
    ok(*state, recur_stream_open(&s, t, path));
    assert_int_equal(recur_stream_size(s), 1115394);
    ok(*state, recur_counts_create(&c, *state));
    ok(*state, recur_stream_count(s, 0, recur_stream_size(s), c));
    assert_int_equal(recur_counts_size(c), 65);
    recur_counts_free(c);
    recur_stream_free(s);
    recur_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(has_the_units_of_the_text), TEST(counts_a_part),
                                       TEST(cuts_endless_lines),        TEST(opens_small_texts),
                                       TEST(says_where_it_is_no_text),  TEST(hands_out_lanes),
                                       TEST(goes_to_a_window),          TEST(reads_shakespeare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
