// SPDX-License-Identifier: MIT
/* Training a language model: text -> parts -> vocabulary -> lanes -> epochs -> the best model's score. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "task/language.h"
#include "train/run.h"

enum { META = 4 };

/* All that a training holds; freed by close_job() whatever happened. */
typedef struct job {
    recur_ctx *cx;
    recur_language_config config; /* effective: nothing is left to a default */
    recur_run run;
    rcr_language_words words;
    recur_stream *stream[RECUR_PARTS]; /* by part: DATA, --valid, --test */
    rcr_language_part part[RECUR_PARTS];
    rcr_language_net net;
    recur_lanes *lanes;
    rcr_language_state state;
    recur_text *vocab_json;
    rcr_doc config_json, unigram_json, samples;
    recur_meta meta[META];
    recur_trainer *trainer;
} job;

static void close_job(job *j)
{
    recur_trainer_free(j->trainer);
    rcr_doc_free(&j->config_json);
    rcr_doc_free(&j->unigram_json);
    rcr_doc_free(&j->samples);
    recur_text_free(j->vocab_json);
    rcr_language_state_free(&j->state);
    recur_lanes_free(j->lanes);
    rcr_language_net_free(&j->net);
    for (int i = 0; i < RECUR_PARTS; i++)
        recur_stream_free(j->stream[i]);
    rcr_language_words_free(&j->words);
    recur_run_close(&j->run);
}

/* ---- data ---- */

/* A part that is a file by itself. */
static recur_status open_part(job *j, int part, const char *path)
{
    recur_status status = recur_stream_open(&j->stream[part], j->words.tokenizer, path);
    if (status == RECUR_OK)
        j->part[part] = (rcr_language_part){j->stream[part], 0, recur_stream_size(j->stream[part])};
    if (status == RECUR_OK && j->part[part].to == 0)
        return rcr_fail(j->cx, RECUR_EFORMAT, "%s: the text is empty", path);
    return status;
}

static recur_status cut_data(job *j)
{
    const recur_language_config *c = &j->config;
    const char *file[RECUR_PARTS] = {NULL, c->valid, c->test};
    int64_t count[RECUR_PARTS], from = 0;
    recur_partition how = {0};
    recur_status status = rcr_partition_beside(j->cx, &how, c->split, c->valid, c->test);
    if (status == RECUR_OK)
        status = recur_partition_counts(j->cx, &how, recur_stream_size(j->stream[0]), count);
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++) {
        j->part[i] = (rcr_language_part){j->stream[0], from, from + count[i]};
        from += count[i];
        if (file[i])
            status = open_part(j, i, file[i]);
    }
    return status;
}

/* Every lane learns from something. */
static recur_status check_size(job *j)
{
    const rcr_language_part *train = &j->part[RECUR_PART_TRAIN];
    int64_t B = j->config.train.batch_size;
    if (train->to - train->from >= B)
        return RECUR_OK;
    if (recur_stream_size(j->stream[0]) == 0)
        return rcr_fail(j->cx, RECUR_EFORMAT, "%s: the text is empty", j->config.data);
    return rcr_fail(j->cx, RECUR_EFORMAT,
                    "%s: the training part has %lld units, fewer than --batch-size %lld: each lane needs one",
                    j->config.data, (long long)(train->to - train->from), (long long)B);
}

static recur_status open_data(job *j)
{
    const rcr_language_part *train = &j->part[RECUR_PART_TRAIN];
    recur_status status = rcr_language_tokenizer(&j->words, j->cx, &j->config);
    if (status == RECUR_OK)
        status = recur_stream_open(&j->stream[0], j->words.tokenizer, j->config.data);
    if (status == RECUR_OK)
        status = cut_data(j);
    if (status == RECUR_OK)
        status = check_size(j);
    if (status == RECUR_OK)
        status = rcr_language_count(&j->words, &j->config.text, train->stream, train->from, train->to);
    if (status == RECUR_OK)
        status = recur_lanes_create(&j->lanes, train->stream, j->words.vocab, train->from, train->to,
                                    j->config.train.batch_size, j->config.window, RECUR_TIME_MAJOR);
    return status;
}

