// SPDX-License-Identifier: MIT
/* BLEU, chrF and edit distances: the reference cases, tokenisations and scores that sacrebleu 2.6.0 gives, arbitrary
 * bytes, failing allocations. */
#include "support/fail_alloc.h"
#include "support/json.h"
#include "train/metrics_text.h"
#include "train/train_test.h"

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.17g is not near %.17g", a, b);
}

/* --- BLEU: the reference cases --- */

static char *join(const json_t *tokens)
{
    int64_t n;
    const char **token = json_texts(tokens, &n);
    char *text = calloc(1, 4096);
    for (int64_t i = 0; i < n; i++) {
        assert_true(strlen(text) + strlen(token[i]) + 2 < 4096);
        strcat(strcat(text, token[i]), " ");
    }
    free(token);
    return text;
}

static void expect_counts(const int64_t *have, const json_t *expect, const char *key)
{
    int64_t n;
    int64_t *want = json_wholes(json_member(expect, key), &n);
    assert_int_equal(n, 4);
    assert_memory_equal(have, want, 4 * sizeof *want);
    free(want);
}

static void check_bleu(recur_ctx *cx, const json_t *c)
{
    const json_t *candidates = json_member(c, "candidates"), *references = json_member(c, "references");
    const json_t *expect = json_member(c, "expect"), *precisions = json_member(expect, "precisions");
    recur_bleu *b;
    recur_bleu_score s;
    recur_bleu_options o = {.tokens = RECUR_BLEU_NONE, .smooth = RECUR_BLEU_NO_SMOOTH};
    expect_ok(cx, recur_bleu_create(&b, cx, &o));
    for (size_t i = 0; i < json_array_size(candidates); i++) {
        const json_t *of_one = json_array_get(references, i);
        size_t n = json_array_size(of_one);
        char *candidate = join(json_array_get(candidates, i)), *reference[4];
        assert_true(n <= 4);
        for (size_t k = 0; k < n; k++)
            reference[k] = join(json_array_get(of_one, k));
        expect_ok(cx, recur_bleu_add(b, candidate, (const char *const *)reference, (int64_t)n));
        for (size_t k = 0; k < n; k++)
            free(reference[k]);
        free(candidate);
    }
    recur_bleu_result(b, &s);
    expect_counts(s.matches, expect, "matches");
    expect_counts(s.totals, expect, "totals");
    for (size_t n = 0; n < 4; n++)
        near(s.precision[n], json_number_value(json_array_get(precisions, n)), 1e-12);
    json_near(s.brevity_penalty, expect, "brevity_penalty", 1e-12);
    json_near(s.bleu / 100, expect, "bleu", 1e-12);
    assert_int_equal(s.candidate_length, json_whole(expect, "candidate_length"));
    assert_int_equal(s.reference_length, json_whole(expect, "reference_length"));
    recur_bleu_free(b);
}

static void bleu_agrees_with_the_reference(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    json_t *root = json_reference("decode/bleu.json");
    const json_t *cases = json_member(root, "cases");
    assert_int_equal(json_array_size(cases), 6);
    for (size_t i = 0; i < 6; i++)
        check_bleu(cx, json_array_get(cases, i));
    json_decref(root);
    recur_ctx_free(cx);
}

/* --- tokenisations --- */

/* The tokens of a text with '|' between them. */
static void show_tokens(recur_ctx *cx, rcr_cut cut, const char *text, char shown[512])
{
    rcr_texts t = {.cx = cx};
    size_t at = 0;
    expect_ok(cx, rcr_texts_add(&t, cut, text));
    for (size_t i = 0; i < t.n; i++) {
        assert_true(at + t.token[i].size + 2 < 512);
        if (i > 0)
            shown[at++] = '|';
        memcpy(shown + at, t.bytes.at + t.token[i].at, t.token[i].size);
        at += t.token[i].size;
    }
    shown[at] = 0;
    rcr_texts_free(&t);
}

