/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "epnp.h"
#include "p3p.h"
#include "planar_pose.h"
#include "ransac.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct views {
    const double *world, *x;
    double threshold;
    double *scratch; /* 5 n: chosen points, then their images */
} views;

static int solve(const void *data, const uint32_t *sample, double *models)
{
    const views *v = data;
    double world[9], x[6];
    omma_se3 poses[4];
    for (int i = 0; i < 3; i++) {
        memcpy(world + 3 * i, v->world + 3 * (size_t)sample[i], 3 * sizeof(double));
        memcpy(x + 2 * i, v->x + 2 * (size_t)sample[i], 2 * sizeof(double));
    }
    int count = p3p_solve(world, x, poses);
    memcpy(models, poses, (size_t)count * sizeof(*poses));
    return count;
}

static void distances(const void *data, const double *model, size_t from, size_t to, double *d2)
{
    const views *v = data;
    omma_se3 T;
    memcpy(&T, model, sizeof(T));
    for (size_t i = from; i < to; i++) {
        double p[3];
        omma_se3_apply(&T, v->world + 3 * i, p);
        double dx = p[0] / p[2] - v->x[2 * i], dy = p[1] / p[2] - v->x[2 * i + 1];
        d2[i - from] = p[2] > 0 ? dx * dx + dy * dy : INFINITY;
    }
}

/* Normalised points are the pixels of this camera. */
static const omma_camera ideal = {.width = 1, .height = 1, .fx = 1, .fy = 1};

static bool refine(const void *data, const uint32_t *points, size_t n, double *model)
{
    const views *v = data;
    double *world = v->scratch, *x = v->scratch + 3 * n;
    omma_se3 T;
    for (size_t i = 0; i < n; i++) {
        memcpy(world + 3 * i, v->world + 3 * (size_t)points[i], 3 * sizeof(double));
        memcpy(x + 2 * i, v->x + 2 * (size_t)points[i], 2 * sizeof(double));
    }
    memcpy(&T, model, sizeof(T));
    /* What is kept is below the threshold: half of it bends only the doubtful ones. */
    omma_pose_options options = {.huber = 0.5 * v->threshold};
    if (omma_pose_refine(world, x, n, &ideal, &options, &T, NULL))
        return false;
    memcpy(model, &T, sizeof(T));
    return true;
}

omma_error omma_pnp_ransac(const double *world, const double *x, size_t n,
                           const omma_ransac_options *options, omma_se3 *camera_from_world,
                           uint8_t *inlier, omma_ransac_result *result)
{
    views data = {.world = world, .x = x, .threshold = options ? options->threshold : 0};
    double model[12];
    ransac_problem p = {.name = "pose from points",
                        .n = n,
                        .sample = 3,
                        .at_least = 4,
                        .model_doubles = 12,
                        .solve = solve,
                        .distances = distances,
                        .refine = refine,
                        .data = &data};
    data.scratch = n <= SIZE_MAX / 40 ? malloc(n * 5 * sizeof(double) + 1) : NULL;
    if (!data.scratch)
        return omma_fail(OMMA_NO_MEMORY, "pose from points: %zu points", n);
    omma_error err = ransac_run(&p, options, model, inlier, result);
    if (!err)
        memcpy(camera_from_world, model, sizeof(*camera_from_world));
    free(data.scratch);
    return err;
}

/* --------------------------------------------------------------------------- without outliers */

static double squared_error(const double *world, const double *x, size_t n, const omma_se3 *T)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double p[3];
        omma_se3_apply(T, world + 3 * i, p);
        if (!(p[2] > 0))
            return INFINITY;
        double dx = p[0] / p[2] - x[2 * i], dy = p[1] / p[2] - x[2 * i + 1];
        sum += dx * dx + dy * dy;
    }
    return sum;
}

/* Refines a guess and keeps it if it is the best so far. */
static void consider(const double *world, const double *x, size_t n, const omma_se3 *guess,
                     omma_se3 *best, double *least)
{
    omma_se3 T = *guess;
    /* A quadratic loss, and time enough for a guess that is far off. */
    omma_pose_options options = {.huber = 1e6, .iterations = 30};
    if (!isfinite(squared_error(world, x, n, guess)) ||
        omma_pose_refine(world, x, n, &ideal, &options, &T, NULL))
        return;
    double error = squared_error(world, x, n, &T);
    if (error < *least) {
        *least = error;
        *best = T;
    }
}

/* Too few points for EPnP's null space: three of them at a time. */
static void consider_triples(const double *world, const double *x, size_t n, omma_se3 *best,
                             double *least)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            for (size_t k = j + 1; k < n; k++) {
                const size_t sample[3] = {i, j, k};
                double w[9], y[6];
                omma_se3 poses[4];
                for (int s = 0; s < 3; s++) {
                    memcpy(w + 3 * s, world + 3 * sample[s], 3 * sizeof(double));
                    memcpy(y + 2 * s, x + 2 * sample[s], 2 * sizeof(double));
                }
                int count = p3p_solve(w, y, poses);
                for (int s = 0; s < count; s++)
                    consider(world, x, n, &poses[s], best, least);
            }
        }
    }
}

omma_error omma_pnp_solve(const double *world, const double *x, size_t n,
                          omma_se3 *camera_from_world)
{
    omma_se3 best, guesses[EPNP_POSES + 2];
    double least = INFINITY;
    if (n < 4)
        return omma_fail(OMMA_INVALID, "pose from points: %zu points, at least 4 are needed", n);
    for (size_t i = 0; i < n; i++) {
        double sum = world[3 * i] + world[3 * i + 1] + world[3 * i + 2] + x[2 * i] + x[2 * i + 1];
        if (!isfinite(sum))
            return omma_fail(OMMA_INVALID, "pose from points: point %zu is not finite", i);
    }
    if (n < 6) {
        consider_triples(world, x, n, &best, &least);
    } else {
        int count = epnp_solve(world, x, n, guesses);
        count += planar_pose_solve(world, x, n, guesses + count);
        for (int i = 0; i < count; i++)
            consider(world, x, n, &guesses[i], &best, &least);
    }
    if (!isfinite(least))
        return omma_fail(OMMA_DEGENERATE, "pose from points: %zu points do not determine it", n);
    *camera_from_world = best;
    return OMMA_OK;
}
