// SPDX-License-Identifier: MIT
/* Packed forms of parameters that the calls of a step share. A layer that is applied step by step reads the same weights
 * in each call: packed for every one of them, that costs as much as a small batch's product. So from the second use of a
 * parameter in a form on, its panel stays in the tape's arena until recur_tape_begin(), and later calls, backward ones
 * too, find it there. What is used once is packed where its call works and takes no memory of its own. Each form of a
 * parameter is kept once, however often it is used. */
#ifndef RCR_TAPE_KEPT_H
#define RCR_TAPE_KEPT_H

#include "tape/call.h"

/* Which packing of a weight a panel holds. RCR_FORM_CELL + RCR_CELL_FORMS * cell and up are a cell's own. */
enum { RCR_FORM_PRODUCT, RCR_FORM_PRODUCT_BACK, RCR_FORM_CELL };
enum { RCR_CELL_FORWARD, RCR_CELL_BACK, RCR_NORMED_FORWARD, RCR_NORMED_BACK, RCR_CELL_FORMS };

/* In `shape`: this call reads `w` in `form`, `bytes` long. Only parameters are kept; others, and NULL, are ignored. */
recur_status rcr_keep(recur_call *c, const recur_tensor *w, int form, size_t bytes);

/* In `forward` and `backward`: where a panel is kept, *panel (which was a place in the call's scratch) becomes it. True:
 * it is packed already; false: the caller packs it now, for those who come later too. */
bool rcr_kept(const recur_call *c, const recur_tensor *w, int form, char **panel);

/* From now on `tp` keeps its panels with `keeper`, so that they outlive the steps of `tp`: until `keeper` begins one. No
 * parameter may change in between. */
void rcr_keep_with(recur_tape *tp, recur_tape *keeper);

#endif
