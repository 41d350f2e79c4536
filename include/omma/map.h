/* SPDX-License-Identifier: Apache-2.0 */
/**
 * map: views in, geometry out. The map is keyframes, not points: a keyframe owns its picture and
 * one Sim(3) world_from_keyframe; every frame hangs on a keyframe; points are derived. Exporters
 * write what other tools open; readers and the evaluation of trajectories live here too, because
 * they share the files. Every file says its axes, its direction and its unit.
 */
#pragma once

#include <omma/base.h>
#include <omma/frame.h>
#include <omma/geometry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------------------- map */

/** Thread-safe: one thread at a time. */
typedef struct omma_map omma_map;

omma_map *omma_map_create(void);
void omma_map_destroy(omma_map **m);

/** What a view says replaces what was known of its frame. A keyframe view adds a keyframe, or says
 *  again where it is and what its camera is. Frames are told apart by frame_index, and their times
 *  increase with it. */
void omma_map_add_view(omma_map *m, const omma_view *view);
void omma_map_correct(omma_map *m, const omma_correction *correction);
/** A keyframe was culled and is no longer exported. Views hanging on it keep their poses. */
void omma_map_remove_keyframe(omma_map *m, uint32_t keyframe);
/** The keyframe's picture as JPEG (taken; may be NULL) and its name in the input, or NULL. */
void omma_map_set_picture(omma_map *m, uint32_t keyframe, omma_buffer *jpeg, const char *name);

typedef struct omma_map_point {
    double world[3];
    uint8_t rgb[3];
    uint32_t submap;
    float error_px;
} omma_map_point;

typedef struct omma_map_observation {
    uint32_t keyframe, point; /* point: index */
    float px[2];              /* as in the input picture (distorted) */
} omma_map_observation;

/** Replaces the sparse points; everything is copied. observations are sorted by point. */
void omma_map_set_points(omma_map *m, const omma_map_point *points, size_t point_count,
                         const omma_map_observation *observations, size_t observation_count);
/** World unit: "units" (arbitrary scale, the default) or "m". Copied. */
void omma_map_set_unit(omma_map *m, const char *unit);
/** The calibration that was found in the end: replaces the camera of every keyframe so far. */
void omma_map_set_camera(omma_map *m, const omma_camera *camera);

typedef struct omma_map_keyframe {
    uint32_t id, submap;
    uint64_t frame_index;
    int64_t time_ns;
    omma_camera camera;
    omma_sim3 world_from_keyframe;
    omma_buffer *jpeg; /* borrowed, may be NULL */
    const char *name;  /* borrowed, may be NULL */
} omma_map_keyframe;

size_t omma_map_keyframe_count(const omma_map *m);
/** i-th in time order. */
omma_map_keyframe omma_map_get_keyframe(const omma_map *m, size_t i);
size_t omma_map_frame_count(const omma_map *m);

typedef struct omma_map_pose {
    uint64_t frame_index;
    int64_t time_ns;
    omma_status status;
    bool has_pose;
    uint32_t submap;
    omma_se3 world_from_camera;
} omma_map_pose;

/** i-th frame in time order, with all corrections so far. */
omma_map_pose omma_map_get_pose(const omma_map *m, size_t i);
size_t omma_map_point_count(const omma_map *m);
const omma_map_point *omma_map_get_points(const omma_map *m);
size_t omma_map_observation_count(const omma_map *m);
const omma_map_observation *omma_map_get_observations(const omma_map *m);
/** "units" or "m"; borrowed. */
const char *omma_map_unit(const omma_map *m);
/** The submap that holds most posed frames: its frame is the world of single-map exports. */
uint32_t omma_map_main_submap(const omma_map *m);

/* ----------------------------------------------------------------------------------- exports */

typedef struct omma_export_options {
    bool replace;     /* may replace files that are there */
    int max_error_px; /* points with a larger mean error are left out; 0 = 4 */
} omma_export_options;

/** Binary little-endian PLY: x y z float, red green blue uchar. Source: Turk, "The PLY polygon file
 *  format", 1994. All writers: OMMA_OK; OMMA_EXISTS, OMMA_DENIED, OMMA_FULL, OMMA_IO. */
omma_error omma_map_write_ply(const omma_map *m, const char *path, const omma_export_options *o);

/** TUM trajectory "timestamp tx ty tz qx qy qz qw" (world_from_camera) of every posed frame of the
 *  main submap, with "# status" comment lines where the status changes; other submaps go beside it
 *  as PATH with "-submapN" before the ending. */
