/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "depth_fixture.h"

enum { W = 120, H = 90, VIEWS = 20 };

static omma_buffer *buffer_of(const void *data, size_t bytes)
{
    omma_buffer *b;

    CHECK_OK(omma_buffer_create(&b, bytes));
    memcpy(b->data, data, bytes);
    return b;
}

/* Keyframes around the shape, each in its own unit; the last one is of another submap and wrong. */
static omma_map *map_of(fixture_shape shape)
{
    omma_map *m = omma_map_create();

    for (int k = 0; k <= VIEWS; k++) {
        double scale = 0.5 + 0.05 * k;
        omma_sim3 T = fixture_pose(k % VIEWS, VIEWS, 3.2, scale);
        omma_depth_map d = fixture_depth(shape, &fixture_camera, &T, W, H, 0.002f);
        omma_view v = {.frame_index = (uint64_t)k,
                       .time_ns = k,
                       .status = OMMA_STATUS_TRACKING,
                       .has_pose = true,
                       .is_keyframe = true,
                       .submap = k == VIEWS,
                       .keyframe = (uint32_t)k,
                       .keyframe_from_camera = omma_se3_identity(),
                       .world_from_keyframe = T,
                       .camera = fixture_camera,
                       .depth_width = W,
                       .depth_height = H,
                       .depth = buffer_of(d.depth, sizeof(float) * W * H),
                       .depth_error = buffer_of(d.error, sizeof(float) * W * H),
                       .depth_rgb = buffer_of(d.rgb, 3 * W * H)};

        if (k == VIEWS)
            v.world_from_keyframe.t[0] += 0.5;
        omma_map_add_view(m, &v);
        omma_buffer_unref(&v.depth);
        omma_buffer_unref(&v.depth_error);
        omma_buffer_unref(&v.depth_rgb);
        omma_depth_map_finish(&d);
    }
    return m;
}

static void a_map_of_a_box_gives_a_box(void)
{
    omma_map *m = map_of(FIXTURE_BOX);
    omma_mesh mesh = {0};

    CHECK_OK(omma_map_mesh(m, NULL, &mesh));
    CHECK(mesh.triangle_count > 5000);
    CHECK(fixture_borders(&mesh) == 0);
    CHECK(fixture_euler(&mesh) == 2);
    CHECK_CLOSE(fixture_volume(&mesh), 2 * 1.6 * 1.2, .rel = 0.02);
    CHECK(abs(mesh.rgb[0] - 200) < 12 && abs(mesh.rgb[2] - 50) < 12); /* colours are kept lossily */
    omma_mesh_finish(&mesh);

    omma_map_rescale(m, 10);
    CHECK_OK(omma_map_mesh(m, &(omma_mesh_options){.voxel = 0.5, .max_triangles = 500}, &mesh));
    CHECK(mesh.triangle_count <= 500 && mesh.triangle_count > 400);
    CHECK_CLOSE(fixture_volume(&mesh), 1000 * 2 * 1.6 * 1.2, .rel = 0.03);
    omma_mesh_finish(&mesh);
    omma_map_destroy(&m);
}

static bool asked_enough(void *user)
{
    return (*(int *)user)-- <= 0;
}

static void it_can_be_stopped_anywhere(void)
{
    omma_map *m = map_of(FIXTURE_SPHERE);
    omma_error err = OMMA_INTERRUPTED;
    int stopped = 0;

    for (int times = 0; err; times = 3 * times + 1) {
        int left = times;
        omma_mesh mesh = {0};

        err = omma_map_mesh(
            m,
            &(omma_mesh_options){
                .voxel = 0.05, .max_triangles = 500, .stop = asked_enough, .user = &left},
            &mesh);
        CHECK(err ? err == OMMA_INTERRUPTED && !mesh.triangles : mesh.triangle_count > 400);
        stopped += err != OMMA_OK;
        omma_mesh_finish(&mesh);
    }
    CHECK(stopped > 4);
    omma_map_destroy(&m);
}

static void nothing_comes_of_nothing(void)
{
    omma_map *m = omma_map_create();
    omma_mesh mesh = {.vertex_count = 7};

    CHECK_OK(omma_map_mesh(m, NULL, &mesh));
    CHECK(mesh.vertex_count == 0 && mesh.triangle_count == 0);
    CHECK_OK(omma_map_mesh(m, &(omma_mesh_options){.voxel = 0.1}, &mesh));
    CHECK(mesh.vertex_count == 0 && mesh.triangle_count == 0);
    omma_mesh_finish(&mesh);
    omma_map_destroy(&m);
}

int main(void)
{
    TEST(a_map_of_a_box_gives_a_box);
    TEST(it_can_be_stopped_anywhere);
    TEST(nothing_comes_of_nothing);
    return check_done();
}
