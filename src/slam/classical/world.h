/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the classical tracker knows: features (patches of the scene, each held by the keyframe that
 * saw it first and an inverse depth there), keyframes, and one record per frame. Arrays grow and
 * never move elements, so indices are names. One submap at a time is alive; older ones stay as they
 * are.
 */
#pragma once

#include <omma/base.h>
#include <omma/frame.h>
#include <omma/geometry.h>

#include "corners.h"
#include "descriptor.h"
#include "klt.h"
#include "sight_archive.h"

enum {
    PATCH_SIDE = 24,  /* px kept around a feature, enough to warp an 8x8 patch out of it */
    PATCH_LEVELS = 2, /* at the feature's pyramid level and at the next coarser one */
    PATCH_BYTES = PATCH_SIDE * PATCH_SIDE * PATCH_LEVELS,
    KLT_LEVELS = 5,
    NO_INDEX = -1,
};

typedef enum feature_state {
    FEATURE_IMMATURE, /* depth still a guess: constrains rotation and the epipolar line only */
    FEATURE_MATURE,   /* depth known */
    FEATURE_DEAD,
} feature_state;

/** One keyframe's sight of a feature (the anchor's own is implied). */
typedef struct observation {
    uint32_t keyframe;
    float x, y; /* px, unrolled */
    float roll_x, roll_y;
    float inverse_sigma; /* 1 / px */
} observation;

typedef struct feature {
    uint32_t anchor;      /* keyframe */
    float x, y;           /* px in the anchor, unrolled */
    float roll_x, roll_y; /* d x / d readout there, px / s */
    double ray[2];        /* the same, normalised; follows the camera (world_set_camera) */
    uint8_t level;        /* pyramid level it was found on */
    uint8_t state;        /* feature_state */
    uint8_t rgb[3];
    uint8_t failures; /* times it was expected and not found, in a row */
    double rho;       /* inverse depth (1 / z) in the anchor */
    double rho_sigma;
    uint32_t patch_keyframe; /* where the patch was taken: the anchor or a later keyframe */
    float patch_x, patch_y;
    uint8_t *patch; /* PATCH_BYTES, or NULL when dead */
    uint8_t descriptor[DESCRIPTOR_BYTES];
    observation *seen; /* keyframes but the anchor, in time order */
    uint32_t seen_count, seen_capacity;
    uint64_t last_frame; /* record in which it was last found */
} feature;

typedef struct keyframe {
    uint32_t frame; /* record */
    uint32_t submap;
    bool posed, culled;
    omma_se3 camera_from_world;
    double unit;        /* world units per unit of what was told of it: depth, frames beside it */
    uint32_t *features; /* indices of everything seen here, anchored features included */
    uint32_t feature_count, feature_capacity;
    uint32_t mature_at_birth; /* mature features tracked when it was made */
} keyframe;

/** A feature in one frame. */
struct sight {
    uint32_t feature;
    float x, y;           /* where it is in the picture */
    float ux, uy;         /* unrolled: where it would be, had all rows been exposed at once */
    float roll_x, roll_y; /* d ux / d readout, px / s */
    float inverse_sigma;  /* 1 / px */
    bool outlier;         /* disagrees with the pose found last */
    bool drifting;        /* not found by its own patch: measured from the last picture only */
};

typedef struct record {
    uint64_t index; /* of the input frame */
    int64_t time_ns;
    omma_status status;
    bool posed;
    uint32_t submap;
    int32_t keyframe; /* reference; NO_INDEX when not posed */
    int32_t told;     /* the reference last handed out */
    omma_se3 keyframe_from_camera;
    float turn[9]; /* rotation now_from_before, from the whole picture */
    sight *sights;
    uint32_t sight_count;
    bool archived; /* the sights are the archive's */
} record;

typedef struct world {
    omma_camera camera; /* as believed now */
    double focal_guess; /* px, before anything was seen: what the bundle adjustment leans on */
    feature *features;
    size_t feature_count, feature_capacity;
    keyframe *keyframes;
    size_t keyframe_count, keyframe_capacity;
    record *records;
    size_t record_count, record_capacity;
    sight_archive *archive; /* what old frames saw; NULL: none yet */
    uint32_t first;  /* record: the first of this clip; those before it are an older map's */
    uint32_t submap; /* the living one */
    double turn[3];  /* angular velocity in the newest frame, rad / s; 0 = unknown */
    double readout;  /* of a rolling shutter: s from the first row to the last */
} world;

/** Fills ux, uy, roll_x, roll_y. A rolling shutter exposes row after row: a row is late by its
 * share of the readout, and what it shows has turned meanwhile. */
void sight_unroll(const world *w, sight *s);
/** A new belief about the shutter: every stored position follows. */
void world_set_readout(world *w, double readout);

void world_finish(world *w);
/** A new belief about the intrinsics: every feature's ray is taken anew. */
void world_set_camera(world *w, const omma_camera *camera);

/** A new feature anchored in the newest keyframe. @return its index. */
uint32_t world_add_feature(world *w, const feature *f);
void feature_kill(feature *f);
void feature_add_sight(feature *f, uint32_t keyframe, const sight *s);
void feature_add_observation(feature *f, const observation *o);
/** Where keyframe k saw it; false when it did not. */
bool feature_sight_in(const feature *f, uint32_t k, float *x, float *y);
/** Makes keyframe k, which saw it, the anchor; the old anchor's sight joins the others. false when
 * k did not see it or the pixel has no ray: then it is as it was. */
bool feature_hold_by(const world *w, feature *f, uint32_t k);
uint32_t world_add_keyframe(world *w, const keyframe *k);
void keyframe_add_feature(keyframe *k, uint32_t feature);
uint32_t world_add_record(world *w, const record *r);

/** A frame forgets what it saw. */
void record_free_sights(record *r);
/** What an old frame saw goes where it takes no memory; nothing else changes. */
void world_archive_sights(world *w, uint32_t record);

/** camera_from_world of a keyframe; a culled one stands where its frame does. */
omma_se3 world_keyframe_pose(const world *w, uint32_t keyframe);
/** world_from_camera of a posed record. */
omma_se3 world_record_pose(const world *w, const record *r);
/** Hangs a record on a keyframe. */
void world_set_record_pose(world *w, record *r, uint32_t keyframe,
                           const omma_se3 *camera_from_world);

/** The feature as a homogeneous point of the world: its coordinates in a camera (R, t) are R x +
 * rho t up to scale, also for rho = 0, a point at infinity. */
void feature_homogeneous(const world *w, const feature *f, double x[3], double *rho);
/** World point of a feature with rho > 0. */
bool feature_world(const world *w, const feature *f, double x[3]);

/**
 * Projects a feature into a camera at camera_from_world.
 * @param by_rho if not NULL: d px / d rho of the anchor
 * @param depth  if not NULL: z in the camera (huge for points at infinity)
 */
bool feature_project(const world *w, const feature *f, const omma_se3 *camera_from_world,
                     double px[2], double by_rho[2], double *depth);

/** Standard deviation of a patch's position, px, at a level. */
static inline float sight_inverse_sigma(int level)
{
    return 1.0f / (0.6f * (float)(1 << level));
}
