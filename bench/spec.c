// SPDX-License-Identifier: MIT
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

typedef enum field_type { WORD, WHOLE, REAL } field_type;

typedef struct field {
    const char *key;
    field_type type;
    size_t offset;
} field;

#define FIELD(type, name)                 \
    {                                     \
#name, type, offsetof(spec, name) \
    }

static const field fields[] = {
    FIELD(WORD, name),   FIELD(WORD, kind),      FIELD(WORD, loss),    FIELD(WORD, cell), FIELD(WORD, optim),
    FIELD(WHOLE, both),  FIELD(WHOLE, layers),   FIELD(WHOLE, V),      FIELD(WHOLE, I),   FIELD(WHOLE, H),
    FIELD(WHOLE, heads), FIELD(WHOLE, dense),    FIELD(WHOLE, K),      FIELD(WHOLE, B),   FIELD(WHOLE, T),
    FIELD(WHOLE, steps), FIELD(WHOLE, shortest), FIELD(REAL, dropout), FIELD(REAL, clip), FIELD(REAL, lr),
};

static void set(spec *s, const field *f, const char *value)
{
    char *at = (char *)s + f->offset;
    if (f->type == WORD)
        snprintf(at, SPEC_WORD, "%s", value);
    else if (f->type == WHOLE)
        *(int64_t *)(void *)at = strtoll(value, NULL, 10);
    else
        *(double *)(void *)at = strtod(value, NULL);
}

static bool parse_word(spec *s, const char *word)
{
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strncmp(fields[i].key, word, length) == 0 && fields[i].key[length] == '\0' &&
            word[length] == '=') {
            set(s, &fields[i], word + length + 1);
            return true;
        }
    fprintf(stderr, "bench: unknown word %s\n", word);
    return false;
}

bool spec_parse(spec *s, char *line)
{
    char *rest = NULL;
    *s = (spec){.layers = 1};
    for (char *word = strtok_r(line, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
        if (!parse_word(s, word))
            return false;
    return true;
}

bool spec_is(const char *word, const char *value)
{
    return strcmp(word, value) == 0;
}
