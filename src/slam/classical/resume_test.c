/* SPDX-License-Identifier: Apache-2.0 */
/* A map of one clip, and another clip of the same wall. */
#include <omma/slam.h>

#include "check.h"
#include "wall_fixture.h"

enum { FRAMES = 60, HALF = 30 };

static omma_frame *board, *elsewhere;
static omma_buffer *memory; /* of the first half */
static omma_se3 first[HALF];

static omma_tracker *tracker_make(const omma_camera *c)
{
    omma_tracker *t = NULL;
    CHECK_OK(omma_tracker_create(&t, NULL, &(omma_tracker_options){.camera = c, .seed = 3}));
    return t;
}

static void push(omma_tracker *t, const omma_frame *wall, int from, int to)
{
    const omma_update *u = NULL;
    for (int i = from; i < to; i++)
        CHECK_OK(omma_tracker_push(t, wall_look(wall, passing, i, 0), &u));
}

/* @return how many frames got a pose. */
static int finish(omma_tracker *t, omma_se3 *pose)
{
    const omma_update *u = NULL;
    int posed = 0;
    CHECK_OK(omma_tracker_finish(t, &u));
    for (size_t i = 0; i < u->view_count; i++) {
        posed += u->views[i].has_pose;
        pose[u->views[i].frame_index] = omma_view_world_from_camera(&u->views[i]);
    }
    return posed;
}

static void map_the_first_half(void)
{
    const omma_camera c = wall_camera();
    omma_tracker *t = tracker_make(&c);
    CHECK(omma_tracker_save(t, 1, &memory) == OMMA_DEGENERATE);
    push(t, board, 0, HALF);
    CHECK(finish(t, first) == HALF);
    CHECK(omma_tracker_save(t, 0, &memory) == OMMA_INVALID);
    CHECK_OK(omma_tracker_save(t, 1, &memory));
    omma_tracker_destroy(&t);
}

/* Keyframes are frames of the first half; which, the views said: here all may be asked for. */
typedef struct album {
    uint32_t asked;
    bool empty;
} album;

static omma_error picture(void *user, uint32_t k, omma_frame **out)
{
    album *a = user;
    (void)k;
    a->asked++;
    if (a->empty)
        return OMMA_NOT_FOUND;
    *out = wall_look(board, passing, 0, 0);
    return OMMA_OK;
}

static omma_error restore(omma_tracker *t, album *a)
{
    return omma_tracker_restore(t, &(omma_tracker_memory){.data = memory->data,
                                                          .bytes = memory->bytes,
                                                          .picture = a ? picture : NULL,
                                                          .user = a});
}

static void what_is_restored_is_what_was_saved(void)
{
    omma_tracker *t = tracker_make(NULL);
    omma_buffer *again = NULL;
    album a = {0};
    CHECK_OK(restore(t, &a));
    CHECK(a.asked > 1);
    CHECK_OK(omma_tracker_save(t, 1, &again));
    CHECK(again->bytes == memory->bytes && memcmp(again->data, memory->data, memory->bytes) == 0);
    omma_buffer_unref(&again);
    omma_tracker_destroy(&t);
}

/* Worst distance of the poses from the true path, after the similarity that fits best. */
static double worst_error(const omma_se3 *pose)
{
    double got[3 * FRAMES], want[3 * FRAMES], worst = 0;
    omma_sim3 S;
    for (int i = 0; i < FRAMES; i++) {
        const omma_se3 T = passing(i / wall_rate);
        memcpy(got + (ptrdiff_t)3 * i, pose[i].t, sizeof(pose[i].t));
        fixture_centre(&T, want + (ptrdiff_t)3 * i);
    }
    CHECK_OK(omma_umeyama(got, want, FRAMES, true, &S));
    for (int i = 0; i < FRAMES; i++) {
        double x[3], d[3];
        omma_sim3_apply(&S, got + (ptrdiff_t)3 * i, x);
        for (int k = 0; k < 3; k++)
            d[k] = x[k] - want[3 * i + k];
        worst = fmax(worst, sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]));
    }
    return worst;
}

/* With pictures that are none of the keyframes' nothing is followed that should not be. */
static void another_clip_goes_on_in_the_frame_of_the_first(void)
{
    for (int pictures = 0; pictures < 3; pictures++) {
        omma_se3 pose[FRAMES];
        omma_tracker *t = tracker_make(NULL);
        album a = {.empty = pictures == 1};
        CHECK_OK(restore(t, pictures ? &a : NULL));
        push(t, board, HALF, FRAMES);
        CHECK(finish(t, pose) == FRAMES);
        CHECK(worst_error(pose) < 0.01); /* of a path of 1; seen 0.004 */
        double moved = 0;
        for (int i = 0; i < HALF; i++)
            for (int k = 0; k < 3; k++)
                moved = fmax(moved, fabs(pose[i].t[k] - first[i].t[k]));
        CHECK(moved < 0.02); /* the old map's unit is about its distance from the wall, 1 */
        omma_tracker_stats stats;
        omma_tracker_get_stats(t, &stats);
        CHECK(stats.frames == FRAMES && stats.submaps == 1);
        CHECK(stats.relocalisations >= (pictures == 2)); /* otherwise merged at the end */
        omma_tracker_destroy(&t);
    }
}

static void a_clip_of_another_place_leaves_the_map_as_it_was(void)
{
    omma_se3 pose[FRAMES] = {{.R = {0}}};
    omma_tracker *t = tracker_make(NULL);
    omma_tracker_stats stats;
    CHECK_OK(restore(t, NULL));
    push(t, elsewhere, HALF, FRAMES);
    finish(t, pose);
    omma_tracker_get_stats(t, &stats);
    CHECK(stats.relocalisations == 0 && stats.submaps == 2); /* its own one, apart */
    omma_tracker_destroy(&t);
}

