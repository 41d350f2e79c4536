/* SPDX-License-Identifier: Apache-2.0 */
#include "index_snapshot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const column_names[COLUMNS] = {
    [COLUMN_LINKS] = "links",   [COLUMN_CODES] = "codes",   [COLUMN_SCALES] = "scales",
    [COLUMN_BIASES] = "biases", [COLUMN_STATES] = "states", [COLUMN_VECTORS] = "vectors",
};

/* Section "head": how many nodes, and what the columns of one take. */
typedef struct snapshot_head {
    uint64_t count;
    uint32_t column_bytes[COLUMNS];
} snapshot_head;
_Static_assert(sizeof(snapshot_head) == 32, "no padding");

/* A node_state without what makes it atomic. Its entry is the node itself: the pool is written in
 * the order of the nodes. */
typedef struct state_record {
    uint32_t entry;
    uint16_t removed, links_in;
} state_record;
_Static_assert(sizeof(state_record) == sizeof(node_state), "mapped as it is");

static uint32_t nodes_in(uint32_t count, uint32_t part)
{
    uint32_t before = part << SEGMENT_BITS;

    return count - before < SEGMENT_NODES ? count - before : SEGMENT_NODES;
}

/* -------------------------------------------------------------------------------------- writing */

static void write_head(const store *s, uint32_t count, checkpoint_writer *w)
{
    snapshot_head h = {.count = count};

    for (unsigned c = 0; c < COLUMNS; c++)
        h.column_bytes[c] = (uint32_t)s->column_bytes[c];
    checkpoint_begin(w, "head");
    checkpoint_write(w, &h, sizeof(h));
}

static void write_column(const store *s, uint32_t count, store_column c, checkpoint_writer *w)
{
    checkpoint_begin(w, column_names[c]);
    for (uint32_t node = 0; node < count; node += SEGMENT_NODES)
        checkpoint_write(w, store_at(s, c, node),
                         nodes_in(count, node >> SEGMENT_BITS) * s->column_bytes[c]);
}

static void write_states(const store *s, uint32_t count, checkpoint_writer *w)
{
    checkpoint_begin(w, column_names[COLUMN_STATES]);
    for (uint32_t node = 0; node < count; node++) {
        const node_state *state = store_state(s, node);
        state_record r = {node, store_is_removed(s, node), state->links_in};

        checkpoint_write(w, &r, sizeof(r));
    }
}

static void write_entries(const store *s, uint32_t count, checkpoint_writer *w)
{
    checkpoint_begin(w, "entries");
    for (uint32_t node = 0; node < count; node++)
        checkpoint_write(w, store_entry(s, node), sizeof(omma_index_entry));
}

void index_snapshot_write(const store *s, checkpoint_writer *w)
{
    uint32_t count = store_count(s);

    write_head(s, count, w);
    for (unsigned c = 0; c < COLUMNS; c++)
        if (c == COLUMN_STATES)
            write_states(s, count, w);
        else
            write_column(s, count, (store_column)c, w);
    write_entries(s, count, w);
}

/* -------------------------------------------------------------------------------------- reading */

static omma_error read_head(const store *s, const checkpoint *c, uint32_t *count)
{
    const void *data;
    snapshot_head h;
    omma_error err = checkpoint_find(c, "head", sizeof(h), &data);

    if (!err)
        err = checkpoint_check(c, "head");
    if (err)
        return err;
    memcpy(&h, data, sizeof(h));
    if (h.count > (uint64_t)SEGMENTS * SEGMENT_NODES)
        return omma_fail(OMMA_FORMAT, "the checkpoint says that it has %llu vectors",
                         (unsigned long long)h.count);
    for (unsigned i = 0; i < COLUMNS; i++)
        if (h.column_bytes[i] != s->column_bytes[i])
            return omma_fail(OMMA_FORMAT, "the checkpoint has %s of %u bytes each, not %zu",
                             column_names[i], h.column_bytes[i], s->column_bytes[i]);
    *count = (uint32_t)h.count;
    return OMMA_OK;
}

