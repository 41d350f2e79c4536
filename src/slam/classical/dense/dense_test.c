/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"
#include "dense.h"
#include "pictures_fixture.h"

/* A wall that may slant, and before it a board that may be there. */
typedef struct stage_set {
    double wall[3]; /* inverse depth: wall[0] x + wall[1] y + wall[2] along the ray (x, y, 1) */
    double board;   /* z of the board, 0 = none; it spans -0.3 .. 0.3 in X, all of Y */
} stage_set;

typedef struct shot {
    dense_view view;
    omma_pyramid pyramid;
} shot;

static omma_camera lens(int width, double k1)
{
    return (omma_camera){.width = width,
                         .height = width * 3 / 4,
                         .fx = 0.8 * width,
                         .fy = 0.8 * width,
                         .cx = 0.5 * width - 0.5,
                         .cy = 0.375 * width - 0.5,
                         .k = {k1}};
}

/* What the ray from a point (both in the first camera) meets. The wall: n . X = 1 with n = wall. */
static double hit(const stage_set *s, const double from[3], const double ray[3], double point[3],
                  bool *board)
{
    const double *n = s->wall;
    double away = (1 - n[0] * from[0] - n[1] * from[1] - n[2] * from[2]) /
                  (n[0] * ray[0] + n[1] * ray[1] + n[2] * ray[2]);
    *board = false;
    if (s->board > 0) {
        const double t = (s->board - from[2]) / ray[2];
        if (t > 0 && t < away && fabs(from[0] + t * ray[0]) < 0.3) {
            away = t;
            *board = true;
        }
    }
    for (int i = 0; i < 3; i++)
        point[i] = from[i] + away * ray[i];
    return away;
}

static shot take(const stage_set *s, const omma_camera *camera, const omma_se3 *camera_from_world)
{
    const omma_se3 world_from_camera = omma_se3_inverse(camera_from_world);
    shot made = {.view = {.camera = *camera, .camera_from_world = *camera_from_world}};
    omma_frame *f = NULL;
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, camera->width, camera->height));
    for (int y = 0; y < camera->height; y++)
        for (int x = 0; x < camera->width; x++) {
            const double px[2] = {x, y};
            double n[2], ray[3], point[3];
            bool board;
            CHECK(omma_camera_unproject(camera, px, n));
            const double r[3] = {n[0], n[1], 1};
            for (int i = 0; i < 3; i++)
                ray[i] = world_from_camera.R[3 * i] * r[0] + world_from_camera.R[3 * i + 1] * r[1] +
                         world_from_camera.R[3 * i + 2] * r[2];
            hit(s, world_from_camera.t, ray, point, &board);
            const double fine = 0.35 * camera->fx;
            f->plane[0][y * f->stride[0] + x] = (uint8_t)lround(
                fixture_pattern(fine * point[0] + 999, fine * point[1] + 999, board ? 70 : 3));
        }
    CHECK_OK(omma_pyramid_build(&made.pyramid, f, 3));
    omma_frame_unref(&f);
    return made;
}

static omma_se3 at(double x, double y, double z, double turn)
{
    const double phi[3] = {0.3 * turn, turn, 0.5 * turn};
    omma_se3 world_from_camera = {.t = {x, y, z}};
    omma_so3_exp(phi, world_from_camera.R);
    return omma_se3_inverse(&world_from_camera);
}

static double true_depth(const stage_set *s, const omma_camera *c, int x, int y)
{
    const double px[2] = {x, y}, here[3] = {0};
    double n[2], point[3];
    bool board;
    if (!omma_camera_unproject(c, px, n))
        return 0;
    hit(s, here, (double[3]){n[0], n[1], 1}, point, &board);
    return point[2];
}

/* Sparse points on a grid, exact. */
static size_t scatter(const stage_set *s, const omma_camera *c, dense_seed *seeds)
{
    size_t n = 0;
    for (int y = c->height / 8; y < c->height; y += c->height / 4)
        for (int x = c->width / 12; x < c->width; x += c->width / 6) {
            const double px[2] = {x, y};
            double ray[2];
            CHECK(omma_camera_unproject(c, px, ray));
            const double z = true_depth(s, c, x, y);
            seeds[n++] = (dense_seed){(float)ray[0], (float)ray[1], (float)(1 / z), 0};
        }
    return n;
}