static void texts_are_cut_as_sacrebleu_does(void **state)
{
    (void)state;
    static const struct {
        rcr_cut cut;
        const char *text, *tokens;
    } cases[] = {
        {RCR_CUT_13A, "Hello, world!", "Hello|,|world|!"},
        {RCR_CUT_13A, "It's 3,000.50 (U.S.) e.g. -- really?",
         "It's|3,000.50|(|U|.|S|.|)|e|.|g|.|--|really|?"},
        {RCR_CUT_13A, "a 1990-95 range, well-known -5 x-", "a|1990|-|95|range|,|well-known|-5|x-"},
        {RCR_CUT_13A, "&quot;A&amp;B&quot; &lt;i&gt; &amp;lt;", "\"|A|&|B|\"|<|i|>|<"},
        {RCR_CUT_13A, "end<skipped>ing a-\nb c\nd", "ending|ab|c|d"},
        {RCR_CUT_13A, "...  1..2 ,,a 3., .5", ".|.|.|1|.|.|2|,|,|a|3|.|,|.|5"},
        {RCR_CUT_13A, "café,\u00a0thé\u3000“quoted” — ok.", "café|,|thé|“quoted”|—|ok|."},
        {RCR_CUT_13A, "100% of $5 #1 @me a_b c^d ~e `f` [g]{h}|i\\j k/l <m=n+o*p>;q:",
         "100|%|of|$|5|#|1|@|me|a|_|b|c|^|d|~|e|`|f|`|[|g|]|{|h|}|||i|\\|j|k|/|l|<|m|=|n|+|o|*|p|>|;|q|:"},
        {RCR_CUT_13A, "\x1cone\x1ftwo\u2028three", "one|two|three"},
        {RCR_CUT_13A, "a-\n", "a-"}, /* the end goes first */
        {RCR_CUT_13A, "", ""},
        {RCR_CUT_13A, "  \n ", ""},
        {RCR_CUT_ZH, "我爱NLP，v1.5版。", "我|爱|NLP|，|v1.5|版|。"},
        {RCR_CUT_ZH, "abc — 日本 語 2-3", "abc|—|日|本|語|2|-|3"},
        {RCR_CUT_ZH, "a—b“c”é", "a|—|b|“|c|”|é"},
        {RCR_CUT_ZH, "\U00020001\U00020002 &amp;", "\U00020001\U00020002|&|amp|;"},
        {RCR_CUT_CHARS, "我爱NLP，v1.5版。", "我|爱|N|L|P|，|v|1|.|5|版|。"},
        {RCR_CUT_CHARS, "a\xff\xfe b", "a|\xff|\xfe|b"},
        {RCR_CUT_ALL_CHARS, "a é", "a| |é"},
        {RCR_CUT_WORDS, " abc,\u2003日本 2-3\n", "abc,|日本|2-3"},
    };
    char shown[512];
    recur_ctx *cx = context_of(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        show_tokens(cx, cases[i].cut, cases[i].text, shown);
        assert_string_equal(shown, cases[i].tokens);
    }
    recur_ctx_free(cx);
}

/* --- scores that sacrebleu gives --- */

typedef struct sentence {
    const char *candidate, *reference[2];
} sentence;

static const sentence corpus[] = {
    {"The cat sat on the mat.", {"The cat is sitting on the mat.", "A cat sat on a mat."}},
    {"He didn't go to 3,000 places, \"did he?\"",
     {"He did not go to 3,000 places; did he?", "\"He didn't go to 3,000 places\", did he?"}},
    {"It is raining", {"It rains", "It is raining now, isn't it?"}}};

static double bleu_of(recur_ctx *cx, const recur_bleu_options *o, const sentence *s, size_t n,
                      int64_t n_references, const char *signature)
{
    recur_bleu *b;
    recur_bleu_score score;
    char buffer[RECUR_SIGNATURE], all[2 * RECUR_SIGNATURE];
    expect_ok(cx, recur_bleu_create(&b, cx, o));
    for (size_t i = 0; i < n; i++)
        expect_ok(cx, recur_bleu_add(b, s[i].candidate, s[i].reference, n_references));
    recur_bleu_result(b, &score);
    assert_int_equal(score.sentences, n);
    snprintf(all, sizeof all, "%s|version:recur-%s", signature, recur_version());
    assert_string_equal(recur_bleu_signature(b, buffer), all);
    recur_bleu_free(b);
    return score.bleu;
}

