// SPDX-License-Identifier: MIT
/*
 * Text: from bytes to padded batches of numbers.
 *
 *     file -> corpus, sentences (texts with labels, translations, tags) --.
 *                                   tokenizer -> counts -> vocabulary ----+-> sequences -> buckets -> batch
 *     file -> stream (a text of any size as one row of units) ------------+-> lanes -----------------> batch
 *
 * Text is UTF-8 and is cut into units: words, characters, ... A vocabulary numbers them; from then on there are
 * int64 ids alone. In training:
 *
 *     recur_labelled_config how = recur_labelled_defaults();
 *     recur_labelled_read(&corpus, cx, &path, 1, &how);
 *     recur_corpus_groups(corpus, RECUR_SIDE_TEXT, group);
 *     recur_parts_split(&parts, cx, corpus->n, group, &partition);
 *     recur_tokenizer_create(&tok, cx, &config, 0);
 *     recur_counts_create(&counts, cx);
 *     recur_corpus_count(corpus, RECUR_SIDE_TEXT, parts->index[0], parts->n[0], tok, counts);
 *     recur_vocab_create(&vocab, counts, &(recur_vocab_options){.specials = true, .min_count = 2});
 *     recur_corpus_encode(&sequences, corpus, RECUR_SIDE_TEXT, tok, vocab, 0);
 *     recur_buckets_create(&buckets, sequences, parts->index[0], parts->n[0], &options);
 *     while (recur_buckets_next(buckets, &b)) {
 *         x = recur_input(tape, RECUR_I64, 2, (int64_t[]){b.B, b.T}, NULL);
 *         recur_pad(sequences, b.index, b.B, b.T, RECUR_BATCH_MAJOR, RECUR_PAD, recur_i64(x));
 *         ... b.lengths ...
 *     }
 *
 * What a `_create`, `_read`, `_open` or `_parse` gives must be freed, before its context and after whatever was
 * made from it (each function says what it keeps). Objects belong to one thread at a time; those that are
 * only read (a corpus, a vocabulary, sequences) may be shared by several, as long as no call fails: errors are
 * recorded in the context.
 *
 * Files are untrusted. They are mapped, not read: a file may be larger than memory, and must not be cut short
 * while it is in use. Lines end in LF, CR LF or CR, also mixed; no other character ends one (U+0085 and U+2028
 * do not). A UTF-8 byte order mark is passed over. UTF-16 and a NUL byte are RECUR_EFORMAT, as are bytes that
 * are not UTF-8 (`lossy` makes each ill-formed sequence U+FFFD), with file, line and column, the column in
 * characters:
 *
 *     reviews.csv:17:23: the byte 0xe9 is not UTF-8; convert the file, or pass --lossy to read it as U+FFFD
 */
#ifndef RECUR_TEXT_H
#define RECUR_TEXT_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A piece of text that lives in something else. A NUL follows only where it is said so. */
typedef struct recur_span {
    const char *text;
    size_t size; /* bytes */
} recur_span;

/* Where a text stands, for messages: "name:line:column: ". `line` 0 leaves line and column out. A place that is
 * NULL reads "text". */
typedef struct recur_place {
    const char *name;
    int64_t line;
    int64_t
        column; /* of the text's first character, from 1; 0: unknown, messages then count within the text */
} recur_place;

/* ------------------------------------------------------------------------------------------------- units
 * What a text is cut into. Characters are code points, never bytes. */
typedef enum recur_unit {
    RECUR_UNIT_WORD =
        0, /* words, numbers, each punctuation mark, as Unicode's rules (UAX 29) and, for Chinese,
                                Japanese, Thai, ..., dictionaries cut them; blanks go */
    RECUR_UNIT_CHAR = 1,     /* code points */
    RECUR_UNIT_GRAPHEME = 2, /* what a reader sees as one character (extended grapheme clusters) */
    RECUR_UNIT_SPACE = 3     /* whatever stands between blanks: for text that is tokenised already */
} recur_unit;

typedef enum recur_normal_form {
    RECUR_NORMAL_NONE = 0,
    RECUR_NORMAL_NFC = 1, /* one spelling for the same character: e and an accent become one code point */
    RECUR_NORMAL_NFKC = 2 /* and one for characters that mean the same: full-width letters, ligatures */
} recur_normal_form;

