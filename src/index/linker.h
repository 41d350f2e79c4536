/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The writer's hand on the graph. A new node is linked with some of the nearest that a search
 * finds: with those to which it is nearer than they are to one another, so that links lead in all
 * directions. They get a link back; a list that is full is chosen anew in the same way. A node that
 * only one list leads to stays in that list.
 */
#pragma once

#include "beam.h"

typedef struct linker {
    beam beam;
    query node; /* a candidate asks */
    key_batch batch;
    candidate *sorted; /* MAX_LINKS + 1 */
    uint32_t ef;
} linker;

bool linker_init(linker *l, const store *s, uint32_t ef);
void linker_finish(linker *l);

/** Room to search among so many nodes. @return false without memory. */
bool linker_reserve(linker *l, uint32_t nodes);

/** Finds neighbours for the next node of s, which is written but not published, publishes it, and
 *  links it back. There is room. @param q what the node is */
void linker_add(linker *l, const distance_kernels *k, store *s, const query *q);
