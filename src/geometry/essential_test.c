/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"
#include "two_view_scene.h"

enum { N = 200 };

static void five_points_contain_the_truth(void)
{
    uint64_t seed = 1;
    int solutions = 0, missed = 0;
    for (int trial = 0; trial < 2000; trial++) {
        omma_se3 T = scene_motion(&seed, 0.5, 0.3 * omma_random_unit(&seed));
        double xa[10], xb[10], E[10][9], truth[9], best = INFINITY;
        scene_make(&seed, trial % 2 ? SCENE_PLANE : SCENE_DEEP, &T, 5, 0, 0, xa, xb);
        scene_essential(&T, truth);
        int n = omma_essential_five_point(xa, xb, E);
        CHECK(n >= 0 && n <= 10);
        for (int i = 0; i < n; i++) {
            best = fmin(best, scene_difference(E[i], truth));
            for (int k = 0; k < 5; k++)
                CHECK(fabs(scene_epipolar(E[i], xa + 2 * k, xb + 2 * k)) < 1e-10);
        }
        solutions += n;
        missed += !(best < 1e-4);
    }
    /* Nearly double roots lose digits: of 20000 such scenes 41 are worse than 1e-4. */
    CHECK(missed <= 12);
    CHECK(solutions > 2000 * 2 && solutions < 2000 * 6); /* mean 4.55 for random data (Nister) */
}

static void five_equal_points_have_no_solution(void)
{
    double xa[10], xb[10], E[10][9];
    for (int i = 0; i < 10; i++) {
        xa[i] = i % 2 ? 0.1 : 0.2;
        xb[i] = i % 2 ? 0.3 : -0.2;
    }
    CHECK(omma_essential_five_point(xa, xb, E) == 0);
    xa[3] = NAN;
    CHECK(omma_essential_five_point(xa, xb, E) == 0);
}

static void decomposition_contains_the_motion(void)
{
    uint64_t seed = 2;
    for (int trial = 0; trial < 200; trial++) {
        omma_se3 T = scene_motion(&seed, 1, 3.1 * omma_random_unit(&seed)), motions[4];
        double E[9], best = INFINITY, back[9];
        scene_essential(&T, E);
        omma_essential_decompose(E, motions);
        for (int i = 0; i < 4; i++) {
            best = fmin(best, omma_so3_angle(motions[i].R, T.R) + scene_angle(motions[i].t, T.t));
            scene_essential(&motions[i], back);
            CHECK(scene_difference(back, E) < 1e-14);
        }
        CHECK(best < 1e-13);
    }
}

/* The score of any E by the definition in the header. */
static double msac_score(const double E[9], const double *xa, const double *xb, size_t n,
                         double threshold)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double *a = xa + 2 * i, *b = xb + 2 * i;
        double c = scene_epipolar(E, a, b), s2 = 0;
        for (int k = 0; k < 2; k++) {
            double la = E[3 * k] * a[0] + E[3 * k + 1] * a[1] + E[3 * k + 2];
            double lb = E[k] * b[0] + E[3 + k] * b[1] + E[6 + k];
            s2 += la * la + lb * lb;
        }
        sum += fmax(0, 1 - c * c / s2 / (threshold * threshold));
    }
    return sum;
}

static void ransac_finds_the_motion_among_outliers(void)
{
    double worst_R = 0, worst_t = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t state = seed;
        omma_se3 T = scene_motion(&state, 0.5, 0.2), motions[4];
        double xa[2 * N], xb[2 * N], E[9], truth[9], noise = 0.5 / 500;
        uint8_t inlier[N];
        size_t count = 0;
        omma_ransac_result result;
        omma_ransac_options options = {.threshold = 3 * noise, .seed = seed};
        scene_make(&state, SCENE_DEEP, &T, N, N / 2, noise, xa, xb);
        CHECK_OK(omma_essential_ransac(xa, xb, N, &options, E, inlier, &result));
        for (int i = 0; i < N; i++)
            count += inlier[i];
        CHECK(count == result.inliers);
        CHECK(count > N / 2 * 0.97 && count < N * 0.6);
        CHECK(result.score <= (double)count && result.iterations <= 1000);
        CHECK_CLOSE(msac_score(E, xa, xb, N, 3 * noise), result.score, .rel = 1e-9);
        scene_essential(&T, truth);
        CHECK(result.score >=
              msac_score(truth, xa, xb, N, 3 * noise) - 0.5); /* refined: no worse */
        omma_essential_decompose(E, motions);
        int winner = omma_motion_choose(motions, 4, xa, xb, N, 3 * noise, NULL, NULL, &count);
        worst_R = fmax(worst_R, omma_so3_angle(motions[winner].R, T.R));
        worst_t = fmax(worst_t, scene_angle(motions[winner].t, T.t));
    }
    /* Noise 1e-3 rad, 100 points: R to about 1e-3, t to that by depth / baseline. */
    CHECK(worst_R < 0.012);
    CHECK(worst_t < 0.12);
}

