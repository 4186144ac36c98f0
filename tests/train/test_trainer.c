// SPDX-License-Identifier: MIT
/* The loop: it learns, it stops when it should, and an interrupted run ends in the bits of one that was not.
 */
#include "train_test.h"
#include "support/fail_alloc.h"

enum { N = 24, B = 4, BATCHES = N / B };

/* A line y = 2 x - 1 to be learnt by a linear layer, with dropout so that random numbers matter. */
typedef struct problem {
    recur_ctx *cx;
    recur_params *ps;
    recur_linear_layer linear;
    recur_trainer *trainer;
    recur_run run;
    double dropout;
    int64_t turns, stop_at; /* batches learnt by this process; the observer asks to stop there, 0 never */
    int64_t epochs_seen, poison; /* this batch's loss is not finite, -1 none */
} problem;

static bool observe(void *user, const recur_event *event)
{
    problem *p = user;
    p->turns += event->kind == RECUR_EVENT_BATCH;
    p->epochs_seen += event->kind == RECUR_EVENT_EPOCH;
    return p->stop_at == 0 || p->turns < p->stop_at;
}

static const recur_meta meta[] = {{"key", "value"}}; /* the trainer borrows it */

static recur_status open_problem(problem *p, const recur_allocator *allocator, const recur_train_config *c,
                                 recur_run run)
{
    recur_options options = {.threads = 1, .allocator = allocator};
    p->run = run;
    p->run.observe = observe;
    p->run.user = p;
    recur_status status = recur_ctx_create(&p->cx, &options);
    if (status == RECUR_OK)
        status = recur_params_create(&p->ps, p->cx, RECUR_F32, 5);
    if (status == RECUR_OK)
        status = recur_linear_create(&p->linear, p->ps, "linear", 1, 1, true);
    if (status == RECUR_OK)
        status = recur_run_open(p->cx, &p->run);
    if (status == RECUR_OK)
        status = recur_trainer_create(&p->trainer, p->ps, c, BATCHES, &p->run, meta, 1);
    return status;
}

/* The context is made by what `status` comes from, so it is looked at afterwards. */
static void opened(problem *p, recur_status status)
{
    expect_ok(p->cx, status);
}

static void close_problem(problem *p)
{
    recur_run_close(&p->run);
    recur_trainer_free(p->trainer);
    recur_params_free(p->ps);
    recur_ctx_free(p->cx);
}

static recur_tensor *loss_of(problem *p, int64_t batch, bool training)
{
    recur_tape *tp = recur_trainer_tape(p->trainer);
    float x[B], y[B];
    for (int i = 0; i < B; i++) {
        x[i] = (float)(batch * B + i) / N - 0.5f;
        y[i] = 2 * x[i] - 1;
    }
    if (training && batch == p->poison)
        y[0] = (float)NAN;
    recur_tensor *in = recur_input(tp, RECUR_F32, 2, (int64_t[]){B, 1}, x);
    recur_tensor *target = recur_input(tp, RECUR_F32, 2, (int64_t[]){B, 1}, y);
    recur_tensor *out = recur_linear_forward(tp, &p->linear, recur_dropout(tp, in, p->dropout));
    return recur_mse_loss(tp, out, target, RECUR_MEAN);
}

static recur_status validate(problem *p)
{
    double sum = 0;
    for (int64_t b = 0; b < BATCHES; b++) {
        recur_tape_begin(recur_trainer_tape(p->trainer), RECUR_INFER);
        recur_tensor *loss = loss_of(p, b, false);
        if (!loss)
            return recur_error(p->cx, NULL);
        sum += recur_item(loss, 0);
    }
    return recur_trainer_validate(p->trainer, sum / BATCHES);
}

static recur_status learn(problem *p, recur_summary *summary)
{
    recur_turn turn;
    recur_status status = RECUR_OK;
    while (status == RECUR_OK && recur_trainer_next(p->trainer, &turn))
        status =
            turn.validate ? validate(p) : recur_trainer_step(p->trainer, loss_of(p, turn.batch, true), B, B);
    recur_status ended = recur_trainer_finish(p->trainer, summary);
    return ended != RECUR_OK ? ended : status;
}

static recur_train_config quick(void)
{
    recur_train_config c = recur_train_defaults();
    c.epochs = 8;
    c.patience = 0;
    c.lr = 0.05;
    c.checkpoint_every = 1e9; /* only where it must be: each waits for the disk */
    return c;
}

