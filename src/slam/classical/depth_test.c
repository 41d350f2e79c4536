/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "depth.h"
#include "sights_fixture.h"

static const double noise_px = 0.4;

/* A camera at the origin and a feature it holds at (x, y), 1 / rho away, whose depth is a guess. */
static world one_feature(double x, double y, double guess)
{
    world w = {.camera = fixture_camera()};
    omma_se3 T = omma_se3_identity();
    uint32_t k = fixture_keyframe(&w, &T, true);
    fixture_feature(&w, k, (double[2]){x, y}, guess, guess, FEATURE_IMMATURE);
    return w;
}

static void point_at(const world *w, double rho, double x[3])
{
    const feature *f = &w->features[0];
    x[0] = f->ray[0] / rho, x[1] = f->ray[1] / rho, x[2] = 1 / rho;
}

static void the_filter_finds_the_depth(void)
{
    const double truth[] = {0.15, 0.5, 1, 2.5};
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof(truth) / sizeof(*truth); i++) {
        world w = one_feature(400, 180, 1);
        double x[3], px[2];
        point_at(&w, truth[i], x);
        for (int n = 1; n <= 60; n++) { /* sideways */
            omma_se3 T = fixture_pose(0.004 * n, 0.001 * n, 0, 0, 0.001 * n, 0);
            CHECK(fixture_see(&w.camera, &T, NULL, 0, x, px));
            px[0] += noise_px * omma_random_normal(&seed);
            px[1] += noise_px * omma_random_normal(&seed);
            sight s = fixture_sight(&w, 0, px);
            depth_update(&w, &w.features[0], &T, &s);
        }
        const feature *f = &w.features[0];
        CHECK(f->state == FEATURE_MATURE);
        CHECK_CLOSE(f->rho, truth[i], .abs = 4 * f->rho_sigma);
        CHECK_CLOSE(f->rho, truth[i], .rel = 0.015); /* seen 0.0034, at the farthest */
        world_finish(&w);
    }
}

static void a_turn_teaches_no_depth(void)
{
    world w = one_feature(320, 240, 1);
    double x[3], px[2];
    point_at(&w, 0.3, x);
    for (int n = 1; n <= 30; n++) {
        omma_se3 T = fixture_pose(0, 0, 0, 0.004 * n, 0.006 * n, 0);
        CHECK(fixture_see(&w.camera, &T, NULL, 0, x, px));
        sight s = fixture_sight(&w, 0, px);
        depth_update(&w, &w.features[0], &T, &s);
    }
    CHECK(w.features[0].state == FEATURE_IMMATURE);
    CHECK(w.features[0].rho == 1 && w.features[0].rho_sigma == 1);
    world_finish(&w);
}

static void the_filter_ignores_what_is_off_the_epipolar_line(void)
{
    world w = one_feature(320, 240, 1);
    double x[3], px[2];
    point_at(&w, 0.5, x);
    omma_se3 T = fixture_pose(0.2, 0, 0, 0, 0, 0);
    CHECK(fixture_see(&w.camera, &T, NULL, 0, x, px));
    px[1] += 5; /* the line is level */
    sight s = fixture_sight(&w, 0, px);
    depth_update(&w, &w.features[0], &T, &s);
    CHECK(w.features[0].rho == 1 && w.features[0].rho_sigma == 1);
    world_finish(&w);
}

/* n keyframes at steps to the right, the feature seen in each with an error. */
static world seen_from(int n, double rho, double error_px)
{
    world w = one_feature(350, 250, 1);
    double x[3], px[2];
    point_at(&w, rho, x);
    for (int i = 1; i <= n; i++) {
        omma_se3 T = fixture_pose(0.1 * i, -0.02 * i, 0.02 * i, 0, -0.01 * i, 0);
        uint32_t k = fixture_keyframe(&w, &T, true);
        CHECK(fixture_see(&w.camera, &T, NULL, 0, x, px));
        px[0] += i % 2 ? error_px : -error_px;
        px[1] += i % 2 ? -error_px : error_px;
        fixture_observe(&w, 0, k, px);
    }
    return w;
}

static void solving_finds_the_depth(void)
{
    const double truth[] = {0.2, 0.7, 1.5};
    for (size_t i = 0; i < sizeof(truth) / sizeof(*truth); i++) {
        world w = seen_from(4, truth[i], 0);
        feature *f = &w.features[0];
        for (int round = 0; round < 2; round++)
            CHECK(depth_solve(&w, f));
        CHECK(f->state == FEATURE_MATURE);
        CHECK_CLOSE(f->rho, truth[i], .rel = 1e-5); /* seen 1e-7: pixels are floats */
        world_finish(&w);
    }
}

static void contradictory_sights_are_refused(void)
{
    world w = seen_from(4, 0.5, 12);
    CHECK(!depth_solve(&w, &w.features[0]));
    CHECK(w.features[0].state == FEATURE_IMMATURE);
    world_finish(&w);
}

static void sights_of_keyframes_without_a_pose_do_not_count(void)
{
    world w = seen_from(4, 0.5, 12);
    for (size_t k = 1; k < w.keyframe_count; k++)
        w.keyframes[k].posed = false;
    CHECK(depth_solve(&w, &w.features[0]));
    CHECK(w.features[0].rho == 1 && w.features[0].state == FEATURE_IMMATURE);
    world_finish(&w);
}

static void the_typical_depth_is_the_median_of_what_agrees(void)
{
    world w = {.camera = fixture_camera()};
    omma_se3 T = omma_se3_identity();
    uint32_t k = fixture_keyframe(&w, &T, true);
    sight s[9];
    for (int i = 0; i < 9; i++) {
        double px[2] = {100 + 40 * i, 200};
        bool known = i < 7;
        uint32_t f = fixture_feature(&w, k, px, known ? 0.1 * (i + 1) : 9, 0.01,
                                     known ? FEATURE_MATURE : FEATURE_IMMATURE);
        s[i] = fixture_sight(&w, f, px);
        s[i].outlier = i == 5 || i == 6; /* 0.6 and 0.7: 0.1 .. 0.5 are left */
    }
    CHECK_CLOSE(depth_typical(&w, s, 9, &T), 0.3, .abs = 1e-6);
    CHECK(depth_typical(&w, s + 7, 2, &T) == 1); /* nothing known: one unit */
    world_finish(&w);
}

int main(void)
{
    TEST(the_filter_finds_the_depth);
    TEST(a_turn_teaches_no_depth);
    TEST(the_filter_ignores_what_is_off_the_epipolar_line);
    TEST(solving_finds_the_depth);
    TEST(contradictory_sights_are_refused);
    TEST(sights_of_keyframes_without_a_pose_do_not_count);
    TEST(the_typical_depth_is_the_median_of_what_agrees);
    return check_done();
}
