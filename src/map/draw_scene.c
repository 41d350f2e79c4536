/* SPDX-License-Identifier: Apache-2.0 */
/* What of a map is drawn, where it lies and which way is up. */
#include "draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ERROR_PX 4
#define MAX_SAMPLES  5000 /* for bounds and axes */

bool normalize3(double v[3])
{
    double length = sqrt(dot3(v, v));

    if (!(length > 1e-12))
        return false;
    for (int i = 0; i < 3; i++)
        v[i] /= length;
    return true;
}

static void collect_points(drawing *d, uint32_t submap)
{
    const omma_map_point *points = omma_map_get_points(d->map);
    size_t n = omma_map_point_count(d->map);

    d->points = omma_new_array(const omma_map_point *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const double *x = points[i].world;

        if (points[i].submap == submap && points[i].error_px <= MAX_ERROR_PX && isfinite(x[0]) &&
            isfinite(x[1]) && isfinite(x[2]))
            d->points[d->point_count++] = &points[i];
    }
}

static void collect_poses(drawing *d, uint32_t submap)
{
    size_t n = omma_map_frame_count(d->map);
    bool follows = false;

    d->poses = omma_new_array(omma_map_pose, n + 1);
    d->follows = omma_new_array(bool, n + 1);
    for (size_t i = 0; i < n; i++) {
        omma_map_pose pose = omma_map_get_pose(d->map, i);

        if (!pose.has_pose || pose.submap != submap) {
            follows = false; /* a gap in the line: nobody knows where the camera was */
            continue;
        }
        d->follows[d->pose_count] = follows;
        d->poses[d->pose_count++] = pose;
        follows = true;
    }
}

/* Columns of world_from_camera: y points down in the camera, z forward. */
static void guess_directions(drawing *d)
{
    for (size_t i = 0; i < d->pose_count; i++)
        for (int k = 0; k < 3; k++) {
            d->up[k] -= d->poses[i].world_from_camera.R[3 * k + 1] / (double)d->pose_count;
            d->forward[k] += d->poses[i].world_from_camera.R[3 * k + 2] / (double)d->pose_count;
        }
    if (!normalize3(d->up))
        memcpy(d->up, (double[3]){0, -1, 0}, sizeof d->up);
}

omma_error drawing_init(drawing *d, const omma_map *m)
{
    uint32_t submap = omma_map_main_submap(m);

    *d = (drawing){.map = m};
    collect_points(d, submap);
    collect_poses(d, submap);
    if (d->point_count + d->pose_count == 0) {
        drawing_finish(d);
        return omma_fail(OMMA_DEGENERATE, "the map has neither points nor poses to draw");
    }
    guess_directions(d);
    return OMMA_OK;
}

void drawing_finish(drawing *d)
{
    free(d->points);
    free(d->poses);
    free(d->follows);
    *d = (drawing){0};
}

/* Widens the middle 96 percent of n sorted values by a tenth on either side, as far as there are
 * any: what lies close by is let in, what lies far out is not. */
static void robust_range(const double *values, size_t n, double *low, double *high)
{
    double l = values[(size_t)((double)(n - 1) * 0.02)];
    double h = values[(size_t)ceil((double)(n - 1) * 0.98)], room = 0.1 * (h - l);

    *low = fmax(values[0], l - room);
    *high = fmin(values[n - 1], h + room);
}

void drawing_bounds(const drawing *d, const double axis[3], double *low, double *high)
{
    size_t step = d->point_count / MAX_SAMPLES + 1, n = 0;
    double *values = omma_new_array(double, d->point_count / step + 2);

    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < d->point_count; i += step)
        values[n++] = dot3(axis, d->points[i]->world);
    omma_sort(values, n);
    if (n > 0)
        robust_range(values, n, low, high);
    free(values);
    for (size_t i = 0; i < d->pose_count; i++) {
        double value = dot3(axis, d->poses[i].world_from_camera.t);

        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

/* Any two axes that make a right-handed system with up. */
static void axes_across(const double up[3], double a[3], double b[3])
{
    int k = fabs(up[0]) < fabs(up[1]) ? (fabs(up[0]) < fabs(up[2]) ? 0 : 2)
                                      : (fabs(up[1]) < fabs(up[2]) ? 1 : 2);
    double e[3] = {k == 0, k == 1, k == 2};

    cross3(up, e, a);
    normalize3(a);
    cross3(up, a, b);
}

/* The narrowest of 45 boxes around the robust bounds: what is nearly a rectangle lies straight. */
void drawing_long_axis(const drawing *d, double axis[3])
{
    double a[3], b[3], best = INFINITY;
    const int turns = 45;

    axes_across(d->up, a, b);
    for (int i = 0; i < turns; i++) {
        double angle = M_PI / 2 * i / turns, low, high, side[2], candidate[2][3];

        for (int k = 0; k < 3; k++) {
            candidate[0][k] = cos(angle) * a[k] + sin(angle) * b[k];
            candidate[1][k] = -sin(angle) * a[k] + cos(angle) * b[k];
        }
        for (int s = 0; s < 2; s++) {
            drawing_bounds(d, candidate[s], &low, &high);
            side[s] = high - low;
        }
        if (side[0] * side[1] < best) {
            best = side[0] * side[1];
            memcpy(axis, candidate[side[1] > side[0]], 3 * sizeof *axis);
        }
    }
}
