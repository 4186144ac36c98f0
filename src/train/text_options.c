// SPDX-License-Identifier: MIT
/* What tasks on text can be told about their input: tables for the structs of text.h. */
#include "train/option.h"

#define TEXT(field) offsetof(recur_text_config, field)
#define LABELLED(field) offsetof(recur_labelled_config, field)
#define PAIRED(field) offsetof(recur_paired_config, field)
#define TAGGED(field) offsetof(recur_tagged_config, field)

/* In the order of the enums of text.h. */
static const char *const units[] = {"word", "char", "grapheme", "space", NULL};
static const char *const forms[] = {"none", "nfc", "nfkc", NULL};
static const char *const quotes[] = {"auto", "yes", "no", NULL};
static const char *const labelled[] = {"auto", "csv", "tsv", "fasttext", "first-word", "class-files", NULL};
static const char *const paired[] = {"auto", "csv", "tsv", "files", NULL};
static const char *const tagged[] = {"auto", "conll", "conllu", NULL};

#define UNIT_OPTIONS                                                                                      \
    {"unit", 0, RECUR_OPTION_CHOICE, TEXT(unit), "UNIT", "what a text is cut into", units, 0, 0, 0},      \
        {"vocab",                                                                                         \
         0,                                                                                               \
         RECUR_OPTION_COUNT,                                                                              \
         TEXT(vocab),                                                                                     \
         "N",                                                                                             \
         "the most frequent so many units are known; 0: all",                                             \
         NULL,                                                                                            \
         0,                                                                                               \
         1e9,                                                                                             \
         0},                                                                                              \
        {"min-count", 0, RECUR_OPTION_COUNT, TEXT(min_count), "N", "rarer units are unknown", NULL, 1,    \
         1e9,         0},                                                                                 \
        {"lowercase", 0, RECUR_OPTION_FLAG, TEXT(lowercase), NULL, "no capitals", NULL, 0, 0, 0},         \
        {"normalise", 0, RECUR_OPTION_CHOICE, TEXT(normalise), "FORM", "Unicode's normal form", forms, 0, \
         0,           0},                                                                                 \
    {                                                                                                     \
        "lossy", 0, RECUR_OPTION_FLAG, TEXT(lossy), NULL,                                                 \
            "what is not UTF-8 becomes U+FFFD instead of an error", NULL, 0, 0, 0                         \
    }

#define COLUMN_OPTIONS(at)                                                                                 \
    {"header", 0, RECUR_OPTION_FLAG, at(header), NULL, "the first line names the columns", NULL, 0, 0, 0}, \
        {"delimiter",                                                                                      \
         0,                                                                                                \
         RECUR_OPTION_TEXT,                                                                                \
         at(delimiter),                                                                                    \
         "C",                                                                                              \
         "between columns: a character, or \"tab\"; without it a comma or tab, by the format",             \
         NULL,                                                                                             \
         0,                                                                                                \
         0,                                                                                                \
         0},                                                                                               \
    {                                                                                                      \
        "quotes", 0, RECUR_OPTION_CHOICE, at(quotes), "WHEN",                                              \
            "fields may be quoted; auto: in csv, not in tsv", quotes, 0, 0, 0                              \
    }

const recur_option rcr_unit_options[] = {UNIT_OPTIONS, {0}};

const recur_option rcr_text_options[] = {
    UNIT_OPTIONS,
    {"max-length", 0, RECUR_OPTION_COUNT, TEXT(max_length), "N",
     "units of a text, the rest is cut off; 0: any", NULL, 0, 1e9, 0},
    {0},
};

const recur_option rcr_labelled_options[] = {
    {"format", 0, RECUR_OPTION_CHOICE, LABELLED(format), "FORMAT", "of the data files", labelled, 0, 0, 0},
    {"text", 0, RECUR_OPTION_TEXT, LABELLED(text), "COL", "column of the text: name, or number from 1", NULL,
     0, 0, 0},
    {"label", 0, RECUR_OPTION_TEXT, LABELLED(label), "COL", "column of the label: name, or number from 1",
     NULL, 0, 0, 0},
    COLUMN_OPTIONS(LABELLED),
    {"class-files", 0, RECUR_OPTION_PICK, LABELLED(format), NULL, "a file per class, a text per line", NULL,
     RECUR_LABELLED_CLASS_FILES, RECUR_LABELLED_CLASS_FILES, 0},
    {"first-word-label", 0, RECUR_OPTION_PICK, LABELLED(format), NULL,
     "the first word of a line is its label", NULL, RECUR_LABELLED_FIRST_WORD, RECUR_LABELLED_FIRST_WORD, 0},
    {"label-until", 0, RECUR_OPTION_TEXT, LABELLED(label_until), "C",
     "of a label that is the first word: what stands before this", NULL, 0, 0, 0},
    {0},
};

const recur_option rcr_paired_options[] = {
    {"format", 0, RECUR_OPTION_CHOICE, PAIRED(format), "FORMAT",
     "of the data; files: line n of the second belongs to line n of the first", paired, 0, 0, 0},
    {"source", 0, RECUR_OPTION_TEXT, PAIRED(source), "COL", "column to translate: name, or number from 1",
     NULL, 0, 0, 0},
    {"target", 0, RECUR_OPTION_TEXT, PAIRED(target), "COL", "column of translations: name, or number from 1",
     NULL, 0, 0, 0},
    COLUMN_OPTIONS(PAIRED),
    {0},
};

const recur_option rcr_tagged_options[] = {
    {"format", 0, RECUR_OPTION_CHOICE, TAGGED(format), "FORMAT", "of the data files", tagged, 0, 0, 0},
    {"token", 0, RECUR_OPTION_COUNT, TAGGED(token), "N", "column of tokens, -1 the last; 0: the first", NULL,
     -1000, 1000, 0},
    {"tag", 0, RECUR_OPTION_COUNT, TAGGED(tag), "N",
     "column of tags, -1 the last; 0: the last, UPOS in conllu", NULL, -1000, 1000, 0},
    {0},
};
