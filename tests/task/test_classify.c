// SPDX-License-Identifier: MIT
/* Classification from a program: training, opening, scoring, asking; what is refused; failing allocations. */
#include "support/fail_alloc.h"
#include "train/train_test.h"

enum { EXAMPLES = 120 };

static char folder[PATH], csv[PATH], few[PATH], run_folder[PATH];

static int set_up(void **state)
{
    recur_text *text;
    recur_ctx *cx = context_of(1);
    make_folder(folder);
    in_folder(csv, folder, "reviews.csv");
    in_folder(few, folder, "few.csv");
    in_folder(run_folder, folder, "run");
    expect_ok(cx, recur_synthetic(&text, cx, "reviews", EXAMPLES, 1));
    expect_ok(cx, recur_text_save(text, csv));
    recur_text_free(text);
    write_text(few, "label,text\na,x y z\nb,y\na,x\nc,\nb,z y\na,x z\nb,y y\na,x\n");
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    recur_ctx_free(*state);
    remove_folder(folder);
    return 0;
}

static recur_classify_config config_of(const char *data)
{
    recur_classify_config c = recur_classify_defaults();
    c.data = data;
    c.text.min_count = 1;
    c.model.hidden = 5;
    c.model.embedding = 4;
    c.train.epochs = 2;
    c.train.checkpoint_every = 1e9;
    return c;
}

static recur_run fresh(void)
{
    return (recur_run){.folder = run_folder, .force = true};
}

static recur_classify *trained(recur_ctx *cx, const recur_classify_config *c)
{
    recur_classify_result r;
    recur_classify *model;
    recur_run run = fresh();
    expect_ok(cx, recur_classify_train(cx, c, &run, &r));
    expect_ok(cx, recur_classify_open(&model, cx, run_folder));
    return model;
}

static double metric(const recur_score *s, const char *name)
{
    double value = recur_score_get(s, name);
    if (isnan(value))
        fail_msg("%s is not there", name);
    return value;
}

/* ---- training ---- */

static void test_result(void **state)
{
    recur_classify_config c = config_of(csv);
    recur_classify_result r;
    c.model.bidirectional = false;
    expect_ok(*state, recur_classify_train(*state, &c, NULL, &r)); /* without a folder nothing is saved */
    assert_int_equal(r.classes, 2);
    assert_true(r.common.parameters == r.vocabulary * 4 + 4 * 5 * (4 + 5 + 2) + 2 * (5 + 1));
    assert_int_equal(r.common.epochs, 2);
    assert_int_equal(r.common.train.count, EXAMPLES * 8 / 10);
    assert_int_equal(r.common.valid.count, EXAMPLES / 10);
    assert_int_equal(r.common.test.count, EXAMPLES / 10);
    assert_int_equal(r.common.baseline.count, EXAMPLES / 10);
    assert_true(fabs(metric(&r.common.baseline, "loss") - log(2)) < 0.1);
    assert_true(metric(&r.common.test, "calibration_error") == r.error_after);
    assert_true(r.common.units_per_second > 0 && r.common.peak_bytes > 0);
}

/* Words that say all: any sensible default learns them, and nothing is left to calibrate. */
static void test_learns(void **state)
{
    char easy[PATH], text[8192] = "label,text\n";
    recur_classify_result r;
    for (int i = 0; i < 100; i++) {
        static const char *const words[] = {"bad", "sour", "good", "sweet"};
        int word = i * 7 % 4;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s,it is %s wine number %d\n",
                 word < 2 ? "neg" : "pos", words[word], i % 13);
    }
    write_text(in_folder(easy, folder, "easy.csv"), text);
    recur_classify_config c = recur_classify_defaults();
    c.data = easy;
    c.train.epochs = 40;
    expect_ok(*state, recur_classify_train(*state, &c, NULL, &r));
    assert_true(metric(&r.common.test, "accuracy") == 1);
    assert_true(metric(&r.common.test, "loss") < metric(&r.common.baseline, "loss") / 2);
    assert_true(r.temperature == 1); /* nothing is wrong: nothing says how sure it may be */
}

