/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "loop_graph.h"
#include "sights_fixture.h"
#include "world_move.h"

enum { RING = 40, SHARED = 60 };

/* A camera that walks round in a ring and drifts: a little turn and growth at every step. */
static omma_se3 true_pose(int k)
{
    const double phase = 2 * 3.14159265358979 * k / RING;
    return fixture_pose(5 * cos(phase), 0, 5 * sin(phase), 0, -phase, 0);
}

static void make_ring(world *w, omma_sim3 *drifted)
{
    omma_sim3 belief = omma_sim3_identity();

    *w = (world){.camera = fixture_camera()};
    for (int k = 0; k <= RING; k++) {
        const omma_se3 now = true_pose(k);
        if (k) {
            const omma_se3 before = true_pose(k - 1), back = omma_se3_inverse(&before);
            const omma_se3 step = omma_se3_mul(&now, &back);
            const omma_sim3 noise = omma_sim3_exp((double[7]){0.01, 0.002, 0, 0, 0.004, 0, 0.004});
            omma_sim3 s = omma_sim3_from_se3(&step, 1);
            s = omma_sim3_mul(&noise, &s);
            belief = omma_sim3_mul(&s, &belief);
        } else {
            belief = omma_sim3_from_se3(&now, 1);
        }
        drifted[k] = belief;
        omma_se3 told;
        memcpy(told.R, belief.R, sizeof(told.R));
        for (int i = 0; i < 3; i++)
            told.t[i] = belief.t[i] / belief.s;
        fixture_keyframe(w, &told, true);
        for (int i = 0; i < SHARED; i++) {
            const double px[2] = {20 + 9 * i, 100 + 3 * i};
            const uint32_t f = fixture_feature(w, (uint32_t)k, px, 0.3, 0.01, FEATURE_MATURE);
            (void)f;
        }
        for (int i = 0; i < SHARED && k; i++) {
            const double px[2] = {22 + 9 * i, 101 + 3 * i};
            fixture_observe(w, (uint32_t)((k - 1) * SHARED + i), (uint32_t)k, px);
        }
    }
}

/* Centre of the last camera from the first, in the first's camera. */
static double gap_of(const world *w)
{
    return fixture_apart(&w->keyframes[0].camera_from_world, &w->keyframes[RING].camera_from_world);
}

static void a_tie_closes_the_ring(void)
{
    world w;
    omma_sim3 drifted[RING + 1], moved[RING + 1];
    make_ring(&w, drifted);
    /* The last camera stands where the first one stood; its units have grown. */
    const loop_tie tie = {.query = RING,
                          .match = 0,
                          .match_from_query = {.R = {1, 0, 0, 0, 1, 0, 0, 0, 1}, .s = 0.85}};
    const double before = gap_of(&w);
    CHECK(before > 0.5);
    CHECK_OK(loop_graph_solve(&w, 0, &tie, 1, moved));
    CHECK_ARRAY_CLOSE(moved[0].t, (double[3]){0}, 3, .abs = 1e-12);
    world_move(&w, moved);
    CHECK(gap_of(&w) < 0.05 * before);
    CHECK_CLOSE(moved[RING].s, 0.85, .rel = 0.02);
    for (int k = 1; k <= RING; k++) /* nobody pays for all */
        CHECK(fabs(log(moved[k].s / moved[k - 1].s)) < 0.02);
    world_finish(&w);
}

static void without_a_tie_nothing_moves(void)
{
    world w;
    omma_sim3 drifted[RING + 1], moved[RING + 1];
    make_ring(&w, drifted);
    CHECK_OK(loop_graph_solve(&w, 0, NULL, 0, moved));
    for (int k = 0; k <= RING; k++) {
        CHECK_ARRAY_CLOSE(moved[k].t, (double[3]){0}, 3, .abs = 1e-9);
        CHECK_CLOSE(moved[k].s, 1, .abs = 1e-9);
    }
    world_finish(&w);
}

int main(void)
{
    TEST(a_tie_closes_the_ring);
    TEST(without_a_tie_nothing_moves);
    return check_done();
}
