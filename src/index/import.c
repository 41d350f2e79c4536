/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many vectors at once, on several threads, by batches (Dhulipala et al., "ParlayANN: scalable and
 * deterministic parallel graph-based approximate nearest neighbor search algorithms", PPoPP 2024).
 * First each new node looks for neighbours, in the graph as it was before the batch and among the
 * new ones before it, and writes its own list. Then the links back are sorted by the list that they
 * go into, and each list is changed by one thread. Nothing depends on which thread does what.
 */
#include "import.h"

#include <stdlib.h>

enum {
    BATCH = 1024,
    SINGLE = 2048, /* so many must be there: batches are small against what is */
    MAX_THREADS = 64,
    SHARE = 16, /* taken by a thread at a time */
};

typedef struct back_link {
    uint32_t to, from; /* the list of to gets from */
    bool must;
} back_link;

typedef struct job {
    const omma_index *index;
    store *store;
    const float *vectors; /* of the batch */
    uint32_t dim, first, count;
    back_link *links; /* sorted by to, then from */
    size_t link_count;
    _Atomic size_t next;
} job;

typedef struct worker {
    omma_thread *thread;
    job *job;
    void (*one)(struct worker *w, size_t i);
    size_t n;
    linker linker;
    query query;
} worker;

struct import {
    worker *workers;
    unsigned threads;
    back_link *links; /* BATCH * MAX_LINKS */
};

/* --------------------------------------------------------------------------------- the threads */

static void work(void *user)
{
    worker *w = user;

    for (;;) {
        size_t from = atomic_fetch_add(&w->job->next, SHARE);
        if (from >= w->n)
            return;
        for (size_t i = from; i < from + SHARE && i < w->n; i++)
            w->one(w, i);
    }
}

/* one(w, i) for all i < n. A thread that cannot be started leaves its share to the others. */
static void for_all(import *m, job *j, size_t n, void (*one)(worker *w, size_t i))
{
    worker *w = m->workers;

    atomic_store(&j->next, 0);
    for (unsigned t = 0; t < m->threads; t++) {
        w[t].job = j;
        w[t].one = one;
        w[t].n = n;
        w[t].thread = NULL;
        if (t && omma_thread_start(&w[t].thread, "import", work, &w[t]))
            w[t].thread = NULL;
    }
    work(&w[0]);
    for (unsigned t = 1; t < m->threads; t++)
        omma_thread_join(&w[t].thread);
}

/* ---------------------------------------------------------------------------------- the phases */

static void write_node(worker *w, size_t i)
{
    const job *j = w->job;

    query_set(&w->query, &j->index->kernels, j->store, j->vectors + i * j->dim, j->dim);
    code_put(j->store, j->first + (uint32_t)i, &w->query);
}

static void link_node(worker *w, size_t i)
{
    const job *j = w->job;

    query_set(&w->query, &j->index->kernels, j->store, j->vectors + i * j->dim, j->dim);
    linker_link(&w->linker, &j->index->kernels, j->store, &w->query, j->first,
                j->first + (uint32_t)i);
}

/* The i-th list that gets links gets all of them: the one whose links begin at i. */
static void link_back(worker *w, size_t i)
{
    const job *j = w->job;
    const uint32_t to = j->links[i].to;

    if (i && j->links[i - 1].to == to)
        return;
    for (; i < j->link_count && j->links[i].to == to; i++)
        linker_link_back(&w->linker, &j->index->kernels, j->store, to, j->links[i].from,
                         j->links[i].must);
}

static int by_list(const void *a, const void *b)
{
    const back_link *x = a, *y = b;
    return x->to != y->to ? (x->to > y->to) - (x->to < y->to)
                          : (x->from > y->from) - (x->from < y->from);
}

static void sort_back_links(job *j)
{
    uint32_t list[MAX_LINKS];

    j->link_count = 0;
    for (uint32_t node = j->first; node < j->first + j->count; node++) {
        uint32_t n = linker_list(j->store, node, list);
        for (uint32_t i = 0; i < n; i++)
            j->links[j->link_count++] = (back_link){list[i], node, i == 0};
    }
    qsort(j->links, j->link_count, sizeof(*j->links), by_list);
}

/* Nodes that no list leads to any more, because several dropped them at once. */
static size_t find_orphans(const worker *w, unsigned threads, const store *s, back_link *orphans)
{
    size_t n = 0;

    for (unsigned t = 0; t < threads; t++) {
        const linker *l = &w[t].linker;
        for (size_t i = 0; i < l->change_count; i++) {
            if (l->changes[i].more < 0 && store_state(s, l->changes[i].node)->links_in == 0)
                orphans[n++] = (back_link){l->changes[i].node, 0, true};
        }
    }
    qsort(orphans, n, sizeof(*orphans), by_list);
    return n;
}

static void adopt_orphans(import *m, const job *j)
{
    linker *l = &m->workers[0].linker;
    const store *s = j->store;
    uint32_t list[MAX_LINKS];
    size_t n = find_orphans(m->workers, m->threads, s, m->links);

    l->deferred = false;
    for (size_t i = 0; i < n; i++) {
        uint32_t node = m->links[i].to;
        if (store_state(s, node)->links_in == 0 && linker_list(s, node, list))
            linker_link_back(l, &j->index->kernels, s, list[0], node, true);
    }
    l->deferred = true;
}

static void settle(import *m, const job *j)
{
    for (unsigned t = 0; t < m->threads; t++)
        linker_settle(&m->workers[t].linker, j->store);
    adopt_orphans(m, j);
    for (unsigned t = 0; t < m->threads; t++)
        m->workers[t].linker.change_count = 0;
}

static void publish(job *j, const omma_index_entry *entries)
{
    for (uint32_t i = 0; i < j->count; i++) {
        node_state *state = store_state(j->store, j->first + i);
        atomic_init(&state->entry, entry_pool_put(&j->store->entries, &entries[i]));
        atomic_init(&state->removed, 0);
        state->links_in = 0;
    }
}

static void add_batch(import *m, job *j, const omma_index_entry *entries)
{
    publish(j, entries);
    for_all(m, j, j->count, write_node);
    for_all(m, j, j->count, link_node);
    settle(m, j);
    atomic_store_explicit(&j->store->count, j->first + j->count, memory_order_release);
    sort_back_links(j);
    for_all(m, j, j->link_count, link_back);
    settle(m, j);
}

/* ----------------------------------------------------------------------------------- the import */

import *import_create(const omma_index *x, uint32_t nodes,
                      unsigned threads){import *m = omma_new(import);
const store *s = index_store(x);
bool there = true;

m->threads = threads ? threads : omma_cpu_count();
m->threads = m->threads < MAX_THREADS ? m->threads : MAX_THREADS;
m->workers = omma_new_array(worker, m->threads);
m->links = malloc((size_t)BATCH * MAX_LINKS * sizeof(back_link));
for (unsigned t = 0; t < m->threads && there; t++) {
    worker *w = &m->workers[t];
    there = query_init(&w->query, s) && linker_init(&w->linker, s, x->options.ef_insert) &&
            linker_reserve(&w->linker, nodes);
    w->linker.deferred = true;
}
if (!there || !m->links)
    import_destroy(&m);
return m;
}

void import_destroy(import **m)
{
    if (!m || !*m)
        return;
    for (unsigned t = 0; t < (*m)->threads; t++) {
        query_finish(&(*m)->workers[t].query);
        linker_finish(&(*m)->workers[t].linker);
    }
    free((*m)->workers);
    free((*m)->links);
    free(*m);
    *m = NULL;
}

void import_run(import *m, omma_index *x, const float *vectors, size_t n, uint32_t dim,
                const omma_index_entry *entries)
{
    store *s = index_store(x);
    size_t done = 0;

    for (; done < n && store_count(s) < SINGLE; done++) {
        query_set(&x->query, &x->kernels, s, vectors + done * dim, dim);
        index_put(x, &entries[done]);
    }
    while (done < n) {
        uint32_t count = n - done < BATCH ? (uint32_t)(n - done) : BATCH;
        job j = {.index = x,
                 .store = s,
                 .vectors = vectors + done * dim,
                 .dim = dim,
                 .first = store_count(s),
                 .count = count,
                 .links = m->links};
        add_batch(m, &j, entries + done);
        for (uint32_t node = j.first; node < j.first + count; node++)
            id_table_put(&x->ids, s, node);
        index_renew_landmarks(x, s);
        done += count;
    }
}