/* How text becomes numbers: a plain struct that a task's configuration holds. */
typedef struct recur_text_config {
    int unit;           /* recur_unit */
    int64_t vocab;      /* the most frequent so many units get a number (specials come on top); 0: all */
    int64_t min_count;  /* units that are rarer in the training part are unknown */
    int64_t max_length; /* units of a text at most, what follows is cut off; 0: any */
    bool lowercase;
    int normalise; /* recur_normal_form */
    bool lossy;    /* what is not UTF-8 becomes U+FFFD; without it, it is an error */
} recur_text_config;
/* Words, all of them, as they are written, NFC. */
RECUR_API recur_text_config recur_text_defaults(void);

/* ------------------------------------------------------------------------------------------------- tokenizer
 * The same text gives the same units everywhere, whatever the locale (word boundaries in Chinese, Japanese, Thai,
 * Khmer, Lao and Burmese follow the dictionaries of the installed ICU, and may change with it). Normalising and
 * lowercasing (Unicode's full mapping, no language's own rules) come before cutting.
 *
 * JOINERS make words reversible. A unit carries the mark U+FFED where it has no blank between it and its neighbour:
 *
 *     Hello, world!  (see l'homme)   ->   Hello ￭, world ￭! (￭ see l'￭ homme ￭)
 *
 * The mark is on the punctuation, else on the second unit; a word is cut behind an apostrophe (U+0027, U+2019),
 * which stays with what is before it: don't -> don'￭ t. Blanks are any white space, U+00A0 and U+202F included;
 * a run of them becomes one space, and what stands at the ends goes: detokenising gives the text back up to
 * that. A U+FFED of the text itself becomes U+25A0, its compatible form. Characters and graphemes are reversible
 * without marks; units set apart by blanks come back with one space between them.
 *
 * LINES makes each line end a unit of its own, "\n" (CR LF and CR as well): for language models of words or of
 * units set apart by blanks. Characters and graphemes always keep line ends, as "\n". */
enum { RECUR_TOKENS_JOINERS = 1, RECUR_TOKENS_LINES = 2 };
#define RECUR_JOINER "\xEF\xBF\xAD" /* U+FFED */
#define RECUR_LINE_END "\n"

typedef struct recur_tokenizer recur_tokenizer;

/* Units of a text. They live in the tokenizer until its next call; a NUL stands behind each. */
typedef struct recur_units {
    int64_t n;
    const recur_span *unit; /* [n] */
    bool cut;               /* the text had more than max_length units */
} recur_units;

/* `config` is copied. `flags`: RECUR_TOKENS_*. RECUR_EINVAL where the config holds no such unit or form. */
RECUR_API recur_status recur_tokenizer_create(recur_tokenizer **out, recur_ctx *cx,
                                              const recur_text_config *config, unsigned flags);
RECUR_API void recur_tokenizer_free(recur_tokenizer *t);
RECUR_API const recur_text_config *recur_tokenizer_config(const recur_tokenizer *t);

/* An empty text has no units. RECUR_EFORMAT: not UTF-8, or a NUL byte. RECUR_EUNSUPPORTED: the installed ICU lacks
 * its data. `where` may be NULL. */
RECUR_API recur_status recur_tokenize(recur_tokenizer *t, const char *text, size_t size,
                                      const recur_place *where, recur_units *out);
/* The whole text as one unit, normalised and lowercased like a text: a token of a tagged sentence. */
RECUR_API recur_status recur_tokenize_whole(recur_tokenizer *t, const char *text, size_t size,
                                            const recur_place *where, recur_span *out);

/* Units back to text: what recur_tokenize() gave, or what a model says. Free it with recur_text_free(). */
RECUR_API recur_status recur_detokenize(recur_text **out, const recur_tokenizer *t, const recur_span *unit,
                                        int64_t n);
/* The same a unit at a time, for text that is shown as it comes: *shown is `unit` without its marks; true if a
 * space stands between it and `previous` (NULL before the first unit). Cannot fail. */
RECUR_API bool recur_detokenize_next(const recur_tokenizer *t, const recur_span *previous, recur_span unit,
                                     recur_span *shown);

/* ------------------------------------------------------------------------------------------------- vocabulary
 * Special units come first where there are any: */
enum { RECUR_PAD = 0, RECUR_UNK = 1, RECUR_BOS = 2, RECUR_EOS = 3, RECUR_SPECIALS = 4 };

