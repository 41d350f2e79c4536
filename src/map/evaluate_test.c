/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Besides theory, whole results are compared with those of an independent numpy program, which was
 * given the trajectories that this test writes when it gets a folder as argument.
 */
#include <omma/map.h>

#include "check.h"

static const char *folder;

static omma_trajectory make_trajectory(size_t n, double step_s, double phase_s)
{
    omma_trajectory t = {.poses = omma_new_array(omma_stamped_pose, n), .count = n};

    for (size_t i = 0; i < n; i++) {
        double time_s = 100 + (double)i * step_s + phase_s, a = 0.4 * time_s;
        double q[4] = {0.3 * sin(a), 0.5 * cos(0.7 * a), 0.2 * sin(0.3 * a), 1};

        t.poses[i].time_s = time_s;
        t.poses[i].world_from_camera = omma_se3_from_quaternion(
            q, (double[3]){3 * cos(a), 2 * sin(1.1 * a), 0.5 * a + 0.3 * sin(2 * a)});
    }
    return t;
}

/* Moves everything by estimate_from_truth and adds noise to positions and rotations. */
static void spoil(omma_trajectory *t, const omma_sim3 *S, double noise, double noise_rad,
                  uint64_t seed)
{
    for (size_t i = 0; i < t->count; i++) {
        omma_se3 *T = &t->poses[i].world_from_camera, turn = {.t = {0}}, shake = {.t = {0}};
        double phi[3], position[3];

        omma_sim3_apply(S, T->t, position);
        memcpy(turn.R, S->R, sizeof turn.R);
        for (int k = 0; k < 3; k++) {
            position[k] += noise * S->s * omma_random_normal(&seed);
            phi[k] = noise_rad * omma_random_normal(&seed);
        }
        omma_so3_exp(phi, shake.R);
        *T = omma_se3_mul(&turn, T);
        *T = omma_se3_mul(T, &shake);
        memcpy(T->t, position, sizeof position);
    }
}

static void drop(omma_trajectory *t, size_t first, size_t n)
{
    memmove(t->poses + first, t->poses + first + n, (t->count - first - n) * sizeof *t->poses);
    t->count -= n;
}

static omma_sim3 some_motion(void)
{
    return omma_sim3_exp((double[7]){1, -2, 0.5, 0.7, -0.4, 1.1, -0.6});
}

static void keep(const omma_trajectory *t, const char *name)
{
    if (!folder)
        return;
    char *path = omma_text("%s/%s.txt", folder, name);
    FILE *f = fopen(path, "w");

    for (size_t i = 0; f && i < t->count; i++) {
        const omma_se3 *T = &t->poses[i].world_from_camera;
        double q[4];

        omma_se3_to_quaternion(T, q);
        fprintf(f, "%.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", t->poses[i].time_s, T->t[0],
                T->t[1], T->t[2], q[0], q[1], q[2], q[3]);
    }
    if (f)
        fclose(f);
    free(path);
}

/* ------------------------------------------------------------------------------- theory */

static void moved_copy_has_no_error_after_alignment(void)
{
    omma_trajectory truth = make_trajectory(200, 1.0 / 30, 0),
                    copy = make_trajectory(200, 1.0 / 30, 0);
    omma_sim3 S = some_motion();
    omma_evaluation e;

    spoil(&copy, &S, 0, 0, 1);
    CHECK_OK(omma_trajectory_evaluate(&copy, &truth, OMMA_ALIGN_SIM3, 0, 0, &e));
    CHECK(e.pairs == 200 && e.coverage == 1 && e.truth_poses == 200 && e.estimated_poses == 200);
    CHECK_CLOSE(e.ate_rmse, 0, .abs = 1e-12);
    CHECK_CLOSE(e.scale, 1 / S.s, .rel = 1e-12);
    CHECK_CLOSE(e.rotation_rmse_deg, 0, .abs = 1e-10);
    CHECK_CLOSE(e.rotation_rmse_own_deg, 0, .abs = 1e-10);
    CHECK_CLOSE(e.rpe_translation_rmse, 0, .abs = 1e-12);
    CHECK_CLOSE(e.rpe_rotation_rmse_deg, 0, .abs = 1e-10);
    /* without the scale it cannot fit, and without alignment even less */
    CHECK_OK(omma_trajectory_evaluate(&copy, &truth, OMMA_ALIGN_SE3, 0, 0, &e));
    CHECK(e.scale == 1 && e.ate_rmse > 0.5);
    double rigid = e.ate_rmse;

    CHECK_OK(omma_trajectory_evaluate(&copy, &truth, OMMA_ALIGN_NONE, 0, 400, &e));
    CHECK(e.scale == 1 && e.ate_rmse > rigid && e.coverage == 0.5);
    omma_trajectory_finish(&truth);
    omma_trajectory_finish(&copy);
}

