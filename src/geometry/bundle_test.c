/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle_fixture.h"
#include "check.h"

static double worst_pose(const scene *s)
{
    double worst = 0, xi[6];
    for (size_t i = 0; i < s->poses; i++) {
        const omma_se3 inverse = omma_se3_inverse(s->true_pose + i);
        const omma_se3 off = omma_se3_mul(s->pose + i, &inverse);
        omma_se3_log(&off, xi);
        for (int j = 0; j < 6; j++)
            worst = fmax(worst, fabs(xi[j]));
    }
    return worst;
}

static double worst_rho(const scene *s)
{
    double worst = 0;
    for (size_t i = 0; i < s->points; i++)
        worst = fmax(worst, fabs(s->point[i].inverse_depth - s->true_rho[i]));
    return worst;
}

/* --------------------------------------------------------------------------------- solutions */

static void exact_views_give_the_exact_scene(void)
{
    const scene_options so = {.poses = 10, .points = 300, .disturb = 0.02};
    scene *s = scene_make(&so);
    const omma_bundle_problem p = problem_of(s);
    omma_bundle_result result;
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.iterations = 30}, NULL, &result));
    CHECK(result.cost_before > 1e3);
    CHECK(result.rms_px < 1e-4); /* pixels are floats: 3e-5 */
    CHECK(worst_pose(s) < 1e-6);
    CHECK(worst_rho(s) < 1e-5);
    free(s);
}

static void noise_leaves_the_expected_cost(void)
{
    const scene_options so = {.poses = 12, .points = 400, .noise_px = 0.7, .disturb = 0.02};
    scene *s = scene_make(&so);
    const omma_bundle_problem p = problem_of(s);
    omma_bundle_result result;
    double *error = omma_new_array(double, s->observations + 1), sum = 0;
    error[s->observations] = -7;
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.huber = 100, .iterations = 30}, error,
                                &result));
    const double freedom = 2 * (double)s->observations - 6 * 10 - (double)s->points;
    /* chi squared: mean freedom, deviation sqrt(2 freedom); the anchors carry no noise here */
    CHECK_CLOSE(result.cost_after, freedom, .abs = 5 * sqrt(2 * freedom));
    for (size_t i = 0; i < s->observations; i++)
        sum += error[i];
    CHECK_CLOSE(sum, result.cost_after, .rel = 1e-9);
    CHECK_CLOSE(result.rms_px, 0.7 * sqrt(sum / (double)s->observations), .rel = 1e-6);
    CHECK(error[s->observations] == -7);
    free(error);
    free(s);
}

static void focal_length_and_distortion_are_found(void)
{
    for (int model = 0; model < 2; model++) {
        const scene_options so = {.poses = 16,
                                  .points = 500,
                                  .noise_px = 0.5,
                                  .disturb = 0.01,
                                  .k1 = -0.08,
                                  .model = (omma_camera_model)model};
        scene *s = scene_make(&so);
        const double f = s->true_camera.fx;
        s->camera.fx *= 500. / 525;
        s->camera.fy *= 500. / 525;
        s->camera.k[0] = 0;
        for (size_t i = 1; i < s->poses; i++)
            s->fixed[i] = 0;
        const omma_bundle_problem p = problem_of(s);
        const omma_bundle_options o = {
            .iterations = 50,
            .free_camera = OMMA_BUNDLE_FOCAL | OMMA_BUNDLE_K1,
            .focal_prior = 500,
            .focal_prior_sigma = 0.3,
            .k_prior_sigma = 0.5,
        };
        omma_bundle_result result;
        CHECK_OK(omma_bundle_adjust(&p, &o, NULL, &result));
        CHECK_CLOSE(s->camera.fx, f, .rel = 0.005);
        CHECK_CLOSE(s->camera.fy / s->camera.fx, 1.01, .rel = 1e-12);
        CHECK_CLOSE(s->camera.k[0], -0.08, .abs = 0.005);
        CHECK(result.focal_sigma_px > 0.05 && result.focal_sigma_px < 3);
        CHECK(fabs(s->camera.fx - f) < 4 * result.focal_sigma_px);
        CHECK(s->camera.cx == 322 && s->camera.k[1] == 0);
        free(s);
    }
}

