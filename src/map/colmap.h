/* SPDX-License-Identifier: Apache-2.0 */
/** A map as COLMAP sees it: numbered cameras, images and points, ready to be written in either
 * form. */
#pragma once

#include <omma/map.h>

#define COLMAP_MAX_PARAMS 12

/** The numbers of COLMAP's camera models that we use. */
typedef enum colmap_model_id {
    COLMAP_PINHOLE = 1,        /* fx fy cx cy */
    COLMAP_SIMPLE_RADIAL = 2,  /* f cx cy k1 */
    COLMAP_RADIAL = 3,         /* f cx cy k1 k2 */
    COLMAP_OPENCV = 4,         /* fx fy cx cy k1 k2 p1 p2 */
    COLMAP_OPENCV_FISHEYE = 5, /* fx fy cx cy k1 k2 k3 k4 */
    COLMAP_FULL_OPENCV = 6,    /* fx fy cx cy k1 k2 p1 p2 k3 k4 k5 k6 */
} colmap_model_id;

typedef struct colmap_camera {
    omma_camera source;
    colmap_model_id model;
    const char *model_name;
    int params;
    double param[COLMAP_MAX_PARAMS];
} colmap_camera;

#define COLMAP_NO_POINT UINT64_MAX

typedef struct colmap_point2d {
    double px[2];   /* COLMAP's pixels: (0.5, 0.5) is the centre of the first one */
    uint64_t point; /* id or COLMAP_NO_POINT */
} colmap_point2d;

typedef struct colmap_image {
    uint32_t id, camera;
    uint32_t keyframe;
    double q_wxyz[4], t[3]; /* camera_from_world */
    const char *name;
    colmap_point2d *points;
    size_t point_count, point_capacity;
} colmap_image;

typedef struct colmap_track {
    uint32_t image, point2d;
} colmap_track;

typedef struct colmap_point {
    uint64_t id;
    const omma_map_point *source;
    size_t track_begin, track_end; /* in the model's tracks */
} colmap_point;

typedef struct colmap_model {
    colmap_camera *cameras; /* number i has id i + 1 */
    size_t camera_count, camera_capacity;
    colmap_image *images; /* number i has id i + 1 */
    size_t image_count;
    colmap_point *points;
    size_t point_count;
    colmap_track *tracks;
    size_t track_count, track_capacity;
    char **names; /* of all keyframes' pictures */
    const char *unit;
} colmap_model;

/** The camera in COLMAP's terms: the smallest model that holds its distortion. */
colmap_camera colmap_camera_of(const omma_camera *camera);

omma_error colmap_write_cameras_bin(const colmap_model *c, const char *path, bool replace);
omma_error colmap_write_images_bin(const colmap_model *c, const char *path, bool replace);
omma_error colmap_write_points_bin(const colmap_model *c, const char *path, bool replace);
omma_error colmap_write_cameras_txt(const colmap_model *c, const char *path, bool replace);
omma_error colmap_write_images_txt(const colmap_model *c, const char *path, bool replace);
omma_error colmap_write_points_txt(const colmap_model *c, const char *path, bool replace);
