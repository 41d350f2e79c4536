/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both clouds are thinned first, so that density does not vote. Between two thinned sheets no
 * distance is 0, so the truth is also compared with itself moved by half a voxel: what is found
 * there cannot be undercut.
 */
#include <omma/map.h>

#include "block_index.h"
#include "fuse_workers.h"
#include "point_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VOXEL 0.005
#define CLIP  0.5
#define CHUNK 4096 /* points that a thread takes at a time */

/* Zeroed: none. */
typedef struct thin_cloud {
    double (*xyz)[3]; /* sums while it is filled, then means */
    uint32_t *weights;
    size_t count;
} thin_cloud;

static void thin_finish(thin_cloud *t)
{
    free(t->xyz);
    free(t->weights);
    *t = (thin_cloud){0};
}

/* ---------------------------------------------------------------------------------- thinning */

static bool cube_of(const double x[3], double voxel, int32_t place[3])
{
    for (int k = 0; k < 3; k++) {
        double at = floor(x[k] / voxel);

        if (!(fabs(at) < INT32_MAX))
            return false;
        place[k] = (int32_t)at;
    }
    return true;
}

static omma_error thin_add(thin_cloud *t, block_index *cubes, const int32_t place[3],
                           const double x[3])
{
    uint32_t i;
    omma_error err = block_index_add(cubes, place, &i);

    if (err)
        return err;
    if (i == t->count)
        t->count++;
    for (int k = 0; k < 3; k++)
        t->xyz[i][k] += x[k];
    t->weights[i]++;
    return OMMA_OK;
}

/* One mean point in each cube that holds any. */
static omma_error thin(thin_cloud *t, const omma_points *p, const omma_sim3 *move, double voxel)
{
    block_index cubes = {0};
    omma_error err = OMMA_OK;

    t->xyz = calloc(p->count, sizeof *t->xyz);
    t->weights = calloc(p->count, sizeof *t->weights);
    if (!t->xyz || !t->weights)
        err = omma_fail(OMMA_NO_MEMORY, "no memory to thin %zu points", p->count);
    for (size_t i = 0; !err && i < p->count; i++) {
        double x[3] = {p->xyz[i][0], p->xyz[i][1], p->xyz[i][2]};
        int32_t place[3];

        if (move)
            omma_sim3_apply(move, p->xyz[i], x);
        err = cube_of(x, voxel, place)
                  ? thin_add(t, &cubes, place, x)
                  : omma_fail(OMMA_INVALID, "a point at %g %g %g is too far out for voxels of %g",
                              x[0], x[1], x[2], voxel);
    }
    for (size_t i = 0; !err && i < t->count; i++)
        for (int k = 0; k < 3; k++)
            t->xyz[i][k] /= t->weights[i];
    block_index_finish(&cubes);
    return err;
}

/* --------------------------------------------------------------------------------- distances */

typedef struct query {
    const point_tree *to;
    const thin_cloud *from;
    double shift;     /* along each axis */
    double *distance; /* of every point of from */
} query;

static void measure_chunk(void *user, size_t chunk)
{
    query *q = user;
    size_t end = (chunk + 1) * CHUNK;

    for (size_t i = chunk * CHUNK; i < end && i < q->from->count; i++) {
        const double *x = q->from->xyz[i];

        q->distance[i] = point_tree_distance(
            q->to, (double[3]){x[0] + q->shift, x[1] + q->shift, x[2] + q->shift});
    }
}

static void measure(query q)
{
    fuse_workers_run(0, (q.from->count + CHUNK - 1) / CHUNK, measure_chunk, &q);
}

static double clipped_mean(const double *distance, size_t n, double clip)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += fmin(distance[i], clip);
    return sum / (double)n;
}

static double share_below(const double *distance, size_t n, double threshold)
{
    size_t below = 0;

    for (size_t i = 0; i < n; i++)
        below += distance[i] < threshold;
    return (double)below / (double)n;
}

