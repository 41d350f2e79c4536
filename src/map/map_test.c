/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_fixture.h"

static size_t frame_place(const omma_map *m, uint64_t frame_index)
{
    for (size_t i = 0; i < omma_map_frame_count(m); i++)
        if (omma_map_get_pose(m, i).frame_index == frame_index)
            return i;
    CHECK(!"the frame is there");
    return 0;
}

static void poses_are_those_that_went_in(void)
{
    omma_map *m = test_map(0);

    CHECK(omma_map_frame_count(m) == TEST_FRAMES);
    for (int i = 0; i < TEST_FRAMES; i++) {
        omma_map_pose p = omma_map_get_pose(m, (size_t)i);
        omma_se3 want = test_pose(i);

        CHECK(p.frame_index == (uint64_t)i && p.time_ns == TEST_TIME_NS(i));
        CHECK(p.has_pose == test_has_pose(i));
        CHECK(p.status == (p.has_pose ? OMMA_STATUS_TRACKING : OMMA_STATUS_LOST));
        if (!p.has_pose)
            continue;
        /* a few products of numbers up to 5, in double */
        CHECK_ARRAY_CLOSE(p.world_from_camera.R, want.R, 9, .abs = 1e-14);
        CHECK_ARRAY_CLOSE(p.world_from_camera.t, want.t, 3, .abs = 1e-13);
    }
    omma_map_destroy(&m);
    CHECK(m == NULL);
    omma_map_destroy(&m);
}

static void corrected_keyframe_takes_its_frames_along(void)
{
    omma_map *m = test_map(0);
    omma_sim3 moved =
        omma_sim3_exp((double[7]){0.3, -1, 2, 0.2, 0.5, -0.1, 0.4}); /* new_from_old */
    int keyframe = 5;
    omma_se3 anchor = test_pose(keyframe * TEST_EVERY);
    omma_sim3 old = omma_sim3_from_se3(&anchor, test_scale(keyframe));
    omma_correction c = {.keyframe = TEST_FIRST_ID + 5, .submap = TEST_SUBMAP};

    c.world_from_keyframe = omma_sim3_mul(&moved, &old);
    omma_map_correct(m, &c);
    omma_map_correct(m, &(omma_correction){.keyframe = 5}); /* unknown: nothing happens */
    for (int i = 0; i < 100; i++) {
        omma_map_pose p = omma_map_get_pose(m, (size_t)i);
        omma_se3 was = test_pose(i);
        double want[3];

        memcpy(want, was.t, sizeof want);
        if (i / TEST_EVERY == keyframe)
            omma_sim3_apply(&moved, was.t, want);
        CHECK_ARRAY_CLOSE(p.world_from_camera.t, want, 3, .abs = 1e-12);
        if (i / TEST_EVERY == keyframe) {
            omma_se3 turned = {.R = {0}};
            memcpy(turned.R, moved.R, sizeof moved.R);
            turned = omma_se3_mul(&turned, &was);
            CHECK_ARRAY_CLOSE(p.world_from_camera.R, turned.R, 9, .abs = 1e-13);
        }
    }
    omma_map_destroy(&m);
}

static void later_view_replaces_what_was_known(void)
{
    omma_map *m = omma_map_create();
    const int order[] = {30, 10, 20, 0, 25};

    for (int i = 0; i < 5; i++) {
        omma_view v = test_view(order[i]);

        v.has_pose = v.is_keyframe = false;
        v.status = OMMA_STATUS_INITIALISING;
        omma_map_add_view(m, &v);
    }
    CHECK(omma_map_frame_count(m) == 5 && omma_map_keyframe_count(m) == 0);
    omma_view v = test_view(20);

    v.retroactive = true;
    omma_map_add_view(m, &v);
    CHECK(omma_map_frame_count(m) == 5 && omma_map_keyframe_count(m) == 1);
    const uint64_t want[] = {0, 10, 20, 25, 30};

    for (size_t i = 0; i < 5; i++) {
        omma_map_pose p = omma_map_get_pose(m, i);

        CHECK(p.frame_index == want[i] && p.has_pose == (i == 2));
    }
    omma_map_destroy(&m);
}