static void bleu_agrees_with_sacrebleu(void **state)
{
    (void)state;
    static const struct {
        recur_bleu_options o;
        double two, one; /* with two references, with the first */
        const char *tokens;
    } cases[] = {{{.tokens = RECUR_BLEU_13A}, 60.79868777922827, 35.299905108448094, "13a"},
                 {{.tokens = RECUR_BLEU_CHAR}, 92.51146593020606, 68.41458606368911, "char"},
                 {{.tokens = RECUR_BLEU_NONE}, 42.75723401154272, 20.841590548878376, "none"},
                 {{.tokens = RECUR_BLEU_ZH}, 60.79868777922827, 35.299905108448094, "zh"}};
    recur_ctx *cx = context_of(1);
    for (size_t i = 0; i < 4; i++)
        for (int refs = 1; refs <= 2; refs++) {
            char signature[RECUR_SIGNATURE];
            snprintf(signature, sizeof signature, "nrefs:%d|case:mixed|eff:no|tok:%s|smooth:exp", refs,
                     cases[i].tokens);
            near(bleu_of(cx, &cases[i].o, corpus, 3, refs, signature),
                 refs == 1 ? cases[i].one : cases[i].two, 1e-9);
        }
    recur_ctx_free(cx);
}

static void bleu_smooths_as_sacrebleu(void **state)
{
    (void)state;
    static const sentence wet = {"It is wet", {"It is raining cats and dogs", NULL}};
    static const struct {
        recur_bleu_options o;
        double bleu;
        const char *how;
    } cases[] = {
        {{.value = 0}, 0, "eff:no|tok:13a|smooth:exp"},
        {{.smooth = RECUR_BLEU_NO_SMOOTH}, 0, "eff:no|tok:13a|smooth:none"},
        {{.smooth = RECUR_BLEU_FLOOR, .value = 0.5}, 0, "eff:no|tok:13a|smooth:floor[0.50]"},
        {{.smooth = RECUR_BLEU_ADD_K}, 25.258199528128284, "eff:no|tok:13a|smooth:add-k[1.00]"},
        {{.smooth = RECUR_BLEU_ADD_K, .value = 0.25}, 19.19208135678008, "eff:no|tok:13a|smooth:add-k[0.25]"},
        {{.effective_order = true}, 20.24518585186855, "eff:yes|tok:13a|smooth:exp"},
        {{.smooth = RECUR_BLEU_FLOOR, .effective_order = true},
         11.839456508855966,
         "eff:yes|tok:13a|smooth:floor[0.10]"}};
    recur_ctx *cx = context_of(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char signature[RECUR_SIGNATURE];
        snprintf(signature, sizeof signature, "nrefs:1|case:mixed|%s", cases[i].how);
        near(bleu_of(cx, &cases[i].o, &wet, 1, 1, signature), cases[i].bleu, 1e-9);
    }
    recur_ctx_free(cx);
}

