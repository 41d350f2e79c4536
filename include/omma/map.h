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
 *  again where it is and what its camera is; its depth, if it brings any, is kept (the cloud and
 *  the mesh are made of it), and without one the depth that was there stays. Frames are told apart
 *  by frame_index, and their times increase with it. */
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

/** Dense depth as in omma_view: in the keyframe's own camera and unit. */
typedef struct omma_depth_map {
    int width, height;    /* 0 = none */
    float *depth, *error; /* owned */
    uint8_t *rgb;         /* width x height x 3, or NULL when it came without; owned */
} omma_depth_map;

/** Depth of the i-th keyframe, as it was given to within 0.1 % (the map keeps it compressed, and
 *  beyond a budget in a nameless temporary file).
 *  @return OMMA_OK (given: omma_depth_map_finish; width 0 when it has none); OMMA_IO,
 *  OMMA_NO_MEMORY. */
omma_error omma_map_get_depth(const omma_map *m, size_t i, omma_depth_map *out);
void omma_depth_map_finish(omma_depth_map *d);
bool omma_map_has_depth(const omma_map *m, size_t i);
/** Multiplies the world: poses, points and all that is made of them later. Views and corrections
 *  that come afterwards must be in the new unit. The scale must be finite and > 0. */
void omma_map_rescale(omma_map *m, double scale);
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

/** What a tracker needs to go on in this map (omma_tracker_save): bytes that only a tracker
 *  understands; kept compressed, saved and opened with the map. Replaces what was there; borrowed.
 *  @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error omma_map_set_memory(omma_map *m, const void *data, size_t bytes);
/** @return OMMA_OK (given: omma_buffer_unref); OMMA_NOT_FOUND (it has none); OMMA_FORMAT (damaged);
 *  OMMA_NO_MEMORY. */
omma_error omma_map_get_memory(const omma_map *m, omma_buffer **out);

/* ------------------------------------------------------------------------------------- cloud */

/** A point of the fused cloud: 40 bytes. */
typedef struct omma_cloud_point {
    float world[3];
    float normal[3]; /* unit, towards the cameras */
    uint8_t rgb[3];
    uint8_t views;     /* keyframes that saw it, at most 255 */
    float error;       /* expected, in the world's unit */
    uint32_t keyframe; /* the one it hangs on: a correction of it moves the point */
} omma_cloud_point;

typedef struct omma_cloud {
    omma_cloud_point *points;
    size_t count;
    double voxel; /* edge of the cubes that hold one point each, in the world's unit */
} omma_cloud;

typedef struct omma_fuse_options {
    size_t max_points;        /* never exceeded; 0 = 2,000,000 */
    double voxel;             /* 0 = as fine as the depth is, and the bound on the points allows */
    double max_error;         /* relative: depth expected to be worse is left out; 0 = 0.0123, and
                                 more, up to 0.05, where the map's median is above 0.0105 */
    unsigned min_views;       /* keyframes that must agree; 0 = 2 */
    unsigned threads;         /* 0 = as many as cores; the result does not depend on it */
    bool (*stop)(void *user); /* asked many times a second, on any thread: true ends it; or NULL */
    void *user;
} omma_fuse_options;

/** The depth of the main submap's keyframes as one cloud: points weighted by 1 / error^2, colours
 *  averaged, each place told by one keyframe (a point that others see through is refuted), loners
 *  removed. What counts against max_error is the depth's own error, more where the surface is
 *  steep, and how far keyframes disagree.
 *  @return OMMA_OK (given: omma_cloud_finish; empty without depth); OMMA_NO_MEMORY, OMMA_IO;
 *  OMMA_INTERRUPTED (stop). */
omma_error omma_map_fuse(const omma_map *m, const omma_fuse_options *o, omma_cloud *out);
void omma_cloud_finish(omma_cloud *c);

/* -------------------------------------------------------------------------------------- mesh */

typedef struct omma_mesh {
    float *positions; /* x y z, world */
    float *normals;   /* x y z, unit */
    uint8_t *rgb;
    size_t vertex_count;
    uint32_t *triangles; /* three vertices, counter-clockwise seen from outside */
    size_t triangle_count;
} omma_mesh;

