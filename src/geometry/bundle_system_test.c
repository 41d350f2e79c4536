/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"
#include "bundle_fixture.h"
#include "check.h"

/* Moves one unknown: 0-5 target, 6-11 anchor, 12 rho, 13-18 camera; and sees the point again. */
static bool moved_residual(const scene *s, const omma_bundle_observation *o, int unknown, double by,
                           double r[2])
{
    const omma_bundle_point *point = s->point + o->point;
    omma_se3 pose[2] = {s->pose[o->pose], s->pose[point->anchor]};
    bundle_state state = {.camera = s->camera, .pose = pose};
    omma_bundle_observation view = *o;
    bundle_ray ray;
    double xy[2], rho = point->inverse_depth, xi[6] = {0};
    view.pose = 0;
    if (unknown < 12) {
        xi[unknown % 6] = by;
        const omma_se3 d = omma_se3_exp(xi);
        pose[unknown / 6] = omma_se3_mul(&d, pose + unknown / 6);
    }
    rho += unknown == 12 ? by : 0;
    omma_camera *c = &state.camera;
    c->fx *= unknown == 13 ? exp(by) : 1;
    c->fy *= unknown == 13 ? exp(by) : 1;
    c->cx += unknown == 14 ? by : 0;
    c->cy += unknown == 15 ? by : 0;
    c->k[0] += unknown == 16 ? by : 0;
    c->k[1] += unknown == 17 ? by : 0;
    c->k[bundle_place_of_k(c, 5)] += unknown == 18 ? by : 0;
    bundle_state_update_reach(&state);
    return omma_camera_unproject(c, point->anchor_px, xy) &&
           bundle_ray_init(&ray, pose + 1, xy, rho) && bundle_residual(&state, &ray, &view, r);
}

static void check_derivatives(scene *s)
{
    const unsigned with = BUNDLE_WITH_ANCHOR | BUNDLE_WITH_CAMERA;
    bundle_state state = {.camera = s->camera, .pose = s->pose};
    bundle_state_update_reach(&state);
    for (size_t i = 0; i < s->observations; i++) {
        const omma_bundle_observation *o = s->observation + i;
        bundle_ray ray;
        bundle_view v;
        double xy[2], plus[2], minus[2];
        CHECK(omma_camera_unproject(&s->camera, s->point[o->point].anchor_px, xy));
        CHECK(bundle_ray_init(&ray, s->pose + s->point[o->point].anchor, xy,
                              s->point[o->point].inverse_depth));
        CHECK(bundle_ray_by_camera(&ray, &state));
        if (!bundle_linearize(&state, &ray, o, with, &v))
            continue;
        for (int unknown = 0; unknown < 19; unknown++) {
            const double e = unknown == 14 || unknown == 15 ? 1e-3 : 1e-6;
            if (!moved_residual(s, o, unknown, e, plus) ||
                !moved_residual(s, o, unknown, -e, minus))
                continue;
            for (int r = 0; r < 2; r++) {
                const double got = unknown < 6    ? v.target[r][unknown]
                                   : unknown < 12 ? v.anchor[r][unknown - 6]
                                   : unknown < 13 ? v.rho[r]
                                                  : v.camera[r][unknown - 13];
                /* rounding: 1e-13 * 500 px / 1e-6; curvature far below it */
                CHECK_CLOSE(got, (plus[r] - minus[r]) / (2 * e), .abs = 2e-4, .rel = 1e-6);
            }
        }
    }
}

static void derivatives_agree_with_differences(void)
{
    for (int model = 0; model < 2; model++) {
        const scene_options o = {.poses = 5,
                                 .points = 60,
                                 .noise_px = 1,
                                 .disturb = 0.02,
                                 .k1 = -0.12,
                                 .k2 = 0.03,
                                 .model = (omma_camera_model)model};
        scene *s = scene_make(&o);
        if (model == OMMA_CAMERA_PINHOLE) {
            s->camera.k[2] = 0.002, s->camera.k[3] = -0.003, s->camera.k[4] = 0.01;
        }
        s->point[0].inverse_depth = 0;
        s->point[1].inverse_depth = -0.01;
        check_derivatives(s);
        free(s);
    }
}

/* The gradient that the equations hold is that of the cost, for all unknowns at once, with the
 * loss's bend in it. */
