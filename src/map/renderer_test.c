/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_fixture.h"
#include "renderer.h"

enum { WIDTH = 320, HEIGHT = 200 };

/* At the origin, looking along z. */
static const omma_se3 here = {.R = {1, 0, 0, 0, 1, 0, 0, 0, 1}};
#define FOV 60.0

static omma_render_options small(void)
{
    return (omma_render_options){
        .width = WIDTH, .height = HEIGHT, .plain = true, .flat = true, .splat = 0.001f};
}

static omma_frame *draw_scene(const omma_scene *s, const omma_render_options *o,
                              const omma_se3 *from)
{
    omma_renderer *r = NULL;
    omma_frame *f = NULL;

    CHECK_OK(omma_renderer_create(&r, s, o));
    CHECK_OK(omma_renderer_draw(r, from, FOV, &f));
    omma_renderer_destroy(&r);
    return f;
}

static omma_frame *draw_points(omma_cloud_point *points, size_t n, const omma_render_options *o)
{
    omma_cloud cloud = {.points = points, .count = n, .voxel = 0.01};

    return draw_scene(&(omma_scene){.cloud = &cloud}, o, &here);
}

static const uint8_t *pixel(const omma_frame *f, int x, int y)
{
    return f->plane[0] + (size_t)y * (size_t)f->stride[0] + 3 * (size_t)x;
}

static size_t count_lit(const omma_frame *f)
{
    size_t n = 0;

    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            const uint8_t *p = pixel(f, x, y);
            n += p[0] || p[1] || p[2];
        }
    return n;
}

static bool same_pixels(const omma_frame *a, const omma_frame *b)
{
    for (int y = 0; y < a->height; y++)
        if (memcmp(pixel(a, 0, y), pixel(b, 0, y), 3 * (size_t)a->width) != 0)
            return false;
    return true;
}

/* Where a point is seen, by the camera model of geometry. */
static void project(const float world[3], double px[2])
{
    double focal = HEIGHT / 2.0 / tan(FOV / 2 * M_PI / 180);
    omma_camera camera = {.width = WIDTH,
                          .height = HEIGHT,
                          .fx = focal,
                          .fy = focal,
                          .cx = (WIDTH - 1) / 2.0,
                          .cy = (HEIGHT - 1) / 2.0};
    double x[3] = {(double)world[0], (double)world[1], (double)world[2]};

    CHECK(omma_camera_project(&camera, x, px, NULL));
}

static void a_known_point_lands_at_its_pixel(void)
{
    uint64_t seed = 3;
    omma_render_options o = small();

    for (int i = 0; i < 20; i++) {
        omma_cloud_point p = {.rgb = {250, 120, 10}};
        double px[2];

        p.world[2] = (float)(1 + 5 * omma_random_unit(&seed));
        p.world[0] = (float)((omma_random_unit(&seed) - 0.5) * p.world[2]);
        p.world[1] = (float)((omma_random_unit(&seed) - 0.5) * p.world[2]);
        project(p.world, px);
        omma_frame *f = draw_points(&p, 1, &o);
        const uint8_t *at = pixel(f, (int)lround(px[0]), (int)lround(px[1]));

        CHECK(count_lit(f) == 1);
        CHECK(at[0] == 250 && at[1] == 120 && at[2] == 10);
        omma_frame_unref(&f);
    }
}

static void a_splat_is_as_large_as_it_should_be(void)
{
    omma_render_options o = small();
    omma_cloud_point p = {.world = {0.013f, 0.021f, 2}, .rgb = {255, 255, 255}};
    double focal = HEIGHT / 2.0 / tan(FOV / 2 * M_PI / 180), radius = focal * 0.2 / 2 / 2;

    o.splat = 0.2f;
    omma_frame *f = draw_points(&p, 1, &o);
    CHECK_CLOSE((double)count_lit(f), M_PI * radius * radius, .rel = 0.06);
    omma_frame_unref(&f);
    o.splat = 1e-9f;
    f = draw_points(&p, 1, &o);
    CHECK(count_lit(f) == 1);
    omma_frame_unref(&f);
}