/* Before it has learnt anything the loss is that of a guess. */
static void test_begins_as_a_guess(void **state)
{
    recur_classify_config c = config_of(csv);
    recur_classify_result r;
    c.train.lr = 1e-30;
    c.train.epochs = 1;
    expect_ok(*state, recur_classify_train(*state, &c, NULL, &r));
    assert_true(fabs(metric(&r.common.train, "loss") - log(2)) < 0.05);
}

typedef struct watch {
    int notes, batches, epochs, stop_after;
    char text[PATH];
} watch;

static bool observe(void *user, const recur_event *e)
{
    watch *w = user;
    w->notes += e->kind == RECUR_EVENT_NOTE;
    w->batches += e->kind == RECUR_EVENT_BATCH;
    w->epochs += e->kind == RECUR_EVENT_EPOCH;
    if (e->kind == RECUR_EVENT_NOTE)
        snprintf(w->text, sizeof w->text, "%s", e->text);
    return w->stop_after == 0 || w->batches < w->stop_after;
}

static void test_notes(void **state)
{
    recur_classify_config c = config_of(few);
    recur_classify_result r;
    watch w = {0};
    c.text.max_length = 2;
    c.split = "5,1,2";
    c.order = 2;
    expect_ok(*state, recur_classify_train(*state, &c, &(recur_run){.observe = observe, .user = &w}, &r));
    assert_int_equal(w.notes, 1);
    assert_non_null(strstr(w.text, "1 of 8 texts are cut to --max-length 2"));
    c.split = "3,2,3"; /* c stands in the validation part alone */
    w = (watch){0};
    expect_ok(*state, recur_classify_train(*state, &c, &(recur_run){.observe = observe, .user = &w}, &r));
    assert_int_equal(r.classes, 2);
    assert_int_equal(w.notes, 2);
    assert_non_null(
        strstr(w.text, "1 examples have a label that the training part does not have, such as \"c\""));
    assert_true(metric(&r.common.valid, "accuracy") <= 0.5);
}

static void test_stop_and_resume(void **state)
{
    recur_classify_config c = config_of(csv);
    recur_classify_result whole, cut;
    expect_ok(*state, recur_classify_train(*state, &c, NULL, &whole));
    watch w = {.stop_after = 4};
    recur_run run = fresh();
    run.observe = observe;
    run.user = &w;
    expect_error(*state, recur_classify_train(*state, &c, &run, &cut), RECUR_ESTOPPED,
                 "stopped after 4 steps");
    run = (recur_run){.folder = run_folder, .resume = true};
    expect_ok(*state, recur_classify_train(*state, &c, &run, &cut));
    assert_true(metric(&whole.common.test, "loss") == metric(&cut.common.test, "loss"));
    assert_true(whole.temperature == cut.temperature && whole.common.steps == cut.common.steps);
    c.dense = 3;
    expect_error(*state, recur_classify_train(*state, &c, &run, &cut), RECUR_EINVAL, "--dense cannot change");
}

/* A run goes on with its own data only. */
static void test_resume_other_data(void **state)
{
    char data[PATH];
    recur_classify_config c = config_of(in_folder(data, folder, "changing.csv"));
    recur_classify_result r;
    recur_run run = fresh();
    c.split = "1,0,0";
    write_text(data, "label,text\na,x\nb,y\n");
    expect_ok(*state, recur_classify_train(*state, &c, &run, &r));
    run = (recur_run){.folder = run_folder, .resume = true};
    write_text(data, "label,text\nb,x\na,y\n");
    expect_error(*state, recur_classify_train(*state, &c, &run, &r), RECUR_EFORMAT, "data");
}

/* With a batch of everything, weights that make classes equal change the loss of unequal ones. */
static void test_class_weights(void **state)
{
    recur_classify_config c = config_of(few);
    recur_classify_result plain, weighted;
    c.split = "1,0,0";
    c.train.epochs = 200;
    c.train.lr = 0.05;
    c.model.dropout = c.model.embedding_dropout = 0;
    expect_ok(*state, recur_classify_train(*state, &c, NULL, &plain));
    c.class_weights = true;
    expect_ok(*state, recur_classify_train(*state, &c, NULL, &weighted));
    assert_true(metric(&plain.common.train, "accuracy") == 1 &&
                metric(&weighted.common.train, "accuracy") == 1);
    assert_true(metric(&plain.common.train, "loss") != metric(&weighted.common.train, "loss"));
    c.label_smoothing = 0.3; /* answers stay unsure */
    expect_ok(*state, recur_classify_train(*state, &c, NULL, &weighted));
    assert_true(metric(&weighted.common.train, "loss") > 0.1);
}

