/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time to take a depth map of 320 x 240 into a volume of 2 cm voxels, to take it out again, and
 * to mesh what changed; beside it the time to copy the bytes of the blocks that it touches, which
 * nothing that reads and writes them could be faster than. volume_bench [VIEWS] */
#include <omma/map.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 240, BLOCK_BYTES = 512 * 12 };

static const double voxel = 0.02, room[3] = {2, 1.3, 2.5}; /* half of it, m */
static const omma_camera camera = {OMMA_CAMERA_PINHOLE, WIDTH, HEIGHT, 260, 260, 159.5, 119.5, {0}};

/* Turning in the middle of the room, with a pillar in it. */
static omma_sim3 pose_at(int view, int views)
{
    omma_se3 T = omma_se3_identity();
    const double turn[3] = {0.1 * sin(view), 2 * M_PI * view / views, 0};

    omma_so3_exp(turn, T.R);
    T.t[0] = 0.3 * sin(0.7 * view);
    T.t[2] = 0.3 * cos(0.9 * view);
    return omma_sim3_from_se3(&T, 1);
}

static double wall(const double o[3], const double d[3])
{
    double nearest = 1e30;

    for (int k = 0; k < 3; k++)
        nearest = fmin(nearest, ((d[k] > 0 ? room[k] : -room[k]) - o[k]) / d[k]);
    double c[2] = {o[0] - 1.2, o[2] - 1.5}, a = d[0] * d[0] + d[2] * d[2];
    double b = c[0] * d[0] + c[1] * d[2], root = b * b - a * (c[0] * c[0] + c[1] * c[1] - 0.04);
    double pillar = root > 0 ? (-b - sqrt(root)) / a : 0;

    return pillar > 0 ? fmin(pillar, nearest) : nearest;
}

static void render(const omma_sim3 *T, omma_depth_map *d, uint64_t *seed)
{
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        double x = (i % WIDTH - camera.cx) / camera.fx, y = (i / WIDTH - camera.cy) / camera.fy;
        double way[3];

        for (int k = 0; k < 3; k++)
            way[k] = T->R[3 * k] * x + T->R[3 * k + 1] * y + T->R[3 * k + 2];
        d->depth[i] = (float)(wall(T->t, way) * (1 + 0.005 * omma_random_normal(seed)));
        d->error[i] = 0.005f;
    }
}

static double ms_since(int64_t start)
{
    return 1e-6 * (double)(omma_clock_thread_ns() - start);
}

static void check(omma_error err)
{
    if (!err)
        return;
    fprintf(stderr, "volume_bench: %s\n", omma_why());
    exit(1);
}

/* How many blocks one view fills. */
static size_t blocks_of(const omma_depth_map *d, const omma_sim3 *T)
{
    size_t low = 0, high = 1 << 16;

    while (low + 1 < high) { /* the least bound that is not reached */
        size_t middle = (low + high) / 2;
        omma_volume *v;

        check(omma_volume_create(&v, voxel, middle));
        omma_error err = omma_volume_integrate(v, d, &camera, T, 0.05, 1);

        if (err && err != OMMA_FULL)
            check(err);
        omma_volume_destroy(&v);
        if (err == OMMA_FULL)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static double copy_ms(size_t bytes)
{
    char *from = malloc(bytes), *to = malloc(bytes);
    double best = 1e30;

    if (!from || !to)
        exit(1);
    memset(from, 1, bytes);
    memset(to, 2, bytes);
    for (int i = 0; i < 10; i++) {
        int64_t start = omma_clock_thread_ns();

        memcpy(to, from, bytes);
        from[i] += to[bytes - 1]; /* it must happen */
        best = fmin(best, ms_since(start));
    }
    free(from);
    free(to);
    return best;
}

int main(int argc, char **argv)
{
    const int views = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : 24;
    omma_depth_map d = {WIDTH, HEIGHT, omma_new_array(float, WIDTH *HEIGHT),
                        omma_new_array(float, WIDTH *HEIGHT), NULL};
    double *in = omma_new_array(double, views), *out = omma_new_array(double, views),
           *mesh = omma_new_array(double, views);
    omma_volume *v;
    uint64_t seed = 1;
    size_t blocks = 0, triangles = 0;

    check(omma_volume_create(&v, voxel, 0));
    for (int i = 0; i < views; i++) {
        omma_sim3 T = pose_at(i, views);
        omma_mesh m = {0};

        render(&T, &d, &seed);
        int64_t start = omma_clock_thread_ns();
        check(omma_volume_integrate(v, &d, &camera, &T, 0.05, 1));
        in[i] = ms_since(start);
        start = omma_clock_thread_ns();
        check(omma_volume_integrate(v, &d, &camera, &T, 0.05, -1));
        out[i] = ms_since(start);
        check(omma_volume_integrate(v, &d, &camera, &T, 0.05, 1));
        start = omma_clock_thread_ns();
        check(omma_volume_mesh(v, &m));
        mesh[i] = ms_since(start);
        triangles = m.triangle_count;
        omma_mesh_finish(&m);
        if (i == views / 2)
            blocks = blocks_of(&d, &T);
    }
    double floor_ms = copy_ms(blocks * BLOCK_BYTES), in_ms = omma_median(in, (size_t)views);

    printf("%d views of %dx%d at %g m: in %.2f ms, out %.2f ms, mesh %.2f ms (%zu triangles at the "
           "end); %zu blocks per view, copied in %.3f ms: ratio %.1f\n",
           views, WIDTH, HEIGHT, voxel, in_ms, omma_median(out, (size_t)views),
           omma_median(mesh, (size_t)views), triangles, blocks, floor_ms, in_ms / floor_ms);
    omma_volume_destroy(&v);
    omma_depth_map_finish(&d);
    free(in);
    free(out);
    free(mesh);
    return 0;
}
