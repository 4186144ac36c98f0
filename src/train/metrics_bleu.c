// SPDX-License-Identifier: MIT
/* BLEU and chrF of a corpus. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "train/metrics_text.h"

enum { N = 4 };

struct recur_bleu {
    recur_ctx *cx;
    recur_bleu_options o;
    recur_bleu_score counts; /* sums of what sentences add */
    int64_t references;      /* of each sentence; -1: not the same for all */
    rcr_texts texts;         /* the candidate and its references */
    rcr_grams grams;
};

/* --- a sentence --- */

/* Cuts a candidate and its references, n of them, and sorts their n-grams. */
static recur_status read_texts(rcr_texts *t, rcr_grams *g, rcr_cut cut, const char *candidate,
                               const char *const *references, int64_t n)
{
    if (n < 1)
        return rcr_fail(t->cx, RECUR_EINVAL, "a candidate needs at least one reference, not %lld",
                        (long long)n);
    rcr_texts_clear(t);
    recur_status status = rcr_texts_add(t, cut, candidate);
    for (int64_t i = 0; i < n && status == RECUR_OK; i++)
        status = rcr_texts_add(t, cut, references[i]);
    if (status == RECUR_OK)
        status = rcr_texts_number(t);
    return status == RECUR_OK ? rcr_grams_sort(g, t) : status;
}

/* The length of the reference that is closest to the candidate's, the shorter of two. */
static int64_t closest_length(const rcr_texts *t)
{
    int64_t c = (int64_t)rcr_texts_size(t, 0), closest = (int64_t)rcr_texts_size(t, 1);
    for (size_t k = 2; k < t->n_texts; k++) {
        int64_t r = (int64_t)rcr_texts_size(t, k);
        int64_t nearer = llabs(r - c) - llabs(closest - c);
        if (nearer < 0 || (nearer == 0 && r < closest))
            closest = r;
    }
    return closest;
}

recur_status recur_bleu_add(recur_bleu *b, const char *candidate, const char *const *references, int64_t n)
{
    static const rcr_cut cuts[] = {RCR_CUT_13A, RCR_CUT_WORDS, RCR_CUT_CHARS, RCR_CUT_ZH};
    rcr_texts *t = &b->texts;
    int64_t matches[N];
    recur_status status = read_texts(t, &b->grams, cuts[b->o.tokens], candidate, references, n);
    if (status != RECUR_OK)
        return status;
    rcr_grams_match(&b->grams, t, 0, 1, t->n_texts, N, matches);
    for (int i = 0; i < N; i++) {
        b->counts.matches[i] += matches[i];
        b->counts.totals[i] += rcr_grams_count(rcr_texts_size(t, 0), i + 1);
    }
    b->counts.candidate_length += (int64_t)rcr_texts_size(t, 0);
    b->counts.reference_length += closest_length(t);
    b->references = b->counts.sentences == 0 || b->references == n ? n : -1;
    b->counts.sentences++;
    return RECUR_OK;
}

/* --- the corpus --- */

static double smoothing_value(const recur_bleu_options *o)
{
    return o->value != 0 ? o->value : o->smooth == RECUR_BLEU_FLOOR ? 0.1 : 1;
}

/* precision[n - 1] of each order that any candidate is long enough for; returns how many those are. */
static int precisions(const recur_bleu_options *o, const recur_bleu_score *c, double *precision)
{
    double halving = 1, value = smoothing_value(o);
    int n = 0;
    for (; n < N; n++) {
        double matches = (double)c->matches[n], total = (double)c->totals[n];
        if (o->smooth == RECUR_BLEU_ADD_K && n > 0) {
            matches += value;
            total += value;
        }
        if (total == 0)
            break;
        if (matches == 0 && o->smooth == RECUR_BLEU_EXP)
            matches = 1 / (halving *= 2);
        if (matches == 0 && o->smooth == RECUR_BLEU_FLOOR)
            matches = value;
        precision[n] = matches / total;
    }
    return n;
}

static double brevity_penalty(const recur_bleu_score *s)
{
    double c = (double)s->candidate_length, r = (double)s->reference_length;
    return c < r ? exp(1 - r / c) : 1;
}

/* BP exp(sum of log p_n / N); 0 where any p_n is 0. */
static double score(const recur_bleu_score *s, int orders)
{
    double sum = 0;
    for (int n = 0; n < orders; n++)
        sum += log(s->precision[n]);
    return 100 * s->brevity_penalty * exp(sum / (double)orders);
}

void recur_bleu_result(const recur_bleu *b, recur_bleu_score *out)
{
    *out = b->counts;
    out->brevity_penalty = brevity_penalty(out);
    bool any = false;
    for (int n = 0; n < N; n++)
        any = any || out->matches[n] > 0;
    int orders = any ? precisions(&b->o, out, out->precision) : 0;
    if (orders < N && !b->o.effective_order)
        orders = 0;
    out->bleu = orders > 0 ? score(out, orders) : out->sentences > 0 ? 0 : NAN;
}

/* --- making one --- */

