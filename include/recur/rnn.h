// SPDX-License-Identifier: MIT
/* Recurrent layers with PyTorch's semantics, parameter names and layout: torch.nn.RNN, LSTM, GRU and their
 * cells; what keeps them from learning by heart (dropout of several kinds, zoneout, weight drop); layer norm. */
#ifndef RECUR_RNN_H
#define RECUR_RNN_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum recur_cell {
    RECUR_RNN_TANH =
        0, /* h' = tanh(W_ih x + b_ih + W_hh h + b_hh)                                 (Elman 1990) */
    RECUR_RNN_RELU = 1, /* the same with relu */
    RECUR_LSTM = 2, /* i,f,g,o = W_ih x + b_ih + W_hh h + b_hh; c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c')
                       (Hochreiter and Schmidhuber 1997; Gers et al. 2000) */
    RECUR_GRU = 3,  /* r,z = s(..); n = tanh(W_in x + b_in + r (W_hn h + b_hn)); h' = (1 - z) n + z h
                       (PyTorch, cuDNN: the reset gate acts after the product) */
    RECUR_GRU_ORIGINAL =
        4 /* n = tanh(W_in x + b_in + W_hn (r h) + b_hn), else the same (Cho et al. 2014, v1) */
} recur_cell;

/* Where the dropout inside a cell acts. Both leave whole what a cell remembers: c, and a GRU's own h.
 *
 *   CANDIDATE  on LSTM's g and GRU's n, with a new mask at each step: c' = s(f) c + s(i) d(g) (Semeniuta et al.
 *              2016). A plain RNN has no candidate.
 *   STATE      on h where the recurrent weights read it, W_hh d(h), with one mask for all steps of a sequence (Gal
 *              and Ghahramani 2016). */
typedef enum recur_recurrent_dropout {
    RECUR_DROP_CANDIDATE = 0,
    RECUR_DROP_STATE = 1
} recur_recurrent_dropout;

/* {.cell = .., .input = I, .hidden = H} and zeros are a one-layer, time-first layer with biases. */
typedef struct recur_rnn_config {
    recur_cell cell;
    int64_t input, hidden; /* I, H */
    int layers;            /* L; 0 means 1 */
    int64_t proj;          /* LSTM: size P of the projected h; 0 = none (Sak et al. 2014) */
    bool bidirectional;    /* D = 2, else 1 */
    bool no_bias;
    bool batch_first; /* sequences are [B, T, ..], else [T, B, ..]; states are [L*D, B, ..] either way */
    double dropout;   /* between layers, in RECUR_TRAIN mode */
    bool compose; /* built from primitive operations instead of the fused kernels: slow, the same meaning */

    /* --- beyond torch.nn: 0 and false are PyTorch's layer. Probabilities, and what is random is so in RECUR_TRAIN
     * mode alone. A mask is a function of the tape's seed and step, its place on the tape, the sequence's number in
     * the batch, the time step and the unit. (Dropout around layers, unless locked, goes by the place among all rows
     * instead.) --- */

    /* Of what the first layer reads, of y (h stays as it is), and inside the cell. */
    double input_dropout, output_dropout, recurrent_dropout;
    recur_recurrent_dropout recurrent_dropout_on;
    /* All these masks, and those between layers, are locked: a sequence keeps its own over time (Gal and Ghahramani
     * 2016; recur_locked_dropout()). */
    bool variational;
    /* Zoneout: at each step a unit of h, of c (LSTM) keeps its last value with this probability p; out of training it
     * becomes the expectation, p h + (1 - p) h'. The output gate sees c' before that (Krueger et al. 2017). */
    double zoneout_h, zoneout_c;
    /* DropConnect: an element of weight_hh is 0 with this probability p, else divided by 1 - p, for all sequences and
     * steps of a forward pass (Wan et al. 2013; Merity et al. 2018). */
    double weight_drop;
    /* LSTM and GRU as in Ba et al. 2016, with N(a) = (a - mean(a)) / sqrt(var(a) + 1e-5). LSTM, N over all gates
     * together:  i,f,g,o = N(W_ih x) gain_ih + b_ih + N(W_hh h) gain_hh + b_hh;  c' = s(f) c + s(i) tanh(g);
     * h' = s(o) tanh(N(c') gain_c + bias_c).  GRU, N over r and z together and over n by itself: the same two sums. */
    bool layer_norm;
} recur_rnn_config;

