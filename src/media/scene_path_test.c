/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "scene_path.h"

typedef omma_se3 (*path)(double time_s, uint64_t seed);

/* Largest speed (m/s) and turn (degrees/s) of a walk, and its length in m. */
static void measure(path pose_at, double seconds, uint64_t seed, double *speed, double *turn,
                    double *length)
{
    const double step = 1 / 120.0;
    *speed = *turn = *length = 0;
    for (double t = 0; t < seconds; t += step) {
        omma_se3 a = pose_at(t, seed), b = pose_at(t + step, seed);
        double d = hypot(hypot(b.t[0] - a.t[0], b.t[1] - a.t[1]), b.t[2] - a.t[2]);
        *speed = fmax(*speed, d / step);
        *turn = fmax(*turn, omma_so3_angle(a.R, b.R) / step * 57.29577951);
        *length += d;
    }
}

static void the_room_is_walked_slowly(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        double speed, turn, length;
        measure(scene_path_room, SCENE_ROOM_LAP_S, seed, &speed, &turn, &length);
        CHECK(speed <= 0.6);
        CHECK(turn <= 40);
        CHECK(length > 3.5);
    }
}

static void corridor_and_loop_are_walked_at_a_walking_pace(void)
{
    double speed, turn, length;
    measure(scene_path_corridor, SCENE_CORRIDOR_LAP_S, 1, &speed, &turn, &length);
    CHECK(speed <= 1.5 && turn <= 70 && length > 20);
    measure(scene_path_loop, SCENE_LOOP_LAP_S, 1, &speed, &turn, &length);
    CHECK(speed <= 1.5 && turn <= 70 && length > 20);
}

static void walks_return_exactly_to_their_start(void)
{
    omma_se3 first = scene_path_loop(0, 7), last = scene_path_loop(599 / 30.0, 7);
    CHECK(memcmp(&first, &last, sizeof first) == 0);
    first = scene_path_room(0, 7), last = scene_path_room(300 / 30.0, 7);
    CHECK(memcmp(&first, &last, sizeof first) == 0);
}

/* No step over the seam is larger than elsewhere. */
static void laps_join_smoothly(void)
{
    const struct {
        path pose_at;
        double lap_s;
    } walks[] = {{scene_path_room, SCENE_ROOM_LAP_S},
                 {scene_path_corridor, 2 * SCENE_CORRIDOR_LAP_S},
                 {scene_path_loop, SCENE_LOOP_LAP_S}};
    for (int i = 0; i < 3; i++)
        for (double t = -1; t < 1; t += 0.01) {
            omma_se3 a = walks[i].pose_at(walks[i].lap_s + t, 3);
            omma_se3 b = walks[i].pose_at(walks[i].lap_s + t + 0.01, 3);
            CHECK(hypot(b.t[0] - a.t[0], b.t[2] - a.t[2]) < 0.015);
            CHECK(omma_so3_angle(a.R, b.R) < 0.015);
        }
}

static void rotations_are_rotations_and_the_horizon_is_level(void)
{
    for (double t = 0; t < 20; t += 0.37) {
        omma_se3 pose = scene_path_corridor(t, 5), clean = pose;
        omma_se3_normalize(&clean);
        CHECK_ARRAY_CLOSE(pose.R, clean.R, 9, .abs = 1e-12);
        CHECK(fabs(pose.R[3]) < 0.03); /* camera x has no height: roll below 1.7 degrees */
        CHECK(pose.R[4] > 0.9);        /* camera y points down */
        CHECK(pose.t[1] < -1.3 && pose.t[1] > -1.7);
    }
}

int main(void)
{
    TEST(the_room_is_walked_slowly);
    TEST(corridor_and_loop_are_walked_at_a_walking_pace);
    TEST(walks_return_exactly_to_their_start);
    TEST(laps_join_smoothly);
    TEST(rotations_are_rotations_and_the_horizon_is_level);
    return check_done();
}
