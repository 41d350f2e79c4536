/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

static void look(const omma_se3 *camera_from_world, const double point[3], double x[2])
{
    double p[3];
    omma_se3_apply(camera_from_world, point, p);
    x[0] = p[0] / p[2];
    x[1] = p[1] / p[2];
}

static void random_point(uint64_t *seed, double point[3])
{
    point[2] = 2 + 4 * omma_random_unit(seed);
    point[0] = point[2] * (omma_random_unit(seed) - 0.5);
    point[1] = point[2] * (omma_random_unit(seed) - 0.5);
}

static void exact_rays_meet_in_the_point(void)
{
    uint64_t seed = 1;
    omma_se3 b_from_a = omma_se3_exp((double[6]){-0.3, 0.1, 0.2, 0.05, -0.2, 0.1});
    for (int i = 0; i < 200; i++) {
        double point[3], xa[2], xb[2], got[3];
        omma_se3 a = omma_se3_identity();
        random_point(&seed, point);
        look(&a, point, xa);
        look(&b_from_a, point, xb);
        if (CHECK(omma_triangulate_two(&b_from_a, xa, xb, got)))
            CHECK_ARRAY_CLOSE(got, point, 3, .abs = 1e-11); /* worst parallax 1 / 100 */
    }
}

static double error_of(const omma_se3 *poses, const double *x, size_t n, const double point[3])
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double y[2];
        look(&poses[i], point, y);
        sum +=
            (y[0] - x[2 * i]) * (y[0] - x[2 * i]) + (y[1] - x[2 * i + 1]) * (y[1] - x[2 * i + 1]);
    }
    return sum;
}

static void noisy_views_are_met_in_the_least_squares_point(void)
{
    uint64_t seed = 5;
    omma_se3 poses[4];
    for (int i = 0; i < 4; i++)
        poses[i] =
            omma_se3_exp((double[6]){-0.2 * i, 0.1 * i * i, 0.05 * i, 0.02 * i, 0.01, 0.3 * i});
    for (int trial = 0; trial < 100; trial++) {
        double point[3], x[8], got[3], two[3], in_first[3];
        random_point(&seed, point);
        for (int i = 0; i < 4; i++) {
            look(&poses[i], point, x + 2 * i);
            x[2 * i] += 1e-3 * omma_random_normal(&seed);
            x[2 * i + 1] += 1e-3 * omma_random_normal(&seed);
        }
        CHECK_OK(omma_triangulate(poses, x, 4, got));
        double best = error_of(poses, x, 4, got);
        CHECK(best <= error_of(poses, x, 4, point));
        for (int k = 0; k < 6; k++) {
            double moved[3] = {got[0], got[1], got[2]};
            moved[k / 2] += k % 2 ? 1e-4 : -1e-4;
            CHECK(error_of(poses, x, 4, moved) > best);
        }
        /* For two views the closed form reaches nearly the same minimum: it is of second order. */
        omma_se3 a_from_world = omma_se3_inverse(&poses[0]);
        omma_se3 b_from_a = omma_se3_mul(&poses[1], &a_from_world);
        if (omma_triangulate(poses, x, 2, got) == OMMA_OK &&
            CHECK(omma_triangulate_two(&b_from_a, x, x + 2, in_first))) {
            omma_se3_apply(&a_from_world, in_first, two);
            CHECK_CLOSE(error_of(poses, x, 2, two), error_of(poses, x, 2, got), .rel = 1e-4,
                        .abs = 1e-14);
        }
    }
}

static void far_from_the_origin_and_in_any_unit_it_is_the_same(void)
{
    for (double unit = 1e-6; unit < 1e7; unit *= 1e3) {
        omma_se3 poses[3];
        double point[3] = {1000 * unit, 2 * unit, 1005 * unit}, x[6], got[3];
        for (int i = 0; i < 3; i++) {
            poses[i] = omma_se3_identity();
            poses[i].t[0] = -unit * (1000 + i * 0.2);
            poses[i].t[2] = -unit * 1000;
            look(&poses[i], point, x + 2 * i);
        }
        CHECK_OK(omma_triangulate(poses, x, 3, got));
        CHECK_ARRAY_CLOSE(got, point, 3, .abs = 1e-9 * unit);
    }
}

static void points_without_parallax_or_behind_are_refused(void)
{
    omma_se3 poses[3] = {omma_se3_identity(), omma_se3_identity(), omma_se3_identity()};
    double got[3] = {7, 7, 7}, x[6] = {0.1, 0.2, 0.1, 0.2, 0.1, 0.2};
    poses[1].t[0] = -1;
    poses[2].t[0] = -2;
    CHECK(omma_triangulate(poses, x, 1, got) == OMMA_INVALID);
    CHECK(omma_triangulate(poses, x, 3, got) == OMMA_DEGENERATE); /* parallel rays */
    CHECK(!omma_triangulate_two(&poses[1], x, x + 2, got));
    double diverging[4] = {0, 0, 0.1, 0};
    CHECK(omma_triangulate(poses, diverging, 2, got) == OMMA_DEGENERATE);
    CHECK(!omma_triangulate_two(&poses[1], diverging, diverging + 2, got));
    poses[1].t[0] = 0;
    CHECK(omma_triangulate(poses, x, 2, got) == OMMA_DEGENERATE); /* no baseline */
    CHECK(!omma_triangulate_two(&poses[1], x, x + 2, got));
    poses[1].t[0] = -1;
    x[2] = NAN;
    CHECK(omma_triangulate(poses, x, 2, got) == OMMA_DEGENERATE);
    CHECK(!omma_triangulate_two(&poses[1], x, x + 2, got));
    CHECK(got[0] == 7 && got[1] == 7 && got[2] == 7);
}

static void the_true_motion_is_chosen(void)
{
    enum { N = 60 };
    uint64_t seed = 8;
    omma_se3 truth = omma_se3_exp((double[6]){-0.6, 0.3, 0.2, 0.05, -0.2, 0.1});
    omma_se3 candidates[4] = {truth, truth, truth, truth}, a = omma_se3_identity();
    double xa[2 * N], xb[2 * N], points[3 * N];
    uint8_t good[N];
    size_t count;
    for (int i = 0; i < 3; i++) {
        candidates[0].t[i] = -truth.t[i];
        candidates[1].t[i] = 0;
        candidates[3].R[i] = -truth.R[i];
    }
    for (int i = 0; i < N; i++) {
        double point[3];
        random_point(&seed, point);
        look(&a, point, xa + 2 * i);
        look(&truth, point, xb + 2 * i);
        if (i % 6 == 0)
            xb[2 * i + 1] += 0.3; /* leaves its epipolar line, t being mostly along x */
    }
    CHECK(omma_motion_choose(candidates, 4, xa, xb, N, 1e-3, points, good, &count) == 2);
    CHECK(count == N - N / 6);
    for (int i = 0; i < N; i++) {
        CHECK(good[i] == (i % 6 != 0));
        double y[2];
        if (good[i]) {
            look(&truth, points + 3 * i, y);
            CHECK_ARRAY_CLOSE(y, xb + 2 * i, 2, .abs = 1e-12);
        }
    }
    CHECK(omma_motion_choose(candidates, 4, xa, xb, N, 1e-3, NULL, NULL, NULL) == 2);
}

int main(void)
{
    TEST(exact_rays_meet_in_the_point);
    TEST(noisy_views_are_met_in_the_least_squares_point);
    TEST(far_from_the_origin_and_in_any_unit_it_is_the_same);
    TEST(points_without_parallax_or_behind_are_refused);
    TEST(the_true_motion_is_chosen);
    return check_done();
}
