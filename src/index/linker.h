/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The writer's hand on the graph. A new node is linked with some of the nearest that a search
 * finds: with those to which it is nearer than they are to one another, so that links lead in all
 * directions. They get a link back; a list that is full is chosen anew in the same way. A node that
 * only one list leads to stays in that list.
 */
#pragma once

#include "beam.h"

typedef struct link_change {
    uint32_t node;
    int32_t more; /* lists that lead to it */
} link_change;

typedef struct linker {
    beam beam;
    query node; /* a node asks */
    key_batch batch;
    uint32_t ef;
    /* What several linkers at once do to links_in is done when all have ended: what one of them
     * chooses does not depend on who is ahead. */
    bool deferred;
    link_change *changes;
    size_t change_count, change_capacity;
} linker;

bool linker_init(linker *l, const store *s, uint32_t ef);
void linker_finish(linker *l);

/** Room to search among so many nodes. @return false without memory. */
bool linker_reserve(linker *l, uint32_t nodes);

/** Finds neighbours for the next node of s, which is written but not published, publishes it, and
 *  links it back. There is room. @param q what the node is */
void linker_add(linker *l, const distance_kernels *k, store *s, const query *q);

/** The parts of it, for several at once: node, which is written, is linked with published nodes and
 *  with those from first_new on that are before it. */
void linker_link(linker *l, const distance_kernels *k, const store *s, const query *q,
                 uint32_t first_new, uint32_t node);
/** Links node with more, which is published and has a link to it.
 *  @param must also if others would do better: some list has to lead to it */
void linker_link_back(linker *l, const distance_kernels *k, const store *s, uint32_t node,
                      uint32_t more, bool must);
/** The neighbours of a node, as the writer sees them. @return how many, at most MAX_LINKS. */
uint32_t linker_list(const store *s, uint32_t node, uint32_t *list);
/** Makes the deferred changes; they stay in the list. */
void linker_settle(linker *l, const store *s);

/** Chooses the list of a node anew without its removed neighbours, among the others and the
 *  neighbours of the removed. There is room. */
void linker_repair(linker *l, const distance_kernels *k, const store *s, uint32_t node);
/** After node was removed: repairs those neighbours that have lost too many. */
void linker_repair_around(linker *l, const distance_kernels *k, const store *s, uint32_t node);