/* How often each unit stands in a text. */
typedef struct recur_counts recur_counts;
RECUR_API recur_status recur_counts_create(recur_counts **out, recur_ctx *cx);
RECUR_API void recur_counts_free(recur_counts *c);
RECUR_API recur_status recur_counts_add(recur_counts *c, const char *unit, size_t size, int64_t times);
RECUR_API recur_status recur_counts_add_units(recur_counts *c, const recur_units *units);
RECUR_API int64_t recur_counts_size(const recur_counts *c);  /* different units */
RECUR_API int64_t recur_counts_total(const recur_counts *c); /* units in all */
/* Unit `i` in the order of their first appearance, and how often it was added. */
RECUR_API recur_span recur_counts_at(const recur_counts *c, int64_t i, int64_t *times);

typedef struct recur_vocab recur_vocab;

typedef struct recur_vocab_options {
    bool specials;     /* <pad> <unk> <bos> <eos> come first; without them there is no unknown unit: labels */
    bool sorted;       /* by bytes, not by frequency: labels, so that classes stand in their natural order */
    int64_t size;      /* keep so many units at most, the most frequent; 0: all */
    int64_t min_count; /* leave out units that are rarer */
} recur_vocab_options;

/* The most frequent units, equals by their bytes. `opt` NULL is {0}. Keeps nothing of the counts. */
RECUR_API recur_status recur_vocab_create(recur_vocab **out, const recur_counts *c,
                                          const recur_vocab_options *opt);
RECUR_API void recur_vocab_free(recur_vocab *v);
RECUR_API int64_t recur_vocab_size(const recur_vocab *v); /* V, specials included */
RECUR_API bool recur_vocab_specials(const recur_vocab *v);
/* The unit of a number, with a NUL behind it; "<pad>", "<unk>", "<bos>", "<eos>" for specials (no unit of a text is
 * ever read as one of these); {"", 0} for a number that is not in 0 .. V - 1. Lives in the vocabulary. */
RECUR_API recur_span recur_vocab_text(const recur_vocab *v, int64_t id);
/* The number of a unit, or -1. */
RECUR_API int64_t recur_vocab_find(const recur_vocab *v, const char *unit, size_t size);
/* The same for n units: ids [n]; what is not there is RECUR_UNK (-1 in a vocabulary without specials). */
RECUR_API void recur_vocab_ids(const recur_vocab *v, const recur_span *unit, int64_t n, int64_t *ids);

/* How much of a text the vocabulary knows: `known` of `units` units, `known_kinds` of `kinds` different ones. */
typedef struct recur_coverage {
    int64_t units, known, kinds, known_kinds;
} recur_coverage;
RECUR_API void recur_vocab_coverage(const recur_vocab *v, const recur_counts *of, recur_coverage *out);

/* As JSON text, for the metadata of a model: {"specials":true,"units":["the",",",...]}. Reading trusts nothing:
 * RECUR_EFORMAT, with `name` and the byte, for what is no such JSON, a unit that is empty, stands twice, is not UTF-8
 * or holds U+0000. */
RECUR_API recur_status recur_vocab_json(recur_text **out, const recur_vocab *v);
RECUR_API recur_status recur_vocab_parse(recur_vocab **out, recur_ctx *cx, const char *json, size_t size,
                                         const char *name);

/* ------------------------------------------------------------------------------------------------- word vectors
 * A text file of vectors (word2vec's or GloVe's): a unit and E numbers per line, set apart by blanks, with or without
 * a first line "N E". The file is walked over once, whatever its size. */
typedef struct recur_vectors {
    int64_t E;     /* numbers of each vector */
    int64_t lines; /* vectors in the file */
    int64_t found; /* units of the vocabulary that have one; a unit that stands twice: its first line */
} recur_vectors;

/* E alone, from the first lines. */
RECUR_API recur_status recur_vectors_width(recur_ctx *cx, const char *path, int64_t *E);
/* Fills the rows of table [V, E] for units that the file has; other rows stay as they are. `found` [V] (may be NULL)
 * tells which. RECUR_EFORMAT with the line: another number of numbers, a number that is not finite or does not fit a
 * float; RECUR_ESHAPE if the file's vectors do not have E numbers. Specials are not looked up. */
RECUR_API recur_status recur_vectors_read(const recur_vocab *v, const char *path, int64_t E, float *table,
                                          bool *found, recur_vectors *out);

/* ------------------------------------------------------------------------------------------------- corpus
 * Texts, each with its answer: a label, or a translation. */
