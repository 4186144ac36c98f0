// SPDX-License-Identifier: MIT
/* Inside of options: what settings, tables and runs share. */
#ifndef RCR_TRAIN_OPTION_H
#define RCR_TRAIN_OPTION_H

#include <recur/train.h>

#include "train/document.h"

/* Reads `text` into the field `o` of `config`; messages begin with `where` (such as "--hidden"). */
recur_status rcr_option_read(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                             const char *text);

/* Adds every option with a value to an open JSON object. */
void rcr_options_write(rcr_doc *j, const recur_option_group *groups, const void *config);

/* Is every field of `config` what an option may be? A program fills it in without reading the table. */
recur_status rcr_options_check(recur_ctx *cx, const recur_option_group *groups, const void *config);

/* The first option whose fields differ in `a` and `b` and that may not differ when a run is resumed, or NULL.
 */
const recur_option *rcr_options_differ(const recur_option_group *groups, const void *a, const void *b);

/* The options of recur_model_config and recur_train_config, for the tables of tasks: the stack and the
 * training for all; of the others what a task makes use of, as further groups titled "Model". */
extern const recur_option rcr_model_options[], rcr_train_options[];
extern const recur_option rcr_pool_options[];       /* last, mean, max */
extern const recur_option rcr_text_pool_options[];  /* .. and attention */
extern const recur_option rcr_text_model_options[]; /* the embedding */
extern const recur_option rcr_attention_options[];
/* Of recur_text_config: with and without --max-length (language models have none); of recur_labelled_config,
 * recur_paired_config and recur_tagged_config. */
extern const recur_option rcr_text_options[], rcr_unit_options[];
extern const recur_option rcr_labelled_options[], rcr_paired_options[], rcr_tagged_options[];
extern const recur_option_group rcr_train_groups[]; /* of a recur_train_config alone */

enum { RCR_OPTION_TEXT = 512 }; /* room for any value but a long text */

/* ---- config.c: what a recur_model_config comes to ---- */

/* Do its fields fit each other? For every task, after rcr_options_check(). */
recur_status rcr_model_check(recur_ctx *cx, const recur_model_config *m);
/* The recurrent stack, batch first, over `input` numbers a step. A task that gives each step's output to its
 * output layer sets output_dropout = m->dropout; one that pools puts dropout after the pooling. */
recur_rnn_config rcr_model_rnn(const recur_model_config *m, int64_t input);

typedef enum rcr_attention_kind {
    RCR_ATTENTION_NONE = 0,
    RCR_ATTENTION_ADDITIVE,
    RCR_ATTENTION_DOT,
    RCR_ATTENTION_GENERAL,
    RCR_ATTENTION_MULTIHEAD
} rcr_attention_kind;
enum { RCR_ATTENTION_HEADS = 4 }; /* of "multihead" without a number */
/* "none", "additive", "dot", "general" or "multihead[:HEADS]"; NULL is "none". *heads is 1 but for multihead. */
recur_status rcr_attention_parse(recur_ctx *cx, const char *text, rcr_attention_kind *kind, int64_t *heads);

#endif
