/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers beside a writer that adds, corrects, removes and compacts. What a reader gets must be
 * something that was there: entries in one piece, ids that were added, no answer twice. Run it
 * under ThreadSanitizer, too.
 */
#include <omma/index.h>

#include "check.h"
#include "index_fixture.h"

#include <stdatomic.h>

enum { DIM = 16, N = 3000, READERS = 3, K = 8 };

typedef struct scene {
    omma_index *index;
    const float *vectors;
    _Atomic uint32_t added; /* ids below were given to add */
    _Atomic bool done;
    _Atomic uint32_t queries, torn, strange, twice, disordered, failed;
} scene;

/* An entry whose parts say the same, so that half of another one shows. */
static omma_index_entry entry_of(uint64_t id, uint32_t version)
{
    omma_index_entry e = {.id = id, .frame = id, .time_ns = version, .flags = version};

    for (int i = 0; i < 8; i++)
        e.pose[i] = (float)version;
    e.user = version;
    return e;
}

static void judge(scene *s, const omma_index_match *m, uint32_t n, uint32_t added)
{
    for (uint32_t i = 0; i < n; i++) {
        const omma_index_entry want = entry_of(m[i].entry.id, m[i].entry.user);
        s->torn += memcmp(&m[i].entry, &want, sizeof(want)) != 0;
        s->strange += m[i].entry.id >= added;
        s->disordered += i && m[i].score > m[i - 1].score;
        for (uint32_t j = 0; j < i; j++)
            s->twice += m[i].entry.id == m[j].entry.id;
    }
}

static bool is_even(void *user, const omma_index_entry *entry)
{
    (void)user;
    return entry->id % 2 == 0;
}

static void read_all_the_time(void *user)
{
    scene *s = user;
    omma_index_reader *r = NULL;
    omma_index_match matches[K];
    uint64_t seed = (uintptr_t)&r;
    uint32_t found = 0;

    s->failed += omma_index_reader_create(&r, s->index) != OMMA_OK;
    for (uint32_t i = 0; !atomic_load(&s->done); i++) {
        const float *q = s->vectors + omma_random_below(&seed, N) * DIM;
        const omma_index_search search = {.k = K, .keep = i % 4 == 0 ? is_even : NULL};
        s->failed += omma_index_query(r, q, DIM, &search, matches, &found) != OMMA_OK;
        judge(s, matches, found, atomic_load(&s->added));
        s->queries++;
        if (i % 64 == 63) { /* readers come and go */
            omma_index_reader_destroy(&r);
            s->failed += omma_index_reader_create(&r, s->index) != OMMA_OK;
        }
    }
    omma_index_reader_destroy(&r);
}

static void write_everything(scene *s)
{
    uint64_t seed = 33;
    uint32_t version = 1;

    for (uint32_t i = 0; i < N; i++) {
        const omma_index_entry entry = entry_of(i, 0);
        atomic_store(&s->added, i + 1);
        CHECK_OK(omma_index_add(s->index, s->vectors + i * DIM, DIM, &entry));
        for (int j = 0; j < 2; j++) { /* some are gone already */
            const omma_index_entry moved = entry_of(omma_random_below(&seed, i + 1), version++);
            omma_error err = omma_index_update(s->index, &moved);
            CHECK(err == OMMA_OK || err == OMMA_NOT_FOUND);
        }
        if (i % 3 == 2) {
            omma_error err = omma_index_remove(s->index, omma_random_below(&seed, i));
            CHECK(err == OMMA_OK || err == OMMA_NOT_FOUND);
        }
        if (i % 500 == 499)
            CHECK_OK(omma_index_compact(s->index));
    }
}

static void readers_see_only_what_was_there(void)
{
    float *vectors = path_vectors(N, 0, DIM, 31);
    scene s = {.vectors = vectors};
    omma_thread *threads[READERS] = {NULL};

    CHECK_OK(omma_index_create(&s.index, &(omma_index_options){.dim = DIM, .scan_below = 300}));
    for (int i = 0; i < READERS; i++)
        CHECK_OK(omma_thread_start(&threads[i], "reader", read_all_the_time, &s));
    write_everything(&s);
    while (atomic_load(&s.queries) < 100) /* all cores were busy */
        omma_sleep_until_ns(omma_clock_now_ns() + 1000000);
    atomic_store(&s.done, true);
    for (int i = 0; i < READERS; i++)
        omma_thread_join(&threads[i]);
    CHECK(s.failed == 0);
    CHECK(s.torn == 0);
    CHECK(s.strange == 0);
    CHECK(s.twice == 0);
    CHECK(s.disordered == 0);
    omma_index_close(&s.index);
    free(vectors);
}

int main(void)
{
    TEST(readers_see_only_what_was_there);
    return check_done();
}
