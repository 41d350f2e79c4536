/* SPDX-License-Identifier: Apache-2.0 */
/* What removals, compaction, imports and filters leave of the graph. */
#include <omma/index.h>

#include "check.h"
#include "index_fixture.h"

enum { DIM = 32, N = 4000, QUERIES = 100, K = 10 };

static omma_index *make(void)
{
    omma_index *x = NULL;

    CHECK_OK(omma_index_create(&x, &(omma_index_options){.dim = DIM, .mode = OMMA_INDEX_GRAPH}));
    return x;
}

static void add_range(omma_index *x, const float *vectors, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        CHECK_OK(
            omma_index_add(x, vectors + i * DIM, DIM, &(omma_index_entry){.id = i, .time_ns = i}));
}

/* Share of what an exact answer has that a walk finds. */
static double recall(omma_index *x, const float *queries, const omma_index_search *search)
{
    omma_index_search exact = *search;
    omma_index_reader *r = NULL;
    uint32_t wanted = 0, common = 0;

    exact.exact = true;
    CHECK_OK(omma_index_reader_create(&r, x));
    for (int i = 0; i < QUERIES; i++) {
        omma_index_match truth[K], got[K];
        uint32_t n = 0, m = 0;
        CHECK_OK(omma_index_query(r, queries + i * DIM, DIM, &exact, truth, &n));
        CHECK_OK(omma_index_query(r, queries + i * DIM, DIM, search, got, &m));
        CHECK(n == m);
        for (uint32_t a = 0; a < n; a++) {
            for (uint32_t b = 0; b < m; b++)
                common += truth[a].entry.id == got[b].entry.id;
        }
        wanted += n;
    }
    omma_index_reader_destroy(&r);
    return (double)common / wanted;
}

static void removals_leave_a_good_graph(void)
{
    float *vectors = path_vectors(N, QUERIES, DIM, 21);
    omma_index *x = make();
    omma_index_stats before, after;
    const omma_index_search search = {.ef = 64};
    uint64_t seed = 22;
    uint32_t left = N;

    add_range(x, vectors, 0, N);
    for (uint32_t i = 0; i < N; i++) {
        if (i / 500 % 2 == 0 || omma_random_below(&seed, 4) == 0) { /* whole stretches, and some */
            CHECK_OK(omma_index_remove(x, i));
            left--;
        }
    }
    CHECK(recall(x, vectors + N * DIM, &search) > 0.99);
    omma_index_get_stats(x, &before);
    CHECK(before.vectors == left && before.removed == N - left);
    CHECK_OK(omma_index_compact(x));
    omma_index_get_stats(x, &after);
    CHECK(after.vectors == left && after.removed == 0);
    CHECK(after.bytes < before.bytes);
    CHECK(recall(x, vectors + N * DIM, &search) > 0.99);
    for (uint32_t i = 0; i < N; i += 97) {
        omma_index_entry entry;
        CHECK((omma_index_get(x, i, NULL, &entry) == OMMA_OK && entry.time_ns == i) ||
              omma_index_remove(x, i) == OMMA_NOT_FOUND);
    }
    omma_index_close(&x);
    free(vectors);
}

static void compaction_comes_by_itself(void)
{
    float *vectors = path_vectors(N, 0, DIM, 23);
    omma_index *x = make();
    omma_index_stats stats;

    for (uint32_t i = 0; i < N; i++) { /* the last 500 are remembered */
        add_range(x, vectors, i, i + 1);
        if (i >= 500)
            CHECK_OK(omma_index_remove(x, i - 500));
    }
    omma_index_get_stats(x, &stats);
    CHECK(stats.vectors == 500);
    CHECK(stats.removed <= 1001);
    omma_index_close(&x);
    free(vectors);
}

static bool is_old(void *user, const omma_index_entry *entry)
{
    return entry->time_ns < *(const int64_t *)user;
}

static void what_is_filtered_out_hides_nothing(void)
{
    float *vectors = path_vectors(N, QUERIES, DIM, 24);
    omma_index *x = make();

    add_range(x, vectors, 0, N);
    for (int64_t limit = N - 200; limit > 2; limit /= 8) { /* nearly all, some, next to none */
        const omma_index_search search = {.ef = 64, .keep = is_old, .user = &limit};
        CHECK(recall(x, vectors + N * DIM, &search) > 0.99);
    }
    omma_index_close(&x);
    free(vectors);
}

static omma_index *import(const float *vectors, unsigned threads)
{
    omma_index *x = make();
    omma_index_entry *entries = omma_new_array(omma_index_entry, N);

    for (uint32_t i = 0; i < N; i++)
        entries[i] = (omma_index_entry){.id = i, .time_ns = i};
    CHECK_OK(omma_index_import(x, vectors, N, DIM, entries, threads));
    CHECK(omma_index_import(x, vectors, 1, DIM, entries, threads) == OMMA_EXISTS);
    free(entries);
    return x;
}

