/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Entries, apart from their nodes: a reader copies one while the writer changes it, and must see
 * the old one or the new one. So a changed entry is a new one in another slot, and the old slot is
 * used again when every reader that may look at it has ended its query (reader_turns.h).
 */
#pragma once

#include <omma/index.h>

enum { POOL_CHUNK = 65536, POOL_CHUNKS = 4096 };

typedef struct slot_list {
    uint32_t *slots;
    size_t count, capacity;
} slot_list;

typedef struct entry_pool {
    omma_index_entry *chunks[POOL_CHUNKS];
    uint32_t used;     /* slots that were ever given out */
    slot_list free;    /* nobody looks at them */
    slot_list waiting; /* for the readers that were inside when the wait began */
    slot_list retired; /* since then */
} entry_pool;

void entry_pool_finish(entry_pool *p);

/** Room for n more. @return OMMA_OK; OMMA_NO_MEMORY; OMMA_FULL. */
omma_error entry_pool_reserve(entry_pool *p, size_t n);
/** A slot for this entry; there is room. */
uint32_t entry_pool_put(entry_pool *p, const omma_index_entry *entry);
/** Readers that come from now on do not see it. */
void entry_pool_retire(entry_pool *p, uint32_t slot);
/** All readers that were inside when this was last called are gone: what had waited is free, what
 *  was retired since waits. */
void entry_pool_turn(entry_pool *p);
size_t entry_pool_bytes(const entry_pool *p);

static inline omma_index_entry *entry_pool_at(const entry_pool *p, uint32_t slot)
{
    return p->chunks[slot / POOL_CHUNK] + slot % POOL_CHUNK;
}
