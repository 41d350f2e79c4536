/* SPDX-License-Identifier: Apache-2.0 */
/* What walks find of what scans find, with questions that are as far from what is known as that is
 * from one another: a vector that is in the index finds itself too easily. */
#include "reader.h"

#include <math.h>
#include <stdlib.h>

enum { AUDITED = 10 };

/* A vector of the index, moved by half the way to one of its neighbours in any direction.
 * @param other room for dim more */
static bool make_question(omma_index_reader *r, float *vector, float *other, uint32_t dim)
{
    reader_enter(&r->turn);
    const store *s = atomic_load_explicit(&r->index->store, memory_order_acquire);
    uint32_t n = store_count(s), list[MAX_LINKS];
    double square = 0;

    if (n) {
        uint32_t node = omma_random_below(&r->seed, n);
        code_get(s, node, vector);
        code_get(s, linker_list(s, node, list) ? list[0] : node, other);
    }
    reader_leave(&r->turn);
    for (uint32_t i = 0; i < dim && n; i++)
        square += (double)(vector[i] - other[i]) * (double)(vector[i] - other[i]);
    const double deviation = sqrt(square / dim / 2);
    for (uint32_t i = 0; i < dim && n; i++)
        vector[i] += (float)(deviation * omma_random_normal(&r->seed));
    return n;
}

/* How many are as near, to a thousandth, as what should be found: of the frames of a camera that
 * stands still any will do (Aumueller, Bernhardsson, Faithfull, "ANN-benchmarks", Information
 * Systems 2020, section 2.2). */
static uint32_t count_as_near(const omma_index_match *truth, uint32_t wanted,
                              const omma_index_match *got, uint32_t found)
{
    const float worst = truth[wanted - 1].score, least = worst - fabsf(worst) / 1000;
    uint32_t n = 0;

    for (uint32_t i = 0; i < found; i++)
        n += got[i].score >= least;
    return n < wanted ? n : wanted;
}

static omma_error ask_both_ways(omma_index_reader *r, const float *vector, uint32_t dim)
{
    omma_index_match truth[AUDITED], got[AUDITED];
    omma_index *x = r->index;
    uint32_t wanted = 0, found = 0;
    omma_error err =
        omma_index_query(r, vector, dim, &(omma_index_search){.exact = true}, truth, &wanted);

    if (err || !wanted)
        return err;
    r->mode = OMMA_INDEX_GRAPH;
    r->last = NO_NODE;
    err = omma_index_query(r, vector, dim, NULL, got, &found);
    r->mode = x->options.mode;
    if (err)
        return err;
    uint32_t common = count_as_near(truth, wanted, got, found);
    atomic_fetch_add_explicit(&x->audit_wanted, wanted, memory_order_relaxed);
    atomic_fetch_add_explicit(&x->audit_found, common, memory_order_relaxed);
    atomic_fetch_add_explicit(&x->audit_missed, common == 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&x->audited, 1, memory_order_relaxed);
    return OMMA_OK;
}

omma_error omma_index_audit(omma_index_reader *r, uint32_t queries)
{
    const uint32_t dim = r->index->options.dim;
    float *vectors = malloc(2 * (size_t)dim * sizeof(float));
    omma_error err = OMMA_OK;

    if (!vectors)
        return omma_fail(OMMA_NO_MEMORY, "index: no room for a vector");
    for (uint32_t i = 0; i < queries && !err; i++) {
        if (make_question(r, vectors, vectors + dim, dim))
            err = ask_both_ways(r, vectors, dim);
    }
    free(vectors);
    return err;
}
