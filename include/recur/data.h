// SPDX-License-Identifier: MIT
/*
 * Data: from a file to padded batches of numbers.
 *
 *     table (CSV text) -> series [R, C] --.
 *     rows (a sequence per line) ---------+-> examples -> parts -> scalers -> batches
 *
 * Everything here is a plain array that the reader may look at; nothing is changed after it was made, so one
 * object may be read by several threads. What a `_create`, `_read` or `_parse` gives must be freed, before
 * its context and after whatever was made from it (each function says what it keeps). Numbers stay doubles in
 * the data's own units until a batch is filled: scaling happens there, so baselines and metrics work on the
 * numbers of the file.
 *
 * Files are untrusted. An error is RECUR_ENOTFOUND (file, column), RECUR_EIO or RECUR_EFORMAT, with a text
 * such as
 *
 *     prices.csv:17: column Close: "abc" is not a number
 *
 *     no column "Clos" in prices.csv; it has Date, Open, High, Low, Close
 */
#ifndef RECUR_DATA_H
#define RECUR_DATA_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------- tables
 * A CSV file with a header (RFC 4180): fields between commas; a field in double quotes may hold commas, line
 * ends and doubled quotes; lines end in LF, CR LF or CR, the last one may have no end; a UTF-8 byte order
 * mark is passed over; blanks around a field do not count unless they are quoted; empty lines are passed
 * over. A column without a name can be read but not asked for by name. A header without rows is a table of 0
 * rows. Refused, with the line: a quote inside an unquoted field, text after a closing quote, a quote that is
 * never closed, a row with more or fewer fields than the header, a NUL byte, a repeated column name or one
 * that is not UTF-8, a file without a header. */
typedef struct recur_table recur_table;

/* {0} is CSV. */
typedef struct recur_table_options {
    char delimiter; /* between fields; 0 = ',' */
    bool no_header; /* the first row is data like the others; columns have no names */
    bool plain;     /* a quote is a character like any other: what programs call TSV */
} recur_table_options;

/* `opt` may be NULL. The table holds a copy of the text; nothing of the file or of `bytes` is kept. `name` is
 * for messages. */
RECUR_API recur_status recur_table_read(recur_table **out, recur_ctx *cx, const char *path,
                                        const recur_table_options *opt);
RECUR_API recur_status recur_table_parse(recur_table **out, recur_ctx *cx, const void *bytes, size_t size,
                                         const char *name, const recur_table_options *opt);
RECUR_API void recur_table_free(recur_table *t);

RECUR_API int64_t recur_table_rows(const recur_table *t); /* without the header */
RECUR_API int64_t recur_table_columns(const recur_table *t);
/* The file's name as messages show it, a column's name, a field's text. They live in the table; "" outside of
 * it. */
RECUR_API const char *recur_table_name(const recur_table *t);
RECUR_API const char *recur_table_header(const recur_table *t, int64_t column);
RECUR_API const char *recur_table_text(const recur_table *t, int64_t row, int64_t column);
/* The line of the file on which a row begins; the first line is 1. 0 outside the table. */
RECUR_API int64_t recur_table_line(const recur_table *t, int64_t row);
/* The column of that name (exactly, letter case included). RECUR_ENOTFOUND with a text that lists the
 * columns. */
RECUR_API recur_status recur_table_find(const recur_table *t, const char *name, int64_t *column);
/* RECUR_EFORMAT with the line where the column does not ascend: numbers as numbers, other text byte by byte
 * (which is right for ISO dates). Equal neighbours are allowed. Windows over a series in the wrong order mean
 * nothing. */
RECUR_API recur_status recur_table_check_order(const recur_table *t, const char *column);

/* ------------------------------------------------------------------------------------------------- series
 * Columns of a table as numbers: a decimal number with point and exponent, blanks around it allowed. A field
 * is missing if it is empty or one of null, NA, N/A, NaN, in any letter case. Infinities and numbers beyond
 * the range of a double are errors: nothing sensible can be trained on them. */
