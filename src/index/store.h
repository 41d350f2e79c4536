/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where an index has its vectors: nodes 0, 1, 2 ... in the order in which they came, in segments of
 * 65,536 that never move. A segment is one mapping with one column after the other (structure of
 * arrays), each a whole number of huge pages; what is not used yet takes no memory.
 *
 * One thread writes; others read nodes below store_count, and nodes whose number they found in a
 * list of links. What they read of a node was written before its number was published (release);
 * what changes later (links, the place of its entry, whether it is removed) is atomic.
 */
#pragma once

#include <omma/index.h>

#include "entry_pool.h"

#include <stdatomic.h>

enum {
    SEGMENT_BITS = 16,
    SEGMENT_NODES = 1 << SEGMENT_BITS,
    SEGMENTS = 2048, /* 134 million nodes */
    LINK_WORDS = 48, /* three cache lines: how many, then the neighbours */
    MAX_LINKS = LINK_WORDS - 1,
};

/** The columns, in the order in which they lie in a segment and in a checkpoint. */
typedef enum store_column {
    COLUMN_LINKS,   /* LINK_WORDS atomic u32 */
    COLUMN_CODES,   /* code_bytes: component / scale + 128 */
    COLUMN_SCALES,  /* float; what a step of the code stands for */
    COLUMN_BIASES,  /* float, L2 only: minus half the squared length */
    COLUMN_STATES,  /* node_state */
    COLUMN_VECTORS, /* vector_floats, unless codes_only */
    COLUMNS,
} store_column;

typedef struct node_state {
    _Atomic uint32_t entry; /* its place in the pool */
    _Atomic uint16_t removed;
    uint16_t links_in; /* the writer's */
} node_state;

typedef struct segment {
    uint8_t *column[COLUMNS];
    void *mapped; /* to unmap */
    size_t mapped_bytes;
} segment;

typedef struct store {
    uint32_t dim;
    omma_index_metric metric;
    uint32_t code_bytes;          /* dim, up to a whole number of 64 */
    uint32_t vector_floats;       /* dim, up to a whole number of 16; 0 with codes_only */
    size_t column_bytes[COLUMNS]; /* of one node */
    segment segments[SEGMENTS];
    uint32_t capacity;        /* nodes that there are segments for */
    _Atomic uint32_t count;   /* nodes that are whole */
    _Atomic uint32_t removed; /* of them, dead */
    entry_pool entries;
    struct landmarks *_Atomic landmarks; /* where searches begin; NULL at first */
} store;

/** @return NULL without memory. */
store *store_create(uint32_t dim, omma_index_metric metric, bool codes_only);
void store_destroy(store **s);

/** Room for n more nodes and their entries. @return OMMA_OK; OMMA_NO_MEMORY; OMMA_FULL. */
omma_error store_reserve(store *s, size_t n);

/** Bytes of a segment with all columns of s, each a whole number of huge pages. */
size_t store_segment_bytes(const store *s);
/** Where column c begins in a segment. */
size_t store_column_at(const store *s, store_column c);

/** Hands s its next segment: bytes as by store_segment_bytes, columns where store_column_at says.
 *  The mapping is taken. */
void store_adopt(store *s, void *mapped, size_t bytes);

static inline uint32_t store_count(const store *s)
{
    return atomic_load_explicit(&s->count, memory_order_acquire);
}

/** What column c has of a node. */
static inline void *store_at(const store *s, store_column c, uint32_t node)
{
    return s->segments[node >> SEGMENT_BITS].column[c] +
           (size_t)(node & (SEGMENT_NODES - 1)) * s->column_bytes[c];
}

static inline _Atomic uint32_t *store_links(const store *s, uint32_t node)
{
    return store_at(s, COLUMN_LINKS, node);
}

static inline uint8_t *store_code(const store *s, uint32_t node)
{
    return store_at(s, COLUMN_CODES, node);
}

static inline float *store_scale(const store *s, uint32_t node)
{
    return store_at(s, COLUMN_SCALES, node);
}

static inline float *store_bias(const store *s, uint32_t node)
{
    return store_at(s, COLUMN_BIASES, node);
}

static inline node_state *store_state(const store *s, uint32_t node)
{
    return store_at(s, COLUMN_STATES, node);
}

static inline float *store_vector(const store *s, uint32_t node)
{
    return store_at(s, COLUMN_VECTORS, node);
}

static inline const omma_index_entry *store_entry(const store *s, uint32_t node)
{
    node_state *state = store_state(s, node);
    return entry_pool_at(&s->entries, atomic_load_explicit(&state->entry, memory_order_acquire));
}

static inline bool store_is_removed(const store *s, uint32_t node)
{
    return atomic_load_explicit(&store_state(s, node)->removed, memory_order_relaxed);
}
