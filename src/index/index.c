/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's side of an index. Each change is first refused or not, then told to the journal, and
 * only then made: what the journal has and what readers see never differ for long. */
#include "import.h"
#include "index_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCAN_BELOW = 2000,
    EF_INSERT = 128,
    FEW_REMOVED = 1000, /* are not worth a compaction */
};

omma_error index_check_options(const omma_index_options *o)
{
    if (!o || o->dim < 1 || o->dim > OMMA_INDEX_MAX_DIM)
        return omma_fail(OMMA_INVALID, "index: vectors of %u components (1 to %d are possible)",
                         o ? o->dim : 0, OMMA_INDEX_MAX_DIM);
    if ((unsigned)o->metric > OMMA_INDEX_L2)
        return omma_fail(OMMA_INVALID, "index: metric %u is unknown", (unsigned)o->metric);
    if ((unsigned)o->mode > OMMA_INDEX_GRAPH)
        return omma_fail(OMMA_INVALID, "index: mode %u is unknown", (unsigned)o->mode);
    return OMMA_OK;
}

static omma_index_options with_defaults(const omma_index_options *o)
{
    omma_index_options all = *o;

    if (!all.scan_below)
        all.scan_below = SCAN_BELOW;
    if (!all.ef_insert)
        all.ef_insert = EF_INSERT;
    return all;
}

void index_reclaim(omma_index *x, store *s)
{
    if (reader_list_turn(&x->readers))
        entry_pool_turn(&s->entries);
}

void index_renew_landmarks(omma_index *x, store *s)
{
    landmarks *old = atomic_load_explicit(&s->landmarks, memory_order_relaxed);

    if (!landmarks_are_old(old, store_count(s)))
        return;
    landmarks *l = landmarks_create(&x->kernels, s, store_count(s));
    if (!l)
        return; /* the old ones will do */
    atomic_store_explicit(&s->landmarks, l, memory_order_release);
    reader_list_retire(&x->readers, old, free);
    index_reclaim(x, s);
}

static omma_error take_ids(omma_index *x, const store *s)
{
    uint32_t count = store_count(s);

    id_table_reserve(&x->ids, s, count);
    for (uint32_t node = 0; node < count; node++) {
        if (store_is_removed(s, node))
            continue;
        if (id_table_find(&x->ids, s, store_entry(s, node)->id) != NO_NODE)
            return omma_fail(OMMA_FORMAT, "index: id %llu is there twice",
                             (unsigned long long)store_entry(s, node)->id);
        id_table_put(&x->ids, s, node);
    }
    return OMMA_OK;
}

omma_error index_create_from(omma_index **out, const omma_index_options *options, store *s)
{
    omma_index *x = omma_new(omma_index);
    omma_error err = OMMA_OK;

    x->options = with_defaults(options);
    distance_kernels_init(&x->kernels, omma_cpu_flags());
    reader_list_init(&x->readers);
    atomic_init(&x->store, s);
    if (!query_init(&x->query, s) || !linker_init(&x->linker, s, x->options.ef_insert))
        err = omma_fail(OMMA_NO_MEMORY, "index: no room for a vector");
    if (!err)
        err = take_ids(x, s);
    if (err) {
        omma_index_close(&x);
        return err;
    }
    index_renew_landmarks(x, s);
    *out = x;
    return OMMA_OK;
}

omma_error omma_index_create(omma_index **out, const omma_index_options *options)
{
    omma_error err = index_check_options(options);

    if (err)
        return err;
    store *s = store_create(options->dim, options->metric, options->codes_only);
    if (!s)
        return omma_fail(OMMA_NO_MEMORY, "index: no room for a store");
    return index_create_from(out, options, s);
}

void omma_index_close(omma_index **x)
{
    if (!x || !*x)
        return;
    if ((*x)->journal.close)
        (*x)->journal.close((*x)->journal.user);
    store *s = index_store(*x);
    store_destroy(&s);
    id_table_finish(&(*x)->ids);
    query_finish(&(*x)->query);
    linker_finish(&(*x)->linker);
    reader_list_finish(&(*x)->readers);
    free(*x);
    *x = NULL;
}

void index_put(omma_index *x, const omma_index_entry *entry)
{
    store *s = index_store(x);
    uint32_t node = store_count(s);
    node_state *state = store_state(s, node);

    code_put(s, node, &x->query);
    atomic_init(&state->entry, entry_pool_put(&s->entries, entry));
    atomic_init(&state->removed, 0);
    state->links_in = 0;
    linker_add(&x->linker, &x->kernels, s, &x->query);
    index_renew_landmarks(x, s);
    id_table_put(&x->ids, s, node);
}