typedef struct verdict {
    double median, within_3, known; /* of all px but a margin */
    double bad_sure;                /* share of px off by more than 10 % whose error is below 3 % */
} verdict;

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static verdict judge(const stage_set *s, const omma_camera *c, const float *depth,
                     const float *error)
{
    double *off = omma_new_array(double, (size_t)c->width *(size_t)c->height);
    size_t n = 0, known = 0, bad = 0, good = 0;
    const int margin = c->width / 16;
    for (int y = margin; y < c->height - margin; y++)
        for (int x = margin; x < c->width - margin; x++) {
            const size_t i = (size_t)y * (size_t)c->width + (size_t)x;
            off[n] = fabs((double)depth[i] / true_depth(s, c, x, y) - 1);
            known += depth[i] > 0;
            good += off[n] < 0.03;
            bad += off[n] > 0.1 && error[i] < 0.03f;
            n++;
        }
    qsort(off, n, sizeof *off, compare_doubles);
    const double total = (double)n;
    const verdict v = {off[n / 2], (double)good / total, (double)known / total,
                       (double)bad / total};
    free(off);
    return v;
}

static verdict measure(const stage_set *s, const omma_camera *c, const dense_options *o)
{
    const omma_se3 places[5] = {at(0, 0, 0, 0), at(0.25, 0, 0, -0.05), at(-0.25, 0.05, 0, 0.05),
                                at(0.05, 0.22, 0.1, 0.02), at(-0.05, -0.22, -0.1, 0)};
    const size_t pixels = (size_t)c->width * (size_t)c->height;
    float *depth = omma_new_array(float, pixels), *error = omma_new_array(float, pixels);
    shot shots[5];
    dense_view others[4];
    dense_seed seeds[64];
    dense_map m = {0};
    dense *d = dense_create();

    for (int i = 0; i < 5; i++) {
        shots[i] = take(s, c, &places[i]);
        shots[i].view.picture = &shots[i].pyramid;
        if (i > 0)
            others[i - 1] = shots[i].view;
    }
    CHECK_OK(dense_estimate(d, &shots[0].view, others, 4, seeds, scatter(s, c, seeds), o, &m));
    CHECK_OK(dense_resample(&m, &shots[0].view, c->width, c->height, depth, error));
    const verdict v = judge(s, c, depth, error);
    for (int i = 0; i < 5; i++)
        omma_pyramid_finish(&shots[i].pyramid);
    dense_map_finish(&m);
    dense_destroy(&d);
    free(depth);
    free(error);
    return v;
}

static void a_slanted_wall_is_measured(void)
{
    const stage_set s = {.wall = {0.25, -0.1, 0.4}};
    const omma_camera c = lens(320, 0);
    const verdict v = measure(&s, &c, NULL);
    CHECK(v.median < 0.004);
    CHECK(v.within_3 > 0.97);
    CHECK(v.known > 0.999);
}

static void a_lens_that_distorts_is_taken_out(void)
{
    const stage_set s = {.wall = {0.25, -0.1, 0.4}};
    const omma_camera c = lens(480, -0.15); /* drawn at its size, depth at half of it */
    const verdict v = measure(&s, &c, NULL);
    CHECK(v.median < 0.004);
    CHECK(v.within_3 > 0.97);
}

static void a_board_hides_the_wall_and_both_are_found(void)
{
    const stage_set s = {.wall = {0, 0, 0.3}, .board = 1.8};
    const omma_camera c = lens(320, 0);
    const verdict v = measure(&s, &c, NULL);
    CHECK(v.median < 0.01);
    CHECK(v.within_3 > 0.85);
    CHECK(v.bad_sure < 0.01);
}