/* A calibration that came without its k3. */
static void a_missing_k3_is_found(void)
{
    const scene_options so = {
        .poses = 16, .points = 500, .noise_px = 0.5, .disturb = 0.01, .k1 = 0.26, .k2 = -0.95};
    scene *s = scene_make(&so);
    s->camera = s->true_camera;
    for (size_t i = 1; i < s->poses; i++)
        s->fixed[i] = 0;
    s->camera.k[4] = 0.3;
    const omma_bundle_problem p = problem_of(s);
    const omma_bundle_options o = {
        .iterations = 50, .free_camera = OMMA_BUNDLE_K3, .k_prior_sigma = 1};
    CHECK_OK(omma_bundle_adjust(&p, &o, NULL, NULL));
    CHECK_CLOSE(s->camera.k[4], s->true_camera.k[4], .abs = 0.03);
    CHECK(s->camera.fx == s->true_camera.fx && s->camera.k[0] == s->true_camera.k[0]);
    free(s);
}

/* Its own scatter over many noises is what focal_sigma_px says. */
static void focal_sigma_is_the_scatter(void)
{
    double sum = 0, squares = 0, said = 0;
    const int n = 40;
    for (int i = 0; i < n; i++) {
        const scene_options so = {.poses = 8, .points = 100, .noise_px = 0.5, .seed = 100};
        scene *s = scene_make(&so);
        uint64_t seed = (uint64_t)i + 1;
        for (size_t k = 0; k < s->observations; k++) {
            s->observation[k].px[0] += (float)(0.5 * omma_random_normal(&seed));
            s->observation[k].px[1] += (float)(0.5 * omma_random_normal(&seed));
        }
        const omma_bundle_problem p = problem_of(s);
        omma_bundle_result result;
        CHECK_OK(omma_bundle_adjust(
            &p, &(omma_bundle_options){.free_camera = OMMA_BUNDLE_FOCAL, .huber = 100}, NULL,
            &result));
        sum += s->camera.fx;
        squares += s->camera.fx * s->camera.fx;
        said = result.focal_sigma_px;
        free(s);
    }
    const double scatter = sqrt((squares - sum * sum / n) / (n - 1));
    CHECK_CLOSE(scatter, said, .rel = 0.4); /* deviation of a deviation of 40: 11 % */
}

static void outliers_do_not_pull(void)
{
    const scene_options so = {.poses = 12, .points = 400, .noise_px = 0.5, .disturb = 0.01};
    scene *s = scene_make(&so);
    uint64_t seed = 5;
    for (size_t i = 0; i < s->observations; i += 13) {
        s->observation[i].px[0] += (float)(40 * omma_random_normal(&seed));
        s->observation[i].px[1] += (float)(40 * omma_random_normal(&seed));
    }
    double *error = omma_new_array(double, s->observations);
    const omma_bundle_problem p = problem_of(s);
    omma_bundle_result result;
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.iterations = 30}, error, &result));
    CHECK(worst_pose(s) < 0.005);
    size_t inliers = 0;
    for (size_t i = 0; i < s->observations; i++)
        inliers += error[i] < 12;
    CHECK(inliers > s->observations * 90 / 100);
    CHECK(result.rms_px > 0.5 && result.rms_px < 1);
    free(error);
    free(s);
}

static void fixed_things_stay_bit_for_bit(void)
{
    const scene_options so = {.poses = 8, .points = 100, .noise_px = 0.5, .disturb = 0.01};
    scene *s = scene_make(&so), *before = omma_new(scene);
    omma_se3 *lonely = s->pose + s->poses++;
    *lonely = s->pose[3]; /* free, but sees nothing */
    s->fixed[5] = 1;
    *before = *s;
    omma_bundle_problem p = problem_of(s);
    CHECK_OK(omma_bundle_adjust(&p, NULL, NULL, NULL));
    for (size_t i = 0; i < s->poses; i++) {
        const bool same = memcmp(s->pose + i, before->pose + i, sizeof(omma_se3)) == 0;
        CHECK(same == (s->fixed[i] || i + 1 == s->poses));
    }
    CHECK(memcmp(&s->camera, &before->camera, sizeof s->camera) == 0);
    CHECK(memcmp(s->observation, before->observation, sizeof s->observation) == 0);

    *s = *before;
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.points_fixed = true}, NULL, NULL));
    CHECK(memcmp(s->point, before->point, sizeof s->point) == 0);
    CHECK(memcmp(s->pose, before->pose, sizeof s->pose) != 0);

    *s = *before;
    memset(s->fixed, 1, sizeof s->fixed);
    omma_bundle_result result;
    CHECK_OK(omma_bundle_adjust(&p, NULL, NULL, &result)); /* points alone */
    CHECK(result.cost_after < result.cost_before);
    CHECK(memcmp(s->pose, before->pose, sizeof s->pose) == 0);
    CHECK(memcmp(s->point, before->point, sizeof s->point) != 0);

    *s = *before;
    p.pose_fixed = NULL; /* pose 0 alone */
    CHECK_OK(omma_bundle_adjust(&p, NULL, NULL, NULL));
    CHECK(memcmp(s->pose, before->pose, sizeof s->pose[0]) == 0);
    CHECK(memcmp(s->pose + 1, before->pose + 1, sizeof s->pose[0]) != 0);
    free(s);
    free(before);
}

