/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "localize.h"
#include "sights_fixture.h"

enum { N = 300 };

/* A keyframe at the origin that knows N features, and where another camera sees them. */
typedef struct scene {
    world world;
    double point[3 * N];
    sight sight[N];
    size_t seen;
} scene;

/* Features from `mature` on have a guessed depth: one unit, whatever the truth is. */
static void scene_make(scene *s, size_t mature, uint64_t seed)
{
    const omma_se3 T = omma_se3_identity();
    *s = (scene){.world = {.camera = fixture_camera()}};
    uint32_t k = fixture_keyframe(&s->world, &T, true);
    fixture_cloud(s->point, N, 2, 12, seed);
    for (size_t i = 0; i < N; i++) {
        double px[2], rho = 1 / s->point[3 * i + 2];
        CHECK(fixture_see(&s->world.camera, &T, NULL, 0, s->point + 3 * i, px));
        if (i < mature)
            fixture_feature(&s->world, k, px, rho, 0.02 * rho, FEATURE_MATURE);
        else
            fixture_feature(&s->world, k, px, 0.25, 0.25, FEATURE_IMMATURE);
    }
}

/* Each wrong_every-th sight is anywhere; 0 = none. */
static void scene_look(scene *s, const omma_se3 *T, size_t wrong_every, uint64_t seed)
{
    const omma_camera *c = &s->world.camera;
    s->seen = 0;
    for (uint32_t i = 0; i < N; i++) {
        double px[2];
        if (!fixture_see(c, T, NULL, 0, s->point + (size_t)3 * i, px))
            continue;
        px[0] += 0.4 * omma_random_normal(&seed);
        px[1] += 0.4 * omma_random_normal(&seed);
        if (wrong_every && i % wrong_every == 0) {
            px[0] = fixture_between(&seed, 0, c->width - 1);
            px[1] = fixture_between(&seed, 0, c->height - 1);
        }
        s->sight[s->seen++] = fixture_sight(&s->world, i, px);
    }
}

static void finds_the_pose_among_outliers(void)
{
    scene s;
    const omma_se3 truth = fixture_pose(0.4, -0.1, 0.3, 0.02, -0.08, 0.05);
    const omma_se3 start = fixture_pose(0.3, 0, 0.2, 0.03, -0.06, 0.03);
    scene_make(&s, N, 1);
    scene_look(&s, &truth, 3, 2);
    localization l =
        localize(&s.world, s.sight, s.seen, &(localize_options){.start = &start, .seed = 1});
    CHECK(l.good && !l.rotation);
    CHECK(fixture_apart(&l.camera_from_world, &truth) < 0.003); /* seen 0.0005 */
    CHECK(omma_so3_angle(l.camera_from_world.R, truth.R) < 0.002);
    size_t right = 0;
    for (size_t i = 0; i < s.seen; i++)
        right += s.sight[i].outlier == (s.sight[i].feature % 3 == 0);
    CHECK(right * 100 >= s.seen * 96); /* one in a hundred good ones is judged bad */
    CHECK(l.inliers == l.mature_inliers && l.mature == s.seen);
    world_finish(&s.world);
}

static void guessed_depths_bind_the_rotation_only(void)
{
    scene s;
    const omma_se3 start = omma_se3_identity();
    const omma_se3 turned = fixture_pose(0, 0, 0, 0.03, -0.12, 0.04);
    scene_make(&s, 0, 3);
    scene_look(&s, &turned, 5, 4);
    localization l =
        localize(&s.world, s.sight, s.seen,
                 &(localize_options){.start = &start, .position_sigma = 0.05, .seed = 1});
    CHECK(!l.good && l.rotation && l.mature == 0);
    CHECK(omma_so3_angle(l.camera_from_world.R, turned.R) < 0.002);
    world_finish(&s.world);
}