static void a_saved_map_grows_with_the_scale(void)
{
    omma_tracker *t = tracker_make(NULL), *larger = tracker_make(NULL);
    omma_buffer *scaled = NULL;
    omma_sparse_map one, two;
    CHECK_OK(restore(t, NULL));
    CHECK_OK(omma_tracker_save(t, 2.5, &scaled));
    CHECK_OK(omma_tracker_restore(
        larger, &(omma_tracker_memory){.data = scaled->data, .bytes = scaled->bytes}));
    CHECK_OK(omma_tracker_points(t, &one));
    CHECK_OK(omma_tracker_points(larger, &two));
    CHECK(one.point_count > 100 && one.point_count == two.point_count);
    for (size_t i = 0; i < one.point_count && i < two.point_count; i++)
        for (int k = 0; k < 3; k++)
            CHECK(fabs(2.5 * one.points[i].world[k] - two.points[i].world[k]) < 1e-9);
    omma_sparse_map_finish(&one);
    omma_sparse_map_finish(&two);
    omma_buffer_unref(&scaled);
    omma_tracker_destroy(&t);
    omma_tracker_destroy(&larger);
}

/* camera_from_world in the units of the map: its first frame is the origin in both. */
static double place_error(const omma_tracker_place *p, int frame)
{
    double d = 0;
    for (int k = 0; k < 3; k++)
        d = fmax(d, fabs(p->world_from_camera.t[k] - first[frame].t[k]));
    return d;
}

static void one_picture_is_located_or_not(void)
{
    const omma_camera c = wall_camera();
    omma_tracker *t = tracker_make(NULL);
    omma_tracker_place p = {.inliers = 0};
    omma_frame *f = wall_look(board, passing, 11, 0);
    CHECK(omma_tracker_locate(t, f, NULL, &p) == OMMA_DEGENERATE);
    CHECK_OK(restore(t, NULL));
    CHECK_OK(omma_tracker_locate(t, f, NULL, &p));
    CHECK(place_error(&p, 11) < 0.02 && p.inliers >= 25 && p.inliers <= p.matches);
    CHECK_OK(omma_tracker_locate(t, f, &c, &p));
    CHECK(place_error(&p, 11) < 0.02);
    omma_frame_unref(&f);
    for (int i = 0; i < FRAMES; i += 3) {
        f = wall_look(elsewhere, passing, i, 0);
        CHECK(omma_tracker_locate(t, f, NULL, &p) == OMMA_NOT_FOUND);
        omma_frame_unref(&f);
    }
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, WALL_W, WALL_W));
    CHECK(omma_tracker_locate(t, f, NULL, &p) == OMMA_INVALID); /* another shape */
    omma_frame_unref(&f);
    omma_tracker_destroy(&t);
}

static void what_does_not_fit_is_refused(void)
{
    omma_camera c = wall_camera();
    omma_tracker *t = tracker_make(&c);
    omma_frame *f = NULL;
    const omma_update *u = NULL;
    CHECK_OK(restore(t, NULL));
    CHECK(restore(t, NULL) == OMMA_INVALID);
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, WALL_W, WALL_W));
    f->time_ns = INT64_MAX;
    CHECK(omma_tracker_push(t, f, &u) == OMMA_INVALID);
    omma_tracker_destroy(&t);
    c.fx += 1;
    t = tracker_make(&c);
    CHECK(restore(t, NULL) == OMMA_INVALID);
    omma_tracker_destroy(&t);
    CHECK_OK(
        omma_tracker_create(&t, NULL, &(omma_tracker_options){.backend = OMMA_TRACKER_SYNTHETIC}));
    omma_buffer *none = NULL;
    CHECK(restore(t, NULL) == OMMA_UNSUPPORTED);
    CHECK(omma_tracker_save(t, 1, &none) == OMMA_UNSUPPORTED);
    omma_tracker_destroy(&t);
}

static omma_error restore_bytes(const void *data, size_t bytes)
{
    omma_tracker *t = tracker_make(NULL);
    omma_error err = omma_tracker_restore(t, &(omma_tracker_memory){.data = data, .bytes = bytes});
    omma_tracker_destroy(&t);
    return err;
}

static void what_is_cut_or_longer_or_later_is_refused(void)
{
    uint8_t *copy = omma_new_array(uint8_t, memory->bytes + 1);
    memcpy(copy, memory->data, memory->bytes);
    for (size_t n = 0; n < memory->bytes; n += n < 300 ? 1 : 997)
        CHECK(restore_bytes(copy, n) == OMMA_FORMAT);
    CHECK(restore_bytes(copy, memory->bytes + 1) == OMMA_FORMAT);
    copy[0]++;
    CHECK(restore_bytes(copy, memory->bytes) == OMMA_FORMAT);
    CHECK(strstr(omma_why(), "version") != NULL);
    free(copy);
}

int main(void)
{
    board = wall_paint(11);
    elsewhere = wall_paint(77);
    TEST(map_the_first_half);
    if (memory) {
        TEST(what_is_restored_is_what_was_saved);
        TEST(another_clip_goes_on_in_the_frame_of_the_first);
        TEST(a_clip_of_another_place_leaves_the_map_as_it_was);
        TEST(a_saved_map_grows_with_the_scale);
        TEST(one_picture_is_located_or_not);
        TEST(what_does_not_fit_is_refused);
        TEST(what_is_cut_or_longer_or_later_is_refused);
    }
    omma_buffer_unref(&memory);
    omma_frame_unref(&board);
    omma_frame_unref(&elsewhere);
    return check_done();
}