typedef struct recur_corpus {
    recur_ctx *cx;
    int64_t n;                /* examples */
    const recur_span *text;   /* [n] */
    const recur_span *answer; /* [n]; NULL for plain texts */
    const int64_t *line;      /* [n]: where each begins in its file, from 1 */
    const int32_t *file;      /* [n]: which file */
    const char *const *files; /* names as messages show them */
    int64_t n_files;
    int64_t empty; /* pairs that were left out because one side is empty */
} recur_corpus;

RECUR_API void recur_corpus_free(recur_corpus *c);

/* --- labelled texts ---
 * `csv` and `tsv` are tables with the columns `text` and `label`, by name, or by number from 1 where no column is
 * named so (without a header, always by number). CSV fields may be quoted (RFC 4180); in a TSV file a quote is a
 * character like any other unless `quotes` is YES. `fasttext`: __label__x text; of several labels the first counts,
 * the others are passed over. `first-word`: the label is the first word of the line, or of that word what stands
 * before the first character of `label_until` (the rest of it is left out): with ":", "HUM:ind Who wrote it ?" is HUM.
 * `class-files`: a file per class, a text per line; its label is the file's name without folder and last extension;
 * where two are then the same (rt-polarity.neg, rt-polarity.pos) the whole names are the labels.
 * `auto`: csv and tsv by the file's extension, else fasttext where the first line begins with __label__, else tsv
 * where it holds a tab, else csv. Blanks around a label do not count.
 *
 * A text may be empty: it is an example of no units. RECUR_EFORMAT with the line: a row without a label, a label that
 * is not UTF-8, a file without any example. RECUR_ENOTFOUND: a column that is not there, with those that are. One
 * class alone is no error here. */
typedef enum recur_labelled_format {
    RECUR_LABELLED_AUTO = 0,
    RECUR_LABELLED_CSV,
    RECUR_LABELLED_TSV,
    RECUR_LABELLED_FASTTEXT,
    RECUR_LABELLED_FIRST_WORD,
    RECUR_LABELLED_CLASS_FILES
} recur_labelled_format;

typedef enum recur_quotes { RECUR_QUOTES_AUTO = 0, RECUR_QUOTES_YES = 1, RECUR_QUOTES_NO = 2 } recur_quotes;

typedef struct recur_labelled_config {
    int format;               /* recur_labelled_format */
    const char *text, *label; /* columns */
    bool header;              /* the first line names the columns */
    const char *delimiter;    /* one character, or "tab"; NULL: ',' for csv, a tab for tsv */
    int quotes;               /* recur_quotes; AUTO: yes for csv, no for tsv */
    const char *label_until;  /* NULL: the whole first word */
} recur_labelled_config;
/* auto, "text", "label", a header. */
RECUR_API recur_labelled_config recur_labelled_defaults(void);
/* Several files are read one behind the other. `label` NULL reads texts alone: to predict. */
RECUR_API recur_status recur_labelled_read(recur_corpus **out, recur_ctx *cx, const char *const *paths,
                                           int64_t n, const recur_labelled_config *how);

/* --- pairs: source and target ---
 * `tsv` and `csv`: columns `source` and `target`, as above, the default being 1 and 2 without a header; further
 * columns are passed over. `files`: two files, line n of the second belongs to line n of the first; RECUR_EFORMAT
 * if one has more lines. `auto`: files if there are two paths, else csv or tsv by the extension, else tsv. Pairs with
 * an empty side are left out and counted. */
typedef enum recur_paired_format {
    RECUR_PAIRED_AUTO = 0,
    RECUR_PAIRED_CSV,
    RECUR_PAIRED_TSV,
    RECUR_PAIRED_FILES
} recur_paired_format;

typedef struct recur_paired_config {
    int format;                  /* recur_paired_format */
    const char *source, *target; /* columns */
    bool header;
    const char *delimiter; /* as above */
    int quotes;
} recur_paired_config;
/* auto, "1", "2", no header. */
RECUR_API recur_paired_config recur_paired_defaults(void);
/* `target` NULL reads sources alone. */
RECUR_API recur_status recur_paired_read(recur_corpus **out, recur_ctx *cx, const char *const *paths,
                                         int64_t n, const recur_paired_config *how);

/* --- a text per line; no answers. An empty file is a corpus of 0 texts. --- */
RECUR_API recur_status recur_lines_read(recur_corpus **out, recur_ctx *cx, const char *path);