omma_error omma_map_write_tum(const omma_map *m, const char *path, const omma_export_options *o);

/** COLMAP model of the keyframes: folder/{cameras,images,points3D}.{bin,txt}. COLMAP puts the pixel
 *  origin in the corner of the first pixel: half a pixel is added. */
omma_error omma_map_write_colmap(const omma_map *m, const char *folder,
                                 const omma_export_options *o);

/** nerfstudio transforms.json of the main submap's keyframes (camera-to-world, OpenGL axes: x
 *  right, y up, z back; the pictures as images/NAME; pixel origin as in COLMAP). */
omma_error omma_map_write_transforms(const omma_map *m, const char *path,
                                     const omma_export_options *o);

/** The keyframes' pictures as folder/NNNNNN.jpg (frame index), or by the names they had: without
 *  folders, with .jpg as their ending, and made unique. COLMAP and transforms.json use the same. */
omma_error omma_map_write_pictures(const omma_map *m, const char *folder,
                                   const omma_export_options *o);

/* ---------------------------------------------------------------------------------- pictures */

/** The map seen from above (along the mean gravity guess: the cameras' mean y axis), points in
 *  their colours, trajectory drawn from blue (start) to red (end), with a scale bar. RGB24, given.
 *  @return OMMA_OK; OMMA_DEGENERATE (nothing to draw); OMMA_NO_MEMORY. */
omma_error omma_map_draw_top(const omma_map *m, int width, int height, omma_frame **out);

/** The point cloud from a three-quarter view with camera frusta, trajectory, depth-cued splats. */
omma_error omma_map_draw_cloud(const omma_map *m, int width, int height, omma_frame **out);

/* -------------------------------------------------------------------------------- trajectory */

typedef struct omma_stamped_pose {
    double time_s;
    omma_se3 world_from_camera;
} omma_stamped_pose;

typedef struct omma_trajectory {
    omma_stamped_pose *poses; /* times strictly increasing */
    size_t count;
    size_t skipped_lines; /* neither empty nor a comment, yet not eight finite numbers */
} omma_trajectory;

/** Reads TUM format (spaces or commas). Lines that do not begin with eight finite numbers with a
 *  quaternion that can be normalised are skipped and counted; further columns are ignored; poses
 *  are sorted by time, and of equal times the first is kept.
 *  @return OMMA_OK (omma_trajectory_finish); OMMA_FORMAT (no pose at all), file errors. */
omma_error omma_trajectory_read(omma_trajectory *out, const char *path);
/** The same from memory. Fuzzed. */
omma_error omma_trajectory_parse(omma_trajectory *out, const char *text, size_t bytes);
void omma_trajectory_finish(omma_trajectory *t);

typedef enum omma_alignment { OMMA_ALIGN_SIM3, OMMA_ALIGN_SE3, OMMA_ALIGN_NONE } omma_alignment;

typedef struct omma_evaluation {
    size_t pairs, truth_poses, estimated_poses;
    double coverage;                                /* pairs / expected */
    double ate_rmse, ate_mean, ate_median, ate_max; /* unit of the truth */
    double scale;                                   /* truth = scale * estimate */
    double path_length, extent;
    double rotation_rmse_deg, rotation_rmse_own_deg;
    double rpe_translation_rmse, rpe_rotation_rmse_deg; /* over 1 s (or 30 poses); NAN: no pair */
} omma_evaluation;

/** Absolute and relative trajectory error. The rotation error is that after the alignment of the
 *  positions; "own" is that after the rotation which fits the orientations best (a straight path
 *  leaves its roll free). Poses are paired by mutually nearest time within max_dt_s (0 = half the
 *  median spacing of the truth, at least 1 ms). expected 0 = number of truth poses.
 *  @return OMMA_OK; OMMA_DEGENERATE (fewer than 3 pairs, or one side stands still and is to be
 *  aligned); OMMA_INVALID (more pairs than expected, or a result that is no finite number).
 *  Source: Sturm et al., "A benchmark for the evaluation of RGB-D SLAM systems", IROS 2012. */
omma_error omma_trajectory_evaluate(const omma_trajectory *estimate, const omma_trajectory *truth,
                                    omma_alignment alignment, double max_dt_s, size_t expected,
                                    omma_evaluation *out);

#ifdef __cplusplus
}
#endif