static double median(double *values, size_t n)
{
    omma_sort(values, n);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void summarise(const omma_cloud_evaluate_options *o, double *accuracy, double *completeness,
                      omma_cloud_evaluation *out)
{
    size_t n = out->points_thinned, m = out->truth_points;

    out->accuracy_mean = clipped_mean(accuracy, n, o->clip);
    out->completeness_mean = clipped_mean(completeness, m, o->clip);
    for (size_t i = 0; i < OMMA_CLOUD_THRESHOLDS && o->thresholds[i] > 0; i++) {
        double p = share_below(accuracy, n, o->thresholds[i]);
        double r = share_below(completeness, m, o->thresholds[i]);

        out->scores[out->score_count++] =
            (omma_cloud_score){o->thresholds[i], p, r, p + r > 0 ? 2 * p * r / (p + r) : 0};
    }
    out->accuracy_median = median(accuracy, n);
    out->completeness_median = median(completeness, m);
}

/* A tree puts its points in order, so both are built before any distance is taken. */
static omma_error compare(const omma_cloud_evaluate_options *o, thin_cloud *estimate,
                          thin_cloud *truth, omma_cloud_evaluation *out)
{
    double *accuracy = malloc(estimate->count * sizeof *accuracy);
    double *completeness = malloc(truth->count * sizeof *completeness);
    point_tree estimates = {0}, truths = {0};
    omma_error err = OMMA_OK;

    if (!accuracy || !completeness)
        err = omma_fail(OMMA_NO_MEMORY, "no memory for the distances of %zu points",
                        estimate->count + truth->count);
    if (!err)
        err = point_tree_build(&estimates, estimate->xyz, estimate->count);
    if (!err)
        err = point_tree_build(&truths, truth->xyz, truth->count);
    if (!err) {
        measure((query){&truths, truth, o->voxel / 2, completeness});
        out->floor = clipped_mean(completeness, truth->count, o->clip);
        measure((query){&truths, estimate, 0, accuracy});
        measure((query){&estimates, truth, 0, completeness});
        summarise(o, accuracy, completeness, out);
    }
    point_tree_finish(&estimates);
    point_tree_finish(&truths);
    free(accuracy);
    free(completeness);
    return err;
}

static omma_error fill_in(omma_cloud_evaluate_options *o)
{
    static const double usual[] = {0.01, 0.02, 0.05};

    for (size_t i = 0; i < OMMA_CLOUD_THRESHOLDS; i++)
        if (!(o->thresholds[i] >= 0))
            return omma_fail(OMMA_INVALID, "a threshold of %g", o->thresholds[i]);
    if (!(o->voxel >= 0 && isfinite(o->voxel) && o->clip >= 0))
        return omma_fail(OMMA_INVALID, "voxels of %g, distances up to %g", o->voxel, o->clip);
    o->voxel = o->voxel > 0 ? o->voxel : VOXEL;
    o->clip = o->clip > 0 ? o->clip : CLIP;
    if (!(o->thresholds[0] > 0))
        memcpy(o->thresholds, usual, sizeof usual);
    return OMMA_OK;
}

omma_error omma_cloud_evaluate(const omma_points *estimate, const omma_points *truth,
                               const omma_cloud_evaluate_options *o, omma_cloud_evaluation *out)
{
    omma_cloud_evaluate_options choice = o ? *o : (omma_cloud_evaluate_options){0};
    thin_cloud e = {0}, t = {0};
    omma_error err = fill_in(&choice);

    if (!err && (estimate->count == 0 || truth->count == 0))
        err = omma_fail(OMMA_DEGENERATE, "a cloud is empty: %zu estimated points and %zu true ones",
                        estimate->count, truth->count);
    if (!err)
        err = thin(&e, estimate, choice.truth_from_estimate, choice.voxel);
    if (!err)
        err = thin(&t, truth, NULL, choice.voxel);
    if (!err) {
        omma_cloud_evaluation result = {
            .points = estimate->count, .points_thinned = e.count, .truth_points = t.count};

        err = compare(&choice, &e, &t, &result);
        if (!err)
            *out = result;
    }
    thin_finish(&e);
    thin_finish(&t);
    return err;
}
