/* SPDX-License-Identifier: Apache-2.0 */
/** The writers behind omma_scene_write, and the lines that several of them draw. */
#pragma once

#include <omma/map.h>

omma_error glb_write(const omma_scene *s, const char *path, bool replace);
omma_error obj_write(const omma_scene *s, const char *path, bool replace);
omma_error las_write(const omma_scene *s, const char *path, bool replace);

/** The points that are finite; the others are left out of every file. */
bool scene_point_is_finite(const omma_cloud_point *p);
size_t scene_count_points(const omma_scene *s);
/** Every finite point has a normal of about unit length. */
bool scene_has_normals(const omma_scene *s);

/** What the trackers of the main submap left: keyframes, and runs of posed frames. */
typedef struct scene_lines {
    size_t *keyframes; /* their places in the map */
    size_t keyframe_count;
    float (*path)[3]; /* camera centres in the order of time */
    bool *joined;     /* with the one before: no frame between them is without a pose */
    size_t path_count;
    double depth; /* of a frustum that suits the size of it all */
} scene_lines;

/** Given: scene_lines_finish; empty unless the scene wants cameras. */
void scene_lines_init(scene_lines *l, const omma_scene *s);
void scene_lines_finish(scene_lines *l);

/** Corners of the picture at depth z in the camera, in the order of its rim. */
void scene_frustum(const omma_camera *camera, double z, double corners[4][3]);
