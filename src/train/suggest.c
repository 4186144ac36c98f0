// SPDX-License-Identifier: MIT
/* Which word was meant? The one with the least number of letters put in, taken out, changed or swapped
 * (Damerau 1964). */
#include <string.h>

#include <recur/train.h>

enum { WORD = 40, FAR = 2 * WORD }; /* longer words are not compared */

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return a == b || (a == '_' && b == '-') || (a == '-' && b == '_');
}

/* d[i][j]: from the first i letters of a to the first j of b */
static int distance(const char *a, const char *b)
{
    int d[WORD + 1][WORD + 1], n = (int)strlen(a), m = (int)strlen(b);
    for (int i = 0; i <= n; i++)
        d[i][0] = i;
    for (int j = 0; j <= m; j++)
        d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

/* How far `name` is from `word`, FAR if it is no likely slip of it. The beginning of a word counts as a small
 * slip. */
static int slip(const char *word, const char *name)
{
    size_t n = strlen(name), m = strlen(word);
    if (n == 0 || n > WORD || m > WORD)
        return FAR;
    if (n >= 3 && strncmp(word, name, n) == 0)
        return 1;
    int d = distance(word, name), allowed = least((int)n, (int)m) / 3;
    return d <= (allowed > 0 ? allowed : 1) && d < (int)n ? d : FAR;
}

static void consider(const char *word, const char *name, const char **best, int *found)
{
    int d = slip(word, name);
    if (d < *found) {
        *best = word;
        *found = d;
    }
}

const char *recur_option_suggest(const recur_option_group *groups, const char *name)
{
    const char *best = NULL;
    int found = FAR;
    for (const recur_option_group *g = groups; g->title; g++)
        for (const recur_option *o = g->options; o->name; o++)
            consider(o->name, name, &best, &found);
    return best;
}

const char *recur_word_suggest(const char *const *words, const char *name)
{
    const char *best = NULL;
    int found = FAR;
    for (; *words; words++)
        consider(*words, name, &best, &found);
    return best;
}