static void bleu_has_edges(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    recur_bleu *b;
    recur_bleu_score s;
    char buffer[RECUR_SIGNATURE];
    const char *const references[2] = {"a b c d", "x"};
    expect_ok(cx, recur_bleu_create(&b, cx, NULL));
    recur_bleu_result(b, &s);
    assert_true(isnan(s.bleu) && s.sentences == 0);
    expect_error(cx, recur_bleu_add(b, "a", references, 0), RECUR_EINVAL, "at least one reference, not 0");
    expect_ok(cx, recur_bleu_add(b, "", references, 1));
    recur_bleu_result(b, &s);
    assert_true(s.bleu == 0 && s.brevity_penalty == 0 && s.reference_length == 4 && s.sentences == 1);
    expect_ok(cx, recur_bleu_add(b, "a b c d", references, 2));
    recur_bleu_result(b, &s);
    near(s.bleu, 100 * exp(1 - 8.0 / 4), 1e-12);
    for (int i = 0; i < 2; i++) { /* as close as the other: the shorter one counts */
        const char *const lengths[2] = {i ? "a b" : "a b c d", i ? "a b c d" : "a b"};
        expect_ok(cx, recur_bleu_add(b, "a b c", lengths, 2));
    }
    recur_bleu_result(b, &s);
    assert_int_equal(s.reference_length, 8 + 2 + 2);
    assert_non_null(strstr(recur_bleu_signature(b, buffer), "nrefs:var|"));
    recur_bleu_free(b);
    recur_bleu_free(NULL);
    expect_error(cx, recur_bleu_create(&b, cx, &(recur_bleu_options){.tokens = (recur_bleu_tokens)4}),
                 RECUR_EINVAL, "no tokenisation 4");
    expect_error(cx, recur_bleu_create(&b, cx, &(recur_bleu_options){.value = -1}), RECUR_EINVAL, "not -1");
    assert_null(b);
    recur_ctx_free(cx);
}

static void chrf_agrees_with_sacrebleu(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    static const sentence chinese = {"我爱NLP", {"我也爱 NLP。", NULL}}, both = {"ab", {"ab", NULL}};
    static const sentence uneven[2] = {{"abcdefg", {"ab", NULL}}, {"abcdefgh", {"abcdefxx", NULL}}};
    static const struct {
        const sentence *s;
        size_t n;
        int64_t references;
        double score;
    } cases[] = {{corpus, 3, 2, 66.25829342331117},
                 {corpus, 3, 1, 60.52241657353328},
                 {&chinese, 1, 1, 40.18564138659159},
                 {uneven, 2, 1, 58.72657228931723},
                 {&both, 1, 1, 100}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        recur_chrf c = {0};
        assert_true(isnan(recur_chrf_score(&c)));
        for (size_t k = 0; k < cases[i].n; k++)
            expect_ok(cx, recur_chrf_add(&c, cx, cases[i].s[k].candidate, cases[i].s[k].reference,
                                         cases[i].references));
        assert_int_equal(c.sentences, cases[i].n);
        near(recur_chrf_score(&c), cases[i].score, 1e-9);
    }
    recur_chrf c = {0};
    expect_ok(cx, recur_chrf_add(&c, cx, "", corpus[0].reference, 2));
    assert_true(recur_chrf_score(&c) == 0);
    expect_error(cx, recur_chrf_add(&c, cx, "a", corpus[0].reference, 0), RECUR_EINVAL, "reference");
    assert_int_equal(c.sentences, 1);
    recur_ctx_free(cx);
}

/* --- n-grams against a plain count --- */

/* How often the n numbers at `gram` occur in x [size]. */
static int64_t occurrences(const int64_t *gram, const int64_t *x, int64_t size, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i + n <= size; i++)
        count += memcmp(gram, x + i, (size_t)n * sizeof *x) == 0;
    return count;
}

static void check_matches(const rcr_texts *t, const rcr_grams *g)
{
    int64_t matches[RCR_GRAMS], size = (int64_t)rcr_texts_size(t, 0), *x = rcr_texts_at(t, 0);
    rcr_grams_match(g, t, 0, 1, t->n_texts, RCR_GRAMS, matches);
    for (int64_t n = 1; n <= RCR_GRAMS; n++) {
        int64_t want = 0;
        for (int64_t i = 0; i + n <= size; i++) {
            int64_t most = 0,
                    before = occurrences(x + i, x, i + n - 1, n); /* earlier ones have taken so many */
            for (size_t k = 1; k < t->n_texts; k++) {
                int64_t times = occurrences(x + i, rcr_texts_at(t, k), (int64_t)rcr_texts_size(t, k), n);
                most = times > most ? times : most;
            }
            want += before < most;
        }
        assert_int_equal(matches[n - 1], want);
    }
}