/* Of two graphs: the same answers in the same order, also where they are not the best. */
static void check_same(omma_index *a, omma_index *b, const float *queries)
{
    omma_index_reader *r = NULL, *s = NULL;
    const omma_index_search search = {.k = K, .ef = K};

    CHECK_OK(omma_index_reader_create(&r, a));
    CHECK_OK(omma_index_reader_create(&s, b));
    for (int i = 0; i < QUERIES; i++) {
        omma_index_match p[K] = {0}, q[K] = {0};
        uint32_t n = 0, m = 0;
        CHECK_OK(omma_index_query(r, queries + i * DIM, DIM, &search, p, &n));
        CHECK_OK(omma_index_query(s, queries + i * DIM, DIM, &search, q, &m));
        CHECK(n == m && memcmp(p, q, n * sizeof(p[0])) == 0);
    }
    omma_index_reader_destroy(&r);
    omma_index_reader_destroy(&s);
}

static void an_import_does_not_depend_on_threads(void)
{
    float *vectors = path_vectors(N, QUERIES, DIM, 25);
    omma_index *one = import(vectors, 1), *three = import(vectors, 3);
    omma_index_stats a, b;

    omma_index_get_stats(one, &a);
    omma_index_get_stats(three, &b);
    CHECK(a.vectors == N && a.links == b.links);
    check_same(one, three, vectors + N * DIM);
    CHECK(recall(one, vectors + N * DIM, &(omma_index_search){.ef = 64}) > 0.99);
    omma_index_close(&one);
    omma_index_close(&three);
    free(vectors);
}

static void an_import_is_whole_or_not_at_all(void)
{
    float *vectors = path_vectors(10, 0, DIM, 26);
    omma_index_entry entries[10];
    omma_index *x = make();
    omma_index_stats stats;

    for (uint32_t i = 0; i < 10; i++)
        entries[i] = (omma_index_entry){.id = i};
    vectors[9 * DIM] = NAN;
    CHECK(omma_index_import(x, vectors, 10, DIM, entries, 1) == OMMA_INVALID);
    vectors[9 * DIM] = 1;
    entries[9].id = 4;
    CHECK(omma_index_import(x, vectors, 10, DIM, entries, 1) == OMMA_EXISTS);
    omma_index_get_stats(x, &stats);
    CHECK(stats.vectors == 0);
    CHECK_OK(omma_index_import(x, vectors, 0, DIM, entries, 1));
    omma_index_close(&x);
    free(vectors);
}

static void an_audit_tells_recall(void)
{
    float *vectors = path_vectors(N, 0, DIM, 27);
    omma_index *x = make();
    omma_index_reader *r = NULL;
    omma_index_stats stats;

    CHECK_OK(omma_index_reader_create(&r, x));
    CHECK_OK(omma_index_audit(r, 5)); /* of nothing */
    omma_index_get_stats(x, &stats);
    CHECK(stats.audited == 0 && stats.recall == 1);
    add_range(x, vectors, 0, N);
    CHECK_OK(omma_index_audit(r, 50));
    omma_index_get_stats(x, &stats);
    CHECK(stats.audited == 50);
    CHECK(stats.recall > 0.98 && stats.recall <= 1);
    CHECK(stats.missed == 0);
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
    free(vectors);
}

static void noise_is_scanned_when_audits_say_so(void)
{
    enum { MANY = 2500, WIDE = 128 };
    float *vectors = gaussian_vectors(MANY, WIDE, 28);
    omma_index *x = NULL;
    omma_index_reader *r = NULL;
    omma_index_stats stats;

    CHECK_OK(omma_index_create(&x, &(omma_index_options){.dim = WIDE}));
    CHECK_OK(omma_index_reader_create(&r, x));
    for (uint32_t i = 0; i < MANY; i++)
        CHECK_OK(omma_index_add(x, vectors + i * WIDE, WIDE, &(omma_index_entry){.id = i}));
    omma_index_get_stats(x, &stats);
    CHECK(stats.mode == OMMA_INDEX_GRAPH);
    CHECK_OK(omma_index_audit(r, 100));
    omma_index_get_stats(x, &stats);
    CHECK(stats.recall < 0.9);
    CHECK(stats.mode == OMMA_INDEX_SCAN);
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
    free(vectors);
}

static void a_camera_that_stands_still_hides_nothing(void)
{
    enum { STOPS = 4, STILL = 300 };
    float *vectors = path_vectors(N, QUERIES, DIM, 29);
    omma_index *x = make();
    omma_index_reader *r = NULL;
    omma_index_stats stats;

    CHECK_OK(omma_index_reader_create(&r, x));
    for (uint32_t i = 0; i < N; i++) {
        bool stops = i % (N / STOPS) == 0;
        for (uint32_t j = 0; j < (stops ? STILL : 1); j++)
            CHECK_OK(omma_index_add(x, vectors + i * DIM, DIM,
                                    &(omma_index_entry){.id = (uint64_t)i * STILL + j}));
    }
    CHECK_OK(omma_index_audit(r, 200));
    omma_index_get_stats(x, &stats);
    CHECK(stats.recall > 0.99);
    CHECK(stats.missed == 0);
    omma_index_reader_destroy(&r);
    omma_index_close(&x);
    free(vectors);
}

int main(void)
{
    TEST(removals_leave_a_good_graph);
    TEST(compaction_comes_by_itself);
    TEST(what_is_filtered_out_hides_nothing);
    TEST(an_import_does_not_depend_on_threads);
    TEST(an_import_is_whole_or_not_at_all);
    TEST(an_audit_tells_recall);
    TEST(noise_is_scanned_when_audits_say_so);
    TEST(a_camera_that_stands_still_hides_nothing);
    return check_done();
}
