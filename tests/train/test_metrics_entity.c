// SPDX-License-Identifier: MIT
/* Scores of entities: the reference cases, every scheme, a second way to count, failing allocations. */
#include "support/fail_alloc.h"
#include "support/json.h"
#include "train/train_test.h"

static recur_entities *entities_of(recur_ctx *cx, const char *const *tags, int64_t K, recur_entity_rule rule)
{
    recur_entities *e;
    expect_ok(cx, recur_entities_create(&e, cx, tags, K, rule));
    return e;
}

/* --- the reference cases --- */

static const char *const tags_of_cases[] = {"O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"};
enum { K = 7 };

static int64_t id_of(const char *const *tags, int64_t n, const char *tag)
{
    for (int64_t k = 0; k < n; k++)
        if (strcmp(tags[k], tag) == 0)
            return k;
    fail_msg("no tag %s", tag);
    return -1;
}

static int64_t read_ids(const json_t *sentence, int64_t *ids)
{
    int64_t n;
    const char **tags = json_texts(sentence, &n);
    assert_true(n <= 64);
    for (int64_t i = 0; i < n; i++)
        ids[i] = id_of(tags_of_cases, K, tags[i]);
    free(tags);
    return n;
}

static void expect_score(recur_entity_score s, const json_t *expect)
{
    assert_int_equal(s.gold, json_whole(expect, "gold"));
    assert_int_equal(s.predicted, json_whole(expect, "predicted"));
    assert_int_equal(s.correct, json_whole(expect, "correct"));
    json_near(s.precision, expect, "precision", 1e-12);
    json_near(s.recall, expect, "recall", 1e-12);
    json_near(s.f1, expect, "f1", 1e-12);
}

static void check_case(recur_ctx *cx, const json_t *c, recur_entity_rule rule, const json_t *expect)
{
    static const char *const names[] = {"LOC", "ORG", "PER"};
    const json_t *target = json_member(c, "target"), *predicted = json_member(c, "predicted");
    const json_t *types = json_member(expect, "types");
    recur_entities *e = entities_of(cx, tags_of_cases, K, rule);
    recur_entity_score s;
    for (size_t i = 0; i < json_array_size(target); i++) {
        int64_t t[64], p[64], n = read_ids(json_array_get(target, i), t);
        assert_int_equal(read_ids(json_array_get(predicted, i), p), n);
        recur_entities_add(e, t, p, n);
    }
    expect_score(recur_entities_score(e), expect);
    assert_int_equal(recur_entities_types(e), 3);
    for (int64_t i = 0; i < 3; i++) {
        assert_string_equal(recur_entities_type(e, i, &s), names[i]);
        if (json_object_get(types, names[i]))
            expect_score(s, json_object_get(types, names[i]));
        else
            assert_true(s.gold == 0 && s.predicted == 0);
    }
    assert_null(recur_entities_type(e, 3, &s));
    assert_null(recur_entities_type(e, -1, &s));
    recur_entities_free(e);
}

static void agrees_with_the_reference(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    json_t *root = json_reference("decode/conll_f1.json");
    const json_t *cases = json_member(root, "cases");
    assert_int_equal(json_array_size(cases), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *c = json_array_get(cases, i);
        check_case(cx, c, RECUR_ENTITY_CONLL, json_member(c, "expect"));
        check_case(cx, c, RECUR_ENTITY_STRICT, json_member(c, "expect_strict"));
    }
    json_decref(root);
    recur_ctx_free(cx);
}

/* --- schemes --- */

static const char *const all_tags[] = {"O",   "B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y",
                                       "E-Y", "S-Y", "L-X", "U-X", "M-X", "B",   "I"};
enum { ALL = sizeof all_tags / sizeof *all_tags };

/* Tags between blanks; returns how many. */
static int64_t parse(const char *text, int64_t *ids)
{
    char copy[256], *rest = copy, *tag;
    int64_t n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    while ((tag = strtok_r(rest, " ", &rest)))
        ids[n++] = id_of(all_tags, ALL, tag);
    return n;
}

/* Both sentences, against each other: `common` entities of `first` and `second`. */
static void check_pair(recur_ctx *cx, recur_entity_rule rule, const char *a, const char *b, int64_t first,
                       int64_t second, int64_t common)
{
    int64_t x[64], y[64], n = parse(a, x);
    assert_int_equal(parse(b, y), n);
    recur_entities *e = entities_of(cx, all_tags, ALL, rule);
    recur_entities_add(e, x, y, n);
    recur_entity_score s = recur_entities_score(e);
    if (s.gold != first || s.predicted != second || s.correct != common)
        fail_msg("%s | %s: %d %d %d", a, b, (int)s.gold, (int)s.predicted, (int)s.correct);
    recur_entities_free(e);
}

