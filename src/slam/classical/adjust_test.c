/* SPDX-License-Identifier: Apache-2.0 */
#include "adjust.h"
#include "check.h"
#include "sights_fixture.h"

enum { N = 300, KEYS = 8 };

/* A camera walks past a cloud and makes keyframes; the first that sees a point holds it. */
typedef struct scene {
    world world;
    double point[3 * N];
    omma_se3 pose[KEYS];
    double turn[KEYS][3];
} scene;

static omma_se3 place(int i)
{
    return fixture_pose(0.25 * i, 0.1 * sin(i), 0.1 * cos(2 * i), 0.02 * i, -0.05 * i, 0.01 * i);
}

static void scene_make(scene *s, double readout, double noise_px, uint64_t seed)
{
    world *w = &s->world;
    const omma_camera c = fixture_camera();
    int64_t holder[N];

    memset(holder, 0xff, sizeof(holder));
    *w = (world){.camera = c};
    fixture_cloud(s->point, N, 2, 10, seed);
    for (int k = 0; k < KEYS; k++) {
        s->pose[k] = place(k);
        for (int i = 0; i < 3; i++) /* each at its own speed, or none of it could be told apart */
            w->turn[i] = s->turn[k][i] = fixture_between(&seed, -1, 1);
        fixture_keyframe(w, &s->pose[k], true);
        for (uint32_t i = 0; i < N; i++) {
            double px[2], in_camera[3];
            if (!fixture_see(&c, &s->pose[k], s->turn[k], readout, s->point + (size_t)3 * i, px))
                continue;
            px[0] += noise_px * omma_random_normal(&seed);
            px[1] += noise_px * omma_random_normal(&seed);
            if (holder[i] >= 0) {
                fixture_observe(w, (uint32_t)holder[i], (uint32_t)k, px);
                continue;
            }
            omma_se3_apply(&s->pose[k], s->point + (size_t)3 * i, in_camera);
            holder[i] = fixture_feature(w, (uint32_t)k, px, 1 / in_camera[2], 0.03 / in_camera[2],
                                        FEATURE_MATURE);
        }
    }
}

/* Keyframes from `first` on and all depths are put wrong. */
static void disturb(scene *s, int first, double size, uint64_t seed)
{
    for (int k = first; k < KEYS; k++) {
        double xi[6];
        for (int i = 0; i < 6; i++)
            xi[i] = size * omma_random_normal(&seed) * (i < 3 ? 1 : 0.3);
        omma_se3 d = omma_se3_exp(xi), *T = &s->world.keyframes[k].camera_from_world;
        *T = omma_se3_mul(&d, T);
    }
    for (size_t i = 0; i < s->world.feature_count; i++)
        s->world.features[i].rho *= 1 + size * omma_random_normal(&seed);
}

/* Largest distance of a keyframe from its true place after the similarity that fits best. */
static double worst_place(const scene *s)
{
    double got[3 * KEYS], want[3 * KEYS], worst = 0;
    omma_sim3 S;
    for (int k = 0; k < KEYS; k++) {
        fixture_centre(&s->world.keyframes[k].camera_from_world, got + (ptrdiff_t)3 * k);
        fixture_centre(&s->pose[k], want + (ptrdiff_t)3 * k);
    }
    CHECK_OK(omma_umeyama(got, want, KEYS, true, &S));
    for (int k = 0; k < KEYS; k++) {
        double x[3];
        const double *y = want + (ptrdiff_t)3 * k;
        omma_sim3_apply(&S, got + (ptrdiff_t)3 * k, x);
        worst = fmax(worst, sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) +
                                 (x[2] - y[2]) * (x[2] - y[2])));
    }
    return worst;
}

static size_t count_sights(const world *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->feature_count; i++)
        n += w->features[i].seen_count;
    return n;
}

static void a_disturbed_map_is_put_right(void)
{
    scene s;
    scene_make(&s, 0, 0.3, 1);
    disturb(&s, 1, 0.03, 2);
    CHECK(worst_place(&s) > 0.02);
    adjust_result r = adjust_submap(&s.world, 0, &(adjust_options){.iterations = 20});
    CHECK(r.done && r.poses == KEYS && r.points > N / 2);
    CHECK(r.sights == count_sights(&s.world));
    CHECK(worst_place(&s) < 0.003);         /* metres of 1.8 */
    CHECK_CLOSE(r.rms_px, 0.5, .abs = 0.1); /* 0.3 per axis, in the sight and in the anchor */
    omma_se3 first = place(0);
    CHECK(memcmp(&s.world.keyframes[0].camera_from_world, &first, sizeof(first)) == 0);
    world_finish(&s.world);
}

static void the_window_moves_and_the_rest_is_held(void)
{
    scene s;
    scene_make(&s, 0, 0.3, 3);
    omma_se3 d = omma_se3_exp((double[6]){0.05, -0.03, 0.04, 0.01, 0.02, -0.01});
    omma_se3 *last = &s.world.keyframes[KEYS - 1].camera_from_world;
    *last = omma_se3_mul(&d, last);
    CHECK(adjust_around(&s.world, KEYS - 1, &(adjust_options){.iterations = 15}).done);
    CHECK(fixture_apart(last, &s.pose[KEYS - 1]) < 0.01);
    CHECK(omma_so3_angle(last->R, s.pose[KEYS - 1].R) < 0.003);
    world_finish(&s.world);
}

