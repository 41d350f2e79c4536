/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "recall_fixture.h"
#include "recall_state.h"

static recall *make(uint32_t dim)
{
    recall *r = NULL;
    CHECK_OK(recall_create(&r, &(recall_options){.dim = dim, .seed = 1}));
    return r;
}

static omma_error take(recall *r, const omma_byte_list *b, size_t bytes)
{
    omma_byte_reader reader = {.at = b->at, .left = bytes};
    omma_error err = recall_take(r, &reader);
    CHECK(err || !reader.left);
    return err;
}

/* Another memory, made of what this one keeps. */
static recall *again(const recall *r, uint32_t dim)
{
    omma_byte_list b = {0}, other = {0};
    recall *copy = make(dim);

    recall_put(&b, r);
    CHECK_OK(take(copy, &b, b.count));
    recall_put(&other, copy);
    CHECK(b.count == other.count && memcmp(b.at, other.at, b.count) == 0);
    omma_bytes_finish(&b);
    omma_bytes_finish(&other);
    return copy;
}

static void expect_same_answers(recall *a, recall *b, uint32_t keyframes)
{
    recall_hit ha[20], hb[20];
    size_t na, nb;

    CHECK(recall_count(a) == recall_count(b));
    for (uint32_t k = 0; k < keyframes; k += 7) {
        CHECK_OK(recall_query_keyframe(a, k, &(recall_search){.k = 20}, ha, &na));
        CHECK_OK(recall_query_keyframe(b, k, &(recall_search){.k = 20}, hb, &nb));
        CHECK(na == nb);
        for (size_t i = 0; i < na; i++)
            CHECK(ha[i].place.keyframe == hb[i].place.keyframe && ha[i].score == hb[i].score &&
                  ha[i].place.time_ns == hb[i].place.time_ns &&
                  ha[i].place.world_from_keyframe.t[0] == hb[i].place.world_from_keyframe.t[0]);
    }
}

static void what_is_kept_answers_alike_and_goes_on(void)
{
    recall *r = make(0);

    fixture_walk(r, 0, 100, 30);
    recall *copy = again(r, 0);
    expect_same_answers(r, copy, 100);
    fixture_walk(r, 100, 180, 30); /* with a new mean on the way */
    fixture_walk(copy, 100, 180, 30);
    expect_same_answers(r, copy, 180);
    recall_destroy(&r);
    recall_destroy(&copy);
}

static void a_memory_without_words_learns_them_later(void)
{
    recall *r = make(0);

    fixture_walk(r, 0, 10, 30);
    recall *copy = again(r, 0);
    CHECK(!recall_is_trained(copy));
    fixture_walk(r, 10, 90, 30);
    fixture_walk(copy, 10, 90, 30);
    expect_same_answers(r, copy, 90);
    recall_destroy(&r);
    recall_destroy(&copy);
}

/* The second lesson is left out: what the first taught is all there is of the older keyframes. */
static void between_the_lessons_the_words_stay(void)
{
    recall *r = make(0);
    recall_hit hits[3];
    size_t n;

    fixture_walk(r, 0, 50, 30);
    recall *copy = again(r, 0);
    fixture_walk(copy, 50, 120, 30);
    for (uint32_t k = 0; k < 30; k++) {
        CHECK_OK(recall_query_keyframe(copy, k, &(recall_search){.k = 3}, hits, &n));
        CHECK(n == 3 && hits[0].place.keyframe % 30 == k && hits[2].place.keyframe % 30 == k);
    }
    recall_destroy(&r);
    recall_destroy(&copy);
}

static void vectors_of_others_are_kept_too(void)
{
    recall *r = make(16);
    uint64_t seed = 5;
    float v[16];

    for (uint32_t k = 0; k < 50; k++) {
        const recall_place p = fixture_place(k);
        for (int i = 0; i < 16; i++)
            v[i] = (float)omma_random_normal(&seed);
        CHECK_OK(recall_add_vector(r, &p, v));
    }
    recall *copy = again(r, 16);
    expect_same_answers(r, copy, 50);
    recall_destroy(&r);
    recall_destroy(&copy);
}

/* Every length is too short, and what cannot be is refused. */
static void damage_is_told(void)
{
    recall *r = make(0), *other = make(8), *full = make(0);
    omma_byte_list b = {0};

    fixture_walk(r, 0, 25, 5);
    fixture_walk(full, 0, 1, 5);
    recall_put(&b, r);
    CHECK(take(other, &b, b.count) == OMMA_FORMAT); /* of another kind */
    CHECK(take(full, &b, b.count) == OMMA_INVALID); /* not empty */
    for (size_t n = 0; n < b.count; n += n < 100 ? 1 : 2999) {
        recall *cut = make(0);
        CHECK(take(cut, &b, n) == OMMA_FORMAT);
        recall_destroy(&cut);
    }
    for (int i = 0; i < 20; i++) { /* version, dim, flags, number */
        recall *bad = make(0);
        b.at[i] ^= 0x80;
        CHECK(take(bad, &b, b.count) != OMMA_OK || i >= 12);
        b.at[i] ^= 0x80;
        recall_destroy(&bad);
    }
    omma_bytes_finish(&b);
    recall_destroy(&r);
    recall_destroy(&other);
    recall_destroy(&full);
}

int main(void)
{
    TEST(what_is_kept_answers_alike_and_goes_on);
    TEST(a_memory_without_words_learns_them_later);
    TEST(between_the_lessons_the_words_stay);
    TEST(vectors_of_others_are_kept_too);
    TEST(damage_is_told);
    return check_done();
}
