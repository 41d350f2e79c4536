/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Points of known depth where a dense map was made: the finished world may have grown or shrunk a
 * little there since, and the map follows by its keyframe's unit.
 */
#pragma once

#include "dense/dense_worker.h"
#include "world.h"

/** A point's depth as the dense map has it, in the keyframe's unit. */
typedef struct depth_probe {
    uint32_t feature, record;
    float x, y;  /* px */
    float depth; /* 0: not known yet */
} depth_probe;

typedef struct depth_probes {
    depth_probe *item; /* those of one record together */
    size_t count, capacity;
} depth_probes;

void depth_probes_finish(depth_probes *p);
/** Points of record r that will be compared with the map that is begun; those of an earlier map of
 * it go. */
void depth_probes_choose(depth_probes *p, const record *rec, uint32_t r);
/** What the map says of the points that were chosen when it was begun. */
void depth_probes_read(depth_probes *p, const omma_camera *camera, const dense_result *m);
/** Sets the units of the keyframes so that depth and points agree. */
void depth_probes_settle(const depth_probes *p, world *w);
