/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU time of a picture of many points, also as a multiple of reading all of them once and storing
 * eight bytes for each:
 *
 *   render_bench [points [WIDTHxHEIGHT [pictures [file.png]]]]   default: 1000000 1280x720 30
 *
 * The points lie on the walls, the floor and twelve pillars of a hall, seen from an orbit that has
 * nearly all of them in the picture. OMMA_CPU=scalar|avx2|avx512 chooses the kernels.
 */
#include <omma/map.h>
#include <omma/media.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HALF   6.0 /* of the hall, m */
#define HEIGHT 3.0

static void place(omma_cloud_point *p, const double at[3], const double normal[3])
{
    int tile = (int)(floor(at[0] * 4) + floor(at[1] * 4) + floor(at[2] * 4)) & 1;

    for (int k = 0; k < 3; k++) {
        p->world[k] = (float)at[k];
        p->normal[k] = (float)normal[k];
        p->rgb[k] = (uint8_t)(90 + 60 * tile + 20 * k);
    }
}

/* y down; shares by area: floor 144, walls 4 x 36, pillars 12 x 7.5. */
static void random_point(omma_cloud_point *p, uint64_t *seed)
{
    double a = HALF * (2 * omma_random_unit(seed) - 1), b = HALF * (2 * omma_random_unit(seed) - 1);
    double h = -HEIGHT * omma_random_unit(seed);
    uint32_t kind = omma_random_below(seed, 378);

    if (kind < 144) {
        place(p, (double[]){a, 0, b}, (double[]){0, -1, 0});
    } else if (kind < 288) {
        uint32_t wall = (kind - 144) / 36;
        double side = wall & 1 ? 1 : -1;

        if (wall < 2)
            place(p, (double[]){side * HALF, h, a}, (double[]){-side, 0, 0});
        else
            place(p, (double[]){a, h, side * HALF}, (double[]){0, 0, -side});
    } else {
        double x = -3.75 + 2.5 * (kind % 4), z = -3.0 + 3.0 * (kind / 4 % 3);
        double turn = 2 * M_PI * omma_random_unit(seed);

        place(p, (double[]){x + 0.4 * cos(turn), h, z + 0.4 * sin(turn)},
              (double[]){cos(turn), 0, sin(turn)});
    }
}

/* ms */
static double floor_pass(const omma_cloud_point *points, size_t n, uint64_t *to)
{
    int64_t start = omma_clock_cpu_ns();

    for (size_t i = 0; i < n; i++) {
        uint64_t sum = 0, word;

        for (size_t k = 0; k + 8 <= sizeof points[i]; k += 8) {
            memcpy(&word, (const char *)&points[i] + k, 8);
            sum += word;
        }
        to[i] = sum;
    }
    return (double)(omma_clock_cpu_ns() - start) * 1e-6;
}

typedef struct timing {
    double median, low, high; /* ms */
} timing;

static timing sum_up(double *ms, int n)
{
    omma_sort(ms, (size_t)n);
    return (timing){ms[n / 2], ms[n / 10], ms[n * 9 / 10]};
}

static void print(const char *what, timing t)
{
    printf("%-34s %7.2f ms CPU (%.2f .. %.2f)\n", what, t.median, t.low, t.high);
}

static int bench(const omma_cloud *cloud, int width, int height, int pictures, const char *png)
{
    omma_scene scene = {.cloud = cloud};
    omma_render_options o = {.width = width, .height = height};
    uint64_t *sink = omma_new_array(uint64_t, cloud->count);
    double *ms = omma_new_array(double, (size_t)pictures),
           *floors = omma_new_array(double, (size_t)pictures),
           *wall = omma_new_array(double, (size_t)pictures);
    omma_renderer *r = NULL;
    omma_frame *f = NULL;
    omma_error err = omma_renderer_create(&r, &scene, &o);

    for (int i = -2; i < pictures && !err; i++) {
        omma_se3 from = omma_scene_camera(&scene, OMMA_PATH_ORBIT, (double)i / pictures);
        double base = floor_pass(cloud->points, cloud->count, sink);
        int64_t start = omma_clock_cpu_ns(), clock = omma_clock_now_ns();

        omma_frame_unref(&f);
        err = omma_renderer_draw(r, &from, 45, &f);
        if (i < 0)
            continue; /* pages are touched for the first time */
        ms[i] = (double)(omma_clock_cpu_ns() - start) * 1e-6;
        wall[i] = (double)(omma_clock_now_ns() - clock) * 1e-6;
        floors[i] = base;
    }
    if (!err && png)
        err = omma_image_write(png, f, true);
    if (err) {
        fprintf(stderr, "%s\n", omma_why());
    } else {
        timing t = sum_up(ms, pictures), base = sum_up(floors, pictures);

        print("read all points, store 8 bytes", base);
        print("a picture", t);
        printf("%-34s %7.1f\n", "times as long", t.median / base.median);
        printf("%-34s %7.2f ms on %u cores: %.0f pictures/s\n", "by the clock",
               sum_up(wall, pictures).median, omma_cpu_count(),
               1000 / sum_up(wall, pictures).median);
    }
    omma_frame_unref(&f);
    omma_renderer_destroy(&r);
    free(sink);
    free(ms);
    free(floors);
    free(wall);
    return err != OMMA_OK;
}

int main(int argc, char **argv)
{
    int width = 1280, height = 720, points = argc > 1 ? atoi(argv[1]) : 1000000;
    int pictures = argc > 3 ? atoi(argv[3]) : 30;
    uint64_t seed = 1;
    char text[64];

    if (points < 1 || pictures < 1 || (argc > 2 && sscanf(argv[2], "%dx%d", &width, &height) != 2))
        return 2;
    omma_cpu_describe(omma_cpu_flags(), text, sizeof text);
    printf("kernels: %s; %d points, %d x %d\n", text, points, width, height);
    omma_cloud cloud = {.points = omma_new_array(omma_cloud_point, (size_t)points),
                        .count = (size_t)points,
                        .voxel = sqrt(378.0 / points)};

    for (int i = 0; i < points; i++)
        random_point(&cloud.points[i], &seed);
    int failed = bench(&cloud, width, height, pictures, argc > 4 ? argv[4] : NULL);

    free(cloud.points);
    return failed;
}
