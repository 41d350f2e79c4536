/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_pool.h"

#include <stdlib.h>

static void append(slot_list *l, uint32_t slot)
{
    omma_grow((void **)&l->slots, &l->capacity, l->count + 1, sizeof(*l->slots));
    l->slots[l->count++] = slot;
}

void entry_pool_finish(entry_pool *p)
{
    for (size_t i = 0; i < POOL_CHUNKS && p->chunks[i]; i++)
        free(p->chunks[i]);
    free(p->free.slots);
    free(p->waiting.slots);
    free(p->retired.slots);
    *p = (entry_pool){0};
}

omma_error entry_pool_reserve(entry_pool *p, size_t n)
{
    size_t want = p->used + (n > p->free.count ? n - p->free.count : 0);

    if (want > (size_t)POOL_CHUNKS * POOL_CHUNK)
        return omma_fail(OMMA_FULL, "index: no room for %zu entries more", n);
    for (size_t i = (p->used + POOL_CHUNK - 1) / POOL_CHUNK; i * POOL_CHUNK < want; i++) {
        if (!p->chunks[i])
            p->chunks[i] = malloc(POOL_CHUNK * sizeof(omma_index_entry));
        if (!p->chunks[i])
            return omma_fail(OMMA_NO_MEMORY, "index: no room for entries");
    }
    return OMMA_OK;
}

uint32_t entry_pool_put(entry_pool *p, const omma_index_entry *entry)
{
    uint32_t slot = p->free.count ? p->free.slots[--p->free.count] : p->used++;
    *entry_pool_at(p, slot) = *entry;
    return slot;
}

void entry_pool_retire(entry_pool *p, uint32_t slot)
{
    append(&p->retired, slot);
}

void entry_pool_turn(entry_pool *p)
{
    for (size_t i = 0; i < p->waiting.count; i++)
        append(&p->free, p->waiting.slots[i]);
    p->waiting.count = 0;

    slot_list empty = p->waiting;
    p->waiting = p->retired;
    p->retired = empty;
}

size_t entry_pool_bytes(const entry_pool *p)
{
    return p->used * sizeof(omma_index_entry) +
           (p->free.capacity + p->waiting.capacity + p->retired.capacity) * sizeof(uint32_t);
}