static void nearer_hides_farther(void)
{
    omma_render_options o = small();
    omma_cloud_point p[2] = {{.world = {0, 0, 3}, .rgb = {255, 0, 0}},
                             {.world = {0, 0, 2}, .rgb = {0, 255, 0}}};

    for (int i = 0; i < 2; i++) {
        o.splat = 0.1f;
        omma_frame *f = draw_points(p, 2, &o);
        const uint8_t *at = pixel(f, WIDTH / 2, HEIGHT / 2);

        CHECK(at[0] == 0 && at[1] == 255);
        omma_frame_unref(&f);
        omma_cloud_point swap = p[0];
        p[0] = p[1];
        p[1] = swap;
    }
}

static void what_is_behind_broken_or_enormous_is_not_drawn(void)
{
    omma_render_options o = small();
    omma_cloud_point p[] = {
        {.world = {0, 0, -2}, .rgb = {255, 255, 255}},
        {.world = {NAN, 0, 2}, .rgb = {255, 255, 255}},
        {.world = {0, INFINITY, 2}, .rgb = {255, 255, 255}},
        {.world = {3e38f, -3e38f, 3e38f}, .rgb = {255, 255, 255}},
        {.world = {-3e38f, 3e38f, 1}, .rgb = {255, 255, 255}},
        {.world = {0, 0, 0}, .rgb = {255, 255, 255}},
        {.world = {1e30f, 0, 1e-30f}, .rgb = {255, 255, 255}},
    };
    size_t n = sizeof p / sizeof p[0];
    omma_frame *f = draw_points(p, n, &o);

    CHECK(count_lit(f) <= 1); /* the fourth lies in a corner's direction */
    omma_frame_unref(&f);
    for (size_t i = 0; i < n; i++) {
        if (i == 1 || i == 2)
            continue; /* alone there is nothing */
        o.splat = 1e30f;
        f = draw_points(&p[i], 1, &o);
        omma_frame_unref(&f);
    }
}

/* A wall far from the world's origin, where float has steps of 1/16. */
static void far_from_the_origin_works_too(void)
{
    omma_cloud_point p = {.world = {1e6f, 2e6f, -1e6f}, .rgb = {255, 255, 255}};
    omma_cloud cloud = {.points = &p, .count = 1, .voxel = 0.1};
    omma_render_options o = small();
    omma_se3 T = here;

    T.t[0] = 1e6;
    T.t[1] = 2e6;
    T.t[2] = -1e6 - 5;
    omma_frame *f = draw_scene(&(omma_scene){.cloud = &cloud}, &o, &T);
    CHECK(count_lit(f) == 1);
    omma_frame_unref(&f);
}

/* A wall of points with their normals towards the camera or away from it. */
static omma_cloud_point *make_wall(size_t side, float z, float normal_z, const uint8_t color[3])
{
    omma_cloud_point *p = omma_new_array(omma_cloud_point, side * side);

    for (size_t i = 0; i < side * side; i++) {
        p[i].world[0] = ((float)(i % side) / (float)(side - 1) - 0.5f) * 2;
        p[i].world[1] = ((float)(i / side) / (float)(side - 1) - 0.5f) * 2;
        p[i].world[2] = z;
        p[i].normal[2] = normal_z;
        memcpy(p[i].rgb, color, 3);
    }
    return p;
}

static void backs_are_seen_only_when_wanted(void)
{
    omma_render_options o = small();
    omma_cloud_point *p = make_wall(50, 4, 1, (uint8_t[]){200, 200, 200});

    o.splat = 0.06f;
    omma_frame *f = draw_points(p, 2500, &o);
    CHECK(count_lit(f) == 0);
    omma_frame_unref(&f);
    o.both_sides = true;
    f = draw_points(p, 2500, &o);
    CHECK(count_lit(f) > 5000);
    omma_frame_unref(&f);
    free(p);
}

/* One point in nine is taken out of a wall: the holes show the red wall behind, unless closed; the
 * wall's outline stays where it was. */