void omma_mesh_finish(omma_mesh *m);

/**
 * A truncated signed distance volume in hashed blocks of 8 x 8 x 8 voxels. Source: Curless & Levoy,
 * SIGGRAPH 1996; Niessner et al., TOG 2013. Thread-safe: one thread at a time.
 */
typedef struct omma_volume omma_volume;

/** @param voxel edge, world unit, > 0
 *  @param max_blocks 0 = 650,000 (about 4 GB); beyond it nothing new is taken in.
 *  @return OMMA_OK; OMMA_INVALID. */
omma_error omma_volume_create(omma_volume **out, double voxel, size_t max_blocks);
void omma_volume_destroy(omma_volume **v);
/** Takes one depth map in (weight > 0), or out again: what went in with a weight comes out with its
 *  opposite, everything else being the same, and the surface is what it would be without (its
 *  colours to within rounding). For a keyframe that moves. Cells count by 1 / (error * depth)^2;
 *  those with an expected error above max_error are skipped. Without colours it is grey.
 *  A voxel takes some thousand straight looks, and nothing after that: what it did not take is not
 *  remembered, so from then on taking out is no longer exact there.
 *  @return OMMA_OK; OMMA_FULL (max_blocks reached: what fits is in); OMMA_INVALID (camera, size, a
 *          pose or weight that is not finite); OMMA_NO_MEMORY (only part of it is in). */
omma_error omma_volume_integrate(omma_volume *v, const omma_depth_map *d, const omma_camera *camera,
                                 const omma_sim3 *world_from_camera, double max_error,
                                 double weight);
/** Meshes again what changed since the last call, and gives the whole surface (surface nets:
 *  Gibson, MICCAI 1998), vertices shared. Given: omma_mesh_finish.
 *  @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error omma_volume_mesh(omma_volume *v, omma_mesh *out);

typedef struct omma_mesh_options {
    double voxel; /* 0 = twice as large as the depth is fine; larger when memory would run out */
    double max_error; /* relative; 0 = 0.05 */
    double max_hole;  /* holes with a rim up to this long are closed, world unit; 0 = 16 voxels */
    size_t max_triangles; /* decimated to (quadric errors: Garland & Heckbert 1997), as far as that
                             keeps each piece whole; 0 = no bound */
    size_t min_piece;     /* pieces of fewer triangles are dropped; 0 = 100 */
    size_t max_bytes;     /* of memory for the volume; 0 = 1 GB */
    bool (*stop)(void *user); /* as in omma_fuse_options */
    void *user;
} omma_mesh_options;

/** The surface of the main submap. What a keyframe sees through is taken away first.
 *  @return OMMA_OK (given: omma_mesh_finish; empty without depth); OMMA_FULL (a voxel that was
 *  asked for needs more than max_bytes: omma_why() says how much, before any of it is taken);
 * OMMA_NO_MEMORY, OMMA_IO; OMMA_INTERRUPTED (stop). */
omma_error omma_map_mesh(const omma_map *m, const omma_mesh_options *o, omma_mesh *out);

/* ----------------------------------------------------------------------------------- exports */