/* ---- networks that vote ---- */

enum { MEMBERS = 3, TENSORS = 32, MODEL_METAS = 8 };

/* Writes member `i` of the model in the run folder as a model of its own. */
static void extract(recur_ctx *cx, int i, const char *path)
{
    char from[PATH], prefix[16], config[4096];
    recur_archive *a;
    recur_entry entry[TENSORS], got;
    recur_meta meta[MODEL_METAS];
    size_t n = 0, metas = 0;
    expect_ok(cx, recur_archive_open(&a, cx, in_folder(from, run_folder, RECUR_FILE_MODEL)));
    snprintf(prefix, sizeof prefix, "member%d.", i);
    for (size_t k = 0; recur_archive_at(a, k, &got) == RECUR_OK; k++)
        if (strncmp(got.name, prefix, strlen(prefix)) == 0 && n < TENSORS) {
            entry[n] = got;
            entry[n++].name = got.name + strlen(prefix);
        }
    while (metas < MODEL_METAS && recur_archive_meta_at(a, metas, &meta[metas].key, &meta[metas].value)) {
        if (strcmp(meta[metas].key, "config") == 0) {
            snprintf(config, sizeof config, "%s", meta[metas].value);
            char *number = strstr(config, "\"ensemble\":");
            assert_non_null(number);
            *strchr(number, '0' + MEMBERS) = '1';
            meta[metas].value = config;
        }
        metas++;
    }
    assert_true(n > 0);
    expect_ok(cx, recur_archive_write(cx, path, entry, n, meta, metas));
    recur_archive_free(a);
}

static void ask(recur_ctx *cx, const char *path, double p[2])
{
    static const char text[] = "the food was not good at all";
    recur_classify *model;
    recur_span span = {text, sizeof text - 1};
    expect_ok(cx, recur_classify_open(&model, cx, path));
    expect_ok(cx, recur_classify_predict(model, &span, 1, NULL, p));
    recur_classify_free(model);
}

/* A member learns as it would alone (the first one from the same numbers, so to the same bits), and the answer
 * comes from the mean of the logits. */
static void test_members_vote(void **state)
{
    char file[PATH];
    recur_classify_config c = config_of(csv);
    recur_classify_result alone, all;
    double single[2], p[2], member[2], logit = 0;
    recur_run run = fresh();
    c.model.dropout = c.model.embedding_dropout = 0;
    c.train.clip_norm = 0;
    c.train.epochs = 1;
    c.temperature_scaling = false;
    expect_ok(*state, recur_classify_train(*state, &c, &run, &alone));
    ask(*state, run_folder, single);
    c.ensemble = MEMBERS;
    expect_ok(*state, recur_classify_train(*state, &c, &run, &all));
    assert_true(all.common.parameters == MEMBERS * alone.common.parameters);
    ask(*state, run_folder, p);
    in_folder(file, folder, "member.safetensors");
    for (int i = 0; i < MEMBERS; i++) {
        extract(*state, i, file);
        ask(*state, file, member);
        assert_true(i > 0 || (member[0] == single[0] && member[1] == single[1]));
        assert_true(i == 0 || member[0] != single[0]);
        logit += log(member[1] / member[0]) / MEMBERS;
    }
    assert_true(fabs(p[1] - 1 / (1 + exp(-logit))) < 1e-6);
}

/* ---- what is refused ---- */

static void refuse(recur_ctx *cx, const recur_classify_config *c, recur_status want, const char *words)
{
    recur_classify_result r;
    expect_error(cx, recur_classify_train(cx, c, NULL, &r), want, words);
}