typedef struct recur_rnn recur_rnn;

/* Adds weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, (weight_hr_l0,) .._l0_reverse, .._l1 .. to `ps`
 * (after prefix + "."; no dot for an empty prefix), uniform on +-1/sqrt(H) as in PyTorch. Gate order: LSTM
 * i,f,g,o; GRU r,z,n. With layer_norm also gain_ih_l0 [G*H], gain_hh_l0 [G*H] and, for LSTM, gain_c_l0 [H] and
 * (with biases) bias_c_l0 [H]: gains ones, bias_c zeros. RECUR_EINVAL where the configuration makes no sense. */
RECUR_API recur_status recur_rnn_create(recur_rnn **out, recur_params *ps, const char *prefix,
                                        const recur_rnn_config *config);
RECUR_API void recur_rnn_free(recur_rnn *rnn);
RECUR_API const recur_rnn_config *recur_rnn_config_of(const recur_rnn *rnn);
/* Sets the forget gate's total bias of every layer of an LSTM to b: bias_ih gets it, bias_hh's part becomes
 * 0. A bias of 1 helps to learn long lags (Gers et al. 2000; Jozefowicz et al. 2015). RECUR_EINVAL for other
 * cells or without biases. */
RECUR_API recur_status recur_rnn_set_forget_bias(recur_rnn *rnn, double b);
/* Makes every gate's block of weight_hh orthogonal (init.h). */
RECUR_API recur_status recur_rnn_init_orthogonal(recur_rnn *rnn, double gain);

/* The results of a layer; c is NULL but for LSTM. O = P, or H without projection. */
typedef struct recur_rnn_out {
    recur_tensor *y; /* [T, B, D*O] or [B, T, D*O]: the last layer's h at each step; 0 in the padding */
    recur_tensor *h; /* [L*D, B, O]: each layer's h after its last valid step; index layer * D + direction */
    recur_tensor *c; /* [L*D, B, H] */
} recur_rnn_out;

/* x [T, B, I] or [B, T, I], or [T, I] without a batch axis (then y is [T, D*O] and states [L*D, O]).
 * lengths RECUR_I64 [B] in any order, each 0..T, or NULL: all T. The padding is never read. The reverse
 * direction begins at each sequence's own last step. A sequence of length 0 keeps its initial state. h0, c0:
 * initial states in the shapes of h, c; NULL = zeros; c0 only for LSTM. */
RECUR_API recur_rnn_out recur_rnn_forward(recur_tape *tp, const recur_rnn *rnn, recur_tensor *x,
                                          recur_tensor *lengths, recur_tensor *h0, recur_tensor *c0);

/* --- single steps: torch.nn.RNNCell, LSTMCell, GRUCell. weight_ih, weight_hh, bias_ih, bias_hh (NULL
 * without) are parameters after prefix + ".". --- */
typedef struct recur_rnn_cell {
    recur_cell cell;
    recur_tensor *weight_ih, *weight_hh, *bias_ih, *bias_hh;
} recur_rnn_cell;
RECUR_API recur_status recur_rnn_cell_create(recur_rnn_cell *out, recur_params *ps, const char *prefix,
                                             recur_cell cell, int64_t input, int64_t hidden, bool bias);
/* x [B, I] or [I]; h, c [B, H] or [H], NULL = zeros. Gives h' (.h and .y) and, for LSTM, c'. */
RECUR_API recur_rnn_out recur_rnn_cell_forward(recur_tape *tp, const recur_rnn_cell *cell, recur_tensor *x,
                                               recur_tensor *h, recur_tensor *c);

#ifdef __cplusplus
}
#endif

#endif
