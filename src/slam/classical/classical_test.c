/* SPDX-License-Identifier: Apache-2.0 */
/* The whole tracker on one painted wall. (tests/slam_scenes_test.c has the scenes with depth.) */
#include <omma/slam.h>

#include "check.h"
#include "pictures_fixture.h"
#include "wall_fixture.h"

enum { FRAMES = 60 };

static omma_frame *board;

static omma_se3 turning(double t)
{
    return fixture_pose(0, 0, 0, 0.15 * sin(3 * t), 0.35 * sin(2 * t), 0.1 * t);
}

static omma_se3 shaking(double t)
{
    return fixture_pose(0, 0, 0, 0.08 * sin(9 * t), 0.12 * sin(13 * t), 0.05 * sin(7 * t));
}

/* Parallax comes slowly, and much has left the picture before there is enough of it. */
static omma_se3 slow(double t)
{
    return fixture_pose(0.137 * sin(0.697 * t), 0.144 * sin(0.503 * t), 0.051 * sin(0.906 * t),
                        0.071 * sin(1.367 * t), 0.113 * sin(0.835 * t), 0.029 * sin(0.583 * t));
}

static omma_tracker *tracker_make(const omma_camera *c)
{
    omma_tracker *t = NULL;
    CHECK_OK(omma_tracker_create(&t, NULL, &(omma_tracker_options){.camera = c, .seed = 3}));
    return t;
}

/* Runs some frames. @return how many got a pose in the end; pose may be NULL. */
static size_t run(path *way, int frames, double readout, const omma_camera *c, omma_se3 *pose)
{
    omma_tracker *t = tracker_make(c);
    const omma_update *u = NULL;
    size_t posed = 0;
    for (int i = 0; i < frames; i++) {
        CHECK_OK(omma_tracker_push(t, wall_look(board, way, i, readout), &u));
        CHECK(u->view_count >= 1 && u->views[u->view_count - 1].frame_index == (uint64_t)i);
    }
    CHECK_OK(omma_tracker_finish(t, &u));
    for (size_t i = 0; i < u->view_count; i++) {
        if (!u->views[i].has_pose)
            continue;
        posed++;
        CHECK(u->views[i].status != OMMA_STATUS_INITIALISING &&
              u->views[i].status != OMMA_STATUS_LOST);
        if (pose)
            pose[u->views[i].frame_index] = omma_view_world_from_camera(&u->views[i]);
    }
    omma_tracker_destroy(&t);
    return posed;
}

static void a_camera_that_only_turns_gets_no_pose(void)
{
    const omma_camera c = wall_camera();
    path *const ways[] = {turning, shaking};
    const double readouts[] = {0, 0.015, 0.03};
    for (int way = 0; way < 2; way++) {
        for (int i = 0; i < 3; i++)
            CHECK(run(ways[way], 36, readouts[i], &c, NULL) == 0);
        CHECK(run(ways[way], 36, 0.02 * way, NULL, NULL) == 0);
    }
}

/* Root mean square and worst distance from the true places, after the similarity that fits best. */
static void errors(path *way, const omma_se3 *pose, double *rms, double *worst)
{
    double got[3 * FRAMES], want[3 * FRAMES];
    omma_sim3 S;
    *rms = *worst = 0;
    for (int i = 0; i < FRAMES; i++) {
        const omma_se3 T = way(i / wall_rate);
        memcpy(got + (ptrdiff_t)3 * i, pose[i].t, sizeof(pose[i].t));
        fixture_centre(&T, want + (ptrdiff_t)3 * i);
    }
    CHECK_OK(omma_umeyama(got, want, FRAMES, true, &S));
    for (int i = 0; i < FRAMES; i++) {
        double x[3], squares = 0;
        omma_sim3_apply(&S, got + (ptrdiff_t)3 * i, x);
        for (int k = 0; k < 3; k++)
            squares += (x[k] - want[3 * i + k]) * (x[k] - want[3 * i + k]);
        *rms += squares / FRAMES;
        *worst = fmax(*worst, sqrt(squares));
    }
    *rms = sqrt(*rms);
}

static void a_wall_is_enough(void)
{
    const omma_camera c = wall_camera();
    for (int rolling = 0; rolling < 2; rolling++) {
        omma_se3 pose[FRAMES];
        double rms, worst;
        if (!CHECK(run(passing, FRAMES, 0.015 * rolling, &c, pose) == FRAMES))
            continue;
        errors(passing, pose, &rms, &worst);
        CHECK(rms < 0.005);  /* of a path of 1; seen 0.0017 */
        CHECK(worst < 0.01); /* seen 0.004 */
    }
}

static void frames_before_the_map_are_posed_as_well_as_those_after(void)
{
    const omma_camera c = wall_camera();
    omma_se3 pose[FRAMES];
    double rms, worst;
    if (!CHECK(run(slow, FRAMES, 0, &c, pose) == FRAMES))
        return;
    errors(slow, pose, &rms, &worst);
    CHECK(worst < 0.003); /* seen 0.0002; 0.036 when lost features count as infinitely far */
}

/* Sizes at the edge of what is allowed, and times that leap. */
static void odd_sizes_and_times_do_no_harm(void)
{
    const int sizes[][2] = {{32, 32}, {33, 47}, {32, 700}, {700, 32}, {101, 99}};
    uint64_t seed = 9;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
        omma_tracker *t = tracker_make(NULL);
        const omma_update *u = NULL;
        int64_t time_ns = -5;
        for (int i = 0; i < 20; i++) {
            const double place[6] = {1, 0, 0, 1, 3 * i, 2 * i};
            omma_frame *f = fixture_picture(sizes[k][0], sizes[k][1], place, 7);
            f->index = (uint64_t)(3 * i); /* some were damaged */
            f->time_ns = time_ns;
            time_ns += i % 5 == 4 ? 3600000000000 : 1 + (int64_t)omma_random_below(&seed, 40000000);
            CHECK_OK(omma_tracker_push(t, f, &u));
            CHECK(u->views[u->view_count - 1].frame_index == (uint64_t)(3 * i));
        }
        CHECK_OK(omma_tracker_finish(t, &u));
        omma_tracker_destroy(&t);
    }
}

static void a_run_without_frames_ends_well(void)
{
    omma_tracker *t = tracker_make(NULL);
    const omma_update *u = NULL;
    omma_sparse_map map;
    omma_tracker_stats stats;
    CHECK_OK(omma_tracker_points(t, &map));
    CHECK(map.point_count == 0 && map.observation_count == 0);
    omma_sparse_map_finish(&map);
    CHECK_OK(omma_tracker_finish(t, &u));
    CHECK(u->view_count == 0);
    omma_tracker_get_stats(t, &stats);
    CHECK(stats.frames == 0 && stats.submaps == 0);
    omma_tracker_destroy(&t);
}

int main(void)
{
    board = wall_paint(11);
    TEST(a_camera_that_only_turns_gets_no_pose);
    TEST(a_wall_is_enough);
    TEST(frames_before_the_map_are_posed_as_well_as_those_after);
    TEST(odd_sizes_and_times_do_no_harm);
    TEST(a_run_without_frames_ends_well);
    omma_frame_unref(&board);
    return check_done();
}
