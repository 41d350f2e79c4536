/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Closing a loop that several keyframes bear witness to, on a copy of the world: the old features
 * are looked for in the new pictures, the error is spread over the pose graph, doubled features
 * become one, and everything is adjusted. What comes out is a correction that the living world can
 * take in later, whatever has happened to it meanwhile.
 */
#pragma once

#include "loop_memory.h"

typedef enum loop_verdict {
    LOOP_CLOSED,
    LOOP_UNSEEN,     /* the old place's features are not in the new pictures */
    LOOP_IMPLAUSIBLE /* no drift explains it, or the adjusted map throws it out again */
} loop_verdict;

/** A feature seen in one more keyframe; `twin` is the feature that was thought to be another. */
typedef struct loop_sight {
    uint32_t feature, twin; /* twin may be NO_TWIN */
    observation seen;
} loop_sight;
#define NO_TWIN UINT32_MAX

typedef struct loop_result {
    loop_verdict verdict;
    uint32_t epoch;
    uint32_t submap, joined;    /* joined is part of submap from now on; the same: it always was */
    size_t keyframes, features; /* of the world when it was copied */
    omma_sim3 *moved;           /* per keyframe: world_new_from_world_old */
    uint32_t *anchor;           /* per feature, then */
    float *deeper;              /* per feature: new over old depth, beside its keyframe's scale */
    loop_sight *sight;
    size_t sights, sight_capacity;
    uint32_t query, match; /* keyframes of the newest tie */
    uint32_t inliers;      /* features found again in the queries */
    double scale;          /* how much larger things had become there */
} loop_result;

void loop_result_finish(loop_result *r);

/** @param w a copy: changed. */
loop_result loop_close(world *w, const follower *f, const loop_finding *finding, uint64_t seed,
                       const omma_log *log);

/** Which features' patches loop_close() needs. @param patches per feature: set, otherwise left */
void loop_close_needs(const world *w, const loop_finding *finding, uint8_t *patches);

/** The living world takes a correction in. @return what the newest keyframe of the living submap
 * went through */
omma_sim3 loop_take_in(world *w, const loop_result *r);