typedef enum recur_missing {
    RECUR_MISSING_DROP = 0,     /* leave out each row that misses a value in a chosen column */
    RECUR_MISSING_PREVIOUS = 1, /* take the column's last value; rows before the first value are left out */
    RECUR_MISSING_LINEAR = 2,   /* on the line between the neighbours; rows at the ends are left out */
    RECUR_MISSING_ERROR = 3     /* RECUR_EFORMAT with line and column of the first */
} recur_missing;

/* "drop", "previous", "linear", "error"; RECUR_EINVAL with a text that lists them. The name; NULL for no such
 * value. */
RECUR_API recur_status recur_missing_parse(recur_ctx *cx, const char *text, recur_missing *out);
RECUR_API const char *recur_missing_name(recur_missing m);

typedef struct recur_series {
    recur_ctx *cx;
    int64_t R, C;         /* rows (time steps), columns */
    const double *values; /* [R, C], all finite */
    const int64_t *row;   /* [R]: the table's row of each, for its line and the text of its time column */
    int64_t missing;      /* fields of the chosen columns that were missing */
    int64_t dropped;      /* rows left out for it */
    int64_t filled;       /* fields filled in */
} recur_series;

/* The n columns named (in that order, repetition allowed). RECUR_EFORMAT if a column has no value at all.
 * Keeps nothing of the table. */
RECUR_API recur_status recur_series_create(recur_series **out, const recur_table *t,
                                           const char *const *columns, int64_t n, recur_missing missing);
/* The same from an array [R, C] (copied). RECUR_EINVAL where a value is not finite. */
RECUR_API recur_status recur_series_from(recur_series **out, recur_ctx *cx, const double *values, int64_t R,
                                         int64_t C);
RECUR_API void recur_series_free(recur_series *s);

/* ------------------------------------------------------------------------------------------------- rows
 * No header: a sequence of numbers per line, separated by commas, of any length >= 2; the last one is the
 * answer to the others. Line ends, byte order mark, blanks, empty lines and numbers as above; no quotes,
 * nothing may be missing. */
typedef struct recur_rows {
    recur_ctx *cx;
    int64_t n;             /* sequences */
    const int64_t *offset; /* [n + 1]: sequence i is values[offset[i]] .. values[offset[i + 1] - 1] */
    const double *values;  /* [offset[n]] */
    const int64_t *line;   /* [n]: where each stands in the file */
} recur_rows;

/* RECUR_EFORMAT for a file without any sequence. */
RECUR_API recur_status recur_rows_read(recur_rows **out, recur_ctx *cx, const char *path);
RECUR_API recur_status recur_rows_parse(recur_rows **out, recur_ctx *cx, const void *bytes, size_t size,
                                        const char *name);
RECUR_API void recur_rows_free(recur_rows *r);

/* A line of `least` or more numbers (a window typed at a prompt, a row to predict): *n numbers into `values`,
 * at most `room` of them. RECUR_EFORMAT that says which field is not a number, or how many are needed. `name`
 * and `line` are for messages; line 0 leaves it out. */
RECUR_API recur_status recur_numbers_parse(recur_ctx *cx, const char *text, size_t size, const char *name,
                                           int64_t line, int64_t least, int64_t room, double *values,
                                           int64_t *n);

/* ------------------------------------------------------------------------------------------------- examples
 * What a model learns from: inputs of some length, and the answers that follow them. Windows overlap, so the
 * numbers are kept once and an example is a place in them:
 *
 *     row                start ............. start + length ....... start + length + horizon
 *     x [rows, F]        | inputs [length, F] |
 *     y [rows, K]                             | answers [horizon, K] |
 */
