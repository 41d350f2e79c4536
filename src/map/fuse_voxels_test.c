/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "fuse_cells.h"
#include "fuse_voxels.h"

static omma_cloud_point point_at(double x, double y, double z, double error)
{
    return (omma_cloud_point){.world = {(float)x, (float)y, (float)z},
                              .normal = {0, 0, 1},
                              .rgb = {100, 100, 100},
                              .views = 2,
                              .error = (float)error,
                              .keyframe = (uint32_t)(1000 * error)};
}

static void points_of_a_cube_become_their_weighted_mean(void)
{
    fuse_voxels v;
    omma_cloud_point a = point_at(-0.9, 0.1, 0.1, 0.2), b = point_at(-0.4, 0.6, 0.1, 0.1);

    a.views = 3;
    b.rgb[1] = 200;
    fuse_voxels_init(&v, 1, 10);
    CHECK_OK(fuse_voxels_add(&v, &a));
    CHECK_OK(fuse_voxels_add(&v, &b));
    CHECK(v.count == 1);
    CHECK_CLOSE(v.points[0].world[0], -0.5, .abs = 1e-6); /* weights 1 and 4 */
    CHECK_CLOSE(v.points[0].world[1], 0.5, .abs = 1e-6);
    CHECK_CLOSE(v.points[0].error, 0.12, .abs = 1e-6);
    CHECK(v.points[0].rgb[0] == 100 && v.points[0].rgb[1] == 180);
    CHECK(v.points[0].views == 3 && v.points[0].keyframe == 100);
    a = point_at(0.1, 0.1, 0.1, 0.2); /* across 0 is another cube */
    CHECK_OK(fuse_voxels_add(&v, &a));
    CHECK(v.count == 2);
    a = point_at(1e9, 0, 0, 0.1); /* nowhere */
    CHECK_OK(fuse_voxels_add(&v, &a));
    CHECK(v.count == 2);
    fuse_voxels_finish(&v);
}

static void cubes_grow_until_all_fit(void)
{
    fuse_voxels v;
    uint64_t seed = 4;

    fuse_voxels_init(&v, 0.01, 5000);
    for (int i = 0; i < 30000; i++) {
        omma_cloud_point p =
            point_at(omma_random_unit(&seed) * 2 - 1, omma_random_unit(&seed) * 2 - 1, 0.5, 0.01);

        CHECK_OK(fuse_voxels_add(&v, &p));
        CHECK(v.count <= 5000);
    }
    CHECK(v.edge > 0.01 && v.count > 2000);
    CHECK_OK(fuse_voxels_bound(&v, 777));
    CHECK(v.count <= 777 && v.count > 400);
    float weight = 0;

    for (size_t i = 0; i < v.count; i++)
        weight += v.weight[i];
    CHECK_CLOSE(weight, 30000 * 1e4, .rel = 1e-3); /* nothing is lost */
    CHECK_OK(fuse_voxels_bound(&v, 5));            /* no cubes at the origin are as few as that */
    CHECK(v.count == 5 && v.edge < 1);
    CHECK_OK(fuse_voxels_bound(&v, 1));
    CHECK(v.count == 1);
    fuse_voxels_finish(&v);
}

static void neighbours_are_found_once(void)
{
    enum { N = 2000 };
    static omma_cloud_point points[N];
    fuse_cells c;
    uint64_t seed = 9;

    for (int i = 0; i < N; i++)
        points[i] = point_at(omma_random_unit(&seed) * 2 - 1, omma_random_unit(&seed) * 2 - 1,
                             omma_random_unit(&seed) * 2 - 1, 0.01);
    CHECK_OK(fuse_cells_init(&c, points, N, 0.25));
    for (int i = 0; i < N; i += 7) {
        uint32_t runs[27][2];
        int near = 0, want = 0;

        for (int n = fuse_cells_near(&c, points[i].world, runs); n-- > 0;)
            for (uint32_t k = runs[n][0]; k < runs[n][1]; k++) {
                const float *w = points[c.order[k]].world;

                near += hypot(hypot(w[0] - points[i].world[0], w[1] - points[i].world[1]),
                              w[2] - points[i].world[2]) < 0.25;
            }
        for (int k = 0; k < N; k++)
            want += hypot(hypot(points[k].world[0] - points[i].world[0],
                                points[k].world[1] - points[i].world[1]),
                          points[k].world[2] - points[i].world[2]) < 0.25;
        CHECK(near == want);
    }
    fuse_cells_finish(&c);
}

int main(void)
{
    TEST(points_of_a_cube_become_their_weighted_mean);
    TEST(cubes_grow_until_all_fit);
    TEST(neighbours_are_found_once);
    return check_done();
}
