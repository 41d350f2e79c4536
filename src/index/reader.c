/* SPDX-License-Identifier: Apache-2.0 */
/* A reader's side: codes first, by a walk or a scan, then the vectors of the best. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_K = 10,
    DEFAULT_EF = 32,
    RERANKED = 40,    /* or twice what is wanted: by codes the tenth may be the thirtieth */
    SORTED_IN = 1024, /* more are sorted at once */
};

omma_error omma_index_reader_create(omma_index_reader **out, omma_index *x)
{
    omma_index_reader *r = omma_new(omma_index_reader);

    r->index = x;
    r->mode = x->options.mode;
    r->last = NO_NODE;
    if (!query_init(&r->query, index_store(x)) || !beam_init(&r->beam)) {
        query_finish(&r->query);
        beam_finish(&r->beam);
        free(r);
        return omma_fail(OMMA_NO_MEMORY, "index: no room for a reader");
    }
    reader_list_join(&x->readers, &r->turn);
    *out = r;
    return OMMA_OK;
}

void omma_index_reader_destroy(omma_index_reader **r)
{
    if (!r || !*r)
        return;
    reader_list_leave(&(*r)->index->readers, &(*r)->turn);
    query_finish(&(*r)->query);
    beam_finish(&(*r)->beam);
    free(*r);
    *r = NULL;
}

/* Moves what counts to the front. @return how many. */
static uint32_t drop_others(beam *b, const store *s, const omma_index_search *search)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < b->count; i++) {
        b->pool[i].node = candidate_node(b->pool[i]);
        if (node_counts(s, search, b->pool[i].node))
            b->pool[n++] = b->pool[i];
    }
    return n;
}

static float score(const distance_kernels *k, const store *s, const query *q, candidate c)
{
    if (!s->vector_floats)
        return s->metric == OMMA_INDEX_L2 ? 2 * c.key - q->square : c.key;
    const float *vector = store_vector(s, c.node);
    return s->metric == OMMA_INDEX_L2 ? -k->square(q->vector, vector, s->vector_floats)
                                      : k->product(q->vector, vector, s->vector_floats);
}

static bool is_before(candidate a, candidate b)
{
    return a.key > b.key || (a.key == b.key && a.node < b.node);
}

/* The first n of the pool by their vectors. */
static void rerank(const distance_kernels *k, const store *s, const query *q, candidate *c,
                   uint32_t n)
{
    for (uint32_t i = 0; s->vector_floats && i < n && i < 4; i++)
        prefetch(store_vector(s, c[i].node), s->vector_floats * sizeof(float));
    for (uint32_t i = 0; i < n; i++) {
        if (s->vector_floats && i + 4 < n)
            prefetch(store_vector(s, c[i + 4].node), s->vector_floats * sizeof(float));
        candidate now = {score(k, s, q, c[i]), c[i].node};
        uint32_t at = i;
        for (; at > 0 && is_before(now, c[at - 1]); at--)
            c[at] = c[at - 1];
        c[at] = now;
    }
}

static bool scan(omma_index_reader *r, const store *s, const omma_index_search *search,
                 uint32_t limit)
{
    const uint32_t nodes = store_count(s);

    if (limit > SORTED_IN || limit > nodes)
        limit = nodes;
    if (!beam_begin(&r->beam, nodes, limit))
        return false;
    beam_scan(&r->beam, &r->index->kernels, s, &r->query, search, nodes);
    return true;
}

static bool walk(omma_index_reader *r, const store *s, uint32_t nodes, uint32_t limit)
{
    const distance_kernels *k = &r->index->kernels;

    if (!beam_begin(&r->beam, nodes, limit))
        return false;
    beam_enter_landmarks(&r->beam, k, s, &r->query);
    if (r->last < nodes)
        beam_enter(&r->beam, k, s, &r->query, r->last);
    beam_walk(&r->beam, k, s, &r->query);
    return true;
}

/* A walk keeps the nearest whether they count or not, so it keeps more until k of them count. Where
 * next to nothing counts a scan is the shorter way. @return false when it is. */
static bool walk_until(omma_index_reader *r, const store *s, const omma_index_search *search,
                       uint32_t k, bool *failed)
{
    const uint32_t nodes = store_count(s), least = search->ef ? search->ef : DEFAULT_EF;

    for (uint32_t limit = least < k ? k : least; limit <= nodes / 8; limit *= 4) {
        *failed = !walk(r, s, nodes, limit);
        if (*failed)
            return true;
        r->beam.count = drop_others(&r->beam, s, search);
        if (r->beam.count >= k)
            return true;
    }
    return false;
}

/* How many the vectors decide among. An exact answer is the truth that walks are compared with. */
static uint32_t reranked(const omma_index_search *search, uint32_t k)
{
    uint32_t most = search->exact ? 8 * RERANKED : RERANKED;
    return k > UINT32_MAX / 2 ? UINT32_MAX : k > most / 2 ? 2 * k : most;
}

/* Candidates that count, into the pool. */
static omma_error find(omma_index_reader *r, const store *s, const omma_index_search *search,
                       uint32_t k)
{
    bool failed = false;

    if (search->exact || index_scans(r->index, r->mode, store_count(s)) ||
        !walk_until(r, s, search, k, &failed))
        failed = !scan(r, s, search, reranked(search, k));
    return failed ? omma_fail(OMMA_NO_MEMORY, "index: no room for %u candidates", k) : OMMA_OK;
}

static uint32_t answer(omma_index_reader *r, const store *s, const omma_index_search *search,
                       uint32_t k, omma_index_match *matches)
{
    const candidate *best = r->beam.pool;
    uint32_t some = reranked(search, k), found = r->beam.count;

    rerank(&r->index->kernels, s, &r->query, r->beam.pool, found < some ? found : some);
    found = found < k ? found : k;
    for (uint32_t i = 0; i < found; i++)
        matches[i] = (omma_index_match){*store_entry(s, best[i].node), best[i].key};
    if (found)
        r->last = best[0].node;
    return found;
}

omma_error omma_index_query(omma_index_reader *r, const float *vector, uint32_t dim,
                            const omma_index_search *search, omma_index_match *matches,
                            uint32_t *found)
{
    const omma_index_search none = {0}, *wanted = search ? search : &none;
    const uint32_t k = wanted->k ? wanted->k : DEFAULT_K;

    *found = 0;
    reader_enter(&r->turn);
    const store *s = atomic_load_explicit(&r->index->store, memory_order_acquire);
    omma_error err = query_set(&r->query, &r->index->kernels, s, vector, dim);
    r->beam.count = 0;
    if (!err && store_count(s))
        err = find(r, s, wanted, k);
    if (!err)
        *found = answer(r, s, wanted, k, matches);
    reader_leave(&r->turn);
    return err;
}