static void ngrams_are_counted(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    rcr_texts t = {.cx = cx};
    rcr_grams g = {.cx = cx};
    for (uint64_t round = 0; round < 300; round++) {
        rcr_texts_clear(&t);
        for (uint64_t k = 0; k < 1 + round % 4; k++) {
            char text[32];
            uint64_t size = (uint64_t)(30 * recur_random_uniform(round, k, 99));
            for (uint64_t i = 0; i < size; i++)
                text[i] = "ab c"[(int)(4 * recur_random_uniform(round, k, i))];
            text[size] = 0;
            expect_ok(cx, rcr_texts_add(&t, RCR_CUT_CHARS, text));
        }
        expect_ok(cx, rcr_texts_number(&t));
        expect_ok(cx, rcr_grams_sort(&g, &t));
        check_matches(&t, &g);
    }
    rcr_texts_free(&t);
    rcr_grams_free(&g);
    recur_ctx_free(cx);
}

/* --- edit distance --- */

static void edits_agree_with_the_reference(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    json_t *root = json_reference("decode/edit_distance.json");
    const json_t *texts = json_member(root, "text"), *tokens = json_member(root, "tokens");
    const json_t *corpus_expect = json_member(json_member(root, "corpus"), "expect");
    recur_edits total = {0};
    assert_true(json_array_size(texts) == 9 && json_array_size(tokens) == 4);
    for (size_t i = 0; i < 9; i++) {
        const json_t *c = json_array_get(texts, i), *expect = json_member(c, "expect");
        recur_edits before = total;
        expect_ok(cx, recur_edits_add(&total, cx, RECUR_EDIT_CHAR, json_text(c, "reference"),
                                      json_text(c, "hypothesis")));
        assert_int_equal(total.edits - before.edits, json_whole(expect, "distance"));
        assert_int_equal(total.length - before.length, json_whole(expect, "reference_length"));
    }
    assert_int_equal(total.edits, json_whole(corpus_expect, "edits"));
    assert_int_equal(total.length, json_whole(corpus_expect, "reference_length"));
    json_near(recur_edits_rate(&total), corpus_expect, "cer", 1e-12);
    for (size_t i = 0; i < 4; i++) {
        const json_t *c = json_array_get(tokens, i);
        int64_t n, m, distance;
        int64_t *a = json_wholes(json_member(c, "reference"), &n);
        int64_t *b = json_wholes(json_member(c, "hypothesis"), &m);
        expect_ok(cx, recur_edit_distance(&distance, cx, a, n, b, m));
        assert_int_equal(distance, json_whole(json_member(c, "expect"), "distance"));
        free(a);
        free(b);
    }
    json_decref(root);
    recur_ctx_free(cx);
}

/* The definition, without a table: small texts only. */
static int64_t slow_distance(const int64_t *a, int64_t n, const int64_t *b, int64_t m)
{
    if (n == 0 || m == 0)
        return n + m;
    int64_t best = slow_distance(a + 1, n - 1, b + 1, m - 1) + (a[0] != b[0]);
    int64_t other = 1 + slow_distance(a + 1, n - 1, b, m);
    best = other < best ? other : best;
    other = 1 + slow_distance(a, n, b + 1, m - 1);
    return other < best ? other : best;
}

static void distance_has_its_definition(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    for (uint64_t round = 0; round < 400; round++) {
        int64_t a[6], b[6], n = (int64_t)(7 * recur_random_uniform(round, 2, 0)),
                            m = (int64_t)(7 * recur_random_uniform(round, 2, 1)), distance;
        for (uint64_t i = 0; i < 6; i++) {
            a[i] = (int64_t)(3 * recur_random_uniform(round, 0, i));
            b[i] = (int64_t)(3 * recur_random_uniform(round, 1, i));
        }
        expect_ok(cx, recur_edit_distance(&distance, cx, a, n, b, m));
        assert_int_equal(distance, slow_distance(a, n, b, m));
    }
    recur_ctx_free(cx);
}

static void words_are_compared_as_words(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    recur_edits e = {0};
    assert_true(isnan(recur_edits_rate(&e)));
    expect_ok(cx, recur_edits_add(&e, cx, RECUR_EDIT_WORD, " the  cat sat\n", "a cat sat down"));
    assert_true(e.edits == 2 && e.length == 3);
    expect_ok(cx, recur_edits_add(&e, cx, RECUR_EDIT_WORD, "", ""));
    near(recur_edits_rate(&e), 2.0 / 3, 1e-15);
    recur_ctx_free(cx);
}

