/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "scene_render.h"

enum { W = 150, H = 101 }; /* neither is a multiple of the tile */

static const scene_material bricks = {.paint = SCENE_BRICKS, .metres = 1};
static const scene_material plaster = {.paint = SCENE_PLASTER, .metres = 1};

/* One of each kind in a hall. */
static void build(scene_world *w)
{
    scene_world_init(w, 1, 0.4);
    scene_add_hall(w, &(scene_place){0, -1.5, 0, 8, 3, 8, 0}, &bricks);
    scene_add_box(w, &(scene_place){-1, -0.5, 1.5, 0.8, 1, 0.6, 0.5}, &plaster);
    scene_add_box(w, &(scene_place){0.6, -1.1, 0.8, 0.05, 2.2, 0.05, 0.2}, &bricks);
    scene_add_sphere(w, &(scene_place){0.2, -1.2, 2, 0.7, 0.7, 0.7, 0}, &bricks);
    scene_add_cylinder(w, &(scene_place){1.3, -0.6, 1.8, 0.6, 1.2, 0.6, 0.3}, &plaster);
    scene_add_light(w, 0, -2.5, 0, 1);
    CHECK_OK(scene_world_finish(w));
}

static omma_se3 camera_at(double x, double y, double z, double yaw, double pitch)
{
    omma_se3 pose = {.t = {x, y, z}};
    omma_se3 a = {0}, b = {0};
    omma_so3_exp((double[3]){0, yaw, 0}, a.R);
    omma_so3_exp((double[3]){-pitch, 0, 0}, b.R);
    a = omma_se3_mul(&a, &b);
    memcpy(pose.R, a.R, sizeof pose.R);
    return pose;
}

static void to_local(const scene_shape *s, const double world[3], double local[3])
{
    for (int i = 0; i < 3; i++) {
        local[i] = 0;
        for (int k = 0; k < 3; k++)
            local[i] += s->local_from_world[3 * i + k] * (world[k] - s->center[k]);
    }
}

/* Signed distance of a kind: negative inside (of a hall: in its walls). */
static double distance_to(const scene_shape *s, const double world[3])
{
    double p[3], box = -INFINITY;
    to_local(s, world, p);
    for (int i = 0; i < 3; i++)
        box = fmax(box, fabs(p[i]) - s->half[i]);
    switch (s->kind) {
    case SCENE_BOX:
        return box;
    case SCENE_HALL:
        return -box;
    case SCENE_CYLINDER:
        return fmax(hypot(p[0], p[2]) - s->half[0], fabs(p[1]) - s->half[1]);
    default:
        return hypot(hypot(p[0], p[1]), p[2]) - s->half[0];
    }
}

static double scene_distance(const scene_world *w, const double world[3])
{
    double nearest = INFINITY;
    for (size_t i = 0; i < w->shape_count; i++)
        nearest = fmin(nearest, distance_to(&w->shapes[i], world));
    return nearest;
}

static void point_on_ray(const scene_renderer *r, const omma_se3 *pose, int x, int y, double z,
                         double world[3])
{
    omma_se3_apply(pose, (double[3]){(x - r->cx) / r->focal * z, (y - r->cy) / r->focal * z, z},
                   world);
}

/* The point at the depth lies on a surface, and nothing stands before it. */
static void check_depth(const scene_renderer *r, const omma_se3 *pose, const float *depth)
{
    double worst = 0;
    int blocked = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            double z = (double)depth[y * W + x], world[3];
            point_on_ray(r, pose, x, y, z, world);
            worst = fmax(worst, fabs(scene_distance(r->world, world)) / z);
            for (double nearer = 0.03; nearer < z - 0.001; nearer += 0.02) {
                point_on_ray(r, pose, x, y, nearer, world);
                blocked += scene_distance(r->world, world) < -1e-5;
            }
        }
    CHECK(worst < 1e-6); /* measured 2.4e-7 */
    CHECK(blocked == 0);
}

static void depth_is_where_the_surfaces_are(void)
{
    scene_world w;
    scene_renderer r;
    build(&w);
    CHECK_OK(scene_renderer_init(&r, &w, W, H, 100));
    float *depth = malloc(W * H * sizeof *depth);
    for (int i = 0; i < 12; i++) {
        /* among the things, also with parts of them behind the camera */
        omma_se3 pose = camera_at(1.5 * sin(i), -1.2 + 0.05 * i, 0.4 * cos(3 * i) - 0.3, 0.5236 * i,
                                  0.3 * sin(2 * i));
        memset(depth, 0, W * H * sizeof *depth);
        scene_draw(&r, &pose, depth);
        check_depth(&r, &pose, depth);
        float *alone = calloc(W * H, sizeof *alone);
        scene_measure(&r, &pose, alone);
        CHECK(memcmp(alone, depth, W * H * sizeof *depth) == 0);
        free(alone);
    }
    free(depth);
    scene_renderer_finish(&r);
    scene_world_destroy(&w);
}