/* Seven parameters are fitted to 3 n numbers: E[sum of squares] = sigma^2 (3 n - 7). */
static void noise_comes_out_as_it_went_in(void)
{
    omma_trajectory truth = make_trajectory(3000, 1.0 / 30, 0),
                    noisy = make_trajectory(3000, 1.0 / 30, 0);
    omma_sim3 S = some_motion();
    omma_evaluation e;

    spoil(&noisy, &S, 0.02, 0.01, 3);
    CHECK_OK(omma_trajectory_evaluate(&noisy, &truth, OMMA_ALIGN_SIM3, 0, 0, &e));
    /* 9000 normal numbers: the root mean square is known to 1 / sqrt(18000) = 0.75 %; 4 sigma */
    CHECK_CLOSE(e.ate_rmse, 0.02 * sqrt(3.0), .rel = 0.03);
    CHECK_CLOSE(e.rotation_rmse_own_deg, 0.01 * sqrt(3.0) * 180 / M_PI, .rel = 0.03);
    CHECK_CLOSE(e.rpe_rotation_rmse_deg, 0.01 * sqrt(6.0) * 180 / M_PI, .rel = 0.04);
    CHECK(e.ate_median < e.ate_rmse && e.ate_mean < e.ate_rmse && e.ate_rmse < e.ate_max);
    omma_trajectory_finish(&truth);
    omma_trajectory_finish(&noisy);
}

static void path_on_a_line_is_aligned(void)
{
    omma_trajectory truth = make_trajectory(100, 0.1, 0), copy = make_trajectory(100, 0.1, 0);
    omma_sim3 S = some_motion();
    omma_evaluation e;

    for (size_t i = 0; i < 100; i++) {
        double t[3] = {0.1 * (double)i, 0.2 * (double)i, -0.1 * (double)i};

        memcpy(truth.poses[i].world_from_camera.t, t, sizeof t);
        memcpy(copy.poses[i].world_from_camera.t, t, sizeof t);
    }
    spoil(&copy, &S, 0, 0, 1);
    CHECK_OK(omma_trajectory_evaluate(&copy, &truth, OMMA_ALIGN_SIM3, 0, 0, &e));
    CHECK_CLOSE(e.ate_rmse, 0, .abs = 1e-12);
    CHECK_CLOSE(e.rotation_rmse_own_deg, 0, .abs = 1e-10); /* roll is free only in the other one */
    omma_trajectory_finish(&truth);
    omma_trajectory_finish(&copy);
}

static void pairs_are_mutually_nearest(void)
{
    omma_trajectory truth = make_trajectory(10, 1, 0), estimate = make_trajectory(40, 0.25, 0.1);
    omma_evaluation e;

    CHECK_OK(omma_trajectory_evaluate(&estimate, &truth, OMMA_ALIGN_SIM3, 0, 0, &e));
    CHECK(e.pairs ==
          10); /* four estimates are within half a second of each truth; one is nearest */
    CHECK_OK(omma_trajectory_evaluate(&estimate, &truth, OMMA_ALIGN_SIM3, 0.1001, 20, &e));
    CHECK(e.pairs == 10 && e.coverage == 0.5);
    CHECK(omma_trajectory_evaluate(&estimate, &truth, OMMA_ALIGN_SIM3, 0.0999, 0, &e) ==
          OMMA_DEGENERATE);
    omma_trajectory_finish(&truth);
    omma_trajectory_finish(&estimate);
}

