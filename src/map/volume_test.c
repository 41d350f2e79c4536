/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "depth_fixture.h"
#include "volume.h"

#define VOXEL 0.05
#define VIEWS 20

static omma_error integrate(omma_volume *v, fixture_shape shape, const omma_camera *camera,
                            const omma_sim3 *T, double weight)
{
    omma_depth_map d = fixture_depth(shape, camera, T, 160, 120, 0.001f);
    omma_error err = omma_volume_integrate(v, &d, camera, T, 0.05, weight);

    omma_depth_map_finish(&d);
    return err;
}

static omma_volume *whole_shape(fixture_shape shape, const omma_camera *camera)
{
    omma_volume *v;

    CHECK_OK(omma_volume_create(&v, VOXEL, 0));
    for (int k = 0; k < VIEWS; k++) {
        omma_sim3 T = fixture_pose(k, VIEWS, 3.2, 0.5 + 0.1 * k);

        CHECK_OK(integrate(v, shape, camera, &T, 1));
    }
    return v;
}

static omma_mesh mesh_of(omma_volume *v)
{
    omma_mesh m = {0};

    CHECK_OK(omma_volume_mesh(v, &m));
    return m;
}

static void a_sphere_from_all_sides_is_a_sphere(void)
{
    omma_volume *v = whole_shape(FIXTURE_SPHERE, &fixture_camera);
    omma_mesh m = mesh_of(v);
    double worst_normal = 1;

    CHECK(m.triangle_count > 5000 && m.triangle_count < 20000);
    CHECK(fixture_borders(&m) == 0);
    CHECK(fixture_euler(&m) == 2);
    CHECK(fixture_largest_distance(FIXTURE_SPHERE, &m) < 0.05 * VOXEL);
    CHECK_CLOSE(fixture_area(&m), 4 * M_PI, .rel = 0.02);
    CHECK_CLOSE(fixture_volume(&m), 4 * M_PI / 3, .rel = 0.02);
    for (size_t i = 0; i < m.vertex_count; i++) {
        double along = 0;

        for (size_t k = 3 * i; k < 3 * i + 3; k++)
            along += (double)m.positions[k] * (double)m.normals[k];
        worst_normal = fmin(worst_normal, along);
        CHECK(abs(m.rgb[3 * i] - 200) <= 1 && abs(m.rgb[3 * i + 1] - 100) <= 1);
    }
    CHECK(worst_normal > 0.97);
    omma_mesh_finish(&m);
    omma_volume_destroy(&v);
}

static void a_box_from_all_sides_is_a_box(void)
{
    omma_volume *v = whole_shape(FIXTURE_BOX, &fixture_camera);
    omma_mesh m = mesh_of(v);

    /* What is right outside a corner is never seen against a face, so a hole may be there. */
    CHECK(fixture_borders(&m) <= 8 * 18);
    CHECK_OK(mesh_close_holes(&m, 16 * VOXEL, NULL));
    CHECK(fixture_borders(&m) == 0);
    CHECK(fixture_euler(&m) == 2);
    CHECK(fixture_largest_distance(FIXTURE_BOX, &m) < 0.4 * VOXEL); /* at the edges */
    CHECK_CLOSE(fixture_area(&m), 2 * (2 * 1.6 + 2 * 1.2 + 1.6 * 1.2), .rel = 0.02);
    CHECK_CLOSE(fixture_volume(&m), 2 * 1.6 * 1.2, .rel = 0.02);
    omma_mesh_finish(&m);
    omma_volume_destroy(&v);
}

