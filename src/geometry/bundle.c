/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"

#include "dense_cholesky.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool all_finite(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] - x[i]; /* NaN unless all are finite */
    return sum == 0;
}

static omma_error check_points(const omma_bundle_problem *p)
{
    for (size_t i = 0; i < p->point_count; i++) {
        const omma_bundle_point *point = p->points + i;
        const double value[] = {point->anchor_px[0], point->anchor_px[1], point->inverse_depth,
                                point->prior, point->prior_information};
        if (point->anchor >= p->pose_count)
            return omma_fail(OMMA_INVALID, "bundle: point %zu has anchor %" PRIu32 " of %zu poses",
                             i, point->anchor, p->pose_count);
        if (!all_finite(value, 5) || point->prior_information < 0)
            return omma_fail(OMMA_INVALID, "bundle: point %zu is not finite", i);
    }
    return OMMA_OK;
}

static omma_error check_observations(const omma_bundle_problem *p)
{
    uint32_t last = 0;
    for (size_t i = 0; i < p->observation_count; i++) {
        const omma_bundle_observation *o = p->observations + i;
        const double value[] = {o->px[0], o->px[1], o->inverse_sigma};
        if (o->pose >= p->pose_count || o->point >= p->point_count)
            return omma_fail(OMMA_INVALID,
                             "bundle: observation %zu of point %" PRIu32 " in pose %" PRIu32
                             ", with %zu points and %zu poses",
                             i, o->point, o->pose, p->point_count, p->pose_count);
        if (o->point < last)
            return omma_fail(OMMA_INVALID, "bundle: observation %zu is not sorted by point", i);
        if (o->pose == p->points[o->point].anchor)
            return omma_fail(OMMA_INVALID, "bundle: observation %zu is in its point's anchor", i);
        if (!all_finite(value, 3) || o->inverse_sigma < 0)
            return omma_fail(OMMA_INVALID, "bundle: observation %zu is not finite", i);
        last = o->point;
    }
    return OMMA_OK;
}

static omma_error check_problem(const omma_bundle_problem *p, const omma_bundle_options *o)
{
    const double value[] = {o->huber, o->focal_prior, o->focal_prior_sigma, o->k_prior_sigma,
                            o->min_decrease};
    if (!p || !p->camera || !p->camera_from_world || !p->points || !p->observations ||
        p->observation_count == 0)
        return omma_fail(OMMA_INVALID, "bundle: nothing is observed");
    if (p->pose_count > INT32_MAX / 8 || p->point_count > INT32_MAX / 2 ||
        p->observation_count > INT32_MAX / 2)
        return omma_fail(OMMA_INVALID, "bundle: too many poses, points or observations");
    if (!all_finite(value, 5))
        return omma_fail(OMMA_INVALID, "bundle: an option is not finite");
    for (size_t i = 0; i < p->pose_count; i++) {
        if (!all_finite(p->camera_from_world[i].R, 9) || !all_finite(p->camera_from_world[i].t, 3))
            return omma_fail(OMMA_INVALID, "bundle: pose %zu is not finite", i);
    }
    omma_error err = omma_camera_check(p->camera);
    if (!err)
        err = check_points(p);
    return err ? err : check_observations(p);
}

static void state_allocate(bundle_system *s, bundle_state *state, double *shared_ray)
{
    const omma_bundle_problem *p = s->problem;
    state->pose = bundle_system_array(s, p->pose_count, sizeof(omma_se3));
    state->rho = bundle_system_array(s, p->point_count, sizeof(double));
    state->ray =
        shared_ray ? shared_ray : bundle_system_array(s, p->point_count, 2 * sizeof(double));
}

static void state_read(bundle_state *state, const omma_bundle_problem *p)
{
    state->camera = *p->camera;
    memcpy(state->pose, p->camera_from_world, p->pose_count * sizeof *state->pose);
    for (size_t i = 0; i < p->point_count; i++)
        state->rho[i] = p->points[i].inverse_depth;
    bundle_state_update_rays(state, p);
}

static void state_write(const bundle_system *s, const bundle_state *state)
{
    const omma_bundle_problem *p = s->problem;
    for (size_t i = 0; i < p->pose_count; i++) {
        if (s->block[i] >= 0)
            p->camera_from_world[i] = state->pose[i];
    }
    for (size_t i = 0; i < p->point_count && !s->points_fixed; i++)
        p->points[i].inverse_depth = state->rho[i];
    if (s->camera_count)
        *p->camera = state->camera;
}

/* The iteration: the damping starts low, for callers start near the minimum. Source: Nielsen,
 * IMM-REP-1999-05, section 3. */
typedef struct iteration {
    double cost, lambda, growth, min_decrease;
    bool fresh, done; /* fresh: the equations belong to the state */
} iteration;

static omma_error iterate(bundle_system *s, bundle_state *state, bundle_state *trial, iteration *it)
{
    size_t used;
    if (!it->fresh) {
        bundle_system_linearize(s, state, &used);
        it->fresh = true;
    }
    double cost = INFINITY, promised = 0;
    if (bundle_system_factor(s, state, it->lambda)) {
        promised = bundle_system_solve(s, state, it->lambda);
        if (!(promised > 1e-3 * it->min_decrease * it->cost)) {
            it->done = true;
            return OMMA_OK;
        }
        bundle_system_move(s, state, trial);
        if (s->camera_count == 0 || !omma_camera_check(&trial->camera))
            cost = bundle_system_cost(s, trial, NULL);
    }
    if (cost < it->cost) {
        const double gain = (it->cost - cost) / promised, g = 2 * gain - 1;
        const bundle_state old = *state;
        it->lambda = fmax(1e-10, it->lambda * fmax(1. / 3, 1 - g * g * g));
        it->growth = 2;
        it->done = it->cost - cost < it->min_decrease * it->cost;
        it->cost = cost;
        it->fresh = false;
        *state = *trial;
        *trial = old;
    } else {
        it->lambda *= it->growth;
        it->growth *= 2;
        it->done = it->lambda > 1e12;
        if (it->done && promised == 0)
            return omma_fail(OMMA_DEGENERATE, "bundle: the reduced system is singular");
    }
    return OMMA_OK;
}

