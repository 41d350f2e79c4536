/* SPDX-License-Identifier: Apache-2.0 */
/** All that the classical tracker holds between two pictures, and the steps that work on it. */
#pragma once

#include <omma/slam.h>

#include "densify.h"
#include "follow.h"
#include "loops.h"
#include "mapping.h"
#include "old_frame.h"
#include "stages.h"
#include "wide.h"
#include "world.h"

enum {
    INITIAL_STARTS = 8,
    PATIENCE = 3 /* frames lost before a new map is tried beside the old one */
};
#define NO_HOME UINT32_MAX

typedef struct classical {
    const omma_log *log;
    omma_tracker_options options;
    bool camera_known;
    unsigned freedom; /* OMMA_BUNDLE_*: what of the camera is found from the video */
    follower follower;
    world world;
    omma_pyramid before, now;
    wide_memory wide;
    sight_list sights;
    omma_se3 pose;     /* camera_from_world of the newest frame, believed or predicted */
    omma_se3 velocity; /* now_from_before */
    float rotation_score;
    float wideness; /* share of recent frames too far apart to be followed */
    omma_status status;
    bool has_map;     /* the living submap is initialised */
    uint32_t submaps; /* initialised so far */
    uint32_t attempt; /* record in which the living submap's attempt began */
    uint32_t last_keyframe;
    uint32_t last_attempt;  /* record of the last costly initialisation */
    uint32_t lost_for;      /* frames */
    uint32_t home;          /* submap to come back to, or NO_HOME */
    old_frame old_frame;    /* of the map that this clip goes on in */
    uint32_t next_global;   /* keyframes at which the whole submap is adjusted next */
    uint32_t calibrated_on; /* keyframes from which the camera was learnt */
    double focal_sigma, rms_px;
    uint64_t relocalisations;
    int cell; /* px: one feature per cell */
    stages stages;
    loops *loops; /* NULL: not wanted */
    /* the update handed out */
    omma_view *views;
    size_t view_count, view_capacity;
    omma_correction *corrections;
    size_t correction_count, correction_capacity;
    uint32_t *removed;
    size_t removed_count, removed_capacity;
    omma_sim3 *told; /* per keyframe: the pose last handed out */
    size_t told_capacity;
    uint32_t told_count;
    omma_update update;
    densifier *dense; /* NULL: not wanted, or done */
    int64_t dense_cpu_ns;
    uint64_t dense_jobs;
    dense_result *depths; /* of the update handed out */
    size_t depth_count, depth_capacity;
    omma_camera given_camera;
} classical;

/* tell.c: what the next update will say */
void tell(classical *c, uint32_t r, bool retroactive);
void tell_rehung(classical *c);
void take_depths(classical *c); /* maps that have become ready */
void tell_depths(classical *c);
void tell_all(classical *c);
void forget_told(classical *c);
void tell_corrections(classical *c);

/* arrive.c: the steps that every new picture takes */
omma_se3 predict_pose(classical *c);
void follow(classical *c, const omma_se3 *predicted);
void unroll(classical *c, int64_t elapsed_ns);
void keep_sights(classical *c, uint32_t r);
size_t count_mature(const classical *c);
bool is_wide(const classical *c);
int cell_of(const classical *c);
/** px: one of so many features (0 = the usual number) per cell. */
int cell_for(const omma_camera *camera, unsigned features);

/* keyframes.c */
void adjust_all(classical *c, int iterations);
void make_keyframe(classical *c, uint32_t r, const omma_frame *frame);
bool keyframe_is_due(classical *c, uint32_t r, size_t mature);

/* waiting.c: without a map */
void start_attempt(classical *c, uint32_t r, const omma_frame *frame);
/** Back on known ground: the living submap is the old one again. */
bool come_home(classical *c, uint32_t r, const omma_frame *frame);
void wait_for_map(classical *c, uint32_t r, const omma_frame *frame);
/** By all corners of the last keyframes, however far they moved. known: features that agree with
 * the pose there is, 0 = none. */
bool place_far(classical *c, uint32_t r, uint32_t submap, uint32_t known, const omma_frame *frame);
bool relocalise(classical *c, uint32_t r, uint32_t submap, size_t candidates);

/* tracking.c: with a map */
void track(classical *c, uint32_t r, const omma_frame *frame, const omma_se3 *before,
           const omma_se3 *predicted);
void after_pose(classical *c, uint32_t r, const omma_frame *frame);
void begin_submap(classical *c, uint32_t r, const omma_frame *frame);
