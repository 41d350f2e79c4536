/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_fixture.h"

static const double y_up[3] = {0, -1, 0}; /* of the fixture's world, y down */

static double step_between(const omma_se3 *a, const omma_se3 *b)
{
    return sqrt(pow(a->t[0] - b->t[0], 2) + pow(a->t[1] - b->t[1], 2) + pow(a->t[2] - b->t[2], 2)) +
           omma_so3_angle(a->R, b->R);
}

static void every_way_is_smooth_and_rigid(void)
{
    omma_map *m = test_map(1000);
    omma_scene s = {.map = m};

    for (int path = OMMA_PATH_ORBIT; path <= OMMA_PATH_TOP; path++) {
        omma_se3 before = omma_scene_camera(&s, (omma_camera_path)path, 0);
        double longest = 0, sum = 0;

        for (int i = 1; i <= 50; i++) {
            omma_se3 T = omma_scene_camera(&s, (omma_camera_path)path, i / 50.0);
            omma_se3 inverse = omma_se3_inverse(&T), I = omma_se3_mul(&inverse, &T);
            omma_se3 one = omma_se3_identity();
            double step = step_between(&before, &T);

            CHECK_ARRAY_CLOSE(I.R, one.R, 9, .abs = 1e-12);
            sum += step / 50;
            longest = step > longest ? step : longest;
            before = T;
        }
        CHECK(longest < 3 * sum);
    }
    omma_map_destroy(&m);
}

static void orbit_and_top_end_where_they_begin(void)
{
    omma_map *m = test_map(1000);
    omma_scene s = {.map = m};

    for (int i = 0; i < 2; i++) {
        omma_camera_path path = i ? OMMA_PATH_TOP : OMMA_PATH_ORBIT;
        omma_se3 a = omma_scene_camera(&s, path, 0), b = omma_scene_camera(&s, path, 1);

        CHECK(step_between(&a, &b) < 1e-6);
    }
    omma_map_destroy(&m);
}

/* The box stands at the origin: the orbit sees it in its middle, from above, upright. */
static void orbit_looks_at_the_middle(void)
{
    omma_map *m = test_map(4000);
    omma_scene s = {.map = m};

    for (int i = 0; i < 8; i++) {
        omma_se3 T = omma_scene_camera(&s, OMMA_PATH_ORBIT, i / 8.0),
                 inverse = omma_se3_inverse(&T);
        double x[3], origin[3] = {0};

        omma_se3_apply(&inverse, origin, x);
        CHECK(x[2] > 2 && fabs(x[0]) < 0.2 * x[2] && fabs(x[1]) < 0.2 * x[2]);
        double up = T.t[0] * y_up[0] + T.t[1] * y_up[1] + T.t[2] * y_up[2];
        CHECK(up > 1);
        CHECK(-(T.R[1] * y_up[0] + T.R[4] * y_up[1] + T.R[7] * y_up[2]) > 0.7);
    }
    omma_map_destroy(&m);
}

static void most_of_the_scene_is_in_the_picture(void)
{
    omma_map *m = test_map(4000);
    omma_scene s = {.map = m};
    const omma_map_point *points = omma_map_get_points(m);

    for (int path = 0; path < 4; path++) {
        omma_se3 T = omma_scene_camera(&s, path == 3 ? OMMA_PATH_TOP : OMMA_PATH_ORBIT, path / 3.1);
        omma_se3 inverse = omma_se3_inverse(&T);
        size_t inside = 0;

        for (size_t i = 0; i < 4000; i++) {
            double x[3];

            omma_se3_apply(&inverse, points[i].world, x);
            inside += x[2] > 0 && fabs(x[1]) < x[2] * tan(22.5 * M_PI / 180) &&
                      fabs(x[0]) < x[2] * tan(22.5 * M_PI / 180) * 16 / 9;
        }
        CHECK(inside > 4000 * 85 / 100);
    }
    omma_map_destroy(&m);
}

static void follow_sees_the_camera_before_it(void)
{
    omma_map *m = test_map(1000);
    omma_scene s = {.map = m};

    for (int i = 2; i < 8; i++) {
        omma_se3 T = omma_scene_camera(&s, OMMA_PATH_FOLLOW, i / 10.0), inverse;
        double share = i / 10.0, x[3];
        int frame = (int)(share * 359); /* of those with a pose in the main submap */

        frame = frame >= TEST_LOST_FROM ? frame + TEST_LOST_TO - TEST_LOST_FROM : frame;
        omma_se3 camera = test_pose(frame);

        inverse = omma_se3_inverse(&T);
        omma_se3_apply(&inverse, camera.t, x);
        CHECK(x[2] > 0 && fabs(x[0]) < x[2] && fabs(x[1]) < x[2]);
    }
    omma_map_destroy(&m);
}

static void nothing_and_one_point_give_a_pose_too(void)
{
    omma_cloud_point point = {.world = {1, 2, 3}}, broken = {.world = {NAN, 0, 0}};
    omma_cloud one = {.points = &point, .count = 1}, bad = {.points = &broken, .count = 1};

    for (int path = OMMA_PATH_ORBIT; path <= OMMA_PATH_TOP; path++)
        for (int i = 0; i < 3; i++) {
            omma_scene s = {.cloud = i == 0 ? NULL : i == 1 ? &one : &bad};
            omma_se3 T = omma_scene_camera(&s, (omma_camera_path)path, 0.3);
            double sum = 0;

            for (int k = 0; k < 9; k++)
                sum += T.R[k] * T.R[k];
            CHECK_CLOSE(sum, 3, .abs = 1e-9);
            CHECK(isfinite(T.t[0] + T.t[1] + T.t[2]));
        }
}

int main(void)
{
    TEST(every_way_is_smooth_and_rigid);
    TEST(orbit_and_top_end_where_they_begin);
    TEST(orbit_looks_at_the_middle);
    TEST(most_of_the_scene_is_in_the_picture);
    TEST(follow_sees_the_camera_before_it);
    TEST(nothing_and_one_point_give_a_pose_too);
    return check_done();
}
