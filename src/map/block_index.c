/* SPDX-License-Identifier: Apache-2.0 */
#include "block_index.h"

#include <stdlib.h>
#include <string.h>

void block_index_finish(block_index *b)
{
    free(b->place);
    free(b->slot);
    *b = (block_index){0};
}

void block_index_clear(block_index *b)
{
    b->count = 0;
    if (b->slots)
        memset(b->slot, 0, b->slots * sizeof *b->slot);
}

/* The finaliser of SplitMix64 over the three numbers, one after the other. */
static size_t hash(const int32_t place[3])
{
    uint64_t h = 0;

    for (int k = 0; k < 3; k++) {
        h = (h ^ (uint32_t)place[k]) * 0xbf58476d1ce4e5b9u;
        h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
        h ^= h >> 31;
    }
    return (size_t)h;
}

/* The slot of this place, or the free one where it belongs. */
static size_t slot_of(const block_index *b, const int32_t place[3])
{
    size_t i = hash(place) & (b->slots - 1);

    while (b->slot[i] && memcmp(b->place[b->slot[i] - 1], place, sizeof *b->place) != 0)
        i = (i + 1) & (b->slots - 1);
    return i;
}

uint32_t block_index_find(const block_index *b, const int32_t place[3])
{
    return b->slots ? b->slot[slot_of(b, place)] - 1 : NO_BLOCK;
}

static omma_error make_room(block_index *b)
{
    size_t capacity = b->capacity ? 2 * b->capacity : 512;
    void *place = realloc(b->place, capacity * sizeof *b->place);

    if (place)
        b->place = place;
    uint32_t *slot = place ? calloc(2 * capacity, sizeof *slot) : NULL;
    if (!slot)
        return omma_fail(OMMA_NO_MEMORY, "no memory for an index of %zu blocks", capacity);
    free(b->slot);
    b->slot = slot;
    b->slots = 2 * capacity;
    b->capacity = capacity;
    for (size_t i = 0; i < b->count; i++)
        b->slot[slot_of(b, b->place[i])] = (uint32_t)i + 1;
    return OMMA_OK;
}

omma_error block_index_add(block_index *b, const int32_t place[3], uint32_t *number)
{
    *number = block_index_find(b, place);
    if (*number != NO_BLOCK)
        return OMMA_OK;
    if (b->count == b->capacity) {
        omma_error err = make_room(b);

        if (err)
            return err;
    }
    memcpy(b->place[b->count], place, sizeof *b->place);
    *number = (uint32_t)b->count++;
    b->slot[slot_of(b, place)] = *number + 1;
    return OMMA_OK;
}