static void holes_are_closed_and_silhouettes_stay(void)
{
    omma_render_options o = {
        .width = WIDTH, .height = 720, .plain = true, .flat = true, .splat = 0.034f};
    const size_t side = 100;
    omma_cloud_point *p = make_wall(side, 8, -1, (uint8_t[]){10, 200, 10}), *q = p;
    omma_cloud_point *behind = make_wall(side, 12, -1, (uint8_t[]){255, 0, 0});
    omma_cloud_point *all = omma_new_array(omma_cloud_point, 2 * side * side);
    size_t n = 0, red = 0, lit_full, lit;
    omma_frame *f = draw_points(p, side * side, &o);

    lit_full = count_lit(f);
    omma_frame_unref(&f);
    for (size_t i = 0; i < side * side; i++, q++)
        if (i % 3 || i / side % 3)
            all[n++] = *q;
    f = draw_points(all, n, &o);
    lit = count_lit(f);
    omma_frame_unref(&f);
    CHECK_CLOSE((double)lit, (double)lit_full, .rel = 0.02); /* a rim of corners is missing */
    for (size_t i = 0; i < side * side; i++) {
        behind[i].world[0] *= 0.5f;
        behind[i].world[1] *= 0.5f;
        all[n++] = behind[i];
    }
    f = draw_points(all, n, &o);
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++)
            red += pixel(f, x, y)[0] > 100;
    CHECK(red == 0);
    CHECK(count_lit(f) == lit);
    omma_frame_unref(&f);
    free(p);
    free(behind);
    free(all);
}

/* ----------------------------------------------------------------------- the same picture */

static omma_cloud_point *make_box(size_t n)
{
    omma_cloud_point *p = omma_new_array(omma_cloud_point, n);
    uint64_t seed = 9;

    for (size_t i = 0; i < n; i++) {
        omma_map_point q = test_point(&seed);

        for (int k = 0; k < 3; k++)
            p[i].world[k] = (float)q.world[k];
        memcpy(p[i].rgb, q.rgb, 3);
    }
    return p;
}

static omma_frame *draw_with(const omma_scene *s, unsigned threads, const splat_kernels *kernels,
                             bool fine)
{
    omma_renderer *r = NULL;
    omma_frame *f = NULL;
    omma_se3 from = test_pose(30);
    omma_render_options o = {.width = WIDTH + 13,
                             .height = HEIGHT + 5,
                             .threads = threads,
                             .trajectory = true,
                             .frusta = true,
                             .fine = fine};

    CHECK_OK(omma_renderer_create(&r, s, &o));
    r->kernels = kernels;
    CHECK_OK(omma_renderer_draw(r, &from, FOV, &f));
    omma_renderer_destroy(&r);
    return f;
}

static void kernels_and_threads_change_nothing(void)
{
    omma_map *m = test_map(500);
    omma_cloud cloud = {.points = make_box(20000), .count = 20000, .voxel = 0.02};
    omma_scene s = {.map = m, .cloud = &cloud};

    for (int fine = 0; fine < 2; fine++) {
        omma_frame *want = draw_with(&s, 1, &splat_kernels_scalar, fine), *got;

        CHECK(count_lit(want) > 1000);
        for (unsigned threads = 2; threads <= 5; threads += 3) {
            got = draw_with(&s, threads, &splat_kernels_scalar, fine);
            CHECK(same_pixels(want, got));
            omma_frame_unref(&got);
        }
        got = draw_with(&s, 1, splat_kernels_choose(omma_cpu_flags() & OMMA_CPU_AVX2), fine);
        CHECK(same_pixels(want, got));
        omma_frame_unref(&got);
        got = draw_with(&s, 3, splat_kernels_choose(omma_cpu_flags()), fine);
        CHECK(same_pixels(want, got));
        omma_frame_unref(&got);
        omma_frame_unref(&want);
    }
    free(cloud.points);
    omma_map_destroy(&m);
}

