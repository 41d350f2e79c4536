/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "follow.h"
#include "pictures_fixture.h"
#include "recall_fixture.h"

static recall *make(void)
{
    recall *r = NULL;
    CHECK_OK(recall_create(&r, &(recall_options){.seed = 1}));
    return r;
}

static void nothing_is_found_before_the_first_lesson(void)
{
    recall *r = make();
    recall_hit hits[10];
    size_t n = 7;

    fixture_walk(r, 0, RECALL_FIRST_LESSON - 1, 5);
    CHECK(!recall_is_trained(r));
    CHECK_OK(recall_query_keyframe(r, 3, NULL, hits, &n));
    CHECK(n == 0);
    fixture_walk(r, RECALL_FIRST_LESSON - 1, RECALL_FIRST_LESSON, 5);
    CHECK(recall_is_trained(r));
    CHECK_OK(recall_query_keyframe(r, 3, NULL, hits, &n));
    CHECK(n == 10);
    recall_destroy(&r);
}

/* Every place is seen again, before and after each lesson. */
static void places_seen_again_are_found_first(void)
{
    enum { PLACES = 40 };
    recall *r = make();
    uint8_t look[LOOK_BYTES];
    recall_hit hits[10];
    size_t n;

    fixture_walk(r, 0, 5 * PLACES, PLACES);
    CHECK(recall_count(r) == 5 * PLACES);
    for (uint32_t place = 0; place < PLACES; place++) {
        fixture_look(place, 1000 + place, look);
        CHECK_OK(recall_query(r, look, LOOK, &(recall_search){.k = 5}, hits, &n));
        CHECK(n == 5);
        for (size_t i = 0; i < n; i++) {
            CHECK(hits[i].place.keyframe % PLACES == place);
            CHECK(hits[i].score > 0.15f); /* worst of these 200: 0.17 */
        }
    }
    recall_destroy(&r);
}

static void unknown_places_score_low(void)
{
    recall *r = make();
    uint8_t look[LOOK_BYTES];
    recall_hit hits[10];
    size_t n;

    fixture_walk(r, 0, 150, 50);
    for (uint32_t place = 1000; place < 1050; place++) {
        fixture_look(place, place, look);
        CHECK_OK(recall_query(r, look, LOOK, &(recall_search){.k = 5, .least = 0.25f}, hits, &n));
        CHECK(n == 0); /* best of these 50: 0.19 */
    }
    recall_destroy(&r);
}

static bool is_even(void *user, const recall_place *place)
{
    ++*(int *)user;
    return place->keyframe % 2 == 0;
}

static void what_does_not_count_is_not_found(void)
{
    recall *r = make();
    recall_hit hits[100];
    size_t n;
    int asked = 0;

    fixture_walk(r, 0, 50, 7);
    recall_search s = {.k = 100, .apart_ns = 5 * (int64_t)LOOK_SECOND};
    CHECK_OK(recall_query_keyframe(r, 20, &s, hits, &n));
    CHECK(n == 50 - 9); /* 16 .. 24 are too near in time */
    for (size_t i = 0; i < n; i++)
        CHECK(hits[i].place.keyframe <= 15 || hits[i].place.keyframe >= 25);
    s = (recall_search){.k = 100, .keep = is_even, .user = &asked};
    CHECK_OK(recall_query_keyframe(r, 20, &s, hits, &n));
    CHECK(n == 24 && asked == 49);
    CHECK_OK(recall_query_keyframe(r, 20, &(recall_search){.k = 3}, hits, &n));
    CHECK(n == 3 && hits[0].score >= hits[1].score && hits[1].score >= hits[2].score);
    recall_destroy(&r);
}

static void places_move_and_go(void)
{
    recall *r = make();
    recall_hit hits[100];
    size_t n;
    omma_sim3 there = omma_sim3_identity();

    there.t[2] = 42;
    for (int pass = 0; pass < 2; pass++) { /* before and after they are in the index */
        const uint32_t first = pass ? RECALL_FIRST_LESSON : 0;
        fixture_walk(r, first, first + RECALL_FIRST_LESSON - 1, 4);
        CHECK_OK(recall_move(r, first + 2, &there));
        CHECK_OK(recall_remove(r, first + 6));
        CHECK(recall_remove(r, first + 6) == OMMA_NOT_FOUND);
        CHECK(recall_move(r, first + 6, &there) == OMMA_NOT_FOUND);
    }
    fixture_walk(r, RECALL_FIRST_LESSON - 1, RECALL_FIRST_LESSON, 4); /* the gap, late */
    CHECK(recall_query_keyframe(r, 6, NULL, hits, &n) == OMMA_NOT_FOUND);
    CHECK_OK(recall_query_keyframe(r, 10, &(recall_search){.k = 100}, hits, &n));
    CHECK(n == recall_count(r) - 1);
    for (size_t i = 0; i < n; i++) {
        const uint32_t k = hits[i].place.keyframe;
        CHECK(k != 6 && k != RECALL_FIRST_LESSON + 6);
        if (k == 2 || k == RECALL_FIRST_LESSON + 2)
            CHECK(hits[i].place.world_from_keyframe.t[2] == 42);
    }
    recall_destroy(&r);
}

static void keyframes_without_corners_are_no_trouble(void)
{
    recall *r = make();
    recall_hit hits[100];
    size_t n;

    for (uint32_t k = 0; k < 30; k++) {
        const recall_place p = fixture_place(k);
        CHECK_OK(recall_add(r, &p, NULL, 0));
    }
    CHECK(!recall_is_trained(r)); /* nothing to learn from */
    fixture_walk(r, 30, 60, 10);
    CHECK(recall_is_trained(r));
    CHECK_OK(recall_query_keyframe(r, 3, NULL, hits, &n));
    CHECK(n == 0);
    CHECK_OK(recall_query_keyframe(r, 33, &(recall_search){.k = 100}, hits, &n));
    CHECK(n == 29);
    CHECK_OK(recall_query(r, NULL, 0, NULL, hits, &n));
    CHECK(n == 0);
    recall_destroy(&r);
}