static void too_little_is_said_to_be_so(void)
{
    omma_trajectory truth = make_trajectory(10, 1, 0), none = {0}, few = make_trajectory(2, 1, 0);
    omma_evaluation e;

    CHECK(omma_trajectory_evaluate(&none, &truth, OMMA_ALIGN_SIM3, 0, 0, &e) == OMMA_DEGENERATE);
    CHECK(omma_trajectory_evaluate(&truth, &none, OMMA_ALIGN_SIM3, 0, 0, &e) == OMMA_DEGENERATE);
    CHECK(omma_trajectory_evaluate(&few, &truth, OMMA_ALIGN_SIM3, 0, 0, &e) == OMMA_DEGENERATE);
    /* 10 poses, one a second, are less than 30 poses: there is no relative error */
    CHECK_OK(omma_trajectory_evaluate(&truth, &truth, OMMA_ALIGN_SIM3, 0, 0, &e));
    CHECK(isnan(e.rpe_translation_rmse) && isnan(e.rpe_rotation_rmse_deg));
    omma_trajectory_finish(&truth);
    omma_trajectory_finish(&few);
}

static void who_stands_still_gets_no_score(void)
{
    omma_trajectory truth = make_trajectory(40, 0.1, 0), still = make_trajectory(40, 0.1, 0);
    omma_evaluation e;

    for (size_t i = 0; i < still.count; i++)
        for (int k = 0; k < 3; k++)
            still.poses[i].world_from_camera.t[k] = 1e5 / 3;
    CHECK(omma_trajectory_evaluate(&truth, &still, OMMA_ALIGN_SIM3, 0, 0, &e) == OMMA_DEGENERATE);
    CHECK(strstr(omma_why(), "the truth does not move") != NULL);
    CHECK(omma_trajectory_evaluate(&still, &truth, OMMA_ALIGN_SE3, 0, 0, &e) == OMMA_DEGENERATE);
    CHECK(strstr(omma_why(), "the estimate does not move") != NULL);
    CHECK_OK(omma_trajectory_evaluate(&truth, &still, OMMA_ALIGN_NONE, 0, 0, &e));
    CHECK(e.ate_rmse > 1);
    omma_trajectory_finish(&truth);
    omma_trajectory_finish(&still);
}

static void what_is_no_result_is_refused(void)
{
    omma_trajectory truth = make_trajectory(40, 0.1, 0);
    omma_evaluation e = {.ate_rmse = 42};

    CHECK(omma_trajectory_evaluate(&truth, &truth, OMMA_ALIGN_SIM3, 0, 39, &e) == OMMA_INVALID);
    CHECK(strstr(omma_why(), "39 frames are expected") != NULL);
    truth.poses[7].world_from_camera.t[1] = 1e308;
    CHECK(omma_trajectory_evaluate(&truth, &truth, OMMA_ALIGN_NONE, 0, 0, &e) == OMMA_INVALID);
    CHECK(omma_trajectory_evaluate(&truth, &truth, OMMA_ALIGN_SIM3, 0, 0, &e) != OMMA_OK);
    CHECK(e.ate_rmse == 42);
    omma_trajectory_finish(&truth);
}

/* ---------------------------------------------------------------- the independent program */

typedef struct expected {
    const char *name;
    omma_alignment alignment;
    double max_dt_s;
    size_t expected;
    size_t pairs;
    /* in the order of results() */
    double values[12];
} expected;

static void results(const omma_evaluation *e, double values[12])
{
    const double all[12] = {e->coverage,
                            e->ate_rmse,
                            e->ate_mean,
                            e->ate_median,
                            e->ate_max,
                            e->scale,
                            e->path_length,
                            e->extent,
                            e->rotation_rmse_deg,
                            e->rotation_rmse_own_deg,
                            e->rpe_translation_rmse,
                            e->rpe_rotation_rmse_deg};

    memcpy(values, all, sizeof all);
}