static void every_scheme_is_read(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    const recur_entity_rule conll = RECUR_ENTITY_CONLL, strict = RECUR_ENTITY_STRICT;
    /* the same two entities of X in IOB1, IOB2, IOBES, BILOU, BMES */
    static const char *const same[] = {"O I-X I-X B-X O", "O B-X I-X B-X O", "O B-X E-X S-X O",
                                       "O B-X L-X U-X O", "O B-X M-X B-X O"};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            check_pair(cx, conll, same[i], same[j], 2, 2, 2);
    check_pair(cx, strict, same[0], same[1], 1, 2, 1); /* the B-X alone */
    check_pair(cx, strict, same[2], same[1], 2, 2, 2);
    /* another type begins; ends where it does not */
    check_pair(cx, conll, "B-X I-Y I-Y E-Y", "B-X B-Y I-Y I-Y", 2, 2, 2);
    check_pair(cx, conll, "S-X I-X E-X I-X", "B-X B-X I-X B-X", 3, 3, 3);
    check_pair(cx, strict, "S-X I-X E-X I-X", "B-X O O O", 1, 1, 1);
    check_pair(cx, strict, "B-X I-Y I-X B-Y", "B-X O O I-Y", 2, 1, 1);
    check_pair(cx, conll, "E-X E-X", "S-X S-X", 2, 2, 2);
    /* same beginning but another end, same end but another beginning, another type */
    check_pair(cx, conll, "B-X I-X O", "B-X I-X I-X", 1, 1, 0);
    check_pair(cx, conll, "B-X I-X I-X", "B-X I-X O", 1, 1, 0);
    check_pair(cx, conll, "O B-X I-X", "B-X I-X I-X", 1, 1, 0);
    check_pair(cx, conll, "B-X I-X", "B-Y I-Y", 1, 1, 0);
    check_pair(cx, conll, "B-X I-X", "B-X B-X", 1, 2, 0);
    check_pair(cx, conll, "B I O B", "B I O S-X", 2, 2, 1); /* without a type */
    check_pair(cx, conll, "", "", 0, 0, 0);
    recur_ctx_free(cx);
}

/* --- a second way to count: lists of entities --- */

typedef struct entity {
    int64_t from, to;
    char type;
} entity;

/* As conlleval.pl asks of two neighbouring tags. */
static bool chunk_ends(char last, char now, char last_type, char type)
{
    return last == 'E' || last == 'S' || (strchr("BI", last) && strchr("BSO", now)) ||
           (last != 'O' && last_type != type);
}

static bool chunk_begins(char last, char now, char last_type, char type)
{
    return now == 'B' || now == 'S' || (strchr("ESO", last) && strchr("EI", now)) ||
           (now != 'O' && last_type != type);
}

static int64_t list_entities(const int64_t *ids, int64_t n, entity *list)
{
    int64_t count = 0;
    char last = 'O', last_type = 0;
    for (int64_t i = 0; i <= n; i++) {
        const char *tag = i < n ? all_tags[ids[i]] : "O";
        char now = tag[0], type = tag[1] ? tag[2] : 0;
        if (last != 'O' && chunk_ends(last, now, last_type, type))
            list[count - 1].to = i;
        if (chunk_begins(last, now, last_type, type))
            list[count++] = (entity){i, -1, type};
        last = now;
        last_type = type;
    }
    return count;
}

static void counts_as_conlleval_does(void **state)
{
    (void)state;
    enum { N = 12, TAGS = 9 }; /* those of the letters O B I E S */
    recur_ctx *cx = context_of(1);
    for (uint64_t round = 0; round < 3000; round++) {
        int64_t x[N], y[N], common = 0;
        entity a[N + 1], b[N + 1];
        for (uint64_t i = 0; i < N; i++) {
            x[i] = (int64_t)(TAGS * recur_random_uniform(round, 0, i));
            bool keep = recur_random_uniform(round, 1, i) < 0.8;
            y[i] = keep ? x[i] : (int64_t)(TAGS * recur_random_uniform(round, 2, i));
        }
        int64_t n_a = list_entities(x, N, a), n_b = list_entities(y, N, b);
        for (int64_t i = 0; i < n_a; i++)
            for (int64_t j = 0; j < n_b; j++)
                common += a[i].from == b[j].from && a[i].to == b[j].to && a[i].type == b[j].type;
        recur_entities *e = entities_of(cx, all_tags, ALL, RECUR_ENTITY_CONLL);
        recur_entities_add(e, x, y, N);
        recur_entity_score s = recur_entities_score(e);
        assert_true(s.gold == n_a && s.predicted == n_b && s.correct == common);
        recur_entities_free(e);
    }
    recur_ctx_free(cx);
}

/* --- edges --- */

static void edges_are_defined(void **state)
{
    (void)state;
    recur_ctx *cx = context_of(1);
    recur_entities *e = entities_of(cx, tags_of_cases, K, RECUR_ENTITY_CONLL);
    assert_true(isnan(recur_entities_accuracy(e)));
    assert_true(recur_entities_score(e).f1 == 0);
    recur_entities_add(e, (int64_t[]){0, 1, 99, -1}, (int64_t[]){0, 1, 0, -1}, 4); /* unknown ids are O */
    assert_true(recur_entities_score(e).f1 == 1);
    assert_true(recur_entities_accuracy(e) == 0.75);
    recur_entities_free(e);
    const char *const speech[] = {"NOUN", "O"};
    expect_error(cx, recur_entities_create(&e, cx, speech, 2, RECUR_ENTITY_CONLL), RECUR_EUNSUPPORTED,
                 "the tag \"NOUN\" marks no entities");
    assert_null(e);
    e = entities_of(cx, NULL, 0, RECUR_ENTITY_CONLL);
    recur_entities_add(e, (int64_t[]){0}, (int64_t[]){0}, 1);
    assert_int_equal(recur_entities_types(e), 0);
    recur_entities_free(e);
    recur_entities_free(NULL);
    recur_ctx_free(cx);
}

static recur_status create(const recur_allocator *allocator, void *argument)
{
    recur_ctx *cx = NULL;
    recur_entities *e = NULL;
    (void)argument;
    recur_status status = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (status == RECUR_OK)
        status = recur_entities_create(&e, cx, all_tags, ALL, RECUR_ENTITY_CONLL);
    recur_entities_free(e);
    recur_ctx_free(cx);
    return status;
}

static void a_failure_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_true(fail_alloc_each(create, NULL) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_reference),       cmocka_unit_test(every_scheme_is_read),
        cmocka_unit_test(counts_as_conlleval_does),        cmocka_unit_test(edges_are_defined),
        cmocka_unit_test(a_failure_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
