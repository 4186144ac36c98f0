// SPDX-License-Identifier: MIT
/* Single steps: a cell is a scan over one time step, so it shares every kernel with the layers. */
#include <recur/op.h>

#include "base/error.h"
#include "rnn/rnn.h"
#include "tape/tape.h"

recur_status recur_rnn_cell_create(recur_rnn_cell *out, recur_params *ps, const char *prefix, recur_cell cell,
                                   int64_t input, int64_t hidden, bool bias)
{
    *out = (recur_rnn_cell){.cell = cell};
    if ((int)cell < RECUR_RNN_TANH || cell > RECUR_GRU_ORIGINAL || input < 1 || hidden < 1)
        return rcr_fail(ps->cx, RECUR_EINVAL,
                        "rnn cell: a known cell, input and hidden of at least 1 are needed");
    const char *in = prefix ? prefix : "";
    int64_t GH = rcr_cell_gates(cell) * hidden;
    recur_status s = RECUR_OK;
    out->weight_ih = rcr_rnn_weight(ps, in, "weight_ih", "", 2, (int64_t[]){GH, input}, hidden, &s);
    out->weight_hh = rcr_rnn_weight(ps, in, "weight_hh", "", 2, (int64_t[]){GH, hidden}, hidden, &s);
    out->bias_ih = bias ? rcr_rnn_weight(ps, in, "bias_ih", "", 1, &GH, hidden, &s) : NULL;
    out->bias_hh = bias ? rcr_rnn_weight(ps, in, "bias_hh", "", 1, &GH, hidden, &s) : NULL;
    return s;
}

static recur_status check_operand(recur_ctx *cx, const recur_tensor *t, const char *name,
                                  const recur_tensor *x, int64_t width)
{
    if (!t)
        return RECUR_OK;
    recur_tensor want = {.rank = x->rank, .shape = {x->rank == 2 ? x->shape[0] : width, width}};
    if (t->dtype == x->dtype && rcr_same_shape(t, &want))
        return RECUR_OK;
    char expected[RCR_SHAPE_TEXT], got[RCR_SHAPE_TEXT];
    return rcr_fail(cx, RECUR_ESHAPE, "rnn cell: %s must be %s %s, but is %s %s", name,
                    rcr_dtype_name(x->dtype), rcr_shape_text(expected, &want), rcr_dtype_name(t->dtype),
                    rcr_shape_text(got, t));
}

static recur_status check_call(recur_ctx *cx, const recur_rnn_cell *cell, const recur_tensor *x,
                               const recur_tensor *h, const recur_tensor *c)
{
    int64_t H = recur_dim(cell->weight_hh, 1);
    if (!x || (x->rank != 1 && x->rank != 2) || x->dtype != cell->weight_ih->dtype)
        return rcr_fail(cx, RECUR_ESHAPE, "rnn cell: the input must be %s [batch, %lld] or [%lld]",
                        rcr_dtype_name(cell->weight_ih->dtype), (long long)recur_dim(cell->weight_ih, 1),
                        (long long)recur_dim(cell->weight_ih, 1));
    if (c && cell->cell != RECUR_LSTM)
        return rcr_fail(cx, RECUR_EINVAL, "rnn cell: only an LSTM takes c");
    recur_status s = check_operand(cx, x, "the input", x, recur_dim(cell->weight_ih, 1));
    if (!s)
        s = check_operand(cx, h, "h", x, H);
    return s ? s : check_operand(cx, c, "c", x, H);
}

/* [width] -> [1, width] and back. */
static recur_tensor *as_rows(recur_tape *tp, recur_tensor *t, int64_t B, int64_t width)
{
    return t ? recur_reshape(tp, t, 2, (int64_t[]){B, width}) : NULL;
}

static recur_tensor *as_vector(recur_tape *tp, recur_tensor *t)
{
    return t ? recur_reshape(tp, t, 1, (int64_t[]){t->count}) : NULL;
}

recur_rnn_out recur_rnn_cell_forward(recur_tape *tp, const recur_rnn_cell *cell, recur_tensor *x,
                                     recur_tensor *h, recur_tensor *c)
{
    recur_rnn_out none = {NULL, NULL, NULL};
    if (rcr_stuck(tp->cx) || check_call(tp->cx, cell, x, h, c)) {
        rcr_stick_last(tp->cx);
        return none;
    }
    bool vector = x->rank == 1;
    int64_t B = vector ? 1 : x->shape[0], I = recur_dim(x, -1), H = recur_dim(cell->weight_hh, 1);
    if (vector) {
        x = as_rows(tp, x, 1, I);
        h = as_rows(tp, h, 1, H);
        c = as_rows(tp, c, 1, H);
    }
    const rcr_packing *p = rcr_packing_new(tp, 1, B, NULL);
    if (!p || rcr_stuck(tp->cx))
        return none;
    rcr_weights w = {
        .w_ih = cell->weight_ih, .w_hh = cell->weight_hh, .b_ih = cell->bias_ih, .b_hh = cell->bias_hh};
    rcr_scan_out out = rcr_scan(tp, &(rcr_scan_in){.cell = cell->cell,
                                                   .H = H,
                                                   .O = H,
                                                   .w = &w,
                                                   .drops = &(rcr_drops){.locked = false},
                                                   .p = p,
                                                   .x = x,
                                                   .h0 = h,
                                                   .c0 = c});
    recur_tensor *hn = vector ? as_vector(tp, out.h) : out.h;
    return (recur_rnn_out){hn, hn, vector ? as_vector(tp, out.c) : out.c};
}