static void the_same_keyframes_give_the_same_answers(void)
{
    recall *a = make(), *b = make();
    recall_hit ha[20], hb[20];
    size_t na, nb;

    fixture_walk(a, 0, 100, 30);
    fixture_walk(b, 0, 100, 30);
    for (uint32_t k = 0; k < 100; k += 9) {
        CHECK_OK(recall_query_keyframe(a, k, &(recall_search){.k = 20}, ha, &na));
        CHECK_OK(recall_query_keyframe(b, k, &(recall_search){.k = 20}, hb, &nb));
        CHECK(na == nb && na == 20);
        for (size_t i = 0; i < na; i++)
            CHECK(ha[i].place.keyframe == hb[i].place.keyframe && ha[i].score == hb[i].score);
    }
    recall_destroy(&a);
    recall_destroy(&b);
}

/* The corners of the pattern around (1000 place, 0), moved, turned and scaled. */
static size_t describe_view(const follower *f, int place, const double move[4], uint8_t *out,
                            size_t capacity)
{
    const double c = move[3] * cos(move[2]), s = move[3] * sin(move[2]);
    const double view[6] = {c, -s, s, c, 1000 * place + move[0], move[1]};
    keypoint *points = omma_new_array(keypoint, capacity);
    omma_frame *picture = fixture_picture(128, 96, view, 11);
    omma_pyramid p = {0};

    CHECK_OK(omma_pyramid_build(&p, picture, 1));
    const size_t n = describe_picture(f, &p, 6, points, out, capacity);
    omma_pyramid_finish(&p);
    omma_frame_unref(&picture);
    free(points);
    return n;
}

static void pictures_are_recognised_moved_turned_and_scaled(void)
{
    enum { PLACES = RECALL_FIRST_LESSON, ROOM = 1024 };
    static const double still[4] = {0, 0, 0, 1};
    static const double moves[][4] = {{20, 10, 0, 1}, {-10, 10, 0.4, 1}, {5, 0, -0.1, 1.2}};
    follower *f = omma_new(follower);
    recall *r = make();
    uint8_t *d = omma_new_array(uint8_t, ROOM * DESCRIPTOR_BYTES);
    recall_hit hits[1];
    size_t n, right = 0;

    follower_init(f, omma_cpu_flags());
    for (int k = 0; k < PLACES; k++) {
        const recall_place p = fixture_place((uint32_t)k);
        CHECK_OK(recall_add(r, &p, d, describe_view(f, k, still, d, ROOM)));
    }
    for (int k = 0; k < PLACES; k += 2) {
        const size_t count = describe_view(f, k, moves[k / 2 % 3], d, ROOM);
        CHECK_OK(recall_query(r, d, count, &(recall_search){.k = 1}, hits, &n));
        right += n == 1 && hits[0].place.keyframe == (uint32_t)k;
    }
    CHECK(right >= PLACES / 2 - 1); /* all of these ten */
    recall_destroy(&r);
    free(d);
    free(f);
}

/* A backend's own descriptors: a bump on a circle, all of them with the same large offset. */
static void fill_vector(float *v, uint32_t dim, uint32_t at)
{
    for (uint32_t i = 0; i < dim; i++)
        v[i] = 5 + (i == at % dim ? 3.0f : i == (at + 1) % dim ? 1.0f : 0.0f);
}

static void vectors_of_others_are_taken_as_they_are(void)
{
    enum { DIM = 32 };
    recall *r = NULL;
    recall_hit hits[10];
    float v[DIM];
    size_t n;

    CHECK_OK(recall_create(&r, &(recall_options){.dim = DIM}));
    CHECK(recall_is_trained(r));
    for (uint32_t k = 0; k < 100; k++) {
        const recall_place p = fixture_place(k);
        fill_vector(v, DIM, k);
        CHECK_OK(recall_add_vector(r, &p, v));
        CHECK(recall_add_vector(r, &p, v) == OMMA_EXISTS);
    }
    fill_vector(v, DIM, 7);
    CHECK_OK(recall_query_vector(r, v, &(recall_search){.k = 10}, hits, &n));
    CHECK(n == 10);
    for (int i = 0; i < 3; i++) /* 7, 39, 71 */
        CHECK(hits[i].place.keyframe % DIM == 7 && hits[i].score > 0.99f);
    CHECK(hits[4].score < 0.6f);
    CHECK(recall_add(r, &(recall_place){200, 0, omma_sim3_identity()}, NULL, 0) == OMMA_INVALID);
    CHECK(recall_query(r, NULL, 0, NULL, hits, &n) == OMMA_INVALID);
    recall_destroy(&r);
    CHECK_OK(recall_create(&r, NULL));
    CHECK(recall_add_vector(r, &(recall_place){0}, v) == OMMA_INVALID);
    CHECK(recall_query_vector(r, v, NULL, hits, &n) == OMMA_INVALID);
    recall_destroy(&r);
    recall_destroy(&r);
}

int main(void)
{
    TEST(nothing_is_found_before_the_first_lesson);
    TEST(places_seen_again_are_found_first);
    TEST(unknown_places_score_low);
    TEST(what_does_not_count_is_not_found);
    TEST(places_move_and_go);
    TEST(keyframes_without_corners_are_no_trouble);
    TEST(the_same_keyframes_give_the_same_answers);
    TEST(pictures_are_recognised_moved_turned_and_scaled);
    TEST(vectors_of_others_are_taken_as_they_are);
    return check_done();
}
