/* SPDX-License-Identifier: Apache-2.0 */
/** Where the tracker's time goes, by thread CPU clock. */
#pragma once

#include <omma/slam.h>

typedef enum stage {
    STAGE_PYRAMID,
    STAGE_ROTATION,
    STAGE_FOLLOW,
    STAGE_LOCALIZE,
    STAGE_LOCAL_MAP,
    STAGE_KEYFRAME,
    STAGE_DETECT,
    STAGE_ADJUST,
    STAGE_INITIALISE,
    STAGE_RELOCATE,
    STAGE_LOOPS,
    STAGE_COMPLETE,
    STAGE_COUNT,
} stage;

typedef struct stages {
    int64_t ns[STAGE_COUNT];
    uint64_t calls[STAGE_COUNT];
} stages;

static inline int64_t stages_begin(void)
{
    return omma_clock_thread_ns();
}

static inline void stages_end(stages *s, stage which, int64_t start)
{
    s->ns[which] += omma_clock_thread_ns() - start;
    s->calls[which]++;
}

static inline void stages_report(const stages *s, omma_tracker_stats *out)
{
    static const char *const names[STAGE_COUNT] = {"pyramid",    "rotation", "follow", "localize",
                                                   "local map",  "keyframe", "detect", "adjust",
                                                   "initialise", "relocate", "loops",  "complete"};
    out->stages = STAGE_COUNT;
    for (int i = 0; i < STAGE_COUNT; i++)
        out->stage[i] = (omma_tracker_stage){names[i], 1e-9 * (double)s->ns[i], s->calls[i]};
}