/* ---- learning and stopping ---- */

static void test_learns(void **state)
{
    (void)state;
    problem p = {.poison = -1};
    recur_train_config c = quick();
    recur_summary s;
    c.epochs = 200;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    expect_ok(p.cx, learn(&p, &s));
    assert_int_equal(s.epochs, 200);
    assert_int_equal(s.steps, 200 * BATCHES);
    assert_int_equal(p.turns, s.steps);
    assert_int_equal(p.epochs_seen, s.epochs);
    assert_true(s.best_loss < 1e-4);
    assert_true(fabs((double)recur_f32(p.linear.weight)[0] - 2) < 0.02);
    assert_true(fabs((double)recur_f32(p.linear.bias)[0] + 1) < 0.02);
    close_problem(&p);
}

static void test_patience(void **state)
{
    (void)state;
    problem p = {.poison = -1};
    recur_train_config c = quick();
    recur_summary s;
    c.patience = 3;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    recur_turn turn;
    const double losses[] = {5, 4, 3, 3, 3.5, 7, 1, 1};
    while (recur_trainer_next(p.trainer, &turn))
        if (turn.validate)
            recur_trainer_validate(p.trainer, losses[turn.epoch]);
        else
            recur_trainer_step(p.trainer, loss_of(&p, turn.batch, true), B, B);
    expect_ok(p.cx, recur_trainer_finish(p.trainer, &s));
    assert_int_equal(s.epochs, 6); /* the third is best; an equal one is no gain */
    assert_int_equal(s.best_epoch, 3);
    assert_true(s.early);
    close_problem(&p);
}

static void test_max_steps(void **state)
{
    (void)state;
    problem p = {.poison = -1};
    recur_train_config c = quick();
    recur_summary s;
    c.max_steps = 2 * BATCHES + 3;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    expect_ok(p.cx, learn(&p, &s));
    assert_int_equal(s.steps, c.max_steps);
    assert_int_equal(s.epochs, 3); /* the third was cut short, and validated */
    close_problem(&p);
}

static void test_max_time(void **state)
{
    (void)state;
    problem p = {.poison = -1};
    recur_train_config c = quick();
    recur_summary s;
    c.epochs = 1000000000;
    c.max_time = 0.02;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    expect_ok(p.cx, learn(&p, &s));
    assert_true(s.seconds >= 0.02 && s.seconds < 5);
    close_problem(&p);
}

/* The parameters that come out are those of the best epoch, not of the last. */
static void test_best_is_kept(void **state)
{
    (void)state;
    problem p = {.poison = -1};
    recur_train_config c = quick();
    recur_turn turn;
    float best = 0;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    while (recur_trainer_next(p.trainer, &turn))
        if (turn.validate) {
            if (turn.epoch == 2)
                best = recur_f32(p.linear.weight)[0];
            recur_trainer_validate(p.trainer, turn.epoch == 2 ? 1 : 2);
        } else
            recur_trainer_step(p.trainer, loss_of(&p, turn.batch, true), B, B);
    assert_true(recur_f32(p.linear.weight)[0] != best);
    expect_ok(p.cx, recur_trainer_finish(p.trainer, NULL));
    assert_true(recur_f32(p.linear.weight)[0] == best);
    close_problem(&p);
}

/* Over a first epoch the average is the plain mean of the weights after each step: validation sees it, the result has it, and training goes on from the weights themselves. */
static void test_average_is_kept(void **state)
{
    (void)state;
    recur_train_config c = quick();
    recur_turn turn;
    double sum = 0, seen = 0;
    problem p = {.poison = -1}, plain = {.poison = -1};
    c.epochs = 1;
    opened(&plain, open_problem(&plain, NULL, &c, (recur_run){0}));
    while (recur_trainer_next(plain.trainer, &turn) && !turn.validate) {
        recur_trainer_step(plain.trainer, loss_of(&plain, turn.batch, true), B, B);
        sum += (double)recur_f32(plain.linear.weight)[0];
    }
    c.average = 0.99;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    while (recur_trainer_next(p.trainer, &turn))
        if (turn.validate) {
            seen = (double)recur_f32(p.linear.weight)[0];
            recur_trainer_validate(p.trainer, 1);
            assert_true(recur_f32(p.linear.weight)[0] == recur_f32(plain.linear.weight)[0]);
        } else
            recur_trainer_step(p.trainer, loss_of(&p, turn.batch, true), B, B);
    expect_ok(p.cx, recur_trainer_finish(p.trainer, NULL));
    assert_true(fabs(seen - sum / BATCHES) < 1e-6);
    assert_true((double)recur_f32(p.linear.weight)[0] == seen);
    close_problem(&p);
    close_problem(&plain);
}

