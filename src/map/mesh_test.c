/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "depth_fixture.h"
#include "mesh.h"
#include "mesh_ply.h"
#include "scratch.h"

#define VOXEL 0.08

/* The fixture's shape as a volume gives it, with the box's corners closed. */
static omma_mesh shape_mesh(fixture_shape shape)
{
    omma_volume *v;
    omma_mesh m = {0};

    CHECK_OK(omma_volume_create(&v, VOXEL, 0));
    for (int k = 0; k < 16; k++) {
        omma_sim3 T = fixture_pose(k, 16, 3.2, 1);
        omma_depth_map d = fixture_depth(shape, &fixture_camera, &T, 120, 90, 0.001f);

        CHECK_OK(omma_volume_integrate(v, &d, &fixture_camera, &T, 0.05, 1));
        omma_depth_map_finish(&d);
    }
    CHECK_OK(omma_volume_mesh(v, &m));
    CHECK_OK(mesh_close_holes(&m, 20 * VOXEL, NULL));
    omma_volume_destroy(&v);
    return m;
}

/* A sheet of n x n squares of edge 1, z = 0, seen from above; normals as they should be. */
static omma_mesh sheet_mesh(int n)
{
    omma_mesh m;

    CHECK_OK(mesh_create(&m, (size_t)(n + 1) * (n + 1), 2 * (size_t)n * n));
    for (int j = 0; j <= n; j++)
        for (int i = 0; i <= n; i++) {
            size_t v = (size_t)j * (n + 1) + i;

            m.positions[3 * v] = (float)i;
            m.positions[3 * v + 1] = (float)j;
            m.normals[3 * v + 2] = 1;
            m.rgb[3 * v] = i < n / 2 ? 40 : 200;
        }
    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++) {
            uint32_t v = (uint32_t)(j * (n + 1) + i), w = v + (uint32_t)n + 1;
            const uint32_t square[6] = {v, v + 1, w + 1, v, w + 1, w};

            memcpy(m.triangles + 6 * ((size_t)j * n + i), square, sizeof square);
        }
    return m;
}

/* Takes the squares out whose lower corner is within the box. */
static void cut_window(omma_mesh *m, int x0, int y0, int x1, int y1)
{
    for (size_t square = 0; square < m->triangle_count / 2; square++) {
        uint32_t *v = m->triangles + 6 * square;
        const float *p = m->positions + 3 * (size_t)v[0];

        if (p[0] >= (float)x0 && p[0] < (float)x1 && p[1] >= (float)y0 && p[1] < (float)y1)
            memset(v, 0, 6 * sizeof *v);
    }
    CHECK_OK(mesh_compact(m));
}

static void holes_are_closed_up_to_their_limit(void)
{
    omma_mesh m = sheet_mesh(20);

    cut_window(&m, 3, 3, 5, 5);     /* rim 8 */
    cut_window(&m, 10, 10, 15, 13); /* rim 16 */
    CHECK_CLOSE(fixture_area(&m), 400 - 4 - 15, .abs = 1e-9);
    CHECK_OK(mesh_close_holes(&m, 7.9, NULL));
    CHECK_CLOSE(fixture_area(&m), 400 - 4 - 15, .abs = 1e-9);
    CHECK_OK(mesh_close_holes(&m, 8.1, NULL));
    CHECK_CLOSE(fixture_area(&m), 400 - 15, .abs = 1e-9);
    CHECK_OK(mesh_close_holes(&m, 1e9, NULL)); /* but never the outside */
    CHECK_CLOSE(fixture_area(&m), 400, .abs = 1e-9);
    CHECK(fixture_borders(&m) == 80);
    for (size_t t = 0; t < m.triangle_count; t++) {
        double n[3];

        fixture_triangle(&m, t, n);
        CHECK(n[2] > 0);
    }
    omma_mesh_finish(&m);
}

static void small_pieces_go(void)
{
    omma_mesh m = sheet_mesh(10);

    cut_window(&m, 3, 0, 4, 10); /* 60 and 120 triangles are left */
    CHECK(m.triangle_count == 180);
    CHECK_OK(mesh_drop_pieces(&m, 60));
    CHECK(m.triangle_count == 180);
    CHECK_OK(mesh_drop_pieces(&m, 61));
    CHECK(m.triangle_count == 120 && m.vertex_count == 7 * 11);
    CHECK_OK(mesh_drop_pieces(&m, 1000));
    CHECK(m.triangle_count == 0 && m.vertex_count == 0);
    omma_mesh_finish(&m);
}

/* Two tetrahedra that share an edge, and a third that touches one of them in a vertex. */
static void what_touches_is_taken_apart(void)
{
    static const uint32_t triangles[12][3] = {
        {0, 1, 2}, {0, 2, 3}, {0, 3, 1}, {1, 3, 2}, /* edge 0-1 */
        {0, 4, 1}, {0, 5, 4}, {0, 1, 5}, {1, 4, 5},
        {3, 6, 7}, {3, 7, 8}, {3, 8, 6}, {6, 8, 7}, /* vertex 3 */
    };
    omma_mesh m;
    uint32_t *twin;
    size_t borders = 0;

    CHECK_OK(mesh_create(&m, 9, 12));
    memcpy(m.triangles, triangles, sizeof triangles);
    for (int i = 0; i < 27; i++)
        m.positions[i] = (float)(i * i % 7);
    CHECK_OK(mesh_make_manifold(&m));
    CHECK(m.triangle_count == 8); /* four had the edge */
    CHECK_OK(mesh_twins(&m, &twin));
    for (size_t h = 0; h < 3 * m.triangle_count; h++)
        borders += twin[h] == NO_HALF_EDGE;
    CHECK(borders == 8);
    free(twin);
    size_t vertices = m.vertex_count;

    CHECK(vertices == 12); /* 0, 1 and 3 came twice */
    CHECK_OK(mesh_drop_pieces(&m, 3));
    CHECK(m.triangle_count == 4 && m.vertex_count == 4);
    CHECK_OK(mesh_make_manifold(&m)); /* and nothing else is changed */
    CHECK(m.triangle_count == 4 && m.vertex_count == 4);
    omma_mesh_finish(&m);
}