/* The sections have the lengths they should have, and all but the vectors their checksums: before
 * any memory is taken. */
static omma_error check_sections(const store *s, const checkpoint *c, uint32_t count)
{
    const void *data;
    omma_error err =
        checkpoint_find(c, "entries", (uint64_t)count * sizeof(omma_index_entry), &data);

    if (!err)
        err = checkpoint_check(c, "entries");
    for (unsigned i = 0; i < COLUMNS && !err; i++) {
        err = checkpoint_find(c, column_names[i], count * (uint64_t)s->column_bytes[i], &data);
        if (!err && i != COLUMN_VECTORS)
            err = checkpoint_check(c, column_names[i]);
    }
    return err;
}

static omma_error map_column(store *s, const checkpoint *c, uint32_t count, store_column column)
{
    omma_error err = OMMA_OK;
    uint64_t each = s->column_bytes[column];

    for (uint32_t node = 0; node < count && !err; node += SEGMENT_NODES)
        err =
            checkpoint_map(c, column_names[column], node * each,
                           nodes_in(count, node >> SEGMENT_BITS) * each, store_at(s, column, node));
    return err;
}

static void take_entries(store *s, const checkpoint *c, uint32_t count)
{
    const void *data = NULL;

    checkpoint_find(c, "entries", (uint64_t)count * sizeof(omma_index_entry), &data);
    for (uint32_t node = 0; node < count; node++)
        entry_pool_put(&s->entries, (const omma_index_entry *)data + node);
}

static bool links_are_right(const store *s, uint32_t node, uint32_t count)
{
    const uint32_t *links = (const uint32_t *)store_links(s, node);
    uint32_t largest = 0;

    if (links[0] > MAX_LINKS)
        return false;
    for (uint32_t i = 1; i <= links[0]; i++)
        largest = links[i] > largest ? links[i] : largest;
    return links[0] == 0 || largest < count;
}

static omma_error check_nodes(store *s, uint32_t count)
{
    uint32_t removed = 0;

    for (uint32_t node = 0; node < count; node++) {
        const state_record *r = (const state_record *)store_state(s, node);
        float scale = *store_scale(s, node);
        float bias = s->metric == OMMA_INDEX_L2 ? *store_bias(s, node) : 0;

        if (r->entry != node || r->removed > 1 || !isfinite(scale) || !isfinite(bias) ||
            !links_are_right(s, node, count))
            return omma_fail(OMMA_FORMAT, "vector %u of the checkpoint is not what it should be",
                             node);
        removed += r->removed;
    }
    atomic_store_explicit(&s->removed, removed, memory_order_relaxed);
    return OMMA_OK;
}

static omma_error fill(store *s, const checkpoint *c)
{
    uint32_t count = 0;
    omma_error err = read_head(s, c, &count);

    if (!err)
        err = check_sections(s, c, count);
    if (!err)
        err = store_reserve(s, count);
    for (unsigned i = 0; i < COLUMNS && !err; i++)
        if (s->column_bytes[i])
            err = map_column(s, c, count, (store_column)i);
    if (!err)
        err = check_nodes(s, count);
    if (err)
        return err;
    take_entries(s, c, count);
    atomic_store_explicit(&s->count, count, memory_order_release);
    return OMMA_OK;
}

omma_error index_snapshot_open(store **out, const checkpoint *c)
{
    disk_shape shape = checkpoint_shape(c);

    if (shape.dim < 1 || shape.dim > OMMA_INDEX_MAX_DIM || shape.metric > OMMA_INDEX_L2 ||
        shape.codes_only > 1)
        return omma_fail(OMMA_FORMAT, "the checkpoint is of no index that can be");
    store *s = store_create(shape.dim, (omma_index_metric)shape.metric, shape.codes_only);
    if (!s)
        return omma_fail(OMMA_NO_MEMORY, "index: no room for a store");
    omma_error err = fill(s, c);
    if (err)
        store_destroy(&s);
    else
        *out = s;
    return err;
}
