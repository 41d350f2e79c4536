/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/index.h>

#include "check.h"
#include "index_fixture.h"

enum { DIM = 24, N = 600 };

static omma_index *make(omma_index_metric metric, bool codes_only, const float *vectors)
{
    omma_index *x = NULL;

    CHECK_OK(omma_index_create(
        &x, &(omma_index_options){.dim = DIM, .metric = metric, .codes_only = codes_only}));
    for (uint32_t i = 0; i < N; i++)
        CHECK_OK(omma_index_add(x, vectors + i * DIM, DIM, &(omma_index_entry){.id = 1000 + i}));
    return x;
}

static void a_scan_finds_what_brute_force_finds(void)
{
    for (int metric = OMMA_INDEX_COSINE; metric <= OMMA_INDEX_L2; metric++) {
        float *vectors = gaussian_vectors(N, DIM, 3), *queries = gaussian_vectors(20, DIM, 4);
        omma_index *x = make((omma_index_metric)metric, false, vectors);
        omma_index_reader *r = NULL;
        CHECK_OK(omma_index_reader_create(&r, x));
        for (int i = 0; i < 20; i++) {
            omma_index_match matches[10];
            uint32_t found = 0, truth[10];
            double scores[10];
            brute_force((omma_index_metric)metric, vectors, N, DIM, queries + i * DIM, 10, truth,
                        scores);
            CHECK_OK(omma_index_query(r, queries + i * DIM, DIM, NULL, matches, &found));
            CHECK(found == 10);
            for (uint32_t j = 0; j < found; j++) {
                CHECK(matches[j].entry.id == 1000 + truth[j]);
                /* 24 products in float: about 24 x 2^-24 of sums below 60 */
                CHECK_CLOSE(matches[j].score, scores[j], .abs = 2e-5, .rel = 2e-6);
            }
        }
        omma_index_reader_destroy(&r);
        omma_index_close(&x);
        free(vectors);
        free(queries);
    }
}

static void codes_alone_score_to_their_step(void)
{
    for (int metric = OMMA_INDEX_COSINE; metric <= OMMA_INDEX_L2; metric++) {
        float *vectors = gaussian_vectors(N, DIM, 5);
        omma_index *x = make((omma_index_metric)metric, true, vectors);
        omma_index_reader *r = NULL;
        omma_index_match match;
        uint32_t found = 0, truth = 0;
        double score = 0;
        CHECK_OK(omma_index_reader_create(&r, x));
        brute_force((omma_index_metric)metric, vectors, N, DIM, vectors, 1, &truth, &score);
        CHECK_OK(omma_index_query(r, vectors, DIM, &(omma_index_search){.k = 1}, &match, &found));
        /* A step is 1/127 of the largest component, here of about 3; 24 errors of half a step on
         * both sides, by random signs */
        CHECK_CLOSE(match.score, score, .abs = metric == OMMA_INDEX_COSINE ? 0.02 : 0.6);
        omma_index_reader_destroy(&r);
        omma_index_close(&x);
        free(vectors);
    }
}

static void what_cannot_be_a_vector_is_refused(void)
{
    omma_index *x = NULL;
    omma_index_reader *r = NULL;
    omma_index_match match;
    uint32_t found = 7;
    float v[4] = {1, 2, 3, 4}, zero[4] = {0};
    float nan_there[4] = {1, NAN, 0, 0}, infinite[4] = {1, 0, 0, -INFINITY};

    CHECK_OK(omma_index_create(&x, &(omma_index_options){.dim = 4}));
    CHECK_OK(omma_index_reader_create(&r, x));
    CHECK(omma_index_add(x, v, 3, &(omma_index_entry){0}) == OMMA_INVALID);
    CHECK(omma_index_add(x, zero, 4, &(omma_index_entry){0}) == OMMA_INVALID);
    CHECK(omma_index_add(x, nan_there, 4, &(omma_index_entry){0}) == OMMA_INVALID);
    CHECK(omma_index_add(x, infinite, 4, &(omma_index_entry){0}) == OMMA_INVALID);
    CHECK(omma_index_query(r, v, 5, NULL, &match, &found) == OMMA_INVALID);
    CHECK(found == 0);
    CHECK(omma_index_query(r, zero, 4, NULL, &match, &found) == OMMA_INVALID);
    CHECK(omma_index_query(r, nan_there, 4, NULL, &match, &found) == OMMA_INVALID);
    CHECK_OK(omma_index_query(r, v, 4, NULL, &match, &found));
    CHECK(found == 0); /* nothing was added */
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
}

static void impossible_options_are_refused(void)
{
    omma_index *x = NULL;

    CHECK(omma_index_create(&x, NULL) == OMMA_INVALID);
    CHECK(omma_index_create(&x, &(omma_index_options){.dim = 0}) == OMMA_INVALID);
    CHECK(omma_index_create(&x, &(omma_index_options){.dim = OMMA_INDEX_MAX_DIM + 1}) ==
          OMMA_INVALID);
    CHECK(omma_index_create(&x, &(omma_index_options){.dim = 4, .metric = 3}) == OMMA_INVALID);
    CHECK(omma_index_create(&x, &(omma_index_options){.dim = 4, .mode = 3}) == OMMA_INVALID);
    CHECK(x == NULL);
}

