/* SPDX-License-Identifier: Apache-2.0 */
/**
 * slam: frames in, views out. A tracker says for every frame where its camera was; which backend
 * does the work is an option and nothing else changes.
 *
 * One call per frame: omma_tracker_push gives an update, the list of views that are new or say more
 * than before (frames seen before the map began get their poses later: "retroactive"), and the
 * keyframes that moved. omma_tracker_finish ends the run. omma_tracker_points tells the sparse map.
 * What omma_tracker_save gives lets another tracker go on in the map (omma_tracker_restore), or say
 * where single pictures were taken (omma_tracker_locate).
 */
#pragma once

#include <omma/base.h>
#include <omma/frame.h>
#include <omma/geometry.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum omma_tracker_backend {
    OMMA_TRACKER_CLASSICAL, /* monocular SLAM, no weights */
    OMMA_TRACKER_SYNTHETIC, /* hands on the truth that a synthetic scene carries */
} omma_tracker_backend;

typedef struct omma_tracker_options {
    omma_tracker_backend backend;
    const omma_camera *camera; /* NULL = unknown: focal length and k1 are found from the video */
    double focal_hint_px;      /* a first guess when there is no camera (EXIF, --fov); 0 = none */
    bool realtime;             /* bound the work per frame and the memory instead of using all */
    unsigned threads;          /* 0 = as many as cores; the result does not depend on it */
    uint64_t seed;             /* of every random choice */
    bool no_loops;             /* do not look for places seen before to take the drift out */
    unsigned features;         /* wished tracks per frame; 0 = chosen from the picture's size */
    bool dense;                /* depth for keyframes, made on a thread of its own */
    unsigned depth_every;      /* and for every n-th frame as well; 0 = keyframes only */
    /* synthetic backend only */
    double drift;       /* random walk of the position, share of the path */
    double noise_m;     /* white noise on the position, m */
    int keyframe_every; /* 0 = 10 */
} omma_tracker_options;

/** Thread-safe: one thread at a time. */
typedef struct omma_tracker omma_tracker;

/** @return OMMA_OK (*out given: omma_tracker_destroy); OMMA_INVALID (camera). */
omma_error omma_tracker_create(omma_tracker **out, const omma_log *log,
                               const omma_tracker_options *options);
void omma_tracker_destroy(omma_tracker **t);

/** A place that was recognised after a while, and the drift between taken out. */
typedef struct omma_loop {
    uint64_t frame, earlier_frame; /* of the input: two that show it */
    uint32_t inliers;              /* points of the earlier visit found again */
    bool joined;                   /* it made two submaps one */
    double scale;                  /* how much larger things had become; 1 = no drift of scale.
                                      joined: the unit of one submap in that of the other */
} omma_loop;

/** What changed; borrowed from the tracker until its next call. */
typedef struct omma_update {
    const omma_view *views; /* in frame order; the newest frame's last */
    size_t view_count;
    const omma_correction *corrections;
    size_t correction_count;
    const uint32_t *removed; /* ids of keyframes that were culled; views that hung on them were
                                re-sent in the same update */
    size_t removed_count;
    const omma_loop *loops; /* closed since the last update: the corrections are their work */
    size_t loop_count;
} omma_update;

/**
 * The next frame, times increasing, size the same as before.
 * @param frame taken
 * @return OMMA_OK (*out borrowed); OMMA_INVALID (size changed, smaller than 32 x 32, no truth for
 *         the synthetic backend); OMMA_NO_MEMORY.
 */
omma_error omma_tracker_push(omma_tracker *t, omma_frame *frame, const omma_update **out);

/** No more frames: last adjustments, then a view for every frame that can still get one. */
omma_error omma_tracker_finish(omma_tracker *t, const omma_update **out);

/* ------------------------------------------------------------------------------------- memory */