static void twins_give_the_same_bytes(void)
{
    scene_world w;
    scene_renderer a, b;
    build(&w);
    CHECK_OK(scene_renderer_init(&a, &w, W, H, 100));
    CHECK_OK(scene_renderer_init(&b, &w, W, H, 100));
    a.kernels = &scene_kernels_scalar;
    float *depth_a = malloc(W * H * sizeof(float)), *depth_b = malloc(W * H * sizeof(float));
    const unsigned flags[] = {omma_cpu_flags() & OMMA_CPU_AVX2, omma_cpu_flags()};
    for (int i = 0; i < 10; i++) {
        omma_se3 pose = camera_at(0.3 * i - 1, -1.3, -1, 0.2 * i - 1, 0.1);
        b.kernels = scene_kernels_choose(flags[i & 1]);
        scene_draw(&a, &pose, depth_a);
        scene_draw(&b, &pose, depth_b);
        size_t bytes = (size_t)a.stride * H * sizeof(float);
        CHECK(memcmp(depth_a, depth_b, W * H * sizeof(float)) == 0);
        CHECK(memcmp(a.luma, b.luma, bytes) == 0);
        CHECK(memcmp(a.cb, b.cb, bytes) == 0);
        CHECK(memcmp(a.cr, b.cr, bytes) == 0);
    }
    free(depth_a);
    free(depth_b);
    scene_renderer_finish(&a);
    scene_renderer_finish(&b);
    scene_world_destroy(&w);
}

static void noise_at_64_points_is_noise_at_each(void)
{
    uint32_t seed[SCENE_POINTS];
    float u[SCENE_POINTS], v[SCENE_POINTS], one[SCENE_POINTS];
    float plain[SCENE_POINTS], avx2[SCENE_POINTS], best[SCENE_POINTS];
    for (int k = 0; k < 20; k++) {
        for (int i = 0; i < SCENE_POINTS; i++) {
            seed[i] = scene_hash((uint32_t)k, (uint32_t)i, 1);
            u[i] = 4 * scene_hash_unit((uint32_t)k, (uint32_t)i, 2) - 2;
            v[i] = k == 0 ? -1 : k == 1 ? 0.999999f : scene_hash_unit((uint32_t)k, (uint32_t)i, 3);
            one[i] = scene_fractal(seed[i], u[i], v[i], 3 + k, 5 * k + 1, 1 + k % 5);
            CHECK(one[i] >= -1.2f && one[i] <= 1.2f);
        }
        scene_noise_scalar.fractal(seed, u, v, 3 + k, 5 * k + 1, 1 + k % 5, plain);
        scene_noise_choose(omma_cpu_flags() & OMMA_CPU_AVX2)
            ->fractal(seed, u, v, 3 + k, 5 * k + 1, 1 + k % 5, avx2);
        scene_noise_choose(omma_cpu_flags())
            ->fractal(seed, u, v, 3 + k, 5 * k + 1, 1 + k % 5, best);
        CHECK(memcmp(plain, one, sizeof one) == 0);
        CHECK(memcmp(avx2, one, sizeof one) == 0);
        CHECK(memcmp(best, one, sizeof one) == 0);
    }
}

/* Against 64 rays per pixel: what one trilinear tap per pixel and four rays at edges leave undone.
 */
static void pictures_do_not_alias(void)
{
    scene_world w;
    scene_renderer one, many;
    build(&w);
    CHECK_OK(scene_renderer_init(&one, &w, W, H, 100));
    CHECK_OK(scene_renderer_init(&many, &w, W, H, 100));
    for (int i = 0; i < 3; i++) {
        omma_se3 pose = camera_at(-0.5 * i, -1.5, -2.5, 0.3 * i, 0.25);
        scene_draw(&one, &pose, NULL);
        scene_clear(&many);
        for (int k = 0; k < 64; k++)
            scene_add(&many, &pose,
                      (const float[2]){((float)(k % 8) + 0.5f) / 8 - 0.5f,
                                       ((float)(k / 8) + 0.5f) / 8 - 0.5f},
                      1.0f / 64);
        double square = 0, bias = 0;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                double d = (double)(one.luma[y * one.stride + x] - many.luma[y * many.stride + x]);
                square += d * d / (W * H);
                bias += d / (W * H);
            }
        CHECK(sqrt(square) < 2.5); /* measured 1.5 to 1.6 grey levels */
        CHECK(fabs(bias) < 0.05);
    }
    scene_renderer_finish(&one);
    scene_renderer_finish(&many);
    scene_world_destroy(&w);
}

static void nothing_is_black_and_has_depth_0(void)
{
    scene_world w;
    scene_renderer r;
    scene_world_init(&w, 1, 0.4);
    scene_add_box(&w, &(scene_place){0, 0, 5, 1, 1, 1, 0}, &plaster);
    CHECK_OK(scene_world_finish(&w));
    CHECK_OK(scene_renderer_init(&r, &w, W, H, 100));
    omma_se3 pose = omma_se3_identity();
    float *depth = malloc(W * H * sizeof *depth);
    scene_draw(&r, &pose, depth);
    CHECK_CLOSE(depth[0], 0, .abs = 0);
    CHECK_CLOSE(r.luma[0], 0, .abs = 0);
    CHECK_CLOSE(depth[H / 2 * W + W / 2], 4.5, .rel = 1e-6);
    CHECK(r.luma[H / 2 * r.stride + W / 2] > 20);
    free(depth);
    scene_renderer_finish(&r);
    scene_world_destroy(&w);
}

int main(void)
{
    TEST(depth_is_where_the_surfaces_are);
    TEST(twins_give_the_same_bytes);
    TEST(noise_at_64_points_is_noise_at_each);
    TEST(pictures_do_not_alias);
    TEST(nothing_is_black_and_has_depth_0);
    return check_done();
}