typedef struct omma_export_options {
    bool replace;             /* may replace files that are there */
    int max_error_px;         /* points with a larger mean error are left out; 0 = 4 */
    size_t max_points;        /* sparse points of a PLY file, at most; 0 = all */
    bool (*stop)(void *user); /* asked between one file and the next by who writes many; or NULL */
    void *user;
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

/** What a dense export may hold; NULL = without. Borrowed. */
typedef struct omma_scene {
    const omma_map *map; /* unit, submap, and the cameras */
    const omma_cloud *cloud;
    const omma_mesh *mesh;
    bool cameras; /* frusta and the trajectory as objects of their own, where the format can */
} omma_scene;

/**
 * By the ending of path:
 *   .ply  points with normals and error, or the mesh when there is no cloud; binary
 *   .glb  glTF 2.0: nodes "points", "mesh", "cameras", "trajectory" that viewers can switch; y up
 *   .obj  mesh or points with vertex colours (text)
 *   .las  LAS 1.2, point format 2, 0.1 mm or finer steps; points only
 * @return OMMA_OK; OMMA_INVALID (ending; nothing in the scene that the format can hold);
 *         OMMA_EXISTS, OMMA_DENIED, OMMA_FULL, OMMA_IO.
 */
omma_error omma_scene_write(const omma_scene *s, const char *path, const omma_export_options *o);

/** A ZIP file of files below folder, whose names are relative to it, in their order. The same files
 *  give the same bytes. @return OMMA_OK; OMMA_INVALID (a name leads outside; beyond 4 GiB or 65534
 *  files), and as the other writers and omma_file_read. */
omma_error omma_zip_write(const char *path, const char *folder, const char *const *names,
                          size_t count, const omma_export_options *o);

/** Files of depth. */
typedef enum omma_depth_format {
    OMMA_DEPTH_NPY = 0, /* NNNNNN.npy: float32, rows x columns */
    OMMA_DEPTH_PNG16,   /* NNNNNN.png: 16 bit, steps told in README.txt beside it */
    OMMA_DEPTH_BOTH,
} omma_depth_format;

/** Depth of a frame into folder, resampled to the size of the picture. */
omma_error omma_depth_write(const omma_depth_map *d, const omma_camera *camera, const char *folder,
                            uint64_t frame_index, omma_depth_format format,
                            const omma_export_options *o);

/** Leaves out what a depth map is least sure of: cells whose expected error is above 1.3 times its
 *  median, and above 1.5 %. So do all files of depth. */
void omma_depth_map_keep_sure(omma_depth_map *d);

/** Depth of every keyframe that has any, of all submaps, each in its own submap's unit, as
 *  omma_depth_write does. @param count how many; may be NULL
 *  @return as the others; OMMA_INTERRUPTED (stop; files that are there stay) */
omma_error omma_map_write_depth(const omma_map *m, const char *folder, omma_depth_format format,
                                const omma_export_options *o, size_t *count);

/** COLMAP's dense workspace beside its model: folder/stereo/depth_maps/NAME.geometric.bin. */
omma_error omma_map_write_colmap_depth(const omma_map *m, const char *folder,
                                       const omma_export_options *o);

/* ---------------------------------------------------------------------------------- map file */

/** Everything in one file (docs/map-file.md): keyframes with pictures and depth, poses of all
 *  frames, intrinsics, points; versioned, each part with its checksum. Written beside and renamed.
 *  @return OMMA_OK; OMMA_EXISTS, OMMA_DENIED, OMMA_FULL, OMMA_IO. */
omma_error omma_map_save(const omma_map *m, const char *path, const omma_export_options *o);

typedef struct omma_map_salvage {
    size_t parts, damaged; /* of the file */
    size_t orphans;  /* intact pictures and depths that were left out: their keyframe is lost */
    char writer[24]; /* the version of Omma that wrote it; empty when that is lost */
} omma_map_salvage;

/** @param salvage NULL: a damaged file is refused. Else what is intact is taken and this filled.
 *  @return OMMA_OK (given: omma_map_destroy); OMMA_FORMAT (not a map, of a later version, damaged:
 *          omma_why() says where; when salvaged: nothing of it is intact); OMMA_NO_MEMORY (larger
 *          than max_bytes; 0 = 8 GiB); file errors.
 *  Fuzzed. */
omma_error omma_map_open(omma_map **out, const char *path, size_t max_bytes,
                         omma_map_salvage *salvage);

/** The same, of a journal only as much as the tracker's last memory in it knows: what another clip
 *  can go on from. @return also OMMA_FORMAT (a journal that was cut off before there was any). */
omma_error omma_map_open_remembered(omma_map **out, const char *path, size_t max_bytes);

/** Whether it is what a journal kept of a map that was never finished. */
bool omma_map_is_unfinished(const omma_map *m);

/* ----------------------------------------------------------------------------------- journal */

/**
 * What becomes of a map while it is made, as bytes for a file that is only ever appended to, so
 * that a process that is killed leaves a map: omma_map_open reads such a journal up to the last
 * group of changes that is whole. Each of these tells what was done to the map just now.
 *
 *   omma_map_changes_create -> _take, then [_view, _correct, _remove, _picture, _checkpoint ->
 * _take]
 *
 * Thread-safe: one thread at a time.
 */
typedef struct omma_map_changes omma_map_changes;

/** Begins with all that the map holds. */
omma_map_changes *omma_map_changes_create(const omma_map *m);
void omma_map_changes_destroy(omma_map_changes **c);
void omma_map_changes_view(omma_map_changes *c, const omma_map *m, const omma_view *v);
void omma_map_changes_correct(omma_map_changes *c, const omma_correction *correction);
void omma_map_changes_remove(omma_map_changes *c, uint32_t keyframe);
/** jpeg, name: borrowed, may be NULL. */
void omma_map_changes_picture(omma_map_changes *c, uint32_t keyframe, const omma_buffer *jpeg,
                              const char *name);
/** The map's points and its tracker's memory, as they are now. */
void omma_map_changes_checkpoint(omma_map_changes *c, const omma_map *m);

/** Told, but not yet taken. */
size_t omma_map_changes_bytes(const omma_map_changes *c);
/** All of that as one group, to be appended. *out given: omma_buffer_unref.
 *  @return OMMA_OK; OMMA_NO_MEMORY, OMMA_IO (depth that lies in a temporary file). */
omma_error omma_map_changes_take(omma_map_changes *c, omma_buffer **out);

/* ---------------------------------------------------------------------------------- renderer */

/** Draws a scene: z-buffered splats with holes filled and eye-dome lighting (Boucheny 2009), mesh,
 *  frusta and trajectory as lines. Thread-safe: one thread at a time. */
typedef struct omma_renderer omma_renderer;

/* Pictures of more pixels have one sample each. */
#define OMMA_RENDER_FINE_PIXELS (4096 * 2304)

typedef struct omma_render_options {
    int width, height; /* px; both 0 = 1280 x 720 */
    float splat;       /* diameter of a point, world unit; 0 = a little more than a voxel */
    bool frusta, trajectory;
    bool flat;       /* no eye-dome lighting */
    bool fine;       /* 2 x 2 samples a pixel: smoother edges for four times the work */
    bool both_sides; /* also what turns its back on the camera: normals and triangles */
    bool plain;      /* the background is one colour; otherwise a dark gradient */
    uint8_t background[3];
    unsigned threads; /* 0 = as many as cores; the picture does not depend on it */
} omma_render_options;

/** The scene is borrowed for as long as the renderer lives. The mesh is drawn when there is no
 *  cloud, the map's sparse points when there is neither.
 *  @return OMMA_OK; OMMA_INVALID (a side not within 16 to 8192 px); OMMA_DEGENERATE (nothing to
 *          draw); OMMA_NO_MEMORY. */
omma_error omma_renderer_create(omma_renderer **out, const omma_scene *s,
                                const omma_render_options *o);
void omma_renderer_destroy(omma_renderer **r);
/** One picture: RGB24 of the renderer's size, given. fov: vertical, degrees.
 *  @return OMMA_OK; OMMA_INVALID (not a pose; fov not within 0.1 to 170); OMMA_NO_MEMORY. */
omma_error omma_renderer_draw(omma_renderer *r, const omma_se3 *world_from_camera, double fov,
                              omma_frame **out);

typedef enum omma_camera_path {
    OMMA_PATH_ORBIT,  /* once around what the cameras looked at */
    OMMA_PATH_FOLLOW, /* behind the camera, smoothed */
    OMMA_PATH_TOP,    /* from above */
} omma_camera_path;

/** Where to look from at part t (0..1) of a path over the scene. */
omma_se3 omma_scene_camera(const omma_scene *s, omma_camera_path path, double t);

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
    omma_sim3 truth_from_estimate;                      /* the alignment */
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

/* ------------------------------------------------------------------------- depth and clouds */

typedef struct omma_depth_evaluate_options {
    double truth_unit, estimate_unit; /* steps of a .png per unit of length; 0: may hold none */
    bool scale; /* one factor for all frames together: the median of truth / estimate */
    double min_depth, max_depth; /* of the truth, outside of it nothing counts; 0 = 0.1, none */
    /* Frames that had to be estimated: one without a file is not covered. NULL: those with both. */
    const uint64_t *frames;
    size_t frame_count;
} omma_depth_evaluate_options;

enum { OMMA_DEPTH_RATIOS = 4 };
/** 1.01, 1.02, 1.05, 1.25 */
extern const double omma_depth_ratios[OMMA_DEPTH_RATIOS];

typedef struct omma_depth_evaluation {
    size_t frames, truth_frames, estimated_frames; /* compared, in the folders */
    uint64_t truth_pixels, covered_pixels;         /* of the frames compared */
    double coverage, scale;
    /* Over the covered pixels of all frames, each with one vote; NAN when there is none. */
    double abs_rel_median, abs_rel_mean, bias_median, rmse, mae;
    double within[OMMA_DEPTH_RATIOS]; /* share with max(e / t, t / e) < ratio */
    double ok5;                       /* share of all truth pixels within ratio 1.05 */
} omma_depth_evaluation;

/**
 * Depth along the camera's axis against the truth. Both folders hold a file per frame, .npy
 * (float32 or float64) or grey 16-bit .png (0 and 65535 unknown), paired by the last number in
 * their names; of a frame with both the .npy is taken. An estimate of another size is sampled at
 * the nearest pixel.
 * @param o NULL = defaults
 * @return OMMA_OK; OMMA_DEGENERATE (no frame in both, no truth in the range, nothing to scale by);
 *         OMMA_INVALID (a unit is missing or wrong); OMMA_FORMAT (a file, or two for one frame),
 *         OMMA_UNSUPPORTED, OMMA_NO_MEMORY, file errors.
 * Source of the shares: Eigen, Puhrsch, Fergus, "Depth map prediction from a single image", 2014.
 */
omma_error omma_depth_evaluate(const char *estimate_folder, const char *truth_folder,
                               const omma_depth_evaluate_options *o, omma_depth_evaluation *out);

typedef struct omma_points {
    double (*xyz)[3];
    size_t count;
    size_t skipped; /* not finite */
} omma_points;

/** The vertices of a PLY file, text or binary, whatever else it holds.
 *  @return OMMA_OK (given: omma_points_finish); OMMA_FORMAT (no PLY, cut short, no x y z),
 *  OMMA_NO_MEMORY, file errors. */
omma_error omma_ply_read(omma_points *out, const char *path);
/** The same from memory. Fuzzed. */
omma_error omma_ply_parse(omma_points *out, const void *data, size_t bytes);
void omma_points_finish(omma_points *p);

enum { OMMA_CLOUD_THRESHOLDS = 8 };

typedef struct omma_cloud_evaluate_options {
    double thresholds[OMMA_CLOUD_THRESHOLDS]; /* ends with a 0; none = 0.01, 0.02, 0.05 */
    double voxel; /* both are thinned to the mean point of each cube of this edge; 0 = 0.005 */
    double clip;  /* distances beyond it count as this much in the means; 0 = 0.5 */
    const omma_sim3 *truth_from_estimate; /* NULL: they share a frame */
} omma_cloud_evaluate_options;

typedef struct omma_cloud_score {
    double threshold;
    double precision, recall, f; /* shares nearer than it: of the estimate, of the truth */
} omma_cloud_score;

typedef struct omma_cloud_evaluation {
    size_t points, points_thinned, truth_points;   /* the last after thinning */
    double accuracy_mean, accuracy_median;         /* from the estimate to the nearest truth */
    double completeness_mean, completeness_median; /* from the truth to the nearest estimate */
    omma_cloud_score scores[OMMA_CLOUD_THRESHOLDS];
    size_t score_count;
    double floor; /* accuracy_mean of the truth itself, moved by half a voxel along each axis */
} omma_cloud_evaluation;

/**
 * A cloud against a true one, by the distances between nearest points.
 * @param o NULL = defaults
 * @return OMMA_OK; OMMA_DEGENERATE (a cloud is empty); OMMA_INVALID (an option; a cloud of more
 *         than 2^31 voxels across); OMMA_NO_MEMORY.
 * Source: Knapitsch, Park, Zhou, Koltun, "Tanks and Temples", TOG 2017.
 */
omma_error omma_cloud_evaluate(const omma_points *estimate, const omma_points *truth,
                               const omma_cloud_evaluate_options *o, omma_cloud_evaluation *out);

#ifdef __cplusplus
}
#endif