static void keyframes_come_in_time_order_and_go(void)
{
    omma_map *m = omma_map_create();

    for (int i = 20; i-- > 0;) {
        omma_view v = test_view(i * TEST_EVERY);

        v.keyframe = (uint32_t)(i * 7 % 20); /* ids in no order */
        omma_map_add_view(m, &v);
        omma_map_add_view(m, &v); /* twice the same is once */
    }
    CHECK(omma_map_keyframe_count(m) == 20);
    for (size_t i = 0; i < 20; i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);

        CHECK(k.id == i * 7 % 20 && k.frame_index == i * TEST_EVERY);
        CHECK(k.time_ns == TEST_TIME_NS(k.frame_index) && k.camera.fx == test_camera.fx);
    }
    omma_map_remove_keyframe(m, 7); /* i = 1 */
    omma_map_remove_keyframe(m, 99);
    CHECK(omma_map_keyframe_count(m) == 19 && omma_map_get_keyframe(m, 1).id == 14);
    /* the frame that was the keyframe still has the pose it had */
    omma_se3 want = test_pose(10);
    omma_map_pose p = omma_map_get_pose(m, frame_place(m, 10));

    CHECK(p.has_pose);
    CHECK_ARRAY_CLOSE(p.world_from_camera.t, want.t, 3, .abs = 1e-13);
    omma_map_destroy(&m);
}

static void frame_before_its_keyframe_uses_its_own_word(void)
{
    omma_map *m = omma_map_create();
    omma_view v = test_view(13);
    omma_se3 want = test_pose(13);

    omma_map_add_view(m, &v);
    CHECK_ARRAY_CLOSE(omma_map_get_pose(m, 0).world_from_camera.t, want.t, 3, .abs = 1e-13);
    omma_map_destroy(&m);
}

static void main_submap_has_most_posed_frames(void)
{
    omma_map *m = omma_map_create();

    CHECK(omma_map_main_submap(m) == 0);
    for (int i = 200; i < TEST_FRAMES; i++) {
        omma_view v = test_view(i); /* 20 lost, 160 of submap 3, 20 of submap 7 */

        omma_map_add_view(m, &v);
    }
    CHECK(omma_map_main_submap(m) == TEST_SUBMAP);
    /* a closed loop says: these keyframes belong to the other submap now */
    for (int i = 220; i < 330; i += TEST_EVERY) {
        omma_view v = test_view(i);

        omma_map_correct(m, &(omma_correction){.keyframe = v.keyframe,
                                               .submap = TEST_OTHER_SUBMAP,
                                               .world_from_keyframe = v.world_from_keyframe});
    }
    CHECK(omma_map_main_submap(m) == TEST_OTHER_SUBMAP);
    CHECK(omma_map_get_pose(m, 25).submap == TEST_OTHER_SUBMAP);
    omma_map_destroy(&m);
}

static void pictures_points_unit_and_camera_are_kept(void)
{
    omma_map *m = test_map(100);
    omma_buffer *jpeg, *other;
    omma_camera camera = test_camera;

    CHECK_OK(omma_buffer_create(&jpeg, 10));
    CHECK_OK(omma_buffer_create(&other, 10));
    omma_map_set_picture(m, TEST_FIRST_ID + 2, jpeg, "a.jpg");
    omma_map_set_picture(m, TEST_FIRST_ID + 2, other, "b.jpg"); /* the first is released */
    omma_map_set_picture(m, 1, omma_buffer_ref(other), "lost"); /* nobody there: released */
    omma_map_keyframe k = omma_map_get_keyframe(m, 2);

    CHECK(k.jpeg == other);
    CHECK_TEXT(k.name, "b.jpg");
    CHECK(omma_map_get_keyframe(m, 3).jpeg == NULL && omma_map_get_keyframe(m, 3).name == NULL);
    CHECK_TEXT(omma_map_unit(m), "units");
    omma_map_set_unit(m, "m");
    CHECK_TEXT(omma_map_unit(m), "m");
    camera.fx = 777;
    omma_map_set_camera(m, &camera);
    CHECK(omma_map_get_keyframe(m, 0).camera.fx == 777);
    CHECK(omma_map_point_count(m) == 100 && omma_map_observation_count(m) > 100);
    omma_map_set_points(m, NULL, 0, NULL, 0);
    CHECK(omma_map_point_count(m) == 0 && omma_map_observation_count(m) == 0);
    omma_map_destroy(&m);
}

int main(void)
{
    TEST(poses_are_those_that_went_in);
    TEST(corrected_keyframe_takes_its_frames_along);
    TEST(later_view_replaces_what_was_known);
    TEST(keyframes_come_in_time_order_and_go);
    TEST(frame_before_its_keyframe_uses_its_own_word);
    TEST(main_submap_has_most_posed_frames);
    TEST(pictures_points_unit_and_camera_are_kept);
    return check_done();
}
