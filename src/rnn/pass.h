// SPDX-License-Identifier: MIT
/* One pass of the fused scan (scan.c), forward or backward: its arrays, the rows that a step has, and where they come
 * from. */
#ifndef RCR_RNN_PASS_H
#define RCR_RNN_PASS_H

#include "rnn/scan.h"
#include "tape/call.h"

enum {
    X,
    W_IH,
    W_HH,
    B_IH,
    B_HH,
    W_HR,
    H0,
    C0,
    STATE,
    CANDIDATE,
    KEEP_H,
    KEEP_C,
    GAIN_IH,
    GAIN_HH,
    GAIN_C,
    BIAS_C,
    INPUTS
};

typedef struct rcr_pass_params {
    recur_cell cell;
    int64_t H, O, index;
    const rcr_packing *p;
    bool reverse, locked;
    double zoneout_h, zoneout_c;
} rcr_pass_params;

/* Everything a pass works on. Pointers into the saved and scratch bytes of the call; R rows of a step, in
 * sorted order. */
typedef struct rcr_pass {
    recur_call *c;
    const rcr_packing *p;
    const rcr_cell_kernels *cell;
    size_t item;
    int64_t I, G, H, O, B;
    bool reverse, projected;
    bool state, zone_h, zone_c; /* a mask on h as W_hh reads it; zoneout */
    bool normed;                /* layer norm */
    /* saved: */
    char *gates, *extra, *cs, *raw; /* [N, G*H], [N, H], [N, H] cell states, [N, H] h as the cell made it */
    char *h0, *c0;                  /* [B, O], [B, H], sorted */
    char *x, *z,
        *stats; /* normed: W_ih x [N, G*H] and W_hh h [N, G*H], in the end their gradients; statistics */
    /* scratch: */
    char *panel, *panel_hr; /* packed weight_hh and weight_hr */
    char *bias;             /* [G*H] */
    char *dh, *dc, *draw;   /* [B, O], [B, H], [B, H]: gradients of the states as time runs back */
    char *dz;               /* [B, G*H] */
    char *masked;           /* [B, O]: h under its mask */
    char *kept_h, *kept_c;  /* [B, O], [B, H]: gradients that zoneout leads past a step */
    char *dh_mix;           /* [B, H] */
    char *dgains;           /* [blocks, 2 G*H + 2 H]: of gain_ih, gain_hh, gain_c, bias_c */
    char *h_prev,
        *dproj; /* [N, O]: the state each step began from; [N, O]: gradient of h after the projection */
} rcr_pass;

/* The pass of a call. Its saved and scratch bytes may be counted (base NULL) or dealt out. */
rcr_pass rcr_pass_of(recur_call *c);
size_t rcr_pass_saved(rcr_pass *s, char *base);
size_t rcr_pass_scratch(rcr_pass *s, char *base);
/* In `shape`: asks for the panels of weights that several passes of a step read (tape/kept.h). */
recur_status rcr_keep_panels(const rcr_pass *s);
/* Which form of weight_hh the cell's panel for this direction of the walk is. */
int rcr_cell_form(const rcr_pass *s, int walk);
/* Is what the cell makes not yet the layer's h, and needed later? */
bool rcr_keeps_raw(const rcr_pass *s);

/* Rows `row` .. row + R of a step in sorted order: they lie at packed row `at`; their predecessors at packed
 * row `from`, or where from < 0 they begin here, from the initial state. */
typedef struct rcr_span {
    int64_t row, R, at, from;
} rcr_span;

/* The spans of step t for rows b0 .. b1: at most two, since in the reverse direction longer sequences are on
 * their way while shorter ones begin. Returns their number. */
int rcr_spans_of(const rcr_pass *s, int64_t t, int64_t b0, int64_t b1, rcr_span out[2]);
int64_t rcr_time_of(const rcr_pass *s, int64_t step);

/* Blocks of rows that threads share: an even number of nearly equal ones, of at most 16 rows. */
int64_t rcr_blocks_of(int64_t B);
void rcr_block_rows(const rcr_pass *s, int64_t block, int64_t *b0, int64_t *b1);

/* Row `row` of an array with `width` reals a row. */
static inline char *rcr_pass_row(const rcr_pass *s, const void *array, int64_t row, int64_t width)
{
    return (char *)array + (size_t)(row * width) * s->item;
}

/* The states that a span begins from. */
char *rcr_h_before(const rcr_pass *s, const rcr_span *r);
char *rcr_c_before(const rcr_pass *s, const rcr_span *r);
/* h as the recurrent weight reads it: itself, or in `to` under its mask. */
char *rcr_state_read(const rcr_pass *s, const rcr_span *r, char *to);
/* A span's rows of a mask: one for all steps in sorted order, or that of the step; NULL where there is none. */
char *rcr_mask_rows(const rcr_pass *s, int input, const rcr_span *r, bool locked, int64_t width);
char *rcr_candidate_mask(const rcr_pass *s, const rcr_span *r);

/* What a cell with layer norm gets of a span; backward also where the block sums up the gradients of the gains. */
rcr_rnn_norm rcr_norm_rows(const rcr_pass *s, const rcr_span *r);
rcr_rnn_norm rcr_norm_back_rows(const rcr_pass *s, const rcr_span *r, int64_t block);
/* Where a block sums up the gradients of the gains, and how many reals that are. */
char *rcr_block_gains(const rcr_pass *s, int64_t block);
int64_t rcr_gains(const rcr_pass *s);

/* The operation's backward (scan_back.c). */
void rcr_scan_backward(recur_call *c);

#endif