static void an_id_is_there_once(void)
{
    float *vectors = gaussian_vectors(N, DIM, 6);
    omma_index *x = make(OMMA_INDEX_COSINE, false, vectors);
    omma_index_stats stats;

    CHECK(omma_index_add(x, vectors, DIM, &(omma_index_entry){.id = 1001}) == OMMA_EXISTS);
    CHECK_OK(omma_index_remove(x, 1001));
    CHECK(omma_index_remove(x, 1001) == OMMA_NOT_FOUND);
    CHECK_OK(omma_index_add(x, vectors, DIM, &(omma_index_entry){.id = 1001}));
    omma_index_get_stats(x, &stats);
    CHECK(stats.vectors == N);
    CHECK(stats.removed == 1);
    omma_index_close(&x);
    free(vectors);
}

static void what_is_removed_is_not_found(void)
{
    float *vectors = gaussian_vectors(N, DIM, 7);
    omma_index *x = make(OMMA_INDEX_COSINE, false, vectors);
    omma_index_reader *r = NULL;
    omma_index_match *matches = omma_new_array(omma_index_match, N);
    uint32_t found = 0;

    CHECK_OK(omma_index_reader_create(&r, x));
    for (uint32_t i = 0; i < N; i += 2)
        CHECK_OK(omma_index_remove(x, 1000 + i));
    CHECK_OK(omma_index_query(r, vectors, DIM, &(omma_index_search){.k = N}, matches, &found));
    CHECK(found == N / 2); /* more were wanted */
    for (uint32_t j = 0; j < found; j++)
        CHECK(matches[j].entry.id % 2 == 1);
    free(matches);
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
    free(vectors);
}

static void all_of_many_come_in_order(void)
{
    enum { MANY = 3000 };
    float *vectors = gaussian_vectors(MANY, DIM, 10);
    omma_index *x = NULL;
    omma_index_reader *r = NULL;
    omma_index_match *matches = omma_new_array(omma_index_match, 2 * MANY);
    uint32_t found = 0;

    CHECK_OK(omma_index_create(&x, &(omma_index_options){.dim = DIM}));
    for (uint32_t i = 0; i < MANY; i++)
        CHECK_OK(omma_index_add(x, vectors + i * DIM, DIM, &(omma_index_entry){.id = i}));
    CHECK_OK(omma_index_reader_create(&r, x));
    CHECK_OK(omma_index_query(r, vectors, DIM, &(omma_index_search){.k = MANY}, matches, &found));
    CHECK(found == MANY);
    CHECK(matches[0].entry.id == 0);
    for (uint32_t i = 1; i < found; i++)
        CHECK(matches[i].score <= matches[i - 1].score);
    CHECK_OK(
        omma_index_query(r, vectors, DIM, &(omma_index_search){.k = 2 * MANY}, matches, &found));
    CHECK(found == MANY);
    free(matches);
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
    free(vectors);
}

static bool is_early(void *user, const omma_index_entry *entry)
{
    return entry->time_ns < *(const int64_t *)user;
}

static void a_filter_sees_corrected_entries(void)
{
    float *vectors = gaussian_vectors(N, DIM, 8);
    omma_index *x = make(OMMA_INDEX_COSINE, false, vectors);
    omma_index_reader *r = NULL;
    omma_index_match match;
    uint32_t found = 0;
    int64_t limit = 0;
    const omma_index_search search = {.k = 1, .keep = is_early, .user = &limit};

    CHECK_OK(omma_index_reader_create(&r, x));
    CHECK_OK(omma_index_query(r, vectors, DIM, &search, &match, &found));
    CHECK(found == 0);
    for (int turn = 1; turn <= 5; turn++) {
        omma_index_entry entry = {.id = 1300, .time_ns = -turn, .pose = {(float)turn}};
        CHECK_OK(omma_index_update(x, &entry));
        CHECK_OK(omma_index_query(r, vectors, DIM, &search, &match, &found));
        CHECK(found == 1 && memcmp(&match.entry, &entry, sizeof(entry)) == 0);
    }
    CHECK(omma_index_update(x, &(omma_index_entry){.id = 5}) == OMMA_NOT_FOUND);
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
    free(vectors);
}

static void one_gets_what_one_gave(void)
{
    float *vectors = gaussian_vectors(N, DIM, 9), got[DIM];
    omma_index *x = make(OMMA_INDEX_L2, false, vectors);
    omma_index_entry entry;

    CHECK_OK(omma_index_get(x, 1010, got, &entry));
    CHECK(entry.id == 1010);
    CHECK(memcmp(got, vectors + 10 * DIM, sizeof(got)) == 0);
    CHECK(omma_index_get(x, 999, got, NULL) == OMMA_NOT_FOUND);
    omma_index_close(&x);
    free(vectors);
}

int main(void)
{
    TEST(a_scan_finds_what_brute_force_finds);
    TEST(codes_alone_score_to_their_step);
    TEST(what_cannot_be_a_vector_is_refused);
    TEST(impossible_options_are_refused);
    TEST(an_id_is_there_once);
    TEST(what_is_removed_is_not_found);
    TEST(all_of_many_come_in_order);
    TEST(a_filter_sees_corrected_entries);
    TEST(one_gets_what_one_gave);
    return check_done();
}
