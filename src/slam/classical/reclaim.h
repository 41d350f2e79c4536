/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Frames that no map had a place for when they came: the finished map may know what they saw.
 * Frames with described features are looked up; what is recognised in them names the features of
 * their neighbours, which are then posed like any frame.
 */
#pragma once

#include "follow.h"
#include "world.h"

/** @return how many frames were posed. */
uint32_t reclaim(world *w, const follower *f, uint32_t submap, uint64_t seed);