/* The vocabulary in its order and the size stand for the text. */
static uint64_t checksum(const job *j)
{
    int64_t V = recur_vocab_size(j->words.vocab);
    uint64_t sum = rcr_checksum(RCR_CHECKSUM, j->words.unigram, (size_t)V * sizeof *j->words.unigram);
    return rcr_checksum(sum, &j->part[0].to, sizeof j->part[0].to);
}

/* ---- model ---- */

static recur_status make_meta(job *j)
{
    recur_status status = recur_vocab_json(&j->vocab_json, j->words.vocab);
    if (status != RECUR_OK)
        return status;
    rcr_doc_begin(&j->config_json, j->cx, false);
    rcr_doc_begin(&j->unigram_json, j->cx, false);
    rcr_config_json(&j->config_json, &rcr_language_task, &j->config);
    rcr_language_words_write(&j->unigram_json, &j->words);
    j->meta[0] = (recur_meta){"recur", rcr_language_task.format};
    j->meta[1] = (recur_meta){"config", j->config_json.text};
    j->meta[2] = (recur_meta){"vocab", j->vocab_json->bytes};
    j->meta[3] = (recur_meta){"unigram", j->unigram_json.text};
    return j->config_json.status ? j->config_json.status : j->unigram_json.status;
}

static recur_status make_model(job *j)
{
    recur_status status =
        rcr_language_net_create(&j->net, j->cx, &j->config, recur_vocab_size(j->words.vocab), NULL);
    if (status == RECUR_OK)
        status = rcr_language_state_create(&j->state, j->cx, &j->net, j->config.train.batch_size);
    j->run.carried = j->state.kept;
    return status == RECUR_OK ? make_meta(j) : status;
}

/* ---- samples.txt ---- */

static bool add_sample(void *user, const char *text, size_t size)
{
    char piece[256];
    for (; size > 0; text += strlen(piece), size -= strlen(piece)) {
        snprintf(piece, sizeof piece, "%.*s", (int)(size < sizeof piece ? size : sizeof piece - 1), text);
        rcr_doc_raw(user, piece);
    }
    return true;
}

static void add_heading(job *j, int64_t epoch)
{
    char heading[64];
    snprintf(heading, sizeof heading, "%s==== epoch %lld\n", j->samples.size > 0 ? "\n" : "",
             (long long)epoch);
    rcr_doc_raw(&j->samples, heading);
}

static recur_status write_sample(job *j, int64_t epoch)
{
    recur_generation g = recur_generation_defaults();
    if (!j->run.folder || j->config.sample == 0)
        return RECUR_OK;
    g.length = j->config.sample;
    g.sampling.seed = (uint64_t)j->config.train.seed;
    add_heading(j, epoch);
    recur_status status = rcr_language_write(&j->net, &j->words, &g, add_sample, &j->samples);
    rcr_doc_raw(&j->samples, "\n");
    if (status == RECUR_OK)
        status = j->samples.status;
    return status == RECUR_OK
               ? rcr_run_write(j->cx, &j->run, RECUR_FILE_SAMPLES, j->samples.text, j->samples.size)
               : status;
}

/* What the file of a resumed run holds of epochs before `epoch`: the text before the heading of that one. */
static recur_status keep_samples(job *j, int64_t epoch)
{
    char heading[64], *path;
    rcr_map map;
    bool there;
    rcr_doc_begin(&j->samples, j->cx, false);
    recur_status status = rcr_run_has(&there, j->cx, &j->run, RECUR_FILE_SAMPLES);
    if (status != RECUR_OK || !there || epoch == 0)
        return status;
    status = rcr_run_file(&path, j->cx, &j->run, RECUR_FILE_SAMPLES);
    if (status != RECUR_OK)
        return status;
    status = rcr_map_open(&map, j->cx, path);
    rcr_free(j->cx, path);
    if (status != RECUR_OK)
        return status;
    size_t n = (size_t)snprintf(heading, sizeof heading, "\n==== epoch %lld\n", (long long)epoch + 1),
           end = 0;
    while (end + n <= map.size && memcmp((const char *)map.bytes + end, heading, n) != 0)
        end++;
    add_sample(&j->samples, (const char *)map.bytes, end + n <= map.size ? end : map.size);
    rcr_map_close(&map, j->cx);
    return RECUR_OK;
}

/* ---- epochs ---- */