typedef struct recur_examples {
    recur_ctx *cx;
    int64_t n;             /* examples */
    int64_t rows, F, K;    /* rows of x and y, input columns, answer columns */
    int64_t horizon;       /* steps to forecast; 1 for rows */
    int64_t longest;       /* the greatest length */
    bool series;           /* windows over one series, else independent sequences */
    bool difference;       /* x and y are changes from the row before */
    const double *x;       /* [rows, F] what the model gets, before scaling */
    const double *y;       /* [rows, K] what it must answer, before scaling */
    const double *truth;   /* [rows, K] the answer columns as in the data; y itself without differencing */
    const int64_t *start;  /* [n] */
    const int64_t *length; /* [n] */
    const int64_t *origin; /* [n]: first row of the example's own sequence; 0 in a series */
} recur_examples;

/* {.window = .., .horizon = 1} and zeros: all columns in, the last column out. */
typedef struct recur_window {
    int64_t window, horizon;         /* each at least 1 */
    const int64_t *inputs, *answers; /* columns of the series; NULL: all of them; the last one */
    int64_t n_inputs, n_answers;
    bool difference; /* model the change: every column is replaced by its difference from the row before */
} recur_window;

/* One example per row that has `window` rows (one more when differencing) before it and `horizon` rows from
 * it on, in order of time. RECUR_EINVAL if the series is too short for a single one. Keeps nothing of the
 * series. */
RECUR_API recur_status recur_examples_windows(recur_examples **out, const recur_series *s,
                                              const recur_window *w);
/* One example per sequence: F = K = horizon = 1. With `difference` a sequence needs 3 numbers; RECUR_EFORMAT
 * names the line of one that has less. Keeps nothing of the rows. */
RECUR_API recur_status recur_examples_rows(recur_examples **out, const recur_rows *r, bool difference);
RECUR_API void recur_examples_free(recur_examples *e);

/* The answers of example i in the data's own units, [horizon, K]. */
RECUR_API const double *recur_examples_truth(const recur_examples *e, int64_t i);

/* ------------------------------------------------------------------------------------------------- parts
 * Training, validation and test. */
enum { RECUR_PART_TRAIN = 0, RECUR_PART_VALID = 1, RECUR_PART_TEST = 2, RECUR_PARTS = 3 };

typedef struct recur_partition {
    double share[RECUR_PARTS]; /* fractions of the whole, or numbers of rows if `counts` */
    bool counts;
    bool shuffle;  /* by `seed`, else in order */
    bool distinct; /* shuffled examples that are equal (inputs and answers) stay in one part: no test example
                      also stands in the training part. Counts are then met as nearly as whole groups allow */
    uint64_t seed;
    int64_t every; /* recur_parts_split() alone: every k-th example is for testing; 0: by shares */
} recur_partition;

/* "A,B" or "A,B,C" (training, validation, test) into share and counts; other fields stay as they are. Numbers
 * of at most 1 are fractions with a sum of at most 1, others are whole numbers of rows; a rest stays unused.
 * RECUR_EINVAL otherwise. */
RECUR_API recur_status recur_partition_parse(recur_ctx *cx, const char *text, recur_partition *out);
/* The exact sizes of the parts of n rows: cuts stand at the sums of the shares times n, rounded down.
 * RECUR_EINVAL if n is too small for the counts. */
RECUR_API recur_status recur_partition_counts(recur_ctx *cx, const recur_partition *how, int64_t n,
                                              int64_t count[RECUR_PARTS]);

typedef struct recur_parts {
    recur_ctx *cx;
    int64_t n[RECUR_PARTS];            /* examples in each part */
    const int64_t *index[RECUR_PARTS]; /* [n]: their numbers, ascending */
} recur_parts;

/*
 * A series in order is cut by time, at rows: an example belongs to the part in which all its ANSWERS lie; its
 * inputs may reach back into earlier parts, as they would in use, so that every row of the test part is
 * forecast (for a horizon above 1: every run of `horizon` rows in it). Examples whose answers straddle a cut
 * belong to no part. Rows in order, and everything shuffled, is cut by examples. RECUR_EINVAL if the training
 * part, or another that was asked for, gets no example.
 */
RECUR_API recur_status recur_parts_create(recur_parts **out, const recur_examples *e,
                                          const recur_partition *how);
