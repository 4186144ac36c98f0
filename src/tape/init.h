// SPDX-License-Identifier: MIT
/* Initialisation of parts of a parameter. */
#ifndef RCR_TAPE_INIT_H
#define RCR_TAPE_INIT_H

#include <recur/init.h>

/* recur_init_orthogonal() of rows from .. from + rows of a matrix: one gate of a recurrent weight. */
recur_status rcr_init_orthogonal_rows(recur_params *ps, recur_tensor *w, int64_t from, int64_t rows,
                                      double gain);

#endif