static void the_order_of_pictures_changes_nothing(void)
{
    omma_cloud cloud = {.points = make_box(5000), .count = 5000, .voxel = 0.05};
    omma_scene s = {.cloud = &cloud};
    omma_render_options o = {.width = WIDTH, .height = HEIGHT};
    omma_renderer *r = NULL;
    omma_frame *first = NULL, *other = NULL, *again = NULL;
    omma_se3 a = test_pose(30), b = test_pose(90);

    CHECK_OK(omma_renderer_create(&r, &s, &o));
    CHECK_OK(omma_renderer_draw(r, &a, FOV, &first));
    CHECK_OK(omma_renderer_draw(r, &b, FOV, &other));
    CHECK_OK(omma_renderer_draw(r, &a, FOV, &again));
    CHECK(same_pixels(first, again));
    CHECK(!same_pixels(first, other));
    omma_frame_unref(&first);
    omma_frame_unref(&other);
    omma_frame_unref(&again);
    omma_renderer_destroy(&r);
    free(cloud.points);
}

/* ------------------------------------------------------------------------------------ mesh */

/* A square of two triangles at z = 2, seen from its outside. */
static const float square[] = {-0.5f, -0.5f, 2, 0.5f, -0.5f, 2, 0.5f, 0.5f, 2, -0.5f, 0.5f, 2};
static uint8_t square_rgb[] = {200, 0, 0, 200, 0, 0, 200, 0, 0, 200, 0, 0};
static float square_normals[] = {0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1};

static void triangles_cover_their_pixels_once(void)
{
    uint32_t triangles[] = {0, 2, 1, 0, 3, 2}; /* with y down: counter-clockwise from outside */
    omma_mesh mesh = {.positions = (float *)square,
                      .rgb = square_rgb,
                      .normals = square_normals,
                      .vertex_count = 4,
                      .triangles = triangles,
                      .triangle_count = 2};
    omma_scene s = {.mesh = &mesh};
    omma_render_options o = small();
    double focal = HEIGHT / 2.0 / tan(FOV / 2 * M_PI / 180), side = focal * 0.5;

    omma_frame *f = draw_scene(&s, &o, &here);
    CHECK_CLOSE((double)count_lit(f), side * side, .rel = 0.03);
    /* lit at the corners, which are seen at an angle */
    double cosine = 2 / sqrt(4.5);
    CHECK_CLOSE((double)pixel(f, WIDTH / 2, HEIGHT / 2)[0], 200 * (0.55 + 0.45 * cosine),
                .abs = 1.5);
    omma_frame_unref(&f);

    for (int i = 0; i < 6; i += 3) { /* the other way round: from inside there is nothing */
        uint32_t swap = triangles[i];
        triangles[i] = triangles[i + 1];
        triangles[i + 1] = swap;
    }
    f = draw_scene(&s, &o, &here);
    CHECK(count_lit(f) == 0);
    omma_frame_unref(&f);
    o.both_sides = true;
    f = draw_scene(&s, &o, &here);
    CHECK_CLOSE((double)count_lit(f), side * side, .rel = 0.03);
    omma_frame_unref(&f);
}

/* A grid of many small triangles and the square of two give the same pixels. */
static void neighbours_leave_no_gaps(void)
{
    enum { SIDE = 24 };
    float positions[SIDE * SIDE * 3];
    uint32_t triangles[(SIDE - 1) * (SIDE - 1) * 6], *t = triangles;
    uint64_t seed = 4;
    omma_render_options o = small();

    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            bool rim = x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1;
            float *p = positions + 3 * (y * SIDE + x);

            p[0] = ((float)x + (rim ? 0 : 0.3f * (float)omma_random_normal(&seed))) / (SIDE - 1) -
                   0.5f;
            p[1] = ((float)y + (rim ? 0 : 0.3f * (float)omma_random_normal(&seed))) / (SIDE - 1) -
                   0.5f;
            p[2] = 2;
        }
    for (uint32_t y = 0; y + 1 < SIDE; y++)
        for (uint32_t x = 0; x + 1 < SIDE; x++) {
            uint32_t a = y * SIDE + x,
                     quad[6] = {a, a + SIDE + 1, a + 1, a, a + SIDE, a + SIDE + 1};

            memcpy(t, quad, sizeof quad);
            t += 6;
        }
    omma_mesh mesh = {.positions = positions,
                      .vertex_count = SIDE * SIDE,
                      .triangles = triangles,
                      .triangle_count = (SIDE - 1) * (SIDE - 1) * 2};
    o.both_sides = true; /* some are folded over */
    omma_frame *f = draw_scene(&(omma_scene){.mesh = &mesh}, &o, &here);
    double side = HEIGHT / 2.0 / tan(FOV / 2 * M_PI / 180) * 0.5;
    CHECK_CLOSE((double)count_lit(f), side * side, .rel = 0.03);
    CHECK(pixel(f, WIDTH / 2, HEIGHT / 2)[1] == 200);
    omma_frame_unref(&f);
}

