/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Best-first search along links with a bounded number of candidates (Malkov, Yashunin, "Efficient
 * and robust approximate nearest neighbor search using hierarchical navigable small world graphs",
 * PAMI 2020, algorithm 2), in one sorted pool. There are no upper layers: a search begins at the
 * best of the landmarks, which also lets it begin on several stretches of a path that comes back.
 */
#pragma once

#include "landmarks.h"

enum { ENTRIES = 4 };

/** Of a candidate's node, whose links were followed. */
#define EXPANDED UINT32_C(0x80000000)

static inline uint32_t candidate_node(candidate c)
{
    return c.node & ~EXPANDED;
}

/** One thread's room to search in. */
typedef struct beam {
    candidate *pool; /* the nearest first */
    uint32_t count, limit, capacity;
    uint64_t *seen;    /* a bit for each node */
    uint32_t nodes;    /* that there are bits for */
    uint32_t *touched; /* words of seen, to clear; all of them if there are too many */
    uint32_t touched_count;
    key_batch batch;
} beam;

bool beam_init(beam *b);
void beam_finish(beam *b);

/** Begins a search among the first nodes of s for the limit nearest. @return false without memory.
 */
bool beam_begin(beam *b, uint32_t nodes, uint32_t limit);
/** Enters at the landmarks that are best. */
void beam_enter_landmarks(beam *b, const distance_kernels *k, const store *s, const query *q);
/** Enters at a node as well. */
void beam_enter(beam *b, const distance_kernels *k, const store *s, const query *q, uint32_t node);
/** Enters at nodes as well, when there are many: each is looked at once, and all have been after
 *  beam_take_offers. */
void beam_offer(beam *b, const distance_kernels *k, const store *s, const query *q, uint32_t node);
void beam_take_offers(beam *b, const distance_kernels *k, const store *s, const query *q);
/** It shall not be found. */
void beam_exclude(beam *b, uint32_t node);
/** Until none in the pool has links that were not followed. */
void beam_walk(beam *b, const distance_kernels *k, const store *s, const query *q);
/** Looks at the first nodes one by one instead, and keeps those that count. */
void beam_scan(beam *b, const distance_kernels *k, const store *s, const query *q,
               const omma_index_search *search, uint32_t nodes);

/** Whether a node may be an answer. */
static inline bool node_counts(const store *s, const omma_index_search *search, uint32_t node)
{
    return !store_is_removed(s, node) &&
           (!search->keep || search->keep(search->user, store_entry(s, node)));
}
