// SPDX-License-Identifier: MIT
/* Built-in data sets of text: reviews to classify, dates to translate, sentences to tag. */
#include <string.h>

#include "data/synthetic.h"

#define COUNT(list) ((int64_t)(sizeof(list) / sizeof *(list)))
#define PICK(s, list) ((list)[rcr_source_below((s), COUNT(list))])

static bool chance(rcr_source *s, int64_t of)
{
    return rcr_source_below(s, of) == 0;
}

/* ---- reviews: what a word says depends on what stands before it ----
 *
 * A template is copied; $n is a thing, $g and $b are words of the clause's own and of the other opinion. "good, not bad"
 * and "bad, not good" have the same words: a bag of them cannot tell. */

static const char *const things[] = {
    "screen",   "battery", "sound",  "case",    "handle", "zip",  "strap",    "motor",     "lid",    "cable",
    "keyboard", "lens",    "button", "charger", "manual", "menu", "delivery", "packaging", "colour", "price"};
static const char *const pleasant[] = {"good",   "great",    "excellent", "lovely",
                                       "solid",  "reliable", "perfect",   "wonderful",
                                       "useful", "quick",    "bright",    "comfortable"};
static const char *const unpleasant[] = {"bad",    "poor",  "terrible", "ugly", "flimsy", "unreliable",
                                         "broken", "awful", "useless",  "slow", "dull",   "uncomfortable"};
static const char *const degrees[] = {"", "", "", "very ", "really ", "quite ", "surprisingly "};
static const char *const clauses[] = {
    "the $n is $d$g",
    "the $n is not $b",
    "the $n is $g, not $b",
    "the $n is not $b but $g",
    "nothing about the $n is $b",
    "I find the $n $d$g",
    "the $n never seemed $b to me",
    "the $n turned out to be $d$g",
    "I would not call the $n $b",
    "I expected the $n to be $b, but it is $g", /* does not fit behind "although" */
};
static const char *const openings[] = {"I bought it last month", "It arrived on a Tuesday",
                                       "My sister has one too", "This is my second one",
                                       "I use it every day"};

