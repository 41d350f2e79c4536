/* SPDX-License-Identifier: Apache-2.0 */
/** The old place in the new picture: what a tie says by the looks of corners, asked of the pixels.
 */
#pragma once

#include "localize.h"
#include "loop_tie.h"
#include "mapping.h"

typedef struct loop_again {
    sight_list found;   /* features around the match, in the query's picture */
    localization place; /* of the query in the match's world, by them */
    uint32_t expected;  /* how many should have been there */
} loop_again;

void loop_again_finish(loop_again *a);

/** @param w with patches as loop_again_needs() says; its turn is changed */
loop_again loop_again_look(world *w, const follower *f, const loop_tie *t,
                           const omma_pyramid *picture, uint64_t seed);

/** Which features' patches that needs. @param patches per feature: set, otherwise left */
void loop_again_needs(const world *w, const loop_tie *t, uint8_t *patches);

/** Whether the place is there beyond doubt. */
bool loop_again_is_sure(const loop_again *a);

/** The tie as the patches have it: the pose found anew, the scale as it was. */
void loop_again_sharpen(const world *w, const loop_again *a, loop_tie *t);