/**
 * What another tracker needs to go on in this one's map: its camera, keyframes, and what they saw.
 * @param scale lengths are kept as this times the tracker's own
 * @param out given: omma_buffer_unref
 * @return OMMA_OK; OMMA_DEGENERATE (no map yet); OMMA_INVALID (scale); OMMA_UNSUPPORTED (backend);
 *         OMMA_NO_MEMORY.
 */
omma_error omma_tracker_save(const omma_tracker *t, double scale, omma_buffer **out);

typedef struct omma_tracker_memory {
    const void *data; /* as omma_tracker_save gave it; borrowed */
    size_t bytes;
    /* The picture of a keyframe (*out given, as large as the camera's), during the call; may be
     * NULL. Without its picture what a keyframe saw is recognised at the end, not at once. */
    omma_error (*picture)(void *user, uint32_t keyframe, omma_frame **out);
    void *user;
} omma_tracker_memory;

/**
 * Goes on in an earlier map, before the first push: the tracker is lost until a picture is
 * recognised, and makes a submap of its own meanwhile, which is merged at the end. Frames must have
 * the size of the earlier ones, and later times and larger indices. Keyframes and submaps keep
 * their numbers, and the earlier map its place and unit.
 * @return OMMA_OK; OMMA_FORMAT (damaged, or of a later version); OMMA_INVALID (the tracker has
 *         begun, or was given another camera); OMMA_UNSUPPORTED (backend). After a failure the
 *         tracker is good for nothing. Fuzzed.
 */
omma_error omma_tracker_restore(omma_tracker *t, const omma_tracker_memory *memory);

typedef struct omma_tracker_place {
    omma_se3 world_from_camera;
    uint32_t submap;
    uint32_t inliers, matches; /* points of the map: agreeing, tried */
} omma_tracker_place;

/**
 * Where a picture was taken, from what the map knows; the map is not changed. Rather not found than
 * invented.
 * @param frame of any size; borrowed
 * @param camera of that picture; NULL = the map's
 * @return OMMA_OK; OMMA_NOT_FOUND (not known here); OMMA_DEGENERATE (no map); OMMA_INVALID (camera,
 *         picture); OMMA_UNSUPPORTED (backend); OMMA_NO_MEMORY.
 */
omma_error omma_tracker_locate(omma_tracker *t, const omma_frame *frame, const omma_camera *camera,
                               omma_tracker_place *out);

/* ------------------------------------------------------------------------------------- points */

/** One observation of a sparse point in a keyframe. */
typedef struct omma_sparse_observation {
    uint32_t keyframe;
    uint32_t point; /* index into points */
    float px[2];    /* as in the input picture (distorted) */
} omma_sparse_observation;

typedef struct omma_sparse_point {
    uint64_t id;
    double world[3];
    uint8_t rgb[3];
    uint32_t submap;
    float error_px; /* mean reprojection error */
} omma_sparse_point;

typedef struct omma_sparse_map {
    omma_sparse_point *points;
    size_t point_count;
    omma_sparse_observation *observations; /* sorted by point */
    size_t observation_count;
} omma_sparse_map;

/** The sparse map as it is now; empty when the backend has none. Given: omma_sparse_map_finish. */
omma_error omma_tracker_points(omma_tracker *t, omma_sparse_map *out);
void omma_sparse_map_finish(omma_sparse_map *m);

/** How the work was spread, for reports: name and thread CPU seconds. */
typedef struct omma_tracker_stage {
    const char *name; /* static */
    double cpu_s;
    uint64_t calls;
} omma_tracker_stage;

typedef struct omma_tracker_stats {
    uint64_t frames, keyframes, points, submaps, relocalisations;
    bool camera_found; /* intrinsics come from the video */
    omma_camera camera;
    double focal_sigma_px; /* 0 when given */
    double rms_px;         /* reprojection error of the map */
    omma_tracker_stage stage[16];
    int stages;
} omma_tracker_stats;

void omma_tracker_get_stats(const omma_tracker *t, omma_tracker_stats *out);

#ifdef __cplusplus
}
#endif
