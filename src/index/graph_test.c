/* SPDX-License-Identifier: Apache-2.0 */
/* What the graph finds of what is there, in the order in which a stream comes and in no order. */
#include <omma/index.h>

#include "check.h"
#include "index_fixture.h"

enum { DIM = 48, N = 6000, QUERIES = 200, K = 10 };

typedef struct recall {
    double found;    /* share of the true ten nearest */
    uint32_t missed; /* queries that found none of them */
} recall;

static omma_index *make(const float *vectors, const uint32_t *order, omma_index_metric metric)
{
    omma_index *x = NULL;

    CHECK_OK(omma_index_create(
        &x, &(omma_index_options){.dim = DIM, .mode = OMMA_INDEX_GRAPH, .metric = metric}));
    for (uint32_t i = 0; i < N; i++) {
        uint32_t at = order ? order[i] : i;
        CHECK_OK(omma_index_add(x, vectors + at * DIM, DIM,
                                &(omma_index_entry){.id = at, .time_ns = at}));
    }
    return x;
}

static uint32_t count_common(const omma_index_match *matches, uint32_t found, const uint32_t *truth)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < found; i++) {
        for (uint32_t j = 0; j < K; j++)
            n += matches[i].entry.id == truth[j];
    }
    return n;
}

static recall measure(omma_index *x, const float *vectors, omma_index_metric metric, uint32_t ef)
{
    const float *queries = vectors + N * DIM;
    omma_index_reader *r = NULL;
    recall out = {0};

    CHECK_OK(omma_index_reader_create(&r, x));
    for (int i = 0; i < QUERIES; i++) {
        omma_index_match matches[K];
        uint32_t found = 0, truth[K];
        double scores[K];
        brute_force(metric, vectors, N, DIM, queries + i * DIM, K, truth, scores);
        CHECK_OK(omma_index_query(r, queries + i * DIM, DIM, &(omma_index_search){.k = K, .ef = ef},
                                  matches, &found));
        uint32_t common = count_common(matches, found, truth);
        out.found += (double)common / (K * QUERIES);
        out.missed += common == 0;
    }
    omma_index_reader_destroy(&r);
    return out;
}

static void shuffle(uint32_t *order, uint64_t seed)
{
    for (uint32_t i = 0; i < N; i++)
        order[i] = i;
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t j = omma_random_below(&seed, i + 1), other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
}

static void time_order_is_as_good_as_any(void)
{
    float *vectors = path_vectors(N, QUERIES, DIM, 11);
    uint32_t order[N];

    shuffle(order, 12);
    for (int shuffled = 0; shuffled < 2; shuffled++) {
        omma_index *x = make(vectors, shuffled ? order : NULL, OMMA_INDEX_COSINE);
        recall at_16 = measure(x, vectors, OMMA_INDEX_COSINE, 16);
        recall at_64 = measure(x, vectors, OMMA_INDEX_COSINE, 64);
        CHECK(at_16.missed == 0 && at_64.missed == 0);
        CHECK(at_16.found > 0.985);
        CHECK(at_64.found > 0.999);
        omma_index_close(&x);
    }
    free(vectors);
}

static void lengths_and_distances_are_walked_too(void)
{
    for (int metric = OMMA_INDEX_INNER_PRODUCT; metric <= OMMA_INDEX_L2; metric++) {
        float *vectors = path_vectors(N, QUERIES, DIM, 13);
        uint64_t seed = 14;
        for (uint32_t i = 0; i < N + QUERIES; i++) {
            float length = (float)(0.9 + 0.2 * omma_random_unit(&seed));
            for (uint32_t j = 0; j < DIM; j++)
                vectors[i * DIM + j] *= length;
        }
        omma_index *x = make(vectors, NULL, (omma_index_metric)metric);
        recall got = measure(x, vectors, (omma_index_metric)metric, 64);
        CHECK(got.missed == 0);
        CHECK(got.found > 0.99);
        omma_index_close(&x);
        free(vectors);
    }
}

int main(void)
{
    TEST(time_order_is_as_good_as_any);
    TEST(lengths_and_distances_are_walked_too);
    return check_done();
}
