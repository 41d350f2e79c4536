/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The tracker's side of loop closure: asks for each new keyframe, and takes corrections in.
 *
 * The hand-over is defined by keyframes, not by the clock: an answer is taken in when a fixed
 * number of questions has been asked after it, and waited for if need be. So the same pictures give
 * the same map, however fast the thread is. Only with `realtime` it is taken when it is there.
 */
#pragma once

#include <omma/slam.h>

#include "loop_worker.h"

typedef struct loops loops;

omma_error loops_create(loops **out, const follower *f, bool realtime, uint64_t seed,
                        const omma_log *log);
void loops_destroy(loops **l);

/** Keyframes that are new, one of them perhaps of frame r, of this picture (a reference is taken).
 * Others are remembered by what their features look like. */
void loops_add(loops *l, const world *w, uint32_t r, const omma_pyramid *picture);

/** Answers that are due. @param moved on success: what the newest part of the world went through
 *  @return whether the world was corrected */
bool loops_take(loops *l, world *w, omma_sim3 *moved);

/** No more keyframes will come: everything is asked, waited for and taken in.
 *  @return whether the world was corrected */
bool loops_end(loops *l, world *w);

/** The loops closed since this was called last; borrowed until the next call of any of these.
 * @return how many */
size_t loops_news(loops *l, const omma_loop **out);
void loops_spent(const loops *l, int64_t *cpu_ns, uint64_t *jobs);