static void without_parallax_nothing_is_known(void)
{
    const stage_set s = {.wall = {0, 0, 0.3}};
    const omma_camera c = lens(320, 0);
    const omma_se3 here = at(0, 0, 0, 0), turned = at(0, 0, 0, 0.1);
    shot a = take(&s, &c, &here), b = take(&s, &c, &turned);
    dense_seed seeds[64];
    dense_map m = {0};
    dense *d = dense_create();
    const size_t n = scatter(&s, &c, seeds);
    size_t chosen[4];

    a.view.picture = &a.pyramid;
    b.view.picture = &b.pyramid;
    CHECK(dense_select(&here, &c, &turned, 1, seeds, n, 4, chosen) == 0);
    CHECK_OK(dense_estimate(d, &a.view, &b.view, 1, seeds, n, NULL, &m));
    for (int i = 0; i < m.width * m.height; i++)
        CHECK(m.depth[i] == 0 && m.error[i] == 1);
    dense_map_finish(&m);
    CHECK_OK(dense_estimate(d, &a.view, NULL, 0, seeds, n, NULL, &m));
    CHECK(m.depth[m.width] == 0);
    dense_map_finish(&m);
    dense_destroy(&d);
    omma_pyramid_finish(&a.pyramid);
    omma_pyramid_finish(&b.pyramid);
}

static void an_estimate_that_is_stopped_gives_nothing(void)
{
    const stage_set s = {.wall = {0, 0, 0.3}};
    const omma_camera c = lens(320, 0);
    const omma_se3 here = at(0, 0, 0, 0), there = at(0.3, 0, 0, 0);
    const atomic_bool stops = true;
    shot a = take(&s, &c, &here), b = take(&s, &c, &there);
    dense_seed seeds[64];
    dense_map m = {.width = 77};
    dense *d = dense_create();
    const size_t n = scatter(&s, &c, seeds);

    a.view.picture = &a.pyramid;
    b.view.picture = &b.pyramid;
    CHECK(dense_estimate(d, &a.view, &b.view, 1, seeds, n, &(dense_options){.stops = &stops}, &m) ==
          OMMA_INTERRUPTED);
    CHECK(m.width == 77 && m.depth == NULL);
    CHECK_OK(dense_estimate(d, &a.view, &b.view, 1, seeds, n, NULL, &m));
    CHECK(m.width > 0);
    dense_map_finish(&m);
    dense_destroy(&d);
    omma_pyramid_finish(&a.pyramid);
    omma_pyramid_finish(&b.pyramid);
}

static void what_cannot_be_is_refused(void)
{
    const stage_set s = {.wall = {0, 0, 0.3}};
    const omma_camera c = lens(320, 0);
    const omma_se3 here = at(0, 0, 0, 0), there = at(0.3, 0, 0, 0);
    shot a = take(&s, &c, &here), b = take(&s, &c, &there);
    dense_seed seeds[64];
    dense_map m = {.width = 77};
    dense *d = dense_create();
    const size_t n = scatter(&s, &c, seeds);

    a.view.picture = &a.pyramid;
    b.view.picture = &b.pyramid;
    CHECK(dense_estimate(d, &a.view, &b.view, 1, seeds, 7, NULL, &m) == OMMA_DEGENERATE);
    for (size_t i = 0; i < n; i++)
        seeds[i].rho = -seeds[i].rho; /* all behind the camera */
    CHECK(dense_estimate(d, &a.view, &b.view, 1, seeds, n, NULL, &m) == OMMA_DEGENERATE);
    seeds[3].rho = NAN;
    CHECK(dense_estimate(d, &a.view, &b.view, 1, seeds, n, NULL, &m) == OMMA_INVALID);
    a.view.camera.width++;
    CHECK(dense_estimate(d, &a.view, &b.view, 1, seeds, n, NULL, &m) == OMMA_INVALID);
    CHECK(m.width == 77 && m.depth == NULL);
    dense_destroy(&d);
    omma_pyramid_finish(&a.pyramid);
    omma_pyramid_finish(&b.pyramid);
}