static void the_gradient_is_that_of_the_cost(void)
{
    const scene_options so = {
        .poses = 6, .points = 80, .noise_px = 1, .disturb = 0.005, .k1 = -0.1};
    scene *s = scene_make(&so);
    s->point[3].prior = 0.2, s->point[3].prior_information = 50;
    const omma_bundle_problem p = problem_of(s);
    const omma_bundle_options o = {.free_camera = 15,
                                   .focal_prior = 500,
                                   .focal_prior_sigma = 0.01,
                                   .k_prior_sigma = 0.1,
                                   .huber = 2};
    bundle_system system;
    CHECK_OK(bundle_system_init(&system, &p, &o));
    bundle_state state[3];
    for (int i = 0; i < 3; i++) {
        state[i].camera = s->camera;
        state[i].pose = omma_new_array(omma_se3, s->poses);
        state[i].rho = omma_new_array(double, s->points);
        state[i].ray = omma_new_array(double, 2 * s->points);
        memcpy(state[i].pose, s->pose, s->poses * sizeof(omma_se3));
        for (size_t j = 0; j < s->points; j++)
            state[i].rho[j] = s->point[j].inverse_depth;
        bundle_state_update_rays(&state[i], &p);
    }
    size_t used;
    const double cost = bundle_system_linearize(&system, &state[0], &used);
    CHECK(used == s->observations);
    CHECK_CLOSE(bundle_system_cost(&system, &state[0], NULL), cost, .rel = 1e-12);
    uint64_t seed = 11;
    for (int trial = 0; trial < 20; trial++) {
        double slope = 0;
        const size_t n = 6 * system.blocks + (size_t)system.camera_count;
        for (int side = 0; side < 2; side++) {
            uint64_t same = seed;
            const double e = side ? -1e-6 : 1e-6;
            for (size_t i = 0; i < n; i++)
                system.x[i] = e * omma_random_normal(&same);
            for (size_t i = 0; i < s->points; i++)
                system.step[i] = e * omma_random_normal(&same);
            bundle_system_move(&system, &state[0], &state[1 + side]);
            if (side)
                seed = same;
        }
        for (size_t i = 0; i < n; i++)
            slope -= 2 * system.g[i] * system.x[i];
        for (size_t i = 0; i < s->points; i++)
            slope -= 2 * system.b[i] * system.step[i];
        const double plus = bundle_system_cost(&system, &state[1], NULL);
        const double minus = bundle_system_cost(&system, &state[2], NULL);
        CHECK_CLOSE((plus - minus) / 2, slope, .rel = 1e-4, .abs = 1e-6 * cost);
    }
    for (int i = 0; i < 3; i++)
        free(state[i].pose), free(state[i].rho), free(state[i].ray);
    bundle_system_finish(&system);
    free(s);
}

/* H and W are J^T J of the differences too: without loss or damping the promise of a Gauss-Newton
 * step is what the cost does to first order in the noise. */
static void the_promised_decrease_comes_true(void)
{
    const scene_options so = {.poses = 12, .points = 200, .noise_px = 0.5, .disturb = 1e-4};
    scene *s = scene_make(&so);
    const omma_bundle_problem p = problem_of(s);
    const omma_bundle_options o = {.free_camera = 15, .huber = 1e9, .iterations = 1};
    omma_bundle_result once, more;
    CHECK_OK(omma_bundle_adjust(&p, &o, NULL, &once));
    CHECK_OK(omma_bundle_adjust(
        &p, &(omma_bundle_options){.free_camera = 15, .huber = 1e9, .min_decrease = 1e-12}, NULL,
        &more));
    CHECK(once.cost_before > 1.05 * once.cost_after);
    /* one step brings all but the second order */
    CHECK_CLOSE(once.cost_after, more.cost_after, .rel = 1e-4);
    free(s);
}

/* The envelope leaves out zeros only. */
static void skipping_zeros_changes_nothing(void)
{
    for (int loop = 0; loop < 2; loop++) {
        const scene_options so = {.poses = 24, .points = 500, .noise_px = 0.5, .disturb = 0.01};
        scene *s = scene_make(&so);
        keep_between(s, -3, 3); /* as in a long clip */
        if (loop)               /* one far link */
            s->observation[s->observations - 1].pose = 3;
        const omma_bundle_problem p = problem_of(s);
        const omma_bundle_options o = {.free_camera = loop ? 0 : OMMA_BUNDLE_FOCAL};
        bundle_system system;
        CHECK_OK(bundle_system_init(&system, &p, &o));
        bundle_state state = {.camera = s->camera, .pose = s->pose};
        state.rho = omma_new_array(double, s->points);
        state.ray = omma_new_array(double, 2 * s->points);
        for (size_t i = 0; i < s->points; i++)
            state.rho[i] = s->point[i].inverse_depth;
        bundle_state_update_rays(&state, &p);
        size_t used, skipped = 0;
        double *x = omma_new_array(double, system.n);
        bundle_system_linearize(&system, &state, &used);
        for (int full = 0; full < 2; full++) {
            CHECK(bundle_system_factor(&system, &state, 1e-3));
            bundle_system_solve(&system, &state, 1e-3);
            if (full)
                CHECK_ARRAY_CLOSE(system.x, x, system.n, .abs = 1e-13);
            memcpy(x, system.x, system.n * sizeof *x);
            for (size_t i = 0; i < system.n / 16; i++) {
                skipped += system.first_tile[i];
                system.first_tile[i] = 0;
            }
        }
        CHECK(skipped > 5);
        free(x), free(state.rho), free(state.ray);
        bundle_system_finish(&system);
        free(s);
    }
}

int main(void)
{
    TEST(derivatives_agree_with_differences);
    TEST(the_gradient_is_that_of_the_cost);
    TEST(the_promised_decrease_comes_true);
    TEST(skipping_zeros_changes_nothing);
    return check_done();
}