static void points_at_infinity_stay_there(void)
{
    const scene_options so = {.poses = 10, .points = 200, .noise_px = 0.3, .disturb = 0.005};
    scene *s = scene_make(&so);
    const size_t near = s->points;
    uint64_t seed = 3;
    for (int i = 0; i < 100; i++) {
        const double far[3] = {3e5 * omma_random_normal(&seed), 3e5 * omma_random_normal(&seed),
                               1e6};
        observe(s, far, 0.3, 0, &seed);
    }
    CHECK(s->points > near + 50);
    for (size_t i = near; i < s->points; i++)
        s->point[i].inverse_depth = 0;
    const omma_bundle_problem p = problem_of(s);
    double *information = omma_new_array(double, s->points + 1);
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.iterations = 20}, NULL, NULL));
    information[s->points] = -7;
    omma_bundle_point_information(&p, information);
    size_t negative = 0;
    for (size_t i = near; i < s->points; i++) {
        CHECK(fabs(s->point[i].inverse_depth) < 5 / sqrt(information[i]) + 1e-6);
        CHECK(fabs(s->point[i].inverse_depth) < 0.01);
        negative += s->point[i].inverse_depth < 0;
    }
    CHECK(negative > 10); /* 0 is no wall */
    CHECK(information[s->points] == -7);
    CHECK(worst_pose(s) < 0.01);
    free(information);
    free(s);
}

/* 1 / sqrt(information) is how far depths scatter when poses are exact. */
static void point_information_is_the_scatter(void)
{
    const scene_options so = {.poses = 8, .points = 500, .noise_px = 0.5};
    scene *s = scene_make(&so);
    memset(s->fixed, 1, sizeof s->fixed);
    const omma_bundle_problem p = problem_of(s);
    double *information = omma_new_array(double, s->points), sum = 0;
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.huber = 100}, NULL, NULL));
    omma_bundle_point_information(&p, information);
    for (size_t i = 0; i < s->points; i++) {
        const double off = s->point[i].inverse_depth - s->true_rho[i];
        sum += off * off * information[i];
    }
    CHECK_CLOSE(sum / (double)s->points, 1, .abs = 0.35); /* loss 1.5 lowers it by some 15 % */
    free(information);
    free(s);
}

static void rotating_the_world_changes_nothing(void)
{
    const scene_options so = {.poses = 8, .points = 150, .noise_px = 0.5, .disturb = 0.01};
    scene *a = scene_make(&so), *b = scene_make(&so);
    const double xi[6] = {3, -2, 1, 0.4, -1.2, 0.7};
    const omma_se3 move = omma_se3_exp(xi);
    for (size_t i = 0; i < b->poses; i++)
        b->pose[i] = omma_se3_mul(b->pose + i, &move);
    const omma_bundle_problem pa = problem_of(a), pb = problem_of(b);
    omma_bundle_result ra, rb;
    CHECK_OK(omma_bundle_adjust(&pa, NULL, NULL, &ra));
    CHECK_OK(omma_bundle_adjust(&pb, NULL, NULL, &rb));
    CHECK_CLOSE(rb.cost_after, ra.cost_after, .rel = 1e-8);
    for (size_t i = 0; i < a->poses; i++) {
        const omma_se3 want = omma_se3_mul(a->pose + i, &move);
        CHECK_ARRAY_CLOSE(b->pose[i].R, want.R, 9, .abs = 1e-7);
        CHECK_ARRAY_CLOSE(b->pose[i].t, want.t, 3, .abs = 1e-7);
    }
    free(a);
    free(b);
}

