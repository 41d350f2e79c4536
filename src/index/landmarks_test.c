/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "index_fixture.h"
#include "landmarks.h"

enum { DIM = 32, N = 6000 };

static distance_kernels kernels;

static store *make(const float *vectors, uint32_t n)
{
    store *s = store_create(DIM, OMMA_INDEX_COSINE, true);
    query q = {0};

    CHECK_OK(store_reserve(s, n));
    CHECK(query_init(&q, s));
    for (uint32_t node = 0; node < n; node++) {
        CHECK_OK(query_set(&q, &kernels, s, vectors + node * DIM, DIM));
        code_put(s, node, &q);
        atomic_store(&s->count, node + 1);
    }
    query_finish(&q);
    return s;
}

static void each_is_a_node_and_there_once(void)
{
    float *vectors = path_vectors(N, 0, DIM, 61);
    store *s = make(vectors, N);

    for (uint32_t n = 1; n <= N; n = n * 2 + 1) {
        landmarks *l = landmarks_create(&kernels, s, n);
        bool *there = omma_new_array(bool, n);
        CHECK(l->count <= n && l->count >= (n < 64 ? n : 64));
        CHECK(l->first[l->groups] == l->count);
        for (uint32_t i = 0; i < l->count; i++) {
            uint32_t node = l->nodes[l->groups + i];
            CHECK(node < n && !there[node]);
            there[node % n] = true;
        }
        free(there);
        free(l);
    }
    store_destroy(&s);
    free(vectors);
}

static float best_key(const landmarks *l, const store *s, const query *q)
{
    float best = -2;

    for (uint32_t i = 0; i < l->count; i++) {
        key_batch b = {0};
        key_batch_push(&b, s, l->nodes[l->groups + i]);
        key_batch_compute(&b, &kernels, s, q);
        best = b.keys[0] > best ? b.keys[0] : best;
    }
    return best;
}

/* Not all groups are looked at, so the best may be missed now and then; what is found is near. */
static void the_nearest_are_nearly_always_found(void)
{
    float *vectors = path_vectors(N, 200, DIM, 62);
    store *s = make(vectors, N);
    landmarks *l = landmarks_create(&kernels, s, N);
    query q = {0};
    int missed = 0;

    CHECK(query_init(&q, s));
    for (uint32_t i = N; i < N + 200; i++) {
        candidate best[4];
        CHECK_OK(query_set(&q, &kernels, s, vectors + i * DIM, DIM));
        CHECK(landmarks_nearest(l, &kernels, s, &q, best, 4) == 4);
        missed += best[0].key < best_key(l, s, &q);
        for (int j = 1; j < 4; j++)
            CHECK(best[j].key <= best[j - 1].key);
    }
    CHECK(missed <= 4);
    query_finish(&q);
    free(l);
    store_destroy(&s);
    free(vectors);
}

static void standing_still_takes_few(void)
{
    float *vectors = path_vectors(N, 0, DIM, 63);
    store *s = NULL;
    uint32_t still = 0;

    for (uint32_t i = 1000; i < 5000; i++)
        memcpy(vectors + i * DIM, vectors + 999 * DIM, DIM * sizeof(float));
    s = make(vectors, N);
    landmarks *l = landmarks_create(&kernels, s, N);
    for (uint32_t i = 0; i < l->count; i++)
        still += l->nodes[l->groups + i] >= 1000 && l->nodes[l->groups + i] < 5000;
    CHECK(still > 0);
    CHECK(still < l->count / 4); /* of the time it is two thirds */
    free(l);
    store_destroy(&s);
    free(vectors);
}

int main(void)
{
    distance_kernels_init(&kernels, omma_cpu_flags());
    TEST(each_is_a_node_and_there_once);
    TEST(the_nearest_are_nearly_always_found);
    TEST(standing_still_takes_few);
    return check_done();
}
