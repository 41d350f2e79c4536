/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"
#include "two_view_scene.h"

enum { N = 100 };

/* The plane of the scene: n X = d. */
static const double plane[4] = {0.3, -0.4, 1, 3};

/* R + t n' / d, norm 1 */
static void true_homography(const omma_se3 *T, double H[9])
{
    double norm2 = 0;
    for (int i = 0; i < 9; i++) {
        H[i] = T->R[i] + T->t[i / 3] * plane[i % 3] / plane[3];
        norm2 += H[i] * H[i];
    }
    for (int i = 0; i < 9; i++)
        H[i] /= sqrt(norm2);
}

static void exact_points_give_the_homography(void)
{
    uint64_t seed = 1;
    for (int trial = 0; trial < 200; trial++) {
        omma_se3 T = scene_motion(&seed, 0.5, 0.3);
        double xa[2 * N], xb[2 * N], H[9], truth[9];
        size_t n = trial % 2 ? 4 : N;
        scene_make(&seed, SCENE_PLANE, &T, n, 0, 0, xa, xb);
        true_homography(&T, truth);
        omma_error err = omma_homography_fit(xa, xb, n, H);
        if (n == 4 && err == OMMA_DEGENERATE)
            continue; /* three of four nearly on one line */
        CHECK(err == OMMA_OK);
        CHECK_ARRAY_CLOSE(H, truth, 9, .abs = n == 4 ? 1e-6 : 1e-11);
    }
}

static void decomposition_contains_the_motion(void)
{
    uint64_t seed = 2;
    for (int trial = 0; trial < 200; trial++) {
        omma_se3 T = scene_motion(&seed, 0.5, 0.5), motions[4];
        double H[9], normals[4][3], best = INFINITY, size = sqrt(0.09 + 0.16 + 1);
        true_homography(&T, H);
        for (int i = 0; trial % 2 && i < 9; i++)
            H[i] *= -3; /* scale and sign mean nothing */
        CHECK(omma_homography_decompose(H, motions, normals) == 4);
        for (int i = 0; i < 4; i++) {
            double error = omma_so3_angle(motions[i].R, T.R) + scene_angle(normals[i], plane);
            for (int k = 0; k < 3; k++) /* t over the distance of the plane */
                error += fabs(motions[i].t[k] - T.t[k] * size / plane[3]);
            best = fmin(best, error);
        }
        CHECK(best < 1e-6); /* roots of 1 - s^2 near 0 cost half of the digits */
    }
}

static void a_pure_rotation_is_one_motion_without_translation(void)
{
    uint64_t seed = 3;
    omma_se3 T = scene_motion(&seed, 0.5, 0.7), motions[4];
    double normals[4][3], H[9];
    for (int i = 0; i < 9; i++)
        H[i] = -2 * T.R[i];
    CHECK(omma_homography_decompose(H, motions, normals) == 1);
    CHECK(omma_so3_angle(motions[0].R, T.R) < 1e-14);
    CHECK(motions[0].t[0] == 0 && motions[0].t[1] == 0 && motions[0].t[2] == 0);
    memset(H, 0, sizeof(H));
    CHECK(omma_homography_decompose(H, motions, normals) == 0);
    H[0] = NAN;
    CHECK(omma_homography_decompose(H, motions, normals) == 0);
}

static void ransac_finds_the_plane_among_outliers(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t state = seed;
        omma_se3 T = scene_motion(&state, seed % 3 ? 0.5 : 0, 0.2);
        double xa[2 * N], xb[2 * N], H[9], truth[9], noise = 1e-3;
        uint8_t inlier[N];
        omma_ransac_result result;
        scene_make(&state, SCENE_PLANE, &T, N, N / 2, noise, xa, xb);
        true_homography(&T, truth);
        CHECK_OK(omma_homography_ransac(
            xa, xb, N, &(omma_ransac_options){.threshold = 4 * noise, .seed = seed}, H, inlier,
            &result));
        CHECK(scene_difference(H, truth) < 4e-3);
        CHECK(result.inliers >= 46 && result.inliers < 55);
        for (int i = N / 2, wrong = 0; i < N; i++) {
            wrong += !inlier[i];
            CHECK(wrong < 5);
        }
    }
}

/* On all inliers the result is the minimum of the symmetric error: without noise it is exact. */
static void ransac_without_noise_is_exact(void)
{
    uint64_t seed = 5;
    omma_se3 T = scene_motion(&seed, 0.5, 0.3);
    double xa[2 * N], xb[2 * N], H[9], truth[9];
    scene_make(&seed, SCENE_PLANE, &T, N, N / 3, 0, xa, xb);
    true_homography(&T, truth);
    CHECK_OK(omma_homography_ransac(xa, xb, N, &(omma_ransac_options){.threshold = 1e-4}, H, NULL,
                                    NULL));
    CHECK_ARRAY_CLOSE(H, truth, 9, .abs = 1e-9);
}

static void bad_input_is_refused(void)
{
    uint64_t seed = 6;
    omma_se3 T = scene_motion(&seed, 0.5, 0.3);
    double xa[2 * N], xb[2 * N], H[9] = {7};
    omma_ransac_options good = {.threshold = 1e-3};
    scene_make(&seed, SCENE_LINE, &T, N, 0, 0, xa, xb);
    for (int i = 0; i < N; i++) /* on one line in both views */
        xb[2 * i + 1] = xb[2 * i] * 0.5 + 0.1;
    CHECK(omma_homography_fit(xa, xb, 3, H) == OMMA_INVALID);
    CHECK(omma_homography_fit(xa, xb, N, H) == OMMA_DEGENERATE);
    CHECK(omma_homography_ransac(xa, xb, 3, &good, H, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_homography_ransac(xa, xb, N, &(omma_ransac_options){0}, H, NULL, NULL) ==
          OMMA_INVALID);
    for (int i = 0; i < 2 * N; i++)
        xa[i] = i % 2 ? 0.1 : 0.2;
    CHECK(omma_homography_fit(xa, xb, N, H) == OMMA_DEGENERATE);
    CHECK(omma_homography_ransac(xa, xb, N, &good, H, NULL, NULL) == OMMA_DEGENERATE);
    xa[3] = NAN;
    CHECK(omma_homography_fit(xa, xb, N, H) == OMMA_INVALID);
    CHECK(H[0] == 7);
}

int main(void)
{
    TEST(exact_points_give_the_homography);
    TEST(decomposition_contains_the_motion);
    TEST(a_pure_rotation_is_one_motion_without_translation);
    TEST(ransac_finds_the_plane_among_outliers);
    TEST(ransac_without_noise_is_exact);
    TEST(bad_input_is_refused);
    return check_done();
}