static void lenses_make_no_difference(void)
{
    const omma_camera lenses[] = {
        {OMMA_CAMERA_PINHOLE, 640, 480, 500, 520, 330, 235, {-0.2, 0.05, 0.001, -0.002}},
        {OMMA_CAMERA_FISHEYE, 640, 480, 300, 300, 319.5, 239.5, {0.02, -0.01}},
    };

    for (int i = 0; i < 2; i++) {
        omma_volume *v = whole_shape(FIXTURE_SPHERE, &lenses[i]);
        omma_mesh m = mesh_of(v);

        CHECK(fixture_borders(&m) == 0 && fixture_euler(&m) == 2);
        CHECK(fixture_largest_distance(FIXTURE_SPHERE, &m) < 0.05 * VOXEL);
        omma_mesh_finish(&m);
        omma_volume_destroy(&v);
    }
}

static bool same_mesh(const omma_mesh *a, const omma_mesh *b)
{
    return a->vertex_count == b->vertex_count && a->triangle_count == b->triangle_count &&
           memcmp(a->positions, b->positions, 3 * a->vertex_count * sizeof(float)) == 0 &&
           memcmp(a->normals, b->normals, 3 * a->vertex_count * sizeof(float)) == 0 &&
           memcmp(a->triangles, b->triangles, 3 * a->triangle_count * sizeof(uint32_t)) == 0;
}

/* What did not fit went nowhere, and what did comes out again. */
static void a_full_volume_gives_back_what_it_took(void)
{
    omma_volume *v;
    omma_sim3 first = fixture_pose(0, VIEWS, 3.2, 1), second = fixture_pose(7, VIEWS, 3.1, 1);

    CHECK_OK(omma_volume_create(&v, VOXEL, 60));
    CHECK(integrate(v, FIXTURE_SPHERE, &fixture_camera, &first, 1) == OMMA_FULL);
    omma_mesh before = mesh_of(v);
    CHECK(before.triangle_count > 100);
    CHECK(integrate(v, FIXTURE_SPHERE, &fixture_camera, &second, 1) == OMMA_FULL);
    CHECK_OK(integrate(v, FIXTURE_SPHERE, &fixture_camera, &second, -1));
    omma_mesh after = mesh_of(v);

    CHECK(same_mesh(&before, &after));
    omma_mesh_finish(&before);
    omma_mesh_finish(&after);
    omma_volume_destroy(&v);
}

static void expected_blocks_are_a_little_more_than_there_will_be(void)
{
    omma_volume *v = whole_shape(FIXTURE_SPHERE, &fixture_camera), *other;
    size_t blocks = 0;

    CHECK_OK(omma_volume_create(&other, VOXEL, 0));
    for (int k = 0; k < VIEWS; k++) {
        omma_sim3 T = fixture_pose(k, VIEWS, 3.2, 0.5 + 0.1 * k);
        omma_depth_map d = fixture_depth(FIXTURE_SPHERE, &fixture_camera, &T, 160, 120, 0.001f);

        CHECK_OK(volume_expect(other, &d, &fixture_camera, &T, 0.05, &blocks));
        omma_depth_map_finish(&d);
    }
    CHECK(blocks >= v->index.count && blocks < 2 * v->index.count);
    CHECK(other->index.count == 0);
    omma_volume_destroy(&other);
    omma_volume_destroy(&v);
}

static void what_is_taken_out_leaves_no_trace(void)
{
    omma_volume *v = whole_shape(FIXTURE_SPHERE, &fixture_camera);
    omma_mesh before = mesh_of(v);
    omma_sim3 wrong = fixture_pose(3, VIEWS, 3.1, 1), also = fixture_pose(5, VIEWS, 3.3, 1);

    CHECK_OK(integrate(v, FIXTURE_BOX, &fixture_camera, &wrong, 1));
    CHECK_OK(integrate(v, FIXTURE_BOX, &fixture_camera, &also, 1));
    omma_mesh between = mesh_of(v);

    CHECK(!same_mesh(&before, &between));
    CHECK_OK(integrate(v, FIXTURE_BOX, &fixture_camera, &wrong, -1));
    CHECK_OK(integrate(v, FIXTURE_BOX, &fixture_camera, &also, -1));
    omma_mesh after = mesh_of(v);
    int worst = 0;

    CHECK(same_mesh(&before, &after));
    for (size_t i = 0; i < 3 * after.vertex_count && same_mesh(&before, &after); i++)
        worst =
            abs(after.rgb[i] - before.rgb[i]) > worst ? abs(after.rgb[i] - before.rgb[i]) : worst;
    CHECK(worst <= 1);
    omma_mesh_finish(&before);
    omma_mesh_finish(&between);
    omma_mesh_finish(&after);
    omma_volume_destroy(&v);
}

