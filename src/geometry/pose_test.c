/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

enum { N = 100 };

static const omma_camera camera = {OMMA_CAMERA_PINHOLE,         640, 480, 500, 510, 320, 239,
                                   {-0.28, 0.07, 2e-4, 2e-5, 0}};

static omma_se3 make_scene(uint64_t *seed, double noise_px, double *world, double *px)
{
    omma_se3 T = omma_se3_exp((double[6]){1, -2, 0.5, 0.2, 0.4, -1});
    omma_se3 world_from_camera = omma_se3_inverse(&T);
    for (int i = 0; i < N; i++) {
        double z = 2 + 5 * omma_random_unit(seed);
        double p[3] = {z * (omma_random_unit(seed) - 0.5), z * (omma_random_unit(seed) - 0.5), z};
        omma_se3_apply(&world_from_camera, p, world + 3 * i);
        omma_camera_project(&camera, p, px + 2 * i, NULL);
        px[2 * i] += noise_px * omma_random_normal(seed);
        px[2 * i + 1] += noise_px * omma_random_normal(seed);
    }
    return T;
}

static double distance(const omma_se3 *a, const omma_se3 *b)
{
    double xi[6], sum = 0;
    omma_se3 inverse = omma_se3_inverse(b), d = omma_se3_mul(a, &inverse);
    omma_se3_log(&d, xi);
    for (int i = 0; i < 6; i++)
        sum += xi[i] * xi[i];
    return sqrt(sum);
}

static omma_se3 disturbed(const omma_se3 *T, double by)
{
    omma_se3 d = omma_se3_exp((double[6]){by, -by, by, -by, by, by});
    return omma_se3_mul(&d, T);
}

static void the_pose_is_found_from_a_wrong_start(void)
{
    uint64_t seed = 1;
    double world[3 * N], px[2 * N], error[N];
    omma_se3 truth = make_scene(&seed, 0, world, px), T = disturbed(&truth, 0.1);
    CHECK_OK(omma_pose_refine(world, px, N, &camera, NULL, &T, error));
    CHECK(distance(&T, &truth) < 1e-9);
    for (int i = 0; i < N; i++)
        CHECK(error[i] < 1e-12);
}

static void noise_moves_it_as_theory_says(void)
{
    double sum = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        double world[3 * N], px[2 * N];
        uint64_t state = seed;
        omma_se3 truth = make_scene(&state, 1, world, px), T = disturbed(&truth, 0.02);
        double error[N], total = 0;
        CHECK_OK(
            omma_pose_refine(world, px, N, &camera, &(omma_pose_options){.huber = 100}, &T, error));
        for (int i = 0; i < N; i++)
            total += error[i];
        sum += total / 50;
        CHECK(distance(&T, &truth) < 0.03);
    }
    /* 2 N residuals less 6 parameters; deviation sqrt(2 * 194 / 50) = 2.8. */
    CHECK_CLOSE(sum, 2 * N - 6, .abs = 9);
}

static void outliers_do_little_harm(void)
{
    uint64_t seed = 3;
    double world[3 * N], px[2 * N], error[N];
    omma_se3 truth = make_scene(&seed, 0, world, px), T = disturbed(&truth, 0.02);
    for (int i = 0; i < N; i += 10)
        px[2 * i] += 40;
    CHECK_OK(
        omma_pose_refine(world, px, N, &camera, &(omma_pose_options){.iterations = 30}, &T, error));
    CHECK(distance(&T, &truth) < 0.005);
    CHECK(error[0] > 30 * 30 && error[1] < 2);
}

static void information_weighs_each_direction(void)
{
    uint64_t seed = 4;
    double world[3 * N], px[2 * N], W[3 * N];
    omma_se3 truth = make_scene(&seed, 0, world, px), T = disturbed(&truth, 0.02);
    for (int i = 0; i < N; i++) {
        bool bad = i < 50;
        px[2 * i] += bad ? 5 : 0; /* wrong in x, and said to be unknown in x */
        W[3 * i] = bad ? 0 : 1;
        W[3 * i + 1] = 0;
        W[3 * i + 2] = 1;
    }
    CHECK_OK(
        omma_pose_refine(world, px, N, &camera, &(omma_pose_options){.information = W}, &T, NULL));
    CHECK(distance(&T, &truth) < 1e-9);
}