static void guessed_depths_do_not_pull_the_position(void)
{
    scene s;
    const omma_se3 truth = fixture_pose(0.5, 0.1, -0.2, 0, -0.05, 0.02);
    const omma_se3 start = fixture_pose(0.45, 0.1, -0.2, 0.01, -0.05, 0.02);
    scene_make(&s, 60, 5); /* 240 others, guessed up to three times too near */
    scene_look(&s, &truth, 0, 6);
    localization l =
        localize(&s.world, s.sight, s.seen, &(localize_options){.start = &start, .seed = 1});
    CHECK(l.good);
    CHECK(l.mature_inliers * 10 >= l.mature * 9);
    CHECK(fixture_apart(&l.camera_from_world, &truth) < 0.01); /* seen 0.002 */
    CHECK(omma_so3_angle(l.camera_from_world.R, truth.R) < 0.002);
    world_finish(&s.world);
}

static void searching_needs_no_prediction(void)
{
    scene s;
    const omma_se3 truth = fixture_pose(-0.8, 0.2, 0.5, -0.1, 0.3, 0.5);
    const omma_se3 start = fixture_pose(3, 3, -9, 0, 2, 0);
    scene_make(&s, N, 7);
    scene_look(&s, &truth, 2, 8); /* half of it is wrong */
    localization l = localize(&s.world, s.sight, s.seen,
                              &(localize_options){.start = &start, .search = true, .seed = 1});
    CHECK(l.good);
    CHECK(fixture_apart(&l.camera_from_world, &truth) < 0.006);
    CHECK(omma_so3_angle(l.camera_from_world.R, truth.R) < 0.003);
    world_finish(&s.world);
}

static void a_lost_prediction_is_replaced_by_a_search(void)
{
    scene s;
    const omma_se3 truth = fixture_pose(-0.8, 0.2, 0.5, -0.1, 0.3, 0.5);
    const omma_se3 start = fixture_pose(1, 0, -2, 0.3, -0.8, -1);
    scene_make(&s, N, 7);
    scene_look(&s, &truth, 4, 8);
    localization l =
        localize(&s.world, s.sight, s.seen, &(localize_options){.start = &start, .seed = 1});
    CHECK(l.good);
    CHECK(fixture_apart(&l.camera_from_world, &truth) < 0.006);
    world_finish(&s.world);
}

static void too_little_is_no_pose(void)
{
    scene s;
    const omma_se3 truth = fixture_pose(0.2, 0, 0, 0, 0, 0), start = omma_se3_identity();
    scene_make(&s, N, 9);
    scene_look(&s, &truth, 0, 10);
    for (size_t n = 0; n <= 14; n += 7)
        for (int searching = 0; searching < 2; searching++) {
            localization l =
                localize(&s.world, s.sight, n,
                         &(localize_options){.start = &start, .search = searching, .seed = 1});
            CHECK(!l.good && !l.rotation);
        }
    CHECK(localize(&s.world, s.sight, 20, &(localize_options){.start = &start}).good);
    world_finish(&s.world);
}

static void chance_is_no_pose(void)
{
    scene s;
    const omma_se3 truth = omma_se3_identity();
    for (uint64_t seed = 0; seed < 6; seed++) {
        scene_make(&s, N, 11 + seed);
        scene_look(&s, &truth, 1, 12 + seed); /* every sight is anywhere */
        localization l =
            localize(&s.world, s.sight, s.seen,
                     &(localize_options){.start = &truth, .search = seed % 2, .seed = seed});
        CHECK(!l.good && !l.rotation);
        world_finish(&s.world);
    }
}

int main(void)
{
    TEST(finds_the_pose_among_outliers);
    TEST(guessed_depths_bind_the_rotation_only);
    TEST(guessed_depths_do_not_pull_the_position);
    TEST(searching_needs_no_prediction);
    TEST(a_lost_prediction_is_replaced_by_a_search);
    TEST(too_little_is_no_pose);
    TEST(chance_is_no_pose);
    return check_done();
}
