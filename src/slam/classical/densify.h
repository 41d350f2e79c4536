/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the tracker does for dense depth: keeps the pictures that may need it, chooses neighbours
 * once enough later keyframes are known, snapshots poses and points for the worker, and takes the
 * maps back. Nothing here changes the world, so tracking is the same with and without.
 */
#pragma once

#include "dense/dense_worker.h"
#include "world.h"

typedef struct densifier densifier;

/** @param every depth for every n-th input frame as well as for keyframes; 0 = keyframes only.
 *  @return as dense_worker_create. */
omma_error densifier_create(densifier **out, unsigned every, bool realtime);
void densifier_destroy(densifier **d);

/** Record r, the newest, with its picture: kept if it is a keyframe or asked for; targets that have
 * become possible are begun. */
void densify_frame(densifier *d, const world *w, uint32_t r, const omma_frame *frame,
                   const omma_pyramid *picture);
/** No more frames: everything that is still possible is done when this returns.
 *  @param again depth whose neighbours have moved since is made again, as far as pictures are kept
 */
void densify_finish(densifier *d, const world *w, bool again);
/** A finished map; *out, given, is in the unit of the record's keyframe. Frames that hang on no
 * keyframe any more and keyframes that were culled are passed over. */
bool densify_pop(densifier *d, const world *w, dense_result *out);
/** The finished world may have grown or shrunk a little around a keyframe since its depth was made:
 * its unit follows, so that depth and points agree. */
void densify_settle(densifier *d, world *w);
void densify_spent(const densifier *d, int64_t *cpu_ns, uint64_t *jobs);
