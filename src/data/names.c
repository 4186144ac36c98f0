// SPDX-License-Identifier: MIT
/* A hash table with open addressing; half of each slot is hash, so that most comparisons touch no text. */
#include "data/names.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/lines.h"

enum { FEWEST_SLOTS = 64 };
#define MOST_NAMES (UINT32_MAX - 1)

uint64_t rcr_hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *s = bytes;
    hash ^= UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ s[i]) * UINT64_C(0x100000001B3);
    hash = (hash ^ hash >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ hash >> 32;
}

void rcr_names_free(rcr_names *s)
{
    rcr_free(s->cx, s->bytes);
    rcr_free(s->cx, s->at);
    rcr_free(s->cx, s->slot);
    *s = (rcr_names){.cx = s->cx};
}

recur_span rcr_names_text(const rcr_names *s, size_t i)
{
    return (recur_span){s->bytes + s->at[i], s->at[i + 1] - s->at[i] - 1};
}

/* The upper half of a slot's hash; the lower bits choose the slot. */
static uint64_t upper(uint64_t hash)
{
    return hash & ~(uint64_t)UINT32_MAX;
}

static bool same(const rcr_names *s, size_t i, const char *text, size_t size)
{
    recur_span have = rcr_names_text(s, i);
    return have.size == size && (size == 0 || memcmp(have.text, text, size) == 0);
}

/* The slot where the text is, or where it would go. */
static size_t look(const rcr_names *s, uint64_t hash, const char *text, size_t size)
{
    size_t k = (size_t)hash & (s->slots - 1);
    for (; s->slot[k]; k = (k + 1) & (s->slots - 1))
        if (upper(s->slot[k]) == upper(hash) && same(s, (uint32_t)s->slot[k] - 1, text, size))
            break;
    return k;
}

size_t rcr_names_find(const rcr_names *s, const char *text, size_t size)
{
    if (s->slots == 0)
        return SIZE_MAX;
    uint64_t found = s->slot[look(s, rcr_hash_bytes(0, text, size), text, size)];
    return found ? (uint32_t)found - 1 : SIZE_MAX;
}

static recur_status grow_slots(rcr_names *s)
{
    size_t slots = s->slots ? 2 * s->slots : FEWEST_SLOTS;
    uint64_t *slot = rcr_alloc_array(s->cx, slots, sizeof *slot, "a table of texts");
    if (!slot)
        return RECUR_ENOMEM;
    for (size_t i = 0; i < s->n; i++) {
        recur_span text = rcr_names_text(s, i);
        uint64_t hash = rcr_hash_bytes(0, text.text, text.size);
        size_t k = (size_t)hash & (slots - 1);
        while (slot[k])
            k = (k + 1) & (slots - 1);
        slot[k] = upper(hash) | (uint32_t)(i + 1);
    }
    rcr_free(s->cx, s->slot);
    s->slot = slot;
    s->slots = slots;
    return RECUR_OK;
}

/* Puts a text behind the others, without a number yet. */
static recur_status append(rcr_names *s, const char *text, size_t size)
{
    size_t end;
    if (!rcr_add_size(s->used, size, &end) || !rcr_add_size(end, 1, &end))
        end = SIZE_MAX;
    recur_status status = rcr_grow(s->cx, (void **)&s->bytes, &s->room, end, 1, "texts");
    if (status == RECUR_OK)
        status = rcr_grow(s->cx, (void **)&s->at, &s->at_room, s->n + 2, sizeof *s->at, "texts");
    if (status != RECUR_OK)
        return status;
    if (size > 0)
        memcpy(s->bytes + s->used, text, size);
    s->bytes[end - 1] = 0;
    s->used = s->at[s->n + 1] = end;
    return RECUR_OK;
}

recur_status rcr_names_add(rcr_names *s, const char *text, size_t size, size_t *i)
{
    recur_status status = RECUR_OK;
    if (s->n >= s->slots / 2)
        status = grow_slots(s);
    if (status != RECUR_OK)
        return status;
    uint64_t hash = rcr_hash_bytes(0, text, size);
    size_t k = look(s, hash, text, size);
    *i = s->slot[k] ? (uint32_t)s->slot[k] - 1 : s->n;
    if (s->slot[k])
        return RECUR_OK;
    if (s->n >= MOST_NAMES)
        return rcr_fail(s->cx, RECUR_EUNSUPPORTED, "more than %u different texts", (unsigned)MOST_NAMES);
    status = append(s, text, size);
    if (status == RECUR_OK)
        s->slot[k] = upper(hash) | (uint32_t)++s->n;
    return status;
}