/* Every example in one part: for a file that is a part by itself. */
RECUR_API recur_status recur_parts_all(recur_parts **out, const recur_examples *e, int part);
RECUR_API void recur_parts_free(recur_parts *p);

/* ------------------------------------------------------------------------------------------------- scalers
 * z = (v - shift) / scale for each column; v = z * scale + shift. The two arrays are all there is to save. */
typedef enum recur_scale {
    RECUR_SCALE_NONE = 0,     /* shift 0, scale 1 */
    RECUR_SCALE_MINMAX = 1,   /* to 0 .. 1: smallest, largest - smallest */
    RECUR_SCALE_STANDARD = 2, /* mean, population deviation */
    RECUR_SCALE_DIVIDE = 3    /* shift 0, scale a given number */
} recur_scale;

/* "none", "minmax", "standard", or a number other than 0, which goes to *divisor (else 1). RECUR_EINVAL lists
 * them. */
RECUR_API recur_status recur_scale_parse(recur_ctx *cx, const char *text, recur_scale *kind, double *divisor);
/* "none", "minmax", "standard", "divide"; NULL for no such value. */
RECUR_API const char *recur_scale_name(recur_scale kind);

typedef struct recur_scaler {
    recur_ctx *cx;
    recur_scale kind;
    int64_t columns;
    const double *shift, *scale; /* [columns]; scale is finite and not 0 */
} recur_scaler;

/* Fits the scaler of the inputs (columns F) and that of the answers (columns K) on the rows that the n
 * examples `index` touch, with inputs or answers; a row counts once. Give the training part: for a series in
 * order these are its rows. A constant column gets scale 1. `divisor` is for RECUR_SCALE_DIVIDE. Either out
 * may be NULL. RECUR_ENUMERIC where the numbers are too large to scale. */
RECUR_API recur_status recur_scaler_fit(recur_scaler **inputs, recur_scaler **answers,
                                        const recur_examples *e, const int64_t *index, int64_t n,
                                        recur_scale kind, double divisor);
/* From saved arrays (copied). RECUR_EFORMAT for one that is not finite or a scale of 0. */
RECUR_API recur_status recur_scaler_create(recur_scaler **out, recur_ctx *cx, recur_scale kind,
                                           int64_t columns, const double *shift, const double *scale);
RECUR_API void recur_scaler_free(recur_scaler *s);
/* v [rows, columns] in place: to the model's scale, and back. */
RECUR_API void recur_scaler_apply(const recur_scaler *s, double *v, int64_t rows);
RECUR_API void recur_scaler_invert(const recur_scaler *s, double *v, int64_t rows);

/* What a model said for example i, y [horizon, K] on its own scale, becomes a forecast in the data's own
 * units, in place: scaling undone (`answers` may be NULL: not scaled), changes added up from the last known
 * value. */
RECUR_API void recur_examples_restore(const recur_examples *e, int64_t i, const recur_scaler *answers,
                                      double *y);

/* ------------------------------------------------------------------------------------------------- batches
 */
typedef struct recur_batches recur_batches;

/* {.batch = ..} and zeros: float32, in order. */
typedef struct recur_batch_options {
    int64_t batch;     /* examples per batch, at least 1; the last of an epoch may have less */
    recur_dtype dtype; /* RECUR_F32 or RECUR_F64 */
    bool shuffle;      /* a new order each epoch, a function of seed and epoch alone */
    uint64_t seed;
} recur_batch_options;

/* One batch, ready for recur_input(). Arrays live until the next call on the iterator. */
typedef struct recur_batch {
    int64_t B, T, F;        /* examples, longest length among them, columns */
    int64_t H;              /* answers: horizon * K */
    const void *x;          /* [B, T, F] scaled; 0 in the padding */
    const void *y;          /* [B, H] scaled */
    const int64_t *lengths; /* [B] */
    const int64_t *index;   /* [B]: numbers of the examples */
    int64_t units;          /* sum of the lengths: time steps that are not padding */
} recur_batch;