/* A clause that speaks for the opinion `good`: by itself, or behind "although". */
static void put_clause(rcr_builder *b, rcr_source *s, bool good, bool alone, bool capital)
{
    char word[2] = "";
    for (const char *at = clauses[rcr_source_below(s, COUNT(clauses) - !alone)]; *at; at++) {
        if (*at == '$')
            switch (*++at) {
            case 'n':
                rcr_put(b, PICK(s, things));
                continue;
            case 'd':
                rcr_put(b, PICK(s, degrees));
                continue;
            default:
                rcr_put(b, (*at == 'g') == good ? PICK(s, pleasant) : PICK(s, unpleasant));
                continue;
            }
        word[0] = (char)(capital && *at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
        capital = false;
        rcr_put(b, word);
    }
}

/* A sentence for the opinion, sometimes with the other one granted in passing. */
static void put_opinion(rcr_builder *b, rcr_source *s, bool good)
{
    int64_t form = rcr_source_below(s, 5);
    if (form == 0) {
        rcr_put(b, "Although ");
        put_clause(b, s, !good, false, false);
        rcr_put(b, ", ");
    }
    put_clause(b, s, good, true, form != 0);
    if (form == 1) {
        rcr_put(b, ", even though ");
        put_clause(b, s, !good, false, false);
    }
    rcr_put(b, ".");
}

void rcr_write_reviews(rcr_builder *b, rcr_source *s, int64_t n)
{
    rcr_put(b, "label,text\n");
    for (int64_t i = 0; i < n && b->status == RECUR_OK; i++) {
        bool good = chance(s, 2);
        int64_t opinions = 1 + rcr_source_below(s, 2);
        rcr_put(b, good ? "pos,\"" : "neg,\"");
        if (chance(s, 3)) {
            rcr_put(b, PICK(s, openings));
            rcr_put(b, ". ");
        }
        for (int64_t k = 0; k < opinions; k++) {
            rcr_put(b, k > 0 ? " " : "");
            put_opinion(b, s, good);
        }
        rcr_put(b, "\"\n");
    }
}

/* ---- dates: many ways to write one, one way to store it ---- */

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

/* %d day, %D with two digits, %o with its ending, %m number of the month, %M with two digits, %n its name, %s the first
 * three letters of it, %y year, %w weekday, %v the first three letters of it */
static const char *const forms[] = {"%d %n %y",         "%o of %n %y",
                                    "the %o of %n, %y", "%n %d, %y",
                                    "%n %o, %y",        "%w, %d %n %y",
                                    "%v %D %s %y",      "%d-%s-%y",
                                    "%s %d %y",         "%d.%m.%y",
                                    "%D.%M.%y",         "%y/%M/%D",
                                    "%w, %n %o, %y",    "on %w the %o of %n %y"};

/* Sakamoto's rule: 0 is Sunday. */
static int weekday(rcr_date d)
{
    static const int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    int y = d.month < 3 ? d.year - 1 : d.year;
    return (y + y / 4 - y / 100 + y / 400 + shift[d.month - 1] + d.day) % 7;
}

static const char *ending(int day)
{
    bool teen = day / 10 == 1;
    return !teen && day % 10 == 1   ? "st"
           : !teen && day % 10 == 2 ? "nd"
           : !teen && day % 10 == 3 ? "rd"
                                    : "th";
}

static void put_letters(rcr_builder *b, const char *name, char form)
{
    rcr_put_bytes(b, name, form == 's' || form == 'v' ? 3 : strlen(name));
}

static void put_part(rcr_builder *b, rcr_date d, char form)
{
    if (strchr("dDo", form))
        rcr_put_int(b, d.day, form == 'D' ? 2 : 1);
    if (form == 'o')
        rcr_put(b, ending(d.day));
    if (strchr("mM", form))
        rcr_put_int(b, d.month, form == 'M' ? 2 : 1);
    if (strchr("ns", form))
        put_letters(b, months[d.month - 1], form);
    if (strchr("wv", form))
        put_letters(b, weekdays[weekday(d)], form);
    if (form == 'y')
        rcr_put_int(b, d.year, 4);
}

void rcr_write_dates(rcr_builder *b, rcr_source *s, int64_t n)
{
    for (int64_t i = 0; i < n && b->status == RECUR_OK; i++) {
        rcr_date d = {.year = (int)(1900 + rcr_source_below(s, 200)),
                      .month = (int)(1 + rcr_source_below(s, 12))};
        d.day = (int)(1 + rcr_source_below(s, rcr_days(d.year, d.month)));
        for (const char *at = PICK(s, forms); *at; at++)
            if (*at == '%')
                put_part(b, d, *++at);
            else
                rcr_put_bytes(b, at, 1);
        rcr_put(b, "\t");
        rcr_put_date(b, d);
        rcr_put(b, "\n");
    }
}

/* ---- tags: names that nobody has seen before, known by their surroundings ---- */

static const char *const given[] = {"Anna", "Ben",   "Clara", "David", "Elena", "Farid", "Grace",
                                    "Hugo", "Ines",  "Jonas", "Kofi",  "Leila", "Marta", "Noah",
                                    "Olga", "Pedro", "Rosa",  "Sven",  "Tariq", "Yuki"};
static const char *const onsets[] = {"B", "D", "F", "G", "H", "K",  "L",  "M",  "N",
                                     "P", "R", "S", "T", "V", "Br", "Kr", "St", "Tr"};
static const char *const vowels[] = {"a", "e", "i", "o", "u", "ei", "au"};
static const char *const middles[] = {"l", "n", "r", "s", "t", "m", "nd", "rk", "st", "v"};
static const char *const codas[] = {"en", "er", "a", "o", "is", "ov", "ell", "ing", "ard", "ak"};
static const char *const firms[] = {"Bank", "Motors", "Group", "Systems", "Airlines", "Foods"};

/* P a person, L a place, O an organisation, D a date; other words as they are. */
static const char *const sentences[] = {"P was born in L on D .",
                                        "P works for O in L .",
                                        "O opened an office in L .",
                                        "In L , P met P .",
                                        "The meeting between O and O begins on D .",
                                        "P , who lives in L , joined O on D .",
                                        "\" We left L on D , \" said P .",
                                        "On D O bought O .",
                                        "Nobody in L knows P .",
                                        "P told P about O .",
                                        "The train from L to L was late .",
                                        "O pays P well .",
                                        "It rained all day .",
                                        "She read the report and went home ."};

/* The same made-up words name people, places and firms: only the surroundings tell which. */
static void put_name(rcr_builder *b, rcr_source *s)
{
    rcr_put(b, PICK(s, onsets));
    rcr_put(b, PICK(s, vowels));
    rcr_put(b, PICK(s, middles));
    if (chance(s, 3)) {
        rcr_put(b, PICK(s, vowels));
        rcr_put(b, PICK(s, middles));
    }
    rcr_put(b, PICK(s, codas));
}

static void put_tag(rcr_builder *b, const char *tag)
{
    rcr_put(b, "\t");
    rcr_put(b, tag);
    rcr_put(b, "\n");
}

static void put_person(rcr_builder *b, rcr_source *s)
{
    bool full = !chance(s, 3);
    if (full) {
        rcr_put(b, PICK(s, given));
        put_tag(b, "B-PER");
    }
    put_name(b, s);
    put_tag(b, full ? "I-PER" : "B-PER");
}

static void put_place(rcr_builder *b, rcr_source *s)
{
    bool two = chance(s, 4);
    if (two) {
        rcr_put(b, chance(s, 2) ? "New" : "Port");
        put_tag(b, "B-LOC");
    }
    put_name(b, s);
    put_tag(b, two ? "I-LOC" : "B-LOC");
}

static void put_firm(rcr_builder *b, rcr_source *s)
{
    put_name(b, s);
    put_tag(b, "B-ORG");
    if (chance(s, 2))
        return;
    rcr_put(b, PICK(s, firms));
    put_tag(b, "I-ORG");
}

static void put_day(rcr_builder *b, rcr_source *s)
{
    if (chance(s, 3)) {
        rcr_put(b, PICK(s, weekdays));
        put_tag(b, "B-DATE");
        return;
    }
    int month = (int)rcr_source_below(s, 12);
    rcr_put_int(b, 1 + rcr_source_below(s, rcr_days(2023, month + 1)), 1);
    put_tag(b, "B-DATE");
    rcr_put(b, months[month]);
    put_tag(b, "I-DATE");
    if (chance(s, 2))
        return;
    rcr_put_int(b, 1950 + rcr_source_below(s, 80), 4);
    put_tag(b, "I-DATE");
}

static void put_word(rcr_builder *b, rcr_source *s, const char *word, size_t n)
{
    static const struct {
        char letter;
        void (*put)(rcr_builder *b, rcr_source *s);
    } slots[] = {{'P', put_person}, {'L', put_place}, {'O', put_firm}, {'D', put_day}};
    for (int64_t i = 0; n == 1 && i < COUNT(slots); i++)
        if (*word == slots[i].letter) {
            slots[i].put(b, s);
            return;
        }
    rcr_put_bytes(b, word, n);
    put_tag(b, "O");
}

void rcr_write_tags(rcr_builder *b, rcr_source *s, int64_t n)
{
    for (int64_t i = 0; i < n && b->status == RECUR_OK; i++) {
        for (const char *at = PICK(s, sentences); *at;) {
            size_t size = strcspn(at, " ");
            put_word(b, s, at, size);
            at += size + (at[size] == ' ');
        }
        rcr_put(b, "\n");
    }
}