/* After this n more cannot fail. */
static omma_error reserve(omma_index *x, store *s, size_t n)
{
    omma_error err = store_reserve(s, n);

    if (err)
        return err;
    if (!linker_reserve(&x->linker, store_count(s) + (uint32_t)n))
        return omma_fail(OMMA_NO_MEMORY, "index: no room to link %zu vectors", n);
    id_table_reserve(&x->ids, s, n);
    return OMMA_OK;
}

static omma_error refuse_twin(const omma_index *x, const store *s, uint64_t id)
{
    if (id_table_find(&x->ids, s, id) == NO_NODE)
        return OMMA_OK;
    return omma_fail(OMMA_EXISTS, "index: id %llu is there already", (unsigned long long)id);
}

/* Three in ten are dead weight: it is time. That there is no memory for it is no reason to fail. */
static void compact_when_due(omma_index *x)
{
    const store *s = index_store(x);
    uint32_t removed = atomic_load_explicit(&s->removed, memory_order_relaxed);

    if (removed > FEW_REMOVED && removed > store_count(s) / 10 * 3)
        omma_index_compact(x);
}

omma_error omma_index_add(omma_index *x, const float *vector, uint32_t dim,
                          const omma_index_entry *entry)
{
    compact_when_due(x);
    store *s = index_store(x);
    omma_error err = query_set(&x->query, &x->kernels, s, vector, dim);

    if (!err)
        err = refuse_twin(x, s, entry->id);
    if (!err)
        err = reserve(x, s, 1);
    if (!err && x->journal.add)
        err = x->journal.add(x->journal.user, vector, dim, entry);
    if (!err)
        index_put(x, entry);
    return err;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* No id is there twice among the new ones. */
static omma_error refuse_twins(const omma_index_entry *entries, size_t n)
{
    uint64_t *ids = malloc((n ? n : 1) * sizeof(*ids));
    omma_error err = OMMA_OK;

    if (!ids)
        return omma_fail(OMMA_NO_MEMORY, "index: no room for %zu ids", n);
    for (size_t i = 0; i < n; i++)
        ids[i] = entries[i].id;
    qsort(ids, n, sizeof(*ids), by_value);
    for (size_t i = 1; i < n && !err; i++)
        if (ids[i] == ids[i - 1])
            err =
                omma_fail(OMMA_EXISTS, "index: id %llu is there twice", (unsigned long long)ids[i]);
    free(ids);
    return err;
}

/* All of them can be added. */
static omma_error check_all(omma_index *x, const store *s, const float *vectors, size_t n,
                            uint32_t dim, const omma_index_entry *entries)
{
    omma_error err = refuse_twins(entries, n);

    for (size_t i = 0; i < n && !err; i++) {
        err = query_set(&x->query, &x->kernels, s, vectors + i * dim, dim);
        if (!err)
            err = refuse_twin(x, s, entries[i].id);
    }
    return err;
}

omma_error omma_index_import(omma_index *x, const float *vectors, size_t n, uint32_t dim,
                             const omma_index_entry *entries, unsigned threads)
{
    store *s = index_store(x);
    import *m = NULL;
    omma_error err = check_all(x, s, vectors, n, dim, entries);

    if (!err)
        err = reserve(x, s, n);
    if (!err && !(m = import_create(x, store_count(s) + (uint32_t)n, threads)))
        err = omma_fail(OMMA_NO_MEMORY, "index: no room for an import of %zu vectors", n);
    if (!err && x->journal.import)
        err = x->journal.import(x->journal.user, vectors, n, dim, entries);
    if (!err)
        import_run(m, x, vectors, n, dim, entries);
    import_destroy(&m);
    return err;
}

static omma_error find_node(const omma_index *x, const store *s, uint64_t id, uint32_t *node)
{
    *node = id_table_find(&x->ids, s, id);
    if (*node != NO_NODE)
        return OMMA_OK;
    return omma_fail(OMMA_NOT_FOUND, "index: there is no id %llu", (unsigned long long)id);
}

omma_error omma_index_update(omma_index *x, const omma_index_entry *entry)
{
    store *s = index_store(x);
    uint32_t node = NO_NODE;
    omma_error err = find_node(x, s, entry->id, &node);

    if (!err)
        err = entry_pool_reserve(&s->entries, 1);
    if (!err && x->journal.update)
        err = x->journal.update(x->journal.user, entry);
    if (err)
        return err;
    node_state *state = store_state(s, node);
    uint32_t old = atomic_load_explicit(&state->entry, memory_order_relaxed);
    uint32_t slot = entry_pool_put(&s->entries, entry);
    atomic_store_explicit(&state->entry, slot, memory_order_release);
    entry_pool_retire(&s->entries, old);
    index_reclaim(x, s);
    return OMMA_OK;
}

omma_error omma_index_remove(omma_index *x, uint64_t id)
{
    store *s = index_store(x);
    uint32_t node = NO_NODE;
    omma_error err = find_node(x, s, id, &node);

    if (!err)
        err = reserve(x, s, 0);
    if (!err && x->journal.remove)
        err = x->journal.remove(x->journal.user, id);
    if (err)
        return err;
    id_table_remove(&x->ids, s, id);
    atomic_store_explicit(&store_state(s, node)->removed, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->removed, 1, memory_order_relaxed);
    linker_repair_around(&x->linker, &x->kernels, s, node);
    return OMMA_OK;
}

omma_error omma_index_sync(omma_index *x)
{
    return x->journal.sync ? x->journal.sync(x->journal.user) : OMMA_OK;
}

omma_error omma_index_checkpoint(omma_index *x)
{
    return x->journal.checkpoint ? x->journal.checkpoint(x->journal.user, x) : OMMA_OK;
}

omma_error omma_index_get(const omma_index *x, uint64_t id, float *vector, omma_index_entry *entry)
{
    const store *s = index_store(x);
    uint32_t node = NO_NODE;
    omma_error err = find_node(x, s, id, &node);

    if (err)
        return err;
    if (vector)
        code_get(s, node, vector);
    if (entry)
        *entry = *store_entry(s, node);
    return OMMA_OK;
}

static double audited_recall(const omma_index *x)
{
    uint64_t wanted = atomic_load_explicit(&x->audit_wanted, memory_order_relaxed);
    uint64_t found = atomic_load_explicit(&x->audit_found, memory_order_relaxed);
    return wanted ? (double)found / (double)wanted : 1;
}

/* A graph needs data that lie along something; of noise it finds little, at more cost than a scan.
 */
static bool graph_is_poor(const omma_index *x)
{
    return atomic_load_explicit(&x->audited, memory_order_relaxed) >= ENOUGH_AUDITED &&
           audited_recall(x) < POOR_RECALL;
}

bool index_scans(const omma_index *x, omma_index_mode mode, uint32_t nodes)
{
    const uint64_t few = x->options.scan_below;

    if (mode != OMMA_INDEX_AUTO)
        return mode == OMMA_INDEX_SCAN;
    return nodes <= few || (nodes <= few * LONG_SCAN && graph_is_poor(x));
}

static double mean_links(const store *s)
{
    uint32_t count = store_count(s);
    uint64_t sum = 0;

    for (uint32_t node = 0; node < count; node++)
        sum += atomic_load_explicit(store_links(s, node), memory_order_relaxed);
    return count ? (double)sum / count : 0;
}

void omma_index_get_stats(const omma_index *x, omma_index_stats *out)
{
    const store *s = index_store(x);
    uint64_t audited = atomic_load(&x->audited), count = store_count(s);
    size_t each = sizeof(omma_index_entry);

    for (unsigned c = 0; c < COLUMNS; c++)
        each += s->column_bytes[c];
    *out = (omma_index_stats){
        .dim = s->dim,
        .metric = s->metric,
        .mode =
            index_scans(x, x->options.mode, (uint32_t)count) ? OMMA_INDEX_SCAN : OMMA_INDEX_GRAPH,
        .vectors = count - atomic_load(&s->removed),
        .removed = atomic_load(&s->removed),
        .bytes = count * (each - sizeof(omma_index_entry)) + entry_pool_bytes(&s->entries) +
                 x->ids.capacity * sizeof(uint32_t) +
                 landmarks_bytes(atomic_load(&s->landmarks), s),
        .bytes_each = (double)each + 2 * sizeof(uint32_t),
        .links = mean_links(s),
        .audited = audited,
        .recall = audited_recall(x),
        .missed = audited ? (double)atomic_load(&x->audit_missed) / (double)audited : 0,
    };
    if (x->journal.stats)
        x->journal.stats(x->journal.user, out);
}
