// SPDX-License-Identifier: MIT
/* Language models from a program: training, scoring, writing; what is refused; failing allocations. */
#include <math.h>

#include "support/fail_alloc.h"
#include "train/train_test.h"

static char folder[PATH], text[PATH], run_folder[PATH];

enum { UNITS = 1600 };

static int set_up(void **state)
{
    static const char *const lines[] = {"the cat sat\n", "a dog ran off\n", "who is there\n"};
    char all[UNITS + 16] = "";
    make_folder(folder);
    in_folder(text, folder, "text.txt");
    in_folder(run_folder, folder, "run");
    for (size_t i = 0, n = 0; n < UNITS; i++, n = strlen(all))
        strcat(all, lines[i * i % 5 % 3]);
    all[UNITS] = '\0';
    write_text(text, all);
    *state = context_of(1);
    return 0;
}

static int tear_down(void **state)
{
    recur_ctx_free(*state);
    remove_folder(folder);
    return 0;
}

static recur_language_config config(void)
{
    recur_language_config c = recur_language_defaults();
    c.data = text;
    c.window = 16;
    c.sample = 10;
    c.model.hidden = 12;
    c.model.embedding = 6;
    c.train.batch_size = 4;
    c.train.epochs = 2;
    c.train.lr = 0.02;
    c.train.checkpoint_every = 1e9;
    return c;
}

static recur_run fresh(void)
{
    return (recur_run){.folder = run_folder, .force = true};
}

static recur_language *trained(recur_ctx *cx, const recur_language_config *c)
{
    recur_language *lm;
    recur_result r;
    recur_run run = fresh();
    expect_ok(cx, recur_language_train(cx, c, &run, &r));
    expect_ok(cx, recur_language_open(&lm, cx, run_folder));
    return lm;
}

/* ---- training ---- */

static void test_result(void **state)
{
    recur_language_config c = config();
    recur_result r;
    c.train.epochs = 6;
    expect_ok(*state, recur_language_train(*state, &c, NULL, &r)); /* without a folder nothing is saved */
    assert_int_equal(r.epochs, 6);
    assert_int_equal(r.train.count, UNITS * 8 / 10);
    assert_int_equal(r.valid.count, UNITS / 10);
    assert_int_equal(r.test.count, UNITS / 10);
    assert_int_equal(r.baseline.count, UNITS / 10);
    assert_true(recur_score_get(&r.test, "loss") < recur_score_get(&r.baseline, "loss"));
    double loss = recur_score_get(&r.test, "loss");
    assert_true(fabs(recur_score_get(&r.test, "perplexity") - exp(loss)) < 1e-9);
    assert_true(fabs(recur_score_get(&r.test, "bits_per_unit") - loss / log(2)) < 1e-9);
    assert_true(isnan(recur_score_get(&r.test, "accuracy")));
}

/* A model that has learnt nothing finds every unit about equally likely. */
static void test_untrained(void **state)
{
    recur_language_config c = config();
    recur_result r;
    c.train.max_steps = 1;
    c.train.lr = 1e-12;
    expect_ok(*state, recur_language_train(*state, &c, NULL, &r));
    recur_run run = fresh();
    expect_ok(*state, recur_language_train(*state, &c, &run, &r));
    recur_language *lm;
    expect_ok(*state, recur_language_open(&lm, *state, run_folder));
    double V = (double)recur_vocab_size(recur_language_vocab(lm));
    assert_true(fabs(recur_score_get(&r.test, "loss") - log(V)) < 0.3);
    recur_language_free(lm);
}