// clang-format off
static const expected cases[] = {
    {"fast", OMMA_ALIGN_SIM3, 0, 0, 395,
     {0.45930232558139533, 0.051972543827389028, 0.047738573885660801, 0.045601913536135838,
      0.11952827429170212, 1.8218279492010467, 30.687984800422033, 9.5332773155156332,
      1.9600796808261558, 1.957980511685431, 0.07975351297835484, 2.7771400513020046}},
    {"fast", OMMA_ALIGN_SE3, 0.01, 870, 395,
     {0.45402298850574713, 1.4079059597794399, 1.3321108450440839, 1.4061899045533941,
      2.0162838219781567, 1, 30.687984800422033, 9.5332773155156332,
      1.9600796808261558, 1.957980511685431, 0.48925265529751205, 2.7771400513020046}},
    {"fast", OMMA_ALIGN_NONE, 0, 0, 395,
     {0.45930232558139533, 17.160873403463683, 17.081699415348158, 17.114016463203697,
      19.795100600971288, 1, 30.687984800422033, 9.5332773155156332,
      78.107887241490587, 1.957980511685431, 0.48925265529751183, 2.7771400513013815}},
    {"slow", OMMA_ALIGN_SIM3, 0, 0, 120,
     {1, 0.12561069747397646, 0.11516827021525057, 0.10943188423256969,
      0.27496781226331457, 1.8204968996754127, 86.52762384656296, 18.662362547116921,
      3.4393953185508708, 3.2437560722241794, 0.39418505896367806, 4.3348330533938926}},
    {"slow", OMMA_ALIGN_SE3, 0, 200, 120,
     {0.59999999999999998, 2.4815995104601063, 2.3095686634828865, 2.1884092809580249,
      4.0549979220593988, 1, 86.52762384656296, 18.662362547116921,
      3.4393953185508708, 3.2437560722241794, 2.8466035176870612, 4.3348330533938926}},
};
// clang-format on

static void numbers_are_those_of_the_independent_program(void)
{
    /* fast: 30 a second, half as many estimates and gaps in both; slow: every 0.7 s, so over 30
     * poses
     */
    omma_trajectory fast_truth = make_trajectory(900, 1.0 / 30, 0);
    omma_trajectory fast = make_trajectory(450, 1.0 / 15, 0.004);
    omma_trajectory slow_truth = make_trajectory(120, 0.7, 0),
                    slow = make_trajectory(120, 0.7, -0.1);
    omma_sim3 S = some_motion();

    drop(&fast_truth, 300, 40);
    drop(&fast, 60, 35);
    spoil(&fast, &S, 0.03, 0.02, 11);
    spoil(&slow, &S, 0.05, 0.03, 12);
    keep(&fast_truth, "fast_truth");
    keep(&fast, "fast");
    keep(&slow_truth, "slow_truth");
    keep(&slow, "slow");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const expected *x = &cases[i];
        bool is_fast = x->name[0] == 'f';
        omma_evaluation e;
        double got[12];

        CHECK_OK(omma_trajectory_evaluate(is_fast ? &fast : &slow,
                                          is_fast ? &fast_truth : &slow_truth, x->alignment,
                                          x->max_dt_s, x->expected, &e));
        results(&e, got);
        CHECK(e.pairs == x->pairs);
        /* measured: 2e-13; files of 17 digits lie between */
        CHECK_ARRAY_CLOSE(got, x->values, 12, .rel = 1e-11);
    }
    omma_trajectory_finish(&fast_truth);
    omma_trajectory_finish(&fast);
    omma_trajectory_finish(&slow_truth);
    omma_trajectory_finish(&slow);
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : NULL;
    TEST(moved_copy_has_no_error_after_alignment);
    TEST(noise_comes_out_as_it_went_in);
    TEST(path_on_a_line_is_aligned);
    TEST(pairs_are_mutually_nearest);
    TEST(too_little_is_said_to_be_so);
    TEST(who_stands_still_gets_no_score);
    TEST(what_is_no_result_is_refused);
    TEST(numbers_are_those_of_the_independent_program);
    return check_done();
}