static void planes_do_not_disturb_five_points(void)
{
    uint64_t seed = 9;
    omma_se3 T = scene_motion(&seed, 0.5, 0.2);
    double xa[2 * N], xb[2 * N], E[9], truth[9];
    scene_make(&seed, SCENE_PLANE, &T, N, N / 4, 0, xa, xb);
    CHECK_OK(
        omma_essential_ransac(xa, xb, N, &(omma_ransac_options){.threshold = 1e-3}, E, NULL, NULL));
    scene_essential(&T, truth);
    /* A plane has two motions; the one returned explains all points. */
    for (int i = N / 4; i < N; i++)
        CHECK(fabs(scene_epipolar(E, xa + 2 * i, xb + 2 * i)) < 1e-6);
}

/* Without a baseline any t fits: an answer may come, but a rotation that is right. */
static void a_pure_rotation_gives_its_rotation_or_nothing(void)
{
    uint64_t seed = 12;
    omma_se3 T = scene_motion(&seed, 0, 0.2), motions[4];
    double xa[2 * N], xb[2 * N], E[9], best = INFINITY;
    scene_make(&seed, SCENE_DEEP, &T, N, N / 4, 1e-3, xa, xb);
    if (omma_essential_ransac(xa, xb, N, &(omma_ransac_options){.threshold = 3e-3}, E, NULL, NULL))
        return;
    omma_essential_decompose(E, motions);
    for (int i = 0; i < 4; i++)
        best = fmin(best, omma_so3_angle(motions[i].R, T.R));
    CHECK(best < 0.02);
}

static void the_same_seed_gives_the_same_bits(void)
{
    uint64_t seed = 4;
    omma_se3 T = scene_motion(&seed, 0.5, 0.2);
    double xa[2 * N], xb[2 * N], E[2][9];
    omma_ransac_result result[2];
    scene_make(&seed, SCENE_DEEP, &T, N, N / 2, 1e-3, xa, xb);
    for (int i = 0; i < 2; i++)
        CHECK_OK(omma_essential_ransac(xa, xb, N,
                                       &(omma_ransac_options){.threshold = 3e-3, .seed = 5}, E[i],
                                       NULL, &result[i]));
    CHECK(memcmp(E[0], E[1], sizeof(E[0])) == 0);
    CHECK(result[0].inliers == result[1].inliers && result[0].score == result[1].score &&
          result[0].iterations == result[1].iterations);
}

static void bad_input_is_refused(void)
{
    uint64_t seed = 4;
    omma_se3 T = scene_motion(&seed, 0.5, 0.2);
    double xa[2 * N], xb[2 * N], E[9] = {7};
    scene_make(&seed, SCENE_DEEP, &T, N, 0, 0, xa, xb);
    omma_ransac_options good = {.threshold = 1e-3};
    CHECK(omma_essential_ransac(xa, xb, 4, &good, E, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_essential_ransac(xa, xb, N, NULL, E, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_essential_ransac(xa, xb, N, &(omma_ransac_options){.threshold = NAN}, E, NULL,
                                NULL) == OMMA_INVALID);
    CHECK(omma_essential_ransac(xa, xb, N, &(omma_ransac_options){.threshold = 1, .confidence = 1},
                                E, NULL, NULL) == OMMA_INVALID);
    for (int i = 0; i < 2 * N; i++)
        xa[i] = i % 2 ? 0.1 : 0.2;
    CHECK(omma_essential_ransac(xa, xa, N, &good, E, NULL, NULL) == OMMA_DEGENERATE);
    for (int i = 0; i < 2 * N; i++)
        xb[i] = NAN;
    CHECK(omma_essential_ransac(xa, xb, N, &good, E, NULL, NULL) == OMMA_DEGENERATE);
    CHECK(E[0] == 7);
}

int main(void)
{
    TEST(five_points_contain_the_truth);
    TEST(five_equal_points_have_no_solution);
    TEST(decomposition_contains_the_motion);
    TEST(ransac_finds_the_motion_among_outliers);
    TEST(planes_do_not_disturb_five_points);
    TEST(a_pure_rotation_gives_its_rotation_or_nothing);
    TEST(the_same_seed_gives_the_same_bits);
    TEST(bad_input_is_refused);
    return check_done();
}
