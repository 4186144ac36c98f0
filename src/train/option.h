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

/* The options of recur_model_config and recur_train_config, for the tables of tasks. */
extern const recur_option rcr_model_options[], rcr_train_options[];
/* Of recur_text_config: with and without --max-length (language models have none); of recur_labelled_config,
 * recur_paired_config and recur_tagged_config. */
extern const recur_option rcr_text_options[], rcr_unit_options[];
extern const recur_option rcr_labelled_options[], rcr_paired_options[], rcr_tagged_options[];
extern const recur_option_group rcr_train_groups[]; /* of a recur_train_config alone */

enum { RCR_OPTION_TEXT = 512 }; /* room for any value but a long text */

#endif
