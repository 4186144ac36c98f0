// SPDX-License-Identifier: MIT
/* Entities of tagged sentences: where each begins and ends, in the targets and in the predictions at once. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "format/sort.h"
#include "format/text.h"
#include "train/metrics.h"

typedef struct tag {
    char part;    /* B I E S O */
    int64_t type; /* index into types; -1 for O */
} tag;

typedef struct counts {
    int64_t gold, predicted, correct;
} counts;

struct recur_entities {
    recur_ctx *cx;
    recur_entity_rule rule;
    int64_t K;
    tag *tags;         /* [K] */
    const char **type; /* [n_types], within `names` */
    int64_t n_types;
    char *names;
    counts *count;                /* [n_types] */
    int64_t tokens, equal_tokens; /* tags compared, and of these the same */
};

/* --- the types --- */

static recur_status check_tags(recur_ctx *cx, const char *const *tags, int64_t K, size_t *bytes)
{
    char shown[RCR_SHOWN];
    *bytes = 0;
    for (int64_t k = 0; k < K; k++) {
        recur_span_tag t = recur_span_tag_of(tags[k]);
        if (!t.part)
            return rcr_fail(cx, RECUR_EUNSUPPORTED,
                            "the tag \"%s\" marks no entities, as O, B-PER, I-PER, E-PER or S-PER do",
                            rcr_show_name(shown, tags[k]));
        *bytes += strlen(t.type) + 1;
    }
    return RECUR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* type [n_types]: each once, in order. */
static void list_types(recur_entities *e, const char *const *tags)
{
    char *at = e->names;
    int64_t n = 0;
    for (int64_t k = 0; k < e->K; k++) {
        recur_span_tag t = recur_span_tag_of(tags[k]);
        if (t.part == 'O')
            continue;
        size_t size = strlen(t.type) + 1;
        e->type[n++] = memcpy(at, t.type, size);
        at += size;
    }
    rcr_sort((const void **)e->type, (size_t)n, by_name);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || strcmp(e->type[e->n_types - 1], e->type[i]) != 0)
            e->type[e->n_types++] = e->type[i];
}

static int64_t find_type(const recur_entities *e, const char *name)
{
    int64_t from = 0, to = e->n_types;
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (strcmp(name, e->type[middle]) < 0)
            to = middle;
        else
            from = middle;
    }
    return from;
}

static void read_tags(recur_entities *e, const char *const *tags)
{
    for (int64_t k = 0; k < e->K; k++) {
        recur_span_tag t = recur_span_tag_of(tags[k]);
        e->tags[k] = (tag){t.part, t.part == 'O' ? -1 : find_type(e, t.type)};
    }
}

recur_status recur_entities_create(recur_entities **out, recur_ctx *cx, const char *const *tags, int64_t K,
                                   recur_entity_rule rule)
{
    size_t bytes;
    *out = NULL;
    recur_status status = check_tags(cx, tags, K, &bytes);
    recur_entities *e = status == RECUR_OK ? rcr_alloc_zero(cx, sizeof *e, "entities") : NULL;
    if (!e)
        return status == RECUR_OK ? RECUR_ENOMEM : status;
    *e = (recur_entities){.cx = cx, .rule = rule, .K = K};
    e->tags = rcr_alloc_array(cx, (size_t)K, sizeof *e->tags, "tags");
    e->type = rcr_alloc_array(cx, (size_t)K, sizeof *e->type, "types of entities");
    e->count = rcr_alloc_array(cx, (size_t)K, sizeof *e->count, "types of entities");
    e->names = rcr_alloc(cx, bytes, "types of entities");
    if (!e->tags || !e->type || !e->count || !e->names) {
        recur_entities_free(e);
        return RECUR_ENOMEM;
    }
    list_types(e, tags);
    read_tags(e, tags);
    *out = e;
    return RECUR_OK;
}

void recur_entities_free(recur_entities *e)
{
    if (!e)
        return;
    rcr_free(e->cx, e->tags);
    rcr_free(e->cx, (void *)e->type);
    rcr_free(e->cx, e->count);
    rcr_free(e->cx, e->names);
    rcr_free(e->cx, e);
}

/* --- counting --- */

/* One side of a sentence, read from left to right. */
typedef struct side {
    tag last;
    bool open;         /* `last` belongs to an entity */
    bool ended, began; /* an entity ended before this tag, began with it */
} side;

static void next_tag(side *s, tag t, recur_entity_rule rule)
{
    bool goes_on = s->open && (s->last.part == 'B' || s->last.part == 'I') && s->last.type == t.type &&
                   (t.part == 'I' || t.part == 'E');
    s->ended = s->open && !goes_on;
    s->began = !goes_on && t.part != 'O' && (rule == RECUR_ENTITY_CONLL || t.part == 'B' || t.part == 'S');
    s->open = goes_on || s->began;
    s->last = t;
}

static tag tag_of(const recur_entities *e, int64_t id)
{
    return id >= 0 && id < e->K ? e->tags[id] : (tag){'O', -1};
}

void recur_entities_add(recur_entities *e, const int64_t *target, const int64_t *predicted, int64_t n)
{
    side gold = {.last = {'O', -1}}, found = gold;
    bool same = false; /* the last entities of both began at the same tag with the same type */
    for (int64_t i = 0; i <= n; i++) {
        int64_t type = gold.last.type;
        next_tag(&gold, tag_of(e, i < n ? target[i] : -1), e->rule);
        next_tag(&found, tag_of(e, i < n ? predicted[i] : -1), e->rule);
        if (same && gold.ended && found.ended)
            e->count[type].correct++;
        if (gold.began)
            e->count[gold.last.type].gold++;
        if (found.began)
            e->count[found.last.type].predicted++;
        if (gold.began || found.began)
            same = gold.began && found.began && gold.last.type == found.last.type;
        if (i < n)
            e->equal_tokens += target[i] == predicted[i];
    }
    e->tokens += n;
}

/* --- scores --- */

static recur_entity_score score_of(counts c)
{
    recur_prf x = rcr_prf(c.correct, c.gold, c.predicted);
    return (recur_entity_score){c.gold, c.predicted, c.correct, x.precision, x.recall, x.f1};
}

recur_entity_score recur_entities_score(const recur_entities *e)
{
    counts all = {0};
    for (int64_t i = 0; i < e->n_types; i++) {
        all.gold += e->count[i].gold;
        all.predicted += e->count[i].predicted;
        all.correct += e->count[i].correct;
    }
    return score_of(all);
}

double recur_entities_accuracy(const recur_entities *e)
{
    return e->tokens > 0 ? (double)e->equal_tokens / (double)e->tokens : NAN;
}

int64_t recur_entities_types(const recur_entities *e)
{
    return e->n_types;
}

const char *recur_entities_type(const recur_entities *e, int64_t type, recur_entity_score *score)
{
    if (type < 0 || type >= e->n_types)
        return NULL;
    *score = score_of(e->count[type]);
    return e->type[type];
}