static void only_what_changed_is_meshed_again(void)
{
    omma_volume *v = whole_shape(FIXTURE_SPHERE, &fixture_camera);
    omma_mesh first = mesh_of(v);
    size_t all = v->meshed_blocks;
    omma_mesh again = mesh_of(v);

    CHECK(all > 100 && all <= v->index.count);
    CHECK(v->meshed_blocks == 0);
    CHECK(same_mesh(&first, &again));
    omma_mesh_finish(&again);

    omma_sim3 T = fixture_pose(0, VIEWS, 3.2, 1);

    CHECK_OK(integrate(v, FIXTURE_SPHERE, &fixture_camera, &T, 1));
    again = mesh_of(v);
    CHECK(v->meshed_blocks > 0 && v->meshed_blocks < 9 * all / 10);

    /* as if it had been made at once */
    memset(v->changed, 1, v->index.count);
    omma_mesh whole = mesh_of(v);

    CHECK(v->meshed_blocks == v->index.count);
    CHECK(same_mesh(&again, &whole));
    omma_mesh_finish(&first);
    omma_mesh_finish(&again);
    omma_mesh_finish(&whole);
    omma_volume_destroy(&v);
}

static void a_full_volume_says_so_and_goes_on(void)
{
    omma_volume *v;
    omma_sim3 T = fixture_pose(0, VIEWS, 3.2, 1);

    CHECK_OK(omma_volume_create(&v, VOXEL, 20));
    CHECK(integrate(v, FIXTURE_SPHERE, &fixture_camera, &T, 1) == OMMA_FULL);
    CHECK(v->index.count == 20);
    omma_mesh m = mesh_of(v);

    CHECK(m.triangle_count > 0);
    omma_mesh_finish(&m);
    CHECK_OK(integrate(v, FIXTURE_SPHERE, &fixture_camera, &T, -1));
    m = mesh_of(v);
    CHECK(m.triangle_count == 0);
    omma_mesh_finish(&m);
    omma_volume_destroy(&v);
}

static void uncertain_depth_counts_less(void)
{
    omma_volume *v;
    omma_sim3 T = fixture_look(0, 0, -3, 1), wrong = T;

    CHECK_OK(omma_volume_create(&v, VOXEL, 0));
    for (int i = 0; i < 2; i++) { /* the second sees everything two voxels further away */
        omma_depth_map d =
            fixture_depth(FIXTURE_BOX, &fixture_camera, &T, 160, 120, i ? 0.04f : 0.002f);

        wrong.t[2] = T.t[2] + (i ? 2 * VOXEL : 0);
        CHECK_OK(omma_volume_integrate(v, &d, &fixture_camera, &wrong, 0.05, 1));
        CHECK_OK(omma_volume_integrate(v, &d, &fixture_camera, &T, 0.001, 1)); /* nothing */
        omma_depth_map_finish(&d);
    }
    omma_mesh m = mesh_of(v);
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; i < m.vertex_count; i++) {
        const float *p = m.positions + 3 * i;

        if (fabsf(p[0]) < 0.5f && fabsf(p[1]) < 0.5f)
            sum += (double)p[2] + fixture_half[2], n++;
    }
    CHECK(n > 100);
    CHECK(sum / (double)n > 0 && sum / (double)n < 0.2 * VOXEL);
    omma_mesh_finish(&m);
    omma_volume_destroy(&v);
}