/* What evaluate finds in a file is what training found in that part. */
static void test_evaluate_agrees(void **state)
{
    recur_language_config c = config();
    char part[PATH], *all;
    in_folder(part, folder, "part.txt");
    all = read_text(text, NULL);
    all[UNITS / 10 * 8] = '\0';
    write_text(part, all);
    free(all);
    recur_language *lm;
    recur_result r;
    recur_score score, baseline;
    recur_run run = fresh();
    expect_ok(*state, recur_language_train(*state, &c, &run, &r));
    expect_ok(*state, recur_language_open(&lm, *state, run_folder));
    expect_ok(*state, recur_language_evaluate(lm, part, &score, &baseline));
    assert_true(recur_score_get(&score, "loss") == recur_score_get(&r.train, "loss"));
    assert_int_equal(score.count, r.train.count);
    assert_true(recur_score_get(&baseline, "loss") > recur_score_get(&score, "loss"));
    recur_language_free(lm);
}

static void test_tied_weights(void **state)
{
    recur_language_config c = config();
    recur_result tied, free_weights;
    c.model.embedding = c.model.hidden;
    expect_ok(*state, recur_language_train(*state, &c, NULL, &free_weights));
    c.tie = true;
    recur_language *lm = trained(*state, &c);
    int64_t V = recur_vocab_size(recur_language_vocab(lm));
    recur_language_free(lm);
    expect_ok(*state, recur_language_train(*state, &c, NULL, &tied));
    assert_int_equal(free_weights.parameters - tied.parameters, V * c.model.hidden);
    c.model.embedding = 7; /* a layer brings H to E */
    expect_ok(*state, recur_language_train(*state, &c, NULL, &tied));
    assert_int_equal(tied.epochs, 2);
}

/* ---- writing ---- */

typedef struct page {
    char text[4096];
    size_t size, limit;
} page;

static bool write_page(void *user, const char *bytes, size_t size)
{
    page *p = user;
    assert_true(p->size + size < sizeof p->text);
    memcpy(p->text + p->size, bytes, size);
    p->size += size;
    p->text[p->size] = '\0';
    return p->limit == 0 || p->size < p->limit;
}

static page written(recur_ctx *cx, recur_language *lm, const recur_generation *g)
{
    page p = {.size = 0};
    expect_ok(cx, recur_language_generate(lm, g, write_page, &p));
    return p;
}

static void test_writes(void **state)
{
    recur_language_config c = config();
    recur_language *lm = trained(*state, &c);
    recur_generation g = recur_generation_defaults();
    g.length = 100;
    page a = written(*state, lm, &g), b = written(*state, lm, &g);
    assert_int_equal(a.size, 100);
    assert_string_equal(a.text, b.text);
    g.sampling.seed = 2;
    b = written(*state, lm, &g);
    assert_string_not_equal(a.text, b.text);
    g.sampling.temperature = 0;
    a = written(*state, lm, &g);
    g.beam = 1;
    b = written(*state, lm, &g);
    assert_string_equal(a.text, b.text);
    recur_language_free(lm);
}

static void test_reader_stops(void **state)
{
    recur_language_config c = config();
    recur_language *lm = trained(*state, &c);
    recur_generation g = recur_generation_defaults();
    page p = {.limit = 7};
    expect_ok(*state, recur_language_generate(lm, &g, write_page, &p));
    assert_int_equal(p.size, 7);
    g.length = -1;
    expect_error(*state, recur_language_generate(lm, &g, write_page, &p), RECUR_EINVAL, "not negative");
    recur_language_free(lm);
}

/* Nats of a text of n bytes. */
static double nats(recur_ctx *cx, recur_language *lm, const char *content, size_t n)
{
    char path[PATH];
    recur_score score, baseline;
    write_text(in_folder(path, folder, "short.txt"), content);
    expect_ok(cx, recur_language_evaluate(lm, path, &score, &baseline));
    return recur_score_get(&score, "loss") * (double)n;
}

/* The unit that is written after a prompt is the one with which evaluation finds the whole likeliest: a prompt is the
 * beginning of a text. */
