/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "id_table.h"

enum { N = 5000 };

/* A store with entries alone, of ids that lie close together and far apart. */
static store *make(void)
{
    store *s = store_create(1, OMMA_INDEX_COSINE, true);

    CHECK_OK(store_reserve(s, N));
    for (uint32_t node = 0; node < N; node++) {
        const omma_index_entry entry = {.id = node % 2 ? node : (uint64_t)node << 40};
        atomic_init(&store_state(s, node)->entry, entry_pool_put(&s->entries, &entry));
    }
    return s;
}

static void ids_come_and_go(void)
{
    store *s = make();
    id_table t = {0};
    bool *there = omma_new_array(bool, N);
    uint64_t seed = 51;

    for (int i = 0; i < 20 * N; i++) {
        uint32_t node = omma_random_below(&seed, N);
        uint64_t id = store_entry(s, node)->id;
        if (there[node])
            id_table_remove(&t, s, id);
        else {
            id_table_reserve(&t, s, 1);
            id_table_put(&t, s, node);
        }
        there[node] = !there[node];
    }
    size_t count = 0;
    for (uint32_t node = 0; node < N; node++) {
        CHECK(id_table_find(&t, s, store_entry(s, node)->id) == (there[node] ? node : NO_NODE));
        count += there[node];
    }
    CHECK(t.count == count);
    CHECK(t.count * 4 <= t.capacity * 3);
    id_table_finish(&t);
    store_destroy(&s);
    free(there);
}

static void an_empty_table_has_nothing(void)
{
    store *s = make();
    id_table t = {0};

    CHECK(id_table_find(&t, s, 0) == NO_NODE);
    id_table_reserve(&t, s, 0);
    CHECK(id_table_find(&t, s, 0) == NO_NODE);
    id_table_finish(&t);
    store_destroy(&s);
}

int main(void)
{
    TEST(ids_come_and_go);
    TEST(an_empty_table_has_nothing);
    return check_done();
}
