/* SPDX-License-Identifier: Apache-2.0 */
#include "id_table.h"

#include <stdlib.h>

/* The finaliser of SplitMix64: ids are often 0, 1, 2 ... */
static size_t hash(uint64_t id)
{
    id = (id ^ (id >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    id = (id ^ (id >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(id ^ (id >> 31));
}

static uint64_t id_of(const store *s, uint32_t node)
{
    return store_entry(s, node)->id;
}

void id_table_finish(id_table *t)
{
    free(t->nodes);
    *t = (id_table){0};
}

static void place(id_table *t, const store *s, uint32_t node)
{
    size_t i = hash(id_of(s, node));

    while (t->nodes[i & (t->capacity - 1)] != NO_NODE)
        i++;
    t->nodes[i & (t->capacity - 1)] = node;
}

static void rebuild(id_table *t, const store *s, size_t capacity)
{
    id_table old = *t;

    t->capacity = capacity;
    t->nodes = omma_new_array(uint32_t, capacity);
    for (size_t i = 0; i < capacity; i++)
        t->nodes[i] = NO_NODE;
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.nodes[i] != NO_NODE)
            place(t, s, old.nodes[i]);
    }
    free(old.nodes);
}

void id_table_reserve(id_table *t, const store *s, size_t n)
{
    size_t capacity = t->capacity ? t->capacity : 64;

    while ((t->count + n) * 4 > capacity * 3)
        capacity *= 2;
    if (capacity != t->capacity)
        rebuild(t, s, capacity);
}

static size_t find_slot(const id_table *t, const store *s, uint64_t id)
{
    size_t mask = t->capacity - 1, i = hash(id) & mask;

    while (t->nodes[i] != NO_NODE && id_of(s, t->nodes[i]) != id)
        i = (i + 1) & mask;
    return i;
}

uint32_t id_table_find(const id_table *t, const store *s, uint64_t id)
{
    return t->capacity ? t->nodes[find_slot(t, s, id)] : NO_NODE;
}

void id_table_put(id_table *t, const store *s, uint32_t node)
{
    place(t, s, node);
    t->count++;
}

void id_table_remove(id_table *t, const store *s, uint64_t id)
{
    size_t mask = t->capacity - 1, hole = find_slot(t, s, id);

    t->nodes[hole] = NO_NODE;
    t->count--;
    /* What was pushed past the hole comes back into it. */
    for (size_t i = (hole + 1) & mask; t->nodes[i] != NO_NODE; i = (i + 1) & mask) {
        size_t home = hash(id_of(s, t->nodes[i])) & mask;
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* its home is behind the hole */
        t->nodes[hole] = t->nodes[i];
        t->nodes[i] = NO_NODE;
        hole = i;
    }
}