/* A criterion of its own decides, and the loss is what is told. */
static void test_criterion(void **state)
{
    (void)state;
    problem p = {.poison = -1};
    recur_train_config c = quick();
    recur_summary s;
    recur_turn turn;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    while (recur_trainer_next(p.trainer, &turn))
        if (turn.validate)
            recur_trainer_validate_by(p.trainer, 8 - (double)turn.epoch, turn.epoch == 3 ? 0.1 : 0.2);
        else
            recur_trainer_step(p.trainer, loss_of(&p, turn.batch, true), B, B);
    expect_ok(p.cx, recur_trainer_finish(p.trainer, &s));
    assert_int_equal(s.best_epoch, 4);
    assert_true(s.best_loss == 0.1);
    close_problem(&p);
}

/* Without a validation part the training loss decides. */
static void test_no_validation(void **state)
{
    (void)state;
    problem p = {.poison = -1};
    recur_train_config c = quick();
    recur_summary s;
    recur_turn turn;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    while (recur_trainer_next(p.trainer, &turn))
        if (turn.validate)
            recur_trainer_validate(p.trainer, NAN);
        else
            recur_trainer_step(p.trainer, loss_of(&p, turn.batch, true), B, B);
    expect_ok(p.cx, recur_trainer_finish(p.trainer, &s));
    assert_int_equal(s.best_epoch, 8);
    assert_true(isfinite(s.best_loss));
    close_problem(&p);
}

static void test_divergence(void **state)
{
    (void)state;
    problem p = {.poison = 2};
    recur_train_config c = quick();
    recur_summary s;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    expect_error(p.cx, learn(&p, &s), RECUR_ENUMERIC,
                 "training diverged: the loss is not finite in epoch 1, batch 3");
    assert_int_equal(s.steps, 2);
    assert_true(isfinite((double)recur_f32(p.linear.weight)[0]));
    close_problem(&p);
}

static void test_validation_is_not_forgotten(void **state)
{
    (void)state;
    problem p = {.poison = -1};
    recur_train_config c = quick();
    recur_turn turn;
    opened(&p, open_problem(&p, NULL, &c, (recur_run){0}));
    for (int i = 0; i < BATCHES; i++) {
        assert_true(recur_trainer_next(p.trainer, &turn));
        assert_int_equal(turn.batch, i);
        assert_true(turn.first == (i == 0) && !turn.validate);
        expect_ok(p.cx, recur_trainer_step(p.trainer, loss_of(&p, turn.batch, true), B, B));
    }
    assert_true(recur_trainer_next(p.trainer, &turn) && turn.validate);
    assert_true(recur_trainer_next(p.trainer, &turn) && turn.validate); /* until it is done */
    expect_error(p.cx, recur_trainer_step(p.trainer, loss_of(&p, 0, true), B, B), RECUR_ESTATE,
                 "recur_trainer_validate() must follow");
    assert_false(recur_trainer_next(p.trainer, &turn));
    assert_int_equal(recur_trainer_finish(p.trainer, NULL), RECUR_ESTATE);
    close_problem(&p);
}

/* ---- resuming ---- */

typedef struct outcome {
    float weight, bias;
    double best_loss;
    char *metrics;
} outcome;

/* Without the timings, which differ. */
static void strip_times(char *text)
{
    char *to = text;
    for (const char *s = text; *s;) {
        if (strncmp(s, "\"units_per_second\"", 18) == 0)
            while (*s != '}')
                s++;
        *to++ = *s++;
    }
    *to = '\0';
}

/* Trains in pieces of `piece` batches (0: in one piece), each in a context of its own. */
static outcome train_in_pieces(const char *folder, recur_train_config c, int64_t piece)
{
    outcome o;
    recur_summary s;
    char path[PATH];
    recur_status status;
    recur_run run = {.folder = folder, .force = true, .data = 99};
    do {
        problem p = {.poison = -1, .dropout = 0.3, .stop_at = piece};
        opened(&p, open_problem(&p, NULL, &c, run));
        status = learn(&p, &s);
        assert_true(status == RECUR_OK || status == RECUR_ESTOPPED);
        o = (outcome){recur_f32(p.linear.weight)[0], recur_f32(p.linear.bias)[0], s.best_loss, NULL};
        close_problem(&p);
        run.resume = true;
    } while (status == RECUR_ESTOPPED);
    o.metrics = read_text(in_folder(path, folder, RECUR_FILE_METRICS), NULL);
    strip_times(o.metrics);
    return o;
}