/* Largest distance of the mesh's triangles from the shape, sampled. */
static double largest_distance_inside(fixture_shape shape, const omma_mesh *m)
{
    double worst = 0;

    for (size_t t = 0; t < m->triangle_count; t++)
        for (int i = 0; i <= 4; i++)
            for (int j = 0; i + j <= 4; j++) {
                float p[3] = {0}, w[3] = {0.25f * (float)i, 0.25f * (float)j};

                w[2] = 1 - w[0] - w[1];
                for (int k = 0; k < 9; k++)
                    p[k % 3] +=
                        w[k / 3] * m->positions[3 * (size_t)m->triangles[3 * t + k / 3] + k % 3];
                worst = fmax(worst, fabs(fixture_distance(shape, p)));
            }
    return worst;
}

static void a_tenth_of_the_triangles_is_the_same_shape(fixture_shape shape, double area,
                                                       double volume)
{
    omma_mesh m = shape_mesh(shape);
    size_t tenth = m.triangle_count / 10;

    CHECK_OK(mesh_decimate(&m, tenth, NULL));
    CHECK(m.triangle_count <= tenth && m.triangle_count >= tenth - 2);
    CHECK(fixture_borders(&m) == 0);
    CHECK(fixture_euler(&m) == 2);
    CHECK(largest_distance_inside(shape, &m) < 0.8 * VOXEL);
    CHECK_CLOSE(fixture_area(&m), area, .rel = 0.03);
    CHECK_CLOSE(fixture_volume(&m), volume, .rel = 0.03);
    CHECK_OK(mesh_decimate(&m, 1, NULL)); /* as far as it goes: still a body */
    CHECK(m.triangle_count >= 4 && m.triangle_count < 60);
    CHECK(fixture_borders(&m) == 0 && fixture_euler(&m) == 2);
    omma_mesh_finish(&m);
}

static void decimation_keeps_the_sphere(void)
{
    a_tenth_of_the_triangles_is_the_same_shape(FIXTURE_SPHERE, 4 * M_PI, 4 * M_PI / 3);
}

static void decimation_keeps_the_box(void)
{
    a_tenth_of_the_triangles_is_the_same_shape(FIXTURE_BOX, 2 * (2 * 1.6 + 2 * 1.2 + 1.6 * 1.2),
                                               2 * 1.6 * 1.2);
}

static void decimation_keeps_borders_and_colors(void)
{
    omma_mesh m = sheet_mesh(32);

    cut_window(&m, 8, 8, 16, 20);
    double area = fixture_area(&m);

    CHECK_OK(mesh_decimate(&m, 200, NULL));
    CHECK(m.triangle_count <= 200);
    CHECK_CLOSE(fixture_area(&m), area, .abs = 0.01 * area);
    for (size_t i = 0; i < m.vertex_count; i++) {
        float x = m.positions[3 * i];

        if (x < 14) /* the colours' edge is at 16 */
            CHECK(m.rgb[3 * i] == 40);
        if (x > 17)
            CHECK(m.rgb[3 * i] == 200);
    }
    for (size_t t = 0; t < m.triangle_count; t++) {
        double n[3];

        fixture_triangle(&m, t, n);
        CHECK(n[2] > 0);
    }
    omma_mesh_finish(&m);
}

static void ply_holds_the_mesh(void)
{
    omma_mesh m = sheet_mesh(3);
    char *folder = scratch_make(), *path = omma_text("%s/mesh.ply", folder), *data;
    size_t bytes;

    CHECK_OK(mesh_write_ply(&m, NULL, path, NULL));
    CHECK(mesh_write_ply(&m, NULL, path, NULL) == OMMA_EXISTS);
    CHECK_OK(mesh_write_ply(&m, NULL, path, &(omma_export_options){.replace = true}));
    data = scratch_read(folder, "mesh.ply", &bytes);
    CHECK(data && strstr(data, "end_header\n"));
    CHECK(strstr(data, "element vertex 16\n") && strstr(data, "element face 18\n"));
    CHECK(strstr(data, "comment unit: units\n"));
    size_t body = bytes - (16 * 27 + 18 * 13);
    float x;

    CHECK(memcmp(data + body - 11, "end_header\n", 11) == 0);
    memcpy(&x, data + body + 27, sizeof x); /* of vertex 1, on machines like this one */
    CHECK_CLOSE(x, 1, .abs = 0);
    body += 16 * 27;
    CHECK(data[body] == 3 && data[body + 1] == 0 && data[body + 5] == 1 && data[body + 9] == 5);
    free(data);
    free(path);
    scratch_remove(folder);
    omma_mesh_finish(&m);
}

int main(void)
{
    TEST(holes_are_closed_up_to_their_limit);
    TEST(small_pieces_go);
    TEST(what_touches_is_taken_apart);
    TEST(decimation_keeps_the_sphere);
    TEST(decimation_keeps_the_box);
    TEST(decimation_keeps_borders_and_colors);
    TEST(ply_holds_the_mesh);
    return check_done();
}
