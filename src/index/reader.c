/* SPDX-License-Identifier: Apache-2.0 */
#include "index_inside.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_K = 10 };

struct omma_index_reader {
    omma_index *index;
    reader_turn turn;
    query query;
};

omma_error omma_index_reader_create(omma_index_reader **out, omma_index *x)
{
    omma_index_reader *r = omma_new(omma_index_reader);

    r->index = x;
    if (!query_init(&r->query, index_store(x))) {
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
    free(*r);
    *r = NULL;
}

static float score(const distance_kernels *k, const store *s, const query *q, uint32_t node)
{
    if (s->metric == OMMA_INDEX_L2)
        return -k->square(q->vector, store_vector(s, node), s->vector_floats);
    return k->product(q->vector, store_vector(s, node), s->vector_floats);
}

static float code_score(const distance_kernels *k, const store *s, const query *q, uint32_t node)
{
    const uint8_t *codes[DISTANCE_BATCH];
    int32_t product[DISTANCE_BATCH];

    for (int i = 0; i < DISTANCE_BATCH; i++)
        codes[i] = store_code(s, node);
    k->code_products(q->code, codes, s->code_bytes, product);
    float key = (float)(product[0] - 128 * q->sum) * (*store_scale(s, node) * q->step);
    return s->metric == OMMA_INDEX_L2 ? 2 * (key + *store_bias(s, node)) - q->square : key;
}

/* Keeps the k best, the best first. */
static void insert(omma_index_match *matches, uint32_t k, uint32_t *found, float value,
                   const omma_index_entry *entry)
{
    uint32_t at = *found;

    if (at == k && !(value > matches[k - 1].score))
        return;
    if (at == k)
        at--;
    else
        ++*found;
    for (; at > 0 && value > matches[at - 1].score; at--)
        matches[at] = matches[at - 1];
    matches[at] = (omma_index_match){*entry, value};
}

static void scan(const omma_index_reader *r, const store *s, const omma_index_search *search,
                 uint32_t k, omma_index_match *matches, uint32_t *found)
{
    const distance_kernels *kernels = &r->index->kernels;
    const uint32_t count = store_count(s);

    for (uint32_t node = 0; node < count; node++) {
        if (store_is_removed(s, node))
            continue;
        const omma_index_entry *entry = store_entry(s, node);
        if (search->keep && !search->keep(search->user, entry))
            continue;
        float value = s->vector_floats ? score(kernels, s, &r->query, node)
                                       : code_score(kernels, s, &r->query, node);
        insert(matches, k, found, value, entry);
    }
}

omma_error omma_index_query(omma_index_reader *r, const float *vector, uint32_t dim,
                            const omma_index_search *search, omma_index_match *matches,
                            uint32_t *found)
{
    const omma_index_search none = {0}, *wanted = search ? search : &none;

    *found = 0;
    reader_enter(&r->turn);
    const store *s = atomic_load_explicit(&r->index->store, memory_order_acquire);
    omma_error err = query_set(&r->query, s, vector, dim);
    if (!err)
        scan(r, s, wanted, wanted->k ? wanted->k : DEFAULT_K, matches, found);
    reader_leave(&r->turn);
    return err;
}

omma_error omma_index_audit(omma_index_reader *r, uint32_t queries)
{
    (void)r, (void)queries;
    return OMMA_OK;
}
