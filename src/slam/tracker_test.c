/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/slam.h>

#include "check.h"

static omma_tracker *make_tracker(void)
{
    omma_tracker *t = NULL;
    CHECK_OK(
        omma_tracker_create(&t, NULL, &(omma_tracker_options){.backend = OMMA_TRACKER_SYNTHETIC}));
    return t;
}

static omma_frame *make_frame(int width, int height, int64_t time_ns)
{
    omma_frame *f = NULL;
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, width, height));
    memset(f->plane[0], 128, (size_t)f->stride[0] * (size_t)height);
    f->time_ns = time_ns;
    f->truth = calloc(1, sizeof *f->truth); /* the frame owns it */
    f->truth->rotation[3] = 1;
    f->truth->fx = f->truth->fy = 50;
    return f;
}

static void bad_options_are_refused(void)
{
    omma_tracker *t = NULL;
    omma_camera folded = {.width = 640, .height = 480, .fx = -1, .fy = 1};
    const omma_tracker_options bad[] = {
        {.backend = OMMA_TRACKER_SYNTHETIC, .camera = &folded},
        {.backend = OMMA_TRACKER_SYNTHETIC, .drift = -1},
        {.backend = OMMA_TRACKER_SYNTHETIC, .drift = NAN},
        {.backend = OMMA_TRACKER_SYNTHETIC, .noise_m = -1},
        {.backend = OMMA_TRACKER_SYNTHETIC, .focal_hint_px = -5},
        {.backend = OMMA_TRACKER_SYNTHETIC, .keyframe_every = -5},
        {.backend = (omma_tracker_backend)77},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(omma_tracker_create(&t, NULL, &bad[i]) == OMMA_INVALID);
        CHECK(t == NULL);
    }
}

static void frames_that_do_not_fit_are_refused_and_the_run_goes_on(void)
{
    omma_tracker *t = make_tracker();
    const omma_update *u = NULL;
    CHECK(omma_tracker_push(t, make_frame(31, 40, 0), &u) == OMMA_INVALID);
    CHECK_OK(omma_tracker_push(t, make_frame(32, 40, 10), &u));
    CHECK(omma_tracker_push(t, make_frame(32, 40, 10), &u) == OMMA_INVALID);
    CHECK(strstr(omma_why(), "increase") != NULL);
    CHECK(omma_tracker_push(t, make_frame(33, 40, 20), &u) == OMMA_INVALID);
    CHECK(omma_tracker_push(t, omma_frame_create_empty(), &u) == OMMA_INVALID);
    CHECK_OK(omma_tracker_push(t, make_frame(32, 40, 20), &u));
    CHECK(u->view_count == 1);

    omma_tracker_stats stats;
    omma_tracker_get_stats(t, &stats);
    CHECK(stats.frames == 2);
    omma_tracker_destroy(&t);
    CHECK(t == NULL);
    omma_tracker_destroy(&t);
}

static void nothing_comes_after_the_end(void)
{
    omma_tracker *t = make_tracker();
    const omma_update *u = NULL;
    CHECK_OK(omma_tracker_push(t, make_frame(32, 32, 0), &u));
    CHECK_OK(omma_tracker_finish(t, &u));
    CHECK(u->view_count == 0);
    u = NULL;
    CHECK_OK(omma_tracker_finish(t, &u));
    CHECK(u && u->view_count == 0);
    CHECK(omma_tracker_push(t, make_frame(32, 32, 1), &u) == OMMA_INVALID);
    omma_tracker_destroy(&t);
}

static void a_backend_without_points_has_an_empty_map(void)
{
    omma_tracker *t = make_tracker();
    omma_sparse_map map = {.point_count = 3};
    CHECK_OK(omma_tracker_points(t, &map));
    CHECK(map.points == NULL && map.point_count == 0 && map.observation_count == 0);
    omma_sparse_map_finish(&map);
    omma_sparse_map_finish(&map);
    omma_tracker_destroy(&t);
}

int main(void)
{
    TEST(bad_options_are_refused);
    TEST(frames_that_do_not_fit_are_refused_and_the_run_goes_on);
    TEST(nothing_comes_after_the_end);
    TEST(a_backend_without_points_has_an_empty_map);
    return check_done();
}