static void test_refuses(void **state)
{
    const recur_classify_config good = config_of(csv);
    recur_classify_config c = good;
    c.data = NULL;
    refuse(*state, &c, RECUR_EINVAL, "needs a data file");
    c = good;
    c.data = "/nowhere.csv";
    refuse(*state, &c, RECUR_ENOTFOUND, "/nowhere.csv");
    c = good;
    c.read.label = "mood";
    refuse(*state, &c, RECUR_ENOTFOUND, "mood");
    c = good;
    c.split = NULL;
    refuse(*state, &c, RECUR_EINVAL, "--split is missing");
    c = good;
    c.order = 3;
    refuse(*state, &c, RECUR_EINVAL, "an order of 3");
    c = good;
    c.every = 1;
    refuse(*state, &c, RECUR_EINVAL, "--split-every 1");
    c = good;
    c.every = 4;
    c.test = csv;
    refuse(*state, &c, RECUR_EINVAL, "--split-every and --test");
    c = good;
    c.model.attention = "dot";
    refuse(*state, &c, RECUR_EINVAL, "a decoder's");
    c = good;
    c.model.attention = "multihead:3";
    refuse(*state, &c, RECUR_EINVAL, "3 heads do not divide the 10 numbers");
    c = good;
    c.text.unit = 9;
    refuse(*state, &c, RECUR_EINVAL, "--unit: 9");
    c = good;
    c.train.optimizer = -1;
    refuse(*state, &c, RECUR_EINVAL, "--optimizer: -1");
    c = good;
    c.text.min_count = 1000000;
    refuse(*state, &c, RECUR_EINVAL, "--min-count 1000000 leaves no units");
    c = config_of(few);
    c.split = "1,3,4";
    c.order = 2;
    refuse(*state, &c, RECUR_EFORMAT, "all 1 examples of the training part have the label \"a\"");
    c = good;
    c.model.cell = RECUR_RNN_RELU;
    c.train.optimizer = RECUR_SGD;
    c.train.lr = 1e6;
    c.train.clip_norm = 0;
    c.train.epochs = 50;
    refuse(*state, &c, RECUR_ENUMERIC, "training diverged");
}

/* ---- scoring and asking ---- */

/* All parts of a model at once. */
static recur_classify_config rich_config(void)
{
    recur_classify_config c = config_of(csv);
    c.model.attention = "multihead:2";
    c.model.pool = RECUR_POOL_MEAN;
    c.model.cell = RECUR_GRU;
    c.model.layers = 2;
    c.dense = 6;
    c.batch_norm = true;
    c.label_smoothing = 0.1;
    return c;
}

/* What the report says is what asking says, text by text, in any company. */
static void check_answers(recur_ctx *cx, const recur_classify_config *c)
{
    double p[2], two[4];
    recur_classify_report *r;
    recur_classify *model = trained(cx, c);
    expect_ok(cx, recur_classify_evaluate(&r, model, csv));
    assert_int_equal(r->n, EXAMPLES);
    for (int64_t i = 0; i < r->n; i++) {
        const recur_classified *e = &r->example[i];
        expect_ok(cx, recur_classify_predict(model, &e->text, 1, NULL, p));
        assert_true(p[e->answer] == e->probability && p[e->answer] >= p[1 - e->answer]);
        assert_true(fabs(p[0] + p[1] - 1) < 1e-6);
        assert_int_equal(e->line, i + 2);
        recur_span pair[] = {r->example[EXAMPLES - 1 - i].text, e->text};
        expect_ok(cx, recur_classify_predict(model, pair, 2, NULL, two));
        assert_memory_equal(two + 2, p, sizeof p);
    }
    recur_classify_report_free(r);
    recur_classify_free(model);
}

static void test_answers_agree(void **state)
{
    recur_classify_config c = rich_config();
    check_answers(*state, &c);
    for (int pool = RECUR_POOL_LAST; pool <= RECUR_POOL_ATTENTION; pool++) {
        c = config_of(csv);
        c.model.pool = pool;
        check_answers(*state, &c);
    }
    c.model.attention = "multihead:5";
    c.model.pool = RECUR_POOL_LAST;
    check_answers(*state, &c);
}

