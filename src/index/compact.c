/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of an index after removals, in a store of its own; readers stay in the old one until
 * their queries end. */
#include "index_inside.h"

#include <stdlib.h>
#include <string.h>

static void repair_all(omma_index *x, const store *s)
{
    uint32_t list[MAX_LINKS];

    for (uint32_t node = 0; node < store_count(s); node++) {
        uint32_t n = store_is_removed(s, node) ? 0 : linker_list(s, node, list), lost = 0;
        for (uint32_t i = 0; i < n; i++)
            lost += store_is_removed(s, list[i]);
        if (lost)
            linker_repair(&x->linker, &x->kernels, s, node);
    }
}

/* The links of a node under their new numbers; those to removed nodes are gone. */
static void copy_links(store *to, uint32_t at, const store *from, uint32_t node,
                       const uint32_t *number)
{
    uint32_t list[MAX_LINKS], n = linker_list(from, node, list), count = 0;
    _Atomic uint32_t *links = store_links(to, at);

    for (uint32_t i = 0; i < n; i++) {
        if (number[list[i]] == NO_NODE)
            continue;
        atomic_init(&links[1 + count++], number[list[i]]);
        store_state(to, number[list[i]])->links_in++;
    }
    atomic_init(&links[0], count);
}

static void copy_node(store *to, uint32_t at, const store *from, uint32_t node)
{
    static const store_column same[] = {COLUMN_CODES, COLUMN_SCALES, COLUMN_BIASES, COLUMN_VECTORS};
    node_state *state = store_state(to, at);

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        memcpy(store_at(to, same[i], at), store_at(from, same[i], node), to->column_bytes[same[i]]);
    atomic_init(&state->entry, entry_pool_put(&to->entries, store_entry(from, node)));
}

static void copy_all(store *to, const store *from, uint32_t *number)
{
    uint32_t n = store_count(from), count = 0;

    for (uint32_t node = 0; node < n; node++)
        number[node] = store_is_removed(from, node) ? NO_NODE : count++;
    for (uint32_t node = 0; node < n; node++) {
        if (number[node] == NO_NODE)
            continue;
        copy_node(to, number[node], from, node);
        copy_links(to, number[node], from, node, number);
    }
    atomic_store_explicit(&to->count, count, memory_order_release);
}

static void release_store(void *s)
{
    store *old = s;
    store_destroy(&old);
}

static void replace_store(omma_index *x, store *s)
{
    store *old = index_store(x);

    id_table_finish(&x->ids);
    id_table_reserve(&x->ids, s, store_count(s));
    for (uint32_t node = 0; node < store_count(s); node++)
        id_table_put(&x->ids, s, node);
    index_renew_landmarks(x, s);
    atomic_store_explicit(&x->store, s, memory_order_release);
    reader_list_retire(&x->readers, old, release_store);
    index_reclaim(x, s);
}

omma_error omma_index_compact(omma_index *x)
{
    store *old = index_store(x);
    uint32_t n = store_count(old), left = n - atomic_load(&old->removed);

    if (left == n)
        return OMMA_OK;
    store *s = store_create(old->dim, old->metric, !old->vector_floats);
    uint32_t *number = malloc(n * sizeof(*number));
    bool there = s && number && !store_reserve(s, left) && linker_reserve(&x->linker, n);
    if (there) {
        repair_all(x, old);
        copy_all(s, old, number);
        replace_store(x, s);
    } else
        store_destroy(&s);
    free(number);
    return there ? OMMA_OK : omma_fail(OMMA_NO_MEMORY, "index: no room to compact %u vectors", n);
}