/* Batches of the n examples `index` (copied). A scaler may be NULL: no scaling. Keeps a scaled copy of the
 * rows that these examples touch, and `e`, which must outlive it. RECUR_ENUMERIC where a number does not fit
 * the dtype. Starts at epoch 0. */
RECUR_API recur_status recur_batches_create(recur_batches **out, const recur_examples *e,
                                            const int64_t *index, int64_t n, const recur_scaler *inputs,
                                            const recur_scaler *answers, const recur_batch_options *opt);
RECUR_API void recur_batches_free(recur_batches *b);
RECUR_API int64_t recur_batches_size(const recur_batches *b); /* batches in an epoch */
/* The next batch of the epoch, or false at its end. Allocates nothing, cannot fail. */
RECUR_API bool recur_batches_next(recur_batches *b, recur_batch *out);
/* Goes to batch `batch` (0 .. size) of an epoch: to begin the next epoch, or to resume where a run stopped.
 */
RECUR_API void recur_batches_seek(recur_batches *b, uint64_t epoch, int64_t batch);
/* Where the next batch stands: what recur_batches_seek() takes. */
RECUR_API void recur_batches_tell(const recur_batches *b, uint64_t *epoch, int64_t *batch);

/* ------------------------------------------------------------------------------------------------- baselines
 * The obvious answer without a model, for the n examples `index`: out [n, horizon, K] in the data's own
 * units. season 0: the last known value. season m > 0: the value m steps before, going back by whole seasons
 * until it is known at the time of the forecast; where the data do not reach back that far, the last known
 * value. RECUR_EINVAL for a negative season. */
RECUR_API recur_status recur_baseline(const recur_examples *e, const int64_t *index, int64_t n,
                                      int64_t season, double *out);
/* mean |v[t] - v[t - m]| in the data's own units over the rows that the examples touch (give the training
 * part), m >= 1, all answer columns together: what MASE divides by. NaN where there is no such pair. */
RECUR_API recur_status recur_naive_error(const recur_examples *e, const int64_t *index, int64_t n, int64_t m,
                                         double *out);

/* ---------------------------------------------------------------------------------------- synthetic sets */
typedef struct recur_text {
    recur_ctx *cx;
    char *bytes; /* [size], and a NUL behind it */
    size_t size;
} recur_text;

/*
 * A built-in data set as the text of a file; the same bytes for the same n and seed everywhere, and a longer
 * one begins with a shorter one. n = 0: its usual number of lines (of reviews, of sentences).
 *
 *     ball     10000  start + k * velocity for k = 0, 1, ..; start -10 .. 10, velocity -5 .. 5 without 0,
 *                     5 to 10 numbers; no header (read it as rows)
 *     sine      1000  t,value: sin(2 pi t / 25) and nearly normal noise of deviation 0.1
 *     stock     2500  Date,Open,High,Low,Close,Volume: a geometric random walk over weekdays from 2010-01-04
 *     reviews   4000  label,text: opinions on products, half of them pos, half neg, in a small grammar with "not",
 *                     "never", "although": which words there are does not tell, their order does
 *     dates    10000  a date in one of fourteen ways of writing it, a tab, the date as 2021-05-03; no header
 *     tags      3000  sentences, a token, a tab and a tag per line, a blank line behind each: PER, LOC, ORG and DATE as
 *                     B-, I- and O; the same made-up words name people, places and firms, and nearly every name is new
 *
 * RECUR_ENOTFOUND lists the names.
 */
RECUR_API recur_status recur_synthetic(recur_text **out, recur_ctx *cx, const char *name, int64_t n,
                                       uint64_t seed);
/* The names by position; NULL past the end. */
RECUR_API const char *recur_synthetic_name(size_t index);
RECUR_API void recur_text_free(recur_text *t);
/* Writes the text into a file, atomically. */
RECUR_API recur_status recur_text_save(const recur_text *t, const char *path);

#ifdef __cplusplus
}
#endif

#endif
