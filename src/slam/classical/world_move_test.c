/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "sights_fixture.h"
#include "world_move.h"

enum { N = 60, KEYS = 3 };

static void make_world(world *w)
{
    double point[3 * N];
    fixture_cloud(point, N, 2, 8, 5);
    *w = (world){.camera = fixture_camera()};
    for (uint32_t k = 0; k < KEYS; k++) {
        const omma_se3 T = fixture_pose(0.1 * k, 0, 0.05 * k, 0, 0.02 * k, 0);
        fixture_keyframe(w, &T, true);
        for (uint32_t i = 0; i < N; i++) {
            double px[2], c[3];
            omma_se3_apply(&T, point + (size_t)3 * i, c);
            CHECK(omma_camera_project(&w->camera, c, px, NULL));
            if (k)
                fixture_observe(w, i, k, px);
            else
                fixture_feature(w, 0, px, 1 / c[2], 0.01 / c[2], FEATURE_MATURE);
        }
    }
    record loose = {.index = KEYS, .keyframe = NO_INDEX};
    const omma_se3 T = fixture_pose(0.15, 0.02, 0.1, 0, 0.03, 0);
    const uint32_t r = world_add_record(w, &loose);
    world_set_record_pose(w, &w->records[r], 1, &T);
}

/* How far features are from where their keyframes saw them, px, at most. */
static double worst_error(const world *w)
{
    double worst = 0;
    for (size_t i = 0; i < w->feature_count; i++)
        for (uint32_t j = 0; j < w->features[i].seen_count; j++) {
            const observation *o = &w->features[i].seen[j];
            double px[2];
            CHECK(feature_project(w, &w->features[i], &w->keyframes[o->keyframe].camera_from_world,
                                  px, NULL, NULL));
            worst = fmax(worst, hypot(px[0] - o->x, px[1] - o->y));
        }
    return worst;
}

static void a_world_moved_as_a_whole_looks_the_same(void)
{
    const omma_sim3 S = omma_sim3_exp((double[7]){3, -2, 1, 0.5, -0.4, 0.9, 0.7});
    omma_sim3 moved[KEYS] = {S, S, S};
    world w;
    make_world(&w);
    const omma_se3 before = world_record_pose(&w, &w.records[KEYS]);
    CHECK(worst_error(&w) < 1e-3); /* sights are floats */
    world_move(&w, moved);
    CHECK(worst_error(&w) < 1e-3);
    for (int k = 0; k < KEYS; k++)
        CHECK_CLOSE(w.keyframes[k].unit, S.s, .rel = 1e-12);
    const omma_se3 after = world_record_pose(&w, &w.records[KEYS]);
    double expected[3];
    omma_sim3_apply(&S, before.t, expected);
    CHECK_ARRAY_CLOSE(after.t, expected, 3, .abs = 1e-9);
    world_finish(&w);
}

/* Seen from its anchor a feature stays where it is, whatever other keyframes do. */
static void a_feature_follows_its_anchor(void)
{
    omma_sim3 moved[KEYS];
    world w;
    make_world(&w);
    const double rho = w.features[0].rho;
    for (int k = 0; k < KEYS; k++)
        moved[k] = omma_sim3_exp((double[7]){k, 0, 0, 0, 0.1 * k, 0, 0.2 * (k + 1)});
    world_move(&w, moved);
    CHECK_CLOSE(w.features[0].rho, rho / moved[0].s, .rel = 1e-12);
    world_finish(&w);
}

static void a_copy_shares_nothing(void)
{
    world w, c;
    uint8_t patches[N] = {0};
    make_world(&w);
    for (int i = 0; i < 2; i++)
        w.features[i].patch = omma_new_array(uint8_t, PATCH_BYTES);
    w.features[1].patch[7] = 42;
    patches[1] = 1;
    sight seen = {.feature = 0};
    fixture_give_sights(&w.records[0], &seen, 1);
    world_archive_sights(&w, 0);
    c = world_copy(&w, patches);
    CHECK(w.archive && !c.archive && !c.records[0].archived);
    CHECK(!c.features[0].patch && c.features[1].patch && c.features[1].patch[7] == 42);
    world_finish(&w);
    CHECK(worst_error(&c) < 1e-3);
    const observation o = {.keyframe = 0};
    feature_add_observation(&c.features[0], &o);
    keyframe_add_feature(&c.keyframes[1], 5);
    world_finish(&c);
}

int main(void)
{
    TEST(a_world_moved_as_a_whole_looks_the_same);
    TEST(a_feature_follows_its_anchor);
    TEST(a_copy_shares_nothing);
    return check_done();
}
