// SPDX-License-Identifier: MIT
/* From files of pairs to batches: reading, units, what is too long, padding. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "task/translate.h"
#include "train/run.h"

/* ---- reading ---- */

/* "a,b" stands for two files unless there is one of that name. */
static recur_status split_names(rcr_file_names *f, recur_ctx *cx, const char *names)
{
    const char *comma = strchr(names, ',');
    char *two = rcr_strdup(cx, names, "names of files");
    *f = (rcr_file_names){0};
    if (!two)
        return RECUR_ENOMEM;
    if (comma && !strchr(names, '\n') && !rcr_path_exists(names))
        two[comma - names] = '\n';
    recur_status status = rcr_file_names_split(f, cx, two);
    rcr_free(cx, two);
    return status;
}

static void note_empty(const rcr_pairs *p, const recur_run *run)
{
    char text[512];
    if (p->corpus->empty == 0)
        return;
    snprintf(text, sizeof text, "%.300s: %lld pairs with an empty side are left out", p->corpus->files[0],
             (long long)p->corpus->empty);
    rcr_run_note(run, text);
}

recur_status rcr_pairs_read(rcr_pairs *p, recur_ctx *cx, const recur_translate_config *c, const char *names,
                            const recur_run *run)
{
    rcr_file_names f;
    *p = (rcr_pairs){.cx = cx, .max_length = c->text.max_length};
    recur_status status = split_names(&f, cx, names);
    if (status == RECUR_OK)
        status = recur_paired_read(&p->corpus, cx, f.name, f.n, &c->pairs);
    rcr_file_names_free(&f);
    if (status == RECUR_OK && p->corpus->n == 0)
        return rcr_fail(cx, RECUR_EFORMAT, "%s: no pair has text on both sides", p->corpus->files[0]);
    if (status == RECUR_OK)
        note_empty(p, run);
    return status;
}

recur_status rcr_pairs_encode(rcr_pairs *p, rcr_translate_words *w, const recur_translate_config *c)
{
    const unsigned around = RECUR_ENCODE_EOS | (c->reverse_source ? RECUR_ENCODE_REVERSE : 0);
    recur_status status = recur_corpus_encode(&p->source, p->corpus, RECUR_SIDE_TEXT, w->source.tokenizer,
                                              w->source.vocab, around);
    if (status == RECUR_OK)
        status = recur_corpus_encode(&p->target, p->corpus, RECUR_SIDE_ANSWER, w->target.tokenizer,
                                     rcr_translate_target(w), RECUR_ENCODE_BOS | RECUR_ENCODE_EOS);
    return status;
}

void rcr_pairs_close(rcr_pairs *p)
{
    recur_sequences_free(p->source);
    recur_sequences_free(p->target);
    recur_corpus_free(p->corpus);
    *p = (rcr_pairs){0};
}

static uint64_t sequences_checksum(const recur_sequences *s, uint64_t sum)
{
    sum = rcr_checksum(sum, s->offset, (size_t)(s->n + 1) * sizeof *s->offset);
    return rcr_checksum(sum, s->id, (size_t)s->offset[s->n] * sizeof *s->id);
}

uint64_t rcr_pairs_checksum(const rcr_pairs *p, uint64_t sum)
{
    return p->source ? sequences_checksum(p->target, sequences_checksum(p->source, sum)) : sum;
}

/* ---- parts ---- */

/* Units of a pair, without what surrounds them; texts that were too long show one unit more than max_length. */
static int64_t source_units(const rcr_pairs *p, int64_t i)
{
    return recur_sequence_length(p->source, i) - 1;
}

static int64_t target_units(const rcr_pairs *p, int64_t i)
{
    return recur_sequence_length(p->target, i) - 2;
}

static bool fits(const rcr_pairs *p, int64_t i)
{
    return source_units(p, i) <= p->max_length && target_units(p, i) <= p->max_length;
}

/* Buckets look at lengths alone. Sorted by target, then by source, batches have little padding on either side: a pair
 * counts as target * (longest source) + source units. */
