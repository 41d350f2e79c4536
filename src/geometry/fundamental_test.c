/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"
#include "two_view_scene.h"

enum { N = 200 };

static double determinant(const double F[9])
{
    return F[0] * (F[4] * F[8] - F[5] * F[7]) - F[1] * (F[3] * F[8] - F[5] * F[6]) +
           F[2] * (F[3] * F[7] - F[4] * F[6]);
}

/* The true one, norm 1. */
static void true_fundamental(const omma_se3 *T, double F[9])
{
    scene_essential(T, F);
    for (int i = 0; i < 9; i++)
        F[i] /= M_SQRT2;
}

static void seven_points_contain_the_truth(void)
{
    uint64_t seed = 1;
    int missed = 0;
    for (int trial = 0; trial < 2000; trial++) {
        omma_se3 T = scene_motion(&seed, 0.5, 0.3);
        double xa[14], xb[14], F[3][9], truth[9], best = INFINITY;
        scene_make(&seed, SCENE_DEEP, &T, 7, 0, 0, xa, xb);
        true_fundamental(&T, truth);
        int n = omma_fundamental_seven_point(xa, xb, F);
        CHECK(n >= 1 && n <= 3);
        for (int i = 0; i < n; i++) {
            best = fmin(best, scene_difference(F[i], truth));
            CHECK(fabs(determinant(F[i])) < 1e-12);
            for (int k = 0; k < 7; k++)
                CHECK(fabs(scene_epipolar(F[i], xa + 2 * k, xb + 2 * k)) < 1e-12);
        }
        missed += !(best < 1e-5);
    }
    CHECK(missed <= 6); /* nearly double roots */
}

static void eight_points_give_the_truth(void)
{
    uint64_t seed = 2;
    for (int trial = 0; trial < 100; trial++) {
        omma_se3 T = scene_motion(&seed, 0.5, 0.3);
        double xa[2 * N], xb[2 * N], F[9], truth[9];
        scene_make(&seed, SCENE_DEEP, &T, N, 0, 0, xa, xb);
        true_fundamental(&T, truth);
        CHECK_OK(omma_fundamental_eight_point(xa, xb, N, F));
        CHECK(scene_difference(F, truth) < 1e-9);
        CHECK(fabs(determinant(F)) < 1e-15);
    }
}

/* In pixels as well as in normalised units: the same pairs, the same inliers. */
static void ransac_finds_the_geometry_among_outliers(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        uint64_t state = seed;
        omma_se3 T = scene_motion(&state, 0.5, 0.2);
        double xa[2 * N], xb[2 * N], pa[2 * N], pb[2 * N], F[9], P[9], truth[9], noise = 5e-4;
        uint8_t inlier[N], px_inlier[N];
        omma_ransac_result result;
        scene_make(&state, SCENE_DEEP, &T, N, N / 4, noise, xa, xb);
        true_fundamental(&T, truth);
        CHECK_OK(omma_fundamental_ransac(
            xa, xb, N, &(omma_ransac_options){.threshold = 4 * noise, .seed = seed}, F, inlier,
            &result));
        CHECK(result.inliers > N * 3 / 4 * 0.97 && result.inliers < N * 0.82);
        CHECK(fabs(determinant(F)) < 1e-15);
        /* What matters is that true pairs fit: without noise, well below the noise. */
        scene_make(&state, SCENE_DEEP, &T, N, 0, 0, pa, pb);
        for (int i = 0; i < N; i++)
            CHECK(fabs(scene_epipolar(F, pa + 2 * i, pb + 2 * i)) < 2 * noise);
        for (int i = 0; i < 2 * N; i++) {
            pa[i] = 500 * xa[i] + (i % 2 ? 240 : 320);
            pb[i] = 500 * xb[i] + (i % 2 ? 240 : 320);
        }
        CHECK_OK(omma_fundamental_ransac(
            pa, pb, N, &(omma_ransac_options){.threshold = 2000 * noise, .seed = seed}, P,
            px_inlier, NULL));
        int differ = 0;
        for (int i = 0; i < N; i++)
            differ += inlier[i] != px_inlier[i];
        CHECK(differ <= 2);
    }
}

static void bad_input_is_refused(void)
{
    uint64_t seed = 4;
    omma_se3 T = scene_motion(&seed, 0.5, 0.2);
    double xa[2 * N], xb[2 * N], F[9] = {7}, many[3][9];
    omma_ransac_options good = {.threshold = 1e-3};
    scene_make(&seed, SCENE_PLANE, &T, N, 0, 0, xa, xb);
    CHECK(omma_fundamental_eight_point(xa, xb, 7, F) == OMMA_INVALID);
    CHECK(omma_fundamental_eight_point(xa, xb, N, F) == OMMA_DEGENERATE);
    CHECK(omma_fundamental_ransac(xa, xb, 6, &good, F, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_fundamental_ransac(xa, xb, N, NULL, F, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_fundamental_ransac(xa, xb, 0, &good, F, NULL, NULL) == OMMA_INVALID);
    for (int i = 0; i < 2 * N; i++)
        xa[i] = i % 2 ? 0.1 : 0.2;
    CHECK(omma_fundamental_seven_point(xa, xa, many) == 0);
    CHECK(omma_fundamental_eight_point(xa, xb, N, F) == OMMA_DEGENERATE);
    CHECK(omma_fundamental_ransac(xa, xa, N, &good, F, NULL, NULL) == OMMA_DEGENERATE);
    xa[5] = NAN;
    CHECK(omma_fundamental_eight_point(xa, xb, N, F) == OMMA_INVALID);
    CHECK(omma_fundamental_ransac(xa, xa, N, &good, F, NULL, NULL) == OMMA_DEGENERATE);
    CHECK(F[0] == 7);
    /* One NaN among good pairs is an outlier, no more. */
    scene_make(&seed, SCENE_DEEP, &T, N, 0, 1e-4, xa, xb);
    xa[5] = NAN;
    uint8_t inlier[N];
    CHECK_OK(omma_fundamental_ransac(xa, xb, N, &good, F, inlier, NULL));
    CHECK(inlier[1] && !inlier[2]);
}

int main(void)
{
    TEST(seven_points_contain_the_truth);
    TEST(eight_points_give_the_truth);
    TEST(ransac_finds_the_geometry_among_outliers);
    TEST(bad_input_is_refused);
    return check_done();
}