static void carving_takes_away_what_hangs_in_the_air(void)
{
    omma_volume *v = whole_shape(FIXTURE_SPHERE, &fixture_camera);
    omma_mesh before = mesh_of(v);
    omma_sim3 shifted = fixture_pose(0, VIEWS, 3.2, 1);
    omma_depth_map d = fixture_depth(FIXTURE_SPHERE, &fixture_camera, &shifted, 160, 120, 0.02f);

    for (int i = 0; i < 160 * 120; i++) /* a ghost well before the sphere */
        d.depth[i] = d.depth[i] > 0 ? d.depth[i] - 0.6f : 0;
    CHECK_OK(omma_volume_integrate(v, &d, &fixture_camera, &shifted, 0.05, 1));
    omma_depth_map_finish(&d);
    omma_mesh ghost = mesh_of(v);

    CHECK(fixture_largest_distance(FIXTURE_SPHERE, &ghost) > 0.3);
    for (int k = 0; k < VIEWS; k++) {
        omma_sim3 T = fixture_pose(k, VIEWS, 3.2, 1);

        d = fixture_depth(FIXTURE_SPHERE, &fixture_camera, &T, 160, 120, 0.001f);
        CHECK_OK(volume_carve(v, &d, &fixture_camera, &T, 0.05));
        omma_depth_map_finish(&d);
    }
    omma_mesh after = mesh_of(v);

    CHECK(after.triangle_count < ghost.triangle_count);
    CHECK(fixture_area(&after) < fixture_area(&before) + 0.2);
    omma_mesh_finish(&before);
    omma_mesh_finish(&ghost);
    omma_mesh_finish(&after);
    omma_volume_destroy(&v);
}

static void nonsense_is_refused(void)
{
    omma_volume *v;
    omma_sim3 T = fixture_look(0, 0, -3, 1), nowhere = T;
    omma_camera bad = fixture_camera;
    omma_depth_map d = fixture_depth(FIXTURE_BOX, &fixture_camera, &T, 16, 12, 0.001f), none = {0};

    CHECK(omma_volume_create(&v, 0, 0) == OMMA_INVALID);
    CHECK(omma_volume_create(&v, NAN, 0) == OMMA_INVALID);
    CHECK_OK(omma_volume_create(&v, VOXEL, 0));
    nowhere.t[0] = NAN;
    bad.fx = -1;
    CHECK(omma_volume_integrate(v, &d, &fixture_camera, &nowhere, 0.05, 1) == OMMA_INVALID);
    CHECK(omma_volume_integrate(v, &d, &bad, &T, 0.05, 1) == OMMA_INVALID);
    CHECK_OK(omma_volume_integrate(v, &none, &fixture_camera, &T, 0.05, 1));
    d.depth[0] = INFINITY, d.depth[1] = NAN, d.depth[2] = -1, d.depth[3] = 1e29f;
    d.error[4] = NAN, d.error[5] = -1;
    for (int i = 0; i < 6; i++)
        d.depth[i + 10] = 1e-30f, d.error[i] = 0.01f;
    CHECK_OK(omma_volume_integrate(v, &d, &fixture_camera, &T, 0.05, 1));
    CHECK(v->index.count < 1000);
    omma_depth_map_finish(&d);
    omma_volume_destroy(&v);
    omma_volume_destroy(&v);
}

int main(void)
{
    TEST(a_sphere_from_all_sides_is_a_sphere);
    TEST(a_box_from_all_sides_is_a_box);
    TEST(lenses_make_no_difference);
    TEST(a_full_volume_gives_back_what_it_took);
    TEST(expected_blocks_are_a_little_more_than_there_will_be);
    TEST(what_is_taken_out_leaves_no_trace);
    TEST(only_what_changed_is_meshed_again);
    TEST(a_full_volume_says_so_and_goes_on);
    TEST(uncertain_depth_counts_less);
    TEST(carving_takes_away_what_hangs_in_the_air);
    TEST(nonsense_is_refused);
    return check_done();
}