static recur_status pair_lengths(recur_sequences *key, const rcr_pairs *p)
{
    int64_t longest = p->source->longest;
    int64_t *offset = rcr_alloc_array(p->cx, (size_t)p->source->n + 1, sizeof *offset, "lengths of pairs");
    *key = (recur_sequences){.cx = p->cx, .n = p->source->n, .offset = offset};
    for (int64_t i = 0; offset && i < key->n; i++)
        offset[i + 1] = offset[i] + target_units(p, i) * longest + source_units(p, i);
    return offset ? RECUR_OK : RECUR_ENOMEM;
}

enum { BATCH = 64 }; /* pairs at once where nothing is learnt */

recur_status rcr_pair_part_open(rcr_pair_part *p, const recur_bucket_options *shuffle)
{
    const recur_bucket_options in_order = {.batch = BATCH};
    recur_sequences key;
    int64_t *index = rcr_alloc_array(p->pairs->cx, (size_t)p->n, sizeof *index, "pairs");
    recur_status status = index ? pair_lengths(&key, p->pairs) : RECUR_ENOMEM;
    p->fit = 0;
    for (int64_t i = 0; status == RECUR_OK && i < p->n; i++)
        if (fits(p->pairs, p->index[i]))
            index[p->fit++] = p->index[i];
    if (status == RECUR_OK && p->fit > 0)
        status = recur_buckets_create(&p->buckets, &key, index, p->fit, shuffle ? shuffle : &in_order);
    if (index)
        rcr_free(p->pairs->cx, (void *)key.offset);
    rcr_free(p->pairs->cx, index);
    return status;
}

void rcr_pair_part_close(rcr_pair_part *p)
{
    recur_buckets_free(p->buckets);
    p->buckets = NULL;
}

double rcr_pair_part_ratio(const rcr_pair_part *p)
{
    double ratio = 1;
    for (int64_t k = 0; k < p->n; k++) {
        int64_t i = p->index[k], S = source_units(p->pairs, i), U = target_units(p->pairs, i);
        double need = S > 0 ? (double)(U - 10) / (double)S : 0;
        ratio = fits(p->pairs, i) && need > ratio ? need : ratio;
    }
    return ratio;
}

/* ---- batches ---- */

/* The ids of sequences but the last of each. */
static rcr_ids inputs_of(recur_tape *tp, const recur_sequences *s, const int64_t *index, int64_t B)
{
    rcr_ids in = {.B = B, .lengths = recur_input(tp, RECUR_I64, 1, &B, NULL)};
    if (!in.lengths)
        return in;
    int64_t *lengths = recur_i64(in.lengths);
    in.T = recur_pad_lengths(s, index, B, lengths) - 1;
    in.ids = recur_input(tp, RECUR_I64, 2, (int64_t[]){B, in.T}, NULL);
    if (in.ids)
        recur_pad(s, index, B, in.T, RECUR_BATCH_MAJOR, RECUR_PAD, recur_i64(in.ids));
    for (int64_t b = 0; b < B; b++)
        lengths[b]--;
    return in;
}

static void fill_targets(rcr_pair_batch *b, const rcr_pairs *p, const int64_t *index)
{
    int64_t n = 0, *target = recur_i64(b->target), *place = recur_i64(b->place);
    for (int64_t i = 0; i < b->input.B; i++) {
        const int32_t *y = p->target->id + p->target->offset[index[i]] + 1;
        for (int64_t u = 0; u < recur_i64(b->input.lengths)[i]; u++, n++) {
            target[n] = y[u];
            place[n] = i * b->input.T + u;
        }
    }
    if (b->N == b->input.B * b->input.T)
        b->place = NULL;
}

static int64_t sum_of(recur_tensor *lengths, int64_t B)
{
    int64_t sum = 0;
    for (int64_t b = 0; lengths && b < B; b++)
        sum += recur_i64(lengths)[b];
    return sum;
}

rcr_pair_batch rcr_pairs_batch(recur_tape *tp, const rcr_pairs *p, const int64_t *index, int64_t B)
{
    rcr_pair_batch b = {.source = rcr_ids_of(tp, p->source, index, B),
                        .input = inputs_of(tp, p->target, index, B)};
    b.N = sum_of(b.input.lengths, B);
    b.units = b.N + sum_of(b.source.lengths, B);
    b.target = recur_input(tp, RECUR_I64, 1, &b.N, NULL);
    b.place = recur_input(tp, RECUR_I64, 1, &b.N, NULL);
    if (b.input.ids && b.target && b.place)
        fill_targets(&b, p, index);
    return b;
}
