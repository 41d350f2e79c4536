/* SPDX-License-Identifier: Apache-2.0 */
/** Which node has an id: open addressing with linear probing (Knuth, TAOCP 3, 6.4, algorithms L and
 *  R); the ids themselves are in the entries. The writer's. */
#pragma once

#include "store.h"

#define NO_NODE UINT32_MAX

typedef struct id_table {
    uint32_t *nodes; /* NO_NODE where nothing is */
    size_t capacity; /* 0 or a power of two */
    size_t count;
} id_table;

void id_table_finish(id_table *t);
/** Room for n more; aborts without memory, as for any small thing. */
void id_table_reserve(id_table *t, const store *s, size_t n);
/** @return NO_NODE when there is none. */
uint32_t id_table_find(const id_table *t, const store *s, uint64_t id);
/** The node's entry says its id, which is not in the table; there is room. */
void id_table_put(id_table *t, const store *s, uint32_t node);
/** The id is in the table. */
void id_table_remove(id_table *t, const store *s, uint64_t id);