static void check_same(const char *folder, recur_train_config c)
{
    outcome whole = train_in_pieces(folder, c, 0);
    for (int64_t piece = 1; piece < 20; piece += 3) {
        outcome cut = train_in_pieces(folder, c, piece);
        assert_true(memcmp(&whole.weight, &cut.weight, sizeof whole.weight) == 0);
        assert_true(memcmp(&whole.bias, &cut.bias, sizeof whole.bias) == 0);
        assert_true(whole.best_loss == cut.best_loss);
        assert_string_equal(whole.metrics, cut.metrics);
        free(cut.metrics);
    }
    free(whole.metrics);
}

static void test_resume_every_optimizer(void **state)
{
    (void)state;
    char folder[PATH];
    make_folder(folder);
    for (int kind = RECUR_SGD; kind <= RECUR_NADAM; kind++) {
        recur_train_config c = quick();
        c.optimizer = kind;
        c.momentum = 0.9;
        c.epochs = 5;
        check_same(folder, c);
    }
    remove_folder(folder);
}

static void test_resume_every_schedule(void **state)
{
    (void)state;
    char folder[PATH];
    make_folder(folder);
    for (int kind = RECUR_RATE_NONE; kind <= RECUR_RATE_ONECYCLE; kind++) {
        recur_train_config c = quick();
        c.schedule = kind;
        c.schedule_step = 2;
        c.schedule_patience = 0;
        check_same(folder, c);
    }
    remove_folder(folder);
}

static void test_resume_averages(void **state)
{
    (void)state;
    char folder[PATH];
    recur_train_config c = quick();
    make_folder(folder);
    c.average = 0.9;
    check_same(folder, c);
    remove_folder(folder);
}

/* What is learnt of an epoch that a limit cut short does not leak into the run that goes on with it. */
static void test_resume_after_limit(void **state)
{
    (void)state;
    char folder[PATH];
    recur_summary s;
    make_folder(folder);
    recur_train_config c = quick();
    outcome whole = train_in_pieces(folder, c, 0);
    recur_run run = {.folder = folder, .force = true, .data = 99};
    c.max_steps = BATCHES + 2;
    problem p = {.poison = -1, .dropout = 0.3};
    opened(&p, open_problem(&p, NULL, &c, run));
    expect_ok(p.cx, learn(&p, &s));
    close_problem(&p);
    c.max_steps = 0;
    run.resume = true;
    p = (problem){.poison = -1, .dropout = 0.3};
    opened(&p, open_problem(&p, NULL, &c, run));
    expect_ok(p.cx, learn(&p, &s));
    assert_true(recur_f32(p.linear.weight)[0] == whole.weight);
    assert_int_equal(s.epochs, c.epochs);
    close_problem(&p);
    free(whole.metrics);
    remove_folder(folder);
}

/* ---- the folder ---- */

static void test_refuses_to_overwrite(void **state)
{
    (void)state;
    char folder[PATH], path[PATH];
    recur_train_config c = quick();
    make_folder(folder);
    problem p = {.poison = -1};
    opened(&p, open_problem(&p, NULL, &c, (recur_run){.folder = folder}));
    expect_ok(p.cx, learn(&p, NULL));
    close_problem(&p);
    p = (problem){.poison = -1};
    recur_status again = open_problem(&p, NULL, &c, (recur_run){.folder = folder});
    expect_error(p.cx, again, RECUR_ESTATE, "holds a run already");
    close_problem(&p);
    write_text(in_folder(path, folder, "mine.txt"), "keep");
    p = (problem){.poison = -1};
    opened(&p, open_problem(&p, NULL, &c, (recur_run){.folder = folder, .force = true}));
    close_problem(&p);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(in_folder(path, folder, RECUR_FILE_MODEL), F_OK), 0);
    remove_folder(folder);
}

static void refuse_checkpoint(const char *folder, const recur_train_config *c, uint64_t data,
                              recur_status want, const char *words)
{
    problem p = {.poison = -1};
    recur_status got = open_problem(&p, NULL, c, (recur_run){.folder = folder, .resume = true, .data = data});
    expect_error(p.cx, got, want, words);
    assert_null(p.trainer);
    close_problem(&p);
}

