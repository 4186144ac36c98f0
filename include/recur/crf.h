// SPDX-License-Identifier: MIT
/* The linear-chain conditional random field (Lafferty et al. 2001): scores of whole sequences of tags, for
 * tagging. Parameters are named as in pytorch-crf.
 *
 *     score(y) = start[y_0] + sum over t of emissions[t, y_t] + sum over t > 0 of transitions[y_t-1, y_t]
 *                + end[y_last],      p(y) = exp(score(y)) / Z,      Z = sum over all y of exp(score(y))
 *
 * Emissions are [B, T, K] (batch_first) or [T, B, K], K the number of tags; tags RECUR_I64 [B, T] or [T, B];
 * lengths RECUR_I64 [B], each 0..T, or NULL: all T. The padding, of tags too, is never read. A sequence of
 * length 0 has one path, the empty one, of score 0. A sequence's results do not depend on the others. */
#ifndef RECUR_CRF_H
#define RECUR_CRF_H

#include "op.h"
#include "scheme.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- rules: transitions that must not happen ---
 * At first everything is allowed. The rules are not saved with a model: they follow from its tag names. */
typedef struct recur_crf_rules recur_crf_rules;
#define RECUR_CRF_START (-1) /* as `from`: where a sequence begins */
#define RECUR_CRF_END (-2)   /* as `to`: where it ends */

/* For K tags. Free the rules before the context. */
RECUR_API recur_status recur_crf_rules_create(recur_crf_rules **out, recur_ctx *cx, int64_t K);
RECUR_API void recur_crf_rules_free(recur_crf_rules *r);
/* Forbids a tag after another, at the start, or at the end. RECUR_EINVAL where there is no such tag. */
RECUR_API recur_status recur_crf_forbid(recur_crf_rules *r, int64_t from, int64_t to);
/* Forbids all that the scheme forbids among tags of these names [K]. */
RECUR_API void recur_crf_forbid_scheme(recur_crf_rules *r, recur_scheme s, const char *const *names);
/* False for what is forbidden, and for what does not exist. */
RECUR_API bool recur_crf_allows(const recur_crf_rules *r, int64_t from, int64_t to);

/* --- the layer --- */

/* transitions [K, K]: the score of going from the tag of the row to that of the column; start_transitions,
 * end_transitions [K]. Uniform on +-0.1 at first. */
typedef struct recur_crf {
    recur_tensor *transitions, *start_transitions, *end_transitions;
    bool batch_first;
    const recur_crf_rules *rules; /* yours to set, or NULL: everything is allowed. Must outlive the step */
    bool rules_in_likelihood;     /* yours to set: Z sums over allowed paths only; by default over all, as in
                                     pytorch-crf, and only decoding keeps to the rules */
} recur_crf;
RECUR_API recur_status recur_crf_create(recur_crf *out, recur_params *ps, const char *prefix, int64_t K,
                                        bool batch_first);

/* log p(tags) of each sequence, [B]: train on the mean or sum of its negative. Its second output
 * (recur_output(., 1)) is log Z [B]; gradients flow from both. RECUR_EINVAL for tags outside 0 .. K - 1 and,
 * with rules_in_likelihood, for tags that break a rule. */
RECUR_API recur_tensor *recur_crf_log_likelihood(recur_tape *tp, const recur_crf *l, recur_tensor *emissions,
                                                 recur_tensor *tags, recur_tensor *lengths);
/* log Z alone, [B]. */
RECUR_API recur_tensor *recur_crf_log_partition(recur_tape *tp, const recur_crf *l, recur_tensor *emissions,
                                                recur_tensor *lengths);

/* The best path that the rules allow (Viterbi 1967): tags RECUR_I64 [B, T] or [T, B], -1 in the padding; of
 * paths that score the same, at each step from the last back the one of the least tag. Its second output is
 * the score of each path [B]. Where the rules leave a sequence no path at all, its tags are -1 and its score
 * is -infinity. Not differentiable. */
RECUR_API recur_tensor *recur_crf_viterbi(recur_tape *tp, const recur_crf *l, recur_tensor *emissions,
                                          recur_tensor *lengths);
/* The probability of each tag at each step among the paths that the rules allow, in the shape of the
 * emissions, 0 in the padding. Not differentiable. */
RECUR_API recur_tensor *recur_crf_marginals(recur_tape *tp, const recur_crf *l, recur_tensor *emissions,
                                            recur_tensor *lengths);

#ifdef __cplusplus
}
#endif

#endif