/* ---------------------------------------------------------------------------------- refused */

static void what_cannot_be_drawn_is_refused(void)
{
    omma_cloud_point p = {.world = {0, 0, 2}}, nan = {.world = {NAN, 0, 0}};
    omma_cloud none = {.count = 0}, one = {.points = &p, .count = 1}, bad = {&nan, 1, 0.1};
    omma_map *m = omma_map_create();
    omma_render_options o = small(), tiny = {.width = 8, .height = 600};
    uint32_t wrong[] = {0, 1, 7};
    omma_mesh mesh = {
        .positions = (float *)square, .vertex_count = 4, .triangles = wrong, .triangle_count = 1};
    omma_renderer *r = NULL;
    omma_frame *f = NULL;
    omma_se3 bent = here, lost = here;

    CHECK(omma_renderer_create(&r, &(omma_scene){0}, &o) == OMMA_DEGENERATE);
    CHECK(omma_renderer_create(&r, &(omma_scene){.cloud = &none, .map = m}, &o) == OMMA_DEGENERATE);
    CHECK(omma_renderer_create(&r, &(omma_scene){.cloud = &bad}, &o) == OMMA_DEGENERATE);
    CHECK(omma_renderer_create(&r, &(omma_scene){.cloud = &one}, &tiny) == OMMA_INVALID);
    CHECK(omma_renderer_create(&r, &(omma_scene){.mesh = &mesh}, &o) == OMMA_INVALID);
    CHECK(r == NULL);
    CHECK_OK(omma_renderer_create(&r, &(omma_scene){.cloud = &one}, &o));
    bent.R[0] = 2;
    lost.t[1] = NAN;
    CHECK(omma_renderer_draw(r, &bent, FOV, &f) == OMMA_INVALID);
    CHECK(omma_renderer_draw(r, &lost, FOV, &f) == OMMA_INVALID);
    CHECK(omma_renderer_draw(r, &here, 0, &f) == OMMA_INVALID);
    CHECK(omma_renderer_draw(r, &here, 180, &f) == OMMA_INVALID);
    CHECK(f == NULL);
    omma_renderer_destroy(&r);
    omma_renderer_destroy(&r);
    omma_map_destroy(&m);
}

static void a_sparse_map_is_drawn_with_its_trajectory(void)
{
    omma_map *m = test_map(4000);
    omma_scene s = {.map = m};
    omma_render_options o = {.width = WIDTH, .height = HEIGHT, .trajectory = true, .plain = true};
    omma_se3 from = omma_scene_camera(&s, OMMA_PATH_ORBIT, 0.1);
    omma_frame *with = draw_scene(&s, &o, &from), *without;

    o.trajectory = false;
    without = draw_scene(&s, &o, &from);
    CHECK(count_lit(without) > 1000);
    CHECK(!same_pixels(with, without));
    omma_frame_unref(&with);
    omma_frame_unref(&without);
    omma_map_destroy(&m);
}

int main(void)
{
    TEST(a_known_point_lands_at_its_pixel);
    TEST(a_splat_is_as_large_as_it_should_be);
    TEST(nearer_hides_farther);
    TEST(what_is_behind_broken_or_enormous_is_not_drawn);
    TEST(far_from_the_origin_works_too);
    TEST(backs_are_seen_only_when_wanted);
    TEST(holes_are_closed_and_silhouettes_stay);
    TEST(kernels_and_threads_change_nothing);
    TEST(the_order_of_pictures_changes_nothing);
    TEST(triangles_cover_their_pixels_once);
    TEST(neighbours_leave_no_gaps);
    TEST(what_cannot_be_drawn_is_refused);
    TEST(a_sparse_map_is_drawn_with_its_trajectory);
    return check_done();
}
