/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_depth.h"
#include "map_fixture.h"

enum { W = 20, H = 15, CELLS = W * H };

static omma_view view_with_depth(int frame, float first)
{
    omma_view v = test_view(frame);
    float *depth, *error;

    v.depth_width = W;
    v.depth_height = H;
    CHECK_OK(omma_buffer_create(&v.depth, CELLS * sizeof(float)));
    CHECK_OK(omma_buffer_create(&v.depth_error, CELLS * sizeof(float)));
    CHECK_OK(omma_buffer_create(&v.depth_rgb, 3 * CELLS));
    depth = v.depth->data;
    error = v.depth_error->data;
    for (int i = 0; i < CELLS; i++) {
        depth[i] = first + 0.01f * (float)i;
        error[i] = 0.01f;
    }
    memset(v.depth_rgb->data, 90, 3 * CELLS);
    return v;
}

static void forget(omma_view *v)
{
    omma_buffer_unref(&v->depth);
    omma_buffer_unref(&v->depth_error);
    omma_buffer_unref(&v->depth_rgb);
}

static void add(omma_map *m, int frame, float first)
{
    omma_view v = view_with_depth(frame, first);

    omma_map_add_view(m, &v);
    forget(&v);
}

static float first_depth(const omma_map *m, size_t i)
{
    omma_depth_map d;

    CHECK_OK(omma_map_get_depth(m, i, &d));
    float first = d.width ? d.depth[0] : 0;

    CHECK(d.width == 0 || (d.width == W && d.height == H && d.rgb && d.rgb[5] == 90));
    omma_depth_map_finish(&d);
    CHECK(!d.depth && d.width == 0);
    return first;
}

static void keyframes_keep_their_depth(void)
{
    omma_map *m = omma_map_create();

    add(m, 0, 1);
    add(m, 10, 2);
    add(m, 15, 3); /* no keyframe: not kept */
    omma_view v = test_view(20);

    omma_map_add_view(m, &v);
    CHECK(omma_map_keyframe_count(m) == 3);
    CHECK_CLOSE(first_depth(m, 0), 1, .rel = 1e-3);
    CHECK_CLOSE(first_depth(m, 1), 2, .rel = 1e-3);
    CHECK(first_depth(m, 2) == 0);
    omma_map_destroy(&m);
}

static void depth_comes_later_is_replaced_and_goes(void)
{
    omma_map *m = omma_map_create();
    omma_view v = test_view(0);

    omma_map_add_view(m, &v);
    CHECK(first_depth(m, 0) == 0);
    add(m, 0, 5);
    CHECK_CLOSE(first_depth(m, 0), 5, .rel = 1e-3);
    omma_map_add_view(m, &v); /* says where it is, and nothing of its depth */
    CHECK_CLOSE(first_depth(m, 0), 5, .rel = 1e-3);
    add(m, 0, 6);
    CHECK_CLOSE(first_depth(m, 0), 6, .rel = 1e-3);
    add(m, 10, 7);
    omma_map_remove_keyframe(m, TEST_FIRST_ID);
    CHECK_CLOSE(first_depth(m, 0), 7, .rel = 1e-3);
    omma_map_destroy(&m);
}

static void depth_that_is_not_all_there_is_none(void)
{
    omma_map *m = omma_map_create();
    omma_view v = view_with_depth(0, 1);

    v.depth_width++;
    omma_map_add_view(m, &v);
    CHECK(first_depth(m, 0) == 0);
    forget(&v);
    omma_map_destroy(&m);
}

static void blobs_carry_depth_from_map_to_map(void)
{
    omma_map *from = omma_map_create(), *to = omma_map_create();
    omma_buffer *blob;

    add(from, 0, 3);
    omma_view v = test_view(0);

    omma_map_add_view(to, &v);
    CHECK_OK(map_get_depth_blob(to, 0, &blob));
    CHECK(!blob);
    CHECK_OK(map_get_depth_blob(from, 0, &blob));
    CHECK_OK(map_put_depth_blob(to, TEST_FIRST_ID, blob));
    CHECK(first_depth(to, 0) == first_depth(from, 0));
    CHECK_OK(omma_buffer_create(&blob, 100));
    memset(blob->data, 0, 100);
    CHECK(map_put_depth_blob(to, TEST_FIRST_ID, blob) == OMMA_FORMAT);
    CHECK(first_depth(to, 0) == first_depth(from, 0));
    omma_map_destroy(&from);
    omma_map_destroy(&to);
}

static void rescaling_multiplies_the_world(void)
{
    omma_map *m = test_map(50), *was = test_map(50);

    omma_map_rescale(m, 2.5);
    for (size_t i = 0; i < omma_map_frame_count(m); i++) {
        omma_map_pose a = omma_map_get_pose(was, i), b = omma_map_get_pose(m, i);

        for (int k = 0; k < 3; k++)
            CHECK_CLOSE(b.world_from_camera.t[k], 2.5 * a.world_from_camera.t[k], .abs = 1e-12);
        CHECK(memcmp(a.world_from_camera.R, b.world_from_camera.R, sizeof a.world_from_camera.R) ==
              0);
    }
    for (size_t i = 0; i < omma_map_point_count(m); i++)
        for (int k = 0; k < 3; k++)
            CHECK(omma_map_get_points(m)[i].world[k] == 2.5 * omma_map_get_points(was)[i].world[k]);
    for (size_t i = 0; i < omma_map_keyframe_count(m); i++)
        CHECK(omma_map_get_keyframe(m, i).world_from_keyframe.s ==
              2.5 * omma_map_get_keyframe(was, i).world_from_keyframe.s);
    omma_map_destroy(&m);
    omma_map_destroy(&was);
}

int main(void)
{
    TEST(keyframes_keep_their_depth);
    TEST(depth_comes_later_is_replaced_and_goes);
    TEST(depth_that_is_not_all_there_is_none);
    TEST(blobs_carry_depth_from_map_to_map);
    TEST(rescaling_multiplies_the_world);
    return check_done();
}
