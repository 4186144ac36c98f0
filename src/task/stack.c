// SPDX-License-Identifier: MIT
/* The recurrent stack that a recur_model_config describes. */
#include <math.h>

#include "rnn/rnn.h"
#include "task/job.h"

recur_status rcr_init_uniform_all(recur_params *ps, const recur_model_config *m)
{
    recur_tensor *w;
    recur_status status = RECUR_OK;
    for (size_t i = 0; m->init_uniform > 0 && status == RECUR_OK && (w = recur_params_at(ps, i)); i++)
        status = recur_init_uniform(ps, w, -m->init_uniform, m->init_uniform);
    return status;
}

recur_status rcr_stack_init(recur_rnn *rnn, const recur_model_config *m)
{
    recur_status status = RECUR_OK;
    if (m->init_uniform > 0) /* gains around zero would leave nothing of the sums */
        status = rcr_rnn_init_gains(rnn);
    if (status == RECUR_OK && m->orthogonal)
        status = recur_rnn_init_orthogonal(rnn, 1);
    if (status == RECUR_OK && !isnan(m->forget_bias))
        status = recur_rnn_set_forget_bias(rnn, m->forget_bias);
    return status;
}

recur_tensor *rcr_last_state(recur_tape *tp, const recur_rnn *rnn, recur_tensor *h)
{
    const recur_rnn_config *c = recur_rnn_config_of(rnn);
    if (!h)
        return NULL;
    int64_t D = c->bidirectional ? 2 : 1, L = c->layers, B = recur_dim(h, 1), O = recur_dim(h, 2);
    recur_tensor *top = recur_slice(tp, h, 0, (L - 1) * D, L * D, 1);
    return recur_reshape(tp, recur_transpose(tp, top, 0, 1), 2, (int64_t[]){B, D * O});
}