static void test_report(void **state)
{
    recur_classify_config c = config_of(csv);
    recur_classify_report *r;
    recur_classify *model = trained(*state, &c);
    assert_int_equal(recur_classify_classes(model), 2);
    assert_string_equal(recur_classify_label(model, 0), "neg");
    assert_string_equal(recur_classify_label(model, 1), "pos");
    assert_string_equal(recur_classify_label(model, 2), "");
    assert_int_equal(recur_classify_config_of(model)->model.hidden, 5);
    expect_ok(*state, recur_classify_evaluate(&r, model, few));
    assert_int_equal(r->known, 2);
    assert_int_equal(r->K, 5); /* neg pos a b c */
    assert_string_equal(r->label[2], "a");
    assert_string_equal(r->label[4], "c");
    assert_true(metric(&r->score, "accuracy") == 0);
    double loss = recur_score_get(&r->score, "loss");
    assert_true(loss != loss); /* of no label is anything known */
    int64_t sum = 0;
    for (int64_t i = 0; i < 25; i++)
        sum += r->confusion[i];
    assert_int_equal(sum, 8);
    assert_int_equal(r->confusion[2 * 5] + r->confusion[2 * 5 + 1], 4);
    recur_classify_report_free(r);
    expect_error(*state, recur_classify_evaluate(&r, model, "/nowhere"), RECUR_ENOTFOUND, "/nowhere");
    assert_null(r);
    recur_classify_free(model);
}

static recur_span span(const char *text)
{
    return (recur_span){text, strlen(text)};
}

static void test_texts(void **state)
{
    recur_classify_config c = config_of(csv);
    double p[2], q[2];
    recur_classify *model = trained(*state, &c);
    expect_ok(*state, recur_classify_predict(model, &(recur_span){"", 0}, 1, NULL, p));
    recur_span nothing = span("   ");
    expect_ok(*state, recur_classify_predict(model, &nothing, 1, NULL, q));
    assert_memory_equal(p, q, sizeof p); /* no units either way */
    recur_span latin = span("caf\xe9 is good");
    recur_place where = {"letter", 7, 1};
    expect_error(*state, recur_classify_predict(model, &latin, 1, &where, p), RECUR_EFORMAT, "letter:7");
    recur_classify_lossy(model, true);
    expect_ok(*state, recur_classify_predict(model, &latin, 1, &where, p));
    recur_classify_lossy(model, false);
    expect_error(*state, recur_classify_predict(model, &latin, 1, NULL, p), RECUR_EFORMAT, "0xe9");
    recur_classify_words words;
    expect_error(*state, recur_classify_explain(model, latin, NULL, p, &words), RECUR_EUNSUPPORTED,
                 "no attention");
    expect_ok(*state, recur_classify_predict(model, NULL, 0, NULL, p));
    recur_classify_free(model);
}

/* The length that training cut texts to holds for questions too. */
static void test_long_texts(void **state)
{
    recur_classify_config c = config_of(csv);
    double p[4];
    c.text.max_length = 3;
    recur_classify *model = trained(*state, &c);
    recur_span texts[] = {span("the price is good"), span("the price is bad and awful")};
    expect_ok(*state, recur_classify_predict(model, texts, 2, NULL, p));
    assert_memory_equal(p, p + 2, 2 * sizeof *p);
    recur_classify_free(model);
}

static void test_explain(void **state)
{
    recur_classify_config c = rich_config();
    for (int i = 0; i < 2; i++) {
        double p[2], q[2], sum = 0;
        recur_classify_words words;
        recur_classify *model = trained(*state, &c);
        recur_span text = span("The price is not good, but awful.");
        expect_ok(*state, recur_classify_explain(model, text, NULL, p, &words));
        expect_ok(*state, recur_classify_predict(model, &text, 1, NULL, q));
        assert_memory_equal(p, q, sizeof p);
        expect_ok(*state, recur_classify_explain(model, text, NULL, p, &words));
        assert_int_equal(words.n, 9);
        assert_string_equal(words.word[0].text, "the");
        assert_string_equal(words.word[8].text, ".");
        for (int64_t t = 0; t < words.n; t++)
            sum += words.weight[t];
        assert_true(fabs(sum - 1) < 1e-6);
        expect_ok(*state, recur_classify_explain(model, span(""), NULL, p, &words));
        assert_int_equal(words.n, 0);
        recur_classify_free(model);
        c.model.attention = "none";
        c.model.pool = RECUR_POOL_ATTENTION;
    }
}

/* ---- files of strangers ---- */