/* Seeds a hundred times too near: the picture fits nowhere, and the map must not be sure. */
static void a_wrong_range_is_not_believed(void)
{
    const stage_set s = {.wall = {0, 0, 0.3}};
    const omma_camera c = lens(320, 0);
    const omma_se3 here = at(0, 0, 0, 0), there = at(0.03, 0, 0, 0);
    shot a = take(&s, &c, &here), b = take(&s, &c, &there);
    dense_seed seeds[64];
    dense_map m = {0};
    dense *d = dense_create();
    const size_t n = scatter(&s, &c, seeds);
    size_t sure = 0;

    a.view.picture = &a.pyramid;
    b.view.picture = &b.pyramid;
    for (size_t i = 0; i < n; i++)
        seeds[i].rho *= 100;
    CHECK_OK(dense_estimate(d, &a.view, &b.view, 1, seeds, n, NULL, &m));
    for (int i = 0; i < m.width * m.height; i++)
        sure += m.depth[i] > 0 && m.error[i] < 0.03f;
    CHECK(sure < (size_t)(m.width * m.height) / 20);
    dense_map_finish(&m);
    dense_destroy(&d);
    omma_pyramid_finish(&a.pyramid);
    omma_pyramid_finish(&b.pyramid);
}

static void neighbours_have_parallax_and_look_the_same_way(void)
{
    const stage_set s = {.wall = {0, 0, 0.5}};
    const omma_camera c = lens(320, 0);
    const omma_se3 here = at(0, 0, 0, 0);
    const omma_se3 all[6] = {here,                /* itself */
                             at(0.005, 0, 0, 0),  /* too near */
                             at(0.2, 0, 0, 0),    /* 5.7 degrees */
                             at(-0.2, 0, 0, 0),   /* the other side */
                             at(0.21, 0, 0, 0),   /* beside the first */
                             at(0.2, 0, 0, 1.5)}; /* looks away */
    dense_seed seeds[64];
    size_t chosen[6];
    const size_t n = dense_select(&here, &c, all, 6, seeds, scatter(&s, &c, seeds), 6, chosen);
    CHECK(n >= 2 && n <= 3);
    CHECK(chosen[0] == 2 || chosen[0] == 3 || chosen[0] == 4);
    CHECK(n < 2 || (chosen[0] == 3) != (chosen[1] == 3)); /* one from each side */
}

static dense_map flat_map(float depth, float error)
{
    dense_map m = {.width = 40, .height = 30, .fx = 40, .fy = 40, .cx = 20, .cy = 15};
    m.depth = omma_new_array(float, 1200);
    m.error = omma_new_array(float, 1200);
    for (int i = 0; i < 1200; i++) {
        m.depth[i] = depth;
        m.error[i] = error;
    }
    return m;
}

static void witnesses_raise_and_lower_the_error(void)
{
    const omma_se3 here = at(0, 0, 0, 0), there = at(0.1, 0, 0, 0);
    dense_map same = flat_map(2.02f, 0.02f), farther = flat_map(3, 0.02f);
    const dense_witness agrees = {&same, there}, sees_through = {&farther, there};
    dense_map m = flat_map(2, 0.02f);
    const int middle = 15 * 40 + 20;

    dense_check(&m, &here, &agrees, 1);
    CHECK(m.error[middle] < 0.018f);
    CHECK_CLOSE(m.depth[middle], 2.01, .abs = 1e-3);
    dense_map_finish(&m);
    m = flat_map(2, 0.02f);
    dense_check(&m, &here, &sees_through, 1);
    CHECK(m.error[middle] > 0.03f);
    CHECK(m.depth[middle] == 2);
    dense_map_finish(&m);
    dense_map_finish(&same);
    dense_map_finish(&farther);
}

int main(void)
{
    TEST(a_slanted_wall_is_measured);
    TEST(a_lens_that_distorts_is_taken_out);
    TEST(a_board_hides_the_wall_and_both_are_found);
    TEST(without_parallax_nothing_is_known);
    TEST(an_estimate_that_is_stopped_gives_nothing);
    TEST(what_cannot_be_is_refused);
    TEST(a_wrong_range_is_not_believed);
    TEST(neighbours_have_parallax_and_look_the_same_way);
    TEST(witnesses_raise_and_lower_the_error);
    return check_done();
}
