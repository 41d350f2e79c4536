/* SPDX-License-Identifier: Apache-2.0 */
#include "beam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOUCHED = 4096 };

bool beam_init(beam *b)
{
    *b = (beam){.touched = malloc(TOUCHED * sizeof(uint32_t))};
    return b->touched;
}

void beam_finish(beam *b)
{
    free(b->pool);
    free(b->seen);
    free(b->touched);
    *b = (beam){0};
}

static bool grow_seen(beam *b, uint32_t nodes)
{
    uint32_t room = (nodes + nodes / 2 + 1023) / 64 * 64;
    uint64_t *seen = calloc(room / 64, sizeof(uint64_t));

    if (!seen)
        return false;
    free(b->seen);
    b->seen = seen;
    b->nodes = room;
    b->touched_count = 0;
    return true;
}

static bool grow_pool(beam *b, uint32_t limit)
{
    candidate *pool = realloc(b->pool, (limit + 1) * sizeof(candidate));

    if (!pool)
        return false;
    b->pool = pool;
    b->capacity = limit;
    return true;
}

static void clear_seen(beam *b)
{
    if (b->touched_count > TOUCHED)
        memset(b->seen, 0, b->nodes / 8);
    else {
        for (uint32_t i = 0; i < b->touched_count; i++)
            b->seen[b->touched[i]] = 0;
    }
    b->touched_count = 0;
}

bool beam_begin(beam *b, uint32_t nodes, uint32_t limit)
{
    clear_seen(b);
    b->count = 0;
    b->limit = limit;
    return (nodes <= b->nodes || grow_seen(b, nodes)) &&
           (limit <= b->capacity || grow_pool(b, limit));
}

/* Whether it was seen before; from now on it was. */
static inline bool see(beam *b, uint32_t node)
{
    uint64_t *word = &b->seen[node / 64], bit = UINT64_C(1) << (node % 64);

    if (*word & bit)
        return true;
    if (!*word) {
        if (b->touched_count < TOUCHED)
            b->touched[b->touched_count] = node / 64;
        b->touched_count += b->touched_count <= TOUCHED;
    }
    *word |= bit;
    return false;
}

/* @return where it is now, or limit when it is not good enough. */
static inline uint32_t insert(beam *b, float key, uint32_t node)
{
    uint32_t at = b->count;

    if (at == b->limit && !(key > b->pool[at - 1].key))
        return b->limit;
    if (at == b->limit)
        at--;
    else
        b->count++;
    for (; at > 0 && key > b->pool[at - 1].key; at--)
        b->pool[at] = b->pool[at - 1];
    b->pool[at] = (candidate){key, node};
    return at;
}

/* Puts the batch into the pool. @return the first place that changed. */
static uint32_t take_batch(beam *b, const distance_kernels *k, const store *s, const query *q)
{
    uint32_t first = b->limit;

    key_batch_compute(&b->batch, k, s, q);
    for (uint32_t i = 0; i < b->batch.n; i++) {
        uint32_t at = insert(b, b->batch.keys[i], b->batch.nodes[i]);
        if (at < b->limit)
            prefetch(store_links(s, b->batch.nodes[i]), LINK_WORDS * sizeof(uint32_t));
        first = at < first ? at : first;
    }
    b->batch.n = 0;
    return first;
}

static void push_neighbours(beam *b, const store *s, uint32_t node)
{
    const _Atomic uint32_t *links = store_links(s, node);
    uint32_t n = atomic_load_explicit(&links[0], memory_order_acquire);

    for (uint32_t i = 1; i <= n; i++) {
        uint32_t other = atomic_load_explicit(&links[i], memory_order_acquire);
        if (other < b->nodes && !see(b, other))
            key_batch_push(&b->batch, s, other);
    }
}

void beam_walk(beam *b, const distance_kernels *k, const store *s, const query *q)
{
    uint32_t at = 0;

    while (at < b->count) {
        if (b->pool[at].node & EXPANDED) {
            at++;
            continue;
        }
        uint32_t node = b->pool[at].node;
        b->pool[at].node |= EXPANDED;
        push_neighbours(b, s, node);
        uint32_t first = take_batch(b, k, s, q);
        at = first <= at ? first : at + 1;
    }
}

void beam_exclude(beam *b, uint32_t node)
{
    if (node < b->nodes)
        see(b, node);
}

void beam_take_offers(beam *b, const distance_kernels *k, const store *s, const query *q)
{
    take_batch(b, k, s, q);
}

void beam_offer(beam *b, const distance_kernels *k, const store *s, const query *q, uint32_t node)
{
    if (node >= b->nodes || see(b, node))
        return;
    if (b->batch.n == KEY_BATCH)
        take_batch(b, k, s, q);
    key_batch_push(&b->batch, s, node);
}

void beam_enter(beam *b, const distance_kernels *k, const store *s, const query *q, uint32_t node)
{
    beam_offer(b, k, s, q, node);
    beam_take_offers(b, k, s, q);
}

void beam_enter_landmarks(beam *b, const distance_kernels *k, const store *s, const query *q)
{
    const landmarks *l = atomic_load_explicit(&s->landmarks, memory_order_acquire);
    candidate best[ENTRIES];
    uint32_t n = l ? landmarks_nearest(l, k, s, q, best, ENTRIES) : 0;

    for (uint32_t i = 0; i < n; i++) {
        if (best[i].node < b->nodes && !see(b, best[i].node))
            insert(b, best[i].key, best[i].node);
    }
}

static bool is_good_enough(const beam *b, float key)
{
    return b->count < b->limit || key > b->pool[b->count - 1].key;
}

static int by_key(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    return x->key != y->key ? (x->key < y->key) - (x->key > y->key)
                            : (x->node > y->node) - (x->node < y->node);
}

/* What counts of the batch goes into the pool; unsorted if there is room for all. */
static void keep_batch(beam *b, const store *s, const omma_index_search *search, bool all)
{
    for (uint32_t i = 0; i < b->batch.n; i++) {
        const candidate c = {b->batch.keys[i], b->batch.nodes[i]};
        if (!is_good_enough(b, c.key) || !node_counts(s, search, c.node))
            continue;
        if (all)
            b->pool[b->count++] = c;
        else
            insert(b, c.key, c.node);
    }
}

void beam_scan(beam *b, const distance_kernels *k, const store *s, const query *q,
               const omma_index_search *search, uint32_t nodes)
{
    const bool all = b->limit >= nodes;

    for (uint32_t node = 0; node < nodes;) {
        for (b->batch.n = 0; node < nodes && b->batch.n < KEY_BATCH; node++)
            key_batch_push(&b->batch, s, node);
        key_batch_compute(&b->batch, k, s, q);
        keep_batch(b, s, search, all);
    }
    b->batch.n = 0;
    if (all)
        qsort(b->pool, b->count, sizeof(candidate), by_key);
}