static void test_a_prompt_begins_a_text(void **state)
{
    static const char units[] = "acdefghinorstw ";
    recur_language_config c = config();
    c.train.epochs = 1;
    c.train.lr = 0.1;
    recur_language *lm = trained(*state, &c);
    recur_generation g = recur_generation_defaults();
    g.length = 1;
    g.sampling = (recur_sampling){0};
    for (const char *u = units; *u; u++) {
        char prompt[2] = {*u}, all[3] = {*u};
        g.prompt = prompt;
        page p = written(*state, lm, &g);
        all[1] = p.text[0];
        double best = nats(*state, lm, all, 2);
        for (const char *v = units; *v; v++) {
            all[1] = *v;
            assert_true(nats(*state, lm, all, 2) >= best - 1e-6);
        }
    }
    recur_language_free(lm);
}

/* A beam finds a text at least as likely as the greedy one; with all beams there are, the likeliest. */
static void test_beam_is_no_worse(void **state)
{
    recur_language_config c = config();
    recur_language *lm = trained(*state, &c);
    recur_generation g = recur_generation_defaults();
    g.prompt = "the";
    g.length = 3;
    g.beam = 30;
    page wide = written(*state, lm, &g);
    g.beam = 900;
    page all = written(*state, lm, &g);
    assert_string_equal(wide.text, all.text);
    recur_language_free(lm);
}

/* ---- opening ---- */

static void test_open_refuses(void **state)
{
    char path[PATH], *bytes;
    size_t size = 0;
    recur_language *lm;
    recur_language_config c = config();
    recur_language_free(trained(*state, &c));
    in_folder(path, run_folder, RECUR_FILE_MODEL);
    bytes = read_text(path, &size);
    char *at = strstr(bytes + 8, "\\\"hidden\\\": 12");
    assert_non_null(at);
    memcpy(at, "\\\"hidden\\\": 99", 14);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    free(bytes);
    expect_error(*state, recur_language_open(&lm, *state, path), RECUR_EFORMAT,
                 "do not fit the configuration");
    assert_null(lm);
    expect_error(*state, recur_language_open(&lm, *state, "/nowhere"), RECUR_ENOTFOUND, "/nowhere");
}

/* ---- bits ---- */

static void test_threads_change_nothing(void **state)
{
    recur_language_config c = config();
    recur_result r, first = {0};
    (void)state;
    for (int threads = 1; threads <= 7; threads += 2) {
        recur_ctx *cx = context_of(threads);
        expect_ok(cx, recur_language_train(cx, &c, NULL, &r));
        if (threads == 1)
            first = r;
        assert_true(recur_score_get(&r.test, "loss") == recur_score_get(&first.test, "loss"));
        recur_ctx_free(cx);
    }
}

/* ---- failing allocations ---- */

static recur_status work(recur_ctx *cx, const recur_language_config *c)
{
    recur_result r;
    recur_language *lm = NULL;
    recur_score score, baseline;
    recur_run run = fresh();
    page p = {.size = 0};
    recur_generation g = recur_generation_defaults();
    g.length = 3;
    g.beam = 2;
    recur_status status = recur_language_train(cx, c, &run, &r);
    if (status == RECUR_OK)
        status = recur_language_open(&lm, cx, run_folder);
    if (status == RECUR_OK)
        status = recur_language_evaluate(lm, c->data, &score, &baseline);
    if (status == RECUR_OK)
        status = recur_language_generate(lm, &g, write_page, &p);
    recur_language_free(lm);
    return status;
}

static recur_status failing_work(const recur_allocator *allocator, void *argument)
{
    recur_ctx *cx;
    recur_status status = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (status != RECUR_OK)
        return status;
    status = work(cx, argument);
    recur_ctx_free(cx);
    return status;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    recur_language_config c = config();
    c.train.max_steps = 2;
    c.sample = 2;
    assert_true(fail_alloc_each(failing_work, &c) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_untrained),
        cmocka_unit_test(test_evaluate_agrees),
        cmocka_unit_test(test_tied_weights),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_reader_stops),
        cmocka_unit_test(test_a_prompt_begins_a_text),
        cmocka_unit_test(test_beam_is_no_worse),
        cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
