/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"
#include "p3p.h"
#include "two_view_scene.h"

enum { N = 100 };

/* World points, seen from the pose that is returned; the first outliers are wrong. */
static omma_se3 make_scene(uint64_t *seed, scene_kind kind, size_t n, size_t outliers, double noise,
                           double *world, double *x)
{
    omma_se3 T = scene_motion(seed, 5, 3 * omma_random_unit(seed));
    omma_se3 world_from_camera = omma_se3_inverse(&T), still = omma_se3_identity();
    for (size_t i = 0; i < n; i++) {
        double same[2], z = 2 + 4 * omma_random_unit(seed);
        scene_make(seed, kind, &still, 1, 0, 0, same, x + 2 * i);
        if (kind == SCENE_PLANE)
            z = 3 / (1 + 0.3 * same[0] - 0.4 * same[1]);
        if (kind == SCENE_LINE)
            z = 3 / (1 + 0.3 * same[0]); /* with y = 0.2 z: a line */
        const double p[3] = {same[0] * z, same[1] * z, z};
        omma_se3_apply(&world_from_camera, p, world + 3 * i);
        for (int k = 0; k < 2; k++)
            x[2 * i + k] = i < outliers ? omma_random_unit(seed) - 0.5
                                        : same[k] + noise * omma_random_normal(seed);
    }
    return T;
}

static double pose_error(const omma_se3 *a, const omma_se3 *b)
{
    double sum = omma_so3_angle(a->R, b->R);
    for (int i = 0; i < 3; i++)
        sum += fabs(a->t[i] - b->t[i]);
    return sum;
}

static double squared_error(const omma_se3 *T, const double *world, const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double p[3];
        omma_se3_apply(T, world + 3 * i, p);
        for (int k = 0; k < 2; k++)
            sum += (p[k] / p[2] - x[2 * i + k]) * (p[k] / p[2] - x[2 * i + k]);
    }
    return sum;
}

static void three_points_contain_the_truth(void)
{
    uint64_t seed = 1;
    int missed = 0;
    for (int trial = 0; trial < 5000; trial++) {
        double world[9], x[6], best = INFINITY;
        omma_se3 truth = make_scene(&seed, SCENE_DEEP, 3, 0, 0, world, x), poses[4];
        int n = p3p_solve(world, x, poses);
        CHECK(n >= 0 && n <= 4);
        for (int i = 0; i < n; i++) {
            best = fmin(best, pose_error(&poses[i], &truth));
            for (int k = 0; k < 3; k++) {
                double p[3];
                omma_se3_apply(&poses[i], world + 3 * k, p);
                CHECK_CLOSE(p[0] / p[2], x[2 * k], .abs = 1e-7);
                CHECK_CLOSE(p[1] / p[2], x[2 * k + 1], .abs = 1e-7);
            }
        }
        missed += !(best < 1e-5);
    }
    CHECK(missed <= 10); /* of 5000: double roots, where two of the poses meet */
}

static void three_points_on_a_line_have_no_pose(void)
{
    const double world[9] = {0, 0, 3, 1, 0, 3, 2, 0, 3}, x[6] = {0, 0, 1. / 3, 0, 2. / 3, 0};
    const double same[9] = {0, 0, 3, 0, 0, 3, 0, 0, 3}, wrong[6] = {NAN, 0, 1, 0, 0, 1};
    omma_se3 poses[4];
    CHECK(p3p_solve(world, x, poses) == 0);
    CHECK(p3p_solve(same, x, poses) == 0);
    CHECK(p3p_solve(world, wrong, poses) == 0);
}

static void ransac_finds_the_pose_among_outliers(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t state = seed;
        double world[3 * N], x[2 * N], noise = 1e-3;
        uint8_t inlier[N];
        omma_ransac_result result;
        omma_se3 T, truth = make_scene(&state, seed % 2 ? SCENE_PLANE : SCENE_DEEP, N, N * 6 / 10,
                                       noise, world, x);
        CHECK_OK(omma_pnp_ransac(world, x, N,
                                 &(omma_ransac_options){.threshold = 4 * noise, .seed = seed}, &T,
                                 inlier, &result));
        CHECK(pose_error(&T, &truth) < 0.05);
        CHECK(result.inliers >= 38 && result.inliers <= 44);
        size_t count = 0;
        for (int i = 0; i < N; i++)
            count += inlier[i];
        CHECK(count == result.inliers);
    }
}