/* What of an example is meant. */
typedef enum recur_side { RECUR_SIDE_TEXT = 0, RECUR_SIDE_ANSWER = 1, RECUR_SIDE_BOTH = 2 } recur_side;

/* Where text (or answer) i stands: the column too where the file's line holds it as it is. */
RECUR_API recur_place recur_corpus_place(const recur_corpus *c, recur_side side, int64_t i);
/* group [n]: for each example the first one with the same bytes on that side: for recur_parts_split(). */
RECUR_API recur_status recur_corpus_groups(const recur_corpus *c, recur_side side, int64_t *group);
/* Adds the units of the texts (answers) of n examples `index` (NULL: all). */
RECUR_API recur_status recur_corpus_count(const recur_corpus *c, recur_side side, const int64_t *index,
                                          int64_t n, recur_tokenizer *t, recur_counts *counts);
/* The labels of n examples `index` (NULL: all), as whole answers. */
RECUR_API recur_status recur_corpus_count_labels(const recur_corpus *c, const int64_t *index, int64_t n,
                                                 recur_counts *counts);
/* ids [n]: the label of every example; -1 where the vocabulary does not have it (a class that only the test part has).
 */
RECUR_API void recur_corpus_labels(const recur_corpus *c, const recur_vocab *labels, int64_t *ids);

/* --- tagged sentences ---
 * `conll`: a token per line in columns set apart by tabs, or by blanks where the file's first line holds no tab; blank
 * lines between sentences; lines of -DOCSTART- are passed over, and comments: lines that begin with # and have no
 * tab, or in a file with blanks, lines before a sentence that begin with "# " and have another number of columns.
 * Every line has the same number of columns. `token` and `tag` are columns by number, from 1; from the end if below
 * 0: -1 is the last. `conllu`: the ten columns of Universal Dependencies; comments, ranges (3-4) and empty nodes (3.1)
 * are left out. The tag is column `tag`: 4 UPOS (the default 0 says so), 5 XPOS. `auto`: conllu by the extension
 * .conllu, else conll. */
typedef enum recur_tagged_format {
    RECUR_TAGGED_AUTO = 0,
    RECUR_TAGGED_CONLL,
    RECUR_TAGGED_CONLLU
} recur_tagged_format;

typedef struct recur_tagged_config {
    int format;    /* recur_tagged_format */
    int64_t token; /* column; 0: the first (conllu: FORM) */
    int64_t tag;   /* column; 0: the last (conllu: UPOS) */
} recur_tagged_config;
RECUR_API recur_tagged_config recur_tagged_defaults(void);

typedef struct recur_sentences {
    recur_ctx *cx;
    int64_t n;               /* sentences; none is empty */
    const int64_t *offset;   /* [n + 1]: sentence i has the tokens offset[i] .. offset[i + 1] - 1 */
    const recur_span *token; /* [offset[n]] */
    const recur_span *tag;   /* [offset[n]]; NULL where only tokens were read */
    const int64_t *line;     /* [offset[n]] */
    const int32_t *file;     /* [n] */
    const char *const *files;
    int64_t n_files;
} recur_sentences;

/* Several files are read one behind the other. `tags` false reads tokens alone: to predict. */
RECUR_API recur_status recur_tagged_read(recur_sentences **out, recur_ctx *cx, const char *const *paths,
                                         int64_t n, const recur_tagged_config *how, bool tags);
/* One sentence of the tokens [n], which are borrowed like `where` [n]: where each stands, for messages, or NULL. n = 0 is
 * no sentence. RECUR_EFORMAT for an empty token. */
RECUR_API recur_status recur_sentences_from(recur_sentences **out, recur_ctx *cx, const recur_span *token,
                                            int64_t n, const recur_place *where);
RECUR_API void recur_sentences_free(recur_sentences *s);
/* What was read, line by line as it stands, with `tag` [tokens]: as a further last column, in CoNLL-U in the place of
 * what stands in the column of tags. Lines end in LF. */
RECUR_API recur_status recur_sentences_tagged(recur_text **out, const recur_sentences *s,
                                              const char *const *tag);
RECUR_API recur_place recur_sentences_place(const recur_sentences *s, int64_t token);
RECUR_API recur_status recur_sentences_groups(const recur_sentences *s, int64_t *group); /* by tokens */
RECUR_API recur_status recur_sentences_count(const recur_sentences *s, const int64_t *index, int64_t n,
                                             recur_tokenizer *t, recur_counts *counts);
