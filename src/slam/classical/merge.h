/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Submaps of one place become one: a keyframe of the smaller is recognised in the larger, the
 * depths of what both know give the scale, and everything that hangs on the smaller moves over.
 *
 * A false merge is worse than none. Guards: the recognised pose must explain more than what it was
 * made from (relocate.h), the depth ratios must agree within a tenth, and a second keyframe must
 * confirm the same similarity unless the first is overwhelming.
 */
#pragma once

#include "follow.h"
#include "world.h"

/** @return how many submaps were merged into others. */
uint32_t merge_submaps(world *w, const follower *f, uint64_t seed, const omma_log *log);