static void a_prior_holds_what_points_do_not_show(void)
{
    uint64_t seed = 5;
    double world[3 * N], px[2 * N];
    omma_se3 truth = make_scene(&seed, 0, world, px), T = disturbed(&truth, 0.01);
    omma_pose_options options = {.prior = &truth, .prior_information = {1, 1, 1, 1, 1, 1}};
    CHECK_OK(omma_pose_refine(world, px, 0, &camera, &options, &T, NULL));
    CHECK(distance(&T, &truth) < 1e-9);
    T = disturbed(&truth, 0.01);
    CHECK_OK(omma_pose_refine(world, px, 1, &camera, &options, &T, NULL));
    CHECK(distance(&T, &truth) < 1e-9);
    /* A strong wrong prior wins over the points, a weak one loses. */
    omma_se3 wrong = disturbed(&truth, 0.05);
    options.prior = &wrong;
    for (int i = 0; i < 6; i++)
        options.prior_information[i] = 1e12;
    T = truth;
    CHECK_OK(omma_pose_refine(world, px, N, &camera, &options, &T, NULL));
    CHECK(distance(&T, &wrong) < 1e-3);
    for (int i = 0; i < 6; i++)
        options.prior_information[i] = 1e-3;
    CHECK_OK(omma_pose_refine(world, px, N, &camera, &options, &T, NULL));
    CHECK(distance(&T, &truth) < 1e-3);
}

static void points_behind_are_reported(void)
{
    uint64_t seed = 6;
    double world[3 * N], px[2 * N], error[N], behind[3] = {0, 0, -3};
    omma_se3 truth = make_scene(&seed, 0, world, px), T = disturbed(&truth, 0.01);
    omma_se3 world_from_camera = omma_se3_inverse(&truth);
    omma_se3_apply(&world_from_camera, behind, world + 3 * 7);
    CHECK_OK(omma_pose_refine(world, px, N, &camera, NULL, &T, error));
    CHECK(error[7] == 1e30);
    CHECK(distance(&T, &truth) < 1e-9);
}

static void what_does_not_determine_a_pose_is_refused(void)
{
    uint64_t seed = 7;
    double world[3 * N], px[2 * N], p[3];
    omma_se3 truth = make_scene(&seed, 0, world, px), T = disturbed(&truth, 0.01), start;
    CHECK(omma_pose_refine(world, px, 2, &camera, NULL, &T, NULL) == OMMA_INVALID);
    for (int i = 0; i < N; i++) { /* on one line: the turn about it is free */
        for (int j = 0; j < 3; j++)
            world[3 * i + j] = world[j] + (world[3 + j] - world[j]) * i / N;
        omma_se3_apply(&truth, world + 3 * i, p);
        omma_camera_project(&camera, p, px + 2 * i, NULL);
    }
    CHECK(omma_pose_refine(world, px, N, &camera, NULL, &T, NULL) == OMMA_DEGENERATE);
    make_scene(&seed, 0, world, px);
    for (int i = 0; i < N; i++) { /* all behind */
        for (int j = 0; j < 3; j++)
            world[3 * i + j] = 0;
    }
    T.t[2] = -5;
    CHECK(omma_pose_refine(world, px, N, &camera, NULL, &T, NULL) == OMMA_DEGENERATE);
    T = start = make_scene(&seed, 0, world, px);
    px[3] = NAN;
    CHECK(omma_pose_refine(world, px, N, &camera, NULL, &T, NULL) == OMMA_INVALID);
    CHECK(memcmp(&T, &start, sizeof(T)) == 0);
}

int main(void)
{
    TEST(the_pose_is_found_from_a_wrong_start);
    TEST(noise_moves_it_as_theory_says);
    TEST(outliers_do_little_harm);
    TEST(information_weighs_each_direction);
    TEST(a_prior_holds_what_points_do_not_show);
    TEST(points_behind_are_reported);
    TEST(what_does_not_determine_a_pose_is_refused);
    return check_done();
}