RECUR_API recur_status recur_sentences_count_tags(const recur_sentences *s, const int64_t *index, int64_t n,
                                                  recur_counts *counts);

/* ------------------------------------------------------------------------------------------------- sequences
 * Rows of ids, one behind the other. */
typedef struct recur_sequences {
    recur_ctx *cx;
    int64_t n;
    const int64_t *offset; /* [n + 1] */
    const int32_t *id;     /* [offset[n]] */
    int64_t cut;           /* texts that max_length has shortened */
    int64_t longest;
} recur_sequences;

/* An empty one to add to; arrays may move when something is added. */
RECUR_API recur_status recur_sequences_create(recur_sequences **out, recur_ctx *cx);
RECUR_API void recur_sequences_free(recur_sequences *s);
RECUR_API recur_status recur_sequences_add(recur_sequences *s, const int64_t *ids, int64_t n);
static inline int64_t recur_sequence_length(const recur_sequences *s, int64_t i)
{
    return s->offset[i + 1] - s->offset[i];
}

/* What surrounds the units; max_length does not count these. */
enum { RECUR_ENCODE_BOS = 1, RECUR_ENCODE_EOS = 2, RECUR_ENCODE_REVERSE = 4 /* the units, last first */ };

/* Adds one text. */
RECUR_API recur_status recur_encode(recur_sequences *into, recur_tokenizer *t, const recur_vocab *v,
                                    const char *text, size_t size, const recur_place *where, unsigned flags);
/* All texts (answers) of a corpus. */
RECUR_API recur_status recur_corpus_encode(recur_sequences **out, const recur_corpus *c, recur_side side,
                                           recur_tokenizer *t, const recur_vocab *v, unsigned flags);
/* Tokens: a sequence per sentence; longer ones than max_length are cut. `tags`: tags instead, -1 where the vocabulary
 * does not have one (`t` gives max_length alone). */
RECUR_API recur_status recur_sentences_encode(recur_sequences **out, const recur_sentences *s,
                                              recur_tokenizer *t, const recur_vocab *v);
RECUR_API recur_status recur_sentences_encode_tags(recur_sequences **out, const recur_sentences *s,
                                                   const recur_tokenizer *t, const recur_vocab *tags);
/* The characters of each token, a sequence per token (number offset[i] + t is token t of sentence i): `t` cuts
 * tokens into RECUR_UNIT_CHAR or RECUR_UNIT_GRAPHEME. Count them with recur_sentences_count_units(). */
RECUR_API recur_status recur_sentences_count_units(const recur_sentences *s, const int64_t *index, int64_t n,
                                                   recur_tokenizer *t, recur_counts *counts);
RECUR_API recur_status recur_sentences_encode_units(recur_sequences **out, const recur_sentences *s,
                                                    recur_tokenizer *t, const recur_vocab *v);

/* Ids back to text: up to the first EOS; PAD and BOS are passed over, UNK shows as <unk>. */
RECUR_API recur_status recur_decode(recur_text **out, const recur_tokenizer *t, const recur_vocab *v,
                                    const int64_t *ids, int64_t n);

/* Sequences `index` [B] as an array of [B, T] (BATCH_MAJOR) or [T, B] (TIME_MAJOR) in the caller's memory, `fill`
 * behind their ends; one that is longer than T is cut. */
typedef enum recur_layout { RECUR_BATCH_MAJOR = 0, RECUR_TIME_MAJOR = 1 } recur_layout;
RECUR_API void recur_pad(const recur_sequences *s, const int64_t *index, int64_t B, int64_t T,
                         recur_layout layout, int64_t fill, int64_t *ids);
/* lengths [B], the longest of which is returned: T. */
RECUR_API int64_t recur_pad_lengths(const recur_sequences *s, const int64_t *index, int64_t B,
                                    int64_t *lengths);

/* ------------------------------------------------------------------------------------------------- buckets
 * Batches of examples of like length. Shuffled: the examples are put into an order that depends on seed and epoch
 * alone, cut into pools of `pool` batches, sorted by length within a pool (to a sixteenth, so that other examples meet
 * in each epoch), cut into batches, and the batches are shuffled. Padding is some hundredths of a batch of 32, and an
 * epoch always has the same number of batches. In order (not shuffled): by length, for evaluation, where `index`
 * tells which example a row is. */
typedef struct recur_buckets recur_buckets;