static void ransac_without_noise_is_exact(void)
{
    uint64_t seed = 3;
    double world[3 * N], x[2 * N];
    omma_se3 T, truth = make_scene(&seed, SCENE_DEEP, N, N / 2, 0, world, x);
    CHECK_OK(
        omma_pnp_ransac(world, x, N, &(omma_ransac_options){.threshold = 1e-3}, &T, NULL, NULL));
    CHECK(pose_error(&T, &truth) < 1e-9);
}

static void all_points_give_the_pose(void)
{
    static const size_t counts[] = {4, 5, 6, 7, 10, N};
    uint64_t seed = 10;
    int wrong = 0, tried = 0;
    for (int trial = 0; trial < 1200; trial++) {
        double world[3 * N], x[2 * N];
        size_t n = counts[trial % 6];
        scene_kind kind = trial / 6 % 2 ? SCENE_PLANE : SCENE_DEEP;
        omma_se3 T, truth = make_scene(&seed, kind, n, 0, 0, world, x);
        tried++;
        if (omma_pnp_solve(world, x, n, &T) || !(pose_error(&T, &truth) < 1e-5))
            wrong++;
    }
    CHECK(tried == 1200 && wrong <= 2);
}

/* For each small change of the result the squared error grows. */
static void with_noise_the_result_is_a_minimum(void)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint64_t state = seed;
        double world[3 * N], x[2 * N];
        size_t n = seed % 4 ? 20 : 5;
        omma_se3 T,
            truth = make_scene(&state, seed % 2 ? SCENE_PLANE : SCENE_DEEP, n, 0, 1e-3, world, x);
        CHECK_OK(omma_pnp_solve(world, x, n, &T));
        double best = squared_error(&T, world, x, n);
        CHECK(best <= squared_error(&truth, world, x, n));
        for (int k = 0; k < 12; k++) {
            double xi[6] = {0};
            xi[k / 2] = k % 2 ? 1e-4 : -1e-4;
            omma_se3 step = omma_se3_exp(xi), moved = omma_se3_mul(&step, &T);
            CHECK(squared_error(&moved, world, x, n) > best);
        }
    }
}

static void bad_input_is_refused(void)
{
    uint64_t seed = 6;
    double world[3 * N], x[2 * N];
    omma_ransac_options good = {.threshold = 1e-3};
    omma_se3 T = {.R = {7}};
    make_scene(&seed, SCENE_LINE, N, 0, 0, world, x);
    CHECK(omma_pnp_ransac(world, x, 3, &good, &T, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_pnp_ransac(world, x, N, NULL, &T, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_pnp_solve(world, x, 3, &T) == OMMA_INVALID);
    CHECK(omma_pnp_solve(world, x, 5, &T) == OMMA_DEGENERATE); /* on one line */
    CHECK(omma_pnp_solve(world, x, N, &T) == OMMA_DEGENERATE);
    for (int i = 0; i < 2 * N; i++)
        x[i] = NAN;
    CHECK(omma_pnp_solve(world, x, N, &T) == OMMA_INVALID);
    CHECK(omma_pnp_ransac(world, x, N, &good, &T, NULL, NULL) == OMMA_DEGENERATE);
    CHECK(T.R[0] == 7);
}

int main(void)
{
    TEST(three_points_contain_the_truth);
    TEST(three_points_on_a_line_have_no_pose);
    TEST(ransac_finds_the_pose_among_outliers);
    TEST(ransac_without_noise_is_exact);
    TEST(all_points_give_the_pose);
    TEST(with_noise_the_result_is_a_minimum);
    TEST(bad_input_is_refused);
    return check_done();
}
