/* SPDX-License-Identifier: Apache-2.0 */
/* Places as bags of descriptors, and looks at them that differ from one another. Stands
 * behind check.h. */
#pragma once

#include <omma/base.h>

#include "recall.h"

enum { LOOK = 400, LOOK_BYTES = 32 * LOOK, LOOK_SECOND = 1000000000 };

static CHECK_UNUSED void fixture_flip(uint8_t descriptor[32], int bits, uint64_t *seed)
{
    for (int i = 0; i < bits; i++) {
        const uint32_t bit = omma_random_below(seed, 256);
        descriptor[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A corner as there are many: one of 100 kinds, with 40 bits of its own. */
static CHECK_UNUSED void fixture_corner(uint8_t descriptor[32], uint64_t *seed)
{
    uint64_t kind = omma_random_below(seed, 100);
    for (int w = 0; w < 4; w++) {
        const uint64_t bits = omma_random_u64(&kind);
        memcpy(descriptor + 8 * w, &bits, 8);
    }
    fixture_flip(descriptor, 40, seed);
}

/* A look at a place: two in three of its corners, ten bits of each wrong, and others that are
 * nowhere else. */
static CHECK_UNUSED void fixture_look(uint64_t place, uint64_t look, uint8_t out[LOOK_BYTES])
{
    uint64_t here = 1000 + 77 * place, now = 99 + 1000003 * look + place;

    for (int i = 0; i < LOOK; i++) {
        fixture_corner(out + 32 * i, &here);
        if (omma_random_below(&now, 3))
            fixture_flip(out + 32 * i, 10, &now);
        else
            fixture_corner(out + 32 * i, &now);
    }
}

/* Keyframe k, one second after the one before. */
static CHECK_UNUSED recall_place fixture_place(uint32_t k)
{
    recall_place p = {k, (int64_t)k * LOOK_SECOND, omma_sim3_identity()};
    p.world_from_keyframe.t[0] = k;
    return p;
}

/* Keyframe k looks at place k % places. */
static CHECK_UNUSED void fixture_walk(recall *r, uint32_t first, uint32_t last, uint32_t places)
{
    uint8_t look[LOOK_BYTES];
    for (uint32_t k = first; k < last; k++) {
        const recall_place p = fixture_place(k);
        fixture_look(k % places, k, look);
        CHECK_OK(recall_add(r, &p, look, LOOK));
    }
}