typedef struct recur_bucket_options {
    int64_t batch; /* examples per batch, at least 1; some batch of an epoch may have less */
    int64_t
        units; /* and at most so many units with padding (B * T); 0: any. Then batches are cut from all examples
                      sorted by length, and only equals and the batches are shuffled. A longer example is a batch
                      of its own */
    int64_t pool; /* batches that are sorted together; 0: 50, or 8192 examples if that is more */
    bool shuffle;
    uint64_t seed;
} recur_bucket_options;

typedef struct recur_bucket {
    int64_t B, T;           /* examples, the longest length among them */
    const int64_t *index;   /* [B]: numbers of the sequences */
    const int64_t *lengths; /* [B] */
    int64_t units;          /* sum of the lengths */
} recur_bucket;

/* Over the n sequences `index` (copied; NULL: 0 .. n - 1). Keeps nothing of `s`. Starts at epoch 0. */
RECUR_API recur_status recur_buckets_create(recur_buckets **out, const recur_sequences *s,
                                            const int64_t *index, int64_t n, const recur_bucket_options *opt);
RECUR_API void recur_buckets_free(recur_buckets *b);
RECUR_API int64_t recur_buckets_size(const recur_buckets *b); /* batches in an epoch */
/* The next batch of the epoch, or false at its end. Arrays live until the next call. Cannot fail. */
RECUR_API bool recur_buckets_next(recur_buckets *b, recur_bucket *out);
/* Goes to batch `batch` of an epoch, and says where it is: for the next epoch, or to resume where a run stopped. */
RECUR_API void recur_buckets_seek(recur_buckets *b, uint64_t epoch, int64_t batch);
RECUR_API void recur_buckets_tell(const recur_buckets *b, uint64_t *epoch, int64_t *batch);

/* ------------------------------------------------------------------------------------------------- streams
 * A text of any size as one row of units: it stays in its file, and units are made where they are asked for (an index
 * remembers every 16 KiB where it is). Line ends are units, as RECUR_TOKENS_LINES says, so create the tokenizer with
 * it; max_length does not count here. A line of more than 1 MiB is cut into pieces, at blanks where it has any. */
typedef struct recur_stream recur_stream;

/* Walks over the text once. Keeps `t`, which must outlive it and may be used for other things in between. Reading a
 * pipe keeps a copy. */
RECUR_API recur_status recur_stream_open(recur_stream **out, recur_tokenizer *t, const char *path);
/* The same from memory, which must outlive the stream. */
RECUR_API recur_status recur_stream_parse(recur_stream **out, recur_tokenizer *t, const void *bytes,
                                          size_t size, const char *name);
RECUR_API void recur_stream_free(recur_stream *s);
RECUR_API int64_t recur_stream_size(const recur_stream *s); /* N units */
/* Adds units from .. to - 1. */
RECUR_API recur_status recur_stream_count(recur_stream *s, int64_t from, int64_t to, recur_counts *counts);
/* ids [to - from] of units from .. to - 1. */
RECUR_API recur_status recur_stream_ids(recur_stream *s, const recur_vocab *v, int64_t from, int64_t to,
                                        int64_t *ids);

/*
 * Lanes for truncated backpropagation: units from .. to - 1 are cut into B lanes of contiguous units (their lengths
 * differ by one at most), and handed out as windows of T steps. At each step a lane's input is the unit before the one
 * it must predict:
 *
 *     lane b predicts units  first[b], first[b] + 1, ..., first[b + 1] - 1     first[b] = from + b * (to - from) / B
 *     x[b, t] = u[first[b] + w * T + t - 1],  y[b, t] = u[first[b] + w * T + t]
 *
 * so every unit is predicted once; the input for the very first of a text is BOS. The state of window w is carried
 * into window w + 1; `first` says where it must be zero. The last window may be shorter, and its lanes differ in
 * length by one.
 */
typedef struct recur_lanes recur_lanes;

typedef struct recur_window_of_text {
    int64_t B, T;           /* lanes, steps */
    const int64_t *x, *y;   /* [B, T] or [T, B]: inputs, and what follows each; PAD behind a lane's end */
    const int64_t *lengths; /* [B] */
    int64_t units;          /* sum of the lengths */
    bool first;             /* of the lanes: states are zero */
} recur_window_of_text;