/* Inverse of the undamped reduced system at ln f, nearly: the scale may be free. */
static double focal_sigma(bundle_system *s, const bundle_state *state)
{
    const double lambda = 1e-9;
    const size_t row = 6 * s->blocks;
    if (s->camera_count == 0 || s->camera_parameter[0] != 0 ||
        !bundle_system_factor(s, state, lambda))
        return 0;
    memset(s->x, 0, s->n * sizeof(double));
    s->x[row] = 1;
    cholesky_solve(s->S, s->n, s->x);
    return s->x[row] > 0 ? state->camera.fx * sqrt(s->x[row]) : 0;
}

static double inlier_rms(const bundle_system *s, const double *error)
{
    const omma_bundle_problem *p = s->problem;
    double sum = 0, limit = 9 * s->huber * s->huber;
    size_t n = 0;
    for (size_t i = 0; i < p->observation_count; i++) {
        const double sigma = p->observations[i].inverse_sigma;
        if (error[i] < limit && sigma > 0) {
            sum += error[i] / (sigma * sigma);
            n++;
        }
    }
    return n ? sqrt(sum / (double)n) : 0;
}

static omma_error solve(bundle_system *s, const omma_bundle_options *options, double *error,
                        omma_bundle_result *result)
{
    const omma_bundle_problem *p = s->problem;
    bundle_state state = {0}, trial = {0};
    state_allocate(s, &state, NULL);
    state_allocate(s, &trial, s->camera_count ? NULL : state.ray);
    double *errors = bundle_system_array(s, p->observation_count, sizeof(double));
    if (s->no_memory)
        return omma_fail(OMMA_NO_MEMORY, "bundle: no memory for %zu points", p->point_count);
    state_read(&state, p);
    trial.radius2_max = state.radius2_max;

    size_t used;
    iteration it = {.lambda = 1e-4, .growth = 2, .fresh = true};
    it.min_decrease = options->min_decrease > 0 ? options->min_decrease : 1e-4;
    it.cost = result->cost_before = bundle_system_linearize(s, &state, &used);
    if (used == 0)
        return omma_fail(OMMA_DEGENERATE, "bundle: every point is behind its cameras");
    if (!isfinite(it.cost))
        return omma_fail(OMMA_DEGENERATE, "bundle: the cost is not finite");
    const int limit = options->iterations > 0 ? options->iterations : 10;
    while (result->iterations < limit && !it.done && !(options->stop && *options->stop)) {
        omma_error err = iterate(s, &state, &trial, &it);
        if (err)
            return err;
        result->iterations++;
    }
    if (options->free_camera & OMMA_BUNDLE_FOCAL) {
        if (!it.fresh)
            bundle_system_linearize(s, &state, &used);
        result->focal_sigma_px = focal_sigma(s, &state);
    }
    result->cost_after = bundle_system_cost(s, &state, errors);
    result->rms_px = inlier_rms(s, errors);
    if (error)
        memcpy(error, errors, p->observation_count * sizeof *error);
    state_write(s, &state);
    return OMMA_OK;
}

omma_error omma_bundle_adjust(const omma_bundle_problem *problem,
                              const omma_bundle_options *options, double *error,
                              omma_bundle_result *result)
{
    static const omma_bundle_options defaults;
    omma_bundle_result found = {0};
    bundle_system s;
    options = options ? options : &defaults;
    omma_error err = check_problem(problem, options);
    if (err)
        return err;
    err = bundle_system_init(&s, problem, options);
    if (err)
        omma_fail(err, "bundle: no memory for %zu free poses and %zu points", s.blocks,
                  problem->point_count);
    else if (s.blocks == 0 && s.camera_count == 0 && s.points_fixed)
        err = omma_fail(OMMA_INVALID, "bundle: nothing is free");
    else
        err = solve(&s, options, error, &found);
    bundle_system_finish(&s);
    if (!err && result)
        *result = found;
    return err;
}

void omma_bundle_point_information(const omma_bundle_problem *problem, double *information)
{
    const double huber = 1.5;
    bundle_state state = {.camera = *problem->camera, .pose = problem->camera_from_world};
    bundle_state_update_reach(&state);
    size_t o = 0;
    for (size_t i = 0; i < problem->point_count; i++) {
        const omma_bundle_point *point = problem->points + i;
        bundle_ray ray;
        bundle_view v;
        double xy[2], weight;
        const bool seen =
            omma_camera_unproject(&state.camera, point->anchor_px, xy) &&
            bundle_ray_init(&ray, state.pose + point->anchor, xy, point->inverse_depth);
        information[i] = 0;
        for (; o < problem->observation_count && problem->observations[o].point == i; o++) {
            if (!seen || !bundle_linearize(&state, &ray, problem->observations + o, 0, &v))
                continue;
            bundle_loss(v.r[0] * v.r[0] + v.r[1] * v.r[1], huber, &weight);
            information[i] += weight * (v.rho[0] * v.rho[0] + v.rho[1] * v.rho[1]);
        }
    }
}
