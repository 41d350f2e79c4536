/* SPDX-License-Identifier: Apache-2.0 */
/* Frusta and trajectory, as every format draws them. */
#include "scene_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FRUSTUM_SHARE 0.04 /* of the diagonal of the box around the cameras */
#define STEEPEST      2.0  /* tangent of the widest corner that is drawn */

bool scene_point_is_finite(const omma_cloud_point *p)
{
    return isfinite(p->world[0]) && isfinite(p->world[1]) && isfinite(p->world[2]);
}

size_t scene_count_points(const omma_scene *s)
{
    size_t n = 0;

    for (size_t i = 0; s->cloud && i < s->cloud->count; i++)
        n += scene_point_is_finite(&s->cloud->points[i]);
    return n;
}

bool scene_has_normals(const omma_scene *s)
{
    for (size_t i = 0; s->cloud && i < s->cloud->count; i++) {
        const omma_cloud_point *p = &s->cloud->points[i];
        double norm = hypot(hypot(p->normal[0], p->normal[1]), p->normal[2]);

        if (scene_point_is_finite(p) && !(fabs(norm - 1) < 0.1))
            return false;
    }
    return s->cloud && s->cloud->count > 0;
}

static double diagonal(float (*points)[3], size_t n)
{
    double sum = 0;

    for (int k = 0; k < 3; k++) {
        double low = INFINITY, high = -INFINITY;

        for (size_t i = 0; i < n; i++) {
            low = fmin(low, points[i][k]);
            high = fmax(high, points[i][k]);
        }
        sum += n ? (high - low) * (high - low) : 0;
    }
    return sqrt(sum);
}

static void add_path(scene_lines *l, const omma_map *m, uint32_t submap)
{
    size_t n = omma_map_frame_count(m);
    bool joined = false;

    l->path = omma_new_bytes(n + 1, sizeof *l->path);
    l->joined = omma_new_array(bool, n + 1);
    for (size_t i = 0; i < n; i++) {
        omma_map_pose pose = omma_map_get_pose(m, i);

        if (pose.has_pose && pose.submap == submap) {
            for (int k = 0; k < 3; k++)
                l->path[l->path_count][k] = (float)pose.world_from_camera.t[k];
            l->joined[l->path_count++] = joined;
            joined = true;
        } else {
            joined = false;
        }
    }
}

void scene_lines_init(scene_lines *l, const omma_scene *s)
{
    *l = (scene_lines){0};
    if (!s->cameras || !s->map)
        return;
    uint32_t submap = omma_map_main_submap(s->map);
    size_t n = omma_map_keyframe_count(s->map);

    l->keyframes = omma_new_array(size_t, n + 1);
    for (size_t i = 0; i < n; i++)
        if (omma_map_get_keyframe(s->map, i).submap == submap)
            l->keyframes[l->keyframe_count++] = i;
    add_path(l, s->map, submap);
    l->depth = FRUSTUM_SHARE * diagonal(l->path, l->path_count);
    if (!(l->depth > 0))
        l->depth = FRUSTUM_SHARE;
}

void scene_lines_finish(scene_lines *l)
{
    free(l->keyframes);
    free(l->path);
    free(l->joined);
    *l = (scene_lines){0};
}

void scene_frustum(const omma_camera *c, double z, double corners[4][3])
{
    const double right = c->width - 0.5, bottom = c->height - 0.5;
    const double px[4][2] = {{-0.5, -0.5}, {right, -0.5}, {right, bottom}, {-0.5, bottom}};

    for (int i = 0; i < 4; i++) {
        double ray[2];

        if (!omma_camera_unproject(c, px[i], ray)) { /* a corner without a ray */
            ray[0] = (px[i][0] - c->cx) / c->fx;
            ray[1] = (px[i][1] - c->cy) / c->fy;
        }
        for (int k = 0; k < 2; k++)
            corners[i][k] = z * fmax(-STEEPEST, fmin(STEEPEST, ray[k]));
        corners[i][2] = z;
    }
}