static void test_open_refuses(void **state)
{
    char path[PATH];
    recur_classify *model;
    expect_error(*state, recur_classify_open(&model, *state, "/nowhere"), RECUR_ENOTFOUND, "/nowhere");
    assert_null(model);
    float one = 1;
    recur_entry e = {"w", "F32", 1, (int64_t[]){1}, &one, sizeof one};
    const char *config = "{\"embedding\": 9, \"hidden\": 100000, \"layers\": 100}";
    const char *vocabulary = "{\"specials\":true,\"units\":[\"x\"]}",
               *labels = "{\"specials\":false,\"units\":[\"a\",\"b\"]}";
    const struct {
        const char *config, *vocabulary, *labels, *classes, *words;
    } claims[] = {
        {config, vocabulary, labels, "{\"temperature\": 1, \"count\": [3, 4]}",
         "do not fit the configuration"},
        {config, vocabulary, labels, "{\"temperature\": 1, \"count\": [3]}", "2 numbers of examples"},
        {config, vocabulary, labels, "{\"temperature\": 0, \"count\": [3, 4]}", "a temperature above 0"},
        {config, vocabulary, labels, "{\"temperature\": 1, \"count\": [3, 0]}", "2 numbers of examples"},
        {config, vocabulary, labels, "[", "the classes in the metadata"},
        {config, vocabulary, vocabulary, "{}", "must not have special units"},
        {config, labels, labels, "{}", "must have special units"},
        {config, vocabulary, "{\"specials\":false,\"units\":[\"a\"]}", "{}", "two labels at least, not 1"},
        {"{\"hidden\": 5}", vocabulary, labels, "{}", "an embedding of at least 1"},
        {"{\"embedding\": 9, \"attention\": \"dot\"}", vocabulary, labels,
         "{\"temperature\": 1, \"count\": [3, 4]}", ""},
        {"{\"embedding\": 9, \"unit\": \"syllable\"}", vocabulary, labels, "{}", "unit"},
    };
    in_folder(path, folder, "other.safetensors");
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        const recur_meta meta[] = {{"recur", "classify 1"},
                                   {"config", claims[i].config},
                                   {"vocabulary", claims[i].vocabulary},
                                   {"labels", claims[i].labels},
                                   {"classes", claims[i].classes}};
        expect_ok(*state, recur_archive_write(*state, path, &e, 1, meta, 5));
        recur_status status = recur_classify_open(&model, *state, path);
        assert_true(status != RECUR_OK);
        expect_error(*state, status, status, claims[i].words);
        assert_null(model);
    }
}

/* ---- bits ---- */

static void test_threads_change_nothing(void **state)
{
    recur_classify_config c = rich_config();
    recur_classify_result r, first = {0};
    (void)state;
    for (int threads = 1; threads <= 7; threads += 3) {
        recur_ctx *cx = context_of(threads);
        expect_ok(cx, recur_classify_train(cx, &c, NULL, &r));
        if (threads == 1)
            first = r;
        assert_true(metric(&r.common.test, "loss") == metric(&first.common.test, "loss"));
        assert_true(r.temperature == first.temperature);
        recur_ctx_free(cx);
    }
}

/* ---- failing allocations ---- */

static recur_status work(recur_ctx *cx, const recur_classify_config *c)
{
    double p[6];
    recur_classify_result r;
    recur_classify_words words;
    recur_classify *model = NULL;
    recur_classify_report *report = NULL;
    recur_run run = fresh();
    recur_status status = recur_classify_train(cx, c, &run, &r);
    if (status == RECUR_OK)
        status = recur_classify_open(&model, cx, run_folder);
    if (status == RECUR_OK)
        status = recur_classify_evaluate(&report, model, c->data);
    if (status == RECUR_OK)
        status = recur_classify_predict(model, (recur_span[]){span("x z"), span("")}, 2, NULL, p);
    if (status == RECUR_OK)
        status = recur_classify_explain(model, span("x y"), NULL, p, &words);
    recur_classify_report_free(report);
    recur_classify_free(model);
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
    recur_classify_config c = config_of(few);
    c.model.attention = "multihead:2";
    c.dense = 3;
    c.batch_norm = c.class_weights = c.distinct = true;
    c.order = 2;
    c.split = "4,2,2";
    c.train.epochs = 1;
    assert_true(fail_alloc_each(failing_work, &c) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_begins_as_a_guess),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_stop_and_resume),
        cmocka_unit_test(test_resume_other_data),
        cmocka_unit_test(test_class_weights),
        cmocka_unit_test(test_members_vote),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_answers_agree),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