static void test_refuses_checkpoints(void **state)
{
    (void)state;
    char folder[PATH], path[PATH];
    size_t size = 0;
    recur_train_config c = quick(), other = quick();
    make_folder(folder);
    problem p = {.poison = -1};
    opened(&p, open_problem(&p, NULL, &c, (recur_run){.folder = folder, .data = 99}));
    expect_ok(p.cx, learn(&p, NULL));
    close_problem(&p);
    refuse_checkpoint(folder, &c, 12345, RECUR_EFORMAT, "the data are not those with which the run");
    other.optimizer = RECUR_ADAGRAD;
    refuse_checkpoint(folder, &other, 99, RECUR_EFORMAT, "is missing");
    char *bytes = read_text(in_folder(path, folder, RECUR_FILE_CHECKPOINT), &size);
    bytes[size / 2] = '\0';
    write_text(path, bytes);
    refuse_checkpoint(folder, &c, 99, RECUR_EFORMAT, RECUR_FILE_CHECKPOINT);
    free(bytes);
    remove_folder(folder);
}

static void test_schedule_is_made_for_its_epochs(void **state)
{
    (void)state;
    char folder[PATH];
    recur_train_config c = quick();
    c.schedule = RECUR_RATE_COSINE;
    make_folder(folder);
    problem p = {.poison = -1};
    opened(&p, open_problem(&p, NULL, &c, (recur_run){.folder = folder}));
    expect_ok(p.cx, learn(&p, NULL));
    close_problem(&p);
    c.epochs++;
    refuse_checkpoint(folder, &c, 0, RECUR_EINVAL, "was made for 8 epochs, not 9");
    remove_folder(folder);
}

/* Two runs in one folder: the second is refused, whatever it asks for, and harms nothing. */
static void test_keeps_others_out(void **state)
{
    (void)state;
    char folder[PATH], path[PATH];
    recur_train_config c = quick();
    make_folder(folder);
    const recur_run others[] = {
        {.folder = folder}, {.folder = folder, .force = true}, {.folder = folder, .resume = true}};
    problem first = {.poison = -1}, p = {.poison = -1};
    opened(&first, open_problem(&first, NULL, &c, others[0]));
    write_text(in_folder(path, folder, RECUR_FILE_CONFIG), "{}");
    for (int i = 0; i < 3; i++) {
        p = (problem){.poison = -1};
        recur_status status = open_problem(&p, NULL, &c, others[i]);
        expect_error(p.cx, status, RECUR_ESTATE, "a training that is under way");
        close_problem(&p);
    }
    assert_int_equal(access(path, F_OK), 0);
    expect_ok(first.cx, learn(&first, NULL));
    close_problem(&first);
    p = (problem){.poison = -1};
    opened(&p, open_problem(&p, NULL, &c, others[1]));
    recur_run_close(NULL);
    close_problem(&p);
    remove_folder(folder);
}

/* ---- failing allocations ---- */

static recur_status whole_run(const recur_allocator *allocator, void *argument)
{
    problem p = {.poison = -1};
    recur_train_config c = quick();
    c.epochs = 2;
    c.checkpoint_every = 0;
    recur_status status = open_problem(&p, allocator, &c, *(recur_run *)argument);
    if (status == RECUR_OK)
        status = learn(&p, NULL);
    close_problem(&p);
    return status;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    char folder[PATH];
    make_folder(folder);
    recur_run run = {.folder = folder, .force = true};
    assert_true(fail_alloc_each(whole_run, &run) > 10);
    run.resume = true;
    assert_true(fail_alloc_each(whole_run, &run) > 10);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_max_steps),
        cmocka_unit_test(test_max_time),
        cmocka_unit_test(test_best_is_kept),
        cmocka_unit_test(test_average_is_kept),
        cmocka_unit_test(test_criterion),
        cmocka_unit_test(test_no_validation),
        cmocka_unit_test(test_divergence),
        cmocka_unit_test(test_validation_is_not_forgotten),
        cmocka_unit_test(test_resume_every_optimizer),
        cmocka_unit_test(test_resume_every_schedule),
        cmocka_unit_test(test_resume_averages),
        cmocka_unit_test(test_resume_after_limit),
        cmocka_unit_test(test_refuses_to_overwrite),
        cmocka_unit_test(test_keeps_others_out),
        cmocka_unit_test(test_refuses_checkpoints),
        cmocka_unit_test(test_schedule_is_made_for_its_epochs),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