static void wrong_sights_are_dropped_and_right_ones_kept(void)
{
    scene s;
    scene_make(&s, 0, 0.3, 5);
    world *w = &s.world;
    const size_t before = count_sights(w);
    size_t wrong = 0;
    uint64_t seed = 6;
    for (size_t i = 0; i < w->feature_count; i++)
        for (uint32_t j = 0; j < w->features[i].seen_count; j++)
            if (w->features[i].seen_count > 3 && j == 1 && i % 4 == 0) {
                double angle = fixture_between(&seed, 0, 6.28);
                w->features[i].seen[j].x += (float)(25 * cos(angle));
                w->features[i].seen[j].y += (float)(25 * sin(angle));
                w->features[i].seen[j].roll_x = 77; /* how it is known again */
                wrong++;
            }
    CHECK(wrong > 30);
    disturb(&s, 1, 0.01, 7);
    const adjust_options o = {.iterations = 15, .drop_outliers = true};
    CHECK(adjust_submap(w, 0, &o).done);
    CHECK(adjust_submap(w, 0, &o).done);
    size_t left = 0, alive = 0;
    for (size_t i = 0; i < w->feature_count; i++) {
        alive += w->features[i].state == FEATURE_MATURE;
        for (uint32_t j = 0; j < w->features[i].seen_count; j++)
            left += w->features[i].seen[j].roll_x == 77;
    }
    CHECK(left * 20 <= wrong); /* seen: none */
    CHECK(count_sights(w) * 100 >= (before - wrong) * 97);
    CHECK(alive * 100 >= w->feature_count * 85);
    CHECK(worst_place(&s) < 0.003);
    world_finish(w);
}

static void a_wrong_focal_length_is_found(void)
{
    scene s;
    scene_make(&s, 0, 0.3, 8);
    omma_camera c = s.world.camera;
    c.fx *= 1.06;
    c.fy *= 1.06;
    world_set_camera(&s.world, &c);
    adjust_result r = adjust_submap(&s.world, 0,
                                    &(adjust_options){.iterations = 40,
                                                      .free_camera = OMMA_BUNDLE_FOCAL,
                                                      .focal_prior = c.fx,
                                                      .focal_prior_sigma = 0.3});
    CHECK(r.done);
    CHECK_CLOSE(s.world.camera.fx, 500, .abs = 4 * r.focal_sigma_px);
    CHECK(r.focal_sigma_px > 0 && r.focal_sigma_px < 10);
    CHECK(s.world.camera.fx == s.world.camera.fy);
    world_finish(&s.world);
}

static void the_readout_of_a_rolling_shutter_is_found(void)
{
    const double readouts[] = {0.03, 0.015, 0};
    for (int i = 0; i < 3; i++) {
        scene s;
        scene_make(&s, readouts[i], 0.3, 9 + (uint64_t)i);
        for (int round = 0; round < 6; round++) {
            world_set_readout(&s.world, adjust_readout(&s.world, KEYS - 1, true));
            CHECK(adjust_submap(&s.world, 0, &(adjust_options){.iterations = 10}).done);
        }
        CHECK_CLOSE(s.world.readout, readouts[i], .abs = 1e-3);
        CHECK(worst_place(&s) < 0.004);
        world_finish(&s.world);
    }
}

static void neighbours_are_those_who_share_most(void)
{
    const uint32_t shared[] = {20, 40, 14, 30, 35, 36, 37};
    const omma_se3 T = omma_se3_identity();
    world w = {.camera = fixture_camera()};
    uint32_t near[7];
    for (int k = 0; k < 8; k++)
        fixture_keyframe(&w, &T, true);
    for (uint32_t i = 0; i < 40; i++) {
        const double px[2] = {10 + 10 * i, 100};
        uint32_t f = fixture_feature(&w, 0, px, 1, 0.01, FEATURE_MATURE);
        for (uint32_t k = 0; k < 7; k++)
            if (i < shared[k])
                fixture_observe(&w, f, k + 1, px);
    }
    w.keyframes[5].culled = true;
    w.keyframes[6].submap = 1;
    w.keyframes[7].posed = false;
    CHECK(adjust_neighbours(&w, 0, 15, near, 7) == 3);
    CHECK(near[0] == 2 && near[1] == 4 && near[2] == 1);
    CHECK(adjust_neighbours(&w, 0, 15, near, 2) == 2);
    CHECK(adjust_neighbours(&w, 0, 41, near, 7) == 0);
    CHECK(adjust_newest(&w, 0) == 4);
    CHECK(adjust_newest(&w, 1) == 6);
    CHECK(adjust_newest(&w, 2) == 0);
    world_finish(&w);
}

int main(void)
{
    TEST(a_disturbed_map_is_put_right);
    TEST(the_window_moves_and_the_rest_is_held);
    TEST(wrong_sights_are_dropped_and_right_ones_kept);
    TEST(a_wrong_focal_length_is_found);
    TEST(the_readout_of_a_rolling_shutter_is_found);
    TEST(neighbours_are_those_who_share_most);
    return check_done();
}