static void repeats_give_the_same_bits(void)
{
    const scene_options so = {.poses = 9, .points = 150, .noise_px = 0.5, .disturb = 0.01};
    scene *a = scene_make(&so), *b = scene_make(&so);
    const omma_bundle_problem pa = problem_of(a), pb = problem_of(b);
    const omma_bundle_options o = {.free_camera = OMMA_BUNDLE_FOCAL};
    omma_bundle_result ra, rb;
    CHECK_OK(omma_bundle_adjust(&pa, &o, NULL, &ra));
    CHECK_OK(omma_bundle_adjust(&pb, &o, NULL, &rb));
    CHECK(memcmp(a, b, sizeof *a) == 0);
    CHECK(ra.cost_after == rb.cost_after && ra.focal_sigma_px == rb.focal_sigma_px);
    free(a);
    free(b);
}

static void priors_hold_depths(void)
{
    const scene_options so = {.poses = 6, .points = 50, .noise_px = 0.5};
    scene *s = scene_make(&so);
    const size_t last = s->points++; /* nobody sees it */
    s->point[last] = (omma_bundle_point){.anchor_px = {100, 100}, .inverse_depth = 0.5};
    const omma_bundle_problem p = problem_of(s);
    CHECK_OK(omma_bundle_adjust(&p, NULL, NULL, NULL));
    CHECK(s->point[last].inverse_depth == 0.5);
    s->point[last].prior = 0.3;
    s->point[last].prior_information = 1e4;
    s->point[0].prior = 0.9;
    s->point[0].prior_information = 1e12;
    CHECK_OK(omma_bundle_adjust(&p, NULL, NULL, NULL));
    CHECK_CLOSE(s->point[last].inverse_depth, 0.3, .abs = 1e-3);
    CHECK_CLOSE(s->point[0].inverse_depth, 0.9, .abs = 1e-4);
    free(s);
}

/* Some depths so small that the point lies behind later cameras: the others converge all the same.
 */
static void points_behind_a_camera_do_not_stop_the_others(void)
{
    const scene_options so = {.poses = 10, .points = 200, .noise_px = 0.5, .disturb = 0.01};
    scene *s = scene_make(&so);
    for (size_t i = 0; i < 200; i += 25)
        s->point[i].inverse_depth = 50;
    double *error = omma_new_array(double, s->observations);
    const omma_bundle_problem p = problem_of(s);
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.iterations = 30}, error, NULL));
    CHECK(worst_pose(s) < 0.01);
    size_t behind = 0;
    for (size_t i = 0; i < s->observations; i++)
        behind += error[i] == 1e30;
    CHECK(behind > 0);
    for (size_t i = 0; i < s->points; i++)
        s->point[i].inverse_depth = 1e6; /* passed by the time of the next view */
    keep_between(s, 1, POSES_MAX);
    const omma_bundle_problem passed = problem_of(s);
    CHECK(omma_bundle_adjust(&passed, NULL, NULL, NULL) == OMMA_DEGENERATE);
    free(error);
    free(s);
}

/* The camera only turns: depths cannot be known and must not run away. */
static void a_turning_camera_leaves_depths_alone(void)
{
    const scene_options so = {.poses = 6, .points = 100, .noise_px = 0.3, .disturb = 0.002};
    scene *s = scene_make(&so);
    omma_bundle_result result;
    s->points = s->observations = 0;
    uint64_t seed = 8;
    for (size_t i = 0; i < s->poses; i++) {
        memset(s->true_pose[i].t, 0, sizeof s->true_pose[i].t);
        s->fixed[i] = i == 0;
        s->pose[i] = i ? disturbed(s->true_pose + i, 0.002, &seed) : s->true_pose[i];
        memset(s->pose[i].t, 0, sizeof s->pose[i].t);
    }
    for (int i = 0; i < 300; i++) {
        const double world[3] = {3 * omma_random_normal(&seed), 3 * omma_random_normal(&seed), 8};
        observe(s, world, 0.3, 0.1, &seed);
    }
    const omma_bundle_problem p = problem_of(s);
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.iterations = 20}, NULL, &result));
    CHECK(result.rms_px < 0.6);
    for (size_t i = 0; i < s->points; i++)
        CHECK(fabs(s->point[i].inverse_depth) < 2);
    for (size_t i = 0; i < s->poses; i++)
        CHECK(omma_so3_angle(s->pose[i].R, s->true_pose[i].R) < 0.005);

    /* a baseline of 1e-7: what it says about depths is noise alone */
    for (size_t i = 0; i < s->poses; i++) {
        s->fixed[i] = 1;
        s->pose[i] = s->true_pose[i];
        s->pose[i].t[0] = 1e-7 * (double)i;
    }
    for (size_t i = 0; i < s->points; i++)
        s->point[i].inverse_depth = s->true_rho[i];
    CHECK_OK(omma_bundle_adjust(&p, NULL, NULL, NULL));
    for (size_t i = 0; i < s->points; i++)
        CHECK(s->point[i].inverse_depth == s->true_rho[i]);
    free(s);
}