/* --- arbitrary bytes, failures --- */

static void any_bytes_will_do(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    recur_bleu *b[4];
    recur_edits e = {0};
    recur_chrf c = {0};
    for (int k = 0; k < 4; k++)
        expect_ok(cx, recur_bleu_create(&b[k], cx, &(recur_bleu_options){.tokens = (recur_bleu_tokens)k}));
    for (uint64_t round = 0; round < 500; round++) {
        char text[2][64];
        for (uint64_t k = 0; k < 2; k++) {
            uint64_t size = (uint64_t)(63 * recur_random_uniform(round, k, 99));
            for (uint64_t i = 0; i < size; i++) {
                double u = recur_random_uniform(round, k, i);
                text[k][i] =
                    round % 2 ? (char)(1 + 255 * u) : "\xe3\x80\x82 .,-0&;\xff\xf0\n<"[(int)(14 * u)];
            }
            text[k][size] = 0;
        }
        const char *reference = text[1];
        for (int k = 0; k < 4; k++)
            expect_ok(cx, recur_bleu_add(b[k], text[0], &reference, 1));
        expect_ok(cx, recur_chrf_add(&c, cx, text[0], &reference, 1));
        expect_ok(cx, recur_edits_add(&e, cx, RECUR_EDIT_CHAR, text[0], text[1]));
        expect_ok(cx, recur_edits_add(&e, cx, RECUR_EDIT_WORD, text[0], text[1]));
    }
    for (int k = 0; k < 4; k++) {
        recur_bleu_score s;
        recur_bleu_result(b[k], &s);
        assert_true(s.bleu >= 0 && s.bleu <= 100 && s.matches[0] <= s.totals[0] && s.matches[0] > 0);
        recur_bleu_free(b[k]);
    }
    assert_true(recur_chrf_score(&c) > 0 && recur_edits_rate(&e) > 0);
    recur_ctx_free(cx);
}

static recur_status measure(const recur_allocator *allocator, void *argument)
{
    recur_ctx *cx = NULL;
    recur_bleu *b = NULL;
    recur_edits e = {0};
    recur_chrf c = {0};
    (void)argument;
    recur_status status = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (status == RECUR_OK)
        status = recur_bleu_create(&b, cx, NULL);
    if (status == RECUR_OK)
        status = recur_bleu_add(b, corpus[0].candidate, corpus[0].reference, 2);
    if (status == RECUR_OK)
        status = recur_chrf_add(&c, cx, corpus[1].candidate, corpus[1].reference, 2);
    if (status == RECUR_OK)
        status = recur_edits_add(&e, cx, RECUR_EDIT_CHAR, corpus[1].candidate, corpus[2].candidate);
    if (b) {
        recur_bleu_score s;
        recur_bleu_result(b, &s);
        assert_true(status == RECUR_OK || c.sentences == 0 || s.sentences == 1);
    }
    assert_int_equal(e.length > 0, status == RECUR_OK);
    recur_bleu_free(b);
    recur_ctx_free(cx);
    return status;
}

static void a_failure_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_true(fail_alloc_each(measure, NULL) > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bleu_agrees_with_the_reference),
        cmocka_unit_test(texts_are_cut_as_sacrebleu_does),
        cmocka_unit_test(bleu_agrees_with_sacrebleu),
        cmocka_unit_test(bleu_smooths_as_sacrebleu),
        cmocka_unit_test(bleu_has_edges),
        cmocka_unit_test(chrf_agrees_with_sacrebleu),
        cmocka_unit_test(ngrams_are_counted),
        cmocka_unit_test(edits_agree_with_the_reference),
        cmocka_unit_test(distance_has_its_definition),
        cmocka_unit_test(words_are_compared_as_words),
        cmocka_unit_test(any_bytes_will_do),
        cmocka_unit_test(a_failure_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