static recur_status validate(job *j, int64_t epoch)
{
    recur_score score;
    recur_tape *tp = recur_trainer_tape(j->trainer);
    recur_status status = rcr_language_part_score(tp, &j->net, &j->words, &j->part[RECUR_PART_VALID], &score);
    if (status == RECUR_OK)
        status = recur_trainer_validate(j->trainer, recur_score_get(&score, "loss"));
    return status == RECUR_OK ? write_sample(j, epoch + 1) : status;
}

static recur_status learn_window(job *j, const recur_turn *turn)
{
    recur_window_of_text w;
    if (turn->first)
        recur_lanes_seek(j->lanes, turn->batch);
    recur_status status = recur_lanes_next(j->lanes, &w);
    if (status != RECUR_OK)
        return status;
    recur_tensor *loss = rcr_language_loss(recur_trainer_tape(j->trainer), &j->net, &w, &j->state);
    return recur_trainer_step(j->trainer, loss, w.units, w.units);
}

static recur_status epochs(job *j, recur_summary *summary)
{
    recur_turn turn;
    bool begun = false;
    recur_status status = RECUR_OK;
    while (status == RECUR_OK && recur_trainer_next(j->trainer, &turn)) {
        if (!begun)
            status = keep_samples(j, turn.epoch);
        begun = true;
        if (status == RECUR_OK)
            status = turn.validate ? validate(j, turn.epoch) : learn_window(j, &turn);
    }
    recur_status ended = recur_trainer_finish(j->trainer, summary);
    return ended != RECUR_OK ? ended : status;
}

/* ---- results ---- */

static recur_status score(job *j, recur_result *r)
{
    recur_tape *tp = recur_trainer_tape(j->trainer);
    recur_score *scores[RECUR_PARTS] = {&r->train, &r->valid, &r->test};
    recur_status status = RECUR_OK;
    for (int i = 0; i < RECUR_PARTS && status == RECUR_OK; i++)
        status = rcr_language_part_score(tp, &j->net, &j->words, &j->part[i], scores[i]);
    return status == RECUR_OK ? rcr_language_part_unigram(&j->words, &j->part[RECUR_PART_TEST], &r->baseline)
                              : status;
}

static recur_status save(job *j, const recur_result *r)
{
    rcr_doc doc;
    recur_status status = rcr_job_save_model(j->net.ps, &j->run, j->meta, META);
    if (status != RECUR_OK)
        return status;
    rcr_result_begin(&doc, j->cx, rcr_language_task.name, j->config.model.cell, r);
    rcr_doc_int(&doc, "vocabulary", recur_vocab_size(j->words.vocab));
    rcr_result_parts(&doc, r);
    rcr_doc_end(&doc, '}');
    return rcr_job_write(&doc, &j->run, RECUR_FILE_RESULT);
}

static recur_status learn(job *j, recur_result *r)
{
    recur_summary summary;
    recur_status status = recur_trainer_create(&j->trainer, j->net.ps, &j->config.train,
                                               recur_lanes_size(j->lanes), &j->run, j->meta, META);
    if (status == RECUR_OK)
        status = epochs(j, &summary);
    if (status != RECUR_OK)
        return status;
    *r = rcr_result_of(&summary, j->net.ps);
    status = score(j, r);
    r->peak_bytes = rcr_alloc_peak(j->cx);
    return status == RECUR_OK ? save(j, r) : status;
}

static recur_status train(job *j, recur_result *r)
{
    recur_status status = rcr_language_check(j->cx, &j->config);
    if (status != RECUR_OK)
        return status;
    rcr_language_settle(&j->config);
    status = open_data(j);
    if (status == RECUR_OK)
        status = make_model(j);
    if (status == RECUR_OK)
        status = rcr_job_begin(j->cx, &rcr_language_task, &j->config, &j->run);
    j->run.data = status == RECUR_OK ? checksum(j) : 0;
    return status == RECUR_OK ? learn(j, r) : status;
}

recur_status recur_language_train(recur_ctx *cx, const recur_language_config *config, const recur_run *run,
                                  recur_result *result)
{
    job j = {.cx = cx, .config = *config, .run = run ? *run : (recur_run){0}, .words.cx = cx};
    j.config_json.cx = j.unigram_json.cx = j.samples.cx = cx;
    recur_status status = train(&j, result);
    close_job(&j);
    return status;
}
