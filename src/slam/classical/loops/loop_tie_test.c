/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "loop_fixture.h"
#include "loop_tie.h"

static loop_standing *standing_of(const world *w)
{
    loop_standing *s = omma_new_array(loop_standing, w->keyframe_count);
    for (size_t k = 0; k < w->keyframe_count; k++)
        s[k] = (loop_standing){w->keyframes[k].camera_from_world, 0, true};
    return s;
}

/* Asks whether keyframe query shows the place of match. */
static bool ask(const visits *v, uint32_t query, uint32_t match, loop_tie *out)
{
    const world *w = &v->world;
    loop_standing *standing = standing_of(w);
    loop_points points = loop_points_make(w);
    loop_view a = loop_view_make(w, query), b = loop_view_make(w, match);
    loop_view beside = loop_view_make(w, match + 1);
    const loop_view *near[1] = {&beside};
    const loop_belief now = {&w->camera, standing, &points};
    const bool good = loop_tie_find(&v->follower, &now, &a, &b, near, 1, 1, out);
    loop_view_finish(&a);
    loop_view_finish(&b);
    loop_view_finish(&beside);
    loop_points_finish(&points);
    free(standing);
    return good;
}

static void a_second_visit_is_tied_to_the_first(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        const omma_sim3 none = omma_sim3_identity(), drift = visit_drift();
        visits v;
        loop_tie t;
        visits_make(&v, seed);
        visits_add(&v, 0, &none, 0, 8);
        visits_add(&v, 0.4, &drift, 0, 8);
        const uint32_t query = FIXTURE_KEYS + 1, match = 1;
        CHECK(ask(&v, query, match, &t));
        const omma_se3 a = visit_place(1.4), b = visit_place(1), back = omma_se3_inverse(&a);
        const omma_se3 b_from_a = omma_se3_mul(&b, &back);
        CHECK_CLOSE(t.match_from_query.s, 1 / drift.s, .rel = 0.01);
        CHECK(omma_so3_angle(t.match_from_query.R, b_from_a.R) < 0.003);
        CHECK_ARRAY_CLOSE(t.match_from_query.t, b_from_a.t, 3, .abs = 0.02);
        CHECK(t.agreeing >= 50);
        loop_tie_finish(&t);
        world_finish(&v.world);
    }
}

/* The same looks, but each of another point: nothing rigid explains that. */
static void looks_in_another_order_are_no_place(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        const omma_sim3 none = omma_sim3_identity(), drift = visit_drift();
        visits v;
        loop_tie t;
        visits_make(&v, seed);
        visits_add(&v, 0, &none, 0, 8);
        visits_add(&v, 0.4, &drift, 17, 8);
        CHECK(!ask(&v, FIXTURE_KEYS + 1, 1, &t));
        CHECK(!t.same);
        world_finish(&v.world);
    }
}

static void strange_looks_are_no_place(void)
{
    const omma_sim3 none = omma_sim3_identity();
    visits v;
    loop_tie t;
    visits_make(&v, 3);
    visits_add(&v, 0, &none, 0, 8);
    visits_add(&v, 0.4, &none, 0, 2000);
    CHECK(!ask(&v, FIXTURE_KEYS + 1, 1, &t));
    CHECK(t.alike < 12);
    world_finish(&v.world);
}

/* A poster of a few points that hangs in two rooms: too little of what should be in sight. */
static void one_thing_in_two_places_is_no_place(void)
{
    enum { POSTER = 15 };
    const omma_sim3 none = omma_sim3_identity();
    visits v;
    loop_tie t;
    visits_make(&v, 4);
    visits_add(&v, 0, &none, 0, 8);
    for (int i = POSTER; i < FIXTURE_POINTS; i++)
        for (int b = 0; b < DESCRIPTOR_BYTES; b++)
            v.look[i][b] = (uint8_t)omma_random_u64(&v.seed);
    for (int i = 3 * POSTER; i < 3 * FIXTURE_POINTS; i++)
        v.point[i] *= 1 + 0.5 * omma_random_unit(&v.seed);
    visits_add(&v, 0.4, &none, 0, 8);
    CHECK(!ask(&v, FIXTURE_KEYS + 1, 1, &t));
    world_finish(&v.world);
}

int main(void)
{
    TEST(a_second_visit_is_tied_to_the_first);
    TEST(looks_in_another_order_are_no_place);
    TEST(strange_looks_are_no_place);
    TEST(one_thing_in_two_places_is_no_place);
    return check_done();
}