/* Keeps `s` and `v`. RECUR_EINVAL if there are fewer units than lanes, or the range is not within the stream. */
RECUR_API recur_status recur_lanes_create(recur_lanes **out, recur_stream *s, const recur_vocab *v,
                                          int64_t from, int64_t to, int64_t B, int64_t T,
                                          recur_layout layout);
RECUR_API void recur_lanes_free(recur_lanes *l);
RECUR_API int64_t recur_lanes_size(const recur_lanes *l); /* windows in an epoch */
/* The next window: *out, or `out->B == 0` behind the last. Arrays live until the next call. */
RECUR_API recur_status recur_lanes_next(recur_lanes *l, recur_window_of_text *out);
RECUR_API void recur_lanes_seek(recur_lanes *l, int64_t window);
RECUR_API int64_t recur_lanes_tell(const recur_lanes *l);

/* ------------------------------------------------------------------------------------------------- splits
 * Cuts n examples into parts by the rules of recur_partition: its shares or counts, shuffled or in order; or every
 * k-th example (`every` = k >= 2): numbers k - 1, 2k - 1, ... (lines k, 2k, ...) are the test part, and if a share of
 * validation is asked for, the ones before them are that; the others are for training, whatever the shares. Examples
 * of one `group` (the number of the group's first example, as recur_corpus_groups() makes them; NULL: each by itself)
 * stay together: a group goes where its first member, in the order in which parts are filled, falls. RECUR_EINVAL if
 * the training part, or another that was asked for, gets no example. */
RECUR_API recur_status recur_parts_split(recur_parts **out, recur_ctx *cx, int64_t n, const int64_t *group,
                                         const recur_partition *how);
/* All n examples in one part. */
RECUR_API recur_status recur_parts_whole(recur_parts **out, recur_ctx *cx, int64_t n, int part);

/* ------------------------------------------------------------------------------------------------- describe
 * What is in a data set, for people. */
enum { RECUR_LENGTH_BARS = 24, RECUR_COVERAGE_STEPS = 8 };

typedef struct recur_lengths {
    int64_t n, units;                 /* sequences, sum of their lengths */
    int64_t shortest, longest, empty; /* empty: of length 0 */
    double mean;
    int64_t p50, p90, p95, p99;     /* so many in a hundred are at most this long */
    int64_t bar[RECUR_LENGTH_BARS]; /* lengths 0, 1, 2..3, 4..7, ...; the last one: and longer */
} recur_lengths;
RECUR_API recur_status recur_lengths_of(recur_lengths *out, const recur_sequences *s);

/* What a vocabulary of the `size` most frequent units would cover. */
typedef struct recur_coverage_step {
    int64_t size;
    double share; /* of all units of the text */
} recur_coverage_step;

/* Examples that stand more than once. Two texts are near if about `0.8` of their runs of three units (Jaccard index)
 * are the same, found by MinHash: the same result every time, in linear time; a few near ones are missed, and few that
 * are not near are counted. */
typedef struct recur_repeats {
    int64_t repeated;    /* examples whose text stands in an earlier one */
    int64_t conflicting; /* of these: with another answer than that one */
    int64_t near;        /* examples that are near an earlier one, equals not counted */
    int64_t leaked[RECUR_PARTS],
        leaked_near[RECUR_PARTS]; /* examples of a part whose text (or one near it) stands in
                                                              the training part */
} recur_repeats;

typedef struct recur_description {
    recur_ctx *cx;
    int64_t n;
    recur_lengths text, answer; /* answers of labels count as a whole: answer.n is 0 then */
    int64_t units, kinds, once; /* units in all, different ones, those that stand once */
    recur_coverage_step coverage[RECUR_COVERAGE_STEPS];
    int64_t n_coverage;
    int64_t n_labels; /* classes, or tags, most frequent first */
    const recur_span *label;
    const int64_t *label_count;
    recur_repeats repeats;
    recur_coverage known[RECUR_PARTS]; /* what of each part the vocabulary of the training part knows */
} recur_description;

/* `parts` may be NULL: one training part. `labels`: answers are labels, not texts. */
RECUR_API recur_status recur_corpus_describe(recur_description **out, const recur_corpus *c, bool labels,
                                             recur_tokenizer *t, const recur_parts *parts);
RECUR_API recur_status recur_sentences_describe(recur_description **out, const recur_sentences *s,
                                                recur_tokenizer *t, const recur_parts *parts);
RECUR_API void recur_description_free(recur_description *d);

#ifdef __cplusplus
}
#endif

#endif
