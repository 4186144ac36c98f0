// SPDX-License-Identifier: MIT
/*
 * One time step of a recurrent cell on a block of rows: the product with the recurrent weight and, on its
 * accumulators, the gate maths. And the same step backward. The scan over time, lengths, layers and threads
 * are not known here (src/rnn/).
 *
 * Weights are packed once per pass into panels in which the gates of a unit lie side by side, so that a
 * register tile holds all gates of W units. Rows do not depend on each other: any cut of a batch into blocks
 * gives the same bits.
 */
#ifndef RCR_KERNEL_RNN_H
#define RCR_KERNEL_RNN_H

#include <stdbool.h>
#include <stdint.h>

/* What a cell with layer norm has beside the plain one (kernel/rnn_norm.inc); gains and sums of R rows. */
typedef struct rcr_rnn_norm {
    double eps;
    const void *gain_ih, *gain_hh; /* [G*H] */
    const void *bias;              /* [G*H]: b_ih + b_hh, of GRU's n only b_ih; NULL = zeros */
    const void *gain_c, *bias_c;   /* [H], LSTM; bias_c may be NULL = zeros */
    void *x, *z;                   /* [R, G*H]: W_ih x (in), W_hh h (out); backward: out, their gradients */
    void *stats;                   /* [R, RCR_RNN_STATS]: out; backward: in */
    void *dgain_ih, *dgain_hh, *dgain_c, *dbias_c; /* backward: sums over the rows are added */
} rcr_rnn_norm;

enum { RCR_RNN_STATS = 8 };

/* A step forward. R rows, H units, G gates in PyTorch's order, O = width of h. All arrays are dense,
 * row-major. */
typedef struct rcr_rnn_step {
    int64_t R, H, O;
    const void *panel;  /* weight_hh, packed by rcr_cell_kernels.pack */
    const void *b_n;    /* [H], GRU: the hidden bias of its n gate; NULL = zeros */
    const void *h_prev; /* [R, O]: what the recurrent weight reads */
    const void *h_mix;  /* [R, H], GRU: what n is mixed with; NULL = h_prev */
    const void *c_prev; /* [R, H], LSTM */
    const void *drop;   /* [R, H]: factors of the candidate, LSTM g and GRU n; NULL = ones */
    void *gates;       /* [R, G*H]: in, W_ih x + biases; out, the gates after their functions (before drop) */
    void *extra;       /* [R, H]: LSTM tanh(c); GRU W_hn h + b_hn; original GRU r h */
    void *c;           /* [R, H], LSTM */
    void *h;           /* [R, H]: before a projection, if there is one */
    rcr_rnn_norm norm; /* of cells with layer norm; norm.x may be `gates`, which is not read */
} rcr_rnn_step;

/* A step backward. */
typedef struct rcr_rnn_back {
    int64_t R, H, O;
    const void *panel;                          /* weight_hh, packed by rcr_cell_kernels.pack_back */
    const void *h_prev, *h_mix, *c_prev, *drop; /* as forward */
    const void *h;                              /* [R, H] */
    const void *dh;                             /* [R, H]: gradient of h */
    void *gates;   /* [R, G*H]: in, as forward left them; out, the gradient of W_ih x + biases */
    void *extra;   /* [R, H]: in, as forward left it; out, GRU: the gradient of W_hn h + b_hn */
    void *dc;      /* [R, H], LSTM: in, gradient of c; out, of c_prev */
    void *dz;      /* [R, G*H] scratch */
    void *dh_prev; /* [R, O]: out, gradient of h_prev; may be dh itself where O = H */
    void *dh_mix;  /* [R, H], GRU: out, gradient of h_mix; NULL = it is added to dh_prev */
    rcr_rnn_norm norm;
} rcr_rnn_back;

/* Where the gradient of the last gate's recurrent weight comes from, when it is not (gates)^T h_prev as for
 * the others. */
typedef enum rcr_last_gate {
    RCR_LAST_SAME = 0,
    RCR_LAST_GRADIENT, /* GRU: (extra)^T h_prev; its hidden bias is separate too */
    RCR_LAST_STATE     /* original GRU: (last gate)^T extra */
} rcr_last_gate;

typedef struct rcr_cell_kernels {
    int gates;  /* G */
    bool c;     /* has a cell state */
    bool extra; /* needs `extra` */
    bool mix;   /* h' is a mixture with h_mix */
    bool reads; /* backward reads h */
    rcr_last_gate last;
    int64_t (*panel_size)(int64_t H, int64_t O); /* in reals */
    void (*pack)(int64_t H, int64_t O, const void *w_hh, void *panel);
    void (*forward)(const rcr_rnn_step *s);
    int64_t (*panel_back_size)(int64_t H, int64_t O);
    void (*pack_back)(int64_t H, int64_t O, const void *w_hh, void *panel);
    void (*backward)(const rcr_rnn_back *b);
} rcr_cell_kernels;

enum { RCR_CELLS = 5 }; /* in the order of recur_cell */

typedef struct rcr_rnn_kernels {
    rcr_cell_kernels cell[RCR_CELLS];
    rcr_cell_kernels normed[RCR_CELLS]; /* with layer norm: LSTM and GRU, else forward is NULL */
    /* c[R, N] = start + a[R, K] w^T for few rows and a weight w[N, K] used many times: element chains as in
     * gemm.h. Element (n, k) of w is at w[n * rs + k * cs]. `start` is bias[N] or, where that is NULL, zeros;
     * rows of a are lda apart. */
    int64_t (*product_size)(int64_t N, int64_t K);
    void (*product_pack)(int64_t N, int64_t K, const void *w, int64_t rs, int64_t cs, void *panel);
    void (*product)(int64_t R, int64_t N, int64_t K, const void *a, int64_t lda, const void *panel,
                    const void *bias, void *c);
} rcr_rnn_kernels;

#endif
