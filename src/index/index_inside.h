/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the module see of an index. */
#pragma once

#include "code.h"
#include "distance.h"
#include "id_table.h"
#include "linker.h"
#include "reader_turns.h"
#include "store.h"

/**
 * What a folder does about each change, before the change is made; when it fails, nothing is
 * changed. All NULL for an index in memory.
 */
typedef struct index_journal {
    void *user;
    omma_error (*add)(void *user, const float *vector, uint32_t dim, const omma_index_entry *entry);
    /* All of them or none. */
    omma_error (*import)(void *user, const float *vectors, size_t n, uint32_t dim,
                         const omma_index_entry *entries);
    omma_error (*update)(void *user, const omma_index_entry *entry);
    omma_error (*remove)(void *user, uint64_t id);
    omma_error (*sync)(void *user);
    omma_error (*checkpoint)(void *user, const omma_index *x);
    void (*stats)(void *user, omma_index_stats *out);
    void (*close)(void *user); /* syncs, lets go of the folder, frees user */
} index_journal;

struct omma_index {
    omma_index_options options;
    distance_kernels kernels;
    store *_Atomic store; /* compaction makes another */
    id_table ids;
    query query; /* the writer's */
    linker linker;
    reader_list readers;
    index_journal journal;
    _Atomic uint64_t audited, audit_wanted, audit_found, audit_missed;
};

/** The store as the writer sees it. */
static inline store *index_store(const omma_index *x)
{
    return atomic_load_explicit(&x->store, memory_order_relaxed);
}

/**
 * An index of what is in a store (taken, whatever is returned): what a checkpoint had. Its ids are
 * looked up from its entries; ids that are twice there are OMMA_FORMAT.
 */
omma_error index_create_from(omma_index **out, const omma_index_options *options, store *s);

/** Adds what x->query is; there is room. */
void index_put(omma_index *x, const omma_index_entry *entry);

/** New landmarks when the old ones are of too long ago. */
void index_renew_landmarks(omma_index *x, store *s);

/** What nobody looks at any more is free again. */
void index_reclaim(omma_index *x, store *s);

/** Whether these options are possible. @return OMMA_OK; OMMA_INVALID. */
omma_error index_check_options(const omma_index_options *options);

enum {
    ENOUGH_AUDITED = 100, /* to believe it */
    LONG_SCAN = 10,       /* times scan_below, where the graph is found wanting */
};
#define POOR_RECALL 0.9

/** Whether a query in this mode looks at all codes of so many. */
bool index_scans(const omma_index *x, omma_index_mode mode, uint32_t nodes);