static void stop_ends_it(void)
{
    const scene_options so = {.poses = 8, .points = 100, .noise_px = 0.5, .disturb = 0.02};
    scene *s = scene_make(&so);
    const omma_bundle_problem p = problem_of(s);
    const int stop = 1;
    omma_bundle_result result;
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.stop = &stop}, NULL, &result));
    CHECK(result.iterations == 0 && result.cost_after == result.cost_before);
    CHECK_OK(omma_bundle_adjust(&p, &(omma_bundle_options){.iterations = 2}, NULL, &result));
    CHECK(result.iterations == 2);
    free(s);
}

/* ------------------------------------------------------------------------------------ refusals */

static scene *broken, *broken_before;

static void refused(const omma_bundle_problem *p, const omma_bundle_options *o)
{
    double error[4] = {-7, -7, -7, -7};
    omma_bundle_result result = {.iterations = -7};
    *broken_before = *broken;
    CHECK(omma_bundle_adjust(p, o, error, &result) == OMMA_INVALID);
    CHECK(memcmp(broken, broken_before, sizeof *broken) == 0);
    CHECK(error[0] == -7 && result.iterations == -7);
}

static void wrong_problems_are_refused_and_left_alone(void)
{
    const scene_options so = {.poses = 5, .points = 50, .noise_px = 0.5, .disturb = 0.01};
    scene *good = scene_make(&so), *s = broken = omma_new(scene);
    broken_before = omma_new(scene);
    omma_bundle_problem p = problem_of(s);
    p.point_count = good->points, p.observation_count = good->observations, p.pose_count = 5;
    for (int i = 0; i < 14; i++) {
        *s = *good;
        omma_bundle_problem q = p;
        omma_bundle_options o = {0};
        switch (i) {
        case 0:
            s->observation[7].pose = 5;
            break;
        case 1:
            s->observation[7].point = (uint32_t)p.point_count;
            break;
        case 2:
            s->point[3].anchor = 5;
            break;
        case 3:
            s->observation[9].point = 40;
            break; /* not sorted */
        case 4:
            s->pose[2].t[1] = NAN;
            break;
        case 5:
            s->pose[2].R[4] = INFINITY;
            break;
        case 6:
            s->point[2].inverse_depth = NAN;
            break;
        case 7:
            s->observation[5].px[0] = NAN;
            break;
        case 8:
            s->observation[5].inverse_sigma = INFINITY;
            break;
        case 9:
            s->camera.fx = NAN;
            break;
        case 10:
            q.observation_count = 0;
            break;
        case 11:
            s->observation[5].pose = s->point[s->observation[5].point].anchor;
            break;
        case 12:
            o.huber = NAN;
            break;
        case 13:
            memset(s->fixed, 1, sizeof s->fixed), o.points_fixed = true;
            break;
        }
        refused(&q, &o);
    }
    free(good), free(broken), free(broken_before);
}

int main(void)
{
    TEST(exact_views_give_the_exact_scene);
    TEST(noise_leaves_the_expected_cost);
    TEST(focal_length_and_distortion_are_found);
    TEST(a_missing_k3_is_found);
    TEST(focal_sigma_is_the_scatter);
    TEST(outliers_do_not_pull);
    TEST(fixed_things_stay_bit_for_bit);
    TEST(points_at_infinity_stay_there);
    TEST(point_information_is_the_scatter);
    TEST(rotating_the_world_changes_nothing);
    TEST(repeats_give_the_same_bits);
    TEST(priors_hold_depths);
    TEST(points_behind_a_camera_do_not_stop_the_others);
    TEST(a_turning_camera_leaves_depths_alone);
    TEST(stop_ends_it);
    TEST(wrong_problems_are_refused_and_left_alone);
    return check_done();
}