static recur_status check(recur_ctx *cx, const recur_bleu_options *o)
{
    char text[RCR_NUMBER_SIZE];
    if ((unsigned)o->tokens > RECUR_BLEU_ZH || (unsigned)o->smooth > RECUR_BLEU_ADD_K)
        return rcr_fail(cx, RECUR_EINVAL, "BLEU has no tokenisation %d or no smoothing %d", (int)o->tokens,
                        (int)o->smooth);
    if (!(o->value >= 0 && o->value < INFINITY))
        return rcr_fail(cx, RECUR_EINVAL, "BLEU smooths by a number of 0 or more, not %s",
                        rcr_format_double(text, o->value));
    return RECUR_OK;
}

recur_status recur_bleu_create(recur_bleu **out, recur_ctx *cx, const recur_bleu_options *opt)
{
    recur_bleu_options o = opt ? *opt : (recur_bleu_options){.value = 0};
    *out = NULL;
    recur_status status = check(cx, &o);
    if (status != RECUR_OK)
        return status;
    recur_bleu *b = rcr_alloc_zero(cx, sizeof *b, "BLEU");
    if (!b)
        return RECUR_ENOMEM;
    *b = (recur_bleu){.cx = cx, .o = o, .texts = {.cx = cx}, .grams = {.cx = cx}};
    *out = b;
    return RECUR_OK;
}

void recur_bleu_free(recur_bleu *b)
{
    if (!b)
        return;
    rcr_texts_free(&b->texts);
    rcr_grams_free(&b->grams);
    rcr_free(b->cx, b);
}

static const char *smoothing_name(const recur_bleu_options *o, char text[48])
{
    static const char *const names[] = {"exp", "none", "floor", "add-k"};
    if (o->smooth == RECUR_BLEU_EXP || o->smooth == RECUR_BLEU_NO_SMOOTH)
        return names[o->smooth];
    long long hundredths = llround(fmin(smoothing_value(o), 1e9) * 100);
    snprintf(text, 48, "%s[%lld.%02lld]", names[o->smooth], hundredths / 100, hundredths % 100);
    return text;
}

const char *recur_bleu_signature(const recur_bleu *b, char buffer[RECUR_SIGNATURE])
{
    static const char *const tokens[] = {"13a", "none", "char", "zh"};
    char references[24] = "var", smoothing[48];
    if (b->references >= 0)
        snprintf(references, sizeof references, "%lld", (long long)b->references);
    snprintf(buffer, RECUR_SIGNATURE, "nrefs:%s|case:mixed|eff:%s|tok:%s|smooth:%s|version:recur-%s",
             references, b->o.effective_order ? "yes" : "no", tokens[b->o.tokens],
             smoothing_name(&b->o, smoothing), recur_version());
    return buffer;
}

/* --- chrF --- */

enum { CHARS = 6, BETA = 2 };

/* An order of which a reference has no n-gram counts for nothing. */
static void count_chars(recur_chrf *c, const rcr_texts *t, const rcr_grams *g, size_t reference)
{
    rcr_grams_match(g, t, 0, reference, reference + 1, CHARS, c->matches);
    for (int n = 1; n <= CHARS; n++) {
        c->reference[n - 1] = rcr_grams_count(rcr_texts_size(t, reference), n);
        c->candidate[n - 1] = c->reference[n - 1] ? rcr_grams_count(rcr_texts_size(t, 0), n) : 0;
    }
    c->sentences = 1;
}

/* F = (1 + b^2) P R / (b^2 P + R) of the means over the orders that both sides have. Rounded in the order in which
 * sacrebleu rounds: of references of equal score the same one is chosen. */
double recur_chrf_score(const recur_chrf *c)
{
    double P = 0, R = 0, b2 = BETA * BETA, orders = 0;
    for (int n = 0; n < CHARS; n++)
        if (c->candidate[n] > 0 && c->reference[n] > 0) {
            P += (double)c->matches[n] / (double)c->candidate[n];
            R += (double)c->matches[n] / (double)c->reference[n];
            orders++;
        }
    if (c->sentences == 0)
        return NAN;
    if (P == 0) /* no matches */
        return 0;
    P /= orders;
    R /= orders;
    return 100 * ((1 + b2) * P * R / (b2 * P + R));
}

static void add_counts(recur_chrf *total, const recur_chrf *c)
{
    for (int n = 0; n < CHARS; n++) {
        total->candidate[n] += c->candidate[n];
        total->reference[n] += c->reference[n];
        total->matches[n] += c->matches[n];
    }
    total->sentences++;
}

recur_status recur_chrf_add(recur_chrf *total, recur_ctx *cx, const char *candidate,
                            const char *const *references, int64_t n)
{
    rcr_texts t = {.cx = cx};
    rcr_grams g = {.cx = cx};
    recur_chrf best = {0}, c = {0};
    recur_status status = read_texts(&t, &g, RCR_CUT_CHARS, candidate, references, n);
    for (size_t k = 1; status == RECUR_OK && k < t.n_texts; k++) {
        count_chars(&c, &t, &g, k);
        if (k == 1 || recur_chrf_score(&c) > recur_chrf_score(&best))
            best = c;
    }
    if (status == RECUR_OK)
        add_counts(total, &best);
    rcr_texts_free(&t);
    rcr_grams_free(&g);
    return status;
}
