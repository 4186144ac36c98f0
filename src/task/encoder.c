// SPDX-License-Identifier: MIT
/* Embedding and recurrent stack over padded ids. */
#include "task/encoder.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "tape/tensor.h"
#include "train/option.h"

/* ---- making ---- */

/* The deviation of fresh embeddings. Small beside the gradients that they will get, so that words are alike until
 * the data tell them apart: with PyTorch's 1 a rare word stays the noise that it began as. */
#define SPREAD 0.1

static recur_status init_embedding(rcr_encoder *e, recur_params *ps)
{
    recur_tensor *table = e->embedding.weight;
    recur_status status = recur_init_normal(ps, table, 0, SPREAD);
    if (status == RECUR_OK) /* PAD, UNK */
        memset(table->data, 0, (size_t)(RECUR_UNK + 1) * (size_t)e->E * rcr_item_size(table->dtype));
    return status;
}

recur_status rcr_named(recur_ctx *cx, char text[RCR_NAME], const char *prefix, const char *part)
{
    int n = snprintf(text, RCR_NAME, "%s%s%s", prefix, *prefix ? "." : "", part);
    return n < RCR_NAME ? RECUR_OK : rcr_fail(cx, RECUR_EINVAL, "a prefix of %d characters", n);
}

recur_status rcr_encoder_create(rcr_encoder *e, recur_params *ps, const char *prefix,
                                const recur_model_config *m, int64_t V, int64_t beside)
{
    char name[RCR_NAME];
    int64_t D = m->bidirectional ? 2 : 1;
    *e = (rcr_encoder){.E = m->embedding, .width = D * m->hidden};
    const recur_rnn_config stack = rcr_model_rnn(m, e->E + beside);
    recur_status status = rcr_named(recur_params_ctx(ps), name, prefix, "embedding");
    if (status == RECUR_OK)
        status = recur_embedding_create(&e->embedding, ps, name, V, e->E, RECUR_PAD);
    if (status == RECUR_OK)
        status = init_embedding(e, ps);
    e->embedding.dropout = m->embedding_dropout;
    if (status == RECUR_OK)
        status = rcr_named(recur_params_ctx(ps), name, prefix, "rnn");
    return status == RECUR_OK ? recur_rnn_create(&e->rnn, ps, name, &stack) : status;
}

void rcr_encoder_free(rcr_encoder *e)
{
    recur_rnn_free(e->rnn);
    *e = (rcr_encoder){0};
}

/* ---- running ---- */

recur_rnn_out rcr_encoder_forward(recur_tape *tp, const rcr_encoder *e, const rcr_ids *in)
{
    return recur_rnn_forward(tp, e->rnn, recur_embedding_forward(tp, &e->embedding, in->ids), in->lengths,
                             NULL, NULL);
}
